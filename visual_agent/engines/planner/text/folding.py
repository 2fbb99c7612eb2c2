"""Texts folded for comparing: one form for case, accents, widths, dashes, plurals and floors; words, numbers and Hanzi.

In: any text. Out: `normal` text, `Unit`s with their stems.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

HAN = "\u3400-\u9fff\uf900-\ufaff"
_UNIT = re.compile(rf"[{HAN}]|\d+(?:[.,:/-]\d+)*(?![^\W\d_{HAN}])|[^\W_{HAN}]+(?:['\u2019][a-z]+)?|[#%&@°]")
_HAN_CHAR = re.compile(rf"[{HAN}]")
_ORDINALS = ["zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
_FLOOR = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th) floor\b|\b({'|'.join(_ORDINALS[1:])}) floor\b"
    r"|(?<![\d第])(\d{1,2}) ?[楼层](?![\u3400-\u9fff]*[指索])|(?<![\u3400-\u9fff])([一二三四五六七八九十])[楼层]"
)
_HYPHENS = str.maketrans("‐‑–—−’‘“”", "-----''\"\"")


def normal(text: str) -> str:
    """Folded text for comparing: NFKC, lower case, no accents, ASCII dashes and quotes, single spaces."""
    text = unicodedata.normalize("NFKC", text.replace("\u2060", "")).translate(_HYPHENS).casefold()
    if not text.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
        text = unicodedata.normalize("NFC", plain)
    return _FLOOR.sub(_floor, " ".join(text.split()))


_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_MONTH_START = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_MISREAD = re.compile(
    rf"(?<![\w.])(?=[OoIıl]?[.:]?\d|[OoIıl]\d)[\dOoIıl]{{1,2}}(?:[.:][\dOoIıl]{{2}})?(?=\s?[ap]\.?m\b|\s(?-i:{_MONTH_START}))"
    r"|(?<![\w.])\d[OoIıl](?=\s?[ap]\.?m\b)|(?<![\w.])[\dOoIıl]{1,2}:(?=[\dOoIıl]?\d)[\dOoIıl]{2}(?!\w)"
    r"|(?<=[£$€¥])[\dOoIıl]*\d[\dOoIıl.,]*(?!\w)"
    r"|(?<![\w.])(?=[OoIıl]{0,3}\d)[\dOoIıl]{2,4}(?=\s?(?:[km]g|g|m?l|[cmk]?m|k?wh?|kcal|°c|%|min(?:ute)?s?|hours?)(?!\w))"
    r"|(?<![\w.])ı(?=\s?(?:[kml]g|min(?:ute)?|hour|day|week)(?!\w))",
    re.IGNORECASE,
)
_AS_DIGITS = str.maketrans("OoIıl", "00111")


_GLUED = re.compile(r"(?<!\d)((?:19|20)\d\d([-/.])\d\d\2\d\d)(?=\d\d:\d\d)")
"""A date whose time stands without a space behind it."""


def mended(text: str) -> str:
    """A text with the digits that were read as letters where only a number can stand ("7.4o am"); months as such."""
    text = _MISREAD.sub(lambda m: m[0].translate(_AS_DIGITS), text)
    text = _GLUED.sub(r"\1 ", text)
    return text if text.isascii() else re.sub(r"[^\W\d_]{3,}", lambda m: _month(m[0]), text)


def _month(word: str) -> str:
    """A month without the accents that a reader of pictures put on it; other words stay."""
    plain = word if word.isascii() else normal(word)
    return plain.title() if re.fullmatch(_MONTHS, plain) and not word.isascii() else word


def _floor(match: re.Match[str]) -> str:
    """Floors in one form: "3rd floor", "third floor", "3楼" and "三层" as "3f"."""
    digits = match[1] or match[3]
    if digits:
        return f"{digits}f"
    word = match[2] or match[4]
    return f"{(_ORDINALS.index(word) if word in _ORDINALS else '零一二三四五六七八九十'.index(word))}f"


def has_han(text: str) -> bool:
    """Whether the text has a Chinese character."""
    return _HAN_CHAR.search(text) is not None


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A lower-case English word without plural, -ed, -ing and final e; numbers, Hanzi and short words as they are.

    Lighter than Porter's stemmer on purpose: "applicant" and "application", "price" and "pricing" differ in meaning.
    """
    word = word.removesuffix("'s")
    if "0" in word and sum(c.isalpha() for c in word) >= 4:
        word = word.replace("0", "o")  # what a reader of pictures most often mistakes inside a word
    if not (word.isascii() and word.isalpha() and len(word) > 3):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) > 2 and re.search("[aeiouy]", root):
            return (
                root[:-1]
                if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "lsz"
                else root.removesuffix("e")
            )
    return word.removesuffix("e") if len(word) > 4 else word


@dataclass(frozen=True, slots=True)
class Unit:
    """A word, a number, a sign or one Hanzi; `start` and `end` are its slice of the folded text."""

    text: str
    stem: str
    start: int
    end: int


@lru_cache(maxsize=20_000)
def units(text: str) -> tuple[Unit, ...]:
    """The units of a text that `normal` has folded."""
    return tuple(Unit(m[0], stem(m[0]), m.start(), m.end()) for m in _UNIT.finditer(text))
