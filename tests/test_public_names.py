"""The public names are there, and importing the package stays light."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import visual_agent
import visual_agent.engines
import visual_agent.tools

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("module", [visual_agent, visual_agent.engines, visual_agent.tools], ids=lambda m: m.__name__)
def test_every_listed_name_can_be_imported(module) -> None:
    assert module.__all__ == sorted(module.__all__, key=module.__all__.index)
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None, name


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        visual_agent.nonsense  # noqa: B018


def test_public_names_of_the_package() -> None:
    assert visual_agent.__all__ == [
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


def loaded_after(statement: str) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after `statement`."""
    code = f"{statement}\nimport sys\nprint(' '.join(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {"torch", "transformers", "langchain", "langchain_core", "langgraph", "cv2", "numpy", "PIL", "pydantic"}
    assert not heavy & loaded_after("import visual_agent")


def test_the_core_loads_no_framework() -> None:
    modules = "geometry, images, loading, markup, react, trace, observations, engines.base"
    statement = "\n".join(f"import visual_agent.{name.strip()}" for name in modules.split(","))
    assert not {"torch", "transformers", "langchain", "langchain_core", "langgraph"} & loaded_after(statement)


def test_an_agent_without_local_weights_loads_no_torch() -> None:
    statement = "from visual_agent import VisualAgent, load_model\nload_model('offline')"
    assert not {"torch", "transformers", "langserve", "fastapi"} & loaded_after(statement)


def test_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    newest = re.search(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert project["version"] == visual_agent.__version__ == newest[1]
