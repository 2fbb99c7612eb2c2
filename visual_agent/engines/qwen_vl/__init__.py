"""Qwen-VL and Qwen-VL-Chat as native transformers classes.

In: a hub id or a folder, published (original names, original config.json) or saved by us. Out: models,
tokenizers and processors. Importing this package registers the classes, so that transformers' Auto classes load
both kinds of folder without any remote code.
"""

from __future__ import annotations

import sys
from typing import cast

import transformers
from transformers.models.auto.image_processing_auto import (
    AutoImageProcessor,
)  # the short path wants torchvision in 5.17

from visual_agent.engines.qwen_vl.configuration import QwenVLConfig, QwenVLOriginalConfig, QwenVLVisionConfig
from visual_agent.engines.qwen_vl.image_processing import QwenVLImageProcessor
from visual_agent.engines.qwen_vl.modeling import QwenVLForConditionalGeneration, QwenVLModel
from visual_agent.engines.qwen_vl.processing import QwenVLProcessor
from visual_agent.engines.qwen_vl.tokenization import QwenVLTokenizer
from visual_agent.engines.qwen_vl.vision import QwenVLVisionModel

__all__ = [
    "QwenVLConfig",
    "QwenVLForConditionalGeneration",
    "QwenVLImageProcessor",
    "QwenVLModel",
    "QwenVLProcessor",
    "QwenVLTokenizer",
    "QwenVLVisionConfig",
    "QwenVLVisionModel",
    "register",
    "register_for_serving",
]


class QWenTokenizer(QwenVLTokenizer):
    """The name that published checkpoints give their tokenizer; loading it yields a `QwenVLTokenizer`."""

    @classmethod
    def from_pretrained(cls, *args: object, **kwargs: object) -> QwenVLTokenizer:
        """As `QwenVLTokenizer.from_pretrained`."""
        return cast("QwenVLTokenizer", QwenVLTokenizer.from_pretrained(*args, **kwargs))


def register() -> None:
    """Makes transformers' Auto classes know Qwen-VL; may be called any number of times.

    ``model_type`` "qwen" is the published checkpoints'; text-only Qwen has the same and is refused with a clear
    error, unless the caller trusts remote code.
    """
    transformers.AutoConfig.register("qwen_vl", QwenVLConfig, exist_ok=True)
    transformers.AutoConfig.register("qwen", QwenVLOriginalConfig, exist_ok=True)
    transformers.AutoModel.register(QwenVLConfig, QwenVLModel, exist_ok=True)
    for auto in (
        transformers.AutoModelForCausalLM,
        transformers.AutoModelForImageTextToText,
        transformers.AutoModelForMultimodalLM,
    ):
        auto.register(QwenVLConfig, QwenVLForConditionalGeneration, exist_ok=True)
    transformers.AutoTokenizer.register(QwenVLOriginalConfig, tokenizer_class=QWenTokenizer, exist_ok=True)
    transformers.AutoTokenizer.register(QwenVLConfig, tokenizer_class=QwenVLTokenizer, exist_ok=True)
    AutoImageProcessor.register(QwenVLConfig, image_processor_classes={"pil": QwenVLImageProcessor}, exist_ok=True)
    transformers.AutoProcessor.register(QwenVLConfig, QwenVLProcessor, exist_ok=True)


def register_for_serving() -> None:
    """Also puts the class where ``transformers serve`` and TRL's command line look it up by name."""
    from transformers.models.auto import modeling_auto

    name = QwenVLForConditionalGeneration.__name__
    # transformers replaces its own module while it loads, so the one imported above may not be the one in use.
    setattr(sys.modules["transformers"], name, QwenVLForConditionalGeneration)
    modeling_auto.MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES["qwen_vl"] = name
    modeling_auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES["qwen_vl"] = name


register()
