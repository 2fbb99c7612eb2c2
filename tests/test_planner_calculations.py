"""Calculations: several at a price for one, what is left, what two pages differ by, times inside one record."""

from __future__ import annotations

import re

import pytest
from planner_documents import read_text

from visual_agent.engines.planner.asked.conversation import Conversation, Step
from visual_agent.engines.planner.page.observed import read
from visual_agent.engines.planner.plans import next_move


def page(image, *lines, table=()):
    """A page of lines, with a table under them."""
    tables = [((50, 700, 600, 900), [list(row) for row in table])] if table else []
    return read_text(image, [(50, 40 + 45 * n, 20, text) for n, text in enumerate(lines)], tables)


GYM = page(
    "img1",
    "Otter Gym",
    "Membership 2024",
    table=(
        ("Joining fee", "£25.00"),
        ("Monthly fee", "£32.00"),
        ("Day pass", "£7.50"),
        ("Towel hire", "£1.20"),
        ("Personal training (per hour)", "£38"),
    ),
)
GYM_LATER = page(
    "img2",
    "Otter Gym",
    "Membership 2025",
    table=(
        ("Joining fee", "£25.00"),
        ("Monthly fee", "£35.50"),
        ("Day pass", "£8.00"),
        ("Towel hire", "£1.20"),
        ("Personal training (per hour)", "£41"),
    ),
)
INN = page(
    "img1",
    "西湖小筑民宿",
    "订单已确认",
    "押金：300元，退房时退还",
    table=(
        ("入住", "10月3日"),
        ("离店", "10月6日"),
        ("大床房", "420元/晚"),
        ("加床", "80元/晚"),
        ("早餐", "25元/位"),
        ("停车", "15元/天"),
    ),
)
ORDER = page(
    "img1",
    "Order PX-881 packing status",
    "Ordered 240 jars, packed so far 185.",
    "Weight limit 900 kg, loaded 640 kg.",
    table=(
        ("Budget", "£4,800"),
        ("Spent", "£3,150"),
        ("Target (units)", "500"),
        ("Sold", "412"),
        ("Seats", "90"),
        ("Booked", "73"),
    ),
)
FUND = page("img1", "班级义卖进度", "目标金额 2000元，已筹 1360元", "总名额40人，已报名28人", "计划种树150棵，已种96棵")
BILL = page(
    "img1",
    "Garage invoice",
    "Brake pads, both sides",
    table=(
        ("Parts", "£64.00"),
        ("Labour", "£90.00"),
        ("Subtotal", "£154.00"),
        ("VAT", "£30.80"),
        ("Total", "£184.80"),
        ("Deposit paid", "£50.00"),
    ),
)
LETTER = page(
    "img1",
    "Dear tenant,",
    "From 1 May the rent rises from £610 to £640 a month. The garage goes up to £45 (now £38).",
    "A new key costs £12 and changing the lock £55. The office is open from 9.15 to 16.30.",
    "The meeting began at 7.20 pm and closed at 8.45 pm. The bus leaves at 10:05 and arrives at 11:50.",
)
COURSES = page("img1", "Courses", "Pottery  8 weeks  £96", "Spanish  10 weeks  £120", "Chalet, 3 nights  £270")
TRIP = page(
    "img1",
    "Lake tour",
    table=(("Double room", "£520 each"), ("Single room", "£610"), ("Deposit", "£90"), ("Coach", "44")),
)
WORKS = page("img1", "ROADWORKS", "Allow 20 minutes more for your journey.", "Parking costs £2 extra on match days.")
WATER = page(
    "img1", "各区水费", "水价：每吨3元", table=(("区", "用水(吨)"), ("东区", "120"), ("西区", "95"), ("南区", "88"))
)
FEES = page("img1", "Minutes", "Fees agreed: hall £120.00, piano £45.50 and cleaning £30.00.", "Cash in hand £900.00.")
GATE = page("img1", "Car park", "Max height 2.1 m", "Vehicles up to 3.5 t only", "Open daily")
FARM = page("img1", "Marwell Farm Park", "Adults £11.50   Children £8.00", "Parking £4 a day", "Open 10 am to 5.30 pm")
METERS = page(
    "img1",
    "水电费通知单",
    "户主：林建国",
    table=(("项目", "本月读数", "金额"), ("水", "328", "64.00"), ("电", "4702", "115.20"), ("燃气", "921", "93.00")),
)
LOAN = page("img1", "图书借阅单", "借阅人：郑岚", "逾期每天罚0.2元")
TRAIN = page("img1", "电子客票", "G1502", "南京南  08:15开", "北京南  11:50到", "二等座 ￥443.5")


