"""What a question about a chart means: which of its names, which of its series, and what else it speaks of.

In: a `Question` and a `Plot`, the chart of a page. Out: a `Meant`: rows and series, and the words that the page does
not account for. A name is meant by its words, as a time ("spring", "3月到5月" for the bars "Mar" to "May"), by the
older or newer of two years ("the year before"), or by a word of the same meaning, in either language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import proper_names
from visual_agent.engines.planner.choices.ranking import is_asked
from visual_agent.engines.planner.fields.nearest import Word, content, support
from visual_agent.engines.planner.page.charts import axis_numbers, charts, legend, stacked
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.page.records import without_totals
from visual_agent.engines.planner.text import measures
from visual_agent.engines.planner.text.dictionary import spelling
from visual_agent.engines.planner.text.folding import has_han, normal, stem
from visual_agent.engines.planner.text.meanings import closeness, nearest_of
from visual_agent.engines.planner.text.values import MONTHS, is_numeric, number_of
from visual_agent.engines.planner.text.weekdays import DAY, days_of


@dataclass(frozen=True)
class Plot:
    """A chart: its names, its series ("" for the only one), a row of numbers for each name.

    Where `sure` is False the numbers of a name are ordered by size, and whose each is cannot be told.
    """

    page: Page
    names: tuple[Item, ...]
    heads: tuple[str, ...]
    cells: tuple[tuple[Item | None, ...], ...]
    sure: bool = True

    @property
    def said(self) -> str:
        """The titles, units and notes around the bars."""
        used = {i.id for i in (*self.names, *(c for row in self.cells for c in row if c is not None))}
        rest = [i.text for i in self.page.lines if i.id not in used and normal(i.text) not in map(normal, self.heads)]
        return "\n".join(t for t in rest if not is_numeric(t))


def plot_of(page: Page) -> Plot | None:
    """The chart that a page consists of; None where the page has tables or much beside it."""
    if any(g.kind == "list" for g in page.grids):
        return None
    grid, sure = next(iter(charts(page)), None), True
    if grid is None:
        grid, sure = stacked(page), False
    if grid is None:
        return None
    body = [row for row in without_totals(grid.body) if row[0] is not None]
    names = tuple(row[0] for row in body if row[0] is not None)
    cells = tuple(tuple(row[1:]) for row in body)
    heads = tuple(grid.head(c) for c in range(1, grid.width)) if sure else tuple(i.text for i in legend(page))
    count = len(names) + sum(c is not None for row in cells for c in row) + len(axis_numbers(page)) + len(heads)
    values = [number_of(c.text) for row in cells for c in row if c is not None]
    units = {re.sub(r"[\d.,\s+-]", "", c.text) for row in cells for c in row if c is not None}
    signs = {c.text.strip()[:1] for row in cells for c in row if c is not None} & set("+-−")
    if len(names) < 2 or len(units) > 1 or None in values or len(signs) > 1:
        return None  # what comes in and goes out is a statement of account
    if count < 0.6 * len(page.lines) or page.lines[0].id == names[0].id:
        return None
    return Plot(page, names, heads, cells, sure)


@dataclass
class Meant:
    """Rows and series that a question names, in its order, and where (`at`); its words that the page has, and has not."""

    rows: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    met: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    foreign: bool = False
    at: dict[tuple[str, int], int] = field(default_factory=dict)


def meant(question: Question, plot: Plot) -> Meant:
    """What a question about a chart names."""
    found = Meant()
    folded = _ORDINAL.sub(_in_digits, question.folded)
    rest = _literal(folded, plot, found)
    rest = _in_time(folded, rest, plot, found)
    end = _END.search(rest)
    if (
        end is not None
        and not found.rows
        and all(periods(normal(n.text)) or _COUNTED.search(n.text) for n in plot.names)
    ):
        _take(found, ("row", len(plot.names) - 1), end.start())
    _by_meaning(question, rest, plot, found)
    found.rows.sort(key=lambda k: found.at["row", k])
    found.columns.sort(key=lambda k: found.at["column", k])
    return found


_ORDINAL = re.compile(r"第([一二三四五六七八九])(?=[周天季期轮次])")
_END = re.compile(r"\b(?:last|final) (?:week|month|quarter|year|day|round|season)\b|最后一?个?[周月季年天轮期]")
_COUNTED = re.compile(r"\d")


def _in_digits(match: re.Match[str]) -> str:
    return f"第{_HAN.index(match[1]) + 1}"


def _take(found: Meant, label: tuple[str, int], at: int) -> None:
    kept = found.rows if label[0] == "row" else found.columns
    if label[1] not in kept:
        kept.append(label[1])
        found.at[label] = at


def _labels(plot: Plot) -> list[tuple[str, tuple[str, int]]]:
    """Every name and series, folded, with what it is."""
    rows = [(_ORDINAL.sub(_in_digits, normal(n.text)), ("row", k)) for k, n in enumerate(plot.names)]
    return rows + [(normal(h), ("column", k)) for k, h in enumerate(plot.heads) if h]


def _literal(folded: str, plot: Plot, found: Meant) -> str:
    """The labels that stand in the question word for word, longest first; returns the question without them."""
    for text, label in sorted(_labels(plot), key=lambda tl: -len(tl[0])):
        bare = re.escape(re.sub(r"[(（].*", "", text).strip() or text)
        pattern = bare if has_han(text) else rf"(?<![\w.-]){bare}s?(?![\w]|[.-]\w)"
        for match in re.finditer(pattern, folded):
            _take(found, label, match.start())
            gloss = re.search(r"[\w-]+ ?\($", folded[: match.start()])  # "Matt (马特)"
            start = gloss.start() if gloss else match.start()
            folded = folded[:start] + "\0" * (match.end() - start) + folded[match.end() :]
    return folded.replace("\0", " ")


# --- times ---------------------------------------------------------------------------------------------------------

_LONG = "january february march april may june july august september october november december".split()  # noqa: SIM905
_HAN = "一二三四五六七八九十"
_MONTH = re.compile(
    rf"(?<![a-z])(?:(?P<en>{'|'.join(_LONG)}|{'|'.join(MONTHS)}|sept)(?![a-z])\.?"
    rf"|(?P<zh>(?<!\d)1?\d|十?[{_HAN}])(?:月|(?=\s?(?:-|到|至|~)\s?(?:1?\d|十?[{_HAN}])月)))"
)
_TO = re.compile(r"[份底初]?\s?(?:-|to|until|till|through|到|至|~)")
_SPANS = (
    (re.compile(r"\bq1\b|\bfirst (?:quarter|three months|3 months)\b|第?[一1]季度|头三个月|前三个月"), range(1, 4)),
    (re.compile(r"\bq2\b|\bsecond quarter\b|第?[二2]季度"), range(4, 7)),
    (re.compile(r"\bq3\b|\bthird quarter\b|第?[三3]季度"), range(7, 10)),
    (re.compile(r"\bq4\b|\b(?:fourth|last|final) (?:quarter|three months)\b|第?[四4]季度"), range(10, 13)),
    (re.compile(r"\bh1\b|\bfirst (?:half|six months)\b|上半年"), range(1, 7)),
    (re.compile(r"\bh2\b|\b(?:second|last) (?:half|six months)\b|下半年"), range(7, 13)),
)
_SEASONS = (
    (re.compile(r"\bspring\b|春"), range(3, 6)),
    (re.compile(r"\bsummer\b|夏|暑"), range(6, 9)),
    (re.compile(r"\bautumn\b|\bfall(?= term| season| semester| of \d)|秋"), range(9, 12)),
    (re.compile(r"\bwinter\b|冬|寒假"), (12, 1, 2)),
)
_YEAR = re.compile(r"(?<![\d.,])(?:19|20)\d\d(?![\d.,]\d|\d)")
_LATER = re.compile(r"\b(?:this|current|later|latest|recent|newer|second) (?:year|season)\b|今年|本年|后一年")
_EARLIER = re.compile(
    r"\b(?:last|previous|prior|earlier|preceding|past|first) (?:year|season)\b|\byear (?:before|earlier|ago)\b|去年|上一?年|前一年"
)


def _months(folded: str) -> frozenset[str]:
    found = [(m.start(), m.end(), _month(m)) for m in _MONTH.finditer(folded)]
    months: set[int] = set()
    for n, (_, end, month) in enumerate(found):
        months.add(month)
        if n + 1 < len(found) and _TO.fullmatch(folded[end : found[n + 1][0]].strip()):
            months |= {(month + k - 1) % 12 + 1 for k in range((found[n + 1][2] - month) % 12 + 1)}
    return frozenset(f"m{m}" for m in months)


def _month(match: re.Match[str]) -> int:
    if match["en"]:
        return MONTHS.index(match["en"][:3]) + 1
    text = match["zh"]
    if text.isdigit():
        return int(text)
    return 10 + (_HAN.index(text[1]) + 1 if len(text) > 1 else 0) if text[0] == "十" else _HAN.index(text[-1]) + 1


def periods(folded: str) -> frozenset[str]:
    """Months ("m3"), days of the week ("d0"), years ("y2024") and seasons ("s1") that a text names."""
    months = _months(folded) or frozenset(f"m{m}" for p, span in _SPANS if p.search(folded) for m in span)
    seasons = [f"s{k}" for k, (p, _) in enumerate(_SEASONS) if p.search(folded)]
    years = [f"y{m[0]}" for m in _YEAR.finditer(folded)]
    return months | frozenset((*seasons, *years, *(f"d{d}" for d in days_of(folded))))


def _in_time(folded: str, rest: str, plot: Plot, found: Meant) -> str:
    """The rows and series that a question names as a time; a time that the chart does not have makes it foreign."""
    asked = set(periods(folded))
    rows = [periods(normal(n.text)) for n in plot.names]
    columns = [periods(normal(h)) for h in plot.heads]
    own = frozenset().union(*rows, *columns)
    around = periods(normal(plot.said))
    if any(a[0] == "s" for a in asked) and not any(p[0] == "s" for p in own | around):
        seasons = {a for a in asked if a[0] == "s"}
        asked -= seasons
        if not any(a[0] == "m" for a in asked):
            asked |= {f"m{m}" for s in seasons for m in _SEASONS[int(s[1:])][1]}
    for kind in "mdys":
        named = {a for a in asked if a[0] == kind}
        if not named:
            continue
        covered: set[str] = set()
        for label, labels in (("row", rows), ("column", columns)):
            for k, said in enumerate(labels):
                part = {p for p in said if p[0] == kind}
                if part and part <= named:
                    covered |= part
                    _take(found, (label, k), _mention(folded, part))
        printed = {p for p in around if p[0] == kind}
        found.foreign |= not (named <= covered or (printed and printed <= named and not covered))
        found.met += sorted(named)
    years = [k for k, said in enumerate(columns) if any(p[0] == "y" for p in said)]
    if len(years) == 2 and not {f for f in asked if f[0] == "y"}:
        for pattern, k in ((_LATER, years[1]), (_EARLIER, years[0])):
            match = pattern.search(folded)
            if match is not None:
                _take(found, ("column", k), match.start())
    for pattern in (_MONTH, DAY, _YEAR, _LATER, _EARLIER, *(p for p, _ in (*_SPANS, *_SEASONS))):
        rest = pattern.sub(" ", rest)
    return rest


def _mention(folded: str, part: set[str]) -> int:
    """Where a question begins to name a time."""
    return next((n for n in range(len(folded)) if part & periods(folded[: n + 1])), len(folded))


# --- meanings ------------------------------------------------------------------------------------------------------

MORE = re.compile(
    r"\b(?:more|higher|longer|larger|bigger|greater|better|above|ahead|over(?:take|took)|beat|exceed\w*|up|rose|risen|rise|"
    r"grew|grow\w*|increas\w*|gain\w*|climb\w*|improv\w*|warmer|wetter|busier|dearer|farther|further|faster|older|heavier|taller)\b"
    r"|[多高长大重]于?|超过|涨|增|升|上升|好"
)
LESS = re.compile(
    r"\b(?:less|fewer|lower|shorter|smaller|worse|below|behind|down|fell|fallen|fall|drop\w*|declin\w*|decreas\w*|shr[aiu]nk|"
    r"lost|los[et]|cooler|colder|drier|quieter|cheaper|slower|younger|lighter)\b|[少低短小轻]于?|不如|不及|跌|降|减|下滑"
)
TREND = re.compile(
    r"\b(?:up|down|rose|rise[ns]?|grew|gr[eo]wn?|growth|fell|fall(?:en|s)?|drop\w*|increas\w*|decreas\w*|declin\w*|gain\w*|"
    r"climb\w*|improv\w*|jump\w*|chang\w*|shr[aiu]nk)\b|[涨增升跌降减]|变化|变动"
)
_LIKE = 0.5
"""Least support of a word that a label may be meant by."""
_SIBLING = 0.3
"""Least closeness at which a word is of a kind with a chart's names."""
_IDLE = re.compile(
    r"(?:weekday|week|month|year|day|quarter|season|time|hour|minute|second|people|person|thing|item|kind|type|sort|one|chart|"
    r"graph|bar|figure|number|total|sum|altogether|combined|difference|gap|average|mean|unit|value|amount|level|reading|"
    r"many|much|went|goes?|came|come|sent|got|gets?|took|take|gave|made|sold|sell|spent|spend|ran|fell|rained|[a-z]{3,}(?:ed|ing)|"
    r"often|times|between|compared|together|overall|each|every|only|just|whole|entire|plus|minus|both|two|three|four|first|last)s?"
    r"|[年月日天周个人份次家台件条位处度种类站店队班项]|[多少大小高低长短快慢早晚好差]|最|比|各|总|合计|一共|总共|一些|相差|平均|图|图表|哪个|加|起来|两|三"
)
_RANKED = re.compile(r"[最更较][^\s，。?？的]{1,2}")
_MONEY = re.compile(
    r"[$€£¥￥元]|\b(?:usd|eur|gbp|rmb|cny|pounds?|dollars?|euros?|pence|price|cost|income|sales)\b", re.I
)


