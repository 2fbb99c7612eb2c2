"""Questions about charts: a bar's value, the highest bar, what is compared, where the figures are from, their unit.

In: a `Question` and `Page`s. Out: a `Solution`, or None. A category that is named in full needs less of the rest of
the question on the page than other labels do: whoever asks about "Porto" asks for its bar. But something of the rest
must stand there, or nothing else be asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visual_agent.engines.planner import answers, asking
from visual_agent.engines.planner.charts import categories, charts, legend
from visual_agent.engines.planner.extracts import wanted
from visual_agent.engines.planner.folding import normal
from visual_agent.engines.planner.grids import Grid
from visual_agent.engines.planner.meanings import closeness
from visual_agent.engines.planner.observed import Item
from visual_agent.engines.planner.pages import Page
from visual_agent.engines.planner.questions import Question
from visual_agent.engines.planner.ranking import asks_value
from visual_agent.engines.planner.records import without_totals
from visual_agent.engines.planner.single import Solution
from visual_agent.engines.planner.values import number_of
from visual_agent.engines.planner.weights import is_generic, weight
from visual_agent.engines.planner.words import Term, likeness, words


def charted(question: Question, pages: Sequence[Page]) -> Solution | None:
    """An answer from a chart."""
    for page in pages:
        for grid in charts(page):
            found = _value(question, grid, page)
            if found is not None:
                return found
    return None


def _value(question: Question, grid: Grid, page: Page) -> Solution | None:
    columns = _columns(question, grid)
    if len(columns) != 1 or wanted(question) not in (
        "",
        "number",
        "amount",
        "percent",
        "month",
        "year",
        "name",
        "place",
    ):
        return None
    column = columns[0]
    body = without_totals(grid.body) if question.kind == "extreme" else grid.body
    cells = [(row[0], row[column]) for row in body if row[0] is not None and row[column] is not None]
    named = [(n, v) for n, v in cells if n and v and _names(question, n)]
    literal = {t.text for t in question.terms}
    named = [(n, v) for n, v in named if n and words(n.text).folded in literal] or named

    if not _speaks(question, grid, page) or len(cells) < 2:
        return None
    if question.kind == "extreme" and not named:
        if len(cells) < len(body):
            return None
        return _most(question, cells, page)
    valued = wanted(question) in ("", "number", "amount", "percent")
    if question.kind in ("field", "count") and len(named) == 1 and valued and not question.placed:
        name, cell = named[0]
        return Solution(
            answers.value(cell.text, (cell.id, name.id)),
            f"it stands at {name.text}",
            (cell.id, name.id),
            cell.score,
            page.name,
        )
    return None


def _columns(question: Question, grid: Grid) -> list[int]:
    """The columns of the series that the question names; the only one where there is one."""
    if grid.width == 2:
        return [1]
    return [c for c in range(1, grid.width) if any(_heads(t, grid.head(c)) for t in question.terms)]


def _heads(term: Term, head: str) -> bool:
    """Whether a term names a series: in its words, or by its year ("2024" for "2024年")."""
    return likeness(term, words(head)) >= 0.9 or (len(term.text) == 4 and term.text == head[:4] and term.text.isdigit())


def _names(question: Question, name: Item) -> bool:
    """Whether the question names a category."""
    said = words(name.text)
    return any((likeness(t, said) >= 0.9 and not t.weak) or t.text == said.folded for t in question.terms)


def _speaks(question: Question, grid: Grid, page: Page) -> bool:
    """Whether what the question says besides categories and series has a counterpart on the page."""
    labels = [words(c.text) for row in grid.body for c in row[:1] if c is not None]
    labels += [words(grid.head(c)) for c in range(1, grid.width)]
    other = [t for t in question.terms if weight(t, question) >= 0.5 and not is_generic(t)]
    other = [t for t in other if not t.weak and t.kind != "soft" and not _ranks(question, t)]
    other = [t for t in other if not t.concepts & {"revenue", "chart", "quantity"}]
    other = [t for t in other if not any(likeness(t, label) >= 0.9 for label in labels)]
    other = [t for t in other if not any(_heads(t, grid.head(c)) for c in range(1, grid.width))]
    met = [t for t in other if _met(t, page)]
    if question.kind == "extreme" and len(other) == 1 and question.wants in ("month", "year", "date"):
        # What the columns stand for answers, whatever the heights are called, unless the title is of something else.
        titles = [w for i in page.lines[:2] for w in normal(i.text).split()]
        related = max((closeness(other[0].text, w) for w in titles), default=1.0) >= 0.2
        return weight(other[0], question) <= 1.3 and related
    return len(met) >= len(other) - len(met) and all(
        t in met for t in other if t.kind == "word" and weight(t, question) > 1.3
    )


def _ranks(question: Question, term: Term) -> bool:
    """Whether a term only says what is ranked by ("best", "考得好")."""
    return question.high is not None and (
        asking.pattern("manner").fullmatch(term.text) is not None
        or term.text in _ORDINALS
        or asking.pattern("extreme_high").search("最" + term.text) is not None
        or asking.pattern("extreme_low").search("最" + term.text) is not None
    )


_ORDINALS = frozenset(("second", "third", "fourth", "place", "ranking", "rank"))


def _met(term: Term, page: Page) -> bool:
    """Whether the page speaks of a term: as elsewhere, or by a word of the same root ("rented", "rentals")."""
    if likeness(term, page.words) >= 0.55:
        return True
    root = term.text[: max(4, len(term.text) - 3)]
    return len(term.text) >= 4 and term.text.isascii() and any(w.startswith(root) for w in page.words.stems)


def _most(question: Question, cells: Sequence[tuple[Item | None, Item | None]], page: Page) -> Solution | None:
    keyed = [(n, v, number_of(v.text)) for n, v in cells if n is not None and v is not None]
    ranked = sorted((k for k in keyed if k[2] is not None), key=lambda k: k[2] or 0.0, reverse=bool(question.high))
    if len(ranked) < max(2, question.rank):
        return None
    name, cell, _ = ranked[question.rank - 1]
    text = cell.text if asks_value(question) else name.text
    why = f"{cell.text} is the {'largest' if question.high else 'smallest'} value"
    return Solution(answers.value(text, (name.id, cell.id)), why, (name.id, cell.id), cell.score, page.name)


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
    if any(_names(question, n) for n in names) or len(names) < 2:
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
