"""Calculations inside one record: its price by its number of weeks, the time between its two times.

In: a `Sheet`. Out: a `Solution` with its working, or None. A record is the smallest stretch of a page that speaks of
everything that the question names: a line, a sentence, a row, a card, a table, the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.weights import is_generic
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.figures.figures import valued
from visual_agent.engines.planner.figures.operands import like, spoken
from visual_agent.engines.planner.figures.rates import rate_of
from visual_agent.engines.planner.figures.running import told
from visual_agent.engines.planner.figures.sheets import Sheet
from visual_agent.engines.planner.figures.sums import lasting, shown
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import has_han, normal, stem
from visual_agent.engines.planner.text.values import NUMBER_WORDS, Value, has_cents, numeral
from visual_agent.engines.planner.text.words import Term


@dataclass(frozen=True)
class Record:
    """A stretch of a page: its folded text and its lines."""

    text: str
    items: tuple[Item, ...]
    page: Page


def records_of(sheet: Sheet, said: Sequence[Term]) -> list[Record]:
    """The stretches of the pages that speak of all terms, the smallest first."""
    fit = [r for p in sheet.pages for r in _records(p) if all(like(t, r.text) >= 0.5 for t in said)]
    return sorted(fit, key=lambda r: len(r.text))


def _records(page: Page) -> Iterator[Record]:
    for item in page.lines:
        yield Record(normal(item.text), (item,), page)
    for sentence in told(page):
        yield Record(normal(sentence.text), tuple(page.known[i] for i in sentence.ids), page)
    for row in (*page.rows, *page.blocks):
        yield Record(normal(" | ".join(i.text for i in row)), tuple(row), page)
    for grid in page.grids:
        for cells in grid.filled:
            yield Record(normal(" | ".join(c.text for c in cells)), tuple(cells), page)
        yield Record(normal(" | ".join(c.text for c in grid.cells)), grid.cells, page)
    yield Record(normal(" | ".join(i.text for i in page.lines)), page.lines, page)


def _topic(text: str) -> list[Term]:
    """What a question names: things and names, no small words and no verbs of asking."""
    return [
        t
        for t in spoken(text)
        if not t.weak
        and t.kind not in ("soft", "time", "date")
        and not is_generic(t)
        and not (has_han(t.text) and len(t.text) < 2)
    ]


def the_only(sheet: Sheet) -> tuple[Value, str] | None:
    """The one amount of the smallest record that speaks of what a question names, and its region."""
    said = _topic(sheet.folded)
    if not said:
        return None
    for record in records_of(sheet, said):
        found = {v.text: (v, i.id) for i in record.items for v in valued(i.text) if v.kind == "amount"}
        if found:
            page_wide = len(record.items) == len(record.page.lines)
            return next(iter(found.values())) if len(found) == 1 and not page_wide else None
    return None


# --- all of a few --------------------------------------------------------------------------------------------------

_ALL = re.compile(
    r"\b(?:the|these|those|all|all the|their) (two|three|four|five|six|seven|eight|nine|ten|\d{1,2}) ([a-z]+)|\b(both) (?:the )?([a-z]+)"
    r"|([两三四五六七八九十]|\d{1,2})(?:样|项|种|笔|件|个|门|科|天|份|家)([\u4e00-\u9fff]{0,3})"
)


def listed(sheet: Sheet) -> Solution | None:
    """All of a few numbers of one sentence or list: "the three payments"."""
    match = _ALL.search(sheet.folded)
    if match is None or sheet.question.kind not in ("sum", "average") or len(sheet.pages) != 1:
        return None
    groups = [g for g in match.groups() if g]
    number = {"both": 2.0, "两": 2.0}.get(groups[0]) or numeral(groups[0]) or 0.0
    thing = groups[1] if len(groups) > 1 else ""
    said = [t for t in spoken(thing) if not t.weak or t.kind == "concept"] if not has_han(thing) else []
    for record in records_of(sheet, said):
        money = [v for v in valued(record.text) if v.kind == "amount" or has_cents(v.text)]
        money = [v for v in money if v.number is not None]
        if len(money) > 1 and len(money) != number:
            return None
        if len(record.items) == len(record.page.lines) or len(money) < 2:
            continue
        found = [(v, next((i for i in record.items if v.text in normal(i.text)), record.items[0])) for v in money]
        total = sum(v.number or 0.0 for v, _ in found) / (number if sheet.question.kind == "average" else 1)
        how = " + ".join(v.text for v, _ in found)
        ids = tuple(dict.fromkeys(i.id for _, i in found))
        return Solution(
            answers.worked(shown(total), how, ids), how, ids, min(i.score for _, i in found), record.page.name
        )
    return None


# --- beside what the question brings along -------------------------------------------------------------------------

_TOO = re.compile(
    r"\btoo (?:tall|high|long|wide|heavy|old|young|much|many|big|large|short|low)\b|\bover(?:weight| the limit)?\b|超[过出了重高]?|多出"
)
_BOUND = re.compile(
    r"\bmax(?:imum)?\b|\blimit|\bup to\b|\bno more than\b|\bnot (?:over|exceed)|\bunder\b|\bmin(?:imum)?\b|\bat least\b|限|最[高大多重长]|不[超得]|以[内下]|至少"
)


def beyond(sheet: Sheet) -> Solution | None:
    """How far what the question tells lies beyond the page's limit in the same unit: "my case weighs 26 kg"."""
    if not _TOO.search(sheet.folded) or not re.search(r"\bhow (?:much|many|far)\b|\bby how\b|多少|几", sheet.folded):
        return None
    own = [(float(m[1]), m[2]) for m in _MEASURED.finditer(sheet.folded)]
    if len(own) != 1:
        return None
    number, unit = own[0]
    found = {
        (float(m[1]), i.id): (m[1], p)
        for p in sheet.pages for i in p.lines if _BOUND.search(normal(i.text))
        for m in _MEASURED.finditer(normal(i.text)) if _UNITS.get(m[2], m[2]) == _UNITS.get(unit, unit)
    }  # fmt: skip
    if len({n for n, _ in found}) != 1:
        return None
    (limit, at), (text, page) = next(iter(found.items()))
    how = f"{shown(number)} - {text}"
    return Solution(answers.worked(shown(abs(number - limit)), how, (at,)), how, (at,), 1.0, page.name)


