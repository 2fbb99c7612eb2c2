"""The answer to a question, copied from a page by the language model: nothing else can come out.

In: the lines of a page and a question in English. Out: `Copied`: what the model would most likely copy from one line,
how likely, and how likely it says that the page does not tell. The model writes piece by piece, but only pieces
that go on with the words of a line are let through, so that every answer has a line to point at.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from visual_agent.engines.planner.language import weights
from visual_agent.engines.planner.language.llama import Llama

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from visual_agent.engines.planner.language.llama import Cache

    Array = NDArray[np.float32]

NOT_TOLD = "not stated"
"""What the model was taught to say where the page does not hold the answer."""
LONGEST_PAGE, LONGEST_QUESTION, LONGEST_ANSWER = 1400, 120, 40
"""Tokens."""
_TRIED, _BRANCHES = 64, 4
"""Likeliest pieces that are looked at in each step, and beginnings that are followed to their end."""
KEPT = 4
"""Pages whose cache is kept (about 30 MB each)."""
ASKED, END = "<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>"
"""What stands behind a question, and behind an answer."""


@dataclass(frozen=True)
class Copied:
    """An answer: its text, the line it was copied from (-1: none), the letter of it that it begins with, and shares.

    Shares are logarithms. `share` is that of the answer, `untold` that of "not stated", `others` those of the texts that were asked about.
    """

    text: str
    line: int
    start: int
    share: float
    untold: float
    others: tuple[float, ...] = ()


@dataclass
class _Branch:
    """An answer being written: its bytes, its last token, its share so far, where in the lines it may stand."""

    written: bytes
    token: int
    share: float
    places: list[tuple[int, int]]
    slots: list[int]


class Copier:
    """The model with its tokenizer. Safe to call from several threads: one call at a time is computed."""

    def __init__(self) -> None:
        self._model = Llama(weights.load())
        self._tokenizer = weights.tokenizer()
        weights.close()
        self._pieces = [_bytes(self._tokenizer.id_to_token(n)) for n in range(self._tokenizer.get_vocab_size())]
        self._end = self._tokenizer.token_to_id(END)
        self._pages: OrderedDict[str, tuple[int, Cache]] = OrderedDict()
        self._turn = threading.Lock()

    def copy(self, rows: Sequence[Sequence[str]], question: str, others: Sequence[str] = ()) -> Copied | None:
        """The likeliest answer from one text of `rows` (what stands side by side), or None for too long a page.

        `Copied.line` counts all texts of all rows. `others` are answers from elsewhere whose shares are wanted too.
        """
        page = page_prompt(rows)
        with self._turn:
            start = self._page(page)
            if start is None:
                return None
            return self._answer([t.encode() for row in rows for t in row], question, others, *start)

    def size(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._encode(text))

    def _page(self, text: str) -> tuple[int, Cache] | None:
        """Tokens of a page and its cache; pages that were asked about lately are not read again."""
        import numpy as np

        if text not in self._pages:
            ids = self._encode(text)
            if len(ids) > LONGEST_PAGE:
                return None
            size = len(ids)
            _, cache = self._model.forward(ids, np.arange(size), np.tri(size, dtype=bool))
            self._pages[text] = (size, cache)
            if len(self._pages) > KEPT:
                self._pages.popitem(last=False)
        self._pages.move_to_end(text)
        return self._pages[text]

    def _encode(self, text: str) -> NDArray[np.int64]:
        import numpy as np

        return np.array(self._tokenizer.encode(text).ids, dtype=np.int64)

    def _answer(self, lines: list[bytes], question: str, others: Sequence[str], size: int, cache: Cache) -> Copied:
        import numpy as np

        asked = np.concatenate([self._encode(_harmless(question))[:LONGEST_QUESTION], self._encode(ASKED)])
        many = len(asked)
        mask = np.concatenate([np.ones((many, size), dtype=bool), np.tri(many, dtype=bool)], axis=1)
        hidden, cache = self._model.forward(asked, np.arange(size, size + many), mask, cache)
        first = self._model.log_odds(hidden[-1:])[0]
        given = self._shares([NOT_TOLD, *others], first, size + many, cache)
        written, line, at, share = self._written(lines, first, size + many, cache)
        start = len(lines[line][:at].decode(errors="ignore")) if line >= 0 else 0
        return Copied(written.decode(errors="ignore"), line, start, share, given[0], tuple(given[1:]))

    def _shares(self, texts: Sequence[str], first: Array, size: int, cache: Cache) -> list[float]:
        """The share of each text as the whole answer."""
        import numpy as np

        encoded = [self._encode(t)[:LONGEST_ANSWER] for t in texts]
        total = sum(len(e) for e in encoded)
        mask, at = np.zeros((total, size + total), dtype=bool), 0
        mask[:, :size] = True
        for e in encoded:
            mask[at : at + len(e), size + at : size + at + len(e)] = np.tri(len(e), dtype=bool)
            at += len(e)
        positions = np.concatenate([size + np.arange(len(e)) for e in encoded])
        hidden, _ = self._model.forward(np.concatenate(encoded), positions, mask, cache)
        odds, at, found = self._model.log_odds(hidden), 0, []
        for e in encoded:
            following = [*e[1:], self._end]
            found.append(float(first[e[0]]) + float(sum(odds[at + n, t] for n, t in enumerate(following))))
            at += len(e)
        return found

    def _written(self, lines: list[bytes], first: Array, size: int, cache: Cache) -> tuple[bytes, int, int, float]:
        """The likeliest of a few answers, each begun otherwise and then written piece by likeliest piece."""
        import numpy as np

        anywhere = [(n, at) for n, line in enumerate(lines) for at in _beginnings(line)]
        live = self._following(_Branch(b"", -1, 0.0, anywhere, []), lines, first)[:_BRANCHES]
        best: tuple[bytes, int, int, float] = (b"", -1, 0, -1e9)
        past, slots = cache, 0
        for step in range(LONGEST_ANSWER):
            live = [b for b in live if b.share > best[3]]
            if not live:
                break
            mask = np.zeros((len(live), size + slots + len(live)), dtype=bool)
            mask[:, :size] = True
            for n, branch in enumerate(live):
                branch.slots.append(slots + n)
                mask[n, [size + s for s in branch.slots]] = True
            ids = np.array([b.token for b in live], dtype=np.int64)
            hidden, past = self._model.forward(ids, np.full(len(live), size + step), mask, past)
            slots += len(live)
            odds = self._model.log_odds(hidden)
            grown = []
            for branch, next_ in zip(live, odds, strict=True):
                place = next(((n, at) for n, at in branch.places if _ends(lines[n], at + len(branch.written))), None)
                if place is not None and (share := branch.share + float(next_[self._end])) > best[3]:
                    best = (branch.written, *place, share)
                grown += self._following(branch, lines, next_)[:1]
            live = grown
        return best

    def _following(self, branch: _Branch, lines: list[bytes], odds: Array) -> list[_Branch]:
        """The branch with each likely next piece that a line goes on with, likeliest first."""
        import numpy as np

        likely = np.argpartition(-odds, _TRIED)[:_TRIED]
        found = []
        for token in likely[np.argsort(-odds[likely])]:
            if token == self._end or not self._pieces[token]:
                continue
            written = branch.written + self._pieces[token]
            places = [(n, at) for n, at in branch.places if lines[n].startswith(written, at)]
            if places:
                share = branch.share + float(odds[token])
                found.append(_Branch(written, int(token), share, places, list(branch.slots)))
        return found


def page_prompt(rows: Sequence[Sequence[str]]) -> str:
    """How the model reads a page: a row a line."""
    return "<|im_start|>user\n" + _harmless("\n".join(" | ".join(row) for row in rows)) + "\n\n"


def _harmless(text: str) -> str:
    """A text without what looks like the model's own marks."""
    return text.replace("<|", "< |")