def _by_meaning(question: Question, rest: str, plot: Plot, found: Meant) -> None:
    """The labels that the remaining words mean, and the words that nothing on the page stands for."""
    said, folded = normal(plot.said), question.folded
    labels = _labels(plot)
    known = {"row": len(plot.names) if not found.rows else 0, "column": len(plot.heads) if not found.columns else 0}
    asked = {t.text for t in question.terms if is_asked(t, question)}
    rest = _DONE.sub(" ", _RANKED.sub(" ", rest))
    said += "".join(f" {name}" for name in _units_told(plot))
    for word in content(rest):
        if asking.pattern("manner").fullmatch(word.text) or word.text in asked or word.text[0].isdigit():
            continue
        titled = support(word, said)
        scores = [_likeness(word, text) for text, _ in labels]
        best = max(scores, default=0.0)
        top = [label for s, (_, label) in zip(scores, labels, strict=True) if s >= best - 0.04]
        if best >= _LIKE and titled < 0.85 and len(word.text) > 1 and _tells(top, known):
            for label in top:
                _take(found, label, question.folded.find(word.text))
            found.met.append(word.text)
        elif titled < 0.45 and (near := _across(word.text, labels, known)) is not None:
            _take(found, near, folded.find(word.text))
            found.met.append(word.text)
        elif titled >= 0.45 or best >= 0.85:
            found.met.append(word.text)
        elif not _idle(word) or re.search(rf"\bhow many {re.escape(word.text)}(?<=ing) ", folded):
            found.missing.append(word.text)
    _by_phrase(rest, plot, found)
    found.foreign |= any(_sibling(w, labels) for w in found.missing)
    found.foreign |= _measured_otherwise(question, plot)
    found.foreign |= bool(set(found.missing) & proper_names(question.text))
    found.foreign |= question.wants == "percent" and "%" not in plot.page.text
    found.foreign |= _MONEY.search(question.folded) is not None and _MONEY.search(plot.page.text) is None


