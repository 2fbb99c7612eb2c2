"""How many: the records that fit what a question says, and numbers that stand beside what is counted.

In: a `Question` and `Page`s. Out: a `Solution`, or None. A record fits when it holds the words that name some of the
records, has the number that is asked for in the column that is spoken of, is on the asked side of a limit, or has
nothing in a column that the question says there is nothing of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.extracts import looks_like_name, wanted
from visual_agent.engines.planner.asked.quantities import PARTICLES, UNITS, counted_thing
from visual_agent.engines.planner.asked.questions import Question, threshold
from visual_agent.engines.planner.asked.weights import is_generic, weight
from visual_agent.engines.planner.choices.ranking import is_index, key_of, nearest_heading, titled
from visual_agent.engines.planner.fields.lists import entries, spelled
from visual_agent.engines.planner.fields.single import Solution, field, one_field, told_by
from visual_agent.engines.planner.fields.tables import Match, best
from visual_agent.engines.planner.figures.running import alike
from visual_agent.engines.planner.figures.tallying import every, tallied
from visual_agent.engines.planner.hits import Hit
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.page.places import bulleted
from visual_agent.engines.planner.page.records import records
from visual_agent.engines.planner.text.folding import has_han, normal, stem
from visual_agent.engines.planner.text.meanings import closeness, nearest_of
from visual_agent.engines.planner.text.values import is_numeric, number_of
from visual_agent.engines.planner.text.words import Term, likeness, words

_NOUN_EN = re.compile(r"\b(?:how many|number of) ([a-z]+)(?: ([a-z]+))?")
_NOUN_ZH = re.compile(
    r"(?:多少|几)个?(?:(公里|公斤|千克|毫米|厘米|小时|分钟|千米|毫升)|([\u4e00-\u9fff])([\u4e00-\u9fff]?))"
)
_NONE = re.compile(r"\b(?:no|not|never|without|zero|none|yet to|\w+n't)\b|没有?|未|零")
_NOTHING = re.compile(r"0+(?:\.0+)?|[-–—]|nil|none|无", re.IGNORECASE)
_NEAR = 0.45
_UNITS = {
    "minutes": "分钟",
    "hours": "小时",
    "days": "天",
    "weeks": "周",
    "months": "个月",
    "years": "年",
    "nights": "晚",
    "people": "人",
    "times": "次",
}
_NUMBER = r"\d[\d,]*(?:\.\d+)?|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:-[a-z]+)?"


def fitting(question: Question, pages: Sequence[Page]) -> Solution | None:
    """How many records meet a condition on a column: a number, a limit, or nothing."""
    for page, match, rows in _fitting(question, pages):
        ids = tuple(next(c.id for c in match.rows[r] if c is not None) for r in rows)
        why = f"{len(rows)} of {len(match.rows)} rows fit"
        return Solution(answers.cited(str(len(rows)), ids), why, ids, 1.0, page.name)
    return None


def filtered(question: Question, pages: Sequence[Page]) -> Solution | None:
    """For "Which items cost more than 10?": the records on the asked side of the limit."""
    asks = re.search(r"\b(?:which|what|who|list|name)\b|哪|谁|列出", question.folded)
    if threshold(question.folded) is None or asks is None:
        return None
    for page, match, rows in _fitting(question, pages):
        first = 1 if is_index(match, 0) else 0
        cells = [c for r in rows if (c := match.rows[r][first]) is not None]
        if cells and len(rows) < len(match.rows):
            text = answers.listed([(c.text, (c.id,)) for c in cells])
            return Solution(text, "these rows fit", tuple(c.id for c in cells), 1.0, page.name)
    return None


def _fitting(question: Question, pages: Sequence[Page]) -> Iterator[tuple[Page, Match, list[int]]]:
    for page in pages:
        for grid in records(page):
            match = Match(question, grid, page)
            rows = _rows(match)
            if rows:
                yield page, match, rows


def _selecting(match: Match) -> list[Term]:
    """The terms that name some of the records, without what is counted."""
    nouns = counted_nouns(match.question)
    return [t for t in match.selecting() if not (has_han(t.text) and t.text in nouns)]


def _selected(match: Match, row: int, terms: Sequence[Term]) -> bool:
    return all(match.in_row(t, row) >= 0.55 for t in terms)


def _rows(match: Match) -> list[int]:
    """The records that meet a condition on a column; none where the question has no such condition."""
    question = match.question
    limit = threshold(question.folded)
    bound = key_of(limit[1]) if limit is not None else None
    numbers = [t for t in question.terms if t.kind == "number" and number_of(t.text) is not None]
    selecting = [t for t in _selecting(match) if t.kind != "number" and (bound is None or not t.text[:1].isdigit())]
    rows = [r for r, _ in enumerate(match.rows) if _selected(match, r, selecting)]
    if limit is not None and bound is not None:
        column = _column(match, any_single=True)
        kept = [
            r for r in rows if (n := _number(match, r, column)) is not None and _beyond(n, bound, limit[0], question)
        ]
    elif numbers:
        column = _column(match)
        kept = [r for r in rows if _number(match, r, column) == number_of(numbers[0].text)]
    elif _NONE.search(question.folded) is not None:
        column = _column(match)
        kept = [r for r in rows if _is_nothing(match, r, column)]
    else:
        return []
    return kept if column is not None and _explained(match, numbers) else []


def _beyond(number: float, bound: float, more: bool, question: Question) -> bool:
    """Whether a number is on the asked side of a limit, which "at least" and 以上 count in."""
    if number == bound:
        return asking.find("limit_included", question.folded) is not None
    return (number > bound) == more


def _column(match: Match, *, any_single: bool = False) -> int | None:
    """The numeric column that the question speaks of; the only one where that may be meant (`any_single`)."""
    numeric = [c for c in range(match.grid.width) if not is_index(match, c) and _is_numeric_column(match, c)]
    scored = [(max((_nearness(t, match, c) for t in match.question.terms), default=0.0), c) for c in numeric]
    best = max(scored, default=None)
    if best is not None and best[0] >= _NEAR and sum(s == best[0] for s, _ in scored) == 1:
        return best[1]
    return numeric[0] if any_single and len(numeric) == 1 else None


def _nearness(term: Term, match: Match, column: int) -> float:
    """How surely a heading speaks of a term; "match" and the like say less than "drawn"."""
    near = nearest_heading(term, match, column)
    return near * (0.5 if is_generic(term) else 1.0) if near >= _NEAR else 0.0


def _is_numeric_column(match: Match, column: int) -> bool:
    texts = match.texts(column)
    plain = sum(is_numeric(t) or _NOTHING.fullmatch(t.strip()) is not None for t in texts)
    return len(texts) >= 2 and plain >= 0.7 * len(texts)


def _number(match: Match, row: int, column: int | None) -> float | None:
    cell = match.rows[row][column] if column is not None else None
    return number_of(cell.text) if cell is not None else None


def _is_nothing(match: Match, row: int, column: int | None) -> bool:
    cell = match.rows[row][column] if column is not None else None
    return cell is not None and _NOTHING.fullmatch(cell.text.strip()) is not None


def _explained(match: Match, idle: Sequence[Term]) -> bool:
    """Whether each thing that the question names stands in a heading, a title or a record, or is what is counted."""
    nouns = counted_nouns(match.question)
    open_terms = []
    for term in match.question.terms:
        if term in idle or term.kind == "soft" or term.weak or is_generic(term) or term.kind == "number":
            continue
        if weight(term, match.question) < 0.9 or any(n in term.text for n in nouns) or _UNITLIKE.fullmatch(term.text):
            continue
        if max(titled(term, match), max(nearest_heading(term, match, c) for c in range(match.grid.width))) < _NEAR:
            open_terms.append(term)
    single = match.grid.width == 2 and all(weight(t, match.question) <= 1.0 for t in open_terms)
    return len(open_terms) <= (1 if single else 0)


_UNITLIKE = re.compile(r"mm|cm|km|kg|[毫厘]米|公[里斤]|超过|[高低]于|不到|[分元块岁米度个天次]?[以之]?[上下内]?")


def counted_nouns(question: Question) -> list[str]:
    """What is counted: the words behind "how many", the characters behind 几."""
    match = _NOUN_EN.search(question.folded) or _NOUN_ZH.search(question.folded)
    if match is None:
        return []
    verbs = ("are", "is", "were", "was", "did", "do", "does", "has", "have", "can", "will", "of", "in", "for", "the")
    return [w for w in match.groups() if w and w not in verbs]


# --- numbers beside what is counted --------------------------------------------------------------------------------


def beside(question: Question, pages: Sequence[Page]) -> Solution | None:
    """For "How many km have the shoes done?": of the numbers right before "km", the one whose line speaks of shoes."""
    nouns = counted_nouns(question)[: 1 if question.chinese else 2]
    found = [
        (_shared(question, item, nouns), text, item, page)
        for page in pages
        for item in page.lines
        for noun in nouns
        for text in _numbers_before(noun, item)
    ]
    top = max((shared for shared, *_ in found), default=0.0)
    nearest = [f for f in found if f[0] == top]
    open_terms = [t for t in question.terms if weight(t, question) >= 0.9 and not _is_noun(t, nouns)]
    if len({f[1] for f in nearest}) != 1 or (top == 0 and (len(found) > 1 or open_terms)):
        return None
    _, text, item, page = nearest[0]
    return Solution(answers.value(text, (item.id,)), "the number stands before it", (item.id,), item.score, page.name)


def _numbers_before(noun: str, item: Item) -> list[str]:
    """The numbers right before a noun or unit in a line, in words or figures, in either language."""
    folded = normal(item.text)
    if has_han(noun):
        return re.findall(rf"(?<![\d.,])(\d[\d,]*(?:\.\d+)?|[一二两三四五六七八九十]+)\s?个?{noun}", folded)
    found = re.findall(
        rf"(?<![\w.,-])({_NUMBER}) (?:[a-z-]+ )?({re.escape(noun[:3])}[a-z]*)\b(?!:? ?\d)(?!(?: [a-z-]+){{1,2}}: ?\d)",
        folded,
    )
    numbers = [number for number, said in found if stem(said) == stem(noun)]
    unit = _UNITS.get(noun if noun.endswith("s") or noun == "people" else noun + "s")
    return numbers + (re.findall(rf"(\d+)\s?{unit}", folded) if unit else [])


def _shared(question: Question, item: Item, nouns: Sequence[str]) -> float:
    """How much of the rest of the question a line speaks of."""
    said = words(item.text)
    rest = [t for t in question.terms if not _is_noun(t, nouns)]
    got = sum(weight(t, question) * likeness(t, said) for t in rest if likeness(t, said) >= 0.55)
    strong = [t for t in rest if weight(t, question) >= 0.9 and not is_generic(t)]
    near = max((closeness(t.text, w) for t in strong for w in normal(item.text).split()), default=0.0)
    han = {c for c in question.folded if has_han(c) and c not in _IDLE and c not in "".join(nouns)}
    same = 0.3 * sum(c in item.text for c in han)
    return round(got + (0.5 * near if near >= 0.5 else 0.0) + same, 2)


_IDLE = "一二两三四五六七八九十个里有的是几多少吗么呢了共总要能会我你他她它这那在上下请问每次天"


def _is_noun(term: Term, nouns: Sequence[str]) -> bool:
    return any(n in term.text or term.text in n for n in nouns)


def counts(text: str) -> bool:
    """Whether an answer to "how many" says a number that is no code."""
    said = re.sub(r"\s*(?:\[[^\]]*\]|[(（].*[)）])", "", text).strip()
    return is_count(said)


def is_about(found: Solution, question: Question, pages: Sequence[Page]) -> bool:
    """Whether the line of a number that was found by relation speaks of what is counted."""
    lines = [normal(p.known[i].text) for p in pages for i in found.ids if i in p.known]
    said = [w for line in lines for w in re.findall(r"[a-z]{3,}|[\u4e00-\u9fff]{2,}", line)]
    near = max((nearest_of(n, said) for n in counted_nouns(question)), default=0.0)
    capped = any(_LIMIT.search(line) for line in lines) and re.search(r"\bcan|may|fit|能|可以|容", question.folded)
    return counts(found.text) and (near >= 0.3 or bool(capped))


_LIMIT = re.compile(r"\bmax(?:imum)?\b|\bcapacity\b|\bup to\b|\bno more than\b|最多|限|容纳|核载")


_COUNT = re.compile(
    rf"(?:about|around|over|up to|约|共)?\s?(?:\d[\d,]*(?:\.\d+)?|{_NUMBER}|one|a|[一二两三四五六七八九十百千半]+)"
    r"(?:\s?(?:[a-z²³/µ°]{1,12}|[\u4e00-\u9fff]{1,3})){0,2}"
)
_NO_COUNT = re.compile(r"\d{1,2}[.)、]|\d+[a-z]|(?:19[5-9]|20[0-4])\d|.*[元块]")


def is_count(text: str) -> bool:
    """Whether a text can be a number of things: no number in a list ("1."), no code ("5b"), no year and no sentence."""
    plain = normal(text.strip())
    return _COUNT.fullmatch(plain) is not None and _NO_COUNT.fullmatch(plain) is None


def _nearest(hits: list[Hit], question: Question) -> list[Hit]:
    """Two values, the one first whose label means what the question does, where they differ clearly in that."""
    if len(hits) < 2 or hits[0].score - hits[1].score > 0.25:
        return hits
    phrase = " ".join([*counted_nouns(question)[:1], *(t.text for t in question.terms if not t.weak)])
    near = [closeness(phrase, normal(h.label)) for h in hits]
    return [replace(hits[1], score=hits[0].score), hits[0]] if near[1] > near[0] + 0.15 else hits


def _tells(hit: Hit, question: Question, page: Page) -> bool:
    """Whether a value that was found is a number of what is counted, not a number in some other remark."""
    if not is_count(hit.text):
        return False
    nouns = counted_nouns(question)
    source = next((page.known[i].text for i in hit.ids if i in page.known), hit.text)
    if not nouns or not re.search(r"[^\W\d_]{3}|[\u4e00-\u9fff]{2}", source):
        return True
    around = normal(f"{hit.label} {source}")
    said = words(around)
    about = [t for t in question.terms if any(n in t.text for n in nouns)]
    if words(hit.label).concepts & {"address", "phone"}:
        return False
    unit = counted_thing(question.folded).unit
    if unit and re.search(rf"(?<!\d){re.escape(hit.text.strip(unit))}\s?{unit}", normal(source)):
        return True
    if nouns[0] in _PEOPLE and re.search(rf"{re.escape(hit.text)}\s?[{_PEOPLE}]", source):
        return True
    return any(n[:4] in around for n in nouns) or any(likeness(t, said) >= 0.55 for t in about)


_PEOPLE = "人名位个"


# --- how many there are --------------------------------------------------------------------------------------------


def _of_rows(hits: Sequence[Hit]) -> bool:
    """Whether the best two values stand in one column of two rows alike: then the rows are to be counted."""
    if len(hits) < 2 or hits[0].score - hits[1].score > 0.02 or hits[0].also == hits[1].also:
        return False
    first, second = (h.label.partition(" ")[2] for h in hits)
    return bool(first) and first == second


def counted(question: Question, pages: Sequence[Page]) -> Solution | None:
    """How many records there are of what is asked, else a number that stands there."""
    if wanted(question) == "duration" and threshold(question.folded) is None:
        found = field(question, pages) or beside(question, pages)
        return found if found is None or _of_unit(found.text, question.folded) else None
    conditional = fitting(question, pages)
    if conditional is not None:
        return conditional
    tally = tallied(question, pages)
    if tally is not None and len(tally.ids) > 1:
        return tally
    repeated = _repeats(question, pages) if _TIMES.search(question.folded) else None
    if repeated is not None or absent(question, pages):
        return repeated
    return _stated(question, pages) or tally or _all(question, pages) or _labelled(question, pages)


def _stated(question: Question, pages: Sequence[Page]) -> Solution | None:
    """A number that stands there."""
    found = beside(question, pages)
    if found is not None:
        return found
    sizes = _SIZE.findall(question.folded)
    for page in pages:
        told = [h for h in best(question, page)[:4] if _tells(h, question, page) and _of_size(h, sizes, page)]
        hits = _nearest(told[:2], question)
        if hits and hits[0].score >= 0.75 and not _of_rows(hits):
            return told_by(hits[0], page)
    return None


_SIZE = re.compile(rf"(?<![\d.])\d+(?:\.\d+)?\s?(?:(?:{'|'.join(sorted(UNITS))})\b|[升米克码寸])")


def _of_size(hit: Hit, sizes: Sequence[str], page: Page) -> bool:
    """Whether a value stands with the sizes that the question names: "13 mm", not "3 mm"."""
    around = " ".join([hit.label, *(page.known[i].text for i in (*hit.ids, *hit.also) if i in page.known)])
    said = {re.sub(r"\s", "", s) for s in _SIZE.findall(normal(around))}
    return all(re.sub(r"\s", "", s) in said for s in sizes)


def _all(question: Question, pages: Sequence[Page]) -> Solution | None:
    """All entries of a list."""
    for solver in (entries, _listed, _repeats, spelled, every):
        found = solver(question, pages)
        if found is not None:
            return found
    return None


_SPANS = tuple(
    re.compile(p)
    for p in (
        r"\b(?:minutes?|mins?|hours?|hrs?)\b|分钟|小时|钟头",
        r"\b(?:days?|weeks?|nights?|months?|years?)\b|天|周|星期|晚|月|年",
    )
)
"""Units of time that stand for each other: parts of a day, and days and longer."""


def _of_unit(answer: str, folded: str) -> bool:
    """Whether an answer is not in hours where days are asked for, or the other way round."""
    asked, said = ([p.search(t) is not None for p in _SPANS] for t in (folded, normal(answer)))
    return not any(said) or not any(asked) or any(a and s for a, s in zip(asked, said, strict=True))


def absent(question: Question, pages: Sequence[Page]) -> bool:
    """Whether the pages have no word for something that the question names besides what is counted."""
    thing = counted_thing(question.folded)
    for term in question.terms:
        if thing.means(term) or term.text == thing.verb or is_generic(term) or term.kind in ("soft", "number"):
            continue
        if term.weak or weight(term, question) < 0.9 or (has_han(term.text) and len(term.text) < 2):
            continue
        if term.text in PARTICLES or term.text in thing.before:
            continue
        if not any(_known(term, page) for page in pages):
            return True
    return False


def _known(term: Term, page: Page) -> bool:
    cells = " ".join(c.text for g in page.grids for c in g.cells)  # those cut in two are not among the lines
    return alike(term, f"{page.text} {cells}") >= 0.5 or any(
        closeness(term.text, w.text) >= 0.4 for w in page.words.content if not w.weak
    )


def _labelled(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The number under a label."""
    found = one_field(question, pages)
    if found is None:
        return None
    text = re.sub(r"\s*\[[^\]]*\]", "", found.text)
    page = next((p for p in pages if p.name == found.page), pages[0])
    hit = Hit(text, found.ids, found.why, 1.0)
    return found if _tells(hit, question, page) and _of_size(hit, _SIZE.findall(question.folded), page) else None


