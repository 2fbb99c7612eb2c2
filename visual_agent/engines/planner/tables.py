"""Questions about rows and columns: one cell, most and least, sums, differences, averages, counts.

In: a `Question` and a page's lists of records. Out: `Hit`s (one cell) and `Result`s (something worked out from cells).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from visual_agent.engines.planner.fields import THRESHOLD, Hit, countable, exact_type, extract, find, in_script, is_generic, looks_like_name, measure, wanted, weight, weight_on, without
from visual_agent.engines.planner.grids import Grid, Row
from visual_agent.engines.planner.observed import Item
from visual_agent.engines.planner.pages import Page
from visual_agent.engines.planner.questions import Question, threshold
from visual_agent.engines.planner.records import records, transposed, without_totals
from visual_agent.engines.planner.values import is_numeric, number_of, of_kind, values
from visual_agent.engines.planner.words import Term, likeness, words


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


class _Match:
    """How each term of a question matches a grid's headings and cells."""

    def __init__(self, question: Question, grid: Grid, page: Page) -> None:
        self.question, self.grid, self.page = question, grid, page
        self.rows = without_totals(grid.body) if len(grid.body) > 2 else list(grid.body)
        self.title = words(grid.title)
        self.heads = [words(grid.head(c)) for c in range(grid.width)]
        dated = [bool(of_kind(grid.head(c), "weekday") or of_kind(grid.head(c), "date")) for c in range(1, grid.width)]
        self.cross = len(dated) > 1 and sum(dated) >= 0.6 * len(dated)
        self.cells = [[words(cell.text) if cell else None for cell in row] for row in self.rows]

    def head(self, term: Term, column: int) -> float:
        return likeness(term, self.heads[column]) if self.heads[column].folded else 0.0

    def cell(self, term: Term, row: int, column: int) -> float:
        text = self.cells[row][column]
        return likeness(term, text) if text is not None else 0.0

    def in_row(self, term: Term, row: int, skip: int = -1) -> float:
        columns = range(1 if self.cross else self.grid.width)
        return max((self.cell(term, row, c) for c in columns if c != skip), default=0.0)

    def selecting(self) -> list[Term]:
        """Terms that name some of the rows."""
        picked = []
        for term in self.question.terms:
            if weight_on(term, self.question, self.page) < 0.15 or (self.title.folded and likeness(term, self.title) >= 0.9):
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
        around = [(1.0, self.grid.head(column)), (0.9, self.grid.title)]
        for c in range(self.grid.width):
            if c != column:
                around.append((0.7, self.grid.head(c)))
                cell = self.rows[row][c] if row is not None else None
                if cell is not None:
                    around.append((1.0, cell.text))
        if row is not None and (own := self.rows[row][column]) is not None:
            around.append((0.6, own.text))
            return measure(self.question, around, self.page, own.text)
        return measure(self.question, around, self.page)


def lookup(question: Question, page: Page) -> list[Hit]:
    """Cells that may answer, best first."""
    hits: list[Hit] = []
    for grid in records(page):
        match = _Match(question, grid, page)
        hits += _cells(match)
        hits += _edges(match)
    return sorted(hits, key=lambda h: -h.score)


def _cells(match: _Match) -> list[Hit]:
    question, grid = match.question, match.grid
    wants = wanted(question)
    selecting = match.selecting()
    hits = []
    columns = _columns(match, wants)
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
            hits.append(
                Hit(text, (cell.id,), label_text, score, match.page.name, wants, label_ids, cell.score, missing)
            )
    return hits


def _edges(match: _Match) -> list[Hit]:
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
                hits.append(Hit(answer, ids, cell.text, share, match.page.name, wants, (cell.id,), cell.score, missing))
    return hits


def _edge_answer(text: str, wants: str) -> str | None:
    """A heading as the answer to "which day" or "what time"; None where it is of another type."""
    if wants in ("date", "weekday", "when", "month"):
        dated = of_kind(text, "weekday") or of_kind(text, "date") or (wants == "month" and extract(text, "month"))
        return text if dated else None
    if wants == "time":
        return extract(text, "time")
    return None


