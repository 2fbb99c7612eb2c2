"""Things of a kind that a question asks for: "what colour", "which breed", "什么口味", "哪种材料".

In: a `Question` and `Page`s. Out: a `Solution`, or None. The words of each kind are in `phrases.toml`; the answer is one
of them with the words that qualify it ("matt green"), out of the sentence, row or line that is nearest to the rest of
the question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.folding import has_han, normal
from visual_agent.engines.planner.nearest import Word, content, shares, support
from visual_agent.engines.planner.pages import Page
from visual_agent.engines.planner.questions import Question
from visual_agent.engines.planner.related import passages_of
from visual_agent.engines.planner.running import told
from visual_agent.engines.planner.single import Solution
from visual_agent.engines.planner.vocabulary import Group, groups

LEAST = 0.5
"""Least share of the rest of the question that the passage must account for."""
_ASKS = re.compile(r"\b(?:what|which|wise)\b|什么|哪|啥|几型|星期几|周几|还是")
_BEFORE = re.compile(r"(?:\b[a-z]+[- ])$")
_QUALIFIES = frozenset(
    [
        "dark",
        "light",
        "pale",
        "bright",
        "deep",
        "matt",
        "matte",
        "gloss",
        "glossy",
        "mustard",
        "navy",
        "royal",
        "sky",
        "forest",
        "bottle",
        "pastel",
        "metallic",
        "soft",
        "rich",
        "solid",
        "recycled",
        "organic",
        "pure",
        "stainless",
        "cast",
        "border",
        "golden",
        "black",
        "brown",
        "red",
        "white",
        "yorkshire",
        "jack",
        "russell",
        "german",
        "english",
        "irish",
        "scottish",
        "welsh",
        "french",
        "springer",
        "cocker",
        "miniature",
        "toy",
        "west",
        "highland",
        "old",
        "cairn",
        "bull",
        "fox",
        "salted",
        "sea",
        "hot",
        "sour",
        "sweet",
        "smoked",
        "bitter",
        "merino",
        "waxed",
        "brushed",
        "african",
        "maine",
        "bass",
        "acoustic",
        "electric",
        "tenor",
        "alto",
        "oiled",
        "solid",
    ]
)
_TRAILS = frozenset(
    [
        "terrier",
        "retriever",
        "spaniel",
        "collie",
        "shepherd",
        "setter",
        "grey",
        "shorthair",
        "longhair",
        "cake",
        "chocolate",
        "cross",
    ]
)


_THINGS = frozenset(
    [
        "animal",
        "pet",
        "bird",
        "dog",
        "cat",
        "puppy",
        "kitten",
        "horse",
        "parrot",
        "rabbit",
        "item",
        "product",
        "thing",
        "动物",
        "宠物",
        "狗",
        "小狗",
        "狗狗",
        "猫",
        "小猫",
        "猫咪",
        "鸟",
        "兔子",
        "产品",
        "商品",
        "东西",
    ]
)
"""What a question calls whatever the page is about, in other words than the page."""


def of_kind_asked(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The member of the kind that is asked for, where a passage speaks of the thing it belongs to."""
    if question.kind not in ("field", "place") or not _ASKS.search(question.folded):
        return None
    for group in groups("categories"):
        match = group.asked.search(question.folded)
        if match is None:
            continue
        topic = question.folded[: match.start()] + " " + question.folded[match.end() :]
        found = [f for page in pages if (f := _on(topic, match[0], group, page)) is not None]
        if found:
            _, text, ids, page = max(found, key=lambda f: f[0])
            weakest = min((page.known[i].score for i in ids if i in page.known), default=1.0)
            return Solution(answers.value(text, ids), "it is of the kind that is asked for", ids, weakest, page.name)
    return None


def _on(topic: str, kind: str, group: Group, page: Page) -> tuple[float, str, tuple[str, ...], Page] | None:
    texts = [(s.text, s.ids) for s in told(page)]
    texts += [(p.text, tuple(i.id for i in p.parts)) for p in passages_of(page) if p.shape != "card"]
    sentences = told(page)
    texts += [(f"{a.text} {b.text}", a.ids + b.ids) for a, b in pairwise(sentences)]
    members = [(t, ids, m) for t, ids in texts if (m := _member(t, group, content(topic))) is not None]
    if not members:
        return None
    if all(w.text in _THINGS for w in content(topic)):
        alone = {normal(m): (m, ids) for _, ids, m in members}
        return (1.0, *next(iter(alone.values())), page) if len(alone) == 1 else None
    if any(
        w.weight >= 1 and w.text not in _THINGS and max(support(w, t) for t, _ in texts) < 0.5 for w in content(topic)
    ):
        return None  # of something that is not on the page nothing is known
    every = shares(topic, [t for t, _ in texts])
    near = {t: s for (t, _), s in zip(texts, every, strict=True)}
    ranked = sorted(
        ((near[t] + (0.3 if group.asked.search(normal(t)) else 0.0) - 0.001 * len(t), m, ids) for t, ids, m in members),
        key=lambda f: -f[0],
    )
    share, text, ids = ranked[0]
    labelled = any(group.asked.search(normal(t)) and m == text for t, _, m in members)
    distinct = {normal(m) for _, _, m in members}
    if share >= LEAST or (labelled and len(distinct) == 1):
        return share, text, ids, page
    return None


def _member(text: str, group: Group, topic: Sequence[Word]) -> str | None:
    """The word of the kind in a text that stands nearest to what it is asked of, with what qualifies it."""
    folded = text.lower() if len(text.lower()) == len(text) else text
    body = re.search(r"[:：]", folded)
    found = [m for m in group.said.finditer(folded) if len(m[0]) > 1 or (body and body.end() == m.start())]
    if not found:
        return None
    spots = [m.start() for m in re.finditer(r"[a-z]+", folded) if any(support(w, m[0]) >= 0.75 for w in topic)]
    spots += [at for w in topic if (at := folded.find(w.text)) >= 0]
    first = min(found, key=lambda m: min((abs(s - m.end()) for s in spots), default=0))
    start, end = first.start(), first.end()
    if has_han(first[0]):
        while start and text[start - 1] in "深浅淡亮暗纯大小全原香雾天湖海宝藏墨草翠酒玫瑰樱嫩哑光":
            start -= 1
        return text[start:end]
    while (m := _BEFORE.search(folded[:start])) and m[0].strip(" -") in _QUALIFIES:
        start = m.start()
    after = re.match(r" ([a-z]+)", folded[end:])
    if after and (after[1] in _TRAILS or group.said.fullmatch(after[1])):
        end += after.end()
    joined = re.match(r" and ([a-z]+(?: [a-z]+)?)", folded[end:])
    if joined and (group.said.fullmatch(joined[1]) or group.said.fullmatch(joined[1].split()[0])):
        size = len(joined[1]) if group.said.fullmatch(joined[1]) else len(joined[1].split()[0])
        end += len(" and ") + size
    return text[start:end]
