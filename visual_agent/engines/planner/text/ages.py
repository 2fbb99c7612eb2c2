"""For whose age a label is: "2-5 years" or "Over 65s"; the age that a question tells: "my son is 4".

In: folded or raw texts. Out: (lowest, highest) of a label, the number of a question.
"""

from __future__ import annotations

import re
from functools import lru_cache

from visual_agent.engines.planner.text.folding import normal
from visual_agent.engines.planner.text.values import NUMBER_WORDS, han_number

_NUMBER = r"(\d{1,3}|[一二两三四五六七八九十]{1,3})"
_WORDS = ("zero", *NUMBER_WORDS, "thirteen", "fourteen", "fifteen", "sixteen")
_IN_WORDS = rf"({'|'.join(_WORDS[1:])})"
_YEARS = r"(?:\s?(?:周?岁|years?|yrs?|y)\b|\s?周?岁)?"
_TOLD = re.compile(
    rf"(?:\b(?:is|aged?|turned|turns|just)|\b(?:s?he)'s) {_NUMBER}(?=[,.;!? ]|$)(?! (?:o'clock|am|pm|people|of))"
    rf"|(?:\b(?:is|aged?|turned|turns|just)|\b(?:s?he)'s) {_IN_WORDS}(?=[,.;!?]|$| and )"
    rf"|\b(?:{_NUMBER}|{_IN_WORDS})[ -]?(?:year|yr|month)s?[ -]?olds?\b|{_NUMBER}个?月大|\b{_NUMBER} years? of age\b|{_NUMBER}\s?(?:周?岁)(?!以)"
)
_AGED = r"岁|\b(?:years?|yrs?|months?|ages?|aged|under|over|adults?|children|kids?)\b"
_SPAN = re.compile(rf"{_NUMBER}{_YEARS}\s?(?:[-–—~～至到]|to|and)\s?{_NUMBER}(?!\s?(?:am|pm|:|\d|[.,]\d))")
_UNDER = re.compile(
    rf"\b(?:under|below|less than|younger than|up to)(?: the age of| age)?[- ]?{_NUMBER}"
    rf"|(?<!\d){_NUMBER}{_YEARS}\s?(?:以下|及以下|以内)|(?:不满|未满|小于|低于)\s?{_NUMBER}"
    rf"|\b{_NUMBER}{_YEARS} (?:and|or) (?:under|below|younger)"
)
_OVER = re.compile(
    rf"\b(?:over|above|from|older than|at least)(?: the age of| age)?[- ]?{_NUMBER}"
    rf"|(?<!\d){_NUMBER}{_YEARS}\s?(?:以上|及以上)|(?:年满|大于|超过|满)\s?{_NUMBER}"
    rf"|(?<!\d){_NUMBER}{_YEARS}\s?(?:\+|(?:and|or) (?:over|above|older|up)|plus)"
)


_MONTHS = re.compile(r"\s?(?:months?|mths?)\b|\s?个?月")


def age_told(folded: str) -> float | None:
    """The age of whoever a question is about; None where it tells none."""
    match = _TOLD.search(folded)
    if match is None:
        return None
    return _number(match) / (12 if re.search(r"month|月", match[0]) else 1)


@lru_cache(maxsize=5_000)
def ages_in(text: str) -> tuple[float, float] | None:
    """(lowest, highest) of the ages that a label is for; None where it names none."""
    folded = normal(text)
    both = _SPAN.search(folded)
    if both:
        low, high = _value(both[1]), _value(both[2])
        months = 12.0 if _MONTHS.match(folded, both.end()) else 1.0
        return (low / months, high / months) if low < high else None
    under, over = _UNDER.search(folded), _OVER.search(folded)
    if under:
        closed = re.search(r"and|or|及|up to", under[0]) is not None
        months = 12.0 if _MONTHS.match(folded, under.end()) else 1.0
        return 0.0, _number(under) / months - (0.0 if closed else 0.01)
    return (_number(over), 200.0) if over else None


def is_age(text: str, start: int, end: int) -> bool:
    """Whether the figure of a text at [start, end) only tells for whose age something is."""
    folded = text.lower()
    found = (m for p in (_SPAN, _UNDER, _OVER) for m in p.finditer(folded))
    return any(
        m.start() <= start and end <= m.end() and re.search(_AGED, folded[m.start() : m.end() + 8]) for m in found
    )


def _number(match: re.Match[str]) -> float:
    return _value(next(g for g in match.groups() if g))


def _value(text: str) -> float:
    number = float(text) if text.isdigit() else _WORDS.index(text) if text in _WORDS else han_number(text)
    return -1.0 if number is None else number
