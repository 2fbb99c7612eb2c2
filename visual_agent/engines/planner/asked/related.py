"""The last resort: the line, row or card whose words are related to the question's, and the value in it.

In: a `Question` and a `Page`. Out: `Hit`s. Where no label names what is asked for, people's words and the document's
are still related ("go off" and "best before", "who is bringing it" and "your driver"): `related.toml` holds groups of
such words; English and Chinese. A passage answers when it accounts for most of what the question says, clearly,
and holds
a value of the wanted type; a question whose deciding words have no counterpart on the page stays unanswered.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from visual_agent.engines.planner.asked.extracts import extract, looks_like_name, wanted
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import is_generic, other_day, weight
from visual_agent.engines.planner.hits import Hit
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.books import book
from visual_agent.engines.planner.text.folding import has_han, normal, units
from visual_agent.engines.planner.text.values import NUMBER_WORDS, is_numeric, values
from visual_agent.engines.planner.text.words import Groups, Term, lexicon, likeness, two_sided, words


@cache
def _groups() -> tuple[Groups, Groups]:
    return two_sided([*book("related")["groups"], *book("related_zh")["groups"]])


@dataclass(frozen=True)
class _Spoken:
    """A phrase of a text with its groups; `start` and `end` are its slice of the folded text."""

    groups: frozenset[int]
    start: int
    end: int


@lru_cache(maxsize=5_000)
def _spoken(text: str, asking: bool) -> tuple[_Spoken, ...]:
    """The longest phrases of the groups that stand in a text."""
    table = _groups()[0 if asking else 1]
    parts = units(normal(text))
    found: list[_Spoken] = []
    at = 0
    while at < len(parts):
        for size in range(min(6, len(parts) - at), 0, -1):
            names = table.get(tuple(u.stem for u in parts[at : at + size]))
            idle = size == 1 and (
                parts[at].text in _IDLE or (has_han(parts[at].text) and _inside(parts[at].start, text))
            )
            if names and not (idle and asking):
                found.append(_Spoken(names, parts[at].start, parts[at + size - 1].end))
                at += size - 1
                break
        at += 1
    return tuple(found)


_IDLE = frozenset("in of out up off by from for with over back them they now it b d x c s ad".split())  # noqa: SIM905
"""Words of the groups that say nothing in a question."""


def _inside(at: int, text: str) -> bool:
    """Whether a Hanzi stands between two others, where it is more often half a word."""
    folded = normal(text)
    return 0 < at < len(folded) - 1 and has_han(folded[at - 1]) and has_han(folded[at + 1])


def spoken(folded: str) -> tuple[_Spoken, ...]:
    """The phrases of a question that stand in groups, with their places."""
    return _spoken(folded, True)


def groups_asked(folded: str) -> list[frozenset[int]]:
    """The groups of each everyday phrase that a folded question uses."""
    return [s.groups for s in _spoken(folded, True)]


@lru_cache(maxsize=5_000)
def groups_in(text: str) -> frozenset[int]:
    """All groups that a document's text speaks of."""
    return frozenset().union(*(s.groups for s in _spoken(text, False)))


_LIFE = re.compile(r"((?:1\d|20)\d{2})\s*[-–—~至]\s*((?:1\d|20)\d{2})")
_LIFE_WORDS = frozenset("born birth die died death dead".split())  # noqa: SIM905


@cache
def scene() -> frozenset[str]:
    """What a question calls the thing that is pictured; its own words need not stand there."""
    return frozenset(book("related")["scene"].split())


@dataclass(frozen=True)
class Key:
    """Something that a question speaks of: a term, the groups of its words, how much it decides (0..1.5)."""

    text: str
    term: Term | None
    groups: frozenset[int]
    weight: float

    def support(self, text: str) -> float:
        """How surely a text speaks of it."""
        literal = likeness(self.term, words(text)) if self.term is not None else 0.0
        if self.term is not None and len(self.term.stems) > 1 and self.text not in normal(text):
            literal = 0.95 if self.term.concepts & words(text).concepts else min(literal, 0.4)
        if self.text.isdigit() and re.search(rf"(?<!\d){self.text}(?!\d)", text):
            return 1.0  # "100" in "per 100g"
        if self.text in _LIFE_WORDS and _LIFE.search(text):
            return 0.8
        if literal < 0.7 and len(self.text) > 3 and self.text.isalpha() and re.search(rf"\b{self.text}", normal(text)):
            literal = 0.7  # "pool" in "poolside"
        return max(literal, 0.8 if self.groups & groups_in(text) else 0.0)


