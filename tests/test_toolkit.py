"""Arguments of the tools: which picture, which part, and errors that say what to write instead."""

from __future__ import annotations

import pytest
from PIL import Image

from visual_agent.errors import BoxError, ContentError, ImageNotFound, MarkupError, UserError, VisualAgentError
from visual_agent.geometry import Box, Region, Transform
from visual_agent.images import Ledger
from visual_agent_tools.toolkit import resolve_box, resolve_image


@pytest.fixture
def ledger() -> Ledger:
    """img1 (400x300) with its crop (a quarter, twice as large) and img2 (2000x1000)."""
    ledger = Ledger([Image.new("RGB", (400, 300)), Image.new("RGB", (2000, 1000))])
    ledger.derive("img1", Image.new("RGB", (400, 300)), Transform(0.5, 0.5, 200, 150), "crop")
    ledger.record(Region("a", Box(210, 160, 220, 170), "img1"))
    ledger.record(Region("b", Box(20, 20, 40, 40), "img1.crop1"))
    ledger.record(Region("c", Box(0, 0, 10, 10), "img1"))
    ledger.record(Region("d", Box(0, 0, 10, 10), "img2"))
    return ledger


FORMS = {
    "pixels": ("img1", [10, 20, 110, 60], "img1", (10, 20, 110, 60)),
    "tuple of floats": ("img1", (10.5, 20, 110, 60), "img1", (10.5, 20, 110, 60)),
    "Box": ("img1", Box(10, 20, 110, 60), "img1", (10, 20, 110, 60)),
    "text": ("img1", "[10, 20, 110, 60]", "img1", (10, 20, 110, 60)),
    "text in brackets": ("img1", "(10,20),(110,60)", "img1", (10, 20, 110, 60)),
    "thousandths": ("img1", "<box>(100,200),(500,400)</box>", "img1", (40, 60, 200, 120)),
    "thousandths with a phrase": ("img1", "<ref>x</ref><box>(100,200),(500,400)</box>", "img1", (40, 60, 200, 120)),
    "region id": ("img1", "r1", "img1", (210, 160, 220, 170)),
    "region id in brackets": (None, "[R1]", "img1", (210, 160, 220, 170)),
    "region's own picture": (None, "r4", "img2", (0, 0, 10, 10)),
    "region carried into a crop": ("img1.crop1", "r1", "img1.crop1", (20, 20, 40, 40)),
    "region carried to the root": ("img1", "r2", "img1", (210, 160, 220, 170)),
    "whole picture": ("img2", None, "img2", (0, 0, 2000, 1000)),
    "empty text": ("img2", " ", "img2", (0, 0, 2000, 1000)),
    "a little over the edge": ("img1", [380, -5, 405, 20], "img1", (380, 0, 400, 20)),
    "spoken name": ("Picture 1", [10, 20, 110, 60], "img1", (10, 20, 110, 60)),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms_of_a_box(ledger: Ledger, name: str) -> None:
    image, box, picture, expected = FORMS[name]
    found, part = resolve_box(ledger, image, box)
    assert found.name == picture
    assert part.as_tuple() == pytest.approx(expected)


REFUSED = {
    "unordered": ("img1", [110, 60, 10, 20], BoxError, r"x1 < x2.*write \[110, 60, 120, 80\]"),
    "no area": ("img1", [10, 20, 10, 60], BoxError, "no area"),
    "three numbers": ("img1", [1, 2, 3], BoxError, "four numbers"),
    "words": ("img1", "top left", BoxError, "is no box"),
    "not finite": ("img1", [float("nan"), 0, 1, 1], BoxError, "four numbers"),
    "huge": ("img1", [0, 0, 1e300, 1], BoxError, "four numbers"),
    "nested": ("img1", [[0, 0], [10, 10]], BoxError, "four numbers"),
    "bytes": ("img1", b"abcd", BoxError, "four numbers"),
    "a number": ("img1", 7, BoxError, "is no box"),
    "outside": ("img2", [3000, 0, 3100, 10], BoxError, "2000x1000.*inside"),
    "thousandths taken for pixels": ("img1", [800, 800, 900, 900], BoxError, r"thousandths, that is \[320, 240, 360"),
    "root's pixels for a crop's": ("img1.crop1", [500, 500, 600, 600], BoxError, "thousandths|own pixels"),
    "fractions": ("img1", [0.1, 0.2, 0.5, 0.6], BoxError, r"fractions.*\[40, 60, 200, 180\]"),
    "unknown region": ("img1", "r99", UserError, "no region"),
    "region of another picture": ("img2", "r1", BoxError, "image='img1'"),
    "region outside the crop": ("img1.crop1", "r3", BoxError, "outside img1.crop1.*image='img1'"),
    "unknown picture": ("img9", None, ImageNotFound, "img1"),
    "which picture": (None, [0, 0, 1, 1], ContentError, "img1, img2"),
    "picture of a wrong type": (3, None, ContentError, "name"),
    "broken markup": ("img1", "<box>(1,2),(3", MarkupError, "not closed"),
    "two boxes": ("img1", "<box>(1,2),(3,4)</box><box>(1,2),(3,4)</box>", ContentError, "one box"),
    "markup outside": ("img1", "<box>(1100,0),(1200,9)</box>", MarkupError, "outside"),
    "endless text": ("img1", "1," * 5000, BoxError, "is no box"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_errors_say_what_to_write(ledger: Ledger, name: str) -> None:
    image, box, kind, message = REFUSED[name]
    with pytest.raises(kind, match=message) as caught:
        resolve_box(ledger, image, box)
    assert isinstance(caught.value, VisualAgentError)
    assert len(str(caught.value)) < 400


def test_without_a_name_the_only_picture_is_meant() -> None:
    assert resolve_image(Ledger([Image.new("RGB", (4, 4))]), None).name == "img1"
    with pytest.raises(ContentError, match="none yet"):
        resolve_image(Ledger(), "")


@pytest.mark.parametrize("given", ["receipt.png", Image.new("RGB", (4, 4)), None], ids=["path", "image", "None"])
def test_a_picture_in_the_place_of_the_ledger_is_told(given: object) -> None:
    with pytest.raises(ContentError, match=r"give Ledger\(\[picture\]\) first"):
        resolve_box(given, None)  # type: ignore[arg-type]
