"""Caches: static, compiled, reused, rolled back, assisted. All must write what a plain dynamic cache writes."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import CompileConfig, DynamicCache, GenerationConfig, StaticCache

from qwen_vl.recordings import read, tiny_config, tiny_model
from qwen_vl.test_model import CASES, inputs, new_tokens
from visual_agent.engines.qwen_vl.stopping import StopSequences
from visual_agent.errors import ContentError


@pytest.mark.parametrize("name", ["one_image", "batch_left_padded"])
def test_static_cache(name: str, model: Any, tensors: dict[str, Any]) -> None:
    recorded = CASES[name]["greedy_new_tokens"]
    given = inputs(CASES[name], tensors)
    assert new_tokens(model, given, 24, cache_implementation="static") == recorded


def test_static_cache_beyond_the_training_length() -> None:
    """The buffer is longer than the prompt: factors and masks must follow the tokens, not the buffer."""
    case = next(
        c
        for c in read("tiny_long/cases.json")["cases"]
        if c["variant"] == "both" and c["name"] == "gen_cross_boundary_24"
    )
    model = tiny_model(seq_length=32)
    ids = torch.tensor(case["input_ids"])
    cache = StaticCache(config=model.config, max_cache_len=100)
    given = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    assert new_tokens(model, given, 24, past_key_values=cache) == case["greedy_new_tokens"]


@pytest.mark.slow
def test_compiled_decoding_is_one_graph_and_equal(tensors: dict[str, Any]) -> None:
    torch._dynamo.reset()
    model = tiny_model(seq_length=32)  # so that rotary factors and logn are in the graph as well
    given = inputs(CASES["two_images"], tensors)
    plain = new_tokens(model, given, 12)
    compiled = CompileConfig(fullgraph=True, backend="inductor", mode=None, dynamic=False)
    compiled._compile_all_devices = True
    counted = torch._dynamo.utils.counters
    counted.clear()
    settings = {"cache_implementation": "static", "compile_config": compiled}
    assert new_tokens(model, given, 12, **settings) == plain
    assert not counted["graph_break"]
    graphs = counted["stats"]["unique_graphs"]
    other = inputs(CASES["one_image"], tensors)
    expected = new_tokens(tiny_model(seq_length=32), other, 12)
    settings["past_key_values"] = StaticCache(config=model.config, max_cache_len=59)
    del settings["cache_implementation"]
    assert new_tokens(model, other, 12, **settings) == expected
    assert counted["stats"]["unique_graphs"] - graphs <= 1  # one length more, not one for each step


def turns(tensors: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A prompt with one picture, and the same continued by text and a second picture."""
    first = inputs(CASES["batch_row1_unpadded"], tensors)
    more = inputs(CASES["image_first_token"], tensors)
    ids = torch.cat((first["input_ids"], torch.tensor([[7, 8, 9]]), more["input_ids"]), dim=1)
    pixels = torch.cat((first["pixel_values"], more["pixel_values"]))
    return first, {"input_ids": ids, "attention_mask": torch.ones_like(ids), "pixel_values": pixels}


def test_prefix_reuse_with_a_new_picture(model: Any, tensors: dict[str, Any]) -> None:
    first, second = turns(tensors)
    expected = new_tokens(model, second, 16)
    cache = DynamicCache()
    with torch.no_grad():
        model(**first, past_key_values=cache)
    seen: list[int] = []
    hook = model.visual.register_forward_hook(lambda _, given, out: seen.append(out.pooler_output.shape[0]))
    continued = {**second, "pixel_values": second["pixel_values"][1:]}
    assert new_tokens(model, continued, 16, past_key_values=cache) == expected
    hook.remove()
    assert seen == [1]


def test_rollback(model: Any, tensors: dict[str, Any]) -> None:
    first, second = turns(tensors)
    expected = new_tokens(model, second, 16)
    cache = DynamicCache()
    new_tokens(model, first, 10, past_key_values=cache)
    cache.crop(-(cache.get_seq_length() - first["input_ids"].shape[1]))
    continued = {**second, "pixel_values": second["pixel_values"][1:]}
    assert new_tokens(model, continued, 16, past_key_values=cache) == expected


def test_rollback_of_a_static_cache(model: Any, tensors: dict[str, Any]) -> None:
    first, second = turns(tensors)
    expected = new_tokens(model, second, 16)
    cache = StaticCache(config=model.config, max_cache_len=128)
    with torch.no_grad():
        model(**first, past_key_values=cache)
        model(input_ids=torch.tensor([[1, 2, 3, 4]]), past_key_values=cache)
        for layer in cache.layers:
            layer.cumulative_length.fill_(first["input_ids"].shape[1])
        ids, length = second["input_ids"], first["input_ids"].shape[1]
        pixels = second["pixel_values"][1:]
        written = [
            model(input_ids=ids[:, length:], pixel_values=pixels, past_key_values=cache).logits[:, -1].argmax(-1)
        ]
        for _ in range(15):
            logits = model(input_ids=written[-1][:, None], past_key_values=cache).logits
            written.append(logits[:, -1].argmax(-1))
    assert [[token.item() for token in written]] == expected


