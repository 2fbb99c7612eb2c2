"""Whether an answer can be one at all, whatever named it: no weight for an age, no flat number to ring, no "He" for a who.

In: a `Question` and the text of an answer. Out: True or False.
"""

from __future__ import annotations

import re

from visual_agent.engines.planner.extracts import wanted
from visual_agent.engines.planner.folding import has_han, normal
from visual_agent.engines.planner.questions import Question
from visual_agent.engines.planner.values import values

_PHONE = re.compile(r"\b(?:phone|telephone|mobile|cell) (?:number|no)\b|手机号|电话(?:号码)?(?:是|多少)|的电话")
_SHORT = re.compile(r"\bext(?:ension)?\b|emergency|分机|急救|报警|短号|内线|热线")
_AGE = re.compile(r"\bhow old\b|\bwhat age\b|几岁|多大年纪|年龄|多大了")
_YEARS = re.compile(
    r"\d\s*(?:years?|yrs?|y\b|months?|weeks?|days?|岁|周岁|个?月|周|天|世纪)|\bborn\b|生|(?:1\d|20)\d{2}|^\D{0,3}\d{1,3}\D{0,2}$"
)
_OTHER_UNIT = re.compile(
    r"\d\s*(?:kg|g|lbs?|oz|cm|mm|m|km|ml|l|元|斤|克|公斤|米|厘米|升)\b|[$£€¥]|\d\.\d\d\b", re.IGNORECASE
)
_NOBODY = frozenset(
    "he she it they we you i him her them us me on in at to by for from the a an and or of is was this that who".split()  # noqa: SIM905
)
_PERSON = re.compile(r"\b(?:who|whose|whom)\b|'s name\b|谁|姓什么|叫什么名|哪位")
_COLOUR = re.compile(r"\bcolou?rs?\b|颜色")
_COLOURED = re.compile(
    r"red|green|blue|yellow|black|white|orange|purple|pink|brown|gr[ae]y|gold|silver|beige|cream|navy|teal|tan\b|violet|clear"
    r"|[红绿蓝黄黑白橙紫粉棕褐灰银金青]|米色|咖啡色|透明"
)
_FEWEST_DIGITS = 6


def plausible(question: Question, text: str) -> bool:
    """Whether a text can answer; only what is certainly none is refused."""
    folded = normal(text)
    wants = wanted(question)
    calls = wants == "phone" or (wants in ("", "id", "number", "text") and _PHONE.search(question.folded) is not None)
    if calls and not _SHORT.search(question.folded):
        longest = max((len(re.sub(r"\D", "", m)) for m in re.findall(r"[\d\s()+-]{3,}", folded)), default=0)
        emergency = re.search(r"\b(?:999|112|911|110|119|120|111|101|12\d{3}|9\d{4})\b", folded)
        return longest >= _FEWEST_DIGITS or emergency is not None or "@" in text
    if _COLOUR.search(question.folded):
        return _COLOURED.search(folded) is not None
    if _AGE.search(question.folded):
        return _YEARS.search(folded) is not None and not _OTHER_UNIT.search(folded)
    if _PERSON.search(question.folded) and wants == "name":
        timed = any(v.kind in ("date", "time", "amount", "percent", "duration") for v in values(text))
        bare = folded.strip(" .,:;!?\"'") in _NOBODY
        return not bare and not (timed and len(text) < 24) and (has_han(text) or any(c.isalpha() for c in text))
    return True