_FILLERS = frozenset("far through gone haven't hasn't somebody anybody else mine yours put till safe".split())  # noqa: SIM905
_COUNTED = {w: str(n) for w, n in NUMBER_WORDS.items() if 2 <= n <= 10}


def keys_of(question: Question) -> list[Key]:
    """What a question speaks of, in everyday words too that the lexicon does not know."""
    spoken = _spoken(question.folded, True)
    wants = wanted_in(question)
    used: set[_Spoken] = set()
    keys: list[Key] = []
    at = 0
    for term in question.terms:
        start = question.folded.find(term.text, at)
        start = start if start >= 0 else question.folded.find(term.text)
        at = max(at, start)
        near = [s for s in spoken if start >= 0 and s.start < start + len(term.text) and start < s.end]
        if near and used.issuperset(near):
            continue
        used.update(near)
        if term.text in _FILLERS or term.text.startswith(("get ", "come ")):
            continue
        if term.text in _COUNTED:
            keys.append(Key(_COUNTED[term.text], None, frozenset(), 0.8))
            continue
        groups = frozenset().union(*(s.groups for s in near))
        plain = is_generic(term) or _of_type(term, wants)
        w = 0.2 if plain else min(weight(term, question), 0.5 if term.text in scene() else 1.2)
        keys.append(Key(term.text, term, groups, max(w, 0.5) if groups and not plain else w))
    return keys + [Key(question.folded[s.start : s.end], None, s.groups, 0.6) for s in spoken if s not in used]


def _kinds(term: Term) -> frozenset[str]:
    """The types of value that a term's concepts have."""
    return frozenset(lexicon().concepts[c].kind for c in term.concepts) - {""}


def _named_only(key: Key) -> bool:
    """Whether only a label can tell that a value is meant: an address, a code, a name."""
    return key.term is not None and is_generic(key.term) and bool(_kinds(key.term) & {"place", "id", "text"})


def _of_type(term: Term, wants: str) -> bool:
    """Whether a phrase such as "how often" says no more than the type that is wanted."""
    kinds = {lexicon().concepts[c].kind for c in term.concepts}
    return bool(wants) and kinds == {wants} and re.match(r"how|when|who|几|多", term.text) is not None


_DATED = re.compile(r"\b(?:deadline|cut-?off)\b|截止")


def wanted_in(question: Question) -> str:
    """The type of the answer, for a few nouns that imply it too."""
    wants = wanted(question)
    return "when" if not wants and _DATED.search(question.folded) else wants


@dataclass(frozen=True)
class Passage:
    """Lines or cells that belong together: a line, a row, a card."""

    parts: tuple[Item, ...]
    shape: str

    @property
    def text(self) -> str:
        """All of it in reading order."""
        return " ".join(i.text for i in self.parts)


def passages_of(page: Page) -> list[Passage]:
    """Lines, rows and cards of a page."""
    found = [Passage((i,), "line") for i in page.lines]
    found += [Passage(tuple(row), "row") for row in page.rows if 1 < len(row) <= 8]
    found += [Passage(tuple(row), "row") for grid in page.grids for row in grid.filled if len(row) > 1]
    found += [Passage(tuple(b), "card") for b in page.blocks if 1 < len(b) <= 5]
    return found


def related(question: Question, page: Page) -> list[Hit]:
    """Values in the passages that the question's words are related to, best first."""
    keys = [k for k in keys_of(question) if k.weight > 0.15 or k.groups]
    if question.looks:
        return []
    if not any(k.weight >= 0.3 or k.groups for k in keys):
        return _lone(question, page)
    passages = passages_of(page)
    support = [[k.support(p.text) for k in keys] for p in passages]
    rarity = [_rarity(sum(row[n] > 0.5 for row in support), len(passages)) for n in range(len(keys))]
    mass = [k.weight * r for k, r in zip(keys, rarity, strict=True)]
    lost = sum(k.weight for n, k in enumerate(keys) if k.weight >= 0.9 and not any(row[n] > 0.5 for row in support))
    named = [n for n, k in enumerate(keys) if k.term in question.heads or (k.term and _kinds(k.term) and not k.groups)]
    if any(keys[n].weight >= 0.9 and not any(row[n] > 0.5 for row in support) for n in named):
        return []
    if any(_named_only(k) and not any(row[n] > 0.5 for row in support) for n, k in enumerate(keys)):
        return []
    if lost > 0.4 * sum(k.weight for k in keys):
        return []
    somewhere = [0.5 * max(row[n] for row in support) for n in range(len(keys))]
    hits = []
    for passage, row in zip(passages, support, strict=True):
        if max(row) < 0.5:
            continue
        counted = [n for n, k in enumerate(keys) if k.weight >= 0.3 or row[n] >= 0.5]
        share = sum(mass[n] * max(row[n], somewhere[n]) for n in counted) / sum(mass[n] for n in counted)
        matched = [k for k, s in zip(keys, row, strict=True) if s >= 0.5]
        hit = _hit(question, page, passage, matched, share)
        if hit is not None:
            hits.append(hit)
    return sorted(hits, key=lambda h: -h.score)


