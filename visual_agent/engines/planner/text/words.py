"""Texts as terms: words, numbers and the concepts of the lexicon, in English and Chinese.

In: a question, or the text of a line. Out: `Term`s that can be compared across wordings and languages.
The lexicon (`lexicon.toml`) holds general document vocabulary; `terms` finds its longest phrases first, so
"date of birth" is one term and not a date. What no phrase covers stays as a word (stemmed), a number or a run of Hanzi.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache
from typing import Any

from rapidfuzz import fuzz

from visual_agent.engines.planner.text import books
from visual_agent.engines.planner.text.dictionary import spelling, translations
from visual_agent.engines.planner.text.folding import HAN, Unit, has_han, normal, units
from visual_agent.engines.planner.text.values import values
from visual_agent.engines.planner.text.weekdays import NAMES, days_of


@dataclass(frozen=True, slots=True)
class Concept:
    """An entry of the lexicon: `kind` is the type of its value, `near` what else may answer for it.

    `weak` concepts say what sort of thing is meant and decide nothing; `generic` ones ("price", "date") say no more
    than the type of their value does.
    """

    name: str
    kind: str
    near: frozenset[str]
    weak: bool
    generic: bool
    units: tuple[str, ...] = ()
    kinds: frozenset[tuple[str, ...]] = frozenset()


@dataclass(frozen=True)
class Lexicon:
    """Phrases as tuples of stems, for labels (`said`) and additionally for questions (`asked`)."""

    concepts: dict[str, Concept]
    said: dict[tuple[str, ...], frozenset[str]]
    asked: dict[tuple[str, ...], frozenset[str]]
    stops: dict[tuple[str, ...], frozenset[str]]
    only_asked: frozenset[tuple[str, ...]]
    soft: frozenset[tuple[str, ...]]
    strong: frozenset[str]
    longest: int


def _phrases(text: str) -> Iterable[tuple[str, ...]]:
    for phrase in text.split(";"):
        if key := tuple(u.stem for u in units(normal(phrase))):
            yield key


Groups = dict[tuple[str, ...], frozenset[int]]
"""Phrases as stems, with the numbers of the groups that they stand in."""


def two_sided(groups: Iterable[str]) -> tuple[Groups, Groups]:
    """The phrases of "asked; ask > said; say": those of questions, those of pages; without " > " all are both."""
    asking: Groups = {}
    saying: Groups = {}
    for number, group in enumerate(groups):
        left, _, right = group.partition(" > ")
        for table, side in ((asking, left), (saying, right or left)):
            for key in _phrases(side):
                table[key] = table.get(key, frozenset()) | {number}
    return asking, saying


def _entries(*names: str) -> dict[str, dict[str, Any]]:
    """The concepts of several lexicon files; wordings of one concept are put together, its first type stays."""
    merged: dict[str, dict[str, Any]] = {}
    for file in names:
        for name, entry in books.book(file)["concepts"].items():
            known = merged.setdefault(name, {})
            for key, value in entry.items():
                if key in ("en", "zh", "ask", "units", "kinds") and key in known:
                    known[key] = f"{known[key]}; {value}"
                else:
                    known.setdefault(key, value)
    return merged


@cache
def lexicon() -> Lexicon:
    """The lexicon that ships with the planner, read once."""
    speech = books.book("speech")
    concepts: dict[str, Concept] = {}
    said: dict[tuple[str, ...], frozenset[str]] = {}
    asked: dict[tuple[str, ...], frozenset[str]] = {}
    for name, entry in _entries("lexicon", "lexicon_papers").items():
        near = frozenset(entry.get("near", "").split())
        concepts[name] = Concept(
            name,
            entry.get("type", ""),
            near,
            entry.get("weak", False),
            entry.get("generic", False),
            tuple(u.strip() for u in entry.get("units", "").split(";") if u.strip()),
            frozenset(_phrases(entry.get("kinds", ""))),
        )
        for field, tables in (("en", (said,)), ("zh", (said,)), ("ask", (asked,))):
            for key in _phrases(entry.get(field, "")):
                for target in tables:
                    target[key] = target.get(key, frozenset()) | {name}
    only_asked = frozenset(asked)
    for key, names in said.items():
        asked[key] = asked.get(key, frozenset()) | names
    stops = {key: frozenset({"_stop"}) for part in speech["stop"].values() for key in _phrases(part)}
    soft = frozenset(key for part in speech["soft"].values() for key in _phrases(part))
    longest = max(len(key) for key in (*asked, *stops, *soft))
    strong = frozenset(key[0] for key in _phrases(speech["strong"]["zh"]))
    return Lexicon(concepts, said, asked, stops, only_asked, soft, strong, longest)


@dataclass(frozen=True, slots=True)
class Term:
    """One thing a text speaks of.

    `text` is its folded wording, `concepts` the lexicon entries it may mean (empty for other words), `kind` is
    "concept", "word", "number", "time", "date", "han" or "soft" (a verb or adverb of talk); `weak` terms say little
    ("invoice"); `start`, `end`: its slice of the folded text; `run`: the longer Chinese word it may be a part of.
    """

    text: str
    stems: tuple[str, ...]
    concepts: frozenset[str]
    kind: str
    weak: bool
    start: int
    end: int
    run: str = ""


@lru_cache(maxsize=20_000)
def terms(text: str, *, question: bool = False) -> tuple[Term, ...]:
    """The terms of a text, in order. `question` adds the phrases that only questions use and drops function words."""
    book = lexicon()
    folded = normal(text)
    found: list[Term] = []
    parts = units(folded)
    at = 0
    loose: list[Unit] = []
    while at < len(parts):
        size, names = _longest(parts, at, book, question)
        if not size:
            loose.append(parts[at])
            at += 1
            continue
        found += _words(loose, folded, question)
        loose = []
        if "_stop" not in names:
            found.append(_concept_term(parts[at : at + size], names, folded, book))
        at += size
    found += _words(loose, folded, question)
    return _with_runs(found) if question and has_han(folded) else tuple(found)


_ASKS = re.compile(r"[几谁哪]|多少|什么|怎")


def _with_runs(found: list[Term]) -> tuple[Term, ...]:
    """Chinese terms that follow each other directly know the whole word they may be parts of."""
    out: list[Term] = []
    for n, term in enumerate(found):
        if _ASKS.search(term.text):
            out.append(term)
            continue
        group = [term]
        for other in reversed(found[:n]):
            if other.end != group[0].start or _ASKS.search(other.text):
                break
            group.insert(0, other)
        for other in found[n + 1 :]:
            if other.start != group[-1].end or _ASKS.search(other.text):
                break
            group.append(other)
        run = "".join(t.text for t in group)
        out.append(replace(term, run=run) if len(group) > 1 and has_han(term.text) and len(run) <= 6 else term)
    return tuple(out)


def _longest(parts: tuple[Unit, ...], at: int, book: Lexicon, question: bool) -> tuple[int, frozenset[str]]:
    """The longest phrase that starts at a unit: its length and its concepts; 0 where none does."""
    table = book.asked if question else book.said
    for size in range(min(book.longest, len(parts) - at), 0, -1):
        key = tuple(u.stem for u in parts[at : at + size])
        if size == 1 and _lone_han(parts, at):
            return (1, frozenset({"_stop"})) if key[0] in book.strong else (0, frozenset())
        if key in book.stops and not (key in table and (key in book.only_asked or not question)):
            return size, book.stops[key]
        if question and size == 1 and key in book.stops:
            return size, table[key] | {"_soft"}  # "out", "into": no page needs to say it
        if question and key in book.soft and (size == 1 or key not in book.only_asked):
            return size, table.get(key, frozenset()) | {"_soft"}
        if key in table:
            return size, table[key]
    return 0, frozenset()


def _lone_han(parts: tuple[Unit, ...], at: int) -> bool:
    """Whether a unit is one Hanzi of a longer run: there it is more often part of a word than a word."""
    unit = parts[at]
    if not has_han(unit.text):
        return False
    before = at > 0 and has_han(parts[at - 1].text) and parts[at - 1].end == unit.start
    after = at + 1 < len(parts) and has_han(parts[at + 1].text) and unit.end == parts[at + 1].start
    return before or after


def _concept_term(parts: tuple[Unit, ...], names: frozenset[str], folded: str, book: Lexicon) -> Term:
    start, end = parts[0].start, parts[-1].end
    soft = "_soft" in names
    names -= {"_soft"}
    weak = all(book.concepts[n].weak for n in names)
    kind = "soft" if soft else "concept"
    return Term(folded[start:end], tuple(u.stem for u in parts), names, kind, weak or soft, start, end)


_ADJECTIVES = frozenset("大小高低新旧长短多少前后左右上下中")
_AUXILIARY = frozenset("要会能想得给让需该可应")


def _trimmed(run: list[Unit], book: Lexicon) -> list[Unit]:
    """A run of Hanzi without function words and verbs of one character at its ends."""

    def idle(unit: Unit) -> bool:
        return (unit.text,) in book.stops or (unit.text,) in book.soft

    while (
        run
        and idle(run[0])
        and (len(run) == 1 or run[0].text not in _ADJECTIVES)
        and (len(run) != 2 or idle(run[1]) or run[0].text in _AUXILIARY)
    ):
        run = run[1:]
    while run and idle(run[-1]) and (len(run) != 2 or idle(run[0])):
        run = run[:-1]
    return run


def _words(loose: list[Unit], folded: str, question: bool = False) -> list[Term]:
    """Units that no phrase covers: each word and number a term, neighbouring Hanzi one term."""
    book = lexicon()
    found: list[Term] = []
    run: list[Unit] = []
    for unit in [*loose, None]:
        if unit is not None and has_han(unit.text) and (not run or run[-1].end == unit.start):
            run.append(unit)
            continue
        if question:
            run = _trimmed(run, book)
        if run and tuple(u.text for u in run) in (book.asked if question else book.said):
            key = tuple(u.text for u in run)
            found.append(_concept_term(tuple(run), (book.asked if question else book.said)[key], folded, book))
        elif run:
            text = folded[run[0].start : run[-1].end]
            found.append(Term(text, tuple(u.text for u in run), frozenset(), "han", False, run[0].start, run[-1].end))
            run = []
        if unit is None:
            break
        if has_han(unit.text):
            run = [unit]
            continue
        kind = "number" if unit.text[0].isdigit() else "word"
        if kind == "number" or unit.text.isalnum() or "'" in unit.text:
            found.append(Term(unit.text, (unit.stem,), frozenset(), kind, False, unit.start, unit.end))
    return found


@dataclass(frozen=True)
class Words:
    """A text made ready for comparing with terms."""

    folded: str
    stems: frozenset[str]
    terms: tuple[Term, ...]
    concepts: frozenset[str]

    @property
    def content(self) -> tuple[Term, ...]:
        """The terms that say something (no weak ones)."""
        return tuple(t for t in self.terms if not t.weak)


@lru_cache(maxsize=20_000)
def words(text: str) -> Words:
    """`text` made ready for comparing."""
    folded = normal(text)
    found = terms(text)
    concepts = frozenset().union(*(t.concepts for t in found))
    stems = frozenset(u.stem for u in units(folded)) | frozenset(u.text for u in units(folded))
    return Words(folded, stems, found, concepts)


def likeness(term: Term, text: Words) -> float:
    """How surely `text` speaks of `term`: 1 in the same words, 0.95 by the lexicon, less when near; 0 not at all."""
    literal = _literal(term, text)
    if literal < 1 and (not term.concepts or term.run or not has_han(term.text)):
        literal = max(literal, _translated(term, text))
    if literal >= 1 or not term.concepts:
        return literal
    book = lexicon()
    if term.concepts & text.concepts:
        return max(literal, 0.95)
    if term.concepts & _DAYS and days_of(text.folded) & days_of(" ".join(term.concepts & _DAYS)):
        return 1.0
    if any(_holds(kind, text) for c in term.concepts for kind in book.concepts[c].kinds):
        return max(literal, 0.9)
    near = frozenset().union(*(book.concepts[c].near for c in term.concepts))
    if near & text.concepts:
        return max(literal, 0.6)
    return literal


_DAYS = frozenset(NAMES)


def _holds(kind: tuple[str, ...], text: Words) -> bool:
    """Whether a text has a word of a kind: "espresso" for a drink."""
    return "".join(kind) in text.folded if has_han(kind[0]) else set(kind) <= text.stems


def _same_day(one: date | None, two: date | None) -> bool:
    """The same month and day, and the same year where both have one."""
    if one is None or two is None or (one.month, one.day) != (two.month, two.day):
        return False
    return 1 in (one.year, two.year) or one.year == two.year


def _moment(term: Term, text: Words) -> float:
    """A time or date of a question against those in a text, however each is written."""
    wanted = next((v for v in values(term.text) if v.kind == term.kind), None)
    for value in values(text.folded) if wanted is not None else ():
        if value.kind != term.kind or wanted is None:
            continue
        if value.number is not None and value.number == wanted.number:
            return 1.0
        if _same_day(value.day, wanted.day):
            return 1.0
    return 0.0


def _literal(term: Term, text: Words) -> float:
    if term.kind in ("time", "date"):
        return _moment(term, text)
    if term.kind == "number":
        return float(term.text in text.stems or (len(term.text) > 3 and term.text in text.folded))
    if all(s in text.stems for s in term.stems) and (not has_han(term.text) or term.text in text.folded):
        return 1.0
    if has_han(term.text):
        return _han_share(term.text, text.folded)
    if len(term.text) < 7 or not text.stems:
        return 0.0
    best = (
        max(fuzz.ratio(term.text, other) for other in text.stems if abs(len(other) - len(term.text)) < 3)
        if any(abs(len(other) - len(term.text)) < 3 for other in text.stems)
        else 0.0
    )
    return 0.9 if best >= 86 else 0.0


def _han_share(wanted: str, text: str) -> float:
    """How much of a run of Hanzi stands in a text in one piece: 0 below two characters and three fifths of it."""
    if wanted in text:
        return 1.0
    size = len(wanted)
    for length in range(size - 1, 1, -1):
        if length < 0.6 * size:
            break
        if any(wanted[i : i + length] in text for i in range(size - length + 1)):
            return length / size
    return 0.0


def _translated(term: Term, text: Words) -> float:
    """A Chinese word against an English line, by a dictionary where one is installed."""
    if not has_han(term.text):
        return (
            0.85 if term.kind in ("word", "concept") and has_han(text.folded) and _named_in(term, text.folded) else 0.0
        )
    if has_han(text.folded):
        return 0.0
    if term.run and any(set(meaning) <= text.stems for meaning in translations(term.run)):
        return 0.95
    if term.kind != "han" or len(term.text) > 6:
        return 0.0
    for cut in range(2, len(term.text) - 1):
        parts = term.text[:cut], term.text[cut:]
        if all(any(set(meaning) <= text.stems for meaning in translations(part)) for part in parts):
            return 0.95
    return 0.85 if any(set(meaning) <= text.stems for meaning in translations(term.text)) else 0.0


@lru_cache(maxsize=5_000)
def _named_in(term: Term, folded: str) -> bool:
    """Whether a line of Hanzi has a word that the dictionary translates with an English one, or spells like it."""
    if len(folded) > 40 or len(term.text) < 3:
        return False
    for run in re.findall(rf"[{HAN}]{{2,}}", folded):
        for size in range(min(len(run), 4), 1, -1):
            for at in range(len(run) - size + 1):
                word = run[at : at + size]
                if any(m[-len(term.stems) :] == term.stems for m in translations(word)) or spelling(word) == term.text:
                    return True
    return False
