"""Questions about charts: a bar's value, the highest bar, sums and differences, what is compared, the source, the unit.

In: a `Question` and `Page`s. Out: a `Solution`, or None. What a question names is found by `plotted.py`; what the chart
has not (another year, another series) is not answered at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.extracts import wanted
from visual_agent.engines.planner.asked.questions import Question, both_ends, threshold
from visual_agent.engines.planner.asked.weights import proper_names
from visual_agent.engines.planner.choices.plotted import LESS, MORE, TREND, Meant, Plot, meant, plot_of
from visual_agent.engines.planner.choices.ranking import asks_value, is_asked, turns
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.figures.operands import addends, count_of
from visual_agent.engines.planner.figures.sums import shown
from visual_agent.engines.planner.page.charts import categories, legend
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import normal
from visual_agent.engines.planner.text.values import number_of, values
from visual_agent.engines.planner.text.words import likeness


def charted(question: Question, pages: Sequence[Page]) -> tuple[bool, Solution | None]:
    """(Whether a question is about the figures of a chart, the answer): what the chart does not tell has none."""
    plot = plot_of(pages[0]) if len(pages) == 1 and question.kind in _KINDS else None
    if plot is None or question.quoted or any(asking.find(p, question.folded) for p in ("asks_source", "asks_unit")):
        return False, None
    if any(count_of(p)[0] > 1 and count_of(p)[1] for p in addends(question.folded)[:1] if question.wants == "amount"):
        return False, None  # what several cost
    found = meant(question, plot)
    labels = normal(" ".join((*(n.text for n in plot.names), *plot.heads)))
    if any(name not in labels and name in normal(plot.said) for name in proper_names(question.text)):
        return False, None  # it asks about something that stands beside the chart
    named = bool(found.rows or found.columns)
    if found.foreign or len(found.missing) > len(found.met) + len(found.rows) + len(found.columns):
        return named, None
    trend = len(plot.heads) > 1 and TREND.search(question.folded)
    if not named and not found.met and not trend and question.kind not in ("extreme", "sum", "average"):
        return False, None
    for rule in _RULES:
        solution = rule(question, plot, found)
        if solution is not None:
            return True, solution
    sorts = [t for t in question.terms if found.rows and is_asked(t, question) and question.kind == "field"]
    unknown = any(likeness(t, plot.page.words) < 0.55 and t.kind in ("word", "han", "concept") for t in sorts)
    return named and (not plot.sure or unknown or bool(found.missing)), None


_KINDS = ("field", "count", "extreme", "sum", "difference", "average", "yesno")
_CHANGE = re.compile(r"\bchang\w*|\b(?:gap|difference|differ\w*)\b|变化|变动|差距|相差|差")
_WHICH = re.compile(r"\b(?:which|who|whose|when|what|where|list|name)\b|哪|谁|什么时候|几月")
_WHOLE = re.compile(
    r"\b(?:total|altogether|in all|overall|combined|whole|entire|together|sum|both)\b|一共|总|合计|全年|全部|共|加起来"
)


def _than(folded: str) -> int:
    """Where the thing begins that is compared with."""
    match = re.search(r"\b(?:than|compared)\b|比|相比", folded)
    return match.start() if match else len(folded)


def _up(folded: str) -> bool | None:
    """True for more, False for less, None where nothing is compared."""
    less, more = LESS.search(folded), MORE.search(folded)
    if less and more:
        return less.start() > more.start()
    return True if more else False if less else None


def _pair(question: Question, plot: Plot, found: Meant) -> tuple[int, int] | None:
    """(the series that is more or less, the one it is compared with)."""
    if not plot.sure or len(plot.heads) < 2:
        return None
    trend = TREND.search(question.folded) is not None
    columns = found.columns
    if len(columns) == 2:
        return (max(columns), min(columns)) if trend else (columns[0], columns[1])
    if len(plot.heads) != 2 or (len(columns) == 0 and not trend):
        return None
    if not columns or trend:
        return 1, 0
    other = 1 - columns[0]
    behind = found.at["column", columns[0]] > _than(question.folded)
    return (other, columns[0]) if behind else (columns[0], other)


def _compared_rows(question: Question, plot: Plot, found: Meant) -> Solution | None:
    """The names for which one series is more than the other, or how many they are."""
    pair, up = _pair(question, plot, found), _up(question.folded)
    if pair is None or up is None or question.kind == "yesno" or len(found.rows) == 1 or _superlative(question):
        return None
    if not (_WHICH.search(question.folded) or question.counts) or _HOW_FAR.search(question.folded):
        return None
    kept = []
    for k in found.rows or range(len(plot.names)):
        one, two = (_number(plot.cells[k][c]) for c in pair)
        if one is not None and two is not None and one != two and (one > two) == up:
            kept.append(plot.names[k])
    ids = tuple(i.id for i in kept)
    why = "the two series were compared"
    if question.counts and not re.search(r"哪[几些]", question.folded):
        return Solution(answers.cited(str(len(kept)), ids), why, ids, 1.0, plot.page.name)
    return Solution(answers.listed([(i.text, (i.id,)) for i in kept]), why, ids, 1.0, plot.page.name) if kept else None


def _verdict(question: Question, plot: Plot, found: Meant) -> Solution | None:
    """Whether one figure is more than another."""
    up = _up(question.folded)
    if question.kind != "yesno" or up is None or not plot.sure:
        return None
    pair = _pair(question, plot, found)
    if len(found.rows) == 1 and pair is not None:
        cells = [plot.cells[found.rows[0]][c] for c in pair]
    elif len(found.rows) == 2 and len(_columns(plot, found)) == 1:
        cells = [plot.cells[k][_columns(plot, found)[0]] for k in found.rows]
    else:
        return None
    one, two = map(_number, cells)
    if one is None or two is None:
        return None
    ids = tuple(c.id for c in cells if c is not None)
    why = " / ".join(c.text for c in cells if c is not None)
    yes = one != two and (one > two) == up
    return Solution(answers.verdict(question, yes, why, ids), why, ids, 1.0, plot.page.name)


def _series(question: Question, plot: Plot, found: Meant) -> Solution | None:
    """Which series is most or least at a name."""
    high = question.high if question.high is not None else _up(question.folded)
    several = len(found.columns) in (0, len(plot.heads)) and len(plot.heads) > 1
    if not (several and len(found.rows) == 1 and plot.sure and high is not None and _WHICH.search(question.folded)):
        return None
    if question.kind in ("difference", "yesno", "sum", "average") or question.wants in ("number", "amount"):
        return None
    cells = [(n, c, k) for k, c in enumerate(plot.cells[found.rows[0]]) if (n := _number(c)) is not None]
    if len(cells) < len(plot.heads):
        return None
    _, cell, k = sorted(cells, key=lambda nc: nc[0], reverse=high)[question.rank - 1]
    ids = (cell.id,) if cell is not None else ()
    why = f"{cell.text if cell else ''} is the {'largest' if high else 'smallest'}"
    return Solution(answers.value(plot.heads[k], ids), why, ids, 1.0, plot.page.name)


def _superlative(question: Question) -> bool:
    return question.high is not None and re.search(r"\b(?:most|least|\w{2,}est)\b|最", question.folded) is not None


def _most(question: Question, plot: Plot, found: Meant) -> Solution | None:
    """The name with the most or the least."""
    if question.kind != "extreme" or both_ends(question.folded) or _PASSING.search(question.folded):
        return None
    rows = found.rows if len(found.rows) > 1 else list(range(len(plot.names)))
    if len(found.rows) == 1 and not _WHOLE.search(question.folded):
        return None
    keyed = [(key, k) for k in rows if (key := _keys(question, plot, found, plot.cells[k])) is not None]
    if len(keyed) < max(2, question.rank, 0.6 * len(rows)):
        return None
    high = bool(question.high) != turns(question.folded, plot.said)
    order = [sorted(keyed, key=lambda r: r[0][n], reverse=high)[question.rank - 1] for n in range(len(keyed[0][0]))]
    if len({k for _, k in order}) != 1:
        return None
    key, k = order[0]
    cell = next((plot.cells[k][c] for c in found.columns[:1] or (0,)), None)
    ids = (plot.names[k].id, *((cell.id,) if cell else ()))
    why = f"{shown(key[0])} is the {'largest' if high else 'smallest'} value"
    text = shown(key[0]) if asks_value(question) else plot.names[k].text
    return Solution(answers.value(text, ids), why, ids, cell.score if cell else 1.0, plot.page.name)


def _keys(question: Question, plot: Plot, found: Meant, cells: Sequence[Item | None]) -> tuple[float, ...] | None:
    """What a name is ranked by; several numbers where it cannot be told which, and all must agree."""
    numbers = [_number(c) for c in cells]
    if not plot.sure:
        return tuple(n for n in numbers if n is not None) if None not in numbers else None
    picked = [numbers[c] for c in found.columns or range(len(plot.heads))]
    if any(n is None for n in picked):
        return None
    known = [n for n in picked if n is not None]
    changes = TREND.search(question.folded) or _CHANGE.search(question.folded)
    if changes and len(plot.heads) == 2 and len(known) == 2:
        step = known[1] - known[0] if not found.columns or found.columns[0] == 0 else known[0] - known[1]
        falls = LESS.search(_SUPERLATIVE.sub(" ", question.folded)) is not None
        return (abs(step) if _CHANGE.search(question.folded) else -step if falls else step,)
    return (sum(known),)


_PASSING = re.compile(r"\b(?:over(?:take|took)|exceed\w*|pass(?:ed)?|than)\b|超过|反超|高于|低于")
_SUPERLATIVE = re.compile(r"\b(?:least|lowest|smallest|fewest)\b|最[少小低]")


# --- worked out ----------------------------------------------------------------------------------------------------


def _number(cell: Item | None) -> float | None:
    return number_of(cell.text) if cell is not None else None


def _columns(plot: Plot, found: Meant) -> list[int]:
    """The series that are meant: those that are named, else the only one."""
    return found.columns or ([0] if len(plot.heads) == 1 else [])


def _apart(question: Question, plot: Plot, found: Meant) -> Solution | None:
    """What two figures differ by."""
    asked = question.kind == "difference" or _HOW_FAR.search(question.folded)
    if not asked or question.kind == "yesno":
        return None
    columns = _columns(plot, found)
    rows = found.rows
    if len(rows) > 2 and len(columns) == 1 and question.kind == "difference":
        rows = [min(rows), max(rows)]  # "from March to May"
    if len(rows) == 1 and len(plot.heads) > 1 and len(columns) != 1:
        both = columns if len(columns) == 2 else list(range(len(plot.heads)))
        cells = [plot.cells[rows[0]][c] for c in both] if len(both) == 2 else []
    elif len(rows) == 1 and len(plot.heads) == 2 and _pair(question, plot, found):
        cells = list(plot.cells[rows[0]])
    elif len(rows) == 2 and len(columns) == 1 and plot.sure:
        cells = [plot.cells[k][columns[0]] for k in rows]
    elif not rows and plot.sure and len(plot.heads) == 2 and _WHOLE.search(question.folded):
        return _between_sums(plot)
    else:
        return None
    ranked = sorted((c for c in cells if c is not None), key=lambda c: -(_number(c) or 0.0))
    if len(ranked) != 2:
        return None
    one, two = (_number(c) or 0.0 for c in ranked)
    how = f"{ranked[0].text} - {ranked[1].text}"
    return _worked(one - two, how, ranked, plot)


_HOW_FAR = re.compile(r"\bby how (?:much|many)\b|相差|差多少|差几")


def _between_sums(plot: Plot) -> Solution | None:
    sums = [[c for row in plot.cells if (c := row[k]) is not None] for k in (0, 1)]
    if any(len(column) < len(plot.names) for column in sums):
        return None
    one, two = (sum(_number(c) or 0.0 for c in column) for column in sums)
    how = f"{shown(max(one, two))} - {shown(min(one, two))}"
    return _worked(abs(one - two), how, [*sums[0], *sums[1]], plot)


def _added(question: Question, plot: Plot, found: Meant) -> Solution | None:
    """The sum or mean of the figures that are named."""
    asked = question.kind in ("sum", "average") or _WHOLE.search(question.folded) or len(found.rows) > 1
    if not asked or not plot.sure or question.kind in ("difference", "yesno", "extreme") or not _of_number(question):
        return None
    rows = found.rows or list(range(len(plot.names)))
    columns = found.columns or list(range(len(plot.heads)))
    cells = [plot.cells[k][c] for k in rows for c in columns]
    known = [c for c in cells if c is not None]
    if len(known) < len(cells) or len(known) < 2:
        return None
    number = sum(_number(c) or 0.0 for c in known)
    if question.kind == "average":
        number /= len(known)
    return _worked(number, " + ".join(c.text for c in known), known, plot)


def _read(question: Question, plot: Plot, found: Meant) -> Solution | None:
    """The figure of one name in one series."""
    columns = _columns(plot, found)
    if len(found.rows) != 1 or len(columns) != 1 or not plot.sure or question.kind in ("yesno", "difference"):
        return None
    cell, name = plot.cells[found.rows[0]][columns[0]], plot.names[found.rows[0]]
    if cell is None or not _of_number(question):
        return None
    ids = (cell.id, name.id)
    return Solution(answers.value(cell.text, ids), f"it stands at {name.text}", ids, cell.score, plot.page.name)


def _of_number(question: Question) -> bool:
    sort = re.search(
        r"\b(?:what|which) (?!was|is|were|are|did|does|figure|number|value|amount|total|percent)\w+", question.folded
    )
    measured = wanted(question) in ("", "number", "amount", "percent", "duration", "frequency")
    return measured and not question.placed and not (sort and wanted(question) == "")


def _worked(number: float, how: str, cells: Sequence[Item], plot: Plot) -> Solution:
    ids = tuple(c.id for c in cells)
    return Solution(answers.worked(shown(number), how, ids), how, ids, min(c.score for c in cells), plot.page.name)


def _beyond(question: Question, plot: Plot, found: Meant) -> Solution | None:
    """The names whose figure is over or under a number, or how many they are."""
    limit, columns = threshold(question.folded), _columns(plot, found)
    number = (
        next((v.number for v in values(limit[1]) if v.kind not in ("date", "time") and v.number), None)
        if limit
        else None
    )
    if limit is None or number is None or len(columns) != 1 or question.kind == "yesno" or not plot.sure:
        return None
    if len(found.rows) == 1 or (1900 < number < 2100 and re.search(r"\d{4}", limit[1][:8])):
        return None
    cells = [(plot.names[k], plot.cells[k][columns[0]]) for k in found.rows or range(len(plot.names))]
    known = [(n, value) for n, c in cells if (value := _number(c)) is not None]
    same = asking.find("limit_included", question.folded) is not None
    kept = [n for n, v in known if (v > number if limit[0] else v < number) or (same and v == number)]
    ids, why = tuple(n.id for n in kept), f"compared with {shown(number)}"
    if question.counts and not re.search(r"哪[几些]", question.folded):
        return Solution(answers.cited(str(len(kept)), ids), why, ids, 1.0, plot.page.name)
    listed = answers.listed([(n.text, (n.id,)) for n in kept])
    return Solution(listed, why, ids, 1.0, plot.page.name) if kept and _WHICH.search(question.folded) else None


_RULES = (_beyond, _verdict, _compared_rows, _series, _most, _apart, _added, _read)


# --- about the chart itself ----------------------------------------------------------------------------------------


def about(question: Question, pages: Sequence[Page]) -> Solution | None:
    """Where the figures are from, their unit, what is compared and how many that are."""
    for page in pages:
        for rule in (_source, _unit, _compared):
            found = rule(question, page)
            if found is not None:
                return found
    return None


_SOURCE = re.compile(r"^\W*(?:data )?sources?\b\s*[:：]?\s*(.+)|^\W*(?:数据|资料)?来源\s*[:：]?\s*(.+)", re.IGNORECASE)
_ENDS = re.compile(r"(?<=[a-z0-9)])[.;] +(?=[A-Z])|[。；]|\s*(?:统计(?:日期|时间)|发布时间|制图)")


def _source(question: Question, page: Page) -> Solution | None:
    if not asking.find("asks_source", question.folded):
        return None
    for item in page.lines:
        match = _SOURCE.match(item.text)
        if match:
            text = _ENDS.split(match[1] or match[2])[0]
            return Solution(
                answers.value(text, (item.id,)), "the note names the source", (item.id,), item.score, page.name
            )
    return None


_UNIT = re.compile(
    r"单位\s*[:：]\s*([^\s)）]+)|[(（\[]([^()（）\[\]]{1,24})[)）\]]\s*$"
    r"|\bin ((?:thousands?|millions?|billions?|[A-Za-z%°]{1,4})(?: of \w+)?)\s*$"
)


def _unit(question: Question, page: Page) -> Solution | None:
    """The unit in brackets behind a title or along an axis."""
    if not asking.find("asks_unit", question.folded) or not categories(page):
        return None
    for item in sorted(page.lines, key=lambda i: i.box[2] - i.box[0]):
        match = _UNIT.search(item.text)
        unit = next((g for g in match.groups() if g), "") if match else ""
        if unit and not re.search(r"\d{3}", unit):
            return Solution(
                answers.value(unit, (item.id,)), "the axis or title says so", (item.id,), item.score, page.name
            )
    return None


def _compared(question: Question, page: Page) -> Solution | None:
    """What a chart compares, or how many that are."""
    if not asking.find("chart_parts", question.folded) or question.high is not None:
        return None
    names = categories(page)
    if any(normal(n.text) in question.folded for n in names) or len(names) < 2:
        return None
    series = legend(page)
    if series and asking.find("asks_series", question.folded):
        names = series
    ids = tuple(n.id for n in names)
    if question.counts:
        return Solution(answers.cited(str(len(names)), ids), "the chart's names were counted", ids, 1.0, page.name)
    if re.search(r"\b(?:what|which|list|name)\b|哪|什么|列出", question.folded):
        return Solution(answers.listed([(n.text, (n.id,)) for n in names]), "the chart names them", ids, 1.0, page.name)
    return None
