"""Whether what a question says of a thing is so, by the cells of its row: rotas, inspection sheets, orders, marks, charts.

In: a yes-no `Question` and a `Page`. Out: (yes, the text that says so, its regions), or None where no list of the page
has what the question names. Words of the question that stand in the names of rows or in headings choose the cells;
two rows or two columns are compared, one is held against a limit, against a word of the question or against what its
cell says of its state.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.choices.ranking import key_of
from visual_agent.engines.planner.fields.nearest import Word, content, support
from visual_agent.engines.planner.page.grids import Grid
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.page.records import records
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.values import han_number, is_numeric
from visual_agent.engines.planner.text.weekdays import days_of
from visual_agent.engines.planner.verdicts.replies import Ruling

_MORE = re.compile(
    r"\b(?:more|higher|better|larger|bigger|greater|later|older|longer|heavier|dearer|warmer|hotter|taller|faster|wetter|up|rise|rose|risen"
    r"|rising|improved?|improv\w+|increased?|grown?|grew|gain\w*|raised|exceed(?:ed)?|most expensive|expensive)\b"
    r"|[多高大贵晚长好重]|[涨升增]|进步|提高|改善"
)
_LESS = re.compile(
    r"\b(?:less|fewer|lower|worse|smaller|cheaper|earlier|younger|shorter|lighter|colder|cooler|slower|drier|down|fall|fell|fallen|falling"
    r"|drop(?:ped)?|decreased?|declined?|deteriorated?|shrunk|shrank|reduced|slipped)\b"
    r"|[少低小早短差轻]|便宜|[降减跌]|退步|变差"
)
_EVEN = re.compile(
    r"\b(?:match|matches|matched|agree[sd]?|balanced?|tall(?:y|ied)|same|equal(?:led|s)?|identical|as (?:much|many|high|good|long)(?: \w+){0,6}? as)\b"
    r"|一样|相同|相等|一致|相符|对得上|吻合"
)
_TREND = re.compile(
    r"\b(?:go(?:ne|es)?|went|get|got|gotten|become|became|rise|rose|risen|fall|fell|fallen|drop\w*|improv\w+|increas\w+|decreas\w+|declin\w+|grew|grown?"
    r"|deteriorat\w+|slip\w+|raised|reduced)\b|\bthan (?:before|last|the (?:last|previous|(?:\w+ )?(?:year|month|week|term|time) before))\b"
    r"|[涨升降增减跌]|进步|退步|提高|变[好差多少]|比(?:上|去|前|以前|之前)"
)
_OVER = re.compile(
    r"\btoo (?:warm|hot|high|much|many|fast|heavy|long|big|wide|tall|loud)\b|\b(?:over|above|exceed(?:ed|s)?|break|broke|broken|past|beyond|outside)\b|超|太[高热重快长大]|过[高热重快]"
)
_WITHIN = re.compile(
    r"\b(?:under|below|within|inside|enough|keep|kept|stay(?:ed)?|meets?|met|all right|alright|ok(?:ay)?|fine)\b|没超|未超|达标|合格|以内|范围内"
)
_NAMES_LIMIT = re.compile(
    r"\b(?:limits?|maximum|allowed|range|target|threshold|too|enough)\b|超标|上限|限[值度额]|标准|太|过|范围"
)
_LIMIT = re.compile(
    r"(?:\b(?:limit|max(?:imum)?|below|under|not? (?:more|higher) than|not exceed|up to|at most)\b|限值?|上限|不(?:得|能|可)?(?:超过|高于)|低于|最[高大])\D{0,14}?(\d+(?:\.\d+)?)"
)
_PRICED = re.compile(r"\b(?:cheap\w*|dear\w*|expensive|cost\w*|price\w*)\b|贵|便宜|价")
_ACTUAL = re.compile(r"\b(?:count(?:ed)?|actual|declared|found|terminal|received|taken)\b|实[点收际盘到]|盘点")

_ASKS_BAD = re.compile(
    r"\b(?:wrong|problems?|trouble|faults?|faulty|fail(?:ed)?|broken|off|leave|absent|away|sold out|unpaid|overdue|late|delayed|cancel\w*|missing|vacant|free"
    r"|full|fully booked|booked up|damaged|defects?|leak\w*|unfilled|empty|outstanding|closed|out of (?:stock|order))\b"
    r"|不合格|没通过|没过|问题|坏|故障|异常|缺|售罄|卖完|卖光|请假|休|没付|未付|没交|欠|取消|延误|晚点|满"
)
_ASKS_GOOD = re.compile(
    r"\b(?:all right|alright|ok(?:ay)?|fine|good|pass(?:ed|es)?|in order|work(?:s|ed|ing)?|sound|satisfactory|paid|settled|done|finished|complete[d]?|sent|shipped|dispatched"
    r"|arrived?|delivered|received|available|left|in stock|in|on|there|got|still|any|duty|shift|running|confirmed|approved|ready|open|collected)\b"
    r"|合格|通过|正常|没问题|付|交|缴|发货|发出|寄出|送到|收到|签收|到了|完成|办好|还有|有货|有没有|上班|值班|在岗|名额|批准|确认|开"
)
_BAD = re.compile(
    r"(?:fail(?:ed|s)?|fault(?:y)?|broken|defect(?:ive)?|damaged|poor|bad|worn|split|leak\w*|no|none|nil|off|(?:on |annual |sick )?leave|holiday|sick|rest(?: day)?|sold out|out of stock|unavailable|unpaid"
    r"|not .{2,20}|pending|in progress|ongoing|to do|overdue|cancelled|canceled|delayed|late|missing|vacant|closed|full|fully booked|outstanding|refused|declined|rejected|out|absent|away|x|✗|✘|×|0"
    r"|[-–—]|/|[待未不没无欠缺].{0,6}|.{1,4}中|休息?|请假|年假|病假|售罄|缺货|已满|满|取消|已取消|延误|晚点|停运|停课|故障|损坏|异常|偏[高低]|超标|否|差)\W*"
)
_GOOD = re.compile(
    r"(?:ok(?:ay)?|pass(?:ed)?|yes|good|fine|sound|clean|clear|satisfactory|acceptable|normal|in order|done|paid|settled|finished|completed?|sent|shipped|dispatched|delivered|arrived|received"
    r"|available|in stock|in|on duty|on time|confirmed|approved|agreed|running|open|ready|collected|free|✓|✔|√|☑|已.{1,4}|合格|通过|正常|良好?|优|是|有|完成|在岗|现货|充足)\W*"
)
_SHARED = 0.75
"""Least support of a question's word by the name of a row or a heading."""


