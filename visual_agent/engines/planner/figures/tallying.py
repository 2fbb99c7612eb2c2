"""How many records or cells say what a question says: rows of a table, cards, turns in a plan, people in a state.

In: a `Question` and `Page`s. Out: a `Solution`, or None. Every word of the question must have its place: it is what is
counted, it picks records, it names a column or a title, or it is the verb. One that has none asks for something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.extracts import looks_like_name
from visual_agent.engines.planner.asked.quantities import PARTICLES, THINGS_ZH, UNITS, Counted, counted_thing, predicate
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import is_generic, proper_names, weight
from visual_agent.engines.planner.fields.flagged import says, state
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.page.grids import Grid, Row
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page, across
from visual_agent.engines.planner.page.records import records, without_totals
from visual_agent.engines.planner.text import measures
from visual_agent.engines.planner.text.dictionary import is_verb
from visual_agent.engines.planner.text.folding import has_han, normal, stem
from visual_agent.engines.planner.text.meanings import closeness, nearest_of
from visual_agent.engines.planner.text.values import is_numeric
from visual_agent.engines.planner.text.words import Term, likeness, words

_SURE = 0.85
"""How surely a cell must speak of a word that picks it."""
_NAMED = 0.55
"""How surely a heading or title must."""
_LIKE = 0.5
"""Closeness from which two words mean the same."""

_ALONE = re.compile(r"\b(?:an?|grade|got|gets?|with|of) [\"“']?([A-Z][+*-]?)[\"”']?(?=[\s?.,]|$)")
_AWAY = re.compile(
    r"off|day off|rest(?: day)?|holiday|leave|annual leave|closed|vacant|free|none|nobody|n/a|sick|away|absent|x|[-–—/✗✘]"
    r"|休息?|轮休|休假|放假|请假|缺勤|空|无|停|关闭|不开"
)
"""What a cell of a plan says where nobody or nothing is there."""
_YES = re.compile(r"yes|y|[✓✔√●]|paid|done|ok|present|x|是|有|已.{0,3}|到|对|完成")
_NO = re.compile(r"no|n|[✗✘×○]|[-–—]|not .{1,12}|unpaid|absent|否|无|没有?.{0,2}|未.{0,3}|缺")


# --- the records ---------------------------------------------------------------------------------------------------


def tallied(question: Question, pages: Sequence[Page]) -> Solution | None:
    """How many records or cells there are of what the question says."""
    thing = counted_thing(question.folded)
    if _measures(question):
        return None
    for page in pages:
        for grid in _lists(page):
            found = _Tally(question, thing, grid, page).found()
            if found:
                return _solution(found, page)
        labels = _labels(question, thing, page)
        if labels:
            return _solution(labels, page)
    return None


def every(question: Question, pages: Sequence[Page]) -> Solution | None:
    """How many records there are at all, where the question picks none and they are what is counted."""
    thing = counted_thing(question.folded)
    if _measures(question):
        return None
    for page in pages:
        for grid in records(page):
            tally = _Tally(question, thing, grid, page)
            if len(tally.rows) > 1 and tally.are_all():
                return _solution([_first(row) for row in tally.rows], page)
    return None


def _measures(question: Question) -> bool:
    """Whether a question is for a measure, or for what it quotes, and counts no records."""
    wanted = question.wants in ("duration", "amount", "percent")
    return wanted or bool(measures.asked(question.folded) or question.quoted)


def _solution(found: Sequence[Item], page: Page) -> Solution:
    ids = tuple(dict.fromkeys(i.id for i in found))
    return Solution(answers.cited(str(len(found)), ids), "these say it", ids, 1.0, page.name)


def _labels(question: Question, thing: Counted, page: Page) -> list[Item]:
    """The short lines that are what is counted, where nothing else is said: a party under a candidate's name."""
    others = [t for t in question.terms if not thing.means(t) and t.text != thing.verb and weight(t, question) >= 0.5]
    if not thing.noun or thing.generic or others or has_han(thing.noun):
        return []
    valued = {i.id for row in page.rows for i in row[:1] if len(row) > 1}
    valued |= {row[0].id for g in page.grids for row in g.body if row[0] is not None}
    short = [i for i in page.lines[1:] if i.id not in valued and re.fullmatch(r"[a-z' -]{3,24}", normal(i.text))]
    found = [i for i in short if stem(thing.noun) in {stem(w) for w in normal(i.text).split()}]
    return found if len(found) > 1 else []


