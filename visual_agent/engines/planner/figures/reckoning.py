"""Sums, differences, unit prices and times between: worked out from the figures that a question names.

In: a `Question` and `Page`s. Out: a `Solution` with its working, or None: a thing that is named and has no figure on
the page is not reckoned with, and there is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.questions import Question, both_ends
from visual_agent.engines.planner.asked.weights import is_generic
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.figures.figures import Figure, clocked, valued
from visual_agent.engines.planner.figures.operands import Named, addends, count_of, ends, spoken, together
from visual_agent.engines.planner.figures.remaining import left, without
from visual_agent.engines.planner.figures.running import told
from visual_agent.engines.planner.figures.sheets import Sheet
from visual_agent.engines.planner.figures.sums import lasting, shown
from visual_agent.engines.planner.figures.within import beyond, lasts, listed, per, stated
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.values import han_number, has_cents, number_of
from visual_agent.engines.planner.text.words import likeness, words


def reckoned(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The answer to a question that needs a calculation."""
    if question.kind == "choose" and not re.search(r"\bhow (?:much|many)\b|多少|几", question.folded):
        return None
    if question.kind in ("yesno", "transcribe", "locate", "changes"):
        return None
    sheet = Sheet(question, pages)
    for rule in (
        left,
        without,
        per,
        listed,
        beyond,
        _ranked,
        _through,
        _between,
        _changed,
        _raised,
        stated,
        _late,
        _lasting,
        lasts,
        _beyond,
        _each,
        _added,
    ):
        found = rule(sheet)
        if found is not None:
            return found
    return None


def lacking(question: Question, pages: Sequence[Page]) -> bool:
    """Whether a sum or difference names something that stands on no page: then nothing can be worked out."""
    if question.kind in ("sum", "average") and asking.find("sum", question.folded):
        phrases: Sequence[str] = addends(question.folded)
    else:
        phrases = (ends(question.folded) or ()) if question.kind == "difference" else ()
    if len(phrases) < 2:
        return False
    sheet = Sheet(question, pages)
    return any(not sheet.named(p) and _nowhere(p, sheet) for p in phrases)


def _nowhere(phrase: str, sheet: Sheet) -> bool:
    """Whether a phrase has a name or thing that no page has."""
    decisive = [t for t in spoken(phrase) if not t.weak and t.kind in ("word", "han", "concept") and not is_generic(t)]
    return bool(decisive) and all(likeness(t, p.words) < 0.55 for t in decisive for p in sheet.pages)


def _between(sheet: Sheet) -> Solution | None:
    """What two named figures differ by."""
    phrases = ends(sheet.folded) if _compares(sheet.question) else None
    if phrases is None:
        return None
    found = [sheet.named(p) or _by_rank(p, sheet) for p in phrases]
    chosen = together(sheet.question, found)
    if chosen is None:
        return None
    chosen = clocked(chosen, sheet.pages)
    counted = [replace(f, number=count_of(p)[0] * f.number) for f, p in zip(chosen, phrases, strict=True)]
    return _less(sheet.question, counted[0], counted[1])


def _by_rank(phrase: str, sheet: Sheet) -> list[Named]:
    """The figure of "the leaders" or "the last"."""
    rank = next((r for r, pattern in _RANKS if pattern.search(phrase)), 0)
    ranked = sorted(_column(sheet), key=lambda f: -f.number)
    if not rank or len(ranked) < 3:
        return []
    return [Named(ranked[rank - 1] if rank > 0 else ranked[-1], 0.9)]


def _compares(question: Question) -> bool:
    timed = question.wants == "duration" or question.counts or re.search(r"\b(?:behind|ahead)\b", question.folded)
    return asking.find("difference", question.folded) is not None or bool(
        timed
        and re.search(
            r"\b(?:between|before|after|from|separates?|behind|ahead)\b|之间|隔|相差|从.+[到至]", question.folded
        )
        is not None
    )


