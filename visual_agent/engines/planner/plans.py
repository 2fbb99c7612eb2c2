"""The next action: which tool to call with what, or the answer.

In: a `Conversation`. Out: a `Move`. A plan is always the same few steps: read the pictures that the question is about
(compare them where it asks for changes), answer from what was read; where the reading of the answer is weak, crop it
enlarged and read again; where the words asked for were not among the lines, look for them once more with `ground`.
Every move says in its thought what is looked for and why this tool: the traces are meant to be learnt from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.conversation import Conversation, Step
from visual_agent.engines.planner.asked.extracts import wanted
from visual_agent.engines.planner.asked.followups import resolve
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import weight
from visual_agent.engines.planner.choices import changes
from visual_agent.engines.planner.choices.versions import about
from visual_agent.engines.planner.fields.categories import of_kind_asked
from visual_agent.engines.planner.fields.phrases import clearly
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.page.observed import Item, Observed
from visual_agent.engines.planner.page.pages import Page, build
from visual_agent.engines.planner.solve import solve

ACTIONS = 8
"""Most tool calls for one question."""
PICTURES = 6
"""Most pictures that are read for one question."""
WEAK = 0.8
"""Readings below this score are read again enlarged."""


@dataclass(frozen=True)
class Move:
    """One reply: a thought, and either a tool call or an answer."""

    thought: str
    tool: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    answer: str = ""


def next_move(conversation: Conversation) -> Move:
    """Plan one step."""
    question = resolve(conversation)
    if not question.text.strip():
        return Move("The question is empty, so there is nothing to look for.", answer="Not found: an empty question")
    if not conversation.tools:
        return Move(
            _say(
                question, "No tool is offered, and without tools I see nothing.", "没有可用的工具，我看不到图片内容。"
            ),
            answer=answers.needs_vision(question),
        )
    spent = len(conversation.steps) >= ACTIONS
    if not spent:
        look = _look(conversation, question)
        if look is not None:
            return look
    pages = pages_of(conversation, question)
    if _compares(question):
        told = _changes(conversation, question, pages)
        if told is not None:
            return told
    asked = replace(question, looks=False) if _told_in_words(question, pages) else question
    solution = solve(asked, pages)
    if not spent:
        again = _again(conversation, question, pages, solution)
        if again is not None:
            return again
    return _answer(question if solution is None else asked, pages, solution)


TEXT = 6
"""Lines from which on a page is a text rather than a photo."""
_PICTURED = re.compile(
    r"\b(?:pictures?|photos?|photograph\w*|images?|drawn|drawing of|the drawing|illustrat\w+|logo|icon|background|foreground|cartoon)\b"
    r"|图[上中里片]|画[里上中的]|照片|画面|插图|标志|图标|背景"
)


def _told_in_words(question: Question, pages: Sequence[Page]) -> bool:
    """Whether what seems to be about looks may stand in a page of text: "the green book", "(rabbit)", "life drawing"."""
    return (
        question.looks
        and sum(len(p.lines) for p in pages) >= TEXT
        and _PICTURED.search(question.folded) is None
        and question.kind in ("field", "count")
    )


# --- looking -------------------------------------------------------------------------------------------------------


def chosen_pictures(conversation: Conversation, question: Question) -> tuple[str, ...]:
    """The pictures that the question is about."""
    roots = conversation.roots or ("img1",)
    if question.picture is not None and question.picture < len(roots):
        return (roots[question.picture],)
    return roots[:PICTURES]


def _look(conversation: Conversation, question: Question) -> Move | None:
    """The first look at what has not been looked at yet."""
    names = chosen_pictures(conversation, question)
    if question.kind == "changes":
        names = (conversation.roots or names)[:2]
    if _compares(question) and len(names) > 1 and conversation.offers("compare"):
        if not _done(conversation.known, "compare", image_a=names[0], image_b=names[1]):
            thought = _say(
                question,
                f"The question asks what differs between {names[0]} and {names[1]}: "
                "compare finds changed text and changed places.",
                f"问题问的是 {names[0]} 与 {names[1]} 的不同之处，用 compare 找出变化的文字和位置。",
            )
            return Move(thought, "compare", {"image_a": names[0], "image_b": names[1]})
        if _compared(conversation, names) is not None:
            return None
    if not conversation.offers("read_text"):
        return _look_by_ground(conversation, question, names)
    for name in names:
        if not _done(conversation.known, "read_text", image=name) and not _reading(conversation, name):
            return Move(_why_read(question, name), "read_text", {"image": name})
    return None


def _compares(question: Question) -> bool:
    """Whether all changes are asked for; those of one row or line are told from the two readings."""
    return question.kind == "changes" and not about(question)


def _look_by_ground(conversation: Conversation, question: Question, names: Sequence[str]) -> Move | None:
    """Without read_text: look for the words themselves."""
    if not conversation.offers("ground"):
        return None
    phrase = _phrase(question)
    for name in names:
        if phrase and not _done(conversation.steps, "ground", image=name, phrase=phrase):
            thought = _say(
                question,
                f'read_text is not offered; look for "{phrase}" with ground.',
                f"没有 read_text，用 ground 找“{phrase}”。",
            )
            return Move(thought, "ground", {"phrase": phrase, "image": name})
    return None


def _why_read(question: Question, name: str) -> str:
    kinds = {
        "field": ("a value", "某个值"),
        "extreme": ("the most or least of a list", "列表中的最大或最小"),
        "sum": ("a sum", "求和"),
        "average": ("an average", "平均值"),
        "difference": ("a difference of two values", "两个值之差"),
        "count": ("a number of things", "数量"),
        "yesno": ("yes or no", "是或否"),
        "choose": ("which of the pictures", "在几张图中选一张"),
        "place": ("the text in one place", "某个位置的文字"),
        "transcribe": ("the whole text", "全文"),
        "locate": ("where something stands", "某内容的位置"),
        "changes": ("what changed", "变化之处"),
    }
    english, chinese = kinds.get(question.kind, ("a value", "某个值"))
    sought = ", ".join(dict.fromkeys(t.text for t in question.content[:6]))
    kind = wanted(question)
    typed = f" (of type {kind})" if kind else ""
    return _say(
        question,
        f"The question asks for {english}{typed}: {sought or 'see its words'}. Text answers that, "
        f"and {name} has not been read yet.",
        f"问题要的是{chinese}（{'、'.join(t.text for t in question.content[:6]) or '见原文'}）。先读 {name} 上的文字。",
    )


def _say(question: Question, english: str, chinese: str) -> str:
    return chinese if question.chinese else english


def _phrase(question: Question) -> str:
    if question.quoted:
        return question.quoted[0]
    named = [t for t in question.content if weight(t, question) >= 0.9]
    return " ".join(t.text for t in named[:3])[:80]


def _done(steps: Sequence[Step], tool: str, **arguments: str) -> bool:
    """Whether a call with these arguments has been made (whatever came of it)."""
    return any(s.tool == tool and all(s.arguments.get(k) == v for k, v in arguments.items()) for s in steps)


def _reading(conversation: Conversation, name: str) -> bool:
    return any(
        s.observed.kind == "reading" and s.observed.image == name and s.observed.part is None
        for s in conversation.known
    )


def _compared(conversation: Conversation, names: Sequence[str]) -> Observed | None:
    for step in reversed(conversation.known):
        seen = step.observed
        if seen.kind == "compared" and {seen.image, seen.other} == set(names[:2]):
            return seen
    return None


# --- what was seen -------------------------------------------------------------------------------------------------


def pages_of(conversation: Conversation, question: Question) -> list[Page]:
    """A page for each picture of the question, from all readings of it and of its crops."""
    crops = {s.observed.image: s.observed for s in conversation.known if s.observed.kind == "crop"}
    readings: dict[str, list[Observed]] = {}
    for step in conversation.known:
        seen = step.observed
        if seen.kind == "reading":
            crop = crops.get(seen.image)
            seen = _carried(seen, crop) if crop is not None else seen
            readings.setdefault(seen.image, []).append(seen)
        elif seen.kind == "found" and seen.lines and not conversation.offers("read_text"):
            readings.setdefault(seen.image, []).append(replace(seen, kind="reading"))
    return [build(name, readings[name]) for name in chosen_pictures(conversation, question) if name in readings]


def _carried(reading: Observed, crop: Observed) -> Observed:
    """A crop's lines in pixels of the picture it was cut from."""
    assert crop.part is not None
    x, y = crop.part[0], crop.part[1]
    sx = (crop.part[2] - x) / max(crop.size[0], 1)
    sy = (crop.part[3] - y) / max(crop.size[1], 1)

    def move(item: Item) -> Item:
        a, b, c, d = item.box
        return replace(item, box=(a * sx + x, b * sy + y, c * sx + x, d * sy + y))

    return replace(reading, image=crop.parent, lines=tuple(move(i) for i in reading.lines), part=crop.part)


