"""The patterns of `asking.toml`: how people ask, as compiled regular expressions.

In: a pattern's name and a folded text. Out: the match, or None.
"""

from __future__ import annotations

import re
from functools import cache

from visual_agent.engines.planner.text.books import book


@cache
def _data() -> dict[str, dict[str, re.Pattern[str]]]:
    data = book("asking")
    words = {name: "|".join(parts) for name, parts in data["words"].items()}

    def compiled(parts: list[str]) -> re.Pattern[str]:
        pattern = "|".join(parts)
        for name, value in words.items():
            pattern = pattern.replace(f"<{name}>", value)
        return re.compile(pattern)

    return {
        "patterns": {name: compiled(parts) for name, parts in data["patterns"].items()},
        "kinds": {name: compiled(parts) for name, parts in data["kinds"].items()},
        "wants": {f"{n} {w['type']}": compiled(w["any"]) for n, w in enumerate(data["wants"])},
        "measures": {f"{n} {m['concept']}": compiled(m["any"]) for n, m in enumerate(data["measures"])},
    }


def find(name: str, folded: str) -> re.Match[str] | None:
    """The first match of a pattern."""
    return _data()["patterns"][name].search(folded)


def pattern(name: str) -> re.Pattern[str]:
    """A pattern by name."""
    return _data()["patterns"][name]


def is_kind(kind: str, folded: str) -> bool:
    """Whether a question looks like one of a kind of `[kinds]`."""
    return _data()["kinds"][kind].search(folded) is not None


def wanted_type(folded: str) -> str:
    """The type of answer that the question's words ask for; "" where they do not say."""
    return next((name.split()[1] for name, p in _data()["wants"].items() if p.search(folded)), "")


def measure(folded: str) -> str:
    """The concept that an adjective of the question ranks by ("price" for "cheapest"); "" for none."""
    return next((name.split()[1] for name, p in _data()["measures"].items() if p.search(folded)), "")
