"""Answering many requests at once: left-padded rows through one pass of the model for each token.

In: requests that do not depend on each other. Out: their answers, the same as one by one: each row has its own
positions, NTK factor, logn scaling and seed, so neighbours and padding change nothing (beyond rounding in half
precision). Worth it where weights are read from memory for every token: a GPU answers eight rows in little more time
than one. Prefixes are not reused here; picture features are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from transformers.modeling_outputs import BaseModelOutputWithPooling

from visual_agent.engines.base import Cancel, Chunk, FinishReason, Request, Usage
from visual_agent.engines.qwen_vl.decoding import Chooser, TextStream
from visual_agent.engines.qwen_vl.growing import GrowingCache
from visual_agent.engines.qwen_vl.weights import memory_errors

if TYPE_CHECKING:
    from visual_agent.engines.qwen_vl.engine import QwenVLEngine
    from visual_agent.engines.qwen_vl.prompting import Prompt


@dataclass(slots=True)
class Row:
    """One request of a batch: what it asked for and what was said so far."""

    place: int
    prompt: Prompt
    limit: int
    chooser: Chooser
    texts: TextStream
    ids: torch.Tensor
    wants_logprobs: bool
    new: list[int] = field(default_factory=list)
    logprobs: list[tuple[str, float]] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    finish: FinishReason | None = None

    def answer(self) -> Chunk:
        """The whole answer."""
        self.texts.finish()
        usage = Usage(len(self.prompt.ids), len(self.new), self.prompt.image_tokens)
        counters = {**self.counters, "tokens_generated": len(self.new)}
        return Chunk(self.texts.text, self.finish or "length", usage, counters, tuple(self.logprobs))


def answer_batch(
    engine: QwenVLEngine, requests: Sequence[Request], *, rows: int, cancel: Cancel | None = None
) -> list[Chunk]:
    """See `QwenVLEngine.answer_batch`."""
    cancel = cancel or Cancel()
    every = [_row(engine, place, request) for place, request in enumerate(requests)]
    by_length = sorted(every, key=lambda row: len(row.prompt.ids))  # little padding
    for start in range(0, len(by_length), rows):
        _answer_together(engine, by_length[start : start + rows], cancel)
    return [row.answer() for row in every]


def _row(engine: QwenVLEngine, place: int, request: Request) -> Row:
    prompt = engine._builder.build(request.turns)
    limit = engine._limit(prompt, request.sampling)
    chooser = Chooser.of(request.sampling, engine.model.generation_config, engine.device)
    texts = TextStream(engine._decode, request.stop)
    ids = torch.tensor([prompt.ids], device=engine.device)
    return Row(place, prompt, limit, chooser, texts, ids, request.sampling.logprobs)


def _answer_together(engine: QwenVLEngine, rows: list[Row], cancel: Cancel) -> None:
    """Fill in the answers of some rows."""
    cache = GrowingCache(engine.model.config.num_hidden_layers)
    with engine._turnstile, torch.inference_mode(), memory_errors():
        logits, mask = _prefill(engine, rows, cache, cancel)
    while rows:
        with torch.inference_mode():
            tokens = torch.cat([_choose(engine, row, logits[i : i + 1]) for i, row in enumerate(rows)])
            left = [i for i, row in enumerate(rows) if row.finish is None]
        cancel.check()
        if not left:
            return
        with engine._turnstile, torch.inference_mode(), memory_errors():
            if len(left) < len(rows):
                rows, kept = [rows[i] for i in left], torch.tensor(left, device=mask.device)
                tokens, mask = tokens[kept], mask[kept]
                cache.batch_select_indices(kept)
                alpha = getattr(cache, "ntk_alpha", None)
                cache.ntk_alpha = alpha if alpha is None or alpha.shape[0] == 1 else alpha[kept]
            mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
            embeddings = engine.model.get_input_embeddings()(tokens)
            logits = engine.model(
                inputs_embeds=embeddings, attention_mask=mask, past_key_values=cache, use_cache=True, logits_to_keep=1
            ).logits[:, -1]


def _prefill(
    engine: QwenVLEngine, rows: list[Row], cache: GrowingCache, cancel: Cancel
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute all prompts; logits `[rows, vocabulary]` of their last positions, and the mask `[rows, longest]`."""
    longest = max(len(row.prompt.ids) for row in rows)
    pad = engine.processor.tokenizer.end_of_text_id
    ids = torch.full((len(rows), longest), pad, device=engine.device)
    mask = torch.zeros_like(ids)
    features = []
    for i, row in enumerate(rows):
        length = len(row.prompt.ids)
        ids[i, longest - length :] = row.ids[0]
        mask[i, longest - length :] = 1
        row.counters = {"prompt_computed": length, "prompt_reused": 0}
        encoded = engine._encode(row.prompt, 0, row.counters, cancel)
        if encoded is not None:
            features.append(encoded)
    given: dict[str, Any] = {}
    if features:
        given["mm_encoder_outputs"] = {"image": BaseModelOutputWithPooling(pooler_output=torch.cat(features))}
    outputs = engine.model(
        input_ids=ids, attention_mask=mask, past_key_values=cache, use_cache=True, logits_to_keep=1, **given
    )
    return outputs.logits[:, -1], mask


def _choose(engine: QwenVLEngine, row: Row, logits: torch.Tensor) -> torch.Tensor:
    """The next token `[1, 1]` of a row, noted in it."""
    token = row.chooser.choose(logits, row.ids)
    number = int(token)
    if number in engine._ends:
        row.finish = "stop"
        return token
    if row.chooser.processors:
        row.ids = torch.cat([row.ids, token], dim=1)
    row.new.append(number)
    row.texts.push(number)
    if row.wants_logprobs:
        row.logprobs.append((engine._decode([number]), float(logits.float().log_softmax(-1)[0, number])))
    if row.texts.stopped or len(row.new) >= row.limit:
        row.finish = "stop" if row.texts.stopped else "length"
    return token
