"""One value as an answer: read under its label, multiplied, cut out of a range, or shown without a label.

In: a `Question` and `Page`s. Out: a `Solution`, or None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.extracts import wanted
from visual_agent.engines.planner.asked.quantities import multiplied_text, side, span_of
from visual_agent.engines.planner.asked.questions import Question, analyse
from visual_agent.engines.planner.asked.weights import is_generic, weight
from visual_agent.engines.planner.fields.prose import quoted
from visual_agent.engines.planner.fields.tables import best
from visual_agent.engines.planner.fields.zh_parts import plausible
from visual_agent.engines.planner.hits import Hit
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.page.places import part_of
from visual_agent.engines.planner.text.folding import normal


@dataclass(frozen=True)
class Solution:
    """An answer: its words with citations, why, the regions it rests on and the weakest reading among them (0..1)."""

    text: str
    why: str
    ids: tuple[str, ...] = ()
    weakest: float = 1.0
    page: str = ""


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
        found = [one_field(part, pages) for part in parts]
        if all(found):
            ids = tuple(i for s in found if s for i in s.ids)
            return Solution(", ".join(s.text for s in found if s), "both values were read", ids)
    return one_field(question, pages)


def one_field(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The best value on any of the pages; one from each where they differ."""
    hits = [(hit, page) for page in pages for hit in best(question, page)[:1] if hit.sure]
    hits = hits or [(hit, page) for page in pages for hit in quoted(question, page)[:1]]
    hits = [hp for hp in hits if not question.chinese or plausible(question, hp[0].text)]
    if not hits:
        return _unlabelled(question, pages)
    hits.sort(key=lambda hp: -hp[0].score)
    top = hits[0][0]
    same = [h for h, _ in hits if h.score >= top.score - 0.02]
    if len({normal(h.text) for h in same}) > 1 and len(pages) > 1:
        text = ", ".join(f"{answers.value(h.text, h.ids)} ({h.page})" for h in same)
        return Solution(text, "the pictures differ", tuple(i for h in same for i in h.ids))
    return multiplied(question, top, hits[0][1]) or told_by(replace_side(question, top), hits[0][1])


_SIGNED = re.compile(r"(?:^|\s)[-–—]+\s*([A-Z][\w'.-]+(?: [A-Z][\w'.-]+){0,2})\s*$")