def test_session_copies_share_nothing(model: Any, tensors: dict[str, Any]) -> None:
    first, second = turns(tensors)
    cache = DynamicCache()
    with torch.no_grad():
        model(**first, past_key_values=cache)
    other = copy.deepcopy(cache)
    new_tokens(model, {**second, "pixel_values": second["pixel_values"][1:]}, 4, past_key_values=cache)
    assert other.get_seq_length() == first["input_ids"].shape[1]
    assert other.ntk_alpha.tolist() == [1]


@pytest.mark.parametrize("filled", [False, True])
def test_prompt_lookup_over_a_filled_cache(filled: bool, model: Any, tensors: dict[str, Any]) -> None:
    """transformers 5.17 to 5.23 feed the whole prompt again here; our preparation cuts it."""
    first, second = turns(tensors)
    expected = new_tokens(model, second, 24)
    cache = DynamicCache()
    given = second
    if filled:
        with torch.no_grad():
            model(**first, past_key_values=cache)
        given = {**second, "pixel_values": second["pixel_values"][1:]}
    lookup = {"prompt_lookup_num_tokens": 4, "past_key_values": cache}
    assert new_tokens(model, given, 24, **lookup) == expected


def test_new_ids_alone_with_a_full_mask(model: Any, tensors: dict[str, Any]) -> None:
    first, second = turns(tensors)
    expected = new_tokens(model, second, 8)
    cache = DynamicCache()
    with torch.no_grad():
        model(**first, past_key_values=cache)
    given = {
        "input_ids": second["input_ids"][:, first["input_ids"].shape[1] :],
        "attention_mask": second["attention_mask"],
        "pixel_values": second["pixel_values"][1:],
    }
    assert new_tokens(model, given, 8, past_key_values=cache) == expected


def test_features_kept_by_the_caller_are_left_alone(model: Any, tensors: dict[str, Any]) -> None:
    given = inputs(CASES["two_images"], tensors)
    with torch.no_grad():
        encoded = model.get_image_features(given.pop("pixel_values"), return_dict=True)
    before = encoded.pooler_output.clone()
    new_tokens(model, {**given, "mm_encoder_outputs": {"image": encoded}}, 3, num_beams=2)
    assert torch.equal(encoded.pooler_output, before)


def test_original_generation_config_is_read(tmp_path: Any) -> None:
    (tmp_path / "generation_config.json").write_text(
        '{"chat_format": "chatml", "do_sample": true, "eos_token_id": 151643, "max_new_tokens": 512, '
        '"max_window_size": 6144, "pad_token_id": 151643, "top_k": 0, "top_p": 0.3, '
        '"transformers_version": "4.31.0"}'
    )
    config = GenerationConfig.from_pretrained(tmp_path)
    assert (config.chat_format, config.max_window_size, config.top_p) == ("chatml", 6144, 0.3)
    model = tiny_model()
    model.generation_config = config
    ids = torch.tensor([[1, 2, 3]])
    torch.manual_seed(1)
    first = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=5)
    torch.manual_seed(1)
    assert torch.equal(first, model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=5))


def test_stop_sequences_are_checked_and_kept() -> None:
    words = [[1, 2], [3]]
    stop = StopSequences(words, prompt_length=2)
    assert words == [[1, 2], [3]]
    rows = torch.tensor([[0, 1, 2], [5, 1, 3]])
    assert stop(rows, None).tolist() == [False, True]
    for wrong in ([[]], [[-1]], [["a"]]):
        with pytest.raises(ContentError, match="give one or more ids"):
            StopSequences(wrong)  # type: ignore[arg-type]


def test_parallel_plans_name_existing_layers() -> None:
    from fnmatch import fnmatch

    config = tiny_config()
    names = [name for name, _ in tiny_model().transformer.named_modules()]
    for pattern in config.base_model_tp_plan:
        assert any(fnmatch(name, pattern) for name in names), pattern
    assert set(config.base_model_pp_plan) <= set(names)


SPLIT = """
import sys, torch
sys.path[:0] = [{tests!r}]
torch.set_num_threads(1)
from qwen_vl.recordings import DATA
from visual_agent.engines.qwen_vl import QwenVLForConditionalGeneration
from transformers.distributed import DistributedConfig
settings = DistributedConfig(tp_plan="auto")
model = QwenVLForConditionalGeneration.from_pretrained(
    DATA / "tiny_a", dtype=torch.float32, distributed_config=settings
).eval()
assert model.lm_head.weight.to_local().shape[0] == 192
with torch.no_grad():
    logits = model(torch.arange(20)[None]).logits
torch.save(getattr(logits, "full_tensor", lambda: logits)(), sys.argv[1] + "." + str(torch.distributed.get_rank()))
"""


@pytest.mark.slow
def test_tensor_parallel_over_two_processes(model: Any, tmp_path: Any) -> None:
    script, result = tmp_path / "split.py", tmp_path / "logits"
    script.write_text(SPLIT.format(tests=str(Path(__file__).parent.parent)))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run([*command, str(script), str(result)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    with torch.no_grad():
        expected = model(torch.arange(20)[None]).logits
    for rank in range(2):
        torch.testing.assert_close(torch.load(f"{result}.{rank}"), expected, atol=1e-4, rtol=0)
