"""An answer from what was read: each kind of question and the modules that can answer it, in the order tried.

In: a `Question` and the `Page`s of its pictures. Out: a `Solution`, or None where the pages do not hold the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.extracts import wanted
from visual_agent.engines.planner.asked.naming import addressed
from visual_agent.engines.planner.asked.plausible import plausible
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.related import related
from visual_agent.engines.planner.asked.segments import fitted
from visual_agent.engines.planner.asked.weights import is_generic, weight
from visual_agent.engines.planner.choices.charted import about, charted
from visual_agent.engines.planner.choices.ranking import extreme
from visual_agent.engines.planner.choices.several import chosen, on_both
from visual_agent.engines.planner.choices.stated import moved, stated
from visual_agent.engines.planner.choices.versions import versions, which
from visual_agent.engines.planner.fields.amounts import amount, is_figure, measured
from visual_agent.engines.planner.fields.bounds import bound
from visual_agent.engines.planner.fields.cards import held, instead
from visual_agent.engines.planner.fields.categories import of_kind_asked
from visual_agent.engines.planner.fields.flagged import flagged, of_record
from visual_agent.engines.planner.fields.lists import coded, entry, numbered
from visual_agent.engines.planner.fields.moments import LEAST, dated
from visual_agent.engines.planner.fields.people import holder
from visual_agent.engines.planner.fields.phrases import barred, cut_short, in_sentence
from visual_agent.engines.planner.fields.reasons import asks_why, why
from visual_agent.engines.planner.fields.single import Solution, field, told_by, unsigned
from visual_agent.engines.planner.fields.tables import Result, best
from visual_agent.engines.planner.fields.tabular import tabular
from visual_agent.engines.planner.fields.texts import in_order, reasoned, spoken
from visual_agent.engines.planner.fields.titles import titled
from visual_agent.engines.planner.fields.venues import whereabouts
from visual_agent.engines.planner.fields.weekly import weekly
from visual_agent.engines.planner.figures.apart import apart, several, undressed
from visual_agent.engines.planner.figures.counting import counted, counts, filtered, is_about
from visual_agent.engines.planner.figures.portions import portions
from visual_agent.engines.planner.figures.reckoning import lacking, reckoned
from visual_agent.engines.planner.figures.sums import total
from visual_agent.engines.planner.hits import Hit
from visual_agent.engines.planner.language.witnesses import weighed
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.page.places import part_of, passage, region_word
from visual_agent.engines.planner.reader.reader import choose
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.values import fits, is_numeric, values
from visual_agent.engines.planner.text.words import lexicon, words
from visual_agent.engines.planner.verdicts.pointing import acts, pointed_at, points, with_value
from visual_agent.engines.planner.verdicts.signs import decide

_CITED = re.compile(r"\s*\[[^\]]*\]")
_Solver = Callable[[Question, Sequence[Page]], "Solution | None"]


def solve(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The answer, or None: what the rules find, and, for one value, what else speaks for itself."""
    found = weighed(question, pages, unweighed(question, pages))
    return unsigned(question, found) if found is not None and question.kind in ("field", "extreme", "sum") else found