@dataclass(frozen=True)
class Chosen:
    """The rows and columns of a grid that a question names, each with where it does, in the order of the question."""

    grid: Grid
    rows: tuple[tuple[int, int], ...]
    columns: tuple[tuple[int, int], ...]
    taken: frozenset[str]

    def cells(self, row: int, columns: Sequence[int]) -> list[Item]:
        """The cells of a row in these columns."""
        return [c for n in columns if (c := self.grid.body[row][n]) is not None]


def claimed(question: Question, page: Page, beside: Sequence[Page] = ()) -> Ruling | None:
    """Whether it is so; `beside` are pages whose cells may hold the word that the question says as well."""
    if question.quoted:
        return None
    for grid in [*records(page), *_headed(page)]:
        chosen = _chosen(question, grid)
        if not chosen.rows or any(_is_sentence(grid.body[n][0]) for n, _ in chosen.rows):
            continue
        for rule in (_compared, _ranged, _limited, _in_state, _filled):
            found = rule(question, chosen, page, beside)
            if found is not None:
                return found
    return None


def _headed(page: Page) -> list[Grid]:
    """Tables of words alone, which look like forms: their first row is taken for headings."""
    forms = [g for g in page.grids if g.kind != "list" and g.width > 2 and len(g.body) > 2]
    return [
        Grid("list", tuple((c,) if c is not None else () for c in g.body[0]), g.body[1:], title=g.title) for g in forms
    ]


def _is_sentence(name: Item | None) -> bool:
    return name is not None and (len(name.text) > 16 if has_han(name.text) else name.text.count(" ") > 4)


def _chosen(question: Question, grid: Grid) -> Chosen:
    at = _named_by(grid)
    labels = [" ".join(c.text for c in row[:at] if c is not None) for row in grid.body]
    names = {normal(name) for name in labels}
    said = [w for w in content(question.folded) if w.weight > 0.3 or days_of(w.text) or w.text in names]
    heads = [grid.head(n) for n in range(grid.width)]
    if not any(heads):
        heads = [c.text if c is not None else "" for c in grid.body[0]]
    heads[0] = ""
    rows, of_rows = _meant(said, labels, question.folded)
    columns, of_heads = _meant(said, heads, question.folded)
    return Chosen(grid, rows, columns, of_rows | of_heads)


