"""Why something is so: the reason under its label, behind a "because", or in the clause beside what came of it.

In: a `Question` that asks why, and `Page`s. Out: a `Solution`, or None. Only a passage that speaks of what is asked
gives reasons, so that another's reason is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.fields.clauses import part
from visual_agent.engines.planner.fields.nearest import content, heard, shares, support
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.figures.running import told
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import has_han, normal

_WHY = re.compile(
    r"\bwhy\b|\bhow come\b|\bwhat(?:'s| is| was| were| are)? (?:the )?(?:reasons?|cause)\b|\bwhat (?:caused|causes)\b|\bwhat for\b"
    r"|为什么|为何|为啥|什么原因|原因是什么|因为什么|因为啥|怎么会|咋"
)
_LABEL = re.compile(
    r"^(?:(?:\w+ ){0,3}(?:reasons?|cause)(?: \w+){0,3}|[\u4e00-\u9fff]{0,4}(?:原因|事由|缘由|缘故|理由))$"
)
_CLAUSES = re.compile(r"\s*[,，;；。!！?？:：]\s*|\s+[-–—]\s+|(?<=[a-z)])\.\s+")
_MARKED = re.compile(
    r"(?:因为|由于|鉴于|(?<![原起])因(?!此|而))(?P<a>[^,，。;；]{2,40}?)(?=[,，。;；]|$|而|故|所以|导致|暂停|临时|取消|停|推迟|延期|封闭|关闭)"
    r"|(?P<b>[^,，。;；:：]{2,40})[,，]?(?:所以|因此|故(?=[^障])|因而|导致)"
    r"|\b(?:because(?: of)?|due to|owing to|thanks to|as a result of|caused by|on account of|the reason is(?: that)?)\s+(?P<c>[^.;,]+)"
)
_FOR = re.compile(
    r"\b(?:closed|shut|cancelled|canceled|postponed|delayed|suspended|unavailable|off|moved|diverted|out of use)\b[^.,;]{0,40}? (?:for|after|following) (?!the day|a day|today|\d|now)(?P<d>[^.,;]+)",
    re.IGNORECASE,
)
_TROUBLE = re.compile(
    r"检修|维修|抢修|施工|改造|装修|故障|坏了|损坏|漏|停电|停水|生病|发烧|感冒|住院|没好|受伤|加班|出差|开会|考试|上课|值班|结婚|婚礼|搬家|下雨|暴雨|台风|大雪|落石|塌|堵车|限行|缺货|没货|满了|有毒|危险|过敏|太贵|太远|太吵|丢了|忘|"
    r"\b(?:repairs?|maintenance|works|resurfacing|renovat\w+|broken|broke|fault\w*|leak\w*|ill|sick|injur\w+|flu|cold|fever|exams?|wedding|funeral|"
    r"birthday|shift|strike|storms?|flood\w*|snow|ice|wind|rain|accident|shortage|holiday|training|meeting|appointment|dentist|doctor|hospital|"
    r"traffic|delay\w*|late|lost|missed|stolen|sold out|too \w+|allerg\w+|poisonous|toxic|dangerous|unsafe|hazard\w*|asleep|busy|stuck)\b",
    re.IGNORECASE,
)
"""What gives reasons without a "because"."""
_ABOUT = re.compile(
    r"\bwhy (?:\w+n['’]t|is|are|was|were|does|do|did|has|have|had|can|could|will) (?:the|a|an|our|my|all|any) ([a-z]+)"
)
_RESULT = re.compile(
    r"^(?:so|therefore|thus|hence|sorry|hi|hello|所以|因此|因而|不好意思|抱歉|对不起|请|敬请|给您)", re.IGNORECASE
)
_NAMES = re.compile(r"^[^:：]{1,10}[:：]\s*")
_LEAST = 0.5
_OUTCOME = 0.6
"""Least share of the question that a clause must account for to be what came of the reason."""


def asks_why(question: Question) -> bool:
    """Whether a question is for a reason."""
    return question.kind in ("field", "extreme", "sum", "place", "count") and _WHY.search(question.folded) is not None


def why(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The reason."""
    topic = _WHY.sub(" ", question.folded)
    found = [f for page in pages for f in _reasons(question, topic, page)]
    if not found:
        return None
    _, text, ids, page = max(found, key=lambda f: f[0])
    return Solution(answers.value(text, ids), "the sentence gives the reason", ids, page.weakest(ids), page.name)


