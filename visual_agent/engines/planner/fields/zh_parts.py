"""Which part of a Chinese field or clause answers: a name, a place, a reason, a number with the unit asked for.

In: a `Question`, the value of a field or a clause, its label. Out: the part, or None where it has none of that type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from visual_agent.engines.planner.asked.extracts import extract, looks_like_name, wanted
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.text.dictionary import glosses
from visual_agent.engines.planner.text.folding import HAN, has_han
from visual_agent.engines.planner.text.values import Value, is_numeric, values

_TYPES = (
    ("reason", r"为什么|为何|为啥|因为什么|原因|怎么回事"),
    (
        "id",
        r"尾号|车次|哪[趟班]车|几号(?:车厢?|位|楼|房|门|线|台|桌|柜|窗|展|厅|登机|检票)|几[路栋幢排座]|第几排|[单编卡账票]号|验证码|取件码",
    ),
    ("phone", r"(?:哪个|什么|几号)?电话|手机号|打几|拨"),
    ("weekday", r"星期几|周几|礼拜几"),
    ("month", r"几月(?![几\d])|哪个月|几月份"),
    ("time", r"几点|几时|什么钟点"),
    ("date", r"哪天|哪一天|几月几|几号|哪日|什么日子|什么日期|到什么时候"),
    ("when", r"什么时候|何时|啥时候|什么时间"),
    (
        "duration",
        r"多久|多长时间|多少(?:个)?(?:小时|分钟|天|个月|月|年|周)|几(?:个)?(?:小时|分钟|天|月|年|星期|晚|钟头)",
    ),
    ("text", r"(?:什么|哪些|哪种)人(?:不|能|适|可|要)"),
    ("name", r"谁|哪位|什么人|哪个人|姓什么|叫什么(?:名字?)?$|叫啥"),
    (
        "amount",
        r"多少钱|几块钱?|多少元|几元|多少块|(?:花|付|罚|扣|交|省|退|收|刷|要价|用)了?(?:回来?)?多少(?![个张份人次天分小公毫克斤米度])",
    ),
    ("number", r"多少|几|多[重高大远深宽长快]"),
    (
        "place",
        r"哪里|哪儿|什么地方|何处|在哪|去哪|哪个(?:站|地方|门|口|城市|地址|车间|部门|医院|学校|银行)|从哪",
    ),
)
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in _TYPES)
_UNIT = re.compile(
    r"(?:多少|几)(?:个)?(毫升|毫克|千克|公斤|公里|平方米|千米|厘米|毫米|克|斤|岁|米|度|升|吨|份|人|名|位|层|瓶|次|件|分(?!钟)"
    r"|页|节|元|块|积分|盒|粒|片|针|袋|支|杯|包|箱|根|颗|只|户|套|趟|桶|票|间|排|位)|[(（](公斤|千克|克|斤|米|厘米|毫米|公里|毫升|升)[)）]"
)
_SPELLED = {"块": "元|块", "公斤": "公斤|千克|kg", "公里": "公里|km|千米", "毫升": "毫升|ml", "度": "度|°|℃|c"}
_MEASURES = {
    "重": r"kg|g|公斤|千克|克|斤|吨",
    "高": r"cm|m|厘米|米",
    "大": r"岁|周岁|㎡|平方米|平米|平|m²",
    "远": r"km|m|公里|千米|里|米",
    "深": r"m|cm|米|厘米",
    "长": r"m|cm|km|米|厘米|公里",
}
_TITLE = r"老师|医生|医师|大夫|经理|先生|女士|教授|师傅|阿姨|校长|护士|教练|叔叔|店长|队长|工程师|警官|主任|妈妈|爸爸|奶奶|爷爷"
_ROLE = r"经理|主任|专员|馆员|部|科|员|长|师|人|者|编剧|导演|联系|找|问|向|由|请|家|给|名叫|和|与|跟|司机|保安|护士|业务|客服"
_TITLED = re.compile(rf"(?<![{HAN}])[{HAN}]{{1,2}}(?:{_TITLE})|(?<=[员是由找向长])[{HAN}](?:{_TITLE})")
_NICKNAME = re.compile(rf"(?<![{HAN}])[小老阿][{HAN}](?![{HAN}])")
_AFTER_ROLE = re.compile(rf"(?:{_ROLE})\s?(?:[:：]\s?)?([{HAN}]{{2,3}})(?=$|[,，。;；、()（）\s负将把会处办收签送为])")
_BEARER = re.compile(rf"由([{HAN}]{{2,6}}?)(?:承担|负担|支付|自理|负责|缴纳|保管|接任|代班|接替|主持|担任)")
_CALLED = re.compile(rf"(?:取名叫?|名叫|叫做|名为|起名叫?)[“\"「]?([{HAN}]{{1,6}})")
_SURNAME = re.compile(rf"姓([{HAN}])")
_PLACE_AFTER = re.compile(
    rf"(?:改去|改在|改到|改至|改走|前往|移交|送至|交至|放在|坐落于|位于|转交|地点为?|移至|(?<![现存内实])在|(?<![收得迟])到|往|(?<![关对由等终])于|(?<![失出过])去|至|赴)了?([{HAN}A-Z\d]{{2,16}}?)"
    r"(?=领取|办理|处理|集合|等|见|举行|举办|进行|召开|上车|下车|就诊|咨询|登记|报到|核对|认领|接|[,，。;；、()（）\s]|$)"
)
_PLACE_TAIL = re.compile(
    rf"[{HAN}A-Z\d]{{1,10}}?(?:派出所|地铁站|火车站|公园|药房|医院|学校|小学|中学|大学|广场|超市|酒店|银行|中心|车间|门诊|诊所|餐厅"
    r"|食堂|宾馆|公司|车站|机场|码头|地铁口|路口|街口|东门|西门|南门|北门|门口|大厅|前台|[馆站店亭寺湖厅院所室门](?![口诊票]))"
)
_REASON = re.compile(r"(?:因为|由于|因|鉴于)([^,，。;；]{2,30}?)(?=$|[,，。;；]|自\d|从\d|于\d|需要|将)")


def asked_type(question: Question) -> str:
    """The type of value that the question word asks for; what it is in general where it does not say."""
    text = question.folded.rstrip("?？。 ")
    found = next((kind for kind, pattern in _COMPILED if pattern.search(text)), "")
    if found == "number" and wanted(question) in ("percent", "phone", "frequency"):
        return wanted(question)
    return found or ("" if wanted(question) in ("amount", "number", "time", "name", "place") else wanted(question))


def answer_in(
    question: Question, wants: str, value: str, label: str, matched: Sequence[str], *, prose: bool
) -> str | None:
    """The part of a value or a clause that answers."""
    value = value.strip()
    if wants == "reason":
        return _reason(value, matched)
    if wants == "name":
        return _name(value, question, prose=prose)
    if wants == "place":
        return _place(value, matched, prose=prose)
    if numbered := _numbered(question, value):
        return numbered
    if wants == "id":
        return _id(value, prose=prose)
    if wants in ("", "text", "url", "email"):
        return value if len(value) <= 30 and any(c.isalnum() for c in value) else None
    if wants in ("month", "weekday", "phone", "percent", "frequency", "when"):
        return extract(value, wants)
    return _measured(question, wants, value, label, matched)


_WHICH = re.compile(
    r"(?:几号|第几|几)(路|栋|幢|排|座|车|楼|层|室|房|厅|门|线|台|桌|窗|柜|展|床|单元|航站楼|登机口|检票口)"
)


def _numbered(question: Question, value: str) -> str | None:
    """For "which row", "coach number": the number right before or behind that word."""
    asked = _WHICH.search(question.folded)
    match = (
        re.search(rf"([A-Z]{{0,2}}\d+[A-Z]?)\s?号?{asked[1]}|{asked[1]}\s?([A-Z]{{0,2}}\d+[A-Z]?)", value)
        if asked
        else None
    )
    return (match[1] or match[2]) if match else None


def plausible(question: Question, text: str) -> bool:
    """Whether an answer can be what a Chinese question word asks for: no sentence for "who", no number for "where"."""
    wants = asked_type(question)
    if wants == "name":
        return not re.search(r"[,，。;；?？!！《》、]|\d", text) and len(text) <= 24
    if wants == "place":
        return not re.fullmatch(r"[\d\s.,:¥元%-]+", text) and not text.endswith(("的", "了", "和"))
    return wants not in ("amount", "number", "time", "date", "duration", "phone") or bool(values(text))


def _measured(question: Question, wants: str, value: str, label: str, matched: Sequence[str]) -> str | None:
    """Of several values of a type the one nearest to the words that were matched, in the unit that is asked for."""
    unit = _unit(question)
    found = [v for v in values(value) if _fits(v, wants, value, unit)]
    if unit and not found and is_numeric(value) and re.search(unit, label.lower()):
        return extract(value, "number")
    if not found:
        return None
    if end := _end(question, value, found):
        return end
    spots = [s for m in matched if (s := value.find(m)) >= 0] or [0]
    best = min(found, key=lambda v: min(abs(v.start - s) for s in spots))
    return (extract(value[best.start :], wants) if wants == "number" else None) or best.text


_RANGE = re.compile(r"\s{0,3}(?:[(（][^)）]*[)）])?\s{0,3}(?:至|到|[-–—~～]+)\s{0,3}")
_UNTIL = re.compile(r"到(?:哪|几|什么时候|何时)|截止|为止|结束|最[晚迟]|完|恢复|散|来[水电]|关门|打烊")


def _end(question: Question, value: str, found: Sequence[Value]) -> str:
    """The end of "9:00至17:00" where a question asks until when; "" elsewhere."""
    if not _UNTIL.search(question.folded):
        return ""
    pairs = (b for a, b in pairwise(found) if _RANGE.fullmatch(value[a.end : b.start]))
    return next((b.text for b in pairs), "")


def _unit(question: Question) -> str:
    match = _UNIT.search(question.folded)
    if match:
        named = match[1] or match[2]
        return _SPELLED.get(named, named)
    measured = re.search(r"多([重高大远深长])", question.folded)
    return _MEASURES[measured[1]] if measured else ""


def _fits(value: Value, wants: str, text: str, unit: str) -> bool:
    behind = text[value.end : value.end + 4].lower()
    if wants == "number":
        if value.kind not in ("number", "percent", "duration", "amount", "id"):
            return False
        return not unit or re.match(rf"\s?(?:{unit})", behind) is not None or re.search(unit, value.text) is not None
    if wants == "amount":
        return value.kind == "amount" or re.fullmatch(r"[-+−]?\s?[\d,]+(?:\.\d+)?", text.strip()) is not None
    return value.kind == wants


def _name(value: str, question: Question, *, prose: bool) -> str | None:
    bare = re.sub(r"[(（].*$", "", value).strip()
    if surname := _SURNAME.search(value) if "姓什么" in question.folded else None:
        return surname[1]
    if not prose and (looks_like_name(bare) or _TITLED.fullmatch(bare) or _NICKNAME.fullmatch(bare)):
        return bare if not glosses(bare) else None
    found = (
        [m[1] for m in _BEARER.finditer(value)]
        + [m[1] for m in _CALLED.finditer(value)]
        + [m[0] for m in _TITLED.finditer(value)]
    )
    found += [m[1] for m in _AFTER_ROLE.finditer(value) if looks_like_name(m[1]) and not glosses(m[1])]
    found += [m[0] for m in _NICKNAME.finditer(value) if not glosses(m[0])]
    return next((n for n in found if n not in question.folded), None)


def _place(value: str, matched: Sequence[str], *, prose: bool) -> str | None:
    if is_numeric(value):
        return None
    if not prose and has_han(value) and len(value) <= 20:
        return value
    told = [m[1] for m in _PLACE_AFTER.finditer(value)] or [m[0] for m in _PLACE_TAIL.finditer(value)]
    told = [t for t in told if t not in matched and not is_numeric(t)]
    return told[-1] if told else None


def _reason(value: str, matched: Sequence[str]) -> str | None:
    match = _REASON.search(value)
    if match:
        return match[1]
    parts = re.split(r"[,，]", value)
    rest = [p for p in parts if not any(m in p for m in matched)]
    return rest[0] if len(parts) == 2 and len(rest) == 1 else None


def _id(value: str, *, prose: bool) -> str | None:
    found = [v for v in values(value) if v.kind in ("id", "number", "phone")]
    if not prose and len(value) <= 20 and len(found) == 1:
        return value
    return found[-1].text if found else None
