"""An answer as the fixed JSON that other programs read.

In: `Answer` with its trace. Out: the object that `visual-agent ask --json` prints, and the line that
`visual-agent batch` writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from visual_agent.errors import VisualAgentError
from visual_agent.observations import region_to_dict

if TYPE_CHECKING:
    from visual_agent.answers import Answer, Evidence
    from visual_agent.trace import Step


def image_index(name: str) -> int:
    """The 0-based index of a root picture among the inputs: "img1" is 0."""
    return int(name.removeprefix("img")) - 1


def evidence_to_dict(item: Evidence) -> dict[str, Any]:
    """`box` is in whole upright pixels of the input picture number `image`."""
    return {
        "image": image_index(item.image),
        "box": list(item.box.rounded()),
        "phrase": item.phrase,
        "source": item.source,
    }


def step_to_dict(step: Step) -> dict[str, Any]:
    """One step; `regions` are in the frames they name, in pixels."""
    return {
        "thought": step.thought,
        "tool": step.tool,
        "args": step.args,
        "observation": step.observation.text,
        "regions": [region_to_dict(r) for r in step.observation.regions],
        "pictures": list(step.observation.pictures),
        "seconds": round(step.seconds, 4),
        "cached": step.cached,
        "error": step.error,
    }


def answer_to_dict(answer: Answer, *, seconds: float) -> dict[str, Any]:
    """The object of `ask --json`: answer, found, evidence, steps, model, seconds, and claims, usage, stopped."""
    trace = answer.trace
    return {
        "answer": answer.text,
        "found": answer.found,
        "evidence": [evidence_to_dict(e) for e in answer.evidence],
        "steps": [step_to_dict(s) for s in trace.steps] if trace else [],
        "model": trace.model if trace else "",
        "seconds": round(seconds, 3),
        "claims": [
            {"text": c.text, "supported": c.supported, "evidence": [evidence_to_dict(e) for e in c.evidence]}
            for c in answer.claims
        ],
        "usage": dict(answer.usage),
        "stopped": answer.stopped,
    }


def prediction_of(case_id: Any, answer: Answer, *, seconds: float) -> dict[str, Any]:
    """The line that `batch` writes for a case that ran."""
    boxes = [[image_index(e.image), *e.box.rounded()] for e in answer.evidence]
    return {
        "id": case_id,
        "answer": answer.text,
        "found": answer.found,
        "boxes": boxes,
        "seconds": round(seconds, 3),
    }


def error_to_dict(error: Exception) -> dict[str, Any]:
    """`{"error": {"type", "message"}}`; the type is our own class name, or "InternalError"."""
    kind = type(error).__name__ if isinstance(error, VisualAgentError) else "InternalError"
    return {"error": {"type": kind, "message": str(error) or type(error).__name__}}
