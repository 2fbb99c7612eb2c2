"""Yes or no by what a page tells of a topic: replies in a chat, ticked boxes, seasons, votes, what may not be left out.

In: a `Question` and a `Page`. Out: (yes, the text that says so, its regions), or None where none of them applies. The
topic is the question without the words that ask; the sentence, line or row nearest to it decides.
"""

from __future__ import annotations

import re

from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.fields.nearest import content, shares, support
from visual_agent.engines.planner.figures.running import paragraphs, told
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.values import MONTHS

Ruling = tuple[bool, str, tuple[str, ...]]
Part = tuple[str, tuple[str, ...]]

_ASKING = re.compile(
    r"\b(?:this|these|those) \w+|\b(?:an? |the )?\w+ (?:called|named)\b|\bthe (?:text|page|document|picture|sign|list)\b|"
    r"\b(?:talk|talks|speak|speaks|tell|tells) (?:about|of)\b|\bin (?:january|february|march|april|may|june|july|august|september|october|november|december)\b|"
    r"\b(?:gives?|given|offer(?:s|ed)?|provide[sd]?|wants?|asks?|comes? in|come|came|gone through|gets?|makes?)\b|"
    r"\b(?:allowed|permitted|possible|okay?|fine|able|bring|take|use|used|mention(?:ed|s)?|say|said|there|anything|anyone|"
    r"anybody|everybody|everyone|unanimous(?:ly)?|they|both|still|yet|already|ever|need|have to|in it|on it|at all)\b"
    r"|有没有|没有|可不可以|能不能|可以|允许|是否|是不是|需不需要|需要|要不要|用不用|行不行|吗|有人|([\u4e00-\u9fff])[不没]\1|时候|东西|这[个种][\u4e00-\u9fff]"
)
_QUESTION = re.compile(
    r"^(?:and |so |hey )?(?:is|are|can|could|do|does|did|will|would|has|have|any|shall|should|am|was)\b|[?？]|[吗么]|[\u4e00-\u9fff]不[\u4e00-\u9fff]$"
)
_NO = re.compile(
    r"^\W*(?:no|nope|nah|not|sorry|afraid not|unfortunately|never|didn['’]?t|can['’]?t)\b|^\W*(?:不|没|别|暂时没|无)"
)
_YES = re.compile(
    r"^\W*(?:yes|yeah|yep|yup|sure|of course|ok|okay|definitely|absolutely|please do|done|already)\b|^\W*(?:好|可以|是的?|对|有|行|嗯|能|要|带|会)"
)
_MONTH = rf"({'|'.join(MONTHS)})[a-z]*"
_SPAN = re.compile(
    rf"\b(?:between|from) (?:\d+ )?{_MONTH} (?:and|to|until|till) (?:\d+ )?{_MONTH}|{_MONTH} ?[-–—] ?{_MONTH}|(\d{{1,2}})月(?:\d+日)?[-–—~至到](\d{{1,2}})月"
)
_VOTES = re.compile(r"\b(\d+)(?: votes?)? (?:to|against) (\d+|none|nil)\b|(\d+)票(?:赞成|同意)[,，、\s]*(\d+)票反对")


def topic(question: Question) -> str:
    """What a question is about: its words without those that ask."""
    return _ASKING.sub(" ", question.folded)


def parts_of(page: Page) -> list[Part]:
    """Sentences over several lines, lines, and rows of two cells or more."""
    found: list[Part] = [(s.text, s.ids) for s in told(page)]
    found += [(i.text, (i.id,)) for i in page.lines]
    rows = [row for row in page.every_row if 1 < len(row) <= 8]
    return found + [(" ".join(i.text for i in row), tuple(i.id for i in row)) for row in rows]


def spoken_of(question: Question, page: Page, least: float) -> list[Part]:
    """The parts that speak of the topic, nearest first."""
    parts = parts_of(page)
    scored = zip(shares(topic(question), [t for t, _ in parts]), parts, strict=True)
    fitting = [(s - 0.0008 * len(p[0]), p) for s, p in scored if s >= least]
    return [p for _, p in sorted(fitting, key=lambda sp: -sp[0])]


def replied(question: Question, page: Page) -> Ruling | None:
    """What the page itself answers, by whichever of the rules applies."""
    for rule in (_answered, _ticked, _opposed, _otherwise, _nobody, _in_season, _carried, _spared, _left_out):
        found = rule(question, page)
        if found is not None:
            return found
    return None


def _answered(question: Question, page: Page) -> Ruling | None:
    """Somebody on the page asks the same, and the next line answers."""
    lines = list(page.lines)
    scores = shares(topic(question), [i.text for i in lines])
    asked = [n for n, i in enumerate(lines) if scores[n] >= 0.6 and _QUESTION.search(normal(i.text))]
    for at in asked:
        for item in lines[at + 1 : at + 4]:
            text = normal(item.text)
            if _NO.search(text) or _YES.search(text):
                return _NO.search(text) is None, item.text, (item.id, lines[at].id)
    return None


