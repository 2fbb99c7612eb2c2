"""What something or somebody is called: "a cat called Biscuit", "取名叫团圆", the surname in "单女士".

In: a `Question` and `Page`s. Out: a `Solution`, or None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.extracts import looks_like_name
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.related import passages_of
from visual_agent.engines.planner.fields.categories import ANIMALS
from visual_agent.engines.planner.fields.nearest import content, heard, shares
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.figures.running import told
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import HAN, normal

_ASKS = re.compile(r"\b(?:name|names|named|called|title|titled|nickname)\b|叫什么|叫啥|什么名字|名字|名称|昵称|标题")
_SURNAME = re.compile(r"姓什么|姓啥|贵姓|\bsurname\b|\blast name\b|\bfamily name\b")
_SAID = re.compile(
    rf"(?:取名叫?|起名叫?|名叫|叫做|叫作|名为|称为|人称|昵称|大名|小名叫?|叫)[“\"「《]?(?P<zh>[A-Za-z{HAN}]{{1,8}}?)(?=[”\"」》,，。;；!！?？、\s(（的]|$)"
    r"|\b(?:called|named|titled|entitled|answers to(?: the name)?(?: of)?|known as|goes by|by the name of|name is|name's)\s+"
    r"(?P<en>[\"“'‘][^\"”'’]{1,40}[\"”'’]|[A-Z][\w'’-]*(?:\s+(?:(?:of|the|and|de|in|on|for|to|a)\s+){0,2}[A-Z][\w'’-]*)*)"
)
_TITLED = re.compile(
    rf"姓(?!名|氏)([{HAN}])|(?:^|[^{HAN}]|[由找联系是向])([{HAN}])(?:女士|先生|小姐|老师|经理|医生|师傅|阿姨|大夫|同学|总|姐|哥)"
)
_BEINGS = ANIMALS.union(
    "pony tortoise hamster boat ship baby child boy girl band group choir club 鹦鹉 孩子 宝宝 船 乐队 队伍".split()  # noqa: SIM905
)
"""What a question calls whatever the page is about, in other words than the page."""
_LEAST = 0.45


def titled(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The name that a sentence gives to what the question speaks of."""
    if question.kind not in ("field", "place", "extreme"):
        return None
    if _SURNAME.search(question.folded):
        return _surname(question, pages)
    if not _ASKS.search(question.folded):
        return None
    topic = _ASKS.sub(" ", question.folded)
    for page in pages:
        texts = [(s.text, s.ids) for s in told(page)]
        named = [
            (n, (m["zh"] or m["en"]).strip("\"“”'‘’ ")) for n, (t, _) in enumerate(texts) if (m := _SAID.search(t))
        ]
        labelled = _labelled(question.folded, page)
        if labelled is not None:
            return labelled
        if not named or not content(topic):
            continue
        weighty = [w for w in content(topic) if w.weight >= 1]
        if len({n for _, n in named}) == 1 and all(w.text in _BEINGS for w in weighty):
            at, name = named[0]
            return Solution(answers.value(name, texts[at][1]), "it is called so", texts[at][1], 1.0, page.name)
        if any(heard(w, (t for t, _ in texts)) < 0.5 for w in weighty):
            continue  # what is not spoken of has no name here
        near = shares(topic, [t for t, _ in texts])
        at, name = max(named, key=lambda f: near[f[0]])
        if near[at] >= _LEAST and normal(name) not in question.folded:
            return Solution(answers.value(name, texts[at][1]), "it is called so", texts[at][1], 1.0, page.name)
    return None


_PERSON = re.compile(
    r"病人|患者|乘客|旅客|持票人|学生|学员|会员|客户|顾客|住户|业主|\b(?:patient|passenger|student|pupil|member|customer|guest|tenant)\b"
)
_LABELLED = re.compile(
    rf"(?:姓名|患者|病人|乘客|旅客|学员|学生|会员|客户|\b(?:Name|Patient|Passenger|Student|Pupil|Member|Customer|Guest|Tenant))\s*[:：]\s*"
    rf"([{HAN}]{{2,4}}(?![{HAN}])|(?:(?:Mr|Mrs|Ms|Miss|Dr)\.? )?[A-Z][\w'’-]*(?: [A-Z][\w'’.-]*){{1,3}})"
)


def _labelled(folded: str, page: Page) -> Solution | None:
    """The one name behind a label for people, where the question asks for whoever the paper is about."""
    if not _PERSON.search(folded):
        return None
    found = {(m[1], i.id) for i in page.lines for m in _LABELLED.finditer(i.text)}
    if len(found) != 1:
        return None
    text, at = found.pop()
    return Solution(answers.value(text, (at,)), "the label of a person has it", (at,), 1.0, page.name)


def _surname(question: Question, pages: Sequence[Page]) -> Solution | None:
    """The one surname before a title on the page, or of the person whose passage is nearest."""
    if not question.chinese:
        return None
    for page in pages:
        texts = [(p.text, tuple(i.id for i in p.parts)) for p in passages_of(page)]
        found = [(n, m[1] or m[2]) for n, (t, _) in enumerate(texts) for m in _TITLED.finditer(t)]
        found += (
            [
                (n, w[:1])
                for n, (t, _) in enumerate(texts)
                for w in re.findall(rf"[{HAN}]+", t)
                if looks_like_name(w) and w[1:]
            ]
            if not found
            else []
        )
        labelled = _labelled(question.folded, page)
        if labelled is not None:
            return Solution(answers.value(labelled.text[:1], labelled.ids), labelled.why, labelled.ids, 1.0, page.name)
        if not found:
            continue
        near = shares(_SURNAME.sub(" ", question.folded), [t for t, _ in texts])
        at, name = max(found, key=lambda f: near[f[0]])
        if len({s for _, s in found}) == 1 or near[at] >= _LEAST:
            return Solution(answers.value(name, texts[at][1]), "the person is called so", texts[at][1], 1.0, page.name)
    return None


def bare_name(question: Question, text: str) -> str | None:
    """The name alone out of "罗海燕 女 46岁" or "HarbourGuest, password: anchor22", for a question for a name."""
    if not _ASKS.search(question.folded):
        return None
    first = re.split(r"[,，;；|]\s*|\s+(?=[男女]\b)|(?<=[\u4e00-\u9fff])\s+", text.strip(), maxsplit=1)[0].strip()
    label = re.match(r"^(?:姓名|名称|name)\s*[:：]\s*(.+)$", first, re.IGNORECASE)
    first = label[1] if label else first
    if first == text.strip() or len(first) < 2 or not any(c.isalpha() for c in first):
        return None
    return first if looks_like_name(first) or len(first.split()) <= 3 else None


_HOUSE = re.compile(r"(?:公司|店|馆|厂|社|院|校|行|中心|学校|医院|集团|协会|小区|大厦|工作室|部|局|所|会|园|屋|》)$")


def no_name(question: Question, text: str) -> bool:
    """Whether a text in Chinese can be no name where a name is asked for: a lone sign, a clause."""
    if re.search(r"叫什么|什么名字", question.folded) is None or not re.fullmatch(rf"[{HAN}，,。、]+", text):
        return False
    return (
        len(text) == 1 or (len(text) > 8 and not _HOUSE.search(text)) or re.search(r"[，,。我]|负责", text) is not None
    )
