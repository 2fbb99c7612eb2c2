"""Claims: which statements of an answer have an observation behind them.

In: the final text and what the conversation's tool calls showed (`Sight`). Out: `Claim`s with `Evidence`.

A statement is supported when it cites regions that a tool call showed ([r3], [r3, r4], 【r3】), or when its words stand
in what was read: every number (compared as numbers), every quoted text and every proper name. All else is unsupported;
so is a check that no tool made ("a search confirms ..."), whatever words stand around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from visual_agent.answers import Claim, Evidence
from visual_agent.errors import UserError
from visual_agent.geometry import Region
from visual_agent.images import Ledger
from visual_agent.observations import Observation
from visual_agent.react import language_of
from visual_agent.wording import is_bare, numbers_in, plain, quotes_in, sentences, words_in


@dataclass(frozen=True, slots=True)
class Sight:
    """What a conversation has seen.

    `shown`: region id -> the tool call that first showed it. `observations`: call id -> (tool, result). `called`: the
    tools that worked in this run.
    """

    ledger: Ledger
    shown: Mapping[str, str]
    observations: Mapping[str, tuple[str, Observation]]
    called: frozenset[str] = frozenset()

    def regions(self) -> Iterator[Region]:
        """Every region that a tool call showed, newest call first."""
        seen = set()
        for _, observation in reversed(list(self.observations.values())):
            for region in observation.regions:
                if region.id not in seen:
                    seen.add(region.id)
                    yield region

    def evidence(self, region: Region) -> Evidence | None:
        """The region as evidence; None if it lies outside its root picture."""
        try:
            placed = self.ledger.in_root(region)
        except UserError:
            return None
        return Evidence(
            placed.frame, placed.box, region.phrase, region.source, self.shown.get(region.id, ""), region.id
        )


# White space is counted out: a model that writes thousands of blanks must not make the search quadratic.
_CITATION = re.compile(
    r"\s{0,4}[\[【［]\s{0,4}(r\d+(?:\s{0,4}[,，、;；]?\s{0,4}(?:and\s{1,4})?r\d+){0,99})\s{0,4}[\]】］]", re.IGNORECASE
)
_REGION_ID = re.compile(r"r\d+", re.IGNORECASE)
_NOT_FOUND = re.compile(
    r"\W*(?:not found|needs a vision-language model|未找到|没有找到|需要视觉语言模型)", re.IGNORECASE
)
#: Statements about having looked somewhere else, each with the word a tool's name must hold to make it true.
_CHECKS = (
    (
        r"\b(?:web|internet|online|google|further|quick|a|the|my|our)\s+search(?:es)?\b(?!\s+(?:box|bar|button|field))",
        "search",
    ),
    (r"\bsearch(?:ed|ing)\b|\bsearch results?\b|\bgoogled\b|\blook(?:ed|ing) (?:it |this |that )?up\b", "search"),
    (
        r"\baccording to (?:google|wikipedia|the (?:web|internet)|online)|\b(?:found|verified|checked) online\b",
        "search",
    ),
    (
        r"搜索(?:结果|显示|确认|表明|发现|得知|后)|(?:经|通过|根据).{0,6}(?:搜索|检索|网上|网络|查询)|上网查|百度",
        "search",
    ),
)
#: Statements that something was checked; words that happen to stand in the picture prove no check.
_VERIFIED = re.compile(
    r"\b(?:verif(?:y|ied|ies|ication)|confirm(?:s|ed|ation)?|cross-check\w*|double-check\w*|validated)\b"
    r"|核实|核对|验证|查证|确认无误|证实",
    re.IGNORECASE,
)


def is_found(text: str) -> bool:
    """Whether an answer says anything but "not found" (or that its model cannot see)."""
    return bool(text.strip()) and not _NOT_FOUND.match(text)


def without_citations(text: str) -> str:
    """The text without its region marks."""
    return _CITATION.sub("", text).strip()


def claims_of(text: str, sight: Sight) -> list[Claim]:
    """The statements of an answer, each with its evidence."""
    checker = _Checker(sight)
    return [checker.claim(sentence) for sentence in _marked_sentences(text)]


def cited_claims(text: str, sight: Sight) -> list[Claim]:
    """The statements of an answer that says "not found": only those that cite a region are statements about it."""
    checker = _Checker(sight)
    cited = [sentence for sentence in _marked_sentences(text) if _CITATION.search(sentence)]
    return [claim for claim in map(checker.claim, cited) if claim.supported]


def _marked_sentences(text: str) -> list[str]:
    """Sentences, with their citations in one form: [r3,r4]."""
    return sentences(_CITATION.sub(lambda m: f" [{','.join(i.lower() for i in _REGION_ID.findall(m[1]))}]", text))


def _outside_quotes(words: str) -> str:
    for quote in dict.fromkeys(quotes_in(words)):
        words = words.replace(quote, " ")
    return words


def _invents_a_check(words: str, regions: Sequence[Region], called: Iterable[str]) -> bool:
    """Whether the statement speaks of a check by a tool that did not run; words of the cited regions do not count."""
    said = _outside_quotes(words)
    read = plain(" ".join(region.phrase for region in regions))
    for pattern, tool in _CHECKS:
        match = re.search(pattern, said, re.IGNORECASE)
        if match and plain(match[0]) not in read and not any(tool in name for name in called):
            return True
    return False


class _Checker:
    """Finds what stands behind statements, in what one conversation has seen."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._known = {region.id: region for region in sight.regions()}
        self._lines = [_Line(region) for region in self._known.values() if region.phrase.strip()]
        self._count, self._counted = _last_count(sight)

    def claim(self, sentence: str) -> Claim:
        """The statement with its evidence."""
        cited = [i for group in _CITATION.findall(sentence) for i in _REGION_ID.findall(group)]
        words = without_citations(sentence)
        regions: Sequence[Region] = [self._known[i] for i in dict.fromkeys(cited) if i in self._known]
        if _invents_a_check(words, regions, self._sight.called):
            return Claim(words)
        if not cited and not _VERIFIED.search(_outside_quotes(words)):
            regions = self.standing(words)
        evidence = (self._sight.evidence(region) for region in regions)
        return Claim(words, tuple(item for item in evidence if item is not None))

    def standing(self, words: str) -> Sequence[Region]:
        """The regions in which the statement's numbers, quotes and proper names stand; [] unless all of them do."""
        said = words_in(words)
        if whole := self._whole(words):
            return [_nearest(said, whole).region]
        rest = words
        wanted: list[list[_Line]] = []
        for part in dict.fromkeys([*quotes_in(words), *_proper_names(_outside_quotes(words))]):
            named = plain(part)
            wanted.append([line for line in self._lines if _holds_words(line.text, named)])
            rest = rest.replace(part, " ")
        numbers = list(dict.fromkeys(numbers_in(rest)))
        if numbers == [self._count] and all(wanted):
            return self._counted
        wanted += [[line for line in self._lines if number in line.numbers] for number in numbers]
        if not wanted or not all(wanted):
            return []
        chosen = [_nearest(said, choices).region for choices in wanted]
        return list({region.id: region for region in chosen}.values())

    def _whole(self, words: str) -> list[_Line]:
        """The lines that the statement is (part of), as short answers are; a bare yes or no stands nowhere."""
        said = plain(words).strip(" .。!！?？,，;；:：\"'")
        if len(said) < 2 or said.isdigit() or is_bare(said):
            return []
        return [line for line in self._lines if _holds_words(line.text, said)]


