"""Calls on which the original failed, or surprisingly did not: what each of them does here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from qwen_vl.recordings import read, tiny_config
from visual_agent.engines.qwen_vl import QwenVLTokenizer
from visual_agent.engines.qwen_vl.chatml import chat_context
from visual_agent.engines.qwen_vl.pictures import paths_to_placeholders
from visual_agent.errors import ContentError

RECORDED = {row["name"]: row for row in read("errors/errors.json")}


def span(length: int) -> Callable[[Any], Any]:
    """A picture path of so many bytes reads back whole."""

    def check(tokenizer: Any) -> None:
        ids, paths = tokenizer.encode_with_pictures(f"<img>{'x' * length}</img>")
        assert paths == ["x" * length]
        assert len(ids) == 258

    return check


def small_window(tokenizer: Any) -> None:
    history = [("question " * 40, "answer " * 40), ("hi", "hello")]
    ids = chat_context(tokenizer, "hi", history, max_window_size=100).ids
    assert ids == chat_context(tokenizer, "hi", history[1:]).ids


def raw_format(tokenizer: Any) -> None:
    assert chat_context(tokenizer, "hi", chat_format="raw").ids == tokenizer.encode_text("hi")


def unclosed(tokenizer: Any) -> None:
    with pytest.raises(ContentError, match="close it with </img>"):
        tokenizer.encode_with_pictures("a<img>b")


def stray_end(tokenizer: Any) -> None:
    assert tokenizer.encode_with_pictures("a</img>b") == (tokenizer.encode_text("a</img>b", "pictures"), [])


def empty_path(tokenizer: Any) -> None:
    assert tokenizer.encode_with_pictures("<img></img>") == (tokenizer.picture_ids(), [""])


def truncated(tokenizer: Any) -> None:
    ids = torch.tensor([[300, 105, 302, 302]])
    assert torch.equal(paths_to_placeholders(ids, tiny_config()), ids)  # no span; the model refuses its picture


def token_in_path(tokenizer: Any) -> None:
    for path in ("a<|endoftext|>b", "a<ref>b", "a<|im_end|>b"):
        assert tokenizer.encode_with_pictures(f"<img>{path}</img>", "all")[1] == [path]


def broken_bytes(tokenizer: Any) -> None:
    ids = [151857, 255, *[151859] * 255, 151858]
    assert tokenizer.decode(ids) == "<img>\ufffd</img>"


def long_span_decodes(tokenizer: Any) -> None:
    for length in (255, 256):
        ids = [151857, *[120] * length, *[151859] * (256 - length), 151858]
        assert isinstance(tokenizer.decode(ids), str)


def bad_elements(tokenizer: Any) -> None:
    for element in ({"video": "x"}, {"ref": "x"}):
        with pytest.raises(ContentError, match="unsupported element"):
            tokenizer.from_list_format([element])


def unknown_id(tokenizer: Any) -> None:
    assert tokenizer.decode([151860]) == ""


def padding(tokenizer: Any) -> None:
    assert tokenizer(["a", "b c"], padding=True).attention_mask == [[0, 1], [1, 1]]
    assert (tokenizer.eos_token_id, tokenizer.bos_token_id, tokenizer.padding_side) == (151643, None, "left")


def keys(tokenizer: Any) -> None:
    assert list(tokenizer("a")) == ["input_ids", "attention_mask"]


def vocabulary_knows_control_tokens(tokenizer: Any) -> None:
    assert tokenizer.get_vocab()["<img>"] == 151857
    assert tokenizer.convert_tokens_to_ids(["<img>", "<|im_start|>", "hello"]) == [151857, 151644, 14990]


OURS: dict[str, Callable[[Any], Any] | str] = {
    "chat(max_window_size=100) as kwarg": small_window,
    "chat(stream=True)": "no such argument: streaming is the engine's",
    "chat with chat_format raw": raw_format,
    "missing image file": "pictures are opened before, by visual_agent.loading",
    "unclosed img": unclosed,
    "stray </img>": stray_end,
    "empty path": empty_path,
    "path len 254 bytes": span(254),
    "path len 255 bytes": span(255),
    "path len 256 bytes tokenizes": span(256),
    "path len 257 bytes tokenizes": span(257),
    "decode path len 255": long_span_decodes,
    "decode path len 256": long_span_decodes,
    "truncated image span (no </img>)": truncated,
    "special token inside path": token_in_path,
    "ref tag inside path (allowed_special=IMAGE_ST)": token_in_path,
    "non-utf8 path bytes": broken_bytes,
    "from_list_format bad element": bad_elements,
    "from_list_format ref only": bad_elements,
    "add regular tokens": "transformers' own rules hold: tokens can be added",
    "add unknown special": "transformers' own rules hold: tokens can be added",
    "tokenizer.encode unknown id decode": unknown_id,
    "pad without pad_token": padding,
    "eos_token_id default": padding,
    "tokenizer call keys": keys,
    "get_vocab excludes specials": vocabulary_knows_control_tokens,
    "convert_tokens_to_ids": vocabulary_knows_control_tokens,
}


def test_every_recorded_call_has_an_answer() -> None:
    assert set(OURS) == set(RECORDED)


@pytest.mark.parametrize("name", [name for name, check in OURS.items() if callable(check)])
def test_recorded_calls(name: str, tokenizer: QwenVLTokenizer) -> None:
    check = OURS[name]
    assert callable(check)
    check(tokenizer)
