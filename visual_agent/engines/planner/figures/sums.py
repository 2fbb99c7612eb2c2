"""Sums and means of columns, and counts over a page's records; two values that a question compares.

In: a `Question` and a `Page`. Out: `Result`s, or the rows that fit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from visual_agent.engines.planner.asked.extracts import wanted
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import weight, without
from visual_agent.engines.planner.choices.ranking import left_rows, rank_column
from visual_agent.engines.planner.fields.tables import Match, Result, best, columns_for
from visual_agent.engines.planner.hits import Hit
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.page.records import records, transposed
from visual_agent.engines.planner.text.values import is_numeric, number_of
from visual_agent.engines.planner.text.words import Term, likeness, words

# --- worked out ----------------------------------------------------------------------------------------------------


def shown(number: float) -> str:
    """A worked-out number as people write it: at most two decimals, none where it is whole."""
    rounded = round(number, 2)
    return str(int(rounded)) if rounded == int(rounded) else f"{rounded:.2f}"


def lasting(minutes: float, question: Question) -> str:
    """A number of minutes in the unit that the question asks for."""
    if re.search(r"\bhours?\b|小时|钟头", question.folded) and not re.search(r"\bminutes?\b|分钟", question.folded):
        return f"{shown(minutes / 60)} {'小时' if question.chinese else 'hours'}"
    return f"{shown(minutes)} {'分钟' if question.chinese else 'minutes'}"


def total(question: Question, page: Page, *, mean: bool = False) -> list[Result]:
    """The sum (or mean) of all cells that fit equally well; that of named values is in `reckoning.py`."""
    results: list[Result] = []
    for grid in records(page):
        for turned in (grid, transposed(grid)):
            if turned is not None:
                results += _column_total(Match(question, turned, page), mean)
    return sorted(results, key=lambda r: -r.score)


def _column_total(match: Match, mean: bool) -> list[Result]:
    rank = rank_column(match)
    if rank is None:
        return []
    selecting = match.selecting()
    cells: list[tuple[Item, float]] = []
    if selecting:
        scored = []
        preferred = dict(columns_for(match, "number" if match.question.counts else wanted(match.question)))
        best_preference = max(preferred.values(), default=0.0)
        for r, row in enumerate(match.rows):
            if not any(match.in_row(t, r) >= 0.55 for t in selecting):
                continue
            for c, cell in enumerate(row):
                if match.question.counts and preferred.get(c, 0.0) < best_preference:
                    continue
                if cell is not None and is_numeric(cell.text) and (n := number_of(cell.text)) is not None:
                    scored.append((round(match.score(r, c)[0], 2), cell, n))
        top = max((s for s, _, _ in scored), default=0.0)
        cells = [(cell, n) for s, cell, n in scored if s >= top - 0.03]
        share = top
    else:
        column, share = rank[0], left_rows(match, rank[0])[1]
        for row in match.rows:
            cell = row[column]
            if cell is not None and (n := number_of(cell.text)) is not None:
                cells.append((cell, n))
    if len(cells) < 2:
        return []
    number = sum(n for _, n in cells) / (len(cells) if mean else 1)
    how = ("mean" if mean else "sum") + f" of {len(cells)} cells"
    return [Result(shown(number), tuple(c.id for c, _ in cells), how, share - 0.02, match.page.name)]


def operands(question: Question, page: Page) -> list[tuple[Hit, Hit]]:
    """Pairs of values that two of the question's terms name, best first: "quinoa plus couscous", "from May to June"."""
    asked = replace(question, wants="number" if question.wants in ("", "name", "place") else question.wants)
    decisive = [t for t in question.terms if weight(t, question) >= 0.3 or t.kind == "number"][:9]
    found = []
    for a, b in combinations(decisive, 2):
        ones = _usable(best(without(asked, [b]), page), a, page)
        twos = _usable(best(without(asked, [a]), page), b, page)
        for one in ones:
            for two in twos:
                if one.ids == two.ids and one.text == two.text:
                    continue
                found.append((one.score + two.score, (one, two)))
    return [pair for _, pair in sorted(found, key=lambda sp: -sp[0])]


def _usable(hits: Sequence[Hit], term: Term, page: Page) -> list[Hit]:
    """The best few values that really hang on a term."""
    good = [h for h in hits[:6] if h.sure and number_of(h.text) is not None]
    return [h for h in good if _tells(term, h, page)][:4]


def _tells(term: Term, hit: Hit, page: Page) -> bool:
    """Whether a hit really hangs on the term: it stands in the hit's label or row."""
    return likeness(term, words(hit.label)) >= 0.55 or any(
        likeness(term, words(page.known[i].text)) >= 0.55 for i in hit.also if i in page.known
    )
