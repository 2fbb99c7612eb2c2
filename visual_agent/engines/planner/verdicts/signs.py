"""Yes or no: presence, opening hours, what a sign forbids, comparisons, states.

In: a `Question` and the pages. Out: a `Verdict`, or None where the pictures do not settle it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.questions import Question, analyse, threshold
from visual_agent.engines.planner.asked.weights import measure, weight, without
from visual_agent.engines.planner.choices.ranking import key_of
from visual_agent.engines.planner.choices.several import value_for
from visual_agent.engines.planner.fields.prose import passages
from visual_agent.engines.planner.fields.tables import best
from visual_agent.engines.planner.figures.sums import operands
from visual_agent.engines.planner.hits import Hit
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import normal
from visual_agent.engines.planner.text.values import number_of, values
from visual_agent.engines.planner.text.weekdays import days_of
from visual_agent.engines.planner.text.words import Term, likeness, words
from visual_agent.engines.planner.verdicts.claims import claimed
from visual_agent.engines.planner.verdicts.replies import each, replied, spoken_of
from visual_agent.engines.planner.verdicts.rules import ruled

_CLOSED = frozenset({"closed"})
_STATES = frozenset(
    [
        "closed",
        "free",
        "sold_out",
        "cancelled",
        "delayed",
        "on_time",
        "unpaid",
        "settled",
        "pending",
        "finished",
        "shipped",
        "delivered",
        "approved",
        "rejected",
        "offline",
        "online_status",
        "leave",
        "present",
    ]
)


@dataclass(frozen=True)
class Verdict:
    """Yes or no, the text that says so, and its regions."""

    yes: bool
    why: str
    ids: tuple[str, ...]


def decide(question: Question, pages: Sequence[Page], beside: Sequence[Page] = ()) -> Verdict | None:
    """Yes, no, or None where the pages do not say; `beside` are other pages that the question is about as well."""
    if (
        len(pages) > 1
        and question.picture is None
        and (asking.find("is_same", question.folded) or asking.find("has_changed", question.folded))
    ):
        return _same(question, pages)
    every = each(question) if len(pages) > 1 else ""
    if every:
        verdicts = [decide(analyse(every), [page], pages) for page in pages]
        ids = tuple(i for v in verdicts if v is not None for i in v.ids)
        known = [v for v in verdicts if v is not None]
        return Verdict(len(known) == len(pages) and all(v.yes for v in known), "", ids) if known else None
    for page in pages:
        told = claimed(question, page, beside) or replied(question, page)
        if told is not None:
            return Verdict(*told)
    if len(pages) == 1:
        found = _open(question, pages[0])
        if found is None and (ruling := ruled(question, pages[0])) is not None:
            found = Verdict(*ruling)
        if found is not None:
            return found
    for page in pages:
        for rule in (_open, _allowed, _compared, _bounded, _equal, _state):
            found = rule(question, page)
            if found is not None:
                return found
    return _present(question, pages)


def _same(question: Question, pages: Sequence[Page]) -> Verdict | None:
    """Whether a value is the same on the pictures."""
    bare = replace(
        question,
        terms=tuple(
            t for t in question.terms if not (asking.find("is_same", t.text) or asking.find("has_changed", t.text))
        ),
    )
    hits = [best(bare, page)[:1] for page in pages[:2]]
    if not all(h and h[0].sure for h in hits):
        return _same_lines(bare, pages, asks_same=asking.find("is_same", question.folded) is not None)
    one, two = hits[0][0], hits[1][0]
    same = normal(one.text) == normal(two.text)
    asks_same = asking.find("is_same", question.folded) is not None
    why = one.text if same else f"{one.text} / {two.text}"
    return Verdict(same if asks_same else not same, why, one.ids + two.ids)


def _same_lines(bare: Question, pages: Sequence[Page], *, asks_same: bool) -> Verdict | None:
    """Whether the lines that speak of something (or all lines) are the same on two pictures."""
    if not bare.terms:
        texts = [[normal(i.text).replace(" ", "") for i in p.lines] for p in pages[:2]]
        same = sorted(texts[0]) == sorted(texts[1])
        return Verdict(same == asks_same, "", ()) if any(texts) and not same else None
    lines = []
    for page in pages[:2]:
        scored = [(sum(weight(t, bare) * likeness(t, words(i.text)) for t in bare.terms), i) for i in page.lines]
        score, item = max(scored, key=lambda si: si[0], default=(0.0, None))
        if item is None or score < 0.7 * max(weight(t, bare) for t in bare.terms):
            return None
        lines.append(item)
    same = normal(lines[0].text) == normal(lines[1].text)
    return Verdict(
        same == asks_same, lines[0].text if same else f"{lines[0].text} / {lines[1].text}", (lines[0].id, lines[1].id)
    )


# --- opening hours -------------------------------------------------------------------------------------------------


def _open(question: Question, page: Page) -> Verdict | None:
    """Whether it is open on a day, perhaps at an hour."""
    if not re.search(
        r"\b(?:open|closed?|shut|available|run|runs|operate|service)\b|开门|营业|开放|休息|开馆|闭馆|关门|上班|开",
        question.folded,
    ):
        return None
    days = days_of(normal(question.text)) or None
    times = [v.number for v in values(question.text) if v.kind == "time" and v.number is not None]
    bare = re.search(r"\bat (\d{1,2})(?![\d:.]| ?[ap]m)", question.folded) if not times else None
    times = [60.0 * int(bare[1])] if bare and days is not None else times
    if days is None and not times:
        return None
    asks_closed = re.search(r"\b(?:closed|shut)\b|休息|关门|闭馆", question.folded) is not None
    spoke = False
    lines = [(part, ids) for text, ids in _hour_lines(page) for part in re.split(r"[,，;；。]\s*(?!\d)", text)]
    for text, ids in sorted(lines, key=lambda line: len(days_of(normal(line[0])) or range(9))):
        named = days_of(normal(text)) or None
        spoke = spoke or named is not None
        if named is None and not (times and days is None):
            continue
        if days is not None and named is not None and not days <= named:
            continue
        shut = bool(words(text).concepts & _CLOSED)
        hours = [v.number for v in values(text) if v.kind == "time" and v.number is not None] or _bare_hours(text)
        is_open = not shut
        part = next((span for pattern, span in _DAY_PARTS.items() if re.search(pattern, question.folded)), None)
        if part and not times and len(hours) >= 2 and not shut:
            is_open = any(a < part[1] and b > part[0] for a, b in zip(hours[::2], hours[1::2], strict=False))
        if times and len(hours) >= 2 and not shut:
            is_open = any(
                a <= times[0] <= (b if b > a else b + 1440) for a, b in zip(hours[::2], hours[1::2], strict=False)
            )
        return Verdict(is_open != asks_closed, text, ids)
    return Verdict(asks_closed, "", ()) if spoke and days is not None else None


def _bare_hours(text: str) -> list[float]:
    """Hours without minutes, as in "Sunday 12-4": an end before its start is in the afternoon."""
    match = re.search(r"(?<![\d:.])(\d{1,2}) ?[-–—] ?(\d{1,2})(?![\d:.])", text)
    if match is None or not days_of(normal(text)):
        return []
    first, last = int(match[1]), int(match[2])
    return [60.0 * first, 60.0 * (last if last > first else last + 12)] if first <= 24 and last <= 24 else []


_DAY_PARTS = {
    r"\bmornings?\b|上午|早上|早晨": (0, 720),
    r"\bafternoons?\b|下午": (720, 1080),
    r"\bevenings?\b|\bnights?\b|晚上|夜里|傍晚": (1140, 1440),
}
"""Parts of the day, in minutes."""


def _hour_lines(page: Page) -> list[tuple[str, tuple[str, ...]]]:
    """Rows of the page as one text each: the day and its hours may be two cells."""
    found = [
        (f"{pair.label} {pair.value}", pair.label_ids + pair.ids)
        for pair in page.pairs
        if pair.relation in ("cell", "beside", "colon")
    ]
    return found + list(passages(page))


# --- signs ---------------------------------------------------------------------------------------------------------


def _allowed(question: Question, page: Page) -> Verdict | None:
    """Whether something is allowed: a line speaks of it and forbids or permits."""
    if not asking.find("asks_permission", question.folded):
        return None
    topic = [t for t in question.terms if weight(t, question) >= 0.3]
    asks_ban = asking.find("forbids", question.folded) is not None and not re.search(
        r"可不可以|能不能|行不行", question.folded
    )
    scored = []
    parts = [
        (part, ids) for text, ids in passages(page) for part in re.split(r"(?<=[a-z)][.!])\s+|(?<=[。！；;])", text)
    ]
    for text, ids in parts:
        said = words(text)
        alike = sum(weight(t, question) * likeness(t, said) for t in topic)
        if alike >= max(0.8, 0.5 * sum(weight(t, question) for t in topic)):
            scored.append((alike - 0.002 * len(text), text, ids))
    if not scored:
        return None
    _, text, ids = max(scored)
    if asking.find("forbids", normal(text)):
        return Verdict(asks_ban, text, ids)
    if asking.find("permits", normal(text)) or len(words(text).terms) <= 4:
        return Verdict(not asks_ban, text, ids)
    return None


# --- values --------------------------------------------------------------------------------------------------------


def _compared(question: Question, page: Page) -> Verdict | None:
    """For "Is the rent higher than the deposit?"""
    if (
        not question.comparative
        or not re.search(r"\bthan\b|比", question.folded)
        or threshold_number(question) is not None
    ):
        return None
    for one, two in operands(question, page)[:1]:
        order = [one, two]
        a, b = (key_of(h.text) for h in order)
        if a is None or b is None:
            continue
        return Verdict(a > b if question.high is not False else a < b, f"{one.text} / {two.text}", one.ids + two.ids)
    sides = _SIDES.search(question.folded)
    phrases = [g for g in sides.groups() if g] if sides is not None else []
    found = [next(iter(value_for(p, "", page)), None) for p in phrases]
    if len(found) != 2 or found[0] is None or found[1] is None or found[0].ids == found[1].ids:
        return None
    a, b = key_of(found[0].text), key_of(found[1].text)
    low = question.high is False or re.search(r"[少低小短早轻]|便宜", question.folded) is not None
    if a is None or b is None:
        return None
    return Verdict(a < b if low else a > b, f"{found[0].text} / {found[1].text}", found[0].ids + found[1].ids)


