"""README.md and docs/ tell the truth: examples run, commands and links exist, the tree is the repository."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from visual_agent.cli import app, run

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
BLOCK = re.compile(r"^(<!-- runnable -->\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)|(?:src|href)=\"([^\"#]+)\"")

pytestmark = pytest.mark.usefixtures("language_model")  # as users have it after `make demo`


def blocks(page: Path, language: str, *, runnable: bool | None = None) -> list[str]:
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [body for mark, kind, body in found if kind == language and runnable in (None, bool(mark))]


def commands(page: Path, *, runnable: bool | None = None) -> list[str]:
    lines = "".join(blocks(page, "sh", runnable=runnable)).splitlines()
    return [line for line in lines if line.startswith("visual-agent ")]


@pytest.fixture
def as_if_in_the_repository(tmp_path, monkeypatch) -> Path:
    """A folder with the samples, where examples may write."""
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_examples_run(page: Path, as_if_in_the_repository: Path) -> None:
    namespace: dict[str, object] = {"__name__": page.stem}
    for number, block in enumerate(blocks(page, "python"), 1):
        exec(compile(block, f"{page.name}, python block {number}", "exec"), namespace)


def test_the_first_example_prints_what_it_says(as_if_in_the_repository: Path, capsys) -> None:
    block = blocks(PAGES[0], "python")[0]
    exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    said = re.findall(r"^ *print\(.*#\s(.+)$", block, re.MULTILINE)
    assert printed[0] == said[0]
    assert near(numbers(printed[1]), numbers(said[1]))


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]


def near(first: list[float], second: list[float]) -> bool:
    """Boxes may move by a few pixels with the reader's version."""
    return len(first) == len(second) and all(abs(a - b) <= 4 for a, b in zip(first, second, strict=True))


def test_runnable_commands_run(as_if_in_the_repository: Path, capsys) -> None:
    lines = commands(PAGES[0], runnable=True)
    assert len(lines) >= 5
    for line in lines:
        arguments = shlex.split(line)[1:]
        assert run(arguments) == 0, line
        output = capsys.readouterr().out
        assert json.loads(output) if "--json" in arguments else output.strip(), line
    assert (as_if_in_the_repository / "answer.png").stat().st_size > 0
    assert (as_if_in_the_repository / "run.html").stat().st_size > 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_exists(page: Path) -> None:
    known = typer.main.get_command(app).commands
    text = page.read_text(encoding="utf-8")
    for line in [*commands(page), *re.findall(r"`(visual-agent [^`\n]+)`", text)]:
        name, *rest = line.split(" #")[0].split()[1:]
        assert name in known, line
        options = {option for parameter in known[name].params for option in parameter.opts} | {"--help"}
        used = {word for word in rest if word.startswith("--")}
        assert used <= options, line


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)\b", "\n".join(blocks(PAGES[0], "sh"))))
    assert named >= {"demo", "test"}
    assert named <= targets


def pages_of_the_repository() -> list[Path]:
    hidden = {".venv", "node_modules", "runs"}
    pages = [path for path in ROOT.rglob("*.md") if not hidden & set(path.relative_to(ROOT).parts)]
    return [path for path in pages if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)]


@pytest.mark.parametrize("page", pages_of_the_repository(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_exist(page: Path) -> None:
    prose = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for pair in LINK.findall(prose):
        target = pair[0] or pair[1]
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), target


# --- The tree ---------------------------------------------------------------------------------------------------------


def tree() -> dict[str, bool]:
    """Paths of the README's tree; True for a folder."""
    (text,) = blocks(PAGES[0], "text")
    paths: dict[str, bool] = {}
    above: list[str] = []
    for line in filter(None, text.splitlines()):
        depth, rest = divmod(len(line) - len(line.lstrip()), 4)
        assert rest == 0, line
        name = line.split()[0]
        assert name.endswith("/") or depth == 0 or "." in name, line
        above[depth:] = [name.rstrip("/")]
        path = "/".join(above)
        assert path not in paths, f"{path} stands twice"
        paths[path] = name.endswith("/")
    return paths


def test_the_tree_is_the_repository() -> None:
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing tells which files belong to it")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    files = {path for path in listed.split("\0") if path}
    folders = {str(parent) for path in files for parent in Path(path).parents} - {"."}
    shown = tree()
    assert {path for path, folder in shown.items() if folder} <= folders
    assert {path for path, folder in shown.items() if not folder} <= files
    opened = {"."} | {str(Path(path).parent) for path in shown}
    expected = {path for path in files | folders if str(Path(path).parent) in opened}
    missing, invented = expected - set(shown), set(shown) - expected
    assert not missing, f"the tree in README.md lacks {sorted(missing)}"
    assert not invented


def test_every_line_of_the_tree_says_what_it_is() -> None:
    (text,) = blocks(PAGES[0], "text")
    bare = [line for line in text.splitlines() if len(line.split()) < 2 and line.strip() != "tools/"]
    assert not bare


# --- Notebooks --------------------------------------------------------------------------------------------------------


def test_there_are_five_notebooks() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_short_told_and_stripped(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = notebook["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert 0 < len(code) <= 10
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    before = [cells[i - 1]["cell_type"] for i, cell in enumerate(cells) if cell["cell_type"] == "code"]
    assert cells[0]["cell_type"] == "markdown"
    assert set(before) <= {"markdown", "code"}
    assert before.count("code") <= 1  # a story: words before each cell, the setup may take two
