"""Answers inside running text: the sentence that speaks of what is asked, and the part of it that answers.

In: a `Question` and a `Page` with sentences that wrap over lines. Out: `Hit`s, best first. A sentence speaks of a
question as far as it, its neighbours and the page's heading hold the question's words, words of the same stem or kin
(`kin.toml`); the answer must be of the kind that the question word asks for: a reason for "why", a name for "who".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import is_generic, weight
from visual_agent.engines.planner.fields.clauses import part
from visual_agent.engines.planner.hits import Hit
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page, complete
from visual_agent.engines.planner.text.books import book
from visual_agent.engines.planner.text.folding import has_han, stem
from visual_agent.engines.planner.text.words import Term, likeness, words

LEAST = 0.55
"""Least share of a question's words that a sentence must account for."""

_END = re.compile(r"(?<=[。！？!?])|(?<=[\w)\"”’]\.)\s*(?=[A-Z\"“])|(?<=\.)\s+(?=[A-Z\"“])|[;；]\s*")
_TITLES = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|a\.m|p\.m|approx|[A-Z])\.$")
_STARTS = re.compile(r"^\s*(?:[-*•·▪◦□☐☑■●○✓✔]|\(?\d{1,2}[.)、]|[①-⑳])")
_ASKS = re.compile(r"\b(?:who|whom|whose|what|which|when|where|why|how)\b")


@dataclass(frozen=True)
class Sentence:
    """A sentence, the lines it stands in, and the weakest of their scores (0..1)."""

    text: str
    ids: tuple[str, ...]
    score: float


def paragraphs(page: Page) -> list[list[Item]]:
    """Lines that go on in the next line, as wrapped text does."""
    found: list[list[Item]] = []
    right = max((i.box[2] for i in page.loose), default=0.0)
    for item in page.loose:
        last = found[-1][-1] if found else None
        if last is not None and _goes_on(last, item, right):
            found[-1].append(item)
        else:
            found.append([item])
    return found


def _goes_on(last: Item, item: Item, right: float) -> bool:
    near = -0.3 * item.height < item.box[1] - last.box[3] < 0.95 * item.height
    same = abs(item.height - last.height) < 0.35 * max(item.height, last.height)
    starts = item.box[0] < last.box[0] + 0.25 * (last.box[2] - last.box[0])
    full = last.box[2] > 0.72 * right or last.box[2] - last.box[0] > 1.1 * (item.box[2] - item.box[0])
    wide = len(last.text) * (2 if has_han(last.text) else 1) > 28
    apart = complete(last) or complete(item) or _STARTS.match(item.text) is not None
    return near and same and starts and full and wide and not apart


def written(lines: Sequence[Item]) -> str:
    """Lines that go on in the next one as one text; Chinese goes on without a space."""
    return _glue(lines).join(i.text.strip() for i in lines)


def _glue(lines: Sequence[Item]) -> str:
    return "" if has_han(lines[0].text) else " "


def told(page: Page) -> list[Sentence]:
    """The sentences of a page, in reading order."""
    found = []
    for lines in paragraphs(page):
        text = written(lines)
        starts, at = [], 0
        for item in lines:
            starts.append(at)
            at += len(item.text.strip()) + len(_glue(lines))
        for start, end in _cuts(text):
            within = [i for n, i in enumerate(lines) if starts[n] < end and starts[n] + len(i.text.strip()) > start]
            if within and text[start:end].strip():
                found.append(
                    Sentence(text[start:end].strip(), tuple(i.id for i in within), min(i.score for i in within))
                )
    return found


def _cuts(text: str) -> list[tuple[int, int]]:
    """Where sentences start and end; "Mr. Bell" is no end."""
    ends = [m.end() for m in _END.finditer(text) if not _TITLES.search(text[: m.start()])]
    points = [0, *(e for e in ends if e < len(text)), len(text)]
    return [(a, b) for a, b in pairwise(points) if b > a]


@cache
def _kin() -> tuple[dict[str, frozenset[str]], tuple[tuple[str, ...], ...]]:
    """English: a stem -> the stems of its kin. Chinese: groups of words."""
    groups = [frozenset(stem(w) for w in line.split()) for line in book("kin")["en"]]
    english: dict[str, frozenset[str]] = {}
    for group in groups:
        for word in group:
            english[word] = english.get(word, frozenset()) | group
    return english, tuple(tuple(line.split()) for line in book("kin")["zh"])


