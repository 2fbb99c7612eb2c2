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
from visual_agent.engines.planner.text.folding import HAN, has_han, normal
from visual_agent.engines.planner.text.values import values

_TOKEN = re.compile(r"\d+(?:[.,:/-]\d+)*%?|[^\W\d_]+|[^\w\s]|_|\s+")
_TOKEN_HAN = re.compile(r"\d+(?:[.,:/-]\d+)*%?|[A-Za-z]+|.", re.DOTALL)
_CHANGED = re.compile(r"\"(.*)\" -> \"(.*)\"\s*$", re.DOTALL)
#: Words with what is joined to them, and numbers with their unit: a difference never begins or ends inside one.
_WORD = re.compile(rf"[^\W_{HAN}]+(?:[-'’@._/&+][^\W_{HAN}]+)*")
_MEASURE = re.compile(
    r"\d+(?:[.,]\d+)*\s?(?:(?:[kmµ]?g|lbs?|oz|[cmk]?m|miles?|mph|[mc]?l|[kmgt]b|k?wh?|hz|°\s?[cf]?)(?![^\W_])"
    r"|千克|公斤|公里|厘米|毫升|[元块角斤克吨米升度点分秒日号月年岁人名位个件份张次页本台间瓶盒袋包层楼折])",
    re.IGNORECASE,
)
#: Marks that may be ticks (□ ○ ✓) and numbers say something; a dash or a star is a mark before a word alone.
_LIST_MARK = re.compile(r"^\s*(?:[•·∙・●◦‣⁃▪■▸►➢]|[-–—*](?=\s+[^\W\d_]))\s*")
_BETWEEN = " ,;，；、"


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
    text = _unmarked(change.text.strip().strip('"'))
    if change.kind == "text removed":
        return Difference(change.kind, text, "", ids)
    return Difference(change.kind, "", text if change.kind == "text added" else "", ids)


def shortest(before: str, after: str) -> tuple[str, str]:
    """The parts in which two texts differ, in whole words and values; the marks of a list are no part of them."""
    before, after = _unmarked(before), _unmarked(after)
    pattern = _TOKEN_HAN if has_han(before + after) else _TOKEN
    a, b = pattern.findall(before), pattern.findall(after)
    blocks = [o for o in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes() if o[0] != "equal"]
    if not blocks or len(blocks) > 3:
        return before, after
    head, tail = _widened(before, after, len("".join(a[: blocks[0][1]])), len("".join(a[blocks[-1][2] :])))
    one, two = before[head : len(before) - tail].strip(), after[head : len(after) - tail].strip()
    if not one or not two:  # "clothes" and "clothes, toys": the comma is not what was added
        one, two = one.strip(_BETWEEN) or one, two.strip(_BETWEEN) or two
    return (one, two) if one or two else (before, after)


def _widened(before: str, after: str, head: int, tail: int) -> tuple[int, int]:
    """The lengths of what two texts share at their start and end, so shortened that no word or value is cut."""
    spans = [(s, e, len(text)) for text in (before, after) for s, e in _wholes(text)]
    while True:
        heads = [s for s, e, _ in spans if s < head < e]
        tails = [length - e for s, e, length in spans if s < length - tail < e]
        if not heads and not tails:
            return head, tail
        head, tail = min([head, *heads]), min([tail, *tails])


def _wholes(text: str) -> list[tuple[int, int]]:
    """The slices of a text that are one thing to a reader."""
    found = [m.span() for pattern in (_WORD, _MEASURE) for m in pattern.finditer(text)]
    return found + [(v.start, v.end) for v in values(text)]


def _unmarked(text: str) -> str:
    """A line without the mark of a list: readers see it one time and miss it the next."""
    return _LIST_MARK.sub("", text, count=1)


def between(first: Page, second: Page) -> list[Difference]:
    """The text differences of two pages, by their lines alone: for when no compare tool is offered."""
    a, b = ([i for i in page.lines if _unmarked(i.text)] for page in (first, second))
    keys = [[normal(_unmarked(i.text)).replace(" ", "") for i in side] for side in (a, b)]
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
    """Phrases with their regions: the texts, or the places where no text changed; the others are told by their number.

    Nothing is left out: someone who asks what changed takes what is not told for unchanged.
    """
    texts = [d for d in found if d.kind != "looks different"]
    looks = [d for d in found if d.kind == "looks different"]
    shown = (texts or looks)[:limit]
    parts = [(phrase(d, chinese), d.ids) for d in shown]
    return parts + [_more(rest, chinese) for rest in (texts[limit:], looks if texts else looks[limit:]) if rest]


def _more(rest: Sequence[Difference], chinese: bool) -> tuple[str, tuple[str, ...]]:
    """How many more differences of one sort there are, with their regions, those of the second picture first."""
    looks, many = rest[0].kind == "looks different", len(rest)
    ids = tuple(i for part in (slice(0, 1), slice(1, None)) for d in rest for i in d.ids[part])
    if chinese:
        return f"另有{many if many > 1 else '一'}处{'画面' if looks else '文字'}有变化", ids
    if many == 1:
        return f"one more {'place looks different' if looks else 'text changed'}", ids
    return f"{many} more {'places look different' if looks else 'texts changed'}", ids


def asks_same(folded: str) -> bool | None:
    """True for "are they the same?", False for "has anything changed?", None where it is no yes-or-no question."""
    if not re.search(r"^(?:is|are|was|were|do|does|did|has|have)\b|吗|是否|有没有", folded):
        return None
    if re.search(r"\b(?:same|identical|equal|match)\b|一样|相同|一致", folded):
        return True
    return False if re.search(r"\b(?:differ\w*|chang\w*|any\b)|不同|变", folded) else None