def _changed(sheet: Sheet) -> Solution | None:
    """What the same figure differs by on two pages, or in the two columns of a row."""
    question = sheet.question
    if asking.find("difference", sheet.folded) is None and not (
        re.search(r"\bhow (?:much|many)\b|多少|几", sheet.folded) and asking.find("risen", sheet.folded)
    ):
        return None
    if len(sheet.pages) == 2:
        chosen = together(question, [sheet.named(sheet.folded, p.name) for p in sheet.pages])
        return _less(question, chosen[0], chosen[1]) if chosen else None
    found = sheet.named(sheet.folded)
    row = [n.figure for n in found if n.score >= found[0].score - 0.1 and n.figure.row == found[0].figure.row]
    if len(row) == 2 and row[0].column != row[1].column and row[0].kind == row[1].kind and all(f.head for f in row):
        return _less(question, row[0], row[1])
    if found and asking.find("risen", sheet.folded.replace("go up", "gone up").replace("go down", "gone down")):
        whole = [f for f in sheet.figures if f.row == found[0].figure.row and f.kind == found[0].figure.kind and f.head]
        if len(whole) == 2 and found[0].score >= 0.8 and " table " in whole[0].column:
            return _less(question, whole[0], whole[1])
    return None


# --- ranks ---------------------------------------------------------------------------------------------------------

_RANKS = (
    (1, re.compile(r"\b(?:winners?|winning|first|1st|leaders?|leading|top|champions?)\b|第一|冠军|榜首|头名")),
    (2, re.compile(r"\b(?:runners?-up|second|2nd)\b|第二|亚军")),
    (3, re.compile(r"\b(?:third|3rd)\b|第三|季军")),
    (4, re.compile(r"\b(?:fourth|4th)\b|第四")),
    (-1, re.compile(r"\b(?:last|bottom|loser)\b|最后|垫底|末位|倒数第一")),
)
_AHEAD = re.compile(r"\b(?:ahead|lead(?:s|ing)?|margin|clear)\b|领先")


def _ranked(sheet: Sheet) -> Solution | None:
    """What the first and the second, the most and the least differ by."""
    wanted = _ranks(sheet.folded)
    if len(wanted) != 2 or sheet.question.kind in ("sum", "average"):
        return None
    ranked = sorted(_column(sheet), key=lambda f: -f.number)
    if len(ranked) < 3 or max(wanted) > len(ranked):
        return None
    one, two = (ranked[w - 1] if w > 0 else ranked[w] for w in wanted)
    return _less(sheet.question, one, two)


def _ranks(folded: str) -> list[int]:
    """The places that a question compares, 1 for the most, -1 for the least; empty where it compares none."""
    if not re.search(
        r"\bhow (?:much|many|far)\b|\bdifference\b|\bgap\b|\bbetween\b|\bmargin\b|多少|几|差|领先", folded
    ):
        return []
    found = {rank for rank, pattern in _RANKS if pattern.search(folded)}
    if both_ends(folded):
        return [1, -1]
    if len(found) == 1 and found <= {1, 2} and _AHEAD.search(folded):
        found = {1, 2}
    return sorted(found, key=lambda r: r if r > 0 else 99)


def _column(sheet: Sheet) -> list[Figure]:
    """The numbers that are ranked: the column that the question names, else the only one, else the fullest chart."""
    columns: dict[str, list[Figure]] = {}
    for figure in sheet.figures:
        if figure.kind in ("number", "amount", "percent", "duration") and " sentence" not in figure.column:
            columns.setdefault(figure.column, []).append(figure)
    terms = [t for t in sheet.question.terms if not t.weak or is_generic(t)]

    def worth(column: Sequence[Figure]) -> float:
        return max((likeness(t, words(column[0].head)) for t in terms), default=0.0) if column[0].head else 0.0

    full = [c for c in columns.values() if len({f.id for f in c}) >= 3 and "lines" not in c[0].column]
    named = [c for c in full if worth(c) >= 0.55]
    tables = [c for c in full if " table " in c[0].column]
    if named:
        best = max(named, key=lambda c: (worth(c), len(c)))
    elif len(tables) > 1:
        return []
    else:
        best = max(full, key=len, default=[])
    listed = [f for f in best if not words(f.name).concepts & {"total", "subtotal", "payable"}]
    return list({f.id: f for f in listed}.values())


