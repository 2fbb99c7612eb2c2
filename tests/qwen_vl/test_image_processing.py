"""Pictures to tensors, byte for byte as the original did it with Pillow 10; here with whatever is installed."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers.image_utils import SizeDict

from qwen_vl.recordings import DATA, read
from visual_agent.engines.qwen_vl import QwenVLImageProcessor
from visual_agent.errors import ContentError

RECORDED = read("preprocess/preprocess.json")
ROWS = RECORDED["rows"]
NAMES = [row["file"] for row in ROWS]


def digest(array: Any) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def processor(side: int) -> QwenVLImageProcessor:
    return QwenVLImageProcessor(size={"height": side, "width": side})


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_recorded_bytes(row: dict[str, Any]) -> None:
    picture = Image.open(DATA / "images" / row["file"])
    assert picture.mode.removesuffix(";16") == row["mode"]  # newer Pillow tells 16 bits apart
    assert list(picture.size) == row["size"]
    made = QwenVLImageProcessor()
    rgb = made.process_image(picture)
    assert digest(rgb.transpose(1, 2, 0)) == row["rgb_sha256"]
    for side in (112, 448):
        small = made.resize(rgb, SizeDict(height=side, width=side))
        assert digest(small.transpose(1, 2, 0)) == row[f"resized_{side}_uint8_sha256"]


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_recorded_tensors(row: dict[str, Any]) -> None:
    picture = Image.open(DATA / "images" / row["file"])
    pixels = processor(448)(picture, return_tensors="pt").pixel_values
    assert pixels.shape == (1, 3, 448, 448)
    assert pixels.dtype == torch.float32
    for channel, y, x, value in row["pixel_448_samples_c_y_x"]:
        assert abs(pixels[0, channel, y, x].item() - value) < 1e-5
    assert abs(pixels.mean().item() - row["pixel_448_mean"]) < 1e-4
    assert abs(pixels.std().item() - row["pixel_448_std"]) < 1e-4
    small = processor(28)(picture, return_tensors="pt").pixel_values[0]
    recorded = load_file(DATA / "preprocess" / "pixels_28.safetensors")[row["file"]]
    torch.testing.assert_close(small, recorded, atol=1e-5, rtol=0)


def test_the_models_own_recordings(tensors: dict[str, Any]) -> None:
    names = ["i0.png", "i1.png", "i2.png", "i3.png", "图.png", "a b.png"]
    pictures = [Image.open(DATA / "images" / name) for name in names]
    pixels = processor(112)(pictures, return_tensors="pt").pixel_values
    torch.testing.assert_close(pixels, tensors["pixel_values"], atol=1e-5, rtol=0)


def test_order_of_passes_matters() -> None:
    """A portrait with sharp edges: on Pillow 13 one call gives other bytes than width first, height second."""
    rng = np.random.default_rng(0)
    array = np.kron(rng.integers(0, 2, (60, 20)), np.ones((20, 7))).astype(np.uint8) * 255
    picture = Image.fromarray(array).convert("RGB")
    made = QwenVLImageProcessor()
    ours = made.resize(made.process_image(picture), SizeDict(height=448, width=448)).transpose(1, 2, 0)
    wide = picture.resize((448, picture.height), Image.Resampling.BICUBIC)
    assert np.array_equal(ours, np.asarray(wide.resize((448, 448), Image.Resampling.BICUBIC)))
    high = picture.resize((picture.width, 448), Image.Resampling.BICUBIC)
    other = np.asarray(high.resize((448, 448), Image.Resampling.BICUBIC))
    assert np.abs(ours.astype(int) - other).max() > 2


def test_arrays_and_tensors() -> None:
    picture = Image.open(DATA / "images" / "i1.png")
    made = processor(112)
    expected = made(picture, return_tensors="pt").pixel_values
    array = np.asarray(picture)
    for other in (array, array.transpose(2, 0, 1), torch.from_numpy(array.copy()), array / 255):
        assert torch.allclose(made(other, return_tensors="pt").pixel_values, expected, atol=1e-6)
    grey = made(array[..., :1], return_tensors="pt").pixel_values
    grey_picture = made(Image.fromarray(array[..., 0]), return_tensors="pt").pixel_values
    assert torch.equal(grey, grey_picture)
    with pytest.raises(ContentError, match="uint8"):
        made(array.astype(np.float32) * 2)


def test_steps_can_be_switched_off() -> None:
    picture = Image.open(DATA / "images" / "i1.png")
    raw = QwenVLImageProcessor()(picture, do_resize=False, do_rescale=False, do_normalize=False)
    assert np.array_equal(raw["pixel_values"][0], np.asarray(picture).transpose(2, 0, 1))


def test_needs_no_torchvision() -> None:
    assert QwenVLImageProcessor().backend == "pil"