def _columns(match: _Match, wants: str) -> list[tuple[int, float]]:
    """Columns that may hold the answer with a small preference each."""
    grid, question = match.grid, match.question
    evidence = []
    for c in range(grid.width):
        best = max((match.head(t, c) * min(weight(t, question), 1.0) for t in question.terms), default=0.0)
        fit = _share_fitting(match, c, wants)
        typed = _typed_head(match, c, wants)
        evidence.append((c, best, fit, typed))
    found = []
    strongest = max((e[1] for e in evidence), default=0.0)
    for c, best, fit, typed in evidence:
        if fit < 0.5 and best < 0.55:
            continue
        if question.counts and wants == "number" and best < 0.55 and grid.width > 2:
            continue
        preference = 0.06 * best + (0.05 if typed else 0.0) + 0.03 * fit
        if wants == "" and c == 0 and grid.width > 1 and strongest < 0.55:
            preference += 0.02
        if wants == "" and grid.width == 2 and c == 1:
            preference += 0.05
        found.append((c, preference))
    return found


def _share_fitting(match: _Match, column: int, wants: str) -> float:
    cells = [row[column] for row in match.rows if row[column] is not None]
    return sum(exact_type(c.text, wants) and extract(c.text, wants) is not None for c in cells if c) / max(
        len(cells), 1
    )


def _typed_head(match: _Match, column: int, wants: str) -> bool:
    from visual_agent.engines.planner.words import lexicon

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
                results += _extreme(_Match(question, turned, page), turned is not grid, 0.01 * number)
    return sorted(results, key=lambda r: -r.score)


def _extreme(match: _Match, is_turned: bool, late: float) -> list[Result]:
    question, grid = match.question, match.grid
    rank = _rank_column(match, 1 if is_turned else 0)
    if rank is None:
        return []
    column, sure = rank
    rows, share = _filtered(match, column)
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
    if began:
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
    texts = [
        match.rows[r][answer].text for k, r in keyed if k == value and answer is not None and match.rows[r][answer]
    ]  # type: ignore[union-attr]
    tied = len(texts) > 1 and question.rank == 1 and len(set(texts)) > 1
    text = extract(shown.text, question.wants if answer is None else "") or shown.text
    if tied:
        text = ", ".join(dict.fromkeys(texts))
    most = "largest" if question.high else "smallest"
    how = f"the {most} value in column {grid.head(column) or column + 1} is {rank_cell.text}"
    return [
        Result(text, (shown.id, rank_cell.id), how, share + sure - late - (0.03 if is_turned else 0), match.page.name)
    ]


def _rank_column(match: _Match, first: int = 0) -> tuple[int, float] | None:
    """The column that the question ranks by, and a small bonus for how sure that is."""
    question, grid = match.question, match.grid
    plain = [t for t in question.terms if t.kind in ("number", "word") and weight(t, question) >= 0.9]
    choices = []
    for c in range(first, grid.width):
        cells = [row[c] for row in match.rows if row[c] is not None]
        kind = "when" if question.measure == "when" else ""
        began = question.measure == "duration" and bool(match.heads[c].concepts & {"start_date", "year"})
        kind = "when" if began else kind
        keyed = sum(key_of(x.text, kind) is not None and (is_numeric(x.text) or kind == "when") for x in cells if x)
        if keyed < 2 or keyed < 0.6 * len(cells):
            continue
        named = max((match.head(t, c) for t in question.terms if weight(t, question) >= 0.2), default=0.0)
        held = sum(all(likeness(t, words(x.text)) >= 0.9 for t in plain) for x in cells if x) >= 0.6 * len(cells) if plain else False
        named += 1.0 if began else 0.0
        by_measure = bool(question.measure) and question.measure in match.heads[c].concepts
        money = question.measure == "price" and any(of_kind(x.text, "amount") for x in cells if x)
        when = question.measure == "when" and any(
            v.kind in ("date", "time") for x in cells if x for v in values(x.text)
        )
        choices.append((0.1 * named + (0.1 if held else 0.0) + (0.08 if by_measure else 0) + (0.05 if money or when else 0), c))
    if not choices:
        return None
    bonus, column = max(choices, key=lambda bc: (round(bc[0], 3), bc[1] if not question.measure else -bc[1]))
    return column, bonus


def _filtered(match: _Match, column: int) -> tuple[list[int], float]:
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
    around = [(1.0, match.grid.head(column)), *((0.8, match.grid.head(c)) for c in range(match.grid.width))]
    around.append((0.95, match.grid.title))
    around += [(1.0, c.text) for r in rows[:1] for c in match.rows[r] if c]
    around += [(0.9, c.text) for r in rows[1:] for c in match.rows[r] if c]
    ranked = [c.text for r in rows if (c := match.rows[r][column]) is not None]
    value = next((t for t in ranked if of_kind(t, "amount") and not of_kind(t, "date")), ranked[0] if ranked else "")
    share, _ = measure(question, around, match.page, value)
    nothing = not [t for t in question.terms if weight(t, question) >= 0.3]
    return rows, 0.75 if nothing else share


