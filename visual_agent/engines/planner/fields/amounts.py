"""A figure that is asked for in other words than the page's: amounts, measures, percentages, codes, phone numbers.

In: a `Question` and `Page`s. Out: the figure whose row, clause or line speaks most clearly of the question. What is
measured must agree ("how warm": degrees, "what does it cost": money); words are compared by stem, kin and meaning; a
thing of the question that no figure's surroundings speak of leaves it unanswered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.extracts import wanted
from visual_agent.engines.planner.asked.quantities import counted_thing
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.related import scene
from visual_agent.engines.planner.fields.nearest import is_sort, verbs
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.figures.counting import absent
from visual_agent.engines.planner.figures.running import told
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text import measures
from visual_agent.engines.planner.text.ages import age_told, ages_in, is_age
from visual_agent.engines.planner.text.figure_words import Asked, asked_words, speaks
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.values import Value, has_cents, is_numeric, values
from visual_agent.engines.planner.text.words import lexicon, words

_LEAST = 0.6
"""Least share of a question that a figure's surroundings must account for."""
_CLEAR = 0.85
"""The same where nothing else has been tried yet."""
_COUNTED = 0.45
"""The same for a number of things whose noun stands beside it."""
_MARGIN = 0.015
_MOST = 600
"""Figures that are looked at; a page with more is a list that other modules search."""
_TYPES = ("amount", "number", "percent", "id", "phone")
_TALK = re.compile(
    r"\b(?:how (?:much|many|far)|numbers?|amount|prices?|costs?|costing|pay|pays|paying|paid|spends?|spent|spending|"
    r"charge|charges|charged|charging|money|do they|does it|wants?|gives?|given|gets?|got|takes?|be|been|being|asks?|"
    r"asking|exactly|altogether|together|normally|please|tell me|value|figure|come to|set (?:me|us) back|there|here|"
    r"pounds?|dollars?|euros?|pence|yuan|quid|thing|into|once|for the time being|went|came|go|goes|put|anyone|somebody|something|whole|own|actually)\b"
    r"|英镑|美元|欧元|港元|日元|人民币|多少|几(?=[个号位])|多[高长深宽远重大]|价格|价钱|钱|号码|编号|花了?|付|[是要给得]|本身|[扣缴刷交拿领发]了?(?=多少)|一共|总共"
)
"""Words of a question that say no more than that a figure is asked for."""
_APART = re.compile(
    r"[(（]?(?:不算|不含|不包括|除了)[^)）?？]*[)）]?|\b(?:excluding|not counting|not including|apart from)\b[^?]*"
)
"""What a question says that it does not ask for."""
_CALLED = re.compile(
    r"\b(?:if|when|in case|should)\b.*|\b(?:ring|call|dial|phone|telephone|reach|contact|get hold of|help)\b"
    r"|如果|要是|遇险|遇到|出了?事|有问题|有疑问|有事|紧急|急救|求助|联系|咨询|投诉|[打拨问哪的]|电话|手机"
)
"""What a question for a phone number says that is about no particular person or place."""
_PERSON = re.compile(
    r"\b(?:(?:grand)?(?:son|daughter|child|kid|boy|girl|mum|mother|dad|father)s?|toddler|baby|my|years?|yrs?|olds?|aged?)\b"
    r"|孙?[儿女]子?|女儿|儿子|孩子?|小孩|宝宝|老人|妈妈?|爸爸?|奶奶|爷爷|[周的我家]?岁|年纪|次"
)
_PAID = re.compile(
    r"\breward\b|\bwhat (?:was|were|is|has been) (?:\w+ ){0,2}(?:paid|taken|given back|refunded|charged|spent|owed|owing|earned|saved)\b(?!.*\b(?:for|with|on|by|from)\W*$)"
    r"|\bwhat (?:did|does|do|will) .*(?:fetch|raise|bring in|go for|want for|ask for)\b"
    r"|[退还][回了]?\w?多少|罚多少|赔多少"
)
"""Questions for money that name neither a price nor an amount."""
_CODE = re.compile(
    r"\b(?:codes?|pin|combination|extension|(?:what|which) number)\b"
    r"|[口暗]令|[验证取提]\w?[证件票货]?码|代码|分机|尾号"
)
_PER_AGE = re.compile(r"\b(?:dose|dosage|amount|fee|price|rate)\b|剂量|用量|票价|费")
_SENIOR = re.compile(r"pensioner|senior|elderly|retired|old.age|oap|老人|老年")