_SIDES = re.compile(
    r"^(?:is|was|are|were|did|does|do|has|have) (.+?) (?:\w+ )?(?:more|less|fewer|\w+er)\b.*? than (.+?)[?.]*$"
    r"|^(.+?)比(.+?)(?:更|还|要)?[多少高低贵便大小长短早晚快慢]"
)


def threshold_number(question: Question) -> float | None:
    """The number that the question compares with, if it has one."""
    limit = threshold(question.folded)
    return key_of(limit[1]) if limit is not None else None


def _bounded(question: Question, page: Page) -> Verdict | None:
    """For "Is the total over 100?"""
    limit, bound = threshold(question.folded), threshold_number(question)
    if limit is None or bound is None:
        return None
    bare = without(question, [t for t in question.terms if t.kind == "number" or number_of(t.text) is not None])
    hit = _first(replace(bare, wants=bare.wants or "number"), page)
    if hit is None:
        spoken = re.split(
            r"超|大于|高于|多于|低于|不到|少于|\b(?:over|above|more|under|below|less)\b", question.folded
        )[0]
        hit = next(iter(value_for(spoken, question.wants or "number", page)), None)
    number = key_of(hit.text) if hit is not None else None
    if hit is None or number is None:
        return None
    return Verdict(number > bound if limit[0] else number < bound, f"{hit.label}: {hit.text}", hit.ids)


