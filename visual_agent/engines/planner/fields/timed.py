"""Every date, time and stretch of time on a page, with what its clause, label or row says it is the time of.

In: a `Page`. Out: `Moment`s. A moment knows its role: the start or end of something, the last day for it, how often it
comes round, how long before. What a sentence says counts by clauses: in "open from 3 May, closed in July" each date
belongs to its own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import pairwise

from visual_agent.engines.planner.figures.running import told
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page, Pair
from visual_agent.engines.planner.text.folding import has_han
from visual_agent.engines.planner.text.values import Value, values

_NUMERAL = r"(?:an?|half an|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|a few)"
_SPAN = r"(?:working |business |calendar |school )?(?:minute|hour|day|night|week|fortnight|month|term|year|season)s?"
_MONTHS = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"
)
_FORMS = (
    (
        "frequency",
        r"\b(?:once|twice|(?:two|three|four|five|six|\d+) times)(?:,? (?:a|per|every|each) \w+|,? \w+ly)"
        rf"|\bevery (?:other |second |third )?(?:(?:\d+|{_NUMERAL})(?: to \w+)? )?(?:{_SPAN}|morning|evening|{{weekday}})\b"
        r"|\b(?:hourly|daily|nightly|weekly|fortnightly|monthly|quarterly|yearly|annually|half-yearly)\b"
        r"|\b(?:once|twice) (?:in )?(?:a|an|per) \w+"
        r"|每隔?[一二两三四五六七八九十半\d]*\s?(?:分钟|个?小时|天|日|周(?![一二三四五六日天末](?![次回班趟]))|个?星期(?![一二三四五六日天](?![次回班趟]))|个?月|季度|学期|年)(?:[一二两三\d]+[次回班趟])?"
        r"|[每一1](?:天|日|周|个?月|年|季度)\s?[一二两三四五六\d]\s?[次回]|隔[天日周月]",
    ),
    (
        "duration",
        r"\b\d+\s?(?:hours?|hrs?|h)\s?(?:and )?\d{1,2}\s?(?:minutes?|mins?|m)\b|\d+\s?个?小时\s?(?:\d+\s?分钟?|半)"
        rf"|(?<![\d.,])\b(?:{_NUMERAL}|\d+(?:\.\d+)?)(?:[- ](?:and a half|or \w+|to \w+|to \d+)|\s?[-–]\s?\d+)?[- ]{_SPAN}\b"
        r"|半(?:个)?(?:小时|天|年|月)|(?<![\d年月])(?:[一二两三四五六七八九十]+|\d{1,3})\s?(?:个?(?:小时|钟头|工作日|自然日|星期|学期|季度)|周(?![一二三四五六日末])|个半?月|天|年(?!级|度|\d)|日内)(?:半)?"
        r"|\d+\s?天(?=[内后前之以])|\d+\s?日(?=之?内|以内)",
    ),
    ("date", r"\bDay ?\d{1,2}\b|第(?:\d{1,2}|[一二三四五六七八九十]{1,3})天"),
    ("date", r"(?:19|20)\d{2}[-/.]\d{2}[-/.]\d{2}(?=\d{2}:\d{2})|(?:[一二三四五六七八九十]{1,2}月|(?<![\u4e00-\u9fff])|(?<=[月于至到从在是定改]))[一二三四五六七八九十廿]{1,3}[日号](?![楼线游行])"),
    ("time", r"(?<=\bat )\d{1,2}\.[0-5]\d(?![\d%])|(?<=\bby )\d{1,2}\.[0-5]\d(?![\d%])|(?<=\bfrom )\d{1,2}\.[0-5]\d(?![\d%])"),
    ("time", r"(?:(?:早上|上午|中午|下午|晚上|傍晚|凌晨)\s?)?(?:[一二三四五六七八九十两\d]+点|(?<![\d:.])(?:[01]?\d|2[0-4])时(?![间候段长期常刻代速]))(?:[一二三四五\d]*[十\d][一二三四五六七八九\d]?分?|半|[一三]刻|整)?"),
    ("time", r"\b(?:half|quarter|ten|twenty|five) (?:past|to) \w+|\b\w+ o['’]clock\b"),
    ("time", r"(?:(?<=\bat )|(?<=\bby )|(?<=\btill )|(?<=\buntil ))(?:1[0-2]|[1-9])(?= then\b|\s*$|[,.;!?](?!\d))"),
    ("date", r"(?<!\d)(?:每月|本月|下月)?\d{1,2}\s?[日号](?![楼层线])|(?<![\w])(?:the )?\d{1,2}(?-i:st|nd|rd|th)\b(?! (?:floor|century|year|birthday))"),
    ("month", rf"\b{_MONTHS}\b|(?<![\d一二三四五六七八九十年])(?:1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月份?(?!\d)"),
    ("year", r"(?<![\d./£$€¥-])(?:1[5-9]|20)\d{2}(?![./-]?\d|\s?[元块米人件个份%€])年?"),
)  # fmt: skip
_HOURS = re.compile(
    r"(?<![\d.,:£$€¥])((?:[01]?\d|2[0-4])\.[0-5]\d)\s?[-–—~至到]\s?((?:[01]?\d|2[0-4])\.[0-5]\d)(?!\s?[\d.%元]|\s?[a-oq-z]{1,2}\b)"
)
"""Hours written with a dot, which alone are as good as prices: "9.00–16.30"."""
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_EXTRA = tuple(
    (k, re.compile(p.replace("{weekday}", _WEEKDAY), 0 if k == "month" else re.IGNORECASE)) for k, p in _FORMS
)
KINDS = frozenset({"date", "time", "weekday", "duration", "frequency", "month", "year"})

_BEFORE = (
    ("end", r"(?:\b(?:until|till|to|through|thru|ends?|ending|end(?:s|ing)? on|closes?(?: on| at)?|closing|finish\w*|expir\w+(?: on)?|exp|use by|best before|best by|bbe|valid (?:to|until|thru)|out by|over by|up to)|[–—至到~～]|有效期至|截至)[:：]?\s*(?:the |about |around )?$"),
    ("by", r"(?:\b(?:by|before|no later than|not later than|latest|due(?: on| by)?|deadline|at the latest|on or before)|截止(?:日期|时间)?|最[晚迟]|不晚于|不迟于)[:：]?\s*(?:the |noon on |\w+day )?$"),
    ("start", r"(?:\b(?:from|since|start(?:s|ing|ed)?(?: on| at| from)?|as of|beginning|begins?(?: on| at)?|opens?(?: on| at)?|opening|effective|after|on or after)|自|从|自从|始于|起始|开始于)[:：]?\s*(?:the |about |around )?$"),
    ("within", r"(?:\b(?:within|inside|in)|[在于])\s*(?:the next |about )?$"),
    ("for", r"(?:\b(?:for|up to|lasts?|takes?|about|than)|[约需为])\s*(?:about |up to |at least |a further )?$"),
)  # fmt: skip
_AFTER = (
    ("by", r"^\s*(?:[(（][^)）]{1,8}[)）])?\s*(?:\d{1,2}:\d\d\s*)?(?:之前|以前|前(?![往台门厅])|截止|截至)"),
    ("end", r"^\s*(?:止|为止|结束|到期|截止|停止|关门|闭馆|打烊|停售|at the latest)"),
    ("start", r"^\s*(?:[(（][^)）]{1,8}[)）])?\s*(?:起(?!飞)|开始|以后|之后|onwards?|or later|and after)"),
    ("ahead", r"^\s*(?:before(?:hand)?|ahead|in advance|prior|earlier)\b"),
    ("within", r"^\s*(?:之?内|以内)"),
)
_CUT = re.compile(
    r"[,，;；。、|·•]\s*|[:：](?!\d)\s*|\s[-–—]\s(?![\d])|\.\s+|\s(?=(?:but|then|while|whereas|otherwise)\s)|\sand\s(?=\D{6})|但|而(?!且)"
)
_MOVED = re.compile(
    r"\b(?:mov(?:e[sd]?|ing)|chang(?:e[sd]?|ing)|postponed|brought forward|put back|switch(?:es|ed)?|reschedul\w+|shift(?:s|ed))\b|提前|推迟|改[到至在为]|延[期至后]|调整|顺延"
)
_EMPTY = re.compile(
    r"\b(?:only|just|each|every|week|weekly|daily|sharp|prompt|on|at|from|until|till|by|to|and|the)\b|仅限|只限|每[周天日]|准时"
)
"""What may stand beside a time and says nothing of what happens then."""
_RANGE = re.compile(
    r"\s{0,3}(?:[(（][^)）]{1,8}[)）])?\s{0,3}(?:[-–—~～至到]+|to|until|till|and|through)\s{0,3}(?:[(（][^)）]{1,8}[)）])?\s{0,3}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Moment:
    """A date, time or stretch of time.

    `near` is what names it (its clause, its label), `wide` what stands around (its sentence, its row), `outer` lines
    beside that; `role` is "start", "end", "by", "ahead", "within", "for", "old", "new" or "".
    """

    text: str
    kind: str
    role: str
    near: str
    wide: str
    outer: str
    ids: tuple[str, ...]
    score: float
    shape: str = "text"


@lru_cache(maxsize=20_000)
def times_in(text: str) -> tuple[Value, ...]:
    """The values of time in a text, in words too ("six weeks", "half past two", "每三年")."""
    found = [Value("time", m[g], *m.span(g)) for m in _HOURS.finditer(text) for g in (1, 2)]
    found += [v for v in values(text) if v.kind in ("date", "time")]
    found += [Value(k, m[0].strip(), m.start(), m.end()) for k, p in _EXTRA[:2] for m in p.finditer(text)]
    found += [v for v in values(text) if v.kind in KINDS]
    found += [Value(k, m[0].strip(), m.start(), m.end()) for k, p in _EXTRA[2:] for m in p.finditer(text)]
    kept: list[Value] = []
    for value in map(partial(_whole_day, text), found):  # earlier forms win
        if value.text and _is_time(value, text) and all(value.end <= v.start or value.start >= v.end for v in kept):
            kept.append(value)
    return tuple(sorted(kept, key=lambda v: v.start))


_WHICH = re.compile(
    r"\b(?:(?:1st|2nd|3rd|4th|5th|first|second|third|fourth|last)(?:,? (?:and|&|or) (?:the )?)?){1,2} $|(?:下下?|上|每月第[一二三四])个?$",
    re.IGNORECASE,
)


def _whole_day(text: str, value: Value) -> Value:
    """A weekday with what says which of them, up to the end of its plural: "2nd Wednesday", "下周一", "Sundays"."""
    if value.kind != "weekday":
        return value
    end = value.end + (re.match(r"s\b", text[value.end :]) is not None)
    before = _WHICH.search(text[: value.start])
    start = before.start() if before else value.start
    return replace(value, text=text[start : value.end], start=start, end=end)


def _is_time(value: Value, text: str) -> bool:
    """Not the "mon" of a broken "lemon", the year "2025年" as a length, "May" that begins a sentence."""
    if value.kind == "weekday" and re.search(r"[^\W\d_]\s?$", text[: value.start]) and value.text.islower():
        return (
            re.search(r"(?:^|\W)(?:on|by|till|until|from|next|this|every|to|come|for|is|of)\s$", text[: value.start])
            is not None
            or len(value.text) > 4
            or has_han(value.text)
        )
    if value.kind == "duration" and re.match(r"(?:1\d|20)\d\d\s?年", value.text):
        return False
    return (
        value.text not in ("May", "may")
        or not re.match(r"\s[a-z]", text[value.end :])
        or bool(re.search(r"\b(?:in|by|until|till|from|since|of|during|to)\s$", text[: value.start], re.IGNORECASE))
    )


def moments(page: Page) -> list[Moment]:
    """All of them: in sentences and labelled lines, in the rows of tables, beside labels."""
    found = [*_spoken(page), *_labelled(page), *_tabled(page)]
    return list({(m.text, m.kind, m.near, m.role, m.ids): m for m in found}.values())


# --- sentences -----------------------------------------------------------------------------------------------------


def _spoken(page: Page) -> Iterator[Moment]:
    said = told(page)
    title = " ".join(i.text for i in page.lines[:2])
    for n, sentence in enumerate(said):
        around = " ".join(s.text for s in said[max(0, n - 1) : n + 2] if s is not sentence)
        for moment in _in_text(sentence.text):
            ids = tuple(i for i in sentence.ids if moment.text in page.known[i].text) or sentence.ids
            yield replace(moment, outer=f"{around} {title}", ids=ids, score=sentence.score)


def _in_text(text: str) -> list[Moment]:
    found = times_in(text)
    label = re.match(r"\s*([^:：\d]{2,40})[:：](?!\d)", text)
    out = []
    for n, value in enumerate(found):
        before, after = text[: value.start], text[value.end :]
        cuts = [m.end() for m in _CUT.finditer(before) if not any(v.start < m.end() <= v.end for v in found)]
        start = max([0, *cuts])
        end = next((m.start() for m in _CUT.finditer(after) if not _inside(value.end + m.start(), found)), len(after))
        clause = before[start:] + " " + after[:end]
        if not re.search(r"[^\W\d_]{2,}|[\u4e00-\u9fff]", _EMPTY.sub(" ", clause)):
            clause = _beside(text, start, value.end + end, clause)
        near = f"{label[1]} {clause}" if label and label.end() <= value.start else clause
        role = _role(before, after if value.kind != "weekday" else "")
        out.append(Moment(value.text.strip(" .,"), value.kind, role, near, text, "", (), 1.0))
        if n and _RANGE.fullmatch(text[found[n - 1].end : value.start]) and found[n - 1].kind == value.kind:
            out[-2:] = _ends(text, found[n - 1], value, out[-2:])
        elif (
            n
            and value.kind in ("date", "time", "weekday")
            and re.fullmatch(
                r"[\s(（]*(?:at|@)?\s*[)）]?\s*"
                if re.match(r"\s*[^\W\d_]{2}", after)
                else r"[\s,，(（]*(?:at|@)?\s*[)）]?\s*",
                text[found[n - 1].end : value.start],
            )
        ):
            role = out[-2].role or out[-1].role
            out[-1] = replace(out[-1], role=role, near=f"{out[-2].near} {near}")
            out[-2] = replace(out[-2], role=role, near=f"{out[-2].near} {near}")
    return _changed(text, out)


def _inside(at: int, found: Sequence[Value]) -> bool:
    return any(v.start <= at < v.end for v in found)


def _beside(text: str, start: int, end: int, clause: str) -> str:
    """A time that fills its clause belongs to the clause before it: "Ready from Thu, 2 pm"."""
    earlier = _CUT.split(text[:start].rstrip(" ,，;；:：、"))
    return f"{earlier[-1]} {clause}" if earlier and earlier[-1].strip() else f"{clause} {text[end : end + 30]}"


def _role(before: str, after: str) -> str:
    said = next((r for r, p in _AFTER if re.search(p, after, re.IGNORECASE)), "")
    return said or next((r for r, p in _BEFORE if re.search(p, before, re.IGNORECASE)), "")


def _ends(text: str, one: Value, two: Value, pair: Sequence[Moment]) -> list[Moment]:
    """Both ends of a range, and the range as a whole."""
    near = f"{pair[0].near} {pair[1].near}"
    if one.kind == "duration":
        return [replace(pair[0], text=text[one.start : two.end], near=near)]
    if one.kind == two.kind == "year":  # the years of a life
        return [replace(pair[0], near=f"{near} born"), replace(pair[1], near=f"{near} died", role="")]
    start = replace(pair[0], role="start", near=near)
    end = replace(pair[1], role="end", near=near)
    return [start, replace(start, text=text[one.start : two.end], role="whole"), end]


def _changed(text: str, found: list[Moment]) -> list[Moment]:
    """Of a time that was moved, the earlier one and the one that holds now."""
    if not _MOVED.search(text):
        return found
    roles = {"start": "old", "end": "new"}
    several = {m.kind for m in found if sum(o.kind == m.kind and o.role != "whole" for o in found) > 1}
    return [replace(m, role=roles[m.role]) if m.role in roles and m.kind in several else m for m in found]


# --- labels and tables ---------------------------------------------------------------------------------------------


def _labelled(page: Page) -> Iterator[Moment]:
    for pair in page.pairs:
        timed = any(v.kind == "time" for v in times_in(pair.value))
        if pair.relation in ("cell", "colon", "beside") and (not timed or re.match(r"Day|第", pair.label)):
            yield from _in_label(pair)
        if pair.relation == "inside" or pair.prior < 0.4 or len(pair.value) > 60 or _is_dated(pair.label):
            continue
        for moment in _in_text(pair.value):
            role = moment.role or _role(pair.label, "")
            near = f"{pair.label} {moment.near}"
            yield replace(
                moment,
                role=role,
                near=near,
                wide=" ".join((pair.label, pair.value, *pair.context)),
                outer=" ".join(pair.context),
                ids=pair.ids,
                score=pair.score,
                shape=pair.relation,
            )


_LEFT = 12
"""Characters that a label may have beside its days: "Saturday (term)"."""


def _in_label(pair: Pair) -> Iterator[Moment]:
    """A time that is itself the label of what happens then: "Tuesday: fish", "Day 3: the island"."""
    found = times_in(pair.label)
    if found and len(found[0].text) >= 0.6 * len(pair.label.strip()) and re.search(r"[^\W\d_]{2}", pair.value):
        wide = f"{pair.label} {pair.value}"
        text, ids = found[0].text.strip(), pair.label_ids or pair.ids
        yield Moment(text, found[0].kind, "", pair.value, wide, " ".join(pair.context), ids, pair.score, pair.relation)


def _is_dated(label: str) -> bool:
    """Whether a label is itself a time; days of the week are not: they name the hours beside them."""
    found = times_in(label)
    rest = len(label) - sum(v.end - v.start for v in found)
    return any(v.kind != "weekday" for v in found) or (bool(found) and rest > _LEFT)


def _tabled(page: Page) -> Iterator[Moment]:
    for grid in page.grids:
        if grid.kind != "list":
            continue
        for row, cells in zip(grid.body, grid.filled, strict=True):
            for column, cell in enumerate(row):
                if cell is not None and len(cell.text) <= 40 and times_in(cell.text):
                    yield from _in_row(cell, cells, grid.head(column), grid.title)


def _in_row(cell: Item, cells: Sequence[Item], head: str, title: str) -> Iterator[Moment]:
    rest = " ".join(c.text for c in cells if c is not cell and not times_in(c.text))
    found = _in_text(cell.text)
    for moment in found:
        role = moment.role or _role(head, "")
        near = f"{head} {rest} {cell.text}"
        yield Moment(moment.text, moment.kind, role, near, near, title, (cell.id,), cell.score, f"cell:{head}")


def joined(found: Sequence[Moment], top: Moment) -> str:
    """A day with the time of day that stands right beside it."""
    for one, two in pairwise(found):
        if top in (one, two) and one.wide == two.wide and {one.kind, two.kind} <= {"date", "time", "weekday"}:
            at = one.wide.find(one.text)
            end = one.wide.find(two.text, at + len(one.text))
            between = one.wide[at + len(one.text) : end] if end >= 0 else "far"
            if one.kind != two.kind and re.fullmatch(r"[\s,，(（]*", between) and not has_han(between):
                return one.wide[at : end + len(two.text)]
    return top.text
