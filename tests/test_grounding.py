from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from drawn import Sheet, receipt
from PIL import Image

from visual_agent.engines.base import Cancel, Chunk, Profile, Request, Turn, Usage
from visual_agent.engines.base import Image as ImagePart
from visual_agent.errors import ContentError, MarkupError, ModelOutputError, ToolError
from visual_agent.geometry import Box
from visual_agent.images import Ledger
from visual_agent_tools.grounding import ground, ground_text, ground_tool
from visual_agent_tools.lines import Line
from visual_agent_tools.matching import find, fold, phrases


def line(text: str, x: float = 10, y: float = 10, width: float | None = None, score: float = 1.0) -> Line:
    """A line of evenly set type, 10 pixels a letter and 20 high."""
    width = 10 * len(text) if width is None else width
    quad = ((x, y), (x + width, y), (x + width, y + 20), (x, y + 20))
    return Line(text, quad, score, tuple((i + 0.5) / len(text) for i in range(len(text))))


def found(texts: Sequence[str], phrase: str) -> list[tuple[str, float]]:
    lines = [line(text, y=10 + 100 * i) for i, text in enumerate(texts)]
    return [(match.text, match.score) for match in find(lines, phrase)]


class Speaker:
    """An engine that says one thing."""

    def __init__(self, says: str, profile: Profile) -> None:
        self.says, self.profile, self.requests = says, profile, []

    def stream(self, request: Request, cancel: Cancel | None = None) -> Iterator[Chunk]:
        self.requests.append(request)
        yield Chunk(self.says, "stop", Usage(1, 1))

    def count_tokens(self, turns: Sequence[Turn]) -> int:
        return 1


class Boxes:
    def __init__(self, *boxes: tuple[Box, float]) -> None:
        self.boxes = boxes

    def detect(self, image: Image.Image, phrase: str) -> list[tuple[Box, float]]:
        return list(self.boxes)


SEES = Profile("speaker", grid="thousandths")


@pytest.mark.parametrize(
    ("text", "phrase", "words"),
    [
        ("Sub TOTAL 12.30", "total", "TOTAL"),
        ("Café Müller GmbH", "cafe muller", "Café Müller"),
        ("ＡＢＣ－１２３ now", "abc-123", "ＡＢＣ－１２３"),
        ("Grand tota1 due", "total", "tota1"),
        ("Payment arnount 5", "amount", "arnount"),
        ("our invoices are", "invoice", "invoices"),
        ("the reciept below", "receipt", "reciept"),
        ("Lake Heron Trail", "heron lake", "Lake Heron"),
        ("发票总计：12.30元", "發票總計", "发票总计"),
        ("發票總計 12.30", "发票总计", "發票總計"),
        ("中国苏州新品发布会", "新品发布", "新品发布"),
        ("订单号 A-1002 已付", "A-1002", "A-1002"),
        ("price £41.53 paid", "41.53", "41.53"),
        ("Don’t park here", "don't park", "Don’t park"),
        ("It costs 5 % more", "5%", "5 %"),
    ],
)
def test_phrases_are_found_tolerantly(text: str, phrase: str, words: str) -> None:
    assert [t for t, _ in found([text], phrase)] == [words]


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("Year 2024", "2025"),
        ("Total 41.53", "41.58"),
        ("Room 12", "1"),
        ("a cat sat", "car"),
        ("form 7", "from"),
        ("东京", "北京"),
        ("Coffee", "unicorn"),
        ("Coffee", "..."),
        ("A-1002", "A-1003"),
    ],
)
def test_other_words_and_numbers_are_not_found(text: str, phrase: str) -> None:
    assert found([text], phrase) == []


def test_the_phrase_itself_beats_what_looks_like_it() -> None:
    assert found(["Subtotal", "TOTAL"], "total") == [("TOTAL", 1.0)]
    assert [text for text, _ in found(["Subtotal"], "total")] == ["Subtotal"]


def test_every_place_in_a_line_is_found() -> None:
    lines = [line("tea and tea and TEA")]
    matches = find(lines, "tea")
    assert [m.text for m in matches] == ["tea", "tea", "TEA"]
    assert [m.box.x1 for m in matches] == pytest.approx([10, 90, 170], abs=1)


def test_a_phrase_may_go_on_in_the_line_below_or_beside() -> None:
    below = [line("at the Gull", y=10), line("Rock station", y=34)]
    (match,) = find(below, "gull rock")
    assert match.text == "Gull Rock"
    assert match.box == Box(80, 10, 120, 54).union(Box(10, 34, 50, 54))
    beside = [line("TOTAL", x=10), line("12.30", x=300)]
    assert [m.text for m in find(beside, "total 12.30")] == ["TOTAL 12.30"]
    apart = [line("TOTAL", x=10), line("12.30", x=300, y=200)]
    assert find(apart, "total 12.30") == []


def test_what_a_phrase_asks_for() -> None:
    assert phrases("the word 'EXIT'")[0] == "EXIT"
    assert phrases("the Submit button") == ["the Submit button", "Submit"]
    assert phrases("“出口”标签")[0] == "出口"
    assert "提交" in phrases("提交按钮")
    assert fold("ＣＡＦÉ") == "cafe"


