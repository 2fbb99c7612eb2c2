"""What a page states itself: the most or least ("Nearest defibrillator: bowls club"), a change ("fell from 9 to 4").

In: a `Question` with a superlative, or for a change, and the `Page`s. Out: a `Solution`, or None. What the superlative stands with must
be what the question asks of, and the two superlatives must mean the same ("closest", "nearest"; "worst", "most errors"
do not): no list needs to be ranked then.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.choices.ranking import is_asked
from visual_agent.engines.planner.fields.nearest import content, support
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.figures.running import told
from visual_agent.engines.planner.figures.sums import shown
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text import measures
from visual_agent.engines.planner.text.folding import has_han, normal, stem
from visual_agent.engines.planner.text.meanings import closeness

_SUPERLATIVE = re.compile(
    r"\b(?:the )?(?:most|least) (?!of\b|the\b|people\b)(\w+)|\b(best|worst|top|(?!(?:west|east|rest|test|guest|forest|"
    r"interest|contest|harvest|honest|modest|protest|request|latest|suggest|invest|digest|arrest|crest|quest|chest|vest|nest)\b)"
    r"[a-z]{2,}est)\b|最([^\s，。：:的]{1,2})"
)
_SAYS = re.compile(r"\s*(?:[:：.。]|\bis\b|\bwas\b|\bare\b|[-–—]|是|为)\s*(.+)")
_END = re.compile(r"\s+(?:with|at|which|where|who|because|and then)\b.*|[;；,，。].*|\.\s.*|\.$", re.DOTALL)


def stated(question: Question, pages: Sequence[Page]) -> Solution | None:
    """What a line of the page calls the most or the least of what is asked."""
    asked = _SUPERLATIVE.search(question.folded)
    if question.kind != "extreme" or asked is None or len(pages) != 1 or question.rank != 1:
        return None
    rest = question.folded[: asked.start()] + " " + question.folded[asked.end() :]
    sorts = {t.text for t in question.terms if is_asked(t, question)}
    things = [w for w in content(rest) if w.text not in sorts and w.weight >= 1]
    for item in pages[0].lines:
        found = _SUPERLATIVE.search(normal(item.text))
        if found is None or not _same(_adjective(asked), _adjective(found)):
            continue
        if all(support(w, item.text) >= 0.6 for w in things) and (things or sorts):
            told = _told(item, found, sorts)
            if told:
                return Solution(
                    answers.value(told, (item.id,)), "the page says so", (item.id,), item.score, pages[0].name
                )
    return None


def _adjective(match: re.Match[str]) -> str:
    return next(g for g in match.groups() if g)


def _same(one: str, two: str) -> bool:
    """Whether two superlatives mean the same."""
    if stem(one) == stem(two):
        return True
    measures = {asking.measure(w if not has_han(w) else f"最{w}") for w in (one, two)}
    low = [asking.find("extreme_low", w if not has_han(w) else f"最{w}") is not None for w in (one, two)]
    return low[0] == low[1] and (closeness(one, two) >= 0.45 or (len(measures) == 1 and "" not in measures))


def _told(item: Item, found: re.Match[str], sorts: set[str]) -> str:
    """What a line says the most or least is: the thing of the asked sort, else what follows "is" or a colon."""
    after = item.text[found.end() :]
    for sort in sorts:
        named = re.search(rf"\b{re.escape(sort)} (?:[A-Z]?\d+\w*|[A-Z]\w*)", item.text, re.IGNORECASE)
        if named is not None and not has_han(sort):
            return named[0]
    says = _SAYS.search(after)
    return _END.sub("", says[1]).strip() if says is not None and says.start() <= 40 else ""


_ASKS_CHANGE = re.compile(r"\b(?:by )?how (?:much|many)\b|多少|几")
_AMOUNT = r"([-−]?\d[\d,]*(?:\.\d+)?)\s?([^\s\d]{0,8}?)"
_FROM_TO = re.compile(
    rf"\bfrom {_AMOUNT} (?:up |down )?to {_AMOUNT}(?![\d:])|(?:从|由)了?{_AMOUNT}(?:一直)?(?:升|降|涨|跌|增|减|提高|下降|上升|变)?[加少高低成]?[到至为]了?{_AMOUNT}(?![\d:])"
)
_MOVES = re.compile(
    r"\b(?:rise|rose|risen|raised?|fall|fell|fallen|drop\w*|cool\w*|warm\w*|grow|grew|grown|shr[aiu]nk|climb\w*|sank|sink|lose|lost|gain\w*|chang\w*|"
    r"increas\w*|decreas\w*|reduc\w*|cut|lower\w*|put up|go(?:ne)? (?:up|down)|went (?:up|down)|come down|came down|jump\w*|slip\w*)\b(?: (?:up|down|by|off))?|[升降涨跌增减瘦胖长缩]"
)


def moved(question: Question, pages: Sequence[Page]) -> Solution | None:
    """By how much something rose or fell, where a sentence about it says from what to what."""
    if not (_ASKS_CHANGE.search(question.folded) and _MOVES.search(question.folded)):
        return None
    if question.kind != "difference" and not re.search(r"[升降涨跌增减瘦长]了?(?:多少|几)", question.folded):
        return None
    rest = _MOVES.sub(" ", _ASKS_CHANGE.sub(" ", measures.unasked(question.folded)))
    said = [w for w in content(rest) if w.weight >= 0.4 and w.text not in ("by", "degrees")]
    found = {}
    for page in pages:
        for sentence in told(page):
            matches = list(_FROM_TO.finditer(normal(sentence.text)))
            if said and len(matches) == 1 and all(support(w, sentence.text) >= 0.5 for w in said):
                one, unit, two, other = (g for g in matches[0].groups() if g is not None)
                if not unit or not other or unit == other:
                    change = abs(float(two.replace(",", "")) - float(one.replace(",", "")))
                    found[change] = (f"{one} - {two}", sentence.ids, page.name)
    if len(found) != 1:
        return None
    change, (how, ids, name) = next(iter(found.items()))
    return Solution(answers.worked(shown(change), how, ids), how, ids, 1.0, name)
