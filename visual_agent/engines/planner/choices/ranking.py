"""The record with the most or the least.

In: a `Question` and a `Page`. Out: `Result`s, best first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.extracts import extract
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import is_generic, measure, weight, without
from visual_agent.engines.planner.fields.tables import Match, Result, share_fitting
from visual_agent.engines.planner.hits import THRESHOLD
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.page.records import records, transposed
from visual_agent.engines.planner.text.dictionary import segmented
from visual_agent.engines.planner.text.folding import has_han, normal, stem
from visual_agent.engines.planner.text.meanings import closeness, nearest_of
from visual_agent.engines.planner.text.scales import FREE, SCALES, UNITS, word_of
from visual_agent.engines.planner.text.scales import key_of as key_of
from visual_agent.engines.planner.text.values import is_numeric, number_of, of_kind, values
from visual_agent.engines.planner.text.words import Term, likeness, terms, words

# --- most and least ------------------------------------------------------------------------------------------------


def extreme(question: Question, page: Page) -> list[Result]:
    """The record with the most or least, best guess first."""
    question, left_out = _without_excluded(question)
    results = []
    for number, grid in enumerate(records(page)):
        grid = replace(grid, body=tuple(row for row in grid.body if not _names_any(row, left_out)))
        upright = _extreme(Match(question, grid, page), False, 0.01 * number)
        turned = transposed(grid) if not any(r.sure for r in upright) else None
        results += upright + (_extreme(Match(question, turned, page), True, 0.01 * number) if turned else [])
    return sorted(results, key=lambda r: -r.score)


_EXCLUDED = re.compile(
    r"\b(?:apart from|except(?: for)?|excluding|not counting|not including|other than|leaving out|ignoring|without counting|besides)"
    r" (?P<en>[^?,.()]+)|(?:不算|不计|不包括|除了|除去|不含)(?P<zh>[^?？,，()（）以之外]+)"
)


def _without_excluded(question: Question) -> tuple[Question, tuple[Term, ...]]:
    """The question without what it leaves out ("apart from the spin"), and that."""
    match = _EXCLUDED.search(question.folded)
    if match is None:
        return question, ()
    phrase = match["en"] or match["zh"]
    gone = tuple(t for t in question.terms if t.text in match[0])
    named = terms(phrase, question=True)
    return without(question, gone), tuple(t for t in named if not t.weak and t.kind != "soft") or gone


def _names_any(row: Sequence[Item | None], left_out: Sequence[Term]) -> bool:
    first = next((c for c in row if c is not None), None)
    return first is not None and any(likeness(t, words(first.text)) >= 0.55 for t in left_out)


def _extreme(match: Match, is_turned: bool, late: float) -> list[Result]:
    question, grid = match.question, match.grid
    rank = rank_column(match, 1 if is_turned else 0)
    if rank is None:
        return []
    column, sure = rank
    rows, share = left_rows(match, column)
    kind = _kind_of(match, column)
    keyed = [
        (k, r)
        for r in rows
        if (cell := match.rows[r][column]) is not None and (k := key_of(cell.text, kind)) is not None
    ]
    if len(keyed) < max(2, question.rank, 0.6 * len(rows)):
        return []
    high = bool(question.high)
    timed = question.measure == "speed" and ("time" in match.heads[column].concepts or _lasts(match, column))
    if timed or _began(match, column) or is_index(match, column) or turns(question.folded, match.said[column]):
        high = not high  # whoever began earliest has been there longest; the first has the smallest number
    keyed.sort(key=lambda kr: kr[0], reverse=high)
    value, row = keyed[question.rank - 1]
    cells = match.rows[row]
    answer = _answer_column(match, column)
    if answer is None and not asks_value(question):
        return []
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
_MEASURED = re.compile(r"\s*[-+]?\d[\d.,]*\s?[^\W\d_/]{1,8}(?:/[^\W\d_]{1,8})?\s*$")
"""A number with its unit and nothing else: "11 km/h"."""

_MEASURES = {
    "temperature": frozenset({"temperature", "high_temp", "low_temp"}),
    "duration": frozenset({"duration", "distance"}),
    "speed": frozenset({"speed", "time", "duration"}),
    "score": frozenset({"score", "points"}),
    "standing": frozenset({"points", "score", "total"}),
    "price": frozenset({"price", "unit_price", "total", "amount"}),
}
"""Concepts of headings that an adjective may rank by, where it is more than one."""

_MONEY = re.compile(r"[$€£¥￥元]|\b(?:usd|eur|gbp|rmb|cny)\b", re.IGNORECASE)
_NEAR = 0.45
"""Least closeness of a word of the question and a heading that say the same."""


def rank_column(match: Match, first: int = 0) -> tuple[int, float] | None:
    """The column that the question ranks by, and a small bonus for how sure that is."""
    columns = [c for c in range(first, match.grid.width) if _ranks(match, c)]
    if match.question.measure == "height" and not any(_measures(match, c) for c in columns):
        columns = [c for c in columns if match.said[c]]  # no price is deep
    measured_by = [c for c in columns if _measures(match, c)]
    columns = measured_by or (columns if _may_measure(match) else [])
    choices = [(_evidence(match, c), c) for c in columns]
    if not choices:
        return None
    measured = bool(match.question.measure) and match.question.measure != "standing"
    bonus, column = max(choices, key=lambda bc: (round(bc[0], 3), -bc[1] if measured else bc[1]))
    if (
        match.question.kind == "extreme"
        and len(choices) > 1
        and bonus < 0.04
        and any(titled(t, match) < _NEAR for t in gauges(match))
    ):
        return None  # the question names a quantity, and no column is called so
    return column, bonus


def _measures(match: Match, column: int) -> bool:
    """Whether a column is of the quantity that an adjective ranks by: by its heading's concept, or by a unit."""
    measure = match.question.measure
    if not measure or measure not in UNITS:
        return False
    if _MEASURES.get(measure, {measure}) & match.heads[column].concepts:
        return True
    unit = rf"(?<![^\W\d_])(?:{UNITS[measure]})(?![^\W\d_])"
    if re.search(rf"[(（/ ]\s*{unit}", f" {normal(match.said[column])}") and not match.said[column].strip().isalpha():
        return True
    texts = [normal(text) for text in match.texts(column)]
    return sum(re.search(rf"{unit}\s*\d|\d\s*{unit}", t) is not None for t in texts) >= 0.6 * max(len(texts), 1)


