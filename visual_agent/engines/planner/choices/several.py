"""Questions about several pictures: which of them, and the same field on two.

In: a `Question` and the `Page`s of its pictures. Out: a `Solution`, or None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.questions import Question, analyse
from visual_agent.engines.planner.asked.weights import without
from visual_agent.engines.planner.fields.nearest import content, shares
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.fields.tables import best
from visual_agent.engines.planner.figures.sums import shown
from visual_agent.engines.planner.hits import Hit
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import normal
from visual_agent.engines.planner.text.scales import key_of
from visual_agent.engines.planner.text.values import number_of, of_kind, values
from visual_agent.engines.planner.text.weekdays import days_of

_BETWEEN = re.compile(
    r"(?:differ|differenc|相差|差|more|less|fewer|higher|lower|cheap|both|two|two|combined|together|connected|second|first|changed?)\w*"
)


def on_both(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The same field on two pages, added."""
    bare = _bare(question)
    hits = [(best(bare, page)[:1], page) for page in pages[:2]]
    if not all(h and h[0].sure and number_of(h[0].text) is not None for h, _ in hits):
        return None
    one, two = (h[0] for h, _ in hits)
    number = (number_of(one.text) or 0.0) + (number_of(two.text) or 0.0)
    ids = one.ids + two.ids
    how = f"{one.text} + {two.text}"
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
    """Which of the pictures has more, has less, is open on a day, or speaks of something."""
    if len(pages) < 2:
        return None
    high = _direction(question)
    if high is not None:
        measure = question.measure or asking.measure(question.folded)
        return _by_value(replace(question, high=high, measure=measure), pages)
    return _open_on(question, pages) or _by_words(question, pages)


_LOW = re.compile(r"便宜|[少小低早慢短近轻省](?=[一些点的]*[?？。]*$)")
_HIGH = re.compile(r"[贵多大高晚快长远重久](?=[一些点的]*[?？。]*$)")


def _direction(question: Question) -> bool | None:
    """True for more, False for less; None where nothing is compared."""
    if question.high is not None or not question.comparative:
        return question.high
    return False if _LOW.search(question.folded) else True if _HIGH.search(question.folded) else None


_DENIES = re.compile(r"\b(?:no|not|without|never)\b|n['’]t\b|不|无|没")


def _parts(page: Page) -> list[tuple[str, tuple[str, ...]]]:
    """Sentences, lines and rows with their regions."""
    found = [
        (part, (i.id,)) for i in page.lines for part in re.split(r"(?<=[a-z)][.;!])\s+|(?<=[。；！])", i.text) if part
    ]
    return found + [(" ".join(i.text for i in row), tuple(i.id for i in row)) for row in page.every_row if len(row) > 1]