def _named_by(grid: Grid) -> int:
    """How many of the first columns name a row: two where the first one has only codes or dates."""
    first = [row[0].text for row in grid.body if row[0] is not None]
    bare = sum(any(c.isdigit() for c in t) for t in first)
    return 2 if grid.width > 2 and bare > 0.5 * len(first) else 1


def _meant(
    said: Sequence[Word], names: Sequence[str], folded: str
) -> tuple[tuple[tuple[int, int], ...], frozenset[str]]:
    """(place, where the question says it) of every name that a word of the question means more than any other name."""
    spots: dict[int, int] = {}
    points: dict[int, float] = {}
    taken = set()
    for word in said:
        table = [_speaks(word, n) if n.strip() else 0.0 for n in names]
        best = max(table, default=0.0)
        held = [n for n, s in enumerate(table) if s >= best - 0.04]
        if best < _SHARED or (len(held) == len([n for n in names if n.strip()]) and len(held) > 1):
            continue
        taken.add(word.text)
        for n in held:
            points[n] = points.get(n, 0.0) + best / len(held) ** 0.5
            spots[n] = min(spots.get(n, 9999), folded.find(word.text))
    rivals = {n: [m for m in points if m != n and spots[m] == spots[n]] for n in points}
    kept = [n for n in points if all(points[n] >= points[m] - 0.01 for m in rivals[n])]
    return tuple(sorted(((n, spots[n]) for n in kept), key=lambda ns: ns[1])), frozenset(taken)


def _speaks(word: Word, name: str) -> float:
    """How surely a name speaks of a word; days, months and numbers must be the same."""
    folded = normal(name)
    if days_of(word.text):
        return 1.0 if days_of(word.text) & days_of(folded) else 0.0
    month = re.fullmatch(r"([一二三四五六七八九十]+|\d{1,2})月份?", word.text)
    if month:
        number = han_number(month[1]) if has_han(month[1]) else float(month[1])
        found = re.search(r"([一二三四五六七八九十]+|\d{1,2})月", folded)
        same = found and (han_number(found[1]) if has_han(found[1]) else float(found[1])) == number
        return 1.0 if same else 0.0
    if word.text[0].isdigit():
        return 1.0 if re.search(rf"(?<![\d.]){re.escape(word.text)}(?![\d.])", folded) else 0.0
    return support(word, name)


# --- comparisons ---------------------------------------------------------------------------------------------------


def _compared(question: Question, chosen: Chosen, page: Page, beside: Sequence[Page]) -> Ruling | None:
    """Two rows or two columns held against each other."""
    folded = question.folded
    even, trend = _EVEN.search(folded), _TREND.search(folded)
    if not (even or trend or re.search(r"\bthan\b|比", folded)):
        return None
    pair = _two(chosen, folded, trend is not None, even is not None)
    if pair is None:
        return None
    (one, two), (a, b) = pair, (key_of(c.text) for c in pair)
    if a is None or b is None:
        return None
    more, less = _MORE.search(folded), _LESS.search(folded)
    if even and not (more or less):
        yes = a == b
    elif more is None and less is None:
        return None
    else:
        yes = a < b if less and not (more and more.start() < less.start()) else a > b
    return yes, f"{one.text} / {two.text}", (one.id, two.id)


