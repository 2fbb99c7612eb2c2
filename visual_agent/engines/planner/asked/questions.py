"""A question taken apart: what kind it is, what it speaks of, what type of value answers it.

In: the question's text (English, Chinese or mixed) and how many pictures there are. Out: `Question`. How people ask is
in `asking.toml`, what documents call things in `lexicon.toml`; here is only the order in which both are applied.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.values import NUMBER_WORDS, Value, values
from visual_agent.engines.planner.text.words import Term, lexicon, terms

LIMIT = 2000
"""Characters of a question that are looked at; nobody asks in more, and regular expressions stay quick."""

_ORDINALS = {
    word: place
    for place, words in enumerate(
        (
            "first 1st 1 one 一 left 左 earlier older old original before 前 upper 旧 老 原",
            "second 2nd 2 two 二 right 右 later newer new after 后 other 另 lower 新",
            "third 3rd 3 three 三",
            "fourth 4 four 四",
            "5 五",
        )
    )
    for word in words.split()
}
_QUOTED = re.compile(
    r"\"([^\"]{1,200})\"|“([^”]{1,200})”|「([^」]{1,200})」|『([^』]{1,200})』|《([^》]{1,200})》|‘([^’]{2,200})’"
    r"|(?<!\w)'([^']{2,200})'(?!\w)"
)
_ORDINAL_ZH = re.compile(r"第[一二三四五六七八九十\d]+[节课时组排届次期季周轮章]")
_UNITS = {
    "mm": "millimet(?:re|er)",
    "cm": "centimet(?:re|er)",
    "km": "kilomet(?:re|er)",
    "kg": "kilogram|kilo",
    "ml": "millilit(?:re|er)",
}
_MEASURED = frozenset({"amount", "number", "percent", "duration"})


@dataclass(frozen=True)
class Question:
    """One question, analysed.

    `kind`: "changes", "transcribe", "locate", "place", "choose", "yesno", "count", "extreme", "sum", "difference",
    "average" or "field". `wants` is the type of the value that answers ("" for any text), `terms` what it speaks of,
    `heads` those of them that are asked for, `quoted` what it puts in quotes. `picture` is the index of the picture it
    names (None: any), `both` whether it is about several, `choose` whether it asks for one of them. `high` is the
    direction of an extreme (None: none), `rank` 2 for the second highest, `measure` the concept that an adjective ranks
    by ("standing": the place in a race), `comparative` whether it compares. `looks`: only looking would tell; `counts`: it asks for a number of things;
    `placed`: it describes a place on the page; `script`: the answer is asked for in "latin" or "han" letters.
    """

    text: str
    folded: str
    chinese: bool
    kind: str
    wants: str
    terms: tuple[Term, ...]
    quoted: tuple[str, ...] = ()
    picture: int | None = None
    both: bool = False
    choose: bool = False
    high: bool | None = None
    rank: int = 1
    measure: str = ""
    looks: bool = False
    counts: bool = False
    comparative: bool = False
    placed: bool = False
    script: str = ""
    heads: tuple[Term, ...] = ()

    @property
    def content(self) -> tuple[Term, ...]:
        """The terms that decide."""
        return tuple(t for t in self.terms if not t.weak)

    def about(self, concept: str) -> bool:
        """Whether the question speaks of a concept."""
        return any(concept in t.concepts for t in self.terms)


@lru_cache(maxsize=500)
def analyse(text: str, pictures: int = 1) -> Question:
    """Take a question apart."""
    text = text[:LIMIT]
    folded = normal(text)
    for unit, words in _UNITS.items():
        folded = re.sub(rf"\b(?:{words})s?\b", unit, folded)
    picture, rest = _picture(folded, pictures)
    if picture is not None and _compares_pictures(folded):
        picture, rest = None, folded
    high = _direction(rest)
    question = Question(
        text=text,
        folded=folded,
        chinese=_is_chinese(text),
        kind="field",
        wants=asking.wanted_type(rest),
        terms=_terms(rest),
        quoted=tuple(next(g for g in m.groups() if g) for m in _QUOTED.finditer(text)),
        picture=picture,
        both=pictures > 1 and picture is None and asking.find("both", folded) is not None,
        choose=pictures > 1 and asking.find("choose", folded) is not None,
        high=high,
        rank=_rank(rest),
        measure=_measure(rest) if high is not None else "",
        looks=asking.find("vision", folded) is not None,
        counts=asking.find("count", rest) is not None,
        comparative=asking.find("comparative", rest) is not None,
        placed=asking.find("place", rest) is not None,
        script=_script(rest),
        heads=_heads(rest),
    )
    return replace(question, kind=_kind(question, rest, pictures))


def _compares_pictures(folded: str) -> bool:
    """Whether a question that names one picture asks what it has more than the other: "how much dearer in the second"."""
    compares = asking.find("comparative", folded) or asking.find("risen", folded)
    return bool(asking.find("difference", folded) and compares) and not re.search(r"\bthan\b|.比.", folded)


def _is_chinese(text: str) -> bool:
    """Chinese when the question, without what it quotes, has more Hanzi than Latin words."""
    plain = _QUOTED.sub(" ", text)
    plain = plain if re.search(r"\w", plain) else text
    return len(re.findall(r"[\u3400-\u9fff]", plain)) > len(re.findall(r"[A-Za-z\u00c0-\u024f]+", plain))


def _picture(folded: str, pictures: int) -> tuple[int | None, str]:
    """Which picture the question names (from 0), and the question without that."""
    if pictures < 2:
        return None, folded
    match = asking.find("picture", folded)
    if match is None:
        return _time_of(folded) if pictures == 2 else None, folded
    if len(asking.pattern("picture").findall(folded)) > 1:
        return None, folded
    word = next(g for g in match.groups() if g)
    index = pictures - 1 if word == "last" else _ORDINALS.get(word)
    if index is None or index >= pictures:
        return None, folded
    return index, folded[: match.start()] + " " + folded[match.end() :]


def _time_of(folded: str) -> int | None:
    """Of two versions, "at first" means the first picture and "now" the second."""
    if asking.find("became", folded):
        return 1
    if asking.find("changing", folded):
        return None
    return 0 if asking.find("before", folded) else 1 if asking.find("now", folded) else None


# --- terms ---------------------------------------------------------------------------------------------------------


def _script(folded: str) -> str:
    """The script that the answer must be in: "latin" for an English name, "han" for a Chinese one."""
    match = asking.find("script", folded)
    return "" if not match else "latin" if match[1] else "han"


def _clock(match: re.Match[str]) -> str:
    """For "six in the evening" as 18:00."""
    word = match[1] or match[3]
    hour = int(word) if word.isdigit() else NUMBER_WORDS[word]
    hour += 12 if match[2] in ("afternoon", "evening") and hour < 12 else 0
    return f"{hour:02d}:00"


def _terms(folded: str) -> tuple[Term, ...]:
    """The question's terms without those that only say how it asks; times and dates are terms as a whole."""
    folded = re.sub(r"([\u4e00-\u9fff])不\1", r"\1", folded)
    folded = asking.pattern("going").sub("destination ", folded)
    folded = asking.pattern("clock").sub(_clock, folded)
    folded = asking.pattern("script").sub(" ", folded)
    found: list[Term] = []
    start = 0
    ordinals = [Value("han", m[0], m.start(), m.end()) for m in _ORDINAL_ZH.finditer(folded)]
    for value in sorted([*values(folded), *ordinals], key=lambda v: v.start):
        if value.kind not in ("time", "date", "han") or value.start < start:
            continue
        found += terms(folded[start : value.start], question=True)
        text = folded[value.start : value.end]
        found.append(Term(text, (text,), frozenset(), value.kind, False, value.start, value.end))
        start = value.end
    found += terms(folded[start:], question=True)
    return _glossed(folded, [t for t in found if not _is_manner(t)])