_MEASURED = re.compile(
    r"(\d+(?:\.\d+)?)\s?(kg|cm|mm|km|m|metres?|meters?|g|l|litres?|mph|tons?|tonnes?|t|公斤|千克|厘米|毫米|米|吨|克|升)(?![a-z²³])"
)
_UNITS = {
    "metre": "m",
    "metres": "m",
    "meter": "m",
    "meters": "m",
    "米": "m",
    "公斤": "kg",
    "千克": "kg",
    "厘米": "cm",
    "毫米": "mm",
    "吨": "t",
    "tonne": "t",
    "tonnes": "t",
    "ton": "t",
    "tons": "t",
    "litre": "l",
    "litres": "l",
    "升": "l",
    "克": "g",
}


# --- by the piece --------------------------------------------------------------------------------------------------

_PER = re.compile(
    r"\b(?:per|an?|each|every|for (?:one|each|a single)) (night|day|week|month|hour|year|minute|lesson|class|session|visit|ride|person|head|term|mile|lap)\b"
    r"|[每一平均]+个?(晚上?|天|周|星期|月|小时|钟头|年|分钟|节课?|次课?|堂课?|人)"
)
_PRICE = re.compile(r"\bhow much\b|\bcost|\bprice|\bpay|\bwork(?:s|ed)? out\b|\bcome[s]? to\b|\bcharge|钱|价|元|块|费")
_IDLE = re.compile(
    r"\b(?:work(?:s|ed)? out|come[s]? (?:out )?(?:to|at)|how much|what|prices?|costs?|pay|does|do|did|is|it|that|at|the|for)\b"
    r"|多少钱?|合(?=每|一|多)|平均|要|是|花|相当于|价格|价钱"
)


