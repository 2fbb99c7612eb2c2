"""What the language model copies from a page as the answer to a question, as an answer of the planner.

In: a `Question`, a `Page`, and answers that were found without the model. Out: `Copy`. Chinese texts are read word by
word in English; of a page that is too long, the rows that speak most of the question are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.language.copying import LONGEST_PAGE, Copier, copier
from visual_agent.engines.planner.language.pidgin import pidgin
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page, rows_of
from visual_agent.engines.planner.reader.reader import Asked

_ROOM = LONGEST_PAGE - 20
"""Tokens for the rows of a page."""


@dataclass(frozen=True)
class Copy:
    """An answer copied from a page: its text, its region, and how sure it is.

    `sure` is the logarithm of its share over the share of "not stated" (`untold`, a logarithm too), `given` the same of
    the texts that were asked about.
    """

    text: str
    item: Item
    sure: float
    untold: float
    given: tuple[float, ...]


def copied(question: Question, page: Page, others: Sequence[str] = ()) -> Copy | None:
    """The likeliest answer on a page; None without the model, and where nothing can be copied."""
    reader = copier()
    if reader is None or not page.lines:
        return None
    rows = _fitting(reader, question, rows_of(page.lines))
    items = [item for row in rows for item in row]
    given = [pidgin(text).text or text for text in others]
    read = reader.copy([[pidgin(i.text).text for i in row] for row in rows], pidgin(question.text).text, given)
    if read is None or read.line < 0:
        return None
    item = items[read.line]
    text = pidgin(item.text).original(read.start, read.start + len(read.text)).strip(" ,;:，；：。")
    shares = tuple(share - read.untold for share in read.others)
    return Copy(text or item.text, item, read.share - read.untold, read.untold, shares)


def _fitting(reader: Copier, question: Question, rows: list[list[Item]]) -> list[list[Item]]:
    """All rows where they fit; else those that speak most of the question, each with its neighbours, in their order."""
    sizes = [reader.size(" | ".join(pidgin(i.text).text for i in row)) + 1 for row in rows]
    if sum(sizes) <= _ROOM:
        return rows
    asked, taken, room = Asked(question), set[int](), _ROOM
    near = [float((asked.weights * asked.spoken(" ".join(i.text for i in row)).meant).sum()) for row in rows]
    for best in sorted(range(len(rows)), key=lambda n: -near[n]):
        for n in (best, best - 1, best + 1):
            if 0 <= n < len(rows) and n not in taken and sizes[n] <= room:
                taken.add(n)
                room -= sizes[n]
    return [row for n, row in enumerate(rows) if n in taken]
