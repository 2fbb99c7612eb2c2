"""Which label and which value a question means.

In: a `Question` and a `Page`. Out: `Hit`s, best first. A hit's score is the share of the question that something near
the value accounts for: its label fully, what stands around it less, the rest of the page least. A question whose
deciding word stands nowhere stays unanswered, however well the rest fits.
"""

from __future__ import annotations

import re

from visual_agent.engines.planner.asked.extracts import (
    countable,
    exact_type,
    extract,
    in_script,
    looks_like_name,
    wanted,
)
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import has_unit, measure, other_day, weight_on
from visual_agent.engines.planner.fields.prose import NAMES, named_parts, sentences, singles
from visual_agent.engines.planner.hits import Hit
from visual_agent.engines.planner.page.pages import Page, Pair
from visual_agent.engines.planner.text.measures import MONEY
from visual_agent.engines.planner.text.values import is_numeric, values
from visual_agent.engines.planner.text.words import Term, lexicon, likeness, words


def find(question: Question, page: Page) -> list[Hit]:
    """Values that may answer the question, best first; only those whose label has something of it."""
    wants = wanted(question)
    hits = [h for pair in page.pairs if (h := _judge(question, pair, page, wants)) is not None]
    hits += sentences(question, page, wants)
    hits += singles(question, page, wants)
    hits += named_parts(question, page)
    return sorted(hits, key=lambda h: -h.score)


def _judge(question: Question, pair: Pair, page: Page, wants: str) -> Hit | None:
    """The hit that a pair makes, or None where its label has nothing of the question or its value the wrong type."""
    text = extract(pair.value, wants)
    if (
        text is None
        or (question.counts and wants == "number" and not countable(pair.value) and not _measures(question, pair))
        or (question.script and not in_script(text, question.script))
    ):
        return None
    if wants in ("amount", "number") and _IDENTIFIES.search(pair.label) and not _NUMBERED.search(question.folded):
        return None
    bare = wants == "amount" and not exact_type(text, wants) and not is_numeric(pair.value)
    if bare and MONEY.search(question.folded):
        return None  # "card ending 4711" is no price
    if other_day(question, pair.value) or other_day(question, f"{pair.label} {pair.value}"):
        return None
    label = words(pair.label)
    strongest, focus = 0.0, 0.0
    for term in question.terms:
        alike = likeness(term, label) * min(weight_on(term, question, page) / 0.9, 1.0)
        strongest = max(strongest, alike)
        focus += alike
    measured = f"{pair.value} {pair.label.rpartition(' ')[2]}" if pair.relation == "inside" else pair.value
    if strongest < 0.3:
        strongest = max((0.6 for term in question.terms if has_unit(term, measured)), default=strongest)
    if strongest < 0.3:
        return None
    around = [(1.0, pair.label), (0.6, pair.value), *((0.8, c) for c in pair.context)]
    score, missing = measure(question, around, page, measured)
    extra = _extra(question, pair)
    score = score * (0.75 + 0.25 * pair.prior) - extra + 0.04 * min(focus, 2.0) - _as_label(pair, question)
    if strongest < 0.55:
        score -= 0.2
    score -= 0.08 if not exact_type(pair.value, wants) else 0.0
    if wants == "" and pair.relation == "inside" and is_numeric(pair.value) and NAMES.search(question.folded):
        score -= 0.3
    if wants == "amount" and pair.relation == "inside" and not exact_type(text, wants):
        score -= 0.2  # a bare number in a line of words is no price
    score += 0.05 if any(has_unit(t, measured) for t in question.terms) else 0.0
    if question.heads:
        score += 0.12 if any(likeness(t, label) >= 0.55 for t in question.heads) else -0.04
    if wants == "place" and not any(lexicon().concepts[c].kind == "place" for c in label.concepts):
        score -= 0.15
    score += 0.06 if wants == "name" and looks_like_name(pair.value) else 0.0
    return Hit(text, pair.ids, pair.label, score, page.name, wants, pair.label_ids, missing)


_IDENTIFIES = re.compile(r"(?i)尾号|[账帐卡单编户]号|\b(?:ending(?: in)?|account no\.?|ref\.?|number)\s*$")
_NUMBERED = re.compile(r"号|编码|\b(?:number|no|code|ref|reference|id|digits|ending)\b")
"""Labels of numbers that measure and count nothing; questions that want such a number."""


def _measures(question: Question, pair: Pair) -> bool:
    """Whether a label is the measure that is asked for: "38.42" litres are no number of things, yet an answer."""
    measured = {c for t in question.terms for c in t.concepts if lexicon().concepts[c].units}
    found = values(pair.value)
    return bool(measured & words(pair.label).concepts) and bool(found) and found[0].kind != "amount"


def _extra(question: Question, pair: Pair) -> float:
    """A penalty for what the label says beyond the question ("Total tax" for "total")."""
    asked = question.terms
    extra = 0
    for term in words(pair.label).content:
        other = words(term.text)
        if not any(likeness(t, other) >= 0.5 or _shares(t, term) for t in asked) and term.kind != "number":
            extra += 1
    return min(0.05 * extra, 0.2)


def _shares(a: Term, b: Term) -> bool:
    return bool(a.concepts & b.concepts) or a.text in b.text or b.text in a.text


def _as_label(pair: Pair, question: Question) -> float:
    """A penalty where the "value" is itself a label, or only repeats the question."""
    value = words(pair.value)
    if pair.value.rstrip().endswith((":", "：")):
        return 0.3
    if pair.relation in ("below", "beside", "above", "card", "cell") and not is_numeric(pair.value):
        content = value.content
        if content and len(content) <= 2 and all(t.concepts for t in content) and not values(pair.value):
            return 0.25 if all(any(lexicon().concepts[c].kind for c in t.concepts) for t in content) else 0.1
    repeats = [t for t in question.content if likeness(t, value) >= 0.9]
    return 0.15 if repeats and len(repeats) == len(question.content) else 0.0