def alike(term: Term, text: str) -> float:
    """How surely a sentence speaks of a term, its kin counted."""
    said = words(text)
    best = likeness(term, said)
    if best >= 0.85:
        return best
    english, chinese = _kin()
    if has_han(term.text):
        kin = any(w in text for group in chinese if any(g in term.text for g in group) for w in group)
        return max(best, 0.75 if kin else _shared(term.text, text))
    stems = frozenset(stem(w) for w in re.findall(r"[a-z]+", said.folded))
    wanted = [stem(w) for w in term.text.split()]
    hits = [1.0 if w in stems else 0.8 if english.get(w, frozenset()) & stems else 0.0 for w in wanted]
    return max(best, sum(hits) / len(hits) if hits else 0.0)


def _shared(term: str, text: str) -> float:
    """The share of a Chinese run's neighbouring pairs of signs that a text has, or of its signs in any order."""
    pairs = [term[i : i + 2] for i in range(len(term) - 1)]
    signs = [c for c in term if c not in "的了不我你他她它在是会要能"]
    loose = 0.9 * sum(c in text for c in signs) / len(signs) if len(term) > 2 and len(signs) > 1 else 0.0
    return max(loose, sum(p in text for p in pairs) / len(pairs)) if pairs else 0.0


def _weigh(term: Term, question: Question) -> float:
    """Verbs and soft words count less than things, but they count: in a text they are what sentences differ by."""
    w = weight(term, question)
    if _ASKS.fullmatch(term.text):
        return 0.0
    if is_generic(term) and len(question.terms) > 1:
        return 0.3
    return max(w, 0.45) if not term.weak or term.kind == "soft" else 0.3


def running(question: Question, page: Page) -> list[Hit]:
    """The parts of sentences that answer, best first."""
    sentences = told(page)
    weights = {t: _weigh(t, question) for t in question.terms}
    total = sum(weights.values())
    if not total:
        return []
    title = " ".join(i.text for i in page.lines[:3])
    hits = []
    for n, sentence in enumerate(sentences):
        if not _is_prose(sentence.text):
            continue
        own = {t: alike(t, sentence.text) for t in weights}
        if max(own[t] for t in weights) < 0.6:
            continue
        near = f"{sentences[n - 1].text if n else ''} {title}"
        got = sum(w * max(own[t], 0.6 * alike(t, near)) for t, w in weights.items())
        share = got / total - _absent(page, weights)
        text = part(question, sentence.text, [t.text for t, s in own.items() if s >= 0.6])
        if share >= LEAST and text:
            hits.append(Hit(text, sentence.ids, sentence.text, share, page.name, "text"))
    return sorted(hits, key=lambda h: -h.score)


def _absent(page: Page, weights: dict[Term, float]) -> float:
    """A penalty for things and names that stand nowhere on the page, kin counted."""
    gone = [t for t, w in weights.items() if w >= 0.9 and alike(t, page.text) < 0.6]
    return 0.12 * len(gone)


_SMALL = re.compile(
    r"\b(?:the|a|an|is|was|are|were|will|has|have|had|to|and|in|at|on|by|from|with|for|of|until|that|which|you|we|it|he|"
    r"she|they|please|must|can|may|do|not|be|been|my|our|your|their|his|her)\b"
)


def _is_prose(text: str) -> bool:
    """Whether a text is a sentence and no label with its value: words of grammar, or Chinese with a full clause."""
    small = len(_SMALL.findall(text))
    clauses = len(re.findall(r"[\u3400-\u9fff]", text)) >= 8 and re.search(r"[，,。！？]|[是在将请为由被把了会]", text)
    ends = text.rstrip().endswith((".", "!"))
    return _size(text) >= 5 and (small >= 2 or (small > 0 and ends) or bool(clauses))


def _size(text: str) -> int:
    """Words, two signs of Chinese counted as one."""
    return len(re.findall(r"[A-Za-z]+|\d+", text)) + len(re.findall(r"[\u3400-\u9fff]", text)) // 2
