"""Everything on a page that could be the answer to a question for one value, with the texts that speak for it.

In: a `Question` and a `Page`. Out: `Candidate`s: values under labels, cells of rows, values and names inside sentences,
clauses, whole lines. Nothing is decided here; `reader.py` chooses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from visual_agent.engines.planner.asked.extracts import extract, looks_like_name, wanted
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.figures.running import written
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.values import FREE_TEXT, of_kind, values

MOST = 4000
"""Candidates that are looked at; the largest pages have more."""

_CLAUSE = re.compile(r"[,，;；。!！?？:：()（）【】\[\]]\s*|(?<=[a-z\d)])\.\s+|\s[-–—|·•]\s")
_SENTENCE = re.compile(r"(?<=[。！？!?；;])|(?<=[a-z\d)])\.\s+(?=[A-Z\"'])")
_NAME = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? )?[A-Z][\w'’.-]*(?: (?:(?:of|the|de|van|von|&) )?[A-Z][\w'’.-]*){0,3}"
)
_KINDS = {
    "when": ("date", "time", "weekday"),
    "date": ("date", "weekday"),
    "year": ("year",),
    "month": ("month",),
    "amount": ("amount", "number"),
    "number": ("number", "percent", "duration", "amount"),
    "duration": ("duration", "number"),
}
"""Types of value that may answer for a wanted type, best first."""


@dataclass(frozen=True)
class Candidate:
    """A value that may answer.

    `label` names it, `around` is the rest of its line, row or sentence, `section` what it stands under; `how` is the
    relation it was found by and `prior` how sure that relation is (0..1).
    """

    text: str
    ids: tuple[str, ...]
    label: str
    around: str
    section: str
    how: str
    prior: float = 1.0
    kind: str = ""


def candidates(question: Question, page: Page) -> list[Candidate]:
    """The candidates of a page, without repeats."""
    wants = wanted(question)
    seen: dict[tuple[str, str, str, str], Candidate] = {}
    for one in _all(wants, page):
        key = (normal(one.text), one.label, one.around, one.section)
        if one.text.strip() and key not in seen:
            seen[key] = one
            if len(seen) >= MOST:
                break
    return list(seen.values())


def _all(wants: str, page: Page) -> Iterator[Candidate]:
    yield from _of_pairs(wants, page)
    yield from _of_rows(wants, page)
    heading = _headings(page)
    for item in page.lines:
        yield from _inside(wants, item.text, (item.id,), heading.get(item.id, ""), "line")
    for block in page.blocks:
        if 1 < len(block) <= 14:
            yield from _of_passage(wants, written(block), block, heading.get(block[0].id, ""))


def _of_pairs(wants: str, page: Page) -> Iterator[Candidate]:
    for pair in page.pairs:
        for text, kind in _answers(wants, pair.value):
            context = " ".join(pair.context)
            yield Candidate(text, pair.ids, pair.label, pair.value, context, pair.relation, pair.prior, kind)


def _of_rows(wants: str, page: Page) -> Iterator[Candidate]:
    for grid in page.grids:
        for row in grid.body:
            filled = [(c, cell) for c, cell in enumerate(row) if cell is not None]
            for c, cell in filled:
                others = " ".join(o.text for _, o in filled if o is not cell)
                for text, kind in _answers(wants, cell.text):
                    yield Candidate(text, (cell.id,), f"{grid.head(c)}", others, grid.title, "row", 1.0, kind)
    for items in page.rows:
        if 1 < len(items) <= 8:
            for item in items:
                others = " ".join(o.text for o in items if o is not item)
                for text, kind in _answers(wants, item.text):
                    yield Candidate(text, (item.id,), others, item.text, "", "loose row", 1.0, kind)


def _of_passage(wants: str, text: str, block: list[Item], section: str) -> Iterator[Candidate]:
    """Values and clauses of each sentence of lines that belong together."""
    for sentence in _SENTENCE.split(text):
        if len(sentence) > 3:
            ids = tuple(i.id for i in block if _overlaps(i.text, sentence)) or (block[0].id,)
            yield from _inside(wants, sentence, ids, section, "sentence")


def _overlaps(line: str, sentence: str) -> bool:
    size = min(len(line), len(sentence), 12)
    return size > 3 and (line[:size] in sentence or line[-size:] in sentence or sentence[:size] in line)


def _inside(wants: str, text: str, ids: tuple[str, ...], section: str, how: str) -> Iterator[Candidate]:
    """The values in a line or sentence, each with what is left of it as its label; its clauses; all of it."""
    for answer, kind in _typed(wants, text):
        rest = text.replace(answer, " ", 1)
        clause = next((c for c in _CLAUSE.split(text) if answer in c), text)
        yield Candidate(answer, ids, clause.replace(answer, " ", 1), rest, section, how, 0.9, kind)
    if wants in ("name", "", "text", "place", "id"):
        for answer in _names(text):
            clause = next((c for c in _CLAUSE.split(text) if answer in c), text)
            yield Candidate(
                answer,
                ids,
                clause.replace(answer, " ", 1),
                text.replace(answer, " ", 1),
                section,
                f"{how} name",
                0.8,
                "name",
            )
    if wants in FREE_TEXT:
        clauses = [c.strip() for c in _CLAUSE.split(text) if c and c.strip()]
        if len(clauses) > 1:
            for n, clause in enumerate(clauses):
                others = " ".join(c for c in clauses if c is not clause)
                yield Candidate(clause, ids, clauses[n - 1] if n else "", others, section, f"{how} clause", 0.7)
        yield Candidate(text, ids, "", text, section, how, 0.6)


def _answers(wants: str, text: str) -> Iterator[tuple[str, str]]:
    """The parts of a value that may answer, with their types."""
    found = list(_typed(wants, text))
    yield from found
    if wants in FREE_TEXT and text.strip():
        yield text.strip(), "name" if looks_like_name(text) else ""
    elif not found and (whole := extract(text, wants)):
        yield whole, ""


def _typed(wants: str, text: str) -> Iterator[tuple[str, str]]:
    """The values in a text that have a form which the wanted type can have."""
    if wants in ("name", "place"):
        return
    if wants in ("year", "month"):
        if found := extract(text, wants):
            yield found, wants
        return
    kinds = _KINDS.get(wants, (wants,)) if wants not in FREE_TEXT else ()
    for kind in kinds:
        for value in of_kind(text, kind) if kind == "weekday" else values(text):
            if value.kind == kind or (kind == "phone" and value.kind == "id"):
                yield value.text, value.kind
    if wants in ("when", "date", "time", "number", "duration") and (whole := extract(text, wants)):
        yield whole, kinds[0]
    if wants in ("", "text", "id"):
        for value in values(text):
            if len(value.text) < len(text.strip()):
                yield value.text, value.kind


def _names(text: str) -> Iterator[str]:
    """Runs of capitalised words, and short runs of Hanzi that begin like a name."""
    if has_han(text):
        for run in re.findall(r"[\u4e00-\u9fff]+", text):
            for size in (3, 2, 4):
                for at in range(len(run) - size + 1):
                    if looks_like_name(run[at : at + size]):
                        yield run[at : at + size]
        return
    for match in _NAME.finditer(text):
        if 2 < len(match[0]) < len(text.strip()):
            yield match[0].rstrip(".")


def _headings(page: Page) -> dict[str, str]:
    """For each line the text that it stands under: the nearest line above that is taller or has no value."""
    found: dict[str, str] = {}
    last: list[Item] = []
    for item in page.lines:
        above = [h for h in last if h.box[0] < item.box[2] and h.box[2] > item.box[0] - item.height and h is not item]
        found[item.id] = above[-1].text if above else ""
        if len(item.text) < 40 and not values(item.text):
            last = [*last[-12:], item]
    return found
