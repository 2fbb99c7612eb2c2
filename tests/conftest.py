"""Settings of all tests."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# Deadlines measure the machine's neighbours. In continuous integration the examples are the same every time, so that a
# red run is the change's own; at home they are drawn anew.
settings.register_profile("home", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("home"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "home")

# The planner's rules are tested by themselves, and in seconds; tests of the language model switch it on.
os.environ.setdefault("VISUAL_AGENT_LANGUAGE_MODEL", "off")


@pytest.fixture
def language_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The offline engine with its language model, as users have it after `make demo`."""
    monkeypatch.setenv("VISUAL_AGENT_LANGUAGE_MODEL", "on")