def answered(pages, question):
    """The planner's answer to a question about pages that were read."""
    names = tuple(f"img{n + 1}" for n in range(len(pages)))
    steps = tuple(Step("", "read_text", {"image": n}, read(p), p) for n, p in zip(names, pages, strict=True))
    return next_move(Conversation(question, names, ("read_text",), steps)).answer


@pytest.mark.parametrize(
    ("pages", "question", "expected"),
    [
        ((GYM,), "What would four months cost me?", 128),
        ((GYM,), "How much for a day pass and a towel?", 8.7),
        ((GYM,), "three day passes, what's that come to?", 22.5),
        ((GYM,), "How much dearer is a day pass than hiring a towel?", 6.3),
        ((GYM, GYM_LATER), "How much has the monthly fee gone up?", 3.5),
        ((GYM, GYM_LATER), "How much more is personal training in the second one?", 3),
        ((GYM, GYM_LATER), "By how much did the day pass rise between the two years?", 0.5),
        ((INN,), "住三晚大床房要多少钱？", 1260),
        ((INN,), "停四天车要多少钱？", 60),
        ((INN,), "两份早餐多少钱？", 50),
        ((ORDER,), "How much of the budget is left?", 1650),
        ((ORDER,), "How many seats are still free?", 17),
        ((ORDER,), "How many jars are still to be packed?", 55),
        ((ORDER,), "How many kilos can still be loaded?", 260),
        ((FUND,), "离目标还差多少钱？", 640),
        ((FUND,), "还剩几个名额？", 12),
        ((FUND,), "还有多少棵树没种？", 54),
        ((BILL,), "What was it without the VAT?", 154),
        ((BILL,), "What is left to pay after the deposit?", 134.8),
        ((LETTER,), "By how much does the rent rise?", 30),
        ((LETTER,), "How much does the garage go up by?", 7),
        ((LETTER,), "A new key plus a new lock, what is that?", 67),
        ((LETTER,), "How many minutes did the meeting last?", 85),
        ((LETTER,), "How long is the bus ride in minutes?", 105),
        ((COURSES,), "What does Spanish work out at per week?", 12),
        ((COURSES,), "What's the chalet per night?", 90),
        ((WORKS,), "How much longer will the journey take?", 20),
        ((WORKS,), "How much extra is parking on match days?", 2),
        ((WATER,), "东区要交多少水费？", 360),
        ((WATER,), "东区和西区一共用水多少吨？", 215),
        ((TRAIN,), "路上要多少分钟？", 215),
        ((FARM,), "What would two adults and three children pay?", 47),
        ((FARM,), "Parking for three days?", 12),
        ((METERS,), "水费和电费一共多少钱？", 179.2),
        ((METERS,), "电费比水费多多少？", 51.2),
        ((LOAN,), "逾期五天要罚多少钱？", 1),
        ((TRIP,), "How much is left to pay after the deposit, in a double room?", 430),
        ((FEES,), "Add up the three fees", 195.5),
        ((GATE,), "My van is 2.4 m high, by how much is it too tall?", 0.3),
        ((GATE,), "My lorry weighs 5 t, how much is it over the limit?", 1.5),
    ],
)
def test_a_number_that_is_worked_out(pages, question, expected):
    found = re.search(r"\d[\d,]*(?:\.\d+)?", answered(pages, question).split("[")[0])
    assert found is not None
    assert float(found[0].replace(",", "")) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("pages", "question"),
    [
        ((GYM,), "What would five sauna visits cost?"),
        ((GYM,), "How much is the sauna and a day pass together?"),
        ((GYM, GYM_LATER), "By how much did the locker fee go up?"),
        ((INN,), "两次接机多少钱？"),
        ((ORDER,), "How many lids are still to be packed?"),
        ((FUND,), "还差多少本书？"),
        ((BILL,), "What is left to pay after the trade-in?"),
        ((LETTER,), "By how much does the parking permit rise?"),
        ((COURSES,), "How much is yoga a week?"),
        ((WATER,), "北区要交多少水费？"),
    ],
)
def test_a_number_with_a_part_that_is_missing(pages, question):
    assert answered(pages, question).startswith(("Not found", "未找到"))


