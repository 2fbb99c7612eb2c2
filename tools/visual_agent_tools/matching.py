"""Find a phrase in lines of text, as a reader would: case, accents, width and small misreadings do not matter.

In: `Line`s and a phrase (any language; traditional and simplified Chinese are the same). Out: `Match`es, each with the
parts of the lines that hold it and a score:

    1.0   the same letters and digits
    0.93  the same up to letters that OCR confuses (O and 0, l and 1, rn and m)
    0.9   the word goes on ("invoice" in "invoices")
    0.7+  a letter or two differ, the words stand in another order, or the phrase is inside a longer word

Digits never match other digits: 2024 is not a misread 2025.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from visual_agent.geometry import Box
from visual_agent_tools.lines import Line

#: A phrase is looked for in windows of this many tokens more or fewer than it has.
_SPARE = 2
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_CJK}]|[^\W{_CJK}_]+(?:[.,:'’/-](?=\w)[^\W{_CJK}_]+)*|[^\w\s]", re.UNICODE)
#: Signs inside a word that people leave out or add.
_JOINERS = re.compile(r"[\s'’/-]")
_LOOKALIKE = str.maketrans("oilzsb|!", "01125811")
_NAMED = re.compile(r"""["“”「『«](.+?)["“”」』»]|(?<!\w)'(.+?)'(?!\w)""")
_ARTICLES = {"the", "a", "an"}
_KINDS = {"text", "word", "words", "label", "button", "sign", "field", "heading", "title", "line", "link", "icon"}
_KINDS |= {
    "menu",
    "tab",
    "column",
    "row",
    "caption",
    "header",
    "item",
    "value",
    "phrase",
    "文字",
    "字样",
    "按钮",
    "标签",
}
_KINDS |= {"标题", "一词", "单词", "字段", "一行", "字", "图标", "链接", "菜单"}


@dataclass(frozen=True, slots=True)
class Match:
    """Where a phrase was found: (line, start, end) of each part, in reading order, and how well it fits, 0..1."""

    parts: tuple[tuple[Line, int, int], ...]
    score: float

    @property
    def text(self) -> str:
        """The matched words as they were read."""
        return " ".join(line.text[start:end].strip() for line, start, end in self.parts)

    @property
    def box(self) -> Box:
        """The smallest box around the matched words, in the picture's pixels."""
        first, *rest = (line.part(start, end) for line, start, end in self.parts)
        for other in rest:
            first = first.union(other)
        return first

    @property
    def read_score(self) -> float:
        """The weakest line's reading score."""
        return min(line.score for line, _, _ in self.parts)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int
    line: int