# --- looking again -------------------------------------------------------------------------------------------------


def _again(
    conversation: Conversation, question: Question, pages: Sequence[Page], solution: Solution | None
) -> Move | None:
    """A second look: at a weak reading, or for words that were not among the lines."""
    if (
        solution is not None
        and solution.weakest < WEAK
        and conversation.offers("crop")
        and question.kind != "transcribe"
    ):
        return _enlarge(conversation, question, pages, solution)
    if solution is None and question.kind == "locate" and conversation.offers("ground"):
        phrase = _phrase(question)
        for page in pages:
            if phrase and not _done(conversation.steps, "ground", image=page.name, phrase=phrase):
                thought = _say(
                    question,
                    f'No line of {page.name} speaks of "{phrase}"; ground also matches misread and partial words.',
                    f"{page.name} 的文字中没有“{phrase}”，再用 ground 找一次。",
                )
                return Move(thought, "ground", {"phrase": phrase, "image": page.name})
    return None


def _enlarge(conversation: Conversation, question: Question, pages: Sequence[Page], solution: Solution) -> Move | None:
    page = next((p for p in pages if p.name == solution.page), None)
    if page is None:
        return None
    crop = next((s.observed for s in conversation.steps if s.tool == "crop" and s.observed.kind == "crop"), None)
    if crop is not None:
        if conversation.offers("read_text") and not _done(conversation.steps, "read_text", image=crop.image):
            thought = _say(
                question,
                f"{crop.image} shows the weak line enlarged: read it again.",
                f"{crop.image} 已放大，重新读一次。",
            )
            return Move(thought, "read_text", {"image": crop.image})
        return None
    if _tried(conversation, "crop"):
        return None
    weak = min((i for i in solution.ids if i in page.known), key=lambda i: page.known[i].score, default=None)
    if weak is None:
        return None
    box = [round(v) for v in page.known[weak].box]
    thought = _say(
        question,
        f"The answer rests on {weak}, which was read with a score of {page.known[weak].score:.2f}: "
        "enlarge it and read again.",
        f"答案依据的 {weak} 识别分数只有 {page.known[weak].score:.2f}，放大后再读一次。",
    )
    return Move(thought, "crop", {"image": page.name, "box": box})


