"""Questions about running text and its lists, answered: steps in order, reasons, parts of sentences.

In: a `Question` and the `Page`s of its pictures. Out: a `Solution`, or None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.fields.categories import only_one
from visual_agent.engines.planner.fields.colloquial import colloquial
from visual_agent.engines.planner.fields.flagged import told_apart
from visual_agent.engines.planner.fields.single import Solution, told_by
from visual_agent.engines.planner.fields.zh_parts import asked_type, plausible
from visual_agent.engines.planner.figures.running import running
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.steps import listed
from visual_agent.engines.planner.verdicts.pointing import points

_WHY = re.compile(r"\bwhy\b|\bhow come\b|为什么|为何|怎么会")
_NO_LIST = frozenset({"transcribe", "yesno", "changes", "choose", "difference", "average"})
_TIMES = frozenset({"when", "date", "time", "duration"})
_SURE = 0.88
"""Least share at which a sentence over several lines goes before a value in one of them."""
_WRITER = re.compile(
    r"\bwho (?:\w+ )?(?:wrote|signed|sent|is (?:it|this|the \w+) from)\b|\bwho left (?:this|the|a) (?:note|message|card|letter)\b|\bwhose (?:note|letter|message) is\b|\bsigned by\b|\b(?:writer|sender)\b|谁[写发寄签]|[写寄]信的?人(?:是|叫)|落款|署名"
)
_CLOSING = re.compile(
    r"^(?:(?:with |all my |lots of |much )?(?:love|best|kind|kindest|warm|warmest|many)?(?: wishes| regards| thanks)?|"
    r"yours (?:sincerely|faithfully|truly)|sincerely|regards|cheers|thanks?(?: you)?|respectfully)[,.!]?$",
    re.IGNORECASE,
)
_LONE = re.compile(r"[-–—]?\s*[A-Z][a-z]+(?:(?: & | and | )[A-Z][a-z]*\.?){0,2}(?: x+)?|[\u4e00-\u9fff]{2,4}")
_GREETS = re.compile(
    r"\s*(?:(?:dear|hi|hello|to)\b.{1,30}|[A-Z][a-z]+(?: [A-Z][a-z]+)?\s*[-–—,:]+|[\u4e00-\u9fff]{2,6}[:：,，])\s*$",
    re.IGNORECASE,
)
"""A note's first line and its last: whom it is for, and whose it is."""
_DATED = re.compile(r"^(?:\d{4}年)?\d{1,2}月\d{1,2}日$|^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}$")
_RELATION = re.compile(
    r"^(?:您的|你的)?(?:孙女|孙子|儿子|女儿|学生|弟弟|妹妹|哥哥|姐姐|朋友|好友|同学|爸爸|妈妈)[:：\s]*(?=[\u4e00-\u9fff]{2})"
)
_SPOKEN = frozenset({"field", "count", "locate", "extreme", "place", "sum"})


def in_order(question: Question, pages: Sequence[Page]) -> Solution | None:
    """A step of a list of steps, or the things of a list."""
    if question.kind in _NO_LIST:
        return None
    for page in pages:
        found = listed(question, page)
        if found is not None:
            return Solution(answers.value(*found), "it stands there in the list", found[1], 1.0, page.name)
    return None


def reasoned(question: Question, pages: Sequence[Page]) -> Solution | None:
    """A reason, which no label names; and what a sentence over several lines says of all that is asked."""
    if _WHY.search(question.folded):
        return spoken(question, pages)
    if _WRITER.search(question.folded):
        return signed(pages)
    if asked_type(question) in ("name", "place") and (surely := in_speech(question, pages, _SURELY)):
        return surely
    if question.kind != "field" or question.wants not in _TIMES or len(pages) != 1:
        return None
    hits = [h for h in running(question, pages[0])[:1] if h.score >= _SURE and len(h.ids) > 1 and len(question.content)]
    return told_by(hits[0], pages[0]) if hits else None


def signed(pages: Sequence[Page]) -> Solution | None:
    """Who signed a letter: the line after its closing words, or above the date at its foot."""
    for page in pages:
        lines = list(page.lines)
        for n, item in enumerate(lines):
            closes = len(lines) > 4 and n > len(lines) // 2
            after = n + 1 < len(lines) and _CLOSING.match(item.text.strip())
            dated = n > 2 and n == len(lines) - 1 and _DATED.match(item.text.strip().replace(" ", ""))
            name = lines[n + 1] if closes and after else lines[n - 1] if closes and dated else None
            if (
                name is None
                and n == len(lines) - 1
                and _LONE.fullmatch(item.text.strip())
                and _GREETS.match(lines[0].text)
            ):
                name = item
            if name is not None and len(name.text) < 40:
                text = _RELATION.sub("", name.text.strip())
                return Solution(answers.value(text, (name.id,)), "it is signed so", (name.id,), name.score, page.name)
    return None


def spoken(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The part of a sentence that answers."""
    meaning = question.kind == "average" and re.search(r"\bdoes\b.*\bmean\b", question.folded)
    if (question.kind not in _SPOKEN and not meaning) or question.looks:
        return None
    told_of = told_apart(question, pages) or only_one(question, pages) if question.kind == "field" else None
    if told_of is not None:
        return told_of
    hits = [(hit, page) for page in pages for hit in running(question, page)[:1]]
    hits = [hp for hp in hits if not question.chinese or plausible(question, hp[0].text)]
    return told_by(*max(hits, key=lambda hp: hp[0].score)) if hits else in_speech(question, pages)


_LEAST = {"field": 0.0, "count": 0.0, "locate": 0.0, "place": 0.0, "extreme": 0.75}
"""Least score of an answer in other words by the kind of question."""
_SURELY = 0.86
"""Least score at which it goes before all that looks for the question's own words."""


def in_speech(question: Question, pages: Sequence[Page], least: float = 0.0) -> Solution | None:
    """What a question in spoken Chinese means in a document's words, where one value clearly fits best."""
    if not question.chinese or question.kind not in _LEAST or points(question):
        return None
    pages = pages if question.picture is None else pages[question.picture : question.picture + 1]
    hits = [(hit, page) for page in pages for hit in colloquial(question, page)[:4]]
    hits = [hp for hp in hits if hp[0].score >= max(least, _LEAST[question.kind])]
    return told_by(*max(hits, key=lambda hp: hp[0].score)) if hits else None
