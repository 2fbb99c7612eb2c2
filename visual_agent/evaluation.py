"""Score a run on a question set: cases and predictions (JSONL) in, a table out.

    python -m visual_agent.evaluation CASES.jsonl PREDS.jsonl [--baseline] [--wrong]

A case: `{"id", "images", "question", "answers", "kind", "language", "found", "boxes", "match"}`
(tests/questions/README.md). A prediction, as `visual-agent batch` writes it:
`{"id", "answer", "found", "boxes": [[image, x1, y1, x2, y2]], "seconds", "error"?}`.

An answerable case is right when the prediction claims to have found it and `judging.is_right` accepts the
text; a case whose picture does not hold the answer is right when `found` is false (a refusal counts, and is
counted apart in the notes under the table); an error or a missing line is wrong.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visual_agent.baseline import Line, baseline
from visual_agent.errors import BoxError
from visual_agent.geometry import Box
from visual_agent.judging import is_right, refuses, yes_or_no

__all__ = ["Mark", "Share", "aggregate", "baseline", "pointed", "score", "table", "wilson"]


@dataclass(frozen=True)
class Mark:
    """The verdict on one case.

    `said` is "answered", "not found", "refused", "error" or "missing"; `pointed` says whether a returned box
    points at the evidence, None where no evidence is known.
    """

    id: str
    kind: str
    language: str
    answerable: bool
    right: bool
    said: str
    pointed: bool | None
    seconds: float | None


@dataclass(frozen=True)
class Share:
    """`right` of `total` and the 95 % Wilson interval, as fractions."""

    name: str
    right: int
    total: int
    low: float
    high: float


def score(prediction: Mapping[str, Any] | None, case: Mapping[str, Any]) -> Mark:
    """Judge one prediction (None: no line for this case)."""
    said = _said(prediction)
    hit = pointed(prediction.get("boxes") or [], case["boxes"]) if prediction and case.get("boxes") else None
    if case.get("boxes") and hit is None:
        hit = False
    seconds = prediction.get("seconds") if prediction else None
    return Mark(
        id=case["id"],
        kind=case["kind"],
        language=case["language"],
        answerable=case["found"],
        right=_right(prediction, case, said, bool(hit)),
        said=said,
        pointed=hit,
        seconds=seconds,
    )


def _said(prediction: Mapping[str, Any] | None) -> str:
    if prediction is None:
        return "missing"
    if prediction.get("error"):
        return "error"
    if prediction.get("found"):
        return "answered"
    return "refused" if refuses(str(prediction.get("answer") or "")) else "not found"


def _right(prediction: Mapping[str, Any] | None, case: Mapping[str, Any], said: str, hit: bool) -> bool:
    if prediction is None or said == "error":
        return False
    answer, match = str(prediction.get("answer") or ""), case["match"]
    if match == "refusal":
        truth = said == "answered" and is_right("contains", answer, case["answers"], case["question"])
        return said == "refused" or truth
    if not case["found"]:
        return said in ("not found", "refused")
    if match == "box":
        return said == "answered" and hit
    # A plain "no" is an answer whatever the flag says: nothing was found, and that was asked.
    if said != "answered" and not (match == "yesno" and yes_or_no(case["answers"][0]) is False):
        return False
    return is_right(match, answer, case["answers"], case["question"])


def pointed(returned: Sequence[Sequence[float]], evidence: Sequence[Sequence[float]]) -> bool:
    """Whether a returned box points at a true one; both are `[image, x1, y1, x2, y2]` in pixels.

    Same picture and: IoU >= 0.3, or the returned box's middle inside the true box, or the true box's middle
    inside a returned box of at most 25 times its area (a line or row around the value). Only the first boxes
    count, twice as many as true ones and at least five: returning every box of the page is not pointing.
    """
    limit = max(5, 2 * len(evidence))
    for image, *numbers in returned[:limit]:
        try:
            box = Box(*(float(v) for v in numbers))
        except (BoxError, TypeError, ValueError):
            continue  # a broken box points nowhere
        for true_image, *true_numbers in evidence:
            if int(image) == int(true_image) and _points_at(box, Box(*true_numbers)):
                return True
    return False


def _points_at(box: Box, true: Box) -> bool:
    around = box.contains(*true.center) and box.area <= 25 * true.area
    return box.iou(true) >= 0.3 or true.contains(*box.center) or around


def wilson(right: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's score interval for a share (E. B. Wilson, JASA 22, 1927); (0, 1) for no cases."""
    if not total:
        return 0.0, 1.0
    p, n = right / total, total
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def _share(name: str, marks: Sequence[Mark]) -> Share:
    right = sum(m.right for m in marks)
    return Share(name, right, len(marks), *wilson(right, len(marks)))


def aggregate(marks: Iterable[Mark]) -> list[Share]:
    """Shares right: all, where the picture holds the answer, where it does not, then by kind and language."""
    marks = list(marks)
    looking = [m for m in marks if m.kind == "needs_vlm"]
    rest = [m for m in marks if m.kind != "needs_vlm"]
    rows = [
        _share("all", marks),
        _share("answer in the picture", [m for m in rest if m.answerable]),
        _share("answer not in the picture", [m for m in rest if not m.answerable]),
    ]
    rows += [_share(f"kind {k}", [m for m in rest if m.kind == k]) for k in sorted({m.kind for m in rest})]
    if looking:
        rows.append(_share("kind needs_vlm", looking))
    return rows + [
        _share(f"language {lang}", [m for m in marks if m.language == lang])
        for lang in sorted({m.language for m in marks})
    ]


