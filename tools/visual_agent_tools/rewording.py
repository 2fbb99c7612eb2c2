"""What two pictures say differently: their lines of text laid on each other.

In: the lines of both pictures and their `Alignment`, or None where they do not lie on each other. Out: `TextChange`s.
Aligned lines are compared where they stand; otherwise the texts are compared in reading order. Each difference in a
line is judged by itself: a word misread at its start says nothing about a word added at its end. The mark before an
item of a list is no text; readers see it one time and miss it the next.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Protocol

from visual_agent.errors import BoxError
from visual_agent.geometry import Box

if TYPE_CHECKING:
    from visual_agent_tools.alignment import Alignment

_TOKEN = re.compile(r"[A-Za-z]+|\d+(?:[.,:/-]\d+)*|\S")
#: Marks that may be ticks (□ ○ ✓) and numbers say something; a dash or a star is a mark before a word alone.
_LIST_MARK = re.compile(r"\s*(?:[•·∙・●◦‣⁃▪■▸►➢]|[-–—*](?=\s+[^\W\d_]))\s*")
_Carry = Callable[[Sequence[tuple[float, float]]], list[tuple[float, float]]]
#: A line belongs to one of the other picture when they share this much of the shorter one's length.
_SHARED = 0.4


class TextLine(Protocol):
    """What is needed of a line that was read: its text, its box, and the box of a part of its text."""

    @property
    def text(self) -> str:
        """What it says."""
        ...

    @property
    def box(self) -> Box:
        """Where it stands, in pixels of its picture."""
        ...

    def part(self, start: int, end: int) -> Box:
        """The box of `text[start:end]`."""
        ...


@dataclass(frozen=True, slots=True)
class TextChange:
    """A difference in wording: `before` and `after` are whole lines, "" where there is none.

    `box_a` and `box_b` are what changed in them, in pixels of the first and the second picture; None where the
    pictures are not aligned and the text is only in the other one.
    """

    before: str
    after: str
    box_a: Box | None
    box_b: Box | None

    @property
    def kind(self) -> str:
        """One of "text changed", "text added" and "text removed"."""
        if self.before and self.after:
            return "text changed"
        return "text removed" if self.before else "text added"


def aligned_changes(
    lines_a: Sequence[TextLine],
    lines_b: Sequence[TextLine],
    alignment: Alignment,
    sizes: tuple[tuple[int, int], tuple[int, int]],
    is_seen: Callable[[Box], bool],
) -> list[TextChange]:
    """Lines that say something else at the same place.

    Args:
        lines_a: the first picture's lines.
        lines_b: the second picture's lines.
        alignment: from the first picture to the second.
        sizes: (width, height) of both.
        is_seen: whether the pixels differ inside a box of the first picture. Readers err; a change of words that
            cannot be seen is such an error.
    """
    lines_a, lines_b = (
        [line for line in lines if not _is_ghost(line, size)]
        for lines, size in zip((lines_a, lines_b), sizes, strict=True)
    )
    strokes_a = [_stroke(line) for line in lines_a]
    strokes_b = [_stroke(line, alignment.back) for line in lines_b]
    changes = []
    for group_a, group_b in _groups(strokes_a, strokes_b):
        some_a = sorted((lines_a[i] for i in group_a), key=lambda line: line.box.x1)
        some_b = sorted((lines_b[i] for i in group_b), key=lambda line: line.box.x1)
        before, after = (" ".join(line.text for line in some) for some in (some_a, some_b))
        if _said(some_a) == _said(some_b):
            continue
        seen = []
        for old, new in _edits(some_a, some_b):
            old_in_b = _onto(old, alignment.points, sizes[1]) if old else None
            new_in_a = _onto(new, alignment.back, sizes[0]) if new else None
            if any(is_seen(box) for box in (old, new_in_a) if box):
                seen.append((old or new_in_a, new or old_in_b))
        box_a, box_b = _around(a for a, _ in seen), _around(b for _, b in seen)
        if box_a is not None and box_b is not None:
            changes.append(TextChange(before, after, box_a, box_b))
    return changes


def ordered_changes(lines_a: Sequence[TextLine], lines_b: Sequence[TextLine]) -> list[TextChange]:
    """Lines that only one picture has, and neighbours that replace each other, in reading order."""
    lines_a, lines_b = ([line for line in lines if _said([line])] for lines in (lines_a, lines_b))
    said_a, said_b = ([_said([line]) for line in lines] for lines in (lines_a, lines_b))
    changes: list[TextChange] = []
    for kind, a1, a2, b1, b2 in difflib.SequenceMatcher(None, said_a, said_b, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        rest_b = list(lines_b[b1:b2])
        for line in lines_a[a1:a2]:
            twin = _likest(line, rest_b)
            if twin is None:
                changes.append(TextChange(line.text, "", line.box, None))
                continue
            rest_b.remove(twin)
            edits = _edits([line], [twin])
            box_a, box_b = _around(a for a, _ in edits), _around(b for _, b in edits)
            changes.append(TextChange(line.text, twin.text, box_a or line.box, box_b or twin.box))
        changes.extend(TextChange("", line.text, None, line.box) for line in rest_b)
    return changes


def _plain(text: str) -> str:
    """What readers agree on: no spaces, one width."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _unmarked(text: str) -> int:
    """Where a line's own text starts: behind the mark of a list."""
    mark = _LIST_MARK.match(text)
    return mark.end() if mark else 0