_THINGS = re.compile(
    r"\b(?:items?|things?|entries|lines?|points?|products?|articles|names?|people|students|pupils|members|persons)\b|几样|几项|几个|几条|几件|多少样|多少项|多少个|多少条|多少件|多少人|几人|人"
)


_SURNAME = re.compile(r"姓([\u4e00-\u9fff])")


def _listed(question: Question, pages: Sequence[Page]) -> Solution | None:
    """How many names or bulleted lines there are, where the question names nothing more special."""
    if not _THINGS.search(question.folded):
        return None
    surname = _SURNAME.search(question.folded)
    for page in pages:
        names = [i for i in page.lines if looks_like_name(i.text) and len(i.text) <= 24]
        if surname:
            names = [i for i in names if i.text.startswith(surname[1])]
        people = re.search(r"\b(?:names?|people|students|pupils|members|persons)\b|人|同学|名字|名单", question.folded)
        if people and (len(names) >= 3 or (surname and names)):
            ids = tuple(i.id for i in names)
            return Solution(answers.cited(str(len(names)), ids), "names were counted", ids, 1.0, page.name)
        plain = [
            t
            for t in question.terms
            if weight(t, question) >= 0.35 and not is_generic(t) and not t.concepts & {"people_count"}
        ]
        lines = bulleted(page)
        if len(lines) >= 3 and not plain and not people:
            ids = tuple(i.id for i in lines)
            return Solution(
                answers.cited(str(len(lines)), ids), "the lines of the list were counted", ids, 1.0, page.name
            )
    return None


