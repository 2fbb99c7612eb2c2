from __future__ import annotations

import pytest
from drawn import Sheet
from PIL import Image

from visual_agent.errors import ContentError
from visual_agent.geometry import Box
from visual_agent.images import Ledger
from visual_agent_tools.counting import count, count_tool


def shelf() -> Sheet:
    sheet = Sheet.blank(520, 260)
    places = [(20, 20), (200, 24), (370, 18), (30, 110), (210, 112), (40, 200)]
    for place, text in zip(places, ["Milk", "milk", "Bread", "MILK", "Milkshake", "Milk"], strict=True):
        sheet.write(*place, text, 26)
    return sheet


def test_every_word_is_counted_and_numbered_row_by_row() -> None:
    sheet = shelf()
    ledger = Ledger([sheet.image])
    seen = count(ledger, "milk")
    assert seen.data["count"] == 4
    assert seen.text.splitlines()[0] == 'img1: 4 for "milk", numbered in img1.marked1.'
    assert len(seen.text.splitlines()) == 5
    true = [box for text, box in zip(sheet.texts, sheet.boxes, strict=True) if text.lower() == "milk"]
    assert all(r.box.iou(box) > 0.5 for r, box in zip(seen.regions, true, strict=True))
    marked = ledger.get("img1.marked1")
    assert seen.pictures == ("img1.marked1",)
    assert marked.size == (520, 260)
    assert marked.image.tobytes() != sheet.image.tobytes()


def test_a_word_twice_in_one_line_and_chinese() -> None:
    sheet = Sheet.blank(460, 160)
    sheet.write(20, 20, "tea, more tea and coffee", 22)
    sheet.write(20, 90, "设备名称 设备编号 其他", 24)
    ledger = Ledger([sheet.image])
    assert count(ledger, "tea").data["count"] == 2
    assert count(ledger, "设备").data["count"] == 2


def test_none_is_zero() -> None:
    ledger = Ledger([shelf().image])
    seen = count(ledger, "butter")
    assert seen.data["count"] == 0
    assert not seen.found
    assert seen.pictures == ()
    assert len(ledger.pictures()) == 1
    with pytest.raises(ContentError):
        count(ledger, " ")


def test_a_detector_counts_things_once() -> None:
    class Cups:
        def detect(self, image: Image.Image, phrase: str) -> list[tuple[Box, float]]:
            cup = Box(200, 20, 260, 80)
            return [(cup, 0.9), (Box(202, 22, 262, 82), 0.7), (Box(20, 24, 80, 84), 0.8)]

    seen = count(Ledger([Image.new("RGB", (300, 120), "white")]), "cup", detector=Cups())
    assert seen.data["count"] == 2
    assert [r.box.x1 for r in seen.regions] == [20, 200]


def test_the_agent_tool_shows_the_numbered_picture() -> None:
    message = count_tool(Ledger([shelf().image])).invoke(
        {"type": "tool_call", "id": "1", "name": "count", "args": {"phrase": "bread"}}
    )
    assert message.content[0]["text"].startswith('img1: 1 for "bread"')
    assert message.content[1]["type"] == "image"
    assert message.artifact["data"]["count"] == 1
