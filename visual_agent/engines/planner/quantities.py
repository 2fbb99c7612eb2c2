"""Quantities that a question brings along: "three days", "两盒", and the time between two moments.

In: a `Question` and what was read. Out: worked-out values with the working.
"""

from __future__ import annotations

import re

from visual_agent.engines.planner.extracts import wanted
from visual_agent.engines.planner.hits import Hit
from visual_agent.engines.planner.observed import Item
from visual_agent.engines.planner.pages import Page, Pair
from visual_agent.engines.planner.questions import Question
from visual_agent.engines.planner.values import Value, han_number, number_of, values
from visual_agent.engines.planner.words import words

_NUMBER_WORDS = {
    w: n
    for n, w in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
}
_MEASURES = "个张块盒瓶份斤件本杯人位天晚只袋包公斤千克桶箱枚支套条次"
_COUNT_ZH = re.compile(rf"([一二两三四五六七八九十]+|\d+)(?:个?(?:小时|月|星期|人)|[{_MEASURES}]|年)")
_COUNT_EN = re.compile(
    r"\b(\d{1,3}|"
    + "|".join(list(_NUMBER_WORDS)[2:])
    + r")\s+(?!am\b|pm\b|o'clock|of\b|(?:g|kg|ml|cm|mm|l|m|percent)\b)([a-z]{3,})"
)
_ENDS = frozenset({"end_date", "end_time", "closing_time", "due_date", "expiry_date", "checkout"})
_STARTS = frozenset({"start_date", "start_time", "checkin"})
_PAIRS = (
    (frozenset({"checkin"}), frozenset({"checkout"})),
    (frozenset({"start_time", "start_date"}), frozenset({"end_time", "end_date"})),
    (frozenset({"departure"}), frozenset({"arrival"})),
    (frozenset({"arrival", "checkin"}), frozenset({"departure", "checkout"})),
)


def quantity(question: Question) -> int | None:
    """How many of something the question is about, from 2 to 99; None where it gives no number."""
    match = _COUNT_ZH.search(question.folded)
    if match:
        number = int(match[1]) if match[1].isdigit() else int(han_number(match[1]) or 0)
    else:
        said = _COUNT_EN.search(question.folded)
        if (
            said is None
            or said[2].endswith("est")
            or said[2] in ("pictures", "images", "documents", "most", "digits", "halves")
        ):
            return None
        number = int(said[1]) if said[1].isdigit() else _NUMBER_WORDS[said[1]]
    return number if 2 <= number <= 99 else None


def multiplied_text(question: Question, hit: Hit, page: Page) -> tuple[str, str, tuple[str, ...]] | None:
    """(amount, working, regions) for a price of one and a question about several; None where that is not asked."""
    count = quantity(question)
    price = number_of(hit.text)
    if (
        count is None
        or price is None
        or wanted(question) not in ("amount", "number")
        or hit.kind not in ("amount", "number")
    ):
        return None
    if question.counts and question.wants == "number":
        return None
    if any(v.number == count for v in values(hit.label)):
        return None
    for row in (r for g in page.grids for r in g.body):
        cells = [c for c in row if c is not None]
        if not any(c.id in hit.ids for c in cells):
            continue
        full = [c for c in cells if (n := number_of(c.text)) is not None and abs(n - count * price) < 0.005]
        if any(number_of(c.text) == count for c in cells) and full:
            return full[0].text, "", (full[0].id,)
        if any(number_of(c.text) == count for c in cells) and any(number_of(c.text) == price / count for c in cells):
            return None
    total = round(count * price, 2)
    shown = str(int(total)) if total == int(total) else f"{total:.2f}"
    return shown, f"{count} x {hit.text}", hit.ids


def side(question: Question, text: str) -> str:
    """The last value of a range for a question about the end, the first for one about the start."""
    found = [v for v in values(text) if v.kind in ("time", "date")]
    if len(found) < 2 or found[0].kind != found[-1].kind:
        return text
    asked = {c for t in question.terms for c in t.concepts}
    folded = question.folded
    if asked & _ENDS or re.search(
        r"\b(?:until|till|end|ends|close|closes|closing|shut|latest|last|finish)\b|到几点|结束|关门|截止|打烊|最晚",
        folded,
    ):
        return found[-1].text
    if asked & _STARTS or re.search(
        r"\b(?:start|starts|begin|begins|open at|opens|earliest|from when)\b|开始|开门|最早|从几点", folded
    ):
        return found[0].text
    return text


def span_of(question: Question, page: Page) -> tuple[str, str, tuple[str, ...]] | None:
    """(duration, working, regions) between a labelled start and a labelled end; None where one is missing."""
    for starts, ends in _PAIRS:
        one, two = _moment(page, starts), _moment(page, ends)
        if one is None or two is None or (one[1].id == two[1].id and one[0].start == two[0].start):
            continue
        text = _between(one[0], two[0], question)
        if text is not None:
            return text, f"{one[0].text} - {two[0].text}", (one[1].id, two[1].id)
    return None


def _moment(page: Page, concepts: frozenset[str]) -> tuple[Value, Item] | None:
    """The date or time under a label of these concepts."""
    best: tuple[float, Value, Item] | None = None
    for pair in page.pairs:
        said = words(pair.label)
        if not said.concepts & concepts or len(said.content) > 2:
            continue
        found = _first_moment(pair)
        if found is not None and pair.ids[0] in page.known and (best is None or pair.prior > best[0]):
            best = pair.prior, found, page.known[pair.ids[0]]
    return (best[1], best[2]) if best else None


def _first_moment(pair: Pair) -> Value | None:
    found = [v for v in values(pair.value) if v.kind in ("date", "time")]
    return next((v for v in found if v.kind == "date"), found[0] if found else None)


def _between(one: Value, two: Value, question: Question) -> str | None:
    """The time between two moments of the same kind, in days or in hours and minutes."""
    if one.day is not None and two.day is not None:
        days = (two.day - one.day).days
        if days <= 0:
            return None
        if re.search(r"\bweeks?\b|几周|几个?星期", question.folded) and days % 7 == 0:
            return f"{days // 7} 周" if question.chinese else f"{days // 7} weeks"
        nights = re.search(r"\bnights?\b|晚", question.folded)
        return f"{days} {'晚' if nights else '天'}" if question.chinese else f"{days} {'nights' if nights else 'days'}"
    if one.kind == two.kind == "time" and one.number is not None and two.number is not None:
        minutes = int(two.number - one.number) % 1440
        if minutes == 0:
            return None
        if re.search(r"\bminutes?\b|分钟", question.folded) or minutes < 60:
            return f"{minutes} 分钟" if question.chinese else f"{minutes} minutes"
        hours, rest = divmod(minutes, 60)
        if question.chinese:
            return f"{hours} 小时" + (f" {rest} 分钟" if rest else "")
        return f"{hours} h" + (f" {rest} min" if rest else "")
    return None
