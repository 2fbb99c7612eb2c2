"""Who and where: the name or place that stands beside the words of the role that is asked for.

In: a `Question` and the `Page`s of its pictures. Out: a `Solution`, or None. Questions say what somebody does ("who
measured it?"), documents what somebody is ("checked by", "inspector"): `roles.toml` holds both sides. A name is cut out
of its label's value, its sentence or its row; how near it stands to the role's words, and how much of the rest of the
question its surroundings speak of, chooses between several. A thing that the question names by a proper name must
stand on the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.extracts import looks_like_name
from visual_agent.engines.planner.asked.names import Found, names_in, places_in, short_name, short_place
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import is_generic, weight
from visual_agent.engines.planner.fields.nearest import content, support
from visual_agent.engines.planner.fields.rotas import all_week, rostered
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.fields.speakers import sender_of
from visual_agent.engines.planner.figures.running import alike, told
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import has_han, normal, stem
from visual_agent.engines.planner.text.roles import SMALL, Role, in_role, is_asked, roles_of, stems_of
from visual_agent.engines.planner.text.weekdays import days_of
from visual_agent.engines.planner.text.words import Term, lexicon, words
from visual_agent.engines.planner.verdicts.pointing import points

_LEAST = 0.58
"""Least score of an answer."""
_APART = 0.03
"""Two different names that are nearer to each other than this are no answer."""


@dataclass(frozen=True)
class Spot:
    """A name or place on a page, with what stands right before and behind it and all that it stands among."""

    text: str
    ids: tuple[str, ...]
    before: str
    after: str
    around: str
    score: float = 1.0
    labelled: float = 0.0


def holder(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The person, firm or place that a question asks for by what it does."""
    part = _asked_for(question)
    if not part or question.kind not in ("field", "locate") or question.looks or points(question):
        return None
    roles = [r for r in roles_of(part) if is_asked(r, question.folded)]
    told_of = next((t for p in pages if (t := _in_rota_or_chat(question, p, roles)) is not None), None)
    if part == "who" and told_of is not None:
        return told_of
    named = next((n for p in pages if (n := _behind_label(roles, p)) is not None), None)
    if part == "who" and named is not None:
        return named
    found = [
        (s, spot, page) for page in pages for spot in _spots(page, part) if (s := _judge(question, roles, spot, page))
    ]
    found.sort(key=lambda f: -f[0])
    if not found or found[0][0] < _LEAST:
        return next((d for p in pages if part == "who" and (d := _doer(question, p)) is not None), None)
    best, spot, page = found[0]
    spot = next(
        (o for _, o, p in found if p is page and o.text.startswith(f"{spot.text} ") and spot.text[-1] == "."), spot
    )
    rivals = [o for s, o, _ in found[1:] if s > best - _APART and not _same(o.text, spot.text)]
    if rivals:
        return None
    return Solution(
        answers.value(spot.text, spot.ids), f'"{spot.before[-60:].strip()}" names it', spot.ids, spot.score, page.name
    )


_DOES = re.compile(r"^\s+(?:will|is|has|have|can|shall|to|agreed|offered|[a-z]{2,}s)\b(?! by\b)")
_LIGHT_WORDS = re.compile(
    r"\b(?:who|see|put|get|take|make|do|deal|look|go|give|promised|agreed|offered|volunteered|going|duty|doing|job|turn|charge|should|"
    r"supposed|meant|due|responsible|after|if)\b|谁|负责|答应|说好"
)
_IT = re.compile(r"\b(?:it|them|this|these|that)\b|它|这事")


def _doer(question: Question, page: Page) -> Solution | None:
    """The subject of the one sentence that tells who sees to what the question names ("The tap leaks. Ann will mend it")."""
    asked = content(_LIGHT_WORDS.sub(" ", question.folded))
    nouns = asked[1:] if len(asked) > 1 else asked
    sentences = told(page)
    found = []
    for n, sentence in enumerate(sentences):
        before = sentences[n - 1].text if n and _IT.search(sentence.text) else ""
        told_of = f"{before} {sentence.text}"
        if not nouns or any(support(w, told_of) < 0.7 for w in nouns) or support(asked[0], page.text) < 0.5:
            continue
        subjects = [
            name
            for whole, start, end in names_in(sentence.text)
            for name in (_bare(whole, start, end)[0],)
            if name and not sentence.text[:start].strip(" .0123456789") and _DOES.match(sentence.text[end:])
        ]
        subjects = [s for s in subjects if not s.endswith("ing") and not any(support(w, s) >= 0.5 for w in asked)]
        found += [(s, sentence) for s in subjects if normal(s) not in question.folded and not _is_label(s)]
    if len({name for name, _ in found}) != 1:
        return None
    name, sentence = found[0]
    return Solution(answers.value(name, sentence.ids), "its sentence says who", sentence.ids, sentence.score, page.name)


