"""How nearly texts speak of a phrase, whatever words each of them uses.

In: a phrase of a question and the texts of a page. Out: a share 0..1 for each text. A word of the phrase stands there,
or a word of the same stem, kin (`kin.toml`, `related.toml`) or meaning (`meanings.py`); words that few of the texts
have count most.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from visual_agent.engines.planner.asked.questions import analyse
from visual_agent.engines.planner.asked.related import groups_in, keys_of
from visual_agent.engines.planner.asked.weights import is_generic
from visual_agent.engines.planner.figures.running import alike
from visual_agent.engines.planner.text.dictionary import is_verb, segmented
from visual_agent.engines.planner.text.folding import HAN, has_han, normal, stem, units
from visual_agent.engines.planner.text.meanings import nearest_of
from visual_agent.engines.planner.text.words import Term, terms

_IDLE = re.compile(
    r"(?:"
    r"a|an|the|of|to|in|on|at|for|from|by|with|and|or|is|are|was|were|be|been|do|"
    r"does|did|has|have|had|can|could|may|i|me|my|we|us|our|you|your|he|she|it|its|"
    r"they|their|them|his|her|this|that|these|those|there|here|one|ones|what|which|who|"
    r"whom|whose|where|when|how|if|want|wants|would|will|should|must|please|some|any|more|"
    r"another|other|so|get|got|go|as|s|d|m|re|ve|ll|t|not|else|than|then|up|out"
    r")(?:['’].*)?"
)
_IDLE_HAN = re.compile(
    r"[的了吗呢吧啊么是在有我你您他她它这那个一把被给跟和与或就都也还要想能会可请帮下来去到]+|大家|咱们?|现在|什么|怎么|哪里|哪儿|哪"
)
LIKE = 0.45
"""Least cosine at which two words are taken for kin."""


_VERB = re.compile(
    r"(?=\b(?:to|i|you|we|they|he|she|it|people|must|can|could|should|will|would|may|be|been|being|have|has|had"
    r"|(?:was|were|is|are|got)(?= (?:\w+ly )?\w+(?:ed|en|wn|id|ght|pt|nt|lt)\b)) (?:\w+ly )?"
    r"(?!(?:i|you|he|she|we|they|it|be|been|being|ha(?:ve|s|d)|the|an?|my|our|your|me|us|people|to)\b)([a-z]+)\b)"
)
_LAST = re.compile(
    r"^(?:when|how \w+|what \w+|by when|until when) (?:do|does|did|will|can|must|should|is|are|was|were)\b.*? ([a-z]+)"
    r"(?: (?:up|out|off|down|back|away|over))?(?: (?:at|on|in|for|this|next|every|each)(?: the)?(?: \w+)?)?\W*$"
)
_SORTS = re.compile(
    r"lots?|groups?|class(?:es)?|clubs?|society|societies|courses?|sessions?|teams?|people|folks?|crowd|gang|guys?|stuff"
    r"|小组|组|班|课|课程|社|社团|社区|队|俱乐部|协会"
)
"""Nouns that say of what sort the thing is whose name stands before them."""


@dataclass(frozen=True)
class Word:
    """A word of a phrase: its term, the groups of related words that its phrase stands in, how much it says."""

    text: str
    term: Term
    groups: frozenset[int]
    weight: float


@lru_cache(maxsize=2_000)
def content(phrase: str) -> tuple[Word, ...]:
    """The words of a phrase that say something."""
    folded = normal(phrase)
    plain = _IDLE_HAN.sub(" ", folded)
    found = [w for run in re.findall(rf"[{HAN}]+", plain) for w in segmented(run)]
    found += [w for w in re.findall(r"[a-z\d](?:[a-z\d.,:/'’-]*[a-z\d])?", folded) if not _IDLE.fullmatch(w)]
    kin = keys_of(analyse(phrase)) if found else []
    out = []
    for word in dict.fromkeys(found):
        term = _term(word)
        groups = frozenset[int]().union(*(k.groups for k in kin if word in k.text))
        out.append(Word(word, term, groups, _says(term)))
    return tuple(out)


@lru_cache(maxsize=5_000)
def verbs(folded: str) -> frozenset[str]:
    """The words of a question that say what happens; documents have other words for it."""
    said = folded.rstrip(" ?.")
    found = {m[1] for m in _VERB.finditer(said)}
    last = None if found else _LAST.search(said)
    return frozenset({last[1]} if last else found)


def is_sort(word: Word) -> bool:
    """Whether a word only says of what sort a thing is: "the photography lot", "拉丁语小组"."""
    return _SORTS.fullmatch(word.text) is not None


def _says(term: Term) -> float:
    """How much a word says: names of types ("number", "address") and verbs less than things."""
    if is_generic(term) and not term.text.endswith(("ing", "ed")):
        return 0.3
    return 0.4 if term.weak or (has_han(term.text) and (len(term.text) == 1 or is_verb(term.text))) else 1.0


def _term(word: str) -> Term:
    """A word as a term, with its concepts where the lexicon knows it."""
    known = terms(word)
    if len(known) == 1 and known[0].text == word:
        return known[0]
    stems = tuple(u.stem for u in units(word))
    return Term(word, stems, frozenset(), "han" if has_han(word) else "word", False, 0, len(word))


@lru_cache(maxsize=100_000)
def support(word: Word, text: str, like: float = LIKE) -> float:
    """How surely a text speaks of a word, 0..1; `like` is the least cosine of two words that counts."""
    best = alike(word.term, text)
    if best >= 0.85:
        return best
    folded = normal(text)
    if word.groups & groups_in(text):
        best = max(best, 0.8)
    if len(word.text) == 2 and word.text[1] in "子儿" and word.text[0] in folded:
        best = max(best, 0.75)
    if len(word.text) == 2 and word.text[1] in folded and is_verb(word.text):
        best = max(best, 0.7)  # "喝酒" in "忌烟酒"
    if len(word.text) > 3 and word.text.isalpha() and not has_han(word.text) and word.text in folded:
        best = max(best, 0.75)  # "chip" in "microchip"
    return max(best, min(0.85, _closest(word.text, folded, like)))


def heard(word: Word, texts: Iterable[str]) -> float:
    """How surely any of some texts speaks of a word, 0..1."""
    return max((support(word, t) for t in texts), default=0.0)


def _closest(word: str, folded: str, like: float) -> float:
    """The likeness in meaning of the nearest word of a text; 0 below `like`."""
    if len(word) < 2 or word[0].isdigit() or len(folded) > 300:
        return 0.0
    others = re.findall(r"[a-z]{3,}", folded)
    others += [w for run in re.findall(rf"[{HAN}]{{2,}}", folded) for w in segmented(run) if len(w) > 1 or w in word]
    near = nearest_of(word, (o for o in others if stem(o) != stem(word)))
    return near if near >= like else 0.0


def shares(phrase: str, texts: Sequence[str], like: float = LIKE) -> list[float]:
    """How much of a phrase each text accounts for, 0..1; all zeros where the phrase says nothing."""
    found = list(content(phrase))
    table = [[support(w, t, like) for w in found] for t in texts]
    for n in range(len(found)):
        if any(row[n] >= 1 for row in table):
            for row in table:  # where the word itself stands, its kin are hardly meant
                row[n] *= 1 if row[n] >= 1 else 0.7
    holders = [sum(row[n] >= 0.5 for row in table) for n in range(len(found))]
    mass = [w.weight * _rarity(h, len(texts)) for w, h in zip(found, holders, strict=True)]
    heard = [m if h or w.weight >= 0.5 else 0.0 for m, h, w in zip(mass, holders, found, strict=True)]
    mass = heard if any(heard) else mass  # verbs and types that the page does not have say nothing
    whole = sum(mass)
    return [sum(m * s for m, s in zip(mass, row, strict=True)) / whole if whole else 0.0 for row in table]


def _rarity(holders: int, texts: int) -> float:
    """How telling a word is: one that stands everywhere tells little, a missing one counts in full."""
    return 1.0 if not holders else 0.3 + 0.7 * math.log(1 + texts / holders) / math.log(1 + texts)
