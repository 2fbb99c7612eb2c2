"""Files that a command writes beside its answer, checked before the run that may take minutes.

In: the path the user named and the inputs of the command. Out: nothing, or an error that says what to name instead.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from visual_agent.errors import UserError


def numbered(path: Path, number: int) -> Path:
    """Where the picture of that number (from 1) goes when a command draws several: page.png, page-2.png, ..."""
    return path if number == 1 else path.with_stem(f"{path.stem}-{number}")


def check_picture_target(path: Path | None, inputs: Sequence[str | Path], *, count: int = 1) -> None:
    """As `check_target`, for `count` pictures: the suffix must name a format that can be written."""
    if path is None:
        return
    from PIL import Image

    suffix = path.suffix.lower()
    if Image.registered_extensions().get(suffix) not in Image.SAVE:
        raise UserError(f"{str(path)!r} names no picture format ({suffix or 'no suffix'}); give a .png or .jpg path.")
    for number in range(1, count + 1):
        check_target(numbered(path, number), inputs)


def check_target(path: Path | None, inputs: Sequence[str | Path]) -> None:
    """See that a file can be written to `path` without losing an input. Missing folders are left to the writer.

    Raises:
        UserError: it cannot, or `path` is one of `inputs`.
    """
    if path is None:
        return
    try:
        place = _nearest(path)
        if place == path and not path.is_file():
            raise UserError(f"{str(path)!r} is a folder or device; name a file to write to.")
        if any(_is_same(path, source) for source in inputs):
            raise UserError(f"{str(path)!r} is an input of this command and would be lost; name another file.")
        writable = os.access(place, os.W_OK)
    except (OSError, ValueError) as error:  # ValueError: a null byte
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"Cannot write {str(path)!r} ({reason}); name a file in a folder you own.") from error
    if not writable:
        raise UserError(f"Cannot write {str(path)!r} (permission denied); name a file in a folder you own.")


def _nearest(path: Path) -> Path:
    """`path`, or the nearest folder above it that is there."""
    for place in (path, *path.parents):
        try:
            place.stat()
        except FileNotFoundError:
            continue
        return place
    return path


def _is_same(path: Path, source: str | Path) -> bool:
    try:
        return path.samefile(source)
    except (OSError, ValueError):  # the source is a URL, data, or not there
        return False
