"""How high or low something may be: the end of a range that a table prints as normal, allowed or recommended.

In: a `Question` ("what is the highest normal iron?") and `Page`s. Out: a `Solution`, or None where it asks for no such
end or no row is clearly named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.page.grids import Grid
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.figure_words import asked_words, speaks

_HIGH = re.compile(
    r"\b(?:highest|maximum|max|at most|no more than|how (?:high|much|large)|upper (?:limit|end)|not? exceed|up to)\b"
    r"|最高|最多|最大|上限|不[能得可]?超过|允许到|以内|多高"
)
_LOW = re.compile(
    r"\b(?:lowest|minimum|min|at least|how low|lower (?:limit|end)|bottom|not (?:be|go|fall) below)\b"
    r"|最低|最少|最小|至少|下限|不[能得可]?[低少]于|多低"
)
_NORM = re.compile(
    r"\b(?:normal|normally|reference|range|allowed|permitted|may|limit|healthy|should|acceptable|supposed|tolerated|safe|"
    r"guideline|recommended|exceed)\b|正常|标准|允许|参考|范围|应该?|合格|达标|限|超过|[低少]于|安全"
)
_HEAD = re.compile(
    r"(?i)range|reference|normal|limit|standard|allowed|permitted|max|min|target|guideline|recommended|healthy"
    r"|参考|标准|限|范围|允许|正常|目标|建议值"
)
_RANGE = re.compile(r"^\D{0,3}(\d[\d.,]*)\s*(?:[-–—~～至到]+|to)\s*(\d[\d.,]*)(?!\d)")
_ONE_END = re.compile(r"^\s*(?:([<≤＜]=?|up to|不超过|max\.?|以下)|([>≥＞]=?|at least|from|min\.?))?\s*(\d[\d.,]*)")
_LEAST = 0.6


def bound(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The end of the printed range of what the question names."""
    folded = question.folded
    low, high = _LOW.search(folded) is not None, _HIGH.search(folded) is not None
    if low == high or not _NORM.search(folded) or question.kind not in ("field", "extreme", "count"):
        return None
    rest = re.sub(r"多少|是|到|能|不", " ", _NORM.sub(" ", _HIGH.sub(" ", _LOW.sub(" ", folded))))
    said = asked_words(rest, folded)
    total = sum(w.weight for w in said)
    found = []
    for page in pages:
        for name, item, heads in _printed(page):
            share = sum(w.weight * speaks(w, f"{name} {heads}") for w in said) / total if total else 0.0
            end = _end(item.text, heads, high=high)
            if end is not None:
                found.append((share, end, item, page))
    found.sort(key=lambda f: -f[0])
    if not found or found[0][0] < _LEAST or (len(found) > 1 and found[1][0] > found[0][0] - 0.02):
        return None
    _, end, item, page = found[0]
    return Solution(answers.value(end, (item.id,)), f'the end of "{item.text}"', (item.id,), item.score, page.name)


def _printed(page: Page) -> Iterator[tuple[str, Item, str]]:
    """(row's name, cell, its heading) of every cell under a heading that speaks of what is normal or allowed."""
    for grid in page.grids:
        for row in grid.body:
            name = " ".join(c.text for c in row[: _first_value(grid)] if c is not None)
            for n, cell in enumerate(row):
                if n and cell is not None and _HEAD.search(grid.head(n)):
                    yield name, cell, grid.head(n)


def _first_value(grid: Grid) -> int:
    """How many columns at the left hold names; at least one."""
    return next((n for n in range(1, grid.width) if any(re.search(r"\d", c.text) for c in grid.column(n))), 1)


def _end(text: str, head: str, *, high: bool) -> str | None:
    """The upper or lower end that a cell prints; a lone number is the upper end unless its heading says the lower."""
    both = _RANGE.match(text)
    if both:
        return both[2 if high else 1]
    one = _ONE_END.match(text)
    if one is None:
        return None
    lower = one[2] is not None or re.search(r"(?i)\bmin|lowest|下限|最低", head) is not None
    return one[3] if lower != high else None