def per(sheet: Sheet) -> Solution | None:
    """The price of one week or night of a record that says how many of them and what they cost together."""
    match = _PER.search(sheet.folded)
    priced = match is not None and (_PRICE.search(sheet.folded) or match[0].startswith(("per", "每")))
    if match is None or not priced or sheet.question.kind in ("extreme", "choose", "difference"):
        return None
    unit = match[1] or match[2]
    rest = _IDLE.sub(" ", sheet.folded[: match.start()] + " " + sheet.folded[match.end() :])
    said = _topic(rest)
    if not said:
        return None
    printed = rate_of(unit, rest, sheet)
    if printed is not None and printed.each == 1:
        why = "it is the price of one"
        return Solution(answers.value(printed.text, printed.ids), why, printed.ids)
    pattern = re.compile(
        rf"(\d{{1,3}}|[一二两三四五六七八九十]{{1,3}})\s?个?{unit[0]}"
        if has_han(unit)
        else rf"\b(\d{{1,3}}|{'|'.join(list(NUMBER_WORDS)[1:])}) {re.escape(stem(unit))}\w*"
    )
    for record in records_of(sheet, said):
        counts = {numeral(m[1]) or 0.0 for m in pattern.finditer(record.text)}
        money = [
            (v, i) for i in record.items for v in valued(i.text)
            if v.kind == "amount" or (v.kind == "number" and re.search(r"\.\d\d$", v.text))
        ]  # fmt: skip
        if not counts or not money:
            continue
        if len(counts) > 1 or len(money) > 1 or min(counts) < 2 or _is_rate(record.text, unit):
            return None
        number, (amount, item) = min(counts), money[0]
        how = f"{amount.text} / {shown(number)}"
        text = shown((amount.number or 0.0) / number)
        return Solution(answers.worked(text, how, (item.id,)), how, (item.id,), item.score, record.page.name)
    return None


def _is_rate(text: str, unit: str) -> bool:
    """Whether a record already gives the price of one."""
    return re.search(rf"(?:\bper|/|\ban?|\beach|每|一)\s?{re.escape(unit)}", text) is not None


# --- from when to when ---------------------------------------------------------------------------------------------

_ASKS_LONG = re.compile(
    r"\bhow long\b|\bhow many (?:minutes|hours)\b|\bin minutes\b|多少分钟|几分钟|几个?小时|多少(?:个)?小时|多久|多长时间"
)
_JOURNEY = re.compile(
    r"\b(?:journey|trip|ride|travel(?:ling)?|flight|take[sn]?|took|last(?:s|ed)?|whole|way|spend|there|how (?:long|many)|minutes|hours|"
    r"in|does|do|did|will|be|is|was|it|they|sit|sat|go(?:es)? on|run|runs|for|the)\b"
    r"|路上|全程|车程|路程|一共|总共|要|需要?|多少|几个?|分钟|小时|多久|多长时间|开了?|坐了?|花|用|持续"
)
_STARTS = re.compile(
    r"\b(?:start|from|leav|depart|beg[iau]n|open(?!.*again)|dep\b|board|clos(?:ed|ure) from|in\b)|出发|发车|[点\d]\s?开|起飞|始|[从自]|起$"
)
_ENDS = re.compile(
    r"\b(?:end|finish|arriv|until|till|to\b|clos(?!ed from|ure)|open again|re-?open|arr\b|over\b|out\b)|到|抵|止|结束|散|降落"
)


def lasts(sheet: Sheet) -> Solution | None:
    """How long something takes whose record gives two times: when it starts and when it ends."""
    folded = sheet.folded
    if not _ASKS_LONG.search(folded) or asking.find("comparative", folded) or asking.find("difference", folded):
        return None
    if sheet.question.wants not in ("duration", "number", "") and not sheet.question.counts:
        return None
    rest = _JOURNEY.sub(" ", folded)
    said = _topic(rest) or [t for t in spoken(rest) if t.kind in ("word", "concept", "han", "soft")]
    if not said and re.search(r"\w{3}|[\u4e00-\u9fff]", rest):
        return None
    for record in records_of(sheet, said):
        if not said and len(record.items) < len(record.page.lines):
            continue
        times = _times(record)
        if len(times) < 2:
            if any(v.kind == "duration" for v in valued(record.text)):
                return None
            continue
        page_wide = said and len(record.items) == len(record.page.lines) > 2
        pair = _start_and_end(times, marked=bool(page_wide))
        return _between(pair, sheet) if pair else None
    return None


@dataclass(frozen=True)
class _Time:
    """A time of day in minutes, with the words beside it."""

    minutes: float
    text: str
    before: str
    after: str
    item: Item


