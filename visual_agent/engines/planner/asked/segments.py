"""Runs of Hanzi in a question, cut into words by what stands on the pages.

In: a `Question` and the `Page`s. Out: the question with its unknown Chinese words cut: "猫打疫苗" becomes "猫" and
"疫苗" where the page has a column "猫" and a row "疫苗注射". Chinese writes no spaces, and no lexicon has all words;
the page itself knows which of them are its own. What is left over stays decisive as a word and says little as a lone
character.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.text.dictionary import is_verb
from visual_agent.engines.planner.text.folding import has_han, normal
from visual_agent.engines.planner.text.values import han_number
from visual_agent.engines.planner.text.words import Term, lexicon, terms


def fitted(question: Question, pages: Sequence[Page]) -> Question:
    """The question with the Chinese words of its terms as the pages write them."""
    if not has_han(question.folded) or question.kind in ("transcribe", "changes"):
        return question
    text = normal("\n".join(p.text for p in pages))
    if not has_han(text):
        return question
    alone = frozenset(normal(i.text).strip(" :：") for p in pages for i in p.lines if len(i.text.strip()) <= 2)
    found: list[Term] = []
    for term in question.terms:
        found += _cut(term, question.folded, text, alone) if term.kind == "han" else [term]
    swallowed = [w for w in found if w.kind == "han" and len(w.text) >= 3]
    kept = [t for t in found if not any(t is not w and t.text in w.text and _inside(t, w, question) for w in swallowed)]
    return replace(question, terms=tuple(dict.fromkeys(kept)))


def _inside(term: Term, word: Term, question: Question) -> bool:
    """Whether a term is only a part of a longer word: it stands nowhere else in the question."""
    return has_han(term.text) and term.text not in question.folded.replace(word.text, " ")


def _cut(term: Term, folded: str, text: str, alone: frozenset[str]) -> list[Term]:
    """A run's pieces that the page has, and what is left between them."""
    run = _counted(term.text, text)
    if run != term.text:
        return [replace(term, text=run, stems=tuple(run))]
    if run in text or len(run) < 2:
        return [_widened(term, run, folded, text)] if len(run) > 1 else [term]
    pieces: list[tuple[str, bool]] = []
    rest = ""
    at = 0
    while at < len(run):
        size = next((n for n in range(len(run) - at, 1, -1) if run[at : at + n] in text), 0)
        if not size and run[at] in alone:
            size = 1
        if not size:
            rest += run[at]
            at += 1
            continue
        pieces += [(rest, False)] if rest else []
        pieces.append((run[at : at + size], True))
        rest = ""
        at += size
    pieces += [(rest, False)] if rest else []
    if not any(known for _, known in pieces):
        return [term]
    out: list[Term] = []
    for piece, known in pieces:
        out += [_widened(term, piece, folded, text)] if known else _left(term, piece)
    return out


def _counted(run: str, text: str) -> str:
    """Ordinals as the page counts, "第二节" as "第2节" where the page counts in digits, and the other way round."""
    match = re.fullmatch(r"第([一二三四五六七八九十]{1,3}|\d{1,2})([\u4e00-\u9fff]{1,2})", run)
    number = han_number(match[1]) if match else None
    if match is None or run in text:
        return run
    digits = f"第{int(number)}{match[2]}" if number is not None else run
    return digits if digits in text else run


def _widened(term: Term, piece: str, folded: str, text: str) -> Term:
    """A piece with the characters before and after it where the page has them too: "人民路店" for "民路店"."""
    start = folded.find(piece)
    end = start + len(piece)
    while start > 0 and has_han(folded[start - 1]) and folded[start - 1 : end] in text:
        start -= 1
    while end < len(folded) and has_han(folded[end]) and folded[start : end + 1] in text:
        end += 1
    word = folded[start:end]
    names = lexicon().said.get(tuple(word))
    if names:
        weak = all(lexicon().concepts[n].weak for n in names)
        return replace(term, text=word, stems=tuple(word), concepts=names, kind="concept", weak=weak, run="")
    return replace(term, text=word, stems=tuple(word), run="")


def _left(term: Term, piece: str) -> list[Term]:
    """What the page does not have: lexicon words and nouns in full, verbs and lone characters as manner of speaking."""
    out = []
    for part in terms(piece, question=True):
        idle = part.kind == "han" and (len(part.text) == 1 or is_verb(part.text))
        soft = replace(part, start=term.start, end=term.end)
        out.append(replace(soft, kind="soft", weak=True) if idle else soft)
    return out