_TITLED = (
    (
        "doctor",
        re.compile(r"\bDr\.? (?:[A-Z]\.? ?)*[A-Z][\w'-]+(?: [A-Z][\w'-]+)?|[\u4e00-\u9fff]{2,4}(?:医生|医师|大夫)"),
    ),
    ("teacher", re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Prof)\.? [A-Z][\w'-]+|[\u4e00-\u9fff]{1,3}(?:老师|教授)")),
)


_SHOP = re.compile(
    r"shop|store|restaurant|caf[eé]|company|business|hotel|cinema|market|bakery|店|公司|餐厅|超市|影院|商场|酒店|银行|哪家"
)
"""What heads its own paper without a label."""


def _unlabelled(question: Question, pages: Sequence[Page]) -> Solution | None:
    """What documents show without a label: the shop's name at the head, the writer's name at the foot."""
    named = [t for t in question.terms if weight(t, question) >= 0.3 or t.concepts & {"seller", "subject"}]
    seller = all(t.concepts & {"seller", "name", "subject"} for t in named)
    if len(pages) != 1:
        return None
    page = pages[0]
    if seller and any(_SHOP.search(t.text) for t in named):
        head = part_of(analyse("heading"), page)
        if head and not head[0].text.rstrip().endswith((",", "，", ".", "。")):
            return Solution(
                answers.value(" ".join(i.text for i in head), tuple(i.id for i in head)),
                "it heads the page",
                tuple(i.id for i in head),
            )
    for role, pattern in _TITLED:
        if question.about(role):
            found = [(m[0], i) for i in page.lines for m in pattern.finditer(i.text)]
            if len({f for f, _ in found}) == 1:
                text, item = found[0]
                return Solution(
                    answers.value(text, (item.id,)),
                    "the only person with such a title",
                    (item.id,),
                    item.score,
                    page.name,
                )
    dish = re.search(r"叫什么|\b(?:called|named?)\b", question.folded) and all(
        t.weak or is_generic(t) for t in question.terms
    )
    if dish:
        head = part_of(analyse("heading"), page)
        if head:
            return Solution(
                answers.value(" ".join(i.text for i in head), tuple(i.id for i in head)),
                "it heads the page",
                tuple(i.id for i in head),
            )
    if all(t.concepts & {"sender", "author", "signature", "name"} for t in named):
        for item in reversed(page.lines):
            signed = _SIGNED.search(item.text)
            if signed:
                return Solution(
                    answers.value(signed[1], (item.id,)), "the text is signed so", (item.id,), item.score, page.name
                )
    return None


def told_by(hit: Hit, page: Page) -> Solution:
    """The answer that a hit makes."""
    ids = hit.ids
    why = f'"{hit.label[:60]}" names it' if hit.label else "it stands there"
    return Solution(answers.value(hit.text, ids), why, ids, page.weakest(ids), page.name)


_DIGITS = re.compile(r"\blast (?:\w+ )?digits\b|[后末尾](?:[三四五六\d])?位|尾号")


def _last_digits(question: Question, pages: Sequence[Page]) -> Solution | None:
    """For "The last four digits of the card": what a masked number still shows."""
    if not _DIGITS.search(question.folded):
        return None
    for page in pages:
        for item in page.lines:
            masked = re.search(r"[*xX•·#]{2,}[\s-]*(\d{3,6})(?!\d)", item.text)
            if masked:
                return Solution(
                    answers.value(masked[1], (item.id,)),
                    "the number is masked before them",
                    (item.id,),
                    item.score,
                    page.name,
                )
    return None


def span(question: Question, pages: Sequence[Page]) -> Solution | None:
    """A duration that stands there under its label, else the time between a labelled start and end."""
    for page in pages:
        printed = [h for h in best(question, page)[:1] if h.score >= 0.72 and not h.missing]
        if printed:
            return told_by(printed[0], page)
    if question.about("expiry_date"):
        return one_field(replace(question, wants="date"), pages)
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
    return Solution(
        answers.worked(text, how, ids) if how else answers.value(text, ids),
        how or "the row has this amount",
        ids,
        1.0,
        page.name,
    )


def replace_side(question: Question, hit: Hit) -> Hit:
    """The end of a range where the question asks for the end, its start where it asks for the start."""
    return replace(hit, text=side(question, hit.text))


_DEBIT = re.compile(r"^\s*[-−–]\s?(?=[£$€¥￥]\s?\d|\d[\d,]*\.\d\d(?!\d)|\d[\d,.]*\s?(?:元|块|€|kr|zł))")
_SIGNED_SUMS = re.compile(
    r"\b(?:balance|net|profit|loss|result|change[sd]?|overdrawn|surplus|deficit|margin|sign)\b|余额|净|盈|亏|变化|结余|正负"
)


def unsigned(question: Question, found: Solution) -> Solution:
    """An amount of money without the sign that a statement gives what is spent, deducted or paid already."""
    return found if _SIGNED_SUMS.search(question.folded) else replace(found, text=_DEBIT.sub("", found.text))


_AND = re.compile(r"\s+(?:and|&|as well as)\s+(?:the\s+|its\s+|their\s+)?|(?:和|与|以及|、|及)")


def _parts(question: Question, pictures: int) -> list[Question]:
    """For "What are the date and the total?" as two questions; empty where it is one."""
    pieces = _AND.split(question.folded.rstrip("?？。. "))
    if len(pieces) != 2 or question.kind != "field":
        return []
    asked = [analyse(p, pictures) for p in pieces]
    concepts = [[t for t in a.content if t.concepts] for a in asked]
    if not all(concepts) or concepts[0][-1].concepts & concepts[1][0].concepts:
        return []
    return [replace(a, kind="field", chinese=question.chinese, text=question.text) for a in asked]