def _lists(page: Page) -> Iterator[Grid]:
    yield from (g for g in records(page) if len(g.body) >= 2)
    yield from (_headed(g) for g in page.grids if g.kind != "list" and g.width >= 3 and len(g.body) >= 4)
    cards = [b for b in page.blocks if 2 <= len(b) <= 8]
    if len(cards) >= 3:
        width = max(len(b) for b in cards)
        rows = tuple((*b, *([None] * (width - len(b)))) for b in cards)
        yield Grid("list", ((),) * width, rows, title=page.lines[0].text)


def _headed(grid: Grid) -> Grid:
    """A plan that was taken for labels with values: its first row heads it where it repeats nothing and is no number."""
    first = [normal(c.text) for c in grid.body[0][1:] if c is not None]
    rest = {normal(c.text) for row in grid.body[1:] for c in row if c is not None}
    if len(first) < grid.width - 1 or any(t in rest or is_numeric(t) for t in first):
        return grid
    heads = tuple((c,) if c is not None else () for c in grid.body[0])
    return Grid("list", heads, grid.body[1:], title=grid.title)


class _Tally:
    """One list of records against one question."""

    def __init__(self, question: Question, thing: Counted, grid: Grid, page: Page) -> None:
        self.question, self.thing, self.grid, self.page = question, thing, grid, page
        self.rows = without_totals(grid.body) if len(grid.body) > 2 else list(grid.body)
        self.rows += _beneath(grid, page)
        self.heads = _heads(grid, page)
        self.titles = [grid.title, *(i.text for i in page.lines[:2])]
        self.terms = [t for t in question.terms if self._says(t)]

    def _says(self, term: Term) -> bool:
        """Whether a term must have its place: no verb, no "these", not what is counted."""
        if term.text == self.thing.verb or self.thing.means(term) or term.kind == "soft" or is_generic(term):
            return False
        if has_han(term.text) and (term.text in THINGS_ZH or (len(term.text) <= 2 and is_verb(term.text))):
            return False
        if term.text.split()[0] in (self.thing.verb, *PARTICLES) or term.text in UNITS:
            return False
        proper = term.text in proper_names(self.question.text) or term.text == predicate(self.question.folded)
        return proper or not (term.weak or weight(term, self.question) < 0.5)

    def found(self) -> list[Item]:
        """The first cells of the records that fit, or the cells of a plan; empty where a word has no place."""
        picked: list[set[tuple[int, int]]] = []
        columns: set[int] = set()
        for term in self.terms:
            cells = self._cells(term)
            heads = {c for c, h in enumerate(self.heads) if c and self._speaks(term, h) >= _SURE}
            if heads and not (cells and len({r for r, _ in cells}) < len(self.rows) and not self._is_plan()):
                columns |= heads
            elif cells and len({r for r, _ in cells}) < len(self.rows):
                picked.append(cells)
            elif not cells and not self._explained(term):
                return []
        letter = _ALONE.search(self.question.text)
        if letter is not None:
            picked.append(self._exactly(letter[1], columns))
        flag = state(self.question.folded)
        if flag is not None and not picked:
            stated = [(r, row) for r, row in enumerate(self.rows) if says(row, flag) is not None]
            return [_first(row) for _, row in stated] if 0 < len(stated) < len(self.rows) else []
        turns = self._of_noun()
        if turns:
            return self._turns([*picked, turns], columns)
        if not picked:
            return self._in_column(columns)
        if not self._counts_records(picked):
            return []
        if self._is_plan() and (len(picked) == 1 or columns):
            return self._turns(picked, columns)
        rows = set.intersection(*({r for r, _ in cells} for cells in picked))
        if len(rows) == 1 and (any(c == 0 for cells in picked for _, c in cells) or not self._is_table()):
            return []  # a record that is named is asked for something that it does not say
        return [_first(self.rows[r]) for r in sorted(rows)]

    def _is_table(self) -> bool:
        return any(self.heads) and self._are_records()

    def are_all(self) -> bool:
        """Whether the question speaks of the records as a whole, and of nothing that picks some of them."""
        open_terms = [t for t in self.terms if not self._explained(t) or self._cells(t)]
        if open_terms or state(self.question.folded) is not None:
            return False
        if self.thing.generic:
            named = [looks_like_name(_first(row).text) for row in self.rows]
            people = self.thing.noun in ("people", "persons", "人") or self.thing.unit in tuple("位名")
            return any(self.heads) and (not people or sum(named) >= 0.8 * len(named))
        title = normal(self.grid.title)
        if title and len(title.split()) <= 3 and _is_noun(self.thing.noun, title):
            return True
        noun = re.escape(self.thing.noun[:-1] if len(self.thing.noun) > 3 else self.thing.noun)
        by = re.compile(rf"\b(?:by|per|each|every) (?:the )?{noun}|[各每]个?{noun}")
        if any(by.search(normal(t)) for t in self.titles if t):
            return True
        plain = [c for c, h in enumerate(self.heads) if h and not any(is_numeric(i.text) for i in self.grid.column(c))]
        return any(_alike(self.thing.noun, self.heads[c]) for c in plain[:2])

    def _are_records(self) -> bool:
        """Whether a heading or title names what is counted."""
        return any(_alike(self.thing.noun, t) for t in (*self.heads, *self.titles) if t)

    def _of_noun(self) -> set[tuple[int, int]]:
        """The cells of a plan that are what is counted themselves: lessons of a subject."""
        noun = self.thing.noun
        if self.thing.generic or not self._is_plan():
            return set()
        return {
            (r, c)
            for r, row in enumerate(self.rows)
            for c, cell in enumerate(row)
            if c and cell is not None and _is_noun(noun, normal(cell.text))
        }

    def _cells(self, term: Term) -> set[tuple[int, int]]:
        unit = re.search(
            rf"(?<![\d.]){re.escape(term.text)}\s?({'|'.join(UNITS)}|[升米克码寸岁年])", self.question.folded
        )
        sized = re.compile(rf"(?<![\d.]){re.escape(term.text)}\s?{unit[1]}") if term.kind == "number" and unit else None
        every = {(r, c): cell.text for r, row in enumerate(self.rows) for c, cell in enumerate(row) if cell is not None}
        if sized is not None:
            return {at for at, text in every.items() if sized.search(normal(text))}
        if has_han(term.text) and term.text in _TITLES_ZH:
            return self._surnamed(term, every)
        said = {at for at, text in every.items() if likeness(term, words(text)) >= _SURE}
        if said or term.kind != "word" or term.text in proper_names(self.question.text):
            return said
        return {at for at, text in every.items() if len(text) <= 20 and _means(term, text)}

    def _surnamed(self, term: Term, every: dict[tuple[int, int], str]) -> set[tuple[int, int]]:
        """The cells with the name of a person who is called by surname and role: 罗医生."""
        match = re.search(rf"([\u4e00-\u9fff])(?={term.text})", self.question.folded)
        if match is None:
            return set()
        return {
            at
            for at, t in every.items()
            if t.startswith(match[1]) and len(t) <= 4 and (t == match[1] or looks_like_name(t))
        }

    def _speaks(self, term: Term, text: str) -> float:
        return likeness(term, words(text)) if text else 0.0

    def _explained(self, term: Term) -> bool:
        """Whether a heading, a title or the page around the records speaks of a term."""
        if any(self._speaks(term, t) >= _NAMED or _means(term, t) for t in (*self.heads, *self.titles) if t):
            return True
        return likeness(term, self.page.words) >= _SURE

    def _exactly(self, text: str, columns: set[int]) -> set[tuple[int, int]]:
        return {
            (r, c)
            for r, row in enumerate(self.rows)
            for c, cell in enumerate(row)
            if cell is not None and cell.text.strip() == text and (not columns or c in columns)
        }

    def _counts_records(self, picked: Sequence[set[tuple[int, int]]]) -> bool:
        """Whether the records may be what is counted, and are no labels with one value each."""
        if self.thing.generic or self._are_records():
            return True
        if self.grid.width < 3 and not any(self.heads):
            return False
        known = not has_han(self.thing.noun) or self.thing.noun in self.page.text
        return known and any(c for cells in picked for _, c in cells)

    # --- plans: who is where when -----------------------------------------------------------------------------------

    def _is_plan(self) -> bool:
        """Whether columns are days or places and cells are who or what is there: the same texts in several columns."""
        seen: dict[str, set[int]] = {}
        for row in self.rows:
            for c, cell in enumerate(row):
                if c and cell is not None and not is_numeric(cell.text):
                    seen.setdefault(normal(cell.text), set()).add(c)
        return self.grid.width >= 3 and sum(len(cs) > 1 for cs in seen.values()) >= 2 and any(self.heads)

    def _turns(self, picked: Sequence[set[tuple[int, int]]], columns: set[int]) -> list[Item]:
        """The cells that say what is named, in the named columns and rows; whole rows are named by their first cell."""
        rows = set(range(len(self.rows)))
        cells: set[tuple[int, int]] = set()
        for found in picked:
            first = {r for r, c in found if c == 0}
            inside = {(r, c) for r, c in found if c}
            if inside:
                cells = cells & inside if cells else inside
            else:
                rows &= first
        if not cells:
            return [
                cell
                for r in sorted(rows)
                for c, cell in enumerate(self.rows[r])
                if c and cell is not None and (not columns or c in columns) and _there(cell)
            ]
        kept = sorted((r, c) for r, c in cells if r in rows and (not columns or c in columns))
        return [cell for r, c in kept if (cell := self.rows[r][c]) is not None]

    def _in_column(self, columns: set[int]) -> list[Item]:
        """Without a word that picks: who is there in a plan's column; the records where a column says yes."""
        if len(columns) != 1:
            return []
        column = next(iter(columns))
        cells = [(row, row[column]) for row in self.rows if row[column] is not None]
        texts = [normal(c.text).strip() for _, c in cells if c is not None]
        absent = any(_AWAY.fullmatch(t) for row in self.rows for c in row[1:] if c for t in [normal(c.text).strip()])
        if self._is_plan() and absent and (self.thing.generic or any(_alike(self.thing.noun, t) for t in self.titles)):
            return [c for _, c in cells if c is not None and _there(c)]
        if texts and all(_YES.fullmatch(t) or _NO.fullmatch(t) for t in texts):
            denied = re.search(r"\bnot?\b|n't\b|\byet to\b|没|未|不", self.question.folded) is not None
            wanted = _NO if denied else _YES
            return [c for _, c in cells if c is not None and wanted.fullmatch(normal(c.text).strip())]
        return []