@dataclass(frozen=True)
class Figure:
    """A number on a page.

    `own` names it (label, heading, clause), `line` is its row or sentence, `over` what it stands under; `unit` is a
    unit of `measures.toml`, "%" or ""; `alone` says that it fills its cell or line; `whom` may tell
    for whose age it is.
    """

    text: str
    kind: str
    unit: str
    ids: tuple[str, ...]
    own: str
    line: str
    over: str
    head: str = ""
    alone: bool = False
    page: str = ""
    whom: str = ""


def measured(question: Question, pages: Sequence[Page]) -> Solution | None:
    """For "how heavy", "how many litres": the figure with such a unit that clearly is meant."""
    if question.kind not in ("field", "count") or not measures.asked(question.folded) or len(pages) != 1:
        return None
    return amount(question, pages, _CLEAR)


def amount(question: Question, pages: Sequence[Page], least: float = _LEAST) -> Solution | None:
    """The figure that a question asks for, where one clearly is meant."""
    counts = question.kind == "count" and not measures.asked(question.folded)
    wants = "number" if counts else _wants(question) or ("number" if question.kind == "count" else "")
    if question.looks or not wants or question.kind not in ("field", "count") or len(question.folded) > 300:
        return None
    letters = {t.text for t in question.terms if len(t.text) == 1 and t.text.isascii() and t.text.isalpha()}
    if any(not any(re.search(rf"\b{letter}\b", p.words.folded) for p in pages) for letter in letters):
        return None  # "string E" where the page has strings A to D
    found = [f for page in pages for f in figures(page)]
    found = [f for f in found if _fits(f, wants, question)][:_MOST]
    exact = [f for f in found if f.unit in measures.named_unit(question.folded)]
    found = exact or found
    if counts:
        if absent(question, pages):
            return None
        found, least = _of_things(found, question), _COUNTED
    ranked = _ranked(question, wants, found)
    ages = {_plain(f.text) for _, f in ranked if age_told(question.folded) and f in exact and ages_in(f.whom or f.own)}
    only = (len({_plain(f.text) for f in exact}) == 1 and not _unheard(question, pages)) or len(ages) == 1
    if not ranked or (ranked[0][0] < least and not only):
        return None
    top, best = ranked[0]
    rivals = [s for s, f in ranked[1:] if _plain(f.text) != _plain(best.text)]
    if rivals and rivals[0] > top - _MARGIN:
        return None
    text = _shown(question, best)
    return Solution(answers.value(text, best.ids), f'"{best.own[:60]}" names it', best.ids, 1.0, best.page)


def _unheard(question: Question, pages: Sequence[Page]) -> bool:
    """Whether a question for a figure in a certain unit names a thing that no line of its language speaks of."""
    if not any(has_han(page.text) == question.chinese for page in pages):
        return False
    bare = _TALK.sub(" ", measures.unasked(question.folded))
    said = _lighter(asked_words(bare, question.folded), question.folded)
    texts = {i.text for page in pages for i in page.lines}
    return any(
        w.weight >= 0.9
        and w.text not in measures.asked(question.folded)
        and w.text not in scene()
        and max((speaks(w, t) for t in texts), default=0.0) < 0.5
        for w in said
    )


def _wants(question: Question) -> str:
    """The type of figure that a question is for; "" where it is for none."""
    wants = wanted(question)
    if _CODE.search(question.folded) and wants in ("", "text", "number", "id"):
        return "id"
    if wants in _TYPES:
        return wants
    if not wants and age_told(question.folded) is not None and _PER_AGE.search(question.folded):
        return "number"
    if wants in ("", "text", "duration") and _PAID.search(question.folded):
        return "amount"
    return "number" if wants in ("", "text", "place") and measures.asked(question.folded) else ""


def _of_things(found: Sequence[Figure], question: Question) -> list[Figure]:
    """The whole numbers whose own words or heading name what is counted."""
    thing = counted_thing(question.folded)
    noun = asked_words(thing.noun, question.folded)
    whole = [f for f in found if f.kind == "number" and not f.unit and re.fullmatch(r"\d[\d,]*", f.text.strip())]
    whole = [f for f in whole if not re.fullmatch(r"(?:19|20)\d\d", f.text.strip())]
    return [f for f in whole if thing.generic or any(speaks(w, f"{f.own} {f.head}") >= 0.5 for w in noun)]


