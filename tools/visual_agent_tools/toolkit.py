"""What all tools share: which picture and which part of it is meant, and how a function becomes an agent tool.

In: a ledger and what a caller or a model wrote for `image` and `box`. Out: the `Picture` and a `Box` in its pixels, or
an error that says how to write it. `make_tool` turns a function that returns an `Observation` into a LangChain tool.

A box is one of
- four numbers `[x1, y1, x2, y2]` in pixels of the picture (also as text, "[10, 20, 110, 60]"),
- Qwen-VL's `<box>(x1,y1),(x2,y2)</box>` in thousandths of the picture,
- a region id ("r12") or a `Region`; one of another picture of the same root is carried over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from visual_agent.errors import BoxError, ContentError, VisualAgentError
from visual_agent.geometry import GRID, Box, Region, Transform
from visual_agent.images import Ledger, Picture
from visual_agent.markup import Mark, parse, unescape

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool
    from pydantic import ValidationError

    from visual_agent.observations import Observation

#: What a caller may write for a box; None means the whole picture.
BoxArgument = Box | Region | Sequence[float] | str | None
#: What a caller may write for a picture; None means the region's picture, or the only one.
ImageArgument = Picture | str | None

#: Pictures with a longer side below this (pixels) are enlarged before labels are drawn on them.
SMALL = 320

BOX_FORMS = "Write a box as [x1, y1, x2, y2] in pixels (left, top, right, bottom) or as a region id like r3."

_REGION_ID = re.compile(r"\[?\s*(r\d{1,9})\s*\]?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d{1,2})?", re.IGNORECASE)
_NUMBERS_ONLY = re.compile(r"[\s\[\](),;+\-.\deE]*")


def resolve_image(ledger: Ledger, image: ImageArgument) -> Picture:
    """The picture that is meant; without a name the only one the user gave.

    Raises:
        ImageNotFound: no such picture; the message lists the names.
        ContentError: no name, and there are several pictures or none.
    """
    _check_ledger(ledger)
    if isinstance(image, Picture):
        return ledger.get(image.name)
    if image is not None and not isinstance(image, str):
        raise ContentError(f"image must be a picture's name such as 'img1', not {type(image).__name__}.")
    if image and image.strip():
        return ledger.get(image)
    roots = ledger.roots()
    if len(roots) != 1:
        names = ", ".join(p.name for p in roots) or "none yet"
        raise ContentError(f"Say which picture is meant with image=...; pictures: {names}.")
    return roots[0]


def _check_ledger(given: object) -> None:
    if not isinstance(given, Ledger):
        raise ContentError(
            f"A tool looks at a ledger's pictures, not at a {type(given).__name__}; give Ledger([picture]) first."
        )


def resolve_box(ledger: Ledger, image: ImageArgument, box: BoxArgument = None) -> tuple[Picture, Box]:
    """The picture and the part of it that are meant: `box` in the picture's pixels, inside its edges.

    Args:
        ledger: the session's pictures and regions.
        image: a ledger name; None for the region's own picture or the only one there is.
        box: see the module's docstring; None for the whole picture.

    Raises:
        ImageNotFound, ContentError: the picture is not clear.
        UserError: there is no such region.
        BoxError: the box has no area, is outside the picture, or its numbers seem to be of another unit.
        MarkupError: broken `<box>` markup.
    """
    meant = _read_box_text(ledger, box) if isinstance(box, str) else box
    if isinstance(meant, Region):
        return _carry(ledger, image, meant)
    picture = resolve_image(ledger, image)
    if meant is None:
        return picture, picture.box
    if isinstance(meant, Mark):
        return picture, meant.box(picture.size, text=str(box))
    if isinstance(meant, Box):
        return picture, meant.clipped(picture.size)
    if not isinstance(meant, Sequence):
        raise BoxError(f"{str(meant)[:60]!r} is no box. {BOX_FORMS}")
    return picture, _from_numbers(meant, picture)


def _read_box_text(ledger: Ledger, text: str) -> Region | Mark | list[float] | None:
    plain = unescape(text).strip()
    if not plain:
        return None
    if known := _REGION_ID.fullmatch(plain):
        return ledger.region(known[1])
    if "<box>" in plain or "<quad>" in plain:
        marks = parse(plain)
        if len(marks) != 1:
            raise ContentError(f"Give one box, not {len(marks)}, in {text[:60]!r}.")
        return marks[0]
    if _NUMBERS_ONLY.fullmatch(plain) and len(plain) < 200:
        return [float(n) for n in _NUMBER.findall(plain)]
    raise BoxError(f"{text[:60]!r} is no box. {BOX_FORMS}")


def _carry(ledger: Ledger, image: ImageArgument, region: Region) -> tuple[Picture, Box]:
    frame = ledger.get(region.frame)
    picture = frame if image is None or image == "" else resolve_image(ledger, image)
    if picture.root != frame.root:
        raise BoxError(
            f"Region {region.id or region.phrase[:40]!r} is in {frame.name}, not in {picture.name}; "
            f"use image={frame.name!r}, or a box of {picture.name}."
        )
    box = frame.to_root.then(picture.to_root.inverse()).apply(region.box)
    try:
        return picture, box.clipped(picture.size)
    except BoxError:
        raise BoxError(
            f"Region {region.id or region.phrase[:40]!r} of {frame.name} lies outside {picture.name}; "
            f"use image={frame.name!r}."
        ) from None


def _from_numbers(numbers: Sequence[float], picture: Picture) -> Box:
    good = not isinstance(numbers, bytes) and all(
        isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < 1e9 for n in numbers
    )
    if not good or len(numbers) != 4:
        raise BoxError(f"A box needs four numbers, not {str(list(numbers))[:80]}. {BOX_FORMS}")
    x1, y1, x2, y2 = (float(n) for n in numbers)
    width, height = picture.size
    shown = "[" + ", ".join(f"{n:g}" for n in (x1, y1, x2, y2)) + "]"
    if max(x1, y1, x2, y2) <= 1 and min(width, height) > 8:
        better = _spelled(Box.from_grid((x1, y1, x2, y2), picture.size, grid=1)) if x1 < x2 and y1 < y2 else "..."
        raise BoxError(f"Box {shown} looks like fractions; in pixels of {picture.name} that is {better}.")
    if x1 >= x2 or y1 >= y2:
        hint = f" If that was left, top, width, height, write {_spelled(Box(x1, y1, x1 + x2, y1 + y2))}."
        hint = hint if x2 > 0 and y2 > 0 else ""
        raise BoxError(f"Box {shown} has no area: x1 < x2 and y1 < y2 are needed.{hint} {BOX_FORMS}")
    box = Box(x1, y1, x2, y2)
    # A little over the edge is meant as the edge; mostly outside is another unit or another picture.
    if box.intersection(picture.box) < box.area / 2:
        raise BoxError(
            f"Box {shown} lies outside {picture.name}, which is {width}x{height} pixels.{_hint(box, picture)}"
        )
    return box.clipped(picture.size)


def _hint(box: Box, picture: Picture) -> str:
    """What may have been meant by a box that is not in its picture."""
    if max(box.as_tuple()) <= GRID and max(picture.size) < GRID:
        better = _spelled(Box.from_grid(box.as_tuple(), picture.size))
        return f" If it was meant in thousandths, that is {better} in pixels."
    if "." in picture.name:
        return f" Boxes are in {picture.name}'s own pixels, not in {picture.root}'s."
    return " Give a box inside it."


def _spelled(box: Box) -> str:
    return "[" + ", ".join(str(n) for n in box.rounded()) + "]"


def mark(
    ledger: Ledger,
    picture: Picture,
    items: Sequence[tuple[Box, str]],
    *,
    numbered: bool = False,
    kind: str = "marked",
    note: str = "",
) -> Picture:
    """`picture` with boxes and labels drawn on it, as a new ledger entry `<picture>.<kind><n>`.

    Args:
        ledger: the session's ledger.
        picture: what to draw on; a small one is enlarged first, so that labels can be read.
        items: boxes in the picture's pixels and their labels.
        numbered: put 1, 2, 3 ... before the labels.
        kind: the new name's last part: "marked", "diff".
        note: how it was made, for the trace.
    """
    from PIL.Image import Resampling

    from visual_agent.drawing import draw

    image, longer = picture.image, max(picture.size)
    if longer < SMALL:
        factor = min(8, -(-SMALL // longer))
        image = image.resize((image.width * factor, image.height * factor), Resampling.LANCZOS)
    scale = Transform(picture.size[0] / image.width, picture.size[1] / image.height)
    drawn = draw(image, [(scale.inverse().apply(box), label) for box, label in items], numbered=numbered)
    return ledger.derive(picture, drawn, scale, kind, note=note)


def check_number(name: str, value: float | None, low: float, high: float) -> None:
    """ContentError unless `value` is None or a number between `low` and `high`."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ContentError(f"{name} must be a number from {low:g} to {high:g}, not {str(value)[:40]}.")


