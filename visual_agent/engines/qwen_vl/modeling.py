"""Qwen-VL on today's transformers: the backbone and the model with its language head.

In: token ids ``[batch, length]`` with placeholders where pictures stand, and the pictures themselves (pixels or
features encoded before). Out: hidden states or logits, and a key/value cache.

Written from the published facts of the model; none of its remote code is used. Parameter names equal those of
the published checkpoints, so ``.bin`` and ``.safetensors`` files, GPTQ files and LoRA adapters fit unchanged.
Deliberate differences to the original, each for the better:

- chunks, prefix reuse and assisted decoding work: the original could add only one token to a cache;
- ``position_ids`` and ``inputs_embeds`` are honoured;
- see `rotary` on NTK and padding, `pictures` on spans, `vision` on dtypes.
"""

from __future__ import annotations

import math
from typing import Any, cast

import torch
from torch import nn
from transformers import Cache, DynamicCache, GenerationMixin, PreTrainedModel
from transformers import initialization as init
from transformers.integrations.deepspeed import is_deepspeed_zero3_enabled
from transformers.masking_utils import create_causal_mask
from transformers.modeling_outputs import (
    BaseModelOutputWithPast,
    BaseModelOutputWithPooling,
    CausalLMOutputWithPast,
)
from transformers.utils.generic import can_return_tuple, merge_with_config_defaults
from transformers.utils.output_capturing import capture_outputs

from visual_agent.engines.qwen_vl.configuration import QwenVLConfig
from visual_agent.engines.qwen_vl.layers import QwenVLAttention, QwenVLBlock, QwenVLMLP, QwenVLRMSNorm
from visual_agent.engines.qwen_vl.pictures import (
    insert_features,
    pictures_per_row,
    span_starts,
    stacked_features,
)
from visual_agent.engines.qwen_vl.rotary import QwenVLRotaryEmbedding, cache_length, logn_factors
from visual_agent.engines.qwen_vl.vision import QwenVLResampler, QwenVLVisionModel

ZERO_PICTURE_SIDE = 16
"""Patches on a side of the stand-in picture of a training batch without pictures."""


class QwenVLPreTrainedModel(PreTrainedModel):  # type: ignore[misc]
    """What backbone and full model share."""

    config: QwenVLConfig
    config_class = QwenVLConfig
    base_model_prefix = "transformer"
    input_modalities = ("image", "text")
    supports_gradient_checkpointing = True
    _no_split_modules = ("QwenVLBlock", "QwenVLVisionModel")
    _skip_keys_device_placement = ("past_key_values",)
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True
    _can_compile_fullgraph = True
    _can_record_outputs = {"hidden_states": QwenVLBlock, "attentions": QwenVLAttention}  # noqa: RUF012
    # Computed, never needed; some re-saved checkpoints carry them.
    _keys_to_ignore_on_load_unexpected = (r"attn\.masked_bias$", r"rotary_emb\.inv_freq$", r"attn\.bias$")

    @classmethod
    def from_pretrained(cls, *args: Any, **kwargs: Any) -> Any:
        """As in transformers; afterwards the resampler's fixed positions are frozen again, which loading undoes."""
        loaded = super().from_pretrained(*args, **kwargs)
        model = loaded[0] if isinstance(loaded, tuple) else loaded
        for module in model.modules():
            if isinstance(module, QwenVLResampler):
                module.pos_embed.requires_grad_(False)
        return loaded

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """Draws the weights of a module for training from scratch."""
        super()._init_weights(module)
        if isinstance(module, QwenVLAttention | QwenVLMLP):
            deep = self.config.initializer_range / math.sqrt(2 * self.config.num_hidden_layers)
            init.normal_(module.c_proj.weight, mean=0.0, std=deep)
        elif isinstance(module, QwenVLRotaryEmbedding):
            for name, table in module.tables().items():
                init.copy_(getattr(module, name), table)


