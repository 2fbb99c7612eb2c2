"""The ledger: every picture of a session by a short name, with its parent, its transform and its content hash.

In: sources of all kinds (paths, URLs, bytes, PIL images, arrays; see `visual_agent.loading`) and pictures made by
tools. Out: `Picture` values, and boxes carried from any picture's frame to its root's pixels.

Pixels live once, under their content hash, in a store that forgets them when no ledger holds them any more, so
messages and checkpoints carry `file_id`s and never base64.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from visual_agent.errors import BoxError, ImageNotFound, UserError
from visual_agent.geometry import Box, Region, Transform

if TYPE_CHECKING:
    from PIL.Image import Image

    from visual_agent.loading import Loaded, LoadPolicy, Source


#: Whether the run that this code works for is over: a tool left behind in a thread enters nothing any more.
RUN_IS_OVER: ContextVar[Callable[[], bool]] = ContextVar("run_is_over", default=lambda: False)

#: Rows hashed at a time.
_BAND = 256


class Pixels:
    """An upright RGB image with its content hash; equal content means equal `hash`."""

    __slots__ = ("__weakref__", "hash", "image")

    def __init__(self, image: Image) -> None:
        if image.mode != "RGB":
            raise UserError(f"A ledger picture must be RGB, not {image.mode}; load it with visual_agent.loading.")
        self.image = image
        digest = hashlib.sha256(f"RGB {image.width}x{image.height}\n".encode())
        for top in range(0, image.height, _BAND):  # in bands, so that a large picture is not held twice
            digest.update(image.crop((0, top, image.width, min(top + _BAND, image.height))).tobytes())
        self.hash = digest.hexdigest()

    @property
    def file_id(self) -> str:
        """The name under which messages carry these pixels."""
        return f"img_{self.hash[:24]}"


_STORE: WeakValueDictionary[str, Pixels] = WeakValueDictionary()
_STORE_LOCK = threading.Lock()


def keep(image: Image) -> Pixels:
    """Put an upright RGB image into the store; the same content gives the same object.

    The caller must hold the result: the store itself only remembers what somebody else holds.
    """
    pixels = Pixels(image)
    with _STORE_LOCK:
        return _STORE.setdefault(pixels.file_id, pixels)


def find(file_id: str) -> Pixels:
    """The pixels of a `file_id`; ImageNotFound when no ledger holds them any more."""
    with _STORE_LOCK:
        pixels = _STORE.get(file_id)
    if pixels is None:
        raise ImageNotFound(
            f"No picture {file_id!r} is held in this process; add the picture to a Ledger and keep the ledger.",
            image=file_id,
        )
    return pixels


def held() -> int:
    """How many different pictures are held in this process."""
    with _STORE_LOCK:
        return len(_STORE)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One ledger entry.

    `transform` maps this picture's pixels to its parent's, `to_root` to the root's (both the identity for a root).
    `source` is what the caller gave, shortened for display; `note` says how a tool made the picture.
    """

    name: str
    pixels: Pixels
    parent: str | None
    root: str
    transform: Transform
    to_root: Transform
    source: str = ""
    note: str = ""

    @property
    def image(self) -> Image:
        """The pixels as an upright RGB PIL image; do not modify it."""
        return self.pixels.image

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.pixels.image.size

    @property
    def hash(self) -> str:
        """SHA-256 of size and pixels, 64 hex digits."""
        return self.pixels.hash

    @property
    def file_id(self) -> str:
        """The name under which messages carry this picture's pixels."""
        return self.pixels.file_id

    @property
    def box(self) -> Box:
        """The whole picture as a box in its own pixels."""
        return Box(0, 0, *self.size)


def _refuse_late_entry() -> None:
    if RUN_IS_OVER.get()():
        raise UserError("The run that asked for this is over, and nothing more is entered for it; ask again.")


#: How many names an error lists.
_NAMES_SHOWN = 30
_SPOKEN_NAME = re.compile(
    r"(?:img|image|picture|图片|图像|图)\s*[-_#]?\s*(\d{1,6})((?:\.[a-z]+\d{1,6})*)", re.IGNORECASE
)


