"""Two versions of one thing, or several things of a kind: what changed, what was there before, which of them.

In: a `Question` and the `Page`s of two pictures or more. Out: a `Solution`, or None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.extracts import wanted
from visual_agent.engines.planner.asked.naming import heading
from visual_agent.engines.planner.asked.questions import Question, typed
from visual_agent.engines.planner.choices import changes
from visual_agent.engines.planner.choices.several import called, chosen
from visual_agent.engines.planner.fields.nearest import content, shares
from visual_agent.engines.planner.fields.single import Solution, one_field
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import normal
from visual_agent.engines.planner.text.values import of_kind, values
from visual_agent.engines.planner.text.words import Term, likeness, words

_GONE = re.compile(
    r"\b(?:removed?|taken (?:off|out|away)|gone|missing|dropped|deleted|no longer|disappeared|left out|cut|crossed out)\b|删|去掉|少了|没有了|取消了|不见"
)
_NEW = re.compile(r"\b(?:added?|new|newly|extra|introduced|inserted|additional)\b|新增|增加了|多了|加了|添加|新加|多出")
_CHANGED = re.compile(
    r"\b(?:chang\w*|alter\w*|differ\w*|modif\w*|updat\w*|edit\w*|moved?|amend\w*|revis\w*|replaced?|corrected)\b|变|改|换|调整|不同|动了"
)
_SAME = re.compile(r"\b(?:same|identical|unchanged|equal|stayed?|remain\w*|match\w*)\b|一样|相同|一致|没变|不变|没改")
_DEARER = re.compile(
    r"\b(?:more expensive|go(?:ne|es)? up|went up|cheaper|increas\w*|ris(?:e|en)|rose|raised?|dearer|drop\w*|decreas\w*|"
    r"go(?:ne)? down|went down|lower\w*|later|earlier|longer|shorter|more|less)\b|涨|降|贵了|便宜了|提高|推迟|提前"
)
_DEAR = re.compile(r"more expensive|up\b|increas|ris|rose|rais|dearer|more\b|later|longer|涨|贵|提高|推迟")
_OLD = re.compile(
    r"\b(?:old|original|originally|previous|previously|former|formerly|before|earlier|used? to|at first|initial|initially)\b|"
    r"原来|原先|原本|之前|以前|改前|旧"
)
_THINGS = re.compile(
    r"(?:(?:the|which|what|this|on the) )*(?:picture|image|photo|version|document|poster|flyer|form|menu|screen|screenshot|sign|page|letter|notice|card|label|"
    r"receipt|invoice|ticket|list|leaflet|draft|cop|file|one|thing|line|row|text|item|dish|word|entr|detail|anything|"
    r"两|张|图|份|海报|菜单|版本|地方|内容|行|条|项|什么|哪)\w*"
)


def versions(question: Question, pages: Sequence[Page]) -> Solution | None:
    """What two versions have or have not in common."""
    if len(pages) != 2 or question.picture is not None:
        return None
    folded = question.folded
    yesno = question.kind == "yesno" or re.match(
        r"(?:is|are|did|does|do|has|have|was|were)\b|.*(?:吗|(?<!什)么)[?？]?$", folded
    )
    if yesno and (_SAME.search(folded) or _CHANGED.search(folded) or _DEARER.search(folded)):
        return _whether(question, pages)
    if not re.search(r"\b(?:what|which|when|where|who|how|name|list)\b|什么|哪|多少|几|谁", folded):
        return None
    if question.kind in ("difference", "choose") and not _GONE.search(folded) and not _NEW.search(folded):
        return None
    told = any(p.search(folded) for p in (_GONE, _NEW, _CHANGED)) and question.kind in ("field", "place")
    if (told or question.kind == "changes") and content(_CHANGING.sub(" ", folded)):
        altered = _altered(question, pages)
        if altered is not None or question.kind == "changes":
            return altered or _all(question, pages)
    for pattern, before in ((_GONE, True), (_NEW, False)):
        if pattern.search(folded) and not about(question):
            return _only_in(pages, before=before)
    if _CHANGED.search(folded) and not about(question):
        return _all(question, pages)
    return _former(question, pages) if _OLD.search(folded) else None


def about(question: Question) -> list[Term]:
    """What the question speaks of beside versions and changes."""
    idle = (_GONE, _NEW, _CHANGED, _SAME, _DEARER, _OLD)
    return [
        t
        for t in question.terms
        if not any(p.search(t.text) for p in idle) and not _THINGS.fullmatch(t.text) and t.kind != "soft"
        and not re.fullmatch(r"still|now|two|both|any|get|price|cost|ha[sd]|all|价钱|里|处|样|样子|不", t.text)
    ]  # fmt: skip


def _soft(question: Question) -> list[Term]:
    """A plain word that the question names with an article: "the hours", "the name"."""
    named = re.findall(r"\b(?:the|his|her|their|its) (?!two|both|three)([a-z]+)", question.folded)
    return [
        t
        for t in question.terms
        if t.text in named and not _THINGS.fullmatch(t.text) and not (_SAME.search(t.text) or _CHANGED.search(t.text))
    ]


def _line(about: Sequence[Term], page: Page) -> tuple[str, tuple[str, ...]] | None:
    """The row or line that speaks of all of something."""
    rows = [*(row for grid in page.grids for row in grid.filled), *([i] for i in page.loose)]
    parts = [(" ".join(i.text for i in row), tuple(i.id for i in row)) for row in rows]
    scores = shares(" ".join(t.text for t in about), [text for text, _ in parts])
    scored = [(s - 0.002 * len(p[0]), p) for s, p in zip(scores, parts, strict=True)]
    top = max(scored, key=lambda sp: sp[0], default=None)
    return top[1] if top is not None and top[0] >= 0.6 else None


def _whether(question: Question, pages: Sequence[Page]) -> Solution | None:
    """Whether something is as it was."""
    named = about(question) or _soft(question)
    same_asked = _SAME.search(question.folded) is not None
    if not named:
        if (
            _DEARER.search(question.folded)
            and not _SAME.search(question.folded)
            and not _CHANGED.search(question.folded)
        ):
            return None
        found = changes.between(pages[0], pages[1])
        return _verdict(question, (not found) == same_asked, "", [i for d in found for i in d.ids])
    lines = [_line(named, p) for p in pages]
    if lines[0] is not None and lines[1] is not None:
        one, two = lines[0][0], lines[1][0]
    else:
        kind = typed(tuple(named))
        texts = [" / ".join(sorted({v.text for i in p.lines for v in of_kind(i.text, kind)})) for p in pages]
        if kind not in ("date", "time", "amount", "phone", "email", "url", "percent") or not any(texts):
            return None
        one, two = texts
    ids = [i for line in lines if line is not None for i in line[1]]
    same = normal(one).replace(" ", "") == normal(two).replace(" ", "")
    if not same_asked and not _CHANGED.search(question.folded):
        return _verdict(
            question, not same and _higher(one, two) == bool(_DEAR.search(question.folded)), f"{one} / {two}", ids
        )
    return _verdict(question, same == same_asked, one if same else f"{one} / {two}", ids)


def _higher(one: str, two: str) -> bool:
    """Whether the last number of the second text is higher."""
    numbers = [[v.number for v in values(t) if v.number is not None] for t in (one, two)]
    return bool(numbers[0] and numbers[1]) and (numbers[1][-1] or 0) > (numbers[0][-1] or 0)


def _verdict(question: Question, yes: bool, why: str, ids: Sequence[str]) -> Solution:
    return Solution(
        answers.verdict(question, yes, why, list(ids)), why or "the lines of both were compared", tuple(ids)
    )


def _altered(question: Question, pages: Sequence[Page]) -> Solution | None:
    """What changed in the row or line that the question names; the row's own name for "which line changed?"."""
    found = changes.between(pages[0], pages[1])
    known = pages[0].known | pages[1].known
    around = [" ".join(t for i in d.ids if i in known for t in _around(known[i], pages)) for d in found]
    scores = shares(_CHANGING.sub(" ", question.folded), around)
    kept = [d for d, s in zip(found, scores, strict=True) if s >= max(0.5, max(scores, default=0.0) - 0.05)]
    added = [d for d in found if d.after and not d.before]
    if not kept and len(added) == 1 and _NEW.search(question.folded):
        kept = added
    if not kept:
        return None
    ids = tuple(i for d in kept for i in d.ids)
    rows = list(dict.fromkeys(name for d in kept if (name := _row_name(known.get(d.ids[0]), pages))))
    new, gone = _NEW.search(question.folded) is not None, _GONE.search(question.folded) is not None
    if re.search(r"\bwhich\b|哪", question.folded) and rows and not new and not gone:
        return Solution(answers.cited(", ".join(rows), ids), "these rows differ", ids)
    if new or gone:
        told = [
            (_JOINED.sub("", d.after if new else d.before), d.ids[:1]) for d in kept if (d.after if new else d.before)
        ]
        return Solution(answers.listed(told), "only one of the two has it", ids) if told else None
    parts = changes.told(kept, question.chinese)
    return Solution("; ".join(answers.value(words, i) for words, i in parts), "the lines of both were compared", ids)


