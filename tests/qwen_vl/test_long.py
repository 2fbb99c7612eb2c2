"""Beyond the training length: dynamic NTK and logn against recordings of the original."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import DynamicCache, StaticCache

from qwen_vl.recordings import DATA, read, tiny_config, tiny_model
from qwen_vl.test_model import new_tokens
from visual_agent.engines.qwen_vl.pictures import paths_to_placeholders
from visual_agent.engines.qwen_vl.rotary import ntk_alpha

RECORDING = read("tiny_long/cases.json")
TENSORS = load_file(DATA / "tiny_long" / "cases.safetensors")
CASES = {f"{case['variant']}.{case['name']}": case for case in RECORDING["cases"]}
PADDED = "both.batch_left_padded_50"


@cache
def variant(name: str) -> Any:
    """The small model with this variant's settings."""
    return tiny_model(**RECORDING["config_overrides"][name])


def inputs(case: dict[str, Any]) -> dict[str, Any]:
    """A recorded case as arguments of the model."""
    ids = paths_to_placeholders(torch.tensor(case["input_ids"]), tiny_config())
    given = {"input_ids": ids}
    if case.get("attention_mask"):
        given["attention_mask"] = torch.tensor(case["attention_mask"])
    if case["name"] == "images_77":
        given["pixel_values"] = load_file(DATA / "tiny_a" / "cases.safetensors")["pixel_values"][[0, 2]]
    return given


def agree(written: list[int], recorded: list[int], margins: list[float]) -> bool:
    """Equal up to the first step where the recording's two best tokens were nearly tied."""
    sure = next((step for step, margin in enumerate(margins) if margin < 1e-3), len(recorded))
    return written[:sure] == recorded[:sure]


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if "tail" in c and n != PADDED])
def test_logits_and_tokens(name: str) -> None:
    case, model = CASES[name], variant(CASES[name]["variant"])
    model.train(bool(case.get("train_mode")))
    given = inputs(case)
    with torch.no_grad():
        output = model(**given)
    model.eval()
    torch.testing.assert_close(output.logits[:, -case["tail"] :], TENSORS[f"{name}.logits_tail"], atol=1e-4, rtol=0)
    alpha = getattr(output.past_key_values, "ntk_alpha", torch.tensor([1]))
    assert alpha.tolist() == [case["ntk_alpha"]]
    if "greedy_new_tokens" not in case:
        return
    given.setdefault("attention_mask", torch.ones_like(given["input_ids"]))
    recorded = case["greedy_new_tokens"]
    written = new_tokens(model, given, len(recorded[0]), use_cache=case["use_cache"])
    assert agree(written[0], recorded[0], case["greedy_margins"][0])


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if "loss" in c and "QUIRK" not in n])
def test_losses(name: str) -> None:
    case, model = CASES[name], variant(CASES[name]["variant"])
    given = inputs(case)
    with torch.no_grad():
        model.eval()(**inputs(CASES["both.text_257"]))  # a long prompt before leaves nothing behind
        loss = model.train(case["train_mode"])(**given, labels=given["input_ids"]).loss
    model.eval()
    assert abs(loss.item() - case["loss"]) < 1e-4


def test_original_padding_quirk_on_request() -> None:
    """Positions that count padding give the original's numbers for a padded batch."""
    case, model = CASES[PADDED], variant("both")
    given = inputs(case)
    positions = torch.arange(50).expand(2, -1)
    with torch.no_grad():
        output = model(**given, position_ids=positions)
    torch.testing.assert_close(output.logits[:, -4:], TENSORS[f"{PADDED}.logits_tail"], atol=1e-4, rtol=0)
    written = new_tokens(model, {**given, "position_ids": positions}, 10)
    for row in range(2):
        assert agree(written[row], case["greedy_new_tokens"][row], case["greedy_margins"][row])


def test_rows_do_not_depend_on_their_batch() -> None:
    """The default: each row counts its own tokens, so padding changes nothing (in the original it does)."""
    model, given = variant("both"), inputs(CASES[PADDED])
    single = CASES["both.text_20_unpadded"]
    row = next(r for r in range(2) if given["attention_mask"][r].sum() == 20)
    assert given["input_ids"][row, -20:].tolist() == single["input_ids"][0]
    with torch.no_grad():
        output = model(**given)
    torch.testing.assert_close(
        output.logits[row, -4:], TENSORS["both.text_20_unpadded.logits_tail"][0], atol=1e-4, rtol=0
    )
    assert output.past_key_values.ntk_alpha.tolist()[row] == 1
    written = new_tokens(model, given, 10)[row]
    assert agree(written, single["greedy_new_tokens"][0], single["greedy_margins"][0])


