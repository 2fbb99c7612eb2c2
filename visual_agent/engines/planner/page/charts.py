"""Charts with printed values as lists of records: bars, grouped bars, points and slices.

In: a `Page`. Out: `Grid`s of kind "list", a category and its values a row; a legend heads the columns. The numbers of
an axis are no values: they stand in one line at equal steps. Which of two lines or stacked parts a number belongs to
cannot be told from text, so `charts` leaves those out; `stacked` gives their numbers without a series.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from statistics import median

from visual_agent.engines.planner.page.grids import Grid, Row
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page, rows_of
from visual_agent.engines.planner.text.values import is_numeric, number_of, of_kind


def charts(page: Page) -> list[Grid]:
    """The charts of a page whose values are printed; looked for once, which takes seconds on pages of 500 lines."""
    if "charts" not in page.__dict__:
        page.__dict__["charts"] = _charts(page)  # as cached_property does
    known: list[Grid] = page.__dict__["charts"]
    return list(known)


def _charts(page: Page) -> list[Grid]:
    rest, numbers = _printed(page)
    if len(numbers) < 2:
        return []
    found = _upright(rest, numbers) or _sideways(rest) or _lying(rest, numbers) or _pie(rest)
    title = page.lines[0].text if page.lines else ""
    return [Grid("list", g.heads, g.body, title=title) for g in found]


def stacked(page: Page) -> Grid | None:
    """A chart whose numbers stand over each other, as over lines: each name with its numbers, the largest first."""
    rest, numbers = _printed(page)
    for names, over in _columns(rest, numbers):
        size = max(len(v) for v in over.values())
        if size < 2 or size != len(_legend([i for i in rest if i not in names])):
            continue
        full = [n for n in names if len(over[n.id]) == size]
        ranked = [(n, *sorted(over[n.id], key=lambda i: -(number_of(i.text) or 0.0))) for n in full]
        return Grid("list", ((),) * (size + 1), tuple(ranked)) if len(ranked) > 1 else None
    return None


def _printed(page: Page) -> tuple[list[Item], list[Item]]:
    """What is no number of an axis, and the numbers among it that are values."""
    ticks = {i.id for i in axis_numbers(page)}
    rest = [i for i in page.loose if i.id not in ticks]
    return rest, [i for i in rest if is_numeric(i.text) and not is_period(i) and len(i.text) <= 12]


def categories(page: Page) -> list[Item]:
    """What a chart compares: the names under its bars or beside them, else its slices; empty where there is none."""
    ticks = {i.id for i in axis_numbers(page)}
    rest = [i for i in page.loose if i.id not in ticks]
    rows = [r for r in _name_rows(rest) if ticks or any(is_numeric(i.text) and not is_period(i) for i in rest)]
    if rows:
        return list(rows[-1])
    found = _sideways(rest) or _lying(rest, _printed(page)[1]) or _pie(rest)
    return [row[0] for grid in found for row in grid.body if row[0] is not None]


def legend(page: Page) -> list[Item]:
    """The names of a chart's series, in order; empty where it has one series."""
    used = {i.id for i in categories(page)}
    return _legend([i for i in page.loose if i.id not in used]) if used else []


def axis_numbers(page: Page) -> list[Item]:
    """Numbers in one line at equal steps of value and of distance: the scale of an axis."""
    plain = [i for i in page.loose if is_numeric(i.text) and number_of(i.text) is not None and not is_period(i)]
    found: dict[str, Item] = {}
    for first in plain:
        down = [i for i in plain if min(abs(i.box[0] - first.box[0]), abs(i.box[2] - first.box[2])) < 0.9 * i.height]
        along = [i for i in plain if abs(i.middle[1] - first.middle[1]) < 0.5 * i.height]
        for line, axis in ((down, 1), (along, 0)):
            for item in _steps(sorted(line, key=lambda i: i.middle[axis]), axis):
                found[item.id] = item
    return list(found.values())