def _equal(question: Question, page: Page) -> Verdict | None:
    """For "Is the total 12.30?", "Is the manager Anna?": the label without the value is looked up and compared."""
    said = [t for t in question.terms if t.kind == "number" or (t.kind == "word" and weight(t, question) > 1)]
    labels = [t for t in question.content if t.concepts and t not in said]
    if not said or not labels or asking.find("presence", question.folded):
        return None
    hit = _first(without(question, said), page)
    if hit is None:
        return None
    same = all(likeness(t, words(hit.text)) >= 0.9 or _same_number(t, hit) for t in said)
    return Verdict(same, f"{hit.label}: {hit.text}", hit.ids)


def _same_number(term: Term, hit: Hit) -> bool:
    a, b = number_of(term.text), number_of(hit.text)
    return a is not None and a == b


def _state(question: Question, page: Page) -> Verdict | None:
    """For "Has order 17 been shipped?": the row or label is found, its state is or is not the one asked about."""
    asked = [t for t in question.terms if t.concepts & _STATES]
    rest = [t for t in question.terms if t not in asked and weight(t, question) >= 0.3]
    if not asked or not rest:
        return None
    for pair in page.pairs:
        around = words(" ".join((pair.label, *pair.context)))
        value = words(pair.value)
        if not value.concepts & _STATES or not all(likeness(t, around) >= 0.55 for t in rest):
            continue
        wanted = frozenset().union(*(t.concepts for t in asked)) & _STATES
        return Verdict(bool(value.concepts & wanted), f"{pair.label}: {pair.value}", pair.ids)
    return None


