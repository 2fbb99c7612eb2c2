"""Two takes of one scene with painted changes: a seed in, both pictures and the changes' boxes in both frames out.

The first picture is the scene; the second has 3 to 5 changes and is then shifted by up to 12 px or warped by a
homography that moves its corners by 2 to 4 % of the width, and gets another brightness, noise and JPEG loss. Both
are cut out of a wider scene, so that the second shows real content at its borders, as a second photo would.

Deterministic. The seeds of the tune and report halves are disjoint; nobody tunes on the report half.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

SEEDS = {"tune": range(0, 24), "report": range(1000, 1024)}
PHOTOS = ("astronaut", "coffee", "chelsea", "rocket", "motorcycle_left", "hubble_deep_field", "coins", "retina")
WORDS = tuple(
    re.findall(
        r"\w+",
        "harbour lantern quiet meadow ticket copper winter garden letter seven bridge window market silver station "
        "paper orchard candle river engine summer village doctor morning yellow ladder pocket mirror travel island",
    )
)

Pixels = NDArray[np.uint8]
Rect = tuple[float, float, float, float]


@dataclass(frozen=True)
class Pair:
    """Two RGB arrays (h, w, 3) and the changes: `boxes_a[i]` and `boxes_b[i]` are one change, in pixels of a and b."""

    name: str
    a: Pixels
    b: Pixels
    boxes_a: list[Rect]
    boxes_b: list[Rect]


def pairs(half: str = "tune", count: int | None = None) -> Iterator[Pair]:
    """The pairs of one half ("tune" or "report"), at most `count`."""
    for seed in list(SEEDS[half])[:count]:
        yield changed_pair(seed)


def changed_pair(seed: int) -> Pair:
    """One pair. Even seeds shift, odd ones warp; every fourth is a page of text, the others are photos."""
    rng = np.random.default_rng(seed)
    document = seed % 4 == 3 or seed % 8 == 0
    name = "page" if document else PHOTOS[int(rng.integers(len(PHOTOS)))]
    scene, places = _page(rng) if document else (_photo(name), [])
    changed, boxes = _change(scene, places, rng)
    inset = _inset(scene)
    h, w = scene.shape[:2]
    motion = _motion(rng, w, h, warp=seed % 2 == 1)
    moved = _warp(changed, motion)
    a = scene[inset : h - inset, inset : w - inset]
    b = _other_camera(moved[inset : h - inset, inset : w - inset], rng)
    return Pair(
        name=f"{name}-{'warp' if seed % 2 else 'shift'}-{seed}",
        a=np.ascontiguousarray(a),
        b=b,
        boxes_a=[_minus(box, inset) for box in boxes],
        boxes_b=[_minus(_mapped(motion, box), inset) for box in boxes],
    )


def tally(true: Sequence[Rect], returned: Sequence[Rect]) -> tuple[int, int]:
    """(changes found, false boxes) in one frame.

    A change is found when a returned box overlaps it: IoU of 0.2 or more, or one's middle inside the other. A returned
    box is false when it lies on no change: under a tenth of it on a change grown by 8 px, its middle on none.
    """
    found = sum(any(_meets(t, r) for r in returned) for t in true)
    false = sum(not any(_lies_on(r, t) for t in true) for r in returned)
    return found, false


# --- scenes ----------------------------------------------------------------------------------------------------


def _photo(name: str) -> Pixels:
    import skimage
    from PIL import Image
    from skimage import data

    if name == "motorcycle_left":
        pixels = np.asarray(Image.open(f"{skimage.__path__[0]}/data/motorcycle_left.png"))
    else:
        pixels = np.asarray(getattr(data, name)())
    picture = Image.fromarray(pixels).convert("RGB")
    scale = min(1.0, 900 / max(picture.size))
    return np.asarray(picture.resize((round(picture.width * scale), round(picture.height * scale))))


def _page(rng: np.random.Generator) -> tuple[Pixels, list[Rect]]:
    """A page of words and the box of each word."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (780, 900), (252, 252, 250))
    draw, font, places = ImageDraw.Draw(image), ImageFont.load_default(size=20), []
    y = 80
    while y < 800:
        x = 90
        while x < 620:
            word = str(rng.choice(WORDS))
            draw.text((x, y), word, font=font, fill=(25, 25, 30))
            box = draw.textbbox((x, y), word, font=font)
            places.append(tuple(float(v) for v in box))
            x = int(box[2]) + 12
        y += 36
    return np.asarray(image), places  # type: ignore[return-value]