def is_figure(question: Question, answer: str) -> bool:
    """Whether an answer can be the figure that is asked for: no code without a digit, no duration as a number."""
    wants = _wants(question)
    bare = answers.uncited(answer)
    if wants == "amount" and question.wants == "amount":
        return (
            re.search(
                r"\d|[一二两三四五六七八九十百千万].*[元块毛]|免费|不(?:收|要)|\bfree\b|\bno\b|\bnil\b", normal(bare)
            )
            is not None
        )
    if wants == "id" and _CODE.search(question.folded):
        kinds = {v.kind for v in values(bare)}
        return re.search(r"\d", bare) is not None and not (kinds and kinds <= {"duration", "date", "time"})
    return wants != "phone" or len(re.sub(r"\D", "", bare)) >= 3 or "@" in bare


def _plain(text: str) -> str:
    return re.sub(r"[^\d.]|\.0+$", "", text)


def _shown(question: Question, figure: Figure) -> str:
    """The figure as an answer: what was spent has no sign."""
    signed = re.search(r"\bbalance|\bchange|\bnet\b|\bprofit|余额|结余|盈亏|温", question.folded)
    return figure.text if signed else re.sub(r"^\s*[-+−–]\s*", "", figure.text)


# --- figures of a page ---------------------------------------------------------------------------------------------


def figures(page: Page) -> Iterator[Figure]:
    """The figures of a page with what stands around each."""
    yield from _in_rows(page)
    for pair in page.pairs:
        loose = pair.relation != "colon" and not is_numeric(pair.value)
        if pair.relation == "cell" or not (pair.relation == "inside" or loose or values(pair.label)):
            over = " ".join(pair.context)
            for value, unit in _numbers(pair.value):
                rest = f"{pair.label} {_clause(pair.value, value)}"
                text = _written(pair.value, value, unit)
                own = unit or ("" if values(pair.label) else measures.unit_alone(pair.label))
                yield Figure(text, value.kind, own, pair.ids, rest, rest, over, "", is_numeric(pair.value), page.name)
    above = _above(page)
    before = ""
    for sentence in told(page):
        for value, unit in _numbers(sentence.text):
            text = _written(sentence.text, value, unit)
            own = _clause(sentence.text, value)
            alone = normal(sentence.text) == normal(text)
            over = above.get(sentence.ids[0], "")
            own, over = (over, own) if alone else (own, over if _heads(over) else before)
            whole = _clause(sentence.text, value, cut=False)
            yield Figure(text, value.kind, unit, sentence.ids, own, sentence.text, over, "", alone, page.name, whole)
        before = sentence.text


def _heads(text: str) -> bool:
    """Whether a line is a heading rather than a sentence."""
    return 0 < len(text) < 30 and not values(text) and re.search(r"[,，.。;；!！]", text) is None


def _in_rows(page: Page) -> Iterator[Figure]:
    for grid in page.grids:
        for row in grid.body:
            cells = [(n, c) for n, c in enumerate(row) if c is not None]
            yield from _in_row(cells, page, [grid.head(n) for n, _ in cells], grid.title)
    for items in page.rows:
        if 1 < len(items) <= 8:
            yield from _in_row(list(enumerate(items)), page, [""] * len(items), "")


def _in_row(cells: Sequence[tuple[int, Item]], page: Page, heads: Sequence[str], title: str) -> Iterator[Figure]:
    """The figures of a row: named by its cells that are no figures, and by their column's heading."""
    units = [measures.unit_alone(c.text) if len(c.text) <= 8 else "" for _, c in cells]
    for n, ((_, cell), head) in enumerate(zip(cells, heads, strict=True)):
        for value, unit in _numbers(cell.text):
            text = _written(cell.text, value, unit)
            clause = "" if is_numeric(cell.text) else _clause(cell.text, value)
            own = f"{_named(cells, cell, headed=any(heads))} {head} {clause}"
            known = unit or measures.unit_alone(head) or (_beside(n, cells, units) if is_numeric(cell.text) else "")
            line = " ".join(c.text for _, c in cells)
            yield Figure(text, value.kind, known, (cell.id,), own, line, title, head, is_numeric(cell.text), page.name)


def _beside(at: int, cells: Sequence[tuple[int, Item]], units: Sequence[str]) -> str:
    """The unit of a cell's number where one stands in a cell of its own: before it, or right behind it."""
    names = [n for n in range(at) if units[n] or not is_numeric(cells[n][1].text)]
    before = units[names[-1]] if names else ""
    behind = units[at + 1] if at + 1 < len(units) else ""
    taken = at + 2 < len(cells) and is_numeric(cells[at + 2][1].text)
    return before or ("" if taken else behind)


