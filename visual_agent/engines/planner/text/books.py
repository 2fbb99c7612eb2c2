"""The planner's word lists (`*.toml` beside this package), each read once.

In: a file's name without its ending. Out: its tables, which nobody may change.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def book(name: str) -> dict[str, Any]:
    """The tables of a file."""
    return tomllib.loads((files("visual_agent.engines.planner") / f"{name}.toml").read_text("utf-8"))
