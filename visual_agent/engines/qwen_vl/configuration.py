"""Configuration of Qwen-VL and Qwen-VL-Chat.

In: the checkpoint's original ``config.json`` (``model_type`` "qwen" with a ``visual`` part) or one that we
saved (``model_type`` "qwen_vl"). Out: a `QwenVLConfig` whose fields keep the original names, so that either
file describes the same model.
"""

from __future__ import annotations

from typing import Any, ClassVar, cast

from transformers import PreTrainedConfig

ORIGINAL_MODEL_TYPE = "qwen"
END_OF_TEXT_ID = 151643
"""``<|endoftext|>``: the id the original uses to end, to pad and (in the base model) to stop."""


class QwenVLVisionConfig(PreTrainedConfig):  # type: ignore[misc]
    """The vision tower: a 448 px ViT and a resampler with a fixed number of learned queries.

    Attributes:
        heads: Attention heads of a ViT block.
        image_size: Side of the square input picture, in pixels.
        image_start_id: Id of ``<img>``; ``</img>`` and ``<imgpad>`` are the next two ids.
        layers: ViT blocks.
        mlp_ratio: Hidden width of a ViT block's MLP over ``width``; the product is truncated.
        n_queries: Vectors that one picture becomes. The published files lack this key: 256 applies.
        output_dim: Width of the language model that receives the vectors.
        patch_size: Side of a patch, in pixels.
        width: Width of the ViT.
    """

    model_type = "qwen_vl_vision"
    base_config_key = "visual"
    attribute_map: ClassVar[dict[str, str]] = {
        "hidden_size": "width",
        "num_hidden_layers": "layers",
        "num_attention_heads": "heads",
    }

    heads: int = 16
    image_size: int = 448
    image_start_id: int = 151857
    layers: int = 48
    mlp_ratio: float | int = 4.9231
    n_queries: int = 256
    output_dim: int = 4096
    patch_size: int = 14
    width: int = 1664
    layer_norm_epsilon: float = 1e-6
    initializer_range: float = 0.02

    @property
    def pool_heads(self) -> int:
        """Heads of the resampler: one for each 128 output dimensions."""
        return self.output_dim // 128

    @property
    def mlp_width(self) -> int:
        """Hidden width of a ViT block's MLP."""
        return int(self.width * self.mlp_ratio)


