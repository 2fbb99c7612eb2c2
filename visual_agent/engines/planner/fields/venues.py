"""Where something is or happens: every place that a page names, and the words that it is the place of.

In: a `Question` and `Page`s. Out: a `Solution`, or None. A place stands under a heading for places, behind a label for
one, in a sentence behind a preposition, or on a card as a room or a hall; the row, the label, the sentence or the card
tells what it is the place of, and the one that speaks of most of the question is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.fields.clauses import place_in
from visual_agent.engines.planner.fields.nearest import content, shares, support
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.figures.running import told
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.values import is_numeric, values

_ASKS = re.compile(
    r"\bwhere(?:['’]s|abouts)?\b|\b(?:which|what) (?:room|hall|place|venue|building|platform|gate|stop|town|city|shop|street)\b"
    r"|在?(?:哪里|哪儿|什么地方|何处|哪个?(?:房间|教室|地方|地点|会议室|大厅|港口|城市|车间|部门|门店|站台|[间厅站门口])|哪(?:座|家|一?层|栋|楼)|[在去到]哪(?!一))"
)
_WORDS = re.compile(
    r"\b(?:held|take place|takes place|taking place|located|kept|found|happen(?:s|ing)?|going|go|come|put|now|today)\b|举行|举办|进行|上课|的课"
)
_HEAD = re.compile(
    r"\b(?:place|venue|where|room|location|hall|platform|gate|stop|site|address|meeting (?:point|place)|meet at|stall|building|campus)\b"
    r"|地点|教室|场地|位置|地址|考场|会场|房间|场馆|站台|集合|检票口|场所|[港车]间?$"
)
_KIND = (
    r"(?:room|hall|workshop|studio|kitchen|library|gym|theatre|theater|lab|laboratory|office|church|school|park|green|barn|cafe|café|pub|inn|hotel|museum"
    r"|centre|center|court|field|house|yard|street|road|lane|square|station|stop|platform|gate|floor|annexe?|garden|gardens|car park|pool|chapel|club|bar|market)"
)
_PLACE = re.compile(
    rf"(?:the )?(?:[A-Z][\w'’.&-]*(?: [A-Z][\w'’.&-]*){{0,3}} )?{_KIND}s?(?: [A-Z]?\d[\w.-]*| [A-Z]\b)?", re.IGNORECASE
)
_PLACE_ZH = re.compile(
    r"[\u4e00-\u9fffA-Za-z\d]{0,10}(?:室|厅|馆|楼|房|场|园|店|站|院|中心|广场|酒店|教室|门口|路|街|亭|社|吧|台|[门街路]?口|[上下里外旁边侧面内]|村|镇|乡|县|市|区|桌|柜|架)(?:[A-Z\d][\w-]*)?"
)
_BESIDE = re.compile(
    r"\b(?:behind|near|opposite|under|beside|outside|next to|in front of|above|below|between|past) $", re.IGNORECASE
)
_LEAST = 0.55


@dataclass(frozen=True)
class Venue:
    """A place, what tells of what it is the place of, and the regions of both."""

    text: str
    context: str
    ids: tuple[str, ...]
    score: float


def whereabouts(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The place that is asked for."""
    if not _ASKS.search(question.folded) or question.looks:
        return None
    phrase = _ASKS.sub(" ", question.folded)
    bare = _WORDS.sub(" ", phrase)
    phrase = bare if content(bare) else phrase
    found = [(v, page) for page in pages for v in _venues(phrase, page)]
    telling = max((w.weight for w in content(phrase)), default=0.0)
    said = [w for w in content(phrase) if w.weight == telling and len(w.text) > 1]
    found = [f for f in found if any(support(w, f[0].context) >= 0.6 for w in said)]
    near = shares(phrase, [v.context for v, _ in found])
    ranked = sorted(zip(near, found, strict=True), key=lambda nf: 0.001 * len(nf[1][0].context) - nf[0])
    if not ranked or ranked[0][0] < _LEAST:
        return None
    venue, page = ranked[0][1]
    return Solution(answers.value(venue.text, venue.ids), "that is where it is", venue.ids, venue.score, page.name)


def _venues(phrase: str, page: Page) -> Iterator[Venue]:
    yield from _in_columns(page)
    yield from _on_cards(page)
    yield from _in_sentences(phrase, page)


def _in_columns(page: Page) -> Iterator[Venue]:
    """Cells under a heading for places; what else stands in the row is there."""
    for grid in page.grids:
        if grid.kind != "list" or not grid.body:
            continue
        for n in range(1, grid.width):
            if not _HEAD.search(normal(grid.head(n))):
                continue
            for row in grid.body:
                cell = row[n]
                others = [c for c in row if c is not None and c is not cell]
                if cell is not None and others and any(c.isalpha() for c in cell.text):
                    yield Venue(cell.text, " ".join(c.text for c in others), (cell.id, others[0].id), cell.score)


def _on_cards(page: Page) -> Iterator[Venue]:
    """Rooms and halls among the lines that stand under a name."""
    for block in page.blocks:
        if not 2 <= len(block) <= 6 or any(len(i.text) > 60 for i in block):
            continue
        for item in block[1:]:
            segments = re.split(r"\s*[,，·|;；]\s*", item.text)
            place = next((s for s in segments if _is_place(s)), None)
            if place is not None:
                rest = " ".join(i.text for i in block if i is not item)
                yield Venue(place, rest, (item.id, block[0].id), item.score)


def _is_place(text: str) -> bool:
    pattern = _PLACE_ZH if has_han(text) else _PLACE
    return pattern.fullmatch(text.strip()) is not None and not any(v.kind in ("date", "time") for v in values(text))


def _in_sentences(phrase: str, page: Page) -> Iterator[Venue]:
    """What stands behind a preposition nearest to the words of the question."""
    parts = [(i.text, (i.id,), i.score) for i in page.lines] + [(t.text, t.ids, t.score) for t in told(page)]
    for text, ids, score in parts:
        said = [w.text for w in content(phrase) if support(w, text) >= 0.5]
        place = place_in(text, said, phrase) if said else None
        if place is None or normal(place) in phrase or (has_han(place) and not _PLACE_ZH.fullmatch(place)):
            continue
        if not is_numeric(place):
            beside = _BESIDE.search(text[: text.find(place)])
            yield Venue(beside[0] + place if beside else place, text.replace(place, " "), ids, score)
