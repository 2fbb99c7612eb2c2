"""Numbered steps and listed things: "the fourth step", "what do I do after frying", "name all ingredients".

In: a `Question` and a `Page`. Out: the lines that answer, with their texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from visual_agent.engines.planner.asked.questions import Question, analyse
from visual_agent.engines.planner.figures.running import alike, paragraphs, written
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import normal
from visual_agent.engines.planner.text.values import NUMBER_WORDS, han_number

_ORDINAL = {
    word: place
    for place, row in enumerate(
        ("first 1st 一", "second 2nd 二 两", "third 3rd 三", "fourth 4th 四", "fifth 5th 五", "sixth 6th 六",
         "seventh 7th 七", "eighth 8th 八", "ninth 9th 九", "tenth 10th 十"), 1)
    for word in row.split()
}  # fmt: skip
_STEP = re.compile(
    r"^\s*(?:step\s*)?(?:\(?(\d{1,2})\s*[.)、:：](?!\d)|([①-⑳])|第([一二三四五六七八九十]+)步)\s*[:：]?\s*(.+)", re.I
)
_BULLET = re.compile(r"^\s*[-*•·▪◦□☐☑■●○✓✔]\s*(.+)")
_INLINE = re.compile(r"^([^:：]{2,20})[:：]\s*([^:：]+[、,，;；].+)$")
_NOUNS = (
    r"(ingredients?|steps?|items?|instructions?|rules?|points?|things?|topics?|names?|bullets?|reasons?|tips?|"
    r"[a-z]+s)"
)
_NTH = re.compile(rf"\b(?:the )?({'|'.join(w for w in _ORDINAL if w.isascii())}|last|final) {_NOUNS}\b")
_NTH_NUMBER = re.compile(
    r"\b(?:step|rule|point|item|instruction) (?:no\.? ?|number )?(\d{1,2}|one|two|three|four|five|six)\b"
)
_NTH_ZH = re.compile(
    r"第([一二三四五六七八九十]|\d{1,2})(?:步|种|样|个|条|点|项)(.{0,6})|(最后)一?(?:步|条|项|样)(.{0,6})"
)
_AFTER = re.compile(
    r"\b(?:after|once|when) (?:i(?:'ve| have)? |you(?:'ve| have)? |having |that,? )?(.+?)(?:[,?]| what\b|$)|(.{2,12}?)(?:之后|以后|完后|后)[^\u4e00-\u9fff]*(?:再|要|该|做|干|应|是|下)"
)
_BEFORE = re.compile(
    r"\bbefore (?:i |you |the )?(.+?)(?:[,?]| what\b|$)|(.{2,12}?)(?:之前|以前|前)(?:要|该|做|干|应|需)"
)
_NEXT = re.compile(
    r"\b(?:what|which|how)\b.*\b(?:do|next|step|happens?|comes?)\b|做什么|干什么|怎么做|下一步|干嘛|做啥"
)
_ALL = re.compile(
    r"\b(?:name|list|give(?: me)?|what are|which are|tell me|write down)\b.*\b(?:all|every|the)\b|哪些|列出|所有|全部|都有什么"
)
_COUNT = re.compile(r"\bhow many\b|几[步种样个条点项]|多少[步种样个条点项]")
_HOW_MUCH = re.compile(r"\bhow (?:much|many)\b(?!.*\b(?:cost|pay|price)\b)|多少(?!钱|元)|几[克个片颗勺斤两根瓣]")
_STEPS = re.compile(r"\bsteps?\b|步", re.I)


@dataclass(frozen=True)
class Entry:
    """A step or a listed thing: its number (0: none), its text and its lines."""

    number: int
    text: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Listed:
    """A list under its heading ("" where it has none)."""

    heading: str
    entries: tuple[Entry, ...]

    @property
    def numbered(self) -> bool:
        """Whether its entries are numbered."""
        return bool(self.entries) and self.entries[0].number > 0


def lists(page: Page) -> list[Listed]:
    """The lists of a page: numbered or bulleted lines, and lines such as "Ingredients: a, b, c"."""
    found: list[Listed] = []
    heading, entries = "", list[Entry]()
    for lines in paragraphs(page):
        text, ids = written(lines), tuple(i.id for i in lines)
        entry = _entry(text, ids)
        if entry is not None and (not entries or (entry.number > 0) == (entries[0].number > 0)) and entry.number != 1:
            entries.append(entry)
            continue
        found += [Listed(heading, tuple(entries))] if len(entries) > 1 else []
        if entry is not None:
            entries = [entry]
            continue
        heading, entries = text, []
        found += _inline(text, ids)
    return [*found, Listed(heading, tuple(entries))] if len(entries) > 1 else found


def _entry(text: str, ids: tuple[str, ...]) -> Entry | None:
    step = _STEP.match(text)
    if step:
        number = int(step[1]) if step[1] else ord(step[2]) - 0x245F if step[2] else int(han_number(step[3]) or 0)
        return Entry(number, step[4].strip(), ids)
    bullet = _BULLET.match(text)
    return Entry(0, bullet[1].strip(), ids) if bullet else None


def _inline(text: str, ids: tuple[str, ...]) -> list[Listed]:
    match = _INLINE.match(text)
    if match is None or len(match[2]) > 200:
        return []
    parts = [p.strip(" .。") for p in re.split(r"[、;；]" if re.search(r"[、;；]", match[2]) else r"[,，]", match[2])]
    return [Listed(match[1], tuple(Entry(0, p, ids) for p in parts))] if len(parts) > 2 else []


def listed(question: Question, page: Page) -> tuple[str, tuple[str, ...]] | None:
    """The text and the lines that answer a question about a list or its order; None where it is about none."""
    folded = question.folded
    nth, number, zh = _NTH.search(folded), _NTH_NUMBER.search(folded), _NTH_ZH.search(folded)
    following = (_AFTER.search(folded), 1) if _AFTER.search(folded) else (_BEFORE.search(folded), -1)
    asks = (_ALL, _COUNT, _HOW_MUCH)
    if not (nth or number or zh or following[0] or any(p.search(folded) for p in asks)):
        return None
    known = lists(page)
    if nth or number or zh:
        return _nth_of(known, nth, number, zh)
    if following[0] and _NEXT.search(folded):
        return _following(next(g for g in following[0].groups() if g), following[1], known)
    if _COUNT.search(folded) or _HOW_MUCH.search(folded):
        return _counted(folded, known) or _needed(question, known)
    return _all_of(folded, known) if _ALL.search(folded) else None


def _meant(noun: str, known: Sequence[Listed]) -> Listed | None:
    """The list that a noun means: its steps are numbered, its ingredients stand under that heading."""
    if _STEPS.search(noun):
        return next((x for x in known if x.numbered), None)
    asked = [t for t in analyse(noun).terms if not t.weak]
    headed = [x for x in known if any(alike(t, x.heading) >= 0.75 for t in asked)]
    if headed:
        return headed[0]
    plain = [x for x in known if not x.numbered]
    if re.search(r"ingredient|料|食材", noun):
        return plain[0] if plain and any(x.numbered for x in known) else None
    if re.search(r"rule|instruction|point|item|thing|tip|bullet|[条项点样]", noun) and len(known) == 1:
        return known[0]
    return None


def _nth_of(
    known: Sequence[Listed],
    nth: re.Match[str] | None,
    number: re.Match[str] | None,
    zh: re.Match[str] | None,
) -> tuple[str, tuple[str, ...]] | None:
    if nth:
        place, noun = -1 if nth[1] in ("last", "final") else _ORDINAL[nth[1]], nth[2]
    elif number:
        place, noun = int(NUMBER_WORDS.get(number[1], 0) or number[1]), number[0]
    elif zh:
        place = -1 if zh[3] else int(zh[1]) if zh[1].isdigit() else _ORDINAL[zh[1]]
        noun = zh[0]
    else:
        return None
    entries = found.entries if (found := _meant(noun, known)) else ()
    if found and found.numbered and place > 0:
        return next(((e.text, e.ids) for e in entries if e.number == place), None)
    index = place - 1 if place > 0 else place
    return (entries[index].text, entries[index].ids) if -len(entries) <= index < len(entries) else None


def _following(said: str, step: int, known: Sequence[Listed]) -> tuple[str, tuple[str, ...]] | None:
    """The step after (or before) the one that speaks of something."""
    asked = [t for t in analyse(said).terms if not t.weak]
    for one in known:
        if not one.numbered or not asked:
            continue
        shares = [sum(alike(t, e.text) for t in asked) / len(asked) for e in one.entries]
        at = max(range(len(shares)), key=lambda n: shares[n])
        if shares[at] >= 0.6 and 0 <= at + step < len(one.entries):
            return one.entries[at + step].text, one.entries[at + step].ids
    return None


def _counted(folded: str, known: Sequence[Listed]) -> tuple[str, tuple[str, ...]] | None:
    match = re.search(rf"\bhow many {_NOUNS}|[几多少]+([步种样个条点项][^?？]{{0,4}})", folded)
    found = _meant(match[1] or match[2], known) if match else None
    if found is None or (match and match[2] and not re.search(r"步|料|食材|条|项", match[2])):
        return None
    return str(len(found.entries)), tuple(dict.fromkeys(i for e in found.entries for i in e.ids))


def _needed(question: Question, known: Sequence[Listed]) -> tuple[str, tuple[str, ...]] | None:
    """How much of one thing a list of things asks for: the entry that names it with a number."""
    asked = [t for t in question.terms if not t.weak and t.kind != "soft" and not _HOW_MUCH.search(t.text)]
    for one in known:
        fit = [
            e
            for e in one.entries
            if not one.numbered
            and len(e.text) < 40
            and asked
            and all(alike(t, e.text) >= 0.85 for t in asked)
            and re.search(r"\d|[半一二两三四五六七八九十]", e.text)
        ]
        if len(fit) == 1 and len(one.entries) > 2:
            return fit[0].text, fit[0].ids
    return None


def _all_of(folded: str, known: Sequence[Listed]) -> tuple[str, tuple[str, ...]] | None:
    for term in analyse(normal(folded)).terms:
        found = _meant(term.text, known)
        if found is not None:
            return "; ".join(e.text for e in found.entries), tuple(
                dict.fromkeys(i for e in found.entries for i in e.ids)
            )
    return None
