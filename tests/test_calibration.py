"""The probe: scripted engines that write boxes in each way, and what is said about them."""

from __future__ import annotations

import json
import re
import warnings

import pytest

from visual_agent.calibration import SIZE, SQUARES, calibrate, check_grid, contracts, picture
from visual_agent.engines.base import Profile, Request
from visual_agent.engines.offline import OfflineEngine
from visual_agent.engines.scripted import ScriptedEngine
from visual_agent.errors import UserError

RESIZED = (280, 224)  # what Qwen2.5-VL makes of it: multiples of 28
WRITERS = {
    "thousandths": lambda x, y: (x / SIZE[0] * 1000, y / SIZE[1] * 1000),
    "thousandths to 999": lambda x, y: (x / SIZE[0] * 999, y / SIZE[1] * 999),
    "pixels of the resized picture": lambda x, y: (x / SIZE[0] * RESIZED[0], y / SIZE[1] * RESIZED[1]),
    "pixels of the original": lambda x, y: (x, y),
    "thousandths, y before x": lambda x, y: (y / SIZE[1] * 1000, x / SIZE[0] * 1000),
}


def colour_of(request: Request) -> str:
    return re.search("|".join(SQUARES), request.turns[-1].text)[0]


def engine(way: str, grid: str, resized: tuple[int, int] | None = None) -> ScriptedEngine:
    """Sees perfectly and writes in its own way, in tags or JSON as its grid asks for."""

    def reply(request: Request) -> str:
        x1, y1, x2, y2 = SQUARES[colour_of(request)]
        a, b = ([round(v) for v in WRITERS[way](x, y)] for x, y in ((x1, y1), (x2, y2)))
        if "bbox_2d" in request.turns[-1].text:
            return json.dumps([{"bbox_2d": [*a, *b], "label": "square"}])
        return f"<ref>square</ref><box>({a[0]},{a[1]}),({b[0]},{b[1]})</box>"

    made = ScriptedEngine(reply, profile=Profile("probe", grid=grid))
    if resized:
        made.resized = lambda size: resized
    return made


def test_the_picture_holds_the_squares_where_it_says() -> None:
    image = picture().image
    assert image.size == SIZE
    colours = {
        "red": (255, 0, 0),
        "green": (0, 128, 0),
        "blue": (0, 0, 255),
        "yellow": (255, 255, 0),
        "black": (0, 0, 0),
    }
    for name, (x1, y1, x2, y2) in SQUARES.items():
        assert {image.getpixel(p) for p in ((x1, y1), (x2 - 1, y2 - 1))} == {colours[name]}
        assert image.getpixel((x1 - 1, y1 - 1)) == image.getpixel((x2, y2)) == (205, 205, 205)


@pytest.mark.parametrize("way", WRITERS)
@pytest.mark.parametrize("grid", ["thousandths", "pixels"])
def test_each_way_is_recognised(way, grid) -> None:
    found = calibrate(engine(way, grid, RESIZED))
    scores = dict(found.scores)
    assert scores[way] > 0.95
    assert scores[way] >= found.scores[0][1] - 0.02  # 1000 and 999 are a tie
    assert found.answered == found.asked == 5
    right = {"thousandths": ("thousandths", "thousandths to 999"), "pixels": ("pixels of the resized picture",)}[grid]
    assert found.verdict == ("fits" if way in right else "does not fit")
    assert found.declared == right[0]


def test_the_ways_can_be_told_apart() -> None:
    """Other ways than the right one score clearly less, so that the verdict rests on more than rounding."""
    for way in set(WRITERS) - {"thousandths", "thousandths to 999"}:
        scores = dict(calibrate(engine(way, "pixels", RESIZED)).scores)
        assert max(score for name, score in scores.items() if name != way) < scores[way] - 0.1


def test_pixels_without_a_resized_size_are_those_of_the_original() -> None:
    found = calibrate(engine("pixels of the original", "pixels"))
    assert (found.declared, found.verdict) == ("pixels of the original", "fits")


def test_a_model_that_talks_nonsense_is_unclear_not_wrong() -> None:
    for reply in ("I see squares.", "<box>(1,2", "<box>(900,900),(950,950)</box>"):
        found = calibrate(ScriptedEngine(lambda request, reply=reply: reply))
        assert found.verdict == "unclear"
        assert found.answered == (5 if reply.endswith("</box>") else 0)
        assert "do not rely" in found.summary()


def test_an_engine_that_does_not_see_cannot_be_probed() -> None:
    with pytest.raises(UserError, match="no pictures"):
        calibrate(OfflineEngine())


def test_the_check_while_loading_warns_only_of_a_misfit() -> None:
    with pytest.warns(RuntimeWarning, match="y before x fits better"):
        check_grid(engine("thousandths, y before x", "thousandths"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_grid(engine("thousandths", "thousandths"))
        check_grid(OfflineEngine())


def test_numbers_become_pixels() -> None:
    ways = contracts((200, 100), (400, 50))
    assert ways["thousandths"]((100, 200, 500, 1000)) == (20, 20, 100, 100)
    assert ways["pixels of the resized picture"]((40, 5, 400, 50)) == (20, 10, 200, 100)
    assert ways["thousandths, y before x"]((200, 100, 1000, 500)) == (20, 20, 100, 100)


def test_it_can_be_told_as_plain_values() -> None:
    told = calibrate(engine("thousandths", "thousandths")).to_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["scores"][0] == {"contract": "thousandths", "mean_iou": pytest.approx(0.98, abs=0.02)}


def test_the_doctor_probes_a_model(tmp_path, capsys) -> None:
    from visual_agent.cli import run

    script = tmp_path / "script.txt"
    script.write_text("\n---\n".join(["<box>(1,2),(3,4)</box>"] * 5))
    assert run(["doctor", "--probe", f"scripted:{script}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["probe"]["verdict"] == "unclear"
    script.write_text("\n---\n".join(["<box>(1,2),(3,4)</box>"] * 5))
    assert run(["doctor", "--probe", f"scripted:{script}"]) == 0
    assert "do not rely on its boxes" in " ".join(capsys.readouterr().out.split())
    assert run(["doctor", "--probe", "openai:m@http://127.0.0.1:1/v1"]) == 2
    assert "runs on a server" in " ".join(capsys.readouterr().err.split())
    assert run(["doctor", "--probe", "offline"]) == 2
