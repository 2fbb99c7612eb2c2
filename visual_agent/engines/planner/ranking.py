"""The record with the most or the least.

In: a `Question` and a `Page`. Out: `Result`s, best first.
"""

from __future__ import annotations

import re

from visual_agent.engines.planner import asking
from visual_agent.engines.planner.extracts import extract
from visual_agent.engines.planner.pages import Page
from visual_agent.engines.planner.questions import Question
from visual_agent.engines.planner.records import records, transposed
from visual_agent.engines.planner.tables import Match, Result, share_fitting
from visual_agent.engines.planner.values import is_numeric, number_of, of_kind, values
from visual_agent.engines.planner.weights import is_generic, measure, weight
from visual_agent.engines.planner.words import Term, likeness, words

# --- most and least ------------------------------------------------------------------------------------------------


def key_of(text: str, kind: str = "") -> float | None:
    """What a cell is ranked by: its date or time (`kind` "when"), else its number."""
    if kind == "when":
        found = values(text)
        for value in found:
            if value.kind == "date" and value.day is not None:
                return float(value.day.toordinal())
        return next((v.number for v in found if v.kind == "time"), None)
    return number_of(text)


def extreme(question: Question, page: Page) -> list[Result]:
    """The record with the most or least, best guess first."""
    results = []
    for number, grid in enumerate(records(page)):
        for turned in (grid, transposed(grid)):
            if turned is not None:
                results += _extreme(Match(question, turned, page), turned is not grid, 0.01 * number)
    return sorted(results, key=lambda r: -r.score)


def _extreme(match: Match, is_turned: bool, late: float) -> list[Result]:
    question, grid = match.question, match.grid
    rank = rank_column(match, 1 if is_turned else 0)
    if rank is None:
        return []
    column, sure = rank
    rows, share = left_rows(match, column)
    began = question.measure == "duration" and bool(match.heads[column].concepts & {"start_date", "year", "birth_date"})
    kind = "when" if question.measure == "when" or began else ""
    keyed = [
        (k, r)
        for r in rows
        if (cell := match.rows[r][column]) is not None and (k := key_of(cell.text, kind)) is not None
    ]
    if len(keyed) < 2 or len(keyed) < question.rank:
        return []
    high = bool(question.high)
    timed = question.measure == "speed" and "time" in match.heads[column].concepts
    if began or timed:
        high = not high  # whoever began earliest has been there longest
    keyed.sort(key=lambda kr: kr[0], reverse=high)
    value, row = keyed[question.rank - 1]
    cells = match.rows[row]
    answer = _answer_column(match, column)
    shown = cells[answer] if answer is not None else cells[column]
    rank_cell = cells[column]
    assert rank_cell is not None
    if shown is None:
        shown = rank_cell
    named = [match.rows[r][answer] for k, r in keyed if k == value] if answer is not None else []
    texts = [c.text for c in named if c is not None]
    tied = len(texts) > 1 and question.rank == 1 and len(set(texts)) > 1
    text = extract(shown.text, question.wants if answer is None else "") or shown.text
    if tied:
        text = ", ".join(dict.fromkeys(texts))
    most = "largest" if question.high else "smallest"
    how = f"the {most} value in column {grid.head(column) or column + 1} is {rank_cell.text}"
    return [
        Result(text, (shown.id, rank_cell.id), how, share + sure - late - (0.03 if is_turned else 0), match.page.name)
    ]


_CODE = re.compile(r"[A-Z]{1,4}(?:[-/]\d|\d\d)[\w-]*")
_MEASURED = re.compile(r"\s*[-+]?\d[\d.,]*\s?[^\W\d_/]{1,4}(?:/[^\W\d_]{1,3})?\s*$")
"""A number with its unit and nothing else: "11 km/h"."""

_MEASURES = {
    "temperature": frozenset({"temperature", "high_temp", "low_temp"}),
    "duration": frozenset({"duration", "distance"}),
    "speed": frozenset({"speed", "time", "duration"}),
    "score": frozenset({"score", "points"}),
}
"""Concepts of headings that an adjective may rank by, where it is more than one."""