def _ticked(question: Question, page: Page) -> Ruling | None:
    """A box that is ticked or empty, right before or behind the words."""
    for text, ids in spoken_of(question, page, 0.5)[:2]:
        boxes = re.findall(r"([□☐☑☒✓✔■])\s*([^□☐☑☒✓✔■]+)", text)
        scores = shares(topic(question), [t for _, t in boxes])
        best = max(zip(scores, boxes, strict=True), key=lambda sb: sb[0], default=None)
        if best is not None and best[0] >= 0.5:
            return best[1][0] not in "□☐", text, ids
    return None


def _opposed(question: Question, page: Page) -> Ruling | None:
    """The page says the contrary of the question's only adjective: "Unfurnished" of "is it furnished?"."""
    asked = [w for w in content(topic(question)) if w.weight >= 0.4]
    if len(asked) != 1 or len(asked[0].text) < (2 if has_han(asked[0].text) else 5):
        return None
    word = asked[0].text
    contrary = re.compile(rf"\b(?:un|in|im|non-?|not ){re.escape(word)}\b|[未不非无]{re.escape(word)}")
    bare = re.sub(r"^(?:un|in|im|non-?)", "", word)
    plain = re.compile(rf"(?<![\w-]){re.escape(bare)}\b") if bare != word and len(bare) > 4 else None
    for item in page.lines:
        text = normal(item.text)
        if contrary.search(text) or (plain is not None and plain.search(text) and word not in text):
            return False, item.text, (item.id,)
    return None


_ORDER = (
    r"first|second|third|fourth|fifth|1st|2nd|3rd|[4-9]th|business|economy|standard",
    r"一|二|三|四|五|六|七|八|九|特|头|商务|甲|乙|丙|初|高",
)
_CLASSED = re.compile(
    rf"\b(?P<en>{_ORDER[0]})[- ](?P<en_of>class|prize|place|edition|floor|grade|year|half|aid|round|draft|hand|degree)\b"
    r"|\b(?P<of>grade|level|class|platform|gate|room|terminal|lane|zone|coach|size|row|block|track|volume|part|unit|stage"
    r"|year|bay|hall|floor|bus|line|route|version|step) (?P<no>\d{1,3}[a-z]?|[a-d])\b"
    rf"|第?(?P<zh>{_ORDER[1]}|\d{{1,3}})(?P<zh_of>等[座奖舱]|级(?!别)|年级|号(?:线|楼|厅|门|台|馆|库)|车厢|单元|期|版|季)"
)
"""Things of an order or a number: "second class", "platform 4", "一等座"."""


def _classed(text: str) -> set[tuple[str, str]]:
    found = (m.groupdict() for m in _CLASSED.finditer(normal(text)))
    return {(g["en_of"] or g["of"] or g["zh_of"], g["en"] or g["no"] or g["zh"]) for g in found}


def _otherwise(question: Question, page: Page) -> Ruling | None:
    """Whether it is of the class that the question says, where the whole question is about the page's only one."""
    asked = _classed(question.folded)
    rest = _CLASSED.sub(" ", topic(question))
    if len(asked) != 1 or any(w.weight >= 0.9 for w in content(_SUBJECT.sub(" ", rest))):
        return None
    kind, which = next(iter(asked))
    told_of = [(n, i) for i in page.lines for k, n in _classed(i.text) if k == kind]
    if len({n for n, _ in told_of}) != 1:
        return None
    number, item = told_of[0]
    return number == which, item.text, (item.id,)


_SUBJECT = re.compile(
    r"\b(?:tickets?|seats?|books?|trains?|travell?ing|travel|go|going|leave|leaves|leaving|stop|stops|passengers?|copy|won|win)\b"
    r"|[票座书车本张获奖坐乘的吗是]"
)
_ANYBODY = re.compile(
    r"\b(?:any(?:one|body|thing)?|some(?:one|body|thing)|a single (?:person|one)|at all)\b|有没有|有人|谁.*吗|任何|什么.*吗"
)
_NONE = re.compile(
    r"\b(?:nobody|no[- ]?one|nothing|none|no (?=[a-z]+ (?:was|were|has|have|had|is|are)\b))\b|没有?人|无人|没有任何|未发生|均未|无一"
)
_TURNED = re.compile(r"\b(?:but|except|apart from|other than|until|unless|more than)\b|除|但|以外")


