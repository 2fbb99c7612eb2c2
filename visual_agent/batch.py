"""Many questions from a file.

In: CASES.jsonl, lines `{"id", "images": [paths relative to the file], "question"}`. Out: PREDS.jsonl, lines
`{"id", "answer", "found", "boxes": [[image, x1, y1, x2, y2], ...], "seconds", "error"?}`.
A bad case becomes a line with `error` and does not stop the rest; a second run goes on where the first one
stopped and asks again what failed.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from visual_agent.errors import ImageNotFound, UserError, VisualAgentError
from visual_agent.results import error_to_dict, prediction_of

if TYPE_CHECKING:
    from visual_agent.agent import VisualAgent

Case = dict[str, Any]


def read_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """(line number, parsed JSON or the error text as a `ValueError`) of each line that is not blank."""
    return _parsed(path, _bytes(path))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"Cannot read {str(path)!r} ({error}); give a JSONL file in UTF-8.") from error


def _parsed(path: Path, raw: bytes) -> Iterator[tuple[int, Any]]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"Cannot read {str(path)!r} ({error}); give a JSONL file in UTF-8.") from error
    for number, line in enumerate(text.split("\n"), 1):  # splitlines() would also break lines inside JSON strings
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                yield number, ValueError(f"line {number} is not JSON: {error}")


def read_cases(path: Path) -> list[Case]:
    """The cases of a file; a line that is no case is kept as `{"id", "problem"}` so that it gets its own error."""
    cases: list[Case] = []
    seen: set[str] = set()
    for number, value in read_lines(path):
        case = _checked(number, value)
        key = _key(case["id"])
        if key in seen:
            case = {"id": f"line {number}", "problem": f"line {number} repeats the id {case['id']!r}; ids must differ."}
        seen.add(_key(case["id"]))
        cases.append(case)
    return cases


def _checked(number: int, value: Any) -> Case:
    if not isinstance(value, dict):
        problem = str(value) if isinstance(value, ValueError) else f"line {number} is no JSON object"
        return {"id": f"line {number}", "problem": f"{problem}; write one object a line."}
    case_id = value.get("id", f"line {number}")
    images, question = value.get("images"), value.get("question")
    if not isinstance(question, str) or not isinstance(images, list) or not all(isinstance(i, str) for i in images):
        problem = f'line {number} needs "images" (a list of paths) and "question" (a text).'
        return {"id": case_id, "problem": problem}
    return {"id": case_id, "images": images, "question": question}


def _key(case_id: Any) -> str:
    return json.dumps(case_id, ensure_ascii=False, sort_keys=True)


_BEGINNING = b'{"id": '
"""What every line of predictions begins with."""


def finished_ids(path: Path) -> set[str]:
    """The ids that a former run has answered. Lines that are errors, or were cut off, are taken out of the file.

    Raises:
        UserError: the file cannot be read or written, or holds something else than predictions.
    """
    if not path.exists():
        return set()
    whole, newline, cut = _bytes(path).rpartition(b"\n")  # bytes: a line may be cut inside a character
    lines = [value for _, value in _parsed(path, whole + newline)]
    if not (cut.startswith(_BEGINNING) or _BEGINNING.startswith(cut)) or not all(map(_is_prediction, lines)):
        raise UserError(f"{str(path)!r} holds something else than predictions; choose another place for them.")
    good = [value for value in lines if "error" not in value]
    if cut or len(good) < len(lines):
        _replace(path, "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in good))
    return {_key(value["id"]) for value in good}


def _is_prediction(value: Any) -> bool:
    return isinstance(value, dict) and "id" in value


def _replace(path: Path, text: str) -> None:
    """Write a file in one step: an interruption leaves the old one or the new one."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise UserError(f"Cannot write {str(path)!r} ({error.strerror}); choose another place.") from error


def run_case(agent: VisualAgent, case: Case, folder: Path) -> dict[str, Any]:
    """The prediction line of one case; never raises for what the case or the model did wrong."""
    started = time.perf_counter()
    try:
        _refuse_problem(case)
        pictures = [_resolved(source, folder) for source in case["images"]]
        answer = agent.run(case["question"], *pictures)
        return prediction_of(case["id"], answer, seconds=time.perf_counter() - started)
    except Exception as error:  # one bad case must not stop the rest; the line says what happened
        if not isinstance(error, (VisualAgentError, OSError, ValueError, RuntimeError)):
            raise
        seconds = round(time.perf_counter() - started, 3)
        told = _told(error, case, folder)
        return {"id": case["id"], "answer": "", "found": False, "boxes": [], "seconds": seconds, **told}


def _told(error: Exception, case: Case, folder: Path) -> dict[str, Any]:
    """The error as plain values; where a picture is missing, with the folder that relative paths are taken from."""
    told = error_to_dict(error)
    if isinstance(error, ImageNotFound) and any(map(_is_relative, case["images"])):
        told["error"]["message"] += f" Relative paths are taken from the folder {str(folder.absolute())!r}."
    return told


def _refuse_problem(case: Case) -> None:
    if "problem" in case:
        raise UserError(case["problem"])


def _resolved(source: str, folder: Path) -> str:
    return str(folder.absolute() / source) if _is_relative(source) else source


def _is_relative(source: str) -> bool:
    return not (source.startswith(("http://", "https://", "data:")) or Path(source).is_absolute())


def run_batch(
    agent: VisualAgent,
    cases: list[Case],
    folder: Path,
    output: Path,
    *,
    workers: int = 1,
    progress: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Answer `cases` and append their lines to `output` as they finish (flushed line by line).

    Args:
        agent: shared by all workers.
        cases: what `read_cases` gave, without those already finished.
        folder: what relative picture paths start from.
        output: the predictions file.
        workers: how many cases run at once.
        progress: called with each finished line.

    Raises:
        UserError: the file cannot be written to.
    """
    lock = threading.Lock()
    with _opened(output) as file, ThreadPoolExecutor(workers) as pool:
        pending: set[Future[dict[str, Any]]] = set()
        queue = iter(cases)

        def collect(done: set[Future[dict[str, Any]]]) -> None:
            for future in done:
                line = future.result()
                with lock:
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
                    file.flush()
                if progress:
                    progress(line)

        try:
            for case in queue:
                pending.add(pool.submit(run_case, agent, case, folder))
                if len(pending) >= workers:
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    collect(done)
            collect(wait(pending).done)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _opened(output: Path) -> TextIO:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        return output.open("a", encoding="utf-8")
    except OSError as error:
        raise UserError(f"Cannot write {str(output)!r} ({error.strerror}); choose another place.") from error


def undone(cases: list[Case], finished: set[str]) -> list[Case]:
    """The cases whose id no former run has written."""
    return [case for case in cases if _key(case["id"]) not in finished]
