"""What a calculation is about: the phrases of a question that name its numbers, and the figures that they name.

In: a folded question; `Figure`s. Out: phrases ("sign language", "birdsong"), and for them the figures that belong
together: one for each phrase, of one column where there is a choice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product

from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import is_generic
from visual_agent.engines.planner.figures.figures import Figure
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import has_han, stem
from visual_agent.engines.planner.text.meanings import closeness
from visual_agent.engines.planner.text.values import NUMBER_WORDS, han_number, has_cents
from visual_agent.engines.planner.text.words import Term, likeness, terms, words

LEAST = 0.5
"""Least share of a phrase that a figure's name must account for."""
_CLOSE = 0.5
"""Closeness from which two words count as synonyms; see meanings.py."""
_SIDE_BY_SIDE = 4

_AND = re.compile(
    r",|，|、|\band\b|\bplus\b|\+|\balong with\b|\bas well as\b|(?:加上|再加|(?<![参增更])加(?![班油热工急湿床强入大盟])|以及|还有|再(?=[来要买点装做洗办烘订租])|带(?=[一二两三四五六\d])|和|与|跟|及)"
)
_BETWEEN = (
    re.compile(r"\b(?:between|separates?) (?P<a>.+?) (?:and|from) (?P<b>.+)"),
    re.compile(
        r"\bhow (?:far|many|much)\b.*?\b(?:behind|ahead of) (?P<a>.+?) (?:is|are|was|were|did|do|does) (?P<b>.+)"
    ),
    re.compile(r"\bfrom (?P<a>.+?) (?:to|until|till) (?P<b>.+)"),
    re.compile(r"\b(?:before|after) (?P<a>[\w' -]+?) (?:do|does|did|is|are|will|should|must|can) (?P<b>.+)"),
    re.compile(r"\bhow (?:much|many|far|long|old)\b(?P<a>.+?)\b(?:than|compared (?:to|with)|before|after)\b(?P<b>.+)"),
    re.compile(r"(?P<a>.+?)\bminus\b(?P<b>.+)"),
    re.compile(
        r"^(?P<a>.+?)比(?P<b>.+?)(?:多|少|高|低|贵|便宜|早|晚|长|短|重|轻|快|慢|大|小|省|远|划算)[^,，]{0,3}(?:多少|几|多久)"
    ),
    re.compile(
        r"^从(?P<a>.+?)[到至](?P<b>.+?)(?:一共|总共|中间)?(?:[用花要过隔等]|需要)了?[^,，]{0,3}(?:多少|几|多久|多长时间)"
    ),
    re.compile(
        r"^(?P<a>.+?)(?:和|跟|与|、|到|至|-)(?P<b>.+?)(?:之间)?(?:相差|差|相隔|隔|间隔)了?[^,，]{0,3}(?:多少|几|多久|多大)"
    ),
)
_NUMBERS = ("zero", "a", *list(NUMBER_WORDS)[1:])
_COUNT_EN = re.compile(rf"\b(\d{{1,2}}|{'|'.join(_NUMBERS[1:])})\s+([a-z]{{3,}})")
_COUNT_ZH = re.compile(
    r"(?<!第)([一二两三四五六七八九十]+|\d{1,2})个?(张|位|名|件|份|杯|瓶|盒|斤|公斤|本|支|条|袋|只|人|大人|小孩|成人|儿童|学生|老人|间|晚|天|小时|个)"
)
_TOTAL = re.compile(r"(?i)\bamount|\btotal|\bsum\b|金额|小计|合计|总价")
_ONE = re.compile(r"(?i)\bunit\b|\beach\b|\bper\b|\brate\b|\bprice\b|单价|每")
_CURRENCY = re.compile(r"\b(?:pounds?|dollars?|euros?|pence|yuan)\b|[块元镑]")
_FRAME = re.compile(
    r"\b(?:add(?:ed|ing)? (?:up|together)|total|sum|together|altogether|combined|in all|apart|difference|gap|pounds?|"
    r"dollars?|euros?|gone up|went up|go up|going up|risen|rise|change[ds]?|come to|costs?|pay|by how much|how much(?: is that)?)\b"
    r"|一共|总共|合计|共计|总和|之和|加起来|合起来|相加|起来|两家|两年|两边|相差|多少钱?|几(?:分钟|块钱?|元|个|分)|[三四五六两]样|[三四五六两]项|[三四五六两]险"
    r"|差了?|贵了?|涨了?|降了?|早了?|晚了?|便宜了?|扣了?|花了?"
)


_ASKS = re.compile(r"^(?:how|what|which|s$)\b|多少|几")


@dataclass(frozen=True)
class Named:
    """A figure that a phrase names, and how surely (0..1 and some)."""

    figure: Figure
    score: float


def addends(folded: str) -> list[str]:
    """The phrases of a sum, those that say nothing left out."""
    plain = _FRAME.sub(" ", folded.replace("together with", "and").strip(" ?？。."))
    pieces = [p for p in _AND.split(plain) if spoken(p)]
    pieces = plain.split("&") if len(pieces) < 2 else pieces  # else it is part of a name: "Pepper & Rye"
    return [p for piece in pieces for p in _counted(piece) if spoken(p)]


