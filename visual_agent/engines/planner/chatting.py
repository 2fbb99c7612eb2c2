"""Who says what in a chat: names on lines of their own over the messages that follow.

In: a `Page`. Out: (speaker, message, region ids) in reading order; nothing where a page is no chat.
"""

from __future__ import annotations

import re
from collections import Counter

from visual_agent.engines.planner.folding import HAN
from visual_agent.engines.planner.observed import Item
from visual_agent.engines.planner.pages import Page
from visual_agent.engines.planner.values import values

_NAME = re.compile(rf"[{HAN}A-Za-z]{{1,8}}(?:老师|妈妈|爸爸|奶奶|爷爷)?")
_STOP = re.compile(r"[,，。!！?？:：;；]")


def messages(page: Page) -> list[tuple[str, str, tuple[str, ...]]]:
    """The messages of a chat with their speakers; wrapped lines of a message are put together."""
    names = _names(page)
    found: list[tuple[str, str, tuple[str, ...]]] = []
    speaker = ""
    for item in page.lines if names else ():
        text = item.text.strip()
        if text in names:
            speaker = text
            found.append((speaker, "", ()))
        elif speaker and len(text) > 1 and not _is_clock(text):
            name, said, ids = found[-1]
            found[-1] = (name, said + text, (*ids, item.id))
    return [m for m in found if m[1]]


def _names(page: Page) -> frozenset[str]:
    """Short lines that come several times, or stand beside a picture with their first or last sign."""
    short = [i.text.strip() for i in page.lines if _NAME.fullmatch(i.text.strip()) and not values(i.text)]
    twice = {t for t, n in Counter(short).items() if n > 1 and len(t) > 1}
    signs = {t for t in short if len(t) == 1}
    shown = {t for t in short if 1 < len(t) <= 8 and (t[0] in signs or t[-1] in signs)}
    names = twice | shown
    talk = sum(_STOP.search(i.text) is not None for i in page.lines)
    return frozenset(names) if len(names) > 1 and talk > 2 and _follows(page.lines, names) else frozenset()


def _follows(lines: tuple[Item, ...], names: set[str]) -> bool:
    """Whether longer lines follow the names."""
    after = [lines[n + 1].text for n, i in enumerate(lines[:-1]) if i.text.strip() in names]
    later = [lines[n + 2].text for n, i in enumerate(lines[:-2]) if i.text.strip() in names]
    return sum(len(t) > 6 for t in [*after, *later]) >= 2


def _is_clock(text: str) -> bool:
    return len(text) < 18 and any(v.kind in ("time", "date") for v in values(text)) and not _STOP.search(text[:-6])
