"""QwenVLEngine: the native Qwen-VL model behind the engine seam.

In: `Request`s. Out: streamed `Chunk`s. What makes it fast for an agent: features of a picture are computed once
(by content hash), the beginning that two calls share is computed once (`sessions`), stop texts cost nothing.
Calls may come from several threads: they take turns token by token, so none waits for another's end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import torch
from transformers import Cache
from transformers.modeling_outputs import BaseModelOutputWithPooling

from visual_agent.engines.base import Cancel, Chunk, FinishReason, Profile, Request, Sampling, Turn, Usage
from visual_agent.engines.qwen_vl.decoding import Chooser, TextStream
from visual_agent.engines.qwen_vl.fixed import FixedCache, FixedCaches, Step
from visual_agent.engines.qwen_vl.growing import GrowingCache
from visual_agent.engines.qwen_vl.lookup import propose
from visual_agent.engines.qwen_vl.prompting import Prompt, PromptBuilder
from visual_agent.engines.qwen_vl.rotary import ntk_alpha
from visual_agent.engines.qwen_vl.sessions import FeatureStore, PrefixStore, duplicate, shorten
from visual_agent.engines.qwen_vl.turnstile import Turnstile
from visual_agent.engines.qwen_vl.weights import Hub, Quantization, folder_of, load, memory_errors, room
from visual_agent.errors import UserError

if TYPE_CHECKING:
    from visual_agent.engines.qwen_vl.modeling import QwenVLForConditionalGeneration
    from visual_agent.engines.qwen_vl.processing import QwenVLProcessor
    from visual_agent.images import Pixels

GiB = 2**30


@dataclass(slots=True)
class Call:
    """One generation in progress: its prompt, the cache and what has been fed into it.

    `known`: the ids that the cache holds. `ids`: the same on the device, only where choosing a token needs them.
    `limit`: how many tokens the answer may have.
    """

    prompt: Prompt
    chooser: Chooser
    session: str | None
    cache: Cache
    alpha: int
    limit: int
    logprobs: bool
    counters: dict[str, int]
    known: list[int]
    ids: torch.Tensor | None
    new: list[int] = field(default_factory=list)

    def add(self, tokens: list[int], on_device: torch.Tensor) -> None:
        """Note tokens that the cache now holds; `on_device` `[1, n]` are the same."""
        self.known += tokens
        if self.ids is not None:
            self.ids = torch.cat([self.ids, on_device], dim=1)


class QwenVLEngine:
    """Qwen-VL or Qwen-VL-Chat, loaded into this process. Safe to call from several threads.

    Args:
        model: the loaded model, in evaluation mode.
        processor: its tokenizer and image processor.
        name: shown in traces and answers.
        version: goes into cache keys; changes when answers may change.
        chat: whether prompts are ChatML (Qwen-VL-Chat) or plain text (the base model).
        prefix_bytes: memory for kept key/value caches; 0 computes every prompt anew. By default 2 GiB on the CPU,
            on a GPU two fifths of what the weights left free.
        feature_bytes: memory for picture features; 0 encodes every picture anew.
        lookup: tokens proposed at once from the prompt's own text (greedy answers only; 0 for none).
        compile: feed single tokens by a compiled graph over buffers of fixed size (see `fixed`). "auto": on a GPU,
            unless the model is spread over devices or was quantised on load. The first call takes a minute longer.
    """

    def __init__(
        self,
        model: QwenVLForConditionalGeneration,
        processor: QwenVLProcessor,
        *,
        name: str = "Qwen-VL-Chat",
        version: str = "",
        chat: bool = True,
        prefix_bytes: int | None = None,
        feature_bytes: int = GiB // 4,
        lookup: int = 0,
        compile: bool | Literal["auto"] = "auto",
    ) -> None:
        self.model, self.processor = model.eval(), processor
        self.lookup = lookup
        config = model.config
        self._profile = Profile(
            name, version=version, max_input_tokens=config.max_position_embeddings, grid="thousandths"
        )
        self._builder = PromptBuilder(processor.tokenizer, processor.num_image_tokens, chat=chat)
        if prefix_bytes is None:
            prefix_bytes = 2 * room(self.device) // 5 if self.device.type == "cuda" else 2 * GiB
        compiled = self._may_compile(compile)
        self._step = Step(model, compiled=compiled)
        self._fixed = FixedCaches(self._step) if compiled else None
        self._prefixes = PrefixStore(prefix_bytes, self._copied if self._fixed else duplicate)
        self._features = FeatureStore(feature_bytes)
        self._turnstile = Turnstile()
        self._ends = self._end_ids()

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path,
        *,
        dtype: str | torch.dtype = "auto",
        device: str = "auto",
        quantization: Quantization | None = None,
        attention: str | None = None,
        hub: Hub = "huggingface",
        revision: str | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
        **options: Any,
    ) -> QwenVLEngine:
        """Load Qwen-VL, Qwen-VL-Chat or Qwen-VL-Chat-Int4.

        Args:
            name_or_path: a folder (works offline), a hub id, or with `hub="modelscope"` a ModelScope id.
            dtype: "auto" (bf16 or fp16 on a GPU, fp32 on the CPU), "bf16", "fp16", "fp32" or a torch dtype.
            device: "auto", "cpu", "cuda", "cuda:1", or "balanced" to spread the blocks (accelerate).
            quantization: "int8" or "nf4" while loading (extra `quant`).
            attention: "sdpa" (default), "eager", "flash_attention_2".
            hub: where ids are looked up.
            revision: branch, tag or commit of a hub id.
            cache_dir: where downloads go.
            local_files_only: never ask the hub.
            **options: as for the constructor.

        Raises:
            ModelNotFound, ModelMismatch, OutOfMemory, MissingDependency, UserError: each says what to do.
        """
        folder = folder_of(
            name_or_path, hub=hub, revision=revision, cache_dir=cache_dir, local_files_only=local_files_only
        )
        loaded = load(
            folder,
            name=options.pop("name", "") or Path(name_or_path).name,
            dtype=dtype,
            device=device,
            quantization=quantization,
            attention=attention,
        )
        given = {"name": loaded.name, "version": loaded.version, "chat": loaded.chat, **options}
        return cls(loaded.model, loaded.processor, **given)

    @property
    def profile(self) -> Profile:
        """What this engine can do."""
        return self._profile

    @property
    def device(self) -> torch.device:
        """Where prompts go."""
        return self.model.get_input_embeddings().weight.device

    def _may_compile(self, wish: bool | Literal["auto"]) -> bool:
        spread = len(set((getattr(self.model, "hf_device_map", None) or {}).values())) > 1
        if wish is True and spread:
            raise UserError("A model that is spread over devices cannot be compiled; leave compile out.")
        if wish != "auto":
            return wish
        quantised = bool(getattr(self.model, "is_quantized", False))
        return self.device.type == "cuda" and not spread and not quantised

    def _end_ids(self) -> frozenset[int]:
        """Ids that end an answer: the chat roles' marks (or nothing but the end of text), and the eos ids."""
        tokenizer = self.processor.tokenizer
        configured = self.model.generation_config.eos_token_id
        ends = {tokenizer.end_of_text_id, *([configured] if isinstance(configured, int) else configured or [])}
        if self._builder.chat:
            ends |= {tokenizer.im_end_id, tokenizer.im_start_id}
        return frozenset(ends)

    def count_tokens(self, turns: Sequence[Turn]) -> int:
        """Prompt tokens of `turns`, pictures and ChatML marks included."""
        return len(self._builder.build(turns).ids)

    def stream(self, request: Request, cancel: Cancel | None = None) -> Iterator[Chunk]:
        """Answer `request` piece by piece.

        Raises:
            UserError: the prompt is longer than the model can read.
            OutOfMemory: the prompt or its cache does not fit.
            Cancelled: `cancel` was set; what was computed stays useful for the next call.
        """
        prompt = self._builder.build(request.turns)
        yield from self.stream_prompt(
            prompt, sampling=request.sampling, stop=request.stop, session=request.session, cancel=cancel
        )

    def stream_prompt(
        self,
        prompt: Prompt,
        *,
        sampling: Sampling,
        stop: tuple[str, ...] = (),
        session: str | None = None,
        cancel: Cancel | None = None,
        ids: list[int] | None = None,
    ) -> Iterator[Chunk]:
        """As `stream`, for a prompt that is already written; the new ids are added to `ids`."""
        limit = self._limit(prompt, sampling)
        cancel = cancel or Cancel()
        texts = TextStream(self._decode, stop)
        call, logits = self._begin(prompt, sampling, session, cancel, limit)
        finish: FinishReason | None = None
        noted: list[tuple[str, float]] = []
        try:
            for tokens, scores in self._tokens(call, logits, cancel):
                piece = ""
                for token, score in zip(tokens, scores, strict=True):
                    if token in self._ends:
                        finish = "stop"
                        break
                    call.new.append(token)
                    piece += texts.push(token)
                    if sampling.logprobs:
                        noted.append((self._decode([token]), score))
                    if texts.stopped or len(call.new) >= limit:
                        finish = "stop" if texts.stopped else "length"
                        break
                if piece:
                    yield Chunk(piece, logprobs=tuple(noted))
                    noted = []
                if finish:
                    break
            usage = Usage(len(prompt.ids), len(call.new), prompt.image_tokens)
            counters = {**call.counters, "tokens_generated": len(call.new)}
            tail = texts.finish()
            if ids is not None:
                ids.extend(call.new)
        finally:
            self._end(call, texts)
        yield Chunk(tail, finish=finish or "length", usage=usage, counters=counters, logprobs=tuple(noted))

    def _limit(self, prompt: Prompt, sampling: Sampling) -> int:
        """How many tokens the answer may have."""
        room = self._profile.max_input_tokens - len(prompt.ids)
        if room <= 0:
            raise UserError(
                f"The prompt has {len(prompt.ids)} tokens, the model reads {self._profile.max_input_tokens}; "
                "send fewer pictures or less text."
            )
        wanted = sampling.max_tokens
        if wanted is None:
            wanted = self.model.generation_config.max_new_tokens or 512
        return min(wanted, room)

    def _decode(self, ids: Sequence[int]) -> str:
        """Text of ids; box markup stays, other control tokens go."""
        tokenizer = self.processor.tokenizer
        return tokenizer.decode(list(ids), skip_special_tokens=True, keep_image_special=True)

    def _begin(
        self, prompt: Prompt, sampling: Sampling, session: str | None, cancel: Cancel, limit: int
    ) -> tuple[Call, torch.Tensor]:
        """Encode pictures and compute the prompt; the call and the logits `[1, vocabulary]` of its last position."""
        chooser = Chooser.of(sampling, self.model.generation_config, self.device)
        alpha = self._alpha(len(prompt.ids))
        cancel.check()
        with self._turnstile, torch.inference_mode(), memory_errors():
            cache, reused = self._cache_for(prompt, alpha, session, len(prompt.ids) + limit)
            counters = {"prompt_computed": len(prompt.ids) - reused, "prompt_reused": reused}
            features = self._encode(prompt, reused, counters, cancel)
            cancel.check()
            ids = torch.tensor([prompt.ids], device=self.device)
            given: dict[str, Any] = {}
            if features is not None:
                given["mm_encoder_outputs"] = {"image": BaseModelOutputWithPooling(pooler_output=features)}
            logits = self.model(
                input_ids=ids[:, reused:], past_key_values=cache, use_cache=True, logits_to_keep=1, **given
            ).logits[:, -1]
            if isinstance(cache, FixedCache):
                cache.pin()
        seen = ids if chooser.processors else None
        known = list(prompt.ids)
        return Call(prompt, chooser, session, cache, alpha, limit, sampling.logprobs, counters, known, seen), logits

    def _alpha(self, length: int) -> int:
        """The NTK factor of a prompt, known without asking the device; one cache holds one factor."""
        config = self.model.config
        if not config.use_dynamic_ntk or config.fixed_ntk_alpha is not None:
            return 1
        return ntk_alpha(length, config.seq_length)

    def _cache_for(self, prompt: Prompt, alpha: int, session: str | None, positions: int) -> tuple[Cache, int]:
        """A cache with room for `positions`, and how much of the prompt it holds already."""
        cache, reused = self._prefixes.take(prompt.keys(), alpha, session, positions)
        if cache is not None and (whole := prompt.before_span(reused)) < reused:
            shorten(cache, whole)
            reused = whole
        if cache is not None and reused:
            return cache, reused
        if cache is not None:
            self._drop(cache)
        return self._new_cache(positions), 0

    def _new_cache(self, positions: int) -> Cache:
        """An empty cache with room for so many positions."""
        if self._fixed is None:
            return GrowingCache(self.model.config.num_hidden_layers)
        size = self._fixed.size_for(positions)
        if not self._fixed.has_spare(size) and (old := self._prefixes.recycle(size)) is not None:
            self._fixed.give_back(old)
        return self._fixed.empty(size)

    def _copied(self, cache: Cache, length: int, positions: int) -> Cache:
        """A buffer with room for so many positions, with the beginning of another."""
        fixed = cast("FixedCaches", self._fixed)
        return fixed.empty(fixed.size_for(positions)).take_from(cache, length)

    def _drop(self, cache: Cache) -> None:
        if self._fixed is not None:
            self._fixed.give_back(cache)

    def _encode(self, prompt: Prompt, reused: int, counters: dict[str, int], cancel: Cancel) -> torch.Tensor | None:
        """Features `[pictures, queries, hidden]` of the pictures that the cache does not hold yet."""
        needed = [prompt.pictures[index] for index in prompt.pictures_after(reused)]
        known = {p.hash: self._features.get(p.hash) for p in needed}
        missing = {p.hash: p for p in needed if known[p.hash] is None}
        counters["images_encoded"] = len(missing)
        counters["images_reused"] = len(prompt.pictures) - len(missing)
        features = {key: found for key, found in known.items() if found is not None}
        for key, pixels in missing.items():
            cancel.check()
            features[key] = self._vision(pixels)
            self._features.put(key, features[key])
        return torch.stack([features[p.hash] for p in needed]) if needed else None

    def _vision(self, pixels: Pixels) -> torch.Tensor:
        values = self.processor.image_processor(pixels.image, return_tensors="pt")["pixel_values"]
        weight = self.model.visual.conv1.weight
        return self.model.get_image_features(values.to(weight.device, weight.dtype), return_dict=True).pooler_output[0]

    def _tokens(self, call: Call, logits: torch.Tensor, cancel: Cancel) -> Iterator[tuple[list[int], list[float]]]:
        """New tokens with their log probabilities (0 unless asked for), one or several at a time, without end."""
        guessing = bool(self.lookup) and call.chooser.exact_for_lookup
        while True:
            with torch.inference_mode():
                token = call.chooser.choose(logits, call.ids)
                scores = _chances(logits, token).tolist() if call.logprobs else [0.0]
            chosen = int(token)
            yield [chosen], scores
            cancel.check()
            count = min(self.lookup, call.limit - len(call.new))
            guess = propose([*call.known, chosen], count) if guessing and count > 0 else []
            with self._turnstile, torch.inference_mode(), memory_errors():
                if not guess:
                    logits = self._step(token, call.cache)
                    call.add([chosen], token)
                    continue
                accepted, scores, logits = self._verify(call, token, guess)
            if accepted:
                yield accepted, scores

    def _verify(self, call: Call, token: torch.Tensor, guess: list[int]) -> tuple[list[int], list[float], torch.Tensor]:
        """Feed a token and a guess behind it.

        Returns:
            The part of the guess the model agrees with, its log probabilities, and the next logits.
        """
        guessed = torch.tensor([guess], device=token.device)
        both = torch.cat([token, guessed], dim=1)
        logits = self.model(input_ids=both, past_key_values=call.cache, use_cache=True).logits
        agreed = (logits[0, :-1].argmax(-1) == guessed[0]).int().cumprod(0)
        count = int(agreed.sum())
        call.add([int(token), *guess[:count]], both[:, : 1 + count])
        shorten(call.cache, len(call.known))
        scores = _chances(logits[0, :count], guessed[0, :count, None]).tolist() if call.logprobs else [0.0] * count
        return guess[:count], scores, logits[:, count]

    def _end(self, call: Call, texts: TextStream) -> None:
        """Keep the cache for the next call, rolled back to what the prompt and the kept answer hold."""
        with self._turnstile:
            length = min(len(call.prompt.ids) + len(call.new), len(call.known))
            if self._prefixes.max_bytes:
                keys = [*call.prompt.keys(), *call.new][:length]
                for gone in self._prefixes.put(keys, shorten(call.cache, length), call.alpha, call.session):
                    self._drop(gone)
            else:
                self._drop(call.cache)
            if not texts.stopped:
                self._builder.remember(texts.text, call.new)

    def score(self, request: Request, candidates: Sequence[str]) -> list[float]:
        """Natural log probability of each candidate as the beginning of the answer.

        Args:
            request: its `turns` are the prompt; sampling and stop texts play no role.
            candidates: texts, each at least one token long.
        """
        prompt = self._builder.build(request.turns)
        encoded = [self.processor.tokenizer.encode_text(candidate) for candidate in candidates]
        if not all(encoded):
            raise UserError("A candidate is empty; give texts of at least one token.")
        longest = max(map(len, encoded), default=1)
        room_left = self._limit(prompt, Sampling(max_tokens=longest))
        if room_left < longest:
            raise UserError("The prompt leaves no room for the candidates; send fewer pictures or less text.")
        call, first = self._begin(prompt, Sampling(temperature=0), request.session, Cancel(), longest)
        scores = []
        held = len(prompt.ids)
        for ids in encoded:
            with self._turnstile, torch.inference_mode(), memory_errors():
                logits = first[:, None]
                if len(ids) > 1:
                    fed = torch.tensor([ids[:-1]], device=self.device)
                    more = self.model(input_ids=fed, past_key_values=call.cache, use_cache=True).logits
                    logits = torch.cat([logits, more], dim=1)
                    shorten(call.cache, held)
                chances = logits[0].float().log_softmax(-1)
            scores.append(float(sum(chances[i, token] for i, token in enumerate(ids))))
        self._end(call, TextStream(self._decode))
        return scores

    def answer_batch(self, requests: Sequence[Request], *, rows: int = 8, cancel: Cancel | None = None) -> list[Chunk]:
        """Answer requests together, for data sets and servers; the same answers as one by one (see `batching`).

        Args:
            requests: in any order; those of similar length are put together. Their sessions play no role.
            rows: how many at once; memory grows with it.
            cancel: ends all of them.

        Returns:
            One chunk for each request, in order, with finish, usage, counters and, where asked for, logprobs.

        Raises:
            UserError, OutOfMemory, Cancelled: as `stream`, for the whole batch.
        """
        from visual_agent.engines.qwen_vl.batching import answer_batch

        return answer_batch(self, requests, rows=rows, cancel=cancel)

    def close(self) -> None:
        """Forget all caches; the weights go with the engine object."""
        self._prefixes.clear()
        self._features = FeatureStore(self._features.max_bytes)
        if self._fixed is not None:
            self._fixed.clear()


def _chances(logits: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """Natural log probabilities `[n]` of tokens `[n, 1]` under logits `[n, vocabulary]`."""
    return logits.float().log_softmax(-1).gather(-1, tokens).flatten()
