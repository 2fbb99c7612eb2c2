"""No regular expression of the planner is led astray: a picture's text is whatever its maker wanted it to be."""

from __future__ import annotations

import importlib
import pkgutil
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from visual_agent.engines import planner
from visual_agent.engines.planner.asked import asking

SECONDS = 10
"""A pattern that is linear or square in its text needs a fraction of one; an exponential one never ends."""

NASTY = {
    "capitals": "ABC " * 300,
    "names": "The Abc of Def, and Ghi " * 60,
    "one word": "a" * 1500,
    "one number": "1" * 1500,
    "numbers": "1,234.56 12 " * 100,
    "codes": "A1 b2, " * 150,
    "brackets": "(a) " * 300,
    "open brackets": "(" * 800,
    "quotes": '"a ' * 300,
    "spaces": " " * 1500 + "x",
    "labels": "a: " * 400,
    "dates": "1月2日 " * 200,
    "hanzi": "中文，" * 400,
    "asking": "what is the most and least of the " * 30,
    "chinese asking": "几个多少什么" * 100,
}


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every compiled pattern of the planner's modules, and those of asking.toml."""
    for module in pkgutil.walk_packages(planner.__path__, f"{planner.__name__}."):
        loaded = importlib.import_module(module.name)
        for name, value in vars(loaded).items():
            for part in _leaves(value):
                yield f"{module.name}.{name}", part
    for group in asking._data().values():
        yield from ((f"asking.toml {name}", pattern) for name, pattern in group.items())


def _leaves(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _leaves(part)


@contextmanager
def no_longer_than(seconds: int, what: str) -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        pytest.fail(f"{what} does not end")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
def test_every_pattern_ends_on_hostile_text(text):
    found = list(patterns())
    assert len(found) > 100
    for name, pattern in found:
        with no_longer_than(SECONDS, name):
            assert pattern.sub("", text) is not None