_CHANGING = re.compile(
    "|".join(p.pattern for p in (_GONE, _NEW, _CHANGED, _SAME))
    + r"|\b(?:which|what|how|where)\b|哪[一]?[条个项处天张份里些]?|什么|(?:19|20)\d\d年?"
)
_JOINED = re.compile(r"^(?:and|&|,|、|，|和|及|,须|须|并)+\s*|[。.]$")


def _row_of(item: Item, pages: Sequence[Page]) -> list[Item]:
    """The cells of an item's row, or itself."""
    rows = (row for page in pages for grid in page.grids for row in [*grid.body] if item in row)
    return [c for c in next(rows, [item]) if c is not None]


def _around(item: Item, pages: Sequence[Page]) -> list[str]:
    """The texts of an item's row and the heading of its column."""
    heads = [g.head(row.index(item)) for p in pages for g in p.grids for row in g.body if item in row]
    return [i.text for i in _row_of(item, pages)] + heads


def _row_name(item: Item | None, pages: Sequence[Page]) -> str:
    """What a row is called: its first cell."""
    row = _row_of(item, pages) if item is not None else []
    if len(row) > 1 or not row:
        return row[0].text if row else ""
    label, colon, _ = row[0].text.replace("：", ":").partition(":")
    return label if colon else ""


