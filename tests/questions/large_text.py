"""Tiny type in a huge picture: a seed in, the picture and the exact place of every label out.

Deterministic; nothing is committed. The letters are DejaVu Sans from matplotlib (in the test dependencies), so that
the same seed gives the same pixels everywhere. Letters that look alike (O and 0, I, l and 1) are left out:
the test is about size, not about guessing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

WORDS = tuple(
    re.findall(
        r"\w+",
        "PUMP VALVE TANK MOTOR FAN HEATER FILTER METER RELAY FUSE BEARING CLUTCH GASKET HATCH LADDER PANEL",
    )
)
LETTERS, DIGITS = "ABCDEFGHJKMNPQRSTUVWXYZ", "23456789"

Rect = tuple[float, float, float, float]


@dataclass(frozen=True)
class Label:
    """A text and the box of its ink, in pixels of the picture."""

    text: str
    box: Rect


def large_text(
    seed: int = 0, size: tuple[int, int] = (6000, 4000), labels: int = 40, type_px: int = 12
) -> tuple[Any, list[Label]]:
    """An RGB PIL image of a plan with `labels` distinct labels of `type_px` pixels, and the labels.

    Args:
        seed: Everything random follows from it.
        size: Width and height in pixels.
        labels: How many; they lie in different cells of a grid, at random places within them.
        type_px: Font size in pixels (the capitals are about 0.73 of it).
    """
    from PIL import Image, ImageDraw, ImageFont

    rng = random.Random(seed)
    image = Image.new("RGB", size, (250, 249, 244))
    draw = ImageDraw.Draw(image)
    _furnish(draw, rng, size)
    font = ImageFont.truetype(str(_font()), type_px)
    out: list[Label] = []
    for left, top, right, bottom in rng.sample(_cells(size, labels), labels):
        text = _name(rng, {o.text for o in out})
        x1, y1, x2, y2 = draw.textbbox((0, 0), text, font=font)
        x = rng.randint(left + 8, int(right - x2 - 8))
        y = rng.randint(top + 8, int(bottom - y2 - 8))
        ink = (x + x1, y + y1, x + x2, y + y2)
        draw.rectangle((ink[0] - 6, ink[1] - 6, ink[2] + 6, ink[3] + 6), fill=(250, 249, 244))
        draw.text((x, y), text, font=font, fill=rng.choice([(20, 20, 20), (120, 20, 20), (20, 40, 110)]))
        out.append(Label(text, tuple(float(v) for v in ink)))  # type: ignore[arg-type]
    return image, out


def _font() -> Path:
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise RuntimeError("The generator draws with matplotlib's font; install the test dependencies.")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"


def _furnish(draw: Any, rng: random.Random, size: tuple[int, int]) -> None:
    """Pipes and boxes, so that the page is not blank and blank tiles cannot simply be skipped."""
    width, height = size
    for _ in range(60):
        x, y = rng.randrange(width), rng.randrange(height)
        if rng.random() < 0.5:
            draw.line((x, y, x + rng.randrange(100, 1200), y), fill=(170, 185, 195), width=rng.choice([2, 3, 5]))
        else:
            draw.line((x, y, x, y + rng.randrange(100, 900)), fill=(170, 185, 195), width=rng.choice([2, 3, 5]))
    for _ in range(25):
        x, y = rng.randrange(width), rng.randrange(height)
        box = (x, y, x + rng.randrange(60, 300), y + rng.randrange(60, 300))
        draw.rectangle(box, outline=(150, 150, 160), width=2, fill=rng.choice([(232, 240, 236), (240, 234, 226)]))


def _cells(size: tuple[int, int], labels: int) -> list[tuple[int, int, int, int]]:
    """At least `labels` cells of a grid with the picture's proportions."""
    columns = 1
    while columns * max(1, round(columns * size[1] / size[0])) < labels:
        columns += 1
    rows = max(1, round(columns * size[1] / size[0]))
    w, h = size[0] // columns, size[1] // rows
    return [(c * w, r * h, (c + 1) * w, (r + 1) * h) for r in range(rows) for c in range(columns)]


def _name(rng: random.Random, taken: set[str]) -> str:
    while True:
        letters = "".join(rng.choices(LETTERS, k=2))
        name = f"{rng.choice(WORDS)} {letters}-{''.join(rng.choices(DIGITS, k=4))}"
        if name not in taken:
            return name


def read_labels(labels: Sequence[Label], lines: Iterable[tuple[str, Rect]]) -> list[Label]:
    """The labels that were read: a line says exactly that text (spaces aside), with its middle in the label's box."""
    read = [("".join(text.split()), box) for text, box in lines]
    return [
        label
        for label in labels
        if any(text == "".join(label.text.split()) and _middle_in(box, label.box) for text, box in read)
    ]


def _middle_in(box: Rect, target: Rect, slack: float = 4.0) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return target[0] - slack <= x <= target[2] + slack and target[1] - slack <= y <= target[3] + slack