def _times(record: Record) -> list[_Time]:
    found: dict[float, _Time] = {}
    text = record.text
    for v in valued(text):
        item = next((i for i in record.items if v.text.strip(" .,") in normal(i.text)), None)
        if v.kind == "time" and v.number is not None and item is not None:
            before = re.split(r"[,，;；。|\d]", text[max(0, v.start - 30) : v.start])[-1]
            after = re.split(r"[,，;；。|\d]", text[v.end : v.end + 12])[0]
            found.setdefault(v.number, _Time(v.number, v.text, before, after, item))
    return list(found.values())


def _start_and_end(times: Sequence[_Time], *, marked: bool = False) -> tuple[_Time, _Time] | None:
    """The start and the end among the times of a record: as they are marked, else the only two."""
    starts = [t for t in times if _STARTS.search(t.before) or re.match(r"\s?(?:开|发|起|出发|start|dep)", t.after)]
    ends = [
        t
        for t in times
        if (_ENDS.search(t.before) or re.match(r"\s?(?:到|抵|止|结束|arr|end)", t.after)) and t not in starts
    ]
    if len(starts) == len(ends) == 1:
        return starts[0], ends[0]
    if not marked and len(times) == 2 and (times[1].minutes > times[0].minutes):
        return times[0], times[1]
    return None


def _between(pair: tuple[_Time, _Time], sheet: Sheet) -> Solution | None:
    start, end = pair
    text = lasting((end.minutes - start.minutes) % 1440, sheet.question)
    how, ids = f"{end.text} - {start.text}", (start.item.id, end.item.id)
    weakest = min(start.item.score, end.item.score)
    return Solution(answers.worked(text, how, ids), how, ids, weakest, sheet.pages[0].name)


# --- differences that are stated -----------------------------------------------------------------------------------

_MUCH_MORE = re.compile(
    r"\bhow (?:much|many)(?: \w+)? (?:more|longer|extra|later|earlier|further|dearer|cheaper|less|fewer|short)\b(?!.*\bthan\b)"
    r"|\bby how (?:much|many)\b|[多加晚早提推延][了前迟长收]?(?:多少|几|多久)|便宜多少|差多少|还差几|缺几|缺多少"
)
_BY = re.compile(
    r"(?P<a>[£$€]?\d[\d,.]*\d|[£$€]?\d)p? ?(?:%|[a-z]{1,8})? (?:more|longer|extra|later|earlier|late|additional|further|dearer|cheaper|less|fewer|off|short|over|behind|ahead)\b"
    r"|\b(?:extra|additional|another|further|surcharge|supplement|difference|shortfall|rise of|increase of|cut of|(?:up|down|raised|risen|delayed|late) by)\b:?\D{0,12}?(?P<b>-?[£$€]?\d[\d,.]*)"
    r"|(?:加收|另收|另加|额外|多收|缺|少了?|多了?|推迟|提前|延长|晚点|便宜|降了?|涨了?|贵了?|上涨|下降|增加|减少)\D{0,3}?(?P<c>\d[\d,.]*)"
)


def stated(sheet: Sheet) -> Solution | None:
    """A difference that a sentence or row states itself: "allow ten minutes more", "Difference -2.50"."""
    if sheet.question.kind != "difference" or len(sheet.pages) != 1 or not _MUCH_MORE.search(sheet.folded):
        return None
    rest = (
        _MUCH_MORE.sub(" ", _JOURNEY.sub(" ", sheet.folded))
        if "take" not in sheet.folded
        else _MUCH_MORE.sub(" ", sheet.folded)
    )
    said = _topic(rest) or [t for t in spoken(rest) if t.kind in ("word", "concept", "han", "soft")]
    if not said:
        return None
    for record in records_of(sheet, said):
        found = list(_BY.finditer(record.text))
        if len(record.items) > 6 or len(record.text) > 220:
            return None
        if len({next(g for g in m.groups() if g) for m in found}) == 1:
            text = next(g for g in found[0].groups() if g).lstrip("-").rstrip(".,")
            ids = tuple(i.id for i in record.items if text in normal(i.text))[:2]
            weakest = min(i.score for i in record.items)
            return Solution(answers.value(text, ids), "the difference is stated", ids, weakest, record.page.name)
    return None
