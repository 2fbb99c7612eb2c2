"""Judge one answer: a prediction's text and the accepted answers in, right or wrong out; pure.

An answer may be a bare value or a short sentence around it. A second value beside the right one is wrong,
and so is a dump of the page. Texts are compared after `normal`: NFKC, case, accents, spaces, citations and
quote marks folded; `squeeze` also drops punctuation and currency signs that carry no value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

CITATION = re.compile(r"\[\s*r\d+(?:\s*[,;]\s*r\d+)*\s*\]", re.I)
HANZI = r"\u3400-\u9fff"
REFUSAL = re.compile(
    r"vision[- ](?:language )?model|multimodal model|视觉(?:语言)?(?:大)?模型|多模态(?:大)?模型|"
    r"(?:can(?:no|')t|cannot) see (?:the )?(?:picture|image|colou?r|object|photo)|"
    r"看不见(?:图|画面|颜色)|无法看(?:见|到|出)",
    re.I,
)
STOP = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be been by did do does for from had has have he her his i in is it its of on or our she "
        "that the their there these they this those to was were what when where which who will with you your "
        "answer value about called named says said reads shows shown read total amount price name number date time "
        "mr ms mrs approximately about exactly picture image document",
    )
)
STOP_HANZI = frozenset("的是了为在有一共总计答案图片中上个这那张份里该其名字叫做于由和：")
NUMBER_WORDS = {
    word: i
    for i, word in enumerate(
        re.findall(
            r"\w+",
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen twenty",
        )
    )
}
HANZI_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
HANZI_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
PUNCTUATION = str.maketrans("。、“”‘’「」『』—–−‐•‧・×〜", ".,\"\"''''''----···x~")
NUMBER = re.compile(
    r"(?<![a-z\d.])(?<![a-z]-)(?P<sign>(?<!\d)-)?\s?(?:[$£€¥₹]|rmb|usd|cny)?\s?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+,\d{1,2}(?!\d)|\d+(?:\.\d+)?|\.\d+)(?P<unit>万|亿)?"
)
HANZI_NUMBER = re.compile(r"[零〇一二两三四五六七八九十百千万]+")


def normal(text: str) -> str:
    """Folded text: NFKC, lower case, no accents, ASCII punctuation, single spaces, no `[r3]` citations."""
    text = unicodedata.normalize("NFKC", CITATION.sub(" ", text)).translate(PUNCTUATION).casefold()
    decomposed = unicodedata.normalize("NFD", text)
    plain = "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
    return " ".join(unicodedata.normalize("NFC", plain).split())


def squeeze(text: str) -> str:
    """Only what carries the value: no spaces; punctuation stays between digits (`20:55`, `3.5`, `2024-01-02`)."""
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", normal(text))
    text = re.sub(r"(?<=\d)\s*([:./-])\s*(?=\d)", r"\1", text)
    return "".join(
        c
        for i, c in enumerate(text)
        if c.isalnum() or c == "%" or (c in ":./-" and 0 < i < len(text) - 1 and _digits_around(text, i))
    )


def _digits_around(text: str, i: int) -> bool:
    return text[i - 1].isdigit() and text[i + 1].isdigit()


def words(text: str) -> list[str]:
    """Latin words and numbers, and single Hanzi."""
    return re.findall(rf"[{HANZI}]|\d+(?:[.:/-]\d+)*|[^\W\d_{HANZI}]+", normal(text))


def refuses(text: str) -> bool:
    """Whether the answer says that only a vision-language model could tell."""
    return bool(REFUSAL.search(text))


def is_right(match: str, answer: str, accepted: Sequence[str], question: str = "") -> bool:
    """Judge `answer` by the rule `match`: exact, number, contains, yesno, set or text.

    Args:
        match: The rule's name.
        answer: What the system said.
        accepted: Alternatives; for `set` the elements, all needed (`a|b`: either); for `contains` `a&&b` needs both.
        question: Its words and numbers may be repeated in the answer without harm.

    Raises:
        ValueError: An unknown rule.
    """
    rules = {
        "exact": lambda: any(_exact(answer, a, question) for a in accepted),
        "number": lambda: _number(answer, accepted, question),
        "contains": lambda: any(_contains(answer, a) for a in accepted),
        "yesno": lambda: yes_or_no(answer) is not None and yes_or_no(answer) == yes_or_no(accepted[0]),
        "set": lambda: _set(answer, accepted, question),
        "text": lambda: any(error_rate(answer, a) <= 0.1 for a in accepted),
    }
    if match not in rules:
        raise ValueError(f"Unknown rule {match!r}; use one of {', '.join(rules)}.")
    return bool(answer.strip()) and rules[match]()


# --- one value -------------------------------------------------------------------------------------------


def _exact(answer: str, expected: str, question: str) -> bool:
    forms = [answer, *_unwrapped(answer)]
    return any(squeeze(f) == squeeze(expected) for f in forms) or any(_around(f, expected, question) for f in forms)


def _unwrapped(answer: str) -> list[str]:
    """What may hold the bare value: after a short label, inside the only quotes, before a remark in brackets."""
    text = normal(answer).rstrip(".!")
    forms = []
    label = re.fullmatch(r"[^:\d]{1,40}:\s+(.+)|[^:\d]{1,40}:([^\d\s].*)", text)
    if label:
        forms.append(label[1] or label[2])
    named = re.fullmatch(r"[^\d是为或不,;]{1,14}[是为]([^,;]+)", text)
    if named:
        forms.append(named[1])
    quoted = re.findall(r'"([^"]+)"', text)
    if len(quoted) == 1:
        forms.append(quoted[0])
    bare = re.sub(r"\s*\([^)]*\)", "", text)
    if bare and bare != text and not re.search(r"\d", "".join(re.findall(r"\([^)]*\)", text))):
        forms.append(bare)
    return forms


def _around(answer: str, expected: str, question: str) -> bool:
    """A short sentence whose other words are the question's, function words, or a lead-in ("Served by ...")."""
    text, value = normal(answer), normal(expected)
    hit = re.search(rf"(?<![a-z\d])(?<!\d[.:,/-]){re.escape(value)}(?![a-z\d])(?![.:,/-]\d)", text)
    if not hit:
        return False
    known = set(words(question)) | STOP | STOP_HANZI | set(words(expected))
    before, after = words(text[: hit.start()]), words(text[hit.end() :])
    strange = [w for w in before if w not in known]
    if any(w not in known for w in after) or any(w[0].isdigit() for w in strange):
        return False
    if re.search(r"\b(?:or|and|not|either)\b|[,;/]|或者?|不是", text[: hit.start()]):
        return not strange and not re.search(r"\b(?:not|or)\b|不是|或", text)
    led_in = len(strange) < len(before) or all(re.match(rf"[{HANZI}]", w) for w in strange)
    return len(strange) <= 2 and (led_in or not strange)


