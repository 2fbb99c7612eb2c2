"""The command line as a user calls it: fixed JSON, exit statuses, files written, hostile input."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from hostile import HOSTILE_FILES, HOSTILE_QUESTIONS, HOSTILE_URLS, LOADABLE
from PIL import Image

from visual_agent.cli import run

ROOT = Path(__file__).resolve().parent.parent
RECEIPT = str(ROOT / "samples" / "receipt.png")


def run_json(capsys, *arguments: str) -> tuple[int, dict]:
    """Exit status and the one JSON object on standard output."""
    status = run([*arguments, "--json"])
    output = capsys.readouterr().out
    assert output.count("\n") == 1
    return status, json.loads(output)


def test_ask_gives_the_fixed_object(capsys) -> None:
    status, result = run_json(capsys, "ask", "How much was the total?", RECEIPT)
    assert status == 0
    assert "41.53" in result["answer"]
    assert result["found"] is True
    assert {"answer", "found", "evidence", "steps", "model", "seconds"} <= set(result)
    evidence = result["evidence"][0]
    assert evidence["image"] == 0
    x1, y1, x2, y2 = evidence["box"]
    assert 300 < x1 < x2 <= 428
    assert 400 < y1 < y2 < 440
    assert result["model"] == "offline"


def test_ask_for_people_names_answer_box_and_steps(capsys, tmp_path) -> None:
    page, drawn = tmp_path / "run.html", tmp_path / "out" / "drawn.png"
    assert run(["ask", "How much was the total?", RECEIPT, "--trace", str(page), "--draw", str(drawn)]) == 0
    output = capsys.readouterr().out
    assert "41.53" in output
    assert str(page) in output.replace("\n", "")
    assert "read_text" in output
    assert "<html" in page.read_text(encoding="utf-8")
    assert Image.open(drawn).size == Image.open(RECEIPT).size


def test_not_found_is_an_answer(capsys) -> None:
    status, result = run_json(capsys, "ask", "What is the passport number?", RECEIPT)
    assert (status, result["found"], result["evidence"]) == (0, False, [])


def test_a_trace_is_saved_shown_and_replayed(capsys, tmp_path) -> None:
    saved = tmp_path / "run.jsonl"
    assert run(["ask", "How much was the total?", RECEIPT, "--trace", str(saved)]) == 0
    capsys.readouterr()
    assert run(["trace", str(saved)]) == 0
    assert "How much was the total?" in capsys.readouterr().out
    assert run(["trace", str(saved), "--html", str(tmp_path / "page.html")]) == 0
    assert "41.53" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert run(["trace", str(saved), "--replay"]) == 0


def test_read_ground_and_compare(capsys, tmp_path) -> None:
    status, result = run_json(capsys, "read", RECEIPT)
    assert status == 0
    assert any(region["phrase"] == "TOTAL" for region in result["regions"])
    drawn = tmp_path / "ground.png"
    status, result = run_json(capsys, "ground", "total", RECEIPT, "--draw", str(drawn))
    assert result["regions"][0]["image"] == 0
    assert drawn.exists()
    before, after = ROOT / "samples" / "flyer_before.png", ROOT / "samples" / "flyer_after.jpg"
    status, result = run_json(capsys, "compare", str(before), str(after))
    assert (status, result["found"]) == (0, True)
    assert {region["image"] for region in result["regions"]} == {0, 1}


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask"],
        ["ask", "no picture"],
        ["ask", "", RECEIPT],
        ["ask", "q", "/no/such/file.png"],
        ["ask", "q", RECEIPT, "--model", "/no/such/model"],
        ["ask", "q", RECEIPT, "--model", "openai:foo"],
        ["ask", "q", RECEIPT, "--model", "openai:foo@ftp://host/v1"],
        ["ask", "q", RECEIPT, "--model", "qwen-vl-max"],
        ["ask", "q", RECEIPT, "--seconds", "0"],
        ["read", RECEIPT, "--box", "1,2,3"],
        ["read", RECEIPT, "--box", "5000,5000,6000,6000"],
        ["ground", "", RECEIPT],
        ["trace", "/no/such/trace.jsonl"],
        ["batch", "/no/such/cases.jsonl", "/tmp/never-written.jsonl"],
        ["ask", "q", RECEIPT, "--draw", RECEIPT],
        ["ask", "q", RECEIPT, "--trace", RECEIPT],
        ["ask", "q", RECEIPT, "--trace", "/dev/null/run.html"],
        ["ask", "q", RECEIPT, "--draw", "/dev/null/drawn.png"],
        ["read", RECEIPT, "--draw", "drawn.txt"],
        ["read", RECEIPT, "--draw", "/dev/null"],
        ["trace", "/dev/zero"],
        ["trace", "x" * 5000],
        ["ask", "q", RECEIPT, "--trace", "x" * 5000],
        ["batch", RECEIPT, RECEIPT],
        ["ask", "q", "-dash.png"],
        ["nonsense"],
        ["ask", "q", RECEIPT, "--nonsense"],
    ],
    ids=lambda arguments: " ".join(arguments)[:60],
)
def test_bad_input_is_status_2_with_a_message(capsys, monkeypatch, arguments) -> None:
    for name in ("DASHSCOPE_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert len(error.strip()) > 20


@pytest.mark.parametrize("option", ["--trace", "--draw"])
def test_bad_input_leaves_no_folder(tmp_path, option) -> None:
    target = tmp_path / "new" / "deeper" / "out.png"
    assert run(["ask", "q", str(tmp_path / "nope.png"), option, str(target)]) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--trace", "--draw"])
def test_no_file_can_lie_below_a_file(capsys, monkeypatch, tmp_path, option) -> None:
    monkeypatch.setattr("visual_agent.agent.VisualAgent.run", lambda *_, **__: pytest.fail("ran"))
    (tmp_path / "file").write_text("")
    assert run(["ask", "q", RECEIPT, option, str(tmp_path / "file" / "out.png")]) == 2
    assert "Not a directory" in capsys.readouterr().err


def test_no_numbered_drawing_may_be_an_input(capsys, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr("visual_agent.agent.VisualAgent.run", lambda *_, **__: pytest.fail("ran"))
    first, second = tmp_path / "a.png", tmp_path / "page-2.png"
    for path in (first, second):
        Image.open(RECEIPT).save(path)
    assert run(["ask", "q", str(first), str(second), "--draw", str(tmp_path / "page.png")]) == 2
    assert f"{str(second)!r} is an input" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["ground", "cup", RECEIPT, "--model"], ["doctor", "--probe"]])
def test_a_model_on_a_server_declares_no_form_of_boxes(capsys, monkeypatch, arguments) -> None:
    pytest.importorskip("langchain_openai")
    monkeypatch.setenv("DASHSCOPE_API_KEY", "none")
    assert run([*arguments, "qwen-vl-plus"]) == 2
    assert "declares no form of boxes" in capsys.readouterr().err


def test_missing_folders_are_made(tmp_path) -> None:
    saved, page, drawn = tmp_path / "a" / "run.jsonl", tmp_path / "b" / "c" / "page.html", tmp_path / "d" / "drawn.png"
    assert run(["ask", "How much was the total?", RECEIPT, "--trace", str(saved), "--draw", str(drawn)]) == 0
    assert run(["trace", str(saved), "--html", str(page)]) == 0
    assert saved.is_file()
    assert page.is_file()
    assert drawn.is_file()


@pytest.mark.parametrize("content", ["# Notes\n", "", "[1]\n", b"\xff\xfe", None])
def test_a_file_that_is_no_trace_is_named_with_what_to_give(capsys, tmp_path, content) -> None:
    path = tmp_path / "notes.md"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert run(["trace", str(path)]) == 2
    error = capsys.readouterr().err
    assert str(path) in error
    assert "give a file that `visual-agent ask --trace run.jsonl` wrote" in error


def words_of_help(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "visual_agent.cli", *command, "--help"],
        capture_output=True,
        env={**os.environ, "COLUMNS": "200", "TERM": "dumb"},
        text=True,
        check=True,
    )
    return " ".join(done.stdout.replace("│", " ").split())


def test_the_help_says_what_options_take_and_do() -> None:
    asking = words_of_help("ask")
    assert "openai:<model>@<base_url>" in asking
    assert "missing folders are made" in asking
    assert "Write the second picture with its boxes" in words_of_help("compare")


def test_bad_input_as_json(capsys) -> None:
    status, result = run_json(capsys, "ask", "q", "/no/such/file.png")
    assert status == 2
    assert result["error"]["type"] == "ImageNotFound"
    assert "file.png" in result["error"]["message"]
    status, result = run_json(capsys, "ask")
    assert (status, set(result)) == (2, {"error"})


@pytest.mark.parametrize("name", sorted(set(HOSTILE_FILES) - set(LOADABLE)))
def test_hostile_files_are_bad_input(capsys, tmp_path, name) -> None:
    status, result = run_json(capsys, "read", str(HOSTILE_FILES[name](tmp_path)))
    assert status == 2, result
    assert result["error"]["type"] != "InternalError"


@pytest.mark.parametrize("name", sorted(HOSTILE_URLS))
def test_hostile_urls_are_bad_input(capsys, name) -> None:
    status, result = run_json(capsys, "read", HOSTILE_URLS[name])
    assert status == 2, result
    assert result["error"]["type"] != "InternalError"


@pytest.mark.parametrize("name", sorted(HOSTILE_QUESTIONS))
def test_hostile_questions_get_an_honest_answer(capsys, name) -> None:
    started = time.monotonic()
    status, result = run_json(capsys, "ask", HOSTILE_QUESTIONS[name], RECEIPT)
    assert status in (0, 2)
    assert "InternalError" not in json.dumps(result)
    if result.get("found"):  # a "not found" may repeat what was asked
        assert not [lie for lie in ("99.99", "1000000", "9999", "root:") if lie in result["answer"]]
    assert len(result.get("answer", "")) < 2000
    assert time.monotonic() - started < 30


def cases_file(folder: Path) -> Path:
    """Four cases: a good one, a missing picture, a line that is no JSON, a question that is no text."""
    Image.open(RECEIPT).save(folder / "receipt.png")
    lines = [
        json.dumps({"id": "total", "images": ["receipt.png"], "question": "How much was the total?"}),
        json.dumps({"id": 2, "images": ["missing.png"], "question": "How much?"}),
        "{broken",
        json.dumps({"id": "odd", "images": ["receipt.png"], "question": 5}),
        json.dumps({"id": "table", "images": ["receipt.png"], "question": "Which table?"}),
    ]
    path = folder / "cases.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def predictions(path: Path) -> dict:
    return {json.dumps(line["id"]): line for line in map(json.loads, path.read_text(encoding="utf-8").splitlines())}


def test_batch_answers_all_and_one_bad_case_stops_nothing(capsys, tmp_path) -> None:
    output = tmp_path / "out" / "preds.jsonl"
    assert run(["batch", str(cases_file(tmp_path)), str(output), "--workers", "2"]) == 0
    assert f'2 answered, 3 failed (see "error" in {output})' in capsys.readouterr().err.replace("\n", " ")
    found = predictions(output)
    assert len(found) == 5
    assert "41.53" in found['"total"']["answer"]
    assert found['"total"']["boxes"][0][0] == 0
    assert found["2"]["error"]["type"] == "ImageNotFound"
    assert found['"odd"']["error"]["type"] == "UserError"
    assert found['"line 3"']["error"]["type"] == "UserError"
    assert set(found['"table"']) == {"id", "answer", "found", "boxes", "seconds"}


def test_batch_is_status_1_when_every_case_failed(capsys, monkeypatch, tmp_path) -> None:
    folder = tmp_path / "cases"
    folder.mkdir()
    case = {"id": 1, "images": ["missing.png"], "question": "How much?"}
    (folder / "cases.jsonl").write_text(json.dumps(case) + "\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(["batch", "cases/cases.jsonl", "preds.jsonl"]) == 1
    assert '0 answered, 1 failed (see "error" in preds.jsonl)' in capsys.readouterr().err
    message = predictions(tmp_path / "preds.jsonl")["1"]["error"]["message"]
    assert message.endswith(f"check the path. Relative paths are taken from the folder {str(folder)!r}.")


def test_batch_without_failures_speaks_of_none(capsys, tmp_path) -> None:
    case = {"id": 1, "images": [RECEIPT], "question": "How much was the total?"}
    cases, output = tmp_path / "cases.jsonl", tmp_path / "preds.jsonl"
    cases.write_text(json.dumps(case) + "\n", encoding="utf-8")
    for count in (1, 0):  # the second run has nothing left to do
        assert run(["batch", str(cases), str(output)]) == 0
        assert f"{count} answered: {output}" in capsys.readouterr().err


def test_batch_goes_on_where_it_stopped(tmp_path) -> None:
    cases, output = cases_file(tmp_path), tmp_path / "preds.jsonl"
    done = {"id": "total", "answer": "from before", "found": True, "boxes": [], "seconds": 1}
    output.write_text(json.dumps(done) + "\n" + '{"id": "table", "ans', encoding="utf-8")
    assert run(["batch", str(cases), str(output)]) == 0
    found = predictions(output)
    assert found['"total"']["answer"] == "from before"
    assert "12" in found['"table"']["answer"]
    assert len(output.read_text(encoding="utf-8").splitlines()) == 5


def test_batch_asks_again_what_failed(tmp_path) -> None:
    case = {"id": "total", "images": ["receipt.png"], "question": "How much was the total?"}
    cases, output = tmp_path / "cases.jsonl", tmp_path / "preds.jsonl"
    cases.write_text(json.dumps(case) + "\n", encoding="utf-8")
    assert run(["batch", str(cases), str(output)]) == 1
    assert "error" in predictions(output)['"total"']
    Image.open(RECEIPT).save(tmp_path / "receipt.png")
    assert run(["batch", str(cases), str(output)]) == 0
    assert "41.53" in predictions(output)['"total"']["answer"]
    assert len(output.read_text(encoding="utf-8").splitlines()) == 1


@pytest.mark.parametrize("text", ["my notes\n", "my notes", "[1]\n", '{"id": "total"}\nmy notes\n', '{"name": "x"}\n'])
def test_batch_leaves_a_file_alone_that_holds_no_predictions(tmp_path, text) -> None:
    cases, output = cases_file(tmp_path), tmp_path / "notes.txt"
    output.write_text(text, encoding="utf-8")
    assert run(["batch", str(cases), str(output)]) == 2
    assert output.read_text(encoding="utf-8") == text


def test_batch_goes_on_where_a_character_was_cut(tmp_path) -> None:
    cases, output = cases_file(tmp_path), tmp_path / "preds.jsonl"
    output.write_bytes('{"id": "total", "answer": "合计'.encode()[:-1])
    assert run(["batch", str(cases), str(output)]) == 0
    assert "41.53" in predictions(output)['"total"']["answer"]


def test_an_interrupted_batch_ends_at_once_and_keeps_its_lines(tmp_path) -> None:
    Image.open(RECEIPT).save(tmp_path / "receipt.png")
    case = {"images": ["receipt.png"], "question": "How much was the total?"}
    cases, output = tmp_path / "cases.jsonl", tmp_path / "preds.jsonl"
    cases.write_text("".join(json.dumps({"id": n, **case}) + "\n" for n in range(3000)), encoding="utf-8")
    command = [sys.executable, "-m", "visual_agent.cli", "batch", str(cases), str(output)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"})
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (output.exists() and output.stat().st_size):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 130, error.decode()
    assert b"Traceback" not in error
    lines = output.read_text(encoding="utf-8").splitlines()
    assert 0 < len(lines) < 3000
    assert all("41.53" in json.loads(line)["answer"] for line in lines)


def test_batch_ids_may_hold_line_separators(tmp_path) -> None:
    case = {"id": "one\u2028two\x85three", "images": ["missing.png"], "question": "How much?"}
    cases, output = tmp_path / "cases.jsonl", tmp_path / "preds.jsonl"
    cases.write_text(json.dumps(case, ensure_ascii=False) + "\n", encoding="utf-8")
    for _ in range(2):  # the second run finds the line of the first
        assert run(["batch", str(cases), str(output)]) == 1
    lines = output.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    assert [json.loads(line)["id"] for line in lines] == [case["id"]]


def started(*arguments: str, **options) -> subprocess.Popen:
    command = [sys.executable, "-m", "visual_agent.cli", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def test_serve_says_where_it_listens_and_names_no_other_page() -> None:
    pytest.importorskip("langserve")
    process = started("serve", "--port", "0", env={**os.environ, "OMP_NUM_THREADS": "1"}, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    address = re.search(r"http://127\.0\.0\.1:\d+", line)
    try:
        assert address, process.communicate(timeout=60)
        assert line.endswith(": /agent, /chat, /agent/playground/ (to try it), /healthz\n")
        for path in ("/healthz", "/agent/playground/"):
            assert urlopen(f"{address[0]}{path}", timeout=60).status == 200
    finally:
        process.send_signal(signal.SIGINT)
        output, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    assert "LANGSERVE" not in output + error
    assert "/chat/playground" not in output + error


@pytest.mark.parametrize(("host", "said"), [("127.0.0.1", "is taken"), ("no.such.host.invalid", "check --host")])
def test_serve_where_it_cannot_listen_is_bad_input(capfd, monkeypatch, host, said) -> None:
    uvicorn = pytest.importorskip("uvicorn")
    pytest.importorskip("langserve")
    monkeypatch.setattr(uvicorn, "Server", lambda *_: pytest.fail("started"))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert run(["serve", "--host", host, "--port", str(port)]) == 2
    output, error = capfd.readouterr()
    assert (output, error.count("\n")) == ("", 1)
    assert said in error
    assert "--port" in error
    assert str(port) in error


def test_serve_without_its_extra_says_how_to_install_it(capsys, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert run(["serve"]) == 2
    assert "in the clone: pip install '.[serve]'" in capsys.readouterr().err


def test_an_interrupted_question_is_still_one_json_object(capsys, monkeypatch) -> None:
    def interrupted(*_arguments, **_options) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("visual_agent.agent.VisualAgent.run", interrupted)
    status, result = run_json(capsys, "ask", "q", RECEIPT)
    assert (status, result["error"]["type"]) == (130, "Interrupted")


def test_a_terminal_without_unicode_still_gets_the_answer() -> None:
    for arguments in (["ask", "How much was the total?", RECEIPT], ["ask", "Total?", RECEIPT, "--json"]):
        process = started(*arguments, env={**os.environ, "PYTHONIOENCODING": "ascii"})
        output, error = process.communicate(timeout=60)
        assert process.returncode == 0, error.decode()
        assert b"41.53" in output
    assert output.isascii()
    assert "£41.53" in json.loads(output)["answer"]


def test_broken_metadata_is_no_news(tmp_path) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\xff\xff\0\0\xff\xff\0\0"
    Image.new("RGB", (40, 30), "white").save(tmp_path / "odd.jpg", exif=exif)
    output, error = started("read", str(tmp_path / "odd.jpg"), "--json").communicate(timeout=60)
    assert json.loads(output)["found"] is False
    assert error == b""


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="this system has no full device")
def test_a_full_disk_is_told_without_a_traceback() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-m", "visual_agent.cli", "doctor"], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr


def test_help_and_version_need_nothing_heavy() -> None:
    code = "import sys; from visual_agent.cli import run; run(['--help']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'langchain" not in done.stdout
    assert "'cv2'" not in done.stdout


def test_a_picture_from_a_pdf_page(capsys, tmp_path) -> None:
    path = tmp_path / "two.pdf"
    pages = [Image.open(ROOT / "samples" / name).convert("RGB") for name in ("form_zh.png", "receipt.png")]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    status, result = run_json(capsys, "ask", "How much was the total?", f"{path}#page=2")
    assert (status, "41.53" in result["answer"]) == (0, True)
    assert run(["ask", "How much?", f"{path}#page=9"]) == 2
