"""The few words of a sentence that answer: what somebody brings, what something is called, why something is so.

In: a `Question` and a text, or the `Page`s. Out: the words, or a `Solution`. A sentence that speaks of a question
holds the question's own words and the answer; so the answer is what is left beside the words they share: behind the
verb ("bring a pencil"), or before it where the sentence is passive ("tea is provided by the committee").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.extracts import wanted
from visual_agent.engines.planner.asked.names import names_in
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.fields.categories import of_sort
from visual_agent.engines.planner.fields.flagged import told_apart
from visual_agent.engines.planner.fields.nearest import Word, content, shares, support
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.fields.titles import bare_name, no_name
from visual_agent.engines.planner.figures.running import told
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.dictionary import segmented
from visual_agent.engines.planner.text.folding import HAN, has_han, normal, stem
from visual_agent.engines.planner.text.values import FREE_TEXT
from visual_agent.engines.planner.text.vocabulary import verbs_like

LEAST = 0.6
"""Least share of a question that a sentence must account for."""
_ALL = 0.9
_WHAT = re.compile(r"\b(?:what|which)\b|什么|啥|哪")
_ELSE = re.compile(
    r"\b(?:who|whom|whose|when|where|why|how)\b|\bwhat(?:'s| is)? (?:the )?(?:time|date|day|year|price|cost|total|percentage)\b|"
    r"多少|几|什么时候|为什么|为何|什么原因|因为什么|怎么|谁|哪[里儿天年]|什么地方"
)
_SMALL = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "on",
        "at",
        "for",
        "from",
        "by",
        "with",
        "and",
        "or",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "do",
        "does",
        "did",
        "has",
        "have",
        "had",
        "can",
        "could",
        "may",
        "might",
        "will",
        "would",
        "shall",
        "should",
        "must",
        "i",
        "me",
        "my",
        "we",
        "us",
        "our",
        "you",
        "your",
        "he",
        "she",
        "it",
        "its",
        "they",
        "them",
        "his",
        "her",
        "their",
        "this",
        "that",
        "these",
        "those",
        "there",
        "here",
        "as",
        "if",
        "so",
        "not",
        "also",
        "please",
        "just",
        "only",
        "then",
        "than",
        "ask",
        "get",
        "take",
        "use",
        "need",
        "needs",
        "contains",
        "contain",
        "includes",
        "include",
        "including",
        "called",
        "named",
        "made",
    ]
)
_CUT = re.compile(
    r"[,;:.!?(]|\s[-–—]\s|\s(?:because|so|but|while|when|if|unless|until|till|before|after|which|who|where|since|though|although)\s"
    r"|\sand\s(?=(?:is|are|was|were|has|have|had|will|can|must|should|he|she|it|they|we|you|i|there|please)\b)"
    r"|\s(?:for|to|at|from|in|on|by|with|during|via|under|near|into|twice|once|every|each|per)\s"
)
_MUST = re.compile(r"\b(?:must|should|need|have to|has to|supposed to|required|allowed)\b|要|须|需|应该?|得穿|必须")
_DOES = re.compile(r"\bwhat (?:\w+ )?(?:do|does|did|can|could|must|should|will|would|may|have|has|had)\b")
_MEASURES = re.compile(
    r"\b(?:cost|weigh|pay|paid|earn|owe|charge|measure|spend|total|number|code|score|amount|fee|price|begin|start|end|open|close|get)\b"
)
_LIGHT = frozenset(
    [
        "receive",
        "receives",
        "received",
        "gets",
        "given",
        "provide",
        "provides",
        "offers",
        "offered",
        "enjoy",
        "will",
        "each",
        "every",
        "all",
    ]
)
_CODE = re.compile(r"\b(?:what|which) (?:number|code|pin)\b")
_TOKEN = re.compile(rf"[A-Za-z][\w'’-]*|\d[\w.,:/-]*\w|\d|[{HAN}]+|[^\w\s]")
_CLAUSE = re.compile(
    r"(?<=[a-z)\d])\s*[;:]\s+|,\s+(?=(?:and|but|so|he|she|it|they|we|you|i|the|please)\b)|\.\s+"
    r"|\s+(?=(?:because|while|but|although)\b)|\s+and\s+(?=(?:is|are|was|were|has|he|she|it|they|we|you|please)\b)"
)


def spanned(question: Question, text: str) -> str | None:
    """The words of a text that answer a question for a thing; None where the text has no such part."""
    if not asks(question):
        return None
    return _behind_verb(question.folded, text) if has_han(text) else _beside(question, text)


def asks(question: Question) -> bool:
    """Whether a question is for a thing in free words."""
    return (
        question.kind in ("field", "place")
        and _WHAT.search(question.folded) is not None
        and _ELSE.search(question.folded) is None
        and _wanted(question) in FREE_TEXT
    )


def _wanted(question: Question) -> str:
    """The type of the answer; with "what must visitors wear" the words that are spoken of do not tell it."""
    acts = question.wants == "" and _DOES.search(question.folded) and not _MEASURES.search(question.folded)
    return "" if acts else wanted(question)


# --- English ---------------------------------------------------------------------------------------------------------


def _beside(question: Question, text: str) -> str | None:
    found = content(question.folded)
    clauses = [c for c in _CLAUSE.split(text) if c and len(c) > 3]
    if not found or not clauses:
        return None
    best = max(clauses, key=lambda c: sum(w.weight * _heard(w, c) for w in found))
    tokens = [(m[0], m.start(), m.end()) for m in _TOKEN.finditer(best)]
    marks = [_shared(t, found) for t, _, _ in tokens]
    if not any(marks):
        return None
    last = max(n for n, m in enumerate(marks) if m)
    first = min(n for n, m in enumerate(marks) if m)
    passive = re.search(r"\b(?:is|are|was|were|be|been) (?:\w+ )?\w+(?:ed|en|t|n) by\b", best)
    after = _trimmed(best[tokens[last][2] :])
    before = _trimmed(best[: tokens[first][1]])
    shared = [t for t, m in zip(tokens, marks, strict=True) if m]
    middle = [_trimmed(best[a[2] : b[1]]) for a, b in pairwise(shared)]
    digits = re.search(r"\b[A-Z]*\d[\w-]*", best) if _CODE.search(question.folded) else None
    if digits:
        return digits[0]
    inside = next((m for m in reversed(middle) if m), None)
    if passive and before:
        return before
    return after or (inside or before if _DOES.search(question.folded) else before or inside)


def _heard(word: Word, text: str) -> float:
    return max(
        support(word, text), 1.0 if stem(word.text) in {stem(w) for w in re.findall(r"[a-z]+", text.lower())} else 0
    )


def _shared(token: str, found: Sequence[Word]) -> bool:
    folded = normal(token)
    if not folded[:1].isalnum() or folded in _SMALL:
        return False
    return any(folded == w.text or stem(folded) == stem(w.text) or support(w, token, 0.5) >= 0.5 for w in found)


def _trimmed(text: str) -> str | None:
    """A phrase without small words at its ends and without what only goes with it ("for their music")."""
    text = text.strip(" ,.;:!?–—-\"“”'")
    while (m := re.match(r"([A-Za-z']+)(?:\s+|$)", text)) and m[1].lower() in (_SMALL | _LIGHT) - {"a", "an"}:
        text = text[m.end() :]
    cut = next((m for m in _CUT.finditer(f"{text} ") if m.start() > 2), None)
    text = text[: cut.start()] if cut else text
    while (m := re.search(r"(?:^|\s)([A-Za-z']+)$", text)) and m[1].lower() in _SMALL:
        text = text[: m.start()]
    text = text.strip(" ,.;:!?–—-\"“”'()")
    return text if re.search(r"\w{2}|\d", text) else None


# --- Chinese ---------------------------------------------------------------------------------------------------------

_VERB_ZH = re.compile(
    rf"(?:要|能|会|可以|应该?|得|想|该|先|再|还|都)*([{HAN}]{{1,2}}?)(?:了|过|着|的是|的)?(?:一?些|点)?(?:什么|啥|哪些|哪种|哪个|哪样)"
)
_STOP_ZH = re.compile(r"[,，。;；!！?？（(:：\s]")
_LEADS_ZH = re.compile(r"^(?:了|着|过|有|上|好|齐|的是|的|是|为|一下)+")
_WEAR_ZH = re.compile(r"(?:即可|就行|就好|就可以|参加|到场|前往|入场|办理|领取|登记)$")


_BARRED_ASKED = re.compile(r"(?:哪[些类种]|什么)人[^,，]*?(?:不能|不可以?|不宜|不适合|不该|禁|小心|慎|别|注意)")
_BARRED = re.compile(
    r"([^,，。;；:：【】()（）]{2,30}?)(?:禁用|慎用|忌用|禁服|慎服|忌服|不宜|勿用|勿服|忌食|不得|谢绝|禁止|不能|不可|请勿|应?在医)"
)


def _said_at(verb: str, text: str) -> int:
    """Where a verb stands as a word or at the end of one ("带" in "自带"), not at the start of another ("挂件"); else -1."""
    for run in re.finditer(rf"[{HAN}]+", text):
        at = run.start()
        for word in segmented(run[0]):
            at += len(word)
            if word.endswith(verb) or (len(word) < len(verb) and text[:at].endswith(verb)):
                return at - len(verb)
    return -1


def _behind_verb(folded: str, text: str) -> str | None:
    """What stands behind the question's verb, or one of its meaning, up to the next pause."""
    if _BARRED_ASKED.search(folded):
        barred = _BARRED.search(text)
        return barred[1] if barred else None
    for match in _VERB_ZH.finditer(folded):
        for verb in dict.fromkeys(v for size in (match[1], match[1][-1:]) for v in verbs_like(size)):
            at = _said_at(verb, text)
            if at < 0 or (len(verb) == 1 and verb in "有要用以给做干着" and match[1] != verb):
                continue
            rest = _LEADS_ZH.sub("", text[at + len(verb) :])
            stop = _STOP_ZH.search(rest)
            told_ = _WEAR_ZH.sub("", rest[: stop.start()] if stop else rest)
            if 0 < len(told_) <= 24:
                return told_
    plain = re.search(r"(?:主要是|主要有|主要为|包括|包含)([^,，。;；]{2,24})", text)
    return _noun(folded, text) or (plain[1] if plain and re.search(r"什么|哪些", folded) else None)


