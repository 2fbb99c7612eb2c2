"""Recording: which part of a model's last message is the answer."""

from __future__ import annotations

from typing import Any

import pytest
from agent_kit import agent_of, final, picture, reader
from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage

from visual_agent.agent import VisualAgent

QUOTING = 'The note says:\nFinal Answer: 12\nand it is signed "Bo".'


class Other(FakeMessagesListChatModel):
    """A chat model that is not ours."""

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (QUOTING, QUOTING),
        ("Thought: I know it.\nFinal Answer: 12.30", "12.30"),
        ("Final Answer: 12.30", "12.30"),
        ("Thought： 我知道了。\nFinal Answer： 12.30", "12.30"),
        ("Thoughts differ.\nFinal Answer: 5", "Thoughts differ.\nFinal Answer: 5"),
    ],
)
def test_another_models_protocol_words_are_cut_at_its_start_only(said: str, answer: str) -> None:
    agent = VisualAgent(Other(responses=[AIMessage(said)]), [reader])
    assert agent.run("What does it say?", picture()).text == answer


def test_our_own_models_answer_is_left_whole() -> None:
    assert agent_of(final(QUOTING)).run("What does it say?", picture()).text == QUOTING