def _by_words(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The picture that clearly says more of what the question names than the others."""
    phrase = _compared(question)
    denied = _DENIES.search(question.folded) is not None
    parts = [(n, text, ids) for n, page in enumerate(pages) for text, ids in _parts(page)]
    scores = shares(phrase, [t for _, t, _ in parts])
    tops: list[tuple[float, tuple[str, ...]]] = [(0.0, ()) for _ in pages]
    for score, (n, text, ids) in zip(scores, parts, strict=True):
        agreed = score if (_DENIES.search(normal(text)) is not None) == denied else 0.4 * score
        tops[n] = max(tops[n], (agreed, ids))
    order = sorted(range(len(pages)), key=lambda n: -tops[n][0])
    first, second = tops[order[0]], tops[order[1]]
    if first[0] < 0.5 or first[0] - second[0] < 0.17:
        return None
    return Solution(answers.cited(called(question, pages, order[0]), first[1]), "only this picture fits", first[1])


def _open_on(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The only picture with a place that is open (or closed) on a day of the week."""
    asked = days_of(question.folded)
    if not asked or question.high is not None:
        return None
    asks_shut = re.search(r"\b(?:clos\w*|shut)\b|休|关门|不营业|不开", question.folded) is not None
    is_open = [_opens(asked, page) for page in pages]
    fitting = [n for n, said in enumerate(is_open) if said is not None and said[0] != asks_shut]
    if len(fitting) != 1 or any(said is None for said in is_open):
        return None
    ids = tuple(i for said in is_open if said is not None for i in said[1])
    return Solution(answers.cited(called(question, pages, fitting[0]), ids), "the hours of both say so", ids)


def _opens(asked: frozenset[int], page: Page) -> tuple[bool, tuple[str, ...]] | None:
    """Whether a page's hours are open on days; None where it names no days at all."""
    seen: tuple[str, ...] = ()
    for item in page.lines:
        for part in re.split(r"[,，;；。]\s*", normal(item.text)):
            days = days_of(part)
            seen = seen or ((item.id,) if days else ())
            if days and asked <= days:
                return re.search(r"\b(?:closed|shut)\b|休|不营业|不开", part) is None, (item.id,)
    return (False, seen) if seen else None


_CHOOSING = re.compile(
    r"\b(?:(?:which|what)(?: of (?:the|these|those)(?: two)?)?(?: \w+)?|who|whose|where)\b|"
    r"\b(?:picture|image|photo|two|both|than|will|lets?|makes?|get|going|go|gives?|offers?|charges?|asks?|wants?|takes?|includes?|"
    r"provides?|needs?|costs?|mentions?|talks?|says?|shows?|lists?|speaks?)\b|哪一?[家个张份边款所间](?:店|驾校|公司)?|谁|两[家张个份]|提到|写[了着]|[更较最]|一?些|一?点|还是|便宜|贵|快|慢|划算|[高低早晚长短]|学|买|[多少大小](?=[？?。]|$)"
)
_OVERALL = re.compile(r"\b(?:overall|altogether|in total|all in|in all|total)\b|总[价共的]|一共|合计|全部")
_TYPES = {"price": "amount", "when": "when", "duration": "duration", "speed": "duration"}
_TOTALS = {"amount": "total amount due", "when": "date", "duration": "duration"}


def _by_value(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The picture on which the value that the question compares is more or less."""
    if question.high is None:
        return None
    kind = _TYPES.get(question.measure, "")
    if kind == "when" and not of_page("date", pages):
        kind = "time"
    found = [_value_on(question, kind, page) for page in pages]
    ranked = [(v[0], n, v[1]) for n, v in enumerate(found) if v is not None]
    if len(ranked) < len(pages):
        return None
    quick = question.measure == "speed" and kind == "duration"
    ranked.sort(key=lambda r: r[0], reverse=question.high != quick)
    if ranked[0][0] == ranked[1][0]:
        return None
    index = ranked[0][1]
    ids = tuple(i for _, _, h in ranked for i in h.ids)
    why = " / ".join(f"{h.text} ({pages[i].name})" for _, i, h in ranked)
    return Solution(answers.cited(called(question, pages, index), ids), why, ids)


def of_page(kind: str, pages: Sequence[Page]) -> bool:
    """Whether every page has a value of a type."""
    return all(of_kind(p.text, kind) for p in pages)


def _value_on(question: Question, kind: str, page: Page) -> tuple[float, Hit] | None:
    """What a page has for the thing that is compared, as a number."""
    phrase = _compared(question)
    overall = _OVERALL.search(question.folded) is not None or not phrase
    if overall and kind in _TOTALS:
        asked = replace(analyse(_TOTALS[kind]), wants=kind, counts=False)
        hits = [h for h in best(asked, page)[:1] if h.sure] or _largest(kind, page)
    else:
        hits = value_for(phrase, kind, page)
    for hit in hits:
        number = key_of(hit.text, "when" if kind in ("when", "time") else "")
        if number is not None:
            return number, hit
    return None


def _largest(kind: str, page: Page) -> list[Hit]:
    """The largest amount of a page, which is its total where none is named."""
    found = [(v.number, v.text, i) for i in page.lines for v in of_kind(i.text, kind) if v.number is not None]
    if kind != "amount" or not found:
        return []
    _, text, item = max(found, key=lambda f: f[0])
    return [Hit(text, (item.id,), item.text, 1.0, page.name, kind)]


def _compared(question: Question) -> str:
    """The words for what is compared, without those that compare and choose."""
    said = content(_CHOOSING.sub(" ", question.folded))
    return " ".join(w.text for w in said if not asking.pattern("manner").fullmatch(w.text))


def value_for(phrase: str, kind: str, page: Page) -> list[Hit]:
    """The values of a type, those first whose label or line is nearest to a phrase."""
    texts = [
        (" ".join((p.label, *p.context)), p.value, p.ids) for p in page.pairs if p.prior >= 0.8 and not values(p.label)
    ]
    texts += [(text, text, ids) for text, ids in _parts(page)]
    priced = kind == "amount" and any(of_kind(i.text, "amount") for i in page.lines)
    return _nearest(phrase, kind, page, texts, priced) or _nearest(phrase, kind, page, texts, False)


def _nearest(
    phrase: str, kind: str, page: Page, texts: Sequence[tuple[str, str, tuple[str, ...]]], priced: bool
) -> list[Hit]:
    typed = [(t, v, ids) for t, value, ids in texts if (v := _typed(value, kind, priced)) is not None]
    scores = shares(phrase, [t for t, _, _ in typed])
    ranked = sorted(zip(scores, typed, strict=True), key=lambda st: -st[0] + 0.001 * len(st[1][0]))
    return [Hit(v, ids, t, s, page.name, kind) for s, (t, v, ids) in ranked[:1] if s >= 0.5]


def _typed(text: str, kind: str, priced: bool = False) -> str | None:
    """The first value of a type in a text; a bare number may be an amount where no amount is marked as money."""
    if kind in ("", "number"):
        return text if number_of(text) is not None else None
    kinds = {"when": ("date", "time"), "amount": ("amount",) if priced else ("amount", "number")}.get(kind, (kind,))
    found = (v.text for k in kinds for v in of_kind(text, k))
    return next((t for t in found if kind != "amount" or any(c.isdigit() for c in t)), None)


def called(question: Question, pages: Sequence[Page], index: int) -> str:
    """A picture by its place, and by its heading where that tells the pictures apart."""
    names = ("first", "second", "third", "fourth", "fifth", "sixth")
    place = f"第{'一二三四五六'[min(index, 5)]}张" if question.chinese else f"the {names[min(index, 5)]} picture"
    titles = [_title(p) for p in pages]
    title = titles[index] if titles.count(titles[index]) == 1 else ""
    if title and not re.search(r"\b(?:picture|image|photo|screenshot)\b|张|图", question.folded):
        return f"{place}（{answers.clean(title)}）" if question.chinese else f"{place} ({answers.clean(title)})"
    return place


def _title(page: Page) -> str:
    """The first line without digits."""
    return next((i.text for i in page.lines if not any(c.isdigit() for c in i.text)), "")
