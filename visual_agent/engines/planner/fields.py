"""Which label and which value a question means.

In: a `Question` and a `Page`. Out: `Hit`s, best first. A hit's score is the share of the question that something near
the value accounts for: its label fully, what stands around it less, the rest of the page least. A question whose
deciding word stands nowhere stays unanswered, however well the rest fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from visual_agent.engines.planner.pages import Page, Pair, complete
from visual_agent.engines.planner.questions import Question, typed
from visual_agent.engines.planner.values import Value, fits, han_number, is_numeric, of_kind, values
from visual_agent.engines.planner.weekdays import days_of
from visual_agent.engines.planner.words import Term, has_han, lexicon, likeness, normal, words

THRESHOLD = 0.62
"""Least score of an answer; below it the planner says "not found"."""

_VERBAL = re.compile(r"^[a-z]{3,}(?:ed|ing|ly|iest)$")
"""Unknown words of these forms are verbs and adverbs more often than things."""
_COUNTING = frozenset("one two three four five six seven eight nine ten eleven twelve dozen half double".split())
_ASKING = re.compile(r"^(?:which|what|whose|who|how|哪|几|多少|什么|谁|在哪|何)|(?:多少|几|谁|什么)$|[几谁]$")


@dataclass(frozen=True)
class Hit:
    """A value that may answer: its text, where it was read, and how much of the question it accounts for."""

    text: str
    ids: tuple[str, ...]
    label: str
    score: float
    page: str = ""
    kind: str = ""
    also: tuple[str, ...] = ()
    weak: float = 1.0
    missing: tuple[str, ...] = field(default=())
    column: str = ""

    @property
    def sure(self) -> bool:
        """Whether it may be given as the answer."""
        return self.score >= THRESHOLD


@lru_cache(maxsize=2000)
def _proper(text: str) -> frozenset[str]:
    """Folded words that the question writes with a capital inside the sentence, or in quotes."""
    inside = re.findall(r"(?<=[\w,;)'\"] )[\"'(]?([A-Z][\w'-]+)", text)
    return frozenset(normal(w) for w in inside)


def weight(term: Term, question: Question) -> float:
    """How much of the question a term is."""
    return _weights(question).get(term, 1.0)


@lru_cache(maxsize=2000)
def _weights(question: Question) -> dict[Term, float]:
    """Proper names and plain things weigh most; the type of the answer ("price") and what is pointed at ("this sign") little."""
    weights = {term: _alone(term, question) for term in question.terms}
    if weights and max(weights.values()) < 0.3:
        spoken = [t for t in weights if t.concepts and t.kind == "soft"]
        weights |= {t: 1.0 for t in spoken}
    elif not any(w >= 0.9 and not is_generic(t) for t, w in weights.items()):
        weights |= {t: 1.0 for t in weights if t.kind == "han" and len(t.text) == 1 and han_number(t.text) is None}
    generic = {t for t in question.terms if is_generic(t)}
    if any(w >= 0.9 and t not in generic for t, w in weights.items()):
        weights |= {t: min(weights[t], 0.45) for t in generic}
    elif any("paid" in t.concepts or "payable" in t.concepts for t in generic):
        weights |= {t: 0.5 for t in generic if t.concepts == {"total"}}
    return weights


def is_generic(term: Term) -> bool:
    """Whether a term says no more than the type of a value."""
    book = lexicon().concepts
    return bool(term.concepts) and any(book[c].generic for c in term.concepts)


def _alone(term: Term, question: Question) -> float:
    if term.kind == "soft":
        return 0.25 if term.concepts else 0.12
    if term.kind == "word" and (term.text in _COUNTING or _VERBAL.search(term.text)) and term.text not in _proper(question.text):
        return 0.25
    if term.weak:
        return 0.2
    short = len(term.stems) <= (3 if has_han(term.text) else 2)
    if _ASKING.search(term.text) and term.concepts and (short or is_generic(term)):
        if question.wants and not any(lexicon().concepts[c].kind == question.wants for c in term.concepts) and question.wants in ("duration", "date", "time", "amount"):
            return 0.35
        measured = any(lexicon().concepts[c].kind in ("number", "percent") for c in term.concepts) and not is_generic(term)
        return 0.9 if measured else 0.35
    if term.kind == "concept" and len(term.stems) > 1 and term.stems in lexicon().only_asked and term.stems not in lexicon().said and not is_generic(term):
        return 1.4
    if term.kind == "han" and han_number(term.text) is not None:
        return 0.25
    if term.kind == "han" and len(term.text) == 1:
        return 0.4
    if term.kind != "number" and re.search(rf"(?:\b(?:this|that|these|those) |[这那][个张份些家种位趟次部条件本款]?|该|此){re.escape(term.text)}", question.folded):
        return 0.25
    if term.kind == "word" and (term.text in _proper(question.text)):
        return 1.5
    return 1.0


@dataclass(frozen=True)
class _Around:
    """The texts near a value with the share of a term that each can account for."""

    layers: tuple[tuple[float, str], ...]

    def support(self, term: Term) -> float:
        return max((share * likeness(term, words(text)) for share, text in self.layers if text), default=0.0)


def measure(
    question: Question, around: Sequence[tuple[float, str]], page: Page, value: str = ""
) -> tuple[float, tuple[str, ...]]:
    """How much of the question `around` accounts for, 0..1, and the deciding terms it does not.

    `around`: (share, text) pairs; what stands elsewhere on the page counts half, its title more. A `value` of the
    type that a generic term names ("price") accounts for that term.
    """
    layers = _Around((*around, (0.75, _title(page)), (0.5, page.text)))
    total = got = 0.0
    missing = []
    for term in question.terms:
        w = weight_on(term, question, page)
        s = layers.support(term)
        if value and (is_generic(term) or _has_unit(term, value)):
            s = max(s, _typed_support(term, value))
        if value and _ASKING.search(term.text) and looks_like_name(value) and _of_type(term, "name"):
            s = max(s, 0.7)
        if w < 0.3 and s < 0.5:
            continue
        if term.weak and term.kind != "soft":
            w = 0.5
        total += w
        got += w * s
        if w >= 0.9 and s < 0.35:
            missing.append(term.text)
    if not total:
        return 0.0, ()
    return got / total - 0.12 * len(missing), tuple(missing)


def weight_on(term: Term, question: Question, page: Page) -> float:
    """A term's weight on a page: what was taken for a verb of the question counts in full where the page has it."""
    w = weight(term, question)
    idle = w <= 0.25 and not term.concepts and len(term.text) > 4 and term.kind in ("word", "soft")
    return 1.0 if idle and _stands(term, page) else w


