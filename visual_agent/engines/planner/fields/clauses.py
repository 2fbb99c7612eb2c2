"""The part of a sentence that answers: the reason of a "why", the name of a "who", the place of a "where".

In: a `Question`, a sentence and the question's words that the sentence was found by. Out: the part, or None where the
sentence has nothing of the kind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visual_agent.engines.planner.asked.extracts import extract, looks_like_name, wanted
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.text.folding import has_han, normal, stem
from visual_agent.engines.planner.text.values import of_kind, values

_WHY = re.compile(
    r"\b(?:because(?: of)?|due to|owing to|caused by|thanks to|as a result of|on account of|so that|in order to)\s+"
    r"(?P<a>[^.;]+)|\b(?:while|since|as|for) (?P<b>(?:the|their|his|her|its|our|it|he|she|we|they|there|no)\b[^.;,]+)",
    re.IGNORECASE,
)
_WHY_ZH = re.compile(r"(?:因为|由于|因|为了)([^，,。；;]{2,30})")
_NAME = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Sir|Captain|Nurse)\.? )?[A-Z][\w'’-]+(?: (?:of |de |van |von )?[A-Z][\w'’-]+)*"
)
_NO_NAME = re.compile(
    r"(?:Hi|Hello|Sorry|Where|How|Why|Who|Questions?|Tip|Note|Charge|Subject|The|This|That|These|Those|It|He|She|We|They|You|I|In|On|At|For|From|To|Please|During|After|Before|When|While|If|"
    r"As|But|And|So|There|All|Our|My|Your|His|Her|Their|Its|No|Not|Each|Every|Residents|Anyone|Thank|Thanks|Dear|What|"
    r"Come|Bring|Take|Use|Add|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|"
    r"June|July|August|September|October|November|December|Christmas|Easter|Latin|English)s?\b"
)
_NAME_ZH = re.compile(
    r"[\u4e00-\u9fff]{0,2}小[\u4e00-\u9fff](?=[是送来去和，,])|(?:保安|司机|护士)小[\u4e00-\u9fff]|姓([\u4e00-\u9fff]{1,2})(?=[，,。])"
    r"|[\u4e00-\u9fff]{1,3}(?:老师|医生|经理|先生|女士|主任|教授|师傅|阿姨|大夫|校长)"
)
_AGENT_ZH = re.compile(
    r"(?:由|告诉|联系|找|向|问|家|部的|长|员)([\u4e00-\u9fff]{2,3}?)(?=先生|女士|负责|主持|捐|[，,。、；将把]|$)"
)
_WHERE = re.compile(
    r"\b(?:in|at|to|on|into|inside|outside|behind|near|opposite|under|beside|from|by|next to|in front of) "
    r"((?:the |a |an |our |my |his |her |their )?(?!the\b|a\b|an\b|is\b|be\b)[A-Za-z][\w'’-]*"
    r"(?: (?:of (?:the )?)?(?!and\b|while\b|because\b|until\b|before\b|after\b|for\b|from\b|in\b|at\b|on\b|to\b|where\b|is\b|was\b|"
    r"are\b|were\b|will\b|with\b|by\b|so\b|as\b|or\b|but\b|who\b|which\b|that\b|brought\b)[\w'’-]+){0,4})"
)
_NO_PLACE = re.compile(
    r"^(?:the )?(?:morning|afternoon|evening|night|end of|beginning|time|moment|same|least|most|first|last|once|day|week|"
    r"year|month|advance|addition|order|case|front bays? |\w+ing\b|them|him|us|me|you|it|noon|midnight|half|about|"
    r"help|cover|be|do|get|use|go|see|make|keep|holiday|storm|replace|write|speak|climb)\b"
)
_WHERE_ZH = re.compile(
    r"(?<!不)(?:在|到|于|往|去|移?至)([^，,。；;在到于]{2,12}?)(?=上学|读书|安排|举行|举办|进行|召开|集合|见面|碰头|工作|开会|领取|办理|停|设|等|见|拿|取|吃|住|，|,|。|；|$)"
)
_NUMBER = (
    r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    r"seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|a hundred|half an?|an?|several)"
)
_LONG = re.compile(
    rf"\b(?:more than |about |nearly |almost |over |at least |up to )?(?:{_NUMBER}[ -])(?:and a half |hundred )?"
    r"(?:seconds?|minutes?|mins?|hours?|days?|nights?|weeks?|months?|years?|decades?|centur(?:y|ies))\b",
    re.IGNORECASE,
)
_LONG_ZH = re.compile(
    r"(?:[半一二两三四五六七八九十百\d]+(?:个半|多个|个)?(?:小时|钟头|分钟|天|周|星期|月|年|秒|日)(?:半)?)"
)
_MANY = re.compile(
    rf"\b({_NUMBER.replace('|half an?|an?|several', '')})(?= (?:\w+ ){{0,3}}?[a-z])",
    re.IGNORECASE,
)
_DAY = re.compile(
    r"\b(?:the )?(?:\d{1,2}(?:st|nd|rd|th)|(?:twenty-|thirty-)?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|"
    r"tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|\w+teenth|twentieth|thirtieth) (?:of )?"
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)\b|\b(?:in the |in |every )"
    r"(?:spring|summer|autumn|winter|\d{4}s?)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"\s*[,，;；:：]\s*|\s+(?=(?:because|which|who|so|but|while|after|until)\b)")
_FILLER = re.compile(
    r"^(?:and|but|so|then|that|which|who|或|并|且|请)\s+|^(?:小贴士|tip|note|注意)[:：]\s*", re.IGNORECASE
)


def part(question: Question, sentence: str, found_by: Sequence[str]) -> str | None:
    """The part of the sentence that the question's word asks for."""
    folded = question.folded
    if re.search(r"\bwhy\b|\bwhat (?:is|was|were|are) the reasons?\b|\bhow come\b|为什么|为何|原因|怎么会", folded):
        return _reason(sentence)
    if re.search(r"\bwho\b|\bwhom\b|\bwhose\b|谁|哪位", folded):
        return _who(question, sentence, found_by)
    if re.search(r"\bwhere\b|哪里|哪儿|什么地方|何处", folded):
        return place_in(sentence, found_by, folded)
    if re.search(r"\bhow long\b|多久|多长时间|几(?:个)?(?:小时|天|年|月|周)|几分钟", folded):
        return _nearest(
            [(m[0], m.start()) for p in (_LONG, _LONG_ZH) for m in p.finditer(sentence)], sentence, found_by
        )
    if re.search(r"\b(?:name|called)\b|叫什么|名字", folded):
        return None
    if re.search(r"怎么办|怎么处理|如何处理", folded):
        return _remedy(sentence)
    wants = wanted(question)
    if wants in ("number", "amount") and question.counts and not has_han(sentence):
        return _many(sentence, found_by)
    if wants in ("when", "date", "time"):
        return _when(question, sentence, wants, found_by)
    if wants in ("number", "amount", "percent", "phone", "email", "url", "year", "month", "weekday", "duration"):
        found = [(v.text, v.start) for v in of_kind(sentence, wants)]
        return (
            extract(sentence, wants) if found and wants in ("number", "amount") else _nearest(found, sentence, found_by)
        )
    return _clause(sentence, found_by)