def _lone(question: Question, page: Page) -> list[Hit]:
    """For "how long will it take", "when's it coming": the only value of the type on the page."""
    wants = wanted(question)
    if wants not in ("when", "date", "time", "duration", "amount", "phone", "percent"):
        return []
    found = [(t, i) for i in page.lines if (t := _typed(question, i.text, wants, ())) is not None]
    if len({normal(t) for t, _ in found}) != 1 or not any(k.term for k in keys_of(question)):
        return []
    text, item = found[0]
    return [Hit(text, (item.id,), item.text, 0.7, page.name, wants)]


def _rarity(holders: int, passages: int) -> float:
    """How telling a word is: one that stands everywhere on the page tells little; a missing one counts in full."""
    return 1.0 if not holders else 0.4 + 0.6 * math.log(1 + passages / holders) / math.log(1 + passages)


def _hit(question: Question, page: Page, passage: Passage, matched: Sequence[Key], share: float) -> Hit | None:
    if other_day(question, passage.text):
        return None
    wants = wanted_in(question)
    found = _value(question, passage, matched, wants)
    if found is None and not question.wants and wants:
        found = _value(question, passage, matched, "number")
    if found is None:
        return None
    text, item = found
    score = share - 0.0008 * len(passage.text) - (0.03 if passage.shape == "card" else 0.0)
    ids = (item.id,) if item is not None else tuple(i.id for i in passage.parts)
    return Hit(text, ids, passage.text, score, page.name, wants)


_YEAR = re.compile(r"(?<!\d)(?:1[0-9]|20)\d{2}(?!\d)")
_WHICH = re.compile(r"\b(?:which|what) ([a-z]+)\b")
_SIZE = re.compile(r"\d[\d.,]*\s?(?:[a-z]{1,2}\s?)?[x×]\s?\d[\d.,]*(?:\s?[a-z]{1,2}\b)?", re.IGNORECASE)
_BULLET = re.compile(r"^\s*\(?\d{1,2}[.)、]\s*(?=\D)")


def _value(question: Question, passage: Passage, matched: Sequence[Key], wants: str) -> tuple[str, Item | None] | None:
    """The part of a passage that answers, and its line or cell."""
    plain = [i for i in passage.parts if not any(k.support(i.text) >= 0.5 for k in matched)]
    order = [*plain, *(i for i in passage.parts if i not in plain)]
    special = next(((v, i) for i in order if (v := _special(question, i.text, wants))), None)
    if special is not None:
        return special
    if wants in ("", "text", "place", "id"):
        if len(passage.parts) > 1 and plain and len(plain) < len(passage.parts):
            return plain[0].text, plain[0]
        return (passage.text, None) if _tells(passage, matched) else None
    if wants == "name":
        return next(((n, i) for i in order if (n := _name_in(i.text, matched)) is not None), None)
    for item in order:
        value = _typed(question, item.text, wants, matched)
        if value is not None:
            return value, item
    return None


def _special(question: Question, text: str, wants: str) -> str | None:
    """Forms that say what they are: a life's years, "112 x 87 cm", "row F" for "which row"."""
    life = _LIFE.search(text)
    ends = re.search(r"\b(born|birth|die|died|death|dead)\b", question.folded)
    if life and ends:
        return life[1] if ends[1] in ("born", "birth") else life[2]
    size = _SIZE.search(text)
    if size and wants == "number" and re.search(r"\bhow (?:big|large)\b|多大", question.folded):
        return size[0]
    noun = _WHICH.search(question.folded)
    if noun and wants in ("", "text", "id", "place", "number"):
        named = re.search(
            rf"\b{re.escape(noun[1])}:? ([\"“‘'][^\"”’']+[\"”’']|[A-Z]?\d+[A-Z]?\b|[A-Z]\b)", text, re.IGNORECASE
        )
        return named[1] if named and (named[1][0].isupper() or not named[1].isalpha()) else None
    return None


