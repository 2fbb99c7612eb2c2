"""Qwen2-VL, Qwen2.5-VL and Qwen3-VL, by transformers' own model classes, behind the same engine seam.

In: a folder or hub id of one of them. Out: streamed `Chunk`s. Each keeps its own chat template, its native tool calls
and its grid: Qwen2-VL and Qwen3-VL write thousandths, Qwen2.5-VL pixels of the picture as it was resized.
Their own processors ask for torchvision because of video; pictures alone need only the image processor and the
tokenizer, so this module uses just those two.
"""

from __future__ import annotations

import inspect
import json
import queue
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoImageProcessor, AutoTokenizer, GenerationConfig, StoppingCriteria, StoppingCriteriaList

from visual_agent.engines.base import Cancel, Chunk, Engine, Image, Profile, Request, Sampling, Text, Turn, Usage
from visual_agent.engines.qwen_vl.decoding import TextStream
from visual_agent.engines.qwen_vl.engine import QwenVLEngine
from visual_agent.engines.qwen_vl.turnstile import Turnstile
from visual_agent.engines.qwen_vl.weights import (
    bitsandbytes_settings,
    check_room,
    choose_device,
    choose_dtype,
    folder_of,
    is_qwen_vl,
    read_config,
    version_of,
    weight_files,
)
from visual_agent.errors import ModelMismatch, OutOfMemory, UserError

Grid = Literal["thousandths", "pixels"]
#: How each family writes boxes.
GRIDS: dict[str, Grid] = {
    "qwen2_vl": "thousandths",
    "qwen2_5_vl": "pixels",
    "qwen3_vl": "thousandths",
    "qwen3_vl_moe": "thousandths",
}
#: Qwen2-VL's box tokens in the words of Qwen-VL, so that one parser reads both.
BOX_WORDS = {
    "<|object_ref_start|>": "<ref>",
    "<|object_ref_end|>": "</ref>",
    "<|box_start|>": "<box>",
    "<|box_end|>": "</box>",
    "<|quad_start|>": "<quad>",
    "<|quad_end|>": "</quad>",
}

#: How tool calls and results stand in the text of turns (`visual_agent.messages`).
_TOOL_CALL = re.compile(r"<tool_call>\s*(\{.*?\})\s*</tool_call>", re.DOTALL)
_RESULT, _RESULT_END = "<tool_response>", "</tool_response>"


def load_engine(name_or_path: str | Path, *, probe: Callable[[Engine], None] | None = None, **options: Any) -> Engine:
    """The engine for a folder or hub id: ours for Qwen-VL, transformers' classes for its successors.

    Args:
        name_or_path: as for `QwenVLEngine.from_pretrained`.
        probe: looks at the loaded engine, for instance `visual_agent.calibration.check_grid`, which warns when its
            boxes are read wrong.
        **options: dtype, device, quantization, hub, revision, cache_dir, local_files_only, ...

    Raises:
        ModelNotFound, ModelMismatch: nothing there, or no model of the family.
    """
    where = {k: options.pop(k) for k in ("hub", "revision", "cache_dir", "local_files_only") if k in options}
    folder = folder_of(name_or_path, **where)
    config = read_config(folder)
    options.setdefault("name", Path(name_or_path).name)
    if is_qwen_vl(config):
        engine: Engine = QwenVLEngine.from_pretrained(folder, **options)
    elif config.get("model_type") in GRIDS:
        for ours in ("prefix_bytes", "feature_bytes", "lookup", "compile"):  # transformers' classes have no such caches
            options.pop(ours, None)
        engine = FamilyEngine.from_pretrained(folder, **options)
    else:
        raise _unsupported(name_or_path, config)
    if probe is not None:
        probe(engine)
    return engine