_LABELLED = re.compile(r"^([^\W\d][^:：.;,]{1,28})[:：]\s*(\S.*?)[.。]?$", re.DOTALL)


def _behind_label(roles: Sequence[Role], page: Page) -> Solution | None:
    """Everybody in the list behind a label that is a role's ("Apologies: Joan Riddick, Sam Okafor")."""
    for text, ids, score in [*_wrapped(page), *((s.text, s.ids, s.score) for s in told(page))]:
        match = _LABELLED.match(text)
        label = stems_of(match[1]) if match else ()
        if match is None or not any(label in r.said or match[1] in r.said_han for r in roles):
            continue
        names = [n.strip() for n in _COMMA.split(re.sub(r"\s*\(.*?\)", "", match[2]))]
        if (len(names) > 1 or len(ids) > 1) and all(n and short_name(n) == n and len(n.split()) < 5 for n in names):
            return Solution(answers.value(", ".join(names), ids), f'"{match[1]}" lists them', ids, score, page.name)
    return None


_COMMA = re.compile(r"[,，;；、&]|\s+and\s+|(?<=[\u4e00-\u9fff])[和及](?=[\u4e00-\u9fff])")
_STOP = re.compile(r"(?<=[a-z)]{2}[.])\s+(?=[A-Z])")


def _wrapped(page: Page) -> list[tuple[str, tuple[str, ...], float]]:
    """The last label of each full line with what the next line goes on with."""
    right = max((i.box[2] for i in page.loose), default=0.0)
    found: list[tuple[str, tuple[str, ...], float]] = []
    for line, below in pairwise(page.loose):
        near = -0.3 * below.height < below.box[1] - line.box[3] < below.height
        if near and line.box[2] > 0.8 * right and not re.search(r"[a-z]{2}[.:;!?]$", line.text.strip()):
            text = f"{_STOP.split(line.text)[-1]} {_STOP.split(below.text)[0]}"
            found.append((text, (line.id, below.id), min(line.score, below.score)))
    return found


def _in_rota_or_chat(question: Question, page: Page, roles: Sequence[Role]) -> Solution | None:
    """The person in the cell of a rota, or who wrote the message that speaks of it."""
    in_rota = rostered(question, page, in_role)
    if in_rota is not None:
        cell, labels = in_rota
        return Solution(answers.value(cell.text, (cell.id,)), f'"{labels}" names it', (cell.id,), 1.0, page.name)
    whole = all_week(question, page)
    if len(whole) == 1:
        one = whole[0]
        return Solution(answers.value(one.text, (one.id,)), "the cells of the row say so", (one.id,), 1.0, page.name)
    told_it = sender_of(question, page, lambda text: any(is_asked(r, normal(text)) for r in roles))
    if told_it is not None:
        ids = (told_it.sender.id, told_it.lines[0].id)
        return Solution(answers.value(told_it.sender.text, ids), "who wrote the message", ids, 1.0, page.name)
    return None


