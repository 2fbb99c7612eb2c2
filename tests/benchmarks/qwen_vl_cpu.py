"""Qwen-VL on the CPU: how much faster is our engine in an agent episode?

In: nothing; small random weights that keep the real model's ratio of vision to language work. Out: a table of ratios
against the original algorithm (`original.py`) and against transformers' Qwen2.5-VL of equal size.
Times are process CPU time on one thread, arms in turn; all arms must say the same tokens, and the counters of work are
exact. Short arms run three times, since noise is as long as they are; the median counts.
Run: python tests/benchmarks/qwen_vl_cpu.py [--new 10 40] [--rounds 3] (by default about two minutes)
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from original import OriginalAlgorithm
from PIL import Image
from transformers import DynamicCache, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

from visual_agent.engines.base import Sampling
from visual_agent.engines.qwen_vl import tiny
from visual_agent.engines.qwen_vl.engine import QwenVLEngine
from visual_agent.engines.qwen_vl.prompting import Prompt
from visual_agent.images import Pixels, keep

SIZES = {
    "vocab_size": 8192,
    "hidden_size": 512,
    "num_hidden_layers": 8,
    "num_attention_heads": 8,
    "kv_channels": 64,
    "intermediate_size": 2752,
    "visual": {"image_size": 448, "layers": 8, "width": 192, "heads": 4, "n_queries": 256, "output_dim": 512},
}
FIRST, OBSERVED = 480, 60
CROPS = {1: (), 4: (1, 2, 3)}
SHORT, PEER = "+ prefix reuse", "transformers Qwen2.5-VL"


@dataclass
class Episode:
    """Six calls of an agent: 743 tokens at first, then what was said and 60 observed tokens, crops in some turns."""

    pictures: int
    new: int
    turns: int = 6
    seed: int = 0
    said: list[list[int]] = field(default_factory=list)

    def prompt(self, turn: int, span: list[int], pictures: list[Pixels]) -> Prompt:
        """The prompt of a turn, given what was said before."""
        rng = np.random.default_rng(self.seed)
        prompt = Prompt(ids=rng.integers(0, 250, FIRST).tolist())
        self._picture(prompt, span, pictures[0])
        for past in range(turn + 1):
            if past:
                prompt.ids += self.said[past - 1] + rng.integers(0, 250, OBSERVED).tolist()
            if past in CROPS[self.pictures]:
                self._picture(prompt, span, pictures[CROPS[self.pictures].index(past) + 1])
        return prompt

    @staticmethod
    def _picture(prompt: Prompt, span: list[int], pixels: Pixels) -> None:
        start = len(prompt.ids) + 1
        prompt.ids += span + [65] * (263 - len(span))
        prompt.pictures.append(pixels)
        prompt.spans.append((start, start + len(span) - 2))


def pictures() -> list[Pixels]:
    """Four photos' worth of noise, large enough that opening them costs something."""
    rng = np.random.default_rng(1)
    return [keep(Image.fromarray(rng.integers(0, 255, (480, 640, 3), dtype=np.uint8))) for _ in range(4)]


Answer = Callable[[Prompt, int], list[int]]


def run(episode: Episode, answer: Answer, span: list[int], photos: list[Pixels]) -> tuple[float, list[list[int]]]:
    """CPU seconds of an episode and what was said in each turn."""
    episode.said.clear()
    started = time.process_time()
    for turn in range(episode.turns):
        episode.said.append(answer(episode.prompt(turn, span, photos), episode.new))
    return time.process_time() - started, [list(words) for words in episode.said]


def arms(model, processor) -> dict[str, tuple[Callable[[], Answer], Callable[[], dict[str, int]]]]:
    """For each arm: make a fresh one, and read its counters."""
    made: dict[str, dict[str, int]] = {}

    def original() -> Answer:
        algorithm = OriginalAlgorithm(model.state_dict(), model.config)

        def answer(prompt: Prompt, count: int) -> list[int]:
            with torch.inference_mode():
                new = algorithm.generate(prompt.ids, [p.image for p in prompt.pictures], count, [[1, 2], [3]])
            made["original algorithm"] = {"computed": algorithm.computed, "encoded": algorithm.encoded}
            return new

        return answer

    def native(name: str, **options: int) -> Callable[[], Answer]:
        def make() -> Answer:
            engine = QwenVLEngine(model, processor, **options)
            engine._ends = frozenset()  # random weights may say an end mark: every arm says the same number of tokens
            counts = made[name] = {"computed": 0, "encoded": 0}

            def answer(prompt: Prompt, count: int) -> list[int]:
                new: list[int] = []
                *_, last = engine.stream_prompt(prompt, sampling=Sampling(max_tokens=count, temperature=0), ids=new)
                counts["computed"] += last.counters["prompt_computed"]
                counts["encoded"] += last.counters["images_encoded"]
                return new

            return answer

        return make

    plain = {"prefix_bytes": 0, "feature_bytes": 0}
    return {
        "original algorithm": (original, lambda: made["original algorithm"]),
        "native, no caches": (native("native, no caches", **plain), lambda: made["native, no caches"]),
        "+ picture features": (native("+ picture features", prefix_bytes=0), lambda: made["+ picture features"]),
        SHORT: (native(SHORT), lambda: made[SHORT]),
    }