def _two(chosen: Chosen, folded: str, trend: bool, even: bool) -> tuple[Item, Item] | None:
    """The two cells that are compared, the one the question speaks of first; of a trend the later one first."""
    numeric = [n for n in range(1, chosen.grid.width) if _is_numeric(chosen.grid, n)]
    columns = [n for n, _ in chosen.columns if n in numeric]
    if not columns and len(numeric) > 1 and _PRICED.search(folded):
        columns = [n for n in numeric if _PRICED.search(normal(chosen.grid.head(n)))][:1]
    rows = [n for n, _ in chosen.rows]
    if len(rows) == 1 and len(columns) < 2 and trend and len(numeric) >= 2:
        columns = _then_and_now(chosen.grid, numeric, columns)
    elif len(rows) == 1 and len(columns) == 2 and trend:
        columns = sorted(columns, reverse=True)
    if len(rows) == 1 and len(columns) == 2:
        cells = [chosen.grid.body[rows[0]][n] for n in columns]
    else:
        if len(rows) == 1 and even:
            rows += [
                n for n, r in enumerate(chosen.grid.body) if n != rows[0] and r[0] and _ACTUAL.search(normal(r[0].text))
            ][:1]
        if len(rows) != 2 or len(columns) > 1 or (not columns and len(numeric) != 1):
            return None
        cells = [chosen.grid.body[r][(columns or numeric)[0]] for r in rows]
    return (cells[0], cells[1]) if cells[0] is not None and cells[1] is not None else None


def _is_numeric(grid: Grid, column: int) -> bool:
    cells = grid.column(column)
    return bool(cells) and sum(is_numeric(c.text) for c in cells) >= 0.5 * len(cells)


_PERIOD = re.compile(
    r"\b(?:spring|summer|autumn|fall|winter|last|previous|prior|before|mock|first|term|q[1-4])\b|(?:19|20)\d\d|上|去年|期中|前|[一二三四五六七八九十\d]月"
)


def _then_and_now(grid: Grid, numeric: Sequence[int], named: Sequence[int]) -> list[int]:
    """The later column and the one before it; the only one that names no other time is now."""
    if named and _PERIOD.search(normal(grid.head(named[0]))):
        at = numeric.index(named[0])
        return [numeric[at], numeric[at - 1]] if at else []
    bare = [n for n in numeric if not _PERIOD.search(normal(grid.head(n)))]
    timed = [n for n in numeric if n not in bare]
    if len(bare) == 1 and len(timed) == 1:
        return [bare[0], timed[0]]
    return [numeric[-1], numeric[-2]] if len(numeric) == 2 or not bare else []


def _limited(question: Question, chosen: Chosen, page: Page, beside: Sequence[Page]) -> Ruling | None:
    """The numbers of one row against the limit that the page names."""
    over, within = _OVER.search(question.folded), _WITHIN.search(question.folded)
    if len(chosen.rows) != 1 or not (over or within) or not _NAMES_LIMIT.search(question.folded):
        return None
    cells_ids = {c.id for c in chosen.grid.cells}
    limits = [(m, i) for i in page.lines if i.id not in cells_ids and (m := _LIMIT.search(normal(i.text)))]
    columns = [n for n, _ in chosen.columns] or list(range(1, chosen.grid.width))
    cells = [c for c in chosen.cells(chosen.rows[0][0], columns) if is_numeric(c.text)]
    numbers = [k for c in cells if (k := key_of(c.text)) is not None]
    if len(limits) != 1 or not numbers:
        return None
    match, item = limits[0]
    passed = max(numbers) > float(match[1])
    asks_over = over is not None and not (within and within.start() < over.start())
    top = max(cells, key=lambda c: key_of(c.text) or 0.0)
    return passed == asks_over, f"{top.text} / {match[1]}", (top.id, item.id)


_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)\s?(?:[-–—~～至到]|to)\s?(-?\d+(?:\.\d+)?)|([<>≤≥])\s?(\d+(?:\.\d+)?)")
_HIGH = re.compile(r"\b(?:high|above|over|exceeds?|raised|elevated)\b|[偏过太]高|超标|高于")
_LOW = re.compile(r"\b(?:low|below|under|deficient)\b|[偏过太]低|不足|低于")
_NORMAL = re.compile(r"\b(?:normal|in range|within|all right|alright|ok(?:ay)?|fine|healthy)\b|正常|达标|合格|没问题")
_ODD = re.compile(r"\b(?:abnormal|outside|out of range|wrong|problem)\b|不正常|异常|问题")