HIRE = page(
    "img1",
    "Delivery £8 per trip",
    table=(
        (None, "Ridgeway Cycles", "Hire rates", None),
        ("Bike", "Per day", "Per week", "Deposit"),
        ("Tandem", "38", "170", "100"),
        ("Folding bike", "18", "80", "60"),
        ("Cargo trike", "45", "210", "150"),
    ),
)
BOATS = page(
    "img1",
    "北湖游船",
    table=(("船型", "时租", "日租", "押金"), ("脚踏船", "40", "220", "100"), ("电动船", "80", "460", "300")),
)


@pytest.mark.parametrize(
    ("pages", "question", "expected"),
    [
        ((HIRE,), "What is a tandem for one week?", 170),
        ((HIRE,), "How much is the cargo trike for a day?", 45),
        ((HIRE,), "How much for a folding bike for three days?", 54),
        ((HIRE,), "What would two weeks with the tandem cost?", 340),
        ((BOATS,), "脚踏船租一小时多少钱？", 40),
        ((BOATS,), "电动船租三个小时多少钱？", 240),
        ((BOATS,), "电动船租两天要多少？", 920),
    ],
)
def test_prices_of_one_stand_in_columns(pages, question, expected):
    found = re.search(r"\d[\d.,]*", answered(pages, question))
    assert found is not None
    assert float(found[0]) == expected


@pytest.mark.parametrize("question", ["How much is a kayak for a day?", "How much for two months with the tandem?"])
def test_no_column_and_no_row_is_no_price(question):
    assert answered((HIRE,), question).startswith("Not found")


CLUB = page(
    "img1",
    "Puffin Holiday Club",
    "Packed lunches are welcome.",
    table=(
        ("Whole day", "£54.00"),
        ("Morning", "£29.50"),
        ("Hot lunch", "£5.20"),
        ("Late pick-up, per 15 min", "£6.00"),
        ("Felt, per 50 cm", "£2.00"),
    ),
)
BOARD = page("img1", "码头停车场", "停车费：每30分钟4元", "第二停车场：每小时3元")


@pytest.mark.parametrize(
    ("pages", "question", "expected"),
    [
        ((CLUB,), "I was 40 minutes late, what do I pay?", 18),
        ((CLUB,), "How much is it if we pick her up 15 minutes late?", 6),
        ((CLUB,), "What would the morning with a hot lunch cost?", 34.7),
        ((CLUB,), "What would 2 whole days and a hot lunch cost?", 113.2),
        ((BOARD,), "停90分钟多少钱？", 12),
    ],
)
def test_prices_for_some_and_things_with_others(pages, question, expected):
    found = re.search(r"\d[\d.,]*", answered(pages, question))
    assert found is not None
    assert float(found[0]) == expected


def test_an_ordinal_is_no_quantity():
    assert answered((page("img1", "第二份合同", "月租金9,400元"),), "第二份合同里每月房租是多少？").startswith(
        "9,400元"
    )


