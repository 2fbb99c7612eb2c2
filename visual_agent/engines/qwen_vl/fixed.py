"""Key/value buffers of fixed sizes, and the one-token step that is compiled for them.

In: a model, and how many positions a call needs. Out: `FixedCache`s, used again and again, and logits of the next
token by one graph. On a GPU most of a token's time would else be the launching of a thousand small kernels.

The sizes follow the steps of dynamic NTK (2048 and a margin for the answer, 4096, 8192): attention reads the whole
buffer, so one size for all would cost a short prompt dearly. The step is compiled once for each size, never for a
second session. On CUDA it is also recorded as a CUDA graph for each buffer: recorded by hand rather than by
`mode="reduce-overhead"`, whose recordings belong to the thread that made them, while our calls come from any thread.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from transformers import Cache, StaticCache

if TYPE_CHECKING:
    from visual_agent.engines.qwen_vl.modeling import QwenVLForConditionalGeneration

#: Models of different shapes times sizes of buffers in one process. Dynamo counts by code and would stop at eight.
MOST_COMPILES = 64
#: Positions for the answer behind a prompt of the training length.
MARGIN = 256


def sizes_of(seq_length: int, longest: int) -> list[int]:
    """Sizes of buffers, ascending: the training length and a margin, then its doublings up to `longest`."""
    first, doubled = seq_length + MARGIN, 2 * seq_length
    sizes = [first]
    while doubled < longest:
        if doubled > first:
            sizes.append(doubled)
        doubled *= 2
    return [*(size for size in sizes if size < longest), longest]


class FixedCache(StaticCache):  # type: ignore[misc]
    """Keys and values of up to `size` positions in buffers that never move; empty when made.

    `ntk_alpha` stays None until a prompt is computed; `pin` then moves it into a buffer that recorded graphs read.
    """

    def __init__(self, model: QwenVLForConditionalGeneration, size: int) -> None:
        config = model.config
        super().__init__(config=config, max_cache_len=size)
        weight = model.transformer.wte.weight
        self.size = size
        self.early_initialization(1, config.num_attention_heads, config.kv_channels, weight.dtype, weight.device)
        self.ntk_alpha: torch.Tensor | None = None
        self.alpha_buffer = torch.ones(1, dtype=torch.long, device=weight.device)
        self.recording: Recording | None = None

    @torch.inference_mode()
    def rewind(self, length: int) -> FixedCache:
        """Forget all but the first `length` positions."""
        for layer in self.layers:
            layer.cumulative_length.fill_(length)
        if not length:
            self.ntk_alpha = None
        return self

    def pin(self) -> None:
        """Keep the NTK factor at an address that stays."""
        if self.ntk_alpha is not None and self.ntk_alpha is not self.alpha_buffer:
            self.alpha_buffer.copy_(self.ntk_alpha)
            self.ntk_alpha = self.alpha_buffer

    def take_from(self, other: Cache, length: int) -> FixedCache:
        """Copy the first `length` positions of another cache, with its NTK factor."""
        for mine, theirs in zip(self.layers, other.layers, strict=True):
            mine.keys[:, :, :length].copy_(theirs.keys[:, :, :length])
            mine.values[:, :, :length].copy_(theirs.values[:, :, :length])
        self.rewind(length)
        self.ntk_alpha = getattr(other, "ntk_alpha", None)
        self.pin()
        return self


class FixedCaches:
    """Makes buffers and takes them back, so that the next call finds one with its graph recorded.

    Args:
        step: is compiled for each new size and recorded for each new buffer.
    """

    def __init__(self, step: Step) -> None:
        self.model, self.step = step.model, step
        model = self.model
        self.sizes = sizes_of(model.config.seq_length, model.config.max_position_embeddings)
        self._spare: FixedCache | None = None

    def size_for(self, positions: int) -> int:
        """The smallest size that holds so many positions (the largest one, if none does)."""
        return next((size for size in self.sizes if size >= positions), self.sizes[-1])

    def has_spare(self, size: int) -> bool:
        """Whether a buffer of this size waits."""
        return self._spare is not None and self._spare.size == size

    def empty(self, size: int) -> FixedCache:
        """An empty buffer: the spare one if it has the size, else a new one."""
        spare = self._spare
        if spare is not None and spare.size == size:
            self._spare = None
            return spare.rewind(0)
        cache = FixedCache(self.model, size)
        self.step.prepare(cache)
        return cache

    def give_back(self, cache: Cache) -> None:
        """Keep a buffer that nobody needs as the spare one; the former spare one is freed."""
        if isinstance(cache, FixedCache):
            self._spare = cache

    def clear(self) -> None:
        """Free the spare buffer."""
        self._spare = None


class Recording:
    """A step recorded as a CUDA graph, with the places it reads its token from and writes its logits to."""

    def __init__(self, graph: torch.cuda.CUDAGraph, token: torch.Tensor, logits: torch.Tensor) -> None:
        self.graph, self.token, self.logits = graph, token, logits

    def run(self, token: torch.Tensor) -> torch.Tensor:
        """Logits after `token`; a copy, since the next run overwrites them."""
        self.token.copy_(token)
        self.graph.replay()
        return self.logits.clone()


class Step:
    """One token in, the next logits out, over a `FixedCache`; compiled, and on CUDA recorded for each buffer.

    When compiling fails (no C compiler for Triton, say), it warns once and goes on without.

    Args:
        model: in evaluation mode.
        compiled: False leaves the compiler out; recording remains.
    """

    def __init__(self, model: QwenVLForConditionalGeneration, *, compiled: bool = True) -> None:
        self.model = model
        self._run: Callable[[torch.Tensor, Cache], torch.Tensor] = self.plain
        if compiled:
            self._run = torch.compile(self.plain, fullgraph=True, dynamic=False)
        self._pool: Any = None

    @property
    def compiled(self) -> bool:
        """Whether the compiled step is in use."""
        return self._run != self.plain

    def plain(self, token: torch.Tensor, cache: Cache) -> torch.Tensor:
        """Feed one token `[1, 1]`; logits `[1, vocabulary]`. It is embedded here, so nothing looks for pictures."""
        embeddings = self.model.get_input_embeddings()(token)
        outputs = self.model(inputs_embeds=embeddings, past_key_values=cache, use_cache=True, logits_to_keep=1)
        return outputs.logits[:, -1]

    def __call__(self, token: torch.Tensor, cache: Cache) -> torch.Tensor:
        """As `plain`, by the graph of a `FixedCache`; other caches are fed plainly."""
        if not isinstance(cache, FixedCache):
            return self.plain(token, cache)
        return cache.recording.run(token) if cache.recording else self._run(token, cache)

    def prepare(self, cache: FixedCache) -> None:
        """Compile for a buffer's size, and record it on CUDA; the buffer is empty before and after."""
        try:
            with torch._dynamo.config.patch(recompile_limit=MOST_COMPILES):
                self._prepare(cache)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:  # what dynamo, inductor, Triton and CUDA raise
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            warnings.warn(
                f"The model could not be compiled ({reason[:200]}); it runs without, only slower. "
                "Load it with compile=False to do without this attempt.",
                RuntimeWarning,
                stacklevel=2,
            )
            self._run = self.plain
            self._prepare(cache.rewind(0))
        cache.rewind(0)

    def _prepare(self, cache: FixedCache) -> None:
        token = torch.zeros(1, 1, dtype=torch.long, device=cache.layers[0].keys.device)
        cache.ntk_alpha = cache.alpha_buffer
        if token.device.type != "cuda":
            self._run(token, cache)
            return
        side = torch.cuda.Stream(token.device)
        side.wait_stream(torch.cuda.current_stream(token.device))
        with torch.cuda.stream(side):
            for _ in range(2):  # compiles and tunes kernels, which a recording must not
                self._run(token, cache)
        torch.cuda.current_stream(token.device).wait_stream(side)
        self._pool = self._pool or torch.cuda.graph_pool_handle()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            logits = self._run(token, cache)
        cache.recording = Recording(graph, token, logits)
