"""An answer from what was read: each kind of question and the modules that can answer it, in the order tried.

In: a `Question` and the `Page`s of its pictures. Out: a `Solution`, or None where the pages do not hold the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.fields import THRESHOLD, Hit, measure, is_generic, looks_like_name, quoted, wanted, weight, without
from visual_agent.engines.planner.observed import Item
from visual_agent.engines.planner.pages import Page
from visual_agent.engines.planner.places import best_line, bulleted, part_of, region_word
from visual_agent.engines.planner.questions import Question, analyse, both_ends, threshold
from visual_agent.engines.planner.records import records
from visual_agent.engines.planner.quantities import multiplied_text, side, span_of
from visual_agent.engines.planner.signs import decide
from visual_agent.engines.planner.tables import Result, best, difference, extreme, key_of, selected, shown, spread, total
from visual_agent.engines.planner.values import is_numeric, number_of
from visual_agent.engines.planner.words import has_han, lexicon, likeness, normal, words


@dataclass(frozen=True)
class Solution:
    """An answer: its words with citations, why, the regions it rests on and the weakest reading among them (0..1)."""

    text: str
    why: str
    ids: tuple[str, ...] = ()
    weakest: float = 1.0
    page: str = ""


_Solver = Callable[[Question, Sequence[Page]], "Solution | None"]


def solve(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The answer, or None."""
    if not pages or not any(p.lines for p in pages):
        return None
    for solver in _ORDER.get(question.kind, (field,)):
        found = solver(question, pages)
        if found is not None:
            return found
    return None


# --- one value -----------------------------------------------------------------------------------------------------


def field(question: Question, pages: Sequence[Page]) -> Solution | None:
    """A value that a label, a row and column or a sentence names."""
    tail = _last_digits(question, pages)
    if tail is not None:
        return tail
    if question.wants == "duration" or wanted(question) == "duration":
        spanned = span(question, pages)
        if spanned is not None:
            return spanned
    parts = _parts(question, len(pages))
    if parts:
        found = [_field(part, pages) for part in parts]
        if all(found):
            ids = tuple(i for s in found if s for i in s.ids)
            return Solution(", ".join(s.text for s in found if s), "both values were read", ids)
    return _field(question, pages)


def _field(question: Question, pages: Sequence[Page]) -> Solution | None:
    hits = [(hit, page) for page in pages for hit in best(question, page)[:1] if hit.sure]
    hits = hits or [(hit, page) for page in pages for hit in quoted(question, page)[:1]]
    if not hits:
        return _unlabelled(question, pages)
    hits.sort(key=lambda hp: -hp[0].score)
    top = hits[0][0]
    same = [h for h, _ in hits if h.score >= top.score - 0.02]
    if len({normal(h.text) for h in same}) > 1 and len(pages) > 1:
        text = ", ".join(f"{answers.value(h.text, h.ids)} ({h.page})" for h in same)
        return Solution(text, "the pictures differ", tuple(i for h in same for i in h.ids))
    return multiplied(question, top, hits[0][1]) or _told(replace_side(question, top), hits[0][1])


_SIGNED = re.compile(r"(?:^|\s)[-–—]+\s*([A-Z][\w'.-]+(?: [A-Z][\w'.-]+){0,2})\s*$")