def _counted(piece: str) -> list[str]:
    """Chinese phrases with counts, which need no word between them: "两张成人票一张学生票"."""
    cuts = list(_COUNT_ZH.finditer(piece))
    if len(cuts) < 2:
        return [piece]
    leading = spoken(piece[: cuts[0].start()]) == ()
    points = [0, *(c.start() if leading else c.end() for c in cuts[int(leading) :]), len(piece)]
    return [piece[i:j] for i, j in pairwise(points)]


def count_of(phrase: str) -> tuple[int, str]:
    """How many of what a phrase speaks of ("four hours" -> 4, "hour"); 1 where it gives no number."""
    match = _COUNT_ZH.search(phrase)
    if match:
        return int(match[1]) if match[1].isdigit() else int(han_number(match[1]) or 1), match[2]
    said = _COUNT_EN.search(phrase)
    if said is None:
        return 1, ""
    return int(said[1]) if said[1].isdigit() else _NUMBERS.index(said[1]), stem(said[2])


def ends(folded: str) -> tuple[str, str] | None:
    """The two phrases of a difference; None where the question has no such two."""
    for pattern in _BETWEEN:
        match = pattern.search(folded.strip(" ?？。."))
        if match and spoken(match["a"]) and spoken(match["b"]):
            return match["a"], match["b"]
    return None


@lru_cache(maxsize=2000)
def spoken(phrase: str) -> tuple[Term, ...]:
    """The terms of a phrase that can name something."""
    found = terms(_FRAME.sub(" ", phrase), question=True)
    idle = (asking.pattern("manner").fullmatch(t.text) or _ASKS.search(t.text) or t.text in _NUMBERS for t in found)
    return tuple(t for t, skip in zip(found, idle, strict=True) if not skip)


def topic_of(phrase: str) -> list[Term]:
    """The terms of a phrase that say which thing is meant."""
    return [t for t in spoken(phrase) if not t.weak and t.kind not in ("soft", "number") and not is_generic(t)]


def candidates(
    phrase: str, figures: Sequence[Figure], page_of: dict[str, Page], besides: frozenset[str] = frozenset()
) -> list[Named]:
    """The figures that a phrase names, best first; the words `besides` name none."""
    said = [t for t in spoken(phrase) if t.text not in besides]
    found = [Named(f, fit(said, f, page_of[f.page])) for f in figures]
    found = [n for n in found if n.score >= LEAST]
    top = max((n.score for n in found), default=0.0)
    return sorted((n for n in found if n.score >= top - 0.35), key=lambda n: -n.score)


def fit(said: Sequence[Term], figure: Figure, page: Page) -> float:
    """The share of a phrase that a figure's name and surroundings account for; 0 where its name holds nothing of it."""
    total = got = 0.0
    named = False
    for term in said:
        name = like(term, figure.name)
        around = max(like(term, figure.head), 0.85 * _spoken_of(term, figure.also))
        share = max(name, around)
        idle = term.weak or term.kind in ("soft", "number") or is_generic(term)
        if share < _CLOSE and term.kind == "date":
            return 0.0
        if term.kind == "number" and (
            any(c.isdigit() for c in figure.name + figure.head) or term is said[-1] is not said[0]
        ):
            idle = False
        there = term.kind != "number" and _spoken_of(term, page.text) >= 0.55
        if share < _CLOSE and (idle or there or _is_verb(term)):
            total += 0.0 if idle else 0.25
            continue
        named = named or (name >= _CLOSE and not (idle and len(said) > 1 and term.kind != "number"))
        weight = 0.3 if idle else 1.0
        total += weight
        got += weight * (share if share >= _CLOSE else 0.0)
    if not named or not total:
        return 0.0
    return got / total - min(0.02 * _extra(said, figure.name), 0.1)


def _extra(said: Sequence[Term], name: str) -> int:
    """How many words of a name the phrase does not have."""
    return sum(all(likeness(t, words(w.text)) < 0.55 for t in said) for w in words(name).content)


def _is_verb(term: Term) -> bool:
    return term.kind in ("word", "han") and (
        term.text.endswith(("ed", "ing")) or (has_han(term.text) and len(term.text) == 1)
    )


@lru_cache(maxsize=50_000)
def _spoken_of(term: Term, text: str) -> float:
    return likeness(term, words(text))


@lru_cache(maxsize=50_000)
def like(term: Term, text: str) -> float:
    """How surely a name speaks of a term: as elsewhere, by a common root, or by a word of the same meaning."""
    if not text:
        return 0.0
    best = likeness(term, words(text))
    if best >= 0.85 or term.kind in ("number", "time", "date"):
        return best
    if has_han(term.text) and has_han(text):
        bare = re.sub(r"[费钱价款]$", "", term.text)
        return 0.9 if bare and bare == text.strip() else max(best, _shared(term.text, text))
    roots = [stem(w) for w in re.findall(r"[a-z]{3,}", words(text).folded)]
    root = stem(term.text)
    if len(root) >= 4 and any(r.startswith(root) or root.startswith(r) for r in roots if len(r) >= 4):
        return 0.9
    if has_han(term.text) != has_han(text):
        return max(best, _synonym(term.text, text))
    return max([best, *(_synonym(term.text, r) for r in roots)])


