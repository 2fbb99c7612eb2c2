"""Roles: what questions say that somebody does and what documents write beside the name (`roles.toml`).

In: a folded question, or texts. Out: the `Role`s that it asks for; whether a text speaks of what a word asks for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from visual_agent.engines.planner.text.books import book
from visual_agent.engines.planner.text.folding import has_han, normal, stem, units

_GAP = 3
"""Words that may stand between the words of a role in a question."""
SMALL = frozenset(
    "the a an is was are were our your my his her its their of to by at in on for with mr mrs ms dr and be please now from".split()  # noqa: SIM905
)
"""Words that say nothing by themselves."""


@dataclass(frozen=True)
class Role:
    """One role: its phrases in questions (stems; Chinese as a pattern) and beside names."""

    asked: tuple[tuple[str, ...], ...]
    asked_han: re.Pattern[str] | None
    said: tuple[tuple[str, ...], ...]
    said_han: tuple[str, ...]


@cache
def roles_of(part: str) -> tuple[Role, ...]:
    """The roles of people ("who") or of places ("where")."""
    return tuple(_role(line) for line in book("roles")[part]["roles"])


def _role(line: str) -> Role:
    left, _, right = line.partition(" > ")
    sides = [[p.strip() for p in side.split(";") if p.strip()] for side in (left, right)]
    han = "|".join(p for p in sides[0] if has_han(p))
    stems = [tuple(stems_of(p) for p in side if not has_han(p)) for side in sides]
    return Role(stems[0], re.compile(han) if han else None, stems[1], tuple(p for p in sides[1] if has_han(p)))


@lru_cache(maxsize=20_000)
def stems_of(text: str) -> tuple[str, ...]:
    """The words of a text as stems, Chinese ones as they are."""
    return tuple(stem(u.text) if not has_han(u.text) else u.text for u in units(normal(text)))


def is_asked(role: Role, folded: str) -> bool:
    """Whether a folded question asks for a role."""
    if role.asked_han is not None and role.asked_han.search(folded):
        return True
    stems = stems_of(folded)
    return any(_in_order(stems, phrase) for phrase in role.asked)


def _in_order(stems: Sequence[str], phrase: Sequence[str]) -> bool:
    """Whether the words of a phrase stand in a text in this order, few others between them."""
    for start, word in enumerate(stems):
        if word != phrase[0]:
            continue
        at, rest = start, list(phrase[1:])
        while rest and rest[0] in stems[at + 1 : at + 2 + _GAP]:
            at = stems.index(rest.pop(0), at + 1)
        if not rest:
            return True
    return False


@lru_cache(maxsize=20_000)
def in_role(word: str, text: str) -> bool:
    """Whether a text says of somebody what a word asks for ("donated" and "given by", "收银" and "till")."""
    folded, said = normal(text), stems_of(text)
    asked = [r for r in (*roles_of("who"), *roles_of("where")) if is_asked(r, word)]
    return any(
        any(p == said[n : n + len(p)] for p in r.said if p[0] not in SMALL for n in range(len(said)))
        or any(w in folded for w in r.said_han if len(w) > 1)
        for r in asked
    )
