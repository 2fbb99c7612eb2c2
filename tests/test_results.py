"""The fixed JSON forms."""

from __future__ import annotations

import json

from visual_agent.answers import Answer, Claim, Evidence
from visual_agent.errors import ImageNotFound
from visual_agent.geometry import Box, Region
from visual_agent.observations import Observation
from visual_agent.results import answer_to_dict, error_to_dict, prediction_of
from visual_agent.trace import Step, Trace


def an_answer() -> Answer:
    region = Region("TOTAL 12.30", Box(10.4, 20.6, 99.5, 41.2), "img2", 0.98, "ocr", "r3")
    step = Step(0, "Read it.", "read_text", {"image": "img2"}, "call_1", Observation("[r3] ...", (region,)), 0.5)
    evidence = Evidence("img2", region.box, region.phrase, "ocr", "call_1", "r3")
    claims = (Claim("The total is 12.30.", (evidence,)), Claim("It was paid in cash."))
    return Answer("The total is 12.30. It was paid in cash.", True, claims, Trace("q", "offline", "now", steps=[step]))


def test_answer_has_the_fixed_keys_and_types() -> None:
    value = json.loads(json.dumps(answer_to_dict(an_answer(), seconds=1.23456)))
    assert value["answer"].startswith("The total")
    assert value["found"] is True
    assert value["evidence"] == [{"image": 1, "box": [10, 21, 100, 41], "phrase": "TOTAL 12.30", "source": "ocr"}]
    assert value["steps"][0]["tool"] == "read_text"
    assert (value["model"], value["seconds"]) == ("offline", 1.235)
    assert [c["supported"] for c in value["claims"]] == [True, False]


def test_prediction_line() -> None:
    line = prediction_of("c1", an_answer(), seconds=2.0)
    assert line == {
        "id": "c1",
        "answer": "The total is 12.30. It was paid in cash.",
        "found": True,
        "boxes": [[1, 10, 21, 100, 41]],
        "seconds": 2.0,
    }


def test_errors_name_our_type_and_hide_others() -> None:
    ours = error_to_dict(ImageNotFound("No file 'x'; check the path.", image="x"))
    assert ours == {"error": {"type": "ImageNotFound", "message": "No file 'x'; check the path."}}
    assert error_to_dict(KeyError("k"))["error"]["type"] == "InternalError"
