"""Everything on a page that is a list of records: tables, two-column forms, bar charts, cards, lines of one pattern.

In: a `Page`. Out: `Grid`s of kind "list", so that rows and columns are asked about in one way, whatever they look like.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visual_agent.engines.planner.page.charts import charts, is_period
from visual_agent.engines.planner.page.grids import Grid, Row
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page, is_code, split_line
from visual_agent.engines.planner.text.folding import normal
from visual_agent.engines.planner.text.values import is_numeric, of_kind
from visual_agent.engines.planner.text.words import words


def records(page: Page) -> list[Grid]:
    """The page's lists of records, the surest kind first."""
    found = [part for g in page.grids for part in _halves(g) or ([g] if g.kind == "list" and g.body else [])]
    cards = _column_cards(page)
    found += cards or [_from_form(g) for g in page.grids if g.kind == "form" and g.width == 2]
    found += _paired_rows(page)
    found += charts(page)
    found += _cards(page)
    found += _patterned(page)
    return [g for g in found if g.body]


def transposed(grid: Grid) -> Grid | None:
    """The grid with its columns as rows; None where it has no headings to become row labels."""
    if grid.width < 3 or not all(grid.heads[c] for c in range(1, grid.width)):
        return None
    heads: list[tuple[Item, ...]] = [()]
    heads += [tuple(c for c in row[:1] if c is not None) for row in grid.body]
    body: list[Row] = []
    for c in range(1, grid.width):
        head = grid.heads[c]
        label = Item(head[-1].id, grid.head(c), head[-1].box, min(h.score for h in head))
        body.append((label, *(row[c] for row in grid.body)))
    return Grid("list", tuple(heads), tuple(body), title=grid.title)


def _halves(grid: Grid) -> list[Grid]:
    """Lists side by side that were read as one table: a name and an amount, and again a name and an amount."""
    rows = (
        [tuple(head[-1] if head else None for head in grid.heads), *grid.body] if any(grid.heads) else list(grid.body)
    )
    if grid.width not in (4, 6) or len(rows) < 3:
        return []
    headed = all(h is not None and not _has_number(h) for h in rows[0])
    found = []
    for c in range(0, grid.width, 2):
        pairs = [(row[c], row[c + 1]) for row in rows[1 if headed else 0 :]]
        body = tuple((a, b) for a, b in pairs if a is not None and b is not None)
        if len(body) < 2 or not all(_has_number(b) for _, b in body) or any(_has_number(a) for a, _ in body):
            return []
        heads = tuple((h,) if headed and h is not None else () for h in rows[0][c : c + 2])
        found.append(Grid("list", heads, body))
    if not headed:
        return [Grid("list", ((), ()), tuple(row for half in found for row in half.body))]
    return found


def _from_form(grid: Grid) -> Grid:
    return Grid(
        "list", ((), ()), tuple(r for r in grid.body if r[0] is not None and r[1] is not None), title=grid.title
    )


def _column_cards(page: Page) -> list[Grid]:
    """Cards that were read as the columns of a table: a text over one or more numbers, again and again."""
    cards: list[list[Item]] = []
    for grid in page.grids:
        if (grid.kind == "list" and any(grid.heads)) or (grid.kind == "form" and grid.width > 2):
            continue
        for c in range(grid.width):
            column = [row[c] for row in grid.body]
            cards += _stacks([*_over(column, page), *(x for x in column if x is not None)])
    sizes = [len(card) for card in cards]
    size = max(set(sizes), key=sizes.count) if sizes else 0
    same = [tuple(card) for card in cards if len(card) == size]
    return [Grid("list", ((),) * size, tuple(same))] if len(same) >= 3 and size >= 2 else []


def _over(column: Sequence[Item | None], page: Page) -> list[Item]:
    """The loose lines right above a column that begins with a number: the start of its first card."""
    first = next((c for c in column if c is not None), None)
    if first is None or not is_numeric(first.text):
        return []
    width = max(c.box[2] for c in column if c is not None) - first.box[0]
    near = [
        i
        for i in page.loose
        if i.box[3] <= first.middle[1]
        and first.box[1] - i.box[3] < 4 * first.height
        and 0 <= i.middle[0] - first.box[0] + 10 < width + 60
    ]
    return sorted(near, key=lambda i: i.box[1])[-2:]


def _stacks(column: Sequence[Item]) -> list[list[Item]]:
    """A column cut before each text that follows a number."""
    stacks: list[list[Item]] = []
    for item in column:
        if not is_numeric(item.text) and (not stacks or is_numeric(stacks[-1][-1].text)):
            stacks.append([item])
        elif stacks:
            stacks[-1].append(item)
    return [s for s in stacks if len(s) > 1]


def _paired_rows(page: Page) -> list[Grid]:
    """Loose rows of a text and a number, three and more: horizontal bars, price lists."""
    rows = [
        tuple(row) for row in page.rows if len(row) == 2 and is_numeric(row[1].text) and not is_numeric(row[0].text)
    ]
    return [Grid("list", ((), ()), tuple(rows))] if len(rows) >= 3 else []