def _stands(term: Term, page: Page) -> bool:
    return re.search(rf"(?<![a-z]){re.escape(term.text)}(?![a-z])", page.words.folded) is not None


def _typed_support(term: Term, value: str) -> float:
    """How well a value is of the type that a generic term names."""
    book = lexicon().concepts
    best = 0.0
    if _has_unit(term, value):
        return 0.85
    for name in term.concepts:
        kind = book[name].kind
        if kind in ("name", "place"):
            best = max(best, 0.5 if fits(value, kind) and not is_numeric(value) else 0.0)
        if not kind or kind in ("text", "name", "place", "id"):
            continue
        found = of_kind(value, kind)
        if found:
            plain = found[0].kind == "number" and kind == "amount"
            if name in ("total", "payable", "paid"):
                best = max(best, 0.55)
                continue
            best = max(best, 0.85 if not plain or re.search(r"[.,]\d\d$", found[0].text) else 0.6)
    return best


def _of_type(term: Term, kind: str) -> bool:
    return any(lexicon().concepts[c].kind == kind for c in term.concepts)


def _has_unit(term: Term, value: str) -> bool:
    """Whether a value carries a unit of the concept: "6.9 mi" for a distance."""
    book = lexicon().concepts
    folded = normal(value)
    return any(re.search(rf"\d ?{re.escape(u)}(?![a-z])", folded) for c in term.concepts for u in book[c].units)