# --- time, limits --------------------------------------------------------------------------------------------------


_LATE = re.compile(r"\b(?:late|delayed|delay|behind schedule|early)\b|晚点|延误|迟")


def _late(sheet: Sheet) -> Solution | None:
    """How late something is: the two times of its row."""
    if not _LATE.search(sheet.folded) or sheet.question.wants != "duration":
        return None
    found = sheet.named(_LATE.sub(" ", sheet.folded))
    for named in found[:1]:
        row = [f for f in sheet.figures if f.row == named.figure.row]
        times = {f.number: f for f in row if f.kind == "time"}
        for v in valued(named.figure.name):
            if v.kind == "time" and v.number is not None:
                times.setdefault(v.number, replace(named.figure, number=v.number, kind="time", text=v.text))
        if len(times) == 2:
            return _less(sheet.question, *times.values())
    return None


_JOURNEY = re.compile(r"\b(?:take|takes|journey|ride|trip|travel|flight|way)\b|路上|车程|全程|要多|开多|多久|多长|历时")


def _lasting(sheet: Sheet) -> Solution | None:
    """How long something lasts that is printed as from when to when, in one cell or in two of its row."""
    long = re.search(r"\b(?:how long|hours|minutes)\b|小时|分钟|多久|多长", sheet.folded)
    if sheet.question.wants != "duration" or long is None or asking.find("comparative", sheet.folded):
        return None
    found = sheet.named(sheet.folded)
    if not found or found[0].score < 0.6 or any(n.figure.kind == "duration" for n in found):
        return None
    for named in found:
        text = sheet.page_of[named.figure.page].known[named.figure.id].text
        times = [v for v in valued(text) if v.kind == "time" and v.number is not None]
        if len(times) == 2 and named.figure.kind == "time":
            return _less(sheet.question, *(replace(named.figure, number=v.number or 0.0, text=v.text) for v in times))
    row = {n.figure.id: n.figure for n in found if n.figure.kind == "time" and n.figure.row == found[0].figure.row}
    if len(row) == 2 and _JOURNEY.search(sheet.folded):
        return _less(sheet.question, *row.values())
    return None


_LIMIT = re.compile(
    r"\b(over|above|beyond|below|under|outside) (?:the |its |his |her )?(?:\w+ )?(?:limit|range|normal|maximum|minimum|reference|target)\b"
    r"|(?:超过|超出|高于|低于|高出)[^,，]{0,6}(?:上限|下限|标准|正常|参考|限)|超标"
)


def _beyond(sheet: Sheet) -> Solution | None:
    """How far a value lies outside the range that its row gives."""
    match = _LIMIT.search(sheet.folded)
    if match is None or not re.search(r"\bhow (?:far|much|many)\b|\bby how\b|多少|几", sheet.folded):
        return None
    for named in sheet.named(_LIMIT.sub(" ", sheet.folded))[:1]:
        value = named.figure
        bounds = _bounds(value, sheet)
        outside = [b for b in bounds if (value.number > b.number) == (b.number == bounds[-1].number)] if bounds else []
        if outside:
            return _less(sheet.question, value, min(outside, key=lambda b: abs(b.number - value.number)))
    return None


def _bounds(value: Figure, sheet: Sheet) -> list[Figure]:
    """The limits in the cells of a figure's row, the least first."""
    page = sheet.page_of[value.page]
    row = next((r for g in page.grids for r in g.body if any(c is not None and c.id == value.id for c in r)), ())
    found = []
    for cell in row:
        if cell is None or cell.id == value.id:
            continue
        inside = [v for v in valued(cell.text.replace("-", " - ")) if v.kind == "number" and v.number is not None]
        if (
            len(inside) == 2
            or (len(inside) == 1 and asking.find("limit", cell.text.casefold() + " "))
            or (inside and re.search(r"[<>≤≥]", cell.text))
        ):
            found += [replace(value, number=abs(v.number or 0.0), text=v.text, id=cell.id) for v in inside]
    return sorted(found, key=lambda f: f.number)


