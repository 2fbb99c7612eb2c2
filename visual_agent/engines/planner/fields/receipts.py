"""Itemised lists: how many of an item were bought, what one of it cost, which was the dearest.

In: a `Question` and a `Page`. Out: a `Solution`, or None where the page has no such list or the question is another.
An item's line holds its name, often how many ("2 x", "x2", "@ 3.50") and what they cost together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import is_generic, weight
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.page.grids import Row
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.page.records import records
from visual_agent.engines.planner.text.values import number_of
from visual_agent.engines.planner.text.words import likeness, words

_BEFORE = re.compile(r"^\s*(\d{1,3})\s*(?:[xX×*]\s*|\s)(?=[^\W\d_])")
_AFTER = re.compile(r"(?:[xX×*]\s*(\d{1,3})|(?<=[\u3400-\u9fff\s])(\d{1,2})\s?[份个杯瓶碗盒件])\s*(?:$|@)")
_EACH = re.compile(r"@\s*[^\d\s]{0,3}\s?(\d+(?:[.,]\d+)?)|(\d+(?:[.,]\d{2}))\s*(?:ea\b|each)", re.IGNORECASE)
_CLOSING = frozenset(
    {
        "total",
        "subtotal",
        "payable",
        "paid",
        "balance",
        "tax",
        "tip",
        "discount",
        "service_charge",
        "cash",
        "change_due",
        "payment_method",
        "deposit",
    }
)
_ONE = re.compile(r"\b(?:one|an?|each|apiece|single|per)\b|每|单价|一[份个杯瓶碗盒件]")
_HOW_MANY = re.compile(r"\bhow many\b|几|多少[份个杯瓶碗盒件]")


@dataclass(frozen=True)
class Entry:
    """An item: its name, how many, what all of them cost, the regions, and what one costs where it says so."""

    name: str
    quantity: int
    amount: float
    ids: tuple[str, ...]
    each: float | None = None


def entries(page: Page) -> list[Entry]:
    """The items of the page's itemised list, above its sums; none where the page closes with no sum."""
    for grid in records(page):
        if any(grid.heads) or grid.width != 2:
            continue
        sums = [_closes(row) for row in grid.body]
        end = next(
            (n for n, said in enumerate(sums) if said and (_is_sum(grid.body[n]) or all(sums[n + 1 : n + 2]))), 0
        )
        found = [e for row in grid.body[:end] if (e := _entry(row)) is not None] if end else []
        if len(found) >= 2:
            return found
    return []


def _closes(row: Row) -> bool:
    first = row[0]
    if first is None:
        return False
    said = words(first.text)
    return bool(said.concepts & _CLOSING) and len(said.content) <= 3


def _is_sum(row: Row) -> bool:
    """Whether a closing row is surely one: a tip or a deposit may be an item's name ("Pen tip")."""
    return row[0] is not None and bool(words(row[0].text).concepts & {"total", "subtotal", "payable"})


def _entry(row: Row) -> Entry | None:
    name, price = row[0], row[1]
    amount = number_of(price.text) if price is not None else None
    if name is None or price is None or amount is None or amount < 0:
        return None
    before, after, each = _BEFORE.match(name.text), _AFTER.search(name.text), _EACH.search(name.text)
    count = before or after
    number = int(next(g for g in count.groups() if g)) if count else 1
    bare = _AFTER.sub("", _EACH.sub("", _BEFORE.sub("", name.text))).strip(" @xX×")
    one = float(next(g for g in each.groups() if g).replace(",", ".")) if each else None
    return Entry(bare, number, amount, (name.id, price.id), one)


def itemised(question: Question, pages: Sequence[Page]) -> Solution | None:
    """How many, what one costs, or the dearest, where a single page lists items."""
    if len(pages) != 1 or question.kind not in ("field", "count", "extreme"):
        return None
    if question.kind == "extreme" and question.measure != "price":
        return None
    found = entries(pages[0])
    if not found:
        return None
    asked = [t for t in question.terms if weight(t, question) >= 0.9 and not is_generic(t)]
    if question.kind == "extreme":
        return None if asked and not question.about("item") else _dearest(question, found, pages[0])
    named = [e for e in found if asked and all(likeness(t, words(e.name)) >= 0.6 for t in asked)]
    if len(named) != 1:
        return None
    if question.counts and _HOW_MANY.search(question.folded):
        return _told(str(named[0].quantity), named[0], pages[0], "the item's line says how many")
    if _ONE.search(question.folded) and named[0].quantity > 1:
        one = named[0].each or named[0].amount / named[0].quantity
        return _told(f"{one:.2f}", named[0], pages[0], "the price of one")
    return None


def _dearest(question: Question, found: Sequence[Entry], page: Page) -> Solution | None:
    ranked = sorted(found, key=lambda e: e.amount, reverse=bool(question.high))
    if len(ranked) < question.rank:
        return None
    top = ranked[question.rank - 1]
    if re.search(r"\bhow much\b|\bprice\b|多少钱", question.folded):
        return _told(f"{top.amount:.2f}", top, page, "the largest amount" if question.high else "the smallest amount")
    return _told(top.name, top, page, "the largest amount" if question.high else "the smallest amount")


def _told(text: str, entry: Entry, page: Page, why: str) -> Solution:
    return Solution(answers.value(text, entry.ids), why, entry.ids, page.weakest(entry.ids), page.name)