def _synonym(one: str, other: str) -> float:
    near = closeness(one, other)
    return min(near + 0.1, 0.8) if near >= _CLOSE else 0.0


def _shared(term: str, text: str) -> float:
    """The share of a Chinese run that stands in a name, in pieces of two signs and more."""
    covered = [False] * len(term)
    for i in range(len(term) - 1):
        if term[i : i + 2] in text:
            covered[i] = covered[i + 1] = True
    return sum(covered) / len(term)


def together(question: Question, found: Sequence[Sequence[Named]]) -> list[Figure] | None:
    """One figure for each phrase: the surest, of one column and of the type asked for; None where one has none."""
    best: tuple[float, list[Figure]] | None = None
    if not re.search(r"\byears?\b|年", question.folded):
        found = [[n for n in some if not _is_year(n.figure)] for some in found]
    short = [sorted(f, key=lambda n: -n.score - _suits(question, n.figure))[: 6 * _SIDE_BY_SIDE] for f in found]
    if not all(short):
        return None
    if len(short) > 2:
        short = [f[:_SIDE_BY_SIDE] for f in short]
    for choice in product(*short):
        figures = [n.figure for n in choice]
        if len({(f.id, f.text) for f in figures}) < len(figures) or len({_sort(f) for f in figures}) > 1:
            continue
        score = sum(n.score + _suits(question, n.figure) for n in choice)
        score += 0.2 * (len({f.column for f in figures}) == 1) - 0.1 * (
            len({f.row for f in figures}) == 1 and " row " in figures[0].row
        )
        if best is None or score > best[0] + 1e-9:
            best = score, figures
    return best[1] if best else None


def _is_year(figure: Figure) -> bool:
    return figure.kind == "number" and re.fullmatch(r"(?:19|20)\d\d", figure.text) is not None and not figure.head


def _sort(figure: Figure) -> str:
    """Times are only reckoned with times, dates with dates, weeks with weeks."""
    if figure.kind == "duration":
        return stem(re.sub(r"[\W\d_]", "", figure.text.casefold()))
    return figure.kind if figure.kind in ("time", "date") else "number"


_SPANS = (
    (
        re.compile(r"\bminutes?\b|\bhours?\b|分钟|小时|\bhow long\b|多久|多长"),
        ("time",),
        re.compile(r"min|hour|\bhr?s?\b|分|小时"),
    ),
    (re.compile(r"\bdays?\b|\bnights?\b|天|晚"), ("date",), re.compile(r"day|night|天|晚|日")),
    (re.compile(r"\bweeks?\b|周|星期"), ("date",), re.compile(r"week|周|星期")),
    (re.compile(r"\bmonths?\b|个月"), (), re.compile(r"month|月")),
    (re.compile(r"\byears?\b|年"), (), re.compile(r"year|年")),
)


def _suits(question: Question, figure: Figure) -> float:
    """How well a figure's column and type suit what is asked for."""
    measured = [t for t in question.terms if not t.weak or is_generic(t)]
    score = 0.2 * max((likeness(t, words(figure.head)) for t in measured), default=0.0) if figure.head else 0.0
    around = words(f"{figure.name} {figure.head} {figure.also}")
    score += 0.1 * sum(likeness(t, around) >= 0.85 for t in question.terms if not t.weak and not is_generic(t))
    if question.wants == "duration":
        return score + _lasts(question, figure)
    if figure.kind in ("time", "date"):
        timed = question.wants == "time" or re.search(r"\b(?:earlier|later|late)\b|[早晚]", question.folded)
        return score + (0.1 if timed else -0.6)
    money = figure.kind == "amount" or has_cents(figure.text)
    if not question.counts and (question.wants in ("amount", "") or re.search(r"[费钱价]", question.folded)):
        score += 0.1 * money + 0.03 * figure.last
        score += 0.25 if _TOTAL.search(figure.head) else -0.1 if _ONE.search(figure.head) else 0.0
    elif question.counts and not _CURRENCY.search(question.folded):
        score -= 0.3 * (figure.kind == "amount")
    return score - (0.1 if figure.kind == "percent" and question.wants != "percent" else 0.0)


def _lasts(question: Question, figure: Figure) -> float:
    """How well a figure suits a question about a time: in its unit, or as the moments that such a time lies between."""
    asked = [(kinds, unit) for said, kinds, unit in _SPANS if said.search(question.folded)]
    if any(figure.kind in kinds or (figure.kind == "duration" and unit.search(figure.text)) for kinds, unit in asked):
        return 0.2
    head = any(unit.search(figure.head.casefold()) for _, unit in asked)
    return 0.1 if figure.kind == "number" and head else -0.6 if figure.kind != "number" else -0.1
