"""When, until when, on which day: times asked for in other words than the page's."""

from __future__ import annotations

import pytest
from planner_documents import read_text

from visual_agent.engines.planner.asked.conversation import Conversation, Step
from visual_agent.engines.planner.fields.timed import times_in
from visual_agent.engines.planner.page.observed import read
from visual_agent.engines.planner.plans import next_move
from visual_agent.engines.planner.text.folding import mended

TOOLS = ("read_text",)

HATCH = read_text(
    "img1",
    [(50, 40, 20, "Tool library")],
    [((50, 100, 600, 200), [["Monday - Thursday", "9:30-17:00"], ["Friday", "9:30-12:30"], ["Sunday", "13:00-15:30"]])],
)
DEPOT = read_text(
    "img1",
    [(50, 40, 20, "TIP AND DEPOT"), (50, 100, 20, "Open Mon-Wed 8.15–15.45, Sat 8.15–11.30"), (50, 160, 20, "No vans")],
)
LIBRARY_ZH = read_text(
    "img1", [(50, 40, 20, "镇文化站"), (50, 100, 20, "接待时间：周二至周四8:30—16:00，周六9:00—12:00。")]
)
LOAN = read_text(
    "img1",
    [
        (50, 40, 20, "Dear Mr Quill,"),
        (50, 100, 20, "The pressure washer which you hired on 4 June was due on 11 June."),
        (50, 160, 20, "Please bring it to the hatch before 2 July."),
    ],
)
CHOIR = read_text(
    "img1",
    [
        (50, 40, 20, "COMMITTEE - 8 March, vestry"),
        (50, 120, 20, "Tea is run by Bette."),
        (50, 200, 20, "Next meeting: 5 April"),
    ],
)
TRIP = read_text(
    "img1",
    [(50, 40, 20, "Lakes by coach")],
    [((50, 100, 600, 200), [["Deposit: £40 by 2 May", "Seats: 31"], ["Balance: by 9 June", "Insurance: £18"]])],
)
AGENCY = read_text(
    "img1",
    [(50, 40, 20, "海风旅行社 三亚五日")],
    [((50, 100, 600, 300), [["出发日", "每周四"], ["成人", "2190元"], ["酒店", "四星"], ["早餐", "4次"]])],
)
BRIDGE = read_text("img1", [(50, 40, 20, "关于云溪桥封闭检修的通告"), (50, 100, 20, "定于3月8日至3月21日封闭云溪桥。")])
WALK = read_text(
    "img1",
    [(50, 40, 20, "Walking week")],
    [
        (
            (50, 100, 600, 200),
            [["Day 1", "Arrive at Keld"], ["Day 2", "Tan Hill, lunch at 1 pm"], ["Day 3", "Swale gorge by boat"]],
        )
    ],
)
RULES = read_text(
    "img1", [(50, 40, 20, "Boat store"), (50, 100, 20, "Key deposit: £15"), (50, 160, 20, "Kiosk shuts at 5.45 pm")]
)
CARD = read_text(
    "img1", [(50, 40, 20, "Bridge for beginners"), (50, 75, 20, "2nd Tuesday, 7 pm"), (50, 110, 20, "Chapel hall")]
)


def ask(question: str, reading: str) -> str:
    arguments = {"image": "img1"}
    step = Step("", "read_text", arguments, read(reading), reading)
    return next_move(Conversation(question, ("img1",), TOOLS, (step,))).answer


@pytest.mark.parametrize(
    ("question", "reading", "answer"),
    [
        ("When do they shut on Fridays?", HATCH, "12:30"),
        ("What time does it close on a Sunday?", HATCH, "15:30"),
        ("When does it open on Sunday?", HATCH, "13:00"),
        ("When do they close on Saturdays?", DEPOT, "11.30"),
        ("What time does the depot open on Saturdays?", DEPOT, "8.15"),
        ("What time does it close on Saturdays?", LIBRARY_ZH, "12:00"),
        ("When should the washer have been returned?", LOAN, "11 June"),
        ("When was the machine due back?", LOAN, "11 June"),
        ("When do they meet again?", CHOIR, "5 April"),
        ("When must the rest of the money be in?", TRIP, "9 June"),
        ("第几天去峡谷（Swale gorge）？", WALK, "Day 3"),
        ("Which day do they go to Tan Hill?", WALK, "Day 2"),
        ("How big is the deposit for a key?", RULES, "£15"),
        ("Until when does the kiosk serve?", RULES, "5.45 pm"),
        ("Which day is the bridge group?", CARD, "2nd Tuesday"),
        ("每周哪天出发？", AGENCY, "周四"),
        ("封到哪一天？", BRIDGE, "3月21日"),
        ("从哪一天起封闭？", BRIDGE, "3月8日"),
    ],
)
def test_a_time_in_its_role(question: str, reading: str, answer: str) -> None:
    assert answer in ask(question, reading)


@pytest.mark.parametrize(
    ("question", "reading"),
    [
        ("When do they close on Wednesdays?", LIBRARY_ZH.replace("周二至周四", "周二和周四")),
        ("When must the visa fee be in?", TRIP),
    ],
)
def test_a_time_of_something_else_is_no_answer(question: str, reading: str) -> None:
    assert "Not found" in ask(question, reading)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("9.15 - 16.30", ["9.15", "16.30"]),
        ("£2.50-3.20", []),
        ("1st and 3rd Monday, 2 pm", ["1st and 3rd Monday", "2 pm"]),
        ("下周一补发", ["下周一"]),
        ("Sundays only", ["Sunday"]),
        ("每周五", ["周五"]),
        ("每两周一次", ["每两周一次"]),
        ("三亚五日", []),
        ("1590元", []),
        ("于6时至8时", ["6时", "8时"]),
    ],
)
def test_times_in_a_text(text: str, times: list[str]) -> None:
    assert [v.text for v in times_in(text)] == times


@pytest.mark.parametrize(
    ("misread", "text"),
    [
        ("7.4o am", "7.40 am"),
        ("closes 4.ı5 pm", "closes 4.15 pm"),
        ("I5 March", "15 March"),
        ("7 Ápril", "7 April"),
        ("£1O.5O", "£10.50"),
        ("O2 SO10 3l café I am", "O2 SO10 3l café I am"),
    ],
)
def test_digits_read_as_letters(misread: str, text: str) -> None:
    assert mended(misread) == text
