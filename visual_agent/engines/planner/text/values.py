"""Typed values in a text: amounts, dates, times, percentages, phone numbers, addresses of the net, identifiers.

In: a line of text or a question. Out: `Value`s with their slice, and numbers or dates where they have one.
English and Chinese forms; Chinese numerals are read ("三十二", "壹佰", "1.2万").
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "壹": 1, "贰": 2, "叁": 3, "肆": 4}
_DIGITS |= {"伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9, "俩": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000, "拾": 10, "佰": 100, "仟": 1000}
_HAN_NUMBER = f"[{''.join(_DIGITS)}{''.join(_UNITS)}]+"

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = (
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)(?![a-z])"
    r"|(?:星期|周|礼拜)[一二三四五六日天])"
)
_CURRENCY = r"(?:us\$|hk\$|nt\$|a\$|c\$|[$£€¥₹₩]|rmb|usd|cny|eur|gbp|jpy|hkd|chf|aud|cad|inr|sgd)"
_MONEY_WORD = (
    r"(?:元|块钱|块|圆|美元|欧元|英镑|港元|日元|dollars?|euros?|pounds?|yuan|usd|cny|rmb|eur|gbp|chf|hkd|aud|cad|kr)"
)
_NUMBER = r"(?:\d{1,3}(?:[,']\d{3})+|\d+)(?:\.\d+)?"
_HOUR = r"(?:[01]?\d|2[0-4])"

_PATTERNS: tuple[tuple[str, str], ...] = (
    (
        "frequency",
        r"(?:\b(?:once|twice|(?:two|three|four|five|six|\d+) times)"
        r"(?:,? (?:a|per|every|each) (?:day|week|month|year|hour)"
        r"|,? daily|,? weekly)?|\bevery (?:\d+|two|three|four|six|eight|twelve) (?:hours?|days?|weeks?)"
        r"|[每一1][天日周]\s?[一二两三四五六\d]\s?次)",
    ),
    (
        "floor",
        r"(?<![\w])(?:B\d|\d{1,2})\s?F(?![A-Za-z])"
        r"|[地负]?(?:[一二三四五六七八九十]+|\d{1,2})\s?[楼层](?![\u4e00-\u9fff]*[号座])"
        r"|\b(?:ground|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|top|\d{1,2}(?:st|nd|rd|th))"
        r" floor\b",
    ),
    (
        "duration",
        rf"{_NUMBER}\s?(?:hours?|hrs?|h)\s?(?:and )?\d{{1,2}}\s?(?:minutes?|mins?|m)\b"
        rf"|{_NUMBER}\s?个?小时\s?\d{{1,2}}\s?分钟?",
    ),
    ("email", r"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+"),
    (
        "url",
        r"https?://\S+|www\.\S+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|edu|gov|io|cn|co\.uk|uk|de|fr|info|app|dev|shop|museum|eu|ie|nz|au|ca)(?:/\S*)?\b",
    ),
    ("date", r"\d{4}\s?年\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?[日号])?"),
    ("date", r"\d{1,2}\s?月\s?\d{1,2}\s?[日号]"),
    ("date", r"(?<![\d.])(?:19|20)\d{2}\s?[-/.]\s?\d{1,2}\s?[-/.]\s?\d{1,2}(?![\d])"),
    ("date", r"(?<![\d.])(?:19|20)\d{2}[-/.]\d{2}[-/.]\d{2}(?=[012]\d:\d{2})"),  # a time read without its space
    ("date", r"(?<![\d.])\d{1,2}\s?(?P<sep>[-/.])\s?\d{1,2}\s?(?P=sep)\s?(?:(?:19|20)\d{2}|\d{2})(?![\d])"),
    ("date", r"(?<![\d/.-])(?:0?[1-9]|1[0-2])\s?[/.]\s?(?:19|20)\d{2}(?![\d/])"),
    (
        "date",
        rf"\d{{1,2}}(?:st|nd|rd|th)?\s*(?:of\s+)?[-\s]?{_MONTH}\b\.?(?:,?[-\s]*'?\d{{4}}\b|[-\s]'?\d{{2}}\b(?!:))?",
    ),
    ("date", rf"\b{_MONTH}\b\.?[\s-]*\d{{1,2}}(?:st|nd|rd|th)?\b(?!:)(?:(?:,\s*|\s+)\d{{4}}\b)?"),
    ("date", rf"\b{_MONTH}\b\.?,?\s*\d{{4}}\b"),
    (
        "time",
        rf"(?:上午|下午|早上|晚上|中午|凌晨|傍晚)\s?(?:{_HOUR}|{_HAN_NUMBER})\s?(?:[:点时]\s?(?:\d{{1,2}}\s?分?|半|{_HAN_NUMBER}分?)?)",
    ),
    ("time", rf"(?<![\d:.]){_HOUR}\s?[:h]\s?[0-5]\d(?:\s?:\s?[0-5]\d)?(?:\s?[ap]\.?m\b\.?)?(?![\d])"),
    ("time", r"(?<![\d:.,])(?:1[0-2]|0?[1-9])(?:\.[0-5]\d)?\s?[ap]\.?\s?m\b\.?"),
    ("time", rf"(?<![\d]){_HOUR}\s?点(?:\s?\d{{1,2}}\s?分?|半)?"),
    ("time", r"\b(?:noon|midnight|midday)\b"),
    ("percent", rf"[-+−]?\s?{_NUMBER}\s?(?:%|percent\b|per cent\b)|百分之\s?(?:\d+(?:\.\d+)?|{_HAN_NUMBER})"),
    (
        "amount",
        rf"{_NUMBER}\s?[-–~至]\s?{_NUMBER}\s?{_MONEY_WORD}(?![a-z])|{_CURRENCY}\s?{_NUMBER}\s?[-–~]\s?{_CURRENCY}?\s?{_NUMBER}",
    ),
    ("amount", rf"(?:[-+−]\s?)?{_CURRENCY}\s?(?:[-−]\s?)?{_NUMBER}(?:\s?(?:[kmb]\b|bn\b|million\b|billion\b|万|亿))?"),
    ("amount", rf"(?:[-+−]\s?)?{_NUMBER}\s?(?:万|亿|k|m)?\s?{_MONEY_WORD}(?![a-z])(?:\s?\d角)?"),
    (
        "phone",
        r"(?<![A-Za-z0-9_.,-])(?:\+\d{1,3}[\s-]?)?(?:\(\d{2,5}\)[\s-]?)?\d{3,5}(?:[\s-]\d{3,8}){1,3}(?![\d%]|[.,]\d)",
    ),
    ("phone", r"(?<![A-Za-z0-9_.])(?:1[3-9]\d{9}|0\d{9,11}|\+\d{8,14}|[48]00\d{7})(?![\d%]|[.,]\d)"),
    (
        "duration",
        rf"{_NUMBER}\s?(?:[-–]\s?\d+\s?)?-?(?:(?:working |business |calendar )?"
        r"(?:minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|nights?|seconds?|secs?)\b"
        r"|分钟|个?小时|天|个?工作日|周(?![一二三四五六日末])|个月|年(?!\d)|晚|日内|秒)",
    ),
    ("duration", rf"{_HAN_NUMBER}(?:分钟|个?小时|天|个?工作日|周(?![一二三四五六日末])|个月|年|晚)"),
    ("weekday", _WEEKDAY),
    ("id", r"(?<![a-z0-9_])(?=[a-z0-9_/.-]*\d)(?=[\d/.-]*[a-z])[a-z0-9]+(?:[-/.][a-z0-9]+)*(?![\w])"),
    ("id", r"(?<![A-Za-z0-9_.,])\d+(?:-\d+)+(?![\w.,])|(?<![\w.,-])\d{5,}(?![\w.,])"),
    ("number", rf"(?<![\d.])[-+−]?\s?{_NUMBER}(?:\s?(?:万|亿|k\b|million\b|billion\b|bn\b))?"),
    ("number", _HAN_NUMBER),
)
_COMPILED = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _PATTERNS)
_SCALES = {"万": 1e4, "亿": 1e8, "k": 1e3, "m": 1e6, "b": 1e9, "bn": 1e9, "million": 1e6, "billion": 1e9}


@dataclass(frozen=True, slots=True)
class Value:
    """A typed value: its text, its slice of the searched text, and its number or date where it has one.

    A time's number is its minutes after midnight; a duration's number is in the unit it is written in.
    """

    kind: str
    text: str
    start: int
    end: int
    number: float | None = None
    day: date | None = None


@lru_cache(maxsize=20_000)
def values(text: str) -> tuple[Value, ...]:
    """The typed values of a text, in order, without overlaps; earlier patterns win (a date is no subtraction)."""
    wide = _narrow(text)
    taken = [False] * len(wide)
    found: list[Value] = []
    for kind, pattern in _COMPILED:
        for match in pattern.finditer(wide):
            start, end = match.span()
            while start < end and wide[start].isspace():
                start += 1
            if start == end or any(taken[start:end]):
                continue
            taken[start:end] = [True] * (end - start)
            found.append(_value(kind, text[start:end].strip(), start, end))
    return tuple(sorted(found, key=lambda v: v.start))


def _narrow(text: str) -> str:
    """Full-width characters as ASCII, one for one, so that slices stay valid."""
    folded = (unicodedata.normalize("NFKC", c) for c in text)
    plain = "".join(f if len(f) == 1 else c for f, c in zip(folded, text, strict=True)).replace("−", "-")
    return re.sub(r"(?<![0-9A-Za-z.])0(?=ct\b|CT\b)", "O", plain)  # "3 0ct": the month, misread


def _value(kind: str, text: str, start: int, end: int) -> Value:
    plain = _narrow(text).lower()
    if kind == "date":
        return Value(kind, text, start, end, None, _date(plain))
    if kind == "time":
        return Value(kind, text, start, end, _minutes(plain))
    if kind in ("amount", "percent", "number", "duration", "id"):
        return Value(kind, text, start, end, _number(plain))
    return Value(kind, text, start, end)


NUMBER_WORDS = {w: n for n, w in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)}  # noqa: SIM905
"""English numerals up to twelve, in order."""


def numeral(text: str) -> float | None:
    """A number of things in digits, in an English word up to twelve or in Hanzi; None where it is none."""
    return float(text) if text.isdigit() else NUMBER_WORDS.get(text) or han_number(text)


def han_number(run: str) -> float | None:
    """A Chinese numeral: 三十二 -> 32, 一百零五 -> 105, 二〇二五 -> 2025, 三万 -> 30000; None where it is none."""
    if not run or any(c not in _DIGITS and c not in _UNITS for c in run):
        return None
    if all(c in _DIGITS for c in run):
        return float("".join(str(_DIGITS[c]) for c in run))
    total, section, digit = 0, 0, 0
    for c in run:
        if c in _DIGITS:
            digit = _DIGITS[c]
        elif _UNITS[c] >= 10_000:
            total, section, digit = (total + section + digit or 1) * _UNITS[c], 0, 0
        else:
            section, digit = section + (digit or 1) * _UNITS[c], 0
    return float(total + section + digit)


def _number(text: str) -> float | None:
    match = re.search(_NUMBER, text)
    if match is None:
        run = re.search(_HAN_NUMBER, text.removeprefix("百分之"))
        return han_number(run[0]) if run else None
    number = float(re.sub(r"[,']", "", match[0]))
    scale = re.match(r"\s?(万|亿|k\b|m\b|bn\b|b\b|million|billion)", text[match.end() :])
    number *= _SCALES[scale[1]] if scale else 1.0
    return -number if "-" in text[: match.start()] else number


def _minutes(text: str) -> float | None:
    if text in ("noon", "midday"):
        return 720.0
    if text == "midnight":
        return 0.0
    numbers = [float(n) for n in re.findall(r"\d+", text)]
    if not numbers:
        runs = [han_number(r) for r in re.findall(_HAN_NUMBER, text)]
        numbers = [n for n in runs if n is not None]
    if not numbers:
        return None
    hour, minute = numbers[0], numbers[1] if len(numbers) > 1 else (30.0 if "半" in text else 0.0)
    late = re.search(r"p\.?\s?m|下午|晚上|傍晚", text)
    if late and hour < 12:
        hour += 12
    if re.search(r"a\.?\s?m|凌晨", text) and hour == 12:
        hour = 0
    return hour * 60 + minute


def _date(text: str) -> date | None:
    """The calendar date; day before month in d/m/y unless the second number is above 12. Year 1 where none is given."""
    month = re.search(_MONTH, text)
    numbers = [int(n) for n in re.findall(r"\d+", text)]
    try:
        if month:
            number = MONTHS.index(month[0][:3]) + 1
            year = next((n for n in numbers if n > 31), None)
            day = next((n for n in numbers if n <= 31), 1)
            if year is None and len(numbers) == 2:
                year = 2000 + numbers[1]
            return date(year or 1, number, day)
        if re.match(r"\d{4}", text):
            return date(numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else 1)
        if "月" in text:
            return date(1, numbers[0], numbers[1])
        if len(numbers) == 2:
            return date(numbers[1], numbers[0], 1)
        a, b, year = numbers
        year += 2000 if year < 100 else 0
        return date(year, a, b) if b > 12 else date(year, b, a)
    except (ValueError, IndexError):
        return None


_ANSWERS = {
    "amount": ("amount", "number"),
    "number": ("number", "amount", "percent", "duration"),
    "percent": ("percent", "number"),
    "date": ("date",),
    "time": ("time",),
    "weekday": ("weekday",),
    "duration": ("duration",),
    "frequency": ("frequency",),
    "floor": ("floor",),
    "phone": ("phone",),
    "email": ("email",),
    "url": ("url",),
}
"""What a value of each type may be written as, best first."""
FREE_TEXT = ("", "text", "name", "place", "id")
"""The types of an answer that have no form of their own; "" where a question does not say."""


def of_kind(text: str, kind: str) -> list[Value]:
    """The values in a text that can answer for a type, those of the best form only."""
    found = values(text)
    if kind == "weekday":
        return [Value("weekday", m[0], m.start(), m.end()) for m in re.finditer(_WEEKDAY, text, re.IGNORECASE)]
    for form in _ANSWERS.get(kind, ()):
        hits = [v for v in found if v.kind == form]
        if hits:
            return hits
    if kind == "phone":
        return [v for v in found if v.kind in ("number", "id") and 3 <= sum(c.isdigit() for c in v.text) <= 15]
    if kind == "number":
        return [v for v in found if v.kind == "id" and v.number is not None and re.match(r"\d", v.text)]
    return []


def fits(text: str, kind: str) -> bool:
    """Whether a text can be the value that a type asks for; free text fits everything but pure numbers for a name."""
    if kind in _ANSWERS:
        return bool(of_kind(text, kind))
    letters = sum(c.isalpha() for c in text)
    if kind == "name":
        dated = any(v.kind in ("date", "time", "weekday", "amount", "phone", "email", "url") for v in values(text))
        return (
            not dated
            and len(text) <= 60
            and len(text.split()) <= 8
            and letters >= 2
            and letters >= sum(c.isdigit() for c in text)
        )
    if kind == "id":
        return any(c.isdigit() for c in text) or (text.isupper() and " " not in text)
    if kind == "place":
        typed = any(v.kind in ("date", "time", "amount", "phone", "email", "percent") for v in values(text))
        return letters >= 1 and not typed
    return any(c.isalnum() for c in text)


def number_of(text: str) -> float | None:
    """The one number that a cell or value stands for: an amount, percentage, number or time; None where none."""
    for kind in ("amount", "percent", "number", "duration", "time"):
        for value in of_kind(text, kind) if kind != "time" else [v for v in values(text) if v.kind == "time"]:
            if value.number is not None:
                return value.number
    return None


_CENTS = re.compile(r"[.,]\d\d$")


def has_cents(text: str) -> bool:
    """Whether a number ends with two decimals, as money does: "12.50"."""
    return _CENTS.search(text) is not None


def is_numeric(text: str) -> bool:
    """Whether a text is a value rather than a label: most of it is typed values with digits."""
    found = [v for v in values(text) if v.kind != "weekday" and _counts(v)]
    covered = sum(v.end - v.start for v in found)
    return bool(found) and covered >= 0.5 * len(text.replace(" ", ""))


def _counts(value: Value) -> bool:
    """Names with a digit (H1, Q3, MV2) are no values; long identifiers are."""
    digits = sum(c.isdigit() for c in value.text)
    return digits > 0 and not (value.kind == "id" and value.text[0].isalpha() and digits < 3)
