"""Pages of many cards of one form: the answer is the named card's own, never another's."""

from __future__ import annotations

import pytest
from planner_documents import read_text

from visual_agent.engines.planner.asked.conversation import Conversation, Step
from visual_agent.engines.planner.page.observed import read
from visual_agent.engines.planner.plans import next_move


def sheet(*cards, notes=()):
    """A page of cards, three to a row, with notes under them."""
    lines = []
    for n, card in enumerate(cards):
        x, y = 40 + 260 * (n % 3), 60 + 220 * (n // 3)
        lines += [(x, y + 26 * k, 18, text) for k, text in enumerate(card)]
    return read_text("img1", [*lines, *((47 + 20 * k, 900 + 40 * k, 18, text) for k, text in enumerate(notes))])


def answered(page, question):
    """The answer about a page that was read."""
    steps = (Step("", "read_text", {"image": "img1"}, read(page), page),)
    for _ in range(4):
        move = next_move(Conversation(question, ("img1",), ("read_text", "crop"), steps))
        if move.answer:
            return move.answer
        steps += (Step("", move.tool, move.arguments, read("img1: nothing."), "img1: nothing."),)
    return ""


BEDS = sheet(
    ("P1", "Mina Okafor", "climbing beans", "12 m · key 204"),
    ("P2", "Jon Sayer", "blue potatoes", "18 m · key 377"),
    ("P3", "Ruth Alder", "sweet corn", "9 m · key 415"),
    ("P4", "Carl Quist", "winter leeks", "24 m · key 118"),
    ("P5", "Zoe Farrow", "red onions", "15 m · key 592"),
    ("P6", "Nell Ivory", "golden beets", "21 m · key 640"),
)
KENNELS = sheet(
    ("K01号", "陈思远", "柯基犬", "体重11公斤"),
    ("K02号", "林雨晴", "暹罗猫", "体重4公斤"),
    ("K03号", "赵文博", "垂耳兔", "体重2公斤"),
    ("K04号", "孙可心", "边牧犬", "体重19公斤"),
)


@pytest.mark.parametrize(
    ("page", "question", "expected"),
    [
        (BEDS, "What's grown in bed P3?", "sweet corn"),
        (BEDS, "Who has plot P4?", "Carl Quist"),
        (BEDS, "Which bed does Zoe Farrow have?", "P5"),
        (BEDS, "How many metres is plot P2?", "18"),
        (BEDS, "What is the key number of plot P6?", "640"),
        (BEDS, "What does Jon Sayer grow?", "blue potatoes"),
        (BEDS, "P5是谁的？", "Zoe Farrow"),
        (KENNELS, "K03号的主人是谁？", "赵文博"),
        (KENNELS, "K04号多少公斤？", "19"),
    ],
)
def test_the_named_card_answers(page, question, expected):
    assert answered(page, question).startswith(expected)


@pytest.mark.parametrize(
    ("page", "question"),
    [
        (BEDS, "What's grown in bed P9?"),
        (BEDS, "What is the phone number of plot P2?"),
        (BEDS, "How many litres does plot P2 hold?"),
        (KENNELS, "K09号的主人是谁？"),
    ],
)
def test_no_other_card_answers(page, question):
    assert answered(page, question).startswith(("Not found", "未找到"))


RULES = read_text(
    "img1",
    [
        (40, 30, 24, "Pool rules"),
        (40, 80, 18, "1. Shower before you swim."),
        (40, 120, 18, "2. No glass and no food on the"),
        (40, 142, 18, "terrace."),
        (40, 180, 18, "3. Under 12s swim with an adult."),
    ],
)


@pytest.mark.parametrize("question", ["Write out rule 2 word for word.", "Copy out rule number 2 exactly."])
def test_a_numbered_paragraph_is_copied_whole(question):
    assert answered(RULES, question).startswith("2. No glass and no food on the terrace.")
