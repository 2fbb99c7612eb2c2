"""Loading: everything a user may give as a picture, checked and made an upright RGB image.

In: a `Source`: a local path, an http(s) URL, a data URI, bare base64, bytes, a PIL image or a NumPy array; the files
may be pictures or PDFs ("scan.pdf#page=3" picks a page). Out: `Loaded`, the RGB image and a label for display.

What is allowed is in `LoadPolicy`. Size in bytes is checked before reading, size in pixels before decoding. How
pixels are converted is in `visual_agent.decoding`.
"""

from __future__ import annotations

import base64
import binascii
import errno
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from visual_agent.errors import ContentError, ImageNotFound, ImageRefused, ImageTooLarge, ImageUnreadable
from visual_agent.sources import SCHEME, LoadPolicy, Source, label_of, size_words, starts_like_base64

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["LoadPolicy", "Loaded", "Source", "label_of", "load", "load_pages"]

#: A text that begins like base64 and is longer than any file's name is meant as base64, even where it is broken.
_LONGEST_NAME = 256
_PAGE = re.compile(r"#page=(\d{1,6})$", re.IGNORECASE)


@dataclass(frozen=True)
class Loaded:
    """An upright RGB image, fully decoded, and what it came from, shortened for display."""

    image: Image.Image
    source: str


def load(source: Source, policy: LoadPolicy | None = None, *, page: int = 1) -> Loaded:
    """Load one picture, or one page of a document.

    Args:
        source: see `Source`.
        policy: what is allowed; the defaults of `LoadPolicy` if None.
        page: page of a PDF or TIFF, from 1; "#page=N" at the end of a path or URL says it too.

    Raises:
        ImageNotFound: no such file, host, or page.
        ImageRefused: the policy forbids it.
        ImageTooLarge: more bytes or pixels than the policy allows.
        ImageUnreadable: no picture, or a truncated or broken one.
        ContentError: the source is of a type that is not accepted.
    """
    policy = policy or LoadPolicy()
    if (image := _in_memory(source, policy)) is not None:
        return image
    data, label, named_page = _read(source, policy)
    return _decode_page(data, label, page if named_page is None else named_page, policy)


def load_pages(source: Source, policy: LoadPolicy | None = None) -> list[Loaded]:
    """Load every page of a PDF or TIFF; of other sources the one picture. "#page=N" gives just that page.

    Raises:
        ImageTooLarge: the document has more than `policy.max_pages` pages.
        ImageError, ContentError: as for `load`.
    """
    policy = policy or LoadPolicy()
    if (image := _in_memory(source, policy)) is not None:
        return [image]
    data, label, named_page = _read(source, policy)
    if named_page is not None:
        return [_decode_page(data, label, named_page, policy)]
    count = _count_pages(data, label, policy)
    if count > policy.max_pages:
        raise ImageTooLarge(
            f"{label} has more than {policy.max_pages} pages; give the ones you need as {label}#page=N, "
            "or raise LoadPolicy.max_pages.",
            image=label,
        )
    return [_decode_page(data, label, page, policy) for page in range(1, count + 1)]


def _in_memory(source: Source, policy: LoadPolicy) -> Loaded | None:
    """PIL images and arrays; None for sources that are or lead to bytes."""
    if isinstance(source, (str, os.PathLike, bytes, bytearray, memoryview)):
        return None
    from PIL import Image

    from visual_agent import decoding

    label = label_of(source)
    if isinstance(source, Image.Image):
        return Loaded(decoding.to_rgb(source, label, max_pixels=policy.max_pixels), label)
    import numpy as np

    if isinstance(source, np.ndarray):
        return Loaded(decoding.from_array(source, label, max_pixels=policy.max_pixels), label)
    raise ContentError(
        f"A picture cannot be a {type(source).__name__}; give a path, an http(s) URL, a data URI, base64, bytes, "
        "a PIL image or a NumPy array."
    )