_WHO = re.compile(
    r"\bwho(?:m|se)?\b|\bwho's\b|谁|何人|哪位|姓什么|"
    r"\b(?:which|what) (?:\w+ )?(?:person|people|doctor|vet|dentist|surgeon|nurse|engineer|technician|inspector|teacher|tutor|coach|driver|neighbou?r|"
    r"guest|member|player|artist|painter|author|company|firm|business|organi[sz]ation|shop|store|bank|insurer|insurance company|insurance|airline|"
    r"courier|carrier|supplier|manufacturer|brand|hospital|clinic|school|college|university|club|team|band|hotel|restaurant|charity|agency|museum|"
    r"garage|builder|plumber|officer|agent|clerk|secretary|councillor|candidate|publisher|label)s?\b|"
    r"\bthe (?:\w+ )?(?:\w+'s|his|her|its) name\b|\bname of\b|\bcalled\b|叫什么|什么名字|"
    r"哪[家个位所名](?:公司|单位|厂|厂家|企业|医院|学校|银行|店|机构|医生|老师|师傅|人|员工|同事|队|快递|大学|商家|保险)|哪[家位]"
)
_WHERE = re.compile(
    r"\bwhere(?:abouts)?\b|\b(?:which|what) (?:\w+ )?(?:room|hall|street|road|town|city|village|country|county|region|place|building|department|team|"
    r"workshop|ward|office|gate|door|entrance|exit|station|stop|platform|venue|site|location|address|branch|shelf|floor)\b|"
    r"哪里|哪儿|何处|什么地方|在哪|到哪|去哪|从哪|哪[个间条座所]"
)


def _asked_for(question: Question) -> str:
    """The part of `roles.toml`: "who", "where", or "" for other questions."""
    if _OTHER.search(question.folded):
        return ""
    if _WHO.search(question.folded):
        return "who"
    return "where" if _WHERE.search(question.folded) else ""


_OTHER = re.compile(
    r"^(?:and |so )?(?:how|when|why|what time|at what|what date|what day|what number|which number)\b|"
    r"多少|几[点号天个年月岁时]|何时|什么时候|哪[天年月]|为什么|怎么"
)


# --- names with their surroundings ---------------------------------------------------------------------------------


def _spots(page: Page, part: str) -> Iterator[Spot]:
    short, inside = (short_name, names_in) if part == "who" else (short_place, places_in)
    beside = _surroundings(page)
    for pair in page.pairs:
        text = short(pair.value)
        stacked = pair.relation in _STACKED
        if not text or not pair.label or len(pair.label) > 60 or (stacked and inside(pair.label) and part == "who"):
            continue
        if _is_label(text) or pair.value.rstrip().endswith((":", "：")):
            continue
        around = " ".join((pair.value, *pair.context, beside.get(pair.ids[0], "")))
        yield Spot(text, pair.ids, pair.label, "", around, pair.score, 0.85 if stacked else 1.0)
    for sentence in told(page):
        yield from _within(sentence.text, sentence.ids, sentence.score, inside, beside.get(sentence.ids[0], ""))
    for grid in page.grids:
        for cell in grid.cells:
            yield from _within(cell.text, (cell.id,), cell.score, inside, beside.get(cell.id, ""))


def _surroundings(page: Page) -> dict[str, str]:
    """For each line or cell the texts of its row or its card."""
    found = {i.id: " ".join(o.text for o in block) for block in page.blocks if len(block) <= 6 for i in block}
    for grid in page.grids:
        for cells in grid.filled:
            found |= {c.id: " ".join(o.text for o in cells if o is not c) for c in cells}
    return found


@lru_cache(maxsize=5_000)
def _is_label(text: str) -> bool:
    """Whether a text only names a role or a field, so that it is nobody's name."""
    stems = stems_of(text)
    roles = (*roles_of("who"), *roles_of("where"))
    if any(text.strip(" :：") in r.said_han or stems in r.said for r in roles):
        return True
    content = words(text).content
    kinds = {lexicon().concepts[c].kind for t in content for c in t.concepts}
    return len(stems) <= 4 and bool(content) and all(t.concepts for t in content) and bool(kinds - {""})


_STACKED = frozenset({"below", "above", "card"})
"""How a value may stand to a label without being its own."""


def _within(
    text: str, ids: tuple[str, ...], score: float, inside: Callable[[str], list[Found]], around: str
) -> Iterator[Spot]:
    for whole, start, end in inside(text):
        name, start, end = _bare(whole, start, end)
        if name and not _is_label(name) and not (inside is names_in and _is_none(text, start, end)):
            yield Spot(name, ids, text[:start], text[end:], f"{text} {around}", score)


_GOES_ON = re.compile(r"\s(?!(?:to|will|is|has|had|can|said|and|was|brings?|takes?|of|who|from|for|by|at|in)\b)[a-z]")


def _is_none(text: str, start: int, end: int) -> bool:
    """Whether a capitalised word at the start of a text is its label or its first word and no name."""
    begins = not text[:start].strip()
    plain = " " not in text[start:end] and _GOES_ON.match(text[end:]) is not None
    return begins and (text[end:].startswith((":", "：")) or plain)