_DONE = re.compile(
    r"(?<=\bwhat )[a-z]+(?= (?:the |up )*(?:most|least|more|less)\b)|(?<=\bwho )[a-z]+(?= (?:the )?(?:most|least)\b)"
)
"""What is done by the things of a chart, which the chart does not say: "what eats the most"."""
_POWERED = re.compile(r"\bk?wh\b|\bk?w\b|度")


def _units_told(plot: Plot) -> list[str]:
    """What a chart's unit says that it shows: energy and power in kWh, weight in kg."""
    unit = measures.unit_alone(plot.page.lines[0].text) if plot.page.lines else ""
    names = sorted(measures.measured_in(unit))
    return [*names, "power electricity 电"] if _POWERED.fullmatch(unit) else names


_TIMED = re.compile(r"(min(?:ute)?s?|hours?|hrs?|days?|weeks?|months?|years?|seconds?)\b|(分钟|小时|[天日周月年秒])")
_HOW_LONG = re.compile(
    r"\bhow many (?:\w+ )?(?:days|hours|minutes|weeks)\b(?! (?:had|did|was|were|saw|have|has|is|are))"
)
_DEGREES = re.compile(r"°|℃|\btemperature|degrees|气温|温度")
_WARM = re.compile(r"\bhow (?:warm|hot|cold|cool)\b|气温|温度|多少度")
_FINER = re.compile(
    r"\b(?:in|on) (?:a|one|any) (?:single )?day\b|\bsingle day\b|\b(?:per|a|each) day\b|一天|单日|每天|日均"
)