def _read(source: Source, policy: LoadPolicy) -> tuple[bytes, str, int | None]:
    """The bytes of a source, its label, and the page that it names."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _within_limit(bytes(source), label_of(source), policy), label_of(source), None
    text = os.fspath(source) if isinstance(source, os.PathLike) else source
    if not isinstance(text, str):
        raise ContentError("A path must be text, not bytes; use os.fsdecode on it.")
    page = None
    if named := _PAGE.search(text[-16:]):
        page, text = int(named[1]), text[: -len(named[0])]
    label = label_of(text)
    if isinstance(source, os.PathLike):
        return _read_path(text, label, policy), label, page
    return _read_text(text.strip(), label, policy), label, page


def _read_text(text: str, label: str, policy: LoadPolicy) -> bytes:
    """The bytes that a URL, data URI, base64 text or path stands for."""
    start = text[:8].lower()
    if start.startswith("data:"):
        return _read_data_uri(text, label, policy)
    if start.startswith(("http://", "https://")):
        from visual_agent.fetching import fetch

        return fetch(text, policy)
    if SCHEME.match(text[:64]):
        raise ImageRefused(
            f"{label} is of a kind that is not fetched; give an http or https URL, or a plain path.", image=label
        )
    data = _decoded_base64(text, policy)
    return data if data is not None else _read_path(text, label, policy)


def _read_data_uri(text: str, label: str, policy: LoadPolicy) -> bytes:
    """The content of `data:[type][;base64],content` (RFC 2397); the declared type is not believed."""
    head, comma, body = text.partition(",")
    if not comma:
        raise ImageUnreadable(f"{label} has no comma before its data; give data:image/png;base64,...", image=label)
    if len(body) > policy.max_bytes * 3:
        raise _too_many_bytes(label, policy)
    if not head.lower().rstrip().endswith(";base64"):
        return _within_limit(unquote_to_bytes(body), label, policy)
    try:
        return _within_limit(_base64_bytes(unquote_to_bytes(body)), label, policy)
    except (binascii.Error, ValueError):
        raise _broken_base64(label) from None


def _broken_base64(label: str) -> ImageUnreadable:
    return ImageUnreadable(
        f"{label} holds broken base64; encode the whole file again with base64.b64encode.", image=label
    )


def _decoded_base64(text: str, policy: LoadPolicy) -> bytes | None:
    """The bytes of bare base64, or None where the text is a path."""
    if not starts_like_base64(text):
        return None
    if len(text) > policy.max_bytes * 2:
        raise _too_many_bytes(label_of(text), policy)
    try:
        data = _base64_bytes(text.encode("ascii"))
    except (binascii.Error, ValueError):
        if len(text) < _LONGEST_NAME:
            return None
        raise _broken_base64(label_of(text)) from None
    return _within_limit(data, label_of(text), policy)


def _base64_bytes(text: bytes) -> bytes:
    """Base64 or its URL-safe form, with or without padding and line breaks; ValueError if it is neither."""
    compact = b"".join(text.split()).translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    return base64.b64decode(compact + b"=" * (-len(compact) % 4), validate=True)


def _read_path(text: str, label: str, policy: LoadPolicy) -> bytes:
    """The bytes of a regular file inside the allowed folders."""
    if policy.folders is not None and not policy.folders:
        raise ImageRefused(f"{label}: local files are switched off here; send the picture itself.", image=label)
    if not text:
        raise ImageNotFound("The path of a picture is empty; name a file.", image=label)
    try:
        path = Path(text).expanduser().resolve(strict=policy.folders is None)
        if policy.folders is not None:
            # Where the path is confined, what lies outside must not even be probed for existence.
            if not any(path.is_relative_to(folder.resolve()) for folder in policy.folders):
                raise ImageRefused(f"{label} is outside the folders that pictures may come from.", image=label)
            path = path.resolve(strict=True)
        return _read_regular(path, label, policy)
    except OSError as error:
        raise _path_error(error, text, label) from error
    except (ValueError, RuntimeError) as error:  # a null byte; a symbolic link that leads to itself; no home
        raise ImageNotFound(f"{label} is no usable path; check it.", image=label) from error


def _read_regular(path: Path, label: str, policy: LoadPolicy) -> bytes:
    """Read a regular file without ever waiting on a pipe or device, and without trusting its stated size."""
    _check_regular(path.stat(), label, policy)
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags), "rb") as stream:
        _check_regular(os.fstat(stream.fileno()), label, policy)
        return _within_limit(stream.read(policy.max_bytes + 1), label, policy)


def _check_regular(status: os.stat_result, label: str, policy: LoadPolicy) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise ImageUnreadable(f"{label} is a folder; give the pictures in it one by one.", image=label)
    if not stat.S_ISREG(status.st_mode):
        raise ImageRefused(f"{label} is a pipe, socket or device; give a regular file.", image=label)
    if status.st_size > policy.max_bytes:
        raise _too_many_bytes(label, policy)


def _path_error(error: OSError, text: str, label: str) -> ImageNotFound | ImageRefused | ImageUnreadable:
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL):
        return ImageNotFound(f"There is no file {label}; check the path{_start(text)}.", image=label)
    if error.errno in (errno.EACCES, errno.EPERM):
        return ImageRefused(f"{label} may not be read by this user; change its permissions.", image=label)
    if error.errno == errno.ELOOP:
        return ImageRefused(f"{label} is a symbolic link that leads nowhere; give the file itself.", image=label)
    return ImageUnreadable(f"{label} cannot be read ({error.strerror}); check the disk or copy it.", image=label)


def _start(text: str) -> str:
    """Where a relative path was looked for."""
    if Path(text).expanduser().is_absolute():
        return ""
    try:
        return f" (it is taken from the folder {str(Path.cwd())!r})"
    except OSError:
        return " (it is taken from the working folder)"


def _within_limit(data: bytes, label: str, policy: LoadPolicy) -> bytes:
    if len(data) > policy.max_bytes:
        raise _too_many_bytes(label, policy)
    return data


def _too_many_bytes(label: str, policy: LoadPolicy) -> ImageTooLarge:
    return ImageTooLarge(
        f"{label} is larger than the limit of {size_words(policy.max_bytes)}; make it smaller or raise "
        "LoadPolicy.max_bytes.",
        image=label,
    )


def _is_pdf(data: bytes) -> bool:
    return b"%PDF-" in data[:1024] and not data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF"))


def _decode_page(data: bytes, label: str, page: int, policy: LoadPolicy) -> Loaded:
    """One page of a document, or the picture in `data`. Where there are several pages the label says which it is."""
    shown = f"{label}#page={page}"
    if page < 1:
        raise ImageNotFound(f"{shown}: pages count from 1; give a page of at least 1.", image=shown)
    if _is_pdf(data):
        from visual_agent.documents import render_page

        image, count = render_page(data, label, page=page, max_pixels=policy.max_pixels)
        return Loaded(image, shown if count > 1 else label)
    from visual_agent.decoding import decode

    image, several = decode(data, label, max_pixels=policy.max_pixels, frame=page)
    return Loaded(image, shown if several else label)


def _count_pages(data: bytes, label: str, policy: LoadPolicy) -> int:
    if _is_pdf(data):
        from visual_agent.documents import count_pages

        return count_pages(data, label)
    from visual_agent.decoding import count_frames

    return count_frames(data, label, most=policy.max_pages)
