"""Questions about rows and columns: which cell answers.

In: a `Question` and a page's lists of records. Out: `Hit`s; `Result` is what ranking and sums work out from cells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from visual_agent.engines.planner.asked.extracts import countable, exact_type, extract, in_script, wanted
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import is_generic, measure, weight, weight_on
from visual_agent.engines.planner.fields.fields import find
from visual_agent.engines.planner.hits import THRESHOLD, Hit
from visual_agent.engines.planner.page.grids import Grid, labelness
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.page.records import records, transposed, without_totals
from visual_agent.engines.planner.text.values import is_numeric, of_kind
from visual_agent.engines.planner.text.words import Term, lexicon, likeness, words


@dataclass(frozen=True)
class Result:
    """Something worked out: the answer's text, the cells behind it, how, and how surely (0..1)."""

    text: str
    ids: tuple[str, ...]
    how: str
    score: float
    page: str = ""

    @property
    def sure(self) -> bool:
        """Whether it may be given as the answer."""
        return self.score >= THRESHOLD


_STANDINGS = {
    "p": "games played",
    "pld": "games played",
    "mp": "games played",
    "gp": "games played",
    "w": "games won",
    "d": "draws",
    "t": "ties",
    "l": "games lost",
    "f": "goals scored for",
    "gf": "goals scored for",
    "a": "goals against",
    "ga": "goals against",
    "agst": "goals against",
    "against": "goals against",
    "con": "goals against",
    "for": "goals scored for",
    "gd": "goal difference",
    "pts": "points",
    "pos": "rank",
    "胜": "games won",
    "平": "draws",
    "负": "games lost",
}


def spelled(heads: list[str]) -> list[str]:
    """The headings with the short ones of league tables written out, where a table has at least three of them."""
    short = [_STANDINGS.get(head.strip().casefold(), "") for head in heads]
    if sum(map(bool, short)) < 3:
        return heads
    return [f"{head} {full}".strip() for head, full in zip(heads, short, strict=True)]


class Match:
    """How each term of a question matches a grid's headings and cells."""

    def __init__(self, question: Question, grid: Grid, page: Page) -> None:
        self.question, self.grid, self.page = question, grid, page
        self.rows = without_totals(grid.body) if len(grid.body) > 2 else list(grid.body)
        self.title = words(grid.title)
        self.said = spelled([grid.head(c) for c in range(grid.width)])
        self.heads = [words(text) for text in self.said]
        dated = [bool(of_kind(grid.head(c), "weekday") or of_kind(grid.head(c), "date")) for c in range(1, grid.width)]
        self.cross = len(dated) > 1 and sum(dated) >= 0.6 * len(dated)
        self.cells = [[words(cell.text) if cell else None for cell in row] for row in self.rows]

    def texts(self, column: int) -> list[str]:
        """The texts of a column's cells that are not empty."""
        return [cell.text for row in self.rows if (cell := row[column]) is not None]

    def head(self, term: Term, column: int) -> float:
        """How surely a column's heading speaks of a term."""
        return likeness(term, self.heads[column]) if self.heads[column].folded else 0.0

    def cell(self, term: Term, row: int, column: int) -> float:
        """How surely a cell speaks of a term."""
        text = self.cells[row][column]
        return likeness(term, text) if text is not None else 0.0

    def in_row(self, term: Term, row: int, skip: int = -1) -> float:
        """How surely a record speaks of a term; in a week's plan only its first cell does."""
        columns = range(1 if self.cross else self.grid.width)
        return max((self.cell(term, row, c) for c in columns if c != skip), default=0.0)

    def selecting(self) -> list[Term]:
        """Terms that name some of the rows."""
        picked = []
        for term in self.question.terms:
            if weight_on(term, self.question, self.page) < 0.15 or (
                self.title.folded and likeness(term, self.title) >= 0.9
            ):
                continue
            hits = sum(self.in_row(term, r) >= 0.55 for r in range(len(self.rows)))
            heads = any(self.head(term, c) >= 0.9 for c in range(self.grid.width))
            if (
                hits > 0
                and (hits < len(self.rows) or len(self.rows) == 1)
                and not (heads and hits > 1 and term.concepts)
            ):
                picked.append(term)
        return picked

    def score(self, row: int | None, column: int) -> tuple[float, tuple[str, ...]]:
        """The share of the question that a cell's row and column account for."""
        around = [(1.0, self.said[column]), (0.9, self.grid.title)]
        for c in range(self.grid.width):
            if c != column:
                around.append((0.7, self.said[c]))
                cell = self.rows[row][c] if row is not None else None
                if cell is not None:
                    around.append((1.0, cell.text))
        if row is not None and (own := self.rows[row][column]) is not None:
            around.append((0.6, own.text))
            return measure(self.question, around, self.page, own.text)
        return measure(self.question, around, self.page)


