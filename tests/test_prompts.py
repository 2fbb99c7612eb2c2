"""Prompt files: found, filled in once, strict about their values."""

from __future__ import annotations

import pytest

from visual_agent import prompts
from visual_agent.errors import UserError

REACT = {"tools": "T", "names": "N", "question": ""}


def test_every_prompt_file_is_known_and_has_text():
    assert {"react_en", "react_zh"} <= set(prompts.names())
    for name in prompts.names():
        assert prompts._template(name).strip(), name
        assert "<!--" not in prompts._template(name), name


@pytest.mark.parametrize("name", ["react_en", "react_zh"])
def test_the_question_comes_last_with_its_space(name):
    assert prompts.load(name, **REACT).endswith("\n\nQuestion: ")


def test_values_are_filled_in_one_pass():
    text = prompts.load("react_en", tools='{names} {"json": 1}', names="a, b", question="{tools}?")
    assert '{names} {"json": 1}' in text
    assert text.endswith("Question: {tools}?")


@pytest.mark.parametrize("values", [{}, {"tools": "T"}, {**REACT, "more": "x"}])
def test_missing_and_extra_values_are_refused(values):
    with pytest.raises(UserError, match="takes the values names, question, tools"):
        prompts.load("react_en", **values)


def test_unknown_prompts_name_the_known_ones():
    with pytest.raises(UserError, match="react_en"):
        prompts.load("nothing")


def test_a_name_is_never_a_path():
    with pytest.raises(UserError):
        prompts.load("../README")
