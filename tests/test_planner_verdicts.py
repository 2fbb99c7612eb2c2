"""Yes and no from rules, rows and labels; where something is and what to press, on small pages of their own."""

from __future__ import annotations

import re

import pytest
from planner_documents import Table, read_text

from visual_agent.engines.planner.asked.conditions import within
from visual_agent.engines.planner.asked.conversation import Conversation, Step
from visual_agent.engines.planner.page.observed import read
from visual_agent.engines.planner.plans import next_move
from visual_agent.judging import yes_or_no

TOOLS = ("read_text", "ground", "crop", "count")


def lines(*texts: str) -> list[tuple[int, int, int, str]]:
    return [(40, 30 + 32 * n, 18, text) for n, text in enumerate(texts)]


def table(*rows: list[str]) -> list[Table]:
    return [((40, 130, 700, 130 + 45 * len(rows)), list(rows))]


PAGES = {
    "pool": read_text(
        "img1",
        lines(
            "Harbour Baths",
            "Open daily 6.30 am to 9 pm, Sundays 8 am to 5 pm",
            "Children under 8 must be accompanied by an adult",
            "Food and drink only in the cafe",
            "Under 5s free · Adults £5.20 · Over-60s £3.80",
            "Lane swimming before 9 am only",
        ),
    ),
    "club": read_text(
        "img1",
        lines(
            "Allotment rules",
            "1. Cockerels are not allowed; up to six hens may be kept.",
            "2. Hosepipes may only be used after 7 pm.",
            "3. Bonfires are permitted from November to March.",
            "4. Cars may be parked in the lane, even when the gate is not locked.",
        ),
    ),
    "rota": read_text(
        "img1",
        lines("Clinic rota"),
        table(
            ["", "Mon", "Tue", "Wed", "Thu", "Fri"],
            ["Agnes", "9-5", "off", "9-5", "9-5", "off"],
            ["Bilal", "leave", "leave", "12-8", "12-8", "12-8"],
        ),
    ),
    "desk": read_text(
        "img1",
        lines("Front desk cover"),
        table(
            ["Day", "Morning", "Afternoon"],
            ["Monday", "Tess", "Ivo"],
            ["Wednesday", "Marta", "vacant"],
            ["Thursday", "Tess", "Marta"],
        ),
    ),
    "van": read_text(
        "img1",
        lines("Vehicle inspection"),
        table(
            ["Item", "Result", "Remark"], ["Brakes", "Pass", ""], ["Lights", "Fail", "dim"], ["Wipers", "Fail", "split"]
        ),
    ),
    "fridge": read_text(
        "img1",
        lines("Fridge log", "Must stay below 5 °C"),
        table(["Date", "am", "pm"], ["1 July", "3.1", "4.0"], ["2 July", "3.3", "6.4"], ["3 July", "2.9", "3.8"]),
    ),
    "marks": read_text(
        "img1",
        lines("Progress"),
        table(["Subject", "Autumn", "Spring"], ["French", "61", "66"], ["History", "72", "68"], ["Art", "80", "80"]),
    ),
    "lab": read_text(
        "img1",
        lines("检验报告单"),
        table(["项目", "结果", "参考范围"], ["血糖", "6.8", "3.9-6.1"], ["尿酸", "310", "208-428"]),
    ),
    "box": read_text("img1", lines("易碎物品 小心轻放", "防潮防晒", "禁止倒置", "最多叠放4层")),
    "dorm": read_text(
        "img1",
        lines(
            "宿舍规定", "一、寒假期间宿舍关闭，暑假可申请留宿。", "二、寝室内不许养宠物，养鱼除外。", "三、访客须登记。"
        ),
    ),
    "exams": read_text(
        "img1",
        lines("Examinations"),
        table(
            ["Paper", "Start", "Place"],
            ["Numerical Methods", "14:00", "Great Hall"],
            ["Engineering Ethics", "16:30", "Room 2.11"],
        ),
    ),
    "boat": read_text(
        "img1",
        lines(
            "Ferry ticket, second class",
            "Boarding at Gate 7, row 12",
            "The sea was calm. No one fell ill, and nothing was stolen from the cabins.",
            "All passengers except one took part in the drill.",
        ),
    ),
    "film": read_text("img1", lines("星河影城", "激光3号厅 6排12座", "上周检查未发现漏水，没有人受伤。")),
    "mail": read_text(
        "img1",
        [(30, 40, 16, "Anna Brook: lunch on Tuesday?"), (30, 80, 16, "Sent Tuesday 09:14")]
        + [(30 + 150 * n, 600, 16, t) for n, t in enumerate(("Compose", "Reply", "Forward", "Delete"))],
    ),
}

