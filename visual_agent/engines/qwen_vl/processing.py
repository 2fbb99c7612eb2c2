"""QwenVLProcessor: conversations and pictures to model inputs.

In: text with one ``<imgpad>`` for each picture (`CHAT_TEMPLATE` writes it), and the pictures.
Out: ``input_ids``, ``attention_mask``, ``pixel_values``.

``apply_chat_template`` follows transformers' conventions and suits training and servers. Two things to know:
pass ``sanitize_control_tokens=True`` when a message holds text you do not trust; and text that starts with a
newline merges with the newline before it, which the original avoided by encoding role and content apart. The
builder in `chatml` is safe and token-exact in both respects.
"""

from __future__ import annotations

from typing import Any

from transformers import ProcessorMixin
from transformers.processing_utils import MultiModalData

from visual_agent.engines.qwen_vl.configuration import QwenVLConfig
from visual_agent.engines.qwen_vl.image_processing import QwenVLImageProcessor
from visual_agent.engines.qwen_vl.tokenization import PICTURE_TOKEN_COUNT, QwenVLTokenizer

CHAT_TEMPLATE = """\
{%- set state = namespace(pictures=0, first=true) -%}
{%- macro render(content) -%}
{%- if content is string -%}{{- content -}}
{%- else -%}
{%- for block in content -%}
{%- if block is string -%}{{- block -}}
{%- elif block.type == 'image' or 'image' in block or 'image_url' in block -%}
{%- set state.pictures = state.pictures + 1 -%}
{{- 'Picture ' ~ state.pictures ~ ': <img><imgpad></img>\\n' -}}
{%- elif 'text' in block -%}{{- block.text -}}
{%- endif -%}
{%- endfor -%}
{%- endif -%}
{%- endmacro -%}
{%- if messages[0].role != 'system' -%}
{{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>' -}}
{%- set state.first = false -%}
{%- endif -%}
{%- for message in messages -%}
{%- if not state.first -%}{{- '\\n' -}}{%- endif -%}
{%- set state.first = false -%}
{{- '<|im_start|>' ~ message.role ~ '\\n' -}}
{%- if message.role == 'assistant' -%}
{%- generation -%}{{- render(message.content) -}}{{- '<|im_end|>' -}}{%- endgeneration -%}
{%- else -%}
{{- render(message.content) -}}{{- '<|im_end|>' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '\\n<|im_start|>assistant\\n' -}}{%- endif -%}
"""
"""ChatML with numbered pictures. The assistant's words and the token that ends them are marked for training."""


class QwenVLProcessor(ProcessorMixin):  # type: ignore[misc]
    """Image processor and tokenizer of Qwen-VL.

    Args:
        image_processor: Prepares pictures.
        tokenizer: Encodes text.
        chat_template: Jinja template; `CHAT_TEMPLATE` by default.
        num_image_tokens: Placeholders of one picture (the vision tower's ``n_queries``).
    """

    def __init__(
        self,
        image_processor: Any = None,
        tokenizer: Any = None,
        chat_template: str | None = None,
        num_image_tokens: int = PICTURE_TOKEN_COUNT,
    ) -> None:
        self.num_image_tokens = num_image_tokens
        self.image_token = tokenizer.image_token
        self.image_token_id = tokenizer.image_token_id
        super().__init__(image_processor, tokenizer, chat_template=chat_template or CHAT_TEMPLATE)

    def replace_image_token(self, image_inputs: dict[str, Any], image_idx: int, **kwargs: Any) -> str:
        """The text that stands for one picture: its placeholders."""
        return str(self.image_token) * self.num_image_tokens

    def _get_num_multimodal_tokens(self, image_sizes: Any = None, **kwargs: Any) -> MultiModalData:
        """Tokens and patches of pictures by their ``(height, width)``; the same for every size."""
        count = 0 if image_sizes is None else len(image_sizes)
        return MultiModalData(num_image_tokens=[self.num_image_tokens] * count, num_image_patches=[1] * count)

    @classmethod
    def _get_arguments_from_pretrained(
        cls, pretrained_model_name_or_path: Any, processor_dict: dict[str, Any] | None = None, **kwargs: Any
    ) -> list[Any]:
        """Loads the parts; a published checkpoint has no processor files, so its config.json must do."""
        tokenizer = QwenVLTokenizer.from_pretrained(pretrained_model_name_or_path, **kwargs)
        try:
            image_processor = QwenVLImageProcessor.from_pretrained(pretrained_model_name_or_path, **kwargs)
        except OSError:
            config = QwenVLConfig.from_pretrained(pretrained_model_name_or_path, **kwargs)
            side = config.visual.image_size
            image_processor = QwenVLImageProcessor(size={"height": side, "width": side})
            if processor_dict is not None:
                processor_dict.setdefault("num_image_tokens", config.visual.n_queries)
        return [image_processor, tokenizer]
