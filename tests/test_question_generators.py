"""The generators of tiny text and of changed pairs give what they claim, the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from questions.changed_pairs import SEEDS, changed_pair, pairs, tally
from questions.large_text import large_text, read_labels


def test_large_text_is_deterministic_and_inside():
    image, labels = large_text(seed=3, size=(1500, 1000), labels=12)
    again, same = large_text(seed=3, size=(1500, 1000), labels=12)
    assert labels == same
    assert image.tobytes() == again.tobytes()
    assert len({label.text for label in labels}) == 12
    for label in labels:
        x1, y1, x2, y2 = label.box
        assert 0 <= x1 < x2 <= 1500
        assert 0 <= y1 < y2 <= 1000
        assert y2 - y1 <= 14
        ink = np.asarray(image.convert("L").crop((int(x1), int(y1), int(x2), int(y2))))
        assert ink.min() < 120 < ink.max()


def test_a_label_counts_as_read_only_in_its_place():
    _, labels = large_text(seed=3, size=(1500, 1000), labels=4)
    lines = [(label.text.replace(" ", ""), label.box) for label in labels]
    assert read_labels(labels, lines) == labels
    assert read_labels(labels, [(lines[0][0], labels[1].box), (lines[2][0].lower(), labels[2].box)]) == []


def test_halves_have_no_seed_in_common():
    assert not set(SEEDS["tune"]) & set(SEEDS["report"])


@pytest.mark.parametrize("seed", list(SEEDS["tune"])[:12])
def test_changes_are_where_the_boxes_say(seed):
    pair = changed_pair(seed)
    assert pair.a.shape == pair.b.shape
    assert 3 <= len(pair.boxes_a) == len(pair.boxes_b) <= 5
    h, w = pair.a.shape[:2]
    for boxes in (pair.boxes_a, pair.boxes_b):
        assert all(0 <= x1 < x2 <= w and 0 <= y1 < y2 <= h for x1, y1, x2, y2 in boxes)


def test_pairs_come_in_order():
    assert [p.name.rsplit("-", 1)[1] for p in pairs("report", 2)] == ["1000", "1001"]


def test_pairs_are_deterministic():
    one, two = changed_pair(5), changed_pair(5)
    assert np.array_equal(one.b, two.b)
    assert one.boxes_b == two.boxes_b


def test_tally():
    true = [(10, 10, 30, 30), (100, 100, 120, 120)]
    assert tally(true, [(9, 9, 31, 31), (300, 300, 320, 320)]) == (1, 1)
    assert tally(true, [(0, 0, 400, 400)]) == (0, 1)
    assert tally(true, [(8, 8, 33, 33), (12, 12, 20, 20), (101, 101, 119, 119)]) == (2, 0)
    assert tally(true, []) == (0, 0)