VERDICTS = [
    ("pool", "Can my seven-year-old swim on his own?", False),
    ("pool", "Does a 4-year-old have to pay?", False),
    ("pool", "Is it open at 7 pm on a Sunday?", False),
    ("pool", "May I eat a sandwich by the pool?", False),
    ("pool", "Can I swim lanes at noon?", False),
    ("club", "Can I keep ten hens?", False),
    ("club", "Can I have four hens?", True),
    ("club", "Can I use a hosepipe in the morning?", False),
    ("club", "Can I have a bonfire in June?", False),
    ("club", "Can I have a bonfire in December?", True),
    ("club", "May I park in the lane?", True),
    ("rota", "Is Agnes working on Tuesday?", False),
    ("rota", "Is Bilal on leave on Monday?", True),
    ("desk", "Is Marta on the desk on Thursday afternoon?", True),
    ("desk", "Is anyone on the desk on Wednesday afternoon?", False),
    ("van", "Did the brakes pass?", True),
    ("van", "Were the lights fine?", False),
    ("van", "Is there a problem with the wipers?", True),
    ("fridge", "Was it too warm on 2 July?", True),
    ("fridge", "Did it stay under the limit on 3 July?", True),
    ("marks", "Did the French mark go up?", True),
    ("marks", "Did history get worse in spring?", True),
    ("marks", "Is the art mark for spring the same as for autumn?", True),
    ("lab", "血糖偏高吗？", True),
    ("lab", "尿酸正常吗？", True),
    ("box", "箱子能倒着放吗？", False),
    ("box", "这东西怕潮吗？", True),
    ("box", "能叠5层吗？", False),
    ("dorm", "寒假可以留宿吗？", False),
    ("dorm", "可以养鱼吗？", True),
    ("dorm", "来访的人要登记吗？", True),
    ("boat", "Is this a first class ticket?", False),
    ("boat", "Is it second class?", True),
    ("boat", "Is it gate 4?", False),
    ("boat", "Did anyone get sick?", False),
    ("boat", "Was anything stolen?", False),
    ("film", "是5号厅吗？", False),
    ("film", "有人受伤吗？", False),
]

PLACES = [
    ("exams", "Where is the ethics exam?", "Room 2.11"),
    ("desk", "Show me the empty slot.", "vacant"),
    ("mail", "Where do I tap to write a new message?", "Compose"),
    ("mail", "Which button do I press to pass it on to someone else?", "Forward"),
    ("mail", "Where do I click to get rid of it?", "Delete"),
    ("club", "Point to the rule about hens.", "hens"),
]


def answer(page: str, question: str) -> str:
    steps: tuple[Step, ...] = (Step("", "read_text", {"image": "img1"}, read(PAGES[page]), PAGES[page]),)
    return next_move(Conversation(question, ("img1",), TOOLS, steps)).answer


@pytest.mark.parametrize(("page", "question", "yes"), VERDICTS)
def test_yes_and_no_follow_what_the_page_says(page: str, question: str, yes: bool) -> None:
    assert yes_or_no(re.sub(r"\s*\[r\d+\]", "", answer(page, question))) is yes


@pytest.mark.parametrize(("page", "question", "place"), PLACES)
def test_places_and_buttons_are_found(page: str, question: str, place: str) -> None:
    assert place in answer(page, question).split(" is at ")[0]


@pytest.mark.parametrize(
    ("asked", "said", "inside"),
    [
        ("may i water at 8 pm?", "after 7 pm only", True),
        ("can i come at noon?", "before 9 am only", False),
        ("is it allowed in july?", "may to september", True),
        ("does my 70-year-old aunt pay?", "over 65s free", True),
        ("can we be eight people?", "up to six people", False),
        ("能放30度吗", "存放温度:5℃-25℃", False),
        ("can i pay by card?", "after 7 pm only", None),
    ],
)
def test_circumstances_lie_within_what_is_said(asked: str, said: str, inside: bool | None) -> None:
    assert within(asked, said) is inside
