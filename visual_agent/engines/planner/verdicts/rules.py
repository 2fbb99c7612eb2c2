"""Yes or no from switches, rules and limits in other words: "Bluetooth  Off", "No dogs", "Max height 2.1 m".

In: a `Question` and a `Page`. Out: (yes, the text that says so, its regions), or None where no line clearly does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from visual_agent.engines.planner.asked.conditions import counted, within
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.asked.related import Key, Passage, keys_of, passages_of
from visual_agent.engines.planner.asked.weights import other_day
from visual_agent.engines.planner.fields.nearest import shares
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.verdicts.replies import Ruling, parts_of, topic

_ON = re.compile(
    r"(?:is )?(?:turned |switched )?(?:on|enabled|yes|active|activated|connected|allowed|always|available|included|paid"
    r"|confirmed|✓|✔|☑|是|开|已?开启|已打开|已启用|已连接|支持|允许|有)[.!]?"
)
_OFF = re.compile(
    r"(?:is )?(?:turned |switched )?(?:off|disabled|no|none|inactive|never|not .{2,20}|disconnected|unavailable|unpaid"
    r"|✗|✘|☐|否|关|已?关闭|已?停用|未.{1,4}|不.{1,4}|无)[.!]?"
)
_ASKS_OFF = re.compile(
    r"\b(?:off|disabled|closed|banned|forbidden|prohibited|illegal|against the rules)\b|关闭了?吗|禁止"
)
_NEGATIVE = re.compile(
    r"\bno\b|\bnot\b|n['’]t\b|\bcannot\b|\bnever\b|\bavoid\b|\bprohibited\b|\bforbidden\b|\bbanned\b"
    r"|\bkeep (?:off|out)\b"
    r"|\bout of (?:order|service|stock|use)\b|\bsold out\b|\bunavailable\b|\bdeclined\b|\bfailed\b"
    r"|\bturned down\b|\brefused\b|\brejected\b|\bdeferred\b|\bpostponed\b|\bwithdrawn\b|\bvoted down\b|\bon hold\b"
    r"|\bfree (?:from|of)\b|\bforgot\b|\bforgotten\b|\bfailed to\b|忘[了记]|没[有能法]"
    r"|\bdrows\w+\b|否决|驳回|搁置|推迟|暂缓|不(?:外|可|得|准|许|能|予|再|含|带|收|接|支|提|退|设|对|宜|参|包)|禁止|严禁|请勿|切勿|勿|禁用|忌|慎用|不得|不准|不可|不许|不能|谢绝|不允许|不接受|不支持|不退"
)
_EXCEPT = re.compile(
    r"\b(?:except|unless|other than|apart from|only)\b(.*)|除了?([^,，。；]+?)(?:以外|之外|外)|([^,，。；]{1,12})除外"
)
_MUST = re.compile(
    r"\bmust\b|\brequired\b|\bneed(?:s|ed)?\b|\bcompulsory\b|\bmandatory\b|\bplease\b|\bonly\b|\bhave to\b"
    r"|必须|需|须|请|务必|凭"
)
_NEEDLESS = re.compile(
    r"\bneed not\b|\bneedn['’]t\b|\bnot (?:required|needed|necessary)\b|\bno need\b|\boptional\b|\bwithout\b|\bno booking\b"
    r"|无需|不用|不必|免"
)
_ASKS_NEED = re.compile(
    r"\b(?:need|have to|must|required|should|necessary|compulsory|mandatory)\b|需要|要不要|必须|用不用|得|要(?!是|么|不)"
)
_PERMITS = re.compile(
    r"\b(?:allowed|permitted|welcome|may|can|accepted|available|yes|included|free"
    r"|while you wait|possible|open|we (?:accept|take))\b"
    r"|可以|可|允许|欢迎|支持|提供|接受"
)
_ASKS_LEAVE = re.compile(
    r"\b(?:can|may|could|am i|allowed|okay|ok|fine|legal|permitted|welcome|accept|take|safe|alright|possible"
    r"|suitable)\b"
    r"|可以|能|允许|可不可以|让"
)
_ALONE = re.compile(
    r"\b(?:alone|on (?:his|her|their|my|its) own|by (?:him|her|my|them)sel(?:f|ves)|unaccompanied|without (?:me|us|an adult|a parent))\b|自己|独自|单独"
)
_CONFINED = re.compile(r"\bonly (?:in|at|on|for|by|with|from|inside)\b(.*)|(?:仅限|仅供|只限|只能|只可|只供|请到)(.*)")
_MEASURE = re.compile(r"(\d+(?:\.\d+)?)\s?(mph|km/h|kg|cm|mm|m|t|tonnes?|ft|people|persons|kilos|year|°c)?(?![a-z])")
_LIMIT = re.compile(
    r"\bmax(?:imum)?\b|\blimit\b|\bup to\b|\bno more than\b|\bheadroom\b|\bclearance\b|\bheight\b|限|最多|不超过|最大"
)
_UNDER = re.compile(r"\b(?:under|below|younger than)\s+(?:the age of )?(\d+)|(\d+)\s?(?:岁以下|周岁以下)")


def ruled(question: Question, page: Page) -> Ruling | None:
    """What a switch, a limit or a rule on the page answers."""
    keys = _topics(question, page)
    passages = passages_of(page)
    if question.quoted or question.comparative:
        return None
    marked = _handled(question, passages)
    if marked is not None or not keys:
        return marked
    for rule in (_broken, _switch, _bounded):
        found = rule(question, keys, passages)
        if found is not None:
            return found
    return _rule(question, keys, page)


_VERB = re.compile(
    r"^(?:can|may|could|should|am|are|is|do|does|must) (?:i|we|you|they|it|he|she)(?: allowed to| have to"
    r"| need to)? (\w+)"
)


def _topics(question: Question, page: Page) -> list[Key]:
    """What the question names, without the verb of "can I light ..." where the page has no word for it."""
    keys = [k for k in keys_of(question) if k.weight >= 0.3 or k.groups]
    verb = _VERB.search(question.folded)
    idle = [k for k in keys if verb and k.text == verb[1] and k.support(page.text) < 0.5]
    return [k for k in keys if k not in idle] or keys


_MARKS = tuple(
    (re.compile(asked), re.compile(said))
    for asked, said in (
        (
            r"[潮湿淋雨]|沾水|碰水|\b(?:wet|damp|rain|moisture|water)\b",
            r"防[潮雨水湿]|怕[雨湿潮]|\bkeep (?:it )?dry\b|\bprotect from (?:moisture|damp|rain|wet)|\bdo not (?:get )?wet",
        ),
        (
            r"晒|阳光|日光|\b(?:sun|sunlight|sunshine|daylight)\b",
            r"防晒|避光|怕[晒光]|阴凉|\b(?:away|protect(?:ed)?|out) (?:from|of) (?:direct )?(?:sun\w*|light)",
        ),
        (
            r"碎|摔|压坏|扔|\b(?:fragile|breakable|break|breaks|thrown?|dropped)\b",
            r"易碎|轻[放拿]|\bfragile\b|\bhandle with care\b|\bdo not drop\b",
        ),
        (
            r"倒[着过放置]|侧[着放]|躺[着放]|\bupside\b|\bon its side\b|\bflat\b|\bturned over\b",
            r"向上|[禁勿]\S{0,2}倒|\bthis (?:way|side) up\b|\bkeep upright\b|\bstore upright\b",
        ),
        (
            r"着火|[怕近]火|易燃|\b(?:flammable|catch fire|naked flame)\b",
            r"易燃|远离火|严禁烟火|\b(?:highly )?flammable\b|\baway from (?:fire|flames|heat)",
        ),
        (
            r"[怕受结]冻|冷冻|\b(?:freeze|frozen|freezer)\b",
            r"防冻|怕冻|勿冷冻|\bdo not freeze\b|\bprotect from frost\b",
        ),
    )
)
"""What a thing must be spared, as people ask about it and as labels say it."""


def _handled(question: Question, passages: Sequence[Passage]) -> Ruling | None:
    """What a label says that a thing must be spared: "Keep dry" is yes to "is it sensitive to damp", no to "may it get wet"."""
    for asked, said in _MARKS:
        if not asked.search(question.folded):
            continue
        held = [p for p in passages if p.shape == "line" or len(p.parts) == 1 if said.search(normal(p.text))]
        if held and len(question.folded) < (18 if held[0].text and has_han(question.folded) else 60):
            asks_leave = re.search(
                r"\b(?:can|may|could|allowed|ok(?:ay)?|all right)\b|能|可以|可不可以", question.folded
            )
            return asks_leave is None, held[0].text, tuple(i.id for i in held[0].parts)
    return None


_WORKS = re.compile(r"\b(?:working|works?|in service|usable|broken|out of order|use (?:it|the|this))\b|坏|能用|正常")
_BROKEN = re.compile(
    r"(?:temporarily )?(?:out of (?:order|service|use)|not in use|under repair|故障|暂停使用|维修中)[.!]?"
)


def _broken(question: Question, keys: Sequence[Key], passages: Sequence[Passage]) -> Ruling | None:
    """A notice that something is out of order."""
    if not _WORKS.search(question.folded) or not keys:
        return None
    for passage in passages:
        if _BROKEN.fullmatch(normal(passage.text).strip()):
            asks_broken = re.search(r"\bbroken\b|\bout of\b|坏", question.folded) is not None
            return (asks_broken, passage.text, tuple(i.id for i in passage.parts))
    return None


def _share(keys: Sequence[Key], text: str) -> float:
    return sum(k.weight * k.support(text) for k in keys) / sum(k.weight for k in keys)


def _switch(question: Question, keys: Sequence[Key], passages: Sequence[Passage]) -> Ruling | None:
    """A label with "On" or "Off" beside it."""
    best: tuple[float, Ruling] | None = None
    for passage in passages:
        if len(passage.parts) == 2 and passage.shape in ("row", "card"):
            label, value, ids = passage.parts[0].text, passage.parts[1].text, tuple(i.id for i in passage.parts)
        else:
            label, colon, value = passage.text.replace("：", ":").partition(":")
            ids = tuple(i.id for i in passage.parts)
            if not colon:
                continue
        state = normal(value).strip()
        share = _share(keys, label)
        if share < 0.62 or not (_ON.fullmatch(state) or _OFF.fullmatch(state)):
            continue
        said = _ON.fullmatch(state) is not None
        if _ASKS_COST.search(question.folded) and state in ("included", "free", "包含", "免费"):
            said = False
        if best is None or share > best[0]:
            best = share, (said != bool(_ASKS_OFF.search(question.folded)), f"{label}: {value}", ids)
    return best[1] if best is not None else None


def _bounded(question: Question, keys: Sequence[Key], passages: Sequence[Passage]) -> Ruling | None:
    """Whether a measure that the question brings keeps within the limit of the same unit."""
    if not keys:
        return None
    brought = [m for m in _MEASURE.finditer(question.folded) if m[2]]
    if len(brought) != 1:
        return None
    number, unit = float(brought[0][1]), brought[0][2]
    for passage in passages:
        folded = normal(passage.text)
        under = _UNDER.search(folded)
        if unit == "year" and under and re.search(r"\baccompanied|supervised|\bnot\b|\bno\b|陪同|禁止", folded):
            limit = float(under[1] or under[2])
            return (number >= limit, passage.text, tuple(i.id for i in passage.parts))
        limits = [float(m[1]) for m in _MEASURE.finditer(folded) if m[2] == unit]
        if len(limits) == 1 and _LIMIT.search(folded) and unit != "year":
            return (number <= limits[0], passage.text, tuple(i.id for i in passage.parts))
    return None


_SPLIT = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？；;])\s*(?=\S)|\s[·|•]\s")
_CLAUSE = re.compile(r"[,，]\s*(?:but|and|though)?\s*|\s+but\s+|(?:(?<=\d\.\d\d)|(?<=free))\s+(?=[A-Z])")
_FREE_FROM = re.compile(r"\b(?:free (?:from|of)|contains no|no added)\b", re.IGNORECASE)
_ASIDE = re.compile(
    r"\b(?:even (?:when|if|though)|although|though|whether|as long as|(?:if|when|where|who|which) [^,.;]*\bnot\b)[^,.;]*"
)


def _rule(question: Question, keys: Sequence[Key], page: Page) -> Ruling | None:
    """The clause that speaks of most of what the question names, and whether it says yes or no."""
    asks_need = _ASKS_NEED.search(question.folded) is not None
    asks_leave = _ASKS_LEAVE.search(question.folded) is not None
    asks_cost = _ASKS_COST.search(question.folded) is not None
    keys = [k for k in keys if not asks_cost or not _ASKS_COST.search(k.text)] or keys
    found = _clauses(question, keys, page)
    priced = [f for f in found if _TELLS_COST.search(normal(f[0]))] if asks_cost else []
    scored = []
    for clause, sentence, ids, share in priced or found:
        if _other_season(question.folded, normal(clause)):
            continue
        inside = within(question.folded, normal(clause))
        if priced and inside:
            share = max(share, 0.9)  # a price for these needs no other word
        if counted(question.folded, normal(clause)) is not None:
            share = max(share, 0.5)  # the same thing is counted
        if share >= 0.4 or (inside is not None and share >= 0.25):
            scored.append(
                (share + 0.1 * (inside is not None) - 0.001 * len(clause), clause, sentence, ids, share, inside)
            )
    for _, clause, sentence, ids, share, inside in sorted(scored, key=lambda s: -s[0])[:3]:
        yes = None
        for text in _spoken(keys, clause, sentence):
            text = _ASIDE.sub(" ", normal(text))
            yes = _costs(question, text, inside)
            yes = yes if yes is not None else _says(question, keys, text, asks_need, asks_leave, inside)
            if yes is not None:
                break
        yes = _headed(ids, page, asks_leave, inside) if yes is None else yes
        if yes is None and asks_leave and share >= 0.75 and len(clause.split()) >= 3:
            yes = True
        if yes is not None:
            return (yes != bool(_ASKS_OFF.search(question.folded)), clause, ids)
    return None


def _spoken(keys: Sequence[Key], clause: str, sentence: str) -> tuple[str, ...]:
    """What decides: the clause, and its sentence where that speaks of more of the question."""
    if _EXCEPT.search(normal(clause)):
        return (sentence,)
    return (clause, sentence) if _share(keys, sentence) > _share(keys, clause) else (clause,)


_BANS = re.compile(
    r"(?:strictly |please )?(?:not (?:allowed|permitted|included|accepted|covered|suitable)|prohibited|forbidden|banned|do not(?: bring| use)?|don['’]?ts?|no|never|excluded?|exclusions|leave at home)(?: items| here| in the \w+)?[:：]?"
    r"|(?:禁止|严禁|不得|不可|请勿|不含|不包括|不接受|不予)[\u4e00-\u9fff]{0,6}[:：]?|禁[带入]物品[:：]?|费用不含[:：]?"
)
_LETS = re.compile(
    r"(?:allowed|permitted|included|accepted|covered|you (?:may|can)(?: bring)?|dos|welcome|bring|what to bring|includes)[:：]?|(?:可以?|允许|包含|包括|欢迎|请)(?:携?带|使用|入内)?[:：]?|费用包?含[:：]?"
)


def _headed(ids: Sequence[str], page: Page, asks_leave: bool, inside: bool | None) -> bool | None:
    """What the heading over a list says of everything in it: "Not allowed" over "Dogs, barbecues, drones"."""
    for block in page.blocks:
        at = next((n for n, i in enumerate(block) if i.id == ids[0]), 0)
        for head in block[:at]:
            text = normal(head.text).strip()
            if _BANS.fullmatch(text):
                return inside is False
            if _LETS.fullmatch(text) and asks_leave:
                return inside is not False
    return None


_SEASONS = ("寒假", "暑假", "春节", "国庆", "summer", "winter", "spring", "autumn", "easter", "christmas", "half-term")


def _other_season(asked: str, said: str) -> bool:
    """Whether a sentence is about other holidays or another season than the question."""
    named = [s for s in _SEASONS if s in asked]
    told = [s for s in _SEASONS if s in said]
    return bool(named and told) and not set(named) & set(told)


def _clauses(question: Question, keys: Sequence[Key], page: Page) -> list[tuple[str, str, tuple[str, ...], float]]:
    """(clause, its sentence, regions, share of the question) of everything that stands on the page."""
    loose = {tuple(i.id for i in row) for row in page.rows}
    whole: dict[tuple[str, tuple[str, ...]], None] = {
        (sentence, ids): None
        for text, ids in parts_of(page)
        if ids not in loose or len(ids) < 3  # three notes side by side are no sentence
        for sentence in _SPLIT.split(text)
        if sentence and not other_day(question, sentence)
    }
    near = shares(topic(question), [text for text, _ in whole])
    found = []
    for (sentence, ids), close in zip(whole, near, strict=True):
        share = max(_share(keys, sentence), close if close >= 0.6 else 0.0)
        parts = [] if _FREE_FROM.search(sentence) else [p for p in _CLAUSE.split(sentence) if p]
        subject = sentence.partition(":")[0] if ":" in sentence else ""
        if len(parts) < 2:
            found.append((sentence, sentence, ids, share))
            continue
        for clause in parts:
            own = _share(keys, f"{subject} {clause}")
            found.append((clause, sentence, ids, (share + own) / 2 if own else 0.35 * share))
    return found


_TELLS_COST = re.compile(r"\bfree\b|\bno charge\b|\bincluded\b|[£$€¥]\s?\d|\d\s?[元块]|免|不收")
_ASKS_SAME = re.compile(r"\b(?:same|unchanged)\b|不变|没变|一样")
_ASKS_CHANGE = re.compile(
    r"\b(?:same|unchanged|chang\w+|new|mov(?:e|ed|ing)|rise|risen|gone (?:up|down)|going (?:up|down)|increas\w+|dearer|differ\w*)\b|变|改|涨|降|调整|一样|换了"
)
_UNCHANGED = re.compile(
    r"\bunchanged\b|\bstays? the same\b|\bremains?\b|\bas (?:before|usual)\b|\bno change\b|不变|照旧|照常|如常|维持"
)
_ASKS_COST = re.compile(r"\b(?:cost|pay|charge|fee|extra)|收费|花钱|要钱|收钱|要付|付费|买票|门票|要票")


def _costs(question: Question, text: str, inside: bool | None) -> bool | None:
    """Whether a sentence that says "free" means yes: to "is it free", not to "does it cost"."""
    asks_cost = _ASKS_COST.search(question.folded) is not None
    if inside is False and re.search(r"\bfree\b|免", text):
        return None
    if asks_cost and _NEEDLESS.search(text):
        return False
    asks_free = re.search(r"\bfree(?! of| from)\b|免费|不要钱", question.folded) is not None
    if not re.search(r"\bfree\b|\bno charge\b|\bincluded\b|免费|赠送|含", text):
        return (not asks_free) if (asks_cost or asks_free) and re.search(r"[£$€¥]\s?\d|\d\s?[元块]", text) else None
    if asks_free:
        return True
    return False if asks_cost else None


def _says(
    question: Question, keys: Sequence[Key], text: str, asks_need: bool, asks_leave: bool, inside: bool | None
) -> bool | None:
    """Whether a sentence means yes to the question; None where it takes no side."""
    spared = _EXCEPT.search(text)
    if spared and _NEGATIVE.search(text[: spared.start()]):
        rest = next((g for g in spared.groups() if g), "")
        return _share(keys, rest) >= 0.4
    if _ASKS_CHANGE.search(question.folded) and _UNCHANGED.search(text):
        return _ASKS_SAME.search(question.folded) is not None
    if re.search(r"\bshould\b|应该", question.folded) and _NEGATIVE.search(text):
        return False
    if asks_need and not asks_leave:
        if _NEEDLESS.search(text):
            return False
        return True if _MUST.search(text) else None
    if re.search(r"allerg|intoleran|过敏", question.folded):
        return False if len(text) > 3 and not _NEGATIVE.search(text) else None
    if re.search(r"\bempty stomach|\bbefore (?:food|meals|eating)|空腹", question.folded):
        return re.search(r"\b(?:with|after)\b.{0,12}\b(?:food|meals?)\b|饭后|餐后", text) is None
    if inside is not None and not _ALONE.search(question.folded):
        return inside != (_NEGATIVE.search(text) is not None)
    if _NEGATIVE.search(text):
        return False
    if asks_leave and re.search(r"\bclosed\b|关闭|停用", text):
        return False
    confined = _CONFINED.search(text)
    if confined and asks_leave:
        return _share(keys, confined[1] or confined[2] or "") >= 0.3
    if _ALONE.search(question.folded):
        return inside is False if re.search(r"accompanied|supervised|with an adult|陪同", text) else None
    if asks_leave and _PERMITS.search(text):
        return True
    return None
