"""What the offline engine says of two pictures that compare could not, or only partly, compare."""

from __future__ import annotations

import pytest

from visual_agent.claims import is_found
from visual_agent.engines.planner.asked.conversation import Conversation, Step
from visual_agent.engines.planner.page.observed import read
from visual_agent.engines.planner.plans import next_move

APART = "img1 and img2: cannot be aligned: they share too few details (3 matches); "
NOTHING = APART + "they were not compared, as there is no text in both either. Look at them side by side."
TEXTS = APART + "only their texts were compared, which are the same."


def answer_to(question: str, compared: str) -> str:
    step = Step("", "compare", {"image_a": "img1", "image_b": "img2"}, read(compared), compared)
    names = ("read_text", "ground", "crop", "compare", "count", "annotate")
    return next_move(Conversation(question, ("img1", "img2"), names, (step,))).answer


@pytest.mark.parametrize(
    ("question", "nothing_changed"),
    [("What changed between the two pictures?", "No difference was found."), ("Has anything changed?", "No.")],
)
def test_pictures_that_cannot_be_compared_are_not_called_equal(question: str, nothing_changed: str) -> None:
    answer = answer_to(question, NOTHING)
    assert answer == "Not found: the pictures cannot be compared: they share too few details (3 matches)"
    assert not is_found(answer)
    assert answer_to(question, TEXTS) == "The texts are the same; nothing else of the two pictures can be compared."
    assert answer_to(question, "img1 and img2: identical.") == nothing_changed


@pytest.mark.parametrize(("question", "none"), [("两张图有什么不同？", "没有发现不同之处。"), ("有几处不同？", "0")])
def test_it_is_said_in_chinese_too(question: str, none: str) -> None:
    assert answer_to(question, NOTHING) == "未找到：两张图无法比较：无法对齐，也没有可比较的文字"
    assert answer_to(question, TEXTS) == "文字相同；两张图的其他内容无法比较。"
    assert answer_to(question, "img1 and img2: identical.") == none
