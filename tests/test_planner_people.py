"""Who, where and which: names beside the words of their role, people of rotas, senders in chats, things of a sort."""

from __future__ import annotations

import pytest

from visual_agent.engines.planner.asked.names import names_in, places_in, short_name
from visual_agent.engines.planner.asked.questions import analyse
from visual_agent.engines.planner.fields.categories import only_one
from visual_agent.engines.planner.fields.flagged import told_apart
from visual_agent.engines.planner.fields.people import holder
from visual_agent.engines.planner.page.observed import read
from visual_agent.engines.planner.page.pages import Page, build

_LETTER = (
    "The boiler was looked at on Friday. It was checked 08:15 by K. Osei and signed off by Carys Beddoe.",
    "Questions about the work go to our secretary, Bernadette Foss, in the old boathouse.",
    "Driver R. Huisman",
    "如有疑问请联系人事部翟敏,内线8106。逾期未领的,将移交槐树岭派出所处理。",
)
_CHAT = (
    "Weekend trip",
    "Nadia",
    "I can drive, my car takes three",
    "18:02",
    "Bex",
    "sorry, not coming this time",
    "18:05",
)


def _page(*lines: str) -> Page:
    """A page of lines; an empty one is a gap."""
    rows = [f"[r{n}] (40,{40 + 24 * n},{60 + 9 * len(t)},{60 + 24 * n}) 0.99 {t}" for n, t in enumerate(lines, 1) if t]
    text = f"img1 is 1000x800 pixels: {len(rows)} lines of text.\n<<<\n" + "\n".join(rows) + "\n>>>"
    return build("img1", [read(text)])


def _answer(question: str, lines: tuple[str, ...]) -> str:
    found = holder(analyse(question), [_page(*lines)])
    return found.text if found is not None else ""


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who measured it?", "K. Osei"),
        ("Who approved the work?", "Carys Beddoe"),
        ("Who drove the lorry?", "R. Huisman"),
        ("有问题找谁？", "翟敏"),
    ],
)
def test_a_role_names_its_holder(question: str, expected: str) -> None:
    assert expected in _answer(question, _LETTER)


@pytest.mark.parametrize("question", ["Who composed the music?", "Who drove Pemberton?", "谁画的？"])
def test_a_role_that_nobody_has_is_not_found(question: str) -> None:
    assert _answer(question, _LETTER) == ""


def test_the_sender_of_a_message_is_who_does_it() -> None:
    assert "Nadia" in _answer("Who is driving?", _CHAT)
    assert "Bex" in _answer("Who isn't coming?", _CHAT) or "Bex" in _answer("Who can't come?", _CHAT)


def test_names_and_places_are_cut_out_of_sentences() -> None:
    assert [n for n, _, _ in names_in("Seen by: Tomasz Wilk MRCVS")] == ["Tomasz Wilk"]
    assert "龚阿姨" in [n for n, _, _ in names_in("保洁员龚阿姨在三楼拾到双肩包。")]
    assert "槐树岭派出所" in [p for p, _, _ in places_in("将移交槐树岭派出所处理。")]


_ROTA = (
    ("Day", "Desk 9.00", "Desk 14.00", "Lifeboat shed"),
    ("Mon", "Orla", "Petros", "Ines"),
    ("Tue", "Petros", "Ines", "Orla"),
    ("Wed", "Ines", "Orla", "Petros"),
    ("Thu", "Orla", "Petros", "Ines"),
)


def _in_table(question: str, rows: tuple[tuple[str, ...], ...]) -> str:
    width = len(rows[0])
    cells = [
        "| " + " | ".join(f"[r{1 + width * y + x}] {t}" for x, t in enumerate(row)) + " |" for y, row in enumerate(rows)
    ]
    table = f"Table 1 (40,40,640,240): {len(rows)} rows, {width} columns\n" + "\n".join(cells)
    page = read(f"img1 is 1000x800 pixels: 0 lines of text.\n<<<\n{table}\n>>>")
    found = holder(analyse(question), [build("img1", [page])])
    return found.text if found is not None else ""


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who is at the desk on Tuesday afternoon?", "Ines"),
        ("Who's on the desk Wednesday after lunch?", "Orla"),
        ("Who does the desk on Monday morning?", "Orla"),
        ("Who has the lifeboat shed on Thursday?", "Ines"),
        ("Who is on the ferry on Monday?", ""),
        ("Who is at the desk on Saturday morning?", ""),
    ],
)
def test_the_row_and_the_column_of_a_rota_name_the_person(question: str, expected: str) -> None:
    assert (expected in _in_table(question, _ROTA)) if expected else _in_table(question, _ROTA) == ""


