"""The keyword baseline: a question and OCR lines in, the value beside or below the best line out.

It is what anybody would write first, printed beside the agent so that the agent's figure means something.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypedDict

from visual_agent.judging import HANZI, STOP, normal

Rect = tuple[float, float, float, float]
Line = tuple[str, Rect, float]


class Guess(TypedDict):
    """The baseline's answer: `boxes` are `[image, x1, y1, x2, y2]`."""

    answer: str
    found: bool
    boxes: list[list[float]]


def baseline(question: str, *pictures: Sequence[Line]) -> Guess:
    """The value beside or below the line that shares most words with the question.

    Args:
        question: What is asked.
        pictures: The lines of each picture as (text, box in pixels, score).

    Returns:
        Not found where no line shares a word with the question.
    """
    asked = keys(question)
    best, where = 0.0, (0, 0)
    for p, lines in enumerate(pictures):
        for i, (text, _, _) in enumerate(lines):
            shared = asked & keys(text)
            # Ties go to the shorter line: "TOTAL" rather than a paragraph that holds the word.
            score = len(shared) + 0.5 * len(shared) / max(len(keys(text)), 1)
            if score > best:
                best, where = score, (p, i)
    if not best:
        return {"answer": "", "found": False, "boxes": []}
    picture, index = where
    text, box = value_of(pictures[picture], index)
    return {"answer": text, "found": True, "boxes": [[float(picture), *box]]}


def keys(text: str) -> set[str]:
    """Latin words of three letters and more without function words, numbers, and pairs of Hanzi."""
    text = normal(text)
    hanzi = re.findall(rf"[{HANZI}]+", text)
    pairs = {run[i : i + 2] for run in hanzi for i in range(max(len(run) - 1, 1))}
    return pairs | {w for w in re.findall(r"[a-z]{3,}|\d+", text) if w not in STOP or w in ("total", "date", "price")}


def value_of(lines: Sequence[Line], index: int) -> tuple[str, Rect]:
    """What a reader takes as the value: after a colon, else the next line to the right, else the one below."""
    text, box, _ = lines[index]
    after = re.split(r"[:：]\s*", text, maxsplit=1)
    if len(after) == 2 and after[1].strip():
        return after[1].strip(), box
    others = [(t, b) for i, (t, b, _) in enumerate(lines) if i != index]
    height = box[3] - box[1]
    beside = [(t, b) for t, b in others if b[0] >= box[2] - height / 2 and _shared(b[1::2], box[1::2]) > height / 2]
    if beside:
        return min(beside, key=lambda o: o[1][0])
    below = [(t, b) for t, b in others if b[1] >= box[3] - height / 3 and _shared(b[0::2], box[0::2]) > 0]
    near = [o for o in below if o[1][1] - box[3] < 2 * height]
    return min(near, key=lambda o: o[1][1]) if near else (text, box)


def _shared(a: Sequence[float], b: Sequence[float]) -> float:
    return min(a[1], b[1]) - max(a[0], b[0])
