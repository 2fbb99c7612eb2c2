"""Calculations whose numbers are asked for one by one: a question taken apart into simpler ones.

In: a `Question`, `Page`s and a way to ask for one value. Out: a `Solution` with its working, or None where one of the
simpler questions has no answer. "How much dearer is the ticket this year?" asks on each of two pages how much the
ticket is; "What do six months cost?" asks what one costs; "What is left of the budget?" what it was and what is spent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked import asking
from visual_agent.engines.planner.asked.questions import Question, analyse
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.figures.figures import Figure, magnitude, valued
from visual_agent.engines.planner.figures.operands import addends, count_of, ends, like, spoken
from visual_agent.engines.planner.figures.rates import Part, rate_of, rates, same
from visual_agent.engines.planner.figures.sheets import Sheet
from visual_agent.engines.planner.figures.sums import shown
from visual_agent.engines.planner.figures.within import the_only
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.folding import has_han, normal, stem
from visual_agent.engines.planner.text.values import NUMBER_WORDS, has_cents, numeral
from visual_agent.engines.planner.text.words import Term

Ask = Callable[[Question, Sequence[Page]], "Solution | None"]

_MORE = (
    r"(?:more|less|fewer|extra|higher|lower|cheaper|dearer|pricier|bigger|larger|greater|smaller|taller|older|younger|"
    r"heavier|lighter|warmer|hotter|colder|cooler|wider|farther|further|faster|slower|better|worse|expensive|deeper)"
)
_MOVED = (
    r"(?:gone|go|goes|going|went|been|come|came) (?:up|down)|(?:rise|rose|risen|rising|increase[sd]?|increasing|raised|"
    r"decrease[sd]?|drop(?:s|ped)?|f[ae]ll(?:s|en)?|grow[ns]?|grew|change[sd]?|differ(?:s|ed)?|cut|reduced|lowered|shr[aiu]nk)"
)
_TURNS = (
    (rf"\bhow (?:much|many)((?: (?!the |is |are |was |were |did |do |does )[\w-]+){{0,2}}?) (?:{_MORE} ){{1,2}}", r"how much\1 "),
    (r"\bhow (?:much|many \w+) (longer|later|earlier|shorter) ", r"how long "),
    (r"\bby how (much|many)\b", r"how \1"),
    (r"\bwhat(?:'s| is| was)? the (?:difference|gap|change|increase|rise|drop|fall)\b(?: in| of| between)?", "what is "),
    (rf"\b(?:did|does|do|has|have|had|will|would|is|are)\b(?P<it>(?: [\w'-]+){{1,6}}?) (?:{_MOVED})\b", r"is\g<it> "),
    (r"\b(?:than|compared (?:to|with)|between the two|between them|from one)\b.*", " "),
    (r"\b(?:this|last|next|the previous|the current) (?:year|month|season|time|term)\b|\b(?:now|before|nowadays)\b", " "),
    (r"两[稿家年版份张次期个者](?:[单报合同据表图片价通知告]{1,3})?(?:之间|里面?|上|中)?的?|前后|今年|去年|明年|现在|原来|新版|旧版", ""),
    (r"比[^,，?？]{0,12}?(?=[多少高低贵便长短早晚重轻快慢大小涨降增减])", ""),
    (r"(?:相差|相比|差|贵|便宜|[上下]?涨|[上下]?[降调]|多|少|高|低|重|轻|增加|减少|提高|降低|变化|延长|缩短)了?(?:出|掉)?(?=多少|几)", ""),
)  # fmt: skip


def apart(question: Question, pages: Sequence[Page], ask: Ask) -> Solution | None:
    """The answer to a calculation, where each of its numbers can be asked for."""
    if question.kind in ("yesno", "transcribe", "locate", "changes", "place"):
        return None
    for rule in (_printed_total, _on_each_page, _compared, _added, _several, _by_rate):
        found = rule(question, pages, ask)
        if found is not None:
            return found
    return None


def several(question: Question, pages: Sequence[Page], ask: Ask) -> Solution | None:
    """What several of something cost, as `apart`; charts give the price of one too."""
    return _several(question, pages, ask) if question.kind in ("field", "sum", "count") else None


def _part(text: str, pages: Sequence[Page], ask: Ask, like: Question) -> Part | None:
    """The number that answers a simpler question."""
    asked = replace(analyse(text), kind="field", chinese=like.chinese)
    found = ask(asked, pages) if asked.terms else None
    if found is None:
        only = the_only(Sheet(asked, pages)) if asked.terms and like.wants == "amount" else None
        return Part(only[0].number or 0.0, only[0].kind, only[0].text, (only[1],)) if only else None
    bare = answers.uncited(found.text)
    small = re.fullmatch(r"(\d+(?:\.\d+)?)\s?(?!am|pm|h)[a-z]{1,3}", bare.strip())
    if small is not None:  # "24.5p", which would be a day
        return Part(float(small[1]), "number", bare.strip(), found.ids)
    numbers = valued(bare)
    if not numbers or len(bare) > 60:
        return None
    value = numbers[0]
    return Part(magnitude(value), value.kind, value.text, found.ids)


def _differ(question: Question, parts: Sequence[Part | None]) -> Solution | None:
    """What two numbers differ by; None where one is missing, they are of two kinds or the same."""
    one, two = parts
    if one is None or two is None or one.number == two.number:
        return None
    kinds = {"number" if p.kind in ("amount", "percent", "duration") else p.kind for p in (one, two)}
    if len(kinds) > 1:
        return None
    high, low = (one, two) if one.number > two.number else (two, one)
    unit = {"time": ("分钟", "minutes"), "date": ("天", "days")}.get(one.kind)
    text = shown(high.number - low.number) + (f" {unit[0 if question.chinese else 1]}" if unit else "")
    how, ids = f"{high.text} - {low.text}", (*one.ids, *two.ids)
    return Solution(answers.worked(text, how, ids), how, ids)


def plain(folded: str) -> str:
    """A question about a difference as one about the thing itself: "how much dearer is it" as "how much is it"."""
    for pattern, instead in _TURNS:
        folded = re.sub(pattern, instead, folded)
    return " ".join(folded.split())


def _on_each_page(question: Question, pages: Sequence[Page], ask: Ask) -> Solution | None:
    """What the same thing differs by on two pages."""
    compares = question.kind == "difference" or (question.kind == "choose" and _asks_number(question.folded))
    if len(pages) != 2 or not compares:
        return None
    text = plain(asking.pattern("picture").sub(" ", question.folded))
    for word in Sheet(question, pages).addressing():
        text = re.sub(
            rf"(?:\b(?:from|at|in|on|with|by|for) (?:the )?)?\b{re.escape(word)}\b(?:'s)?"
            if not has_han(word)
            else f"在?{re.escape(word)}的?",
            " ",
            text,
        )
    return _differ(question, [_part(text, [p], ask, question) for p in pages])


def _asks_number(folded: str) -> bool:
    return re.search(r"\bhow (?:much|many)\b|多少|几", folded) is not None


def _compared(question: Question, pages: Sequence[Page], ask: Ask) -> Solution | None:
    """What two named things differ by."""
    phrases = ends(question.folded) if question.kind == "difference" else None
    if phrases is None:
        return None
    unit = re.search(r"\bhow many ([a-z]+)\b|多少([^\d?？\s]{1,2})", question.folded)
    return _differ(question, [_part(_asking(p, question, unit), pages, ask, question) for p in phrases])


_ASKED = re.compile(
    r"^\s*(?:what(?:'s)?|how much)(?: (?:is|are|was|were|do|does|did|would|will|should|i|we|you|pay|cost|for))*\b"
)


def _asking(phrase: str, question: Question, unit: re.Match[str] | None) -> str:
    """A question for the number of one thing."""
    bare = _ASKED.sub("", re.sub(rf"\b{_MORE}\b", " ", phrase))
    if has_han(bare):
        return bare + (f"多少{unit[2]}" if unit and unit[2] else "多少钱" if question.wants == "amount" else "多少")
    if unit and unit[1] and unit[1] in bare:
        return f"how many {bare}"
    if unit and unit[1]:
        return f"how many {unit[1]} is {bare}"
    return f"how much is {bare}" if question.wants == "amount" else f"what is {bare}"


def _added(question: Question, pages: Sequence[Page], ask: Ask) -> Solution | None:
    """The sum of two things or more."""
    phrases = addends(question.folded) if question.kind == "sum" or _is_basket(question) else []
    phrases = phrases if len(phrases) > 1 else _with(question, pages) or phrases
    if _BOTH_WAYS.search(question.folded):
        phrases = ["去程", "回程"] if question.chinese else ["outbound", "return"]
    phrases = [p for n, p in enumerate(phrases) if not n or not _TAIL.match(p)]
    if not 2 <= len(phrases) <= 5:
        return None
    counts = [count_of(p)[0] for p in phrases]
    ones = [
        _MANY.sub(lambda m: "一" if m[1] else "one", p, count=1) if n > 1 else p
        for n, p in zip(counts, phrases, strict=True)
    ]
    parts = [_part(_asking(p, question, None), pages, ask, question) for p in ones]
    known = [p for p in parts if p is not None and p.kind in ("amount", "number", "percent", "duration")]
    if len(known) < len(parts) or len({(*p.ids, p.text) for p in known}) < len(known):
        return None
    number = sum(n * p.number for n, p in zip(counts, known, strict=True))
    how = " + ".join(f"{n} x {p.text}" if n > 1 else p.text for n, p in zip(counts, known, strict=True))
    ids = tuple(i for p in known for i in p.ids)
    return Solution(answers.worked(shown(number), how, ids), how, ids)


def _with(question: Question, pages: Sequence[Page]) -> list[str]:
    """The two things of "the morning with lunch", where no line is about both of them."""
    cut = _WITH.search(question.folded)
    if cut is None or question.kind not in ("field", "count", "sum") or question.wants != "amount":
        return []
    behind = _TAIL_OF_PRICE.sub(" ", question.folded[cut.end() :])
    where = re.search(r"\b(?:at|in|from|for|on)\b.*", behind)
    things = [question.folded[: cut.start()], behind[: where.start()] if where else behind]
    named = [[t for t in spoken(p) if t.kind != "soft"] for p in things]
    rows = {normal(" ".join(c.text for c in row if c)) for p in pages for g in p.grids for row in g.body}
    rows |= {normal(" ".join(i.text for i in row)) for p in pages for row in p.rows}
    met = [{r for r in rows if t and all(like(x, r) >= 0.5 for x in t)} for t in named]
    return [f"{t} {where[0] if where else ''}" for t in things] if all(met) and not met[0] & met[1] else []


_WITH = re.compile(r"\b(?:with|including|plus) (?:an? |some )?|(?<=[\u4e00-\u9fff])(?:外加|再加|配上?|加个)")
_TAIL_OF_PRICE = re.compile(r"\b(?:costs?|come to|be|in (?:total|all)|altogether|each|please)\b|多少钱?|一共|总共")
_BOTH_WAYS = re.compile(r"来回|往返|\bboth ways\b|\bthere and back\b|\bround trip\b")
_MANY = re.compile(
    r"([两二三四五六七八九十]+|\d+(?=[\u4e00-\u9fff]))|\b(?:\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b"
)
_TAIL = re.compile(r"\s*(?:how|what|to \w+ (?:both|all)|many|much)\b|.*多少|\s*共")


def _is_basket(question: Question) -> bool:
    """Whether a question asks what some things cost, each of them with its number: "a day pass and two towels"."""
    if (
        question.kind not in ("field", "count")
        or not (question.wants == "amount" or _PRICED.search(question.folded))
        or re.search(r"\beach\b|各|分别", question.folded)
    ):
        return False
    return all(count_of(p)[1] for p in addends(question.folded))


_SUM = re.compile(r"合计|总计|总额|共计|总[\u4e00-\u9fff]{1,3}|^共|\b(?:grand )?total\b")
_ASKED_UNIT = re.compile(r"多少([^\d?？\s]{1,2})|几([^\d?？\s])|\bhow many ([a-z]+)")


def _printed_total(question: Question, pages: Sequence[Page], ask: Ask) -> Solution | None:
    """The total of a page as a whole: a number of the asked unit behind a word for a sum."""
    if question.kind not in ("sum", "count") or len(pages) != 1 or not _DROPPED.search(question.folded):
        return None
    unit = _ASKED_UNIT.search(question.folded)
    bare = re.sub(
        r"这张?[个份]?|发票|单子|账单|上面|里面|the|this|invoice|receipt|bill|order|list",
        " ",
        _DROPPED.sub(" ", question.folded),
    )
    said = [t for t in spoken(_ASKED_UNIT.sub(" ", bare)) if not t.weak and t.kind not in ("soft", "number")]
    money = question.wants == "amount" or (unit and unit[1] in ("美元", "欧元", "英镑", "人民"))
    found = []
    for page in pages:
        for row in page.every_row:
            text = normal(" ".join(i.text for i in row))
            for m in _SUM.finditer(text):
                value = next((v for v in valued(text) if v.start >= m.end() and v.start - m.end() <= 3), None)
                if value is None or value.number is None or value.kind not in ("amount", "number"):
                    continue
                behind = text[value.start :].lstrip("0123456789., ")
                asked = next((g for g in unit.groups() if g), "") if unit else ""
                if (money and (value.kind == "amount" or has_cents(value.text))) or (
                    asked and behind.startswith(asked[:1] if has_han(asked) else stem(asked))
                ):
                    found.append(
                        (
                            value.number,
                            value.text,
                            tuple(i.id for i in row if value.text in normal(i.text)) or tuple(i.id for i in row),
                        )
                    )
    if len({n for n, _, _ in found}) != 1 or any(
        like(t, found[0][1]) < 0.5 and not _names_page(t, pages) for t in said
    ):
        return None
    _, text, ids = found[0]
    return Solution(answers.value(text, ids), "the total is printed", ids)


def _names_page(term: Term, pages: Sequence[Page]) -> bool:
    """Whether a term stands for the whole page: nothing of its rows bears its name."""
    return (
        all(like(term, normal(i.text)) < 0.5 for p in pages for g in p.grids for i in g.cells)
        and has_han(term.text)
        and len(term.text) < 3
    )


def undressed(question: Question, pages: Sequence[Page], ask: Ask) -> Solution | None:
    """What a question for a sum asks for where nothing is to be added: "How many faults altogether?"."""
    if question.kind != "sum" or len(addends(question.folded)) > 1:
        return None
    text = _DROPPED.sub(" ", question.folded)
    asked = replace(analyse(text), kind="field", chinese=question.chinese)
    found = ask(asked, pages) if text != question.folded and asked.terms else None
    return found if found is not None and valued(answers.uncited(found.text)) else None


# --- several at the price of one -----------------------------------------------------------------------------------

_SEVERAL = re.compile(
    rf"(?<!the )(?<!these )(?<!those )(?<!all )(?<!their )\b(?P<n>\d{{1,4}}|{'|'.join(list(NUMBER_WORDS)[1:])}|a dozen) (?:more |extra |whole |full )?(?P<of>(?:[a-z-]+ )??)(?P<u>people|children|[a-z]{{3,}}s)\b"
    r"(?! (?:old|ago|of age|minutes|hours|long))"
    r"|(?<!星期)(?<![第每周末这那前后上下\d.:])(?P<m>[两二三四五六七八九十百千]+|一[百千万]|\d{1,4})(?P<v>个?(?:晚上?|天|星期|月|小时|钟头|分钟|年)|节课?|次|位|人|张|人份|份|杯|本|只|台|件|盒|瓶|斤|公斤|吨|亩|"
    r"度|把|条|箱|袋|支|块|间|辆|套|碗|个)(?!以[上下内]|[半前内])"
)
_PRICED = re.compile(
    r"\bhow much\b|\bcosts?\b|\bpay|\bcome[s]? to\b|\bprice|\bcharge|\bset (?:me|us) back\b|\bfee|\bfine\b|多少(?:钱|元|块)|几块钱|几元|花费?|价|[交缴付].{0,3}多少|多少.{0,4}费"
)


def _several(question: Question, pages: Sequence[Page], ask: Ask) -> Solution | None:
    """What several cost where the page has the price of one."""
    said = list(_SEVERAL.finditer(question.folded))
    if question.kind not in ("field", "sum", "count") or len(said) != 1:
        return None
    if len([p for p in addends(question.folded) if count_of(p)[1]]) > 1:
        return None
    match = said[0]
    number = _count(match["n"] or match["m"])
    if number < 2 or _is_printed(number, match, pages) or re.search(r"\beach\b|[每各]", question.folded):
        return None
    before, after = question.folded[: match.start()], question.folded[match.end() :]
    unit = match["u"] or match["v"]
    one = f"one {match['of']}{_singular(unit)}" if match["u"] else f"一{unit}"
    sheet = Sheet(question, pages)
    rate = rate_of(unit, f"{before} {after}", sheet)
    if rate is None and (not _PRICED.search(question.folded) or _priced_otherwise(unit, pages)):
        return None
    part = rate or _part(_DROPPED.sub(" ", f"{before}{one}{after}"), pages, ask, question)
    if part is None or part.kind not in ("amount", "number"):
        return None
    if part is not rate:
        part = replace(part, each=_each(part, unit, pages))
    times = number / part.each
    times = math.ceil(times) if _LASTS.match(unit) else times  # due for every ten minutes that are begun
    how = f"{shown(times)} x {part.text}"
    return Solution(answers.worked(shown(times * part.number), how, part.ids), how, part.ids)


_LASTS = re.compile(r"sec|min|h(?:ou)?rs?\b|day|week|month|个?小时|分钟|天|个?月|周")


def _priced_otherwise(unit: str, pages: Sequence[Page]) -> bool:
    """Whether the prices of the pages are for other stretches of time than the one that a question wants several of."""
    units = {u for p in pages for _, u, _ in rates(p) if _LASTS.match(u)} if _LASTS.match(unit) else set()
    return bool(units) and not any(same(unit, u) for u in units)


def _each(price: Part, unit: str, pages: Sequence[Page]) -> float:
    """How many of a unit the line of a price says that it is for."""
    found = (rate for p in pages for rate, u, _ in rates(p) if same(unit, u) and set(price.ids) <= set(rate.ids))
    return next((rate.each for rate in found), 1.0)


_DROPPED = re.compile(r"\b(?:together|altogether|in all|in total|between them)\b|一共|总共|合计|共")


def _singular(word: str) -> str:
    irregular = {"people": "person", "children": "child"}
    return irregular.get(word) or re.sub(r"(?<=ch|sh|ss|.x)es$|s$", "", re.sub("ies$", "ys", word))


def _count(text: str) -> float:
    return 12.0 if text == "a dozen" else numeral(text) or 0.0


def _is_printed(number: float, match: re.Match[str], pages: Sequence[Page]) -> bool:
    """Whether a page speaks of just so many itself: its price is for all of them."""
    unit = (match["v"] or "").removeprefix("个") or stem(match["u"] or "")
    words_for = {str(int(number)), (match["n"] or match["m"])}
    said = "|".join(re.escape(w) for w in words_for)
    text = normal("\n".join(p.text for p in pages))
    return (
        re.search(
            rf"(?<!\d)(?:{said})[ -]?个?{re.escape(unit)}|(?:pack|set|box|book|family|party|group) of (?:{said})\b",
            text,
        )
        is not None
    )


# --- rates ---------------------------------------------------------------------------------------------------------


def _by_rate(question: Question, pages: Sequence[Page], ask: Ask) -> Solution | None:
    """What a thing costs whose measure the page gives, at a price for one: an area at so much an acre."""
    if question.kind not in ("field", "sum") or len(pages) != 1 or not _PRICED.search(question.folded):
        return None
    sheet = Sheet(question, pages)
    if re.search(r"[每各]|\beach\b|\bper\b|\ban? (?:hour|day|week|month|year)\b", question.folded) or any(
        _SEVERAL.finditer(question.folded)
    ):
        return None
    for part, unit, _ in rates(pages[0]):
        named = sheet.named(_PRICED.sub(" ", question.folded))
        if not named or any(
            n.figure.kind == "amount" and n.figure.id not in part.ids and n.score > named[0].score - 0.2 for n in named
        ):
            return None
        same = [
            n.figure
            for n in named
            if n.figure.id not in part.ids and _measures(n.figure, unit) and n.score > named[0].score - 0.2
        ]
        if len({f.number for f in same}) == 1:
            ids = (same[0].id, *part.ids)
            how = f"{same[0].text} x {part.text}"
            return Solution(answers.worked(shown(same[0].number / part.each * part.number), how, ids), how, ids)
    return None


def _measures(figure: Figure, unit: str) -> bool:
    """Whether a figure is a number of these units."""
    return re.search(rf"(?:[(（]|^|\s|\d){re.escape(unit)}", normal(figure.head)) is not None
