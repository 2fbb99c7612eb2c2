"""Tables drawn with rules, cards, panels, spread labels: pictures drawn here, read as a whole."""

from __future__ import annotations

import pytest
from drawn import Sheet
from PIL import ImageDraw

from visual_agent.geometry import Box
from visual_agent_tools.labels import tidy
from visual_agent_tools.layout import Layout, Table, arrange
from visual_agent_tools.lines import Line
from visual_agent_tools.reading import read_layout, read_lines
from visual_agent_tools.scanning import _believe


def cells(table: Table) -> list[list[str]]:
    return [[cell.text if cell else "" for cell in row] for row in table.rows]


def line(text: str, box: tuple[float, float, float, float], score: float = 0.99) -> Line:
    x1, y1, x2, y2 = box
    centers = tuple((i + 0.5) / len(text) for i in range(len(text)))
    return Line(text, ((x1, y1), (x2, y1), (x2, y2), (x1, y2)), score, centers)


def dashed(draw: ImageDraw.ImageDraw, start: tuple[int, int], end: tuple[int, int]) -> None:
    (x1, y1), (x2, y2) = start, end
    for at in range(0, max(x2 - x1, y2 - y1), 10):
        if y1 == y2:
            draw.line((x1 + at, y1, x1 + at + 6, y1), fill="black", width=2)
        else:
            draw.line((x1, y1 + at, x1, y1 + at + 6), fill="black", width=2)


@pytest.mark.parametrize("style", ["solid", "dashed", "level rules only", "turned"])
def test_cells_of_two_lines_stay_in_their_ruled_row(style: str) -> None:
    sheet = Sheet.blank(640, 300, "#f8f8f4")
    draw = ImageDraw.Draw(sheet.image)
    xs, ys = (20, 160, 460, 620), (20, 70, 140, 210, 280)
    for y in ys:
        if style == "dashed":
            dashed(draw, (20, y), (620, y))
        else:
            draw.line((20, y, 620, y), fill="#555555", width=1)
    for x in xs if style != "level rules only" else ():
        if style == "dashed":
            dashed(draw, (x, 20), (x, 280))
        else:
            draw.line((x, 20, x, 280), fill="#555555", width=1)
    rows = [
        ["Job", "What we do", "Price"],
        ["Copies", "white paper", "0.20"],
        ["Cards", "thick paper", "35"],
        ["Bound", "200 pages", "12"],
    ]
    more = ["", "from 100 sheets 0.10", "ready in two days", "each further page 3"]
    for y, row, second in zip(ys, rows, more, strict=False):
        sheet.write(30, y + 24 if second else y + 14, row[0])
        sheet.write(170, y + 12, row[1])
        if second:
            sheet.write(170, y + 38, second)
        sheet.write(470, y + 24 if second else y + 14, row[2])
    image = sheet.image.rotate(3, expand=True, fillcolor="#f8f8f4") if style == "turned" else sheet.image
    (table,) = read_layout(image).tables
    wanted = [[a, f"{b} {second}".strip(), c] for (a, b, c), second in zip(rows, more, strict=True)]
    assert cells(table) == wanted


def test_two_header_rows_are_joined_and_spanning_cells_repeated() -> None:
    sheet = Sheet.blank(560, 260)
    draw = ImageDraw.Draw(sheet.image)
    draw.rectangle((20, 20, 540, 220), outline="black")
    for x1, y1, x2, y2 in (
        (20, 100, 540, 100), (140, 60, 540, 60), (20, 140, 540, 140), (140, 180, 540, 180),
        (140, 20, 140, 220), (340, 20, 340, 220), (240, 60, 240, 220), (440, 60, 440, 220),
    ):  # fmt: skip
        draw.line((x1, y1, x2, y2), fill="black")
    for x, y, text in (
        (30, 50, "Region"), (210, 30, "2023"), (410, 30, "2024"), (150, 70, "H1"), (250, 70, "H2"), (350, 70, "H1"),
        (450, 70, "H2"), (30, 110, "North"), (150, 110, "412"), (250, 110, "455"), (350, 110, "470"), (450, 110, "498"),
        (30, 170, "Coast"), (150, 150, "388"), (250, 150, "361"), (350, 150, "402"), (450, 150, "447"),
        (150, 190, "12"), (250, 190, "14"), (350, 190, "15"), (450, 190, "19"),
    ):  # fmt: skip
        sheet.write(x, y, text)
    (table,) = read_layout(sheet.image).tables
    assert cells(table) == [
        ["Region", "2023 H1", "2023 H2", "2024 H1", "2024 H2"],
        ["North", "412", "455", "470", "498"],
        ["Coast", "388", "361", "402", "447"],
        ["Coast", "12", "14", "15", "19"],
    ]