@lru_cache(maxsize=64)
def _title_of(name: str, lines: tuple[str, ...]) -> str:
    return " ".join(lines)


def _title(page: Page) -> str:
    """The page's heading: its first lines and its tallest type."""
    if not page.lines:
        return ""
    heights = sorted(i.height for i in page.loose)
    tall = heights[-1] if heights and heights[-1] > 1.25 * heights[len(heights) // 2] else 1e9
    head = [i.text for n, i in enumerate(page.lines) if n < 2 or (i.height >= 0.9 * tall and not is_numeric(i.text))]
    return _title_of(page.name, tuple(head[:5]))


def find(question: Question, page: Page) -> list[Hit]:
    """Values that may answer the question, best first; only those whose label has something of it."""
    wants = wanted(question)
    hits = [h for pair in page.pairs if (h := _judge(question, pair, page, wants)) is not None]
    hits += sentences(question, page, wants)
    hits += singles(question, page, wants)
    hits += named_parts(question, page)
    return sorted(hits, key=lambda h: -h.score)


def wanted(question: Question) -> str:
    """The type of the answer: said by the question word, else by the concept asked for."""
    if question.counts and question.wants == "number":
        kind = typed(question.terms)
        return kind if kind in ("id", "phone", "percent", "duration") else "number"
    if question.wants == "place" and typed(question.terms) == "text":
        return "text"
    if question.wants == "when" and typed(question.terms) == "time":
        return "time"
    if question.wants in ("", "number", "amount"):
        kind = typed(question.terms)
        if question.wants == "" and kind:
            return kind
        if question.wants == "number" and kind in ("id", "phone", "percent", "date", "duration", "amount", "time"):
            return kind
        if question.wants == "amount" and kind in ("number", "percent"):
            return "number"
    return question.wants


def _judge(question: Question, pair: Pair, page: Page, wants: str) -> Hit | None:
    """The hit that a pair makes, or None where its label has nothing of the question or its value the wrong type."""
    text = extract(pair.value, wants)
    if text is None or (question.counts and wants == "number" and not countable(pair.value)) or (question.script and not in_script(text, question.script)):
        return None
    if other_day(question, pair.value) or other_day(question, f"{pair.label} {pair.value}"):
        return None
    label = words(pair.label)
    strongest, focus = 0.0, 0.0
    for term in question.terms:
        alike = likeness(term, label) * min(weight_on(term, question, page) / 0.9, 1.0)
        strongest = max(strongest, alike)
        focus += alike
    if strongest < 0.3:
        return None
    around = [(1.0, pair.label), (0.6, pair.value), *((0.8, c) for c in pair.context)]
    score, missing = measure(question, around, page, pair.value)
    extra = _extra(question, pair)
    score = score * (0.75 + 0.25 * pair.prior) - extra + 0.04 * min(focus, 2.0) - _as_label(pair, question)
    if strongest < 0.55:
        score -= 0.2
    score -= 0.08 if not exact_type(pair.value, wants) else 0.0
    if wants == "" and pair.relation == "inside" and is_numeric(pair.value) and _NAMES.search(question.folded):
        score -= 0.3
    if question.heads:
        score += 0.08 if any(likeness(t, label) >= 0.55 for t in question.heads) else -0.03
    score += 0.06 if wants == "name" and looks_like_name(pair.value) else 0.0
    return Hit(text, pair.ids, pair.label, score, page.name, wants, pair.label_ids, pair.score, missing)


def other_day(question: Question, text: str) -> bool:
    """Whether a text is about other days of the week than the question."""
    asked = days_of(question.folded)
    said = days_of(normal(text)) if asked else frozenset()
    return bool(said) and not asked <= said


def _extra(question: Question, pair: Pair) -> float:
    """A penalty for what the label says beyond the question ("Total tax" for "total")."""
    asked = question.terms
    extra = 0
    for term in words(pair.label).content:
        other = words(term.text)
        if not any(likeness(t, other) >= 0.5 or _shares(t, term) for t in asked) and term.kind != "number":
            extra += 1
    return min(0.05 * extra, 0.2)


def _shares(a: Term, b: Term) -> bool:
    return bool(a.concepts & b.concepts) or a.text in b.text or b.text in a.text


def _as_label(pair: Pair, question: Question) -> float:
    """A penalty where the "value" is itself a label, or only repeats the question."""
    value = words(pair.value)
    if pair.value.rstrip().endswith((":", "：")):
        return 0.3
    if pair.relation in ("below", "beside", "above", "card", "cell") and not is_numeric(pair.value):
        content = value.content
        if content and len(content) <= 2 and all(t.concepts for t in content) and not values(pair.value):
            return 0.25 if all(any(lexicon().concepts[c].kind for c in t.concepts) for t in content) else 0.1
    repeats = [t for t in question.content if likeness(t, value) >= 0.9]
    return 0.15 if repeats and len(repeats) == len(question.content) else 0.0


_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付傅方白"
    "邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝欧阳司马上官诸葛"
)