# --- changes ---------------------------------------------------------------------------------------------------


def _change(scene: Pixels, places: list[Rect], rng: np.random.Generator) -> tuple[Pixels, list[Rect]]:
    """3 to 5 changes, apart from each other and from the border, each plainly visible."""
    out, boxes = scene.copy(), []
    wanted = int(rng.integers(3, 6))
    for _ in range(400):
        if len(boxes) == wanted:
            break
        box = _place(scene, places, rng)
        if any(_near(box, other) for other in boxes):
            continue
        new = out.copy()
        _paint(new, box, bool(places), rng)
        if _visible(out, new, box):
            out, boxes = new, [*boxes, box]
    return out, boxes


def _place(scene: Pixels, places: list[Rect], rng: np.random.Generator) -> Rect:
    h, w = scene.shape[:2]
    edge = 2 * _inset(scene) + 14
    inner = [
        p for p in places if p[0] > edge and p[1] > edge and p[2] < w - edge and p[3] < h - edge and p[2] - p[0] > 40
    ]
    if inner:
        x1, y1, x2, y2 = inner[int(rng.integers(len(inner)))]
        return (x1 - 2, y1 - 2, x2 + 2, y2 + 2)
    bw, bh = (int(rng.integers(int(0.05 * w), int(0.1 * w))) for _ in range(2))
    x, y = int(rng.integers(edge, w - edge - bw)), int(rng.integers(edge, h - edge - bh))
    return (float(x), float(y), float(x + bw), float(y + bh))


def _paint(scene: Pixels, box: Rect, is_text: bool, rng: np.random.Generator) -> None:
    """One change of a random kind, in place."""
    kind = int(rng.integers(2 if is_text else 4))
    if is_text:
        _rewrite(scene, box, rng, word=kind == 0)
    elif kind == 0:
        _blob(scene, box, rng)
    elif kind == 1:
        _remove(scene, box)
    elif kind == 2:
        _borrow(scene, box, rng)
    else:
        _stamp(scene, box, rng)


def _rewrite(scene: Pixels, box: Rect, rng: np.random.Generator, word: bool) -> None:
    """Another word in its place, or the word taken away."""
    from PIL import Image, ImageDraw, ImageFont

    x1, y1, x2, y2 = (int(v) for v in box)
    tile = Image.new("RGB", (x2 - x1, y2 - y1), (252, 252, 250))
    if word:
        font = ImageFont.load_default(size=20)
        draw = ImageDraw.Draw(tile)
        fitting = [w for w in WORDS if draw.textbbox((0, 0), w, font=font)[2] < x2 - x1]
        text = str(rng.choice(fitting or ["x"]))
        draw.text((2, 2 - draw.textbbox((0, 0), text, font=font)[1]), text, font=font, fill=(25, 25, 30))
    scene[y1:y2, x1:x2] = np.asarray(tile)


def _blob(scene: Pixels, box: Rect, rng: np.random.Generator) -> None:
    """A coloured ellipse laid on the scene."""
    from PIL import Image, ImageDraw

    picture = Image.fromarray(scene)
    ImageDraw.Draw(picture).ellipse(box, fill=tuple(int(v) for v in rng.integers(0, 255, 3)))
    scene[:] = np.asarray(picture)


def _remove(scene: Pixels, box: Rect) -> None:
    """An object gone: the place filled from its surroundings (Telea's inpainting)."""
    import cv2

    x1, y1, x2, y2 = (int(v) for v in box)
    mask = np.zeros(scene.shape[:2], np.uint8)
    mask[y1:y2, x1:x2] = 255
    scene[:] = cv2.inpaint(scene, mask, 5, cv2.INPAINT_TELEA)


def _borrow(scene: Pixels, box: Rect, rng: np.random.Generator) -> None:
    """Something else stands there: a piece of another part of the scene."""
    h, w = scene.shape[:2]
    x1, y1, x2, y2 = (int(v) for v in box)
    x, y = int(rng.integers(0, w - (x2 - x1))), int(rng.integers(0, h - (y2 - y1)))
    scene[y1:y2, x1:x2] = scene[y : y + y2 - y1, x : x + x2 - x1].copy()


