"""Traces: written, read back, refused with the line that is broken."""

from __future__ import annotations

import json
import os
import shutil
import stat
import threading

import pytest
from agent_kit import act, agent_of, final, picture
from PIL import EpsImagePlugin, Image

from visual_agent.errors import ImageError, ImageNotFound, ImageUnreadable, UserError
from visual_agent.images import Ledger
from visual_agent.observations import Observation
from visual_agent.trace import Step, Trace


@pytest.fixture(scope="module")
def trace() -> Trace:
    turns = [
        act("read_text", {"image": "img1"}, "读一读 <b>this</b>."),
        act("crop", {"image": "img1", "box": "r3"}),
        act("nothing", {}),
        final("合计 12.30 [r3]"),
    ]
    answer = agent_of(*turns).run("合计是多少？", picture("white"), picture("red"))
    assert answer.trace is not None
    return answer.trace


def test_what_is_saved_comes_back(trace, tmp_path):
    path = trace.save(tmp_path / "run.jsonl")
    again = Trace.load(path)
    assert json.dumps(again.to_dict()) == json.dumps(trace.to_dict())
    assert again.answer == trace.answer
    assert again.answer["claims"][0]["evidence"][0]["region"] == "r3"
    assert again.answer["thought"] == "I now know the final answer."
    for record in trace.pictures:
        assert again.image(record.name).tobytes() == trace.image(record.name).tobytes()


def test_the_file_is_lines_of_json_and_pictures_beside_it(trace, tmp_path):
    path = trace.save(tmp_path / "run.jsonl")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["kind"] for line in lines] == ["header", *["picture"] * 3, *["step"] * 3, "answer"]
    assert lines[0]["version"] == 1
    assert "读一读" in path.read_text(encoding="utf-8")
    names = sorted(p.name for p in (tmp_path / "run.pictures").iterdir())
    assert names == sorted(f"{record.hash}.png" for record in trace.pictures)
    assert not list(tmp_path.rglob("*.tmp"))
    assert stat.S_IMODE(path.stat().st_mode) & 0o044 == 0o044 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_it_can_be_saved_again_over_itself_and_elsewhere(trace, tmp_path):
    path = trace.save(tmp_path / "run.jsonl")
    again = Trace.load(path)
    again.save(path)
    (tmp_path / "deep").mkdir()
    copy = Trace.load(path).save(tmp_path / "deep" / "copy.jsonl")
    assert Trace.load(copy).image("img1").size == (200, 100)
    again.save(tmp_path / "new" / "folder" / "run.jsonl")


def test_a_reader_never_sees_half_a_file(trace, tmp_path):
    path = trace.save(tmp_path / "run.jsonl")
    stop, problems = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            try:
                Trace.load(path)
            except UserError as error:
                problems.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(30):
        trace.save(path)
    stop.set()
    reader.join()
    assert problems == []


PICTURE = (
    '{"kind": "picture", "name": "x", "hash": "' + "a" * 64 + '", "size": [1, 1], "parent": null, "root": "x", '
    '"to_root": [1, 1, 0, 0], "source": "", "note": ""}'
)
BROKEN = {
    "no JSON": ('{"kind": "step", ', 2, "Expecting"),
    "no object": ("[1, 2]", 2, "list"),
    "no kind": ("{}", 2, "no 'kind'"),
    "a field is missing": ('{"kind": "step", "index": 1}', 2, "no 'thought'"),
    "a second header": (None, 2, "header"),
    "a bad hash": (PICTURE.replace("a" * 64, "../../etc"), 2, "hex"),
    "a box without area": (
        '{"kind": "step", "index": 1, "thought": "", "tool": "t", "args": {}, "call_id": "", "seconds": 0, '
        '"tokens": {}, "error": "", "cached": false, '
        '"observation": {"text": "", "pictures": [], "data": {}, "found": true, '
        '"regions": [{"phrase": "", "box": [5, 5, 5, 5], "frame": "img1", "score": null, "source": "", "id": "r1"}]}}',
        2,
        "no area",
    ),
    "a picture without pixels": (PICTURE.replace("[1, 1]", "[0, 5]"), 2, "0x5"),
    "a picture nowhere": (PICTURE.replace("[1, 1, 0, 0]", "[0, 1, NaN, 0]"), 2, "scales"),
    "evidence without a box": (
        '{"kind": "answer", "usage": {}, "seconds": 1, "answer": {"claims": [{"text": "x", "evidence": [{}]}]}}',
        2,
        "no 'box'",
    ),
    "deep nesting": ("[" * 100_000, 2, "line 2"),
}


