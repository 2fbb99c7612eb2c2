"""How much of a question a text accounts for.

In: a `Question`, texts near a value with the share that each can account for, the page. Out: a share 0..1 and the
deciding words that nothing accounts for. Proper names and plain things decide; function words, verbs of talk and what
a demonstrative points at ("this sign") do not; the type of the value ("price") is accounted for by the value itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from visual_agent.engines.planner.asked.extracts import looks_like_name
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.values import FREE_TEXT, fits, han_number, has_cents, is_numeric, of_kind
from visual_agent.engines.planner.text.weekdays import days_of
from visual_agent.engines.planner.text.words import Term, lexicon, likeness, words

_VERBAL = re.compile(r"^[a-z]{3,}(?:ed|ing|ly|iest)$")
"""Unknown words of these forms are verbs and adverbs more often than things."""


_COUNTING = frozenset(
    [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "dozen",
        "half",
        "double",
    ]
)


_ASKING = re.compile(r"^(?:which|what|whose|who|how|哪|几|多少|什么|谁|在哪|何)|(?:多少|几|谁|什么)$|[几谁]$")


@lru_cache(maxsize=2000)
def proper_names(text: str) -> frozenset[str]:
    """Folded words that the question writes with a capital inside the sentence, or in quotes."""
    inside = re.findall(r"(?<=[\w,;)'\"] )[\"'(]?([A-Z][\w'-]+)", text)
    return frozenset(normal(w) for w in inside)


def weight(term: Term, question: Question) -> float:
    """How much of the question a term is."""
    return _weights(question).get(term, 1.0)


@lru_cache(maxsize=2000)
def _weights(question: Question) -> dict[Term, float]:
    """Proper names and plain things weigh most; the answer's type and what is pointed at ("this sign") little."""
    weights = {term: _alone(term, question) for term in question.terms}
    if weights and max(weights.values()) < 0.3:
        spoken = [t for t in weights if t.concepts and t.kind == "soft"]
        weights |= dict.fromkeys(spoken, 1.0)
        if not spoken and question.kind == "field":
            weights |= {t: 1.0 for t in weights if t.weak and t.concepts and not is_generic(t)}
    elif not any(w >= 0.9 and not is_generic(t) for t, w in weights.items()):
        weights |= {t: 1.0 for t in weights if t.kind == "han" and len(t.text) == 1 and han_number(t.text) is None}
    generic = {t for t in question.terms if is_generic(t)}
    if any(w >= 0.9 and t not in generic for t, w in weights.items()):
        weights |= {t: min(weights[t], 0.45) for t in generic}
    elif any("paid" in t.concepts or "payable" in t.concepts for t in generic):
        weights |= {t: 0.5 for t in generic if t.concepts == {"total"}}
    return weights


def is_generic(term: Term) -> bool:
    """Whether a term says no more than the type of a value."""
    book = lexicon().concepts
    return bool(term.concepts) and any(book[c].generic for c in term.concepts)


def _is_payer(term: Term, question: Question) -> bool:
    """Whether a term is only who pays or stays ("how much does the guest owe"), where something else is asked."""
    if not term.concepts or not term.concepts <= {"customer", "people_count", "passenger"} or question.counts:
        return False
    others = (t for t in question.terms if t is not term and t.concepts and not t.weak)
    return question.wants in ("amount", "date", "time", "when", "duration") and any(others)


def _alone(term: Term, question: Question) -> float:
    if term.kind == "soft":
        return 0.25 if term.concepts else 0.12
    if (
        term.kind == "word"
        and (term.text in _COUNTING or _VERBAL.search(term.text))
        and term.text not in proper_names(question.text)
    ):
        return 0.25
    if term.weak:
        return 0.2
    if _is_payer(term, question):
        return 0.25
    short = len(term.stems) <= (3 if has_han(term.text) else 2)
    if _ASKING.search(term.text) and term.concepts and (short or is_generic(term)):
        if (
            question.wants
            and not any(lexicon().concepts[c].kind == question.wants for c in term.concepts)
            and question.wants in ("duration", "date", "time", "amount")
        ):
            return 0.35
        measured = any(lexicon().concepts[c].kind in ("number", "percent") for c in term.concepts) and not is_generic(
            term
        )
        return 0.9 if measured else 0.35
    if (
        term.kind == "concept"
        and len(term.stems) > 1
        and term.stems in lexicon().only_asked
        and term.stems not in lexicon().said
        and not is_generic(term)
    ):
        return 1.4
    if term.kind == "han" and han_number(term.text) is not None:
        return 0.25
    if term.kind == "han" and len(term.text) == 1:
        return 0.4
    if term.kind != "number" and re.search(
        rf"(?:\b(?:this|that|these|those) |[这那][个张份些家种位趟次部条件本款]?|该|此){re.escape(term.text)}",
        question.folded,
    ):
        return 0.25
    if term.kind == "word" and (term.text in proper_names(question.text)):
        return 1.5
    return 1.0


