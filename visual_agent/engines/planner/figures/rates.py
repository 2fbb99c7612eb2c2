"""Prices of one: per day, an hour, each, by their lines and by the columns of a table.

In: a `Page`, or a `Sheet` and what a question wants several of. Out: `Part`s, each the price of one of a unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from visual_agent.engines.planner.figures.figures import valued
from visual_agent.engines.planner.figures.operands import like, topic_of
from visual_agent.engines.planner.figures.running import told
from visual_agent.engines.planner.figures.sheets import Sheet
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import has_han, normal, stem
from visual_agent.engines.planner.text.words import Term


@dataclass(frozen=True)
class Part:
    """A number that a calculation needs, or the answer to one of the simpler questions it is made of."""

    number: float
    kind: str
    text: str
    ids: tuple[str, ...]
    each: float = 1.0
    """How many units a price is for: 10 of "per 10 minutes"."""


_PER = re.compile(
    r"(?:\bper|/|(?<=\d )an?|(?<=\dp )an?|\beach|\bevery) ?(?P<n>\d{1,3}(?= ?[a-z]))? ?([a-z]{2,})"
    r"|(?:[/每]|(?<=元)一|(?<=块)一)(?:超过?|满)?\s?(?P<m>\d{1,3})?\s?([\u4e00-\u9fff]{1,2})"
    r"|\b(month|week|dai|year|hour|night)ly\b|\b(pcm)\b"
)


def rates(page: Page) -> list[tuple[Part, str, str]]:
    """The prices of one on a page: the price, what it is the price of one of, and the words around it."""
    rows = [[c for c in r if c is not None] for g in page.grids for r in g.body if len(r) <= 3]
    texts = [(normal(" ".join(c.text for c in row)), tuple(c.id for c in row)) for row in rows]
    texts += [(normal(t.text), t.ids) for t in told(page)]
    found = []
    for text, ids in texts:
        for clause in re.split(r"[,，;；。|]\s|(?<=[a-z\d])\.\s|[，；。;]", text):
            units = list(_PER.finditer(clause))
            money = [v for v in valued(clause) if v.kind in ("amount", "number") and v.number is not None]
            money = [v for v in money if v.kind == "amount"] or (money if len(money) == 1 else [])
            if len(units) == 1 and len(money) == 1:
                unit = next(g for g in units[0].groups() if g and not g.isdigit())
                each = float(units[0]["n"] or units[0]["m"] or 1)
                part = Part(money[0].number or 0.0, "amount", money[0].text, ids, each)
                found.append((part, unit.replace("pcm", "month").replace("dai", "day"), clause))
    return found + _columns(page)


_HEADED = re.compile(
    r"(?:\bper|/|\beach|\bevery) ?(hour|day|night|week|month|year|season|term|person)\b"
    r"|^(?:\W|price|rate|hire|rent|1|one|an?)*(hour|day|night|week|month|year)(?:\W|price|rate|hire|rent\w*|fee|charge|cost)*$"
    r"|\b(hour|week|month|year|dai)ly\b|([日天周月年时])[租价费薪]|[/每一1]个?(小时|[日天周月年次人晚])"
)
"""Headings of columns that hold the price of one of a unit."""


def _columns(page: Page) -> list[tuple[Part, str, str]]:
    """The prices of one that stand in columns of their own: "Bike | per day | per week"."""
    found = []
    for grid in page.grids:
        units = [_HEADED.search(normal(grid.head(c))) for c in range(grid.width)]
        for row in grid.body if sum(u is not None for u in units) > 0 else ():
            for match, cell in zip(units, row, strict=True):
                money = valued(cell.text) if match is not None and cell is not None else []
                if match is None or cell is None or len(money) != 1 or row[0] is None or row[0] is cell:
                    continue
                unit = next(g for g in match.groups() if g).replace("dai", "day")
                part = Part(money[0].number or 0.0, "amount", cell.text, (cell.id,))
                found.append((part, unit, normal(f"{row[0].text} {match[0]}")))
    return found


def same(unit: str, other: str) -> bool:
    """Whether two words are one unit: "hours" and "hour", "个月" and "月"."""
    a, b = (
        stem(_SHORT.get(u.rstrip("s."), u))
        if not has_han(u)
        else u.removeprefix("个").removesuffix("上").removesuffix("课")
        for u in (unit, other)
    )
    a, b = (_ONE_WORD.get(u, u) for u in (a, b))
    return a == b or (has_han(a) and b.startswith(a))


_ONE_WORD = {"日": "天", "时": "小时", "钟头": "小时", "礼拜": "周", "星期": "周"} | {
    "天": "天", "小时": "小时", "周": "周", "月": "月", "年": "年",
}  # fmt: skip
_SHORT = {"min": "minute", "hr": "hour", "sec": "second", "wk": "week", "mth": "month", "yr": "year", "pp": "person"}


def rate_of(unit: str, rest: str, sheet: Sheet) -> Part | None:
    """The price of one of a unit: the only one of the pages, or the only one whose words the question has."""
    found = [(part, clause) for p in sheet.pages for part, u, clause in rates(p) if same(unit, u)]
    rest = re.sub(r"[要得该会能需]", " ", rest)
    said = topic_of(rest)
    fit = [part for part, clause in found if said and all(like(t, clause) >= 0.5 or _is_manner(t) for t in said)]
    fit = fit or ([part for part, _ in found] if all(_is_manner(t) for t in said) else [])
    return fit[0] if len({f.number for f in fit}) == 1 else None


def _is_manner(term: Term) -> bool:
    """Whether a term only says that something is paid or done."""
    return term.text in _DOING or (has_han(term.text) and len(term.text) == 1)


_DOING = frozenset("cost costs pay pays us me stay come set back overdue".split())  # noqa: SIM905