def _unsupported(name_or_path: str | Path, config: dict[str, Any]) -> ModelMismatch:
    return ModelMismatch(
        f"{str(name_or_path)!r} holds a {config.get('model_type')!r} model; supported are Qwen-VL and "
        f"{', '.join(sorted(GRIDS))}. Serve other models with an OpenAI-compatible server and name them "
        "openai:MODEL@URL."
    )


class FamilyEngine:
    """A successor of Qwen-VL in this process. Safe to call from several threads; calls run one after another.

    Args:
        model: a loaded conditional-generation model of transformers.
        tokenizer: with the checkpoint's chat template.
        image_processor: of the checkpoint.
        name: shown in traces.
        version: goes into cache keys.
    """

    def __init__(self, model: Any, tokenizer: Any, image_processor: Any, *, name: str = "", version: str = "") -> None:
        self.model, self.tokenizer, self.image_processor = model.eval(), tokenizer, image_processor
        kind = model.config.model_type
        if kind not in GRIDS:
            raise ModelMismatch(f"A {kind!r} model is not of the Qwen-VL family; use one of {sorted(GRIDS)}.")
        longest = getattr(model.config.get_text_config(), "max_position_embeddings", None) or 32768
        self._profile = Profile(
            name or kind, version=version, max_input_tokens=longest, native_tools=True, grid=GRIDS[kind]
        )
        self._turnstile = Turnstile()
        self._accepts = set(inspect.signature(type(model).forward).parameters)

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path,
        *,
        name: str = "",
        dtype: str | torch.dtype = "auto",
        device: str = "auto",
        quantization: Literal["int8", "nf4"] | None = None,
        attention: str | None = None,
    ) -> FamilyEngine:
        """Load a folder or hub id; arguments and errors as for `QwenVLEngine.from_pretrained`."""
        from transformers import AutoConfig, AutoModelForImageTextToText

        folder = folder_of(name_or_path)
        files = weight_files(folder)
        config = AutoConfig.from_pretrained(folder)
        place = choose_device(device)
        size = sum(file.stat().st_size for file in files)
        chosen = choose_dtype(dtype, place, size // 2)
        if quantization is None:
            check_room(size // 2 * chosen.itemsize, place, name or folder.name)
        options: dict[str, Any] = {"dtype": chosen, "device_map": str(place), "config": config}
        if attention:
            options["attn_implementation"] = attention
        if quantization:
            options["quantization_config"] = bitsandbytes_settings(quantization, chosen)
        try:
            model, info = AutoModelForImageTextToText.from_pretrained(folder, output_loading_info=True, **options)
            tokenizer = AutoTokenizer.from_pretrained(folder)
            pictures = AutoImageProcessor.from_pretrained(folder, backend="pil")
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise OutOfMemory(f"The weights do not fit on {place}; see visual-agent doctor.") from error
        except (RuntimeError, ValueError, OSError, KeyError) as error:
            raise ModelMismatch(f"The checkpoint in {str(folder)!r} cannot be read ({error}).") from error
        if info.get("missing_keys"):
            raise ModelMismatch(f"The weights in {str(folder)!r} lack {sorted(info['missing_keys'])[:5]}.")
        version = version_of(folder, files, chosen, quantization or "")
        return cls(model, tokenizer, pictures, name=name or folder.name, version=version)

    @property
    def profile(self) -> Profile:
        """What this engine can do."""
        return self._profile

    def resized(self, size: tuple[int, int]) -> tuple[int, int]:
        """(width, height) of a picture of `size` as the model sees it: what Qwen2.5-VL's pixels count."""
        from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

        width, height = size
        processor = self.image_processor
        new_height, new_width = smart_resize(
            height,
            width,
            factor=processor.patch_size * processor.merge_size,
            min_pixels=processor.size["shortest_edge"],
            max_pixels=processor.size["longest_edge"],
        )
        return new_width, new_height

    def count_tokens(self, turns: Sequence[Turn]) -> int:
        """Prompt tokens of `turns`, pictures included."""
        return int(self._inputs(turns, ())["input_ids"].shape[1])

    def _inputs(self, turns: Sequence[Turn], tools: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Ids with a placeholder for each patch group, and the pictures' patches."""
        messages = [message for turn in turns for message in _messages(turn)]
        open_end = turns[-1].role == "assistant"
        encoded = self.tokenizer.apply_chat_template(
            messages,
            tools=list(tools) or None,
            add_generation_prompt=not open_end,
            continue_final_message=open_end,
            sanitize_control_tokens=True,
            return_dict=False,
        )
        pictures = [part.pixels.image for turn in turns for part in turn.parts if isinstance(part, Image)]
        inputs: dict[str, torch.Tensor] = {}
        groups: list[int] = []
        if pictures:
            seen = self.image_processor(images=pictures, return_tensors="pt")
            inputs = {"pixel_values": seen["pixel_values"], "image_grid_thw": seen["image_grid_thw"]}
            groups = (seen["image_grid_thw"].prod(-1) // self.image_processor.merge_size**2).tolist()
        pad = self.model.config.image_token_id
        ids: list[int] = []
        waiting = iter(groups)
        for token in encoded:
            ids += [token] * next(waiting) if token == pad else [token]
        inputs["input_ids"] = torch.tensor([ids])
        inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
        if "mm_token_type_ids" in self._accepts:
            inputs["mm_token_type_ids"] = (inputs["input_ids"] == pad).int()
        return inputs

    def stream(self, request: Request, cancel: Cancel | None = None) -> Iterator[Chunk]:
        """Answer `request` piece by piece; see `Engine.stream`."""
        cancel = cancel or Cancel()
        inputs = self._inputs(request.turns, request.tools)
        length = int(inputs["input_ids"].shape[1])
        if length >= self._profile.max_input_tokens:
            raise UserError(
                f"The prompt has {length} tokens, the model reads {self._profile.max_input_tokens}; "
                "send fewer or smaller pictures."
            )
        images = int((inputs["input_ids"] == self.model.config.image_token_id).sum())
        texts = TextStream(self._decode, request.stop)
        run = _Run(cancel)
        worker = threading.Thread(target=self._generate, args=(inputs, request.sampling, run), daemon=True)
        worker.start()
        ended = False
        try:
            for token in run.tokens():
                if token in self._ends():
                    ended = True
                    break
                if piece := texts.push(token):
                    yield Chunk(piece)
                if texts.stopped:
                    ended = True
                    break
        finally:
            run.over.set()
            worker.join()
        cancel.check()
        tail = texts.finish()
        counters = {"prompt_computed": length, "prompt_reused": 0, "tokens_generated": len(texts.ids)}
        usage = Usage(length, len(texts.ids), images)
        yield Chunk(tail, finish="stop" if ended else "length", usage=usage, counters=counters)

    def _generate(self, inputs: dict[str, torch.Tensor], sampling: Sampling, run: _Run) -> None:
        """In the worker thread: generate until the run is over; errors go to the reader."""
        try:
            with self._turnstile, torch.inference_mode():
                if sampling.seed is not None:
                    torch.manual_seed(sampling.seed)
                place = self.model.device
                self.model.generate(
                    **{name: tensor.to(place) for name, tensor in inputs.items()},
                    generation_config=self._settings(sampling),
                    streamer=run,
                    stopping_criteria=StoppingCriteriaList([run]),
                )
        except torch.OutOfMemoryError:
            run.fail(OutOfMemory("This prompt does not fit into memory; send fewer or smaller pictures."))
        except Exception as error:  # whatever happens in this thread belongs to the reader
            run.fail(error)
        finally:
            run.end()

    def _settings(self, sampling: Sampling) -> GenerationConfig:
        own = GenerationConfig(**self.model.generation_config.to_diff_dict())
        own.max_new_tokens = sampling.max_tokens or own.max_new_tokens or 512
        for name in ("top_p", "top_k", "repetition_penalty"):
            if (value := getattr(sampling, name)) is not None:
                setattr(own, name, value)
        if sampling.temperature is not None:
            own.do_sample = sampling.temperature > 0
            own.temperature = sampling.temperature or None
        if not own.do_sample:
            own.temperature = own.top_p = own.top_k = None
        return own

    def _ends(self) -> frozenset[int]:
        configured = self.model.generation_config.eos_token_id
        ends = [configured] if isinstance(configured, int) else list(configured or ())
        return frozenset([*ends, *filter(None, [self.tokenizer.eos_token_id])])

    def _decode(self, ids: Sequence[int]) -> str:
        """Text of ids; box tokens become Qwen-VL's words for them, other control tokens go."""
        words = {self.tokenizer.convert_tokens_to_ids(token): word for token, word in BOX_WORDS.items()}
        text = ""
        plain: list[int] = []
        for token in ids:
            if token in words and token != self.tokenizer.unk_token_id:
                text += self.tokenizer.decode(plain, skip_special_tokens=True) + words[token]
                plain = []
            else:
                plain.append(token)
        return text + str(self.tokenizer.decode(plain, skip_special_tokens=True))

    def close(self) -> None:
        """Nothing is kept between calls."""


def _messages(turn: Turn) -> Iterator[dict[str, Any]]:
    """A turn as the template's messages.

    Tool calls and results reach an engine as text (`<tool_call>`, `<tool_response>`); the template has its own way to
    write them, and would spell out as plain text what looks like a control token.
    """
    if turn.role == "assistant" and (calls := _TOOL_CALL.findall(turn.text)):
        content = [{"type": "text", "text": _TOOL_CALL.sub("", turn.text).strip()}]
        functions = [json.loads(call) for call in calls]
        yield {
            "role": "assistant",
            "content": content,
            "tool_calls": [{"type": "function", "function": function} for function in functions],
        }
        return
    plain: list[dict[str, Any]] = []
    result: list[dict[str, Any]] | None = None
    for part in turn.parts:
        text = part.text if isinstance(part, Text) else ""
        if turn.role == "user" and text.startswith(_RESULT) and result is None:
            if plain:
                yield {"role": "user", "content": plain}
            plain, result = [], [{"type": "text", "text": text.removeprefix(_RESULT).strip("\n")}]
        elif result is not None and text == _RESULT_END:
            yield {"role": "tool", "content": result}
            result = None
        else:
            (plain if result is None else result).append(_block(part))
    if result is not None:
        plain = [*result, *plain]
    if plain or turn.role == "system":
        yield {"role": turn.role, "content": plain}


def _block(part: Text | Image) -> dict[str, Any]:
    return {"type": "image"} if isinstance(part, Image) else {"type": "text", "text": part.text}


class _Run(StoppingCriteria):  # type: ignore[misc]
    """What the generating thread and the reader share: a queue of tokens, and the wish to stop."""

    def __init__(self, cancel: Cancel) -> None:
        self.cancel, self.over = cancel, threading.Event()
        self._queue: queue.SimpleQueue[int | BaseException | None] = queue.SimpleQueue()
        self._prompt = True

    def put(self, value: torch.Tensor) -> None:
        """As a streamer: the prompt first, then token by token."""
        if self._prompt:
            self._prompt = False
            return
        for token in value.flatten().tolist():
            self._queue.put(token)

    def end(self) -> None:
        """No more tokens."""
        self._queue.put(None)

    def fail(self, error: BaseException) -> None:
        """Hand an error to the reader."""
        self._queue.put(error)

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        """As a stopping criterion: whether the reader is gone or has cancelled."""
        done = self.over.is_set() or self.cancel.is_set
        return torch.full((input_ids.shape[0],), done, device=input_ids.device)

    def tokens(self) -> Iterator[int]:
        """The tokens as they come; raises what the generating thread raised."""
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