def _reason(sentence: str) -> str | None:
    match = _WHY_ZH.search(sentence)
    if match:
        return re.sub(r"(?:需要|需)$", "", match[1])
    weak = None
    for match in _WHY.finditer(sentence):
        text = (match["a"] or match["b"]).strip().rstrip(".")
        if match["a"]:
            return text
        weak = weak or text
    if weak:
        return weak
    purpose = re.search(r"\bto ((?!the\b|a\b|an\b|my\b|his\b|our\b|[A-Z])[a-z]+ [^.,;]+)", sentence)
    return f"to {purpose[1]}" if purpose else None


def _remedy(sentence: str) -> str | None:
    """What to do about something: the rest of the sentence from the request on."""
    match = re.search(r"(?:请|可以?|应该?|需要?|务必)[^。；]{2,40}", sentence)
    return match[0].strip() if match else None


def _who(question: Question, sentence: str, found_by: Sequence[str]) -> str | None:
    if has_han(sentence):
        names = [(m[1] or m[0], m.start()) for m in _NAME_ZH.finditer(sentence)]
        names += [(m[1], m.start(1)) for m in _AGENT_ZH.finditer(sentence) if looks_like_name(m[1])]
        return _nearest([n for n in names if n[0] not in question.folded], sentence, found_by)
    names = []
    for match in _NAME.finditer(sentence):
        text = match[0]
        while _NO_NAME.match(text):
            text = text.partition(" ")[2]
        before = sentence[: match.end() - len(text)].rstrip().rpartition(" ")[2].lower()
        if sentence[match.end() :].lstrip().startswith((":", "：")):
            continue
        if len(text) < 2 or normal(text) in question.folded or (before in ("in", "at", "on") and " " not in text):
            continue
        names.append((re.sub(r"['’]s$", "", text), match.end() - len(text)))
    by = re.search(r"\bby (?:(?:the|our|a) )?(?:\w+ )??([A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*)", sentence)
    if by and re.search(r"\bwho (?:\w+ly )?(?!is |was |are |were |do |does |did |should |can )", question.folded):
        return by[1]
    return _nearest(names, sentence, found_by)


