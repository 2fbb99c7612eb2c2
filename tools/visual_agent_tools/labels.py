"""What stands in a page's columns, put together: labels set with wide spaces, and slips that the context makes certain.

In: the lines of one picture, as they were read. Out: the same lines, with

- "车   号" one label where labels above or below it have the same width (Chinese forms spread labels so);
- a column of first characters, read as one upright line, given back to its rows;
- a digit in a month's name, or one letter in a number, as what it must be ("0ct" is Oct, "2o25" is 2025). Codes, where
  both are possible, stay as they were read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from visual_agent.geometry import Box
from visual_agent_tools.lines import Line

#: The widest space inside a label, in heights of its characters; the most characters a spread label has.
_WIDEST, _MOST = 2.4, 4
_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_MONTHS = {name for full in _MONTH.split("|") for name in (full, full[:3], full.upper(), full[:3].upper())} | {"Sept"}
_AS_LETTER = str.maketrans("015", "OlS")
_WORD = re.compile(r"[A-Za-z015]{3,9}")
_LETTER_IN_NUMBER = re.compile(r"(?<![A-Za-z0-9])\d[\d,.:/-]*[oO][\d,.:/-]*\d(?![A-Za-z0-9])")
_SPLIT_YEAR = re.compile(rf"(?:\b(?:{_MONTH}|{'|'.join(m[:3] for m in _MONTH.split('|'))})\.?,? (?:19|20)\d)( )\d\b")


def tidy(lines: Sequence[Line]) -> list[Line]:
    """Labels joined and certain slips corrected; all else as it is."""
    return [_correct(line) for line in _join_spread(_unstack(lines))]


def _is_hanzi(text: str) -> bool:
    return bool(text) and all("\u3400" <= char <= "\u9fff" for char in text)


def _unstack(lines: Sequence[Line]) -> list[Line]:
    """Upright lines whose every character has the rest of its label beside it: one line a character."""
    singles = [line for line in lines if len(line.text) == 1 and _is_hanzi(line.text)]
    result: list[Line] = []
    for line in lines:
        box, count = line.box, len(line.text)
        if count < 3 or not _is_hanzi(line.text) or box.height < 1.5 * box.width or len(singles) < 2:
            result.append(line)
            continue
        parts = [line.part(i, i + 1) for i in range(count)]
        with_rest = sum(any(_follows(part, single.box) for single in singles) for part in parts)
        if with_rest < 0.7 * count:
            result.append(line)
        else:
            result += [Line(c, _corners(part), line.score, (0.5,)) for c, part in zip(line.text, parts, strict=True)]
    return result


def _corners(box: Box) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]:
    return (box.x1, box.y1), (box.x2, box.y1), (box.x2, box.y2), (box.x1, box.y2)


def _follows(box: Box, other: Box) -> bool:
    """Whether `other` stands right of `box` on its level, as near as characters of one label."""
    height = min(box.width, other.width)
    gap = other.x1 - box.x2
    return abs(box.center[1] - other.center[1]) < 0.5 * height and -0.2 * height < gap < _WIDEST * height


def _join_spread(lines: Sequence[Line]) -> list[Line]:
    """Single Hanzi side by side made one label, where another label has the same two edges."""
    singles = sorted((x for x in lines if len(x.text) == 1 and _is_hanzi(x.text)), key=lambda x: x.box.x1)
    chains: list[list[Line]] = []
    for line in singles:
        chain = next((c for c in chains if _follows(c[-1].box, line.box)), None)
        if chain is not None:
            chain.append(line)
        else:
            chains.append([line])
    chains = [chain for chain in chains if 2 <= len(chain) <= _MOST]
    labels = [line.box for line in lines if 2 <= len(line.text.strip(":")) <= 6 and _is_hanzi(line.text.strip(":"))]
    joined = [_joined(chain) for chain in chains]
    used: set[int] = set()
    result: list[Line] = []
    for chain, label in zip(chains, joined, strict=True):
        others = [*labels, *(other.box for other in joined if other is not label)]
        if any(_same_edges(label.box, other, chain[0].box.width) for other in others):
            used.update(id(line) for line in chain)
            result.append(label)
    return [line for line in lines if id(line) not in used] + result


def _same_edges(box: Box, other: Box, size: float) -> bool:
    return abs(box.x1 - other.x1) < 0.5 * size and abs(box.x2 - other.x2) < 0.5 * size


def _joined(chain: Sequence[Line]) -> Line:
    box = chain[0].box
    for line in chain[1:]:
        box = box.union(line.box)
    centers = tuple((line.box.center[0] - box.x1) / box.width for line in chain)
    return Line("".join(line.text for line in chain), _corners(box), min(line.score for line in chain), centers)


def _correct(line: Line) -> Line:
    text = _WORD.sub(lambda m: _month(m[0]), line.text)
    text = _LETTER_IN_NUMBER.sub(lambda m: _number(m[0]), text)
    centers = line.centers
    split = _SPLIT_YEAR.search(text)
    if split:
        at = split.start(1)
        text, centers = text[:at] + text[at + 1 :], centers[:at] + centers[at + 1 :]
    return line if text == line.text else replace(line, text=text, centers=centers)


def _month(word: str) -> str:
    """The month's name that a word with a digit in it must be; else the word."""
    if word.isalpha() or word.isdigit():
        return word
    for name in _MONTHS:
        same = list(zip(word, name, strict=True)) if len(word) == len(name) else []
        if same and all(a == b or (a.isdigit() and a.translate(_AS_LETTER).lower() == b.lower()) for a, b in same):
            return name
    return word


def _number(token: str) -> str:
    """A token of digits with exactly one letter o, which stands between two digits, as a number."""
    letters = [i for i, char in enumerate(token) if char in "oO"]
    at = letters[0]
    digits = sum(char.isdigit() for char in token)
    if len(letters) > 1 or digits < 3 or not (token[at - 1].isdigit() and token[at + 1].isdigit()):
        return token
    return token[:at] + "0" + token[at + 1 :]
