"""Lists and labels: the third entry, how many entries, what is kept under a code, which label has a number.

In: a `Question` and `Page`s. Out: a `Solution`, or None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import weight
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import normal, stem
from visual_agent.engines.planner.text.values import han_number, is_numeric
from visual_agent.engines.planner.text.words import Term, likeness

_PLACES = {
    word: n
    for n, said in enumerate(("first 1st", "second 2nd", "third 3rd", "fourth 4th", "fifth 5th", "sixth 6th"), start=1)
    for word in said.split()
} | {"last": -1}
_MARK = re.compile(r"^\s*(?:[-*•·▪◦□☐☑■●○✓✔]|\(?\d{1,2}[.)、]|[①-⑳])\s*")


def entry(question: Question, pages: Sequence[Page]) -> Solution | None:
    """For "Who is third on the list?": that entry, without its number or bullet."""
    clause = _clause(question, pages)
    match = asking.find("nth_entry", question.folded)
    if match is None or clause is not None:
        return clause
    said = next(g for g in match.groups() if g)
    number = _PLACES.get(said) or (int(said) if said.isdigit() else int(han_number(said) or 0))
    for page in pages:
        lines = enumerated(page)
        if number and len(lines) >= max(3, abs(number)):
            item = lines[number - 1 if number > 0 else number]
            text = _MARK.sub("", item.text)
            return Solution(
                answers.value(text, (item.id,)), "it has that place in the list", (item.id,), item.score, page.name
            )
    return None


_NUMBER = re.compile(
    r"\b(?:rule|clause|point|item|section|paragraph|article|step|line) (?:no\.? |number )?(\d{1,2})\b"
    r"|第([一二三四五六七八九十]{1,3}|\d{1,2})[条款点项步]"
)
_BEGINS = re.compile(r"\s*[(（第]?([一二三四五六七八九十]{1,3}|\d{1,2})(?:[、.．)）:：]|[条款]\s)(?!\d)")


def _count(text: str) -> float | None:
    return float(text) if text.isdigit() else han_number(text)


def _clause(question: Question, pages: Sequence[Page]) -> Solution | None:
    """For "Copy out rule 2": the numbered paragraph with that number, down to the next one."""
    asked = _NUMBER.search(question.folded)
    if asked is None or question.kind not in ("place", "transcribe") or len(pages) != 1:
        return None
    number = _count(asked[1] or asked[2])
    marks = [_BEGINS.match(i.text) for i in pages[0].lines]
    starts = [n for n, m in enumerate(marks) if m is not None and _count(m[1]) == number]
    if len(starts) != 1 or sum(m is not None for m in marks) < 2:
        return None
    found = [pages[0].lines[starts[0]]]
    for item, mark in zip(pages[0].lines[starts[0] + 1 :], marks[starts[0] + 1 :], strict=True):
        if mark is not None or item.box[1] - found[-1].box[3] > 0.9 * item.height or item.box[0] > found[0].box[2]:
            break
        found.append(item)
    ids = tuple(i.id for i in found)
    text = ("" if question.chinese else " ").join(i.text for i in found)
    return Solution(answers.value(text, ids), "it has that number", ids, min(i.score for i in found), pages[0].name)


def coded(question: Question, pages: Sequence[Page]) -> Solution | None:
    """For "What is in 12-C5?": what else the only line or cell with that code says."""
    codes = re.findall(
        r"(?<![\w-])(?=[a-z0-9-]*\d)(?=[a-z0-9-]*[a-z-])[a-z0-9]+(?:-[a-z0-9]+)+(?![\w-])", question.folded
    )
    if (
        len(codes) != 1
        or question.kind not in ("field", "place", "transcribe")
        or question.wants not in ("", "name", "text")
    ):
        return None
    pattern = re.compile(rf"(?<![\w-]){re.escape(codes[0])}(?![\w-])")
    for page in pages:
        found = [i for i in page.lines if pattern.search(normal(i.text))]
        if len(found) != 1:
            continue
        rest = pattern.sub(" ", normal(found[0].text), count=1).strip(" :：-–|")
        at = normal(found[0].text).find(rest) if rest else -1
        if len(rest) >= 3 and at >= 0 and len(normal(found[0].text)) == len(found[0].text):
            text = found[0].text[at : at + len(rest)]
            return Solution(
                answers.value(text, (found[0].id,)),
                "it stands beside the code",
                (found[0].id,),
                found[0].score,
                page.name,
            )
    return None


_ASKED_NUMBER = re.compile(r"(?<![\w.,:/-])[$€£¥]?\s?(\d[\d.,]*\d|\d)(?![\w/:-]*\d)")


def numbered(question: Question, pages: Sequence[Page]) -> Solution | None:
    """For "Which one costs 2.85?": the head of the only block of lines with that number."""
    asked = _ASKED_NUMBER.findall(question.folded)
    if len(asked) != 1 or not re.match(r"^(?:and )?(?:which|what|who|whose)\b|.*(?:哪|谁|什么)", question.folded):
        return None
    if question.kind != "field" or question.wants not in ("", "name", "place"):
        return None
    pattern = re.compile(rf"(?<![\d.,:/]){re.escape(asked[0])}(?![\d:/]|[.,]\d)")
    for page in pages:
        found = [i for i in page.lines if pattern.search(i.text)]
        blocks = [b for b in page.blocks if found and found[0] in b and len(b) <= 6]
        if len(found) != 1 or not blocks or blocks[0][0] is found[0] or is_numeric(blocks[0][0].text):
            continue
        head = blocks[0][0]
        ids = (head.id, found[0].id)
        return Solution(answers.value(head.text, ids), f"it heads {found[0].text}", ids, head.score, page.name)
    return None


def entries(question: Question, pages: Sequence[Page]) -> Solution | None:
    """How many entries the list of a page has."""
    if not question.counts or question.quoted or not asking.find("list_entries", question.folded):
        return None
    for page in pages:
        listed = enumerated(page)
        if len(listed) >= 3 and not any(_limits(t, question) for t in question.terms):
            return _counted(listed, page)
    return None


def _limits(term: Term, question: Question) -> bool:
    """Whether a term picks some of the entries ("called Peter")."""
    return weight(term, question) > 1.3 and term.kind == "word"


_HOW_MANY = re.compile(r"\bhow many ([a-z]{3,})(?: ([a-z]{3,}))?\b")
_NUMBER_WORD = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty"


def spelled(question: Question, pages: Sequence[Page]) -> Solution | None:
    """For "How many bins were inspected?": the only number that stands right before the thing ("540 bins")."""
    match = _HOW_MANY.search(question.folded)
    if match is None or not question.counts:
        return None
    nouns = [w for w in match.groups() if w]
    for page in pages:
        proper = [t for t in question.terms if weight(t, question) > 1.3]
        if any(likeness(t, page.words) < 0.55 and t.text not in nouns for t in proper):
            continue
        found = {}
        for item in page.lines:
            for said in re.finditer(
                rf"(?<![\w.,])(\d[\d,]*|{_NUMBER_WORD}) (?:[a-z-]+ )?([a-z]{{3,}})\b", normal(item.text)
            ):
                if stem(said[2]) in {stem(n) for n in nouns}:
                    found[said[1]] = item
        if len(found) == 1:
            text, item = next(iter(found.items()))
            return Solution(
                answers.value(text, (item.id,)), "the number stands before it", (item.id,), item.score, page.name
            )
    return None


def enumerated(page: Page) -> list[Item]:
    """The entries of a list: lines with bullets or numbers, else the longest run at one edge and equal distances."""
    marked = [i for i in page.lines if _MARK.match(i.text)]
    best: list[Item] = []
    lines = sorted(page.loose, key=lambda i: i.box[1])
    for first in lines:
        run = [first]
        for item in lines:
            last = run[-1]
            gap = item.box[1] - last.box[1]
            pitch = run[1].box[1] - run[0].box[1] if len(run) > 1 else gap
            level = abs(item.box[0] - first.box[0]) < 0.4 * first.height
            alike = abs(item.height - first.height) < 0.3 * first.height
            if level and alike and 0.8 * first.height < gap < 3.2 * first.height and abs(gap - pitch) < 0.15 * pitch:
                run.append(item)
        best = run if len(run) > len(best) else best
    run = best if len(best) >= 4 else []
    if len(marked) >= 3 and not (len(run) > len(marked) and all(m in run for m in marked)):
        return marked  # else some of the marks were not read
    return run


def _counted(items: Sequence[Item], page: Page) -> Solution:
    ids = tuple(i.id for i in items)
    return Solution(answers.cited(str(len(items)), ids), "these entries were counted", ids, 1.0, page.name)
