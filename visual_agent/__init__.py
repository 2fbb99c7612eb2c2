"""visual_agent: ask about pictures, get answers with proof.

The public names are imported when first used, so `import visual_agent` loads neither LangChain nor torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visual_agent.agent import Limits as Limits
    from visual_agent.agent import VisualAgent as VisualAgent
    from visual_agent.answers import Answer as Answer
    from visual_agent.answers import Claim as Claim
    from visual_agent.answers import Evidence as Evidence
    from visual_agent.chat_models import ChatQwenVL as ChatQwenVL
    from visual_agent.chat_models import load_model as load_model
    from visual_agent.geometry import Box as Box
    from visual_agent.geometry import Region as Region
    from visual_agent.images import Ledger as Ledger
    from visual_agent.images import Picture as Picture
    from visual_agent.loading import LoadPolicy as LoadPolicy
    from visual_agent.trace import Trace as Trace

__version__ = "0.1.0"

_HOMES = {
    "Answer": "visual_agent.answers",
    "Box": "visual_agent.geometry",
    "ChatQwenVL": "visual_agent.chat_models",
    "Claim": "visual_agent.answers",
    "Evidence": "visual_agent.answers",
    "Ledger": "visual_agent.images",
    "Limits": "visual_agent.agent",
    "LoadPolicy": "visual_agent.loading",
    "Picture": "visual_agent.images",
    "Region": "visual_agent.geometry",
    "Trace": "visual_agent.trace",
    "VisualAgent": "visual_agent.agent",
    "load_model": "visual_agent.chat_models",
}
__all__ = [
    "Answer",
    "Box",
    "ChatQwenVL",
    "Claim",
    "Evidence",
    "Ledger",
    "Limits",
    "LoadPolicy",
    "Picture",
    "Region",
    "Trace",
    "VisualAgent",
    "__version__",
    "load_model",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
