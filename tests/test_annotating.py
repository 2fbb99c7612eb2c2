"""Annotated pictures: what is drawn where, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from visual_agent.errors import ContentError, UserError
from visual_agent.geometry import Box, Region
from visual_agent.images import Ledger
from visual_agent_tools.annotating import annotate
from visual_agent_tools.cropping import crop


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger([Image.new("RGB", (600, 400), "gray")])
    ledger.record(Region("total 总计", Box(100, 100, 200, 150), "img1"))
    ledger.record(Region("date", Box(300, 200, 400, 250), "img1"))
    return ledger


def test_regions_by_id(ledger: Ledger) -> None:
    observation = annotate(ledger, "img1", ["r1", "r2"])
    assert observation.text == "img1.marked1 shows 2 regions of img1."
    assert [r.id for r in observation.regions] == ["r1", "r2"]
    marked = np.asarray(ledger.get("img1.marked1").image) != 128
    assert marked[99, 100:200].any(axis=-1).all()
    assert not marked[100:150, 100:200].any()
    assert marked[199, 300:400].any(axis=-1).all()


@pytest.mark.parametrize("wanted", ["r1, r2", "[r1] [r2]", "r1 r2", ["r1", [300, 200, 400, 250]]])
def test_ways_to_name_regions(ledger: Ledger, wanted: object) -> None:
    assert "2 regions" in annotate(ledger, None, wanted).text


def test_one_box_or_region(ledger: Ledger) -> None:
    assert "1 region of" in annotate(ledger, "img1", [10, 10, 50, 50]).text
    assert "1 region of" in annotate(ledger, None, ledger.region("r1")).text
    assert "1 region of" in annotate(ledger, "img1", "<box>(0,0),(500,500)</box>").text
    assert "1 region of" in annotate(ledger, "img1", "[10, 10, 50, 50]").text


def test_regions_are_carried_into_a_crop(ledger: Ledger) -> None:
    name = crop(ledger, "img1", [100, 100, 200, 200], margin=0, scale=4).pictures[0]
    picture = ledger.get(annotate(ledger, name, ["r1"]).pictures[0])
    assert picture.name == "img1.crop1.marked1"
    assert picture.to_root.apply(picture.box).as_tuple() == pytest.approx((100, 100, 200, 200))


def test_small_pictures_are_enlarged_for_their_labels() -> None:
    ledger = Ledger([Image.new("RGB", (60, 40), "gray")])
    picture = ledger.get(annotate(ledger, "img1", [[5, 5, 20, 20]]).pictures[0])
    assert picture.size == (360, 240)
    assert picture.to_root.apply(picture.box).as_tuple() == pytest.approx((0, 0, 60, 40))


def test_missing_glyphs_are_told(ledger: Ledger) -> None:
    observation = annotate(ledger, "img1", [Region("한글 x", Box(1, 1, 50, 50), "img1")])
    assert observation.data["missing_glyphs"] == "한글"
    assert "shown as ?" in observation.text


@pytest.mark.parametrize("wanted", [None, [], "", [None], ["r1"] * 201])
def test_nothing_or_too_much(ledger: Ledger, wanted: object) -> None:
    with pytest.raises(ContentError):
        annotate(ledger, "img1", wanted)


@pytest.mark.parametrize("wanted", [["r7"], ["x"], [[1, 2]], [[9000, 0, 9100, 9]], [{}], 5])
def test_wrong_regions(ledger: Ledger, wanted: object) -> None:
    with pytest.raises(UserError):
        annotate(ledger, "img1", wanted)