class QwenVLConfig(PreTrainedConfig):  # type: ignore[misc]
    """Qwen-VL: a Qwen-7B language model that reads pictures as `QwenVLVisionConfig.n_queries` vectors each.

    Fields have the names and meanings of the original file. Those that surprise:

    Attributes:
        intermediate_size: Twice the width of one MLP branch (22016 means two branches of 11008).
        kv_channels: Dimensions of one attention head.
        seq_length: Training length in tokens. Beyond it dynamic NTK and logn scaling set in.
        use_dynamic_ntk: Stretch the rotary base for prompts longer than ``seq_length``.
        use_logn_attn: Scale queries beyond ``seq_length`` by ``log(position) / log(seq_length)``.
        fixed_ntk_alpha: Use this NTK factor whatever the length. For servers that flatten many requests into
            one row, where no length can be read from the input (1.0 with at most ``seq_length`` tokens).
        visual: The vision tower's configuration, or a dict of its fields.

    The original also chose the precision from ``bf16``, ``fp16`` and ``fp32``; here ``dtype`` does, and a true
    flag only sets its default.
    """

    model_type = "qwen_vl"
    keys_to_ignore_at_inference: ClassVar[list[str]] = ["past_key_values"]
    sub_configs: ClassVar[dict[str, Any]] = {"visual": QwenVLVisionConfig}
    sub_configs_defaults: ClassVar[dict[str, Any]] = {"visual": QwenVLVisionConfig}  # the newer name
    attribute_map: ClassVar[dict[str, str]] = {
        "head_dim": "kv_channels",
        "num_key_value_heads": "num_attention_heads",
        "rms_norm_eps": "layer_norm_epsilon",
        "vision_config": "visual",
    }
    # c_attn packs Q | K | V, so a plain column split would cut across them: gather its output, as Phi-3 does.
    base_model_tp_plan: ClassVar[dict[str, str]] = {
        "h.*.attn.c_attn": "colwise_gather_output",
        "h.*.attn.c_proj": "rowwise_split_input",
        "h.*.mlp.w1": "colwise",
        "h.*.mlp.w2": "colwise",
        "h.*.mlp.c_proj": "rowwise",
    }
    base_model_pp_plan: ClassVar[dict[str, Any]] = {
        "wte": (["input_ids"], ["inputs_embeds"]),
        "h": (["hidden_states", "attention_mask"], ["hidden_states"]),
        "ln_f": (["hidden_states"], ["hidden_states"]),
    }
    base_model_fsdp_plan: ClassVar[dict[str, str]] = {
        "wte": "free_full_weight",
        "h.*": "free_full_weight",
        "ln_f": "keep_full_weight",
    }

    vocab_size: int = 151936
    hidden_size: int = 4096
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    kv_channels: int = 128
    intermediate_size: int = 22016
    layer_norm_epsilon: float = 1e-6
    max_position_embeddings: int = 8192
    seq_length: int = 2048
    rotary_emb_base: float | int = 10000
    rotary_pct: float | int = 1.0
    no_bias: bool = True
    use_dynamic_ntk: bool = True
    use_logn_attn: bool = True
    fixed_ntk_alpha: float | int | None = None
    scale_attn_weights: bool = True
    attn_dropout_prob: float | int = 0.0
    emb_dropout_prob: float | int = 0.0
    initializer_range: float = 0.02
    tie_word_embeddings: bool = False
    use_cache: bool = True
    bf16: bool = False
    fp16: bool = False
    fp32: bool = False
    bos_token_id: int | None = None
    eos_token_id: int | list[int] | None = None
    pad_token_id: int | None = None
    visual: dict[str, Any] | PreTrainedConfig | None = None
    dtype: Any = None

    def __post_init__(self, **kwargs: Any) -> None:
        """Builds the vision part and fills in what the original leaves to its code."""
        if isinstance(self.visual, dict):
            self.visual = QwenVLVisionConfig(**self.visual)
        elif self.visual is None:
            self.visual = QwenVLVisionConfig()
        if self.rotary_pct != 1.0:
            raise ValueError("rotary_pct below 1 exists in no Qwen-VL checkpoint; set it to 1.0")
        if self.vocab_size > END_OF_TEXT_ID:
            self.eos_token_id = END_OF_TEXT_ID if self.eos_token_id is None else self.eos_token_id
            self.pad_token_id = END_OF_TEXT_ID if self.pad_token_id is None else self.pad_token_id
        precisions = [name for name in ("bf16", "fp16", "fp32") if getattr(self, name)]
        if len(precisions) > 1:
            raise ValueError(f"config.json sets {' and '.join(precisions)}; set at most one of them to true")
        if precisions and self.dtype is None and kwargs.get("torch_dtype") is None:
            self.dtype = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}[precisions[0]]
        super().__post_init__(**kwargs)

    @property
    def tower(self) -> QwenVLVisionConfig:
        """The vision part, once built."""
        return cast("QwenVLVisionConfig", self.visual)

    @property
    def image_start_id(self) -> int:
        """Id of ``<img>``."""
        return self.tower.image_start_id

    @property
    def image_end_id(self) -> int:
        """Id of ``</img>``."""
        return self.image_start_id + 1

    @property
    def image_token_id(self) -> int:
        """Id of ``<imgpad>``, the placeholder that each vector of a picture replaces."""
        return self.image_start_id + 2

    @classmethod
    def get_config_dict(cls, *args: Any, **kwargs: Any) -> Any:
        """Reads the file as transformers does, and translates it if it is an original one."""
        config_dict, rest = super().get_config_dict(*args, **kwargs)
        return _translated(config_dict), rest

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], **kwargs: Any) -> Any:
        """Reads our own and the original ``config.json``.

        Args:
            config_dict: The parsed file.
            **kwargs: As in ``PreTrainedConfig.from_dict``.

        Returns:
            A `QwenVLConfig` (with ``return_unused_kwargs`` also the keywords left over).

        Raises:
            ValueError: If the file describes a text-only Qwen.
        """
        return super(QwenVLConfig, QwenVLConfig).from_dict(_translated(config_dict), **kwargs)


class QwenVLOriginalConfig(QwenVLConfig):
    """What ``AutoConfig`` finds for ``model_type`` "qwen"; reading it yields a plain `QwenVLConfig`."""

    model_type = ORIGINAL_MODEL_TYPE


def _translated(config_dict: dict[str, Any]) -> dict[str, Any]:
    """A parsed config.json in our own terms; ours as it is."""
    if config_dict.get("model_type") != ORIGINAL_MODEL_TYPE:
        return config_dict
    if "visual" not in config_dict:
        raise ValueError(
            "config.json has model_type 'qwen' without a 'visual' part: this is a text-only Qwen. "
            "Name a Qwen-VL or Qwen-VL-Chat checkpoint instead."
        )
    # auto_map points to remote code, which neither runs today nor is copied by save_pretrained.
    kept = {key: value for key, value in config_dict.items() if key != "auto_map"}
    return {**kept, "model_type": QwenVLConfig.model_type, "architectures": ["QwenVLForConditionalGeneration"]}