_ENDS_ZH = frozenset("门路街站层楼班队校厂店馆桥镇村县市省区室组院系桌台房厅口段园寺山湖河江岛港巷")
"""Single signs that names of places and groups end in."""


def _noun(folded: str, text: str) -> str | None:
    """For "哪家公司", "哪个门": the name that ends in the noun ("安溪木作有限公司", "东门")."""
    match = re.search(rf"哪(?:一|两)?(?:个|家|趟|条|支|座|所|款|间|届|类|班)?([{HAN}]{{1,6}})", folded)
    if match is None:
        return None
    for size in range(min(4, len(match[1])), 0, -1):
        noun = match[1][:size]
        if size == 1 and noun not in _ENDS_ZH:
            continue
        for name in re.findall(rf"([A-Za-z0-9·{HAN}]{{1,14}}?{noun})", text):
            bare = re.split(r"[由从在到往于是为向至经和与及的请须可将应不回时交凭持行走绕]", name)[-1]
            if len(bare) > len(noun) and not (bare[0].isdigit() and match[0].startswith("哪条")):
                return bare
    return None


# --- sentences of a page ---------------------------------------------------------------------------------------------


def cut_short(question: Question, found: Solution) -> Solution | None:
    """An answer that is a whole sentence, cut to the part that answers; None for a sentence in place of a name."""
    text = re.sub(r"\s*\[r\d+(?:\s*,?\s*\[?r\d+)*\]", "", found.text).strip()
    if question.kind != "field" or not found.ids:
        return found
    part = bare_name(question, text)
    if _WHO.match(question.folded) and not has_han(text):
        part = _person(text)
        if part is None:
            return None
    one = of_sort(question, text)
    if part is None and len(one) == 1 and len(one[0]) < len(text):
        part = one[0]
    if part is None and has_han(text) and len(text) > 8 and asks(question):
        part = _noun(question.folded, text)
    if part is None and _is_sentence(text) and asks(question):
        part = spanned(question, text)
    if no_name(question, part or text):
        return None
    return found if part is None or part == text else replace(found, text=answers.value(part, found.ids))


