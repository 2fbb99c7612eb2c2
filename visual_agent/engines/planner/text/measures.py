"""What a number measures: degrees, kilograms, metres, money; what a question asks to be measured.

In: a question's text; the text of a value with what stands beside it. Out: names of measures (`measures.toml`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from visual_agent.engines.planner.text.books import book
from visual_agent.engines.planner.text.folding import normal

MONEY = re.compile(
    r"\bhow much (?:is|was|are|were) (?:the|a|an|one|it\b)|"
    r"\b(?:pay|pays|paid|cost|costs|charge|charges|charged|price|priced|fee|fees|fare|spend|spent|money|cash|rent|"
    r"salary|wages?|earn|earns|earned|fine|fined|deposit|refund|refunded|owe|owed|bill|dear|ticket|reward|worth|"
    r"fetch|raise|raised|donate|donated|sell|sold|bid|insured|premium|tip|discount|loan|savings|account)\b"
    r"|钱|元|块(?!地)|费|价|工资|收入|支出|开支|报酬|奖金|押金|罚|退款|花了|付了?|刷了|金额|[存贷]款|补贴|补助|房租"
)
"""Words of questions whose answer is likely money."""


@dataclass(frozen=True)
class Measure:
    """One measure: how it is asked for and the units that it is written in."""

    name: str
    asks: re.Pattern[str]
    units: frozenset[str]
    spellings: tuple[frozenset[str], ...]


@cache
def _measures() -> tuple[Measure, ...]:
    found = []
    for name, entry in book("measures").items():
        spellings = tuple(frozenset(part.split()) for part in entry["units"].split(";"))
        found.append(Measure(name, re.compile(entry["asks"]), frozenset().union(*spellings), spellings))
    return tuple(found)


@lru_cache(maxsize=1_000)
def asked(folded: str) -> frozenset[str]:
    """The measures that a question may ask for; none where it names none."""
    named = named_unit(folded)
    if named:
        return frozenset(m.name for m in _measures() if named & m.units)
    return frozenset(m.name for m in _measures() if m.asks.search(folded))


_IN_UNIT = (
    r"\bin ({unit})(?=\W*$|[,;)])",
    r"[(（](?:in )?({unit})[)）]",
    r"\bhow many ({unit})(?![a-z\d])",
    r"(?:多少|几)个?({unit})(?![\u4e00-\u9fff]*(?:人|次))",
)
_NO_UNIT = frozenset("in st c h t y % 度 平 方 里 折 两 卡 g 杯 勺 滴 drop drops cup cups years spoon spoons".split())  # noqa: SIM905
"""Units whose word says something else as well."""


@cache
def _named() -> re.Pattern[str]:
    units = sorted({u for m in _measures() for u in m.units - _NO_UNIT}, key=len, reverse=True)
    return re.compile("|".join(p.format(unit="|".join(map(re.escape, units))) for p in _IN_UNIT))


@lru_cache(maxsize=1_000)
def named_unit(folded: str) -> frozenset[str]:
    """The unit that a question wants its answer in ("in kW", "多少升"), in all its spellings; empty where none."""
    match = _named().search(folded)
    unit = next((g for g in match.groups() if g), "") if match is not None else ""
    return next((s for m in _measures() for s in m.spellings if unit in s), frozenset()) if unit else frozenset()


@lru_cache(maxsize=1_000)
def unasked(folded: str) -> str:
    """A question without the words that name what is measured: "how hot is the sauna" is about the sauna.

    Adjectives whose units others share ("deep", "wide") stay: only they tell a depth from a width.
    """
    folded = _named().sub(" ", folded)
    for measure in _measures():
        folded = measure.asks.sub(_kept, folded)
    return folded


def _kept(match: re.Match[str]) -> str:
    told = re.search(
        r"tall|high|deep|wide|thick|[高深宽厚]|interest|turnout|discount|利|税|height|depth|width", match[0]
    )
    return f" {told[0]} " if told else " "


@cache
def _unit_pattern() -> re.Pattern[str]:
    every = sorted({u for m in _measures() for u in m.units}, key=len, reverse=True)
    return re.compile(rf"\s?({'|'.join(map(re.escape, every))})(?![a-z\d])")


def unit_after(text: str, end: int) -> str:
    """The unit right after a number that ends at `end` in a folded text; "" where none stands."""
    match = _unit_pattern().match(text, end)
    return match[1] if match else ""


def unit_alone(text: str) -> str:
    """The unit that a cell holds, or that a heading or label names at its end: "kg", "Weight (kg)"."""
    match = re.search(r"(?:^|[\s(（/\[,，])([^\s(（)）\[\],，]{1,6})[)）\]]?\s*$", normal(text))
    return match[1] if match and _unit_pattern().fullmatch(match[1]) else ""


@lru_cache(maxsize=2_000)
def measured_in(unit: str) -> frozenset[str]:
    """The measures that a unit stands for."""
    return frozenset(m.name for m in _measures() if unit and unit in m.units)