class _Line:
    """A region's text, ready for comparison."""

    __slots__ = ("numbers", "region", "text", "words")

    def __init__(self, region: Region) -> None:
        self.region = region
        self.text = plain(region.phrase)
        self.words = words_in(region.phrase)
        self.numbers = set(numbers_in(region.phrase, parts=True))


def _holds_words(text: str, part: str) -> bool:
    """Whether `part` stands in `text` at word borders (Chinese has none)."""
    start = text.find(part)
    while part and start >= 0:
        before, after = text[start - 1 : start], text[start + len(part) : start + len(part) + 1]
        if not (_joins(before, part[0]) or _joins(part[-1], after)):
            return True
        start = text.find(part, start + 1)
    return False


def _joins(left: str, right: str) -> bool:
    return bool(left and right) and left.isalnum() and right.isalnum() and left.isascii() and right.isascii()


_NAME = re.compile(r"\b[A-Z][\w&'’-]*(?:[ ]+[A-Z][\w&'’-]*)*")
_CHINESE_NAME = re.compile(r"(?:是|为|叫|：|:)\s*([\u3400-\u9fff]{2,30})\s*[。！]?\s*$")


def _proper_names(text: str) -> list[str]:
    """Runs of capitalised words inside a sentence, and what a Chinese sentence names at its end."""
    names = []
    for match in _NAME.finditer(text):
        name = match[0]
        if match.start() == 0 or not text[: match.start()].strip():  # the first word has a capital anyway
            first, _, name = name.partition(" ")
            name = first if not name and len(first) > 1 and first.isupper() else name
        if name and name not in ("I",):
            names.append(name)
    names += _CHINESE_NAME.findall(text)
    return names


def _last_count(sight: Sight) -> tuple[Decimal | None, Sequence[Region]]:
    """The newest count among the observations: its number and the regions it counted."""
    for tool, observation in reversed(list(sight.observations.values())):
        count = observation.data.get("count")
        if tool == "count" and isinstance(count, int) and observation.regions:
            return Decimal(count).normalize(), observation.regions
    return None, ()


def _nearest(said: set[str], choices: Sequence[_Line]) -> _Line:
    """The line that shares most words with the statement; of equals the one seen last."""
    return max(choices, key=lambda line: len(said & line.words))


def best_so_far(question: str, why: str, sight: Sight, most: int = 3) -> tuple[str, list[Claim]]:
    """What to say when a limit ended the run: why, and the observed texts closest to the question, with evidence."""
    asked = words_in(question)
    lines = [_Line(region) for region in sight.regions() if region.phrase.strip()]
    near = sorted((line for line in lines if asked & line.words), key=lambda line: -len(asked & line.words))[:most]
    claims = []
    for line in near:
        evidence = sight.evidence(line.region)
        if evidence is not None:
            claims.append(Claim(line.region.phrase.strip(), (evidence,)))
    seen = "; ".join(claim.text for claim in claims)
    if language_of(question) == "zh":
        return f"未找到：{why}。" + (f"目前看到：{seen}。" if seen else ""), claims
    return f"Not found: {why}." + (f" Seen so far: {seen}." if seen else ""), claims