def _glossed(folded: str, found: list[Term]) -> tuple[Term, ...]:
    """With "pork belly (五花肉)" only one of the two wordings needs to stand there: the first counts little."""
    match = asking.find("gloss", folded)
    if match is None or not terms(match[2], question=True):
        return tuple(found)
    if has_han(match[2]) == has_han(match[1]) and not has_han(match[1]):
        return tuple(found)
    before = match[1] if has_han(match[1]) else " ".join(match[1].split()[-2:])
    return tuple(
        replace(t, kind="soft", weak=True) if t.text in before and t.text not in match[2] else t for t in found
    )


def _heads(folded: str) -> tuple[Term, ...]:
    """What is asked for, of whatever it is asked: "bin number" in "the bin number at bay 4"."""
    match = asking.find("head", folded) or asking.find("head_zh", folded)
    if match is None:
        return ()
    return tuple(t for t in terms(match[1], question=True) if not t.weak and not _is_manner(t))


def _is_manner(term: Term) -> bool:
    """Words such as "highest" or "how many": they set the kind of the question, no label holds them."""
    if term.concepts & {"total", "due_date", "maximum", "minimum"}:
        return False
    return asking.pattern("manner").fullmatch(term.text) is not None


# --- kinds ---------------------------------------------------------------------------------------------------------


