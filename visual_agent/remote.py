"""Chat models by name: ours on a local engine, or a remote one behind an OpenAI-compatible API.

In: a name. Out: a LangChain chat model.

    "offline"                        our planner without weights
    "scripted:FILE"                  replies from a file (`visual_agent.engines.scripted`)
    "Qwen/Qwen-VL-Chat", "./folder"  Qwen-VL weights, on this machine
    "qwen-vl-plus", "qwen-vl-max", "qwen3-vl-plus" ...   Alibaba's DashScope, with DASHSCOPE_API_KEY
    "openai:<model>@<base_url>"      any OpenAI-compatible server, with OPENAI_API_KEY where it wants one
"""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visual_agent.doctor import install_hint
from visual_agent.errors import MissingDependency, ModelNotFound, UserError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

#: DashScope's OpenAI-compatible API in Beijing; keys belong to a region, DASHSCOPE_API_BASE names another one's
#: (Singapore: https://dashscope-intl.aliyuncs.com/compatible-mode/v1).
DASHSCOPE_URL = "https://dashscope.aliyuncs.com/compatible-mode/v1"

#: Names of Qwen's vision models on DashScope: qwen-vl-plus, qwen2.5-vl-72b-instruct, qwen3-vl-plus-2025-09-23 ...
_DASHSCOPE = re.compile(r"qwen[\d.]*-vl-[a-z0-9.-]+|qvq-[a-z0-9.-]+")
#: Options that say how local weights are loaded; all others are the chat model's.
_WHERE = ("hub", "revision", "cache_dir", "local_files_only")
_LOADING = (
    *_WHERE,
    "dtype",
    "device",
    "quantization",
    "attention",
    "prefix_bytes",
    "feature_bytes",
    "lookup",
    "compile",
)
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def load_model(name: str, **options: Any) -> BaseChatModel:
    """A chat model by name; see the module for the names.

    Local weights are loaded when the model is first used, once for each name and way of loading. `options` go to
    `ChatQwenVL` or `ChatOpenAI`; for local weights also dtype, device, quantization, revision and the like (see
    `visual_agent.engines.qwen_vl`), and `probe=True`, which checks after loading how the model writes boxes and warns
    where they would be read wrong.

    Raises:
        ModelNotFound: the name stands for nothing, or a file is missing.
        UserError: no name, or a remote model without a key or with a broken address.
        MissingDependency: an extra is needed.
    """
    from visual_agent.chat_models import ChatQwenVL
    from visual_agent.engines.registry import SharedEngine, is_registered

    if not isinstance(name, str) or not name.strip():
        raise UserError('A model needs a name, such as "offline" or "Qwen/Qwen-VL-Chat".')
    name = name.strip()
    if name == "offline" or is_registered(name):
        return ChatQwenVL(model=name, **options)
    if name.startswith("scripted:"):
        from visual_agent.engines.scripted import ScriptedEngine

        return ChatQwenVL(model=name, engine=ScriptedEngine.from_file(name.removeprefix("scripted:")), **options)
    if name.startswith("openai:"):
        return _openai(name.removeprefix("openai:"), options)
    if _DASHSCOPE.fullmatch(name) and not Path(name).exists():
        return _dashscope(name, options)
    local = _local(name)
    loading = {key: options.pop(key) for key in _LOADING if key in options}
    if options.pop("probe", False):
        from visual_agent.calibration import check_grid

        loading["probe"] = check_grid
    return ChatQwenVL(model=local, engine=SharedEngine(local, loading), **options)


def _local(name: str) -> str:
    """The name of a folder or hub id of local weights."""
    path = Path(name).expanduser()
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise ModelNotFound(f"The folder {name!r} has no config.json; give a folder with a Qwen-VL checkpoint.")
    elif not _HUB_ID.fullmatch(name) or name.startswith((".", "/", "~")):
        raise ModelNotFound(
            f"There is no model {name[:80]!r}; use 'offline', a folder, a hub id such as 'Qwen/Qwen-VL-Chat', "
            "'qwen-vl-plus', or 'openai:<model>@<base_url>'."
        )
    if find_spec("torch") is None or find_spec("transformers") is None:
        raise MissingDependency(f"{name!r} needs the extra 'local'; {install_hint('local')}.")
    return str(path) if path.is_dir() else name


def _dashscope(name: str, options: dict[str, Any]) -> BaseChatModel:
    key = options.pop("api_key", None) or os.environ.get("DASHSCOPE_API_KEY")
    if not key:
        raise UserError(f"{name!r} runs on DashScope and needs a key; set the variable DASHSCOPE_API_KEY.")
    url = options.pop("base_url", None) or os.environ.get("DASHSCOPE_API_BASE") or DASHSCOPE_URL
    return _chat_openai(name, url, key, options)


def _openai(rest: str, options: dict[str, Any]) -> BaseChatModel:
    model, at, url = rest.rpartition("@")
    if not at:
        model, url = rest, str(options.pop("base_url", None) or os.environ.get("OPENAI_BASE_URL", ""))
    if not model or not url:
        raise UserError(f"'openai:{rest}' is incomplete; write openai:<model>@<base_url>.")
    key = options.pop("api_key", None) or os.environ.get("OPENAI_API_KEY") or "none"
    return _chat_openai(model, url, key, options)


def _chat_openai(model: str, url: str, key: Any, options: dict[str, Any]) -> BaseChatModel:
    if not url.lower().startswith(("http://", "https://")):
        raise UserError(f"The address {url[:80]!r} of {model!r} is no http(s) URL; write https://host/v1.")
    if find_spec("langchain_openai") is None:
        raise MissingDependency(f"{model!r} needs the extra 'api'; {install_hint('api')}.")
    from visual_agent.endpoints import ChatEndpoint

    return ChatEndpoint(model=model, base_url=url, api_key=key, **{"max_retries": 1, **options})