def _measured_otherwise(question: Question, plot: Plot) -> bool:
    """Whether a question wants a time, a temperature or a day's share that the chart does not show."""
    said = normal(plot.said)
    units = [normal(c.text) for row in plot.cells[:1] for c in row if c is not None]
    lasting = (question.wants == "duration" or _HOW_LONG.search(question.folded)) and not _counts_names(question, plot)
    if lasting and not _TIMED.search(" ".join((said, *units))):
        return True
    if _WARM.search(question.folded) and not _DEGREES.search(" ".join((said, *units))) and "kwh" not in said:
        return True
    months = all(p[0] == "m" for n in plot.names for p in periods(normal(n.text)) or "-")
    return months and _FINER.search(question.folded) is not None and not _FINER.search(said)


_NAMED_TIMES = {"m": "month|月", "d": r"day|天|日", "y": "year|年"}


def _counts_names(question: Question, plot: Plot) -> bool:
    """Whether a number of months or days is one of the chart's own names: "in how many months"."""
    kinds = {p[0] for n in plot.names for p in periods(normal(n.text)) or "-"}
    asked = "|".join(_NAMED_TIMES.get(k, "\0") for k in kinds)
    return re.search(rf"(?:how many |几个?|多少个?)(?:{asked})", question.folded) is not None


