"""What is left or lacking, and what a bill would be without one of its parts.

In: a `Question` and `Page`s. Out: a `Solution` with its working, or None. Two numbers of one thing are told apart by
what their labels say: one is the whole (a target, a limit, what was ordered), the other what is done of it (spent,
packed, booked so far); a bill's total less what a label of the same page names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.weights import is_generic
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.figures.figures import Figure, valued
from visual_agent.engines.planner.figures.operands import ends, like, spoken, topic_of
from visual_agent.engines.planner.figures.running import told
from visual_agent.engines.planner.figures.sheets import Sheet
from visual_agent.engines.planner.figures.sums import shown
from visual_agent.engines.planner.text.folding import has_han, normal, stem
from visual_agent.engines.planner.text.values import han_number, has_cents
from visual_agent.engines.planner.text.words import Term

_LEFT = re.compile(
    r"\b(?:left|remain(?:s|ing|der)?|still|yet|outstanding|to go|short|short of|unspent|unsold|spare|missing|lacking|"
    r"more (?=.*\b(?:to|need|needs|needed|must|before|until|can|could)\b)|below|under|haven't|hasn't|not yet)\b"
    r"|还(?:剩下?|差|有|能|可以?|缺|要|需要?|得|没)|剩下?|余下?|尚|缺|[离距].{1,8}差|没"
)
_NUMBER = re.compile(r"\bhow (?:much|many|far)\b|\bby how\b|多少|几|[多]远")
_FRAME = re.compile(
    r"\b(?:how|much|many|by|what|is|are|was|were|there|do|does|did|they|we|you|i|he|she|it|have|has|had|to|be|been|of|the|"
    r"until|before|reach|can|could|need|needs|needed|must|for|in|on|at|yet|next|free|available|up|now)\b|再|了|[离距]"
)
_WHOLE = re.compile(
    r"\b(?:targets?|goals?|limit|max(?:imum)?|capacity|budget(?:ed)?|order(?:ed)?|plan(?:ned)?|due|required|needed|expected|"
    r"allow(?:ed|ance)|quota|seats|places|spaces|total|to (?:pick|pack|do|load|sell|send|deliver|collect)|asked|full|price|"
    r"min(?:imum)?|invited|enrolled|booked in|owed|stock|fund)\b|目标|计划|上限|限额|限载|名额|预算|应|订|额度|容量|满|总|共|指标|定额|核定|需"
)
_DONE = re.compile(
    r"\b(?:used|spent|done|paid|deposit|picked|packed|sold|so far|current(?:ly)?|now|today|booked|taken|received|loaded|"
    r"counted|reached|completed?|raised|registered|selected|sent|filled|present|arrived|delivered|collected|finished|"
    r"shipped|informed|returned|to date|already|actual|gone|made|meter|reading|read)\b"
    r"|已|现(?!金)|今日|今天|目前|当前|实|完成|用[去了]|收到|到货|筹到|累计|完工"
)
_PRINTED = re.compile(
    r"\b(?:left|remaining|outstanding|short|shortage|missing|to go|still|spare|available|free)\b|剩|缺|尚|余(?:额|量|票)|还差"
)
_OF = re.compile(r"(\d[\d,]*)\s*(?:of|out of|/)\s*(\d[\d,]*)\b")


@dataclass(frozen=True)
class Stated:
    """A number with its label and the text that it stands in; `after` is what follows it."""

    number: float
    kind: str
    text: str
    label: str
    line: str
    after: str
    id: str
    page: str


def left(sheet: Sheet) -> Solution | None:
    """What is left of something, or lacks."""
    question = sheet.question
    if not (_LEFT.search(sheet.folded) and _NUMBER.search(sheet.folded)) or question.wants == "date":
        return None
    if question.kind in ("extreme", "average") or ends(sheet.folded) is not None:
        return None
    said = _topic(sheet)
    if any(all(like(t, p.text) < 0.55 for p in sheet.pages) for t in said if not is_generic(t)):
        return None
    known = list(_stated(sheet))
    remains = re.search(r"\b(?:left|remain\w*|short|missing|outstanding|spare|free)\b|剩|缺|差|余", sheet.folded)
    printed = [
        s
        for s in known
        if remains and _PRINTED.search(s.label) and _suits(question, s) and _speaks(said, s.label) >= 1.0
    ]
    if printed:
        return None if len({s.number for s in printed}) > 1 else _told(printed[0])
    return _of(sheet, said) or _of_two(question, said, known)


def _told(one: Stated) -> Solution:
    return Solution(
        answers.value(one.text, (one.id,)), f'"{one.label[:60]}" says what is left', (one.id,), 1.0, one.page
    )


def _topic(sheet: Sheet) -> list[Term]:
    """What the question is about, apart from how it asks."""
    plain = re.sub(r"(?:多少|几)[个棵位名张件箱本辆条只台吨元块份]?", " ", _LEFT.sub(" ", sheet.folded))
    plain = _FRAME.sub(" ", plain)
    return [t for t in spoken(plain) if not t.weak and t.kind != "soft" and not (has_han(t.text) and len(t.text) < 2)]


def _stated(sheet: Sheet) -> Iterator[Stated]:
    """Every number with its label: of rows and lines, and of the clauses of sentences."""
    for f in sheet.figures:
        if f.kind in ("number", "amount") and " sentence" not in f.column and not _is_year(f):
            after = sheet.page_of[f.page].known[f.id].text.partition(f.text)[2]
            yield Stated(f.number, f.kind, f.text, normal(f"{f.name} {f.head}"), normal(f.also), after, f.id, f.page)
    for page in sheet.pages:
        for sentence in told(page):
            found = [v for v in valued(sentence.text) if v.kind in ("number", "amount") and v.number is not None]
            for n, value in enumerate(found):
                start = found[n - 1].end if n else 0
                end = found[n + 1].start if n + 1 < len(found) else len(sentence.text)
                before = re.split(r"[,，;；。(（]", sentence.text[start : value.start])[-1]
                after = re.split(r"[,，;；。)）.]", sentence.text[value.end : end])[0]
                label = normal(f"{before} {after}")
                at = next((i for i in sentence.ids if value.text in page.known[i].text), sentence.ids[0])
                yield Stated(
                    value.number or 0.0, value.kind, value.text, label, normal(sentence.text), after, at, page.name
                )


def _is_year(figure: Figure) -> bool:
    return figure.kind == "number" and re.fullmatch(r"(?:19|20)\d\d", figure.text) is not None


def _suits(question: Question, one: Stated) -> bool:
    """Whether a number can be of what is counted: money for money, the asked unit behind it."""
    if question.wants == "amount" and one.kind != "amount":
        return has_cents(one.text) or not re.match(r"\s?[a-z\u4e00-\u9fff]", one.after)
    if question.wants != "amount" and one.kind == "amount":
        return not question.counts
    unit = re.search(r"(?:多少|几)([^\d?？\s了没])", question.folded)
    behind = one.after.strip()[:1]
    return unit is None or not has_han(behind) or unit[1] in (behind, "个") or len(one.after.strip()) > 2


def _speaks(said: Sequence[Term], text: str) -> float:
    """The share of terms that a text speaks of; all of none."""
    return sum(like(t, text) >= 0.5 for t in said) / len(said) if said else 1.0


def _of(sheet: Sheet, said: Sequence[Term]) -> Solution | None:
    """For "41 of 44 told": how many are not."""
    if not re.search(r"\b(?:not|haven't|hasn't|yet|still|left|missing|remain\w*)\b|没|未|还|剩|缺", sheet.folded):
        return None
    found = [
        (i, m, p)
        for p in sheet.pages
        for i in p.lines
        for m in _OF.finditer(i.text)
        if _speaks(said, normal(i.text)) >= 0.5
    ]
    if len(found) != 1 or not said:
        return None
    item, match, page = found[0]
    done, whole = (float(g.replace(",", "")) for g in match.groups())
    if whole <= done:
        return None
    how = f"{match[2]} - {match[1]}"
    return Solution(answers.worked(shown(whole - done), how, (item.id,)), how, (item.id,), item.score, page.name)


def _of_two(question: Question, said: Sequence[Term], known: Sequence[Stated]) -> Solution | None:
    """The whole less what is done, where one pair of numbers clearly is meant."""
    known = [s for s in known if _suits(question, s)]
    wholes = [s for s in known if _WHOLE.search(s.label) and not _DONE.search(s.label)]
    ranked = []
    plain = _FRAME.sub(" ", _LEFT.sub(" ", question.folded))
    asked = {stem(w) for w in re.findall(r"[a-z]{3,}", plain)}
    order = list(dict.fromkeys(s.id for s in known))
    for one, two in product(wholes, [s for s in known if _DONE.search(s.label)]):
        if one.page != two.page or one.number <= two.number or not _one_unit(one, two):
            continue
        near = _near(one, two, order)
        fit = _speaks(said, f"{one.label} {two.label}") + 0.5 * _speaks(said, f"{one.line} {two.line}")
        stems = {stem(w) for w in re.findall(r"[a-z]{3,}", f"{one.label} {two.label}")}
        ranked.append((fit + near + 0.3 * len(asked & stems), one, two))
    ranked.sort(key=lambda r: -r[0])
    if not ranked or ranked[0][0] < 0.5:
        return None
    top, one, two = ranked[0]
    rivals = {r[1].number - r[2].number for r in ranked if r[0] > top - 0.1}
    if len(rivals) > 1:
        return None
    how, ids = f"{one.text} - {two.text}", (one.id, two.id)
    return Solution(answers.worked(shown(one.number - two.number), how, ids), how, ids, 1.0, one.page)


def _near(one: Stated, two: Stated, order: Sequence[str]) -> float:
    """How surely two numbers belong together: in one sentence or row, next to each other, in one unit."""
    beside = abs(order.index(one.id) - order.index(two.id)) <= 1
    return 0.3 * (one.line == two.line != "") + 0.3 * beside + 0.15 * (one.after.strip() == two.after.strip() != "")


def _one_unit(one: Stated, two: Stated) -> bool:
    """Whether two numbers can be of one thing."""
    if one.kind != two.kind and "amount" in (one.kind, two.kind):
        return has_cents(one.text + two.text)
    a, b = (re.match(r"\s?([a-z]{1,3}\b|[\u4e00-\u9fff])", s.after) for s in (one, two))
    return a is None or b is None or a[1] == b[1]


# --- bills ---------------------------------------------------------------------------------------------------------

_WITHOUT = re.compile(
    r"\b(?:without|excluding|before|minus|less|not counting|leaving out|had there been no|but for|after|apart from) "
    r"(?:the |any |their |our |my |paying )?(?P<a>[a-z][\w' -]{1,30})"
    r"|(?:不含|不算|不计|除去|除了|扣掉|扣除|减去|去掉|没有)(?P<b>[^,，的?？]{1,8}?)(?:的?(?:话|情况下)|以外|之外|以后|之后|后|外|[,，]|多少|$)|(?P<c>[税折])前"
)
_TOTAL = re.compile(r"\b(?:grand |sub)?total\b|\bamount due\b|\bto pay\b|合计|总计|总额|总价|应付|实付|共计")
_BILL = re.compile(
    r"\b(?:how much|what|would|will|have|has|had|been|be|was|is|are|the|it|that|this|bill|total|amount|price|cost|come|comes|"
    r"to|altogether|in all|they|we|you|i|left|pay|paid|still|remains?|remaining|balance|due|whole|thing|there|do|does|owe)\b"
    r"|多少钱?|总共|一共|合计|总价|总额|价格|金额|账单|费用|还要?|要|付|是|这|张|单|剩|的话?|如果|应"
)


def without(sheet: Sheet) -> Solution | None:
    """A total without a part of it that the page names: tax, a tip, a discount, a deposit."""
    match = _WITHOUT.search(sheet.folded)
    if (
        match is None
        or sheet.question.wants not in ("amount", "number", "")
        or not _NUMBER.search(sheet.folded + " how much")
    ):
        return None
    phrase = match["a"] or match["b"] or {"税": "税", "折": "折扣"}[match["c"]]
    phrase = re.split(r"[,，]|\b(?:how|what|is|was)\b", phrase)[0].strip()
    rest = sheet.folded[: match.start()] + " " + sheet.folded[match.start() + len(match[0]) :]
    topic = topic_of(_BILL.sub(" ", rest))
    if not re.search(r"\b(?:what|how much)\b|多少", rest):
        return None
    parts = [n for n in sheet.named(phrase) if _is_money(n.figure) and n.score >= 0.6]
    totals = [
        f for f in sheet.figures if _is_money(f) and _TOTAL.search(normal(f.name)) and f.name.casefold()[:3] != "sub"
    ]
    if topic:  # of something, not of the bill as a whole
        totals = [n.figure for n in sheet.named(_BILL.sub(" ", rest))[:1] if _is_money(n.figure) and n.score >= 0.6]
    whole = max(totals, key=lambda f: f.number, default=None)
    if whole is None or not parts or parts[0].figure.id == whole.id or _TOTAL.search(normal(parts[0].figure.name)):
        return None
    part = parts[0].figure
    number = whole.number - part.number
    if re.search(r"\bdiscount|\bvoucher|\bcoupon|\brebate|折|优惠|券|减", normal(f"{part.name} {phrase}")):
        number = whole.number + abs(part.number)
    how, ids = f"{whole.text} - {part.text}", (whole.id, part.id)
    return Solution(answers.worked(shown(number), how, ids), how, ids, 1.0, whole.page)


def _is_money(figure: Figure) -> bool:
    cents = has_cents(figure.text)
    return figure.kind == "amount" or (figure.kind == "number" and cents and han_number(figure.text) is None)
