"""Labels that stand without a colon: at a line's start, in brackets behind a party, under a signature.

In: lines of a page. Out: (label, value) texts: "Gross weight 84.5 kg", 'Oak Partners LLC ("Landlord")', a name over
"Course Instructor".
"""

from __future__ import annotations

import re

from visual_agent.engines.planner.text.folding import normal, units
from visual_agent.engines.planner.text.values import is_numeric
from visual_agent.engines.planner.text.words import lexicon, words

_WORDS = 4
"""A label at a line's start has no more words than this."""
_BRACKETED = re.compile(
    r"\(\s*(?:hereinafter |hereafter |referred to as )*(?:the )?"
    r"[\"“”'‘’]?(?:the )?([A-Z][a-z]+(?: [A-Z][a-z]+)?)[\"“”'‘’]?\s*\)"
)
_PARTY = re.compile(r"(?<!\S)(?:(?:[A-Z][\w&.'’-]*,?|of|and|de|van|&)(?:\s+|$))+$")
_LONGEST_PARTY = 120
_VALUE = re.compile(r"[A-Z0-9£$€¥#+(]")


def prefixed(text: str) -> tuple[str, str] | None:
    """The label at the start of a line and the rest as its value; None for running text and for plain values."""
    if len(text) > 70 or re.search(r"[:：]|[.!?]\s*$", text.strip()) or not text[:1].isupper():
        return None
    parts = text.split(" ")
    said = lexicon().said
    for size in range(min(_WORDS, len(parts) - 1), 0, -1):
        label, value = " ".join(parts[:size]), " ".join(parts[size:])
        plain = re.sub(r"\s*\([^)]*\)$", "", label).rstrip(".# ")
        key = tuple(u.stem for u in units(normal(plain)))
        names = said.get(key, frozenset())
        kinds = {lexicon().concepts[n].kind for n in names} - {""}
        if not kinds or not _VALUE.match(value) or words(value.split(" ")[0]).concepts & names:
            continue
        if is_numeric(value) or (kinds & {"id", "date", "time", "amount", "number", "phone"} and _digits(value)):
            return label, value
        if kinds & {"text", "name", "place"} and " of " not in f" {value} " and size + len(value.split()) <= 8:
            return label, value
    return None


def _digits(text: str) -> bool:
    return any(c.isdigit() for c in text)


def defined(text: str) -> list[tuple[str, str]]:
    """The parties that a contract names in brackets: 'Oak Partners LLC ("Landlord")' is the landlord."""
    found = []
    for match in _BRACKETED.finditer(text):
        party = _PARTY.search(text[max(0, match.start() - _LONGEST_PARTY) : match.start()])
        name = party[0].strip(" ,") if party else ""
        if len(name) > 2 and not match[1].isupper():
            found.append((match[1], name))
    return found


def is_role(text: str) -> bool:
    """Whether a short text says what somebody is: "Course Instructor", "Principal"."""
    said = words(text)
    if len(text.split()) > 4 or is_numeric(text) or re.search(r"[:：@]", text):
        return False
    book = lexicon().concepts
    return any(book[c].kind == "name" and not book[c].generic for c in said.concepts)