@cache
def _simplifier() -> Any:
    try:
        from opencc import OpenCC
    except ImportError:  # Without it traditional and simplified forms stay two words.
        return None
    return OpenCC("t2s")


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """The text in the form in which texts are compared: NFKC, no case, no accents, simplified Chinese."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = unicodedata.normalize("NFC", "".join(c for c in plain if not unicodedata.combining(c)))
    if any("\u4e00" <= c <= "\u9fff" for c in plain) and (simplifier := _simplifier()):
        plain = str(simplifier.convert(plain))
    return plain.replace("’", "'")


def _tokens(text: str, line: int = 0) -> list[_Token]:
    """Words, numbers, single Hanzi and signs; punctuation that carries no meaning is left out."""
    found = []
    for match in _TOKEN.finditer(text):
        plain = _JOINERS.sub("", fold(match[0])) or match[0]
        if plain and not (unicodedata.category(plain[0]).startswith("P") and plain not in "%&@#*"):
            found.append(_Token(plain, match.start(), match.end(), line))
    return found


def phrases(wanted: str) -> list[str]:
    """What to look for, best first: the phrase, what it quotes, and the phrase without "the ... button"."""
    wanted = " ".join(wanted.split())
    quoted = [a or b for a, b in _NAMED.findall(wanted)]
    bare = wanted
    for kind in sorted(_KINDS, key=len, reverse=True):
        if re.search(rf"[{_CJK}]", kind):
            bare = re.sub(rf"(?:的|这个|这)?{kind}$", "", bare)
    words = bare.split(" ")
    while len(words) > 1 and words[0].casefold() in _ARTICLES | _KINDS:
        words = words[1:]
    while len(words) > 1 and words[-1].casefold() in _KINDS:
        words = words[:-1]
    ranked = [*quoted, wanted, " ".join(words)] if quoted else [wanted, " ".join(words)]
    return [p for p in dict.fromkeys(ranked) if p.strip()]


def find(lines: Sequence[Line], wanted: str, *, least: float = 0.7) -> list[Match]:
    """Every place where the lines (in reading order) hold the phrase, best first, then in reading order.

    Where the phrase stands there as it is, look-alikes that score under 0.85 are left out.
    """
    for phrase in phrases(wanted):
        matches = _find(lines, phrase, least)
        if matches:
            return matches
    return []


def _find(lines: Sequence[Line], phrase: str, least: float) -> list[Match]:
    target = _tokens(phrase)
    if not target:
        return []
    candidates: list[tuple[float, int, list[_Token]]] = []
    for chain in _chains(lines):
        tokens = [token for index in chain for token in _tokens(lines[index].text, index)]
        border = sum(token.line == chain[0] for token in tokens)
        for window in _windows(tokens, len(target)):
            if len(chain) > 1 and (window[0].line == window[-1].line or window[0] not in tokens[:border]):
                continue
            score = _score(target, window) * (0.98 if len(chain) > 1 else 1.0)
            if score >= least:
                candidates.append((score, chain[0], window))
    candidates.sort(key=lambda c: (-c[0], len(c[2]), c[1]))
    taken: set[tuple[int, int]] = set()
    matches: list[tuple[float, int, list[_Token]]] = []
    for score, first, window in candidates:
        places = {(token.line, token.start) for token in window}
        if not places & taken and not (matches and matches[0][0] >= 0.9 and score < 0.85):
            taken |= places
            matches.append((score, first, window))
    return [_match(lines, window, score) for score, _, window in matches]


def _chains(lines: Sequence[Line]) -> Iterator[tuple[int, ...]]:
    """Lines in which a phrase may stand: each alone, and each with the one it may go on in."""
    for index in range(len(lines)):
        yield (index,)
    for index, line in enumerate(lines):
        right = below = None
        a = line.box
        for other, candidate in enumerate(lines):
            b = candidate.box
            if other == index:
                continue
            shared_y = min(a.y2, b.y2) - max(a.y1, b.y1)
            shared_x = min(a.x2, b.x2) - max(a.x1, b.x1)
            beside = shared_y > 0.5 * min(a.height, b.height) and b.x1 >= a.x2 - 0.5 * a.height
            under = shared_x > 0.3 * min(a.width, b.width) and 0 < b.center[1] - a.center[1] < 2.2 * a.height
            if beside and (right is None or b.x1 < lines[right].box.x1):
                right = other
            elif not beside and under and (below is None or b.y1 < lines[below].box.y1):
                below = other
        yield from ((index, other) for other in (right, below) if other is not None)


def _windows(tokens: Sequence[_Token], count: int) -> Iterator[list[_Token]]:
    for start in range(len(tokens)):
        for size in range(max(1, count - _SPARE), count + _SPARE + 1):
            if start + size <= len(tokens):
                yield list(tokens[start : start + size])


def _score(target: Sequence[_Token], window: Sequence[_Token]) -> float:
    """How well a window of a line fits the phrase, 0..1."""
    from rapidfuzz.distance import OSA

    want, have = "".join(t.text for t in target), "".join(t.text for t in window)
    if want == have:
        return 1.0
    if not _numbers_fit(target, have):
        return 0.0
    if _look(want) == _look(have):
        return 0.93
    if len(have) > len(want) and want in have and len(window) <= len(target):
        return _within(want, have)
    likeness = OSA.normalized_similarity(_look(want), _look(have))
    changes = round((1 - likeness) * max(len(want), len(have)))
    allowed = 0 if len(want) < 5 else 1 if len(want) < 9 else max(2, len(want) // 6)
    if re.search(rf"[{_CJK}]", want):
        allowed = 0 if len(want) < 4 else max(1, len(want) // 5)
    same_words = len(target) > 1 and sorted(t.text for t in target) == sorted(t.text for t in window)
    if same_words:
        return 0.86
    return likeness - 0.02 if changes <= allowed else 0.0


def _within(want: str, have: str) -> float:
    """A phrase that is part of longer words: good at their beginning and short of an ending, weak inside."""
    if have[0].isdigit() or have[-1].isdigit() or len(want) < 3:
        return 0.0
    if have.startswith(want):
        return 0.9 if len(have) - len(want) <= 2 else 0.75
    return 0.72


def _look(text: str) -> str:
    """The text with letters that look alike made the same."""
    return text.replace("rn", "m").replace("vv", "w").replace("cl", "d").translate(_LOOKALIKE)


def _numbers_fit(target: Sequence[_Token], have: str) -> bool:
    """Whether each word of the phrase that holds a digit stands in the window, up to look-alike letters."""
    seen = _look(have)
    return all(_look(t.text) in seen for t in target if any(c.isdigit() for c in t.text))


def _match(lines: Sequence[Line], window: Sequence[_Token], score: float) -> Match:
    parts = []
    for index in dict.fromkeys(token.line for token in window):
        inside = [token for token in window if token.line == index]
        parts.append((lines[index], inside[0].start, inside[-1].end))
    return Match(tuple(parts), round(score, 4))