_DIALLED = re.compile(r"\b(?:dial|call|ring|ext|extension|tel|phone)\b|拨|电话|分机")


def _typed(question: Question, text: str, wants: str, matched: Sequence[Key]) -> str | None:
    """The value of a type in a line or cell, none where it has none."""
    text = _BULLET.sub("", text)
    if wants in ("when", "date", "year"):
        year = _YEAR.search(text)
        return extract(text, wants) or (year[0] if year and wants != "date" else None)
    if wants == "phone":
        number = extract(text, wants)
        return number if number and (len(re.sub(r"\D", "", number)) > 5 or _DIALLED.search(normal(text))) else None
    if wants not in ("number", "duration", "amount", "percent", "time"):
        return extract(text, wants)
    value = _nearest(text, wants, matched)
    if wants == "number" and value is not None and _unmeasured(question, value):
        return None
    if wants == "amount" and value is not None and not re.search(r"[^\d.,\s]|[.,]\d\d$", value):
        return None  # a bare number is no price
    return value


def _unmeasured(question: Question, value: str) -> bool:
    """Whether "how much" would be answered by a bare count, or "how many" by a measure."""
    bare = re.fullmatch(r"[\d,]+", value) is not None
    much = re.search(r"\bhow (?:much|big|large|deep|tall|high|far|fast|heavy|warm|hot|cold)\b", question.folded)
    return (much is not None and bare) or (question.counts and re.search(r"\d\.\d", value) is not None)


def _tells(passage: Passage, matched: Iterable[Key]) -> bool:
    """Whether a passage says something beyond the words that it was found by."""
    said = [t for t in words(passage.text).content if len(t.text) > 1]
    new = [t for t in said if not any(k.support(t.text) >= 0.5 for k in matched)]
    return bool(new) and len(passage.text) <= 160


def _nearest(text: str, wants: str, matched: Sequence[Key]) -> str | None:
    """Of several values of a type the one next to the words that were asked for."""
    if extract(text, wants) is None:
        return None
    folded = normal(text)
    found = [v for v in values(text) if extract(v.text, wants) is not None and (v.kind == wants or wants == "number")]
    if len(found) < 2 or len(folded) != len(text):
        return extract(text, wants)
    places = [s.start for s in _spoken(text, False) for k in matched if k.groups & s.groups]
    places += [folded.find(k.text) for k in matched if k.text in folded]
    if not places:
        return extract(text, wants)
    best = min(found, key=lambda v: min(min(abs(v.start - p), abs(v.end - p)) for p in places))
    return extract(text[best.start :], wants) if wants == "number" else best.text


_NAME = re.compile(r"(?:(?:Dr|Mr|Mrs|Ms|Prof)\.? )?[A-Z][\w'’.-]*(?:(?: (?:&|of|de|von) | )[A-Z][\w'’.-]*)*")
_COMMON = re.compile(
    r"^(?:The|A|An|Your|Our|We|You|I|It|This|That|These|Those|If|In|On|At|By|For|No|Not|Yes|To|From|Gift|With|of|and)\b\s*"
)


def _name_in(text: str, matched: Sequence[Key]) -> str | None:
    """A person's or a firm's name in a text."""
    if has_han(text):
        return next((t for t in re.split(r"[\s:：,，。;；]+", text) if looks_like_name(t)), None)
    stops = lexicon().stops
    for match in _NAME.finditer(text):
        name = _COMMON.sub("", _COMMON.sub("", match[0])).strip(" ,")
        first, _, rest = name.partition(" ")
        name = rest if rest and any(k.support(first) >= 0.5 for k in matched) else name
        name = name if re.search(r"\b[A-Z]\.$", name) else name.strip(".")
        said = words(name)
        known = [t for t in said.terms if t.concepts or tuple(t.stems) in stops]
        asked = any(k.support(name) >= 0.5 for k in matched)
        opens = " " not in name and match.start() == 0 and re.match(r"['’\w]*,? [a-z]", text[match.end() :])
        shouted = " " not in name and name.isupper()
        if (
            len(name) > 1
            and name[0].isupper()
            and not opens
            and not shouted
            and not asked
            and len(known) < max(len(said.terms), 1)
            and not is_numeric(name)
        ):
            return name
    return None
