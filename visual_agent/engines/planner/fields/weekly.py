"""A week's plan: rotas and timetables whose columns are days, each cell what is done by a row on a day.

In: a `Question` and a `Page`. Out: a `Solution`, or None where the page has no such table or the question is another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import is_generic, weight
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.fields.tables import Match
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.page.records import records
from visual_agent.engines.planner.text.folding import normal
from visual_agent.engines.planner.text.weekdays import days_of
from visual_agent.engines.planner.text.words import Term, likeness, words

_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_NTH = re.compile(
    rf"\b({'|'.join(_PLACES)}|last)(?: thing)?\b(?: (?:period|lesson|class|hour|slot))?|\b(?:period|lesson|hour) (\d)\b"
    r"|第([一二三四五六七八\d])[节课]"
)
_WHO = re.compile(r"\b(?:who|whose|which (?:person|employee|member|worker)|how many)\b|谁|哪位|几个?人|多少人")
_WHICH_DAY = re.compile(r"\b(?:when|(?:which|what) (?:week)?days?)\b|哪天|哪一天|星期几|周几|什么时候")
_WHAT = re.compile(r"^(?:and )?(?:what|which|when)\b|什么|几点")
_ABSENT = frozenset({"leave", "closed"})
_OFF = re.compile(r"\boff\b|\bnot (?:work|in)|n't work|\b(?:on holiday|on leave|away)\b|休|请假")
_WORKING = re.compile(r"\b(?:working|works?|on (?:duty|shift)|rostered|on the rota|in)\b|上班|值班|当班")


def weekly(question: Question, pages: Sequence[Page]) -> Solution | None:
    """Who on a day, which day, or what stands where row and day meet."""
    if len(pages) != 1 or question.kind not in ("field", "count", "extreme", "place"):
        return None
    for grid in records(pages[0]):
        match = Match(question, grid, pages[0])
        if match.cross:
            found = _answer(question, match)
            if found is not None:
                return found
    return None


def _answer(question: Question, match: Match) -> Solution | None:
    days = _columns(question, match)
    rows = _rows(question, match)
    idle = [t for t in question.terms if _is_row_or_day(t, match)]
    asked = [t for t in question.terms if t not in idle and weight(t, question) >= 0.9 and not is_generic(t)]
    absent = any(t.concepts & _ABSENT for t in question.terms) or _OFF.search(question.folded) is not None
    asked = [t for t in asked if not t.concepts & (_ABSENT | {"period_of_day", "shift", "item"})]
    if len(days) == 1 and not rows and _WHO.search(question.folded) and (absent or not asked):
        return _people(question, match, days[0], absent)
    if len(days) == 1 and len(rows) == 1 and not asked and _WHAT.search(question.folded):
        cell = match.rows[rows[0]][days[0]]
        return None if cell is None else _told(match, [cell], cell.text)
    if not days and (asked or absent) and _WHICH_DAY.search(question.folded):
        return _days_of(match, rows, asked, absent)
    return None


def _columns(question: Question, match: Match) -> list[int]:
    asked = days_of(question.folded)
    heads = [days_of(normal(match.grid.head(c))) for c in range(match.grid.width)]
    return [c for c, said in enumerate(heads) if c and len(asked) == 1 and asked <= said]


def _rows(question: Question, match: Match) -> list[int]:
    """The rows that the question names in words or by their place."""
    firsts = [row[0] for row in match.rows]
    named = [
        r
        for r, cell in enumerate(firsts)
        if cell is not None
        and any(likeness(t, words(cell.text)) >= 0.85 for t in question.terms if t.kind != "number" and not t.weak)
    ]
    nth = _NTH.search(question.folded)
    if named or nth is None:
        return named
    word = next(g for g in nth.groups() if g)
    numbers = "零一二三四五六七八"
    place = _PLACES.index(word) + 1 if word in _PLACES else numbers.find(word) if word in numbers else 0
    place = len(match.rows) if word == "last" else place or int(word)
    return [place - 1] if 0 < place <= len(match.rows) else []


def _is_row_or_day(term: Term, match: Match) -> bool:
    if days_of(term.text) or _NTH.fullmatch(term.text) or term.kind == "number":
        return True
    return any(row[0] is not None and likeness(term, words(row[0].text)) >= 0.85 for row in match.rows)


def _off(cell: Item | None) -> bool:
    """Whether a cell of a rota says that nobody works: empty, a dash, "off"."""
    if cell is None or not re.search(r"\w", cell.text) or re.fullmatch(r"[xX×]", cell.text.strip()):
        return True
    return re.fullmatch(r"off|rest|leave|holiday|休息?|轮休|年假", normal(cell.text)) is not None


def _people(question: Question, match: Match, column: int, absent: bool) -> Solution | None:
    """Everybody who is off, or everybody who is not, on a day."""
    if not absent and not _WORKING.search(question.folded):
        return None
    if not any(_off(row[column]) for row in match.rows):
        return None
    found = [row for row in match.rows if _off(row[column]) == absent and row[0] is not None]
    names = [row[0] for row in found if row[0] is not None]
    ids = tuple(i.id for i in names)
    if not names:
        return None
    if question.counts:
        return Solution(answers.cited(str(len(names)), ids), "the cells of the day were looked at", ids)
    text = answers.listed([(n.text, (n.id,)) for n in names])
    return Solution(text, "the cells of the day were looked at", ids, 1.0, match.page.name)


def _days_of(match: Match, rows: Sequence[int], asked: Sequence[Term], absent: bool) -> Solution | None:
    """The days on which a row, or any row, holds what is asked."""
    found = []
    for r, row in enumerate(match.rows):
        for c in range(1, match.grid.width):
            cell = row[c]
            if (rows and r not in rows) or not match.grid.heads[c]:
                continue
            said = words(cell.text) if cell is not None else None
            if (absent and not asked and rows and _off(cell)) or (
                said is not None and asked and all(likeness(t, said) >= 0.85 for t in asked)
            ):
                found.append(c)
    heads = [match.grid.heads[c][-1] for c in sorted(set(found))]
    if not heads or len(heads) > 4:
        return None
    return Solution(
        answers.listed([(h.text, (h.id,)) for h in heads]),
        "the days whose cells hold it",
        tuple(h.id for h in heads),
        1.0,
        match.page.name,
    )


def _told(match: Match, cells: Sequence[Item], text: str) -> Solution:
    ids = tuple(c.id for c in cells)
    return Solution(
        answers.value(text, ids), "where the row and the day meet", ids, min(c.score for c in cells), match.page.name
    )