def _reasons(question: Question, topic: str, page: Page) -> list[tuple[float, str, tuple[str, ...], Page]]:
    if not content(topic):
        told_of = [s for s in told(page) if _marked(s.text) is not None]  # "why is that": the one reason on the page
        return [(0.5, _marked(s.text) or "", s.ids, page) for s in told_of] if len(told_of) == 1 else []
    if _lacks(topic, page) or _unknown(question.folded, page):
        return []
    found = [
        (0.9 + 0.1 * pair.prior, pair.value, pair.ids, page)
        for pair in page.pairs
        if pair.relation != "inside"
        and _LABEL.match(normal(pair.label).strip())
        and pair.value.strip()
        and not pair.value.endswith((":", "："))
    ]
    passages = _passages(page)
    for (text, ids, alone), share in zip(passages, shares(topic, [p[0] for p in passages]), strict=True):
        if share < (_LEAST if not alone or not _TROUBLE.search(text) else 0.4):
            continue
        reason = _marked(text)
        if reason is not None:
            found.append((share + 0.1 - (0.0 if alone else 0.15), reason, ids, page))
            continue
        because = _FOR.search(text)
        if because is not None:
            found.append((share, because["d"], ids, page))
            continue
        told_ = part(question, text, [w.text for w in content(topic)]) if alone and not has_han(text) else None
        if told_ is not None and share >= 0.6:
            found.append((share, told_, ids, page))
        elif alone:
            beside = _beside(topic, text)
            if beside is not None:
                found.append((share - 0.05, beside, ids, page))
    return found


def _passages(page: Page) -> list[tuple[str, tuple[str, ...], bool]]:
    """Sentences, and two that follow each other, with their lines and whether it is one sentence."""
    sentences = told(page)
    found = [(s.text, s.ids, True) for s in sentences]
    found += [(f"{a.text}：{b.text}", a.ids + b.ids, True) for a, b in pairwise(sentences) if _is_speaker(a.text)]
    found += [
        (f"{a.text}{'，' if has_han(a.text) else ' '}{b.text}", tuple(dict.fromkeys(a.ids + b.ids)), False)
        for a, b in pairwise(sentences)
    ]
    return found


def _is_speaker(text: str) -> bool:
    """Whether a line is no more than a name over a message."""
    return len(text) <= (8 if has_han(text) else 18) and len(text.split()) <= 2 and text.replace(" ", "").isalpha()


def _lacks(topic: str, page: Page) -> bool:
    """Whether most of what is asked about stands nowhere on the page."""
    every = [(w.weight, heard(w, (i.text for i in page.lines))) for w in content(topic)]
    whole = sum(w for w, _ in every)
    return sum(w for w, s in every if s >= 0.5) < 0.5 * whole


def _unknown(folded: str, page: Page) -> bool:
    """Whether the thing that a "why is the ..." is about stands nowhere on the page."""
    match = _ABOUT.search(folded)
    words = [w for w in content(match[1]) if w.weight >= 1] if match else []
    return any(heard(w, (i.text for i in page.lines)) < 0.6 for w in words)


def _marked(text: str) -> str | None:
    match = _MARKED.search(text)
    if match is None:
        return None
    reason = next(g for g in match.groups() if g).strip()
    return _NAMES.sub("", reason) or None


def _beside(topic: str, text: str) -> str | None:
    """The clause beside the one that says what came of it: before it, or behind it where it comes first."""
    text = _NAMES.sub("", text)
    clauses = [c for c in _CLAUSES.split(text) if c and len(c) > 2]
    if len(clauses) < 2:
        return None
    said = shares(topic, clauses)
    at = max(range(len(clauses)), key=lambda n: said[n])
    gives = [c for c in clauses if _TROUBLE.search(c)]
    if gives:
        return gives[0] if clauses[at] not in gives else clauses[at]
    if said[at] < _OUTCOME or any(support(w, text) < 0.4 for w in content(topic)):
        return None
    sides = [clauses[n] for n in (at - 1, at + 1) if 0 <= n < len(clauses)]
    return next((c for c in sides if not _RESULT.match(c) and (len(c) > 3 or has_han(c))), None)