def _steps(line: Sequence[Item], axis: int) -> Sequence[Item]:
    """The numbers of a line that lie on one straight scale, four at least; else none."""
    if len(line) < 4:
        return ()
    best: list[Item] = []
    for a, b in combinations((line[0], line[1], line[-2], line[-1]), 2):
        reach = b.middle[axis] - a.middle[axis]
        va, vb = number_of(a.text), number_of(b.text)
        if va is None or vb is None or va == vb or abs(reach) < a.height:
            continue
        slope = (vb - va) / reach
        fit = [
            i
            for i in line
            if abs(va + slope * (i.middle[axis] - a.middle[axis]) - (number_of(i.text) or 0))
            <= abs(slope) * 0.35 * i.height
        ]
        best = fit if len(fit) > len(best) else best
    if len(best) < 4 or len(best) < 0.6 * len(line):
        return ()
    worth = sorted(number_of(i.text) or 0.0 for i in best)
    gaps = [round(y - x, 6) for x, y in pairwise(worth)]
    return best if min(gaps) > 0 and gaps.count(min(gaps)) >= 0.6 * len(gaps) else ()


_PERIOD = re.compile(
    r"(?:1[89]|20)\d\d(?:年|/\d\d)?|第?\d{1,2}(?:月|月份|日|号|周|点|时|季度|天|期|季|轮|次)|[QH]\d|\d{1,2}-\d{1,2}岁?"
)


def is_period(item: Item) -> bool:
    """Whether a text that could be a number names a period or a group: "2024", "3月"."""
    return _PERIOD.fullmatch(item.text.strip()) is not None


def _name_rows(rest: Sequence[Item]) -> list[list[Item]]:
    """Rows of three or more names at about equal distances, the lowest last: what stands under the bars."""
    found = []
    for row in rows_of(list(rest)):
        names = [i for i in row if (not is_numeric(i.text) or is_period(i)) and len(i.text) < 30]
        if len(names) < 3 or len(names) < 0.7 * len(row):
            continue
        gaps = [b.middle[0] - a.middle[0] for a, b in pairwise(names)]
        if max(gaps) < 1.6 * min(gaps) + names[0].height:
            found.append(names)
    return found


def _columns(rest: Sequence[Item], numbers: Sequence[Item]) -> Iterator[tuple[list[Item], dict[str, list[Item]]]]:
    """Names under bars with the numbers over each of them."""
    for names in reversed(_name_rows(rest)):
        pitch = min(b.middle[0] - a.middle[0] for a, b in pairwise(names))
        over: dict[str, list[Item]] = {n.id: [] for n in names}
        for number in numbers:
            near = min(names, key=lambda n: abs(n.middle[0] - number.middle[0]))
            if abs(near.middle[0] - number.middle[0]) < 0.5 * pitch and number.middle[1] < near.box[1]:
                over[near.id].append(number)
        if sum(bool(v) for v in over.values()) >= max(2, 0.6 * len(names)):
            yield names, over


def _upright(rest: Sequence[Item], numbers: Sequence[Item]) -> list[Grid]:
    for names, over in _columns(rest, numbers):
        size = max(len(v) for v in over.values())
        if size == 1:
            return [Grid("list", ((), ()), tuple((n, *over[n.id]) for n in names if over[n.id]))]
        grouped = _grouped(names, over, size, _legend([i for i in rest if i not in names]))
        return [grouped] if grouped is not None else []
    return []


def _lying(rest: Sequence[Item], numbers: Sequence[Item]) -> list[Grid]:
    """Lying bars in groups: names at one edge, beside each as many numbers under each other as the legend has names."""
    for first in rest:
        names = [i for i in rest if not is_numeric(i.text) and abs(i.box[2] - first.box[2]) < 0.5 * first.height]
        names = sorted(names, key=lambda i: i.middle[1])
        series = _legend([i for i in rest if i not in names])
        right = [n for n in numbers if n.box[0] > first.box[2]]
        if len(names) < 3 or len(series) < 2 or len(right) < 0.8 * len(names) * len(series):
            continue
        pitch = min(b.middle[1] - a.middle[1] for a, b in pairwise(names))
        body: list[Row] = []
        for name in names:
            beside = sorted((n for n in right if abs(n.middle[1] - name.middle[1]) < 0.5 * pitch), key=_height)
            body.append((name, *beside) if len(beside) == len(series) else (name, *(None for _ in series)))
        if sum(row[1] is not None for row in body) >= max(2, 0.6 * len(body)):
            return [Grid("list", ((), *((s,) for s in series)), tuple(body))]
    return []


