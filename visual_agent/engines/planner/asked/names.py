"""Names and places cut out of texts: "Seen by Tomasz Wilk MRCVS" -> "Tomasz Wilk".

In: a text. Out: the names or places in it with their slices; or the name that a label's value is, without what stands
behind it.
"""

from __future__ import annotations

import re

from visual_agent.engines.planner.asked.extracts import SURNAMES, looks_like_name
from visual_agent.engines.planner.text.dictionary import segmented
from visual_agent.engines.planner.text.folding import has_han
from visual_agent.engines.planner.text.values import is_numeric, values

Found = tuple[str, int, int]

_TITLE = r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Sir|Lady|Captain|Sister|Father|Sgt|PC|Cllr|Rev)\.? "
_WORD = r"(?:[A-Z]\.(?: ?[A-Z]\.)*|[A-Z][\w'’-]*[a-zà-ÿ][\w'’-]*|[A-Z]{2,})"
_NAME = re.compile(rf"(?:{_TITLE})?{_WORD}(?: (?:(?:of|de|van|von|der|la|&|and Sons) )?{_WORD}){{0,4}}")
_NO_START = re.compile(
    r"(?:Hi|Hello|Sorry|Where|How|Why|Who|When|What|Which|Questions?|Tip|Note|The|This|That|These|Those|It|He|She|We|They|"
    r"You|I|In|On|At|For|From|To|By|With|Please|During|After|Before|While|If|As|But|And|So|There|All|Our|My|Your|His|Her|"
    r"Their|Its|No|Not|Each|Every|Anyone|Thanks?|Dear|Come|Bring|Take|Use|Add|Call|Ring|Contact|Ask|Phone|Email|Director|"
    r"Driver|Doctor|Vet|Manager|Teacher|Tutor|Coach|Engineer|Inspector|Caretaker|Secretary|Music|Lighting|Costumes?|Design|Text|Photo|"
    r"Paid|Given|Signed|Checked|Seen|Issued|Approved|Received|Delivered|Painted|Made|Sold|Transfer|Salary|Rent|Payment|"
    r"Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|June|July|August|"
    r"September|October|November|December|Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|"
    r"Christmas|Easter)\b\.?:?\s*"
)
_DEGREE = re.compile(r"\s+(?:MRCVS|BVSc|MD|PhD|MSc|BSc|MBBS|MBE|OBE|RN|GP|DDS|Esq|CEng|VAT|PIN)\b.*$")
_NEXT_LABEL = re.compile(
    r"(?<=[a-z]{3}[.])\s+[A-Z][a-z]+.*$"
    r"|\s+(?:Date|Time|Tel|Phone|Mobile|Signature|Signed|Ref|Position|Department|Dept|Room|Age|Email|Address)\b:?.*$",
    re.DOTALL,
)
"""The next sentence or label, where it was read together with a name."""
_TAIL = re.compile(r"\s*(?:[,;(（·|/]|\s[-–—]\s|\d|，|、).*$", re.DOTALL)
_HAN = r"\u4e00-\u9fff"
_TITLED_HAN = re.compile(
    rf"[{_HAN}]{{1,2}}(?:老师|医生|医师|大夫|经理|主任|教授|师傅|阿姨|女士|先生|校长|护士|警官|店长|叔叔|大爷|大妈|奶奶|爷爷|站长|队长|同学|小姐|律师|姐|哥|叔|婶|嫂)"
)
_NICK_HAN = re.compile(rf"[老小阿大][{_HAN}](?=[{_HAN}]?[，,。、：:\s是来去把将说送]|$)")
_STOPS_HAN = frozenset("的了是在和与把将为被由从向到就也都不要请等说们给这那个一第年月日号元前后及或并")


def short_name(value: str) -> str:
    """The name that a label's value is or begins with; "" where it is none."""
    text = _DEGREE.sub("", _TAIL.sub("", _NEXT_LABEL.sub("", value.strip()))).strip(" :：")
    text = text if re.search(r"\b[A-Z]\.$", text) else text.strip(" .")
    if not text or is_numeric(text) or any(c.isdigit() for c in text) or values(text):
        return ""
    if has_han(text):
        return text if len(text) <= 18 and not re.search(r"[。！？]", text) else ""
    parts = text.split()
    return (
        text
        if len(parts) <= 6 and parts[0][0].isupper() and not re.match(r"(?:The|This|If|We|You|It|Please) [a-z]", text)
        else ""
    )


def short_place(value: str) -> str:
    """The place that a label's value is; "" where it is none."""
    text = value.strip().strip(" .。")
    if not text or is_numeric(text) or len(text) > 80:
        return ""
    return (
        "" if any(v.kind in ("date", "time", "amount", "phone", "percent", "duration") for v in values(text)) else text
    )


def names_in(text: str) -> list[Found]:
    """The names of people and firms in a text."""
    if has_han(text):
        return _han_names(text)
    found = []
    for match in _NAME.finditer(text):
        start, name = match.start(), match[0]
        while (lead := _NO_START.match(name)) is not None and lead[0]:
            start, name = start + lead.end(), name[lead.end() :]
        if re.match(r" (?:on|by|at)\b", text[start + len(name) :]):
            name = re.sub(r"(?<=\w) [A-Z][a-z]{2,}ed$", "", name)  # "Ann Sorrell | Fixed on 3 May"
        name = re.sub(r"['’]s?$", "", _DEGREE.sub("", name)).rstrip()
        if len(name) > 1 and name[0].isupper():
            found.append((name, start, start + len(name)))
    return found


