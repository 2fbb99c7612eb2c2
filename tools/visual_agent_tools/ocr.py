"""The OCR engine: arrays in, text boxes and their text out.

In: BGR arrays (height, width, 3; uint8). Out: `Quad`s found by PP-OCR's detector and `Reading`s by its recogniser, both
run by RapidOCR. Which pixels to look at, at which scale and which way up is `visual_agent_tools.scanning`'s business.

Why the engine is set up as it is:
- The per-line direction classifier stays off: it turns upright lines upside down at random.
- Only arrays go in: RapidOCR would fetch a string that looks like a URL, and it ignores EXIF in bytes.
- Nothing is set per call: RapidOCR keeps call arguments on the instance, where other threads see them. Detection and
  recognition are two instances with fixed settings; with those, calls from several threads do not disturb each other.
- One thread inside onnxruntime and a small pool of ours outside: lines and tiles are independent, and onnxruntime's
  own threads spin, which costs more than it gives on busy cores.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from visual_agent.errors import MissingDependency

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.uint8]

Point = tuple[float, float]
#: Corners of a text line in pixels, clockwise; the text runs from the first to the second corner.
Quad = tuple[Point, Point, Point, Point]

#: The recogniser's input height in pixels; taller crops are shrunk to it.
LINE_HEIGHT = 48

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Reading:
    """What the recogniser read from one line.

    `centers` has, for each character of `text`, its place along the line: 0 at the left edge, 1 at the right one.
    """

    text: str
    score: float
    centers: tuple[float, ...]


class _Engines:
    """The two RapidOCR instances and the pool, made on first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: tuple[Any, Any] | None = None
        self._pool: ThreadPoolExecutor | None = None
        self.workers = max(1, min(4, _cores()))

    def get(self) -> tuple[Any, Any]:
        with self._lock:
            if self._made is None:
                self._made = _make(use_rec=False), _make(use_det=False)
            return self._made

    def pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(
                    self.workers, thread_name_prefix="visual-agent-ocr", initializer=_enter_pool
                )
            return self._pool

    def resize(self, workers: int) -> None:
        with self._lock:
            old, self._pool, self.workers = self._pool, None, workers
        if old is not None:
            old.shutdown(wait=False)


_PLACE = threading.local()


def _enter_pool() -> None:
    _PLACE.in_pool = True


def _cores() -> int:
    """Cores this process may use (containers and `taskset` give fewer than the machine has)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _make(*, use_det: bool = True, use_rec: bool = True) -> Any:
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise MissingDependency("Reading text needs rapidocr and onnxruntime; in the clone: pip install .") from error
    return RapidOCR(
        params={
            "Global.use_cls": False,
            "Global.use_det": use_det,
            "Global.use_rec": use_rec,
            "Global.log_level": "error",
            "Global.text_score": 0.0,
            "Global.return_word_box": use_rec,
            # Sizes are decided in scanning.py, from the original pixels.
            "Global.use_preprocess_img": False,
            "Global.use_vertical_padding": False,
            "Det.limit_side_len": 32,
            "Rec.rec_batch_num": 1,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


_ENGINES = _Engines()


def set_workers(workers: int) -> None:
    """How many lines or tiles are read at the same time; by default the cores of this process, at most 4."""
    _ENGINES.resize(max(1, workers))


def each(function: Callable[[_T], _R], items: Iterable[_T]) -> list[_R]:
    """`[function(item) for item in items]`, spread over the pool; inside the pool (which it could fill) one by one."""
    todo = list(items)
    if len(todo) < 2 or _ENGINES.workers < 2 or getattr(_PLACE, "in_pool", False):
        return [function(item) for item in todo]
    return list(_ENGINES.pool().map(function, todo))


def detect(array: Array) -> list[tuple[Quad, float]]:
    """Text lines of a BGR array as quads in its pixels, with the detector's scores 0..1; any order.

    Both sides should be multiples of 32 for exact boxes; the network sees the array at its own size.
    """
    result = _ENGINES.get()[0](array)
    if result.boxes is None:
        return []
    found = []
    for box, score in zip(result.boxes.tolist(), result.scores, strict=True):
        a, b, c, d = ((float(x), float(y)) for x, y in box)
        found.append(((a, b, c, d), float(score)))
    return found


def recognise(array: Array) -> Reading:
    """The text of one upright line that fills a BGR array; empty text and score 0 when there is none."""
    if array.shape[0] < 1 or array.shape[1] < 1:
        return Reading("", 0.0, ())
    result = _ENGINES.get()[1](array)
    if not result.txts or not result.txts[0].strip():
        return Reading("", 0.0, ())
    text, score = str(result.txts[0]), float(result.scores[0])
    info = result.word_results[0] if result.word_results else None
    columns = [column for word in (info.word_cols if info else ()) for column in word]
    length = float(info.line_txt_len) if info else 0.0
    return Reading(text, score, _centers(text, columns, length))


def _centers(text: str, columns: Sequence[int], length: float) -> tuple[float, ...]:
    """Place of each character, from the recogniser's output columns of the characters that are not spaces."""
    visible = [i for i, char in enumerate(text) if not char.isspace()]
    if len(visible) != len(columns) or length <= 0:
        return tuple((i + 0.5) / len(text) for i in range(len(text)))
    known = {i: min((column + 0.5) / length, 1.0) for i, column in zip(visible, columns, strict=True)}
    places: list[float] = []
    for i in range(len(text)):
        before = places[-1] if places else 0.0
        after = next((known[j] for j in range(i + 1, len(text)) if j in known), 1.0)
        places.append(known.get(i, (before + after) / 2))
    return tuple(places)
