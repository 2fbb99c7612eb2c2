"""Qwen-VL behind an OpenAI-compatible server, by `transformers serve`.

In: a folder or hub id, and the options of `transformers serve`. Out: /v1/chat/completions with pictures, streaming
and usage, for any client of that API:

    pip install '.[local]' 'transformers[serving]'      (in the clone)
    python -m visual_agent.engines.qwen_vl.serving Qwen/Qwen-VL-Chat --port 8000
    visual-agent ask "How much was the total?" receipt.png --model openai:Qwen/Qwen-VL-Chat@http://127.0.0.1:8000/v1

`transformers serve` alone does not know the class; this module registers it first. One machine that asks its own
model is better off with `QwenVLEngine`, which reuses prefixes; servers have no cache between calls.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec

from visual_agent.doctor import install_hint
from visual_agent.errors import MissingDependency, VisualAgentError

NEEDED = ("torch", "transformers", "fastapi", "uvicorn", "openai")


def serve(arguments: Sequence[str]) -> None:
    """Run the server until it is interrupted.

    Args:
        arguments: MODEL and options of `transformers serve` (--host, --port, --device, --dtype, --quantization ...).

    Raises:
        MissingDependency: `transformers serve` needs packages that are not installed.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise MissingDependency(f"Serving needs {', '.join(missing)}; {install_hint('local')} 'transformers[serving]'.")
    from transformers.cli.transformers import app

    from visual_agent.engines.qwen_vl import register_for_serving

    register_for_serving()
    app(["serve", *arguments])


def main() -> int:
    """The command line; the exit status is 2 when something is missing."""
    try:
        serve(sys.argv[1:])
    except VisualAgentError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