def _ranged(question: Question, chosen: Chosen, page: Page, beside: Sequence[Page]) -> Ruling | None:
    """A result against the range in its row: "is the uric acid normal?"."""
    if len(chosen.rows) != 1:
        return None
    cells = chosen.cells(chosen.rows[0][0], range(1, chosen.grid.width))
    span = next(((m, c) for c in cells if (m := _RANGE.fullmatch(normal(c.text).strip()))), None)
    result = next((c for c in cells if re.fullmatch(r"-?\d+(?:\.\d+)?", c.text.strip())), None)
    if span is None or result is None:
        return None
    match, number = span[0], float(result.text)
    low = float(match[1]) if match[1] else float(match[4]) if match[3] in (">", "≥") else float("-inf")
    high = float(match[2]) if match[2] else float(match[4]) if match[3] in ("<", "≤") else float("inf")
    said = {_HIGH: number > high, _LOW: number < low, _ODD: not low <= number <= high, _NORMAL: low <= number <= high}
    yes = next((truth for pattern, truth in said.items() if pattern.search(question.folded)), None)
    return (yes, f"{result.text} / {span[1].text}", (result.id, span[1].id)) if yes is not None else None


# --- states --------------------------------------------------------------------------------------------------------


def _filled(question: Question, chosen: Chosen, page: Page, beside: Sequence[Page]) -> Ruling | None:
    """Whether the cells of the row hold the name that the question says: "Is Marta on the desk on Thursday?"."""
    if len(chosen.rows) != 1:
        return None
    row, at = chosen.rows[0][0], _named_by(chosen.grid)
    columns = [n for n, _ in chosen.columns if n >= at] or list(range(at, chosen.grid.width))
    cells = chosen.cells(row, columns)
    known = [c for r in chosen.grid.body for c in r[at:] if c is not None]
    known += [c for p in beside for g in p.grids for c in g.cells]
    others = {normal(c.text) for c in known if not is_numeric(c.text) and not _is_sentence(c)}
    named = [
        w
        for w in content(question.folded)
        if w.text not in chosen.taken
        and len(w.text) > 1
        and any(re.search(rf"(?<![a-z]){re.escape(w.text)}(?![a-z])", o) for o in others)
        and not (_GOOD.fullmatch(w.text) or _BAD.fullmatch(w.text))
    ]
    if not named or not cells:
        return None
    hit = [c for c in cells if not _is_sentence(c) and all(_holds(w.text, normal(c.text)) for w in named)]
    shown = hit[:1] or cells[:3]
    return bool(hit), " / ".join(c.text for c in shown), tuple(c.id for c in shown)


def _holds(word: str, text: str) -> bool:
    """Whether a cell says a word and does not deny it."""
    denied = re.search(rf"(?:\bnot |\bnever |\bun|[未不没待]){re.escape(word)}", text)
    return word in text and denied is None


def _in_state(question: Question, chosen: Chosen, page: Page, beside: Sequence[Page]) -> Ruling | None:
    """Whether the cell of the row says what the question asks: fault or none, at work or off, paid or not."""
    bad, good = _ASKS_BAD.search(question.folded), _ASKS_GOOD.search(question.folded)
    if len(chosen.rows) != 1 or not (bad or good):
        return None
    row, at = chosen.rows[0][0], _named_by(chosen.grid)
    named = [n for n, _ in chosen.columns if n >= at]
    if len(named) > 1:
        return None
    stock = re.search(
        r"\b(?:left|stock|any|available|still|got|buy|get|full|fully booked|sold out|join)\b|还有|有货|有没有|名额|剩",
        question.folded,
    )
    for cell in chosen.cells(row, named or range(at, chosen.grid.width)):
        state = normal(cell.text).strip()
        fails, holds = _BAD.fullmatch(state) is not None, _GOOD.fullmatch(state) is not None
        if stock and re.fullmatch(r"\d+", state) and _counts_stock(chosen.grid, cell):
            fails, holds = int(state) == 0, int(state) > 0
        if named and not fails and not holds and (at == 1 and re.search(r"\d", state)):
            holds = True  # hours of a shift
        if fails or holds:
            return holds == (bad is None), f"{chosen.grid.body[row][at - 1].text}: {cell.text}", (cell.id,)  # type: ignore[union-attr]
    return None


def _counts_stock(grid: Grid, cell: Item) -> bool:
    """Whether a number says how many there are left: its heading does, or nothing else stands in its row."""
    column = next((n for row in grid.body for n, c in enumerate(row) if c is cell), 0)
    told = r"\b(?:left|spaces?|places?|stock|available|remaining|qty|quantity|free|seats)\b|余|名额|库存|剩|空位|数量"
    return grid.width == 2 or re.search(told, normal(grid.head(column))) is not None
