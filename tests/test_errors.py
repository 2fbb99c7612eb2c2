"""The exception tree: drawn as it is, and every error survives pickling."""

from __future__ import annotations

import copy
import inspect
import pickle
import re

import pytest

from visual_agent import errors
from visual_agent.errors import VisualAgentError

CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if cls.__module__ == errors.__name__]


def drawn_tree() -> dict[str, str]:
    """name -> parent, as the docstring draws it."""
    parents: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"    ((?:[│ ]   )*(?:[├└]── )?)(\w+)(?:  .*)?$", line):
            depth = len(found[1]) // 4
            del above[depth:]
            parents[found[2]] = above[-1] if above else "Exception"
            above.append(found[2])
    return parents


def test_the_drawn_tree_is_the_tree() -> None:
    assert drawn_tree() == {cls.__name__: cls.__base__.__name__ for cls in CLASSES if cls.__base__}


@pytest.mark.parametrize("cls", CLASSES)
def test_pickling(cls: type[VisualAgentError]) -> None:
    error = cls("Something is wrong; do this.")
    if isinstance(error, errors.ImageError):
        error.image = "img1"
    if isinstance(error, errors.ModelOutputError):
        error.text = "<box>(1"
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is cls
        assert str(again) == "Something is wrong; do this."
        assert again.__dict__ == error.__dict__


def test_errors_carry_what_they_are_about() -> None:
    assert errors.ImageTooLarge("Too large; cut it.", image="a.png").image == "a.png"
    assert errors.MarkupError("Broken; ask again.", text="<box>").text == "<box>"


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_says_what_it_means(cls: type[VisualAgentError]) -> None:
    assert cls.__doc__
    assert cls.__doc__ != cls.__base__.__doc__