_WHO = re.compile(r"(?:and |so |but )?who(?:'s|m)?\b")
_NO_PERSON = re.compile(r"[A-Z][a-z]+(?:ed|ing)|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?")


def _person(text: str) -> str | None:
    """The name out of a text that is cut badly ("Kwame on", "Sunday. Deniz"); None where it is nobody's."""
    if _NO_PERSON.fullmatch(text):
        return None
    if not re.search(r"[a-z]{2}\. [A-Z]|\s(?:on|at|in|by|to|for|from|the|of)$", text):
        return text
    names = [n for n, start, end in names_in(text) if not text[end:].startswith(". ")]
    return names[0] if len(names) == 1 else None


def _is_sentence(text: str) -> bool:
    size = len(re.findall(r"[A-Za-z]+", text)) + len(re.findall(rf"[{HAN}]", text)) / 2
    small = sum(w in _SMALL for w in re.findall(r"[a-z']+", text.lower()))
    return size >= 3 and re.search(r"[,，。；;]", text) is not None if has_han(text) else size >= 4 and small >= 1


def clearly(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The card that is told apart by what it says; the part of a sentence that holds all of the question."""
    return told_apart(question, pages, surely=True) or in_sentence(question, pages, _ALL)


def in_sentence(question: Question, pages: Sequence[Page], least: float = LEAST) -> Solution | None:
    """The part of the sentence that is clearly nearest to the question."""
    if not asks(question) or (question.looks and not _MUST.search(question.folded)):
        return None
    best: tuple[float, str, Solution] | None = None
    who = barred(question, pages)
    if who is not None or _wanted(question) not in ("", "text"):
        return who
    for page in pages:
        sentences = told(page)
        for sentence, share in zip(sentences, shares(question.folded, [s.text for s in sentences]), strict=True):
            if share < least or not _is_sentence(sentence.text) or (best is not None and share <= best[0]):
                continue
            part = spanned(question, sentence.text)
            if part is not None:
                text = answers.value(part, sentence.ids)
                best = share, part, Solution(text, "the sentence says so", sentence.ids, sentence.score, page.name)
    return best[2] if best is not None else None


def barred(question: Question, pages: Sequence[Page]) -> Solution | None:
    """Who may not use something: the one sentence that bars people."""
    if not _BARRED_ASKED.search(question.folded):
        return None
    found = [
        (m[1], s, p.name)
        for p in pages
        for s in told(p)
        if (m := _BARRED.search(s.text)) and re.search(r"[者妇儿童人孩]|患", m[1])
    ]
    if len(found) != 1:
        return None
    text, sentence, name = found[0]
    return Solution(answers.value(text, sentence.ids), "the sentence bars them", sentence.ids, sentence.score, name)
