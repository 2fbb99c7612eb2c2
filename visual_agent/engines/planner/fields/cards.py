"""Cards of one form, many on a page: stalls of a plan, rooms, exhibits, days of a forecast; the one that is asked about.

In: a `Question` and the `Page`s of its pictures. Out: what is to be asked instead: about the only card that the
question names, and then about what stands beside the cards, so that no other card's value answers; what a card holds
besides names and figures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.extracts import looks_like_name
from visual_agent.engines.planner.asked.questions import Question, analyse
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.page.grids import labelness
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import has_han, normal, stem
from visual_agent.engines.planner.text.measures import named_unit, unit_after
from visual_agent.engines.planner.text.values import is_numeric, of_kind, values
from visual_agent.engines.planner.text.weekdays import DAY, days_of

Card = list[Item]
_KINDS = ("field", "count", "difference")
_LEAST = 3


def cards(page: Page) -> list[Card]:
    """The cards of a page: most of its lines, in blocks of the same number of lines."""
    if page.grids:
        return []
    blocks = _put_together([b for b in page.blocks if len(b) > 1])
    sizes = [len(b) for b in blocks]
    size = max(set(sizes), key=lambda n: (sizes.count(n), n), default=0)
    same = [b for b in blocks if len(b) == size]
    heads = {normal(b[0].text) for b in same}
    enough = len(same) >= _LEAST and len(heads) == len(same) and size * len(same) >= 0.6 * len(page.loose)
    return same if enough and all(_is_head(b[0].text) for b in same) and size > 2 else []


_CODE = re.compile(r"[A-Z]{1,3}[- ]?\d{1,4}[号]?|(?:[Nn]o\.? ?|第)?\d{1,4}[号室房桌床间座位]+")


def _is_head(text: str) -> bool:
    """Whether a card may begin with a text: no figure with its caption under it, and no caption of a form."""
    if labelness(text) >= 0.9:
        return False
    return not is_numeric(text) or bool(of_kind(text, "date")) or _CODE.fullmatch(text.strip()) is not None


def _put_together(blocks: list[Card]) -> list[Card]:
    """Blocks with rows of others under them, each at the edge of one above, as the parts of larger cards."""
    out: list[Card] = []
    for block in sorted(blocks, key=lambda b: b[0].box[1]):
        over = [c for c in out if abs(c[0].box[0] - block[0].box[0]) < 0.6 * block[0].height]
        level = [b for b in blocks if abs(b[0].middle[1] - block[0].middle[1]) < 0.8 * block[0].height]
        last = over[-1] if over else None
        gap = block[0].box[1] - last[-1].box[3] if last is not None else 0.0
        if last is not None and len(level) >= _LEAST and len(block) == len(level[0]) and gap < 1.2 * block[0].height:
            last += block
        else:
            out.append(list(block))
    return out


def instead(question: Question, pages: Sequence[Page]) -> list[tuple[Question, Sequence[Page]]]:
    """What to ask of which pages, in this order: the question as it is where it names no card."""
    as_it_is: list[tuple[Question, Sequence[Page]]] = [(question, pages)]
    if len(pages) != 1 or question.kind not in _KINDS:
        return as_it_is
    every = cards(pages[0])
    meant = named(question, every)
    if meant is None:
        return as_it_is
    card, key = meant
    edges = [c[0].box[0] for c in every]
    beside = [i for i in pages[0].loose if all(abs(i.box[0] - e) > 0.6 * i.height for e in edges)]
    asked = analyse(_without(question.folded, key), 1)
    asked = replace(asked, text=question.text, chinese=question.chinese, kind=question.kind)
    lines = [replace(i, text=part) for i in card for part in re.split(r"\s*[·•|]\s*", i.text) if part]
    return [(asked, (_page(pages[0], lines),)), (question, (_page(pages[0], beside),))]


def _page(page: Page, lines: Sequence[Item]) -> Page:
    return replace(page, lines=tuple(lines), loose=tuple(lines), known={i.id: i for i in lines})


def named(question: Question, every: Sequence[Card]) -> tuple[Card, str] | None:
    """(The only card that a question names, the words of the question that name it)."""
    found: dict[int, tuple[Card, str]] = {}
    for card in every:
        for n, item in enumerate(card):
            key = _said(question.folded, normal(item.text), head=n == 0)
            if key:
                found.setdefault(id(card), (card, key))
    return next(iter(found.values())) if len(found) == 1 else None


def _said(folded: str, text: str, *, head: bool) -> str:
    """The words of a question that say a line of a card: the line itself, or the day or code it begins with."""
    days = [normal(v.text) for v in of_kind(text, "date")] if head else []
    for said in (text, *days):
        edge = r"(?<![a-z\d])", r"(?![a-z\d])"
        match = re.search(edge[0] + re.escape(said) + edge[1], folded) if _is_name(said) else None
        if match is not None:
            return match[0]
    day = DAY.search(folded)
    return day[0] if head and day is not None and days_of(folded) == days_of(text) else ""


def _is_name(text: str) -> bool:
    """Whether a text can tell one card from the others: a code, a day, a name of more words than a label has."""
    return re.search(r"\d", text) is not None or " " in text or (has_han(text) and looks_like_name(text))


_NOUN = r"(?:(?:at|in|on|of|for|from|by) )?(?:the )?"


def _without(folded: str, key: str) -> str:
    """A question without the name of its card and the word for what it is: "at pitch F7", "D8摊位的"."""
    if has_han(folded):
        return re.sub(
            rf"在?(?:第)?{re.escape(key)}(?:号)?(?:摊位|摊|展位|展台|房间?|桌|间|室|柜|位|床|台)?[的那]?", "", folded
        )
    noun = r"(?:(?!does\b|is\b|has\b|do\b|did\b|at\b|in\b|on\b|of\b|the\b)[a-z]+ )?" if re.search(r"\d", key) else ""
    return re.sub(rf"{_NOUN}{noun}{re.escape(key)}(?:'s)?", " ", folded)


_HEAD = re.compile(
    r"^(?:and |so )?(?:which|what) [a-z]+ (?:has|have|is|does|do|did|will|belongs)\b|哪[个一]?(?:号|摊|[\u4e00-\u9fff]位|桌|间|台)|几号"
)
_HOLDS = re.compile(
    r"\b(?:what|which)(?:'s|s)?\b.*\b(?:sold|sells?|selling|shown|shows?|showing|displayed|offered|offers?|grown|grows?|growing|kept|keeps?|"
    r"made|makes?|making|played|stored|served?)\b|(?:卖|展|种|售|经营|做|摆|放)(?:的是|了|着)?(?:些|点)?(?:什么|啥)"
)


def held(question: Question, pages: Sequence[Page]) -> Solution | None:
    """For "Which pitch has Esme got?" the head of the card; for "What is sold there?" what is neither name nor figure."""
    if len(pages) != 1 or question.kind not in _KINDS:
        return None
    meant = named(question, cards(pages[0]))
    if meant is None or question.kind == "difference":
        return None
    card, key = meant
    by_head = normal(card[0].text).startswith(key)
    rest = [i for i in card[1:] if normal(i.text) != key]
    if _HOLDS.search(question.folded):
        kept = [i for i in rest if not re.search(r"\d", i.text) and not looks_like_name(i.text)]
        return _told(kept[0], pages[0]) if len(kept) == 1 else None
    if _PERSON.search(question.folded):
        people = [i for i in rest if looks_like_name(i.text)]
        return _told(people[0], pages[0]) if len(people) == 1 else None
    figure = _figure(question, card, pages[0])
    if figure is not None:
        return figure
    if _HEAD.search(question.folded) and not by_head and re.search(r"\d", card[0].text):
        return _told(card[0], pages[0])
    return None


_PERSON = re.compile(
    r"\bwho(?:'s|se)?\b|\bname of the (?:\w+er|\w+or|artist|tenant)\b|谁|[摊店户业房机车园]主|[^\W\d]人(?:是|叫)|叫什么|负责人|姓名"
)


def _figure(question: Question, card: Card, page: Page) -> Solution | None:
    """The only figure of the card in the unit that is asked for, or behind a word of the question."""
    lines = [(part, i) for i in card[1:] for part in re.split(r"\s*[·•|]\s*", i.text)]
    units = named_unit(question.folded)
    found = []
    for text, item in lines:
        for value in values(text):
            after = unit_after(normal(text), value.end)
            inside = re.search(r"[^\d.,\s]+$", value.text)
            unit = after or (normal(inside[0]) if inside else "")
            if units and value.number is not None and unit in units:
                found.append((value.text, item))
    if not units:
        for text, item in lines:
            label = re.match(r"([^\d]{3,}?)[\s:：#]*(\d[\d.,-]*)$", text)
            if label and _within(normal(label[1]), question.folded):
                found.append((label[2], item))
    return _told(found[0][1], page, found[0][0]) if len(found) == 1 else None


def _within(label: str, folded: str) -> bool:
    """Whether all words of a label are the question's."""
    if has_han(label):
        return label.strip() in folded
    return {stem(w) for w in re.findall(r"[a-z]+", label)} <= {stem(w) for w in re.findall(r"[a-z]+", folded)}


def _told(item: Item, page: Page, text: str = "") -> Solution:
    return Solution(answers.value(text or item.text, (item.id,)), "its card says so", (item.id,), item.score, page.name)