def _by_phrase(rest: str, plot: Plot, found: Meant) -> None:
    """The label that what is left of a question means as a whole: "tai chi", "sent by mistake"."""
    if not found.missing:
        return
    places = [n for n in (rest.find(w) for w in found.missing) if n >= 0]
    end = max((rest.find(w) + len(w) for w in found.missing), default=0)
    phrase = " ".join(rest[min(places, default=0) : end].split())
    for kind, labels, named in (
        ("row", [n.text for n in plot.names], found.rows),
        ("column", plot.heads, found.columns),
    ):
        if named or len(labels) < 2:
            continue
        near = sorted(((closeness(phrase, normal(t)), k) for k, t in enumerate(labels)), reverse=True)
        if near[0][0] >= 0.33 and near[0][0] - near[1][0] >= 0.15:
            _take(found, (kind, near[0][1]), rest.find(found.missing[0]))
            found.met += found.missing
            found.missing.clear()
            return


def _likeness(word: Word, label: str) -> float:
    """How surely a word means a label; kin that lie apart in meaning ("bus", "train") stand beside each other."""
    if _sounds(word.text, label):
        return 1.0
    parts = re.findall(r"[^\W\d_]{4,}", label)
    stands = stem(word.text) in map(stem, parts) or (has_han(word.text) and word.text in label)
    if not stands and not has_han(word.text) and any(word.text.startswith(stem(p)) for p in parts if not has_han(p)):
        return 0.9  # "lateness" for "late"
    return support(word, label) if stands or closeness(word.text, label) >= _SIBLING else 0.0


def _across(word: str, labels: list[tuple[str, tuple[str, int]]], known: dict[str, int]) -> tuple[str, int] | None:
    """The label in the other language that a word is clearly nearest to, where it is far from all in the vectors."""
    for kind, least in (("row", 0.27), ("column", 0.2)):
        some = [(closeness(word, t), label) for t, label in labels if label[0] == kind and has_han(t) != has_han(word)]
        some.sort(reverse=True)
        if known[kind] > 1 and len(some) > 1 and some[0][0] >= least and some[0][0] - some[1][0] >= 0.12:
            return some[0][1]
    return None


def _sounds(word: str, label: str) -> bool:
    """Whether a word in Latin letters spells a Chinese label: "Ruolan" for 若兰."""
    if not has_han(label) or not word.isascii():
        return False
    return len(word) > 3 and "".join(map(spelling, label)) == word


def _tells(top: list[tuple[str, int]], known: dict[str, int]) -> bool:
    """Whether a word tells some labels from the others of a kind of which the question names none in full."""
    kinds = {kind for kind, _ in top}
    return len(kinds) == 1 and len(top) < known[kinds.pop()]


def _idle(word: Word) -> bool:
    """Whether a word says nothing about what is charted: verbs of talk, kinds of things, numbers."""
    plain = word.weight < 1 or word.term.kind == "soft" or word.term.weak or _IDLE.fullmatch(word.text)
    return bool(plain) or any(p.search(word.text) for p in (MORE, LESS, TREND))


def _sibling(word: str, labels: list[tuple[str, tuple[str, int]]]) -> bool:
    """Whether a word names something of the same kind as the chart's names, which is not among them."""
    return nearest_of(word, (text for text, _ in labels if not text[0].isdigit())) >= _SIBLING