_TIMED_CHAT = (
    "老魏 9:02",
    "这周在南门集合,大家别忘了。",
    "唐姐 9:05",
    "我要先送孩子,晚到二十分钟。",
    "小米 9:11",
    "车费每人18元,现金给我就行。",
)


@pytest.mark.parametrize(
    ("question", "expected"), [("车费交给谁？", "小米"), ("谁送孩子？", "唐姐"), ("谁会弹琴？", "")]
)
def test_the_time_may_stand_beside_the_name_of_a_sender(question: str, expected: str) -> None:
    assert (expected in _answer(question, _TIMED_CHAT)) if expected else _answer(question, _TIMED_CHAT) == ""


_MINUTES = (
    "In the chair: Morwenna Tull. Present: 12 members.",
    "Apologies: Ivo Marsh, Greta Linn.",
    "1. Gutters. The gutter over the porch leaks. Dermot Shaw will repair it by May.",
    "2. Key holder: Agnes on weekdays, Piotr on Saturday",
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who couldn't come?", "Ivo Marsh, Greta Linn"),
        ("Who was absent?", "Ivo Marsh, Greta Linn"),
        ("Who will see to the gutter?", "Dermot Shaw"),
        ("Who was in the chair?", "Morwenna Tull"),
        ("Who will paint the fence?", ""),
    ],
)
def test_minutes_name_who_is_away_and_who_does_it(question: str, expected: str) -> None:
    assert (expected in _answer(question, _MINUTES)) if expected else _answer(question, _MINUTES) == ""


def test_the_next_label_is_no_part_of_a_name() -> None:
    assert short_name("P. Adeyemi Time: 07:52") == "P. Adeyemi"
    assert short_name("Morwenna Tull. Present: 12 members") == "Morwenna Tull"
    assert short_name("Cllr J. B.") == "Cllr J. B."


_CARDS = (
    "Beech desk",
    "120 cm wide, oiled",
    "Delivered on Friday",
    "",
    "Ash stool",
    "45 cm high, painted",
    "Out of stock",
    "",
    "Elm shelf",
    "80 cm wide, waxed",
    "Delivered on Tuesday",
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which one is painted?", "Ash stool"),
        ("Which one is delivered on Tuesday?", "Elm shelf"),
        ("Which one is lacquered in 1950?", None),
    ],
)
def test_a_card_is_told_apart_by_what_it_says(question: str, expected: str | None) -> None:
    found = told_apart(analyse(question), [_page(*_CARDS)])
    assert (found is not None and expected in found.text) if expected else found is None


@pytest.mark.parametrize(
    ("question", "lines", "expected"),
    [
        ("Which room has the cold radiator?", ("Room 9 radiator still cold.", "Bulbs ordered."), "Room 9"),
        ("Which family gave it?", ("Given by the Tolland family, 1974", "Oak, brass"), "Tolland family"),
        ("Which bus replaces the tram?", ("Take replacement bus 92X from the square.",), "bus 92X"),
        ("洗鞋用哪台机器？", ("洗鞋只能用7号机", "洗完请取走衣物"), "7号机"),
        ("这周读哪本书？", ("这周读《边城》,先看到第八章。",), "边城"),
        ("下周读哪本书？", ("这周读《边城》,先看到第八章。",), None),
        ("Which room is the library in?", ("Room 9 radiator still cold.", "Bulbs ordered."), None),
    ],
)
def test_the_only_thing_of_its_sort(question: str, lines: tuple[str, ...], expected: str | None) -> None:
    found = only_one(analyse(question), [_page(*lines)])
    assert (found is not None and expected in found.text) if expected else found is None
