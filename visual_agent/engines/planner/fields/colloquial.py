"""Chinese questions in spoken words: the field, row or clause that they mean, and the part of it that answers.

In: a `Question` in Chinese and a `Page`. Out: `Hit`s, best first. Spoken Chinese and what papers write share few
characters ("押了多少" and "定金"): a question is cut into words, each is looked for as it is, by the groups of
`related.toml` and `related_zh.toml`, and by its meaning; what accounts for most of the question and holds a value of
the wanted type answers. A thing that the page has in no wording leaves the question unanswered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.related import groups_in, spoken
from visual_agent.engines.planner.fields.chatting import messages
from visual_agent.engines.planner.fields.zh_parts import answer_in, asked_type
from visual_agent.engines.planner.figures.running import told
from visual_agent.engines.planner.hits import Hit
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page, spaced
from visual_agent.engines.planner.text.dictionary import is_verb, segmented
from visual_agent.engines.planner.text.folding import HAN, has_han, normal
from visual_agent.engines.planner.text.meanings import nearest_of
from visual_agent.engines.planner.text.values import han_number, values
from visual_agent.engines.planner.text.weekdays import days_of
from visual_agent.engines.planner.text.words import lexicon, words

LEAST = 0.62
"""Least share of a question that a place on the page must account for."""
_ABSENT = 0.7
"""A thing that nothing on the page is like by this much is not there."""

_ASKING = re.compile(
    r"什么时候|什么时间|什么地方|什么人|什么样|多少钱|多少元|多长时间|几点钟?|几号|哪一?[个位天年月周家项种款些趟班条张份间层]|是谁|谁的|谁|哪里|哪儿|哪|"
    r"一[天日周年月]|多久|多少|几[个位天年月周次项种款趟班条张份间层岁块元米斤分]?|什么|啥|怎么|为何|为什么|如何|何时|吗|呢|吧|一共|总共|请问|帮我|告诉我|到底|究竟|图里|图中|图上|上面|一下"
)
_EMPTY = frozenset(
    "的了是在有也就都还才再又和与跟把被给让对从到为向以而但这那个些其之所过着得地吗呢吧啊呀么要会能该应可想请你我他她它您们"
    "人里上下中内外去来做写叫说用些位名件份张条次种项等把连按照本"
)
_IDLE = frozenset(
    "可以 需要 应该 才能 能够 这个 那个 这里 那里 那儿 在那儿 这儿 他们 我们 你们 自己 大家 什么 怎么 时候 以后 以前 之后 之前 "  # noqa: SIM905
    "现在 目前 东西 地方 一个 一次 一份 一张 一下 里面 上面 还有 如果 因为 所以 时间 有没有 没有 是不是 必须 大概 左右 以内 "
    "一般 通常 最后 后来 这次 那边 这边 这家 那家 实际 具体 分别 名字 图里 起来 出来 下来 上去 过来 过去 这份 这张 这段".split()
)
_RUN = re.compile(rf"[{HAN}]+|[a-z0-9.]+")
_EXACT = re.compile(
    r"(?:\d{2,4}年)?\d{1,2}月(?:\d{1,2}[日号])?|第[一二三四五六七八九十\d]+[期届次节组轮排周针剂]|(?:周|星期)[一二三四五六日]|\d{1,2}[日号](?!楼)|[a-z]*\d+[a-z]?"
)
"""Numbers, days and codes: only the same will do."""
_LABEL = re.compile(r"^\s*(?:【([^】]{1,12})】|([^:：]{1,16}?)(?<!\d)[:：])\s*(.+)$", re.DOTALL)
_KIND = re.compile(rf"(?:什么|哪[个种款])([{HAN}]{{2,4}})[?？。 ]*$")
"""The kind of thing that is asked for: it has to stand there, a likeness is too little."""
_SEEN = re.compile(r"颜色|什么色|图[里中上](?:有|是|画)|画[的着了里]|照片")
"""What only looking would tell."""
_BREAK = re.compile(r"(?:[,，](?!\d{3}(?!\d))|[;；。!！?？])\s*")


@dataclass(frozen=True)
class Word:
    """A word of a question with its groups and how much it decides (0..1)."""

    text: str
    groups: frozenset[int]
    weight: float

    def support(self, text: str) -> float:
        """How surely a folded text speaks of it."""
        if _EXACT.fullmatch(self.text):
            return float(_stands(self.text, text))
        return _support(self.text, self.groups, text)


@dataclass(frozen=True)
class Spot:
    """A value with what stands around it: `label` names it, `around` shares its row or sentence, `near` is next to it."""

    value: str
    label: str
    around: str
    near: str
    ids: tuple[str, ...]
    prose: bool
    speaker: str = ""


@lru_cache(maxsize=50_000)
def _stands(word: str, text: str) -> bool:
    """Whether a number, day or code stands in a text, in whatever form a day is written."""
    if re.fullmatch(r"\d{1,2}[日号]", word):
        return re.search(rf"(?<!\d){word[:-1]}[日号]", text) is not None
    kind = "weekday" if word[0] in "周星" else "date" if "月" in word else ""
    if kind == "weekday":
        return bool(days_of(word) & days_of(text))
    if kind and (asked := next((v.day for v in values(word) if v.kind == "date"), None)):
        return any(v.day and (v.day.month, v.day.day) == (asked.month, asked.day) for v in values(text))
    if word[0] == "第" and (number := han_number(word[1:-1]) or (int(word[1:-1]) if word[1:-1].isdigit() else None)):
        return re.search(rf"(?<![\d.]){number}(?![\d.])", text) is not None or word in text
    return re.search(rf"(?<![a-z\d]){re.escape(word)}(?!\d)", text) is not None


@lru_cache(maxsize=100_000)
def _support(word: str, groups: frozenset[int], text: str) -> float:
    if not text:
        return 0.0
    if word in text:
        return 1.0
    if groups & groups_in(text):
        return 0.85
    concepts = {c for c in words(word).concepts if not lexicon().concepts[c].weak and not lexicon().concepts[c].generic}
    if len(word) > 1 and concepts & words(text).concepts:
        return 0.85
    parts = [p for run in _RUN.findall(text)[:12] for p in segmented(run) if len(p) > 1][:40] if len(word) > 1 else []
    nearest = nearest_of(word, parts)
    shared = 0.4 if any(c in text for c in word if c not in _EMPTY and len(word) == 2) else 0.0
    return max(0.75 if nearest >= 0.6 else 0.6 if nearest >= 0.5 else 0.0, shared)


@lru_cache(maxsize=2_000)
def keys(folded: str) -> tuple[Word, ...]:
    """The words of a question that say what it is about."""
    found: list[Word] = []
    taken = [False] * len(folded)
    for phrase in spoken(folded):
        text = folded[phrase.start : phrase.end]
        if len(text) > 1 and has_han(text):
            rest = _ASKING.sub("", text)
            verbal = is_verb(text) or text[-1] in "了到在来给着"
            found.append(Word(text, phrase.groups, 0.5 if not rest else 0.7 if verbal or len(rest) < 2 else 0.9))
            taken[phrase.start : phrase.end] = [True] * (phrase.end - phrase.start)
    for exact in _EXACT.finditer(folded):
        if not any(taken[exact.start() : exact.end()]):
            found.append(Word(exact[0], frozenset(), 1.0))
            taken[exact.start() : exact.end()] = [True] * (exact.end() - exact.start())
    left = "".join(" " if t else c for c, t in zip(folded, taken, strict=True))
    for run in _RUN.findall(_ASKING.sub(" ", left)):
        for word in _cut(run) if has_han(run) else (run,):
            if word in _IDLE or word in _EMPTY or all(c in _EMPTY for c in word):
                continue
            groups = frozenset().union(*(s.groups for s in spoken(word) if s.end - s.start == len(word)))
            light = len(word) == 1 or (word.isascii() and not word.isalnum())
            found.append(Word(word, groups, _light(word) if light else 0.6 if is_verb(word) else 1.0))
    return tuple(found)


def _light(word: str) -> float:
    """The weight of a single sign: what is done tells little."""
    return 0.25 if is_verb(word) else 0.4


def _cut(run: str) -> Iterator[str]:
    """The words of a run; signs that make no word by themselves and follow each other are a name."""
    name = ""
    for word in (*segmented(run), ""):
        if len(word) == 1 and word not in _EMPTY:
            name += word
            continue
        if name:
            yield name
        name = ""
        if word:
            yield word


# --- where values stand --------------------------------------------------------------------------------------------


def spots(page: Page) -> list[Spot]:
    """Fields, cells and clauses of a page."""
    said = list(_messages(page))
    return said or [*_fields(page), *_cells(page), *_clauses(page)]


def _fields(page: Page) -> Iterator[Spot]:
    """Labels with values: colons, 【】, a space, or a label that the lexicon knows right before the value."""
    for item in page.lines:
        for segment in re.split(r"\s[·•|]\s|\s{2,}", item.text):
            for label, value in _labelled(segment):
                yield Spot(value, label, "", "", (item.id,), prose=len(value) > 14)
    for pair in page.pairs:
        if pair.relation in ("cell", "beside", "below") and pair.prior >= 0.85 and len(pair.label) < 24:
            yield Spot(pair.value, pair.label, " ".join(pair.context), "", pair.ids, prose=False)


def _labelled(text: str) -> list[tuple[str, str]]:
    match = _LABEL.match(text)
    if match:
        return [((match[1] or match[2]).strip(), match[3].strip())]
    if found := spaced(text):
        return found
    return _run_together(text.strip())


def _run_together(text: str) -> list[tuple[str, str]]:
    """Label and value of "部门分拣中心": short, and opened by a label that the lexicon knows."""
    if len(text) > 24 or _BREAK.search(text):
        return []
    said = words(text).terms
    first = said[0] if said else None
    opens = first is not None and first.start == 0 and first.concepts and 2 <= len(first.text) <= 5
    return [(text[: first.end], text[first.end :].strip())] if first and opens and len(text) > first.end else []


def _cells(page: Page) -> Iterator[Spot]:
    """Cells of records under their headings, with the rest of the row."""
    for grid in page.grids:
        for row in grid.body if grid.kind != "form" else ():
            filled = [(c, cell) for c, cell in enumerate(row) if cell is not None]
            for c, cell in filled if len(filled) > 1 else ():
                others = " ".join(o.text for _, o in filled if o is not cell)
                yield Spot(cell.text, grid.head(c), others, grid.title, (cell.id,), prose=False)
    cards = [*(r for r in page.rows if 1 < len(r) < 7), *(b for b in page.blocks if 1 < len(b) < 5)]
    for items in cards:
        if any((len(o.text) > 8 and _BREAK.search(o.text)) or _labelled(o.text) for o in items):
            continue  # sentences and fields, that are no cells
        for item in items:
            others = " ".join(o.text for o in items if o is not item)
            if len(others) < 60 and len(item.text) < 40:
                yield Spot(item.text, "", others, "", (item.id,), prose=False)


def _clauses(page: Page) -> Iterator[Spot]:
    """Clauses of sentences, each with the clause before it as its neighbour."""
    for sentence in told(page):
        label, body = "", sentence.text
        if match := _LABEL.match(body):
            label, body = (match[1] or match[2]).strip(), match[3]
        yield from _of_sentence(label, body, sentence.ids)


def _of_sentence(label: str, body: str, ids: tuple[str, ...]) -> Iterator[Spot]:
    parts = [p.strip() for p in _BREAK.split(body) if p.strip()]
    for n, clause in enumerate(parts):
        before = parts[n - 1] if n else ""
        yield Spot(clause, label, clause, f"{before} {body}", ids, prose=True)
        if n and len(before) + len(clause) < 48:
            yield Spot(f"{before},{clause}", label, f"{before} {clause}", body, ids, prose=True)


def _messages(page: Page) -> Iterator[Spot]:
    """What each speaker of a chat said."""
    for speaker, text, ids in messages(page):
        for clause in _BREAK.split(text):
            if clause.strip():
                yield Spot(clause, "", clause, f"{speaker} {text}", ids, prose=True, speaker=speaker)


# --- choosing ------------------------------------------------------------------------------------------------------


def colloquial(question: Question, page: Page) -> list[Hit]:
    """The values that a question in spoken Chinese may mean, best first; none where what it names is not there."""
    asked = keys(question.folded)
    wants = asked_type(question)
    folded = normal(page.text)
    if not asked or _SEEN.search(question.folded) or sum(k.weight for k in asked) < 0.65:
        return []
    if any(k.weight >= 0.9 and k.support(folded) < _ABSENT for k in asked):
        return []
    kind = _KIND.search(question.folded)
    if kind and any(k.text == kind[1] and k.support(folded) < 0.8 for k in asked):
        return []
    hits = [h for spot in spots(page) if (h := _hit(question, page, spot, asked, wants)) is not None]
    return sorted(hits, key=lambda h: -h.score)


def _hit(question: Question, page: Page, spot: Spot, asked: Sequence[Word], wants: str) -> Hit | None:
    layers = (
        (1.0, normal(spot.label)),
        (1.0 if spot.prose else 0.95, normal(spot.around)),
        (0.7, normal(spot.value) if not spot.prose else ""),
        (0.65, normal(spot.near)),
        (0.4, _title(page)),
    )
    got = [max(share * k.support(text) for share, text in layers) for k in asked]
    total = sum(k.weight for k in asked)
    share = sum(k.weight * g for k, g in zip(asked, got, strict=True)) / total
    own = max(k.weight * k.support(normal(f"{spot.label} {spot.around}")) for k in asked)
    if share < LEAST or own < 0.3:
        return None
    matched = [k.text for k, g in zip(asked, got, strict=True) if g >= 0.6]
    text = answer_in(question, wants, spot.value, spot.label, matched, prose=spot.prose)
    mine = text is None or text[0] in "我咱"
    if wants == "name" and spot.speaker and mine and not re.match(r"谁|请|你|哪", spot.value):
        text = spot.speaker  # "going? I have to work": who says so
    if text is None or any(k.weight >= 0.9 and normal(text) == k.text for k in asked):
        return None
    bonus = 0.03 if not spot.prose else 0.0
    bonus -= 0.0006 * len(spot.value)
    return Hit(text, spot.ids, f"{spot.label} {spot.around}".strip(), share + bonus, page.name, wants)


def _title(page: Page) -> str:
    head: list[Item] = list(page.lines[:2])
    return normal(" ".join(i.text for i in head))
