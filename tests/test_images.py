"""The ledger: names, parents, transforms, the weak store, and boxes carried back to root pixels."""

from __future__ import annotations

import gc
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from visual_agent.errors import BoxError, ImageNotFound, ImageTooLarge, ImageUnreadable, UserError
from visual_agent.geometry import Box, Region, Transform
from visual_agent.images import Ledger, Pixels, find, held, keep
from visual_agent.loading import LoadPolicy


def plain(size: tuple[int, int] = (40, 30), color: str = "white") -> Image.Image:
    return Image.new("RGB", size, color)


def held_now() -> int:
    """What is held without the garbage of other tests."""
    gc.collect()
    return held()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger([plain(), plain(color="black")])


# --- names -----------------------------------------------------------------------------------------------------------


def test_names(ledger: Ledger) -> None:
    for name in ("img1.crop1", "img1.crop2"):
        assert ledger.derive("img1", plain((9, 9)), Transform()).name == name
    assert ledger.derive("img2", plain((9, 9)), Transform()).name == "img2.crop1"
    assert ledger.derive("img1", plain((9, 9)), Transform(), "marked").name == "img1.marked1"
    deep = ledger.derive("img1.crop2", plain((9, 9)), Transform(), note="enlarged")
    assert (deep.name, deep.parent, deep.root, deep.note) == ("img1.crop2.crop1", "img1.crop2", "img1", "enlarged")
    assert ledger.add(plain()).name == "img3"
    assert [p.name for p in ledger.roots()] == ["img1", "img2", "img3"]
    assert len(ledger.pictures()) == 8


@pytest.mark.parametrize(
    ("spoken", "name"),
    [
        ("img1", "img1"),
        (" IMG1 ", "img1"),
        ("Picture 1", "img1"),
        ("image 2", "img2"),
        ("picture #2", "img2"),
        ("图1", "img1"),
        ("图片 2", "img2"),
        ("Img1.Crop1", "img1.crop1"),
        ("Picture 1.crop1", "img1.crop1"),
    ],
)
def test_spoken_names(ledger: Ledger, spoken: str, name: str) -> None:
    ledger.derive("img1", plain(), Transform())
    assert ledger.get(spoken).name == name


def test_file_id_is_a_name(ledger: Ledger) -> None:
    assert ledger.get(ledger.get("img2").file_id).name == "img2"


@pytest.mark.parametrize("name", ["", "img9", "img1.crop1", "img" + "9" * 5000, "/etc/passwd", "img_0", "x" * 10**6])
def test_no_such_picture(ledger: Ledger, name: str) -> None:
    with pytest.raises(ImageNotFound, match="use one of: img1, img2") as raised:
        ledger.get(name)
    assert len(str(raised.value)) < 300


def test_the_list_of_names_is_short() -> None:
    ledger = Ledger([plain((1, 1))])
    for _ in range(200):
        ledger.derive("img1", plain((1, 1)), Transform())
    with pytest.raises(ImageNotFound) as raised:
        ledger.get("none")
    assert len(str(raised.value)) < 600


def test_empty_ledger() -> None:
    with pytest.raises(ImageNotFound, match="none yet"):
        Ledger().get("img1")


def test_add_obeys_the_policy() -> None:
    with pytest.raises(ImageUnreadable):
        Ledger([b"no picture"])
    with pytest.raises(ImageTooLarge):
        Ledger([plain((100, 100))], policy=LoadPolicy(max_pixels=9999))


def test_picture_of_another_ledger(ledger: Ledger) -> None:
    with pytest.raises(UserError, match="another ledger"):
        ledger.derive(Ledger([plain()]).get("img1"), plain(), Transform())


# --- content and store -----------------------------------------------------------------------------------------------


def test_equal_content_is_held_once() -> None:
    before = held_now()
    ledger = Ledger([plain(), plain(), plain(color="red")])
    a, b, c = ledger.roots()
    assert a.pixels is b.pixels
    assert a.file_id == b.file_id != c.file_id
    assert len(a.hash) == 64
    assert held() == before + 2


def test_size_is_part_of_the_content() -> None:
    assert Pixels(plain((6, 4))).hash != Pixels(plain((4, 6))).hash


