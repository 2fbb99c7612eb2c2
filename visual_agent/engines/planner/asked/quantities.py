"""Quantities that a question brings along: "three days", "两盒"; the time between two moments; what "how many" counts.

In: a `Question` and what was read. Out: worked-out values with the working; the thing that is counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from visual_agent.engines.planner.asked.extracts import wanted
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.hits import Hit
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page, Pair
from visual_agent.engines.planner.text.folding import has_han, stem
from visual_agent.engines.planner.text.values import NUMBER_WORDS, Value, han_number, number_of, values
from visual_agent.engines.planner.text.words import Term, words

_MEASURES = "个张块盒瓶份斤件本杯人位天晚只袋包公斤千克桶箱枚支套条次"
_COUNT_ZH = re.compile(rf"(?<!第)([一二两三四五六七八九十]+|\d+)(?:个?(?:小时|月|星期|人)|[{_MEASURES}]|年)")
_COUNT_EN = re.compile(
    r"\b(\d{1,3}|"
    + "|".join(list(NUMBER_WORDS)[1:])
    + r")\s+(?!am\b|pm\b|o'clock|of\b|(?:g|kg|ml|cm|mm|l|m|percent)\b)([a-z]{3,})"
)
_ENDS = frozenset({"end_date", "end_time", "closing_time", "due_date", "expiry_date", "checkout"})
_STARTS = frozenset({"start_date", "start_time", "checkin"})
_PAIRS = (
    (frozenset({"checkin"}), frozenset({"checkout"})),
    (frozenset({"start_time", "start_date"}), frozenset({"end_time", "end_date"})),
    (frozenset({"departure"}), frozenset({"arrival"})),
    (frozenset({"arrival", "checkin"}), frozenset({"departure", "checkout"})),
)


def quantity(question: Question) -> int | None:
    """How many of something the question is about, from 2 to 99; None where it gives no number."""
    match = _COUNT_ZH.search(question.folded)
    if match:
        number = int(match[1]) if match[1].isdigit() else int(han_number(match[1]) or 0)
    else:
        said = _COUNT_EN.search(question.folded)
        if (
            said is None
            or said[2].endswith("est")
            or said[2] in ("pictures", "images", "documents", "most", "digits", "halves")
        ):
            return None
        number = int(said[1]) if said[1].isdigit() else NUMBER_WORDS[said[1]]
    return number if 2 <= number <= 99 else None


def multiplied_text(question: Question, hit: Hit, page: Page) -> tuple[str, str, tuple[str, ...]] | None:
    """(amount, working, regions) for a price of one and a question about several; None where that is not asked."""
    count = quantity(question)
    price = number_of(hit.text)
    if (
        count is None
        or price is None
        or wanted(question) not in ("amount", "number")
        or hit.kind not in ("amount", "number")
    ):
        return None
    if question.counts and question.wants == "number":
        return None
    if any(v.number == count for v in values(hit.label)):
        return None
    for cells in (row for grid in page.grids for row in grid.filled):
        if not any(c.id in hit.ids for c in cells):
            continue
        full = [c for c in cells if (n := number_of(c.text)) is not None and abs(n - count * price) < 0.005]
        if any(number_of(c.text) == count for c in cells) and full:
            return full[0].text, "", (full[0].id,)
        if any(number_of(c.text) == count for c in cells) and any(number_of(c.text) == price / count for c in cells):
            return None
    total = round(count * price, 2)
    shown = str(int(total)) if total == int(total) else f"{total:.2f}"
    return shown, f"{count} x {hit.text}", hit.ids


def side(question: Question, text: str) -> str:
    """The last value of a range for a question about the end, the first for one about the start."""
    found = [v for v in values(text) if v.kind in ("time", "date")]
    if len(found) < 2 or found[0].kind != found[-1].kind:
        return text
    asked = {c for t in question.terms for c in t.concepts}
    folded = question.folded
    if asked & _ENDS or re.search(
        r"\b(?:until|till|end|ends|close|closes|closing|shut|latest|last|finish)\b|到几点|结束|关门|截止|打烊|最晚",
        folded,
    ):
        return found[-1].text
    if asked & _STARTS or re.search(
        r"\b(?:start|starts|begin|begins|open at|opens|earliest|from when)\b|开始|开门|最早|从几点", folded
    ):
        return found[0].text
    return text


def span_of(question: Question, page: Page) -> tuple[str, str, tuple[str, ...]] | None:
    """(duration, working, regions) between a labelled start and a labelled end; None where one is missing."""
    for starts, ends in _PAIRS:
        one, two = _moment(page, starts), _moment(page, ends)
        if one is None or two is None or (one[1].id == two[1].id and one[0].start == two[0].start):
            continue
        text = _between(one[0], two[0], question)
        if text is not None:
            return text, f"{one[0].text} - {two[0].text}", (one[1].id, two[1].id)
    return None


def _moment(page: Page, concepts: frozenset[str]) -> tuple[Value, Item] | None:
    """The date or time under a label of these concepts."""
    best: tuple[float, Value, Item] | None = None
    for pair in page.pairs:
        said = words(pair.label)
        if not said.concepts & concepts or len(said.content) > 2:
            continue
        found = _first_moment(pair)
        if found is not None and pair.ids[0] in page.known and (best is None or pair.prior > best[0]):
            best = pair.prior, found, page.known[pair.ids[0]]
    return (best[1], best[2]) if best else None


def _first_moment(pair: Pair) -> Value | None:
    found = [v for v in values(pair.value) if v.kind in ("date", "time")]
    return next((v for v in found if v.kind == "date"), found[0] if found else None)


def _between(one: Value, two: Value, question: Question) -> str | None:
    """The time between two moments of the same kind, in days or in hours and minutes."""
    if one.day is not None and two.day is not None:
        days = (two.day - one.day).days
        if days <= 0:
            return None
        if re.search(r"\bweeks?\b|几周|几个?星期", question.folded) and days % 7 == 0:
            return f"{days // 7} 周" if question.chinese else f"{days // 7} weeks"
        nights = re.search(r"\bnights?\b|晚", question.folded)
        return f"{days} {'晚' if nights else '天'}" if question.chinese else f"{days} {'nights' if nights else 'days'}"
    if one.kind == two.kind == "time" and one.number is not None and two.number is not None:
        minutes = int(two.number - one.number) % 1440
        if minutes == 0:
            return None
        if re.search(r"\bminutes?\b|分钟", question.folded) or minutes < 60:
            return f"{minutes} 分钟" if question.chinese else f"{minutes} minutes"
        hours, rest = divmod(minutes, 60)
        if question.chinese:
            return f"{hours} 小时" + (f" {rest} 分钟" if rest else "")
        return f"{hours} h" + (f" {rest} min" if rest else "")
    return None


# --- what is counted -----------------------------------------------------------------------------------------------

_STOP = frozenset(
    [
        "are",
        "is",
        "was",
        "were",
        "be",
        "been",
        "do",
        "does",
        "did",
        "has",
        "have",
        "had",
        "can",
        "could",
        "will",
        "would",
        "may",
        "must",
        "should",
        "shall",
        "might",
        "of",
        "in",
        "for",
        "on",
        "at",
        "to",
        "with",
        "from",
        "by",
        "per",
        "the",
        "a",
        "an",
        "this",
        "that",
        "these",
        "those",
        "which",
        "who",
        "whom",
        "there",
        "i",
        "you",
        "we",
        "they",
        "he",
        "she",
        "it",
        "my",
        "our",
        "your",
        "their",
        "his",
        "her",
        "its",
        "not",
        "more",
        "than",
        "over",
        "under",
        "between",
        "if",
        "when",
        "and",
        "or",
        "each",
        "altogether",
        "in",
        "total",
        "still",
        "left",
    ]
)
_HOW_MANY = re.compile(
    r"\b(?:how many|number of|count (?:of )?(?:the )?|how often)\b(?: of)?(?: (?:the|these|those|my)\b)? ?"
)
_ZH = re.compile(
    r"(?:多少|几)(?P<unit>个|位|名|样|项|种|条|件|门|节|次|场|家|辆|台|只|本|张|份|道|间|所|座|棵|盆|盒|瓶|包|袋|箱|桶|块|支|根|双|套|卷|班|趟|天|晚|户|亩|人)?"
    r"(?P<noun>[\u4e00-\u9fff]{0,4})"
)
_THINGS = frozenset(
    [
        "thing",
        "item",
        "entry",
        "line",
        "row",
        "record",
        "one",
        "name",
        "people",
        "person",
        "member",
        "student",
        "pupil",
        "piece",
        "kind",
        "type",
        "sort",
        "topic",
        "point",
        "different",
        "option",
        "time",
        "turn",
        "shift",
    ]
)
THINGS_ZH = "个项样种条件名人位家场道门次节样东西物品内容同学员工人员条目"


@dataclass(frozen=True)
class Counted:
    """What is counted: its noun, the words before it ("light" bulbs), the verb behind it; `unit` for Chinese."""

    noun: str = ""
    before: tuple[str, ...] = ()
    verb: str = ""
    unit: str = ""

    @property
    def generic(self) -> bool:
        """Whether it says nothing of what is counted: "things", 几个."""
        if has_han(self.unit + self.noun):
            return self.noun in ("", "人") or self.noun in THINGS_ZH
        return stem(self.noun) in {stem(w) for w in _THINGS} or self.noun == ""

    def means(self, term: Term) -> bool:
        """Whether a term of the question is what is counted."""
        if has_han(self.unit + self.noun):
            return bool(self.noun) and (term.text in self.unit + self.noun or self.noun in term.text)
        return bool(self.noun) and stem(self.noun) in term.stems


@lru_cache(maxsize=500)
def counted_thing(folded: str) -> Counted:
    """What the words behind "how many" or 几 name."""
    match = _HOW_MANY.search(folded)
    if match is None:
        zh = _ZH.search(folded)
        return Counted(zh["noun"] or "", (), "", zh["unit"] or "") if zh else Counted()
    told = re.findall(r"[a-z][\w'-]*|[?.,:]|\d[\d.,]*", folded[match.end() :])
    phrase: list[str] = []
    for word in told:
        if word in _STOP or not word[0].isalnum():
            break
        if (word[0].isalpha() and not (phrase and phrase[-1][0].isdigit() and word in UNITS)) or word[0].isdigit():
            phrase.append(word)
    kinds = re.match(r"(?:different )?(?:kinds?|types?|sorts?|varieties|flavou?rs) of ([a-z]+)", folded[match.end() :])
    if kinds:
        return Counted(kinds[1], (), _verb(folded))
    if not phrase:
        return Counted(verb=_verb(folded))
    at = next((n for n, w in enumerate(phrase) if _is_plural(w)), 0 if len(phrase) > 2 else len(phrase) - 1)
    behind = phrase[at + 1] if at + 1 < len(phrase) else _verb(folded)
    return Counted(phrase[at], tuple(phrase[:at]), behind)


UNITS = frozenset("mm cm m km g kg l ml inch inches in ft foot watt watts w v a gb mb litre litres year".split())  # noqa: SIM905
"""Units that tell a size, not what is counted: "6 mm drill bits"."""


def _is_plural(word: str) -> bool:
    return (len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us"))) or word in (
        "people", "children", "men", "women", "mm", "cm", "km", "kg", "ml", "mb", "gb", "feet", "teeth", "mice", "sheep",
    )  # fmt: skip


def _verb(folded: str) -> str:
    """The verb of "how many ... does she run on Mondays": the last word before a preposition or the end."""
    match = re.search(
        r"\b(?:do|does|did) (?:[\w'.-]+ )+?([a-z]+)(?= (?:on|in|at|to|for|from|with|by|per|this|next|last|a|each|every)\b"
        r"|[?.]|$)",
        folded,
    )
    return match[1] if match else ""


_PREDICATE = re.compile(
    r"\b(?:are|is|were|was|been|be|got|gone) (?:(?:already|now|currently|still|marked|listed|shown|as|all|not|yet) )*([a-z]+)"
    r"(?: (?:already|now|so far|at the moment|yet|out|up|off|today))?\s*[?.]?$"
)
PARTICLES = frozenset("up out down off on in away over through inside outside together".split())  # noqa: SIM905
_PRINTED = frozenset("shown listed printed given mentioned named involved present here".split())  # noqa: SIM905


@lru_cache(maxsize=500)
def predicate(folded: str) -> str:
    """The state in which things are counted: "how many of these are already fixed"."""
    match = _PREDICATE.search(folded.strip())
    return match[1] if match and match[1] not in _STOP | PARTICLES | _PRINTED else ""
