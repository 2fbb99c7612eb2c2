"""Whether an answer can be one at all, whatever named it: no weight for an age, no flat number to ring, no "He" for a who.

In: a `Question` and the text of an answer. Out: True or False.
"""

from __future__ import annotations

import re

from visual_agent.engines.planner.asked.extracts import wanted
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.values import values
from visual_agent.engines.planner.text.words import lexicon

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
_PERSON = re.compile(r"\b(?:who|whose|whom)\b|'s name\b|\bname of the \w+ who\b|谁|姓什么|叫什么名|哪位")
_COLOUR = re.compile(r"\bcolou?rs?\b|颜色")
_COLOURED = re.compile(
    r"red|green|blue|yellow|black|white|orange|purple|pink|brown|gr[ae]y|gold|silver|beige|cream|navy|teal|tan\b|violet|clear"
    r"|[红绿蓝黄黑白橙紫粉棕褐灰银金青]|米色|咖啡色|透明"
)
_FEWEST_DIGITS = 6
_SITE = re.compile(r"\b(?:hall|yard|lane|street|road|avenue|square|room|building|terrace|drive|car park)$")
_IDLE = frozenset(
    "no yes not off out up down one same other any all some way time day mine ours 名 个 好 行".split()  # noqa: SIM905
)
"""Words that answer nothing when they stand alone."""
_NAMED = re.compile(
    r"\b(?:what(?:'s|s| is| are| was| were)) (?:the|my|our|your|his|her|its|their|[a-z]+'s) "
    r"|\b(?:which|what) (?=[a-z]+ (?:is|are|was|were|do|does|did|has|have)\b)"
)
"""What stands before the name of what is asked for."""
_FIGURES = frozenset({"amount", "time", "date", "duration", "percent", "number", "phone"})
_AMOUNTS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
"""How only quantities are written."""
_UNPRICED = re.compile(r"\d|[一二两三四五六七八九十半]|free|no(?:ne|thing)?\b|nil|midnight|noon|免费")
_ENDING = re.compile(r"\b(?:ends?|finish(?:es)?|until|till|clos(?:es?|ing)|expires?)\b|结束|截止|到期")
_BEGINNING = re.compile(r"\b(?:starts?|begins?)\b|开始")


def plausible(question: Question, text: str, label: str = "") -> bool:
    """Whether a text that a label names can answer; only what is certainly none is refused."""
    if not text.strip():
        return False
    return (
        _of_type(question, text)
        and _is_new(question, text)
        and _is_asked_kind(question, text)
        and not _opposite(question, label)
    )


def _is_new(question: Question, text: str) -> bool:
    """Whether a text says something: neither the question's own words nor an idle word."""
    bare = re.sub(r"[\W_]", "", normal(text))
    return bare not in _IDLE and bare not in re.sub(r"[\W_]", "", question.folded)


def _opposite(question: Question, label: str) -> bool:
    """Whether a label speaks of the beginning where the end is asked for."""
    said = normal(label)
    ends = _ENDING.search(question.folded) is not None and _BEGINNING.search(question.folded) is None
    return ends and _BEGINNING.search(said) is not None and _ENDING.search(said) is None


def _is_asked_kind(question: Question, text: str) -> bool:
    """Whether a text is of the kind that the noun asked for has: no date for a platform, no word for a charge."""
    found = {v.kind for v in values(text)}
    if wanted(question) == "id" and found and found <= {"date", "time", "weekday", "duration"}:
        return False
    match = _NAMED.search(question.folded)
    noun = next((t for t in question.terms if match and match.end() - 1 <= t.start < match.end() + 12), None)
    if match is None or noun is None:
        return True
    kinds = {lexicon().concepts[c].kind for c in noun.concepts}
    if kinds and kinds <= _FIGURES:
        return _UNPRICED.search(normal(text)) is not None
    return _AMOUNTS.fullmatch(text.strip()) is None or bool(kinds - {"name", "text", "place", ""})


def _of_type(question: Question, text: str) -> bool:
    """Whether a text has the form of a number to ring, a colour, an age, a person."""
    folded = normal(text)
    wants = wanted(question)
    calls = wants == "phone" or (wants in ("", "id", "number", "text") and _PHONE.search(question.folded) is not None)
    if calls and not _SHORT.search(question.folded):
        longest = max((len(re.sub(r"\D", "", m)) for m in re.findall(r"[\d\s()+-]{3,}", folded)), default=0)
        emergency = re.search(r"\b(?:999|112|911|110|119|120|111|101|12\d{3}|9\d{4})\b", folded)
        coded = re.search(r"[a-z]{2}-?\d", folded) is not None and longest < 9
        return (longest >= _FEWEST_DIGITS and not coded) or emergency is not None or "@" in text
    if _COLOUR.search(question.folded):
        return _COLOURED.search(folded) is not None
    if _AGE.search(question.folded):
        return _YEARS.search(folded) is not None and not _OTHER_UNIT.search(folded)
    if wants == "name" and (re.search(r"\d", text) or [v.text for v in values(text) if v.kind == "weekday"] == [text]):
        return False
    if _PERSON.search(question.folded) and wants == "name":
        timed = any(v.kind in ("date", "time", "amount", "percent", "duration") for v in values(text))
        bare = folded.strip(" .,:;!?\"'") in _NOBODY
        if _SITE.search(folded.strip(" .")) or folded.rstrip().endswith(("!", "！")):
            return False
        return not bare and not (timed and len(text) < 24) and (has_han(text) or any(c.isalpha() for c in text))
    return True