def test_hash_does_not_depend_on_bands() -> None:
    noise = Image.frombytes("RGB", (3, 700), random.Random(1).randbytes(3 * 700 * 3))
    changed = noise.copy()
    changed.putpixel((2, 699), (1, 2, 3))
    assert Pixels(noise).hash == Pixels(noise.copy()).hash != Pixels(changed).hash


def test_pictures_vanish_with_their_ledger() -> None:
    before = held_now()
    ledger = Ledger([plain((77, 1))])
    file_id = ledger.get("img1").file_id
    assert find(file_id) is ledger.get("img1").pixels
    del ledger
    assert held_now() == before
    with pytest.raises(ImageNotFound, match="keep the ledger"):
        find(file_id)


def test_pictures_of_two_ledgers_stay_while_one_lives() -> None:
    first, second = Ledger([plain((78, 1))]), Ledger([plain((78, 1))])
    file_id = first.get("img1").file_id
    del first
    gc.collect()
    assert find(file_id) is second.get("img1").pixels


def test_keep_takes_only_rgb() -> None:
    with pytest.raises(UserError, match="RGB"):
        keep(Image.new("L", (3, 3)))


def test_the_caller_may_go_on_drawing() -> None:
    mine = plain()
    ledger = Ledger([mine])
    mine.paste("red", (0, 0, 40, 30))
    assert ledger.get("img1").image.getpixel((0, 0)) == (255, 255, 255)


# --- regions ---------------------------------------------------------------------------------------------------------


def test_regions(ledger: Ledger) -> None:
    first = ledger.record(Region("cat", Box(1, 2, 3, 4), "img1", 0.5))
    assert first.id == "r1"
    assert ledger.record(Region("cat", Box(1, 2, 3, 4), "Picture 1", 0.9)).id == "r1"
    assert ledger.record(Region("dog", Box(1, 2, 3, 4), "img1")).id == "r2"
    assert ledger.record(Region("cat", Box(1, 2, 3, 4), "img2")).id == "r3"
    assert [r.id for r in ledger.regions()] == ["r1", "r2", "r3"]
    assert ledger.region("[R2]").phrase == "dog"
    with pytest.raises(UserError, match=r"r1\.\.r3"):
        ledger.region("r9")
    with pytest.raises(ImageNotFound):
        ledger.record(Region("cat", Box(1, 2, 3, 4), "img7"))


def test_many_regions_are_recorded_fast(ledger: Ledger) -> None:
    for i in range(20_000):
        ledger.record(Region("x", Box(i, 0, i + 1, 1), "img1"))
    assert ledger.regions()[-1].id == "r20000"


def test_region_outside_its_root(ledger: Ledger) -> None:
    padded = ledger.derive("img1", plain((60, 30)), Transform(tx=-20))  # 20 pixels of margin on the left
    assert ledger.in_root(Region("x", Box(10, 0, 30, 10), padded.name)).box == Box(0, 0, 10, 10)
    with pytest.raises(BoxError, match="outside img1"):
        ledger.in_root(Region("x", Box(0, 0, 10, 10), padded.name))


# --- crops of crops --------------------------------------------------------------------------------------------------


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[float, float, float, float, float, float, int, int]]:
    """Crops as fractions of what is there, scales of each axis, and padding in pixels."""
    part = st.floats(0, 1)
    step = st.tuples(
        part, part, part, part, st.floats(0.2, 5), st.floats(0.2, 5), st.integers(0, 40), st.integers(0, 40)
    )
    return draw(st.lists(step, min_size=1, max_size=5))


def cut(
    ledger: Ledger, name: str, step: tuple[float, float, float, float, float, float, int, int], *, enlarge: bool = False
) -> str:
    """Crop, scale and pad a ledger picture for real, and enter the result."""
    parent = ledger.get(name)
    width, height = parent.size
    x1, x2 = (int(v * (width - 1)) for v in sorted((step[0], step[2])))
    y1, y2 = (int(v * (height - 1)) for v in sorted((step[1], step[3])))
    x2, y2 = x2 + 1, y2 + 1
    scales = [max(s, 1) if enlarge else s for s in step[4:6]]
    size = (min(max(round((x2 - x1) * scales[0]), 1), 600), min(max(round((y2 - y1) * scales[1]), 1), 600))
    if enlarge:
        size = (max(size[0], x2 - x1), max(size[1], y2 - y1))
    left, top = step[6], step[7]
    part = parent.image.crop((x1, y1, x2, y2)).resize(size, Image.Resampling.NEAREST)
    padded = Image.new("RGB", (size[0] + 2 * left, size[1] + 2 * top), "white")
    padded.paste(part, (left, top))
    sx, sy = (x2 - x1) / size[0], (y2 - y1) / size[1]
    return ledger.derive(parent, padded, Transform(sx, sy, x1 - left * sx, y1 - top * sy)).name


