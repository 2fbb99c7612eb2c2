"""The words of a question for a figure, and how surely a text speaks of each of them.

In: a phrase; texts of a page. Out: `Asked` words; a likeness 0..1. Words count as alike by stem, kin and meaning
(`nearest.py`) and by the groups of `figure_words.toml`: what people call "eating out" a statement calls "餐饮".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from visual_agent.engines.planner.fields.nearest import Word, content, support
from visual_agent.engines.planner.text.books import book
from visual_agent.engines.planner.text.folding import has_han, normal, units
from visual_agent.engines.planner.text.words import Groups, lexicon, two_sided

_FEE = re.compile(r"[\u4e00-\u9fff]{1,2}[费金率税险补价]")
"""Kinds of fees, which all sound alike and are not: 水费 and 电费."""
_IN_GROUP = 0.8
"""How surely a text speaks of a word through a group that both stand in."""


@dataclass(frozen=True)
class Asked:
    """A word of a question, how much it says (0..1) and the groups that its phrase stands in."""

    word: Word
    groups: frozenset[int]

    @property
    def text(self) -> str:
        """The word itself."""
        return self.word.text

    @property
    def decides(self) -> bool:
        """Whether it names a sort of figure that only its own label can be meant by: "salary", "deposit"."""
        concepts = lexicon().concepts
        known = [concepts[c] for c in self.word.term.concepts if c in concepts]
        return any(c.kind in ("amount", "number", "percent", "id") and not c.generic and not c.weak for c in known)

    @property
    def weight(self) -> float:
        """How much the word says."""
        return self.word.weight


@lru_cache(maxsize=1_000)
def asked_words(phrase: str, folded: str) -> tuple[Asked, ...]:
    """The words of a part of a folded question that say something; of a phrase in a group as a whole only the first."""
    spoken = _spoken(folded, True)
    found: list[Asked] = []
    used: set[tuple[int, int]] = set()
    for word in content(phrase):
        at = folded.find(word.text)
        near = [s for s in spoken if s[0] < at + len(word.text) and at < s[1]]
        if near and used.issuperset((s[0], s[1]) for s in near):
            continue
        used.update((s[0], s[1]) for s in near)
        found.append(Asked(word, frozenset().union(*(s[2] for s in near))))
    return tuple(found)


@lru_cache(maxsize=100_000)
def speaks(asked: Asked, text: str) -> float:
    """How surely a text speaks of a word, 0..1."""
    if asked.groups and asked.groups & _groups_in(text):
        return max(_IN_GROUP, support(asked.word, text))
    if _FEE.fullmatch(asked.text) and asked.text[0] not in text:
        return 0.0
    return support(asked.word, text)


@cache
def _tables() -> tuple[Groups, Groups]:
    return two_sided(book("figure_words")["groups"])


@lru_cache(maxsize=5_000)
def _groups_in(text: str) -> frozenset[int]:
    return frozenset().union(*(groups for _, _, groups in _spoken(normal(text), False)))


@lru_cache(maxsize=5_000)
def _spoken(folded: str, asking: bool) -> tuple[tuple[int, int, frozenset[int]], ...]:
    """(start, end, groups) of the longest phrases of the groups in a folded text.

    A lone Hanzi between others is more often half a word; it counts only where it stands by itself.
    """
    table = _tables()[0 if asking else 1]
    parts = units(folded)
    found = []
    at = 0
    while at < len(parts):
        for size in range(min(6, len(parts) - at), 0, -1):
            groups = table.get(tuple(u.stem for u in parts[at : at + size]))
            start, end = parts[at].start, parts[at + size - 1].end
            if groups and not (size == 1 and has_han(parts[at].text) and _between_han(folded, start, end)):
                found.append((start, end, groups))
                at += size - 1
                break
        at += 1
    return tuple(found)


def _between_han(folded: str, start: int, end: int) -> bool:
    return start > 0 and has_han(folded[start - 1]) and re.match(r"[\u4e00-\u9fff]", folded[end:]) is not None
