"""Words: text cut into sentences, numbers, quotes and words, the same for English and Chinese.

In: text. Out: pieces in a form that compares equal when a person would call them equal (NFKC, case, accents). Pure.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation

_ABBREVIATION = re.compile(
    r"mrs?|ms|dr|prof|st|nos?|vs|etc|inc|ltd|co|corp|tel|fig|approx|dept|est|max|min|ave|blvd|rd|vol|pp|ca|cf"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|e\.g|i\.e|a\.m|p\.m|u\.s|u\.k"
)
_END = re.compile(r"[.!?。！？；]+[\"'”’」』）)\]]*|\n+")
_CITED = re.compile(r"\s{0,4}\[r\d+(?:,r\d+)*\]")
_QUOTE = re.compile(
    r"\"([^\"\n]{1,200})\"|“([^”\n]{1,200})”|「([^」\n]{1,200})」|『([^』\n]{1,200})』|《([^》\n]{1,200})》"
    r"|(?<!\w)['‘]([^'’\n]{2,200})['’](?!\w)"
)
_NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:[.,:/\-]\d+)*(?:\.\d+)?|\d+(?:[.,:/\-]\d+)*")
_WORD = re.compile(r"[^\W_\u3400-\u9fff]+|[\u3400-\u9fff]")
_BULLET = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.)、])\s+")
_STOP = re.compile(
    r"an?|the|is|are|was|were|be|of|in|on|at|to|for|and|or|with|by|it|its|this|that|there|what|which|who|how|much|many"
    r"|does|do|did|has|have|s|as|from|[的了是在有和与什么多少吗哪个这那上]"
)


def plain(text: str) -> str:
    """NFKC, lower case, without accents, white space as single blanks."""
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    letters = "".join(c for c in folded if not unicodedata.combining(c))
    return " ".join(unicodedata.normalize("NFC", letters).split())


def words_in(text: str) -> set[str]:
    """The words that carry meaning; each Chinese character counts as one."""
    return {word for word in _WORD.findall(plain(text)) if not _STOP.fullmatch(word)}


def quotes_in(text: str) -> list[str]:
    """What stands in quotation marks, without them."""
    return [next(group for group in match.groups() if group is not None) for match in _QUOTE.finditer(text)]


def numbers_in(text: str, *, parts: bool = False) -> list[Decimal | str]:
    """The numbers of a text: 1,234.50 is 1234.5; dates, times and long codes stay texts without leading zeros.

    With `parts`, the pieces of dates and codes are given as well (2026-01-03 holds 2026, 1 and 3).
    """
    found: list[Decimal | str] = []
    for match in _NUMBER.finditer(unicodedata.normalize("NFKC", text)):
        token = match[0].replace("−", "-")
        value = _value(token)
        if value is not None:
            found.append(value)
            continue
        pieces = [str(int(piece)) for piece in re.findall(r"\d+", token)]
        found.append("-".join(pieces))
        if parts:
            found += [Decimal(piece) for piece in pieces]
    return found


def _value(token: str) -> Decimal | None:
    """A plain number: decimal point or decimal comma, thousands in groups of three; None for dates and codes."""
    sign, digits = ("-", token[1:]) if token.startswith("-") else ("", token)
    if re.fullmatch(r"\d+(?:\.\d+)?", digits):
        number = digits
    elif re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        number = digits.replace(",", "")
    elif re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+|\d+,\d{1,2}", digits):
        number = digits.replace(".", "").replace(",", ".")
    else:
        return None
    try:
        return Decimal(sign + number).normalize()
    except InvalidOperation:
        return None


def sentences(text: str) -> list[str]:
    """Sentences with the citations that follow them; decimals, abbreviations and list numbers do not end one.

    A bare "Yes." or "No." belongs to the sentence after it.
    """
    pieces: list[str] = []
    start = 0
    for match in _END.finditer(text):
        if match.start() < start or not _ends(text, match):
            continue
        end = match.end()
        if cited := _CITED.match(text, end):
            end = cited.end()
        pieces.append(text[start:end])
        start = end
    pieces.append(text[start:])
    cleaned = [_BULLET.sub("", piece).strip() for piece in pieces]
    return _joined([piece for piece in cleaned if re.search(r"\w", piece)])


def _ends(text: str, match: re.Match[str]) -> bool:
    mark = match[0]
    if not mark.startswith("."):
        return True
    after = text[match.end() : match.end() + 1]
    if after and not after.isspace() and after not in "[【［":
        return False  # 12.30, example.com
    word = re.search(r"[\w.]*\Z", text[max(0, match.start() - 12) : match.start()])
    before = word[0].lower() if word else ""
    if _ABBREVIATION.fullmatch(before) or (len(before) == 1 and before.isalpha()):
        return not text[match.end() :].strip()
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    return not re.fullmatch(r"\s*\d{1,2}", line) or not text[match.end() :].strip()  # "1. First"


_BARE = re.compile(r"(?:yes|no|是的?|不是|否|有|没有|对)[.。!！,，]*", re.IGNORECASE)


def is_bare(text: str) -> bool:
    """Whether a sentence is nothing but yes or no."""
    return bool(_BARE.fullmatch(text.strip()))


def _joined(pieces: list[str]) -> list[str]:
    result: list[str] = []
    for piece in pieces:
        if result and is_bare(result[-1]):
            result[-1] = f"{result[-1]} {piece}"
        else:
            result.append(piece)
    return result
