"""Crops: original pixels, exact way back to the root, bounds, sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from visual_agent.errors import ContentError
from visual_agent.geometry import Box, Region
from visual_agent.images import Ledger, Picture
from visual_agent_tools.cropping import USEFUL_SIDE, crop


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def made(ledger: Ledger, *args: object, **options: object) -> Picture:
    observation = crop(ledger, *args, **options)
    assert observation.found
    return ledger.get(observation.pictures[0])


def test_at_its_own_size_the_pixels_are_the_originals() -> None:
    image = noise(1000, 800)
    ledger = Ledger([image])
    entry = made(ledger, "img1", [100, 200, 600, 700], margin=0)
    assert entry.size == (500, 500)
    assert entry.image.tobytes() == image.crop((100, 200, 600, 700)).tobytes()


def test_what_the_model_is_told() -> None:
    observation = crop(Ledger([noise(1000, 800)]), "img1", [10, 20, 110, 60], margin=0, scale=3)
    assert observation.text == (
        "img1.crop1 is 300x120 pixels: the part (10,20,110,60) of img1, enlarged 3.0 times. "
        "Boxes in img1.crop1 are in its own pixels."
    )
    assert observation.data == {"image": "img1", "box": [10, 20, 110, 60], "scale": 3.0}
    assert observation.pictures == ("img1.crop1",)


def test_small_parts_are_enlarged_but_not_without_end() -> None:
    ledger = Ledger([noise(1000, 800)])
    assert max(made(ledger, "img1", [10, 20, 110, 60], margin=0).size) == USEFUL_SIDE
    assert made(ledger, "img1", [10, 20, 14, 22], margin=0).size == (32, 16)


def test_margin_stops_at_the_edge_and_nothing_is_padded() -> None:
    ledger = Ledger([noise(1000, 800)])
    observation = crop(ledger, "img1", [0, 0, 100, 100])
    assert observation.data["box"] == [0, 0, 130, 130]
    assert "(0,0,130,130)" in observation.text


def test_a_crop_of_a_crop_is_cut_from_the_root() -> None:
    image = noise(1000, 800)
    ledger = Ledger([image])
    small = made(ledger, "img1", [0, 0, 800, 800], margin=0, scale=0.25)
    assert small.size == (200, 200)
    detail = made(ledger, small, [25, 50, 75, 100], margin=0, scale=4)
    assert detail.parent == small.name
    assert detail.root == "img1"
    assert detail.image.tobytes() == image.crop((100, 200, 300, 400)).tobytes()


def test_a_crop_of_a_marked_picture_keeps_the_marks() -> None:
    ledger = Ledger([noise(100, 100)])
    from visual_agent.geometry import Transform

    marked = ledger.derive("img1", Image.new("RGB", (200, 200), "red"), Transform(0.5, 0.5), "marked")
    first = made(ledger, marked, [0, 0, 100, 100], margin=0)
    second = made(ledger, first, [0, 0, 50, 50], margin=0)
    assert second.image.getpixel((3, 3)) == (255, 0, 0)


def test_by_region_of_another_frame() -> None:
    ledger = Ledger([noise(1000, 800)])
    made(ledger, "img1", [100, 100, 200, 200], margin=0, scale=2)
    region = ledger.record(Region("x", Box(20, 20, 60, 60), "img1.crop1"))
    observation = crop(ledger, "img1", region.id, margin=0)
    assert observation.data["box"] == [110, 110, 130, 130]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"margin": -1}, "margin"),
        ({"margin": float("nan")}, "margin"),
        ({"margin": True}, "margin"),
        ({"scale": 0}, "scale"),
        ({"scale": float("inf")}, "scale"),
        ({"scale": 30}, "smaller scale"),
    ],
)
def test_wrong_numbers(options: dict, message: str) -> None:
    with pytest.raises(ContentError, match=message):
        crop(Ledger([noise(1000, 800)]), "img1", [0, 0, 900, 700], **options)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3000, 2)])
def test_pictures_of_any_shape(size: tuple[int, int]) -> None:
    entry = made(Ledger([noise(*size)]), "img1")
    assert entry.to_root.apply(entry.box).as_tuple() == pytest.approx((0, 0, *size))


share = st.floats(0, 0.9)
looks = st.lists(st.tuples(share, share, st.floats(0.05, 1), st.floats(0.05, 1), st.sampled_from([None, 0.5, 1.7, 3])))


@settings(max_examples=60, deadline=None)
@given(looks.filter(lambda x: 0 < len(x) <= 4), st.floats(0, 1))
def test_crops_of_crops_lead_back_to_the_root_within_a_pixel(steps: list, margin: float) -> None:
    # Each pixel's colour is its place, so a crop shows where it was cut.
    width, height = 256, 200
    places = np.zeros((height, width, 3), np.uint8)
    places[..., 0], places[..., 1] = np.meshgrid(np.arange(width), np.arange(height))
    ledger = Ledger([Image.fromarray(places)])
    picture = ledger.get("img1")
    for x, y, w, h, scale in steps:
        wide, high = picture.size
        if max(wide, high) > 2000:
            scale = None  # enlarging the enlarged again and again ends at the size limit, which has its own test
        box = Box(x * wide, y * high, min(x + w * 0.9, 1) * wide + 1e-3, min(y + h * 0.9, 1) * high + 1e-3)
        picture = made(ledger, picture, box, margin=margin, scale=scale)
    whole = picture.to_root.apply(picture.box)
    assert whole.clipped((width, height)).iou(whole) > 0.999
    middle_x, middle_y = picture.size[0] // 2, picture.size[1] // 2
    red, green, _ = picture.image.getpixel((middle_x, middle_y))
    root = picture.to_root.apply(Box(middle_x, middle_y, middle_x + 1, middle_y + 1))
    reach = max(1.0, root.width, root.height)
    assert abs(root.center[0] - 0.5 - red) <= reach
    assert abs(root.center[1] - 0.5 - green) <= reach