def _contains(answer: str, expected: str) -> bool:
    """All parts stand in the answer as whole words, and the answer is not much longer than they are."""
    text, parts = normal(answer), expected.split("&&")
    room = 3 * sum(len(squeeze(p)) for p in parts) + 80
    return len(squeeze(text)) <= room and all(_stands_in(text, normal(p)) for p in parts)


def _stands_in(text: str, value: str) -> bool:
    pattern = r"\s*".join(re.escape(c) for c in value if not c.isspace())
    return bool(re.search(rf"(?<![a-z\d])(?<!\d[.:]){pattern}(?![a-z\d])(?![.:]\d)", text))


# --- numbers ---------------------------------------------------------------------------------------------


def numbers(text: str) -> list[float]:
    """The numbers of a text: digits with separators, 1.2万, Chinese numerals, English words up to twenty.

    Digits glued to letters (G4, PS-0663) are names, not numbers.
    """
    text = normal(text)
    found = [_value(m) for m in NUMBER.finditer(text)]
    rest = NUMBER.sub(" ", text)
    found += [float(_hanzi_value(m[0])) for m in HANZI_NUMBER.finditer(rest) if _is_numeral(m[0], rest, m.start())]
    said = re.findall(r"[a-z]+", rest)
    # "one" is a pronoun unless it is nearly all that is said.
    return found + [float(NUMBER_WORDS[w]) for w in said if w in NUMBER_WORDS and (w != "one" or len(said) <= 2)]


