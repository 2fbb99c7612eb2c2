"""Engines: turns and pictures in, text out. See `visual_agent.engines.base` for the seam."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visual_agent.engines.base import Engine as Engine
    from visual_agent.engines.offline import OfflineEngine as OfflineEngine
    from visual_agent.engines.qwen_vl.engine import QwenVLEngine as QwenVLEngine
    from visual_agent.engines.scripted import ScriptedEngine as ScriptedEngine

_HOMES = {
    "Engine": "visual_agent.engines.base",
    "OfflineEngine": "visual_agent.engines.offline",
    "QwenVLEngine": "visual_agent.engines.qwen_vl.engine",
    "ScriptedEngine": "visual_agent.engines.scripted",
}
__all__ = ["Engine", "OfflineEngine", "QwenVLEngine", "ScriptedEngine"]


def __getattr__(name: str) -> Any:
    """Import an engine when it is first asked for, so that nothing heavy loads early."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