def _lasts(match: Match, column: int) -> bool:
    """Whether most cells of a column are times that something takes."""
    texts = match.texts(column)
    return sum(bool(of_kind(t, "duration")) for t in texts) >= 0.6 * max(len(texts), 1)


def _may_measure(match: Match) -> bool:
    """Whether bare numbers may be of the quantity asked for: under headings, as prices, or where the title says so."""
    measure = match.question.measure
    if measure not in ("weight", "distance", "temperature", "wind", "rain", "height") or any(match.said):
        return True
    title = " ".join((match.grid.title, *(i.text for i in match.page.lines[:3])))
    wanted = _MEASURES.get(measure, {measure})
    return (
        bool(wanted & words(title).concepts) or re.search(rf"[(（]\s?(?:{UNITS[measure]})", normal(title)) is not None
    )


def _ranks(match: Match, column: int) -> bool:
    """Whether a column's cells can be put in order: numbers, or dates and times; the numbers of the rows are none."""
    if is_index(match, column):
        return match.question.measure == "standing"
    kind = _kind_of(match, column)
    texts = match.texts(column)
    clock = match.question.measure in ("duration", "price", "weight", "distance", "temperature", "rain")
    if clock and sum(bool(of_kind(t, "time")) and not of_kind(t, "duration") for t in texts) > 0.5 * len(texts):
        return False
    keyed = sum(key_of(t, kind) is not None and (bool(kind) or _is_quantity(t)) for t in texts)
    return keyed >= 2 and keyed >= 0.6 * len(texts) and (bool(kind) or _one_unit(texts))


