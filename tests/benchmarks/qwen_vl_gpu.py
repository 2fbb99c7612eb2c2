"""Qwen-VL at full size on one GPU: fractions of what the device can do, and agent episodes against the original.

In: nothing; 9.66 billion random weights made on the device. Out: one JSON line for each figure, written at once, so
that a broken run loses nothing, and a table on the terminal. Fits into ten minutes; phases that would not are left
out and named. Random weights say nothing about answers, and everything about speed.

Run: python tests/benchmarks/qwen_vl_gpu.py --out figures.jsonl [--attention eager] [--minutes 10]
`--size tiny` runs the whole machinery in seconds, on the CPU as well; its figures mean nothing.
Needs torch 2.7 and transformers 5.17 or newer: the engine asks nothing of `generate`.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from original import OriginalAlgorithm
from PIL import Image
from qwen_vl_cpu import Answer, Episode, run

from visual_agent.engines.base import Sampling
from visual_agent.engines.qwen_vl import QwenVLForConditionalGeneration, QwenVLProcessor, tiny
from visual_agent.engines.qwen_vl.engine import QwenVLEngine
from visual_agent.engines.qwen_vl.fixed import FixedCache, Step, sizes_of
from visual_agent.engines.qwen_vl.growing import GrowingCache
from visual_agent.engines.qwen_vl.prompting import Prompt
from visual_agent.images import Pixels, keep

FULL: dict[str, Any] = {
    "vocab_size": 151936,
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "kv_channels": 128,
    "intermediate_size": 22016,
    "visual": {"image_size": 448, "layers": 48, "width": 1664, "heads": 16, "n_queries": 256, "output_dim": 4096},
}
TINY: dict[str, Any] = {"seq_length": 2048}


@dataclass
class Bench:
    """The device, the model and where figures go."""

    device: torch.device
    size: str
    attention: str | None
    deadline: float
    out: Any = None
    figures: list[dict[str, Any]] = field(default_factory=list)
    bandwidth: float = 1.0
    matrix_rate: float = 1.0

    def note(self, phase: str, **figures: Any) -> None:
        """Write one figure now."""
        line = {"phase": phase, **{k: round(v, 4) if isinstance(v, float) else v for k, v in figures.items()}}
        self.figures.append(line)
        print("  ".join(f"{k}={v}" for k, v in line.items()), flush=True)
        if self.out:
            self.out.write(json.dumps(line) + "\n")
            self.out.flush()

    def synchronize(self) -> None:
        """Wait for the device."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def seconds(self, work: Callable[[], Any], *, repeat: int = 5, warm: int = 2) -> float:
        """Median seconds of a piece of work."""
        for _ in range(warm):
            work()
        times = []
        for _ in range(repeat):
            self.synchronize()
            started = time.perf_counter()
            work()
            self.synchronize()
            times.append(time.perf_counter() - started)
        return statistics.median(times)

    @property
    def full(self) -> bool:
        """Whether figures mean something."""
        return self.size == "full"


def anchors(bench: Bench) -> None:
    """What the device reaches: bytes a second (copying and summing, the better), bf16 matrix products a second."""
    count, side = (2**30, 8192) if bench.full else (2**20, 256)
    data = torch.ones(count, dtype=torch.bfloat16, device=bench.device)
    target = torch.empty_like(data)
    copied = 2 * data.nbytes / bench.seconds(lambda: target.copy_(data))
    summed = data.nbytes / bench.seconds(lambda: data.view(-1, 4096).sum(-1, dtype=torch.float32))
    left = torch.randn(side, side, dtype=torch.bfloat16, device=bench.device)
    rate = 2 * side**3 / bench.seconds(lambda: left @ left, repeat=10)
    bench.bandwidth, bench.matrix_rate = max(copied, summed), rate
    name = torch.cuda.get_device_name(bench.device) if bench.device.type == "cuda" else "CPU"
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    bench.note("device", name=name, size=bench.size, **versions)
    bench.note("anchors", gb_per_s=bench.bandwidth / 1e9, tflop_per_s=rate / 1e12)


