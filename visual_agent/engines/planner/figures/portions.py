"""How much of something for more or fewer people than a recipe is for: its own amount, scaled.

In: a `Question`, `Page`s and a way to ask for one value. Out: a `Solution` with its working, or None where the page
does not say for how many it is, says so for several numbers, or has no amount of what is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.questions import Question, analyse
from visual_agent.engines.planner.fields.nearest import content, support
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.figures.sums import shown
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import normal
from visual_agent.engines.planner.text.values import NUMBER_WORDS, numeral, values

Ask = Callable[[Question, Sequence[Page]], "Solution | None"]

_N = rf"\d{{1,3}}|{'|'.join(NUMBER_WORDS)}|[一二两三四五六七八九十]{{1,3}}"
_EATERS = r"people|persons?|guests?|of us|adults?|diners?|eaters|servings?|portions?|helpings?"
_FOR = re.compile(
    rf"(?:,? ?\bif (?:i|we|you|there) (?:\w+ ){{1,3}}?)?\b(?:for|to feed|feed|feeding|to serve|serve|serving|are) (?:about |only )?(?P<a>{_N})"
    rf"(?: (?:{_EATERS}|(?P<made>[a-z]+)))?(?=\W*$|,)"
    rf"|\b(?P<b>{_N}) (?:servings|portions|helpings)\b"
    rf"|(?:如果|要是|想)?[做给供煮烧请来]?(?P<c>{_N})(?:个人|人份|位客人|人)(?:份)?(?:[吃用喝])?(?:的话|的量|的份量|时|的)?"
)
_SERVES = re.compile(
    rf"\b(?:serves|feeds|enough for|makes|yields?|servings:?|portions:?) ?(?:about )?(?P<a>{_N})\b"
    rf"|\b(?:for )?(?P<b>{_N}) (?:{_EATERS})\b|(?P<c>{_N}) ?(?:人份|人量|人食用|人用|份量?)"
)
_TIMES = re.compile(
    r"\b(?P<two>doubl\w+|twice)\b|\b(?P<half>half (?:the|of the) (?:recipe|amount))\b|(?P<zh>[两二]倍|加倍|翻倍)|(?P<zh_half>减半|一半的量)"
)
_AMOUNT = re.compile(r"\bhow (?:much|many)\b|\bwhat (?:amount|quantity|weight) of\b|多少|几")
_OTHER = re.compile(
    r"\bhow much (?:is|are|was|were|does|did)\b|\b(?:cost|price|pay|long|minutes?|hours?|people|calories|kcal)\b"
    r"|[钱元价]|分钟|小时|多久|几个人|多少人|热量|大卡"
)
_UNIT = re.compile(r"\s?(?:[km]?g|m?l|tbsp|tsp|cups?|oz|lb|克|公斤|斤|毫升|升|[个只根片勺粒瓣杯])(?![a-z])")
_THING = re.compile(
    r"\b(?:how (?:much|many)|(?:amount|quantity|weight) of)\s+(.+?)(?= (?:do|does|did|should|would|will|must|are|is|go(?:es)?|i|we)\b|\W*$)"
    r"|(?:多少|几)(?:[个只颗根片粒勺克斤两头瓣杯毫升把块条枚]|毫升|公斤)?([\u4e00-\u9fff]{1,5})|([\u4e00-\u9fff]{1,5}?)(?:要|需要?|得|该)?[放加用]?(?:多少|几)"
)  # fmt: skip


def portions(question: Question, pages: Sequence[Page], ask: Ask) -> Solution | None:
    """The amount for as many people as the question says, where the page is for another number."""
    if len(pages) != 1 or not _AMOUNT.search(question.folded):
        return None
    match = _FOR.search(question.folded) or _TIMES.search(question.folded)
    if match is None:
        return None
    bare = f"{question.folded[: match.start()]} {question.folded[match.end() :]}".strip(" ,，?？")
    serves, wanted = _scale(match, pages[0])
    if serves is None or not wanted or wanted == serves[0] or _OTHER.search(bare) or not _AMOUNT.search(bare):
        return None
    found = _amount_of(bare, pages[0]) or _asked(bare, pages, ask)
    if found is None:
        return None
    number, unit, ids = found
    text = f"{shown(number * wanted / serves[0])}{unit}"
    how = f"{shown(number)} x {shown(wanted)} / {shown(serves[0])}"
    return Solution(answers.worked(text, how, (*ids, *serves[1])), how, (*ids, *serves[1]), 1.0, pages[0].name)


def _scale(match: re.Match[str], page: Page) -> tuple[tuple[float, tuple[str, ...]] | None, float | None]:
    """For how many the page is, with the regions that say so, and how many are wanted."""
    if match.re is _FOR:
        return _serves(page, match["made"] or ""), _number(match)
    halved = match["half"] or match["zh_half"]
    return (2.0 if halved else 1.0, ()), 1.0 if halved else 2.0


def _number(match: re.Match[str]) -> float | None:
    return numeral(next(g for g in (match["a"], match["b"], match["c"]) if g))


def _serves(page: Page, made: str) -> tuple[float, tuple[str, ...]] | None:
    """For how many a page is, where it says so once; of what it makes, where the question names that."""
    lines = [(normal(i.text), i.id) for i in page.lines if made in normal(i.text)]
    found = [(_number(m), name) for text, name in lines for m in _SERVES.finditer(text)]
    numbers = {n for n, _ in found if n}
    return (numbers.pop(), (found[0][1],)) if len(numbers) == 1 else None


def _amount_of(bare: str, page: Page) -> tuple[float, str, tuple[str, ...]] | None:
    """The one number of the short line or row that names the thing: "3 carrots", "土豆2个"."""
    match = _THING.search(bare)
    thing = next((g for g in match.groups() if g), "") if match is not None else ""
    said = [w for w in content(thing) if w.weight >= 0.4]
    texts: list[tuple[str, tuple[str, ...]]] = [(i.text, (i.id,)) for i in page.lines if len(i.text) < 40]
    texts += [(" ".join(i.text for i in row), tuple(i.id for i in row)) for row in page.rows if len(row) == 2]
    found = {}
    for text, ids in texts:
        numbers = [v for v in values(text) if v.kind in ("number", "id") and v.number is not None]
        if said and len(numbers) == 1 and len(values(text)) == 1 and all(support(w, text) >= 0.75 for w in said):
            unit = _UNIT.match(text[numbers[0].end :])
            found[numbers[0].number] = (numbers[0].number or 0.0, unit[0] if unit else "", ids)
    return next(iter(found.values())) if len(found) == 1 else None


def _asked(bare: str, pages: Sequence[Page], ask: Ask) -> tuple[float, str, tuple[str, ...]] | None:
    asked = analyse(bare)
    found = ask(asked, pages) if asked.terms else None
    if found is None:
        return None
    text = answers.uncited(found.text)
    numbers = [v for v in values(text) if v.kind == "number" and v.number is not None]
    if len(numbers) != 1 or len(values(text)) != 1 or len(text) > 30:
        return None
    unit = _UNIT.match(text[numbers[0].end :])
    return numbers[0].number or 0.0, unit[0] if unit else "", found.ids
