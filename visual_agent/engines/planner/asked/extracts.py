"""The part of a text that answers: the date of a "when", the amount of a "how much"; wrong types are refused.

In: a text and the type wanted. Out: the part, or None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visual_agent.engines.planner.asked.questions import Question, typed
from visual_agent.engines.planner.text.folding import has_han
from visual_agent.engines.planner.text.values import FREE_TEXT, Value, fits, is_numeric, of_kind, values
from visual_agent.engines.planner.text.words import lexicon, words

SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付傅方白"
    "邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝欧阳司马上官诸葛"
)


def looks_like_name(text: str) -> bool:
    """Whether a text has the shape of a name: two to four capitalised words, or two to four Hanzi after a surname."""
    plain = re.sub(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\b\.?\s*", "", text.strip())
    if has_han(plain):
        return 2 <= len(plain) <= 4 and plain[0] in SURNAMES
    parts = plain.split()
    named = plain != text.strip() and len(parts) == 1
    return (2 <= len(parts) <= 4 or named) and all(
        re.fullmatch(r"[A-Z\u00c0-\u00de][\w'.\u00c0-\u024f-]*", p) for p in parts
    )


def countable(text: str) -> bool:
    """Whether a value can be a number of things: no money, no cents."""
    found = of_kind(text, "number")
    return bool(found) and found[0].kind != "amount" and not re.search(r"\.\d\d$", found[0].text)


def in_script(text: str, script: str) -> bool:
    """Whether a text is written in Chinese ("han") or in Latin letters ("latin")."""
    return has_han(text) if script == "han" else not has_han(text) and any(c.isalpha() for c in text)


def exact_type(text: str, wants: str) -> bool:
    """Whether a value has exactly the form that is wanted (an amount with its currency, a bare number)."""
    if wants in FREE_TEXT:
        return wants not in ("name", "place") or not is_numeric(text)
    if wants == "when":
        return any(v.kind in ("date", "time", "weekday") for v in values(text))
    if wants == "amount" and re.search(r"\d[.,]\d\d\s*$", text):
        return True
    found = of_kind(text, {"year": "date", "month": "date"}.get(wants, wants))
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
    if wants == "floor" and re.fullmatch(r"[-A-Za-z]?\d{1,2}|[A-Za-z]\d?", text):
        return text
    if not fits(text, wants):
        return None
    found = of_kind(text, wants)
    if wants == "floor":
        return found[0].text
    if wants in ("amount", "percent", "email", "url", "phone", "weekday") and found:
        return found[0].text if wants != "phone" else _span(text, found)
    if wants == "number" and found and _MEASURED.fullmatch(text):
        return text
    if wants in ("date", "time", "duration", "frequency", "number") and found:
        if wants in ("time", "number") and _is_range(text, found):
            return _span(text, found)
        return found[0].text + (_unit(text[found[0].end :]) if wants == "number" else "")
    return text


_UNITS = re.compile(
    r"\s?(?:kg|mg|g|km/h|km|cm|mm|mi|miles|ml|l|kwh|kw|w|mb|gb|tb|lbs?|oz|m²|m2|m|ft|°c|℃|°f|°|%|pcs|pieces|people|人份|人|公里|千米|厘米|毫米|米|公斤|千克|克|毫升|升|度|吨|平方米|平方公里|个|瓶|盒|件|汤匙)(?![a-z])",
    re.IGNORECASE,
)


_MEASURED = re.compile(r"[-+]?\d[\d.,]*\s?[^\W\d_]{1,4}[²³]?(?:/[^\W\d_]{1,3})?")
"""A number with a short unit and nothing else: "6.7 in", "4,200 mAh"."""


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
    [
        "january",
        "february",
        "march",
        "april",
        "may_month",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ]
)


_SIZED = re.compile(r"\bhow (?:big|high|large|low|small|steep)\b|有?多[高大]")


def _is_money(question: Question) -> bool:
    """Whether what is sized is a sum of money: "how big is the deposit"."""
    book = lexicon().concepts
    return any(book[c].kind == "amount" and not book[c].generic for t in question.terms for c in t.concepts)


def wanted(question: Question) -> str:
    """The type of the answer: said by the question word, else by the concept asked for."""
    if question.counts and question.wants == "number":
        kind = typed(question.terms)
        return kind if kind in ("id", "phone", "percent", "duration") else "number"
    if question.wants == "place" and typed(question.terms) == "text":
        return "text"
    if question.wants == "when" and typed(question.terms) == "time":
        return "time"
    if question.wants == "number" and _SIZED.search(question.folded) and _is_money(question):
        return "amount"
    if question.wants in ("", "number", "amount"):
        kind = typed(question.terms)
        if question.wants == "" and kind:
            return kind
        if question.wants == "number" and kind in ("id", "phone", "percent", "date", "duration", "amount", "time"):
            return kind
        if question.wants == "amount" and kind in ("number", "percent"):
            return "number"
    return question.wants