def _ranking_part(folded: str) -> str:
    """The question without words that only look like a ranking: "at least", "first quarter"."""
    return asking.pattern("no_ranking").sub(lambda m: "latest" if m[0] == "most recent" else " ", folded)


def _measure(folded: str) -> str:
    """What is ranked by: a concept, or "standing" for a place in a table or a race."""
    return "standing" if standing(folded) is not None else asking.measure(_ranking_part(folded))


def _direction(folded: str) -> bool | None:
    """True for most, False for least, None where the question ranks nothing."""
    place = standing(folded)
    if place is not None:
        return place[0]
    folded = _ranking_part(folded)
    low, high = asking.find("extreme_low", folded), asking.find("extreme_high", folded)
    if low and re.search(r"\bleast (?:expensive|costly)\b", folded):
        return False
    if low and high:
        return high.start() < low.start() if "most" not in high[0] else low.start() > high.start()
    return True if high else False if low else None


def both_ends(folded: str) -> bool:
    """Whether a question names the most and the least at once: "between the warmest and the coldest"."""
    return asking.find("the_most", folded) is not None and asking.find("the_least", folded) is not None


_FROM_BELOW = {"last": 1, "bottom": 1, "垫底": 1, "倒数第一": 1, "倒数第二": 2, "倒数第三": 3}
_FROM_ABOVE = {"亚军": 2, "季军": 3, "3rd": 3, "三": 3, "4th": 4, "四": 4, "5th": 5, "五": 5, "6th": 6, "六": 6} | {
    word: place for place, word in enumerate(("second", "third", "fourth", "fifth", "sixth"), start=2)
}


def standing(folded: str) -> tuple[bool, int] | None:
    """(True when counted from above, the place) for "who came third" or "bottom of the table"; None without one."""
    match = asking.find("standing", folded)
    if match is None:
        return None
    word = next(g for g in match.groups() if g)
    if word in _FROM_BELOW or word.endswith(("last", "bottom")):
        return False, _FROM_BELOW.get(word, 3 if word.startswith("third") else 2)
    return True, 2 if word in ("2nd", "二") or word.startswith("runner") else _FROM_ABOVE.get(word, 1)


def _rank(folded: str) -> int:
    place = standing(folded)
    match = asking.find("second_best", folded)
    if place is not None or match is None:
        return place[1] if place is not None else 1
    word = match[1] or match[2]
    return 2 if word in ("2nd", "二") else _FROM_ABOVE.get(word, 4)


