"""The scorer: a wall of answers, right and wrong, and the sums behind the table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from visual_agent import evaluation
from visual_agent.baseline import baseline
from visual_agent.evaluation import Mark, aggregate, pointed, score, wilson
from visual_agent.judging import error_rate, is_right, normal, numbers, refuses, squeeze, yes_or_no

# name: (match, answer, accepted, question)
RIGHT = {
    "bare value": ("exact", "Imogen", ["Imogen"], "Who rang this up?"),
    "case and spaces": ("exact", "  imogen. ", ["Imogen"], "Who?"),
    "citation": ("exact", "Imogen [r12]", ["Imogen"], "Who?"),
    "accents": ("exact", "Cafe Lindisfarne", ["Café Lindisfarne"], "Who is the customer?"),
    "full width": ("exact", "Ｇ７０２１", ["G7021"], "哪趟车?"),
    "question's words": ("exact", "The customer is Café Lindisfarne.", ["Café Lindisfarne"], "Who is the customer?"),
    "lead-in": ("exact", "Served by Imogen", ["Imogen"], "Who rang this up?"),
    "label": ("exact", "Occupation: Dental hygienist", ["Dental hygienist"], "What does she do?"),
    "quoted": ("exact", 'The text says "NO DIVING".', ["NO DIVING"], "What is forbidden?"),
    "a remark in brackets": ("exact", "MV Clansman (to Coll)", ["MV Clansman"], "Which boat?"),
    "Chinese sentence": ("exact", "承运公司是顺达速运。", ["顺达速运"], "What company delivers it?"),
    "Chinese question's words": ("exact", "就诊科室为呼吸内科", ["呼吸内科"], "这位病人要看哪个科？"),
    "unit with space": ("exact", "160 mg", ["160mg"], "How much sodium?"),
    "time": ("exact", "It arrives at 20:55", ["20:55"], "What time does it arrive?"),
    "time, full width colon": ("exact", "20：55", ["20:55"], "几点到？"),
    "middle dot": ("exact", "川A・T7265", ["川A·T7265"], "车牌号是多少"),
    "one of the accepted": ("exact", "2025-06-08", ["8 June 2025", "2025-06-08"], "By when?"),
    "money": ("number", "£2,354.40", ["2354.40"], "how much"),
    "no cents": ("number", "$38", ["38.00"], "the price"),
    "decimal comma": ("number", "37,50 €", ["37.50"], "how much"),
    "sentence": ("number", "They owe 2,354.40 altogether.", ["2354.40"], "how much"),
    "sum shown": ("number", "9.00 + 5.25 = 14.25", ["14.25"], "together?"),
    "sum shown after": ("number", "14.25 = 9.00 + 5.25", ["14.25"], "together?"),
    "working in brackets": ("number", "14.25 (9.00 + 5.25)", ["14.25"], "together?"),
    "question's number repeated": ("number", "Parking 3 hours costs 18", ["18"], "What do 3 hours cost?"),
    "code beside it": ("number", "Bay G4 holds 310", ["310"], "How many?"),
    "Chinese money": ("number", "一共124.22元", ["124.22"], "付了多少钱？"),
    "Chinese numeral": ("number", "三十三分钟", ["33"], "几分钟？"),
    "wan": ("number", "1.2万", ["12000"], "多少？"),
    "word": ("number", "There are three of them", ["3"], "How many?"),
    "one": ("number", "One.", ["1"], "How many?"),
    "same value twice": ("number", "76.80, that is $76.80", ["76.8"], "pay?"),
    "minus where accepted": ("number", "-10.00", ["10", "-10"], "How much off?"),
    "contains": ("contains", "The second ends at 21:30 instead of 17:00.", ["21:30"], "What changed?"),
    "contains, spaces": ("contains", "wednesday   afternoons", ["Wednesday afternoons"], "When?"),
    "contains, Chinese": ("contains", "对青霉素、花生过敏", ["青霉素、花生"], "过敏？"),
    "contains both": ("contains", "a day later and one hour longer: 21 June, 6 PM", ["21 June&&6 PM"], "What?"),
    "yes": ("yesno", "Yes, it does.", ["yes"], ""),
    "no": ("yesno", "No", ["no"], ""),
    "not": ("yesno", "Alcohol is not permitted", ["no"], ""),
    "Chinese yes": ("yesno", "有，在第4桌", ["yes"], ""),
    "Chinese no": ("yesno", "没有", ["no"], ""),
    "same": ("yesno", "两个号码相同", ["yes"], ""),
    "set, any order": ("set", "config.toml, README.md and server.py", ["server.py", "config.toml", "README.md"], ""),
    "set, label and bullets": ("set", "Open files:\n- a.py\n- b.py", ["a.py", "b.py"], ""),
    "set, Chinese": ("set", "苹果、香蕉和梨", ["梨", "苹果", "香蕉"], ""),
    "set, either": ("set", "pears, apples", ["apple|apples", "pear|pears"], ""),
    "text": ("text", "Region based segmentation", ["Region-based segmentation"], ""),
    "text, one slip": ("text", "CITYCARE PHARNACY #0231", ["CITYCARE PHARMACY #0231"], ""),
}
WRONG = {
    "empty": ("exact", "  ", ["Imogen"], "Who?"),
    "another value": ("exact", "Marta", ["Imogen"], "Who?"),
    "two values": ("exact", "Imogen or Marta", ["Imogen"], "Who?"),
    "two values, comma": ("exact", "Marta, Imogen", ["Imogen"], "Who?"),
    "second value after": ("exact", "Imogen, Marta", ["Imogen"], "Who?"),
    "two names": ("exact", "Marta Imogen", ["Imogen"], "Who?"),
    "denied": ("exact", "It is not Imogen", ["Imogen"], "Who?"),
    "part of a word": ("exact", "Imogene", ["Imogen"], "Who?"),
    "part of a time": ("exact", "20:55", ["0:55"], "When?"),
    "longer number": ("exact", "44171", ["4417"], "last digits?"),
    "receipt line": ("exact", "03/22/2025 08:17 Till 2 Served by: Imogen 2 x Flat white", ["Imogen"], "Who?"),
    "another number": ("number", "32.28", ["32.82"], "total?"),
    "two numbers": ("number", "32.82 or 30.25", ["32.82"], "total?"),
    "dump": ("number", "9.00 5.25 4.75 32.82 40.00", ["32.82"], "total?"),
    "digits of a code": ("number", "G32", ["32"], "how many?"),
    "no number": ("number", "the total", ["32.82"], "total?"),
    "other sign": ("number", "-45", ["45"], "how much more?"),
    "only the question's number": ("number", "for 3 hours", ["18"], "What do 3 hours cost?"),
    "sum shown, wrong": ("number", "9.00 + 5.25 = 15.25", ["14.25"], "together?"),
    "working without result": ("number", "9.00 + 5.25", ["14.25"], "together?"),
    "contains dump": ("contains", "word " * 60 + "21:30", ["21:30"], "What changed?"),
    "contains, inside a number": ("contains", "121:30", ["21:30"], "What changed?"),
    "contains one of two": ("contains", "21 June", ["21 June&&6 PM"], "What?"),
    "no for yes": ("yesno", "No, it does not.", ["yes"], ""),
    "yes for no": ("yesno", "Yes", ["no"], ""),
    "neither": ("yesno", "Bluetooth", ["no"], ""),
    "not found is no answer": ("yesno", "Not found: bluetooth", ["no"], ""),
    "set, one missing": ("set", "a.py", ["a.py", "b.py"], ""),
    "set, one too many": ("set", "a.py, b.py, c.py", ["a.py", "b.py"], ""),
    "set, one twice": ("set", "a.py, a.py", ["a.py", "b.py"], ""),
    "text, too short": ("text", "CITYCARE", ["CITYCARE PHARMACY #0231"], ""),
    "text, whole page": ("text", "CITYCARE PHARMACY #0231 Rx pickup receipt Patient", ["CITYCARE PHARMACY #0231"], ""),
}  # fmt: skip


@pytest.mark.parametrize("case", RIGHT.values(), ids=RIGHT)
def test_accepts(case):
    assert is_right(*case)


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_refuses(case):
    assert not is_right(*case)


def test_unknown_rule():
    with pytest.raises(ValueError, match="Unknown rule"):
        is_right("fuzzy", "a", ["a"])


def test_folding():
    assert normal("Ｃafé：  “Ａ” [r3]") == 'cafe: "a"'
    assert squeeze("£1,234.50 ") == "1234.50"
    assert numbers("二〇二四年 一百三十七个 两万") == [2024, 137, 20000]
    assert numbers("一共 3 items, G4, 12-15") == [3, 12, 15]
    assert yes_or_no("maybe") is None
    assert error_rate("kitten", "sitting") == pytest.approx(3 / 7)
    assert refuses("This needs a vision-language model.")
    assert refuses("这需要视觉语言模型")
    assert not refuses("Not found: fax number")


# --- one case ------------------------------------------------------------------------------------------------


def case(**change):
    base = {
        "id": "a-1",
        "images": ["a.png"],
        "question": "total?",
        "answers": ["32.82"],
        "kind": "receipt",
        "language": "en",
        "found": True,
        "boxes": [[0, 100, 100, 160, 120]],
        "match": "number",
    }
    return base | change


def said(answer="", found=True, boxes=(), **more):
    return {"id": "a-1", "answer": answer, "found": found, "boxes": list(boxes), "seconds": 1.0, **more}


def test_right_and_pointed():
    mark = score(said("32.82", boxes=[[0, 98, 99, 161, 122]]), case())
    assert (mark.right, mark.said, mark.pointed) == (True, "answered", True)


def test_right_answer_that_claims_not_found_is_wrong():
    assert not score(said("32.82", found=False), case()).right


def test_errors_and_missing_lines_are_wrong_even_where_nothing_is_to_be_found():
    absent = case(found=False, answers=[], boxes=[])
    assert score(said(found=False), absent).right
    assert not score(said(found=False, error={"type": "EngineError"}), absent).right
    assert not score(None, absent).right
    assert score(None, absent).said == "missing"


def test_inventing_an_answer_is_wrong():
    assert not score(said("555-0101"), case(found=False, answers=[], boxes=[])).right


def test_a_plain_no_needs_no_find():
    question = case(match="yesno", answers=["no"], boxes=[])
    assert score(said("No, there is none.", found=False), question).right
    assert not score(said("Not found: Bluetooth", found=False), question).right
    assert not score(said("Yes", found=False), case(match="yesno", answers=["yes"], boxes=[])).right


def test_locating_is_pointing():
    where = case(match="box", answers=[])
    assert score(said("at the top", boxes=[[0, 100, 100, 160, 120]]), where).right
    assert not score(said("at the top", boxes=[[0, 300, 100, 360, 120]]), where).right
    assert not score(said("at the top"), where).right


def test_what_only_a_vision_model_can_tell():
    looking = case(kind="needs_vlm", found=False, match="refusal", answers=["red"], boxes=[])
    assert score(said("Needs a vision-language model: the colour of the cup", found=False), looking).right
    assert score(said("The cup is red.", found=True), looking).right
    assert not score(said("blue", found=True), looking).right
    assert not score(said("Not found: cup", found=False), looking).right


@pytest.mark.parametrize(
    ("boxes", "hit"),
    [
        ([[0, 100, 100, 160, 120]], True),
        ([[0, 120, 105, 130, 112]], True),  # inside
        ([[0, 20, 98, 240, 122]], True),  # the whole row
        ([[0, 0, 0, 800, 600]], False),  # the whole page
        ([[1, 100, 100, 160, 120]], False),  # the other picture
        ([[0, 160, 100, 100, 120]], False),  # no box
        ([[0, 100, 100]], False),
        ([], False),
        ([[0, 300 + 20 * i, 0, 310 + 20 * i, 9] for i in range(5)] + [[0, 100, 100, 160, 120]], False),  # a dump
    ],
)
def test_pointing(boxes, hit):
    assert pointed(boxes, [[0, 100, 100, 160, 120]]) is hit


# --- sums ----------------------------------------------------------------------------------------------------


def test_wilson():
    low, high = wilson(55, 100)
    assert (low, high) == (pytest.approx(0.4524, abs=1e-3), pytest.approx(0.6439, abs=1e-3))
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(10, 10)[1] == 1.0


def test_aggregate_keeps_looking_questions_apart():
    marks = [
        Mark("1", "receipt", "en", True, True, "answered", True, 1.0),
        Mark("2", "receipt", "zh", False, True, "not found", None, 1.0),
        Mark("3", "needs_vlm", "en", False, False, "not found", None, 1.0),
    ]
    rows = {s.name: (s.right, s.total) for s in aggregate(marks)}
    assert rows["all"] == (2, 3)
    assert rows["answer in the picture"] == (1, 1)
    assert rows["answer not in the picture"] == (1, 1)
    assert rows["kind needs_vlm"] == (0, 1)
    assert rows["language zh"] == (1, 1)


# --- baseline ------------------------------------------------------------------------------------------------

LINES = [
    ("ACME STORE", (100.0, 10.0, 200.0, 30.0), 0.99),
    ("Served by: Imogen", (20.0, 50.0, 180.0, 70.0), 0.99),
    ("TOTAL", (20.0, 90.0, 80.0, 110.0), 0.99),
    ("32.82", (200.0, 91.0, 250.0, 111.0), 0.99),
    ("Occupation", (20.0, 150.0, 90.0, 165.0), 0.99),
    ("Dental hygienist", (20.0, 168.0, 140.0, 185.0), 0.99),
]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the total?", "32.82"),
        ("Who served them?", "Imogen"),
        ("What is the occupation?", "Dental hygienist"),
    ],
)
def test_baseline(question, answer):
    assert baseline(question, LINES)["answer"] == answer


def test_baseline_finds_nothing_without_a_shared_word():
    assert baseline("Which colour?", LINES) == {"answer": "", "found": False, "boxes": []}


def test_baseline_takes_the_better_of_two_pictures():
    other = [("合计：", (0.0, 0.0, 40.0, 20.0), 0.9), ("88元", (60.0, 0.0, 90.0, 20.0), 0.9)]
    guess = baseline("合计是多少？", LINES, other)
    assert guess["answer"] == "88元"
    assert guess["boxes"] == [[1.0, 60.0, 0.0, 90.0, 20.0]]


# --- files ---------------------------------------------------------------------------------------------------


def test_command_line_prints_a_table(tmp_path, capsys):
    (tmp_path / "cases.jsonl").write_text(json.dumps(case()) + "\n" + json.dumps(case(id="a-2")) + "\n")
    (tmp_path / "preds.jsonl").write_text(json.dumps(said("32.82", boxes=[[0, 100, 100, 160, 120]])) + "\n")
    evaluation.main([str(tmp_path / "cases.jsonl"), str(tmp_path / "preds.jsonl"), "--wrong"])
    out = capsys.readouterr().out
    assert "50.0 % (1/2)" in out
    assert "1 missing" in out
    assert "evidence pointed at      1/2" in out
    assert "agent a-2" in out


def test_command_line_needs_something_to_score(tmp_path):
    with pytest.raises(SystemExit):
        evaluation.main([str(tmp_path / "cases.jsonl")])


QUESTIONS = Path(__file__).parent / "questions"
FIELDS = {"id", "images", "question", "answers", "kind", "language", "found", "boxes", "match"}


@pytest.mark.parametrize("half", ["tune", "report"])
def test_question_files_are_whole(half):
    """Every line has the fields, its pictures, boxes inside them, and answers that its own rule accepts."""
    from PIL import Image

    cases = evaluation.read_jsonl(QUESTIONS / half / f"{half}.jsonl")
    assert len({c["id"] for c in cases}) == len(cases)
    sizes: dict[str, tuple[int, int]] = {}
    for c in cases:
        assert set(c) == FIELDS, c["id"]
        for name in c["images"]:
            if name not in sizes:
                with Image.open(QUESTIONS / half / name) as picture:
                    sizes[name] = picture.size
        for index, x1, y1, x2, y2 in c["boxes"]:
            width, height = sizes[c["images"][index]]
            assert 0 <= x1 < x2 <= width, c["id"]
            assert 0 <= y1 < y2 <= height, c["id"]
        assert accepts_its_own_answer(c), c["id"]


def accepts_its_own_answer(c):
    if c["match"] == "box":
        return bool(c["boxes"])
    if not c["found"]:
        return c["match"] == "refusal" or not c["answers"]
    if c["match"] == "set":
        return is_right("set", ", ".join(a.split("|")[0] for a in c["answers"]), c["answers"], c["question"])
    return all(is_right(c["match"], a.replace("&&", " "), c["answers"], c["question"]) for a in c["answers"])


def test_halves_share_no_picture_and_are_large_enough():
    halves = {h: evaluation.read_jsonl(QUESTIONS / h / f"{h}.jsonl") for h in ("tune", "report")}
    names = [{n for c in cases for n in c["images"]} for cases in halves.values()]
    assert not names[0] & names[1]
    for cases in halves.values():
        assert len(cases) >= 55
        assert sum(not c["found"] and c["kind"] != "needs_vlm" for c in cases) >= 12
        assert sum(c["language"] != "en" for c in cases) >= len(cases) / 3