def _one_unit(texts: list[str]) -> bool:
    """Whether most values have the same unit: days, hours and a number of staff cannot be put in order."""
    texts = [t for t in texts if not FREE.fullmatch(normal(t))]
    units = ["$" if _MONEY.search(t) else "".join(re.findall(r"[^\W\d_]+|[:%]", t)).casefold() for t in texts]
    units = [
        u or units[k - 1] if k and u in ("", "$") and units[k - 1] in ("", "$") else u for k, u in enumerate(units)
    ]
    return max(map(units.count, units), default=0) >= 0.6 * len(units)


def _is_quantity(text: str) -> bool:
    return is_numeric(text) or _MEASURED.match(text) is not None or FREE.fullmatch(normal(text)) is not None


def _kind_of(match: Match, column: int) -> str:
    """How a column is put in order: "when" by date or time, "" by its numbers."""
    if match.question.measure == "when" or _began(match, column):
        return "when"
    cells = match.texts(column)
    if _LAPS.search(" ".join(cells)) or (_lasts(match, column) and not _one_unit(cells)):
        return "lasts"
    texts = [word_of(t) for t in cells]
    return (
        "scale"
        if texts and any(len(set(texts) & set(scale)) > 1 and set(texts) <= set(scale) for scale in SCALES)
        else ""
    )


_LAPS = re.compile(r"\b\d+:\d\d\.\d|\b\d+:\d\d:\d\d\b|\d\s?(?:h|hrs?|hours?|个?小时)\s?\d+\s?(?:m|分)", re.IGNORECASE)
"""Times that something took, in parts that only together are a number."""


def _began(match: Match, column: int) -> bool:
    """Whether a column says since when: what began earliest is the oldest and has lasted longest."""
    concepts = match.heads[column].concepts
    lasted = match.question.measure == "duration" and concepts & {"start_date", "year", "birth_date"}
    dated = any(of_kind(text, "date") for text in match.texts(column))
    return bool(lasted) or (match.question.measure == "age" and dated)


def is_index(match: Match, column: int) -> bool:
    """Whether a column only numbers the rows (1, 2, 3 ...) or says which place each has."""
    if "rank" in match.heads[column].concepts:
        return True
    texts = match.texts(column)
    numbers = [number_of(t) for t in texts if not _UNPLACED.fullmatch(t.strip())]
    full = len(texts) == len(match.rows) and len(numbers) > 2
    return column == 0 and full and numbers == [float(n) for n in range(1, len(numbers) + 1)]


_UNPLACED = re.compile(r"[A-Z]{2,4}|[-–—/]|弃权|退赛|犯规|未完赛|缺席")
"""What stands in place of a number in a standing: did not start, did not finish."""


def _evidence(match: Match, column: int) -> float:
    """How much speaks for a column as the one to rank by."""
    question = match.question
    if question.measure == "standing" and is_index(match, column):
        return 0.12
    texts = match.texts(column)
    plain = [t for t in question.terms if t.kind in ("number", "word") and weight(t, question) >= 0.9]
    named = sum(nearest_heading(t, match, column) * min(weight(t, question), 1.0) for t in gauges(match))
    measures = _MEASURES.get(question.measure, {question.measure})
    money = question.measure == "price" and any(of_kind(t, "amount") for t in texts)
    when = question.measure == "when" and any(v.kind in ("date", "time") for t in texts for v in values(t))
    began = (0.3 if question.measure == "age" else 1.0) if _began(match, column) else 0.0
    return (
        0.1 * (named + began)
        + (0.1 if plain and all(_held(t, match, column) for t in plain) else 0.0)
        + (0.08 if measures & match.heads[column].concepts else 0.0)
        + (0.05 if money or when else 0.0)
        + (0.0 if _kind_of(match, column) != "scale" else 0.1 if _in_scale(match, column) else -0.01)
    )


def _in_scale(match: Match, column: int) -> bool:
    """Whether the adjective of a question is one of a column's words: "hardest" where walks are easy or hard."""
    said = {word_of(text) for text in match.texts(column)}
    return any(
        re.search(rf"\b{re.escape(w)}(?:e?r|e?st|t?est)\b|[最更]{re.escape(w)}", match.question.folded)
        for w in said
        if len(w) > 2 or has_han(w)
    )