def _height(item: Item) -> float:
    return item.middle[1]


def _grouped(names: Sequence[Item], over: dict[str, list[Item]], size: int, series: Sequence[Item]) -> Grid | None:
    """Bars side by side, in the order of the legend; None where the numbers stand over each other."""
    full = [sorted(over[n.id], key=lambda i: i.middle[0]) for n in names if len(over[n.id]) == size]
    steps = [b.middle[0] - a.middle[0] for group in full for a, b in pairwise(group)]
    if len(series) != size or min(steps) < 0.5 * names[0].height or max(steps) > 2.2 * min(steps):
        return None
    step = median(steps)
    body: list[Row] = []
    for name in names:
        cells: list[Item | None] = [None] * size
        for number in over[name.id]:
            slot = round((number.middle[0] - name.middle[0]) / step + (size - 1) / 2)
            cells[min(max(slot, 0), size - 1)] = number
        body.append((name, *cells))
    return Grid("list", ((), *((s,) for s in series)), tuple(body))


def _legend(rest: Sequence[Item]) -> list[Item]:
    """Two to six short names under each other at one left edge, or in one row: the first such group."""
    names = [
        i
        for i in rest
        if (not is_numeric(i.text) or is_period(i))
        and len(i.text) < 28
        and not i.text.rstrip().endswith((".", ":", "："))
    ]
    for first in sorted(names, key=lambda i: i.middle[1]):
        group = [first]
        for item in sorted(names, key=lambda i: i.middle[1]):
            last = group[-1]
            if (
                0 < item.middle[1] - last.middle[1] < 2.2 * last.height
                and abs(item.box[0] - last.box[0]) < 0.6 * last.height
            ):
                group.append(item)
        if 2 <= len(group) <= 6:
            return group
    for row in rows_of(names):
        if 2 <= len(row) <= 6 and max(i.height for i in row) < 1.4 * min(i.height for i in row):
            return row
    return []


def _sideways(rest: Sequence[Item]) -> list[Grid]:
    """Lying bars: names that begin or end at one edge, each with one number beside it."""
    rows = [r for r in rows_of(list(rest)) if len(r) == 2 and is_numeric(r[1].text) and not is_numeric(r[0].text)]
    rows = [r for r in rows if len(r[0].text) < 30 and len(r[1].text) <= 12]
    if len(rows) < 3:
        return []
    height = rows[0][0].height
    left, right = ([r[0].box[k] for r in rows] for k in (0, 2))
    aligned = min(max(edge) - min(edge) for edge in (left, right)) < 1.5 * height
    return [Grid("list", ((), ()), tuple(tuple(r) for r in rows))] if aligned else []


def _pie(rest: Sequence[Item]) -> list[Grid]:
    """Slices: each percentage with the name on the same ray from the middle, or the nearest where they touch."""
    shares = [i for i in rest if of_kind(i.text, "percent") and is_numeric(i.text)]
    if len(shares) < 3 or not 85 <= sum(number_of(i.text) or 0 for i in shares) <= 115:
        return []
    size = 3 * len(shares)
    names = [i for i in rest if not is_numeric(i.text) and len(i.text) < 28][:size]
    x = sum(i.middle[0] for i in shares) / len(shares)
    y = sum(i.middle[1] for i in shares) / len(shares)

    def apart(share: Item, name: Item) -> float:
        a = math.atan2(share.middle[1] - y, share.middle[0] - x) - math.atan2(name.middle[1] - y, name.middle[0] - x)
        turn = abs(math.atan2(math.sin(a), math.cos(a)))
        return turn * 3 + math.dist(share.middle, name.middle) / (8 * share.height)

    body: list[Row] = []
    taken: set[str] = set()
    for _, share, name in sorted(((apart(s, n), s, n) for s in shares for n in names), key=lambda t: t[0]):
        if share.id not in taken and name.id not in taken:
            taken |= {share.id, name.id}
            body.append((name, share))
    return [Grid("list", ((), ()), tuple(body))] if len(body) == len(shares) else []
