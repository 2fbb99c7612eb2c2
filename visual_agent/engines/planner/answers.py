"""The words of an answer: the value, the regions it was read from, or plainly that there is none.

In: a question and what was worked out. Out: the text behind `Final Answer: `, in the question's language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from visual_agent.engines.planner.asked.questions import Question

_MARK = re.compile(r"\[\s*(r\d+(?:\s*[,;]\s*r\d+)*)\s*\]", re.IGNORECASE)
_REFUSAL = re.compile(r"\s*(?:not found|needs a vision|未找到|需要视觉)", re.IGNORECASE)
_LONGEST = 4000
_CITED = 12


def clean(text: str) -> str:
    """Text of a picture as part of an answer: one line, no marks that look like our citations, no imitated refusal."""
    text = " ".join(_MARK.sub(r"(\1)", text).split())[:_LONGEST]
    return f'"{text}"' if _REFUSAL.match(text) else text


def cited(text: str, ids: Iterable[str]) -> str:
    """The text with its regions behind it: `12.30 [r3]`."""
    unique = [i for i in dict.fromkeys(ids) if re.fullmatch(r"r\d+", i)][:_CITED]
    return f"{text} {''.join(f'[{i}]' for i in unique)}".strip()


def uncited(text: str) -> str:
    """An answer's text without the regions behind it: the other way of `cited`."""
    return re.sub(r"\s*\[r\d+[^\]]*\]", "", text)


def value(text: str, ids: Sequence[str]) -> str:
    """A value that stands in the picture."""
    return cited(clean(text), ids)


def worked(text: str, how: str, ids: Sequence[str]) -> str:
    """A value that was worked out, with the working in brackets."""
    return cited(f"{clean(text)} ({clean(how)})" if how else clean(text), ids)


def listed(parts: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Several values, each with its regions."""
    return ", ".join(value(text, ids) for text, ids in parts)


def verdict(question: Question, yes: bool, why: str, ids: Sequence[str]) -> str:
    """Yes or no, what stands in the picture, and where."""
    word = ("是" if yes else "否") if question.chinese else ("Yes" if yes else "No")
    if not why:
        return cited(f"{word}{'。' if question.chinese else '.'}", ids)
    colon = "：" if question.chinese else ": "
    return cited(f"{word}{colon}{clean(why)[:160]}", ids)


def not_found(question: Question, what: str = "") -> str:
    """Nothing in the pictures answers; `what` was looked for."""
    asked = clean(what or question.text)[:160]
    what = asked.rstrip("?？。. ") or asked
    return f"未找到：{what}" if question.chinese else f"Not found: {what}"


def needs_vision(question: Question) -> str:
    """Only looking would tell, and the offline engine reads text alone."""
    if question.chinese:
        return "需要视觉语言模型：离线引擎只能读取图中的文字，无法判断画面内容。"
    return "Needs a vision-language model: the offline engine reads text and cannot tell what a picture shows."
