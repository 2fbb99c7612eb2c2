"""Days of the week in a text, ranges filled in: "Mon-Fri", "周二至周日", "daily".

In: any text. Out: numbers from 0 (Monday) to 6 (Sunday).
"""

from __future__ import annotations

import re
from functools import lru_cache

NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WORDS = (
    r"mon(?:day)?s?|(?:星期|周|礼拜)一", r"tue(?:s|sday)?s?|(?:星期|周|礼拜)二", r"wed(?:nesday)?s?|(?:星期|周|礼拜)三",
    r"thu(?:r|rs|rsday)?s?|(?:星期|周|礼拜)四", r"fri(?:day)?s?|(?:星期|周|礼拜)五",
    r"sat(?:urday)?s?|(?:星期|周|礼拜)六",
    r"sun(?:day)?s?|(?:星期|周|礼拜)[日天]",
)  # fmt: skip
DAY = re.compile("|".join(rf"(?P<d{i}>(?<![a-z])(?:{p})(?![a-z]))" for i, p in enumerate(_WORDS)))
_SHORT = re.compile(r"(?<=[至到~-])\s*(?:星期|周|礼拜)?([一二三四五六日天])(?![\w])")
_RANGE = re.compile(r"\s*(?:-|to|through|thru|until|till|至|到|~)\s*")
_WEEKEND = re.compile(r"\bweekends?\b|周末|双休日")
_WEEKDAYS = re.compile(r"\bweekdays\b|\bworking days\b|工作日|平日")
_DAILY = re.compile(r"\bdaily\b|\bevery ?day\b|\ball week\b|\b7 days\b|每天|每日|全年无休")


@lru_cache(maxsize=5000)
def days_of(folded: str) -> frozenset[int]:
    """The days that a folded text (`words.normal`) names; empty where it names none."""
    found = [(m.start(), m.end(), next(i for i in range(7) if m[f"d{i}"])) for m in DAY.finditer(folded)]
    found += [(m.start(), m.end(), "一二三四五六日".index(m[1].replace("天", "日"))) for m in _SHORT.finditer(folded)]
    found.sort()
    days: set[int] = set()
    for n, (_, end, day) in enumerate(found):
        days.add(day)
        if n + 1 < len(found) and _RANGE.fullmatch(folded[end : found[n + 1][0]]):
            days |= {(day + k) % 7 for k in range((found[n + 1][2] - day) % 7 + 1)}
    if _WEEKEND.search(folded):
        days |= {5, 6}
    if _WEEKDAYS.search(folded):
        days |= {0, 1, 2, 3, 4}
    if _DAILY.search(folded) and not days:
        days = set(range(7))
    return frozenset(days)
