"""The last resort for one value: every candidate on the pages, weighed by a small network that was trained on practice.

In: a `Question` and its `Page`s. Out: a `Reading`, or None where "it is not there" is more likely.
Each candidate is described by numbers: how surely its label, its line and its heading speak of what the question names
(in the same words, by the lexicon, by meaning), what form it has, where it stands. One hidden layer turns them into
a score; another small one scores "not on the page" from the best that any candidate reaches; a softmax over all
of them gives shares. `reader.json` holds the weights; `tests/questions/train_reader.py` makes them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from visual_agent.engines.planner.asked.extracts import looks_like_name, wanted
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.related import groups_asked, groups_in
from visual_agent.engines.planner.asked.weights import is_generic, proper_names, weight
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.reader.candidates import Candidate, candidates
from visual_agent.engines.planner.text.dictionary import is_proper, segmented
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.meanings import vector, vectors
from visual_agent.engines.planner.text.values import is_numeric
from visual_agent.engines.planner.text.weekdays import days_of
from visual_agent.engines.planner.text.words import Term, likeness, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

HOWS = (
    "colon", "cell", "beside", "below", "above", "inside", "card", "row", "loose row", "line", "sentence",
    "line name", "sentence name", "line clause", "sentence clause",
)  # fmt: skip
WANTS = (
    "", "text", "name", "place", "id", "amount", "number", "date", "time", "when", "duration", "phone", "weekday",
    "percent",
)  # fmt: skip
MANNERS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\bwhy\b|reason|为什么|为啥|原因|怎么回事",
        r"\bwhich\b|哪",
        r"\bwhat\b|什么|啥",
        r"\bhow\b(?! (?:much|many|long|old|far|often))|怎么|怎样",
        r"\b(?:name|called|names)\b|叫|名",
        r"\bwhose?m?\b|谁|几位",
        r"\bwhere\b|哪里|哪儿|在哪|到哪|去哪",
        r"\bwhen\b|until|哪天|几号|几点|什么时候|多会",
        r"\bhow much\b|cost|pay|price|多少钱|几块",
        r"\bhow many\b|几个|几",
        r"\bnumber\b|号码|编号|多少号|\bcode\b",
    )
)
_IDLE_HANZI = frozenset("的了是在有和几多少什么哪谁个这那吗呢要能可以怎会去人上下里都还就到")
_LINES = 400
"""Lines of a page that its own features look at."""


@dataclass(frozen=True)
class Reading:
    """A candidate that answers: its text, its regions, what named it, its share of the softmax and its page."""

    text: str
    ids: tuple[str, ...]
    label: str
    share: float
    page: str


def choose(question: Question, pages: Sequence[Page]) -> Reading | None:
    """The candidate that answers, where its share is enough for its type."""
    best = next(iter(ranked(question, pages, 1)), None)
    return best if best is not None and best.share >= _network().least(wanted(question)) else None


def ranked(question: Question, pages: Sequence[Page], most: int) -> list[Reading]:
    """The likeliest candidates, one for each text, best first; none where the pages lack what is named."""
    import numpy as np

    asked = Asked(question)
    if asked.lacks(pages):
        return []
    parts = [(page, candidates(question, page)) for page in pages if page.lines]
    found = [(one, page) for page, some in parts for one in some]
    if not found:
        return []
    shares = _network().shares(np.vstack([describe(asked, some, page) for page, some in parts]))
    texts: dict[str, float] = {}
    tops: dict[str, tuple[float, Candidate, Page]] = {}
    for (one, page), share in zip(found, shares, strict=True):
        key = normal(one.text)
        texts[key] = texts.get(key, 0.0) + float(share)
        if key not in tops or float(share) > tops[key][0]:
            tops[key] = (float(share), one, page)
    best = sorted(texts, key=lambda key: -texts[key])[:most]
    return [_reading(tops[key][1], texts[key], tops[key][2]) for key in best]


def _reading(one: Candidate, share: float, page: Page) -> Reading:
    label = one.label.strip() or one.around.strip()
    return Reading(one.text.strip(" ,;，；。"), one.ids, label, share, page.name)


# --- what describes a candidate ------------------------------------------------------------------------------------


def _is_name(term: Term, question: Question) -> bool:
    """Whether a term is the name, number, day or time of one certain thing."""
    if term.kind in ("date", "time") or (term.kind == "number" and len(term.text) > 1):
        return True
    if not has_han(term.text):
        return term.text in proper_names(question.text)
    return any(is_proper(word) for word in segmented(term.text))


@dataclass(frozen=True)
class Spoken:
    """How a text speaks of a question: per term by words and lexicon (`literal`) and by meaning too (`meant`)."""

    literal: Array
    meant: Array
    whole: float
    content: float
    precise: float
    grouped: float
    shared: float


class Asked:
    """A question made ready: its terms with their weights and vectors, and what was compared with it so far."""

    def __init__(self, question: Question) -> None:
        import numpy as np

        self.question, self.wants = question, wanted(question)
        self.terms = [t for t in question.terms if t.text.strip()]
        self.weights = np.array([max(weight(t, question), 0.1) for t in self.terms] or [1.0], dtype=np.float32)
        generic = np.array([is_generic(t) for t in self.terms] or [False])
        self.body = self.weights * np.where(generic, 0.3, 1.0)
        self.decisive = (self.weights >= 0.9) & ~generic
        self.manner = [float(p.search(question.folded) is not None) for p in MANNERS]
        self._vectors = vectors([t.text for t in self.terms]) if self.terms else np.zeros((1, 256), dtype=np.float32)
        self.whole = vector(question.folded)
        self._content = vector(" ".join(t.text for t in self.terms))
        self._groups = groups_asked(question.folded)
        self._hanzi = {c for t in self.terms for c in t.text if has_han(c)} - _IDLE_HANZI
        self._known: dict[str, Spoken] = {}

    def spoken(self, text: str) -> Spoken:
        """How a text speaks of the question."""
        if text not in self._known:
            self._known[text] = self._compare(text)
        return self._known[text]

    def _compare(self, text: str) -> Spoken:
        import numpy as np

        said = words(text)
        literal = np.array([likeness(t, said) for t in self.terms] or [0.0], dtype=np.float32)
        meant, precise = np.zeros_like(literal), 0.0
        if said.terms and self.terms:
            near = self._vectors @ vectors([t.text for t in said.terms[:40]]).T
            meant = near.max(1).clip(0, 1)
            content = [n for n, t in enumerate(said.terms[:40]) if not t.weak]
            precise = float(near[:, content].max(0).mean()) if content else 0.0
        whole = vector(said.folded)
        there = groups_in(text[:400]) if self._groups else frozenset()
        return Spoken(
            literal,
            np.maximum(literal, meant),
            float(whole @ self.whole),
            float(whole @ self._content),
            precise,
            sum(bool(g & there) for g in self._groups) / max(len(self._groups), 1),
            sum(c in text for c in self._hanzi) / max(len(self._hanzi), 1),
        )

    def lacks(self, pages: Sequence[Page]) -> bool:
        """Whether the pages have nothing of a thing by whose name, number or day it asks, or of what it asks the price."""
        import numpy as np

        said = [self.spoken(item.text) for page in pages for item in page.lines[:_LINES]]
        literal = np.max([s.literal for s in said], axis=0) if said else np.zeros_like(self.weights)
        if any(_is_name(t, self.question) and n < 0.6 for t, n in zip(self.terms, literal, strict=False)):
            return True
        day = days_of(self.question.folded)
        if day and not day & frozenset().union(*(days_of(page.words.folded) for page in pages)):
            return True
        meant = np.max([s.meant for s in said], axis=0) if said else literal
        return self.wants == "amount" and bool(self.decisive.any()) and float(meant[self.decisive].max()) < 0.45

    @property
    def has(self) -> tuple[float, float]:
        """Whether it has everyday phrases of `related.toml`, and Hanzi that say something."""
        return float(bool(self._groups)), float(bool(self._hanzi))


def describe(asked: Asked, found: Sequence[Candidate], page: Page) -> Array:
    """The features of a page's candidates, shape (candidates, features)."""
    import numpy as np

    if not found:
        return np.zeros((0, FEATURES), dtype=np.float32)
    lines = np.stack([asked.spoken(i.text).meant for i in page.lines[:_LINES]])
    rarity = _rarity(lines)
    best = lines.max(0)
    cover = float((asked.weights * best).sum() / asked.weights.sum())
    worst = float(best[asked.decisive].min()) if asked.decisive.any() else 1.0
    shared = [float(asked.decisive.sum()) / 4, *asked.has, *asked.manner, *(float(asked.wants == k) for k in WANTS)]
    usual = sorted(i.height for i in page.lines)[len(page.lines) // 2]
    rows = [[*_support(asked, one, rarity), cover, worst, *_form(asked, one, page, usual), *shared] for one in found]
    table = np.array(rows, dtype=np.float32)
    relative = table[:, _RELATIVE] - table[:, _RELATIVE].max(0)
    many = np.full((len(rows), 1), math.log1p(len({normal(c.text) for c in found})) / 6)
    return np.hstack([table, relative, many]).astype(np.float32)


_RELATIVE = [3, 4, 15, 19]
"""Features that count by how far they are from the page's best too."""
FEATURES = 30 + 14 + len(HOWS) + 3 + len(MANNERS) + len(WANTS) + len(_RELATIVE) + 1


def _support(asked: Asked, one: Candidate, rarity: Array) -> list[float]:
    """How much of the question the texts around a candidate account for."""
    import numpy as np

    label, around = asked.spoken(one.label), asked.spoken(one.around)
    section, value = asked.spoken(one.section), asked.spoken(one.text)
    near = np.maximum.reduce([label.meant, 0.9 * around.meant, 0.75 * section.meant])
    exact = np.maximum.reduce([label.literal, 0.9 * around.literal, 0.75 * section.literal])
    w, rare, body, deciding = asked.weights, asked.weights * rarity, asked.body, asked.decisive

    def share(weights: Array, support: Array) -> float:
        return float((weights * support).sum() / weights.sum())

    return [
        share(w, label.literal), share(w, label.meant), share(w, exact), share(w, near),
        share(rare, near), share(rare, exact), share(body, near), share(w, value.literal), share(w, value.meant),
        float(near[deciding].min()) if deciding.any() else 0.7,
        float(near[deciding].mean()) if deciding.any() else 0.7,
        label.whole, label.content, label.precise, around.whole, around.content, around.precise,
        section.content, value.content,
        float(vector(normal(f"{one.label} {one.around}")[:200]) @ asked.whole),
        label.grouped, around.grouped, section.grouped, value.grouped,
        label.shared, around.shared, section.shared, value.shared,
    ]  # fmt: skip


def _form(asked: Asked, one: Candidate, page: Page, usual: float) -> list[float]:
    """What a candidate looks like, where it stands and how it was found; `usual` is the page's middle line height."""
    item = page.known.get(one.ids[0]) if one.ids else None
    place = (
        [item.middle[1] / max(page.size[1], 1), math.log(max(item.height, 1) / max(usual, 1))] if item else [0.5, 0.0]
    )
    return [
        one.prior, min(len(one.text), 120) / 40, min(len(one.label), 120) / 40, min(len(one.around), 200) / 60,
        float(is_numeric(one.text)), float(looks_like_name(one.text)), float(one.text.rstrip().endswith((":", "："))),
        float(has_han(one.text)), float(not one.label.strip()),
        float(one.kind == asked.wants or (asked.wants == "when" and one.kind in ("date", "time"))),
        float(bool(one.kind)), float(one.kind == "number"),
        *place, *(float(one.how == h) for h in HOWS),
    ]  # fmt: skip


def _rarity(lines: Array) -> Array:
    """How telling each term is on the page: one that every line has tells little."""
    import numpy as np

    holders, many = (lines > 0.5).sum(0), max(len(lines), 1)
    telling = 0.4 + 0.6 * np.log1p(many / np.maximum(holders, 1)) / math.log1p(many)
    return np.where(holders > 0, telling, 1.0).astype(np.float32)


# --- the network ---------------------------------------------------------------------------------------------------

_OUTLINE = [28, 29, 3, 9, 15, 19, 20, 4]


def outline(table: Array) -> Array:
    """What "it is not there" is judged by, shape (8,): how much the page covers, and the best of some features."""
    best: Array = table[:, _OUTLINE].max(0)
    return best


class Network:
    """Weights of one hidden layer (tanh) for candidates and one for "not there", several times over."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        import numpy as np

        def array(name: str, part: Mapping[str, Any]) -> Array:
            return np.array(part[name], dtype=np.float32)

        self.mean, self.scale = array("mean", data), array("scale", data)
        self._parts = [{name: array(name, part) for name in part} for part in data["networks"]]
        self._least: dict[str, float] = data["least"]

    def least(self, wants: str) -> float:
        """The share that an answer of a type must have."""
        return self._least.get(wants, self._least["else"])

    def shares(self, table: Array) -> Array:
        """The candidates' shares of the softmax, shape (candidates,); what they lack to 1 is "not there"."""
        import numpy as np

        x = ((table - self.mean) / self.scale).clip(-4, 4)
        about = outline(table)
        total = np.zeros(len(table), dtype=np.float32)
        for part in self._parts:
            score = np.tanh(x @ part["a"].T + part["a0"]) @ part["b"] + part["b0"]
            absent = np.tanh(about @ part["c"].T + part["c0"]) @ part["d"] + part["d0"]
            every = np.append(score, absent)
            odds = np.exp(every - every.max())
            total += (odds / odds.sum())[:-1] / len(self._parts)
        return total


@cache
def _network() -> Network:
    text = files("visual_agent.engines.planner").joinpath("reader.json").read_text(encoding="utf-8")
    return Network(json.loads(text))
