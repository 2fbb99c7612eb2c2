"""Does a model write boxes the way we read them? A probe with a picture whose answer is known.

In: an engine that sees. Out: how well each way of reading its numbers fits, best first, and a verdict on the way its
profile declares. A wrong contract moves every box by a little or a lot and no error tells; a new model, a converted
checkpoint or a server with other settings is worth this minute (`visual-agent doctor --probe MODEL`).

The ways: thousandths of the picture (Qwen-VL, Qwen2-VL, Qwen3-VL), the same counted to 999, pixels of the picture as
the model saw it (Qwen2.5-VL), pixels of the picture as it was given, and thousandths with y before x.
"""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from visual_agent.engines.base import Image, Request, Sampling, Text, Turn, answer
from visual_agent.errors import MarkupError, UserError
from visual_agent.geometry import Box
from visual_agent.images import Pixels, keep
from visual_agent.markup import parse, parse_json
from visual_agent.prompts import load

if TYPE_CHECKING:
    from visual_agent.engines.base import Engine

Verdict = Literal["fits", "does not fit", "unclear"]
Numbers = tuple[float, float, float, float]
Size = tuple[int, int]

#: Sides that are multiples of neither 28 nor 32, so that models which resize to such multiples show it.
SIZE = (294, 210)
#: Squares by colour, in pixels: none on the diagonal, so that x and y cannot be mixed up unseen.
SQUARES: dict[str, tuple[int, int, int, int]] = {
    "red": (16, 120, 72, 176),
    "green": (200, 14, 256, 70),
    "blue": (226, 140, 282, 196),
    "yellow": (96, 22, 152, 78),
    "black": (120, 130, 176, 186),
}
#: Below this mean IoU nothing is found reliably, so no way can be told from another.
LEAST = 0.3
#: Ways whose mean IoU differs by less are the same to us (1000 and 999 are).
TIE = 0.05


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a probe found.

    Attributes:
        model: the engine's name.
        asked: how many squares it was asked for.
        answered: for how many it wrote a readable box.
        scores: mean IoU of each way of reading over all squares (a square without a box counts 0), best first.
        declared: the way its profile declares.
        verdict: whether the declared way is the best one, or as good; "unclear" where no way reaches `LEAST`.
    """

    model: str
    asked: int
    answered: int
    scores: tuple[tuple[str, float], ...]
    declared: str
    verdict: Verdict

    def summary(self) -> str:
        """One sentence, with what to do."""
        (best, score), mine = self.scores[0], dict(self.scores)[self.declared]
        found = f"{self.model}: {self.answered} of {self.asked} known squares answered"
        if self.verdict == "unclear":
            return f"{found}, best mean IoU {score:.2f} ({best}): too little to judge by; do not rely on its boxes."
        if self.verdict == "fits":
            return f"{found}; its boxes are read right, as {self.declared} (mean IoU {mine:.2f})."
        return (
            f"{found}; its boxes are read as {self.declared} (mean IoU {mine:.2f}), but {best} fits better "
            f"({score:.2f}): check the checkpoint's image processor and the engine's grid."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        scores = [{"contract": name, "mean_iou": round(score, 3)} for name, score in self.scores]
        known = {"model": self.model, "asked": self.asked, "answered": self.answered, "scores": scores}
        return {**known, "declared": self.declared, "verdict": self.verdict, "summary": self.summary()}


def picture() -> Pixels:
    """The synthetic picture: the squares on grey."""
    from PIL import Image as PILImage
    from PIL import ImageDraw

    image = PILImage.new("RGB", SIZE, (205, 205, 205))
    draw = ImageDraw.Draw(image)
    for colour, (x1, y1, x2, y2) in SQUARES.items():
        draw.rectangle((x1, y1, x2 - 1, y2 - 1), fill=colour)
    return keep(image)


def contracts(size: Size, resized: Size) -> dict[str, Callable[[Numbers], Numbers]]:
    """Ways of reading four numbers, each giving pixels of a picture of `size` that the model saw as `resized`."""

    def scaled(full_x: float, full_y: float) -> Callable[[Numbers], Numbers]:
        sx, sy = size[0] / full_x, size[1] / full_y
        return lambda n: (n[0] * sx, n[1] * sy, n[2] * sx, n[3] * sy)

    thousandths = scaled(1000, 1000)
    return {
        "thousandths": thousandths,
        "thousandths to 999": scaled(999, 999),
        "pixels of the resized picture": scaled(*resized),
        "pixels of the original": scaled(*size),
        "thousandths, y before x": lambda n: thousandths((n[1], n[0], n[3], n[2])),
    }


def calibrate(engine: Engine) -> Calibration:
    """Ask an engine for each known square and see which way of reading its numbers fits.

    Raises:
        UserError: the engine does not look at pictures.
        EngineError: it could not run.
    """
    profile = engine.profile
    if not profile.sees or profile.grid is None:
        raise UserError(f"{profile.name} looks at no pictures, so there is nothing to probe; name a model that does.")
    shown = picture()
    resize = getattr(engine, "resized", None)
    resized = resize(SIZE) if resize else SIZE
    form = "ground" if profile.grid == "thousandths" else "ground_json"
    written = {name: _ask(engine, shown, load(form, phrase=f"{name} square")) for name in SQUARES}
    means = {
        way: statistics.fmean(_iou(read, written[name], Box(*SQUARES[name])) for name in SQUARES)
        for way, read in contracts(SIZE, resized).items()
    }
    declared = "thousandths"
    if profile.grid == "pixels":
        declared = "pixels of the resized picture" if resize else "pixels of the original"
    best = max(means.values())
    verdict: Verdict = "unclear" if best < LEAST else "fits" if best - means[declared] < TIE else "does not fit"
    scores = tuple(sorted(means.items(), key=lambda item: (-item[1], item[0] != declared)))
    answered = sum(numbers is not None for numbers in written.values())
    return Calibration(profile.name, len(SQUARES), answered, scores, declared, verdict)


def check_grid(engine: Engine) -> None:
    """Warn when the engine's boxes are not read right; for use while loading."""
    if engine.profile.sees and engine.profile.grid is not None:
        found = calibrate(engine)
        if found.verdict != "fits":
            warnings.warn(found.summary(), RuntimeWarning, stacklevel=2)


def _ask(engine: Engine, shown: Pixels, prompt: str) -> Numbers | None:
    """The first box an engine writes, in its own numbers; None when it writes none that can be read."""
    turn = Turn("user", (Image(shown, "img1"), Text(prompt)))
    text = answer(engine, Request((turn,), sampling=Sampling(max_tokens=128, temperature=0.0))).text
    try:
        marks = parse(text) or parse_json(text)
    except MarkupError:
        return None
    if not marks:
        return None
    xs, ys = zip(*marks[0].points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _iou(read: Callable[[Numbers], Numbers], numbers: Numbers | None, true: Box) -> float:
    if numbers is None:
        return 0.0
    x1, y1, x2, y2 = read(numbers)
    return Box(x1, y1, x2, y2).iou(true) if x2 > x1 and y2 > y1 else 0.0
