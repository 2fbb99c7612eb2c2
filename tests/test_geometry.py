"""Boxes, transforms and overlaps: named cases and properties."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from visual_agent.errors import BoxError
from visual_agent.geometry import GRID, Box, Region, Transform, suppress

numbers = st.floats(-5000, 5000, allow_nan=False)
lengths = st.floats(0.01, 5000)
sides = st.integers(1, 8000)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x, y = draw(numbers), draw(numbers)
    return Box(x, y, x + draw(lengths), y + draw(lengths))


@st.composite
def boxes_in_pictures(draw: st.DrawFn) -> tuple[tuple[int, int], Box]:
    """The size of a picture and a box inside it."""
    width, height = draw(sides), draw(sides)
    x1, x2 = sorted((draw(st.floats(0, width)), draw(st.floats(0, width))))
    y1, y2 = sorted((draw(st.floats(0, height)), draw(st.floats(0, height))))
    assume(x2 - x1 > 1e-6 and y2 - y1 > 1e-6)
    return (width, height), Box(x1, y1, x2, y2)


@st.composite
def transforms(draw: st.DrawFn) -> Transform:
    scale = st.floats(0.01, 100)
    return Transform(draw(scale), draw(scale), draw(numbers), draw(numbers))


def close(a: Box, b: Box, tolerance: float = 1e-6) -> bool:
    size = max(map(abs, (*a.as_tuple(), *b.as_tuple())), default=1) + 1
    return all(abs(x - y) <= tolerance * size for x, y in zip(a.as_tuple(), b.as_tuple(), strict=True))


# --- Box -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [(0, 0, 0, 10), (0, 0, 10, 0), (5, 0, 1, 10), (0, 5, 10, 1), (math.nan, 0, 1, 1), (0, 0, math.inf, 1),
     (0, 0, 1, -math.inf), ("0", 0, 1, 1), (None, 0, 1, 1), (0, 0, 10**400, 1)],
)  # fmt: skip
def test_no_box(values: tuple[float, float, float, float]) -> None:
    with pytest.raises(BoxError, match="give"):
        Box(*values)


def test_measures() -> None:
    box = Box(10, 20, 40, 60)
    assert (box.width, box.height, box.area, box.center) == (30, 40, 1200, (25, 40))
    assert box.contains(10, 20)
    assert not box.contains(40, 60)  # half open


def test_around() -> None:
    assert Box.around([(3, 4), (1, 9), (2, 2)]) == Box(1, 2, 3, 9)
    assert Box.around([(3, 4)]) == Box(3, 4, 4, 5)
    with pytest.raises(BoxError):
        Box.around([])


def test_expanded_grows_by_the_longer_side() -> None:
    assert Box(10, 10, 30, 20).expanded(0.5) == Box(0, 0, 40, 30)


@pytest.mark.parametrize(
    ("box", "whole"),
    [
        (Box(0.4, 0.6, 9.5, 9.4), (0, 1, 10, 9)),
        (Box(9.6, 0, 10, 1), (9, 0, 10, 1)),  # rounds to nothing: the pixel it starts in
        (Box(0.1, 0.1, 0.2, 0.2), (0, 0, 1, 1)),
        (Box(-3.7, -0.2, -3.6, 0.1), (-4, -1, -3, 0)),
    ],
)
def test_rounded(box: Box, whole: tuple[int, int, int, int]) -> None:
    assert box.rounded() == whole


@settings(deadline=None)
@given(boxes_in_pictures())
def test_rounded_boxes_keep_their_area_and_stay_inside(case: tuple[tuple[int, int], Box]) -> None:
    (width, height), box = case
    x1, y1, x2, y2 = box.rounded()
    assert 0 <= x1 < x2 <= width
    assert 0 <= y1 < y2 <= height
    assert all(abs(a - b) <= 1 for a, b in zip((x1, y1, x2, y2), box.as_tuple(), strict=True))


@settings(deadline=None)
@given(boxes(), st.tuples(sides, sides))
def test_clipped(box: Box, size: tuple[int, int]) -> None:
    if box.x2 <= 0 or box.y2 <= 0 or box.x1 >= size[0] or box.y1 >= size[1]:
        with pytest.raises(BoxError, match="outside"):
            box.clipped(size)
        return
    part = box.clipped(size)
    assert part.intersection(Box(0, 0, *size)) == part.area
    assert part.clipped(size) == part


# --- overlap ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "iou"),
    [
        (Box(0, 0, 10, 10), Box(0, 0, 10, 10), 1),
        (Box(0, 0, 10, 10), Box(10, 0, 20, 10), 0),
        (Box(0, 0, 10, 10), Box(5, 0, 15, 10), 1 / 3),
        (Box(0, 0, 10, 10), Box(2, 2, 4, 4), 0.04),
        (Box(0, 0, 1e-200, 1e-200), Box(0, 0, 1e-200, 1e-200), 0),
    ],
)
def test_iou(a: Box, b: Box, iou: float) -> None:
    assert a.iou(b) == pytest.approx(iou)


@settings(deadline=None)
@given(boxes(), boxes())
def test_iou_properties(a: Box, b: Box) -> None:
    assert a.iou(b) == b.iou(a)
    assert 0 <= a.iou(b) <= 1 + 1e-9
    assert a.iou(a) == pytest.approx(1)
    assert (a.iou(b) > 0) == (a.intersection(b) > 0)


@settings(deadline=None)
@given(boxes(), boxes())
def test_union_holds_both(a: Box, b: Box) -> None:
    both = a.union(b)
    assert both.intersection(a) == pytest.approx(a.area)
    assert both.intersection(b) == pytest.approx(b.area)
    assert both == b.union(a)


@settings(deadline=None)
@given(boxes(), boxes(), transforms())
def test_iou_does_not_depend_on_the_frame(a: Box, b: Box, transform: Transform) -> None:
    assert transform.apply(a).iou(transform.apply(b)) == pytest.approx(a.iou(b), abs=1e-3)


places = st.integers(0, 20)
regions = st.lists(
    st.builds(
        Region,
        phrase=st.just("x"),
        box=st.builds(
            lambda x, y, w: Box(x, y, x + w, y + w), st.integers(0, 20), st.integers(0, 20), st.integers(1, 20)
        ),
        frame=st.sampled_from(["img1", "img2"]),
        score=st.none() | st.floats(0, 1),
    ),
    max_size=15,
)


def score(region: Region) -> float:
    return 0.5 if region.score is None else region.score


@settings(deadline=None)
@given(regions, st.floats(0, 1))
def test_suppress(found: list[Region], threshold: float) -> None:
    kept = suppress(found, threshold)
    assert all(region in found for region in kept)
    assert [score(r) for r in kept] == sorted(map(score, kept), reverse=True)
    for i, region in enumerate(kept):
        for other in kept[:i]:
            assert region.frame != other.frame or region.box.iou(other.box) <= threshold
    for region in found:  # whatever went has a better one in its place
        assert any(
            region is k or (k.frame == region.frame and k.box.iou(region.box) > threshold and score(k) >= score(region))
            for k in kept
        )
    assert suppress(kept, threshold) == kept


def test_suppress_keeps_the_best() -> None:
    best, worse, far = (
        Region("a", Box(0, 0, 10, 10), "img1", 0.9),
        Region("b", Box(1, 0, 10, 10), "img1", 0.8),
        Region("c", Box(50, 0, 60, 10), "img1", 0.1),
    )
    assert suppress([far, worse, best]) == [best, far]
    assert suppress([worse, Region("a", Box(0, 0, 10, 10), "img2", 0.9)])[1] == worse  # another frame


# --- grids -----------------------------------------------------------------------------------------------------------


def test_grid() -> None:
    assert GRID == 1000
    assert Box(0, 0, 200, 50).to_grid((400, 100)) == (0, 0, 500, 500)
    assert Box(0, 0, 400, 100).to_grid((400, 100)) == (0, 0, 999, 999)
    assert Box.from_grid((250, 500, 750, 1000), (400, 100)) == Box(100, 50, 300, 100)
    assert Box.from_grid((750, 1000, 250, 500), (400, 100)) == Box(100, 50, 300, 100)  # corners are put in order
    assert Box.from_grid((10, 10, 10, 10), (1000, 1000)) == Box(10, 10, 11, 11)  # a side of 0 is one unit


@pytest.mark.parametrize("count", [0, 3, 5])
def test_grid_needs_four_numbers(count: int) -> None:
    with pytest.raises(BoxError, match="four"):
        Box.from_grid([1] * count, (10, 10))


@settings(deadline=None)
@given(boxes_in_pictures(), st.integers(10, 5000))
def test_grid_and_back_within_a_unit(case: tuple[tuple[int, int], Box], grid: int) -> None:
    size, box = case
    units = box.to_grid(size, grid)
    assert all(0 <= unit < grid for unit in units)
    again = Box.from_grid(units, size, grid)
    for i, (a, b) in enumerate(zip(again.as_tuple(), box.as_tuple(), strict=True)):
        unit = size[i % 2] / grid
        assert abs(a - b) <= 1.5 * unit + 1e-6
    again.clipped(size)


# --- transforms ------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(boxes(), transforms())
def test_inverse(box: Box, transform: Transform) -> None:
    assume(min(box.width, box.height) > 0.1)
    assert close(transform.inverse().apply(transform.apply(box)), box)
    assert close(transform.then(transform.inverse()).apply(box), box)


@settings(deadline=None)
@given(boxes(), transforms(), transforms(), transforms())
def test_then(box: Box, a: Transform, b: Transform, c: Transform) -> None:
    assume(min(box.width, box.height) > 0.1)
    assert close(a.then(b).apply(box), b.apply(a.apply(box)))
    assert close(a.then(b).then(c).apply(box), a.then(b.then(c)).apply(box))


def test_identity() -> None:
    assert Transform().apply(Box(1, 2, 3, 4)) == Box(1, 2, 3, 4)


@pytest.mark.parametrize("values", [(0, 1, 0, 0), (1, -1, 0, 0), (math.nan, 1, 0, 0), (1, 1, math.inf, 0)])
def test_no_transform(values: tuple[float, float, float, float]) -> None:
    with pytest.raises(BoxError, match="scales"):
        Transform(*values)


def test_region_moved() -> None:
    region = Region("cat", Box(1, 2, 3, 4), "img1.crop1", 0.5, "ocr", "r1")
    assert region.moved(Box(5, 6, 7, 8), "img1") == Region("cat", Box(5, 6, 7, 8), "img1", 0.5, "ocr", "r1")
