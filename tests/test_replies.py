"""Engine text into parts of a message: the same for any pieces."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visual_agent.replies import Delta, JsonReply, NativeReply, PlainReply, ReactReply

FRAGMENTS = st.sampled_from(
    ["<tool_call>", "</tool_call>", "<think>", "</think>", "\n", " ", "<", ">", '{"name": "f", "arguments": {}}', "{",
     "}", '"', "x", "图", "Thought:", "\nAction: f\n", "Action Input: {}", "\nFinal Answer:", "<tool", "_call>"]
)  # fmt: skip
TEXTS = st.lists(FRAGMENTS, max_size=12).map("".join)
MAKERS = {
    "plain": PlainReply,
    "json": JsonReply,
    "native": NativeReply,
    "native, call begun": lambda: NativeReply("<tool_call>\n"),
    "react": ReactReply,
    "react, action begun": lambda: ReactReply("Action:"),
    "react, call begun": lambda: ReactReply("Action: f\nAction Input:"),
}


def joined(deltas):
    """Deltas with neighbours of one kind joined."""
    result = []
    for delta in deltas:
        if result and result[-1].kind == delta.kind in ("content", "reasoning"):
            result[-1] = Delta(delta.kind, result[-1].text + delta.text)
        else:
            result.append(delta)
    return result


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
@settings(max_examples=200, deadline=None)
@given(text=TEXTS, sizes=st.lists(st.integers(1, 9), max_size=30))
def test_pieces_do_not_matter(maker, text, sizes):
    whole = maker()
    expected = joined([*whole.feed(text), *whole.close()])
    pieces, deltas, at = maker(), [], 0
    for size in [*sizes, len(text)]:
        deltas += pieces.feed(text[at : at + size])
        at += size
    assert joined([*deltas, *pieces.close()]) == expected
    assert all(delta.text or delta.kind == "name" for delta in expected)
    for before, delta in zip([None, *expected], expected, strict=False):
        if delta.kind in ("arguments", "broken"):
            assert before.kind == "name"
        if delta.kind == "arguments":
            assert isinstance(json.loads(delta.text), dict)
        if delta.kind == "broken":
            assert delta.error
            assert not delta.text.startswith(("{", '"'))  # a parser of partial JSON must not make a call of it


def test_json_is_cut_behind_its_object():
    reply = JsonReply()
    deltas = [*reply.feed('"a": "}'), *reply.feed('"} and more'), *reply.close()]
    assert "".join(delta.text for delta in deltas) == '{"a": "}"}'


def test_plain_text_is_never_held_back():
    assert PlainReply().feed("Final Answer: <tool_call>") == [Delta("content", "Final Answer: <tool_call>")]


def test_a_begun_call_needs_only_its_arguments():
    reply = ReactReply("Action: f\nAction Input:")
    assert reply.feed(' {"x"') == [Delta("name", "f")]
    assert reply.feed(": 1} ...") == []
    assert reply.close() == [Delta("arguments", '{"x": 1}')]