def _tried(conversation: Conversation, tool: str) -> bool:
    return any(s.tool == tool for s in conversation.steps)


# --- answering -----------------------------------------------------------------------------------------------------


def _changes(conversation: Conversation, question: Question, pages: Sequence[Page]) -> Move | None:
    """What the comparison says, or the lines of both pictures; None where neither is known."""
    names = (conversation.roots or ("img1", "img2"))[:2]
    seen = _compared(conversation, names)
    if seen is not None:
        found = changes.differences(seen)
    elif len(pages) > 1 and all(p.lines for p in pages[:2]):
        found = changes.between(pages[0], pages[1])
    else:
        return None
    if not found and seen is not None and (apart := _APART.match(seen.verdict)):
        return _unlike(question, seen, apart[1])
    same = changes.asks_same(question.folded)
    if same is not None:
        ids = [i for d in found for i in d.ids]
        why = changes.phrase(found[0], question.chinese) if found else ""
        return Move(
            _say(question, "The comparison decides.", "由比较的结果决定。"),
            answer=answers.verdict(question, same != bool(found), why, ids),
        )
    if question.counts:
        ids = [i for d in found for i in d.ids]
        return Move(
            _say(question, "The differences that compare lists are counted.", "数一数 compare 列出的不同之处。"),
            answer=answers.cited(str(len(found)), ids),
        )
    if not found:
        verdict = seen.verdict[:120] if seen is not None else "the same lines"
        return Move(
            _say(question, f"The comparison says: {verdict}", f"比较的结果：{verdict}"),
            answer=_say(question, "No difference was found.", "没有发现不同之处。"),
        )
    parts = changes.told(found, question.chinese)
    text = "; ".join(answers.value(words, ids) for words, ids in parts)
    return Move(_say(question, "These differences were found.", "找到了这些不同。"), answer=text)


_APART = re.compile(r"cannot be aligned: ([^;]*)")
"""How compare begins where pictures do not lie on each other; the reason follows."""


def _unlike(question: Question, seen: Observed, why: str) -> Move:
    """No difference is known, but only the texts were compared, or nothing at all."""
    thought = _say(question, f"The comparison says: {seen.verdict[:120]}", f"比较的结果：{seen.verdict[:120]}")
    if "not compared" not in seen.verdict:
        told = "The texts are the same; nothing else of the two pictures can be compared."
        return Move(thought, answer=_say(question, told, "文字相同；两张图的其他内容无法比较。"))
    missing = _say(question, f"the pictures cannot be compared: {why}", "两张图无法比较：无法对齐，也没有可比较的文字")
    return Move(thought, answer=answers.not_found(question, missing))


def _answer(question: Question, pages: Sequence[Page], solution: Solution | None) -> Move:
    if solution is not None and not (
        question.looks and question.kind not in ("place", "transcribe") and _only_looks(question, pages)
    ):
        thought = _say(
            question,
            f"The answer was read: {answers.clean(solution.why)[:200]}.",
            f"已读到答案：{answers.clean(solution.why)[:200]}。",
        )
        return Move(thought, answer=solution.text)
    lines = sum(len(p.lines) for p in pages)
    if question.looks or (pages and lines == 0):
        thought = _say(
            question,
            "Nothing that was read answers this, and it asks about what the picture shows rather than what it says.",
            "读到的文字回答不了，问题问的是画面而不是文字。",
        )
        return Move(thought, answer=answers.needs_vision(question))
    thought = _say(
        question,
        "No line, label or table cell accounts for what is asked.",
        "没有任何一行、标签或表格单元能回答这个问题。",
    )
    return Move(thought, answer=answers.not_found(question))


def _only_looks(question: Question, pages: Sequence[Page]) -> bool:
    """Whether a question about looks is answered by no label ("Colour: blue") and no sentence ("a green collar")."""
    from visual_agent.engines.planner.text.words import likeness, words

    if of_kind_asked(question, pages) is not None or clearly(question, pages) is not None:
        return False
    decisive = [t for t in question.terms if weight(t, question) >= 0.3]
    return not any(
        all(likeness(t, words(f"{pair.label} {' '.join(pair.context)}")) >= 0.9 for t in decisive)
        for page in pages
        for pair in page.pairs
    )