def table(runs: Mapping[str, Sequence[Mark]]) -> str:
    """One column a run: shares with intervals, then what was said where, evidence and time."""
    names = list(runs)
    shares = {name: {s.name: s for s in aggregate(marks)} for name, marks in runs.items()}
    out = [f"{'right':28}" + "".join(f"{n:>34}" for n in names)]
    for row in shares[names[0]]:
        cells = (shares[n][row] for n in names)
        out.append(f"{row:28}" + "".join(f"{_percent(c):>34}" for c in cells))
    for name, marks in runs.items():
        out += ["", f"{name}:", *_notes(marks)]
    return "\n".join(out)


def _percent(s: Share) -> str:
    rate = 100 * s.right / s.total if s.total else 0.0
    return f"{rate:5.1f} % ({s.right}/{s.total}) [{100 * s.low:.0f}, {100 * s.high:.0f}]"


def _notes(marks: Sequence[Mark]) -> list[str]:
    lines = []
    groups = {
        "holds the answer": [m for m in marks if m.answerable],
        "does not hold it": [m for m in marks if not m.answerable and m.kind != "needs_vlm"],
        "needs looking": [m for m in marks if m.kind == "needs_vlm"],
    }
    for name, group in groups.items():
        said = Counter(m.said for m in group)
        lines.append(f"  picture {name:17}" + ", ".join(f"{said[k]} {k}" for k in sorted(said)))
    known = [m for m in marks if m.pointed is not None]
    right = [m for m in known if m.right]
    share, of_right = _share("", known), sum(bool(m.pointed) for m in right)
    hits = sum(bool(m.pointed) for m in known)
    lines.append(f"  evidence pointed at      {hits}/{share.total}; of the right answers {of_right}/{len(right)}")
    seconds = sorted(m.seconds for m in marks if m.seconds is not None)
    if seconds:
        lines.append(f"  seconds a question       median {seconds[len(seconds) // 2]:.1f}, most {seconds[-1]:.1f}")
    return lines


# --- files ---------------------------------------------------------------------------------------------


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def baseline_predictions(cases: Sequence[Mapping[str, Any]], folder: Path) -> dict[str, Mapping[str, Any]]:
    """The baseline's answers; each picture is read once by RapidOCR at full size."""
    import numpy as np
    from PIL import Image, ImageOps
    from rapidocr import RapidOCR

    settings = {
        "Global.use_cls": False,  # turns upright lines upside down
        "Global.log_level": "error",
        "Global.max_side_len": 6000,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "Rec.rec_batch_num": 1,
    }
    engine, read = RapidOCR(params=settings), {}
    for name in sorted({n for case in cases for n in case["images"]}):
        with Image.open(folder / name) as opened:
            picture = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))[..., ::-1]
        result = engine(picture)
        found = zip(result.boxes, result.txts, result.scores, strict=True) if result.boxes is not None else ()
        read[name] = [_line(quad, text, score) for quad, text, score in found]
    return {case["id"]: dict(baseline(case["question"], *(read[n] for n in case["images"]))) for case in cases}


def _line(quad: Any, text: str, score: float) -> Line:
    (x1, y1), (x2, y2) = quad.min(0), quad.max(0)
    return text, (float(x1), float(y1), float(x2), float(y2)), float(score)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m visual_agent.evaluation", description="Score predictions.")
    parser.add_argument("cases", type=Path, help="the question set (JSONL)")
    parser.add_argument("predictions", type=Path, nargs="?", help="what `visual-agent batch` wrote")
    parser.add_argument("--baseline", action="store_true", help="print the keyword baseline beside it")
    parser.add_argument("--wrong", action="store_true", help="list the wrong answers (not for a report half)")
    options = parser.parse_args(arguments)
    if not options.predictions and not options.baseline:
        parser.error("give PREDS.jsonl, --baseline, or both")
    cases = read_jsonl(options.cases)
    answers: dict[str, dict[str, Mapping[str, Any]]] = {}
    if options.predictions:
        answers["agent"] = {p["id"]: p for p in read_jsonl(options.predictions)}
    if options.baseline:
        answers["baseline"] = baseline_predictions(cases, options.cases.parent)
    runs = {name: [score(given.get(c["id"]), c) for c in cases] for name, given in answers.items()}
    print(table(runs))
    if options.wrong:
        _print_wrong(cases, answers, runs)


def _print_wrong(
    cases: Sequence[Mapping[str, Any]], answers: Mapping[str, Any], runs: Mapping[str, Sequence[Mark]]
) -> None:
    by_id = {c["id"]: c for c in cases}
    for name, marks in runs.items():
        for m in marks:
            if not m.right:
                case, given = by_id[m.id], answers[name].get(m.id) or {}
                wanted = case["answers"] if case["found"] else "(not in the picture)"
                print(f"{name} {m.id}: {case['question']!r} wanted {wanted}, {m.said}: {given.get('answer')!r}")


if __name__ == "__main__":
    main()