# --- one of several ------------------------------------------------------------------------------------------------

_ONE = re.compile(
    r"\b(?:one|single|each|apiece|per|every)\b|(?:一|每)(?:个|件|袋|盒|瓶|张|次|条|支|本|斤|公斤|小时|杯|罐|包|份|天|晚|人|块|套|只|台|节)"
)
_PACK = re.compile(
    r"\b(?:set|pack|box|case|bag|bunch|book|strip)s? of (\d{1,3}|[a-z]+)\b|\b(\d{1,3})[ -]?(?:x\b|pcs?\b|packs?\b|pairs\b|pieces\b|"
    r"rides?\b|trips\b|visits?\b|swims?\b|classes\b|lessons\b|sessions\b|tickets\b|bottles\b|cans\b|rolls\b|eggs\b|bulbs\b)"
    r"|([二两三四五六七八九十]{1,3}|\d{1,3})(?:次|张|个|支|罐|瓶|件|盒|包|天|节)"
)
_COUNTED = re.compile(r"(?i)\bqty\b|quantity|\bno\.?$|\bunits\b|\bhours\b|pieces|数量|件数|次数|小时|人数")

_UNIT_PRICE = re.compile(r"(?i)\beach\b|\bunit (?:price|cost)|\bper (?:piece|item|unit)|单价|每[个件份本张]")


def _each(sheet: Sheet) -> Solution | None:
    """The price of one where the row gives how many and what they cost together."""
    if not _ONE.search(sheet.folded) or sheet.question.wants not in ("amount", "number", ""):
        return None
    if not re.search(r"\bhow much\b|\bcost|\bprice|\bpay|钱|价|元|块", sheet.folded):
        return None
    phrase = re.sub(r"平均|合", " ", _ONE.sub(" ", sheet.folded))
    found = [n for n in sheet.named(phrase) if n.figure.kind in ("number", "amount")]
    if not found:
        return None
    row = [n.figure for n in found if n.figure.row == found[0].figure.row and n.score >= found[0].score - 0.3]
    row = list({(f.id, f.text): f for f in row}.values())
    return _one_of(row) or _rate([n.figure for n in sheet.named(phrase)], sheet.folded)


def _rate(named: Sequence[Figure], folded: str) -> Solution | None:
    """An amount by the hours or days that stand elsewhere under the same name."""
    unit = re.search(r"\b(hour|day|week|month)\b|(小时|天|月|周)", folded)
    times = [f for f in named if f.kind == "duration" and unit and unit[0] in f.text.casefold()]
    amounts = [f for f in named if f.kind in ("number", "amount") and re.search(r"\.\d\d|元|[£$€¥￥]", f.text)]
    if not times or not amounts or times[0].number < 2:
        return None
    how, ids = f"{amounts[0].text} / {times[0].text}", (amounts[0].id, times[0].id)
    text = shown(amounts[0].number / times[0].number)
    return Solution(answers.worked(text, how, ids), how, ids, 1.0, amounts[0].page)


def _one_of(row: Sequence[Figure]) -> Solution | None:
    """The unit price that a row prints, else its amount by its quantity."""
    printed = next((f for f in row if _UNIT_PRICE.search(f.head)), None)
    if printed is not None:
        return Solution(answers.value(printed.text, (printed.id,)), "the column has prices of one", (printed.id,))
    counts = [f for f in row if f.number == int(f.number) and 2 <= f.number <= 200 and not has_cents(f.text)]
    for count in counts:
        rest = [f for f in row if f is not count]
        for amount in rest:
            for unit in rest:
                if unit is not amount and abs(unit.number * count.number - amount.number) < 0.011:
                    return Solution(answers.value(unit.text, (unit.id,)), "the row has the price of one", (unit.id,))
    quantity = next((f for f in counts if _COUNTED.search(f.head)), None)
    rest = [f for f in row if f is not quantity and (f.kind == "amount" or has_cents(f.text) or quantity)]
    if not rest:
        return None
    amount = max(rest, key=lambda f: f.number)
    pack = _PACK.search(amount.name.casefold())
    number = quantity.number if quantity else _in_pack(pack) if pack else None
    if number is None or number < 2:
        return None
    how = f"{amount.text} / {shown(number)}"
    ids = (amount.id, quantity.id) if quantity else (amount.id,)
    return Solution(answers.worked(shown(amount.number / number), how, ids), how, ids, 1.0, amount.page)


