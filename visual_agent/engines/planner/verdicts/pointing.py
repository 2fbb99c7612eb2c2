"""Which line a question points at: "where is the serial number printed?", "circle the dog", "where do I tap to pay?".

In: a `Question` and a `Page`. Out: the line or cell, or None where nothing on the page speaks of it. The question
without the words that ask for a place is the phrase that is looked for. Of a control only its purpose is known ("tap
to see my cards"), so the short line that is nearest in meaning is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import is_generic
from visual_agent.engines.planner.fields.nearest import content, shares, support
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.page.places import beside
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.meanings import closeness
from visual_agent.engines.planner.text.values import is_numeric, of_kind, values
from visual_agent.engines.planner.text.vocabulary import Group, groups

_LEAST = 0.5
"""Least share of the phrase that a line must speak of."""
_FAINT = 0.2
"""Least share where a place in the picture is asked for, so that something there is meant."""
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
    r"(?:rule|part|bit|section|sentence|paragraph|entry|item|heading|label|note|word) (?:about|on|of|for|that|with|where)|"
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
        return _control(question, page)
    phrase = _ASKING.sub(" ", question.folded)
    return (
        _line(phrase, page, 0.0)
        or _in_state(question.folded, page)
        or _typed(question, page)
        or (_line(phrase, page, _FAINT) if points(question) else None)
    )


def with_value(question: Question, item: Item, page: Page) -> list[Item]:
    """A line, and where a value is meant ("the chip number") and the line is its label what stands below or beside."""
    if not any(is_generic(t) for t in question.terms) or values(item.text):
        return [item]
    around = [i for side in ("below", "right") for i in beside(item, side, page)]
    return [item, *(i for i in around if values(i.text))]


def _line(phrase: str, page: Page, margin: float) -> Item | None:
    """The line that speaks of most of a phrase and of little else; of less, where it is ahead of all by a margin."""
    found = shares(phrase, [i.text for i in page.lines])
    least = margin or _LEAST
    scored = [(s - 0.004 * min(len(i.text), 60), i) for s, i in zip(found, page.lines, strict=True) if s >= least]
    scored.sort(key=lambda si: -si[0])
    if not scored or (margin and len(scored) > 1 and scored[1][0] > scored[0][0] - margin / 2):
        return None
    return scored[0][1]


def _in_state(folded: str, page: Page) -> Item | None:
    """The only cell or short line that says a state: "vacant" for "where nobody is on duty"."""
    for group in groups("statuses"):
        if not group.asked.search(folded):
            continue
        held = [i for i in page.lines if group.said.fullmatch(normal(i.text).strip())]
        if len(held) == 1:
            return held[0]
    return None


def _typed(question: Question, page: Page) -> Item | None:
    """The only line with a value of the type that is named: "the phone number"."""
    if question.wants not in ("phone", "email", "url"):
        return None
    held = [i for i in page.lines if of_kind(i.text, question.wants)]
    return held[0] if len(held) == 1 else None


def _purpose(folded: str) -> str:
    """What a control is for: "send this" of "where do I press to send this?"."""
    match = re.search(r"\b(?:to|if i want(?:ed)? to|for|when i want to|in order to) (?!the\b.*\bto\b)(.+)", folded)
    if match and not has_han(folded):
        return match[1]
    folded = re.sub(r"\b(?:where|do|should|can|must|i|click|tap|press|push|on|button|tab|icon|menu)\b", " ", folded)
    return _ACT.sub(" ", _ASKING.sub(" ", re.sub(r"我?想要?|如果|应该|要|得", " ", folded)))


def _control(question: Question, page: Page) -> Item | None:
    """The line that stands for a purpose: by its words, by what buttons for it are called, by its meaning as a whole."""
    short = [i for i in page.lines if _is_short(i.text)]
    purpose = _purpose(question.folded)
    texts = [normal(i.text) for i in short]
    found = [max(s, 0.0) for s in shares(purpose, texts)]
    if max(found, default=0.0) < _LEAST:
        asked = content(purpose)
        found = [max((support(w, t, _LEAST_CONTROL) for w in asked), default=0.0) for t in texts]
    meant = [max((_called(g, question.folded, t) for g in groups("actions")), default=0.0) for t in texts]
    scored = [
        (
            max(f, m) + 0.2 * m + 0.3 * closeness(purpose, t) - 0.01 * len(content(t)) + _stands_as_control(i, short),
            i,
            max(f, m),
        )
        for f, m, t, i in zip(found, meant, texts, short, strict=True)
    ]
    best = max(scored, key=lambda s: s[0], default=None)
    return best[1] if best is not None and best[2] >= _LEAST_CONTROL else None


def _called(group: Group, folded: str, text: str) -> float:
    """How surely a text is what a button is called that does what is asked: wholly, or in some of its words."""
    asked, said = group.asked.search(folded), group.said.search(text)
    return (0.6 + 0.3 * len(said[0]) / len(text)) if asked and said else 0.0


def _stands_as_control(item: Item, others: Sequence[Item]) -> float:
    """Buttons stand side by side; a line with a date, an hour or a sum tells something."""
    telling = any(v.kind in ("date", "time", "amount", "percent", "duration") for v in values(item.text))
    beside_it = any(o is not item and abs(o.middle[1] - item.middle[1]) < 0.6 * item.height for o in others)
    return (0.1 if beside_it else 0.0) - (0.4 if telling else 0.0)


def _is_short(text: str) -> bool:
    return len(text) <= (10 if has_han(text) else 30) and not is_numeric(text) and any(c.isalpha() for c in text)
