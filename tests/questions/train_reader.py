"""Train the planner's reader: practice questions in, `visual_agent/engines/planner/reader.json` out.

Run: python tests/questions/train_reader.py [--check] (about ten minutes on two cores; needs torch)
`practice/` holds questions on documents that are neither in the tune nor in the report half, with what read_text made
of their pictures. `--check` trains on two thirds of the authors and prints how the reader does on the others, without
writing anything. To learn when an answer is not there, each question is also asked of its page with the
answer taken out, and of another page.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from visual_agent.engines.planner.asked.questions import analyse
from visual_agent.engines.planner.page.observed import Observed, read
from visual_agent.engines.planner.page.pages import build
from visual_agent.engines.planner.reader.candidates import candidates
from visual_agent.engines.planner.reader.reader import Asked, Network, describe, outline
from visual_agent.engines.planner.text.folding import normal
from visual_agent.judging import is_right

HERE = Path(__file__).resolve().parent
WEIGHTS = HERE.parent.parent / "visual_agent" / "engines" / "planner" / "reader.json"
FOLDS = ("abcno", "dghk", "ijlmp")
"""Authors whose questions are set aside together."""
MOST, HIDDEN, EPOCHS, BATCH, RATE, DECAY, DROPOUT = 60, 96, 50, 32, 4e-3, 0.1, 0.3
DELETED, ELSEWHERE = 0.5, 0.15
"""What a question counts whose answer was taken out, and one that is asked of another page."""
SEEDS = (0, 1)
LEAST = {
    "when": 0.2, "date": 0.2, "time": 0.2, "duration": 0.2, "weekday": 0.2, "frequency": 0.2, "year": 0.2,
    "month": 0.2, "name": 0.2, "": 0.25, "text": 0.15, "place": 0.05, "phone": 0.05, "amount": 0.5, "else": 0.5,
}  # fmt: skip
"""The share that an answer of a type needs; chosen on answers to authors that were set aside."""


@dataclass(frozen=True)
class Example:
    """One question on one page or pair: the features of its candidates, which of them are right, what it counts."""

    author: str
    wants: str
    table: Any
    right: Any
    weight: float
    case: dict[str, Any]
    texts: tuple[str, ...]


def lines(name: str) -> list[dict[str, Any]]:
    """The objects of a practice file."""
    return [json.loads(line) for line in (HERE / "practice" / name).read_text(encoding="utf-8").splitlines()]


def examples() -> list[Example]:
    """Every practice question for one value, with its two near misses."""
    pages = {p["page"]: [read(text) for text in p["readings"]] for p in lines("pages.jsonl")}
    chance, found = random.Random(0), []
    for case in lines("questions.jsonl"):
        readings = pages[case["page"]]
        question = analyse(case["question"], len(readings))
        judged = case["match"] in ("exact", "number", "contains")
        if question.kind != "field" or (case["found"] and not judged):
            continue
        first = example(case, readings, 1.0)
        if first is None:
            continue
        found.append(first[0])
        if first[0].right.any():
            less = [without(r, first[1], chance) for r in readings]
            found += [e for e, _ in filter(None, [example(case, less, DELETED)]) if not e.right.any()]
        other = pages[chance.choice(list(pages))]
        found += [e for e, _ in filter(None, [example(case, other[:1], ELSEWHERE, found=False)])]
    return found


def example(
    case: dict[str, Any], readings: Sequence[Observed], weight: float, *, found: bool | None = None
) -> tuple[Example, set[str]] | None:
    """The example, and the regions that its right candidates stand in; None for a page without candidates."""
    question = analyse(case["question"], len(readings))
    pages = [build(f"img{n + 1}", [reading]) for n, reading in enumerate(readings)]
    asked = Asked(question)
    parts = [(page, candidates(question, page)) for page in pages if page.lines]
    every = [one for _, some in parts for one in some]
    if not every:
        return None
    table = np.vstack([describe(asked, some, page) for page, some in parts])
    there = case["found"] if found is None else found
    right = np.array([there and is_right(case["match"], c.text, case["answers"], case["question"]) for c in every])
    regions = {i for c, good in zip(every, right, strict=True) if good for i in c.ids}
    texts = tuple(normal(c.text) for c in every)
    return Example(case["page"][0], asked.wants, table, right, weight, case, texts), regions


def without(reading: Observed, gone: set[str], chance: random.Random) -> Observed:
    """A reading without some regions, and mostly without the rows that they stand in."""
    gone = set(gone)
    for row in (row for table in reading.tables for row in table):
        if any(c is not None and c.id in gone for c in row) and chance.random() < 0.6:
            gone |= {c.id for c in row if c is not None}
    tables = tuple(
        tuple(tuple(None if c is not None and c.id in gone else c for c in row) for row in table)
        for table in reading.tables
    )
    return replace(reading, lines=tuple(i for i in reading.lines if i.id not in gone), tables=tables)


# --- training ------------------------------------------------------------------------------------------------------


class Scorer(torch.nn.Module):
    """The two small networks that `reader.Network` computes."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.a, self.b = torch.nn.Linear(features, HIDDEN), torch.nn.Linear(HIDDEN, 1)
        self.c, self.d = torch.nn.Linear(8, 6), torch.nn.Linear(6, 1)
        self.drop = torch.nn.Dropout(DROPOUT)

    def forward(self, x: torch.Tensor, about: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores of the candidates (batch, MOST) and of "not there" (batch,)."""
        score = self.b(self.drop(torch.tanh(self.a(self.drop(x))))).squeeze(-1)
        return score, self.d(torch.tanh(self.c(about))).squeeze(-1)


def packed(data: Sequence[Example], chance: np.random.Generator) -> tuple[torch.Tensor, ...]:
    """At most MOST candidates of each example: the right ones, the best looking of the others, some at random."""
    xs, rights, masks, abouts = [], [], [], []
    for one in data:
        good, bad = np.flatnonzero(one.right)[: MOST // 3], np.flatnonzero(~one.right)
        room = MOST - len(good)
        if len(bad) > room:
            hard = bad[np.argsort(-(one.table[bad, 3] + one.table[bad, 19]))[: room // 2]]
            bad = np.concatenate([hard, chance.permutation(np.setdiff1d(bad, hard))[: room - len(hard)]])
        taken = np.concatenate([good, bad]).astype(int)
        x = np.zeros((MOST, one.table.shape[1]), dtype=np.float32)
        x[: len(taken)] = one.table[taken]
        xs.append(x)
        rights.append(np.arange(MOST) < len(good))
        masks.append(np.arange(MOST) < len(taken))
        abouts.append(outline(one.table))
    weights = np.array([one.weight for one in data], dtype=np.float32)
    return tuple(torch.tensor(np.array(a)) for a in (xs, rights, masks, abouts, weights))


def trained(data: Sequence[Example], seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """The contents of reader.json."""
    every = np.vstack([one.table for one in data])
    mean, scale = every.mean(0), every.std(0) + 1e-2
    networks = [_fitted(data, mean, scale, seed) for seed in seeds]
    return {"mean": rounded(mean), "scale": rounded(scale), "least": LEAST, "networks": networks}


def _fitted(data: Sequence[Example], mean: Any, scale: Any, seed: int) -> dict[str, Any]:
    torch.manual_seed(seed)
    x, right, mask, about, weight = packed(data, np.random.default_rng(seed))
    x = ((x - torch.tensor(mean)) / torch.tensor(scale)).clamp(-4, 4)
    scorer, never = Scorer(x.shape[-1]), torch.tensor(-1e9)
    optimizer = torch.optim.AdamW(scorer.parameters(), lr=RATE, weight_decay=DECAY)
    for epoch in range(EPOCHS):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - epoch / EPOCHS)
        for batch in torch.randperm(len(x)).split(BATCH):
            score, absent = scorer(x[batch], about[batch])
            score = torch.where(mask[batch], score, never)
            every = torch.logsumexp(torch.cat([score, absent[:, None]], 1), 1)
            good = torch.logsumexp(torch.where(right[batch], score, never), 1)
            wanted = torch.where(right[batch].any(1), good, absent)
            optimizer.zero_grad()
            ((every - wanted) * weight[batch]).mean().backward()
            optimizer.step()
    layers = {"a": scorer.a, "b": scorer.b, "c": scorer.c, "d": scorer.d}
    out: dict[str, Any] = {}
    for name, layer in layers.items():
        single = layer.out_features == 1
        out[name] = rounded(layer.weight[0] if single else layer.weight)
        out[f"{name}0"] = rounded(layer.bias[0] if single else layer.bias)
    return out


def rounded(values: Any) -> Any:
    """Numbers short enough for a file that is read by people too."""
    return np.round(
        np.asarray(values.detach() if isinstance(values, torch.Tensor) else values, dtype=float), 4
    ).tolist()


# --- checking ------------------------------------------------------------------------------------------------------


def check(data: Sequence[Example]) -> None:
    """How the reader does on authors that it was not trained on."""
    first = wrong = right = lost = answerable = missing = 0
    for fold in FOLDS:
        network = Network(trained([one for one in data if one.author not in fold], SEEDS[:1]))
        for one in (one for one in data if one.author in fold and one.weight == 1.0):
            text, share = _best(network, one)
            good = one.case["found"] and is_right(one.case["match"], text, one.case["answers"], one.case["question"])
            said = share >= network.least(one.wants)
            answerable += one.case["found"]
            missing += not one.case["found"]
            first += good
            right += good and said
            wrong += said and one.case["found"] and not good
            lost += said and not one.case["found"]
    print(f"the best candidate is right: {first} of {answerable}; given: {right} right, {wrong} wrong")
    print(f"not there: {missing}, of them answered: {lost}")


def _best(network: Network, one: Example) -> tuple[str, float]:
    total: dict[str, float] = {}
    for text, share in zip(one.texts, network.shares(one.table), strict=True):
        total[text] = total.get(text, 0.0) + float(share)
    best = max(total, key=lambda text: total[text])
    return best, total[best]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="measure on authors set aside; write nothing")
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = examples()
    print(f"{len(data)} examples, {sum(one.weight == 1.0 for one in data)} questions")
    if options.check:
        check(data)
        return
    WEIGHTS.write_text(json.dumps(trained(data), separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
