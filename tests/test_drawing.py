"""Drawn boxes and labels: inside the picture, readable, no missing glyphs in common text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from visual_agent import drawing
from visual_agent.answers import Answer, Claim, Evidence
from visual_agent.errors import BoxError, ImageNotFound, UserError
from visual_agent.geometry import Box
from visual_agent.images import Ledger
from visual_agent.markup import escape
from visual_agent.trace import Trace


def changed(before: Image.Image, after: Image.Image) -> np.ndarray:
    return np.any(np.asarray(before) != np.asarray(after), axis=-1)


def test_the_given_picture_stays_as_it_is() -> None:
    image = Image.new("RGB", (300, 200), "gray")
    drawing.draw(image, [(Box(10, 10, 50, 50), "x")])
    assert image.getcolors() == [(300 * 200, (128, 128, 128))]


def test_lines_go_around_the_box_and_not_over_it() -> None:
    image = Image.new("RGB", (300, 200), "gray")
    marked = changed(image, drawing.draw(image, [(Box(100, 80, 150, 120), "")]))
    assert not marked[80:120, 100:150].any()
    assert marked[79, 100:150].all()
    assert marked[80:120, 99].all()
    assert marked[80:120, 150].all()
    assert marked[120, 100:150].all()


def test_a_box_at_the_edge_is_drawn_inside() -> None:
    image = Image.new("RGB", (300, 200), "gray")
    marked = changed(image, drawing.draw(image, [(Box(-50, -50, 400, 400), "")]))
    assert marked[0].all()
    assert marked[-1].all()
    assert marked[:, 0].all()
    assert marked[:, -1].all()


def test_a_box_outside_is_an_error() -> None:
    with pytest.raises(BoxError, match="outside"):
        drawing.draw(Image.new("RGB", (30, 20)), [(Box(40, 0, 50, 10), "x")])


COMMON = (
    "The quick brown fox 0123456789 !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~ éèüßñçøÅ Œ Ωπ Жя €£¥™°±×÷≤≥→ ①"
    "收据总计：￥12.30（含税）【合计】《发票》、。，！？「」"
    "總計發票電話號碼臺灣"
    "カタカナ ひらがな"
)


def test_common_text_has_glyphs() -> None:
    assert drawing.missing_glyphs(COMMON) == ""
    assert drawing.printable(COMMON) == " ".join(COMMON.split())


def test_missing_glyphs_are_told_and_never_tofu() -> None:
    assert drawing.missing_glyphs("한글 ok 🙂한") == "한글🙂"
    assert drawing.printable("한 ok 🙂") == "? ok ?"
    assert drawing.printable("ﬁne ạ") == "fine a" or drawing.missing_glyphs("ạ") == ""


def test_labels_show_text_without_guards_and_on_one_line() -> None:
    assert drawing.printable(escape("<box>") + "\n x") == "<box> x"


@pytest.mark.parametrize("size", [(1, 1), (8, 5), (60, 40), (40, 900), (900, 40), (4000, 3000)])
@pytest.mark.parametrize("label", ["cat", "收据总计 a very long label that cannot possibly fit " * 5])
def test_any_size_of_picture(size: tuple[int, int], label: str) -> None:
    image = Image.new("RGB", size, "gray")
    result = drawing.draw(image, [(Box(0, 0, *size), label), (Box(0, 0, 1, 1), label)], numbered=True)
    assert result.size == size
    assert changed(image, result).any()


def test_letters_grow_with_the_picture() -> None:
    def label_height(size: tuple[int, int]) -> int:
        image = Image.new("RGB", size, "black")
        box = Box(size[0] // 2, size[1] // 2, size[0] // 2 + 1, size[1] // 2 + 1)
        marked = changed(image, drawing.draw(image, [(box, "total")]))
        return int(np.flatnonzero(marked.any(axis=1)).size)

    assert label_height((4000, 3000)) > 3 * label_height((400, 300))


def test_labels_of_neighbours_do_not_cover_each_other() -> None:
    boxes = [Box(20, 20 + 28 * i, 300, 40 + 28 * i) for i in range(18)]
    spots: list[Box] = []
    ground = Image.new("L", (800, 600), "white")
    for box in boxes:
        spots.append(drawing._best_spot(ground, box, (120, 20), 5, spots, boxes))
    assert sum(a.intersection(b) for i, a in enumerate(spots) for b in spots[:i]) == 0
    assert all(s.x1 >= 0 and s.x2 <= 800 and s.y1 >= 0 and s.y2 <= 600 for s in spots)


corner = st.tuples(st.floats(0, 199), st.floats(0, 149), st.floats(1, 100), st.floats(1, 100))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(corner, st.text(max_size=30)), max_size=6), st.booleans())
def test_anything_inside_can_be_drawn(items: list, numbered: bool) -> None:
    image = Image.new("RGB", (200, 150), "white")
    boxes = [(Box(x, y, x + w, y + h), text) for (x, y, w, h), text in items]
    assert drawing.draw(image, boxes, numbered=numbered).size == (200, 150)


def test_a_label_leaves_the_writing_around_its_box_free() -> None:
    image = Image.new("RGB", (600, 300), "white")
    writing = [Box(300, 100, 400, 120), Box(300, 160, 400, 180)]  # above and below
    for place in writing:
        image.paste("black", tuple(map(int, place.as_tuple())))
    marked = changed(image, drawing.draw(image, [(Box(300, 130, 400, 150), "12.30")]))
    for place in writing:
        x1, y1, x2, y2 = place.rounded()
        assert not marked[y1:y2, x1:x2].any()
    assert marked.sum() > 500


def test_an_answer_is_drawn_on_the_picture_it_was_found_in() -> None:
    ledger = Ledger([Image.new("RGB", (300, 200), "gray"), Image.new("RGB", (300, 200), "white")])
    trace = Trace("What?", "scripted", "2026-01-01T00:00:00Z")
    trace.add_pictures(ledger)
    proof = Evidence("img2", Box(100, 80, 150, 120), "", "ocr", "call_1")
    answer = Answer("This.", True, (Claim("This.", (proof,)),), trace)
    assert not changed(ledger.get("img1").image, drawing.draw_answer(answer)).any()
    expected = drawing.draw(ledger.get("img2").image, [(proof.box, "")])
    assert not changed(expected, drawing.draw_answer(answer, "img2")).any()
    with pytest.raises(ImageNotFound):
        drawing.draw_answer(answer, "img3")
    with pytest.raises(UserError, match="trace"):
        drawing.draw_answer(Answer("This.", True))