def _held(term: Term, match: Match, column: int) -> bool:
    """Whether most cells of a column hold a term: a unit, "per 100 g"."""
    texts = match.texts(column)
    held = (likeness(term, words(t)) >= 0.9 or re.search(rf"\d{re.escape(term.text)}\b", normal(t)) for t in texts)
    fused = (re.search(rf"\b{re.escape(term.text)}[a-z]+\b", normal(t)) for t in texts)
    return sum(bool(a or b) for a, b in zip(held, fused, strict=True)) >= 0.6 * len(texts)


def gauges(match: Match) -> list[Term]:
    """The terms that may say by which quantity is ranked: not how, not of what kind the records are, not which."""
    question = match.question
    place = asking.find("standing", question.folded)
    nth = asking.find("second_best", question.folded)
    out = " ".join(m[0] for m in (place, nth) if m is not None)
    headed = {t for t in question.terms for c in range(match.grid.width) if match.head(t, c) >= 0.9}
    selecting = match.selecting()
    return [
        t
        for t in question.terms
        if (t in headed or (t.kind != "soft" and not t.weak))
        and t.text not in _PARTICLES
        and re.search(rf"[最更较]{re.escape(t.text)}", question.folded) is None
        and re.fullmatch(r"一[\u4e00-\u9fff]", t.text) is None
        and t not in selecting
        and t.text not in out
        and _ASKING.search(t.text) is None
        and not is_asked(t, question)
        and not (place is not None and t.concepts & _STANDING)
    ]


_PARTICLES = frozenset({"out", "up", "in", "off", "down", "on", "over", "away"})
"""Parts of verbs ("lent out"), whatever else they may mean."""
_ASKING = re.compile(r"多少|几|谁|什么|哪")
_STANDING = frozenset({"winner", "table_number", "rank", "group"})


def nearest_heading(term: Term, match: Match, column: int) -> float:
    """How surely a heading speaks of a term, by its words or by their meaning."""
    said = match.head(term, column)
    if said >= 0.55 or not match.said[column]:
        return said
    near = closeness(term.text, normal(match.said[column]))
    return max(said, near if near >= _NEAR else 0.0)


def titled(term: Term, match: Match) -> float:
    """How surely the headings of the table or page, or its cells, speak of a term; less where the page does elsewhere."""
    said = max((match.in_row(term, r) for r in range(len(match.rows))), default=0.0)
    titles = [match.grid.title, *match.said, *(i.text for i in match.page.lines[:2])]
    titled = max((max(likeness(term, words(t)), _close(term, t)) for t in titles if t), default=0.0)
    return max(said, titled, 0.5 * likeness(term, match.page.words))


def _close(term: Term, text: str) -> float:
    """The closeness of a term to the nearest word of a line."""
    folded = normal(text)
    parts = segmented(folded) if has_han(folded) else folded.split()
    return nearest_of(term.text, (p for p in parts if len(p) > 1))


