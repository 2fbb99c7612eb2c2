"""Which line a question points at: "where is the serial number printed?", "circle the dog", "where do I tap to pay?".

In: a `Question` and a `Page`. Out: the line or cell, or None where nothing on the page speaks of it. The question
without the words that ask for a place is the phrase that is looked for. Of a control only its purpose is known ("tap
to see my cards"), so the short line that is nearest in meaning is taken.
"""

from __future__ import annotations

import re

from visual_agent.engines.planner import asking
from visual_agent.engines.planner.folding import has_han, normal
from visual_agent.engines.planner.nearest import content, shares, support
from visual_agent.engines.planner.observed import Item
from visual_agent.engines.planner.pages import Page
from visual_agent.engines.planner.places import beside
from visual_agent.engines.planner.questions import Question
from visual_agent.engines.planner.values import is_numeric, values
from visual_agent.engines.planner.weights import is_generic

_LEAST = 0.5
"""Least share of the phrase that a line must speak of."""
_LEAST_CONTROL = 0.2
"""Least likeness of a word for a control, of which the question tells only the purpose."""
_ACT = re.compile(
    r"\b(?:where|which|what)\b.*\b(?:click|tap|press|push)\b(?: on)?|\b(?:which|what) (?:button|tab|key|icon|menu)\b(?! is)"
    r"|点击哪|[点按]哪|[要该得](?:点|按)|哪里[点按]|哪个(?:按钮|按键|键)"
)
_ASKING = re.compile(
    r"\b(?:please|where (?:in|on) (?:the|this|that)? ?(?:picture|image|photo|page|screen|sheet|document|table|list|chart|map|plan|form)|(?:can|could|would) you|help me|for me|where(?:abouts)?(?:'s)?|show me|tell me|point (?:me )?(?:to|at|out)|point|"
    r"locate|highlight|mark|circle|outline|underline|find|spot|draw|put|frame|(?:a |the )?(?:bounding )?box (?:around|round)|"
    r"(?:the )?(?:coordinates|position|location|place|spot) (?:of|for|where)|printed|written|shown|listed|mentioned|displayed|"
    r"located|stands?|appears?|(?:in|on|from|of) (?:the|this|that) (?:\w+ )?(?:picture|image|photo|page|screen|sheet|document|table|"
    r"list|chart|map|plan|form|sign|board|poster|app)|lines?|words?|(?:which|what) (?:\w+ )?(?:line|row|cell|button)|says?)\b"
    r"|(?:写|印|标|列|显示|出现)?在(?:这张|这个)?(?:图|页|表|单|屏幕|画面)?(?:片|上|中|里|面)*的?(?:哪里|哪儿|哪个位置|什么位置|什么地方|何处|哪)"
    r"|(?:请|帮我|帮忙|麻烦)|(?:把|将)|(?:圈|框|标|指|找|点)(?:一下|一圈|出来|出|起来|到|注)|(?:在)?(?:这张)?(?:图|图片|页面|表|表格|单子)(?:里|上|中)(?:面)?"
    r"|的?位置|的?坐标|那一?[行个项条格栏句]|(?:这个|这一项|那个)|哪里|哪儿|写着|写的"
)


def acts(question: Question) -> bool:
    """Whether a question asks for something to press."""
    return _ACT.search(question.folded) is not None


def points(question: Question) -> bool:
    """Whether a question asks for a place in the picture rather than in the world."""
    return asking.find("points", question.folded) is not None or acts(question)


def pointed_at(question: Question, page: Page) -> Item | None:
    """The line or cell that is meant."""
    if question.quoted:
        wanted = normal(question.quoted[0])
        held = [i for i in page.lines if wanted in normal(i.text)]
        if held:
            return min(held, key=lambda i: len(i.text))
    if acts(question):
        return _control(_purpose(question.folded), page)
    return _line(_ASKING.sub(" ", question.folded), page)


def with_value(question: Question, item: Item, page: Page) -> list[Item]:
    """A line, and where a value is meant ("the chip number") and the line is its label what stands below or beside."""
    if not any(is_generic(t) for t in question.terms) or values(item.text):
        return [item]
    around = [i for side in ("below", "right") for i in beside(item, side, page)]
    return [item, *(i for i in around if values(i.text))]


def _line(phrase: str, page: Page) -> Item | None:
    """The line that speaks of most of a phrase and of little else."""
    found = shares(phrase, [i.text for i in page.lines])
    scored = [(s - 0.004 * min(len(i.text), 60), i) for s, i in zip(found, page.lines, strict=True) if s >= _LEAST]
    return max(scored, key=lambda si: si[0])[1] if scored else None


def _purpose(folded: str) -> str:
    """What a control is for: "send this" of "where do I press to send this?"."""
    match = re.search(r"\b(?:to|if i want(?:ed)? to|for|when i want to|in order to) (?!the\b.*\bto\b)(.+)", folded)
    if match and not has_han(folded):
        return match[1]
    folded = re.sub(r"\b(?:where|do|should|can|must|i|click|tap|press|push|on|button|tab|icon|menu)\b", " ", folded)
    return _ACT.sub(" ", _ASKING.sub(" ", re.sub(r"我?想要?|如果|应该|要|得", " ", folded)))


def _control(purpose: str, page: Page) -> Item | None:
    """The short line that speaks of a purpose, else the one with the word nearest in meaning to one of it."""
    short = [i for i in page.lines if _is_short(i.text)]
    found = shares(purpose, [i.text for i in short])
    if max(found, default=0.0) < _LEAST:
        asked = content(purpose)
        found = [max((support(w, i.text, _LEAST_CONTROL) for w in asked), default=0.0) for i in short]
    best = max(zip(found, short, strict=True), key=lambda si: si[0] - 0.01 * len(content(si[1].text)), default=None)
    return best[1] if best is not None and best[0] >= _LEAST_CONTROL else None


def _is_short(text: str) -> bool:
    return len(text) <= (10 if has_han(text) else 30) and not is_numeric(text) and any(c.isalpha() for c in text)
