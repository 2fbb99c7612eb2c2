"""What cells are put in order by: numbers, dates and times, marks and words of a scale ("easy", "hard"), units.

In: a cell's text. Out: a number; the units that an adjective ("heaviest") ranks by.
"""

from __future__ import annotations

import re

from visual_agent.engines.planner.folding import normal
from visual_agent.engines.planner.values import number_of, values


def key_of(text: str, kind: str = "") -> float | None:
    """What a cell is ranked by: its date or time (`kind` "when"), else its number."""
    if kind == "when":
        found = values(text)
        for value in found:
            if value.kind == "date" and value.day is not None:
                return float(value.day.toordinal())
        return next((v.number for v in found if v.kind == "time"), None)
    if kind == "scale":
        return next((float(scale.index(word)) for scale in SCALES for word in (word_of(text),) if word in scale), None)
    return 0.0 if FREE.fullmatch(normal(text)) else number_of(text)


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
