"""The most and the least, what only looks like a ranking, and which of two pages."""

from __future__ import annotations

import pytest
from planner_documents import read_text

from visual_agent.engines.planner.asked.questions import analyse
from visual_agent.engines.planner.choices.plotted import periods
from visual_agent.engines.planner.page.observed import read
from visual_agent.engines.planner.page.pages import Page, build
from visual_agent.engines.planner.solve import solve
from visual_agent.engines.planner.text.scales import key_of


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


RACE = [
    ["Place", "Runner", "5 km", "Finish"],
    ["1", "Ada Bo", "17:58", "38:02"],
    ["2", "Cy Dee", "17:41", "38:40"],
    ["3", "Eve Fox", "18:30", "40:11"],
    ["DNF", "Gil Hay", "19:02", ""],
]
HEATS = [["Swimmer", "Time"], ["Una", "59.20"], ["Vic", "1:00.45"], ["Wes", "58.75"], ["Xia", "1:02.10"]]
JOBS = [["Task", "Takes"], ["Sanding", "45 min"], ["Painting", "2 h"], ["Drying", "1 day"], ["Sweeping", "20 min"]]
WALKS = [["路线", "用时"], ["湖边", "1小时10分"], ["山顶", "1小时45分"], ["老街", "50分钟"]]


@pytest.mark.parametrize(
    ("rows", "question", "expected"),
    [
        (RACE, "Who won?", "Ada Bo"),
        (HEATS, "Who was the fastest?", "Wes"),
        (HEATS, "Who was the slowest?", "Xia"),
        (JOBS, "Which task takes longest?", "Drying"),
        (JOBS, "Which task takes the least time?", "Sweeping"),
        (WALKS, "哪条路线用时最长？", "山顶"),
        (WALKS, "哪条路线用时最短？", "老街"),
    ],
)
def test_times_in_several_units_are_put_in_order(rows: list[list[str]], question: str, expected: str) -> None:
    page = build("img1", [read(read_text("img1", [], [((40, 40, 600, 40 + 40 * len(rows)), rows)]))])
    found = solve(analyse(question), [page])
    assert found is not None
    assert found.text.startswith(expected)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1:01.24", 61.24),
        ("2:04:31", 7471),
        ("1 h 20 min", 4800),
        ("45分钟", 2700),
        ("3 days", 259200),
        ("2.5 km", None),
    ],
)
def test_times_that_something_took(text: str, seconds: float | None) -> None:
    assert key_of(text, "lasts") == seconds