def _said(lines: Sequence[TextLine]) -> str:
    """What lines say, for comparing: plain, without the marks of a list."""
    return "".join(_plain(line.text[_unmarked(line.text) :]) for line in lines)


def _likest(line: TextLine, others: Sequence[TextLine]) -> TextLine | None:
    def likeness(other: TextLine) -> float:
        return difflib.SequenceMatcher(None, _said([line]), _said([other]), autojunk=False).ratio()

    best = max(others, key=likeness, default=None)
    return best if best is not None and likeness(best) >= 0.5 else None


def _onto(box: Box, carry: _Carry, size: tuple[int, int]) -> Box | None:
    """A box in the other picture, cut at its edges; None where it is not in it."""
    corners = carry([(box.x1, box.y1), (box.x2, box.y1), (box.x2, box.y2), (box.x1, box.y2)])
    try:
        whole = Box.around(corners)
        part = whole.clipped(size)
    except BoxError:
        return None
    return part if part.area >= 0.8 * whole.area else None


def _is_ghost(line: TextLine, size: tuple[int, int]) -> bool:
    """Whether a reader saw a letter or two in a shape that fills a good part of a photo."""
    return len(_plain(line.text)) <= 2 and line.box.area > 0.02 * size[0] * size[1]


@dataclass(frozen=True, slots=True)
class _Stroke:
    """A line of text as the stroke through its letters' middles, and their height, in the first picture's pixels."""

    start: tuple[float, float]
    end: tuple[float, float]
    height: float

    def meets(self, other: _Stroke) -> bool:
        """Whether both are (parts of) one line: little apart across, and much in common along this stroke."""
        dx, dy = self.end[0] - self.start[0], self.end[1] - self.start[1]
        length = max((dx * dx + dy * dy) ** 0.5, 1e-6)
        ux, uy = (dx / length, dy / length) if length > 1 else (1.0, 0.0)
        along, across = [], []
        for x, y in (other.start, other.end):
            along.append((x - self.start[0]) * ux + (y - self.start[1]) * uy)
            across.append(abs((y - self.start[1]) * ux - (x - self.start[0]) * uy))
        low, high = min(self.height, other.height), max(self.height, other.height)
        if high > 2.5 * low or sum(across) / 2 > 0.5 * high:
            return False
        # The stroke ends in the middle of a letter: half a letter more on both sides.
        one, two = (-low / 2, length + low / 2), (min(along) - low / 2, max(along) + low / 2)
        shared = min(one[1], two[1]) - max(one[0], two[0])
        return bool(shared > _SHARED * min(one[1] - one[0], two[1] - two[0]))


def _stroke(line: TextLine, carry: _Carry | None = None) -> _Stroke:
    last = max(len(line.text.rstrip()), 1)
    ends = [line.part(0, 1), line.part(last - 1, last)]
    points, tops = [box.center for box in ends], [(box.center[0], box.y1) for box in ends]
    if carry is not None:
        points, tops = carry(points), carry(tops)
    heights = [2 * ((p[0] - t[0]) ** 2 + (p[1] - t[1]) ** 2) ** 0.5 for p, t in zip(points, tops, strict=True)]
    return _Stroke(points[0], points[1], max(min(heights), 1.0))


def _groups(strokes_a: Sequence[_Stroke], strokes_b: Sequence[_Stroke]) -> list[tuple[list[int], list[int]]]:
    """Lines of both pictures that stand on each other; one may face several where a reader cut it differently."""
    group_of = list(range(len(strokes_a) + len(strokes_b)))

    def find(i: int) -> int:
        while group_of[i] != i:
            i = group_of[i]
        return i

    for i, a in enumerate(strokes_a):
        for j, b in enumerate(strokes_b):
            if a.meets(b):
                group_of[find(i)] = find(len(strokes_a) + j)
    groups: dict[int, tuple[list[int], list[int]]] = {}
    for i in range(len(strokes_a)):
        groups.setdefault(find(i), ([], []))[0].append(i)
    for j in range(len(strokes_b)):
        groups.setdefault(find(len(strokes_a) + j), ([], []))[1].append(j)
    return list(groups.values())


def _edits(lines: Sequence[TextLine], others: Sequence[TextLine]) -> list[tuple[Box | None, Box | None]]:
    """The differences of two lines, word by word: a box on each side, None where that side has no words for it."""
    words = [[(ln, m) for ln in side for m in _TOKEN.finditer(ln.text, _unmarked(ln.text))] for side in (lines, others)]
    plain = [[_plain(m[0]) for _, m in side] for side in words]
    return [
        (
            _around(line.part(m.start(), m.end()) for line, m in words[0][a1:a2]),
            _around(line.part(m.start(), m.end()) for line, m in words[1][b1:b2]),
        )
        for kind, a1, a2, b1, b2 in difflib.SequenceMatcher(None, plain[0], plain[1], autojunk=False).get_opcodes()
        if kind != "equal"
    ]


def _around(boxes: Iterable[Box | None]) -> Box | None:
    """The box around those that there are; None where there are none."""
    found = [box for box in boxes if box is not None]
    return reduce(Box.union, found) if found else None
