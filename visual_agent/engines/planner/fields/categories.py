"""Things of a kind that a question asks for: "what colour", "which breed", "什么口味", "哪种材料".

In: a `Question` and `Page`s. Out: a `Solution`, or None. The words of each kind are in `phrases.toml`; the answer is one
of them with the words that qualify it ("matt green"), out of the sentence, row or line that is nearest to the rest of
the question. Things that bear their sort in their names ("Room 9", "7号机", 《…》 for a book) need no such list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.related import passages_of
from visual_agent.engines.planner.fields.nearest import Word, content, heard, shares, support
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.figures.running import told
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.roles import in_role
from visual_agent.engines.planner.text.vocabulary import Group, groups

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


ANIMALS = frozenset(
    "animal pet bird dog cat puppy kitten horse parrot rabbit 动物 宠物 狗 小狗 狗狗 猫 小猫 猫咪 鸟 兔子".split()  # noqa: SIM905
)
_THINGS = ANIMALS | {"item", "product", "thing", "产品", "商品", "东西"}
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
        found = [f for page in pages if (f := _on(topic, group, page)) is not None]
        if found:
            _, text, ids, page = max(found, key=lambda f: f[0])
            why = "it is of the kind that is asked for"
            return Solution(answers.value(text, ids), why, ids, page.weakest(ids), page.name)
    return only_one(question, pages, _ALL)


def _on(topic: str, group: Group, page: Page) -> tuple[float, str, tuple[str, ...], Page] | None:
    sentences = told(page)
    texts = [(s.text, s.ids) for s in sentences]
    texts += [(p.text, tuple(i.id for i in p.parts)) for p in passages_of(page) if p.shape != "card"]
    texts += [(f"{a.text} {b.text}", a.ids + b.ids) for a, b in pairwise(sentences)]
    members = [(t, ids, m) for t, ids in texts if (m := _member(t, group, content(topic))) is not None]
    if not members:
        return None
    if all(w.text in _THINGS for w in content(topic)):
        alone = {normal(m): (m, ids) for _, ids, m in members}
        return (1.0, *next(iter(alone.values())), page) if len(alone) == 1 else None
    said = [t for t, _ in texts]
    if any(w.weight >= 1 and w.text not in _THINGS and heard(w, said) < 0.5 for w in content(topic)):
        return None  # of something that is not on the page nothing is known
    near = dict(zip(said, shares(topic, said), strict=True))
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


# --- things of the sort that a question asks for --------------------------------------------------------------------

_SORT = re.compile(
    r"\b(?:which|what) ([a-z]{3,})\b(?! of\b)|哪(?:一|几|两)?[个间条台路家趟座层本班支部首]([\u4e00-\u9fff]{1,2})|几号([\u4e00-\u9fff]{1,2})"
)
_NO_SORT = frozenset(
    "time date day days year month number price amount colour color one ones kind sort type size page line word letter code".split()  # noqa: SIM905
)
_BOOKS = re.compile(r"\b(?:book|novel|film|movie|play|song|poem)\b|书|电影|小说|剧|歌|诗|本")
_TITLE = re.compile(r"《([^《》]{1,30})》")
_OTHER = re.compile(r"\b(?:next|last|previous|other|former)\b|[下上](?=周|个?月|次|期|届|学期)|明年|去年|明天|昨天")
"""What tells one thing from another of its sort; it must stand beside it."""
_COMMON, _ALL = 0.5, 0.99
"""Least share of the rest of the question that its sentence speaks of, and the share before all labels."""


def only_one(question: Question, pages: Sequence[Page], least: float = _COMMON) -> Solution | None:
    """The one thing of the sort that is asked for ("Room 9" for a room, "7号机" for a machine, 《…》 for a book)."""
    asked = _SORT.search(question.folded)
    if asked is None or len(pages) != 1:
        return None
    page = pages[0]
    topic = content(f"{question.folded[: asked.start()]} {question.folded[asked.end() :]}")
    found: dict[str, tuple[str, str, tuple[str, ...]]] = {}
    for sentence in told(page):
        for name in of_sort(question, sentence.text):
            found.setdefault(normal(name), (name, sentence.text, sentence.ids))
    for item in page.lines:
        for name in of_sort(question, item.text):
            found.setdefault(normal(name), (name, item.text, (item.id,)))
    left = [f for key, f in found.items() if key not in question.folded]
    if len(left) != len(found) or not left or not topic:
        return None
    share = {f[0]: sum(_speaks(w, f[1]) for w in topic) / len(topic) for f in left}
    best = max(left, key=lambda f: share[f[0]])
    rivals = [f for f in left if f is not best and share[f[0]] > share[best[0]] - 0.3]
    if any(m[0] not in normal(best[1]) for m in _OTHER.finditer(question.folded)):
        return None
    if rivals or share[best[0]] < least or any(_is_named(w, question) and not _speaks(w, best[1]) for w in topic):
        return None
    return Solution(answers.value(best[0], best[2]), "the only one of its sort", best[2], 1.0, page.name)


def _speaks(word: Word, text: str) -> float:
    return float(in_role(word.text, text) or support(word, text) >= _COMMON)


def _is_named(word: Word, question: Question) -> bool:
    """Whether a word is a name or a number in the question."""
    return (
        any(c.isdigit() for c in word.text)
        or re.search(rf"(?<!^)\b{re.escape(word.text.title())}\b", question.text) is not None
    )


def of_sort(question: Question, text: str) -> list[str]:
    """The things in a text that are of the sort that a question asks for ("Room 9" where a room is)."""
    asked = _SORT.search(question.folded)
    noun = next((g for g in asked.groups() if g), "") if asked else ""
    return [] if asked is None or not noun or noun in _NO_SORT else list(dict.fromkeys(_of_sort(noun, asked[0], text)))


def _of_sort(noun: str, asked: str, text: str) -> list[str]:
    if _BOOKS.search(asked) and (titles := _TITLE.findall(text)):
        return titles
    if has_han(noun):
        return (
            [m[0] for m in re.finditer(rf"(?:[A-Z]?\d+[A-Z]?\s?号?){noun[:1]}(?:{noun[1:]})?", text)]
            if noun[0] in _NUMBERED
            else []
        )
    one = re.escape(noun.removesuffix("s"))
    numbered = rf"\b{one}s? (?:no\.? ?)?(?:[a-z]{{0,2}}\d+[a-z]?)\b(?!:\d)"
    named = rf"((?:\b[A-Z][\w'’&-]+ )+(?i:{one})s?)\b"
    found = [m[0] for m in re.finditer(numbered, text, re.IGNORECASE)]
    return found or [re.sub(r"^The ", "", m[1]) for m in re.finditer(named, text)]


_NUMBERED = frozenset("机路楼门室厅台桌窗柜床线栋站车房口")
"""Chinese nouns that numbers stand before."""