def _nobody(question: Question, page: Page) -> Ruling | None:
    """For "did anybody get hurt?": no, where the clause that speaks of it says "nobody", "nothing", "没有人"."""
    if not _ANYBODY.search(question.folded) or re.search(r"\b(?:not|no|nobody|nothing)\b|n['’]t\b", question.folded):
        return None
    clauses = [
        (c, ids) for text, ids in parts_of(page) for c in re.split(r"[,，.。;；!！]\s*(?!\d)", text) if c.strip()
    ]
    said = [w for w in content(_END.sub(" ", topic(question))) if w.weight >= 0.4]
    for clause, ids in clauses:
        folded = normal(clause)
        denied = _NONE.search(folded) and not _TURNED.search(folded)
        if denied and said and all(support(w, clause) >= 0.5 for w in said):
            return False, clause, ids
    return None


_END = re.compile(r"\b(?:in the end|eventually|so far|this time|get|got|getting|been|happen\w*)\b|最后|最终|到底|发生")


def _spared(question: Question, page: Page) -> Ruling | None:
    """For "something without gluten?": yes, where a line says "gluten-free", "no gluten" or "vegan"."""
    without = re.search(
        r"\b(?:without(?: any)?|(?:is|has|have|contains?|with) no|free (?:of|from)|(?:does|do)n['’]?t (?:eat|drink|have)|not (?:eat|drink)) ([a-z]+)|[不没无](?:含|有|带|加|吃|喝)?([\u4e00-\u9fff]{1,3})的",
        question.folded,
    )
    if without is None:
        return None
    thing = without[1] or without[2]
    said = rf"\b{re.escape(thing)}[- ]?free\b|\bnon-?{re.escape(thing)}|\bno {re.escape(thing)}|[无零低去0不](?:含|添加|加)?{re.escape(thing)}"
    if re.fullmatch(r"meat|pork|beef|animals?|肉|荤", thing):
        said += r"|\bveg(?:an|etarian|gie)\b|\bplant-based\b|\bmeatless\b|素"
    if re.fullmatch(r"milk|dairy|eggs?|lactose|奶|蛋", thing):
        said += r"|\bvegan\b|纯素"
    held = next((i for i in page.lines if re.search(said, normal(i.text))), None)
    return (True, held.text, (held.id,)) if held is not None else None


def _in_season(question: Question, page: Page) -> Ruling | None:
    """Whether a month of the question lies in the months that a sentence about it names."""
    named = re.search(rf"\bin {_MONTH}\b|(\d{{1,2}})月", question.folded)
    if named is None:
        return None
    month = MONTHS.index(named[1]) + 1 if named[1] else int(named[2])
    for text, ids in spoken_of(question, page, 0.4)[:4]:
        span = _SPAN.search(normal(text))
        if span is not None:
            first, last = (MONTHS.index(g) + 1 if g in MONTHS else int(g) for g in span.groups() if g)
            inside = first <= month <= last if first <= last else month >= first or month <= last
            return inside != _forbids(text), text, ids
    return None


def _carried(question: Question, page: Page) -> Ruling | None:
    """Whether all voted for it."""
    if not re.search(
        r"\b(?:everybody|everyone|unanimous\w*|all|anyone against)\b|一致|全票|都同意|都赞成", question.folded
    ):
        return None
    for text, ids in spoken_of(question, page, 0.6)[:3]:
        near = " ".join(i.text for lines in paragraphs(page) if any(i.id in ids for i in lines) for i in lines)
        votes = _VOTES.search(normal(near))
        if votes is not None:
            against = [g for g in votes.groups() if g][1]
            return against in ("0", "none", "nil"), text, ids
    return None


def _left_out(question: Question, page: Page) -> Ruling | None:
    """For "May I go in without a cap?": no, where the page says that one must."""
    without = re.search(
        r"\bwithout (?:a |an |any |the |my )?(.+?)[?.]?$|(?:不|没|没有)([^不没能可就]{2,8}?)(?:可以|能|就能|行|也)",
        question.folded,
    )
    if without is None:
        return None
    thing = next(g for g in without.groups() if g)
    parts = parts_of(page)
    scored = zip(shares(thing, [t for t, _ in parts]), parts, strict=True)
    for score, (text, ids) in sorted(scored, key=lambda sp: -sp[0])[:3]:
        if score >= 0.6 and re.search(
            r"\b(?:must|required|only with|compulsory|need|have to|please)\b|须|必须|需|凭|请|应", normal(text)
        ):
            return False, text, ids
    return None


def _forbids(text: str) -> bool:
    return re.search(r"\b(?:no|not|never|forbidden|prohibited|closed)\b|禁|勿|不得|关闭", normal(text)) is not None


def each(question: Question) -> str:
    """The question about one picture where it asks about both: "do they both want a deposit?"; "" where it does not."""
    if not re.search(r"\bboth(?: of (?:them|these|the \w+))?\b|\beach\b|都", question.folded):
        return ""
    return re.sub(
        r"\b(?:they )?both(?: of (?:them|these|the \w+))?\b|\beach(?: of (?:them|these))?\b|两[家张个份]|都",
        " it ",
        question.text,
    )