_OF_PEOPLE = frozenset(["phone", "email", "last_name", "first_name", "address", "salary", "age"])
"""What a week's plan, whose cells are shifts, never tells."""

_OUTCOMES = frozenset({"games_won", "games_lost", "games_drawn"})


def by_outcome(question: Question) -> Question:
    """With "how many games did they win" the wins are asked for, not the games."""
    if not any(t.concepts & _OUTCOMES for t in question.terms):
        return question
    kept = [t for t in question.terms if "games_played" not in t.concepts]
    kept = [replace(t, kind="concept", weak=False) if t.concepts & _OUTCOMES else t for t in kept]
    return replace(question, terms=tuple(kept))


def lookup(question: Question, page: Page) -> list[Hit]:
    """Cells that may answer, best first."""
    question = by_outcome(question)
    hits: list[Hit] = []
    for grid in records(page):
        hits += _edges(Match(question, grid, page))
        hits += _cells(Match(question, grid, page))
        turned = transposed(grid) if _attributes_down(grid) else None
        hits += _cells(Match(question, turned, page)) if turned is not None else []
    return sorted(hits, key=lambda h: -h.score)


def _attributes_down(grid: Grid) -> bool:
    """Whether a table compares: its records are the columns ("Nova 5"), its rows what is compared ("Price")."""
    names = [grid.head(c) for c in range(1, grid.width)]
    rows = [row[0].text for row in grid.body if row[0] is not None]
    if len(rows) < 2 or len(names) < 2 or not all(names):
        return False
    labels = sum(map(labelness, rows)) / len(rows)
    return labels >= 0.7 and sum(map(labelness, names)) / len(names) < 0.65


def _cells(match: Match) -> list[Hit]:
    question, grid = match.question, match.grid
    wants = wanted(question)
    selecting = match.selecting()
    hits: list[Hit] = []
    if match.cross and any(t.concepts & _OF_PEOPLE for t in question.terms):
        return hits
    columns = columns_for(match, wants)
    for r, row in enumerate(match.rows):
        named = [t for t in selecting if match.in_row(t, r) >= 0.55]
        if len(match.rows) > 1 and not named:
            continue
        for c, preference in columns:
            cell = row[c]
            if cell is None or (all(match.in_row(t, r, skip=c) < 0.55 for t in named) and len(match.rows) > 1):
                continue
            text = extract(cell.text, wants)
            if text is None or (question.counts and not countable(cell.text)):
                continue
            share, missing = match.score(r, c)
            label = next((x for x in row if x is not None and x is not cell), None)
            score = share + preference + 0.02 * len(named) - (0.06 if not exact_type(cell.text, wants) else 0.0)
            label_text = " ".join(x for x in (label.text if label else "", grid.head(c)) if x)
            label_ids = (label.id,) if label else ()
            hits.append(Hit(text, (cell.id,), label_text, score, match.page.name, wants, label_ids, missing))
    return hits


