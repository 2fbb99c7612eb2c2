"""Questions about several pictures: which of them, and the same field on two.

In: a `Question` and the `Page`s of its pictures. Out: a `Solution`, or None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from visual_agent.engines.planner import answers, asking
from visual_agent.engines.planner.observed import Item
from visual_agent.engines.planner.pages import Page
from visual_agent.engines.planner.questions import Question, analyse
from visual_agent.engines.planner.ranking import key_of
from visual_agent.engines.planner.single import Solution
from visual_agent.engines.planner.sums import shown
from visual_agent.engines.planner.tables import best
from visual_agent.engines.planner.values import is_numeric, number_of
from visual_agent.engines.planner.weights import measure, weight, without
from visual_agent.engines.planner.words import likeness, words

_ASKS = re.compile(r"^(?:which|who|whose|where|what|哪|谁)")


_BETWEEN = re.compile(
    r"(?:differ|differenc|相差|差|more|less|fewer|higher|lower|cheap|both|two|two|combined|together|connected|second|first|changed?)\w*"
)


def on_both(question: Question, pages: Sequence[Page], sign: str) -> Solution | None:
    """The same field on two pages, subtracted or added."""
    bare = _bare(question)
    hits = [(best(bare, page)[:1], page) for page in pages[:2]]
    if not all(h and h[0].sure and number_of(h[0].text) is not None for h, _ in hits):
        return None
    one, two = (h[0] for h, _ in hits)
    a, b = number_of(one.text) or 0.0, number_of(two.text) or 0.0
    number = a + b if sign == "+" else abs(a - b)
    ids = one.ids + two.ids
    how = f"{one.text} {sign} {two.text}" if sign == "+" or a >= b else f"{two.text} {sign} {one.text}"
    return Solution(answers.worked(shown(number), how, ids), "the same field on both pictures", ids)


def _bare(question: Question) -> Question:
    """The question without the words that compare pictures."""
    dropped = [
        t for t in question.terms if _BETWEEN.fullmatch(t.text) or t.text in ("two", "drafts", "家", "家差", "张")
    ]
    kept = without(question, dropped)
    wants = "number" if question.wants in ("", "name", "place", "number") else question.wants
    return replace(kept, wants=wants)


def chosen(question: Question, pages: Sequence[Page]) -> Solution | None:
    """Which of the pictures has more, has less, or speaks of something."""
    if len(pages) < 2:
        return None
    by_value = _by_value(question, pages)
    if by_value is not None:
        return by_value
    if question.high is not None:
        return None
    shares = [(measure(question, [(1.0, p.text)], p)[0], n) for n, p in enumerate(pages)]
    shares.sort(reverse=True)
    if shares[0][0] < 0.7 or shares[0][0] - shares[1][0] < 0.1:
        return None
    index = shares[0][1]
    line = _line_for(question, pages[index])
    ids = (line.id,) if line else ()
    return Solution(answers.cited(_called(question, pages[index], index), ids), "only this picture speaks of it", ids)


_CHOICE = re.compile(r"(?:which|what|first|second|picture|image|quote|offer|receipt|invoice|document|one)\b.*")


def _by_value(question: Question, pages: Sequence[Page]) -> Solution | None:
    bare = _bare(replace(question, wants="amount" if question.measure == "price" else question.wants))
    if question.measure in ("speed", "duration") and bare.wants in ("", "number"):
        bare = replace(bare, wants="duration", counts=False)
    if not any(weight(t, question) >= 0.3 and not _CHOICE.fullmatch(t.text) for t in bare.terms):
        stand_in = {"price": "total amount due", "when": "date", "duration": "duration", "speed": "duration"}.get(
            question.measure
        )
        if stand_in is not None:
            bare = replace(
                analyse(stand_in),
                wants={"price": "amount", "when": "date"}.get(question.measure, "duration"),
                counts=False,
            )
    ranked = []
    for index, page in enumerate(pages):
        hits = [h for h in best(bare, page)[:1] if h.sure]
        key = key_of(hits[0].text, "when" if question.measure == "when" else "") if hits else None
        if key is not None:
            ranked.append((key, index, hits[0]))
    if question.high is None or len(ranked) < 2:
        return None
    quick = question.measure == "speed" and bare.wants == "duration"
    ranked.sort(key=lambda r: r[0], reverse=question.high != quick)
    if ranked[0][0] == ranked[1][0]:
        return None
    index = ranked[0][1]
    ids = tuple(i for _, _, h in ranked for i in h.ids)
    why = " / ".join(f"{h.text} ({pages[i].name})" for _, i, h in ranked)
    return Solution(answers.cited(_called(question, pages[index], index), ids), why, ids)


def _called(question: Question, page: Page, index: int) -> str:
    """A picture by its place, with its heading where a shop or company is asked for."""
    names = ("first", "second", "third", "fourth", "fifth", "sixth")
    place = f"第{'一二三四五六'[min(index, 5)]}张" if question.chinese else f"the {names[min(index, 5)]} picture"
    title = next((i.text for i in page.lines if not is_numeric(i.text) and not any(c.isdigit() for c in i.text)), "")
    if title and asking.find("by_heading", question.folded):
        return f"{place}（{answers.clean(title)}）" if question.chinese else f"{place} ({answers.clean(title)})"
    return place


def _line_for(question: Question, page: Page) -> Item | None:
    scored = [(sum(weight(t, question) * likeness(t, words(i.text)) for t in question.terms), i) for i in page.lines]
    return max(scored, key=lambda si: si[0], default=(0.0, None))[1]
