"""Whose answer counts: the rules', the trained reader's, the language model's copy, or that it is not there.

In: a question for one value, its pages, and what was found without the model. Out: the `Solution` that speaks best for
itself, or None. Each answer is described by a few numbers (who gives it, what shares the model and the reader give
it, what form it has); a softmax over all of them and over "not there" decides. `witnesses.json` holds the weights;
`tests/questions/train_witnesses.py` learned them on documents that neither the rules nor the model had seen.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.naming import addressed
from visual_agent.engines.planner.asked.plausible import plausible
from visual_agent.engines.planner.asked.questions import Question
from visual_agent.engines.planner.fields.single import Solution
from visual_agent.engines.planner.language.copying import copier
from visual_agent.engines.planner.language.reading import Copy, copied
from visual_agent.engines.planner.page.pages import Page
from visual_agent.engines.planner.reader.reader import Reading, ranked
from visual_agent.engines.planner.text.folding import normal

KINDS = ("field", "extreme")
"""Kinds of question whose answer may stand on the page as it is."""
_READINGS = 6
"""Candidates of the trained reader that are heard."""


@dataclass(frozen=True)
class Voice:
    """An answer, and the numbers that speak for it."""

    solution: Solution
    numbers: tuple[float, ...]


def weighed(question: Question, pages: Sequence[Page], found: Solution | None) -> Solution | None:
    """The answer that counts; what was found already where there is no model, or the question is not for one value."""
    if question.kind not in KINDS or question.looks or copier() is None:
        return found
    voices, silence = heard(question, pages, found)
    if not any(found is None or voice.solution is found for voice in voices):
        return found  # nothing could be copied from its page
    best = strongest(_weights(), [voice.numbers for voice in voices], silence)
    return voices[best].solution if best is not None else None


def strongest(
    weights: Mapping[str, Sequence[float]], voices: Sequence[Sequence[float]], silence: Sequence[float]
) -> int | None:
    """Which voice's numbers weigh most; None where those of silence do."""

    def weight(name: str, numbers: Sequence[float]) -> float:
        return sum(w * n for w, n in zip(weights[name], numbers, strict=True))

    scores = [weight("voice", numbers) for numbers in voices]
    best = max(range(len(scores)), key=lambda n: scores[n])
    return best if scores[best] > weight("silence", silence) else None


def heard(question: Question, pages: Sequence[Page], found: Solution | None) -> tuple[list[Voice], tuple[float, ...]]:
    """Every answer that anybody gives, and the numbers that speak for "not there"."""
    asked, about = addressed(question, pages)
    readings = ranked(asked, about, _READINGS)
    voices: list[Voice] = []
    untold = -math.inf
    for page in about:
        told: list[tuple[Reading | None, Solution]] = [
            (one, _of_reading(one, page)) for one in readings if one.page == page.name
        ]
        if found is not None and found.page in ("", page.name):
            told.insert(0, (None, found))
        texts = [answers.uncited(solution.text)[:200] or "?" for _, solution in told]
        copy = copied(asked, page, texts)
        if copy is None:
            continue
        untold = max(untold, copy.untold)
        theirs = answers.uncited(found.text) if found is not None else ""
        for (reading, solution), text, sure in zip(told, texts, copy.given, strict=True):
            share = reading.share if reading is not None else _share(text, readings)
            voices.append(_voice(asked, page, solution, text, sure, share, theirs, copy))
        if not any(normal(copy.text) == normal(text) for text in texts):
            share = _share(copy.text, readings)
            voices.append(_voice(asked, page, _of_copy(copy, page), copy.text, copy.sure, share, theirs, copy))
    chinese = float(question.chinese)
    return voices, (1.0, chinese, max(untold, -12.0) / 4, float(found is None))


def _voice(
    question: Question, page: Page, solution: Solution, text: str, sure: float, share: float, theirs: str, copy: Copy
) -> Voice:
    """An answer with what speaks for it; `sure` and `share` are the model's and the reader's word."""
    said, rule, model = normal(text), normal(theirs), normal(copy.text)
    sure, weight = max(min(sure, 8.0), -20.0) / 4, math.log(share + 1e-3) / 4
    chinese, by_rule = float(question.chinese), float(said == rule)
    return Voice(
        solution,
        (
            by_rule,
            by_rule * chinese,
            by_rule * float(said not in normal(page.text)),
            sure,
            sure * chinese,
            sure * by_rule,
            weight,
            weight * chinese,
            float(said == model),
            float(said != rule and bool(rule) and (said in rule or rule in said)),
            float(said != model and (said in model or model in said)),
            min(len(text), 80) / 20,
            float(plausible(question, text)),
        ),
    )


def _share(text: str, readings: Sequence[Reading]) -> float:
    return next((one.share for one in readings if normal(one.text) == normal(text)), 0.0)


def _of_reading(one: Reading, page: Page) -> Solution:
    weakest = page.weakest(one.ids)
    return Solution(answers.value(one.text, one.ids), f'"{one.label[:60]}" speaks of it', one.ids, weakest, page.name)


def _of_copy(copy: Copy, page: Page) -> Solution:
    item = copy.item
    return Solution(
        answers.value(copy.text, (item.id,)), f'"{item.text[:60]}" says it', (item.id,), item.score, page.name
    )


@cache
def _weights() -> dict[str, list[float]]:
    text = files("visual_agent.engines.planner.language").joinpath("witnesses.json").read_text(encoding="utf-8")
    weights: dict[str, list[float]] = json.loads(text)
    return weights