_TITLED = (
    ("doctor", re.compile(r"\bDr\.? (?:[A-Z]\.? ?)*[A-Z][\w'-]+(?: [A-Z][\w'-]+)?|[\u4e00-\u9fff]{2,4}(?:医生|医师|大夫)")),
    ("teacher", re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Prof)\.? [A-Z][\w'-]+|[\u4e00-\u9fff]{1,3}(?:老师|教授)")),
)


def _unlabelled(question: Question, pages: Sequence[Page]) -> Solution | None:
    """What documents show without a label: the shop's name at the head, the writer's name at the foot."""
    named = [t for t in question.terms if weight(t, question) >= 0.3 or t.concepts & {"seller", "subject"}]
    seller = all(t.concepts & {"seller", "name", "subject"} or is_generic(t) for t in named)
    if len(pages) != 1:
        return None
    page = pages[0]
    if seller and any(t.concepts & {"seller"} for t in named):
        head = part_of(analyse("heading"), page)
        if head:
            return Solution(answers.value(" ".join(i.text for i in head), tuple(i.id for i in head)), "it heads the page", tuple(i.id for i in head))
    for role, pattern in _TITLED:
        if question.about(role):
            found = [(m[0], i) for i in page.lines for m in pattern.finditer(i.text)]
            if len({f for f, _ in found}) == 1:
                text, item = found[0]
                return Solution(answers.value(text, (item.id,)), "the only person with such a title", (item.id,), item.score, page.name)
    dish = re.search(r"叫什么|\b(?:called|named?)\b", question.folded) and all(t.weak or is_generic(t) for t in question.terms)
    if dish:
        head = part_of(analyse("heading"), page)
        if head:
            return Solution(answers.value(" ".join(i.text for i in head), tuple(i.id for i in head)), "it heads the page", tuple(i.id for i in head))
    if all(t.concepts & {"sender", "author", "signature", "name"} for t in named):
        for item in reversed(page.lines):
            signed = _SIGNED.search(item.text)
            if signed:
                return Solution(answers.value(signed[1], (item.id,)), "the text is signed so", (item.id,), item.score, page.name)
    return None


def _told(hit: Hit, page: Page) -> Solution:
    ids = hit.ids
    why = f'"{hit.label[:60]}" names it' if hit.label else "it stands there"
    weakest = min([page.known[i].score for i in ids if i in page.known], default=1.0)
    return Solution(answers.value(hit.text, ids), why, ids, weakest, page.name)


_DIGITS = re.compile(r"\blast (?:\w+ )?digits\b|[后末尾](?:[三四五六\d])?位|尾号")


def _last_digits(question: Question, pages: Sequence[Page]) -> Solution | None:
    """"The last four digits of the card": what a masked number still shows."""
    if not _DIGITS.search(question.folded):
        return None
    for page in pages:
        for item in page.lines:
            masked = re.search(r"[*xX•·#]{2,}[\s-]*(\d{3,6})(?!\d)", item.text)
            if masked:
                return Solution(answers.value(masked[1], (item.id,)), "the number is masked before them", (item.id,), item.score, page.name)
    return None


def span(question: Question, pages: Sequence[Page]) -> Solution | None:
    """A duration that stands there under its label, else the time between a labelled start and end."""
    for page in pages:
        printed = [h for h in best(question, page)[:1] if h.score >= 0.72 and not h.missing]
        if printed:
            return _told(printed[0], page)
    if question.about("expiry_date"):
        return _field(replace(question, wants="date"), pages)
    for page in pages:
        worked_out = span_of(question, page)
        if worked_out is not None:
            text, how, ids = worked_out
            return Solution(answers.worked(text, how, ids), "the time between the two", ids, 1.0, page.name)
    return None


def multiplied(question: Question, hit: Hit, page: Page) -> Solution | None:
    """The price of several where the question gives the number and the page the price of one."""
    found = multiplied_text(question, hit, page)
    if found is None:
        return None
    text, how, ids = found
    return Solution(answers.worked(text, how, ids) if how else answers.value(text, ids), how or "the row has this amount", ids, 1.0, page.name)


def replace_side(question: Question, hit: Hit) -> Hit:
    """The end of a range where the question asks for the end, its start where it asks for the start."""
    text = side(question, hit.text)
    if question.about("discount") and hit.kind == "amount":
        text = re.sub(r"^\s*[-−–]\s*", "", text)
    return replace(hit, text=text)


_AND = re.compile(r"\s+(?:and|&|as well as)\s+(?:the\s+|its\s+|their\s+)?|(?:和|与|以及|、|及)")


def _parts(question: Question, pictures: int) -> list[Question]:
    """ "What are the date and the total?" as two questions; empty where it is one."""
    pieces = _AND.split(question.folded.rstrip("?？。. "))
    if len(pieces) != 2 or question.kind != "field":
        return []
    asked = [analyse(p, pictures) for p in pieces]
    concepts = [[t for t in a.content if t.concepts] for a in asked]
    if not all(concepts) or concepts[0][-1].concepts & concepts[1][0].concepts:
        return []
    return [replace(a, kind="field", chinese=question.chinese, text=question.text) for a in asked]


# --- worked out ----------------------------------------------------------------------------------------------------


def _result(results: Sequence[Result], pages: Sequence[Page], *, working: bool) -> Solution | None:
    good = [r for r in results if r.sure]
    if not good:
        return None
    top = max(good, key=lambda r: r.score)
    known = next((p.known for p in pages if p.name == top.page), {})
    weakest = min([known[i].score for i in top.ids if i in known], default=1.0)
    text = answers.worked(top.text, top.how, top.ids) if working else answers.value(top.text, top.ids)
    return Solution(text, top.how, top.ids, weakest, top.page)


def most(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The record with the most or least."""
    results = [r for page in pages for r in extreme(question, page)[:2]]
    return _result(results, pages, working=False)


def summed(question: Question, pages: Sequence[Page]) -> Solution | None:
    """A sum: where a total is printed it is read, else it is worked out."""
    entities = [t for t in question.terms if weight(t, question) >= 0.6 and not is_generic(t)]
    if wanted(question) == "duration" or (len(entities) == 1 and len(pages) == 1 and not question.counts):
        return field(question, pages) or _result([r for p in pages for r in total(question, p)[:2]], pages, working=True)
    if len(pages) > 1 and (question.both or question.picture is None):
        across = _across(question, pages, "+")
        if across is not None:
            return across
    for page in pages:
        printed = [h for h in best(question, page)[:1] if h.score >= 0.8 and not h.missing]
        if printed and (question.about("total") or len(question.content) == 1):
            return _told(printed[0], page)
    results = [r for page in pages for r in total(question, page)[:2]]
    worked_out = _result(results, pages, working=True)
    return worked_out or field(question, pages)


def averaged(question: Question, pages: Sequence[Page]) -> Solution | None:
    """A mean: printed or worked out."""
    results = [r for page in pages for r in total(question, page, mean=True)[:2]]
    return _result(results, pages, working=True)


def differing(question: Question, pages: Sequence[Page]) -> Solution | None:
    """What two values differ by, on one page or on two."""
    if len(pages) > 1:
        across = _across(question, pages, "-")
        if across is not None:
            return across
    if both_ends(question.folded):
        spreads = [r for page in pages for r in spread(question, page)[:1]]
        found = _result(spreads, pages, working=True)
        if found is not None:
            return found
    results = [r for page in pages for r in difference(question, page)[:1]]
    return _result(results, pages, working=True)


_ASKS = re.compile(r"^(?:which|who|whose|where|what|哪|谁)")
_BETWEEN = re.compile(
    r"(?:differ|differenc|相差|差|more|less|fewer|higher|lower|cheap|both|two|two|combined|together|connected|second|first|changed?)\w*"
)


def _across(question: Question, pages: Sequence[Page], sign: str) -> Solution | None:
    """The same field on two pages, subtracted or added."""
    bare = _bare(question)
    hits = [(best(bare, page)[:1], page) for page in pages[:2]]
    if not all(h and h[0].sure and number_of(h[0].text) is not None for h, _ in hits):
        return None
    one, two = (h[0] for h, _ in hits)
    a, b = number_of(one.text) or 0.0, number_of(two.text) or 0.0
    number = a + b if sign == "+" else abs(a - b)
    ids = one.ids + two.ids
    how = f"{one.text} {sign} {two.text}" if sign == "+" or a >= b else f"{two.text} {sign} {one.text}"
    return Solution(answers.worked(shown(number), how, ids), "the same field on both pictures", ids)


def _bare(question: Question) -> Question:
    """The question without the words that compare pictures."""
    dropped = [
        t for t in question.terms if _BETWEEN.fullmatch(t.text) or t.text in ("two", "drafts", "家", "家差", "张")
    ]
    kept = without(question, dropped)
    wants = "number" if question.wants in ("", "name", "place", "number") else question.wants
    return replace(kept, wants=wants)


# --- counts --------------------------------------------------------------------------------------------------------


def counted(question: Question, pages: Sequence[Page]) -> Solution | None:
    """A number that stands there, else how many rows there are of what is asked."""
    if wanted(question) == "duration":
        return field(question, pages)
    for page in pages:
        hits = best(question, page)[:1]
        if hits and hits[0].score >= 0.75 and number_of(hits[0].text) is not None:
            return _told(hits[0], page)
    if all(sum(looks_like_name(i.text) for i in p.lines) >= 0.5 * len(p.lines) for p in pages):
        names = _listed(question, pages)
        if names is not None:
            return names
    for page in pages:
        for grid, rows, share in selected(question, page)[:1]:
            if share >= 0.6 and rows and len(grid.body) >= 2:
                cells = tuple(next(c.id for c in row if c is not None) for row in rows)
                why = f"{len(rows)} of {len(grid.body)} rows fit"
                return Solution(answers.cited(str(len(rows)), cells), why, cells, 1.0, page.name)
    listed = _listed(question, pages)
    return listed or _repeats(question, pages) or _field(question, pages)


_THINGS = re.compile(r"\b(?:items?|things?|entries|lines?|points?|products?|articles|names?|people|students|pupils|members|persons)\b|几样|几项|几个|几条|几件|多少样|多少项|多少个|多少条|多少件|多少人|几人|人")
_SURNAME = re.compile(r"姓([\u4e00-\u9fff])")


def _listed(question: Question, pages: Sequence[Page]) -> Solution | None:
    """How many names or bulleted lines there are, where the question names nothing more special."""
    if not _THINGS.search(question.folded):
        return None
    surname = _SURNAME.search(question.folded)
    for page in pages:
        names = [i for i in page.lines if looks_like_name(i.text)]
        if surname:
            names = [i for i in names if i.text.startswith(surname[1])]
        people = re.search(r"\b(?:names?|people|students|pupils|members|persons)\b|人|同学|名字|名单", question.folded)
        if people and (len(names) >= 3 or (surname and names)):
            ids = tuple(i.id for i in names)
            return Solution(answers.cited(str(len(names)), ids), "names were counted", ids, 1.0, page.name)
        plain = [t for t in question.terms if weight(t, question) >= 0.6 and not is_generic(t)]
        lines = bulleted(page)
        if len(lines) >= 3 and not plain:
            ids = tuple(i.id for i in lines)
            return Solution(answers.cited(str(len(lines)), ids), "the lines of the list were counted", ids, 1.0, page.name)
    return None


def _repeats(question: Question, pages: Sequence[Page]) -> Solution | None:
    """How often a quoted text stands on the pages."""
    if not question.quoted:
        return None
    wanted = normal(question.quoted[0])
    found = [i for page in pages for i in page.lines for _ in range(normal(i.text).count(wanted))]
    if not found:
        return None
    ids = tuple(i.id for i in found)
    return Solution(answers.cited(str(len(found)), ids), "lines with these words were counted", ids)


# --- yes or no, choices --------------------------------------------------------------------------------------------


def judged(question: Question, pages: Sequence[Page]) -> Solution | None:
    """Yes or no."""
    found = decide(question, pages)
    if found is None:
        return None
    return Solution(
        answers.verdict(question, found.yes, found.why, found.ids), found.why or "no line speaks of it", found.ids
    )


def chosen(question: Question, pages: Sequence[Page]) -> Solution | None:
    """Which of the pictures has more, has less, or speaks of something."""
    if len(pages) < 2:
        return most(question, pages) or field(question, pages)
    by_value = _by_value(question, pages)
    if by_value is not None:
        return by_value
    if question.high is not None:
        return None
    shares = [(measure(question, [(1.0, p.text)], p)[0], n) for n, p in enumerate(pages)]
    shares.sort(reverse=True)
    if shares[0][0] < 0.7 or shares[0][0] - shares[1][0] < 0.1:
        return None
    index = shares[0][1]
    line = _line_for(question, pages[index])
    ids = (line.id,) if line else ()
    return Solution(answers.cited(_called(question, pages[index], index), ids), "only this picture speaks of it", ids)


_CHOICE = re.compile(r"(?:which|what|first|second|picture|image|quote|offer|receipt|invoice|document|one)\b.*")


def _by_value(question: Question, pages: Sequence[Page]) -> Solution | None:
    bare = _bare(replace(question, wants="amount" if question.measure == "price" else question.wants))
    if question.measure in ("speed", "duration") and bare.wants in ("", "number"):
        bare = replace(bare, wants="duration", counts=False)
    if not any(weight(t, question) >= 0.3 and not _CHOICE.fullmatch(t.text) for t in bare.terms):
        stand_in = {"price": "total", "when": "date", "duration": "duration", "speed": "duration"}.get(question.measure)
        if stand_in is not None:
            bare = replace(analyse(stand_in), wants={"price": "amount", "when": "date"}.get(question.measure, "duration"), counts=False)
    ranked = []
    for index, page in enumerate(pages):
        hits = [h for h in best(bare, page)[:1] if h.sure]
        key = key_of(hits[0].text, "when" if question.measure == "when" else "") if hits else None
        if key is not None:
            ranked.append((key, index, hits[0]))
    if question.high is None or len(ranked) < 2:
        return None
    quick = question.measure == "speed" and bare.wants == "duration"
    ranked.sort(key=lambda r: r[0], reverse=question.high != quick)
    if ranked[0][0] == ranked[1][0]:
        return None
    _, index, hit = ranked[0]
    ids = tuple(i for _, _, h in ranked for i in h.ids)
    why = " / ".join(f"{h.text} ({pages[i].name})" for _, i, h in ranked)
    return Solution(answers.cited(_called(question, pages[index], index), ids), why, ids)


def _called(question: Question, page: Page, index: int) -> str:
    """A picture by its place, with its heading where a shop or company is asked for."""
    names = ("first", "second", "third", "fourth", "fifth", "sixth")
    place = f"第{'一二三四五六'[min(index, 5)]}张" if question.chinese else f"the {names[min(index, 5)]} picture"
    who = r"哪家|哪个(?:店|商店|超市|公司)|谁|\bwhich (?:shop|store|company|supplier|market|seller|vendor|restaurant|hotel)|\bwho\b|\bwhere\b"
    title = next((i.text for i in page.lines if not is_numeric(i.text) and not any(c.isdigit() for c in i.text)), "")
    if title and re.search(who, question.folded):
        return f"{place}（{answers.clean(title)}）" if question.chinese else f"{place} ({answers.clean(title)})"
    return place


def _line_for(question: Question, page: Page) -> Item | None:
    scored = [(sum(weight(t, question) * likeness(t, words(i.text)) for t in question.terms), i) for i in page.lines]
    return max(scored, key=lambda si: si[0], default=(0.0, None))[1]


# --- places and transcriptions --------------------------------------------------------------------------------------


def placed(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The text that stands somewhere on the page."""
    for page in pages:
        items = part_of(question, page)
        if items:
            glue = "" if all(has_han(i.text) for i in items) else " "
            text = glue.join(i.text for i in items)
            ids = tuple(i.id for i in items)
            weakest = min(i.score for i in items)
            return Solution(
                answers.value(text, ids), "it stands in the place that the question describes", ids, weakest, page.name
            )
    return None


def transcribed(question: Question, pages: Sequence[Page]) -> Solution | None:
    """Everything that stands on the pages, line by line."""
    items = [i for page in pages for i in page.lines]
    if question.quoted:
        items = [i for i in items if any(normal(q) in normal(i.text) for q in question.quoted)] or items
    if not items:
        return None
    text = "\n".join(answers.clean(i.text) for i in items)
    ids = tuple(i.id for i in items)
    return Solution(answers.cited(text, ids), "all lines in reading order", ids)


def located(question: Question, pages: Sequence[Page]) -> Solution | None:
    """Where something stands."""
    for page in pages:
        item = _meant(question, page)
        if item is not None:
            where = region_word(item.box, page.size, question.chinese)
            box = ",".join(str(round(v)) for v in item.box)
            quoted = answers.clean(item.text)[:80]
            if question.chinese:
                text = f"“{quoted}”在图的{where}，{page.name} 的 ({box})"
            else:
                text = f'"{quoted}" is at the {where} of {page.name}, ({box})'
            return Solution(answers.cited(text, (item.id,)), "the line speaks of it", (item.id,), item.score, page.name)
    return None


def _meant(question: Question, page: Page) -> Item | None:
    idle = [t for t in question.terms if weight(t, question) < 0.4 or (is_generic(t) and weight(t, question) < 0.9)]
    asked = without(question, idle)
    if question.quoted:
        wanted = normal(question.quoted[0])
        for item in page.lines:
            if wanted in normal(item.text):
                return item
    if not asked.terms:
        return best_line(question.text, page)
    total_weight = sum(weight(t, asked) for t in asked.terms)
    scored = []
    for item in page.lines:
        said = words(item.text)
        share = sum(weight(t, asked) * likeness(t, said) for t in asked.terms) / total_weight
        scored.append((share - 0.01 * min(len(said.terms), 12), item))
    score, item = max(scored, key=lambda si: si[0], default=(0.0, None))
    return item if score >= THRESHOLD - 0.05 else None


def where(question: Question, pages: Sequence[Page]) -> Solution | None:
    """ "Where is the meeting?": a place that a label names, else where the words stand."""
    if wanted(replace(question, wants="")) == "text":
        told = _field(replace(question, wants="text"), pages)
        if told is not None:
            return told
    if re.search(r"\bwhere\b|哪|何处|什么地方", question.folded) and not _points(question):
        asked = replace(question, kind="field", wants="place")
        labelled = [h for page in pages for h in best(asked, page)[:1] if h.score >= 0.72 and _names_place(h)]
        if labelled:
            top = max(labelled, key=lambda h: h.score)
            return _told(top, next(p for p in pages if p.name == top.page))
    return located(question, pages)


def _names_place(hit: Hit) -> bool:
    book = lexicon().concepts
    return any(book[c].kind == "place" or c in ("floor", "room") for c in words(hit.label).concepts)


def _points(question: Question) -> bool:
    """Whether the question clearly asks for a place in the picture."""
    return (
        re.search(
            r"\b(?:picture|image|page|screen|document|printed|written|click|press|tap|button|highlight|locate|mark|box|circle|find)\b"
            r"|图|框|圈|标|位置|坐标|点击|按",
            question.folded,
        )
        is not None
    )


def filtered(question: Question, pages: Sequence[Page]) -> Solution | None:
    """ "Which items cost more than 10?": the records on the asked side of the limit."""
    if threshold(question.folded) is None or not re.search(
        r"\b(?:which|what|who|list|name)\b|哪|谁|列出", question.folded
    ):
        return None
    for page in pages:
        for grid, rows, share in selected(question, page)[:1]:
            if share >= 0.5 and rows and len(rows) < len(grid.body):
                cells = [next(c for c in row if c is not None) for row in rows]
                ids = tuple(c.id for c in cells)
                return Solution(
                    answers.listed([(c.text, (c.id,)) for c in cells]), "these rows fit", ids, 1.0, page.name
                )
    return None


def has_records(pages: Sequence[Page]) -> bool:
    """Whether anything on the pages is a list of records."""
    return any(records(p) for p in pages)


_ORDER: dict[str, tuple[_Solver, ...]] = {
    "field": (filtered, field),
    "extreme": (filtered, most, field),
    "sum": (summed, counted),
    "average": (averaged, field),
    "difference": (differing, field),
    "count": (counted,),
    "yesno": (judged,),
    "choose": (chosen,),
    "place": (placed, field),
    "transcribe": (transcribed,),
    "locate": (where,),
    "changes": (field,),
}
