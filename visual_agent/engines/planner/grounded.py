"""Whether the pages have the things that a question names: nobody teaches a "harp" class where no line speaks of one.

In: a `Question` and the `Page`s of its pictures. Out: the things that no line speaks of, in its words, by the lexicon,
in everyday phrases or by meaning. Things are what stands in noun phrases ("the harp class", "in winter") and Chinese
words that are no verbs; documents have too many other words for what is done, for people and for the scene itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from visual_agent.engines.planner.dictionary import is_verb, segmented
from visual_agent.engines.planner.folding import has_han, normal
from visual_agent.engines.planner.meanings import vector, vectors
from visual_agent.engines.planner.pages import Page
from visual_agent.engines.planner.questions import Question
from visual_agent.engines.planner.related import groups_in, scene, spoken
from visual_agent.engines.planner.weights import is_generic, weight
from visual_agent.engines.planner.words import Term, likeness, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_OPENS = re.compile(
    r"the|an?|my|our|your|his|her|its|their|any|some|each|per|no|of|in|for|at|with|without|to|from|on|by|which|what"
    r"|[a-z]+'s"
)
"""Words that a noun phrase follows."""
_CLOSES = frozenset(
    "is are was were be been do does did has have had can could will would shall should may might must i you he she it "  # noqa: SIM905
    "we they who whom whose which what when where why how and or but if than then there here that this these those not "
    "so as about before after until till up out off over down back get go goes went gone come take put make need want "
    "say says said give pay ask the a an my our your his her its their any some each per no of in for at with without to "
    "from on by into onto during between us me him them again still already only also else one ones please much many "
    "long far often yuan euros pounds dollars".split()
)
_HELPS = re.compile(r"do|does|did|will|would|can|could|shall|should|must|may|might")
"""Verbs before a subject, whose own verb comes last: "did the artist die"."""
_ASKS = re.compile(r"谁|几[点天]|多少|什么|怎|哪[天里儿]|[元币]$")
_PEOPLE = frozenset({"customer", "people_count", "passenger", "patient"})
_LIKE, _LIKE_HAN, _MEANT = 0.5, 0.75, 0.4
"""Least likeness of a line to a thing, of a line to Hanzi, and least closeness in meaning."""


def ungrounded(question: Question, pages: Sequence[Page]) -> tuple[str, ...]:
    """The things of a question that no line of the pages speaks of."""
    lines = tuple(dict.fromkeys(i.text for p in pages for i in p.lines))
    unknown = [t for t in _things(question) if not _stands(t, lines)]
    if not unknown:
        return ()
    there = frozenset().union(*(groups_in(text) for text in lines))
    said = [(s.start, s.end) for s in spoken(question.folded) if s.groups & there]
    return tuple(t.text for t in unknown if not any(_covers(t, start, end) for start, end in said))


def _covers(term: Term, start: int, end: int) -> bool:
    """Whether an everyday phrase at these places is the thing, not one Hanzi of it."""
    return start < term.end and term.start < end and (not has_han(term.text) or end - start > 1)


def _things(question: Question) -> Iterator[Term]:
    """What a question names as a thing."""
    phrases = list(_noun_phrases(question.folded))
    for term in question.terms:
        idle = term.weak or term.kind in ("soft", "number", "time", "date") or is_generic(term)
        if idle or term.concepts & _PEOPLE or term.text in scene():
            continue
        if has_han(term.text):
            if weight(term, question) >= 0.9 and _is_han_thing(term.text):
                yield term
        elif _in_phrase(term, phrases, question):
            yield term


def _is_han_thing(text: str) -> bool:
    found = [w for w in segmented(text) if len(w) > 1]
    return not _ASKS.search(text) and bool(found) and not all(is_verb(w) for w in found)


def _in_phrase(term: Term, phrases: Sequence[tuple[int, int]], question: Question) -> bool:
    """Whether a term is a noun: in a noun phrase; words such as "framed" and "cycling" only before another word."""
    if any(w in _CLOSES for w in term.text.split()):
        return False
    if weight(term, question) >= 0.9 and not term.text.endswith(("ed", "ing")):
        return any(start <= term.start < end for start, end in phrases)
    return weight(term, question) >= 0.25 and any(start <= term.start and term.end < end - 1 for start, end in phrases)


def _noun_phrases(folded: str) -> Iterator[tuple[int, int]]:
    """Slices behind words that open a noun phrase, up to the next function word."""
    parts = list(re.finditer(r"[a-z][a-z'&-]*|\d[\w.:]*|[^\w\s]", folded))
    at = 0
    while at < len(parts):
        end = at + 1
        if _OPENS.fullmatch(parts[at][0]):
            while end < len(parts) and parts[end][0] not in _CLOSES and parts[end][0][0].isalpha():
                end += 1
            if at and _HELPS.fullmatch(parts[at - 1][0]) and end > at + 2:
                end -= 1
            if end > at + 1:
                yield parts[at + 1].start(), parts[end - 1].end()
        at = end


def _stands(term: Term, lines: Sequence[str]) -> bool:
    """Whether a line speaks of a thing."""
    least = _LIKE_HAN if has_han(term.text) else _LIKE
    if any(likeness(term, words(text)) >= least for text in lines):
        return True
    meant = vector(term.text)
    return any(float((_meanings(text) @ meant).max(initial=0.0)) >= _MEANT for text in lines)


@lru_cache(maxsize=5_000)
def _meanings(text: str) -> NDArray[np.float32]:
    """The vectors of a line's terms."""
    return vectors([t.text for t in words(text).terms[:60]])


_NUMBERED = re.compile(r"\b(half|two|three|four|five|six)(?: an?\b|-(?=[a-z]))")
_DIGITS = {"half": "½", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6"}


def other_size(question: Question, pages: Sequence[Page]) -> bool:
    """Whether a question is about half of something, or a "two-bedroom" one, where the pages only have others."""
    match = _NUMBERED.search(question.folded)
    if match is None or any(has_han(p.text) for p in pages):
        return False
    known = re.compile(rf"\b{match[1]}|{_DIGITS[match[1]]}")
    return not any(known.search(normal(p.text)) for p in pages)
