"""The model against recordings of the original: logits, hidden states, caches, tokens, losses, gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from qwen_vl.recordings import DATA, read, tiny_config, tiny_model
from visual_agent.engines.qwen_vl.pictures import paths_to_placeholders, placeholder_mask
from visual_agent.engines.qwen_vl.stopping import StopSequences

CASES = {case["name"]: case for case in read("tiny_a/cases.json")}
RECORDED = [name for name, case in CASES.items() if "greedy_new_tokens" in case or "labels" in case]
GREEDY = [name for name, case in CASES.items() if "greedy_new_tokens" in case]
LOSSES = [name for name, case in CASES.items() if "labels" in case]


def inputs(case: dict[str, Any], tensors: dict[str, Any]) -> dict[str, Any]:
    """A recorded case as arguments of the model."""
    ids = paths_to_placeholders(torch.tensor(case["input_ids"]), tiny_config())
    mask = case.get("attention_mask")
    pixels = tensors["pixel_values"][case["image_index"]] if case["image_index"] else None
    made = {"input_ids": ids, "attention_mask": torch.ones_like(ids) if mask is None else torch.tensor(mask)}
    return made if pixels is None else {**made, "pixel_values": pixels}


def new_tokens(model: Any, given: dict[str, Any], count: int, **settings: Any) -> list[list[int]]:
    """What the model writes."""
    settings = {"do_sample": False, "pad_token_id": 383, **settings}
    output = model.generate(**given, max_new_tokens=count, **settings)
    return output[:, given["input_ids"].shape[1] :].tolist()


def test_original_folder_loads_whole() -> None:
    from visual_agent.engines.qwen_vl import QwenVLForConditionalGeneration

    model, info = QwenVLForConditionalGeneration.from_pretrained(DATA / "tiny_a", output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert set(model.state_dict()) == set(load_file(DATA / "tiny_a" / "model.safetensors"))


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("name", RECORDED)
def test_logits(name: str, attention: str, model: Any, tensors: dict[str, Any]) -> None:
    given = inputs(CASES[name], tensors)
    model = model if attention == "sdpa" else tiny_model(attention=attention)
    with torch.no_grad():
        logits = model(**given).logits
    difference = (logits - tensors[f"{name}.logits"]).abs().amax(-1) * given["attention_mask"]
    assert difference.max() < 1e-4


@pytest.mark.slow
def test_logits_with_flex_attention(tensors: dict[str, Any]) -> None:
    given = inputs(CASES["batch_left_padded"], tensors)
    with torch.no_grad():
        logits = tiny_model(attention="flex_attention")(**given).logits
    difference = (logits - tensors["batch_left_padded.logits"]).abs().amax(-1) * given["attention_mask"]
    assert difference.max() < 1e-4


def test_hidden_states_and_cached_keys(model: Any, tensors: dict[str, Any]) -> None:
    given = inputs(CASES["one_image"], tensors)
    with torch.no_grad():
        output = model(**given, output_hidden_states=True)
    for index, state in enumerate(output.hidden_states):
        torch.testing.assert_close(state, tensors[f"one_image.hidden_{index}"], atol=1e-4, rtol=0)
    keys = output.past_key_values.layers[0].keys.transpose(1, 2)  # the original keeps the length on axis 1
    torch.testing.assert_close(keys, tensors["one_image.key_0"], atol=1e-4, rtol=0)


def test_bfloat16_is_near(tensors: dict[str, Any]) -> None:
    model = tiny_model(torch.bfloat16)
    with torch.no_grad():
        logits = model(**inputs(CASES["one_image"], tensors)).logits
    recorded = load_file(DATA / "tiny_a" / "bf16.safetensors")["one_image.logits_bf16"]
    assert (logits.float() - recorded.float()).abs().max() < 0.3


@pytest.mark.parametrize("name", GREEDY)
def test_greedy_tokens(name: str, model: Any, tensors: dict[str, Any]) -> None:
    case = CASES[name]
    assert case["greedy_margin_min"] > 1e-3  # else compare only up to the close call
    recorded = case["greedy_new_tokens"]
    assert new_tokens(model, inputs(case, tensors), len(recorded[0])) == recorded


@pytest.mark.parametrize("name", ["one_image", "batch_left_padded"])
def test_greedy_tokens_without_cache(name: str, model: Any, tensors: dict[str, Any]) -> None:
    recorded = CASES[name]["greedy_new_tokens"]
    assert new_tokens(model, inputs(CASES[name], tensors), len(recorded[0]), use_cache=False) == recorded


def test_padded_rows_equal_single_rows(model: Any, tensors: dict[str, Any]) -> None:
    batch = CASES["batch_left_padded"]["greedy_new_tokens"]
    singles = [CASES[f"batch_row{row}_unpadded"]["greedy_new_tokens"][0] for row in range(3)]
    assert batch == singles
    for row in range(3):
        given = inputs(CASES[f"batch_row{row}_unpadded"], tensors)
        with torch.no_grad():
            alone = model(**given).logits[0]
            together = model(**inputs(CASES["batch_left_padded"], tensors)).logits[row, -alone.shape[0] :]
        torch.testing.assert_close(alone, together, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", ["stop_one_token", "stop_two_tokens", "stop_mixed"])
def test_stop_sequences(name: str, model: Any, tensors: dict[str, Any]) -> None:
    case = CASES[name]
    given = inputs(case, tensors)
    stop = StopSequences(case["stop_words_ids"], given["input_ids"].shape[1])
    settings = {"eos_token_id": 383, "stopping_criteria": [stop]}
    output = new_tokens(model, given, case["max_new_tokens"], **settings)[0]
    assert [*output, 383] == case["output_new_tokens"][0]  # the original adds the end token it forces


def test_beams(model: Any, tensors: dict[str, Any]) -> None:
    case = CASES["beam3"]
    settings = {"num_beams": 3, "eos_token_id": 383}
    given = inputs(case, tensors)
    assert new_tokens(model, given, 10, **settings) == case["output_new_tokens"]


def test_beams_of_a_batch_keep_their_pictures(model: Any, tensors: dict[str, Any]) -> None:
    settings = {"num_beams": 3, "eos_token_id": 383}
    together = new_tokens(model, inputs(CASES["batch_left_padded"], tensors), 6, **settings)
    for row in range(3):
        alone = new_tokens(model, inputs(CASES[f"batch_row{row}_unpadded"], tensors), 6, **settings)
        assert together[row] == alone[0]


def test_several_answers_keep_their_pictures(model: Any, tensors: dict[str, Any]) -> None:
    given = inputs(CASES["two_images"], tensors)
    torch.manual_seed(0)
    settings = {"do_sample": True, "top_k": 1, "num_return_sequences": 2}
    recorded = CASES["two_images"]["greedy_new_tokens"][0][:6]
    assert new_tokens(model, given, 6, **settings) == [recorded, recorded]


def test_repetition_penalty(model: Any, tensors: dict[str, Any]) -> None:
    case = CASES["greedy_rep_penalty_1.3"]
    # The recording penalised the path bytes of the picture spans, so its ids are needed for the penalty only.
    original, ours = torch.tensor(case["input_ids"]), inputs(case, tensors)

    class Penalty(torch.nn.Module):
        def __call__(self, input_ids: Any, scores: Any) -> Any:
            from transformers import RepetitionPenaltyLogitsProcessor

            seen = torch.cat((original, input_ids[:, original.shape[1] :]), dim=1)
            return RepetitionPenaltyLogitsProcessor(1.3)(seen, scores)

    output = new_tokens(model, ours, 16, eos_token_id=383, logits_processor=[Penalty()])
    assert output == case["output_new_tokens"]


@pytest.mark.parametrize("name", LOSSES)
def test_losses_and_gradients(name: str, tensors: dict[str, Any]) -> None:
    case = CASES[name]
    model = tiny_model()
    model.train(case["train_mode"])
    loss = model(**inputs(case, tensors), labels=torch.tensor(case["labels"]), use_cache=False).loss
    assert abs(loss.item() - case["loss"]) < 1e-4
    if "grad_norms" not in case:
        return
    loss.backward()
    parameters = dict(model.named_parameters())
    for parameter, norm in case["grad_norms"].items():
        gradient = parameters[parameter].grad
        if norm is None:
            assert gradient is None, parameter
        else:
            assert gradient is not None, parameter
            assert abs(gradient.norm().item() - norm) < 1e-4 + 1e-3 * norm, parameter


def test_gradient_checkpointing_changes_no_gradient(tensors: dict[str, Any]) -> None:
    case = CASES["labels_right_padded_train"]
    norms = []
    for checkpointing in (False, True):
        model = tiny_model().train()
        if checkpointing:
            model.gradient_checkpointing_enable()
            model.enable_input_require_grads()
        model(**inputs(case, tensors), labels=torch.tensor(case["labels"])).loss.backward()
        norms.append({n: p.grad.norm() for n, p in model.named_parameters() if p.grad is not None})
    assert norms[0].keys() == norms[1].keys()
    for name, norm in norms[0].items():
        torch.testing.assert_close(norm, norms[1][name], atol=1e-5, rtol=1e-4)


def test_frozen_tower_sees_no_zero_picture(tensors: dict[str, Any]) -> None:
    model = tiny_model().train()
    model.visual.requires_grad_(False)
    called: list[int] = []
    model.visual.register_forward_hook(lambda *_: called.append(1))
    model(**inputs(CASES["text_only"], tensors))
    assert not called


def test_logits_to_keep(model: Any, tensors: dict[str, Any]) -> None:
    given = inputs(CASES["one_image"], tensors)
    with torch.no_grad():
        last = model(**given, logits_to_keep=1).logits
        some = model(**given, logits_to_keep=torch.tensor([3, 7])).logits
    assert last.shape[1] == 1
    torch.testing.assert_close(last[:, 0], tensors["one_image.logits"][:, -1], atol=1e-4, rtol=0)
    torch.testing.assert_close(some, tensors["one_image.logits"][:, [3, 7]], atol=1e-4, rtol=0)


def test_features_encoded_before_give_the_same(model: Any, tensors: dict[str, Any]) -> None:
    given = inputs(CASES["two_images"], tensors)
    with torch.no_grad():
        pixels = given.pop("pixel_values")
        single = [model.get_image_features(pixels[i : i + 1], return_dict=True).pooler_output[0] for i in (0, 1)]
        encoded = model.get_image_features(pixels, return_dict=True)
        joined = model(**given, mm_encoder_outputs={"image": encoded}).logits
        encoded.pooler_output = single
        listed = model(**given, mm_encoder_outputs={"image": encoded}).logits
    torch.testing.assert_close(joined, tensors["two_images.logits"], atol=1e-4, rtol=0)
    torch.testing.assert_close(listed, tensors["two_images.logits"], atol=1e-4, rtol=0)
    recorded = CASES["two_images"]["greedy_new_tokens"]
    assert new_tokens(model, {**given, "mm_encoder_outputs": {"image": encoded}}, 24) == recorded


def test_pictures_and_spans_must_match(model: Any, tensors: dict[str, Any]) -> None:
    given = inputs(CASES["two_images"], tensors)
    with pytest.raises(ValueError, match="Image features and image tokens do not match"):
        model(**{**given, "pixel_values": given["pixel_values"][:1]})
    without = {key: value for key, value in given.items() if key != "pixel_values"}
    with pytest.raises(ValueError, match="no pictures came"):
        model(**without)
    cut = {**given, "input_ids": given["input_ids"][:, :30], "attention_mask": given["attention_mask"][:, :30]}
    with pytest.raises(ValueError, match="never inside it"):
        model(**cut)
    with pytest.raises(ValueError, match="exactly one"):
        model()


def test_stray_placeholders_are_ordinary_tokens(model: Any) -> None:
    config = tiny_config()
    ids = torch.tensor([[302, 5, 300, 302, 302, 301, 302, *[302] * 16, 301]])
    assert not placeholder_mask(ids, config).any()
    with torch.no_grad():
        assert model(input_ids=ids).logits.isfinite().all()
    assert not placeholder_mask(torch.tensor([[300, *[302] * 16, 5, 301]]), config).any()
    assert not placeholder_mask(torch.tensor([[5, *[302] * 16, 301, 301]]), config).any()
    ids = torch.tensor([[300, *[302] * 16, 301, 302, 300]])
    assert placeholder_mask(ids, config)[0].nonzero().flatten().tolist() == list(range(1, 17))


def test_embeddings_and_positions_are_honoured(model: Any, tensors: dict[str, Any]) -> None:
    given = inputs(CASES["text_only"], tensors)
    with torch.no_grad():
        embeddings = model.get_input_embeddings()(given["input_ids"])
        logits = model(inputs_embeds=embeddings, attention_mask=given["attention_mask"]).logits
        shifted = model(input_ids=given["input_ids"], position_ids=torch.arange(24)[None] + 7).logits
    torch.testing.assert_close(logits, tensors["text_only.logits"], atol=1e-4, rtol=0)
    torch.testing.assert_close(shifted, tensors["text_only.logits"], atol=1e-3, rtol=0)  # rotary is relative


def test_second_pass_without_mask(model: Any, tensors: dict[str, Any]) -> None:
    """A decode step without a mask, and several new tokens over a cache: both fail in the original."""
    ids = inputs(CASES["text_only"], tensors)["input_ids"]
    with torch.no_grad():
        cache = model(input_ids=ids[:, :10]).past_key_values
        model(input_ids=ids[:, 10:11], past_key_values=cache)
        logits = model(input_ids=ids[:, 11:], past_key_values=cache).logits
    torch.testing.assert_close(logits, tensors["text_only.logits"][:, 11:], atol=1e-4, rtol=0)