@cache
def _role_words() -> tuple[frozenset[str], tuple[str, ...]]:
    """The roles that are one word, English as stems; Chinese ones of two signs or more."""
    roles = (*roles_of("who"), *roles_of("where"))
    han = {w for r in roles for w in r.said_han if len(w) > 1}
    return frozenset(p[0] for r in roles for p in r.said if len(p) == 1), tuple(sorted(han, key=len, reverse=True))


def _bare(name: str, start: int, end: int) -> Found:
    """A name without the role that is written together with it: "Caretaker Sunil Rao", "部门采购中心"."""
    english, chinese = _role_words()
    if has_han(name):
        lead = next((w for w in chinese if name.startswith(w) and len(name) > len(w) + 1), "")
        return name[len(lead) :], start + len(lead), end
    parts = name.split(" ")
    while len(parts) > 1 and stem(normal(parts[0])) in english:
        start += len(parts.pop(0)) + 1
    while len(parts) > 1 and stem(normal(parts[-1])) in english - _FIRMS:
        end -= len(parts.pop()) + 1
    return " ".join(parts), start, end


_FIRMS = frozenset(
    stem(w)
    for w in (
        *("bank", "hotel", "school", "college", "university", "academy", "hospital", "clinic", "surgery", "shop"),
        *("store", "press", "hall", "room", "studio", "theatre", "company", "restaurant", "vets"),
    )
)


# --- judging -------------------------------------------------------------------------------------------------------

_CLAUSE = re.compile(r"[.;。；!！?？·•|]\s+|[。；！？·•|]")


def _judge(question: Question, roles: Sequence[Role], spot: Spot, page: Page) -> float:
    """How surely a name is the one that is asked for, 0..1."""
    if normal(spot.text) in question.folded or _lacks(question, page) or _other_days(question, spot):
        return 0.0
    if _PERSON.match(question.folded) and _SITE.search(spot.text):
        return 0.0
    before = _CLAUSE.split(spot.before)[-1].rpartition(")")[2]
    after = _CLAUSE.split(spot.after)[0]
    cue = max((_beside(r, before, after, spot) for r in roles), default=0.0)
    own, rest = _own(question, before, after, spot, page)
    own *= 0.8 if roles and not cue else 1.0
    noun = _NOUN.search(question.folded)
    is_one = noun is not None and bool(noun[1] or noun[2]) and (noun[1] or noun[2]) in normal(spot.text)
    if is_one:
        cue = max(cue, 0.6)
    if cue < 0.6 and own < 0.6:
        return 0.0
    in_place = (
        not spot.labelled and re.search(r"\b(?:in|on|at)(?: the)?\s*$", spot.before) and _WHO.search(question.folded)
    )
    return (
        0.7 * max(cue, own)
        + 0.1 * min(cue, own)
        + 0.25 * rest
        + 0.08 * is_one
        - (0.3 if in_place and not is_one else 0.0)
    )


_PERSON = re.compile(r"(?:and |so |but )?who(?:'s|m|se)?\b")
_SITE = re.compile(r"\b(?:Yard|Road|Street|Lane|Avenue|Close|Square|Park|Field|Room|Map|Settings|Home)$")
"""What no person is called."""


def _other_days(question: Question, spot: Spot) -> bool:
    """Whether a name stands there for other days than the question names ("Imelda on weekdays, Kwame on Saturday")."""
    asked, said = days_of(question.folded), days_of(normal(re.split(r"[,，;；.。]", spot.after)[0]))
    return bool(asked and said) and not asked & said


_NOUN = re.compile(r"\b(?:which|what) ([a-z]+)\b|哪[个家所间位座]([\u4e00-\u9fff]{2})")


def _beside(role: Role, before: str, after: str, spot: Spot) -> float:
    """How near a role's words stand to a name: 1 right before it, less with words between and behind it."""
    label = spot.labelled > 0
    stems, follow = stems_of(before), stems_of(after)[:5]
    best = max((_ahead(phrase, stems, label) for phrase in role.said), default=0.0)
    if any(len(p) < 3 and follow[: len(p)] == p and p[0] not in SMALL for p in role.said):
        best = max(best, 1.0 if after.lstrip().startswith("(") else 0.85)
    return max(best, max((_ahead_han(w, before, after, label) for w in role.said_han), default=0.0)) * (
        spot.labelled or 1.0
    )


