"""Prompt files by name: `load("react_en", tools=..., ...)` gives the text of `prompts/react_en.md`, filled in.

One file is one prompt. A leading `<!-- comment -->` is for readers and never reaches a model. `{name}` marks a value;
every other brace (JSON, say) is text.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from visual_agent.errors import UserError

_COMMENT = re.compile(r"\A(?:<!--.*?-->\s*)+", re.DOTALL)
_VALUE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def _folder() -> Path:
    """The installed package's prompts, or the checkout's (editable installs do not copy them)."""
    installed = Path(str(files("visual_agent") / "_prompts"))
    return installed if installed.is_dir() else Path(__file__).resolve().parent.parent / "prompts"


def names() -> list[str]:
    """The names that `load` knows, sorted."""
    return sorted(path.stem for path in _folder().glob("*.md"))


@cache
def _template(name: str) -> str:
    if name not in names():
        raise UserError(f"There is no prompt {name[:80]!r}; use one of: {', '.join(names())}.")
    text = (_folder() / f"{name}.md").read_text(encoding="utf-8")
    return _COMMENT.sub("", text).rstrip("\n")


def load(name: str, **values: str) -> str:
    """The prompt `name` with its `{values}` filled in, in one pass: braces inside a value stay as they are.

    Raises:
        UserError: no such prompt, a value is missing, or a value is given that the prompt does not have.
    """
    template = _template(name)
    wanted = set(_VALUE.findall(template))
    if wanted != set(values):
        given = ", ".join(sorted(values)) or "none"
        raise UserError(f"The prompt {name!r} takes the values {', '.join(sorted(wanted)) or 'none'}; given: {given}.")
    return _VALUE.sub(lambda match: values[match[1]], template)


@cache
def version() -> str:
    """Eight hex digits that change when any prompt does; part of cache keys."""
    return hashlib.sha256("\0".join(f"{name}\0{_template(name)}" for name in names()).encode()).hexdigest()[:8]