def _in_pack(match: re.Match[str]) -> float | None:
    words_of = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10, "twelve": 12}
    text = match[1] or match[2] or match[3]
    return float(text) if text.isdigit() else float(words_of.get(text, 0)) or han_number(text)


# --- differences and sums ------------------------------------------------------------------------------------------


_STEP = re.compile(
    r"\bfrom (?:\w+ )?([£$€¥]?[\d.,]*\d) ?[a-z%€]{0,6} to (?:\w+ )?([£$€¥]?[\d.,]*\d)"
    r"|([£$€¥]?[\d.,]*\d) ?[a-z%€]{0,6}(?: in \w{3,9})?[ ,(]{1,3}(?:up from|down from|against|instead of|rather than|compared with|"
    r"previously|formerly|now|currently|it was|was|before that) ([£$€¥]?[\d.,]*\d)"
    r"|[由从原]\D{0,3}([\d.,]*\d)[^\d,，]{0,6}[,，]?(?:现|涨|降|调|提高|增|减|改|升)[^\d,，]{0,4}([\d.,]*\d)",
    re.IGNORECASE,
)


def _raised(sheet: Sheet) -> Solution | None:
    """What a sentence says something rose or fell by: "to raise the rent from 38 to 42"."""
    named = [t for t in spoken(sheet.folded) if not is_generic(t) and t.kind != "soft"]
    said = [t for t in named if not t.weak] or named
    if sheet.question.kind != "difference" or not said or ends(sheet.folded) is not None:
        return None
    found = []
    for page in sheet.pages:
        sentences = told(page)
        for n, one_told in enumerate(sentences):
            before = sentences[n - 1].text if n else ""
            here, near = (
                sum(likeness(t, words(x)) >= 0.85 for t in said) for x in (one_told.text, before + one_told.text)
            )
            share = (here + 0.5 * (near - here)) / len(said) if here else 0.0
            found += [(share, one_told, m) for m in _STEP.finditer(one_told.text) if share >= 0.6]
    top = max((f[0] for f in found), default=0.0)
    fit = [f for f in found if f[0] == top]
    if len(fit) != 1:
        return None
    _, sentence, match = fit[0]
    said_of = [g for g in match.groups() if g]
    one, two = (number_of(g) for g in said_of)
    if one is None or two is None:
        return None
    how = " - ".join(reversed(said_of))
    return Solution(answers.worked(shown(abs(two - one)), how, sentence.ids), how, sentence.ids, sentence.score)


def _less(question: Question, one: Figure, two: Figure) -> Solution:
    """The difference of two figures."""
    ids = (one.id, two.id)
    high, low = (one, two) if one.number >= two.number else (two, one)
    number = high.number - low.number
    text = shown(number)
    if one.kind == "time":
        text = lasting(number, question)
    elif one.kind == "date":
        text = f"{text} 天" if question.chinese else f"{text} days"
    how = f"{high.text} - {low.text}"
    return Solution(answers.worked(text, how, ids), how, ids, 1.0, one.page)


def _added(sheet: Sheet) -> Solution | None:
    """The sum of two or more named figures, each as often as the question says, or of all that one phrase names."""
    question = sheet.question
    phrases = addends(sheet.folded)
    counts = [count_of(p) for p in phrases]
    basket = len(phrases) > 1 and all(unit for _, unit in counts) and any(n > 1 for n, _ in counts)
    basket = basket and question.wants == "amount"
    if asking.find("sum", sheet.folded) is None and not _SUMS.search(sheet.folded) and not basket:
        return None
    if len(phrases) > 1:
        named = [sheet.named(p) or _by_unit(unit, p, sheet) for p, (_, unit) in zip(phrases, counts, strict=True)]
        chosen = together(question, named)
    else:
        chosen = _alike(sheet, phrases[0]) if phrases and counts[0][0] < 2 else None
        counts = [(1, "")] * len(chosen or ())
    if not chosen or any(f.kind in ("time", "date") for f in chosen):
        return None
    return _total(question, chosen, [n for n, _ in counts])


