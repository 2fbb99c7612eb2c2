"""Render the demo pictures into samples/.

python tests/questions/build_samples.py
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "source"))

from render import browser, render  # noqa: E402
from sample_pages import SAMPLES  # noqa: E402


def main() -> None:
    """Write every sample."""
    folder = HERE.parents[1] / "samples"
    folder.mkdir(exist_ok=True)
    with browser() as chrome:
        for name, page in SAMPLES.items():
            image, _ = render(page, chrome)
            if name.endswith(".jpg"):
                image.save(folder / name, quality=page.quality)
            elif page.photo:
                image.save((folder / name).with_suffix(".jpg"), quality=85)
            else:
                image.quantize(128, dither=0).save(folder / name, optimize=True)
    from PIL import Image
    from skimage import data

    Image.fromarray(data.rocket()).save(folder / "rocket.jpg", quality=85)


if __name__ == "__main__":
    main()