def _answer_column(match: _Match, rank: int) -> int | None:
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
            _share_fitting(match, c, question.wants)
            if question.wants in ("when", "date", "time", "month", "name", "year")
            else 0.0
        )
        asked = question.wants == "when" and any(
            v.kind in ("date", "time", "weekday") for x in cells if x for v in values(x.text)
        )
        if text < 0.5 and fit < 0.5 and not asked:
            continue
        score = 0.4 * text + 0.6 * named + 0.5 * fit + (0.4 if asked else 0.0) - 0.01 * c
        if score > best_score:
            best_column, best_score = c, score
    return best_column


def _asks_value(question: Question) -> bool:
    """ "What is the highest price" asks for a number, "which is the dearest" for a name."""
    import re

    which = re.search(
        r"\b(?:which|who|whose|whom)\b|\bwhat (?:item|product|month|day|city|region|team)|哪(?!天|一天)|谁|什么(?:商品|菜|产品|东西)",
        question.folded,
    )
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


# --- worked out ----------------------------------------------------------------------------------------------------


def shown(number: float) -> str:
    """A worked-out number as people write it: at most two decimals, none where it is whole."""
    rounded = round(number, 2)
    return str(int(rounded)) if rounded == int(rounded) else f"{rounded:.2f}"


def total(question: Question, page: Page, *, mean: bool = False) -> list[Result]:
    """A sum (or mean): of two named values, else of all cells that fit equally well."""
    results = []
    named = without(question, [t for t in question.terms if is_generic(t) and not t.weak])
    for hits in operands(replace(named, wants=question.wants or "number"), page):
        results.append(_worked(hits, page, "+", sum(h for h in _numbers(hits)) / (len(hits) if mean else 1)))
    for grid in records(page):
        for turned in (grid, transposed(grid)):
            if turned is not None:
                results += _column_total(_Match(question, turned, page), mean)
    return sorted(results, key=lambda r: -r.score)


def _column_total(match: _Match, mean: bool) -> list[Result]:
    question, grid = match.question, match.grid
    rank = _rank_column(replace_measure(match))
    if rank is None:
        return []
    selecting = match.selecting()
    cells: list[tuple[Item, float]] = []
    if selecting:
        scored = []
        for r, row in enumerate(match.rows):
            if not any(match.in_row(t, r) >= 0.55 for t in selecting):
                continue
            for c, cell in enumerate(row):
                if cell is not None and is_numeric(cell.text) and (n := number_of(cell.text)) is not None:
                    scored.append((round(match.score(r, c)[0], 2), cell, n))
        top = max((s for s, _, _ in scored), default=0.0)
        cells = [(cell, n) for s, cell, n in scored if s >= top - 0.03]
        share = top
    else:
        column, share = rank[0], _filtered(match, rank[0])[1]
        for row in match.rows:
            cell = row[column]
            if cell is not None and (n := number_of(cell.text)) is not None:
                cells.append((cell, n))
    if len(cells) < 2:
        return []
    number = sum(n for _, n in cells) / (len(cells) if mean else 1)
    how = ("mean" if mean else "sum") + f" of {len(cells)} cells"
    return [Result(shown(number), tuple(c.id for c, _ in cells), how, share - 0.02, match.page.name)]


def replace_measure(match: _Match) -> _Match:
    """The match for a question that ranks nothing."""
    return match


def _numbers(hits: Sequence[Hit]) -> list[float]:
    return [n for h in hits if (n := number_of(h.text)) is not None]


def _worked(hits: Sequence[Hit], page: Page, sign: str, number: float) -> Result:
    how = f" {sign} ".join(h.text for h in hits)
    ids = tuple(i for h in hits for i in h.ids)
    return Result(shown(number), ids, how, min(h.score for h in hits), page.name)