def peer() -> tuple[Answer, list[int]]:
    """Transformers' Qwen2.5-VL of equal size, `generate` turn by turn, and its picture span."""
    text = {
        "vocab_size": 8192,
        "hidden_size": 512,
        "intermediate_size": 1376,
        "num_hidden_layers": 8,
        "num_attention_heads": 8,
        "num_key_value_heads": 8,
        "rope_parameters": {"rope_type": "default", "mrope_section": [8, 12, 12], "rope_theta": 10000.0},
    }
    vision = {"depth": 8, "hidden_size": 192, "intermediate_size": 946, "num_heads": 4, "out_hidden_size": 512}
    ids = {"image_token_id": 300, "video_token_id": 301, "vision_start_token_id": 302, "vision_end_token_id": 303}
    torch.manual_seed(0)
    vision |= {"fullatt_block_indexes": [3, 7], "window_size": 112}
    model = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(text_config=text, vision_config=vision, **ids)).eval()
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    processor = Qwen2VLImageProcessorPil()

    def answer(prompt: Prompt, count: int) -> list[int]:
        images = [p.image.resize((448, 448)) for p in prompt.pictures]
        seen = processor(images=images, return_tensors="pt")
        tokens = torch.tensor([prompt.ids])
        inputs = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens), **seen}
        inputs["mm_token_type_ids"] = (tokens == ids["image_token_id"]).int()
        with torch.inference_mode():
            out = model.generate(
                **inputs,
                max_new_tokens=count,
                min_new_tokens=count,
                do_sample=False,
                past_key_values=DynamicCache(config=model.config.get_text_config()),
                eos_token_id=None,
                pad_token_id=0,
            )
        return out[0, tokens.shape[1] :].tolist()

    return answer, [302, *[300] * 256, 303]


def main() -> None:
    """Run the arms in turn and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--new", type=int, nargs="+", default=[10], help="tokens said a turn")
    parser.add_argument("--rounds", type=int, default=1, help="rounds of all arms; the median of each counts")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        model, processor = tiny.load(tiny.write_checkpoint(Path(folder), **SIZES))
    span, photos = processor.tokenizer.picture_ids(256), pictures()
    every = arms(model, processor)
    peer_answer, peer_span = peer()
    figures = []
    for new in args.new:
        for count in CROPS:
            spent: dict[str, list[float]] = {}
            said: dict[str, list[list[int]]] = {}
            for _ in range(args.rounds):
                for name, (make, _) in every.items():
                    for _ in range(3 if name == SHORT else 1):
                        seconds, said[name] = run(Episode(count, new), make(), span, photos)
                        spent.setdefault(name, []).append(seconds)
                seconds, _words = run(Episode(count, new), peer_answer, peer_span, photos)
                spent.setdefault(PEER, []).append(seconds)
            best = {name: statistics.median(times) for name, times in spent.items()}
            same = all(words == said["original algorithm"] for words in said.values())
            print(f"\n{count} picture(s), {new} tokens a turn; same tokens in all arms: {same}")
            for name, seconds in best.items():
                counters = every[name][1]() if name in every else {}
                ratio = best["original algorithm"] / seconds
                figures.append(
                    {"pictures": count, "new": new, "arm": name, "seconds": seconds, "ratio": ratio, **counters}
                )
                work = f"{counters['computed']:6d} tokens, {counters['encoded']:2d} pictures" if counters else ""
                print(f"  {name:26s} {seconds:7.2f} s CPU   x{ratio:5.2f} over the original   {work}")
            versus = best[PEER] / best[SHORT]
            print(f"  our engine over transformers' Qwen2.5-VL: x{versus:.2f}")
            if not same:
                raise SystemExit("The arms differ: the figures mean nothing.")
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