@pytest.mark.parametrize(("line", "number", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_line_is_named(trace, tmp_path, line, number, said):
    path = trace.save(tmp_path / "run.jsonl")
    lines = path.read_text(encoding="utf-8").splitlines()
    lines.insert(number - 1, lines[0] if line is None else line)
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(UserError, match=rf"run\.jsonl.*line {number}") as caught:
        Trace.load(path)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("keep", [0, 1, 3, 7])
def test_a_file_cut_short_is_refused(trace, tmp_path, keep):
    path = trace.save(tmp_path / "run.jsonl")
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(lines[:keep]), encoding="utf-8")
    with pytest.raises(UserError, match=r"empty|cut short"):
        Trace.load(path)


def test_every_cut_in_the_middle_of_the_file_is_refused_or_complete(trace, tmp_path):
    data = trace.save(tmp_path / "run.jsonl").read_bytes()
    for end in range(0, len(data) - 1, 97):
        (tmp_path / "run.jsonl").write_bytes(data[:end])
        with pytest.raises(UserError):
            Trace.load(tmp_path / "run.jsonl")


def test_lines_of_a_later_kind_are_passed_over(trace, tmp_path):
    path = trace.save(tmp_path / "run.jsonl")
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], '{"kind": "weather", "sun": 1}', "", *lines[1:]]), encoding="utf-8")
    assert len(Trace.load(path).steps) == 3


def test_a_newer_version_and_other_files_are_refused(trace, tmp_path):
    path = trace.save(tmp_path / "run.jsonl")
    path.write_text(path.read_text(encoding="utf-8").replace('"version": 1', '"version": 2'), encoding="utf-8")
    with pytest.raises(UserError, match="newer"):
        Trace.load(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="UTF-8"):
        Trace.load(path)
    with pytest.raises(UserError, match="cannot be read"):
        Trace.load(tmp_path)
    with pytest.raises(UserError, match="cannot be read"):
        Trace.load(tmp_path / "none.jsonl")


def test_a_place_that_cannot_be_written_to(trace, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="choose another place"):
        trace.save(tmp_path / "file" / "run.jsonl")


def test_pictures_that_are_gone_or_changed(trace, tmp_path):
    path = trace.save(tmp_path / "run.jsonl")
    record = trace.picture("img1")
    file = tmp_path / "run.pictures" / f"{record.hash}.png"
    Image.new("RGB", record.size, "blue").save(file)
    with pytest.raises(ImageUnreadable, match="was changed"):
        Trace.load(path).image("img1")
    Image.new("RGB", (5, 5)).save(file)
    with pytest.raises(ImageUnreadable, match="another size"):
        Trace.load(path).image("img1")
    file.write_bytes(b"no picture")
    with pytest.raises(ImageUnreadable):
        Trace.load(path).image("img1")
    shutil.rmtree(file.parent)
    with pytest.raises(ImageNotFound, match=r"run\.pictures"):
        Trace.load(path).image("img1")
    with pytest.raises(ImageNotFound, match="img9"):
        trace.image("img9")
    with pytest.raises(ImageError):
        Trace.load(path).save(tmp_path / "copy.jsonl")


def test_a_picture_file_that_is_no_png_is_not_opened(trace, tmp_path, monkeypatch):
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_, **__: pytest.fail("a program was started"))
    path = trace.save(tmp_path / "run.jsonl")
    record = trace.picture("img1")
    box = "0 0 {} {}".format(*record.size)
    eps = f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: {box}\n%%EndComments\nshowpage\n%%EOF\n"
    (tmp_path / "run.pictures" / f"{record.hash}.png").write_text(eps, encoding="ascii")
    with pytest.raises(ImageUnreadable, match="cannot be read"):
        Trace.load(path).image("img1")


@pytest.mark.parametrize("limit", [15_000, 5_000], ids=["a warning", "an error"])
@pytest.mark.filterwarnings("error")
def test_a_picture_file_that_is_a_bomb_is_an_image_error(trace, tmp_path, monkeypatch, limit):
    path = trace.save(tmp_path / "run.jsonl")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)  # img1 has 20,000
    with pytest.raises(ImageUnreadable, match="cannot be read"):
        Trace.load(path).image("img1")


def test_pictures_may_come_from_a_ledger():
    ledger = Ledger([picture()])
    bare = Trace("?", "m", "now", steps=[Step(1, "", "t", {}, "c", Observation("x"))])
    bare.add_pictures(ledger)
    assert bare.image("img1").size == (200, 100)
    assert bare.to_dict()["pictures"][0]["name"] == "img1"