class Ledger:
    """The pictures and regions of one session. Safe to use from several threads."""

    def __init__(self, pictures: Iterable[Source] = (), *, policy: LoadPolicy | None = None) -> None:
        self._policy = policy
        self._pictures: dict[str, Picture] = {}
        self._regions: dict[str, Region] = {}
        self._region_ids: dict[tuple[str, Box, str], str] = {}
        self._lock = threading.RLock()
        for source in pictures:
            self.add(source)

    def add(self, source: Source) -> Picture:
        """Load a picture the user gave and name it `img1`, `img2`, ... See `visual_agent.loading` for sources.

        Raises:
            ImageError: the picture cannot be used; the message names it.
        """
        from visual_agent.loading import load

        return self.add_loaded(load(source, self._policy))

    def add_loaded(self, loaded: Loaded, known: Iterable[Picture] = ()) -> Picture:
        """Enter a picture that `visual_agent.loading` has loaded; one of `known` with the same content comes back."""
        pixels = keep(loaded.image)
        if (same := next((picture for picture in known if picture.hash == pixels.hash), None)) is not None:
            return same
        with self._lock:
            name = f"img{len(self.roots()) + 1}"
            return self._enter(Picture(name, pixels, None, name, Transform(), Transform(), source=loaded.source))

    def derive(
        self, parent: str | Picture, image: Image, transform: Transform, kind: str = "crop", *, note: str = ""
    ) -> Picture:
        """Enter an RGB image that a tool made from `parent` and name it `<parent>.<kind><n>`.

        Args:
            parent: the picture it was made from.
            image: its pixels.
            transform: from the new picture's pixels to the parent's.
            kind: lower-case letters: "crop", "marked", "diff", ...
            note: how it was made, for the trace.
        """
        pixels = keep(image)
        with self._lock:
            base = self.get(parent) if isinstance(parent, str) else self._own(parent)
            prefix = f"{base.name}.{kind}"
            number = 1 + sum(bool(re.fullmatch(re.escape(prefix) + r"\d+", name)) for name in self._pictures)
            to_root = transform.then(base.to_root)
            entry = Picture(f"{prefix}{number}", pixels, base.name, base.root, transform, to_root, note=note)
            return self._enter(entry)

    def _own(self, picture: Picture) -> Picture:
        if self._pictures.get(picture.name) is not picture:
            raise UserError(f"Picture {picture.name!r} is of another ledger; add it to this one first.")
        return picture

    def _enter(self, picture: Picture) -> Picture:
        _refuse_late_entry()
        self._pictures[picture.name] = picture
        return picture

    def get(self, name: str) -> Picture:
        """The picture of that name; also reads "Picture 1", "image 1", "图1" and a `file_id`.

        Raises:
            ImageNotFound: no such picture; the message lists the names there are.
        """
        with self._lock:
            key = name.strip()
            if key in self._pictures:
                return self._pictures[key]
            spoken = _SPOKEN_NAME.fullmatch(key)
            if spoken and (found := self._pictures.get(f"img{int(spoken[1])}{spoken[2].lower()}")):
                return found
            for picture in self._pictures.values():
                if key.lower() == picture.name or key == picture.file_id:
                    return picture
            names = list(self._pictures)
        known = ", ".join([*names[:_NAMES_SHOWN], "..."] if len(names) > _NAMES_SHOWN else names) or "none yet"
        raise ImageNotFound(f"There is no picture {name[:80]!r}; use one of: {known}.", image=name[:80])

    def roots(self) -> list[Picture]:
        """The pictures the user gave, in order."""
        with self._lock:
            return [p for p in self._pictures.values() if p.parent is None]

    def pictures(self) -> list[Picture]:
        """All pictures, in the order they were entered."""
        with self._lock:
            return list(self._pictures.values())

    def record(self, region: Region) -> Region:
        """Remember a region (its `frame` must be a ledger name) and give it an id `r1`, `r2`, ...

        The same phrase, box and frame keeps its first id.
        """
        with self._lock:
            frame = self.get(region.frame).name
            key = (frame, region.box, region.phrase)
            if key in self._region_ids:
                return self._regions[self._region_ids[key]]
            _refuse_late_entry()
            entry = replace(region, frame=frame, id=f"r{len(self._regions) + 1}")
            self._regions[entry.id] = entry
            self._region_ids[key] = entry.id
            return entry

    def region(self, region_id: str) -> Region:
        """The region of that id ("r3"); UserError if there is none."""
        with self._lock:
            found = self._regions.get(region_id.strip().strip("[]").lower())
            if found is None:
                last = f"r1..r{len(self._regions)}" if self._regions else "none yet"
                raise UserError(f"There is no region {region_id[:40]!r}; recorded regions: {last}.")
            return found

    def regions(self) -> list[Region]:
        """All recorded regions, oldest first."""
        with self._lock:
            return list(self._regions.values())

    def mark(self) -> tuple[int, int]:
        """How many pictures and regions there are now, for `cut_back`."""
        with self._lock:
            return len(self._pictures), len(self._regions)

    def cut_back(self, mark: tuple[int, int]) -> None:
        """Forget the pictures and regions that were entered since `mark` was taken."""
        with self._lock:
            for name in list(self._pictures)[mark[0] :]:
                del self._pictures[name]
            for region in list(self._regions.values())[mark[1] :]:
                del self._regions[region.id]
                del self._region_ids[region.frame, region.box, region.phrase]

    def in_root(self, region: Region) -> Region:
        """The same region in pixels of its root picture, cut at the root's edges."""
        picture = self.get(region.frame)
        root = self.get(picture.root)
        box = picture.to_root.apply(region.box)
        try:
            box = box.clipped(root.size)
        except BoxError:
            raise BoxError(
                f"Region {region.phrase[:60]!r} lies outside {root.name}; ask for a box inside it."
            ) from None
        return region.moved(box, root.name)
