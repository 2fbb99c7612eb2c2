"""Whether the circumstances that a question brings lie within what a sentence is said for.

In: the folded texts of a question ("at noon", "my nine-year-old", "ten hens", "in July") and of a sentence ("after 6 pm
only", "under 12s", "up to six", "May to September"). Out: True inside, False outside, None where they have no
circumstance of one kind.
"""

from __future__ import annotations

import re

from visual_agent.engines.planner.text.ages import age_told, ages_in
from visual_agent.engines.planner.text.folding import stem
from visual_agent.engines.planner.text.values import MONTHS, NUMBER_WORDS, han_number, numeral, values

Span = tuple[float, float]

_WORDS = re.compile(rf"\b(?:{'|'.join(NUMBER_WORDS)})(?=[ -](?:year|yr)|$)")
_MONTH = re.compile(
    r"\b(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)(?:uary|ruary|ch|il|ust|tember|ember|ober)?\b(?! i\b| we\b| you\b)"
    r"|([一二三四五六七八九十]{1,2}|\d{1,2})月"
)
_PARTS = {
    r"\bmornings?\b|上午|早上|早晨": (360, 720),
    r"\bafternoons?\b|下午": (720, 1080),
    r"\bevenings?\b|晚上|傍晚": (1080, 1320),
    r"\bat night\b|\bovernight\b|夜里|半夜|深夜": (1320, 1440),
}
_FROM = re.compile(r"(?:\b(?:after|from|since|not before|no earlier than)|自|从)\s*(?:about )?$")
_TILL = re.compile(r"(?:\b(?:before|until|till|by|up to|no later than)|至|到)\s*(?:about )?$")
_THEN = re.compile(r"\s*(?:[-–—~]|to|and|until|till|至|到)\s*")
_NUMBER = (
    r"(\d+(?:\.\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[一二两三四五六七八九十]{1,3})"
)
_UP_TO = re.compile(
    r"(?:\b(?:up to|at most|max(?:imum)?(?: of)?|no more than|not more than|not exceed(?:ing)?|a limit of|limited to)|不(?:得|能|可)?超过|最多|最高|限|至多)"
    rf"[^\d,，;；.。]{{0,10}}?{_NUMBER}\s?([a-z°℃\u4e00-\u9fff][a-z°]*)?"
)
_BETWEEN = re.compile(r"(-?\d+(?:\.\d+)?)\s?(?:°c|℃|度)?\s?(?:[-–—~～至到]|to)+\s?(-?\d+(?:\.\d+)?)\s?(°c|℃|度)")
_HEAT = re.compile(r"(-?\d+(?:\.\d+)?)\s?(?:°c|℃|度|degrees)")


def within(asked: str, said: str) -> bool | None:
    """Whether what is asked about lies within what is said, by the first kind of circumstance that both name."""
    for kind in (_by_age, _by_time, _by_month, counted):
        found = kind(asked, said)
        if found is not None:
            return found
    return None


def _by_age(asked: str, said: str) -> bool | None:
    age, span = age_told(_WORDS.sub(lambda m: str(NUMBER_WORDS[m[0]]), asked)), ages_in(said)
    if span is None:
        return None
    if age is not None:
        return span[0] <= age <= span[1]
    group = ages_in(asked)
    if group is None or not (group[1] < span[0] or span[1] < group[0] or span[0] <= group[0] <= group[1] <= span[1]):
        return None
    return span[0] <= group[0] <= group[1] <= span[1]


def _by_time(asked: str, said: str) -> bool | None:
    points = _times(asked)
    wide = next((span for pattern, span in _PARTS.items() if re.search(pattern, asked)), None)
    spans = _spans(said) if points or wide else []
    if not spans or len(points) > 1:
        return None
    if points:
        return any(a <= points[0][0] <= b for a, b in spans)
    return any(a < wide[1] and b > wide[0] for a, b in spans) if wide else None


def _times(text: str) -> list[tuple[float, int, int]]:
    """(minutes of the day, start, end) of every time of a text."""
    text = re.sub(r"\b(?:noon|midday)\b|中午", lambda m: "12:00".ljust(len(m[0])), text)
    text = re.sub(r"\bmidnight\b|午夜", lambda m: "23:59".ljust(len(m[0])), text)
    return [(v.number, v.start, v.end) for v in values(text) if v.kind == "time" and v.number is not None]


def _spans(text: str) -> list[Span]:
    """The stretches of a day that a text names by times: from one to another, after one, before one."""
    found = _times(text)
    out: list[Span] = []
    used = -1
    for n, (number, start, end) in enumerate(found):
        if n <= used:
            continue
        after = found[n + 1] if n + 1 < len(found) else None
        if after is not None and _THEN.fullmatch(text[end : after[1]]):
            out.append((number, after[0] if after[0] > number else after[0] + 1440))
            used = n + 1
        elif _FROM.search(text[:start]) or re.match(r"\s*(?:起|以?后|之后|onwards)", text[end:]):
            out.append((number, 1440))
        elif _TILL.search(text[:start]) or re.match(r"\s*(?:以?前|之前)", text[end:]):
            out.append((0, number))
    return out


def _by_month(asked: str, said: str) -> bool | None:
    months = [_month(m) for m in _MONTH.finditer(re.sub(r"^may\b", " ", asked))]
    named = list(_MONTH.finditer(said))
    if len(months) != 1 or not named:
        return None
    if len(named) == 2 and re.fullmatch(
        r"\w*\s*(?:\d+\S*)?\s*(?:[-–—~]|to|and|until|till|至|到)+\s*(?:\d+\S*)?\s*",
        said[named[0].end() : named[1].start()],
    ):
        first, last = (_month(m) for m in named)
        return first <= months[0] <= last if first <= last else months[0] >= first or months[0] <= last
    return None


def _month(match: re.Match[str]) -> int:
    if match[1]:
        return MONTHS.index(match[1][:3]) + 1
    return int(match[2]) if match[2].isdigit() else int(han_number(match[2]) or 0)


def counted(asked: str, said: str) -> bool | None:
    """A number of the same thing against the most that is allowed, or a temperature within its range."""
    between, heat = _BETWEEN.search(said), _HEAT.search(asked)
    if between and heat:
        return float(between[1]) <= float(heat[1]) <= float(between[2])
    limit = _UP_TO.search(said)
    if limit is None or not limit[2]:
        return None
    unit = re.escape(stem(limit[2]) if limit[2].isascii() else limit[2][0])
    brought = re.search(rf"(?<![\d.]){_NUMBER}\s?(?:[a-z]+ )?{unit}", asked)
    return _value(brought[1]) <= _value(limit[1]) if brought else None


def _value(text: str) -> float:
    if text[0].isdigit():
        return float(text)
    return numeral(text) or 0.0