def _first(question: Question, page: Page) -> Hit | None:
    hits = best(question, page)
    return hits[0] if hits and hits[0].sure else None


# --- presence ------------------------------------------------------------------------------------------------------


def _present(question: Question, pages: Sequence[Page]) -> Verdict | None:
    """Whether a line speaks of all that the question names; "no" only where presence itself is asked."""
    asked = without(question, [t for t in question.terms if weight(t, question) < 0.3])
    things = without(asked, [t for t in asked.terms if "bring" in t.concepts])
    asked = things if things.terms else asked
    if question.quoted:
        found = _quoted(question, pages)
        return found or Verdict(False, "", ())
    if not asked.terms:
        return None
    for page in pages:
        for text, ids in spoken_of(question, page, _PRESENT)[:1]:
            said = re.sub(r"^\W*(?:no|不|没有)[,， ]+(?:but|though|不过|但)", "", normal(text))
            forbids = (
                asking.find("forbids", said) or re.search(r"\bfree (?:from|of)\b", said)
            ) is not None and not asking.find("forbids", question.folded)
            missed = _ATTENDS.search(question.folded) is not None and _ABSENT.search(said) is not None
            return Verdict(not (forbids or missed) or _mentions(question), text, ids)
    if asking.find("presence", question.folded) and pages:
        whole = max(measure(asked, [], page)[0] for page in pages)
        return Verdict(False, "", ()) if whole < 0.9 or len(asked.terms) == 1 else None
    return None


_PRESENT = 0.66
"""Least share of a question that a sentence must speak of for a plain yes."""
_ATTENDS = re.compile(r"\b(?:there|attend\w*|present|come|came|turn(?:ed)? up)\b|来|参加|出席|到场|在场")
_ABSENT = re.compile(r"\bapologies\b|\babsent\b|\bexcused\b|请假|缺席|未到")


def _mentions(question: Question) -> bool:
    return (
        re.search(r"\b(?:mention\w*|talk\w*|refer\w*|discuss\w*|speak\w*|word)\b|提到|提及|出现", question.folded)
        is not None
    )


def _quoted(question: Question, pages: Sequence[Page]) -> Verdict | None:
    for page in pages:
        for text, ids in passages(page):
            if all(normal(q) in normal(text) for q in question.quoted):
                return Verdict(True, text, ids)
    return None