_TIMES = re.compile(
    r"\bhow many times (?:does|do|did|is|are|was|were|will) (?:the |an? )?(?P<en>[a-z][a-z '-]{2,30}?) "
    r"(?:appear|come up|occur|turn up|show up|served|crop up|mentioned|listed|on the (?:menu|list|plan|timetable|page))\b"
    r"|(?:^|[,，])(?P<zh>[\u4e00-\u9fff]{1,6}?)(?:在?(?:[这本一][周月天页]|表[里中]|菜单[里上]))?(?:一共|总共|共)?"
    r"(?:出现|安排|供应|提到)了?(?:几|多少)[次回]"
)
"""Questions for how often a thing stands on the page."""


def _repeats(question: Question, pages: Sequence[Page]) -> Solution | None:
    """How often a quoted text stands on the pages, or a thing in the cells of their tables."""
    named = _TIMES.search(question.folded)
    if not question.quoted and named is None:
        return None
    wanted = normal(question.quoted[0] if question.quoted or named is None else named["en"] or named["zh"])
    tables = [] if question.quoted else [c for p in pages for g in p.grids for r in g.body for c in r if c is not None]
    found = [i for i in tables or [i for p in pages for i in p.lines] for _ in range(normal(i.text).count(wanted))]
    if not found:
        return None
    ids = tuple(i.id for i in found)
    return Solution(answers.cited(str(len(found)), ids), "lines with these words were counted", ids)
