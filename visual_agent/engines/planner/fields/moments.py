"""When, until when, how long, how often: the time of what a question speaks of.

In: a `Question` and the `Page`s of its pictures. Out: a `Solution`, or None. A time answers when its clause, label or
row speaks of what is asked, in whatever words (`nearest.py`), and when it has the role that is asked for: the start
or the end, the last day, the time beforehand. A thing that stands nowhere on the pages leaves the question unanswered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import other_day
from visual_agent.engines.planner.fields.nearest import Word, content, is_sort, support, verbs
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.fields.timed import Moment, joined, moments
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import normal
from visual_agent.engines.planner.text.meanings import closeness
from visual_agent.engines.planner.text.values import values

_TYPES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("since", ("date", "year", "month", "time", "weekday"), r"\bsince (?:when|what)\b|从(?:什么时候|何时|哪[天年月])|自何时"),
    ("frequency", ("frequency", "weekday"), r"\bhow (?:often|frequently|regularly)\b|\bhow many times (?:a|an|per|each|every)\b|多久[^?？]{0,6}[一几]次|隔多[久长]|每隔(?:多久|几)|多[久长]时间?[^?？]{0,4}一次|[一每](?:天|日|周|年|个?月)[^?？]{0,4}几[次回]"),
    ("hour", ("time", "duration"), r"\bhow (?:early|late)\b(?! in advance)"),
    ("duration", ("duration",), r"\bhow (?:long|soon|far (?:ahead|in advance)|much (?:notice|time|longer))\b|\bhow many (?:\w+ )?(?:seconds|minutes|hours|days|nights|weeks|months|years)\b|\bin (?:minutes|hours|days|weeks|months|years)\b|多久|多长时间|(?:(?<!第)几|多少)(?:个?(?:分钟|小时|钟头|天|晚|周|星期)|个月|年)(?!级|龄|份)"),
    ("month", ("month", "date"), r"\b(?:what|which) month\b|哪个?月|哪一个月|几月份?(?!几)"),
    ("year", ("year", "date"), r"\b(?:what|which) year\b|哪一?年|几几年"),
    ("time", ("time",), r"\b(?:what|which) time\b(?! of)|\bwhat hour\b|\bwhat's the time\b|几点|几时"),
    ("span", ("time", "weekday"), r"\b(?:what|which)(?: are the| is the)? (?:opening|visiting|office|business|working|desk)? ?(?:hours|times)\b|\bwhat time of (?:the )?day\b|什么时[段间]段?(?!候)|哪个时段|几点到几点|(?:开放|营业|办公|服务|接待)时间"),
    ("latest", ("time", "date", "weekday"), r"\bwhat(?:'s| is)? the (?:latest|earliest)(?: time| date| day)? (?:i|we|you|they|one|people|he|she|it|that)\b"),
    ("weekday", ("weekday", "date"), r"\b(?:day|days) of the week\b|\bweekday\b|(?:星期|周|礼拜)几"),
    ("days", ("weekday", "date"), r"\b(?:what|which) (?:days|evenings?|mornings?|nights?|afternoons?)\b"),
    ("day", ("date", "weekday", "month"), r"\b(?:what|which|last|first) (?:other )?(?:dates?|days?|evenings?|nights?|mornings?|afternoons?)\b|\bdate\b|哪[一]?[天日]|第几天|几号(?![线楼车门馆厅桌柜窗库院位展地铺摊房机])|何日|什么日[子期]|日期"),
    ("when", ("date", "time", "weekday", "month", "year"), r"^(?!.*\b(?:how|what|which|who|where|why)\b.*\bwhen\b).*\bwhen\b|\bdeadline\b|\bby what\b|什么时[候间]|何时|啥时|截止"),
)  # fmt: skip
_ROLES = (
    ("whole", r"(?<!until )(?<!till )(?<!from )(?<!since )\bwhen (?:is|are|was|were)\b.*\bopen\b|\b(?:what|which)(?: are the| is the)? (?:opening|visiting|office|business|working|desk)? ?(?:hours|times)\b|\bwhat time of (?:the )?day\b|什么时[段间]段?(?!候)|哪个时段|几点到几点|(?:开放|营业|办公|服务|接待)时间"),
    ("by", r"\bby (?:when|what|which)\b|\b(?:should|ought to|was|were|is|are|has|have|had|must|needs?) .*\b(?:due|back|(?:be|been|get|come|go|hand(?:ed)?|sen[dt]|turn(?:ed)?) (?:\w+ )?in|returned|repaid|paid(?: back| off)?)\W*$|\bdeadline\b|\blatest\b|\bhave (?:i|we|they|you) got until\b|最[晚迟]|截止|[天号时点]之?前"),
    ("end", r"\bwhen (?:can|could|may|will|do|does|is|are)\b(?!.*\b(?:meet|play|visit|see|come|happen)).*\b(?:again|back)\b|\b(?:un)?till?(?: when| what| which)\b|\bhow late\b|\blast (?:day|date)\b|\bwhen (?:do|does|did|is|are|was|will)\b.*\b(?:close[sd]?|end(?:s|ed)?|finish(?:es|ed)?|over|run out|expires?|shut|go off|stops?|back|again|reopens?)\b|\b(?:what|which) (?:time|day|date) (?:do|does|did|will|is|are|was)\b.*\b(?:closed?|end(?:s|ed)?|finish(?:es|ed)?|expires?|shut|stop|over)\b|\b(?:what|which) (?:time|day|date)\b.*\b(?:until|till|to|closes|shuts|finishes|ends)\s*$|到(?:了?几点|几[月号]|哪一?[天日年]|什么时候|何时|多晚)|结束|关门|打烊|过期|失效|不算数|为止|散场|恢复|作废"),
    ("start", r"\b(?:since|from) (?:when|what|which)\b|\bstart(?:s|ed|ing)?\b|\bbegin(?:s|ning)?\b|\bfirst day\b|\b(?:does|do|did|will|is) .*\bopen\b|\bopens\b|\bearliest\b|从(?:几点|几[月号]|哪一?[天日年]|什么时候|何时)|[几哪](?:点|号|天)起|开始|开门|最早|之?[后]"),
    ("ahead", r"\bhow early\b|\bin advance\b|\bhow far ahead\b|\bhow long before\b|\bnotice\b|提前"),
)  # fmt: skip
_IDLE = re.compile(
    r"\b(?:when|until|till|since|what|which|whats|how|often|long|soon|early|late|latest|earliest|last|first|by|from|"
    r"date|dates|day|days|time|times|hour|hours|minutes?|weeks?|months?|years?|evenings?|nights?|mornings?|afternoons?|"
    r"of the week|weekday|deadline|must|should|need|needs|have|has|had|supposed|going|gonna|able|allowed|actually|"
    r"exactly|about|begin|begins|start|starts|started|end|ends|ended|before|after|during|once|still|already|yet|again|"
    r"i|you|he|she|they|we|it|people|someone|somebody|anyone|thing|things|get|gets|got|take|takes|took|make|do|does|"
    r"season|period|being|am|are|is|was|were|been|many|much|far|ahead|advance|will|would|can|may|want|happen|happens|happened|there|here|page|notice|sign|letter|according|most|at|only|now)\b"
    r"|(?:从|到|在)?(?:第几天|什么时[候间段]|哪个时段|时段|[每本这下]周|每[天月年]|何时|啥时候?|哪一?[天日年]|哪个?月|几[点号时]钟?|几月几[日号]|(?:星期|周|礼拜)几|多久一次|每?隔?多[久长](?:时间)?"
    r"|(?:几|多少)个?(?:分钟|小时|钟头|天|晚|周|星期|月|年))|[上下]午|早上|晚上|中午|[以之]?[前后](?![面边来台])|最[晚迟早]|开始|结束|时候|日期|时间|要|得|需要|必须|才|就|再|会|能|可以|起"
)  # fmt: skip
_PHRASES = (
    (re.compile(r"\b(?:gets? in|got in|pulls? in|comes? in|due in)\b"), "arrive"),
    (
        re.compile(r"\b(?:sets? off|heads? off|goes|go|leaves?|pulls? out|sails?)\b(?= |$)(?! and| to| for| on)"),
        "depart",
    ),
    (
        re.compile(r"\b(?:the )?(?:rest|remainder) of (?:the|my|our|your) (?:money|price|cost|amount|payment)\b"),
        "balance",
    ),
    (
        re.compile(r"\b(?:a|an|the|some|my) (?:cup|glass|bottle|pot|mug|piece|slice|bit|packet|pair|copy|couple) of\b"),
        " ",
    ),
    (re.compile(r"\b(?:handed over|picked up|drop(?:ped)? off)\b"), "delivered"),
    (re.compile(r"(?<=[几点号天时])到(?=[达了的?？]|$)|能到"), "到达"),
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|closed|without|except|cannot|unavailable|out of use|out of order)\b|n['’]t\b|不(?!晚于|迟于|超过|少于|到)|\bunopened\b|\bsealed\b|没(?!有?(?:问题|关系))|未|闭|停(?![车留靠])|休(?:馆|市|业|诊|园)|禁|除外"
)
_NO_NEGATION = re.compile(r"\b(?:no|not) (?:later|more|less|earlier|longer) than\b|\bno\. ?\d")
_OLD = re.compile(
    r"\b(?:originally|before (?:that|the change)|used to|previously|at first|old)\b|原[来先定]|之前是|本来"
)
_PAST = re.compile(r"\b(?:was|were|did|has been)\b|[了过]的?[?？]?$|的[?？]$")
LOST = 0.3
NAMED = 0.5
SURE = 0.5
"""Least score of an answer that goes before every other."""
LEAST = 0.35
"""Least score of an answer where nothing else has one."""


@dataclass(frozen=True)
class Asked:
    """What kind of time a question wants, of what, in which role."""

    kinds: tuple[str, ...]
    name: str
    role: str
    words: tuple[Word, ...]
    negated: bool
    verbs: frozenset[str]


def asked_of(question: Question) -> Asked | None:
    """None where the question asks for no time."""
    folded = question.folded
    found = next(((n, k) for n, k, p in _TYPES if re.search(p, folded)), None)
    if found is None:
        return None
    if found[0] == "when" and any(v.kind in ("weekday", "date") for v in values(folded)):
        found = "time", ("time",)  # with the day known it is the hour that is asked for
    role = next((r for r, p in _ROLES if re.search(p, folded)), "")
    role = "start" if found[0] == "since" else "" if role == "start" and _negated(folded) else role
    negated = _negated(folded)
    if found[0] in ("day", "days", "weekday") and role == "end" and _SHUT.search(folded):
        role, negated = "", True  # the day on which nothing opens, not the last one
    if found[0] in ("duration", "frequency"):
        role = role if role == "ahead" else ""
    return Asked(found[1], found[0], role, _said(folded), negated, verbs(folded))


def _said(folded: str) -> tuple[Word, ...]:
    """The words of a question that say of what; of a name in two languages, "峡谷(gorge)", the one in brackets."""
    found = content(_IDLE.sub(" ", _plain(folded)))
    return tuple(w for w in found if not re.search(rf"{re.escape(w.text)}[(（][a-z]", folded) or w.text.isascii())


_SHUT = re.compile(r"\b(?:is|are) .*\b(?:shut|closed)\b|不开|休息|关门|闭馆")


@lru_cache(maxsize=20_000)
def _plain(text: str) -> str:
    """A text with one word for phrases that mean the same: "gets in" for "arrives"."""
    folded = normal(text)
    for pattern, word in _PHRASES:
        folded = pattern.sub(word, folded)
    return folded


@lru_cache(maxsize=20_000)
def _negated(folded: str) -> bool:
    return _NEGATION.search(_NO_NEGATION.sub(" ", folded)) is not None


_SPOKEN = frozenset({"field", "place", "extreme"})


def dated(question: Question, pages: Sequence[Page], least: float = SURE) -> Solution | None:
    """The time whose words are clearly the nearest."""
    asked = asked_of(question) if question.kind in _SPOKEN else None
    if asked is None or not pages:
        return None
    ranked = sorted(((s, m, p) for p in pages for s, m in scored(question, asked, p)), key=lambda smp: -smp[0])
    if not ranked or ranked[0][0] < least:
        return None
    score, top, page = ranked[0]
    rival = next((s for s, m, _ in ranked[1:] if not _same(m, top)), 0.0)
    if rival > score - 0.03:
        return None
    text = joined(moments(page), top) if asked.name == "when" else top.text
    return Solution(
        answers.value(text.strip(" .,，"), top.ids),
        f'"{top.near.strip()[:60]}" names {"its " + top.role if top.role in ("start", "end") else "it"}',
        top.ids,
        top.score,
        page.name,
    )


def _same(one: Moment, two: Moment) -> bool:
    return one.text in two.text or two.text in one.text or (one.wide == two.wide and one.kind != two.kind)


def scored(question: Question, asked: Asked, page: Page) -> list[tuple[float, Moment]]:
    """The times of a page that may answer, with a score 0..1 and more."""
    found = [m for m in moments(page) if m.kind in asked.kinds and _may_answer(question, asked, m)]
    if not found:
        return []
    best = {w: max(_speaks(w, _plain(t)) for t in {page.text, *(m.near for m in found)}) for w in asked.words}
    for w in asked.words:
        best[w] = max(best[w], *(_in_role(w, asked, m) for m in found))
    mass = {w: w.weight if best[w] >= 0.95 else _mass(w, asked) for w in asked.words}
    lost = sum(_loss(w, question) * mass[w] for w in asked.words if best[w] < 0.4 and mass[w] >= 0.9)
    alone = len({m.text for m in found}) == 1
    same = {m.text for m in found if m.role == asked.role}
    out = []
    for m in found:
        score = _share(asked, mass, m) + _fitness(asked, m, question) - lost
        score += 0.15 * closeness(_IDLE.sub(" ", question.folded), normal(m.near)) + _headed(asked, m)
        score += 0.12 if alone else 0.12 if asked.role and same == {m.text} else 0.0
        out.append((score, m))
    return out


def _loss(word: Word, question: Question) -> float:
    """What it costs that a thing stands nowhere on the page; more for a name, which has no other words."""
    named = re.search(rf"(?<=[\w,] ){re.escape(word.text.capitalize())}\b", question.text)
    return NAMED if named else LOST


def _may_answer(question: Question, asked: Asked, m: Moment) -> bool:
    """Not what the question itself says, another day of the week, a day without the year that is asked for."""
    if (
        (m.role == "whole" and asked.role != "whole")
        or normal(m.text) in question.folded
        or other_day(question, m.near)
    ):
        return False
    return asked.name != "year" or re.search(r"\d{4}", m.text) is not None


_OF_ROLE = re.compile(
    r"open(?:s|ed)?|start(?:s|ed)?|begins?|close[sd]?|shuts?|finish(?:es|ed)?|stops?|ends?|over|expires?|run"
    r"|开[门馆始场业园]|[关闭]门|闭[馆园店]|打烊|散[场会]|结束|收[摊市]|停业|截止|到期|[上下]班|营业|开放"
)


def _in_role(word: Word, asked: Asked, m: Moment) -> float:
    """A range of times says itself when something opens and closes."""
    return (
        0.8 if asked.role == m.role and m.role in ("start", "end", "whole") and _OF_ROLE.fullmatch(word.text) else 0.0
    )


def _share(asked: Asked, mass: dict[Word, float], m: Moment) -> float:
    whole = sum(mass.values())
    if not whole:
        return 0.4
    near, wide, outer = _plain(m.near), _plain(m.wide), _plain(m.outer)
    told = {w: max(_speaks(w, near), 0.75 * _speaks(w, wide), 0.4 * _speaks(w, outer)) for w in asked.words}
    return sum(mass[w] * max(told[w], _in_role(w, asked, m)) for w in asked.words) / whole


_OPPOSITES = tuple(
    (re.compile(a), re.compile(b))
    for x, y in (
        (r"\bcheck-?in", r"\bcheck-?out"),
        (r"\barriv|到达|抵达|到站", r"\bdepart|\bleav|\bset off|出发|发车|开车"),
        (r"\bopen(?:s|ing)?\b|开门|开馆|开放", r"\bclos|\bshut|关门|闭馆|打烊"),
        (r"\bstart|\bbegin|开始", r"\bend(?:s|ed)?\b|\bfinish|结束"),
        (r"\bborn|\bbirth|出生", r"\bdied?\b|\bdeath|去世|逝世"),
        (r"\bfirst\b|首班|头班", r"\blast\b|末班|尾班"),
        (r"\bunopened|\bsealed|未开封|没开", r"(?<!un)\bopened|\bopening|开封后|开启后"),
        (r"\bbreakfast|早餐|早饭", r"\b(?:lunch|dinner|supper)|午餐|晚餐|午饭|晚饭"),
        (r"\blunch|午餐|午饭", r"\b(?:breakfast|dinner|supper)|早餐|晚餐|早饭|晚饭"),
        (r"\b(?:dinner|supper)|晚餐|晚饭", r"\b(?:breakfast|lunch)|早餐|午餐|早饭|午饭"),
        (r"\bpick-?up|\bcollect|领取|取件", r"\bdrop-?off|寄件"),
        (r"\bsunrise|日出", r"\bsunset|日落"),
        (r"\bhigh (?:tide|water)|涨潮|高潮", r"\blow (?:tide|water)|退潮|低潮"),
        (r"入住", r"退房|离店"),
        (r"进[厂场站馆]|入[场馆园]", r"出[厂场站馆]|离[场馆园]"),
    )
    for a, b in ((x, y), (y, x))
)


def _means(text: str, pattern: re.Pattern[str]) -> bool:
    return pattern.search(text) is not None


_HOUSED = r"(?:rooms?|house|shop|time|day|bar|park|field|side|yard|book|board|fair|stall)\b"
"""The second half of words whose first half says what they are for: "tearoom", "boathouse"."""


@lru_cache(maxsize=50_000)
def _speaks(word: Word, text: str) -> float:
    """How surely a text speaks of a word: as it stands, in another form, in other words."""
    if any(_means(word.text, a) and not _means(text, a) and _means(text, b) for a, b in _OPPOSITES):
        return 0.0
    found = support(word, text, 0.3)
    if found < 0.85 and len(word.text) > 4 and word.text.isascii() and word.text.isalpha():
        root = word.text[: max(4, len(word.text) - 3)]
        found = max(found, 0.8 if re.search(rf"\b{re.escape(root)}[a-z]{{0,4}}\b", text) else 0.0)
    if found < 0.8 and len(word.text) > 2 and re.search(rf"\b{re.escape(word.text)}{_HOUSED}", text):
        found = 0.8
    return found


def _mass(word: Word, asked: Asked) -> float:
    """Verbs count half: documents have other words for what people do."""
    if is_sort(word) and len(asked.words) > 1:
        return 0.3 * word.weight
    return 0.5 * word.weight if word.text in asked.verbs or word.text.endswith(("ed", "ing")) else word.weight


_LOSS = {"days": (0.0, 0.15), "day": (0.0, 0.05, 0.3), "when": (0.0, 0.02, 0.08, 0.1, 0.12)}
_NEXT = re.compile(r"\b(?:again|next)\b|下[一]?[次回届期]|再次")
_UNITS = tuple(
    re.compile(p)
    for p in (
        r"minute|\bmins?\b|分钟",
        r"hour|\bhrs?\b|小时|钟头",
        r"\bdays?\b|night|天|[日晚]",
        r"week|周|星期",
        r"month|月",
        r"year|年",
    )
)
_LOOSE = frozenset({"below", "above", "beside", "card"})


def _fitness(asked: Asked, m: Moment, question: Question) -> float:
    """What the type, the role and the shape of a time add."""
    at = asked.kinds.index(m.kind)
    gain = -(_LOSS[asked.name][at] if asked.name in _LOSS else 0.05 * at)
    gain -= 0.12 if m.shape in _LOOSE else 0.0
    if not asked.role or asked.negated:
        gain -= 0.25 if _negated(normal(m.near)) != asked.negated else 0.0
    gain += _unit(question.folded, m) if asked.name == "duration" else 0.0
    if m.role in ("old", "new"):
        return gain + (0.1 if (m.role == "old") == (_OLD.search(question.folded) is not None) else -0.2)
    gain += 0.25 if _NEXT.search(question.folded) and _NEXT.search(normal(m.near)) else 0.0
    ends = {"by", "end", "within"}
    if not asked.role:
        late = m.role in ("by", "end") and _PAST.search(question.folded)
        return gain - (0.2 if late else 0.05 if m.role in ("ahead", "end") else 0.0)
    if m.role == asked.role or (m.role in ends and asked.role in ends):
        return gain + (0.2 if m.role == asked.role else 0.12)
    return gain - (0.2 if m.role in ("start", *ends) and asked.role in ("start", *ends) else 0.05)


_HEADS = {
    "days": r"\bdays?\b|星期",
    "day": r"\bdays?\b|\bdate\b|星期|日期",
    "weekday": r"\bdays?\b|星期|周",
    "time": r"\btime\b|时间|时段",
    "when": r"\bwhen\b|\bdate\b|\btime\b|时间|日期",
}


def _headed(asked: Asked, m: Moment) -> float:
    """What it adds that a column is headed by the very word that asks: "Day" for "which day"."""
    head = m.shape.removeprefix("cell:").lower() if m.shape.startswith("cell:") else ""
    return 0.15 if head and asked.name in _HEADS and re.search(_HEADS[asked.name], head) else 0.0


def _unit(folded: str, m: Moment) -> float:
    """Whether a length has the unit that the question asks for: "how many hours"."""
    asked = [p for p in _UNITS if re.search(rf"(?:how many|\bin|[几多]少?个?) ?(?:{p.pattern})", folded)]
    return 0.0 if not asked else 0.1 if any(p.search(m.text) for p in asked) else -0.15