_TITLES_ZH = frozenset("医生 大夫 老师 师傅 阿姨 叔叔 护士 教授 教练 经理 主任 先生 女士 同学 律师 工".split())  # noqa: SIM905


def _heads(grid: Grid, page: Page) -> list[str]:
    """The headings; where a table has none, the lines right above its columns."""
    heads = [grid.head(c) for c in range(grid.width)]
    columns = [grid.column(c) for c in range(grid.width)]
    if any(heads) or not all(columns):
        return heads
    top = min(i.box[1] for column in columns for i in column)
    near = [i for i in page.loose if i.box[3] <= top + 2 and top - i.box[3] < 1.6 * i.height and len(i.text) < 24]
    over = [[i.text for i in near if any(across(i, o) > 0.3 for o in column)] for column in columns]
    found = [o[0] if len(o) == 1 else "" for o in over]
    return found if sum(map(bool, found)) >= max(2, grid.width - 2) else heads


def _beneath(grid: Grid, page: Page) -> list[Row]:
    """Rows that go on right under a table, in its columns, and were not read as part of it."""
    columns = [grid.column(c) for c in range(grid.width)]
    if grid.width < 3 or not all(columns):
        return []
    found: list[Row] = []
    last = max(i.box[3] for column in columns for i in column)
    for items in page.rows:
        top, height = min(i.box[1] for i in items), items[0].height
        if not -0.3 * height < top - last < 2.5 * height or len(items) < grid.width - 1:
            continue
        row = tuple(next((i for i in items if across(i, column[-1]) > 0.3), None) for column in columns)
        if sum(c is not None for c in row) >= grid.width - 1:
            found.append(row)
            last = max(i.box[3] for i in items)
    return found


def _is_noun(noun: str, text: str) -> bool:
    if has_han(noun):
        return noun in text or (len(text) > 1 and noun.startswith(text))
    return stem(noun) in {stem(w) for w in text.split()}


def _first(row: Row) -> Item:
    return next(c for c in row if c is not None)


def _there(cell: Item) -> bool:
    return _AWAY.fullmatch(normal(cell.text).strip()) is None


def _means(term: Term, text: str) -> bool:
    """Whether a short text means what a term says, in other words."""
    if term.kind not in ("word", "han", "concept") or is_numeric(text) or looks_like_name(text):
        return False
    parts = [normal(text)] if has_han(text) else [w for w in normal(text).split() if len(w) > 3]
    return nearest_of(term.text, parts) >= _LIKE


def _alike(noun: str, text: str) -> bool:
    """Whether a heading or title names what is counted."""
    if not noun:
        return False
    folded = normal(text)
    if has_han(noun):
        return noun in folded or any(closeness(noun, p) >= _LIKE for p in [folded] if len(p) <= 6)
    return any(stem(noun) == stem(w) or closeness(noun, w) >= _LIKE for w in re.findall(r"[a-z]{3,}", folded))
