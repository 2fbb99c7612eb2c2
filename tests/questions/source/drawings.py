"""Pictures that are not plain pages: matplotlib charts, scikit-image photos, signs set before a real texture."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from model import Boxes
from PIL import Image


def photo(name: str, scale: float = 1.0) -> tuple[Image.Image, Boxes]:
    """A photo of scikit-image (public domain or CC0, see its README); no boxes."""
    from skimage import data, io

    files = {"motorcycle": "motorcycle_left.png"}
    pixels = io.imread(f"{data.__path__[0]}/{files[name]}") if name in files else getattr(data, name)()
    image = Image.fromarray(pixels).convert("RGB")
    return image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS), {}


def on_background(chrome: Any, html: str, texture: str, seed: int) -> tuple[Image.Image, Boxes]:
    """A sign photographed at an angle before brick, grass or gravel."""
    import cv2
    from model import Page
    from render import locate_in, shoot
    from skimage import data

    sign, boxes = shoot(Page(html=f"<div id=sign_ style='display:inline-block'>{html}</div>", size=(760, 0)), chrome)
    *_, x2, y2 = boxes.pop("sign_")
    sign = sign.convert("RGB").crop((0, 0, int(x2), int(y2)))
    rng = np.random.default_rng(seed)
    w, h = sign.size
    tile = np.asarray(Image.fromarray(getattr(data, texture)()).convert("RGB"), np.float32)
    tint = {"brick": (0.75, 0.45, 0.36), "grass": (0.42, 0.62, 0.3), "gravel": (0.6, 0.58, 0.55)}[texture]
    size = (w + 260, h + 220)
    back = cv2.resize(tile, size) * np.array(tint, np.float32)
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    moved = corners + rng.uniform(-0.06, 0.06, (4, 2)).astype(np.float32) * w + np.array([130, 110], np.float32)
    m = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    mask = cv2.warpPerspective(np.ones((h, w), np.float32), m, size)[..., None]
    front = cv2.warpPerspective(np.asarray(sign, np.float32), m, size, flags=cv2.INTER_AREA)
    out = cv2.GaussianBlur(front * (mask > 0) * 0.9 + back * (1 - mask), (0, 0), 0.8)
    out = out + rng.normal(0, 5, out.shape[:2])[..., None]

    return Image.fromarray(np.clip(out, 0, 255).astype(np.uint8)), {k: locate_in(m, b) for k, b in boxes.items()}


def _finish(figure: Any, named: dict[str, Any]) -> tuple[Image.Image, Boxes]:
    """The figure as an image, and the box of each named text in its pixels."""
    import matplotlib.pyplot as plt

    figure.canvas.draw()
    image = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
    height = image.height
    boxes: Boxes = {}
    for key, artist in named.items():
        e = artist.get_window_extent()
        boxes[key] = (e.x0, height - e.y1, e.x1, height - e.y0)
    plt.close(figure)
    return image, boxes


def _axes(title: str, size: tuple[float, float] = (8, 5), dark: bool = False) -> tuple[Any, Any]:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib import font_manager

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # it wants a weight the font lacks
    font_manager.fontManager.addfont("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc")
    plt.style.use("dark_background" if dark else "default")
    plt.rcParams["font.family"] = ["DejaVu Sans", "WenQuanYi Zen Hei"]
    figure, axes = plt.subplots(figsize=size, dpi=110, layout="constrained")
    axes.set_title(title, fontsize=14)
    return figure, axes


def bars(
    title: str, names: list[str], values: list[float], unit: str, colour: Any, labels: bool = True, **more: Any
) -> tuple[Image.Image, Boxes]:
    """Upright bars; value labels `v<i>`, names `x<i>`."""
    figure, axes = _axes(title, **more)
    drawn = axes.bar(names, values, color=colour)
    axes.set_ylabel(unit)
    named = {f"x{i}": t for i, t in enumerate(axes.get_xticklabels())}
    if labels:
        named |= {
            f"v{i}": t for i, t in enumerate(axes.bar_label(drawn, labels=[f"{v:,g}" for v in values], padding=3))
        }
    return _finish(figure, named)


def barh(title: str, names: list[str], values: list[float], colour: Any, **more: Any) -> tuple[Image.Image, Boxes]:
    """Lying bars; value labels `v<i>`, names `y<i>`."""
    figure, axes = _axes(title, **more)
    drawn = axes.barh(names, values, color=colour)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    named = {f"y{i}": t for i, t in enumerate(axes.get_yticklabels())}
    named |= {f"v{i}": t for i, t in enumerate(axes.bar_label(drawn, padding=3))}
    return _finish(figure, named)


def lines(
    title: str, names: list[str], series: dict[str, list[float]], labels: bool, **more: Any
) -> tuple[Image.Image, Boxes]:
    """Lines with a legend; point labels `<series><i>`."""
    figure, axes = _axes(title, **more)
    named: dict[str, Any] = {}
    for marker, (name, values) in zip("os^D", series.items(), strict=False):
        axes.plot(names, values, marker=marker, label=name)
        for i, v in enumerate(values if labels else []):
            named[f"{name}{i}"] = axes.annotate(
                f"{v:g}", (i, v), xytext=(0, 8), textcoords="offset points", ha="center"
            )
    axes.legend()
    axes.margins(y=0.15)
    named |= {f"x{i}": t for i, t in enumerate(axes.get_xticklabels())}
    return _finish(figure, named)


def pie(title: str, names: list[str], values: list[float], **more: Any) -> tuple[Image.Image, Boxes]:
    """A pie with per cents; names `n<i>`, per cents `p<i>`."""
    figure, axes = _axes(title, **more)
    _, labels, percents = axes.pie(values, labels=names, autopct="%1.0f%%", startangle=80)
    return _finish(figure, {f"n{i}": t for i, t in enumerate(labels)} | {f"p{i}": t for i, t in enumerate(percents)})


def patched(name: str, changes: int) -> tuple[Image.Image, Boxes]:
    """A photo of scikit-image with `changes` spots painted over (`patch<i>`), far from each other."""
    image, boxes = photo(name, 0.8)
    pixels, (w, h) = np.asarray(image).copy(), image.size
    rng = np.random.default_rng(changes)
    spots = [(0.12, 0.2), (0.62, 0.68), (0.66, 0.12), (0.15, 0.7)][:changes]
    for i, (fx, fy) in enumerate(spots):
        x, y, side = int(fx * w), int(fy * h), int(0.09 * w)
        source = pixels[y : y + side, x : x + side].astype(float)
        pixels[y : y + side, x : x + side] = np.clip(0.25 * source + 0.75 * rng.uniform(40, 230, 3), 0, 255).astype(
            np.uint8
        )
        boxes[f"patch{i}"] = (x, y, x + side, y + side)
    return Image.fromarray(pixels), boxes
