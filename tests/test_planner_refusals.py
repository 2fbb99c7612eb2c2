"""What a page does not hold: things that it does not name, values of another kind than the one asked for."""

from __future__ import annotations

import pytest

from visual_agent.engines.planner.grounded import other_size, ungrounded
from visual_agent.engines.planner.observed import read
from visual_agent.engines.planner.pages import build
from visual_agent.engines.planner.plausible import plausible
from visual_agent.engines.planner.questions import analyse


def page(*lines):
    head = f"img1 is 600x800 pixels: {len(lines)} lines of text.\n<<<\n"
    rows = [f"[r{n}] (20,{40 * n},400,{40 * n + 24}) 0.99 {text}" for n, text in enumerate(lines, 1)]
    return build("img1", [read(head + "\n".join(rows) + "\n>>>")])


SAILING = page("Dinghy club", "Thursday  Knots with Ingrid", "Lesson £12, wetsuit included", "Meet at the slipway")
POOL = page("碧波泳馆", "水温 27℃", "成人票 30元", "更衣室 一楼")


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("Who runs the harp workshop?", SAILING),
        ("What is the price in winter?", SAILING),
        ("Who is the treasurer of the club?", SAILING),
        ("How much is a framed certificate?", SAILING),
        ("Which helmet do I wear for the lesson?", SAILING),
        ("泳镜多少钱？", POOL),
        ("救生员是谁？", POOL),
    ],
)
def test_a_thing_that_stands_nowhere_is_missed(question, shown):
    assert ungrounded(analyse(question), [shown])


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("Who teaches the knots?", SAILING),
        ("What does the lesson cost?", SAILING),
        ("On which day do the people at the club meet?", SAILING),
        ("When did the lesson start?", SAILING),
        ("成人票多少钱？", POOL),
        ("水温是多少？", POOL),
        ("更衣室在几楼？", POOL),
    ],
)
def test_things_that_stand_there_and_verbs_are_not_missed(question, shown):
    assert not ungrounded(analyse(question), [shown])


def test_other_sizes_of_a_thing():
    shown = page("Cabin, three-berth: £80", "Deck plan: £14")
    assert other_size(analyse("How much is a two-berth cabin?"), [shown])
    assert other_size(analyse("What does half a plan cost?"), [shown])
    assert not other_size(analyse("How much is a three-berth cabin?"), [shown])


@pytest.mark.parametrize(
    ("question", "text", "label"),
    [
        ("Who mends the nets?", "Harbour Lane", ""),
        ("Who is our coach?", "Bring a towel!", ""),
        ("Who signed the form?", "row 7", ""),
        ("When does the 9:40 reach Alderley?", "9:40", ""),
        ("Which cousin took it?", "no", ""),
        ("Which choir is Enid in?", "2,310", ""),
        ("What's the extra charge for a locker?", "a basket", ""),
        ("What are the opening hours of the kiosk?", "drop", ""),
        ("Which bus do I take to the fort?", "Sat 3 May", ""),
        ("On what date does the course end?", "3 May", "Course begins"),
        ("What is the vet's phone number?", "VK-30217-4", ""),
    ],
)
def test_what_cannot_be_the_answer(question, text, label):
    assert not plausible(analyse(question), text, label)


@pytest.mark.parametrize(
    ("question", "text", "label"),
    [
        ("Who mends the nets?", "Ivo Marsh", ""),
        ("Where does the choir meet?", "Harbour Lane", ""),
        ("Which platform is it?", "12", ""),
        ("What's the extra charge for a locker?", "free", ""),
        ("Which bus do I take to the fort?", "X4", ""),
        ("On what date does the course end?", "30 May", "Course ends"),
        ("What is the vet's phone number?", "01632 960 118", ""),
    ],
)
def test_what_can_be_the_answer(question, text, label):
    assert plausible(analyse(question), text, label)
