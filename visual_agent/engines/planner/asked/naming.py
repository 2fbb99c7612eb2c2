"""Which of several pictures a question speaks of by name: "at Slatehouse", "on the winter sheet", "2024年", "第二家".

In: a `Question` and the `Page`s of its pictures. Out: the question without the name and the one page that has it in
its heading, or both as they were. A name is what stands in the heading of one page and nowhere on the others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.questions import Question, analyse
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import HAN, has_han, normal
from visual_agent.engines.planner.text.values import is_numeric

_HEAD_LINES = 3
_COMMON = re.compile(
    r"\d|\d\d|(?:no|from|for|the|and|new|old|open|prices?|times?|table|list|with|your|our|you|all|day|date|form|page)"
)
_SCENE = (
    r"(?:one|sheet|version|list|notice|poster|bill|quote|estimate|timetable|menu|plan|offer|letter|page|form|table)"
)
_AROUND = (
    r"(?:\b(?:at|in|on|from|with|by|for|of|to|under) )?(?:\bthe )?{}(?:['’]s?\b)?(?: " + _SCENE + r"\b)?",
    r"在?{}(?:年|驾校|店|馆|家|版|号)?(?:那|这)?[张份家个年]?(?:上面|里面|上|里|中)?的?",
)


def heading(page: Page) -> list[str]:
    """The lines that head a page: its first ones, without bare numbers."""
    return [normal(i.text) for i in page.loose[:_HEAD_LINES] if not is_numeric(i.text)] or [
        normal(i.text) for i in page.lines[:1]
    ]


def addressed(question: Question, pages: Sequence[Page]) -> tuple[Question, Sequence[Page]]:
    """The question and the pages that it is about."""
    if len(pages) < 2 or question.picture is not None or question.kind in ("choose", "changes", "transcribe"):
        return question, pages
    if asking.find("has_changed", question.folded) or re.search(
        r"[多少]了(?!多少|几)|新增|\b(?:added|removed)\b", question.folded
    ):
        return question, pages
    counted = _by_number(question, pages)
    if counted is not None:
        return counted
    named = [_names(question.folded, page, [p for p in pages if p is not page]) for page in pages]
    if sum(bool(n) for n in named) != 1:
        return question, pages
    index = next(n for n, found in enumerate(named) if found)
    rest = question.text
    for name in sorted(named[index], key=len, reverse=True):
        rest = re.sub(_AROUND[has_han(name)].format(re.escape(name)), " ", rest, flags=re.IGNORECASE)
    asked = analyse(" ".join(rest.split()), 1)
    return (asked, [pages[index]]) if asked.terms else (question, pages)


_NUMBERED = re.compile(
    r"\b(?:(?:in|on|of|under|with|from|for) )?the (first|second|1st|2nd) (?P<thing>[a-z]+)|第([一二])(?P<zh>[\u4e00-\u9fff])"
)


def _by_number(question: Question, pages: Sequence[Page]) -> tuple[Question, Sequence[Page]] | None:
    """The page of "the second policy", where every page is headed as a policy."""
    match = _NUMBERED.search(question.folded)
    if match is None or len(pages) != 2:
        return None
    thing = match["thing"] or match["zh"]
    heads = [" ".join(heading(p)) for p in pages]
    if not all(thing in h if has_han(thing) else _stands(thing, h) for h in heads):
        return None
    index = 0 if (match[1] or match[3]) in ("first", "1st", "一") else 1
    rest = question.folded[: match.start()] + " it " + question.folded[match.end() :]
    asked = analyse(rest if not has_han(rest) else rest.replace(" it ", ""), 1)
    return (asked, [pages[index]]) if asked.terms else None


def _names(folded: str, page: Page, others: Sequence[Page]) -> list[str]:
    """The words of a question that only this page's heading has."""
    elsewhere = "\n".join(normal(p.text) for p in others)
    body = [normal(i.text) for i in page.lines if normal(i.text) not in heading(page)]
    found = []
    for line in heading(page):
        for word in re.findall(r"[^\W_]+(?:['’][^\W_]+)?", re.sub(f"[{HAN}]", " ", line)):
            bare = re.sub(r"['’]s$", "", word)
            if len(bare) > 1 and not _COMMON.fullmatch(bare) and _stands(bare, folded) and not _stands(bare, elsewhere):
                found.append(bare)
        found += [w for w in _shared_han(line, folded) if w not in elsewhere and not any(w in b for b in body)]
    return list(dict.fromkeys(found))


def _stands(word: str, text: str) -> bool:
    return re.search(rf"(?<![a-z\d]){re.escape(word)}(?:['’]?s)?(?![a-z\d])", text) is not None


def _shared_han(line: str, folded: str) -> list[str]:
    """The longest runs of two Hanzi or more that a heading and a question share."""
    found: list[str] = []
    for run in re.findall(rf"[{HAN}]{{2,}}", folded):
        at = 0
        while at < len(run) - 1:
            size = next((n for n in range(len(run) - at, 1, -1) if run[at : at + n] in line), 0)
            found += [run[at : at + size]] if size else []
            at += max(size, 1)
    return found
