"""The tools under their public names, and the set an agent gets.

Each tool is a plain function over a ledger (`ground(ledger, "total")`) and a factory `..._tool(ledger)` that makes the
agent's tool of it. Importing this module loads none of them; a name is imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from visual_agent.engines.base import Engine
    from visual_agent.images import Ledger
    from visual_agent_tools.annotating import annotate as annotate
    from visual_agent_tools.annotating import annotate_tool as annotate_tool
    from visual_agent_tools.comparing import compare as compare
    from visual_agent_tools.comparing import compare_tool as compare_tool
    from visual_agent_tools.counting import count as count
    from visual_agent_tools.counting import count_tool as count_tool
    from visual_agent_tools.cropping import crop as crop
    from visual_agent_tools.cropping import crop_tool as crop_tool
    from visual_agent_tools.grounding import ground as ground
    from visual_agent_tools.grounding import ground_tool as ground_tool
    from visual_agent_tools.pages import read_lines as read_lines
    from visual_agent_tools.reading import read_text as read_text
    from visual_agent_tools.reading import read_text_tool as read_text_tool
    from visual_agent_tools.searching import web_search as web_search
    from visual_agent_tools.searching import web_search_tool as web_search_tool
    from visual_agent_tools.witnesses import Detector as Detector

_HOMES = {
    "Detector": "witnesses",
    "annotate": "annotating",
    "annotate_tool": "annotating",
    "compare": "comparing",
    "compare_tool": "comparing",
    "count": "counting",
    "count_tool": "counting",
    "crop": "cropping",
    "crop_tool": "cropping",
    "ground": "grounding",
    "ground_tool": "grounding",
    "read_lines": "pages",
    "read_text": "reading",
    "read_text_tool": "reading",
    "web_search": "searching",
    "web_search_tool": "searching",
}
__all__ = [
    "Detector",
    "all_tools",
    "annotate",
    "annotate_tool",
    "compare",
    "compare_tool",
    "count",
    "count_tool",
    "crop",
    "crop_tool",
    "ground",
    "ground_tool",
    "read_lines",
    "read_text",
    "read_text_tool",
    "web_search",
    "web_search_tool",
]


def __getattr__(name: str) -> Any:
    """Import a tool when it is first asked for."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"visual_agent_tools.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def all_tools(
    ledger: Ledger, *, model: Any = None, detector: Detector | None = None, search: bool = False
) -> list[BaseTool]:
    """The tools of an agent that works on `ledger`.

    Args:
        ledger: the session's pictures.
        model: an engine, or a chat model that has one; it can then ground what is no text, if it sees.
        detector: finds objects for `ground` and `count`.
        search: whether `web_search` is among them.
    """
    from visual_agent_tools.annotating import annotate_tool
    from visual_agent_tools.comparing import compare_tool
    from visual_agent_tools.counting import count_tool
    from visual_agent_tools.cropping import crop_tool
    from visual_agent_tools.grounding import ground_tool
    from visual_agent_tools.reading import read_text_tool

    engine = engine_of(model)
    tools = [
        read_text_tool(ledger),
        ground_tool(ledger, engine, detector),
        crop_tool(ledger),
        compare_tool(ledger),
        count_tool(ledger, engine, detector),
        annotate_tool(ledger),
    ]
    if search:
        from visual_agent_tools.searching import web_search_tool

        tools.append(web_search_tool())
    return tools


def engine_of(model: Any) -> Engine | None:
    """The engine itself, or the one behind a chat model of ours; None for None and for other chat models."""
    candidate = getattr(model, "engine", model)
    parts = ("profile", "stream", "count_tokens")  # looked up on the class: on the object they would load the weights
    return candidate if all(hasattr(type(candidate), part) for part in parts) else None