def _cards(page: Page) -> list[Grid]:
    """Blocks of the same number of lines, one of them with numbers: shelf labels, tiles, a programme of walks."""
    found = []
    blocks = [b for b in page.blocks if 2 <= len(b) <= 8]
    sizes = [len(b) for b in blocks]
    for size in sorted(set(sizes)):
        same = [b for b in blocks if len(b) == size]
        if sizes.count(size) == max(sizes.count(k) for k in sizes):
            same += [w for b in blocks if len(b) == size + 1 and len(w := _unwrapped(b)) == size]
        if len(same) >= 3 and all(len(i.text) < _CARD for b in same for i in b):
            columns = [part for k in range(size) for part in _card_columns([b[k] for b in same])]
            numeric = [sum(_has_number(c) for c in cells) >= 0.7 * len(cells) for _, cells in columns]
            if any(numeric) and not all(numeric):
                heads = tuple(
                    (Item(cells[0].id, h, cells[0].box, cells[0].score),) if h else () for h, cells in columns
                )
                found.append(Grid("list", heads, tuple(zip(*(cells for _, cells in columns), strict=True))))
    return found


_CARD = 48
"""Characters that no line of a card has."""
_PREFIX = re.compile(r"([^\W\d_][^:：\d]{1,18})[:：]\s*(?=\S)")


def _has_number(item: Item) -> bool:
    return is_numeric(item.text) or _AMOUNT.match(item.text) is not None


_AMOUNT = re.compile(r"\W{0,3}\d[\d.,:]*\s?[^\W\d_]{0,12}$|free$|免费$", re.IGNORECASE)


def _unwrapped(block: Sequence[Item]) -> list[Item]:
    """A block in which a line that goes on the one before it is put to that."""
    lines: list[Item] = []
    for item in block:
        if lines and item.text[:1].islower() and not lines[-1].text.rstrip().endswith((".", "。")):
            lines[-1] = _part(lines[-1], f"{lines[-1].text} {item.text}")
        else:
            lines.append(item)
    return lines


def _card_columns(cells: list[Item]) -> list[tuple[str, list[Item]]]:
    """The columns that one line of each card makes: without the label that all have, cut at commas where all are."""
    label = _shared_label([c.text for c in cells])
    if label:
        cells = [_part(c, c.text[len(label) :].lstrip(" :：") if c.text.startswith(label) else c.text) for c in cells]
    parts = [re.split(r"\s*[,，·|]\s+", c.text) for c in cells]
    if len(parts[0]) > 1 and len({len(p) for p in parts}) == 1:
        return [
            (label if k == 0 else "", [_part(c, p[k]) for c, p in zip(cells, parts, strict=True)])
            for k in range(len(parts[0]))
        ]
    return [(label, cells)]


def _shared_label(texts: Sequence[str]) -> str:
    """The label ("Leader:") or first word that most lines begin with; empty where there is none."""
    labels = [m[1].strip() for t in texts if (m := _PREFIX.match(t))]
    words_ = [t.split()[0] for t in texts if len(t.split()) > 1 and t.split()[0].isalpha()]
    for found in (labels, words_):
        top = max(set(found), key=found.count) if found else ""
        if top and not of_kind(top, "weekday") and found.count(top) >= 0.7 * len(texts):
            return top
    return ""


def _patterned(page: Page) -> list[Grid]:
    """Lines that each end in a value ("Tea 2.50"), three and more in the same manner."""
    rows: list[Row] = []
    for item in page.loose:
        parts = split_line(item.text)
        named = len(parts) == 1 and re.search(r"[^\W\d_]{2}|[\u4e00-\u9fff]", parts[0][0]) is not None
        if named and len(item.text) < 60 and not is_code(item.text) and not is_period(item):
            rows.append((_part(item, parts[0][0]), _part(item, parts[0][1])))
    return [Grid("list", ((), ()), tuple(rows))] if len(rows) >= 3 else []


def _part(item: Item, text: str) -> Item:
    return Item(item.id, text, item.box, item.score)


def without_totals(rows: Sequence[Row]) -> list[Row]:
    """The rows that are records: what stands above the first sum, without sums and what counts for nobody."""
    rows = [row for row in rows if not _counts_for_nobody(row)]
    totals = [n for n, row in enumerate(rows) if _is_total(row)]
    if totals and totals[0] >= 2:
        return list(rows[: totals[0]])
    return [row for n, row in enumerate(rows) if n not in totals]


_NOBODY = re.compile(
    r"(?:spoil(?:ed|t)|rejected|invalid|blank|void|uncounted)\b.*|abstain\w*|abstentions?|(?:弃权|废|无效|空白)[票数]?.*"
)
"""What a count of votes lists besides those who were voted for."""


def _counts_for_nobody(row: Row) -> bool:
    first = next((c for c in row if c is not None), None)
    return first is not None and _NOBODY.fullmatch(normal(first.text)) is not None


def _is_total(row: Row) -> bool:
    first = next((c for c in row if c is not None), None)
    if first is None or len(first.text) > 24:
        return False
    said = words(first.text)
    closing = re.search(r"[合总小共]计$|^总[计和]|\btotals?\W*$|^(?:sub)?total\b", normal(first.text)) is not None
    return closing or (bool(said.concepts & {"total", "subtotal", "payable", "balance"}) and len(said.content) <= 2)