def place_in(sentence: str, found_by: Sequence[str], folded: str) -> str | None:
    """The place behind a preposition that is nearest to the words that the sentence was found by."""
    if re.search(r"\b(?:send|write|complain|apply|contact|report|post)\b", folded):
        address = of_kind(sentence, "email") or of_kind(sentence, "url")
        if address:
            return address[0].text
    if has_han(sentence):
        return _nearest([(m[1], m.start()) for m in _WHERE_ZH.finditer(sentence)], sentence, found_by, after=True)
    places = []
    for match in _WHERE.finditer(sentence):
        text = match[1]
        if _NO_PLACE.match(text) or any(v.kind in ("date", "time", "weekday") for v in values(text)):
            continue
        known = [w for w in re.findall(r"[a-z]+", text.lower()) if stem(w) in {stem(f) for f in found_by}]
        if not known or len(known) < len(text.split()) - 1:
            places.append((text, match.start()))
    return _nearest(places, sentence, found_by, after=True)


def _when(question: Question, sentence: str, wants: str, found_by: Sequence[str]) -> str | None:
    if re.search(r"\b(?:again|back|end|ends|over|until|till|finish\w*|reopen\w*)\b|到几|结束|恢复", question.folded):
        match = re.search(r"(?:\buntil|\btill|至|到)\s*(.+)", sentence)
        tail = extract(match[1], wants) if match else None
        if tail:
            return tail
    told = extract(sentence, wants)
    if told is None and wants == "when":
        year = re.findall(r"\b(?:1[4-9]|20)\d{2}\b(?=年|\W|$)|(?:1[4-9]|20)\d{2}年", sentence)
        told = _nearest([(y, sentence.find(y)) for y in year], sentence, found_by)
    if told is None and wants in ("when", "time", "date"):
        day = _DAY.search(sentence) if wants != "time" else None
        clock = day or re.search(
            r"\b(?:half|quarter) (?:past|to) \w+|\b(?:noon|midday|midnight|\w+ o['’]clock)\b", sentence
        )
        return clock[0] if clock else None
    return told


def _many(sentence: str, found_by: Sequence[str]) -> str | None:
    found = [(m[1], m.start()) for m in _MANY.finditer(sentence) if not re.match(r"\d{4}$", m[1])]
    return _nearest(found, sentence, found_by)


def _nearest(
    found: Sequence[tuple[str, int]], sentence: str, found_by: Sequence[str], *, after: bool = False
) -> str | None:
    """Of several candidates the one nearest to the words that the sentence was found by."""
    if not found:
        return None
    folded = sentence.lower()
    spots = [folded.find(stem(w)[:6]) for word in found_by for w in word.split()]
    spots = [s for s in spots if s >= 0] or [0]

    def away(candidate: tuple[str, int]) -> float:
        return min(abs(candidate[1] - s) * (1.6 if after and candidate[1] < s else 1.0) for s in spots)

    return min(found, key=away)[0].strip()


def _clause(sentence: str, found_by: Sequence[str]) -> str | None:
    """The clause with most of the words; the whole sentence where it is short."""
    if len(sentence) * (2 if has_han(sentence) else 1) <= 70:
        return _FILLER.sub("", sentence)
    parts = [p for p in _CLAUSE.split(sentence) if p and len(p) > 3]
    stems = [stem(w) for word in found_by for w in word.split()]

    def share(text: str) -> int:
        return sum(s in text.lower() for s in stems)

    best = max(parts, key=share, default=None)
    return _FILLER.sub("", best).rstrip(".。") if best else None
