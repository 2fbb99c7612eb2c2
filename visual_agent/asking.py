"""One question to a model that sees, without an agent: caption, read, answer, compare, yes or no.

In: an engine and pictures. Out: the model's text, or a probability.
The prompts are the ones Qwen-VL is documented with (`prompts/`): the base model goes on with plain text, the chat
model answers a turn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from visual_agent.engines.base import Image, Request, Sampling, Scorer, Text, Turn, answer
from visual_agent.errors import UserError
from visual_agent.prompts import load

if TYPE_CHECKING:
    from visual_agent.engines.base import Engine
    from visual_agent.images import Picture

Task = Literal["caption_en", "caption_zh", "grounded_caption", "ocr", "compare_model", "vqa_base", "ground_base"]
#: Answers whose probabilities are compared, in the forms a model may begin with.
YES, NO = ("Yes", "yes", "是"), ("No", "no", "否")
#: New tokens in the original's evaluation: short answers, captions, boxes.
LIMITS = {"vqa_base": 100, "ground_base": 28, "caption_en": 64, "caption_zh": 128}


def turn_of(pictures: Sequence[Picture], text: str, *, trusted: bool = False) -> Turn:
    """A user turn: the pictures, numbered where there are several, then the text."""
    parts: list[Text | Image] = []
    for number, picture in enumerate(pictures, 1):
        if len(pictures) > 1:
            parts.append(Text(f"Picture {number}: "))
        parts.append(Image(picture.pixels, picture.name))
        if len(pictures) > 1:
            parts.append(Text("\n"))
    return Turn("user", (*parts, Text(text, trusted=trusted)))


def ask(engine: Engine, task: Task, *pictures: Picture, max_tokens: int | None = None, **values: str) -> str:
    """The model's text for a documented task, greedy.

    Args:
        engine: one that sees.
        task: the name of its prompt file.
        pictures: one, or two for "compare_model".
        max_tokens: by default what the task's evaluation allows.
        **values: what the prompt asks for (`question`, `phrase`).

    Raises:
        UserError: the engine does not see, or values are missing.
    """
    check_sees(engine)
    turn = turn_of(pictures, load(task, **values), trusted=task == "ground_base")
    limit = max_tokens or LIMITS.get(task, 512)
    return answer(engine, Request((turn,), sampling=Sampling(max_tokens=limit, temperature=0))).text.strip()


def yes_probability(engine: Any, question: str, *pictures: Picture) -> float:
    """How sure the model is of "yes", 0..1: the weight of yes among yes and no as the answer's beginning.

    A small, calibrated-by-scale witness for checks ("Is there a red cup?"); nothing is generated.

    Raises:
        UserError: the engine does not see, or gives no scores.
    """
    check_sees(engine)
    scorer = engine.get() if hasattr(type(engine), "get") else engine
    if not isinstance(scorer, Scorer):
        raise UserError(f"{engine.profile.name} gives no scores; use Qwen-VL loaded in this process.")
    request = Request((turn_of(pictures, load("yes_no", question=question)),))
    scores = scorer.score(request, [*YES, *NO])
    best = max(scores)
    weights = [math.exp(score - best) for score in scores]
    return sum(weights[: len(YES)]) / sum(weights)


def check_sees(engine: Engine) -> None:
    """UserError for an engine that looks at no pixels."""
    if not engine.profile.sees:
        raise UserError(f"{engine.profile.name} does not look at pixels; use a vision-language model.")