_SUMS = re.compile(
    r"\bcomes? (?:out )?(?:to|at)\b|\bbetween them\b|\btotal\b|\baverage\b|\bon average\b|平均"
    r"|\b(?:would|will|do|did)\b.*\band\b.*\b(?:cost|set (?:me|us) back|come to)\b|\bwould\b.*\bcost\b.*\band\b"
)


def _through(sheet: Sheet) -> Solution | None:
    """The sum of a stretch of a column: "from June to August"."""
    match = _STRETCH.search(sheet.folded)
    summed = asking.find("sum", sheet.folded) or _SUMS.search(sheet.folded) or _PERIOD.search(sheet.folded)
    if match is None or not summed:
        return None
    ends_of = together(sheet.question, [sheet.named(match["a"] or match["c"]), sheet.named(match["b"] or match["d"])])
    if ends_of is None or ends_of[0].column != ends_of[1].column or " sentence" in ends_of[0].column:
        return None
    column = [f for f in sheet.figures if f.column == ends_of[0].column]
    first, last = sorted((column.index(ends_of[0]), column.index(ends_of[1])))
    chosen = column[first : last + 1]
    return _total(sheet.question, chosen, [1] * len(chosen))


_PERIOD = re.compile(r"\b(?:in|over|during) the (?:\w+ )?(?:months|days|years|weeks|quarters) (?:from|between)\b")
_STRETCH = re.compile(
    r"\bfrom (?P<a>[\w ]+?) (?:to|through|until|till) (?P<b>[\w ]+)|(?P<c>[^,，]+?)(?:到|至)(?P<d>[^,，]+?)(?=一共|总共|合计|共|加)"
)


def _by_unit(unit: str, phrase: str, sheet: Sheet) -> list[Named]:
    """What an hour or a night costs, where the question only says how many of them; the one such price of the page."""
    price = re.compile(rf"(?:\bper|/|\ban?|\beach|每|一)\s*{re.escape(unit)}") if unit else None
    found = [f for f in sheet.meant(phrase) if price and price.search(f"{f.name} {f.head}".casefold())]
    return [Named(f, 0.6) for f in found] if len({f.number for f in found}) == 1 else []


def _total(question: Question, chosen: Sequence[Figure], counts: Sequence[int]) -> Solution:
    """Figures added up, each as often as it is asked for; what was only ever taken off adds up to what was taken."""
    negative = all(f.number < 0 for f in chosen)
    number = sum(n * (abs(f.number) if negative else f.number) for f, n in zip(chosen, counts, strict=True))
    number = number / len(chosen) if question.kind == "average" else number
    ids = tuple(f.id for f in chosen)
    how = " + ".join(f"{n} x {f.text}" if n > 1 else f.text for f, n in zip(chosen, counts, strict=True))
    return Solution(answers.worked(shown(number), how, ids), how, ids, 1.0, chosen[0].page)


def _alike(sheet: Sheet, phrase: str) -> list[Figure] | None:
    """The figures of one column, or one row, that a phrase names equally well: two at least and not all of them."""
    found = sheet.named(phrase)
    if not found or not spoken(phrase):
        return None
    top = [n.figure for n in found if n.score >= found[0].score - 0.05]
    for some, whole in (
        ([f for f in top if f.column == top[0].column], [f for f in sheet.figures if f.column == top[0].column]),
        ([f for f in top if f.row == top[0].row], [f for f in sheet.figures if f.row == top[0].row]),
    ):
        unique = {f.id: f for f in some}
        if 2 <= len(unique) < len({f.id for f in whole}):
            return list(unique.values())
    return None