def _only_in(pages: Sequence[Page], *, before: bool) -> Solution | None:
    """The lines that only one of the versions has."""
    found = changes.between(pages[0], pages[1])
    own = [d for d in found if (d.before if before else d.after)]
    whole = [d for d in own if fuzz.ratio(d.before, d.after) < 60 and not (d.before and len(d.before) < 12 and d.after)]
    told = [((d.before if before else d.after), d.ids[-1:] if before else d.ids[:1]) for d in whole or own]
    return (
        Solution(answers.listed(told), "only one of the two has it", tuple(i for _, n in told for i in n))
        if told
        else None
    )


def _all(question: Question, pages: Sequence[Page]) -> Solution | None:
    found = changes.between(pages[0], pages[1])
    parts = changes.told(found, question.chinese)
    text = "; ".join(answers.value(words, ids) for words, ids in parts)
    return Solution(text, "the lines of both were compared", tuple(i for d in found for i in d.ids)) if parts else None


def _former(question: Question, pages: Sequence[Page]) -> Solution | None:
    """What the first version has; where no label names it, the only changed value of the type."""
    dropped = [t for t in question.terms if _OLD.search(t.text)]
    asked = replace(question, terms=tuple(t for t in question.terms if t not in dropped), kind="field")
    found = one_field(asked, pages[:1])
    if found is not None:
        return found
    kind = wanted(asked)
    kind = "date" if kind == "when" else kind
    if kind not in ("date", "time", "amount", "phone", "email", "percent"):
        return None
    known = {v.text: i for i in pages[0].lines for v in of_kind(i.text, kind)}
    later = " ".join(i.text for i in pages[1].lines)
    changed = [(text, item) for text, item in known.items() if text not in later]
    if len(changed) != 1:
        return None
    text, item = changed[0]
    return Solution(answers.value(text, (item.id,)), "only the first has it", (item.id,), item.score, pages[0].name)


