"""Which record is in a state: "which check failed", "what is sold out", "哪一项偏高".

In: a `Question` and `Page`s. Out: a `Solution`, or None. What is asked for is the name of a record (its first cell
with words) one of whose other cells says so (`phrases.toml`, statuses); a state of every record answers nothing.
Any other words that stand in just one card or row tell it apart as well ("which one is painted").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.fields.nearest import Word, content, support
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.figures.running import told
from visual_agent.engines.planner.page.grids import Grid, Row
from visual_agent.engines.planner.page.observed import Item
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.page.records import records
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.values import is_numeric
from visual_agent.engines.planner.text.vocabulary import groups

_WHICH = re.compile(r"\b(?:which|what)\b|哪|什么")
_NO_NAME = re.compile(
    r"\bhow (?:many|much|long|often)\b|\bwhen\b|\bwhy\b|多少|几[个项点]|为什么|为何|什么时候|怎么|什么原因|什么问题"
)
_PRONOUN = re.compile(r" (?:you|i|we|they|it|one|be|been|yet|still|now|currently|also|already) ")
_SIGNS = re.compile(r"[↑↓*✗✘×]")


def flagged(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The records that are in the state that the question speaks of."""
    if (
        question.kind not in ("field", "extreme")
        or not _WHICH.search(question.folded)
        or _NO_NAME.search(question.folded)
    ):
        return None
    said = state(question.folded)
    if said is None:
        return None
    for page in pages:
        for grid in records(page):
            rows = [r for r in grid.body if sum(c is not None for c in r) > 1]
            found = [r for r in rows if says(r, said) is not None]
            column = _column(question, grid)
            names = [n for r in found if (n := (r[column] if column is not None else None) or _name(r)) is not None]
            if names and len(rows) > 2 and len(found) * 2 <= len(rows) and not _named(question, rows):
                ids = tuple(n.id for n in names) + tuple(c.id for r in found if (c := says(r, said)) is not None)
                text = ", ".join(answers.clean(n.text) for n in names)
                return Solution(
                    answers.value(text, ids), "its row says so", ids, min(n.score for n in names), page.name
                )
        told_of = _in_text(said, page)
        if told_of is not None:
            return told_of
    return None


_ASKED = re.compile(
    r"\b(?:which|what) (?:(?:one|ones|of (?:these|them|the \w+))\b|[a-z]+(?= (?:is|are|was|were|has|have|had|does|do|did|can|will|must|"
    r"should|costs?|needs?|starts?|ends?|meets?|runs?|takes?|gets?|goes?|got)\b))|哪(?:一|几|两)?[个些种项款样门间家本件](?:[\u4e00-\u9fff]{2}(?=[是有在要能可不没]))?"
)
_ITSELF = re.compile(r"\b(?:ones?|of)\b|哪(?:一|几|两)?[个些种款样]$")
_NEGATED = re.compile(r"\bnot\b|n['’]t\b|\bnobody\b|\bno one\b|\bwithout\b|\bno\b|\bnever\b|\bother than\b|不|没|非")
_APART = 0.2
_HEARD = 0.45


def told_apart(question: Question, pages: Sequence[Page], *, surely: bool = False) -> Solution | None:
    """The title of the one card or row that says what the question says; with "not", of the one that does not.

    `surely`: only where the question asks for the cards themselves ("which one", "哪个").
    """
    asked = _ASKED.search(question.folded)
    if (
        asked is None
        or (surely and not _ITSELF.search(asked[0]))
        or len(pages) != 1
        or _NO_NAME.search(question.folded)
    ):
        return None
    page = pages[0]
    topic = f"{question.folded[: asked.start()]} {question.folded[asked.end() :]}"
    found = [w for w in content(_NEGATED.sub(" ", topic)) if w.weight >= 0.4]
    for cards in _cards(page):
        bodies = [" | ".join(i.text for i in items[1:]) for items in cards]
        named = any(normal(items[0].text) in question.folded for items in cards)
        heard = _heard(found, bodies)
        if not found or named or not heard:
            continue
        sums = [sum(row) / len(row) for row in heard]
        at = _odd_one(sums) if _NEGATED.search(topic) else _top_one(sums)
        if at is not None:
            title = cards[at][0]
            return Solution(
                answers.value(title.text, (title.id,)), "its card says so", (title.id,), title.score, page.name
            )
    return None


def _heard(found: Sequence[Word], bodies: Sequence[str]) -> list[list[float]]:
    """How surely each card speaks of each word; nothing where a word stands in none and no other tells cards apart."""
    table = [[support(w, t, _HEARD) for t in bodies] for w in found]
    table = [[s if s >= 0.95 or max(row) < 0.95 else 0.5 * s for s in row] for row in table]
    telling = any(sum(s >= 0.95 for s in row) == 1 for row in table)
    lacking = [w for w, row in zip(found, table, strict=True) if max(row, default=0) < _HEARD]
    if any(not telling or any(c.isdigit() for c in w.text) for w in lacking):
        return []
    table = [row for row in table if max(row, default=0) >= _HEARD]
    return [list(column) for column in zip(*table, strict=True)]


