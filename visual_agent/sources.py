"""Sources: what a user may give as a picture, what of it is allowed, and how messages name it.

In: a `Source`. Out: its label. `LoadPolicy` holds the limits; `visual_agent.loading` and `visual_agent.fetching`
keep to them.
"""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from PIL import Image

#: What `load` takes. A str is an http(s) URL, a data URI, the base64 of a picture file, or else a path.
Source: TypeAlias = "str | Path | bytes | bytearray | Image.Image | np.ndarray[Any, Any]"

_LABEL_LENGTH = 80
#: The start of a URL of any kind; a drive letter is none.
SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
#: How the files that we read begin; "ftyp" (AVIF) stands at byte 4.
_STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\x00", b"MM\x00*", b"%PDF-")


@dataclass(frozen=True)
class LoadPolicy:
    """What may be loaded, and how much of it.

    Attributes:
        urls: whether http(s) URLs are fetched at all.
        private_addresses: whether a URL may lead to an address outside the public internet (loopback, private
            networks, link-local, metadata services ...). Leave it off wherever others choose the URLs.
        folders: paths must lie in one of these after following symbolic links; None allows every path, () none.
        max_bytes: limit on a file or download, in bytes.
        max_pixels: limit on width times height of one picture.
        max_pages: limit on the pages that `load_pages` takes from one document.
        timeout: seconds for a whole download, redirects included.
        max_redirects: redirects followed for one URL.
        allowed_hosts: host names that URLs may name ("example.org"; ".example.org" also takes its subdomains);
            None allows all.
    """

    urls: bool = True
    private_addresses: bool = False
    folders: tuple[Path, ...] | None = None
    max_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 120_000_000
    max_pages: int = 50
    timeout: float = 20.0
    max_redirects: int = 4
    allowed_hosts: tuple[str, ...] | None = None


def label_of(source: Source) -> str:
    """A short name of a source for messages: no query strings, passwords, data or control characters."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return f"bytes ({size_words(len(source))})"
    if isinstance(source, (str, os.PathLike)):
        return _label_of_text(str(source))
    if isinstance(shape := getattr(source, "shape", None), tuple):
        return f"array {'x'.join(map(str, shape))}"
    size = getattr(source, "size", None)
    return f"PIL image {'x'.join(map(str, size))}" if isinstance(size, tuple) else type(source).__name__


def _label_of_text(text: str) -> str:
    head = text[:4096].lstrip()
    if head[:5].lower() == "data:":
        kind = re.split(r"[;,]", head[5:105])[0] or "text/plain"
        return shortened(f"data:{kind} ({size_words(len(text))})")
    if SCHEME.match(head):
        try:
            parts = urlsplit(head)
            host = parts.netloc.rpartition("@")[2]
            return shortened(f"{parts.scheme}://{host}{parts.path}")
        except ValueError:
            return "the URL"
    if starts_like_base64(text):
        return f"base64 text ({size_words(len(text))})"
    rest = text[4096:]
    return shortened(head[:200] + rest[-200:] if rest else head) or "an empty path"


def shortened(text: str) -> str:
    """Printable text of at most about 80 characters; of longer text the start and the end."""
    clean = "".join(c if c.isprintable() else "?" for c in text)
    if len(clean) <= _LABEL_LENGTH:
        return clean
    half = _LABEL_LENGTH // 2 - 1
    return f"{clean[: half - 10]}...{clean[-half - 8 :]}"


def size_words(count: int) -> str:
    """A number of bytes as one reads it: "95 bytes", "12 kB", "3.4 MB"."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"


def starts_like_base64(text: str) -> bool:
    """Whether the text begins like the base64 of a file that we read ("/9j/4AAQ..." is a JPEG, and no path)."""
    head = "".join(text[:128].split())[:40]
    if len(head) < 40 or not _BASE64.fullmatch(head):
        return False
    start = base64.b64decode(head.replace("-", "+").replace("_", "/") + "=" * (-len(head) % 4))
    return start.startswith(_STARTS) or start[4:8] == b"ftyp"