def test_two_conversations_keep_their_own_factor() -> None:
    """Interleaved decoding: alpha belongs to the cache (the original kept one in the module)."""
    model = variant("both")
    long, short = inputs(CASES["both.gen_from_40"]), inputs(CASES["both.gen_cross_boundary_24"])

    def steps(given: dict[str, Any]) -> Any:
        ids, past = given["input_ids"], None
        while True:
            with torch.no_grad():
                output = model(input_ids=ids, past_key_values=past)
            past, ids = output.past_key_values, output.logits[:, -1:].argmax(-1)
            yield ids.item()

    a, b = steps(long), steps(short)
    pairs = [(next(a), next(b)) for _ in range(20)]
    assert [p[0] for p in pairs] == CASES["both.gen_from_40"]["greedy_new_tokens"][0][:20]
    assert [p[1] for p in pairs] == CASES["both.gen_cross_boundary_24"]["greedy_new_tokens"][0][:20]


@pytest.mark.parametrize("kind", ["dynamic", "static"])
def test_reset_cache_takes_a_new_factor(kind: str) -> None:
    model = variant("both")
    past = DynamicCache() if kind == "dynamic" else StaticCache(config=model.config, max_cache_len=300)
    with torch.no_grad():
        model(**inputs(CASES["both.text_257"]), past_key_values=past)
        assert past.ntk_alpha.tolist() == [31]
        past.reset()
        logits = model(**inputs(CASES["both.text_33"]), past_key_values=past).logits
    assert past.ntk_alpha.tolist() == [3]
    torch.testing.assert_close(logits[:, -4:], TENSORS["both.text_33.logits_tail"], atol=1e-4, rtol=0)


def test_repeated_cache_rows_keep_their_factors() -> None:
    """Assisted and contrastive decoding repeat the rows of a filled cache."""
    model, given = variant("both"), inputs(CASES[PADDED])
    mask = torch.cat((given["attention_mask"], torch.ones(2, 1, dtype=torch.long)), dim=1)
    token = torch.tensor([[7], [8]])
    logits = []
    for times in (1, 2):
        with torch.no_grad():
            past = model(**given).past_key_values
            past.batch_repeat_interleave(times)
            step = {"input_ids": token.repeat_interleave(times, dim=0), "past_key_values": past}
            logits.append(model(**step, attention_mask=mask.repeat_interleave(times, dim=0)).logits)
    assert sorted(past.ntk_alpha.tolist()) == [1, 3]
    torch.testing.assert_close(logits[1], logits[0].repeat_interleave(2, dim=0), atol=1e-4, rtol=0)


def test_packed_requests_need_a_fixed_factor() -> None:
    """Two requests in one row: with a fixed factor each gets what it gets alone."""
    model = tiny_model(seq_length=32, fixed_ntk_alpha=1.0)
    ids = inputs(CASES["both.text_31"])["input_ids"]
    with torch.no_grad():
        alone = model(input_ids=ids).logits
        packed = model(
            input_ids=torch.cat((ids, ids), dim=1),
            position_ids=torch.arange(31).repeat(2)[None],
            use_cache=False,
        ).logits
    torch.testing.assert_close(packed[:, :31], alone, atol=1e-4, rtol=0)
    torch.testing.assert_close(packed[:, 31:], alone, atol=1e-4, rtol=0)


def test_positions_decide_over_logn_not_lengths() -> None:
    """What a server passes: few tokens, high positions, no cache of ours. The queries must be scaled."""
    ids, far = torch.tensor([[5, 6, 7]]), torch.tensor([[90, 91, 92]])
    scaled, plain = (tiny_model(seq_length=32, fixed_ntk_alpha=1.0, use_logn_attn=logn) for logn in (True, False))
    with torch.no_grad():
        near = [m(input_ids=ids, use_cache=False).logits for m in (scaled, plain)]
        beyond = [m(input_ids=ids, position_ids=far, use_cache=False).logits for m in (scaled, plain)]
    torch.testing.assert_close(near[0], near[1])
    torch.testing.assert_close(beyond[1], near[1], atol=1e-3, rtol=0)
    assert (beyond[0] - beyond[1]).abs().max() > 1e-2


def test_factor_by_length() -> None:
    recorded = read("math/math.json")["ntk_alpha_by_prefill_len_seq2048"]
    assert {length: ntk_alpha(int(length), 2048) for length in recorded} == recorded
    lengths = torch.tensor([int(length) for length in recorded])
    rotary = tiny_model().transformer.rotary
    assert rotary.alpha_of(lengths).tolist() == list(recorded.values())
