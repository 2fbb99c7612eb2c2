"""What differs between two pictures.

In: what the compare tool reported, or two pages. Out: the differences, each as short as it can be said.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from visual_agent.engines.planner.page.observed import Change, Observed
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import has_han, normal

_TOKEN = re.compile(r"\d+(?:[.,:/-]\d+)*%?|[^\W\d_]+|[^\w\s]|\s+")
_TOKEN_HAN = re.compile(r"\d+(?:[.,:/-]\d+)*%?|[A-Za-z]+|.", re.DOTALL)
_CHANGED = re.compile(r"\"(.*)\" -> \"(.*)\"\s*$", re.DOTALL)


@dataclass(frozen=True)
class Difference:
    """One difference: `before` and `after` are texts ("" where that side has none), `ids` its regions."""

    kind: str
    before: str
    after: str
    ids: tuple[str, ...]


def differences(observed: Observed) -> list[Difference]:
    """The differences of a comparison, texts cut to what changed; those that only look different come last."""
    found = [_difference(c) for c in observed.changes]
    order = {"text changed": 0, "text added": 1, "text removed": 2, "looks different": 3}
    return sorted(found, key=lambda d: order.get(d.kind, 4))


def _difference(change: Change) -> Difference:
    ids = tuple(i.id for i in (change.after, change.before) if i is not None)
    match = _CHANGED.match(change.text)
    if change.kind == "text changed" and match:
        before, after = shortest(match[1], match[2])
        return Difference(change.kind, before, after, ids)
    text = change.text.strip().strip('"')
    if change.kind == "text removed":
        return Difference(change.kind, text, "", ids)
    return Difference(change.kind, "", text if change.kind == "text added" else "", ids)


def shortest(before: str, after: str) -> tuple[str, str]:
    """The parts in which two texts differ, in whole words and numbers."""
    pattern = _TOKEN_HAN if has_han(before + after) else _TOKEN
    a, b = pattern.findall(before), pattern.findall(after)
    blocks = [o for o in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes() if o[0] != "equal"]
    if not blocks or len(blocks) > 3:
        return before, after
    first, last = blocks[0], blocks[-1]
    one, two = "".join(a[first[1] : last[2]]).strip(), "".join(b[first[3] : last[4]]).strip()
    return (one, two) if one or two else (before, after)


def between(first: Page, second: Page) -> list[Difference]:
    """The text differences of two pages, by their lines alone: for when no compare tool is offered."""
    a, b = list(first.lines), list(second.lines)
    keys = [[normal(i.text).replace(" ", "") for i in side] for side in (a, b)]
    found = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        gone, new = a[i1:i2], b[j1:j2]
        for before in list(gone):
            after = max(new, key=lambda o: fuzz.ratio(before.text, o.text), default=None)
            if after is None or (fuzz.ratio(before.text, after.text) < 45 and (len(gone), len(new)) != (1, 1)):
                continue
            one, two = shortest(before.text, after.text)
            found.append(Difference("text changed", one, two, (after.id, before.id)))
            gone.remove(before)
            new.remove(after)
        found += [Difference("text removed", i.text, "", (i.id,)) for i in gone]
        found += [Difference("text added", "", i.text, (i.id,)) for i in new]
    return found


def phrase(difference: Difference, chinese: bool) -> str:
    """The difference in words."""
    before, after = difference.before, difference.after
    if difference.kind == "text changed":
        if not before:
            return f"新增“{after}”" if chinese else f'added "{after}"'
        if not after:
            return f"去掉“{before}”" if chinese else f'removed "{before}"'
        return f"“{before}”变为“{after}”" if chinese else f'"{before}" became "{after}"'
    if difference.kind == "text added":
        return f"新增“{after}”" if chinese else f'added "{after}"'
    if difference.kind == "text removed":
        return f"去掉“{before}”" if chinese else f'removed "{before}"'
    return "画面有变化" if chinese else "looks different"


def told(found: Sequence[Difference], chinese: bool, limit: int = 8) -> list[tuple[str, tuple[str, ...]]]:
    """Phrases with their regions; what only looks different is told where no text changed or beside it once."""
    texts = [d for d in found if d.kind != "looks different"]
    shown = texts or list(found)
    return [(phrase(d, chinese), d.ids) for d in shown[:limit]]


def asks_same(folded: str) -> bool | None:
    """True for "are they the same?", False for "has anything changed?", None where it is no yes-or-no question."""
    if not re.search(r"^(?:is|are|was|were|do|does|did|has|have)\b|吗|是否|有没有", folded):
        return None
    if re.search(r"\b(?:same|identical|equal|match)\b|一样|相同|一致", folded):
        return True
    return False if re.search(r"\b(?:differ\w*|chang\w*|any\b)|不同|变", folded) else None
