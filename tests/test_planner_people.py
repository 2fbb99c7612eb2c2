"""Who and where: names beside the words of their role, and senders in chats."""

from __future__ import annotations

import pytest

from visual_agent.engines.planner.names import names_in, places_in
from visual_agent.engines.planner.observed import read
from visual_agent.engines.planner.pages import build
from visual_agent.engines.planner.people import holder
from visual_agent.engines.planner.questions import analyse

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


def _answer(question: str, lines: tuple[str, ...]) -> str:
    rows = [f"[r{n}] (40,{40 + 24 * n},{60 + 9 * len(t)},{60 + 24 * n}) 0.99 {t}" for n, t in enumerate(lines, 1)]
    text = f"img1 is 1000x800 pixels: {len(rows)} lines of text.\n<<<\n" + "\n".join(rows) + "\n>>>"
    found = holder(analyse(question), [build("img1", [read(text)])])
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