SOUP = page(
    "img1", "Leek soup", "Serves 4", "• 3 leeks", "• 600 ml stock", "• 2 large potatoes", "Boil for 25 minutes."
)
EGGS = page("img1", "番茄炒蛋", "二人份", "番茄3个", "鸡蛋4个", "糖10克", "大火炒2分钟")
CAKES = page("img1", "Pancakes", "Makes 10 pancakes", "200 g flour", "2 eggs", "300 ml milk")


@pytest.mark.parametrize(
    ("recipe", "question", "expected"),
    [
        (SOUP, "How many leeks if I cook for eight?", "6 "),
        (SOUP, "How much stock for 6 people?", "900 ml"),
        (SOUP, "how many potatoes for two?", "1 "),
        (SOUP, "How many leeks do I need for 4?", "3 "),
        (SOUP, "How much stock if I double the recipe?", "1200 ml"),
        (SOUP, "How many onions for eight?", "Not found"),
        (EGGS, "四个人吃要几个鸡蛋？", "8 "),
        (EGGS, "做六人份要放多少糖？", "30"),
        (EGGS, "给四个人做，番茄要几个？", "6"),
        (EGGS, "三个人吃要放多少盐？", "未找到"),
        (CAKES, "How many eggs for 20 pancakes?", "4 "),
    ],
)
def test_a_recipe_for_more_or_fewer(recipe: str, question: str, expected: str) -> None:
    steps = (Step("", "read_text", {"image": "img1"}, read(recipe), recipe),)
    assert next_move(Conversation(question, ("img1",), ("read_text",), steps)).answer.startswith(expected)


@pytest.mark.parametrize(
    ("lines", "question", "expected"),
    [
        (("收样时间:2025-03-0408:50", "出结果:2025-03-04 10:15"), "从收样到出结果用了多少分钟？", 85),
        (
            ("Admitted: 2024-11-02 21:10", "Discharged: 2024-11-02 23:40"),
            "How many minutes between admitted and discharged?",
            150,
        ),
        (("Leave left: 87.5 hours", "Sick leave taken: 2 days"), "How many hours of leave are left?", 87.5),
    ],
)  # fmt: skip
def test_times_beside_dates_and_parts_of_hours(lines, question, expected):
    found = re.search(r"\d[\d.,]*", answered((page("img1", *lines),), question))
    assert found is not None
    assert float(found[0]) == expected


REPORT = page(
    "img1",
    "Weekly report",
    "The tank temperature fell from 215 C to 168 C at noon.",
    "Membership rose from 1,240 to 1,315 this year.",
    "Rent goes up from £640 to £675 in May.",
    "Open from 9 to 5.",
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("By how many degrees did the tank cool down?", "47 "),
        ("By how much did membership grow?", "75 "),
        ("How much did the rent increase?", "35 "),
        ("By how much did the budget fall?", "Not found"),
    ],
)
def test_a_change_that_a_sentence_tells(question: str, expected: str) -> None:
    steps = (Step("", "read_text", {"image": "img1"}, read(REPORT), REPORT),)
    assert next_move(Conversation(question, ("img1",), ("read_text",), steps)).answer.startswith(expected)


STATEMENT = read_text(
    "img1",
    [(40, 30, 24, "Transactions")]
    + [(40, 100 + 50 * n, 18, name) for n, name in enumerate(("Tool library", "Salary", "Garden centre", "Bus pass"))]
    + [(400, 100 + 50 * n, 18, sum_) for n, sum_ in enumerate(("-€34.20", "+€1,900.00", "-€18.75", "-€49.00"))],
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What did the garden centre set us back?", "€18.75"),
        ("How much went on the bus pass?", "€49.00"),
        ("How much was the tool library?", "€34.20"),
    ],
)
def test_what_is_spent_has_no_sign(question, expected):
    steps = (Step("", "read_text", {"image": "img1"}, read(STATEMENT), STATEMENT),)
    answer = next_move(Conversation(question, ("img1",), ("read_text",), steps)).answer
    assert answer.startswith(expected)
