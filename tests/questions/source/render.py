# ruff: noqa: E501
"""Pages in, pictures and evidence boxes out: Chromium for HTML, OpenCV for the look of a photo.

Needs Debian's `chromium`, Noto CJK and the other fonts named in README.md, and `pip install playwright`
(only its Python client; it drives Debian's browser).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
from model import Boxes, Page
from PIL import Image

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--font-render-hinting=none",
]  # fmt: skip

# Tight around the text of the element, not its block box.
RECTS = """() => { const out = {};
  for (const e of document.querySelectorAll('[id]')) {
    const r = document.createRange(); r.selectNodeContents(e);
    let b = r.getBoundingClientRect(); if (!b.width) b = e.getBoundingClientRect();
    out[e.id] = [b.left + scrollX, b.top + scrollY, b.right + scrollX, b.bottom + scrollY]; }
  return out; }"""


@contextmanager
def browser() -> Iterator[Any]:
    """A headless Debian Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chrome = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        try:
            yield chrome
        finally:
            chrome.close()


def render(page: Page, chrome: Any) -> tuple[Image.Image, Boxes]:
    """One page as an RGB image and the boxes of its named elements in that image's pixels."""
    image, boxes = page.draw(chrome) if page.draw else shoot(page, chrome)
    image = image.convert("RGB")
    if page.photo:
        image, boxes = photograph(image, boxes, **page.photo)
    return image, boxes


def shoot(page: Page, chrome: Any) -> tuple[Image.Image, Boxes]:
    width, height = page.size
    tab = chrome.new_page(viewport={"width": width, "height": height or 120})
    try:
        tab.set_content(f"<!doctype html><meta charset=utf-8><style>body{{margin:0}}</style>{page.html}")
        png = tab.screenshot(full_page=not height)
        return Image.open(BytesIO(png)), {k: tuple(v) for k, v in tab.evaluate(RECTS).items()}
    finally:
        tab.close()


def photograph(
    image: Image.Image,
    boxes: Boxes,
    seed: float = 0,
    turn: float = 0.0,
    bend: float = 0.03,
    noise: float = 6.0,
    blur: float = 0.6,
    shade: float = 0.25,
    desk: float = 90.0,
) -> tuple[Image.Image, Boxes]:
    """As if taken with a telephone: turned (degrees), keystone (`bend`, share of the width), light from a side, noise."""
    import cv2

    rng = np.random.default_rng(int(seed))
    src = np.asarray(image)
    h, w = src.shape[:2]
    margin = int(0.06 * max(w, h)) + int(abs(np.sin(np.radians(turn))) * max(w, h) * 0.5)
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    moved = corners + rng.uniform(-bend, bend, (4, 2)).astype(np.float32) * w
    centre, (s, c) = np.array([w / 2, h / 2]), (np.sin(np.radians(turn)), np.cos(np.radians(turn)))
    moved = ((moved - centre) @ np.array([[c, s], [-s, c]]) + centre + margin).astype(np.float32)
    m = cv2.getPerspectiveTransform(corners, moved)
    size = (w + 2 * margin, h + 2 * margin)
    ground = np.full((size[1], size[0], 3), desk, np.float32) * np.array([1.0, 0.93, 0.85], np.float32)
    mask = cv2.warpPerspective(np.ones((h, w), np.float32), m, size, flags=cv2.INTER_LINEAR)[..., None]
    warped = cv2.warpPerspective(src.astype(np.float32), m, size, flags=cv2.INTER_AREA)
    out = warped * (mask > 0) + ground * (1 - mask)
    gx, gy = rng.uniform(-1, 1, 2)
    yy, xx = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    light = 1 - shade * np.clip(0.5 + 0.5 * (gx * (xx / size[0] - 0.5) + gy * (yy / size[1] - 0.5)) * 2, 0, 1)
    out = cv2.GaussianBlur(out * light[..., None], (0, 0), blur) if blur else out * light[..., None]
    out = out + rng.normal(0, noise, out.shape[:2])[..., None]
    return Image.fromarray(np.clip(out, 0, 255).astype(np.uint8)), {k: locate_in(m, b) for k, b in boxes.items()}


def locate_in(m: np.ndarray, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = box
    pts = np.array([[x1, y1, 1], [x2, y1, 1], [x2, y2, 1], [x1, y2, 1]], float) @ m.T
    xy = pts[:, :2] / pts[:, 2:]
    return (*xy.min(0), *xy.max(0))