class QwenVLModel(QwenVLPreTrainedModel):
    """The multimodal backbone: embeddings with pictures inserted, decoder blocks, final norm."""

    def __init__(self, config: QwenVLConfig) -> None:
        super().__init__(config)
        self.wte = nn.Embedding(config.vocab_size, config.hidden_size)
        self.drop = nn.Dropout(config.emb_dropout_prob)
        self.h = nn.ModuleList([QwenVLBlock(config, index) for index in range(config.num_hidden_layers)])
        self.ln_f = QwenVLRMSNorm(config.hidden_size, config.layer_norm_epsilon)
        self.rotary = QwenVLRotaryEmbedding(config)
        self.visual = QwenVLVisionModel(config.tower)
        self.gradient_checkpointing = False
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """The token embeddings."""
        return self.wte

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replaces the token embeddings."""
        self.wte = cast("nn.Embedding", value)

    def get_encoder(self, modality: str | None = None) -> nn.Module:
        """The vision tower for "image"; else the backbone itself."""
        return self.visual if modality == "image" else self

    @can_return_tuple  # type: ignore[untyped-decorator]
    def get_image_features(self, pixel_values: torch.Tensor, **kwargs: Any) -> BaseModelOutputWithPooling:
        """Encodes pictures.

        Args:
            pixel_values: ``[pictures, 3, side, side]``, normalised.
            **kwargs: As for `QwenVLVisionModel.forward`.

        Returns:
            ``pooler_output`` ``[pictures, n_queries, hidden_size]``: what `forward` takes back as
            ``mm_encoder_outputs={"image": ...}``, so that a caller can keep features by content hash.
        """
        return self.visual(pixel_values=pixel_values, **kwargs)

    @merge_with_config_defaults  # type: ignore[untyped-decorator]
    @capture_outputs  # type: ignore[untyped-decorator]
    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        pixel_values: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        use_cache: bool | None = None,
        mm_encoder_outputs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPast:
        """Runs the backbone.

        Args:
            input_ids: ``[batch, length]``; pictures as complete placeholder spans.
            attention_mask: ``[batch, past + length]``, 1 for real tokens, or a mask made by ``generate``.
            pixel_values: ``[pictures, 3, side, side]`` in row-major order of their spans.
            position_ids: ``[batch, length]``; by default counted from each row's first real token.
            past_key_values: Cache to continue. Its ``ntk_alpha`` is set when it is filled first and then kept.
            inputs_embeds: Embeddings instead of ids, pictures already inserted.
            use_cache: Whether to make a cache when none is given, and to return it.
            mm_encoder_outputs: ``{"image": output of get_image_features}`` instead of ``pixel_values``.
            **kwargs: Passed to the attention function.

        Returns:
            ``last_hidden_state`` ``[batch, length, hidden_size]`` and the cache.

        Raises:
            ValueError: If pictures and spans do not match, or ids and embeddings are not exactly one.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("You must specify exactly one of input_ids or inputs_embeds")
        if input_ids is not None:
            embeddings = self._embed(input_ids, pixel_values, mm_encoder_outputs)
        elif pixel_values is None and not mm_encoder_outputs:
            embeddings = cast("torch.Tensor", inputs_embeds)
        else:
            raise ValueError("Pictures need input_ids; with inputs_embeds insert their features beforehand")
        if use_cache and past_key_values is None and not (self.gradient_checkpointing and self.training):
            past_key_values = DynamicCache(config=self.config)
        given = position_ids is not None and past_key_values is None
        if position_ids is None:
            position_ids = self._positions(embeddings, attention_mask, past_key_values)
        mask = create_causal_mask(
            config=self.config,
            inputs_embeds=embeddings,
            attention_mask=attention_mask,
            past_key_values=past_key_values,
            position_ids=position_ids,
        )
        alpha = self._ntk_alpha(position_ids, past_key_values)
        angles = self.rotary(position_ids, alpha)
        factors = None
        if given or self._may_exceed(embeddings.shape[1], past_key_values):
            factors = self._query_factors(position_ids)
        hidden_states = self.drop(embeddings)
        for block in self.h:
            hidden_states = block(
                hidden_states,
                attention_mask=mask,
                position_embeddings=angles,
                query_factors=factors,
                past_key_values=past_key_values,
                position_ids=position_ids,
                **kwargs,
            )
        return BaseModelOutputWithPast(
            last_hidden_state=self.ln_f(hidden_states),
            past_key_values=past_key_values if use_cache else None,
        )

    def _embed(
        self,
        input_ids: torch.Tensor,
        pixel_values: torch.Tensor | None,
        mm_encoder_outputs: dict[str, Any] | None,
    ) -> torch.Tensor:
        """Token embeddings with picture features in the place of their placeholders."""
        encoded = (mm_encoder_outputs or {}).get("image")
        if encoded is not None and pixel_values is not None:
            raise ValueError("Give pixel_values or mm_encoder_outputs, not both")
        embeddings = self.wte(input_ids)
        if pixel_values is not None and pixel_values.shape[0]:
            encoded = self.get_image_features(pixel_values, return_dict=True)
        if encoded is not None:
            return insert_features(embeddings, input_ids, stacked_features(encoded), self.config)
        if not torch.compiler.is_compiling() and bool(span_starts(input_ids, self.config).any()):
            raise ValueError(
                "Image features and image tokens do not match: the prompt has picture spans but no pictures came "
                "with it. Pass pixel_values (or mm_encoder_outputs) for every span."
            )
        if self._needs_zero_picture():
            weight = self.visual.conv1.weight
            side = ZERO_PICTURE_SIDE * self.config.tower.patch_size
            blank = torch.zeros(1, 3, side, side, dtype=weight.dtype, device=weight.device)
            unused = self.get_image_features(blank, return_dict=True).pooler_output.mean() * 0
            embeddings = embeddings + unused.to(embeddings.device, embeddings.dtype)
        return embeddings

    def _needs_zero_picture(self) -> bool:
        """Whether a batch without pictures must still pass through the vision tower.

        In training, so that its gradients exist on every rank; with sharded parameters (ZeRO-3, FSDP) also in
        evaluation, because ranks that skip a gather of weights block the others for ever.
        """
        if torch.compiler.is_compiling():
            return False
        if self.training and torch.is_grad_enabled() and any(p.requires_grad for p in self.visual.parameters()):
            return True
        proj = self.visual.proj
        return is_deepspeed_zero3_enabled() or hasattr(proj, "ds_id") or hasattr(proj, "full_tensor")

    @staticmethod
    def _positions(embeddings: torch.Tensor, attention_mask: torch.Tensor | None, cache: Cache | None) -> torch.Tensor:
        """Default position ids ``[batch, length]`` (or ``[1, length]`` without padding)."""
        length = embeddings.shape[1]
        if isinstance(attention_mask, torch.Tensor) and attention_mask.ndim == 2:
            return (attention_mask.long().cumsum(dim=-1) - 1).clamp(min=0)[:, -length:]
        past = cache.get_seq_length() if cache is not None else 0
        return (torch.arange(length, device=embeddings.device) + past).unsqueeze(0)

    def _ntk_alpha(self, position_ids: torch.Tensor, cache: Cache | None) -> torch.Tensor | None:
        """The NTK factors of this call; a cache that is being filled anew remembers them."""
        if self.training or not self.config.use_dynamic_ntk or self.config.fixed_ntk_alpha is not None:
            return None
        if cache is None:
            return self.rotary.alpha_of(position_ids.max(dim=-1).values + 1)
        alpha: torch.Tensor | None = getattr(cache, "ntk_alpha", None)
        if alpha is None or self._is_emptied(position_ids.shape[1], cache):
            alpha = self.rotary.alpha_of(position_ids.max(dim=-1).values + 1)
            cache.ntk_alpha = alpha
        rows = position_ids.shape[0]
        if alpha.shape[0] not in (1, rows) and rows % alpha.shape[0] == 0:
            alpha = alpha.repeat_interleave(rows // alpha.shape[0])
        return alpha.to(position_ids.device)

    @staticmethod
    def _is_emptied(length: int, cache: Cache) -> bool:
        """Whether a cache that was used before was reset. Single tokens of a static cache do not ask."""
        if torch.compiler.is_compiling() or (length == 1 and cache.is_compileable):
            return False
        return cache_length(cache) == 0

    def _may_exceed(self, length: int, cache: Cache | None) -> bool:
        """Whether positions may lie beyond the training length, judged without waiting for the device."""
        if cache is None:
            return length > self.config.seq_length
        if cache.is_compileable:
            return int(cache.get_max_length()) > self.config.seq_length
        return cache_length(cache) + length > self.config.seq_length

    def _query_factors(self, position_ids: torch.Tensor) -> torch.Tensor | None:
        """The logn factors of the queries, or None where the model has none."""
        if self.training or not self.config.use_logn_attn:
            return None
        return logn_factors(position_ids, self.config.seq_length)


class QwenVLForConditionalGeneration(QwenVLPreTrainedModel, GenerationMixin):  # type: ignore[misc]
    """Qwen-VL with its language head: chat, grounding, captions, training."""

    _tp_plan = {"lm_head": "colwise_gather_output"}  # noqa: RUF012
    _pp_plan = {"lm_head": (["hidden_states"], ["logits"])}  # noqa: RUF012
    _fsdp_plan = {"lm_head": "keep_full_weight"}  # noqa: RUF012
    _tied_weights_keys = {"lm_head.weight": "transformer.wte.weight"}  # noqa: RUF012

    def __init__(self, config: QwenVLConfig) -> None:
        super().__init__(config)
        self.transformer = QwenVLModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    @property
    def language_model(self) -> QwenVLModel:
        """The backbone under the name that serving engines look for."""
        return self.transformer

    @property
    def visual(self) -> QwenVLVisionModel:
        """The vision tower."""
        return self.transformer.visual

    def get_input_embeddings(self) -> nn.Module:
        """The token embeddings."""
        return self.transformer.wte

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replaces the token embeddings."""
        self.transformer.set_input_embeddings(value)

    def get_output_embeddings(self) -> nn.Module:
        """The language head."""
        return self.lm_head

    def set_output_embeddings(self, value: nn.Module) -> None:
        """Replaces the language head."""
        self.lm_head = cast("nn.Linear", value)

    def get_encoder(self, modality: str | None = None) -> nn.Module:
        """The vision tower for "image"; else the backbone."""
        return self.transformer.get_encoder(modality)

    def get_image_features(self, pixel_values: torch.Tensor, **kwargs: Any) -> BaseModelOutputWithPooling:
        """As `QwenVLModel.get_image_features`."""
        return self.transformer.get_image_features(pixel_values, **kwargs)

    @can_return_tuple  # type: ignore[untyped-decorator]
    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        pixel_values: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        use_cache: bool | None = None,
        logits_to_keep: int | torch.Tensor = 0,
        mm_encoder_outputs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """Runs the model; arguments not named here are those of `QwenVLModel.forward`.

        Args:
            input_ids: ``[batch, length]``.
            attention_mask: ``[batch, past + length]``.
            pixel_values: ``[pictures, 3, side, side]``.
            position_ids: ``[batch, length]``.
            past_key_values: Cache to continue.
            inputs_embeds: Embeddings instead of ids.
            labels: ``[batch, length]``, -100 where nothing is learnt; shifted inside.
            use_cache: Whether to return a cache.
            logits_to_keep: Compute logits for the last so many positions only (0 for all), or for these.
            mm_encoder_outputs: Picture features encoded before.
            **kwargs: Passed to the attention and loss functions.

        Returns:
            ``logits`` ``[batch, kept, vocab_size]``, the cache, and ``loss`` where labels were given. The loss
            is computed in float32 (the original used the model's dtype).
        """
        outputs = self.transformer(
            input_ids=input_ids,
            attention_mask=attention_mask,
            pixel_values=pixel_values,
            position_ids=position_ids,
            past_key_values=past_key_values,
            inputs_embeds=inputs_embeds,
            use_cache=use_cache,
            mm_encoder_outputs=mm_encoder_outputs,
            **kwargs,
        )
        hidden_states = outputs.last_hidden_state
        kept = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        logits = self.lm_head(hidden_states[:, kept, :])
        loss = None
        if labels is not None:
            loss = self.loss_function(logits=logits, labels=labels, vocab_size=self.config.vocab_size, **kwargs)
        return CausalLMOutputWithPast(
            loss=loss,
            logits=logits,
            past_key_values=outputs.past_key_values,
            hidden_states=outputs.hidden_states,
            attentions=outputs.attentions,
        )

    def prepare_inputs_for_generation(
        self,
        input_ids: torch.Tensor,
        next_sequence_length: int | None = None,
        past_key_values: Cache | None = None,
        attention_mask: torch.Tensor | None = None,
        is_first_iteration: bool | None = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Prepares one forward pass of ``generate``.

        Assisted decoding over a cache that already holds the prompt's beginning hands over the whole prompt
        again (transformers 5.17 to 5.23); here the part that the cache holds is cut off, as plain decoding does.
        """
        if is_first_iteration and next_sequence_length is None and past_key_values is not None:
            past = cache_length(past_key_values)
            whole = attention_mask is None or attention_mask.shape[-1] == input_ids.shape[1]
            if whole and 0 < past < input_ids.shape[1]:
                next_sequence_length = input_ids.shape[1] - past
        inputs: dict[str, Any] = super().prepare_inputs_for_generation(
            input_ids,
            next_sequence_length=next_sequence_length,
            past_key_values=past_key_values,
            attention_mask=attention_mask,
            is_first_iteration=is_first_iteration,
            **kwargs,
        )
        if not is_first_iteration and kwargs.get("use_cache", True):
            inputs.pop("mm_encoder_outputs", None)
        return inputs

    def _expand_multimodal_outputs(
        self,
        input_ids: torch.Tensor,
        mm_encoder_output: dict[str, Any],
        expand_size: int = 1,
        inputs_embeds: torch.Tensor | None = None,
    ) -> dict[str, Any]:
        """Repeats picture features for beams or several answers, each row together with its own pictures.

        ``generate`` calls this. Unlike transformers' own it counts complete spans, so that stray placeholders
        move nothing, and it leaves the caller's features as they are.
        """
        encoded = mm_encoder_output.get("image")
        if encoded is None or input_ids is None or not input_ids.numel():
            return mm_encoder_output
        rows = stacked_features(encoded).split(pictures_per_row(input_ids, self.config))
        repeated = torch.cat([row for row in rows for _ in range(expand_size)])
        return {**mm_encoder_output, "image": BaseModelOutputWithPooling(pooler_output=repeated)}