def make_tool(ledger: Ledger | None, name: str, description: str, function: Callable[..., Observation]) -> BaseTool:
    """A LangChain tool around `function`; its annotated parameters are the tool's arguments.

    The tool's content is the observation's text, followed by its pictures as `file_id` blocks; its artifact is
    `Observation.to_dict()`. Our own errors and wrong arguments become error messages that a model can act on. `ainvoke`
    runs the function in a thread.

    Args:
        ledger: holds the pictures that observations name; None for a tool without pictures.
        name: what the model calls.
        description: when to use it and what comes back.
        function: takes keyword arguments, each annotated `Annotated[type, "what it is"]`.
    """
    from functools import wraps

    from langchain_core.tools import StructuredTool, ToolException

    @wraps(function)
    def run(**arguments: Any) -> tuple[str | list[dict[str, str]], dict[str, Any]]:
        try:
            observation = function(**{key: _encodable(value) for key, value in arguments.items()})
        except VisualAgentError as error:
            raise ToolException(f"{name} failed: {_encodable(str(error))}") from error
        return _content(ledger, observation), observation.to_dict()

    def explain(error: ValidationError) -> str:
        problems = "; ".join(
            f"{'.'.join(str(part)[:40] for part in problem['loc'][:1]) or 'arguments'}: {problem['msg'][:120]}"
            for problem in error.errors(include_url=False, include_context=False, include_input=False)[:4]
        )
        wanted = ", ".join(f"{key} ({value.get('description', 'see the tool')})" for key, value in tool.args.items())
        return (
            f"{name} was called with wrong arguments. {problems}. It takes a JSON object with: {wanted or 'nothing'}."
        )

    tool = StructuredTool.from_function(
        run,
        name=name,
        description=description,
        response_format="content_and_artifact",
        handle_tool_error=True,
        handle_validation_error=explain,
    )
    return tool


def _content(ledger: Ledger | None, observation: Observation) -> str | list[dict[str, Any]]:
    from visual_agent.messages import image_block

    if not observation.pictures or ledger is None:
        return observation.text
    pictures = [ledger.get(name) for name in observation.pictures]
    return [{"type": "text", "text": observation.text}, *map(image_block, pictures)]


def _encodable(value: Any) -> Any:
    """Text without lone surrogates, which no encoder takes; anything else as it is."""
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value