def _edges(match: Match) -> list[Hit]:
    """The heading over, or the first cell beside, a cell that holds what is named: "which day is the dentist?"."""
    question, grid = match.question, match.grid
    wants = wanted(question)
    decisive = [t for t in question.terms if weight(t, question) >= 0.6 and not is_generic(t)]
    hits = []
    for r, row in enumerate(match.rows):
        for c in range(1, grid.width):
            cell = row[c]
            if cell is None or not decisive or is_numeric(cell.text):
                continue
            if not any(match.cell(t, r, c) >= 0.9 for t in decisive):
                continue
            if extract(cell.text, wants) is not None:
                continue
            first = row[0]
            edges = [(grid.head(c), grid.heads[c][-1].id)] if grid.heads[c] else []
            edges += [(first.text, first.id)] if first is not None else []
            for text, region in edges:
                answer = _edge_answer(text, wants)
                if answer is None:
                    continue
                around = [(1.0, cell.text), (0.8, grid.head(c)), (0.8, first.text if first else "")]
                share, missing = measure(question, around, match.page, text)
                ids = (region, cell.id)
                hits.append(Hit(answer, ids, cell.text, share, match.page.name, wants, (cell.id,), missing))
    return hits


def _edge_answer(text: str, wants: str) -> str | None:
    """A heading as the answer to "which day" or "what time"; None where it is of another type."""
    if wants in ("date", "weekday", "when", "month"):
        dated = of_kind(text, "weekday") or of_kind(text, "date") or (wants == "month" and extract(text, "month"))
        return text if dated else None
    if wants == "time":
        return extract(text, "time")
    return None


def columns_for(match: Match, wants: str) -> list[tuple[int, float]]:
    """Columns that may hold the answer with a small preference each."""
    grid, question = match.grid, match.question
    evidence = []
    for c in range(grid.width):
        best = max((match.head(t, c) * min(weight(t, question), 1.0) for t in question.terms), default=0.0)
        fit = share_fitting(match, c, wants)
        typed = _typed_head(match, c, wants)
        evidence.append((c, best, fit, typed))
    found = []
    strongest = max((e[1] for e in evidence), default=0.0)
    for c, best, fit, typed in evidence:
        if fit < 0.5 and best < 0.55:
            continue
        if question.counts and wants == "number" and best < 0.55 and grid.width > 2 and not _counts(match, c):
            continue
        preference = 0.06 * best + (0.05 if typed else 0.0) + 0.03 * fit
        if wants == "" and c == 0 and grid.width > 1 and strongest < 0.55:
            preference += 0.02
        if wants == "" and grid.width == 2 and c == 1:
            preference += 0.05
        found.append((c, preference))
    return found


def _counts(match: Match, column: int) -> bool:
    """Whether a column holds numbers of things: by its heading, or whole small numbers where there are no headings."""
    if match.heads[column].concepts & {"quantity", "available", "people_count"}:
        return True
    cells = [row[column] for row in match.rows]
    small = all(c is not None and re.fullmatch(r"\d{1,3}", c.text.strip()) for c in cells)
    return small and not any(match.grid.heads)


def share_fitting(match: Match, column: int, wants: str) -> float:
    """The share of a column's cells that are of the wanted type."""
    texts = match.texts(column)
    return sum(exact_type(t, wants) and extract(t, wants) is not None for t in texts) / max(len(texts), 1)


def _typed_head(match: Match, column: int, wants: str) -> bool:

    book = lexicon()
    kinds = {book.concepts[n].kind for n in match.heads[column].concepts}
    return bool(wants) and wants in kinds


def best(question: Question, page: Page) -> list[Hit]:
    """The best values from labels and from tables together, best first, one hit a region."""
    seen: dict[tuple[tuple[str, ...], str], Hit] = {}
    for hit in sorted([*find(question, page), *lookup(question, page)], key=lambda h: -h.score):
        if not question.script or in_script(hit.text, question.script):
            seen.setdefault((hit.ids, hit.text), hit)
    return list(seen.values())