def _top_one(sums: Sequence[float]) -> int | None:
    ranked = sorted(sums, reverse=True)
    return sums.index(ranked[0]) if ranked[0] >= _HEARD and ranked[0] - ranked[1] >= _APART else None


def _odd_one(sums: Sequence[float]) -> int | None:
    ranked = sorted(sums)
    return sums.index(ranked[0]) if ranked[0] < 0.3 and ranked[1] >= 0.6 else None


def _cards(page: Page) -> list[list[list[Item]]]:
    """Lists of three cards or rows and more: each a title and what is said of it."""
    blocks = [list(b) for b in page.blocks if 1 < len(b) < 7 and not is_numeric(b[0].text)]
    tables = [grid.filled for grid in page.grids if grid.kind == "list"]
    blocks = [b for b in blocks if not re.search(r"[:：]|[.。]$", b[0].text)]
    lists = [blocks, *([r for r in table if len(r) > 1 and not is_numeric(r[0].text)] for table in tables)]
    return [cards for cards in lists if len(cards) > 2]


def _column(question: Question, grid: Grid) -> int | None:
    """The column that bears the name that is asked for ("哪个航班": "航班")."""
    asked = re.search(
        r"哪(?:一|几)?[个项种件条家趟班份]?(?P<a>[\u4e00-\u9fff]{2})|\b(?:which|what) (?P<b>[a-z]+)", question.folded
    )
    word = (asked["a"] or asked["b"]) if asked else None
    heads = [normal(grid.head(n)) for n in range(len(grid.body[0]))] if word and grid.body else []
    asked_for = next((n for n, h in enumerate(heads) if h and (word == h or f"{word}s" == h)), None)
    return asked_for if asked_for is not None else _telling(grid.body)


def _telling(rows: Sequence[Row]) -> int | None:
    """The column that tells the records apart: the first whose words are most different ("Item", not "Room")."""
    width = len(rows[0]) if rows else 0
    columns = [[c.text for r in rows if n < len(r) and (c := r[n]) is not None] for n in range(width)]
    worded = [
        (len({normal(t) for t in c}), -n) for n, c in enumerate(columns[:-1]) if c and not any(map(is_numeric, c))
    ]
    return -max(worded)[1] if worded else None


def _in_text(said: re.Pattern[str], page: Page) -> Solution | None:
    """What a sentence says to be in the state: "The lift is out of order"."""
    found = []
    for sentence in told(page):
        for match in said.finditer(normal(sentence.text)):
            name = _subject(normal(sentence.text)[: match.start()], sentence.text)
            if name is not None and len(match[0]) > 1 and not match[0].isdigit():
                found.append((name, sentence))
    if len({n for n, _ in found}) != 1:
        return None
    name, sentence = found[0]
    ids = sentence.ids
    return Solution(answers.value(name, ids), "the sentence says so", ids, sentence.score, page.name)


_SUBJECT = re.compile(
    r"(?:^|[.;:,!?]\s+|\b(?:and|but|because|as|that)\s+)((?:(?:the|a|an|our|your|its|his|her|their|one|both) )?[a-z][\w'’-]*(?: [\w'’-]+){0,3}?)"
    r"\s+(?:is|are|was|were|has been|have been|has|have)(?: (?:currently|still|now|been|temporarily|already|a|the))*\s*$"
)
_SUBJECT_ZH = re.compile(
    r"(?:^|[,，。;；:：\s])([\u4e00-\u9fff]{2,10}?)(?:因[\u4e00-\u9fffA-Za-z0-9]{1,14})?(?:自[^,，]{2,10}起)?(?:已经?|现|目前|暂时?|正在?|临时|全部)*$"
)


def _subject(before: str, text: str) -> str | None:
    match = (_SUBJECT_ZH if has_han(text) else _SUBJECT).search(before)
    return match[1] if match else None


def state(folded: str) -> re.Pattern[str] | None:
    """How pages put the state that is asked for; of several the one that the question says at most length."""
    plain = _PRONOUN.sub(" ", folded)
    found = [(len(m[0]), g.said) for g in groups("statuses") if (m := g.asked.search(plain))]
    return max(found, key=lambda f: f[0])[1] if found else None


