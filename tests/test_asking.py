"""Documented prompts to a model that sees, and the yes/no probability."""

from __future__ import annotations

import math

import pytest
from PIL import Image as PILImage

from visual_agent.asking import NO, YES, ask, yes_probability
from visual_agent.engines import ScriptedEngine
from visual_agent.engines.base import Image, Profile
from visual_agent.errors import UserError
from visual_agent.images import Ledger

LEDGER = Ledger([PILImage.new("RGB", (20, 10), color) for color in ("red", "blue")])
RED, BLUE = LEDGER.roots()


@pytest.mark.parametrize(
    ("task", "values", "text"),
    [
        ("caption_en", {}, "Describe the image in English:"),
        ("grounded_caption", {}, "Generate the caption in English with grounding:"),
        ("vqa_base", {"question": "What color?"}, "What color? Answer:"),
        ("ground_base", {"phrase": "the cup"}, "<ref>the cup</ref><box>"),
        ("ocr", {}, "OCR with grounding:"),
    ],
)
def test_prompts_are_the_documented_ones(task, values, text) -> None:
    engine = ScriptedEngine([" something "])
    assert ask(engine, task, RED, **values) == "something"
    turn = engine.history[0].turns[0]
    assert isinstance(turn.parts[0], Image)
    assert turn.text == text
    assert turn.parts[-1].trusted == (task == "ground_base")
    assert engine.history[0].sampling.temperature == 0


def test_two_pictures_are_numbered() -> None:
    engine = ScriptedEngine(["The color."])
    ask(engine, "compare_model", RED, BLUE)
    assert engine.history[0].turns[0].text.startswith("Picture 1: \nPicture 2: \nWhat differs")


def test_an_engine_that_does_not_see_is_refused() -> None:
    blind = ScriptedEngine([], profile=Profile("blind", sees=False))
    with pytest.raises(UserError, match="pixels"):
        ask(blind, "caption_en", RED)


class Sure(ScriptedEngine):
    """Gives "Yes" three times the weight of every other word."""

    def score(self, request, candidates):
        return [math.log(3.0 if text == "Yes" else 1.0) - 50 for text in candidates]


def test_yes_probability_is_the_weight_of_yes() -> None:
    expected = (3 + len(YES) - 1) / (3 + len(YES) - 1 + len(NO))
    assert yes_probability(Sure([]), "Is it red?", RED) == pytest.approx(expected)


def test_no_scores_no_probability() -> None:
    with pytest.raises(UserError, match="scores"):
        yes_probability(ScriptedEngine([]), "Is it red?", RED)


def test_on_tiny_random_weights(tmp_path) -> None:
    pytest.importorskip("torch")
    from visual_agent.engines.qwen_vl import tiny
    from visual_agent.engines.qwen_vl.family import load_engine

    engine = load_engine(tiny.write_checkpoint(tmp_path / "chat"))
    assert 0 < yes_probability(engine, "Is it red?", RED) < 1
    assert isinstance(ask(engine, "caption_en", RED, max_tokens=4), str)