def _ahead_han(word: str, before: str, after: str, label: bool) -> float:
    """The same for a Chinese word."""
    at, behind = before.rfind(word), after.find(word)
    best = 0.0
    if at >= 0 and (len(word) > 1 or not label or len(before.strip(":： ")) == 1):
        best = 1.0 - 0.05 * min(len(before) - at - len(word), 8) - (0.03 * min(at, 6) if label else 0.0)
    return max(best, 0.88 - 0.01 * behind) if 0 <= behind < 18 and len(word) > 1 and not label else best


def _ahead(phrase: tuple[str, ...], stems: tuple[str, ...], label: bool) -> float:
    """How near a phrase stands before a name; "handed in ... by" may have words between."""
    small = 0.4 if len(phrase) == 1 and phrase[0] in SMALL else 0.0
    for start in range(len(stems) - len(phrase), -1, -1):
        if stems[start : start + len(phrase)] == phrase:
            between = sum(s not in SMALL for s in stems[start + len(phrase) :])
            if label and between < 2:
                return 1.0 - 0.05 * min(sum(s not in SMALL for s in stems[:start]), 6) - 0.12 * between
            return 1.0 - small - (0.08 + 0.09 * between if between else 0.0)
    verb = phrase[:-1]
    if verb and phrase[-1] in _LINKS and [s for s in stems[-3:] if s not in _ARTICLES][-1:] == [phrase[-1]]:
        return 0.9 if any(stems[n : n + len(verb)] == verb for n in range(len(stems))) else 0.0
    return 0.0


_LINKS = frozenset({"by", "to", "with", "from"})
_ARTICLES = frozenset({"a", "an", "the", "our", "one"})


def _own(question: Question, before: str, after: str, spot: Spot, page: Page) -> tuple[float, float]:
    """How much the words right beside a name are the question's own, and the share of all of them around it."""
    counted = {t: max(weight(t, question), 0.4) for t in question.terms if _counts(t)}
    if not counted:
        return 0.0, 1.0
    near = before if spot.labelled else f"{before[-40:]} {after[:40]}"
    close = {t: alike(t, near) for t in counted}
    total = sum(counted.values())
    beside = f"{spot.before} {spot.around}"
    shares = [w * max(close[t], 0.8 * alike(t, beside), 0.4 * _on_page(t, page.text)) for t, w in counted.items()]
    around = sum(shares) / total
    own = 0.9 * sum(w * close[t] for t, w in counted.items()) / total
    if spot.labelled and (spot.labelled < 1 or not (looks_like_name(spot.text) or _WHERE.search(question.folded))):
        own = 0.0
    literal = any(t.text in normal(before) for t in counted if len(t.text) > 1)
    return own, around + (0.12 if literal else 0.0)


@lru_cache(maxsize=500)
def _on_page(term: Term, text: str) -> float:
    return alike(term, text)


_ASKING = re.compile(r"^(?:who|whom|whose|where|which|what|name|person|called)\b|谁|哪|什么|叫|名字")


def _counts(term: Term) -> bool:
    return not _ASKING.search(term.text) and not is_generic(term)


_NO_PROPER = re.compile(r"(?:I|I['’]\w+|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Mr|Mrs|Ms|Dr)$")


def _lacks(question: Question, page: Page) -> bool:
    """Whether the question names something by a proper name that the page does not have."""
    proper = [p for p in re.findall(r"(?<=[\w,'’] )([A-Z][\w'’-]*)", question.text) if not _NO_PROPER.match(p)]
    apart = _QUALIFIED.findall(question.folded)
    return any(stem(normal(p)) not in page.words.folded for p in proper) or any(
        p not in page.words.folded for p in apart
    )


_QUALIFIED = re.compile(
    r"\b(?:new|next|deputy|vice|assistant|second|third|junior|senior|other)\s[a-z]+|新任?[\u4e00-\u9fff]{2}|副[\u4e00-\u9fff]{2}"
)
"""What tells one holder of a role from another ("the deputy chair")."""


def _same(one: str, other: str) -> bool:
    a, b = normal(one), normal(other)
    return a in b or b in a
