"""Which record is in a state: "which check failed", "what is sold out", "哪一项偏高".

In: a `Question` and `Page`s. Out: a `Solution`, or None. What is asked for is the name of a record (its first cell
with words) one of whose other cells says so (`phrases.toml`, statuses); a state of every record answers nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.folding import has_han, normal
from visual_agent.engines.planner.grids import Grid, Row
from visual_agent.engines.planner.observed import Item
from visual_agent.engines.planner.pages import Page
from visual_agent.engines.planner.questions import Question
from visual_agent.engines.planner.records import records
from visual_agent.engines.planner.running import told
from visual_agent.engines.planner.single import Solution
from visual_agent.engines.planner.values import is_numeric
from visual_agent.engines.planner.vocabulary import groups

_WHICH = re.compile(r"\b(?:which|what)\b|哪|什么")
_NO_NAME = re.compile(
    r"\bhow (?:many|much|long|often)\b|\bwhen\b|\bwhy\b|多少|几[个项点]|为什么|为何|什么时候|怎么|什么原因|什么问题"
)
_PRONOUN = re.compile(r" (?:you|i|we|they|it|one|be|been|yet|still|now|currently|also|already) ")
_SIGNS = re.compile(r"[↑↓*✗✘×]")


def flagged(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The records that are in the state that the question speaks of."""
    if (
        question.kind not in ("field", "extreme")
        or not _WHICH.search(question.folded)
        or _NO_NAME.search(question.folded)
    ):
        return None
    state = _state(question.folded)
    if state is None:
        return None
    for page in pages:
        for grid in records(page):
            rows = [r for r in grid.body if sum(c is not None for c in r) > 1]
            found = [r for r in rows if _says(r, state) is not None]
            column = _column(question, grid)
            names = [n for r in found if (n := (r[column] if column is not None else None) or _name(r)) is not None]
            if names and len(rows) > 2 and len(found) * 2 <= len(rows) and not _named(question, rows):
                ids = tuple(n.id for n in names) + tuple(c.id for r in found if (c := _says(r, state)) is not None)
                text = ", ".join(answers.clean(n.text) for n in names)
                return Solution(
                    answers.value(text, ids), "its row says so", ids, min(n.score for n in names), page.name
                )
        told_of = _in_text(question, state, page)
        if told_of is not None:
            return told_of
    return None


def _column(question: Question, grid: Grid) -> int | None:
    """The column that bears the name that is asked for ("哪个航班": "航班")."""
    asked = re.search(
        r"哪(?:一|几)?[个项种件条家趟班份]?(?P<a>[\u4e00-\u9fff]{2})|\b(?:which|what) (?P<b>[a-z]+)", question.folded
    )
    word = (asked["a"] or asked["b"]) if asked else None
    heads = [normal(grid.head(n)) for n in range(len(grid.body[0]))] if word and grid.body else []
    return next((n for n, h in enumerate(heads) if h and (word == h or f"{word}s" == h)), None)


def _in_text(question: Question, state: re.Pattern[str], page: Page) -> Solution | None:
    """What a sentence says to be in the state: "The lift is out of order"."""
    found = []
    for sentence in told(page):
        for match in state.finditer(normal(sentence.text)):
            name = _subject(normal(sentence.text)[: match.start()], sentence.text)
            if name is not None and len(match[0]) > 1 and not match[0].isdigit():
                found.append((name, sentence))
    if len({n for n, _ in found}) != 1:
        return None
    name, sentence = found[0]
    ids = sentence.ids
    return Solution(answers.value(name, ids), "the sentence says so", ids, sentence.score, page.name)


_SUBJECT = re.compile(
    r"(?:^|[.;:,!?]\s+|\b(?:and|but|because|as|that)\s+)((?:(?:the|a|an|our|your|its|his|her|their|one|both) )?[a-z][\w'’-]*(?: [\w'’-]+){0,3}?)"
    r"\s+(?:is|are|was|were|has been|have been|has|have)(?: (?:currently|still|now|been|temporarily|already|a|the))*\s*$"
)
_SUBJECT_ZH = re.compile(
    r"(?:^|[,，。;；:：\s])([\u4e00-\u9fff]{2,10}?)(?:因[\u4e00-\u9fffA-Za-z0-9]{1,14})?(?:自[^,，]{2,10}起)?(?:已经?|现|目前|暂时?|正在?|临时|全部)*$"
)


def _subject(before: str, text: str) -> str | None:
    match = (_SUBJECT_ZH if has_han(text) else _SUBJECT).search(before)
    return match[1] if match else None


def _state(folded: str) -> re.Pattern[str] | None:
    """How pages put the state that is asked for; of several the one that the question says at most length."""
    plain = _PRONOUN.sub(" ", folded)
    found = [(len(m[0]), g.said) for g in groups("statuses") if (m := g.asked.search(plain))]
    return max(found, key=lambda f: f[0])[1] if found else None


def _says(row: Row, state: re.Pattern[str]) -> Item | None:
    """The cell behind the name that says the state: nearly the whole of a short cell, or a sign in it."""
    cells = [c for c in row if c is not None]
    for cell in cells[1:]:
        text = normal(cell.text).strip()
        match = state.search(text)
        if match is None or (match.start() and not _SIGNS.search(match[0])):
            continue
        if re.fullmatch(r"[\d]+", match[0]) and match[0] != text:
            continue
        if len(match[0]) * 4 >= len(text) or re.match(r"\W", text[match.end() :]):
            return cell
    return None


def _name(row: Row) -> Item | None:
    return next((c for c in row if c is not None and not is_numeric(c.text) and len(c.text) > 1), None)


def _named(question: Question, rows: Sequence[Row]) -> bool:
    """Whether the question names one of the records, and so asks something else about it."""
    names = [normal(n.text) for r in rows if (n := _name(r)) is not None]
    return any(len(n) > 1 and n in question.folded for n in names)