def _value(m: re.Match[str]) -> float:
    digits = m["digits"]
    plain = digits.replace(",", ".") if re.fullmatch(r"\d+,\d{1,2}", digits) else digits.replace(",", "")
    return float(plain) * {"万": 1e4, "亿": 1e8, None: 1.0}[m["unit"]] * (-1 if m["sign"] else 1)


def _is_numeral(run: str, text: str, start: int) -> bool:
    """`一共`, `一样`, `万一` are words; a single 一 counts only before a measure word."""
    after = text[start + len(run) : start + len(run) + 1]
    return run not in ("一", "万", "千", "百") or after in tuple("个张份条本辆人次桌天元")


def _hanzi_value(run: str) -> int:
    """A Chinese numeral below a hundred million; digit strings (二〇二四) too."""
    if all(c in HANZI_DIGITS for c in run):
        return int("".join(str(HANZI_DIGITS[c]) for c in run))
    total = section = digit = 0
    for c in run:
        if c in HANZI_DIGITS:
            digit = HANZI_DIGITS[c]
        elif c == "万":
            total, section, digit = (total + section + digit or 1) * 10_000, 0, 0
        else:
            section, digit = section + (digit or 1) * HANZI_UNITS[c], 0
    return total + section + digit


def _number(answer: str, accepted: Sequence[str], question: str) -> bool:
    """Every number in the answer that the question does not hold is an accepted one, and there is one."""
    text = normal(answer)
    if len(text) > 240:
        return False
    # "12 + 13 = 25" and "25 = 12 + 13" answer 25
    results = [part for part in re.split(r"[=≈]", text) if len(numbers(part)) == 1]
    text = results[-1] if results and re.search(r"[=≈]", text) else text
    bare = re.sub(r"\([^)]*\)", " ", text)  # so does "25 (12 + 13)"
    said = numbers(bare) or numbers(text)
    wanted = [n for a in accepted for n in numbers(a)]
    asked = numbers(question)
    rest = [n for n in said if n not in asked or _near_any(n, wanted)]
    return bool(rest) and all(_near_any(n, wanted) for n in rest)


def _near_any(n: float, wanted: Sequence[float]) -> bool:
    return any(abs(n - w) <= 1e-6 * max(1.0, abs(w)) for w in wanted)


# --- yes or no, sets, transcriptions ------------------------------------------------------------------------


def yes_or_no(text: str) -> bool | None:
    """True for yes, False for no, None where the text says neither; the first word decides."""
    text = normal(text).lstrip("\"'*· ")
    if re.match(r"not found|could not|cannot|未找到|没有找到", text):
        return None
    if re.match(r"(?:no|nope|false)\b|不|没|否|无|未|并非|并没", text):
        return False
    if re.match(r"(?:yes|yeah|yep|true|correct)\b|是|有|对|可以|允许|能|会|一样|相同|一致|包含|存在", text):
        return True
    if re.search(r"\b(?:not|no|never|none|isn't|doesn't|aren't|don't|differ(?:s|ent)?)\b|不|没有|未", text):
        return False
    return True if re.search(r"\b(?:same|identical|allowed|yes)\b|相同|一样|一致", text) else None


def _set(answer: str, expected: Sequence[str], question: str) -> bool:
    """The same elements in any order: none missing, none too many."""
    text = re.sub(r"^[^:\n]{1,60}:\s", "", CITATION.sub(" ", answer).strip())
    text = unicodedata.normalize("NFKC", text).translate(PUNCTUATION).rstrip(". ")
    parts = [re.sub(r"^\s*(?:[-*·]|\d+[.)])\s+", "", p) for p in re.split(r"[,;\n]|\band\b|&|和|与|及", text)]
    parts = [p for p in parts if squeeze(p)]
    needed = [e.split("|") for e in expected]
    if len(parts) != len(needed):
        return False
    for options in needed:
        hit = next((p for p in parts if any(_exact(p, o, question) for o in options)), None)
        if hit is None:
            return False
        parts.remove(hit)
    return True


def error_rate(answer: str, expected: str) -> float:
    """Character error rate without spaces and punctuation: edit distance over the expected length."""
    a, b = squeeze(answer), squeeze(expected)
    if abs(len(a) - len(b)) > max(len(b), 1):
        return 1.0
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1] / max(len(b), 1)