def test_ground_text_gives_the_words_boxes_and_scores() -> None:
    (region,) = ground_text([line("TOTAL 12.30", score=0.9)], "12.30")
    assert region.phrase == "12.30"
    assert region.box.as_tuple() == pytest.approx((70, 10, 120, 30), abs=1)
    assert region.score == pytest.approx(0.9)
    assert region.source == "ocr"


def test_ground_in_a_real_picture() -> None:
    sheet = receipt()
    ledger = Ledger([sheet.image])
    seen = ground(ledger, "croissant")
    start = sheet.boxes[sheet.texts.index("Butter croissant")]
    (region,) = seen.regions
    assert seen.text.splitlines()[0] == 'img1: 1 region for "croissant".'
    assert seen.text.splitlines()[1].startswith("[r1] (")
    assert seen.text.endswith(" Butter croissant (ocr)")
    assert region.phrase == "croissant"
    assert start.x1 + 40 < region.box.x1 < region.box.x2 < start.x2 + 4
    assert ledger.region("r1") == region


def test_nothing_found_is_a_value() -> None:
    seen = ground(Ledger([receipt().image]), "unicorn")
    assert seen.text == 'img1: nothing found for "unicorn".'
    assert not seen.found
    assert seen.regions == ()


def test_a_model_that_sees_is_asked_and_read() -> None:
    ledger = Ledger([Image.new("RGB", (500, 200), "white")])
    model = Speaker("<ref>the cup</ref><box>(100,250),(300,750)</box>", SEES)
    seen = ground(ledger, "the cup", model=model)
    (region,) = seen.regions
    assert region.box == Box(50, 50, 150, 150)
    assert region.source == "model"
    assert region.score is None
    (turn,) = model.requests[0].turns
    assert isinstance(turn.parts[0], ImagePart)
    assert "the cup" in turn.text
    assert seen.data["asked"] == ["text", "model"]


def test_a_model_that_writes_pixels() -> None:
    ledger = Ledger([Image.new("RGB", (500, 200), "white")])
    model = Speaker('[{"bbox_2d": [50, 40, 150, 140], "label": "cup"}]', Profile("pixels", grid="pixels"))
    assert ground(ledger, "cup", model=model).regions[0].box == Box(50, 40, 150, 140)


def test_no_box_and_no_readable_box_are_different() -> None:
    ledger = Ledger([Image.new("RGB", (100, 100), "white")])
    assert not ground(ledger, "cup", model=Speaker("There is no cup.", SEES)).found
    with pytest.raises(ModelOutputError):
        ground(ledger, "cup", model=Speaker("It is at (100,200),(300,400).", SEES))
    with pytest.raises(MarkupError):
        ground(ledger, "cup", model=Speaker("<box>(1,2),(3</box>", SEES))


def test_witnesses_that_agree_are_one_region() -> None:
    sheet = Sheet.blank(400, 200)
    box = sheet.write(40, 60, "EXIT", 40)
    near = Box(box.x1 - 2, box.y1 - 2, box.x2 + 2, box.y2 + 2)
    detector = Boxes((near, 0.8), (Box(300, 10, 380, 60), 0.6))
    seen = ground(Ledger([sheet.image]), "exit", detector=detector)
    assert [(r.source, r.score) for r in seen.regions] == [("ocr+detector", 1.0), ("detector", 0.6)]
    only = ground(Ledger([sheet.image]), "exit", detector=detector, by="detector")
    assert {r.source for r in only.regions} == {"detector"}


def test_wrong_calls() -> None:
    ledger = Ledger([Image.new("RGB", (20, 20))])
    for phrase in ("", "   ", "x" * 301, 7):
        with pytest.raises(ContentError):
            ground(ledger, phrase)  # type: ignore[arg-type]
    with pytest.raises(ContentError):
        ground(ledger, "x", by="magic")  # type: ignore[arg-type]
    with pytest.raises(ToolError):
        ground(ledger, "x", by="model")
    with pytest.raises(ToolError):
        ground(ledger, "x", by="detector")
    with pytest.raises(ToolError):
        ground(ledger, "x", by="model", model=Speaker("", Profile("blind", sees=False)))


def test_a_model_that_cannot_see_is_not_asked() -> None:
    blind = Speaker("<box>(1,1),(9,9)</box>", Profile("blind", sees=False))
    assert not ground(Ledger([Image.new("RGB", (60, 60))]), "cup", model=blind).found
    assert blind.requests == []


def test_the_agent_tool_says_what_it_can_do() -> None:
    ledger = Ledger([receipt().image])
    assert "cannot find objects" in ground_tool(ledger).description
    assert "cannot" not in ground_tool(ledger, detector=Boxes()).description
    message = ground_tool(ledger).invoke(
        {"type": "tool_call", "id": "1", "name": "ground", "args": {"phrase": "Green tea"}}
    )
    assert "Green tea (ocr)" in message.content
