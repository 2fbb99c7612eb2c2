"""The public fake."""

from __future__ import annotations

import pytest

from visual_agent.engines import ScriptedEngine
from visual_agent.engines.base import Cancel, Engine, Image, Request, Sampling, Text, Turn, answer
from visual_agent.engines.scripted import pieces_of
from visual_agent.errors import Cancelled, EngineError, ModelNotFound, UserError
from visual_agent.images import Pixels


def ask(text="hi", **kwargs):
    return Request((Turn("user", (Text(text),)),), **kwargs)


def test_it_is_an_engine_that_answers_in_order():
    engine = ScriptedEngine(["one", "two two"])
    assert isinstance(engine, Engine)
    assert [answer(engine, ask(str(i))).text for i in range(2)] == ["one", "two two"]
    assert [request.turns[0].text for request in engine.history] == ["0", "1"]
    assert engine.left == 0
    with pytest.raises(EngineError, match="no reply for call 3"):
        answer(engine, ask())


def test_a_function_replies():
    engine = ScriptedEngine(lambda request: request.turns[0].text.upper())
    assert answer(engine, ask("hello")).text == "HELLO"


def test_errors_are_raised():
    with pytest.raises(EngineError, match="broken"):
        answer(ScriptedEngine([EngineError("broken; mend it.")]), ask())


def test_stop_texts_limits_and_usage():
    engine = ScriptedEngine(["one two three"] * 3, image_tokens=10)
    assert answer(engine, ask(stop=(" two",))).text == "one"
    limited = answer(engine, ask(sampling=Sampling(max_tokens=2)))
    assert (limited.text, limited.finish) == ("one two", "length")
    from PIL import Image as PILImage

    picture = Image(Pixels(PILImage.new("RGB", (3, 3))))
    whole = answer(engine, Request((Turn("user", (picture, Text("a b"))),)))
    assert (whole.finish, whole.usage.new_tokens, whole.usage.image_tokens) == ("stop", 3, 10)
    assert whole.usage.prompt_tokens == 4 + 10 + 2


def test_only_the_last_chunk_has_the_end():
    *first, last = ScriptedEngine(["one two"]).stream(ask())
    assert all(chunk.finish is None and chunk.usage is None for chunk in first)
    assert last.finish == "stop"
    assert [chunk.text for chunk in first] == ["one", " two"]


def test_cancelling():
    cancel = Cancel()
    engine = ScriptedEngine(["one two three"])
    stream = engine.stream(ask(), cancel)
    assert next(stream).text == "one"
    assert engine.active == 1
    cancel.set()
    with pytest.raises(Cancelled):
        next(stream)
    assert engine.active == 0


@pytest.mark.parametrize("text", ["", "one two", "图中 有字\n\n a", "  x", "a" * 30])
def test_pieces_keep_the_text(text):
    assert "".join(pieces_of(text)) == text


def test_files(tmp_path):
    (tmp_path / "a.txt").write_text("one\nmore\n---\ntwo\n", encoding="utf-8")
    engine = ScriptedEngine.from_file(tmp_path / "a.txt")
    assert [answer(engine, ask()).text for _ in range(2)] == ["one\nmore\n", "two"]
    (tmp_path / "a.jsonl").write_text('"one\\ntwo"\n\n"图"\n', encoding="utf-8")
    engine = ScriptedEngine.from_file(tmp_path / "a.jsonl")
    assert [answer(engine, ask()).text for _ in range(2)] == ["one\ntwo", "图"]


def test_broken_files(tmp_path):
    with pytest.raises(ModelNotFound, match="check the path"):
        ScriptedEngine.from_file(tmp_path / "none.txt")
    (tmp_path / "a.jsonl").write_text('"one"\n{"a": 1}\n', encoding="utf-8")
    with pytest.raises(UserError, match="Line 2"):
        ScriptedEngine.from_file(tmp_path / "a.jsonl")


def test_one_text_is_not_a_list():
    with pytest.raises(UserError, match=r"ScriptedEngine\(\[text\]\)"):
        ScriptedEngine("one")