def says(row: Row, said: re.Pattern[str]) -> Item | None:
    """The cell behind the name that says the state: nearly the whole of a short cell, or a sign in it."""
    cells = [c for c in row if c is not None]
    for cell in cells[1:]:
        text = normal(cell.text).strip()
        match = said.search(text)
        if match is None or (match.start() and not _SIGNS.search(match[0])):
            continue
        if re.fullmatch(r"[\d]+", match[0]) and match[0] != text:
            continue
        if len(match[0]) * 4 >= len(text) or re.match(r"\W", text[match.end() :]):
            return cell
    return None


def _name(row: Row) -> Item | None:
    return next((c for c in row if c is not None and not is_numeric(c.text) and len(c.text) > 1), None)


def _named(question: Question, rows: Sequence[Row]) -> bool:
    """Whether the question names one of the records, and so asks something else about it."""
    names = [normal(n.text) for r in rows for n in r[:-1] if n is not None and not is_numeric(n.text)]
    return any(len(n) > 1 and n in question.folded for n in names)


_WRONG = re.compile(
    r"\bwhat(?:'s| is| was) (?:wrong|the (?:matter|problem|trouble|fault|state|condition))\b|什么(?:问题|毛病|情况|故障)"
)
_STATE_HEAD = re.compile(
    r"\b(?:conditions?|states?|remarks?|notes?|comments?|faults?|defects?|problems?|findings?|observations?)\b"
    r"|情况|问题|备注|说明|现象|描述|状况|故障"
)
_MENDED = re.compile(
    r"\bwhat (?:do|should|must|can|shall) (?:i|we|you|one) do\b|\bhow (?:do|can|should|would) (?:i|we|you) (?:fix|solve|mend|repair|cure|clear|treat|put)\b"
    r"|\bhow to (?:fix|solve|mend|repair|cure|clear|treat)\b|怎么办|(?:怎么|怎样|如何|咋)(?:处理|解决|排除|办|修|应对|治)"
)
_REMEDY_HEAD = re.compile(
    r"\b(?:what to do|actions?|remed(?:y|ies)|solutions?|fix(?:es)?|cures?|treatment|correction|advice|steps?|response)\b"
    r"|处理|措施|解决|办法|对策|排除|应对|治"
)
_MEANT = re.compile(r"\bwhat (?:does|do|did) .{1,40} (?:mean|stand for|signify)\b|什么意思|(?:代表|表示|是指)什么")
_MEANING_HEAD = re.compile(
    r"\b(?:meanings?|means|descriptions?|explanations?|stands for|definitions?)\b|含义|意思|说明|描述|释义"
)
"""What is asked of a fault, a sign or a code, and the headings under which the answer stands."""


def of_record(question: Question, pages: Sequence[Page]) -> Solution | None:
    """What stands in the row that a question names, in the column that it names or under "condition", "remedy", "meaning"."""
    asks = _WHICH.search(question.folded) or _MENDED.search(question.folded)
    if question.kind not in ("field", "place") or not asks:
        return None
    grids = [(g, p) for p in pages for g in p.grids if g.kind == "list" and g.body]
    for whole in (True, False):
        for grid, page in grids:
            at = _told_column(question, grid)
            rows = [r for r in grid.body if at is not None and r[at] is not None and _is_meant(r, at, question, whole)]
            cell = rows[0][at] if len(rows) == 1 and at is not None else None
            if cell is not None:
                return Solution(
                    answers.value(cell.text, (cell.id,)), "its row says so", (cell.id,), cell.score, page.name
                )
    return None


def _told_column(question: Question, grid: Grid) -> int | None:
    """The column that is asked for by its heading, or the one for remarks where it is asked what is wrong."""
    heads = [normal(grid.head(n)) for n in range(len(grid.body[0]))]
    if not any(heads):
        heads = [normal(c.text) if c is not None else "" for c in grid.body[0]]
    asked = re.search(r"\b(?:what|which) ([a-z]+)", question.folded)
    at = next((n for n, h in enumerate(heads) if h and asked and h in (asked[1], f"{asked[1]}s")), None)
    for asks, head in ((_MENDED, _REMEDY_HEAD), (_MEANT, _MEANING_HEAD), (_WRONG, _STATE_HEAD)):
        if at is None and asks.search(question.folded):
            at = next((n for n, h in enumerate(heads) if head.search(h)), None)
    return at


def _is_meant(row: Row, at: int, question: Question, whole: bool) -> bool:
    """Whether a question names a row by the whole of one of its cells, or by the last word of its name ("the net")."""
    names = [normal(c.text) for n, c in enumerate(row) if c is not None and n != at and not is_numeric(c.text)]
    if whole:
        return any(len(n) > 1 and re.search(rf"(?<![a-z]){re.escape(n)}(?![a-z])", question.folded) for n in names)
    last = names[0].split()[-1] if names else ""
    return len(last) > 2 and re.search(rf"\b(?:the|a|my|our) {re.escape(last)}\b", question.text) is not None