def _named(cells: Sequence[tuple[int, Item]], cell: Item, *, headed: bool) -> str:
    """What names a cell of a row: the cells that are no figures; without headings those since the last figure."""
    every = [c for _, c in cells]
    if headed:
        return " ".join(c.text for n, c in enumerate(every) if c is not cell and (n == 0 or not is_numeric(c.text)))
    at = every.index(cell)
    last = max((n for n in range(1, at) if is_numeric(every[n].text)), default=-1)
    before = [c.text for n, c in enumerate(every[:at]) if n > last and (n == 0 or not is_numeric(c.text))]
    return " ".join(before or [c.text for c in every if c is not cell and not is_numeric(c.text)])


def _numbers(text: str) -> Iterator[tuple[Value, str]]:
    """The figures of a text with their units; ends of a range one by one."""
    folded = text.lower()
    for value in values(text):
        if is_age(text, value.start, value.end):
            continue
        if value.kind in ("amount", "percent", "number", "phone", "duration"):
            unit = "%" if value.kind == "percent" else measures.unit_after(folded, value.end)
            if value.kind != "number" or re.search(r"\d", value.text) or (unit and value.text not in "百千万亿"):
                yield value, unit
        elif value.kind == "id":
            glued = re.fullmatch(r"(\d+(?:\.\d+)?)([a-z/°²³]{1,5})", value.text.lower())
            unit = glued[2] if glued and measures.measured_in(glued[2]) else ""
            yield (replace(value, kind="number") if unit else value), unit


def _written(text: str, value: Value, unit: str) -> str:
    """The figure with its unit, as it stands there."""
    end = value.end
    if unit and not value.text.lower().endswith(unit):
        at = text.lower().find(unit, end)
        end = at + len(unit) if 0 <= at <= end + 1 else end
    return text[value.start : end].strip()


_BREAK = re.compile(r"[,，;；。!！?？:：()（）]\s*|\.\s|\s[-–—|·•]\s|·|\s{2,}|\band\b|\bbut\b|，")


def _clause(text: str, value: Value, *, cut: bool = True) -> str:
    """What stands around a value up to the next break or, with `cut`, the next value."""
    others = [v for v in values(text) if cut and v.start != value.start and v.kind in ("amount", "percent", "number")]
    start = max([0, *(m.end() for m in _BREAK.finditer(text) if m.end() <= value.start)])
    end = min([len(text), *(m.start() for m in _BREAK.finditer(text) if m.start() >= value.end)])
    start = max([start, *(v.end for v in others if v.end <= value.start)])
    after = [v.start for v in others if value.end <= v.start <= end]
    if after and re.search(r"[^\W\d_]{2}", text[start : value.start]):
        end = value.end  # "Adults £6 Children £4": what stands between is the next one's label
    end = min([end, *after])
    return f"{text[start : value.start]} {text[value.end : end]}".strip()


def _above(page: Page) -> dict[str, str]:
    """For each loose line the nearest line above it that holds no figure alone."""
    found: dict[str, str] = {}
    for item in page.loose:
        over = [
            o
            for o in page.loose
            if o.box[3] <= item.box[1] + 2
            and item.box[1] - o.box[3] < 1.6 * item.height
            and o.box[0] < item.box[2]
            and o.box[2] > item.box[0]
            and not is_numeric(o.text)
        ]
        found[item.id] = max(over, key=lambda o: o.box[3]).text if over else ""
    return found


# --- which of them is meant ----------------------------------------------------------------------------------------


def _fits(figure: Figure, wants: str, question: Question) -> bool:
    """Whether a figure can be what is asked for: its type, and what it measures."""
    asked = measures.asked(question.folded)
    if wants == "phone":
        return figure.kind == "phone" or (figure.kind in ("number", "id") and 6 <= len(_plain(figure.text)) <= 12)
    if wants == "id":
        return figure.kind in ("id", "phone") or (
            figure.kind == "number" and not figure.unit and len(_plain(figure.text)) > 1
        )
    if figure.kind == "phone" or (figure.kind == "id" and wants != "number"):
        return False
    if figure.kind == "duration":
        return "age" in asked and measures.measured_in(figure.unit) >= {"age"}
    if wants == "percent" or asked == {"percent"}:
        return figure.kind == "percent"
    if wants == "amount" and not asked and measures.MONEY.search(question.folded):
        return figure.kind == "amount" or (figure.kind == "number" and not figure.unit and _like_money(figure))
    kinds = measures.measured_in(figure.unit)
    if asked:
        return bool(asked & kinds) or (figure.kind == "number" and not kinds)
    return True


