"""Values that no label names: in sentences, alone of their kind on the page, or as a part of a cell.

In: a `Question` and a `Page`. Out: `Hit`s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from visual_agent.engines.planner.asked.extracts import exact_type, extract, wanted
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import is_generic, measure, other_day, weight, without
from visual_agent.engines.planner.figures.running import written
from visual_agent.engines.planner.hits import Hit
from visual_agent.engines.planner.page.pages import Page, complete
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.values import FREE_TEXT, of_kind, values
from visual_agent.engines.planner.text.words import lexicon, likeness, words

# --- running text --------------------------------------------------------------------------------------------------


def sentences(question: Question, page: Page, wants: str) -> list[Hit]:
    """Values inside sentences that speak of what is asked and hold a value of its type."""
    if wants in FREE_TEXT:
        return []
    hits = []
    for text, ids in passages(page):
        for sentence in _SENTENCE.split(text):
            answer = extract(sentence, wants)
            if answer is None or len(sentence) < 8 or other_day(question, sentence):
                continue
            if wants == "amount" and not exact_type(answer, "amount"):
                continue  # "bus 27" is no fare
            said = words(sentence)
            alike = max((likeness(t, said) for t in question.terms if weight(t, question) >= 0.35), default=0.0)
            if alike < 0.8:
                continue
            around = [(1.0, _clause(sentence, answer)), (0.9, sentence), (0.7, text)]
            share, missing = measure(question, around, page, answer)
            hits.append(Hit(answer, ids, sentence, share * 0.93 - 0.03, page.name, wants, (), missing))
    return hits


_SENTENCE = re.compile(r"(?<=[。！？!?])|(?<=[a-z)]\.)\s+(?=[A-Z])|[;；]\s*")


_SOMEWHERE = re.compile(
    r"\b(?:in|at|on|to|from|near|behind|by|under|via|into|inside|outside|opposite)\b", re.IGNORECASE
)


def quoted(question: Question, page: Page) -> list[Hit]:
    """The sentence that speaks of everything that a question for no typed value names."""
    decisive = [t for t in question.terms if weight(t, question) >= 0.9]
    told = len(decisive) == 1 and wanted(question) == "text" and decisive[0].concepts and not is_generic(decisive[0])
    if (len(decisive) < 2 and not told) or wanted(question) not in ("", "text", "place"):
        return []
    hits = []
    for text, ids in passages(page):
        if wanted(question) == "place" and not has_han(text) and not _SOMEWHERE.search(text):
            continue  # a date of a meeting is no answer to "where"
        said = words(text)
        if len(ids) <= 3 and (len(text) > 20 or told) and all(likeness(t, said) >= 0.85 for t in decisive):
            hits.append(Hit(text, ids, text, 0.7 - 0.001 * min(len(text), 200), page.name, "text"))
    return sorted(hits, key=lambda h: -h.score)


NAMES = re.compile(r"\b(?:what|which|who|whose) (?!is|are|was|were|does|do|did)|哪|谁")
"""Questions for a thing by its name, which no bare number answers."""


_NOUN = re.compile(r"^(?:which|what|on which|in which|at which) ([a-z]+)")


def named_parts(question: Question, page: Page) -> list[Hit]:
    """For "Room Amber" out of a cell for "which room": the noun that is asked for with the name or number beside it."""
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
            hits.append(Hit(match[0], (item.id,), item.text, share, page.name, "text"))
    return hits


_SELF_EVIDENT = ("floor", "email", "url", "phone", "date", "time", "amount", "percent")


def singles(question: Question, page: Page, wants: str) -> list[Hit]:
    """The only value of the wanted type on a page, which needs no label: one e-mail address on a business card."""
    kinds = ("date", "time") if wants == "when" else (wants,)
    if wants == "year":
        return _lone_year(question, page)
    if not set(kinds) <= set(_SELF_EVIDENT):
        return []
    found = [(v.text, i) for i in page.lines for k in kinds for v in of_kind(i.text, k) if v.kind == k]
    alone = [(text, i) for text, i in found if normal(text) == normal(i.text).strip(" .")]
    if len({normal(text) for text, _ in found}) > 1 and set(kinds) & {"date"}:
        found = alone  # of several dates the one that fills a line is the document's own
    distinct = {normal(text) for text, _ in found}
    if len(distinct) != 1:
        return []
    text, item = found[0]
    if wants not in ("email", "url", "phone", "floor") and _labelled_else(question, item.text):
        return []
    book = lexicon().concepts
    named = {book[c].kind for c in words(item.text).concepts if book[c].kind and c not in _kin(wants)}
    if named & {"id", "phone", "date", "time", "amount", "percent", "number"} and wants not in named:
        return []  # its line names it as something else
    share, missing = measure(question, [(0.9, item.text), (0.75, page.text)], page, text)
    if missing:
        return []
    return [Hit(text, (item.id,), item.text, share * 0.95, page.name, wants)]


def _labelled_else(question: Question, text: str) -> bool:
    """Whether a line says what its value is, and says something that the question does not ask for."""
    bare = text
    for value in values(text):
        bare = bare.replace(value.text, " ")
    said = [t for t in words(bare).content if t.kind in ("concept", "word", "han") and len(t.text) > 1]
    return bool(said) and not any(
        likeness(t, words(bare)) >= 0.55 for t in question.terms if weight(t, question) >= 0.3
    )


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


def passages(page: Page) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Lines and wrapped blocks as (text, region ids)."""
    for item in page.lines:
        yield item.text, (item.id,)
    for block in page.blocks:
        short = [i for i in block if sum(2 if ord(c) > 0x2E7F else 1 for c in i.text) < 45]
        valued = sum(any(v.kind in ("time", "amount", "date") for v in values(i.text)) for i in short)
        if 1 < len(block) <= 8 and valued < 2 and not any(complete(i) for i in block):
            yield written(block), tuple(i.id for i in block)


def _clause(text: str, answer: str) -> str:
    """The part of a passage between full stops or commas that has the answer."""
    at = text.find(answer)
    if at < 0:
        return text
    starts = [m.end() for m in re.finditer(r"[。.;；,，](?!\d)", text[:at])]
    after = re.search(r"[。;；]|\.(?!\d)", text[at + len(answer) :])
    end = at + len(answer) + (after.start() if after else len(text))
    return text[starts[-1] if starts else 0 : end]