def unweighed(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The answer without the language model; one about the only card that is named goes by this card."""
    found = held(question, pages)
    for asked, some in instead(question, pages):
        found = found or _solution(asked, some)
    return found


def _solution(question: Question, pages: Sequence[Page]) -> Solution | None:
    many = portions(question, pages, _one) or several(question, pages, _one)
    if many is not None:
        return many
    is_charted, figure = charted(question, pages)
    if is_charted:
        return figure
    for solver in (_by_rules, in_sentence, by_reader, _simply):
        found = solver(question, pages)
        if found is not None and (question.kind != "field" or _can_answer(question, found)):
            return found
    return None


def _can_answer(question: Question, found: Solution) -> bool:
    return plausible(question, _CITED.sub("", found.text), found.why)


def _by_rules(question: Question, pages: Sequence[Page]) -> Solution | None:
    found = _solved(question, pages)
    return cut_short(question, found) if found is not None else None


def _simply(question: Question, pages: Sequence[Page]) -> Solution | None:
    return undressed(question, pages, _one)


def _one(question: Question, pages: Sequence[Page]) -> Solution | None:
    """One of the values that a calculation needs."""
    is_charted, figure = charted(question, pages)
    if is_charted:
        return figure
    return _by_rules(question, pages) or in_sentence(question, pages) or by_reader(question, pages)


_READ = {"field": 0.0, "extreme": 0.2, "average": 0.3, "place": 0.3}
"""Kinds of question that the reader may answer, and the least share beyond what the type needs."""


def by_reader(question: Question, pages: Sequence[Page]) -> Solution | None:
    """What the trained reader chooses, for a question for one value that no rule answers."""
    if question.kind not in _READ or question.looks or asks_why(question) or lacking(fitted(question, pages), pages):
        return None
    chosen_one = choose(replace(question, kind="field"), pages)
    if chosen_one is None or chosen_one.share < _READ[question.kind]:
        return None
    page = next(p for p in pages if p.name == chosen_one.page)
    weakest = page.weakest(chosen_one.ids)
    why = f'"{chosen_one.label[:60]}" speaks of it'
    return Solution(answers.value(chosen_one.text, chosen_one.ids), why, chosen_one.ids, weakest, page.name)


def _solved(question: Question, pages: Sequence[Page]) -> Solution | None:
    if not pages or not any(p.lines for p in pages):
        return None
    calculation = fitted(question, pages)
    worked_out = reckoned(calculation, pages)  # compares pages, so that none may be left out because another is named
    if worked_out is not None or lacking(calculation, pages):
        return worked_out
    worked_out = apart(calculation, pages, _one)
    if worked_out is not None:
        return worked_out
    question, pages = addressed(question, pages)
    question = fitted(question, pages)
    if asks_why(question):
        return why(question, pages)
    for solver in (
        versions,
        which,
        in_order,
        dated,
        reasoned,
        *_IN_WORDS,
        holder,
        bound,
        measured,
        *_ORDER.get(question.kind, (field,)),
        spoken,
    ):
        found = solver(question, pages)
        if found is not None and _is_kind(found, question):
            return found
    found = dated(question, pages, LEAST) or amount(question, pages)
    if found is not None:
        return found
    found = by_relation(question, pages) if question.kind != "extreme" else None
    if found is not None and question.kind == "field" and not is_figure(question, found.text):
        return None
    return found if found is None or question.kind != "count" or is_about(found, question, pages) else None


_RELATED = 0.58
"""Least share of a question that a passage must account for to answer in other words."""


def by_relation(question: Question, pages: Sequence[Page]) -> Solution | None:
    """What stands in the passage whose words are related to the question's, where one clearly is."""
    if question.kind not in ("field", "count", "locate", "extreme", "sum", "place"):
        return None
    hits = [(hit, page) for page in pages for hit in related(question, page)[:3]]
    hits.sort(key=lambda hp: -hp[0].score)
    if not hits or hits[0][0].score < _RELATED:
        return None
    top = normal(hits[0][0].text)
    rivals = [h for h, _ in hits[1:] if normal(h.text) not in top and top not in normal(h.text)]
    if rivals and rivals[0].score > hits[0][0].score - 0.02 and normal(rivals[0].label) != normal(hits[0][0].label):
        return None
    return told_by(*hits[0])


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


def _is_kind(found: Solution, question: Question) -> bool:
    """Whether an answer is what the kind of the question asks for: a number of things, the right end of a ranking."""
    if question.kind == "count":
        return counts(found.text)
    if question.kind == "field" and not (is_figure(question, found.text) and _can_answer(question, found)):
        return False
    return question.kind != "extreme" or not _other_end(question, found.why)


def labelled(question: Question, pages: Sequence[Page]) -> Solution | None:
    """What a label calls the most or last ("Last train 17:10"); who or which it was is no number."""
    found = field(question, pages)
    names = question.wants in ("", "name", "place") and asking.find("names_record", question.folded) is not None
    return None if found is not None and names and is_numeric(_CITED.sub("", found.text)) else found


_ENDS = (r"\b(?:first|earliest|opening)\b|首|头班|最早", r"\b(?:last|latest|final)\b|末|最后|最晚")


def _other_end(question: Question, label: str) -> bool:
    """Whether a label speaks of the last where the first is asked for, or the other way round."""
    asked, said = ([re.search(p, t) is not None for p in _ENDS] for t in (question.folded, normal(label)))
    return asked != said and any(asked) and any(said) and not (said[0] and said[1])


def summed(question: Question, pages: Sequence[Page]) -> Solution | None:
    """A sum: where a total is printed it is read, else it is worked out."""
    entities = [t for t in question.terms if weight(t, question) >= 0.6 and not is_generic(t)]
    if wanted(question) == "duration" or (len(entities) == 1 and len(pages) == 1 and not question.counts):
        return field(question, pages) or _result(
            [r for p in pages for r in total(question, p)[:2]], pages, working=True
        )
    if len(pages) > 1 and (question.both or question.picture is None):
        across = on_both(question, pages)
        if across is not None:
            return across
    for page in pages:
        printed = [h for h in best(question, page)[:1] if h.score >= 0.8 and not h.missing]
        if printed and (len(entities) < 2 or words(printed[0].label).concepts & {"total", "payable", "paid"}):
            return told_by(printed[0], page)
    results = [r for page in pages for r in total(question, page)[:2]]
    worked_out = _result(results, pages, working=True)
    return worked_out or field(question, pages)


def averaged(question: Question, pages: Sequence[Page]) -> Solution | None:
    """A mean: printed or worked out."""
    for page in pages:
        printed = [h for h in best(question, page)[:1] if h.score >= 0.75 and not h.missing]
        if printed and any("average" in normal(t) or "平均" in t for t in (printed[0].label, printed[0].text)):
            return told_by(printed[0], page)
    results = [r for page in pages for r in total(question, page, mean=True)[:2]]
    return _result(results, pages, working=True)


# --- yes or no, choices --------------------------------------------------------------------------------------------


def judged(question: Question, pages: Sequence[Page]) -> Solution | None:
    """Yes or no."""
    found = decide(question, pages)
    if found is None:
        return None
    return Solution(
        answers.verdict(question, found.yes, found.why, found.ids), found.why or "no line speaks of it", found.ids
    )


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
    items = next((found for page in pages if (found := passage(question, page))), None) or [
        i for page in pages for i in page.lines
    ]
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
        item = pointed_at(question, page)
        if item is not None:
            where = region_word(item.box, page.size, question.chinese)
            box = ",".join(str(round(v)) for v in item.box)
            quoted = answers.clean(item.text)[:80]
            if question.chinese:
                text = f"“{quoted}”在图的{where}，{page.name} 的 ({box})"
            else:
                text = f'"{quoted}" is at the {where} of {page.name}, ({box})'
            ids = tuple(i.id for i in with_value(question, item, page))
            return Solution(answers.cited(text, ids), "the line speaks of it", ids, item.score, page.name)
    return None


def control(question: Question, pages: Sequence[Page]) -> Solution | None:
    """For "Which button saves it?": what is written on it."""
    if not acts(question) or not re.search(r"\b(?:which|what)\b|哪[个一]|什么", question.folded):
        return None
    found = [(item, p) for p in pages if (item := pointed_at(question, p)) is not None]
    if not found:
        return None
    item, page = found[0]
    return Solution(answers.value(item.text, (item.id,)), "it names the purpose", (item.id,), item.score, page.name)


def where(question: Question, pages: Sequence[Page]) -> Solution | None:
    """For "Where is the meeting?": a place that a label or a sentence names, else where the words stand."""
    if points(question):
        return located(question, pages)
    asked = replace(question, kind="field", wants="place")
    labelled = [h for page in pages for h in best(asked, page)[:1] if h.score >= 0.72 and _names_place(h)]
    if labelled:
        top = max(labelled, key=lambda h: h.score)
        return told_by(top, next(p for p in pages if p.name == top.page))
    known = any(pointed_at(question, p) is not None for p in pages)
    told = _said_where(question, pages) or spoken(question, pages) or (field(asked, pages) if known else None)
    return told if told is not None or any(is_generic(t) for t in question.terms) else located(question, pages)


_PLACE = re.compile(
    r"\b(?:in|at|on|from|to) ((?:the |our )[a-z]+(?: [a-z]+)?|[A-Z]\w+(?:,? [A-Z]\w+)*)"
    r"|(?:[在于]|位于)([\u4e00-\u9fffA-Za-z\d]{2,}?)(?=[,，;；。.、]|$|[领取交集办])"
)


def _said_where(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The place that stands beside a thing in its row, or that its sentence names: "Breakfast in the conservatory"."""
    for page in pages:
        item = pointed_at(question, page)
        if item is None:
            continue
        match = _PLACE.search(item.text)
        if match is not None:
            text = match[1] or match[2]
            return Solution(
                answers.value(text, (item.id,)), "the sentence says where", (item.id,), item.score, page.name
            )
        cell = _place_in_row(item, page)
        if cell is not None:
            ids = (cell.id, item.id)
            return Solution(answers.value(cell.text, ids), "its row says where", ids, cell.score, page.name)
    return None


def _place_in_row(item: Item, page: Page) -> Item | None:
    """The cell of a row under a heading for places, else the only other cell that is plain text."""
    for grid in page.grids:
        for row in grid.body:
            if item not in row:
                continue
            others = [(n, c) for n, c in enumerate(row) if c is not None and c is not item and _is_plain(c.text)]
            named = [c for n, c in others if any(_is_place(name) for name in words(grid.head(n)).concepts)]
            return (
                named[0] if named else others[0][1] if len(others) == 1 and fits(others[0][1].text, "place") else None
            )
    return None


def _is_plain(text: str) -> bool:
    return all(v.kind == "floor" for v in values(text))


def _is_place(concept: str) -> bool:
    return lexicon().concepts[concept].kind == "place" or concept in ("floor", "room")


def _names_place(hit: Hit) -> bool:
    return any(_is_place(c) for c in words(hit.label).concepts)


def somewhere(question: Question, pages: Sequence[Page]) -> Solution | None:
    """For a question for a place in the world, the place."""
    if question.kind not in ("field", "locate", "place") or points(question):
        return None
    return whereabouts(question, pages)


_IN_WORDS: tuple[_Solver, ...] = (moved, somewhere, titled, of_record, of_kind_asked, flagged, barred)
"""What gives names, kinds and words of sentences, surer than labels where it finds something."""

_ORDER: dict[str, tuple[_Solver, ...]] = {
    "field": (control, entry, coded, numbered, about, filtered, tabular, field),
    "extreme": (entry, stated, filtered, tabular, most, labelled),
    "sum": (about, summed, counted),
    "average": (averaged, field),
    "difference": (field,),
    "count": (about, tabular, counted),
    "yesno": (judged,),
    "choose": (chosen,),
    "place": (entry, weekly, placed, field),
    "transcribe": (entry, coded, about, transcribed),
    "locate": (about, where),
    "changes": (field,),
}