def _kind(question: Question, rest: str, pictures: int) -> str:
    yesno = _asks_yes_or_no(rest)
    across = _kind_of_several(question, yesno) if pictures > 1 else ""
    if across:
        return across
    if yesno and not asking.find("more_asked", rest):
        return "yesno"
    if asking.find("average", rest):
        return "average"
    if asking.find("difference", rest) or (both_ends(rest) and asking.find("between", rest)):
        return "difference"
    for kind in ("transcribe", "locate"):
        if asking.is_kind(kind, rest) and (question.high is None or kind != "locate" or asking.find("points", rest)):
            return _settle(kind, question, rest)
    if question.high is not None and not _superfluous(question, rest):
        return "extreme"
    if question.counts and not any(t.kind in ("word", "han") for t in question.content) and not question.both:
        return "count"
    if asking.find("sum", rest) and (len(question.content) > 1 or question.counts or question.both):
        return "sum"
    if question.counts:
        return "count"
    return "place" if question.placed else "field"


def _asks_yes_or_no(rest: str) -> bool:
    if asking.find("yesno", rest) is None:
        return False
    return asking.find("not_yesno", rest) is None or re.search(r"吗|有没有|是否", rest) is not None


def _kind_of_several(question: Question, yesno: bool) -> str:
    """The kind of a question about several pictures as such; "" where it is as any other."""
    folded = question.folded
    book = lexicon().concepts
    if asking.is_kind("changes", folded) and not yesno:
        measured = any(book[c].kind in _MEASURED for t in question.content for c in t.concepts)
        return "difference" if measured and re.search(r"\bdifference\b|相差|差额", folded) else "changes"
    if question.picture is not None:
        return ""
    if yesno:
        bare = all(t.kind == "soft" or t.weak for t in question.terms)
        named = re.search(
            r"\b(?:the|his|her|their|its) (hours?|times?|days?|names?|number|prices?|dates?) (?!of)", folded
        )
        return "changes" if bare and not named and asking.find("same", folded) else ""
    if asking.find("difference", folded) and re.search(
        r"\bhow (?:much|many)\b|[差多少高低贵](?:了)?(?:多少|几)", folded
    ):
        return ""
    compares = question.comparative and asking.find("chooser", folded) is not None
    return "choose" if compares or question.choose else ""


def _superfluous(question: Question, rest: str) -> bool:
    """Whether a superlative is a label's own word: "at most", "the last four digits", "maximum height"."""
    if question.about("due_date") and not re.search(r"\b(?:which|who)\b", rest):
        return True
    if question.about("maximum") or question.about("minimum"):
        return not re.search(r"\b(?:which|who)\b|哪|谁", rest)
    if standing(rest) is not None:
        return False
    return question.placed and re.search(r"\b(?:first|last|top|bottom)\b|最后|第一", rest) is not None


def _settle(kind: str, question: Question, rest: str) -> str:
    """A transcription of one part is a "place"; "找出总价" asks for a value, not for where it stands."""
    if kind == "transcribe":
        return "place" if question.placed else kind
    valued = question.chinese and re.search(r"[价额量数]|多少|几", rest)
    return "field" if valued and not re.search(r"位置|哪|框|圈|标出", rest) else kind


def threshold(folded: str) -> tuple[bool, str] | None:
    """(True for more, False for less; the text after the comparison) for "over 100" or "超过100"; None without one."""
    match = asking.find("limit", folded) or asking.find("limit_zh", folded)
    if match is None:
        return None
    if match[0] in ("以上", "以下", "以内", "之内", "之前", "之后"):
        return match["more"] is not None, folded[max(0, match.start() - 12) : match.start()]
    return match["more"] is not None, folded[match.end() :]


def typed(found: tuple[Term, ...]) -> str:
    """The type of value that the terms' concepts have, where they agree on one."""
    book = lexicon().concepts
    decisive = (t for t in found if t.concepts and not t.weak and t.kind != "soft")
    kinds = {book[c].kind for t in decisive for c in t.concepts} - {""}
    return kinds.pop() if len(kinds) == 1 else ""