def make_model(bench: Bench) -> tuple[Any, Any]:
    """Random weights made on the device, and a processor with a vocabulary of bytes."""
    started = time.perf_counter()
    sizes = FULL if bench.full else TINY
    visual = {key: (sizes.get("visual") or {}).get(key) for key in ("image_size", "n_queries")}
    with tempfile.TemporaryDirectory() as folder:
        kept = {key: value for key, value in visual.items() if value}
        processor = QwenVLProcessor.from_pretrained(tiny.write_checkpoint(Path(folder), visual=kept))
    config = tiny.tiny_config(**sizes)
    if bench.attention:
        config._attn_implementation = bench.attention
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16 if bench.device.type == "cuda" else torch.float32)
    try:
        with bench.device:
            torch.manual_seed(0)
            model = QwenVLForConditionalGeneration(config).eval().requires_grad_(False)
    finally:
        torch.set_default_dtype(before)
    weights = sum(p.nbytes for p in model.parameters())
    bench.note("model", gb=weights / 1e9, seconds=time.perf_counter() - started)
    return model, processor


def vision_flops(config: Any) -> float:
    """Arithmetic of encoding one picture: tower and resampler, two operations a product."""
    v = config.visual
    patches, width, out, queries = (v.image_size // v.patch_size) ** 2, v.width, v.output_dim, v.n_queries
    block = patches * (4 * width**2 + 2 * width * v.mlp_width) + 2 * patches**2 * width
    pool = patches * (width * out + 2 * out**2) + queries * 3 * out**2 + 2 * queries * patches * out
    return 2.0 * (patches * 3 * v.patch_size**2 * width + v.layers * block + pool)


def layer_weights(config: Any) -> int:
    """Parameters of all decoder blocks."""
    hidden, inner = config.hidden_size, config.num_attention_heads * config.kv_channels
    return int(config.num_hidden_layers * (4 * hidden * inner + 3 * hidden * config.intermediate_size // 2))


def prompt_flops(config: Any, length: int) -> float:
    """Arithmetic of a prompt: blocks, causal attention (half of all pairs), the head once."""
    attention = config.num_hidden_layers * length**2 * config.num_attention_heads * config.kv_channels
    return 2.0 * (length * layer_weights(config) + attention + config.hidden_size * config.vocab_size)


def vision(bench: Bench, model: Any) -> None:
    """Pictures a second, and the fraction of the measured matrix rate."""
    weight, side = model.visual.conv1.weight, model.config.visual.image_size
    for batch in (1, 4, 16):
        pixels = torch.rand(batch, 3, side, side, device=bench.device, dtype=weight.dtype)
        seconds = bench.seconds(lambda pixels=pixels: model.get_image_features(pixels, return_dict=True))
        fraction = batch * vision_flops(model.config) / seconds / bench.matrix_rate
        bench.note("vision", batch=batch, pictures_per_s=batch / seconds, fraction_of_matrix_rate=fraction)


def prefill(bench: Bench, model: Any) -> None:
    """Prompts of several lengths into an empty buffer of fixed size."""
    sizes = sizes_of(model.config.seq_length, model.config.max_position_embeddings)
    for length in (512, 1024, 2048, 4096) if bench.full else (64, 256):
        ids = torch.randint(0, 250, (1, length), device=bench.device)
        cache = FixedCache(model, next(size for size in sizes if size >= length))

        def work(ids: torch.Tensor = ids, cache: FixedCache = cache) -> None:
            model(input_ids=ids, past_key_values=cache.rewind(0), use_cache=True, logits_to_keep=1)

        seconds = bench.seconds(work)
        rate = prompt_flops(model.config, length) / seconds
        fraction = rate / bench.matrix_rate
        bench.note(
            "prefill", tokens=length, ms=seconds * 1e3, tflop_per_s=rate / 1e12, fraction_of_matrix_rate=fraction
        )
        del cache


def decode(bench: Bench, model: Any, step: Step) -> None:
    """Tokens a second after a context, from the difference of a long and a short run: growing cache, then graphs."""
    config, element = model.config, model.lm_head.weight.element_size()
    fixed_bytes = (layer_weights(config) + config.hidden_size * config.vocab_size) * element
    per_position = 2 * config.num_hidden_layers * config.num_attention_heads * config.kv_channels * element
    short, long = (16, 80) if bench.full else (2, 6)
    for context in (512, 1792) if bench.full else (64,):
        for arm in ("eager", "static, compiled"):
            cache = GrowingCache(config.num_hidden_layers)
            if arm != "eager":
                cache = FixedCache(model, sizes_of(config.seq_length, config.max_position_embeddings)[0])
                step.prepare(cache)
            model(
                input_ids=torch.randint(0, 250, (1, context), device=bench.device),
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            if isinstance(cache, FixedCache):
                cache.pin()

            def tokens(count: int, cache: Any = cache, context: int = context) -> None:
                token = torch.tensor([[7]], device=bench.device)
                for _ in range(count):
                    token = step(token, cache).argmax(-1, keepdim=True)
                    int(token)  # the engine reads every token, too
                cache.rewind(context) if isinstance(cache, FixedCache) else cache.crop(-count)

            spent = [bench.seconds(lambda n=n, tokens=tokens: tokens(n), repeat=3, warm=1) for n in (short, long)]
            seconds = max(spent[1] - spent[0], 1e-9) / (long - short)
            fraction = (fixed_bytes + per_position * context) / seconds / bench.bandwidth
            figures = {"ms_per_token": seconds * 1e3, "tokens_per_s": 1 / seconds, "fraction_of_bandwidth": fraction}
            bench.note("decode", arm=arm, context=context, **figures)
            del cache, tokens


def photos(bench: Bench) -> list[Pixels]:
    """Four photos of noise for the episodes, and one to warm up with; 12 megapixels would measure the JPEG library."""
    rng = np.random.default_rng(1)
    size = (768, 1024, 3) if bench.full else (48, 64, 3)
    return [keep(Image.fromarray(rng.integers(0, 255, size, dtype=np.uint8))) for _ in range(5)]


def arms(
    model: Any, processor: Any, counters: dict[str, dict[str, int]], step: Step
) -> dict[str, Callable[[], Answer]]:
    """Ways to answer: for each a maker of a fresh one."""

    def original() -> Answer:
        algorithm = OriginalAlgorithm(model.state_dict(), model.config)

        def answer(prompt: Prompt, count: int) -> list[int]:
            with torch.inference_mode():
                new = algorithm.generate(prompt.ids, [p.image for p in prompt.pictures], count, [[1, 2], [3]])
            counters["original algorithm"] = {"computed": algorithm.computed, "encoded": algorithm.encoded}
            return new

        return answer

    def native(name: str, step: Step | None = None, **options: Any) -> Callable[[], Answer]:
        def make() -> Answer:
            engine = QwenVLEngine(model, processor, compile=step is not None, **options)
            if step is not None:  # recorded graphs and compiled kernels are shared by the arms
                engine._step = engine._fixed.step = step
            engine._ends = frozenset()  # random weights may say an end mark
            counts = counters[name] = {"computed": 0, "encoded": 0}

            def answer(prompt: Prompt, count: int) -> list[int]:
                new: list[int] = []
                *_, last = engine.stream_prompt(prompt, sampling=Sampling(max_tokens=count, temperature=0), ids=new)
                counts["computed"] += last.counters["prompt_computed"]
                counts["encoded"] += last.counters["images_encoded"]
                return new

            return answer

        return make

    none = {"prefix_bytes": 0, "feature_bytes": 0}
    return {
        "original algorithm": original,
        "eager, no caches": native("eager, no caches", **none),
        "eager, caches": native("eager, caches"),
        "compiled, no caches": native("compiled, no caches", step, **none),
        "compiled, caches": native("compiled, caches", step),
    }


def episodes(bench: Bench, model: Any, processor: Any, step: Step) -> None:
    """Six calls of an agent by every arm: seconds, ratio over the original, work done, how often tokens agree."""
    span = processor.tokenizer.picture_ids(model.config.visual.n_queries)
    counters: dict[str, dict[str, int]] = {}
    every = arms(model, processor, counters, step)
    pictures = photos(bench)
    for size in sizes_of(model.config.seq_length, model.config.max_position_embeddings)[:2]:
        step.prepare(FixedCache(model, size))  # so that no arm pays for compiling
    for count in (1, 4):
        for new in (16, 70) if bench.full else (3,):
            base: tuple[float, list[list[int]]] | None = None
            for name, make in every.items():
                if time.monotonic() > bench.deadline:
                    bench.note("left out", what=f"episode {count} pictures, {new} tokens, {name}")
                    continue
                gc.collect()
                answer = make()
                warm = Episode(1, 1, turns=1, seed=1)  # other words and another picture: nothing of it can be reused
                run(warm, answer, span, pictures[4:])
                before = dict(counters[name])
                bench.synchronize()
                started = time.perf_counter()
                _, said = run(Episode(count, new), answer, span, pictures)
                bench.synchronize()
                seconds = time.perf_counter() - started
                base = base or (seconds, said)
                agreed = [
                    a == b
                    for mine, theirs in zip(said, base[1], strict=True)
                    for a, b in zip(mine, theirs, strict=True)
                ]
                work = {key: value - before[key] for key, value in counters[name].items()}
                figures = {"ratio": base[0] / seconds, "same_tokens": sum(agreed) / len(agreed), **work}
                bench.note("episode", pictures=count, new=new, arm=name, seconds=seconds, **figures)


def peak_memory(bench: Bench, model: Any, processor: Any) -> None:
    """Most memory while 2048 positions are filled: a prompt of 1792 with a picture, 256 new tokens."""
    if bench.device.type != "cuda":
        bench.note("left out", what="peak memory needs a GPU")
        return
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(bench.device)
    engine = QwenVLEngine(model, processor, compile=True)
    engine._ends = frozenset()
    span = processor.tokenizer.picture_ids(model.config.visual.n_queries)
    prompt = Prompt(ids=[*span, *np.random.default_rng(0).integers(0, 250, 1792 - len(span)).tolist()])
    prompt.pictures, prompt.spans = photos(bench)[:1], [(1, len(span) - 1)]
    for _ in engine.stream_prompt(prompt, sampling=Sampling(max_tokens=256, temperature=0)):
        pass
    bench.note("memory", peak_gb=torch.cuda.max_memory_allocated(bench.device) / 1e9, positions=2048)


def phases(bench: Bench) -> Iterator[tuple[str, Callable[[], None]]]:
    """All phases in order; the model is made by the second."""
    yield "anchors", lambda: anchors(bench)
    model, processor = make_model(bench)
    step = Step(model, compiled=bench.device.type == "cuda")
    yield "vision", lambda: vision(bench, model)
    yield "prefill", lambda: prefill(bench, model)
    yield "decode", lambda: decode(bench, model, step)
    yield "memory", lambda: peak_memory(bench, model, processor)
    yield "episodes", lambda: episodes(bench, model, processor, step)


def main(arguments: list[str] | None = None) -> int:
    """Run the phases; the exit status is 1 when one of them broke."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=("full", "tiny"), default="full")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--attention", help="sdpa (default), eager, flash_attention_2")
    parser.add_argument("--minutes", type=float, default=9.5, help="no phase or arm begins later than this")
    parser.add_argument("--out", type=Path, help="JSON lines go here as they come")
    args = parser.parse_args(arguments)
    if args.size == "full" and args.device == "cpu":
        parser.error("no GPU is at hand; --size tiny checks that everything runs")
    broken = 0
    with (
        args.out.open("a", encoding="utf-8") if args.out else nullcontext() as out,
        torch.inference_mode(),
    ):
        deadline = time.monotonic() + 60 * args.minutes
        bench = Bench(torch.device(args.device), args.size, args.attention, deadline, out)
        for name, phase in phases(bench):
            if time.monotonic() > bench.deadline:
                bench.note("left out", what=name)
                continue
            try:
                phase()
            except RuntimeError as error:  # one broken phase must not lose the others
                broken += 1
                bench.note("broken", what=name, error=str(error).splitlines()[0][:300])
            gc.collect()
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