def _han_names(text: str) -> list[Found]:
    found: list[Found] = [(m[1], m.start(1), m.end(1)) for p in (_ORG_HAN, _CALLED_HAN) for m in p.finditer(text)]
    for match in _TITLED_HAN.finditer(text):
        start = next((n for n in (match.start(), match.start() + 1) if text[n] in SURNAMES and n < match.end() - 1), -1)
        if start >= 0:
            found.append((text[start : match.end()], start, match.end()))
    found += [(m[1], m.start(1), m.end(1)) for m in re.finditer(rf"姓([{_HAN}]{{1,2}})(?=的|[，,。]|$)", text)]
    taken = {n for _, a, b in found for n in range(a, b)}
    for run in re.finditer(rf"[{_HAN}]+", text):
        for at in range(len(run[0])):
            size = next((n for n in (3, 2) if at + n <= len(run[0]) and _may_be_name(run[0], at, n)), 0)
            a = run.start() + at
            if size and taken.isdisjoint(range(a, a + size)):
                found.append((run[0][at : at + size], a, a + size))
                taken |= set(range(a, a + size))
    return found + [(m[0], m.start(), m.end()) for m in _NICK_HAN.finditer(text) if m.start() not in taken]


_ROLE_END = frozenset("人员长师工者家部任系找问由让给是向生")
_NO_NAMES = frozenset(
    (
        "高温",
        "时间",
        "安全",
        "方式",
        "包装",
        "方便",
        "成人",
        "金额",
        "单位",
        "项目",
        "温度",
        "和谐",
        "任何",
        "全部",
        "周围",
        "周一",
        "周二",
        "周三",
        "周四",
        "周五",
        "周六",
        "周日",
    )
)
_NEXT = frozenset("的是在把将为说，去来到负告已于")


def _may_be_name(run: str, at: int, size: int) -> bool:
    """Whether signs are a name: a surname after a role or at the start, and an end or a word of grammar behind it."""
    name = run[at : at + size]
    if not looks_like_name(name) or name in _NO_NAMES or any(c in _STOPS_HAN for c in name[1:]):
        return False
    opens = at == 0 or run[at - 1] in _ROLE_END
    closes = at + size == len(run) or run[at + size] in _NEXT
    if segmented(name) == (name,) or (opens and closes):
        return opens and closes
    known = size == 3 and len(segmented(name[1:])) == 1
    opens = at > 0 and (opens or len(segmented(run[:at])[-1]) > 1)
    return not known and opens and (closes or len(segmented(run[at + size :])[0]) > 1)


_SITE = (
    "派出所|中心|门口|[台室厅馆店楼站院园所场厂镇村县市省区街路门口处港岛山湖井房亭柜层栋座苑寺桥校局社吧城]|银行|车间"
)
_PLACE_HAN = re.compile(
    rf"(?:移交给?|送到了?|送至|送往|寄到|寄至|交到|前往|改去|位于|[在到至往于去从向给交放找]了?|[:：,，。;；（(\s]|^)"
    rf"((?:(?![在到至往于去从向把将是有的了和与])[{_HAN}A-Za-z\d·\-]){{0,13}}?(?:{_SITE}))"
    rf"(?!(?:(?![在到至往于去从向把将是有的了和与])[{_HAN}\d]){{0,3}}(?:[室厅馆台站店院所园亭井]|中心|门口|广场|车间|派出所))"
)
_ORG_HAN = re.compile(
    rf"(?:[由给在找向为于与和归]|[:：,，。;；（(\s]|^)((?:(?![由给在找向为于与和归的了是])[{_HAN}A-Za-z\d]){{1,14}}?"
    rf"(?:有限公司|公司|银行|工厂|医院|学校|大学|中学|小学|幼儿园|书店|超市|药房|药店|科技|事务所|物业|合作社|出版社|派出所|居委会|基金会|协会|俱乐部|服务部|保险|快递|物流|驾校|[馆店厂院所社局队行]|中心)(?![馆店厂院所社局行内里外]|中心|公司))"
)
_CALLED_HAN = re.compile(rf"(?:取名叫?|名叫|起名叫?|名为|名字叫|改名叫?)([{_HAN}]{{1,5}}?)(?=[,，。、的；;！]|$)")
_PLACE = re.compile(
    r"\b(?:in|at|to|on|into|inside|outside|behind|near|opposite|under|beside|from|by|next to|in front of|between) "
    r"((?:the |a |an |our |my |your )?[A-Za-z][\w'’-]*(?: (?:of (?:the )?)?(?!and\b|while\b|because\b|until\b|before\b|after\b|for\b|from\b|in\b|at\b|"
    r"on\b|to\b|where\b|is\b|was\b|are\b|were\b|will\b|with\b|by\b|so\b|as\b|or\b|but\b|who\b|which\b|that\b|behind\b|near\b|opposite\b|next\b)[\w'’-]+){0,4})"
)


def places_in(text: str) -> list[Found]:
    """Places in a text: what stands after "in", "at", "from"; in Chinese what ends as places do."""
    if has_han(text):
        return [(m[1], m.start(1), m.end(1)) for m in _PLACE_HAN.finditer(text) if len(m[1]) > 1]
    spans = [(m[1], m.start(1), m.end(1)) for m in _PLACE.finditer(text)]
    return [s for s in spans if not values(s[0])]
