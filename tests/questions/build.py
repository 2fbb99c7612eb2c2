"""Render every picture, split by picture, write tune/tune.jsonl and report/report.jsonl.

    python tests/questions/build.py [NAME...]      (names: only render these, for a look; writes nothing else)

The split is drawn inside each batch file and family by a fixed seed, from names alone, before any result
exists: adding a batch never moves an older picture.
"""

from __future__ import annotations

import importlib
import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "source"))

from model import Picture, Question, language  # noqa: E402
from render import browser, render  # noqa: E402

HALVES = ("tune", "report")


def batches() -> dict[str, list[Picture]]:
    """Every batch's pictures; one batch may lie in several files `batch1_*.py`."""
    out: dict[str, list[Picture]] = {}
    for path in sorted((HERE / "source").glob("batch*_*.py")):
        out.setdefault(path.stem.split("_")[0], []).extend(importlib.import_module(path.stem).PICTURES)
    return out


def split(batch: str, pictures: list[Picture]) -> dict[str, str]:
    """Picture name -> half; within a family names are shuffled and dealt out in turn."""
    halves: dict[str, str] = {}
    turn = random.Random(f"{batch}:turn").randrange(2)
    for family in sorted({p.family for p in pictures}):
        names = sorted(p.name for p in pictures if p.family == family)
        random.Random(f"{batch}:{family}").shuffle(names)
        for name in names:
            halves[name] = HALVES[turn]
            turn = 1 - turn
    return halves


def line(picture: Picture, question: Question, number: int, files: list[str], boxes: list[Any]) -> dict[str, Any]:
    """One case of the JSONL file."""
    evidence = []
    for name in question.evidence:
        index, _, key = name.rpartition(":")
        page = int(index or 0)
        evidence.append([page, *(round(v, 1) for v in boxes[page][key])])
    return {
        "id": f"{picture.name}-{number}",
        "images": files,
        "question": question.text,
        "answers": list(question.answers),
        "kind": question.kind or picture.family,
        "language": language(question, picture),
        "found": question.found,
        "boxes": evidence,
        "match": question.match,
    }


def save(picture: Picture, chrome: Any, folder: Path) -> tuple[list[str], list[Any]]:
    """Render the images of one picture into `folder`."""
    files, boxes = [], []
    for i, page in enumerate(picture.pages):
        image, found = render(page, chrome)
        suffix = "jpg" if page.quality else "png"
        name = picture.name + (f"_{'ab'[i]}" if len(picture.pages) > 1 else "") + f".{suffix}"
        if page.quality:
            image.save(folder / name, quality=page.quality)
        else:
            _flat(image).save(folder / name, optimize=True)
        files.append(name)
        boxes.append(found)
    return files, boxes


def _flat(image: Any) -> Any:
    """A screen or drawing has few colours; a palette makes the file a third of the size."""
    return image.quantize(64, dither=0) if image.width * image.height > 250_000 else image


def main() -> None:
    """Build all, or render the named pictures into a temporary folder."""
    wanted = set(sys.argv[1:])
    cases: dict[str, list[dict[str, Any]]] = {h: [] for h in HALVES}
    with browser() as chrome:
        for batch, pictures in batches().items():
            halves = split(batch, pictures)
            for picture in pictures:
                if wanted and picture.name not in wanted:
                    continue
                folder = Path(tempfile.gettempdir()) / "questions" if wanted else HERE / halves[picture.name]
                folder.mkdir(exist_ok=True)
                files, boxes = save(picture, chrome, folder)
                for n, question in enumerate(picture.questions, 1):
                    cases[halves[picture.name]].append(line(picture, question, n, files, boxes))
    if not wanted:
        for half, lines in cases.items():
            body = "".join(json.dumps(c, ensure_ascii=False) + "\n" for c in lines)
            (HERE / half / f"{half}.jsonl").write_text(body, encoding="utf-8")
            print(half, len(lines))


if __name__ == "__main__":
    main()