_LOADING = threading.Lock()


def copier() -> Copier | None:
    """The one copier of this process, loaded when first asked for; None where there is no model (`weights.path`)."""
    if weights.path() is None:
        return None
    with _LOADING:
        return _copier()


@cache
def _copier() -> Copier:
    return Copier()


def _is_letter(byte: int) -> bool:
    return byte >= 0x80 or chr(byte).isalnum()


def _beginnings(line: bytes) -> list[int]:
    """Where a word, or a sign, of a line begins."""
    return [
        at
        for at in range(len(line))
        if line[at : at + 1] != b" " and not (at and _is_letter(line[at]) and _is_letter(line[at - 1]))
    ]


def _ends(line: bytes, at: int) -> bool:
    """Whether a word ends at a place of a line."""
    return at >= len(line) or not (_is_letter(line[at]) and _is_letter(line[at - 1]))


@cache
def _alphabet() -> dict[str, int]:
    """The letters by which byte-level tokenizers (GPT-2's) write bytes that cannot be printed."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    strange = [b for b in range(256) if b not in plain]
    return {chr(b): b for b in plain} | {chr(256 + n): b for n, b in enumerate(strange)}


def _bytes(piece: str | None) -> bytes:
    """The bytes that a piece stands for; none for special ones."""
    alphabet = _alphabet()
    return bytes(alphabet[c] for c in piece) if piece and all(c in alphabet for c in piece) else b""
