"""Loading: the published forms, dtypes, quantisation, and every way in which a checkpoint can be wrong."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pytest
import torch
from safetensors.torch import load_file, save_file

from visual_agent.engines.base import Request, Sampling, Text, Turn, answer
from visual_agent.engines.qwen_vl import QwenVLForConditionalGeneration, int4, tiny, weights
from visual_agent.engines.qwen_vl.engine import QwenVLEngine
from visual_agent.errors import MissingDependency, ModelMismatch, ModelNotFound, OutOfMemory, UserError

REQUEST = Request((Turn("user", (Text("hello"),)),), sampling=Sampling(max_tokens=8, temperature=0))


@pytest.fixture
def folder(tmp_path):
    return tiny.write_checkpoint(tmp_path / "Tiny-Chat")


@pytest.fixture
def sharded(folder):
    """The same weights as `.bin` shards with an index, as the full checkpoint was published."""
    state = load_file(folder / "model.safetensors")
    names = sorted(state)
    halves = {"pytorch_model-00001-of-00002.bin": names[::2], "pytorch_model-00002-of-00002.bin": names[1::2]}
    for file, part in halves.items():
        torch.save({name: state[name] for name in part}, folder / file)
    table = {name: file for file, part in halves.items() for name in part}
    index = {"metadata": {"total_size": 0}, "weight_map": table}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    (folder / "model.safetensors").unlink()
    return folder


def test_folder_and_shards_give_the_same_model(folder, tmp_path) -> None:
    before = answer(QwenVLEngine.from_pretrained(folder), REQUEST).text
    state = load_file(folder / "model.safetensors")
    torch.save(state, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert answer(QwenVLEngine.from_pretrained(folder), REQUEST).text == before


def test_shards_load_and_a_missing_one_is_named(sharded) -> None:
    engine = QwenVLEngine.from_pretrained(sharded)
    assert engine.profile.name == "Tiny-Chat"
    (sharded / "pytorch_model-00002-of-00002.bin").unlink()
    with pytest.raises(ModelNotFound, match="00002-of-00002"):
        QwenVLEngine.from_pretrained(sharded)


def test_an_interrupted_shard_is_told_before_loading(sharded) -> None:
    (sharded / "pytorch_model-00001-of-00002.bin").write_bytes(b"")
    with pytest.raises(ModelNotFound, match="interrupted"):
        QwenVLEngine.from_pretrained(sharded)


def test_a_cut_file_is_told(folder) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ModelMismatch, match="download"):
        QwenVLEngine.from_pretrained(folder)


@pytest.mark.parametrize(("change", "message"), [("drop", "missing_keys"), ("shape", "fit")])
def test_wrong_tensors_are_told(folder, change, message) -> None:
    state = load_file(folder / "model.safetensors")
    name = "transformer.h.1.attn.c_attn.weight"
    if change == "drop":
        del state[name]
    else:
        state[name] = state[name][:, :64].contiguous()
    save_file(state, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelMismatch, match=message):
        QwenVLEngine.from_pretrained(folder)


@pytest.mark.parametrize(
    ("config", "error"),
    [
        (None, ModelNotFound),
        ("{", ModelMismatch),
        ("[]", ModelMismatch),
        ('{"model_type": "llama"}', ModelMismatch),
        ('{"model_type": "qwen"}', ModelMismatch),
    ],
)
def test_wrong_config(folder, config, error) -> None:
    path = folder / "config.json"
    path.unlink() if config is None else path.write_text(config)
    with pytest.raises(error):
        QwenVLEngine.from_pretrained(folder)


@pytest.mark.parametrize("name", ["/no/such/folder", "./nowhere", "plain", "a/b/c", "Qwen/Qwen-VL-Chat"])
def test_no_such_model(name, tmp_path) -> None:
    with pytest.raises(ModelNotFound, match="folder"):
        QwenVLEngine.from_pretrained(name, local_files_only=True, cache_dir=tmp_path)


def test_modelscope_without_its_package_says_what_to_install(tmp_path) -> None:
    with pytest.raises(MissingDependency, match="modelscope"):
        QwenVLEngine.from_pretrained("qwen/Qwen-VL-Chat", hub="modelscope", cache_dir=tmp_path)


@pytest.mark.parametrize(
    ("asked", "expected"), [("auto", torch.float32), ("bf16", torch.bfloat16), (torch.float16, torch.float16)]
)
def test_dtypes(folder, asked, expected) -> None:
    assert QwenVLEngine.from_pretrained(folder, dtype=asked).model.dtype == expected


def test_dtype_rules_by_device(monkeypatch) -> None:
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert weights.choose_dtype("auto", cpu, 1000) == torch.float32
    monkeypatch.setattr(weights, "memory", lambda: (24_000_000_000, 24_000_000_000))
    assert weights.choose_dtype("auto", cpu, 9_656_935_168) == torch.bfloat16
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    assert weights.choose_dtype("auto", gpu, 1000) == torch.bfloat16
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (7, 5))
    assert weights.choose_dtype("auto", gpu, 1000) == torch.float16
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (6, 1))
    assert weights.choose_dtype("auto", gpu, 1000) == torch.float32
    with pytest.raises(UserError, match="fp8"):
        weights.choose_dtype("fp8", cpu, 1000)


def test_no_room_is_told_before_anything_is_read(folder, monkeypatch) -> None:
    monkeypatch.setattr(weights, "memory", lambda: (1000, 1000))
    with pytest.raises(OutOfMemory, match="doctor"):
        QwenVLEngine.from_pretrained(folder)


@pytest.mark.parametrize("device", ["cuda", "cuda:3", "nonsense"])
def test_a_device_that_is_not_there(folder, device) -> None:
    if torch.cuda.is_available() and device == "cuda":
        pytest.skip("this machine has a GPU")
    with pytest.raises(UserError, match="device"):
        QwenVLEngine.from_pretrained(folder, device=device)


def test_the_base_model_is_prompted_with_plain_text(folder) -> None:
    path = folder / "generation_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "chat_format": "raw"}))
    engine = QwenVLEngine.from_pretrained(folder)
    turns = (Turn("user", (Text("Picture: <ref>x</ref><box>", trusted=True),)),)
    ids = engine._builder.build(turns).ids
    tokenizer = engine.processor.tokenizer
    assert tokenizer.im_start_id not in ids
    assert ids == tokenizer.encode_text("Picture: <ref>x</ref><box>", "boxes")


@pytest.mark.parametrize("quantization", ["int8", "nf4"])
def test_quantised_on_load(folder, quantization) -> None:
    pytest.importorskip("bitsandbytes")
    engine = QwenVLEngine.from_pretrained(folder, dtype="bf16", quantization=quantization)
    kinds = {type(m).__name__ for m in engine.model.transformer.h.modules()}
    assert {"Linear8bitLt", "Linear4bit"} & kinds
    assert type(engine.model.lm_head).__name__ == "Linear"
    assert not {"Linear8bitLt", "Linear4bit"} & {type(m).__name__ for m in engine.model.visual.modules()}
    assert answer(engine, REQUEST).usage.new_tokens > 0


def test_quantising_names_the_extra_it_needs(monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "bitsandbytes" else find_spec(name))
    with pytest.raises(MissingDependency, match=r"in the clone: pip install '\.\[quant\]'"):
        weights.bitsandbytes_settings("nf4", torch.bfloat16)


def test_version_changes_with_weights_and_dtype(folder) -> None:
    first = QwenVLEngine.from_pretrained(folder).profile.version
    assert first == QwenVLEngine.from_pretrained(folder).profile.version
    assert first != QwenVLEngine.from_pretrained(folder, dtype="bf16").profile.version
    tiny.write_checkpoint(folder, seed=1)
    assert first != QwenVLEngine.from_pretrained(folder).profile.version


# --- the published Int4 layout ---------------------------------------------------------------------------------------


@pytest.fixture
def packed(tmp_path):
    return tiny.write_int4_checkpoint(tmp_path / "Tiny-Int4")


def test_unpacking_follows_the_layout() -> None:
    packed = torch.tensor([[0x76543210, -1]], dtype=torch.int32)
    assert int4.unpack_rows(packed)[:, 0].tolist() == list(range(8))
    assert int4.unpack_rows(packed)[:, 1].tolist() == [15] * 8


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_layer_computes_with_the_file_s_numbers(dtype) -> None:
    """Against weights computed from the tensors by the layout's definition, asymmetric zeros and a bias included."""
    rng = torch.Generator().manual_seed(0)
    inputs, outputs = 256, 32
    codes = torch.randint(0, 16, (inputs, outputs), generator=rng)
    zeros = torch.randint(0, 15, (2, outputs), generator=rng)
    scales = torch.rand(2, outputs, generator=rng) * 0.1
    shifts = torch.arange(0, 32, 4)
    parts = {
        "qweight": (codes.reshape(-1, 8, outputs) << shifts[None, :, None]).sum(1).to(torch.int32),
        "qzeros": (zeros.reshape(2, -1, 8) << shifts).sum(-1).to(torch.int32),
        "scales": scales.half(),
        "g_idx": (torch.arange(inputs) // 128).int(),
        "bias": torch.randn(outputs, generator=rng).half(),
    }
    layer = int4.Int4Linear.from_gptq(parts, dtype, "cpu")
    spread = scales.half().float().repeat_interleave(128, 0)
    weight = (codes - (zeros.repeat_interleave(128, 0) + 1)) * spread
    x = torch.randn(2, 3, inputs, generator=rng)
    expected = x @ weight + parts["bias"].float()
    tolerance = 1e-4 if dtype == torch.float32 else 0.15
    torch.testing.assert_close(layer(x.to(dtype)).float(), expected, atol=tolerance, rtol=0.02)
    torch.testing.assert_close(layer.weight.float(), weight.t(), atol=tolerance, rtol=0.02)


def test_the_int4_model_equals_a_full_model_of_its_weights(packed) -> None:
    model = int4.load_gptq(packed, dtype=torch.float32)
    assert sum(isinstance(m, int4.Int4Linear) for m in model.modules()) == 2 * 5
    full = QwenVLForConditionalGeneration(model.config).eval()
    state = full.state_dict()
    for name, parameter in model.named_parameters():
        state[name].copy_(parameter)
    for name, module in model.named_modules():
        if isinstance(module, int4.Int4Linear):
            state[f"{name}.weight"].copy_(module.weight)
            if f"{name}.bias" in state:
                state[f"{name}.bias"].copy_(torch.zeros(()) if module.bias is None else module.bias)
    ids = torch.randint(0, 250, (1, 40), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(model(input_ids=ids).logits, full(input_ids=ids).logits, atol=1e-4, rtol=0)


def test_the_int4_folder_answers_like_any_other(packed) -> None:
    engine = QwenVLEngine.from_pretrained(packed, dtype="bf16")
    assert answer(engine, REQUEST).usage.new_tokens > 0


def test_int4_files_that_do_not_fit(packed) -> None:
    path = packed / "config.json"
    config = json.loads(path.read_text())
    config["quantization_config"]["desc_act"] = True
    path.write_text(json.dumps(config))
    with pytest.raises(ModelMismatch, match="desc_act"):
        QwenVLEngine.from_pretrained(packed)
    config["quantization_config"]["desc_act"] = False
    path.write_text(json.dumps(config))
    state = load_file(packed / "model.safetensors")
    del state["transformer.h.0.mlp.w1.scales"]
    save_file(state, packed / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelMismatch, match="lacks tensors"):
        QwenVLEngine.from_pretrained(packed)