# --- which of several ----------------------------------------------------------------------------------------------


def which(question: Question, pages: Sequence[Page]) -> Solution | None:
    """Which picture closes later, is newer, or speaks of something in other words."""
    if len(pages) < 2 or not re.search(r"\bwh(?:ich|ere|o)\b|[哪谁]", question.folded) or question.picture is not None:
        return None
    by_time = _by_time(question, pages)
    asks_one = question.kind in ("field", "extreme") and (
        asking.find("choose", question.folded) or _asks_whose(question, pages)
    )
    return by_time or (chosen(question, pages) if asks_one else None)


_WHOSE = re.compile(r"\bwhich ([a-z]{3,}) (?!of\b|is the\b|was the\b)(?:[a-z]+s|do|has|have|is|are|was|will|can)\b")


def _asks_whose(question: Question, pages: Sequence[Page]) -> bool:
    """Whether a sort of thing is asked for that no page speaks of: the pages are such things ("which agency stops")."""
    match = _WHOSE.search(question.folded)
    asked = [t for t in question.terms if match is not None and t.text == match[1]]
    under = [words("\n".join(i.text for i in p.lines if normal(i.text) not in heading(p))) for p in pages]
    return bool(asked) and not any(likeness(t, said) >= 0.55 for t in asked for said in under)


def _by_time(question: Question, pages: Sequence[Page]) -> Solution | None:
    folded = question.folded
    if question.high is None:
        return None
    hours = re.search(
        r"\b(?:clos\w*|shuts?|open\w*|starts?|begins?|ends?|go(?:es)? on|runs?|lasts?|stay)\b|关|打烊|开门|营业|开始|结束",
        folded,
    )
    newer = re.search(
        r"\b(?:newer|newest|old(?:er|est)|latest|most recent|more recent|earlier|later)\b|更新|最新|较新|更早|更晚",
        folded,
    )
    if not hours and (not newer or re.search(r"\bwho\b|谁", folded)):  # "who signed the later draft" names a person
        return None
    kind = "time" if hours else "date"
    ranked: list[tuple[float, int, Item]] = []
    for n, page in enumerate(pages):
        found: list[tuple[float, Item]] = []
        for item in page.lines:
            for v in of_kind(item.text, kind):
                moment = v.number if kind == "time" else v.day.toordinal() if v.day else None
                if moment is not None:
                    found.append((float(moment), item))
        if not found:
            return None
        late = hours is not None and (
            re.match(r"clos|shut|end|go|run|last|stay|关|打烊|结束", hours[0])
            or re.search(r"\bopen (?:\w+ )?(?:later|latest|longer|longest)\b", folded)
        )
        key, item = max(found, key=lambda f: f[0]) if late else min(found, key=lambda f: f[0]) if hours else found[0]
        ranked.append((key, n, item))
    ranked.sort(key=lambda r: r[0], reverse=question.high)
    if ranked[0][0] == ranked[1][0]:
        return None
    ids = tuple(i.id for _, _, i in ranked)
    return Solution(answers.cited(called(question, pages, ranked[0][1]), ids), "the times of both say so", ids)
