"""Who says what in a chat: names on lines of their own over the messages that follow.

A time may stand beside the name; in a chat of two the name stands at the top and its messages at the left.
In: a `Page`. Out: (speaker, message, region ids) in reading order; nothing where a page is no chat.
"""

from __future__ import annotations

import re
from collections import Counter

from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import HAN
from visual_agent.engines.planner.text.values import values

_NAME = re.compile(rf"[{HAN}A-Za-z]{{1,8}}(?:老师|妈妈|爸爸|奶奶|爷爷)?")
_CLOCK = (
    r"[,，(（·•|\s-]*(?:(?:yesterday|today|昨天|今天|前天|上午|下午|晚上|凌晨|周[一二三四五六日]|"
    r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*)[,，\s]*)*\d{1,2}[:：.]\d{2}(?:[:：]\d{2})?(?:\s?[ap]\.?m\.?)?[)）:：,，·\s-]*"
)
_CLOCKED = re.compile(
    rf"(?:{_CLOCK})?(?P<name>[{HAN}A-Za-z][^\d,，。!！?？:：;；]{{0,17}}?)(?:{_CLOCK})?", re.IGNORECASE
)
_DAY = re.compile(
    r"yesterday|today|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*|[昨今前]天|上午|下午|晚上|凌晨|周[一二三四五六日]",
    re.IGNORECASE,
)
_STOP = re.compile(r"[,，。!！?？:：;；]")


def speaker(text: str) -> str:
    """The name in the line over a message, without the time beside it ("老韩 9:02", "18:05 · Bex"); else the text."""
    match = _CLOCKED.fullmatch(text.strip())
    return match["name"].strip() if match and not _DAY.fullmatch(match["name"].strip()) else text.strip()


def messages(page: Page) -> list[tuple[str, str, tuple[str, ...]]]:
    """The messages of a chat with their speakers; wrapped lines of a message are put together."""
    names = _names(page)
    if not names:
        return [(i.text.strip(), said.text.strip(), (said.id,)) for i, said in bubbles(page)]
    found: list[tuple[str, str, tuple[str, ...]]] = []
    for item in page.lines if names else ():
        text = item.text.strip()
        if speaker(text) in names:
            found.append((speaker(text), "", ()))
        elif found and len(text) > 1 and not _is_clock(text):
            name, said, ids = found[-1]
            found[-1] = (name, said + text, (*ids, item.id))
    return [m for m in found if m[1]]


def bubbles(page: Page) -> list[tuple[Item, Item]]:
    """What the other one says in a chat of two: the name at the top, and each line that stands at the left."""
    lines = sorted(page.loose, key=lambda i: i.box[1])
    width = page.size[0]
    title, rest = (lines[0], lines[1:]) if lines else (None, [])
    if title is None or page.grids or width > page.size[1] or not _NAME.fullmatch(title.text.strip()):
        return []
    talk = [i for i in rest if not _is_clock(i.text)]
    theirs = [i for i in talk if i.box[0] < 0.25 * width and i.box[2] < 0.85 * width]
    mine = [i for i in talk if i.box[2] > 0.75 * width and i.box[0] > 0.25 * width]
    clocks = len(rest) - len(talk)
    aligned = len({round(i.box[0] / 12) for i in theirs}) < 3
    return [(title, i) for i in theirs] if clocks and len(mine) > 1 and len(theirs) > 1 and aligned else []


def _names(page: Page) -> frozenset[str]:
    """Short lines that come several times, or stand beside a picture with their first or last sign."""
    lines = [speaker(i.text) for i in page.lines]
    short = [t for t in lines if _NAME.fullmatch(t) and not values(t)]
    twice = {t for t, n in Counter(short).items() if n > 1 and len(t) > 1}
    signs = {t for t in short if len(t) == 1}
    shown = {t for t in short if 1 < len(t) <= 8 and (t[0] in signs or t[-1] in signs)}
    clocked = {t for t, i in zip(lines, page.lines, strict=True) if t != i.text.strip() and _NAME.fullmatch(t)}
    names = twice | shown | clocked
    talk = sum(_STOP.search(i.text) is not None for i in page.lines)
    return frozenset(names) if len(names) > 1 and talk > 2 and _follows(page.lines, names) else frozenset()


def _follows(lines: tuple[Item, ...], names: set[str]) -> bool:
    """Whether longer lines follow the names."""
    after = [lines[n + 1].text for n, i in enumerate(lines[:-1]) if speaker(i.text) in names]
    later = [lines[n + 2].text for n, i in enumerate(lines[:-2]) if speaker(i.text) in names]
    return sum(len(t) > 6 for t in [*after, *later]) >= 2


def _is_clock(text: str) -> bool:
    return len(text) < 18 and any(v.kind in ("time", "date") for v in values(text)) and not _STOP.search(text[:-6])
