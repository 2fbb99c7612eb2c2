"""The most and the least, what only looks like a ranking, and which of two pages."""

from __future__ import annotations

import pytest
from planner_documents import read_text

from visual_agent.engines.planner.observed import read
from visual_agent.engines.planner.pages import Page, build
from visual_agent.engines.planner.plotted import periods
from visual_agent.engines.planner.questions import analyse
from visual_agent.engines.planner.scales import key_of
from visual_agent.engines.planner.solve import solve


@pytest.mark.parametrize(
    "question",
    [
        "How long does the battery last?",
        "Who leads the pottery class?",
        "Which door won't shut?",
        "What does a dozen or more cost?",
        "How much did they raise last year?",
        "一条船最多坐几个人？",
    ],
)
def test_what_only_looks_like_a_ranking(question: str) -> None:
    assert analyse(question).kind != "extreme"


@pytest.mark.parametrize("question", ["Who leads the race?", "Which pool is deepest?", "哪个湖最深？", "Who won?"])
def test_rankings(question: str) -> None:
    assert analyse(question).kind == "extreme"


def test_scales_are_put_in_order() -> None:
    for scale in (("C", "B-", "B", "A", "A*"), ("easy", "moderate", "hard"), ("低", "中", "高"), ("S", "M", "XL")):
        keys = [key_of(word, "scale") for word in scale]
        assert None not in keys
        assert keys == sorted(keys, key=lambda k: k or 0.0)
    assert key_of("purple", "scale") is None
    assert key_of("free") == 0.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jan-mar", {"m1", "m2", "m3"}),
        ("from october to december", {"m10", "m11", "m12"}),
        ("3到5月", {"m3", "m4", "m5"}),
        ("十一月", {"m11"}),
        ("the second quarter of 2023", {"m4", "m5", "m6", "y2023"}),
        ("周末", {"d5", "d6"}),
    ],
)
def test_times_that_a_chart_names(text: str, expected: set[str]) -> None:
    assert periods(text) == expected


def _pages() -> list[Page]:
    rows = [
        [(40, 20, 26, "Harbour Kennels"), (40, 90, 18, "Small dog"), (300, 90, 18, "£18.00")],
        [(40, 20, 26, "Meadow Kennels"), (40, 90, 18, "Small dog"), (300, 90, 18, "£16.50")],
    ]
    rows[0] += [(40, 130, 18, "Collection by van"), (300, 130, 18, "6 miles")]
    rows[1] += [(40, 130, 18, "Cats welcome"), (300, 130, 18, "all year")]
    texts = [read_text(f"img{n}", lines, [], (500, 300), 10 * n) for n, lines in enumerate(rows, 1)]
    return [build(f"img{n}", [read(text)]) for n, text in enumerate(texts, 1)]


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("Which kennels is cheaper for a small dog?", "second"),
        ("Which place takes cats?", "second"),
        ("Which kennel is dearer for a small dog?", "first"),
    ],
)
def test_which_of_two_pages(question: str, place: str) -> None:
    found = solve(analyse(question, 2), _pages())
    assert found is not None
    assert place in found.text
