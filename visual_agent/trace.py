"""The record of a run: steps, pictures, answer; written as JSONL and read back.

In: what the agent did. Out: `Trace`, a `.jsonl` file with pictures by hash in a folder beside it.
The one-file HTML view is in `visual_agent.trace_html`.

The file holds one JSON object a line, each with a `kind`: one `header`, then `picture`s, `step`s and one `answer`.
Pictures lie as lossless PNG in `<name of the file>.pictures/<hash>.png`.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visual_agent.answers import Answer, Claim, Evidence
from visual_agent.errors import ImageNotFound, ImageUnreadable, UserError
from visual_agent.geometry import Box, Transform
from visual_agent.images import Ledger, Pixels
from visual_agent.observations import Observation, region_from_dict, region_to_dict

if TYPE_CHECKING:
    from PIL.Image import Image

#: What the errors about a file that is no trace end with.
_WANTED = "give a file that `visual-agent ask --trace run.jsonl` wrote"
#: Version of the file format; a reader refuses a newer one.
VERSION = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One thought, one tool call and what it showed.

    `call_id` ties the step to evidence. `seconds` is the tool's time plus the model call that asked for it; `tokens`
    are that model call's (prompt, new, image, and what the engine's caches did). `error` holds the tool's failure;
    `cached` says that the result was taken from an earlier equal look.
    """

    index: int
    thought: str
    tool: str
    args: dict[str, Any]
    call_id: str
    observation: Observation
    seconds: float = 0.0
    tokens: dict[str, int] = field(default_factory=dict)
    error: str = ""
    cached: bool = False


@dataclass(frozen=True, slots=True)
class PictureRecord:
    """A ledger entry as a trace stores it; `to_root` is (sx, sy, tx, ty) to the root's pixels."""

    name: str
    hash: str
    size: tuple[int, int]
    parent: str | None
    root: str
    to_root: tuple[float, float, float, float]
    source: str = ""
    note: str = ""


@dataclass(slots=True)
class Trace:
    """A whole run. `started` is UTC in ISO form, `settings` the limits and tool names it ran with.

    `before`, for a follow-up question, names the pictures and holds the regions that the conversation had already.
    `pixels` holds the pictures by hash: the run's own, or, for a trace that was read, the PNG files beside it. A trace
    that is kept therefore keeps its pictures.
    """

    question: str
    model: str
    started: str
    pictures: list[PictureRecord] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=dict)
    usage: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    pixels: dict[str, Pixels | Path] = field(default_factory=dict, repr=False, compare=False)

    def picture(self, name: str) -> PictureRecord:
        """The record of that name; ImageNotFound if the run had no such picture."""
        for record in self.pictures:
            if record.name == name:
                return record
        raise ImageNotFound(f"The trace has no picture {name[:80]!r}; it has: {self._names()}.", image=name[:80])

    def image(self, name: str) -> Image:
        """The pixels of a picture of the trace, as an upright RGB image; do not modify it.

        Raises:
            ImageNotFound: no such picture, or its file is gone.
            ImageUnreadable: the file beside the trace is not the picture that the run saw.
        """
        record = self.picture(name)
        held = self.pixels.get(record.hash)
        if held is None:
            raise ImageNotFound(f"The pixels of {name} are not in this trace; save it with its pictures.", image=name)
        if isinstance(held, Path):
            held = self.pixels[record.hash] = _read_picture(held, record)
        return held.image

    def add_pictures(self, ledger: Ledger) -> None:
        """Record every picture of a ledger."""
        for entry in ledger.pictures():
            t = entry.to_root
            place = (t.sx, t.sy, t.tx, t.ty)
            record = PictureRecord(
                entry.name, entry.hash, entry.size, entry.parent, entry.root, place, entry.source, entry.note
            )
            self.pictures.append(record)
            self.pixels[entry.hash] = entry.pixels

    def to_dict(self) -> dict[str, Any]:
        """The whole run as plain JSON values, without pixels."""
        header, *_, answer = lines = [dict(line) for line in self._lines()]
        return {
            **{key: value for key, value in header.items() if key not in ("kind", "version")},
            "pictures": [_without_kind(line) for line in lines if line["kind"] == "picture"],
            "steps": [_without_kind(line) for line in lines if line["kind"] == "step"],
            **_without_kind(answer),
        }

    def save(self, path: str | Path) -> Path:
        """Write the trace to `path` (a `.jsonl` file) and its pictures to a folder beside it.

        A reader sees the old file or the new one, never a half-written one.

        Raises:
            UserError: the place cannot be written to.
        """
        target = Path(path)
        try:
            if target.exists() and not target.is_file():
                raise UserError(f"The trace cannot be written to {target.name!r}: it is no regular file; name one.")
            folder = _pictures_folder(target)
            folder.mkdir(parents=True, exist_ok=True)
            for record in self.pictures:
                place = folder / f"{record.hash}.png"
                if not place.exists():
                    _write_png(self.image(record.name), place)
            lines = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in self._lines())
            _write_atomically(target, lines.encode())
        except OSError as error:
            raise UserError(
                f"The trace cannot be written to {target.name!r}: {error.strerror}; choose another place."
            ) from error
        return target

    @classmethod
    def load(cls, path: str | Path) -> Trace:
        """The trace that `save` wrote.

        Raises:
            UserError: no such regular file, or a line that is not a trace's; the message names the line.
        """
        source = Path(path)
        try:
            if source.exists() and not source.is_file():
                raise UserError(f"Trace {str(source)!r} cannot be read: it is no regular file; {_WANTED}.")
            text = source.read_text(encoding="utf-8")
        except OSError as error:
            raise UserError(f"Trace {str(source)!r} cannot be read: {error.strerror}; {_WANTED}.") from error
        except UnicodeDecodeError as error:
            raise UserError(f"Trace {str(source)!r} is not UTF-8 text; {_WANTED}.") from error
        return _Reader(source).read(text)

    def _names(self) -> str:
        return ", ".join(record.name for record in self.pictures) or "none"

    def _lines(self) -> Iterator[dict[str, Any]]:
        yield {
            "kind": "header",
            "version": VERSION,
            "question": self.question,
            "model": self.model,
            "started": self.started,
            "settings": self.settings,
            "before": self.before,
        }
        for record in self.pictures:
            yield {"kind": "picture", **asdict(record)}
        for step in self.steps:
            yield {"kind": "step", **step_to_dict(step)}
        yield {"kind": "answer", "answer": self.answer, "usage": self.usage, "seconds": round(self.seconds, 3)}