def _like_money(figure: Figure) -> bool:
    """Whether a bare number can be an amount: cents, or a cell whose heading says nothing else."""
    kinds = {lexicon().concepts[c].kind for c in words(figure.head).concepts} - {""}
    if kinds and "amount" not in kinds:
        return False
    return figure.alone or re.search(r"\d[.,]\d\d$", figure.text) is not None


def _ranked(question: Question, wants: str, found: Sequence[Figure]) -> list[tuple[float, Figure]]:
    """Figures with the share of the question that their surroundings account for, best first."""
    asked = measures.asked(question.folded)
    age = age_told(question.folded) if "age" not in asked else None
    bare = _APART.sub(" ", measures.unasked(question.folded))
    bare = _CALLED.sub(" ", bare) if wants == "phone" else _PERSON.sub(" ", bare) if age is not None else bare
    told_words = _lighter(asked_words(_TALK.sub(" ", bare), question.folded), question.folded)
    if age is not None:
        told_words = [
            w
            for w in told_words
            if not re.match(r"\d|[一二三四五六七八九十]$", w.text) and not age_told(f"aged {w.text}")
        ]
    if age is not None:
        found = [f for f in found if (s := ages_in(f.whom or f.own)) is None or s[0] <= age <= s[1]]
    if not told_words and age is None:
        return _only(found, asked, wants)
    texts = {t for f in found for t in (f.own, f.line, f.over)}
    elsewhere = {w: max((speaks(w, t) for t in texts), default=0.0) for w in told_words}
    scored = [(_score(f, told_words, elsewhere, asked, wants, age), f) for f in found]
    return sorted(scored, key=lambda sf: -sf[0])


def _lighter(said: Sequence[Asked], folded: str) -> list[Asked]:
    """The words of a question, with little weight for what is done and for sorts of things: pages call these otherwise."""
    light = verbs(folded)
    if all(w.text in light or is_sort(w.word) for w in said):
        return list(said)
    return [
        replace(w, word=replace(w.word, weight=0.4 * w.weight)) if w.text in light or is_sort(w.word) else w
        for w in said
    ]


def _only(found: Sequence[Figure], asked: frozenset[str], wants: str) -> list[tuple[float, Figure]]:
    """With nothing said but the measure ("how heavy is it") the only figure that is so measured."""
    good = [f for f in found if (asked and measures.measured_in(f.unit) & asked) or (wants == f.kind == "phone")]
    return [(0.7, good[0])] if len({_plain(f.text) for f in good}) == 1 else []


def _score(
    figure: Figure,
    said: Sequence[Asked],
    elsewhere: dict[Asked, float],
    asked: frozenset[str],
    wants: str,
    age: float | None,
) -> float:
    total = got = 0.0
    for word in said:
        near = max(speaks(word, figure.own), 0.85 * speaks(word, figure.line), 0.75 * speaks(word, figure.over))
        if _SENIOR.search(word.text) and (ages := ages_in(figure.whom or figure.own)) is not None:
            near = 1.0 if ages[0] >= 55 else 0.0
        weight = 1.5 if word.decides and word.weight > 0.5 else word.weight
        total += weight
        got += weight * max(near, 0.35 * elsewhere[word])
    if age is not None:
        total += 1.2
        got += 1.2 if ages_in(figure.whom or figure.own) else 0.0
    if asked:
        total += 0.8
        got += 0.8 if measures.measured_in(figure.unit) & asked else 0.0
    return got / total * (0.8 + 0.2 * _prior(figure, wants)) if total else 0.0


def _prior(figure: Figure, wants: str) -> float:
    """How surely a figure is of the wanted type by its form: an amount with its currency, a cell of its own."""
    if wants == "amount":
        if figure.kind == "amount":
            return 1.0
        cents = has_cents(figure.text)
        return 0.95 if cents else 0.7 if figure.alone else 0.0
    if wants in ("phone", "id"):
        return 1.0 if figure.kind == wants else 0.6
    return 1.0 if figure.alone or figure.unit else 0.8