def left_rows(match: Match, column: int) -> tuple[list[int], float]:
    """Rows that the question's own words leave, and the share of the question that this accounts for."""
    question = match.question
    every = list(range(len(match.rows)))
    selecting = [t for t in match.selecting() if match.head(t, column) < 0.9 and not is_asked(t, question)]
    selecting = [t for t in selecting if not _held(t, match, column)]
    every = _of_sort(match, every)
    rows = [r for r in every if all(match.in_row(t, r) >= 0.55 for t in selecting)]
    if len(rows) < 2:
        rows = [r for r in every if any(match.in_row(t, r) >= 0.55 for t in selecting)] if len(selecting) > 1 else []
        if len(rows) < 2 and selecting:
            return [], 0.0
        rows = rows if len(rows) >= 2 else every
    near = {t: max(nearest_heading(t, match, column), titled(t, match)) for t in gauges(match)}
    open_terms = [*(t for t, n in near.items() if n < _NEAR), *selecting]
    asked = without(question, [t for t in question.terms if t not in open_terms])
    around = [(1.0, match.said[column]), *((0.8, text) for text in match.said)]
    around.append((0.95, match.grid.title))
    around += [(1.0, c.text) for r in rows[:1] for c in match.rows[r] if c]
    around += [(0.9, c.text) for r in rows[1:] for c in match.rows[r] if c]
    ranked = [c.text for r in rows if (c := match.rows[r][column]) is not None]
    value = next((t for t in ranked if of_kind(t, "amount") and not of_kind(t, "date")), ranked[0] if ranked else "")
    share, _ = measure(asked, around, match.page, value)
    nothing = not [t for t in asked.terms if weight(t, question) >= 0.3 and not is_generic(t)]
    least = min(near.values(), default=1.0)
    if nothing and question.measure == "when" and least < _NEAR:
        return rows, 0.0  # the last time of something that nothing here speaks of
    if nothing or share >= THRESHOLD:
        return rows, 0.63 + 0.12 * least + 0.03 * _done(match) + 0.01 * len(selecting)
    return rows, share


_SORT = re.compile(
    r"\b(?:which|what) (?:kind of |type of )?([a-z]{3,})\b|(?:哪|什么)一?[个位种样名支款类些]?([\u4e00-\u9fff]{1,3}?)(?=最|更|比|的|价|卖)"
)


def _of_sort(match: Match, rows: list[int]) -> list[int]:
    """The rows of the asked sort, where only some say so: "which tea" among "Green tea", "Mint tea" and "Coffee"."""
    asked = _SORT.search(match.question.folded)
    if asked is None:
        return rows
    sort = asked[1] or asked[2]
    firsts = {r: normal(next((c.text for c in match.rows[r] if c is not None), "")) for r in rows}
    held = [r for r, t in firsts.items() if (sort in t if asked[2] else stem(sort) in map(stem, re.findall(r"\w+", t)))]
    return held if 2 <= len(held) < len(rows) else rows


def _done(match: Match) -> bool:
    """Whether a heading has the verb before the superlative: "扣得最多" and "扣款项目"."""
    verb = re.search(r"([\u4e00-\u9fff])[得了]?最", match.question.folded)
    return verb is not None and verb[1] not in "的是哪中里月天" and verb[1] in "".join(match.said)


def is_asked(term: Term, question: Question) -> bool:
    """Whether a term is only the question word with what it asks for: "which day", "哪个候选人"."""
    if re.match(r"(?:which|what|who|哪|什么)", term.text):
        return True
    return (
        re.search(
            rf"\b(?:which|what)(?: of the| one of the| kind of| type of)? {re.escape(term.text)}\b"
            rf"|(?:哪|什么)[一]?[个位种项样名支家款类些]?{re.escape(term.text)}",
            question.folded,
        )
        is not None
    )


def _answer_column(match: Match, rank: int) -> int | None:
    """The column that names the record; None where the ranked value itself is asked for."""
    question, grid = match.question, match.grid
    if asks_value(question):
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
    if best_column is None and rank and not all(re.fullmatch(r"\d{1,3}", c.text.strip()) for c in grid.column(0)):
        return 0  # months and years look like numbers
    return best_column


_JUDGED = re.compile(r"\b(?:best|worst|better|worse)\b|[最更较][差好糟]")
_BAD = re.compile(
    r"\b(?:defect|complaint|error|fault|accident|delay|absence|injur|crime|waste|loss|debt|breakdown|mistake|damage|reject|"
    r"incident|penalt|late\b|failure|cancellation|missed|sick|theft|litter|leak)|次品|不良|投诉|事故|故障|差错|错误|缺勤|迟到|损耗|延误|损坏|失误|扣分",
    re.IGNORECASE,
)


def turns(folded: str, heading: str) -> bool:
    """Whether the best has least: what is measured is bad ("defects"), and the question judges."""
    return _JUDGED.search(folded) is not None and _BAD.search(heading) is not None


def asks_value(question: Question) -> bool:
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