def _without_kind(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key != "kind"}


def step_to_dict(step: Step) -> dict[str, Any]:
    """A step as plain JSON values."""
    return {
        "index": step.index,
        "thought": step.thought,
        "tool": step.tool,
        "args": step.args,
        "call_id": step.call_id,
        "observation": step.observation.to_dict(),
        "seconds": round(step.seconds, 4),
        "tokens": step.tokens,
        "error": step.error,
        "cached": step.cached,
    }


def answer_to_dict(answer: Answer) -> dict[str, Any]:
    """An answer with its claims and evidence as plain JSON values; the trace itself is left out."""
    return {
        "text": answer.text,
        "found": answer.found,
        "stopped": answer.stopped,
        "claims": [_claim_to_dict(claim) for claim in answer.claims],
    }


def _claim_to_dict(claim: Claim) -> dict[str, Any]:
    evidence = [evidence_to_dict(item) for item in claim.evidence]
    return {"text": claim.text, "supported": claim.supported, "evidence": evidence}


def evidence_to_dict(item: Evidence) -> dict[str, Any]:
    """Evidence as plain JSON values; `box` is four numbers in pixels of the root picture `image`."""
    return {**asdict(item), "box": [round(v, 2) for v in item.box.as_tuple()]}


class _Reader:
    """Reads the lines of one trace file and says in which line it is broken."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self.trace: Trace | None = None
        self.answered = False

    def read(self, text: str) -> Trace:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                self._line(number, line)
        if self.trace is None:
            raise UserError(f"Trace {str(self.source)!r} is empty; {_WANTED}.")
        if not self.answered:
            raise UserError(f"Trace {str(self.source)!r} ends without its answer line: it was cut short; {_WANTED}.")
        return self.trace

    def _line(self, number: int, line: str) -> None:
        try:
            value = _object(line)
            self._take(value.pop("kind"), value)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, UserError) as error:
            # UserError: a region that is none (BoxError) breaks the line as much as bad JSON does.
            raise self._broken(number, error) from error

    def _broken(self, number: int, error: Exception) -> UserError:
        why = f"no {error}" if isinstance(error, KeyError) else str(error)
        return UserError(f"Trace {str(self.source)!r} cannot be read, line {number}: {why[:200]}; {_WANTED}.")

    def _take(self, kind: str, value: dict[str, Any]) -> None:
        if (kind == "header") != (self.trace is None):
            raise ValueError("the first line, and only it, must be the header")
        if kind == "header":
            self._header(value)
            return
        assert self.trace is not None
        if kind == "picture":
            record = _record_from_dict(value)
            self.trace.pictures.append(record)
            self.trace.pixels[record.hash] = _pictures_folder(self.source) / f"{record.hash}.png"
        elif kind == "step":
            self.trace.steps.append(_step_from_dict(value))
        elif kind == "answer":
            self.answered = True
            self.trace.answer = _answer_from_dict(dict(value["answer"]))
            self.trace.usage = {str(k): int(v) for k, v in value["usage"].items()}
            self.trace.seconds = float(value["seconds"])

    def _header(self, value: dict[str, Any]) -> None:
        if not isinstance(value["version"], int) or value["version"] > VERSION:
            raise ValueError(f"version {value['version']!r} is newer than {VERSION}; update visual-agent")
        self.trace = Trace(
            str(value["question"]),
            str(value["model"]),
            str(value["started"]),
            settings=dict(value["settings"]),
            before=_before_from_dict(value["before"]),
        )


def _object(line: str) -> dict[str, Any]:
    value = json.loads(line)
    if not isinstance(value, dict):
        raise TypeError(f"it holds a {type(value).__name__}, not a JSON object")
    return value


def _before_from_dict(value: dict[str, Any]) -> dict[str, Any]:
    if not value:
        return {}
    regions = [region_to_dict(region_from_dict(region)) for region in value["regions"]]
    return {"pictures": [str(name) for name in value["pictures"]], "regions": regions}


def _answer_from_dict(value: dict[str, Any]) -> dict[str, Any]:
    """The answer, with claims that are claims: each evidence has a box and names its picture."""
    if "claims" not in value:
        return value
    claims = [Claim(str(c["text"]), tuple(_evidence_from_dict(e) for e in c["evidence"])) for c in value["claims"]]
    return {**value, "claims": [_claim_to_dict(claim) for claim in claims]}


def _evidence_from_dict(value: dict[str, Any]) -> Evidence:
    x1, y1, x2, y2 = value["box"]
    words = (str(value[key]) for key in ("phrase", "source", "call_id", "region"))
    return Evidence(str(value["image"]), Box(x1, y1, x2, y2), *words)


def _record_from_dict(value: dict[str, Any]) -> PictureRecord:
    digest = str(value["hash"])
    if not (len(digest) == 64 and all(c in "0123456789abcdef" for c in digest)):
        raise ValueError("a picture's hash must be 64 hex digits")  # it becomes a file name
    width, height = (int(v) for v in value["size"])
    sx, sy, tx, ty = (float(v) for v in value["to_root"])
    if width < 1 or height < 1:
        raise ValueError(f"a picture of {width}x{height} pixels")
    Transform(sx, sy, tx, ty)  # says what is wrong with it
    parent = value["parent"]
    return PictureRecord(
        str(value["name"]),
        digest,
        (width, height),
        None if parent is None else str(parent),
        str(value["root"]),
        (sx, sy, tx, ty),
        str(value["source"]),
        str(value["note"]),
    )


def _step_from_dict(value: dict[str, Any]) -> Step:
    return Step(
        index=int(value["index"]),
        thought=str(value["thought"]),
        tool=str(value["tool"]),
        args=dict(value["args"]),
        call_id=str(value["call_id"]),
        observation=Observation.from_dict(value["observation"]),
        seconds=float(value["seconds"]),
        tokens={str(k): int(v) for k, v in value["tokens"].items()},
        error=str(value["error"]),
        cached=bool(value["cached"]),
    )


def _pictures_folder(trace_file: Path) -> Path:
    return trace_file.with_name(f"{trace_file.stem}.pictures")


def _read_picture(path: Path, record: PictureRecord) -> Pixels:
    from PIL import Image

    try:
        with Image.open(path, formats=("PNG",)) as image:  # others start programs (EPS) or cost more
            pixels = Pixels(image.convert("RGB")) if image.size == record.size else None
    except FileNotFoundError:
        raise ImageNotFound(
            f"The picture file of {record.name} is missing; keep {path.parent.name!r} beside the trace.",
            image=path.name,
        ) from None
    except Exception as error:  # decoders raise nearly anything on broken data, and Pillow on pictures that are bombs
        raise ImageUnreadable(
            f"The picture file of {record.name} cannot be read; run again.", image=path.name
        ) from error
    if pixels is None:
        raise ImageUnreadable(f"The picture file of {record.name} has another size; run again.", image=path.name)
    if pixels.hash != record.hash:
        raise ImageUnreadable(f"The picture file of {record.name} was changed; run again.", image=path.name)
    return pixels


def _write_png(image: Image, place: Path) -> None:
    # Level 1 is five times faster than the default and about a tenth larger; a trace must not slow its run.
    with tempfile.NamedTemporaryFile(dir=place.parent, suffix=".tmp", delete=False) as file:
        try:
            image.save(file, "PNG", compress_level=1)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    _publish(Path(file.name), place)


def _write_atomically(target: Path, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".tmp", delete=False) as file:
        file.write(data)
    _publish(Path(file.name), target)


def _publish(temporary: Path, target: Path) -> None:
    # Temporary files are private (0600); a trace is shown to others like any file the user writes.
    mask = os.umask(0)
    os.umask(mask)
    temporary.chmod(0o666 & ~mask)
    temporary.replace(target)


def named_pictures(trace: Trace, pictures: Ledger | Mapping[str, Image] | None = None) -> dict[str, Image]:
    """The pictures of a trace by name: from `pictures` where given, else the trace's own."""
    if isinstance(pictures, Ledger):
        return {entry.name: entry.image for entry in pictures.pictures()}
    if pictures is not None:
        return dict(pictures)
    return {record.name: trace.image(record.name) for record in trace.pictures}
