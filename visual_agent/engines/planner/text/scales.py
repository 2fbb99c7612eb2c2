"""What cells are put in order by: numbers, dates and times, marks and words of a scale ("easy", "hard"), units.

In: a cell's text. Out: a number; the units that an adjective ("heaviest") ranks by.
"""

from __future__ import annotations

import re

from visual_agent.engines.planner.text.folding import normal
from visual_agent.engines.planner.text.values import number_of, values


def key_of(text: str, kind: str = "") -> float | None:
    """What a cell is ranked by: its date or time (`kind` "when"), else its number."""
    if kind == "when":
        found = values(text)
        for value in found:
            if value.kind == "date" and value.day is not None:
                return float(value.day.toordinal())
        return next((v.number for v in found if v.kind == "time"), None)
    if kind == "lasts":
        return lasting(text)
    if kind == "scale":
        return next((float(scale.index(word)) for scale in SCALES for word in (word_of(text),) if word in scale), None)
    return 0.0 if FREE.fullmatch(normal(text)) else number_of(text)


_CLOCKED = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d\d(?:\.\d+)?)|(\d+(?:\.\d+)?)")
_SPAN = re.compile(
    r"(\d+(?:\.\d+)?)\s?(?:(s|secs?|seconds?|秒)|(m|mins?|minutes?|分钟?)|(h|hrs?|hours?|个?小时)|(d|days?|天)|(w|weeks?|周)"
    r"|(months?|个?月)|(y|yrs?|years?|年))(?![a-z])"
)
_SECONDS = (1, 60, 3600, 86_400, 604_800, 2_629_800, 31_557_600)


def lasting(text: str) -> float | None:
    """How many seconds a cell stands for: "1:01.24", "58.93", "1 h 20 min", "45分钟"; None where it is no such time."""
    folded = normal(text).strip()
    clocked = _CLOCKED.fullmatch(folded)
    if clocked is not None:
        hours, minutes, seconds, plain = clocked.groups()
        return float(plain) if plain else 3600 * float(hours or 0) + 60 * float(minutes) + float(seconds)
    spans = _SPAN.findall(folded)
    if not spans or not _SPAN.match(folded):
        return None
    return sum(float(n) * next(s for s, unit in zip(_SECONDS, units, strict=True) if unit) for n, *units in spans)


FREE = re.compile(r"free(?: of charge)?|no charge|nil|none|gratis|免费|无")
SCALES = tuple(
    tuple(scale.split())
    for scale in (
        "u g f e d- d d+ c- c c+ b- b b+ a- a a+ a*", "very-easy easy moderate medium hard difficult strenuous",
        "very-low low moderate medium high very-high", "xxs xs s m l xl xxl xxxl", "small medium large extra-large",
        "very-poor poor fair average satisfactory good very-good excellent outstanding", "mild medium hot very-hot",
        "beginner improver intermediate advanced expert", "bronze silver gold platinum", "flat gentle hilly steep",
        "低 较低 中 中等 较高 高", "容易 简单 一般 中等 适中 较难 难 困难", "小 中 大 特大", "差 较差 一般 中 良 良好 优 优秀",
        "不合格 及格 合格 中等 良 良好 优 优秀", "不辣 微辣 中辣 特辣", "初级 中级 高级", "轻度 中度 重度",
    )
)  # fmt: skip
"""Words that stand in an order, from least to most; the best mark is the most."""


def word_of(text: str) -> str:
    """A cell as a word of a scale."""
    return normal(text).strip(" .*").replace(" ", "-") if not normal(text).startswith("a*") else "a*"


UNITS = {
    "weight": r"kg|g|lbs?|oz|t|tonnes?|kilos?|吨|公斤|千克|克|斤",
    "distance": r"km|m|mi|miles?|metres?|meters?|yards?|ft|公里|千米|米",
    "duration": r"min|mins|minutes?|h|hrs?|hours?|days?|weeks?|nights?|months?|years?|yrs?|分钟|小时|天|周|晚|个月|年",
    "temperature": r"°c?|℃|°f|度",
    "height": r"m|cm|ft|mm|metres?|inches|in|米|厘米",
    "wind": r"km/h|mph|kn|knots|m/s|级",
    "rain": r"mm|毫米",
    "price": r"£|\$|€|¥|元|usd|eur|gbp|rmb|cny|p",
}
UNITS["speed"] = rf"{UNITS['wind']}|{UNITS['duration']}"
UNITS["duration"] += rf"|{UNITS['distance']}"
"""Units of the quantities that adjectives rank by; the longest walk may be the farthest."""