def rank_column(match: Match, first: int = 0) -> tuple[int, float] | None:
    """The column that the question ranks by, and a small bonus for how sure that is."""
    question, grid = match.question, match.grid
    plain = [t for t in question.terms if t.kind in ("number", "word") and weight(t, question) >= 0.9]
    choices = []
    for c in range(first, grid.width):
        cells = [row[c] for row in match.rows if row[c] is not None]
        kind = "when" if question.measure == "when" else ""
        began = question.measure == "duration" and bool(match.heads[c].concepts & {"start_date", "year"})
        kind = "when" if began else kind
        keyed = sum(
            key_of(x.text, kind) is not None
            and (is_numeric(x.text) or kind == "when" or _MEASURED.match(x.text) is not None)
            for x in cells
            if x
        )
        if keyed < 2 or keyed < 0.6 * len(cells):
            continue
        named = max((match.head(t, c) for t in question.terms if weight(t, question) >= 0.2), default=0.0)
        held = (
            sum(all(likeness(t, words(x.text)) >= 0.9 for t in plain) for x in cells if x) >= 0.6 * len(cells)
            if plain
            else False
        )
        named += 1.0 if began else 0.0
        by_measure = bool(_MEASURES.get(question.measure, {question.measure}) & match.heads[c].concepts)
        money = question.measure == "price" and any(of_kind(x.text, "amount") for x in cells if x)
        when = question.measure == "when" and any(
            v.kind in ("date", "time") for x in cells if x for v in values(x.text)
        )
        choices.append(
            (0.1 * named + (0.1 if held else 0.0) + (0.08 if by_measure else 0) + (0.05 if money or when else 0), c)
        )
    if not choices:
        return None
    bonus, column = max(choices, key=lambda bc: (round(bc[0], 3), bc[1] if not question.measure else -bc[1]))
    return column, bonus


def left_rows(match: Match, column: int) -> tuple[list[int], float]:
    """Rows that the question's own words leave, and the share of the question that this accounts for."""
    question = match.question
    every = list(range(len(match.rows)))
    selecting = [t for t in match.selecting() if match.head(t, column) < 0.9]
    rows = [r for r in every if all(match.in_row(t, r) >= 0.55 for t in selecting)]
    if len(rows) < 2:
        rows = [r for r in every if any(match.in_row(t, r) >= 0.55 for t in selecting)] if len(selecting) > 1 else []
        if len(rows) < 2 and selecting:
            return [], 0.0
        rows = rows if len(rows) >= 2 else every
    around = [(1.0, match.said[column]), *((0.8, text) for text in match.said)]
    around.append((0.95, match.grid.title))
    around += [(1.0, c.text) for r in rows[:1] for c in match.rows[r] if c]
    around += [(0.9, c.text) for r in rows[1:] for c in match.rows[r] if c]
    ranked = [c.text for r in rows if (c := match.rows[r][column]) is not None]
    value = next((t for t in ranked if of_kind(t, "amount") and not of_kind(t, "date")), ranked[0] if ranked else "")
    share, _ = measure(question, around, match.page, value)
    nothing = not [t for t in question.terms if weight(t, question) >= 0.3 and not (is_generic(t) or _asks(t))]
    return rows, 0.75 if nothing else share


def _asks(term: Term) -> bool:
    """Whether a term is only the question word with what it asks for: "which day"."""
    return re.match(r"(?:which|what|who|哪|什么)", term.text) is not None


def _answer_column(match: Match, rank: int) -> int | None:
    """The column that names the record; None where the ranked value itself is asked for."""
    question, grid = match.question, match.grid
    if _asks_value(question):
        return None
    best_column, best_score = None, 0.0
    for c in range(grid.width):
        if c == rank:
            continue
        cells = [row[c] for row in match.rows if row[c] is not None]
        if not cells:
            continue
        text = sum(not is_numeric(x.text) for x in cells if x) / len(cells)
        named = max((match.head(t, c) for t in question.terms), default=0.0)
        fit = (
            share_fitting(match, c, question.wants)
            if question.wants in ("when", "date", "time", "month", "name", "year")
            else 0.0
        )
        asked = question.wants == "when" and any(
            v.kind in ("date", "time", "weekday") for x in cells if x for v in values(x.text)
        )
        if text < 0.5 and fit < 0.5 and not asked:
            continue
        score = 0.4 * text + 0.6 * named + 0.5 * fit + (0.4 if asked else 0.0) - 0.01 * c
        if sum(_CODE.fullmatch(x.text.strip()) is not None for x in cells if x) > 0.6 * len(cells):
            score -= 0.0 if question.about("sku") else 0.6  # people name a thing, not its code
        if score > best_score:
            best_column, best_score = c, score
    return best_column


def _asks_value(question: Question) -> bool:
    """For "What is the highest price" asks for a number, "which is the dearest" for a name."""
    which = asking.find("names_record", question.folded)
    if which and not re.search(
        r"\b(?:give|tell) me (?:just |only )?(?:its|the|his|her) |\bhow much\b|价格是多少|多少钱", question.folded
    ):
        return False
    if question.measure == "when" and question.wants in ("when", "date", "time"):
        return True
    if question.wants in ("amount", "number", "percent", "duration") or re.search(r"是多少|多少", question.folded):
        return True
    if (
        re.search(r"\b(?:price|value|amount|figure|score|number|temperature|rate|salary|cost|total)\b", question.folded)
        and not which
    ):
        return bool(
            re.search(
                r"\bwhat(?:'s| is| was| are)? (?:the )?(?:\w+ )?(?:\w*est|most|least|top|maximum|minimum|peak)\b",
                question.folded,
            )
        )
    return False