def operands(question: Question, page: Page, *, numeric: bool = True) -> list[tuple[Hit, Hit]]:
    """Pairs of values that two of the question's terms name, best first: "quinoa plus couscous", "from May to June"."""
    asked = replace(question, wants="number" if question.wants in ("", "name", "place") else question.wants)
    decisive = [t for t in question.terms if weight(t, question) >= 0.3 or t.kind == "number"][:9]
    found = []
    for a, b in combinations(decisive, 2):
        ones = _usable(best(without(asked, [b]), page), a, page, numeric)
        twos = _usable(best(without(asked, [a]), page), b, page, numeric)
        for one in ones:
            for two in twos:
                if one.ids == two.ids and one.text == two.text:
                    continue
                alike = 0.2 if one.column and one.column == two.column else 0.0
                found.append((one.score + two.score + alike, (one, two)))
    return [pair for _, pair in sorted(found, key=lambda sp: -sp[0])]


def _usable(hits: Sequence[Hit], term: Term, page: Page, numeric: bool) -> list[Hit]:
    """The best few values that really hang on a term."""
    good = [h for h in hits[:6] if h.sure and (not numeric or number_of(h.text) is not None)]
    return [h for h in good if _tells(term, h, page)][:4]


def _tells(term: Term, hit: Hit, page: Page) -> bool:
    """Whether a hit really hangs on the term: it stands in the hit's label or row."""
    return likeness(term, words(hit.label)) >= 0.55 or any(
        likeness(term, words(page.known[i].text)) >= 0.55 for i in hit.also if i in page.known
    )


def difference(question: Question, page: Page) -> list[Result]:
    """What two named values differ by."""
    results = []
    for first, second in operands(question, page):
        numbers = _numbers((first, second))
        if len(numbers) == 2:
            results.append(_worked((first, second), page, "-", abs(numbers[0] - numbers[1])))
    return sorted(results, key=lambda r: -r.score)


def spread(question: Question, page: Page) -> list[Result]:
    """The most less the least of one column."""
    results = []
    for grid in records(page):
        match = _Match(question, grid, page)
        rank = _rank_column(match)
        if rank is None:
            continue
        keyed = [(k, c) for row in match.rows if (c := row[rank[0]]) is not None and (k := number_of(c.text)) is not None]
        if len(keyed) < 2:
            continue
        low, high = min(keyed, key=lambda kc: kc[0]), max(keyed, key=lambda kc: kc[0])
        share = _filtered(match, rank[0])[1] + rank[1]
        how = f"{high[1].text} - {low[1].text}"
        results.append(Result(shown(high[0] - low[0]), (high[1].id, low[1].id), how, share, page.name))
    return sorted(results, key=lambda r: -r.score)


def selected(question: Question, page: Page) -> list[tuple[Grid, list[Row], float]]:
    """For each list of records: the rows that the question's words and its "over 100" leave, and the share explained."""
    found = []
    for grid in records(page):
        match = _Match(question, grid, page)
        rows, share = _chosen(match)
        found.append((grid, rows, share))
    return sorted(found, key=lambda grs: -grs[2])


def _chosen(match: _Match) -> tuple[list[Row], float]:
    if match.cross:
        return _chosen_cells(match)
    counted = [t for t in match.question.terms if t.concepts & {"people_count", "quantity", "employee", "people"}]
    question = without(match.question, counted if len(counted) < len(match.question.terms) else [])
    limit = threshold(question.folded)
    selecting = match.selecting()
    rows = [r for r in range(len(match.rows)) if all(match.in_row(t, r) >= 0.55 for t in selecting)]
    if limit is not None and (bound := key_of(limit[1])) is not None:
        rank = _rank_column(match)
        if rank is not None:
            kept = []
            for r in rows:
                cell = match.rows[r][rank[0]]
                key = key_of(cell.text) if cell is not None else None
                if key is not None and (key > bound if limit[0] else key < bound):
                    kept.append(r)
            rows = kept
    around = [(0.9, match.grid.head(c)) for c in range(match.grid.width)] + [(0.95, match.grid.title)]
    around += [(1.0, c.text) for r in rows[:1] for c in match.rows[r] if c]
    share, _ = measure(question, around, match.page)
    if not any(weight(t, question) >= 0.3 and not is_generic(t) for t in question.terms):
        share = max(share, 0.75)
    return [match.rows[r] for r in rows], share if selecting or limit else share - 0.1


def _chosen_cells(match: _Match) -> tuple[list[Row], float]:
    """In a week's plan each cell is a record: the cells that speak of what is asked."""
    question = match.question
    decisive = [t for t in question.terms if weight(t, question) >= 0.6 and not is_generic(t)]
    cells = [c for row in match.rows for c in row[1:] if c is not None]
    fit = [c for c in cells if decisive and all(likeness(t, words(c.text)) >= 0.9 for t in decisive)]
    return [(c,) for c in fit], 0.8 if fit else 0.0
