"""Looks: which calls are the same look, judged by `look_of` and `same_as`."""

from __future__ import annotations

from typing import Any

import pytest
from agent_kit import picture

from visual_agent.geometry import Transform
from visual_agent.images import Ledger
from visual_agent.looks import look_of


def is_same(ledger: Ledger, tool: str, earlier: dict[str, Any], later: dict[str, Any]) -> bool:
    return look_of(tool, earlier, {}, ledger).same_as(look_of(tool, later, {}, ledger))


def crops_of_equal_pixels(*places: tuple[float, float]) -> Ledger:
    """Crops of a white picture: all show the same, each in its place."""
    ledger = Ledger([picture(size=(1000, 1000))])
    for x, y in places:
        ledger.derive("img1", picture(size=(100, 100)), Transform(1, 1, x, y), "crop")
    return ledger


def test_equal_pixels_of_two_places_are_two_looks() -> None:
    ledger = crops_of_equal_pixels((0, 0), (500, 700), (0, 0))
    first, second, again = ({"image": f"img1.crop{n}"} for n in (1, 2, 3))
    assert not is_same(ledger, "read_text", first, second)
    assert is_same(ledger, "read_text", first, again)
    other = {"image_a": "img1.crop1", "image_b": "img1.crop2"}
    assert not is_same(ledger, "compare", {"image_a": "img1.crop1", "image_b": "img1.crop1"}, other)
    assert is_same(ledger, "compare", other, {**other, "image_a": "img1.crop3"})


def test_equal_pictures_of_the_user_are_two_looks() -> None:
    ledger = Ledger([picture(), picture()])
    assert not is_same(ledger, "read_text", {"image": "img1"}, {"image": "img2"})


@pytest.mark.parametrize(
    ("earlier", "later", "same"),
    [
        ([0, 0, 1000, 860], None, False),
        (None, [0, 0, 1000, 860], True),
        ([0, 0, 1000, 998], None, True),
        ([0, 0, 1000, 990], None, False),
        ([10, 10, 900, 900], [30, 10, 920, 900], False),
        ([10, 10, 900, 900], [11, 9, 899, 901], True),
    ],
)
def test_what_is_read_lies_in_what_was_read(earlier: list[int] | None, later: list[int] | None, same: bool) -> None:
    ledger = Ledger([picture(size=(1000, 1000))])
    calls = [{"image": "img1", "box": box} for box in (earlier, later)]
    assert is_same(ledger, "read_text", *calls) is same


def test_a_crop_may_stand_out_a_little() -> None:
    ledger = Ledger([picture(size=(1000, 1000))])
    assert is_same(ledger, "crop", {"box": [10, 10, 900, 900]}, {"box": [30, 10, 920, 900]})