def test_cards_are_read_one_by_one_and_are_no_table() -> None:
    sheet = Sheet.blank(560, 300, "#806040")
    draw = ImageDraw.Draw(sheet.image)
    names = ["Basmati rice", "Red lentils", "Chickpeas", "Couscous"]
    prices = ["$3.49", "$2.15", "$1.29", "$4.05"]
    for i, (name, price) in enumerate(zip(names, prices, strict=True)):
        x, y = 30 + 260 * (i % 2), 30 + 130 * (i // 2)
        draw.rectangle((x, y, x + 230, y + 100), fill="#f0e8c0", outline="black")
        sheet.write(x + 12, y + 12, name, 20)
        sheet.write(x + 12, y + 50, price, 30)
    layout = read_layout(sheet.image)
    assert layout.tables == ()
    assert [item.text for item in layout.lines] == [text for pair in zip(names, prices, strict=True) for text in pair]


def test_a_coloured_panel_is_read_apart() -> None:
    sheet = Sheet.blank(640, 300)
    ImageDraw.Draw(sheet.image).rectangle((0, 0, 200, 300), fill="#203050")
    side = ["Contact", "159 2603", "Languages", "English", "French"]
    main = ["Work", "Data analyst", "Northwind 2019", "School", "Leeds 2015"]
    for i, (a, b) in enumerate(zip(side, main, strict=True)):
        sheet.write(20, 20 + 50 * i, a, color="white")
        sheet.write(240, 24 + 50 * i, b)
    layout = read_layout(sheet.image)
    assert layout.tables == ()
    assert [item.text for item in layout.lines] == side + main


def test_faint_noise_and_photos_make_no_cells() -> None:
    import numpy as np
    from PIL import Image

    from visual_agent_tools.rulings import find_groups

    noise = np.random.default_rng(1).normal(200, 12, (300, 400)).clip(0, 255).astype(np.uint8)
    boxes = [Box(40, 40 + 40 * i, 160, 60 + 40 * i) for i in range(5)]
    (whole,) = find_groups(Image.fromarray(noise).convert("RGB"), boxes, 0.0)
    assert len(whole.areas) == 1
    assert find_groups(Image.fromarray(noise).convert("RGB"), [], 0.0) == []


def test_labels_spread_over_their_column_are_one() -> None:
    lines = [line("出租公司", (40, 10, 120, 30)), line("蓝天", (150, 10, 190, 30))]
    for i, (a, b, value) in enumerate([("车", "号", "A72"), ("单", "价", "1.90元")]):
        y = 50 + 40 * i
        lines += [line(a, (40, y, 60, y + 20)), line(b, (100, y, 120, y + 20)), line(value, (150, y, 210, y + 20))]
    layout = arrange(tidy(lines))
    assert cells(layout.tables[0]) == [["出租公司", "蓝天"], ["车号", "A72"], ["单价", "1.90元"]]
    week = [line(day, (60 * i, 10, 60 * i + 20, 30)) for i, day in enumerate("一二三四五六日")]
    assert tidy(week) == week


def test_first_characters_read_as_one_upright_line_go_back_to_their_rows() -> None:
    upright = Line("车证日", ((60, 10), (60, 130), (40, 130), (40, 10)), 0.99, (1 / 6, 0.5, 5 / 6))
    rest = [line(char, (80, 20 + 40 * i, 100, 40 + 40 * i)) for i, char in enumerate("号号期")]
    assert sorted(item.text for item in tidy([upright, *rest])) == ["日期", "证号", "车号"]
    assert tidy([upright]) == [upright]


@pytest.mark.parametrize(
    ("read", "right"),
    [
        ("3 0ct", "3 Oct"), ("0CTOBER 2025", "OCTOBER 2025"), ("Ju1y", "July"), ("5ep 4", "Sep 4"),
        ("2o25-03", "2025-03"), ("May 202 5", "May 2025"),
        ("LH-7Q2", "LH-7Q2"), ("A0O1", "A0O1"), ("1O1", "1O1"), ("M0N", "M0N"), ("10.5O", "10.5O"), ("0cta", "0cta"),
    ],
)  # fmt: skip
def test_only_certain_slips_are_corrected(read: str, right: str) -> None:
    (tidied,) = tidy([line(read, (0, 0, 100, 20))])
    assert tidied.text == right
    assert len(tidied.centers) == len(right)


def test_symbols_and_shapes_are_no_letters() -> None:
    names = [line(f"Station {i}", (100 * i, 0, 100 * i + 80, 20)) for i in range(5)]
    stops = [line("O", (100 * i, 40, 100 * i + 34, 74), 0.98) for i in range(5)]
    grades = [line("A", (100 * i, 90, 100 * i + 12, 110), 0.9) for i in range(5)]
    assert _believe([*names, *stops, *grades], 600 * 200) == [*names, *grades]
    assert _believe([line("m", (0, 0, 300, 200), 0.96)], 600 * 400) == []
    assert len(_believe([line("P", (0, 0, 300, 200), 0.999)], 600 * 400)) == 1


def test_upright_columns_are_read_from_the_right() -> None:
    sheet = Sheet.blank(420, 300)
    for i, column in enumerate(["空山新雨后", "天气晚来秋", "明月松间照"]):
        for j, char in enumerate(column):
            sheet.write(340 - 70 * i, 20 + 34 * j, char, 30)
    assert [item.text for item in read_lines(sheet.image)] == ["空山新雨后", "天气晚来秋", "明月松间照"]
    layout: Layout = read_layout(sheet.image)
    assert layout.tables == ()
