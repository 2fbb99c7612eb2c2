"""Rotas: tables whose cells are people; who is meant by a row and a column ("on the till on Friday after lunch").

In: a `Question` for a person and a `Page`. Out: (the cell, its row's and column's labels), or None. A row or a column
is meant by its day, by the part of the day that its hour lies in, or by the rest of the question's words. Rows and
columns are alike: days may run down or across.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from visual_agent.engines.planner.asked.names import short_name
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.fields.nearest import Word, content, support
from visual_agent.engines.planner.page.grids import Grid
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.weekdays import days_of

_PARTS = (
    (re.compile(r"\bafter (?:lunch|noon|midday|dinner)\b|\bafternoons?\b|\bp\.?m\b|下午|午后"), 12, 17),
    (
        re.compile(
            r"\bmornings?\b|\bbefore (?:lunch|noon|midday)\b|\ba\.?m\b|\b(?:to|into) school\b|早上|上午|早晨|清早|早班"
        ),
        0,
        12,
    ),
    (
        re.compile(r"\bevenings?\b|\bnights?\b|\btonight\b|\bafter (?:work|school|tea)\b|晚上|夜里|傍晚|晚班|夜班"),
        17,
        30,
    ),
    (re.compile(r"\bnoon\b|\bmidday\b|\blunch ?times?\b|中午"), 12, 14),
)
_ASKS = re.compile(
    r"\bwho(?:'s|m|se)?\b|\bwhich (?:person|volunteer|driver|teacher|member|helper|nurse|doctor)\b|谁|哪位|\b(?:works?|working|does|doing|on|duty|down|for|be|"
    r"turn|rota|there|shift|week|this|next|it|cover(?:s|ing)?|runs?|name)\b|值班|当班|负责|轮到|该|来|做"
)
_DAY = re.compile(
    r"\b(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?s?\b|(?:星期|周|礼拜)[一二三四五六日天]"
)
_LEADS = re.compile(rf"(?:{_DAY.pattern})\s*", re.IGNORECASE)
_NOBODY = re.compile(
    r"vacant|closed|none|nobody|no one|off|holiday|free|tbc|tba|empty|shut|\W*|空缺|休息?|无|停|关门|缺"
)
_CLOCK = re.compile(r"(?<![\d.:])(\d{1,2})(?:[.:]\d{2}\s?([ap])?|\s?([ap])\.?m\b|点)")
_LEAST = 0.5


@dataclass(frozen=True)
class _Axis:
    """A row or a column: its label and its place."""

    label: str
    at: int


def rostered(question: Question, page: Page, in_role: Callable[[str, str], bool]) -> tuple[Item, str] | None:
    """The cell with the person where the row and the column that are meant meet, and their labels.

    `in_role` tells whether a text says of somebody what a word asks for.
    """

    def said(word: Word, text: str) -> float:
        got = 1.0 if in_role(word.text, text) else support(word, text)
        return got if got >= _LEAST else 0.0

    for grid in page.grids:
        table = _people(grid)
        if table is None:
            continue
        heads, body = table
        rows = [_Axis(row[0].text if row[0] is not None else "", n) for n, row in enumerate(body)]
        columns = [_Axis(heads[c], c) for c in range(1, grid.width)]
        row, column = _meant(question, rows, said), _meant(question, columns, said)
        cell = body[row.at][column.at] if row is not None and column is not None else None
        if cell is None or row is None or column is None:
            continue
        labels = f"{row.label} {column.label}"
        if all(w.weight < 0.4 or said(w, f"{labels} {grid.title}") for w in _rest(question.folded)):
            return cell, labels
    return None


def all_week(question: Question, page: Page) -> list[Item]:
    """The people most of whose cells say what the question says of them ("who is on holiday that week")."""
    asked = _rest(question.folded)
    if not asked or days_of(question.folded):
        return []
    found = []
    for grid in page.grids:
        for row in grid.body if grid.width > 3 else ():
            cells = [c.text for c in row[1:] if c is not None]
            told = sum(any(support(w, c) >= 0.75 for w in asked) for c in cells)
            if row[0] is not None and _may_be_person(row[0].text) and 2 * told > len(cells) > 2:
                found.append(row[0])
    return found


def _people(grid: Grid) -> tuple[list[str], list[tuple[Item | None, ...]]] | None:
    """The headings and rows of a table most of whose cells are people; its first row may be its headings."""
    body = list(grid.body)
    heads = [grid.head(c) for c in range(grid.width)]
    if not any(heads) and body:
        heads = [c.text if c is not None else "" for c in body.pop(0)]
    if grid.width < 3 or not all(heads[1:]) or len(body) < 2:
        return None
    rows = [_parted(row) for row in body]
    cells = [c.text for row in rows for c in row[1:] if c is not None and not _NOBODY.fullmatch(normal(c.text))]
    people = [t for t in cells if _may_be_person(t)]
    named = any(_may_be_person(h) and not days_of(normal(h)) for h in heads[1:]) and len(set(people)) == len(people)
    return (heads, rows) if len(people) > 0.7 * len(cells) and len(people) > 3 and not named else None


def _parted(row: Sequence[Item | None]) -> tuple[Item | None, ...]:
    """A row whose day stands in its first cell, also where it was read into the second."""
    second = row[1]
    lead = _LEADS.match(second.text) if row[0] is None and second is not None else None
    if lead is None or second is None:
        return tuple(row)
    rest = second.text[lead.end() :].strip()
    return (replace(second, text=lead[0].strip()), replace(second, text=rest) if rest else None, *row[2:])


def _may_be_person(text: str) -> bool:
    name = short_name(text)
    if not name or len(name.split()) > 4 or _NOBODY.fullmatch(normal(name)):
        return False
    return 2 <= len(name) <= 5 if has_han(name) else name == text.strip(" .") and name[1:2].islower()


def _meant(question: Question, axes: Sequence[_Axis], said: Callable[[Word, str], float]) -> _Axis | None:
    """The one row or column that the question names; the only one where it names none."""
    days, hours = days_of(question.folded), _hours(question.folded)
    left = [a for a in axes if a.label and not _contradicts(normal(a.label), days, hours)]
    named = [a for a in left if days and days <= days_of(normal(a.label))]
    left = named or left
    asked = _rest(question.folded)
    scored = [(sum(w.weight * said(w, a.label) for w in asked), a) for a in left]
    top = max((s for s, _ in scored), default=0.0)
    best = [a for s, a in scored if s >= top - 0.1]
    return best[0] if len(best) == 1 and (named or top > 0 or len(left) == 1 < len(axes) or len(axes) == 1) else None


def _contradicts(label: str, days: frozenset[int], hours: tuple[int, int] | None) -> bool:
    """Whether a label speaks of another day or another part of the day."""
    of = days_of(label)
    if days and of and not days <= of:
        return True
    said = _hours(_LEADS.sub(" ", label))
    clock = _CLOCK.search(label)
    if hours is None or (said is None and clock is None):
        return False
    if said is not None or clock is None:
        return said != hours
    hour = int(clock[1]) + (12 if "p" in (clock[2], clock[3]) and int(clock[1]) < 12 else 0)
    return not hours[0] <= hour < hours[1]


def _hours(folded: str) -> tuple[int, int] | None:
    """From which hour to which the part of the day that a text names lasts."""
    return next(((a, b) for pattern, a, b in _PARTS if pattern.search(folded)), None)


def _rest(folded: str) -> tuple[Word, ...]:
    """The words of a question that name neither a day nor a part of it."""
    for pattern in (_DAY, *(p for p, _, _ in _PARTS), _ASKS):
        folded = pattern.sub(" ", folded)
    return content(folded)