@dataclass(frozen=True)
class _Around:
    """The texts near a value with the share of a term that each can account for."""

    layers: tuple[tuple[float, str], ...]

    def support(self, term: Term) -> float:
        return max((share * likeness(term, words(text)) for share, text in self.layers if text), default=0.0)


def measure(
    question: Question, around: Sequence[tuple[float, str]], page: Page, value: str = ""
) -> tuple[float, tuple[str, ...]]:
    """How much of the question `around` accounts for, 0..1, and the deciding terms it does not.

    `around`: (share, text) pairs; what stands elsewhere on the page counts half, its title more. A `value` of the
    type that a generic term names ("price") accounts for that term.
    """
    layers = _Around((*around, (0.75, _title(page)), (0.5, page.text)))
    total = got = 0.0
    missing = []
    for term in question.terms:
        w = weight_on(term, question, page)
        s = layers.support(term)
        if value and (is_generic(term) or has_unit(term, value)):
            s = max(s, _typed_support(term, value))
        if value and _ASKING.search(term.text) and looks_like_name(value) and _of_type(term, "name"):
            s = max(s, 0.7)
        if question.counts and value and term.concepts & {"people_count", "quantity"} and _ASKING.search(term.text):
            s = max(s, 0.7)
        if w < 0.3 and s < 0.5:
            continue
        if term.weak and term.kind != "soft":
            w = 0.5
        total += w
        got += w * s
        if w >= 0.9 and s < 0.35:
            missing.append(term.text)
    if not total:
        return 0.0, ()
    asked = {t.text for t in question.heads}
    lost = sum(
        0.3 if t.text in asked or weight(t, question) > 1.45 else 0.12 for t in question.terms if t.text in missing
    )
    return got / total - lost, tuple(missing)


def weight_on(term: Term, question: Question, page: Page) -> float:
    """A term's weight on a page: what was taken for a verb of the question counts in full where the page has it."""
    w = weight(term, question)
    idle = w <= 0.25 and not term.concepts and len(term.text) > 4 and term.kind in ("word", "soft")
    return 1.0 if idle and _stands(term, page) else w


def _stands(term: Term, page: Page) -> bool:
    return re.search(rf"(?<![a-z]){re.escape(term.text)}(?![a-z])", page.words.folded) is not None


def _typed_support(term: Term, value: str) -> float:
    """How well a value is of the type that a generic term names."""
    book = lexicon().concepts
    best = 0.0
    if has_unit(term, value):
        return 0.85
    for name in term.concepts:
        kind = book[name].kind
        if kind in ("name", "place"):
            best = max(best, 0.5 if fits(value, kind) and not is_numeric(value) else 0.0)
        if kind in FREE_TEXT:
            continue
        found = of_kind(value, kind)
        if found:
            plain = found[0].kind == "number" and kind == "amount"
            if name in ("total", "payable", "paid"):
                best = max(best, 0.55)
                continue
            best = max(best, 0.85 if not plain or has_cents(found[0].text) else 0.6)
    return best


def _of_type(term: Term, kind: str) -> bool:
    return any(lexicon().concepts[c].kind == kind for c in term.concepts)


def has_unit(term: Term, value: str) -> bool:
    """Whether a value carries a unit of the concept: "6.9 mi" for a distance."""
    book = lexicon().concepts
    folded = normal(value)
    return any(re.search(rf"\d ?{re.escape(u)}(?![a-z])", folded) for c in term.concepts for u in book[c].units)


def _title(page: Page) -> str:
    """The page's heading: its first lines and its tallest type."""
    if not page.lines:
        return ""
    heights = sorted(i.height for i in page.loose)
    tall = heights[-1] if heights and heights[-1] > 1.25 * heights[len(heights) // 2] else 1e9
    head = [i.text for n, i in enumerate(page.lines) if n < 2 or (i.height >= 0.9 * tall and not is_numeric(i.text))]
    return " ".join(head[:5])


def without(question: Question, dropped: Iterable[Term]) -> Question:
    """The question without some of its terms."""
    gone = set(dropped)
    return replace(question, terms=tuple(t for t in question.terms if t not in gone))


def concept_name(term: Term) -> str:
    """A concept that the term means, for plans written in plain words."""
    known = sorted(term.concepts & lexicon().concepts.keys())
    return known[0] if known else term.text


def other_day(question: Question, text: str) -> bool:
    """Whether a text is about other days of the week than the question."""
    asked = days_of(question.folded)
    said = days_of(normal(text)) if asked else frozenset()
    return bool(said) and not asked <= said
