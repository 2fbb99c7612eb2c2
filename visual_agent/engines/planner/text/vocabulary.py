"""The words of `phrases.toml`: kinds of things and their members, statuses of records, Chinese verbs of one meaning.

In: nothing. Out: `Group`s of what a question says and what a page says for it; sets of verbs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from visual_agent.engines.planner.text.books import book
from visual_agent.engines.planner.text.folding import has_han, normal


@dataclass(frozen=True)
class Group:
    """Words that a question uses and words that a page uses for it, each as a pattern over folded text."""

    asked: re.Pattern[str]
    said: re.Pattern[str]


def _pattern(listed: str) -> re.Pattern[str]:
    """Longest words first, Latin ones as whole words, with their plain plural."""
    words = sorted({normal(w.strip()) for w in listed.split(";") if w.strip()}, key=lambda w: (-len(w), w))
    plain = [re.escape(w) for w in words]
    return re.compile(
        "|".join(
            w if has_han(t) or not re.search(r"\w", t) else rf"(?<![\w-]){w}(?![\w-])"
            for w, t in zip(plain, words, strict=True)
        )
    )


@cache
def groups(name: str) -> tuple[Group, ...]:
    """The groups of a table ("categories", "statuses")."""
    halves = [line.partition(" > ") for line in book("phrases")[name]]
    return tuple(Group(_pattern(asked), _pattern(said)) for asked, _, said in halves)


@cache
def verbs_like(verb: str) -> tuple[str, ...]:
    """Chinese verbs of the same meaning, the verb itself first, then the longest."""
    kin = {w for line in book("phrases")["verbs"] if verb in (words := line.split()) for w in words}
    return (verb, *sorted(kin - {verb}, key=lambda w: (-len(w), w)))