def _stamp(scene: Pixels, box: Rect, rng: np.random.Generator) -> None:
    """A label with a number stuck on."""
    from PIL import Image, ImageDraw, ImageFont

    x1, y1, x2, y2 = (int(v) for v in box)
    tile = Image.new("RGB", (x2 - x1, y2 - y1), tuple(int(v) for v in rng.integers(150, 255, 3)))
    font = ImageFont.load_default(size=max(10, (y2 - y1) // 2))
    ImageDraw.Draw(tile).text((4, 3), str(int(rng.integers(10, 99))), font=font, fill=(10, 10, 10))
    scene[y1:y2, x1:x2] = np.asarray(tile)


def _visible(before: Pixels, after: Pixels, box: Rect) -> bool:
    """A person would see it: grey levels differ by 40 in a seventh of the box (a fourteenth for thin letters)."""
    x1, y1, x2, y2 = (int(v) for v in box)
    grey = [p[y1:y2, x1:x2].astype(float).mean(axis=2) for p in (before, after)]
    share = float((np.abs(grey[0] - grey[1]) > 40).mean())
    return share > (0.07 if y2 - y1 < 32 else 0.14)


# --- the second camera -----------------------------------------------------------------------------------------


def _inset(scene: Pixels) -> int:
    return max(14, round(0.045 * scene.shape[1]))


def _motion(rng: np.random.Generator, w: int, h: int, warp: bool) -> NDArray[np.float64]:
    """The homography from the first frame to the second."""
    import cv2

    if not warp:
        dx, dy = rng.integers(-12, 13, 2)
        return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]], float)
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    away = rng.uniform(0.02, 0.04, (4, 2)) * rng.choice([-1, 1], (4, 2)) * w
    return np.asarray(cv2.getPerspectiveTransform(corners, (corners + away).astype(np.float32)), float)


def _warp(scene: Pixels, motion: NDArray[np.float64]) -> Pixels:
    import cv2

    h, w = scene.shape[:2]
    return np.asarray(cv2.warpPerspective(scene, motion, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))


def _other_camera(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Brightness within 8 %, a little noise, JPEG of quality 70 to 92."""
    from PIL import Image

    gain, lift = rng.uniform(0.92, 1.08), rng.uniform(-8, 8)
    noisy = pixels.astype(float) * gain + lift + rng.normal(0, rng.uniform(1, 3), pixels.shape)
    buffer = BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=int(rng.integers(70, 93)))
    return np.asarray(Image.open(buffer).convert("RGB"))


# --- boxes -----------------------------------------------------------------------------------------------------


def _mapped(motion: NDArray[np.float64], box: Rect) -> Rect:
    x1, y1, x2, y2 = box
    points = np.array([[x1, y1, 1], [x2, y1, 1], [x2, y2, 1], [x1, y2, 1]]) @ motion.T
    xy: Any = points[:, :2] / points[:, 2:]
    return (float(xy[:, 0].min()), float(xy[:, 1].min()), float(xy[:, 0].max()), float(xy[:, 1].max()))


def _minus(box: Rect, inset: int) -> Rect:
    return (box[0] - inset, box[1] - inset, box[2] - inset, box[3] - inset)


def _grown(box: Rect, by: float) -> Rect:
    return (box[0] - by, box[1] - by, box[2] + by, box[3] + by)


def _near(box: Rect, other: Rect, gap: float = 36) -> bool:
    return _shared(_grown(box, gap), other) > 0


def _shared(a: Rect, b: Rect) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _area(box: Rect) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _middle(box: Rect) -> Rect:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return (x, y, x + 1e-6, y + 1e-6)


def _meets(true: Rect, box: Rect) -> bool:
    shared = _shared(true, box)
    iou = shared / (_area(true) + _area(box) - shared)
    # A box around half the picture holds every middle: it must not be much larger than the change.
    inside = _shared(_middle(true), box) > 0 and _area(box) <= 12 * _area(true)
    return iou >= 0.2 or inside or _shared(_middle(box), true) > 0


def _lies_on(box: Rect, true: Rect) -> bool:
    grown = _grown(true, 8)
    return _shared(box, grown) >= 0.1 * _area(box) or _shared(_middle(box), grown) > 0