@settings(max_examples=150, deadline=None)
@given(steps(), st.tuples(st.integers(1, 300), st.integers(1, 300)), st.data())
def test_boxes_come_back_from_crops_of_crops(chain: list, size: tuple[int, int], data: st.DataObject) -> None:
    """A box of the root, carried into the last crop and back, is the same box within a pixel."""
    ledger = Ledger([plain(size)])
    name = "img1"
    for step in chain:
        name = cut(ledger, name, step)
    x = data.draw(st.integers(0, size[0] - 1))
    y = data.draw(st.integers(0, size[1] - 1))
    box = Box(x, y, data.draw(st.integers(x + 1, size[0])), data.draw(st.integers(y + 1, size[1])))
    picture = ledger.get(name)
    inside = picture.to_root.inverse().apply(box)
    back = ledger.in_root(Region("x", inside, name))
    assert back.frame == "img1"
    assert all(abs(a - b) < 1e-3 for a, b in zip(back.box.as_tuple(), box.as_tuple(), strict=True))
    by_parents = Region("x", inside, name).box
    while picture.parent is not None:
        by_parents = picture.transform.apply(by_parents)
        picture = ledger.get(picture.parent)
    assert all(abs(a - b) < 1e-3 for a, b in zip(by_parents.as_tuple(), box.as_tuple(), strict=True))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.floats(0, 1)] * 2, *[st.floats(1, 3)] * 2, *[st.integers(0, 20)] * 2), min_size=1, max_size=3
    )
)
def test_pixels_found_in_crops_are_the_pixels_of_the_root(chain: list) -> None:
    """A red block painted into the root and found by its colour in the last crop maps back within one pixel."""
    root = plain((120, 90))
    block = Box(50, 40, 57, 46)
    root.paste("red", block.rounded())
    ledger = Ledger([root])
    name = "img1"
    for left, top, sx, sy, pad_x, pad_y in chain:
        found = red(ledger.get(name).image)
        width, height = ledger.get(name).size
        # around the block: anything left of and above it, and likewise on the other side
        low = (left * found.x1 / max(width - 1, 1), top * found.y1 / max(height - 1, 1))
        high = (1 - left * (1 - found.x2 / width), 1 - top * (1 - found.y2 / height))
        name = cut(ledger, name, (*low, *high, sx, sy, pad_x, pad_y), enlarge=True)
    back = ledger.in_root(Region("x", red(ledger.get(name).image), name)).box
    assert all(abs(a - b) <= 1 for a, b in zip(back.as_tuple(), block.as_tuple(), strict=True))


def red(image: Image.Image) -> Box:
    """Where the red is."""
    mask = image.getchannel("G").point(lambda v: 255 * (v < 128))
    box = mask.getbbox()
    assert box is not None
    return Box(*box)


# --- threads ---------------------------------------------------------------------------------------------------------


def test_threads_share_a_ledger() -> None:
    ledger = Ledger([plain()])

    def work(i: int) -> None:
        ledger.add(plain((i + 1, 2)))
        ledger.derive("img1", plain((i + 1, 3)), Transform())
        ledger.record(Region(f"p{i}", Box(0, 0, 1, 1), "img1"))
        ledger.get("img1.crop1")
        ledger.pictures(), ledger.regions()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(100)))
    names = [p.name for p in ledger.pictures()]
    assert len(names) == len(set(names)) == 201
    assert {f"img{i}" for i in range(1, 102)} | {f"img1.crop{i}" for i in range(1, 101)} == set(names)
    assert {r.id for r in ledger.regions()} == {f"r{i}" for i in range(1, 101)}


def test_threads_share_the_store() -> None:
    before = held_now()
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda i: keep(plain((91, 1 + i % 3))), range(60)))
    assert len({id(pixels) for pixels in kept}) == 3
    assert held() == before + 3
    del kept
    assert held_now() == before