def looks_like_name(text: str) -> bool:
    """Whether a text has the shape of a person's name: two to four capitalised words, or two to four Hanzi after a surname."""
    plain = re.sub(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\b\.?\s*", "", text.strip())
    if has_han(plain):
        return 2 <= len(plain) <= 4 and plain[0] in _SURNAMES
    parts = plain.split()
    named = plain != text.strip() and len(parts) == 1
    return (2 <= len(parts) <= 4 or named) and all(re.fullmatch(r"[A-Z\u00c0-\u00de][\w'.\u00c0-\u024f-]*", p) for p in parts)


def countable(text: str) -> bool:
    """Whether a value can be a number of things: no money, no cents."""
    found = of_kind(text, "number")
    return bool(found) and found[0].kind != "amount" and not re.search(r"\.\d\d$", found[0].text)


def in_script(text: str, script: str) -> bool:
    """Whether a text is written in Chinese ("han") or in Latin letters ("latin")."""
    return has_han(text) if script == "han" else not has_han(text) and any(c.isalpha() for c in text)


def exact_type(text: str, wants: str) -> bool:
    """Whether a value has exactly the form that is wanted (an amount with its currency, a bare number)."""
    if not wants or wants in ("text", "name", "place", "id"):
        return wants not in ("name", "place") or not is_numeric(text)
    found = of_kind(text, {"when": "date", "year": "date", "month": "date"}.get(wants, wants))
    return bool(found) and (found[0].kind == wants or wants in ("when", "number", "year", "month"))


def extract(text: str, wants: str) -> str | None:
    """The part of a value that answers; None where it cannot."""
    text = text.strip()
    if not text or (len(text) == 1 and text.isascii() and not text.isdigit()):
        return None
    if wants == "when":
        return _when(text)
    if wants == "year":
        match = re.search(r"(?<!\d)(?:1[4-9]|20)\d{2}(?!\d)|[一二][零〇一二三四五六七八九]{3}(?=年)", text)
        return match[0] if match else None
    if wants == "month":
        return _month(text)
    if not fits(text, wants):
        return None
    found = of_kind(text, wants)
    if wants in ("amount", "percent", "email", "url", "phone", "weekday") and found:
        return found[0].text if wants != "phone" else _span(text, found)
    if wants in ("date", "time", "duration", "frequency", "number") and found:
        if wants in ("time", "number") and _is_range(text, found):
            return _span(text, found)
        return found[0].text + (_unit(text[found[0].end :]) if wants == "number" else "")
    return text


_UNITS = re.compile(r"\s?(?:kg|mg|g|km/h|km|cm|mm|mi|miles|ml|l|kwh|kw|w|mb|gb|tb|lbs?|oz|m²|m2|m|ft|°c|℃|°f|°|%|pcs|pieces|people|人份|人|公里|千米|厘米|毫米|米|公斤|千克|克|毫升|升|度|吨|平方米|平方公里|个|瓶|盒|件|汤匙)(?![a-z])", re.IGNORECASE)


def _unit(rest: str) -> str:
    match = _UNITS.match(rest)
    return match[0] if match else ""


def _span(text: str, found: Sequence[Value]) -> str:
    return text[found[0].start : found[-1].end] if _is_range(text, found) else found[0].text


def _is_range(text: str, found: Sequence[Value]) -> bool:
    """Two values with nothing but a dash between: "09:00 - 17:30"."""
    return len(found) == 2 and bool(re.fullmatch(r"\s*(?:[-–—~至到]|to|until)\s*", text[found[0].end : found[1].start]))


def _when(text: str) -> str | None:
    found = [v for v in values(text) if v.kind in ("date", "time", "weekday")]
    if not found:
        match = re.fullmatch(r"\D{0,12}((?:1[4-9]|20)\d{2})\D{0,4}", text)
        return match[1] if match else None
    start, end = found[0].start, found[-1].end
    between = text[start:end]
    return between if len(between) <= sum(len(v.text) for v in found) + 8 else found[0].text


def _month(text: str) -> str | None:
    for term in words(text).terms:
        if term.concepts & _MONTH_CONCEPTS:
            return term.text.strip() if has_han(term.text) else text[term.start : term.end].title()
    dates = of_kind(text, "date")
    return dates[0].text if dates else None


_MONTH_CONCEPTS = frozenset(
    ["january", "february", "march", "april", "may_month", "june", "july", "august", "september", "october", "november", "december"]
)


# --- running text --------------------------------------------------------------------------------------------------


def sentences(question: Question, page: Page, wants: str) -> list[Hit]:
    """Values inside sentences: lines and wrapped blocks that speak of what is asked and hold a value of its type."""
    if wants in ("", "text", "name", "place", "id"):
        return []
    hits = []
    for text, ids, score in passages(page):
        answer = extract(text, wants)
        if answer is None or len(text) < 8 or other_day(question, text):
            continue
        clause = _clause(text, answer)
        share, missing = measure(question, [(1.0, clause), (0.8, text)], page, answer)
        alike = max((likeness(t, words(text)) for t in question.terms if weight(t, question) >= 0.35), default=0.0)
        if alike < 0.8:
            continue
        hits.append(Hit(answer, ids, text, share * 0.93 - 0.03, page.name, wants, (), score, missing))
    return hits


def quoted(question: Question, page: Page) -> list[Hit]:
    """The sentence that speaks of everything that a question for no typed value names."""
    decisive = [t for t in question.terms if weight(t, question) >= 0.9]
    told = len(decisive) == 1 and wanted(question) == "text" and decisive[0].concepts and not is_generic(decisive[0])
    if (len(decisive) < 2 and not told) or wanted(question) not in ("", "text", "place"):
        return []
    hits = []
    for text, ids, score in passages(page):
        said = words(text)
        if len(ids) <= 3 and (len(text) > 20 or told) and all(likeness(t, said) >= 0.85 for t in decisive):
            hits.append(Hit(text, ids, text, 0.7 - 0.001 * min(len(text), 200), page.name, "text", (), score))
    return sorted(hits, key=lambda h: -h.score)


_NAMES = re.compile(r"\b(?:what|which|who|whose) (?!is|are|was|were|does|do|did)|哪|谁")
"""Questions for a thing by its name, which no bare number answers."""
_NOUN = re.compile(r"^(?:which|what|on which|in which|at which) ([a-z]+)")


def named_parts(question: Question, page: Page) -> list[Hit]:
    """"Room Amber" out of a cell for "which room": the noun that is asked for with the name or number beside it."""
    asked = next((t for t in question.terms if _NOUN.match(t.text)), None)
    noun = _NOUN.match(asked.text) if asked is not None else re.search(r"\b(?:which|what) ([a-z]+)\b", question.folded)
    if noun is None or noun[1] in ("is", "are", "was", "were", "does", "do", "did", "the", "time", "day", "date"):
        return []
    pattern = re.compile(rf"\b{re.escape(noun[1])}\s+((?:[A-Z][\w-]*|\d[\w-]*)(?:\s+[A-Z][\w-]*)?)", re.IGNORECASE)
    rest = without(question, [t for t in question.terms if t is asked or t.text == noun[1]])
    hits = []
    for item in page.lines:
        match = pattern.search(item.text)
        if match is None or not (match[1][0].isupper() or match[1][0].isdigit()) or not rest.content:
            continue
        share, missing = measure(rest, [(1.0, item.text)], page)
        if not missing and any(likeness(t, words(item.text)) >= 0.9 for t in rest.content):
            hits.append(Hit(match[0], (item.id,), item.text, share, page.name, "text", (), item.score))
    return hits


_SELF_EVIDENT = ("email", "url", "phone", "date", "time", "amount", "percent")


def singles(question: Question, page: Page, wants: str) -> list[Hit]:
    """The only value of the wanted type on a page, which needs no label: one e-mail address on a business card."""
    kinds = ("date", "time") if wants == "when" else (wants,)
    if wants == "year":
        return _lone_year(question, page)
    if not set(kinds) <= set(_SELF_EVIDENT):
        return []
    found = [(v.text, i) for i in page.lines for k in kinds for v in of_kind(i.text, k) if v.kind == k]
    distinct = {normal(text) for text, _ in found}
    if len(distinct) != 1:
        return []
    text, item = found[0]
    book = lexicon().concepts
    named = {book[c].kind for c in words(item.text).concepts if book[c].kind and c not in _kin(wants)}
    if named & {"id", "phone", "date", "time", "amount", "percent", "number"} and wants not in named:
        return []  # its line names it as something else
    share, missing = measure(question, [(0.9, item.text), (0.75, page.text)], page, text)
    if missing:
        return []
    return [Hit(text, (item.id,), item.text, share * 0.95, page.name, wants, (), item.score)]


def _kin(wants: str) -> frozenset[str]:
    """Concepts whose values are of the wanted type."""
    return frozenset(c.name for c in lexicon().concepts.values() if c.kind == wants)


def _lone_year(question: Question, page: Page) -> list[Hit]:
    """A year that fills a line, as on a label beside a picture."""
    lines = [i for i in page.lines if re.fullmatch(r"\(?(?:1[0-9]|20)\d{2}\)?年?", i.text.strip())]
    if len(lines) != 1:
        return []
    share, missing = measure(question, [(0.9, lines[0].text), (0.75, page.text)], page, lines[0].text)
    decisive = [t for t in question.terms if weight(t, question) >= 0.9 and not is_generic(t)]
    score = share * 0.95 if decisive else 0.66
    return [] if missing else [Hit(lines[0].text.strip("()"), (lines[0].id,), "", score, page.name, "year")]


def passages(page: Page) -> Iterable[tuple[str, tuple[str, ...], float]]:
    """Lines and wrapped blocks as (text, region ids, weakest score)."""
    for item in page.lines:
        yield item.text, (item.id,), item.score
    for block in page.blocks:
        valued = sum(any(v.kind in ("time", "amount", "date") for v in values(i.text)) for i in block)
        if 1 < len(block) <= 8 and valued < 2 and not any(complete(i) for i in block):
            glue = "" if has_han(block[0].text) else " "
            text = glue.join(i.text for i in block)
            yield text, tuple(i.id for i in block), min(i.score for i in block)


def _clause(text: str, answer: str) -> str:
    """The part of a passage between full stops or commas that has the answer."""
    at = text.find(answer)
    if at < 0:
        return text
    starts = [m.end() for m in re.finditer(r"[。.;；,，](?!\d)", text[:at])]
    after = re.search(r"[。;；]|\.(?!\d)", text[at + len(answer) :])
    end = at + len(answer) + (after.start() if after else len(text))
    return text[starts[-1] if starts else 0 : end]


def without(question: Question, dropped: Iterable[Term]) -> Question:
    """The question without some of its terms."""
    gone = set(dropped)
    return replace(question, terms=tuple(t for t in question.terms if t not in gone))


def concept_name(term: Term) -> str:
    """A concept that the term means, for plans written in plain words."""
    known = sorted(term.concepts & lexicon().concepts.keys())
    return known[0] if known else term.text
