"""What fits into memory, and what the doctor says."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from visual_agent.display import show_doctor
from visual_agent.doctor import advice, examine, memory_plan, ocr_state
from visual_agent.errors import MissingDependency
from visual_agent_tools import ocr


def test_memory_plan_follows_the_exact_sizes() -> None:
    plan = {fit.form.split()[0]: fit for fit in memory_plan(16e9)}
    assert not plan["bf16"].fits
    assert 20.3 < plan["bf16"].needed < 20.5
    assert plan["int8"].fits
    assert plan["int4"].fits


def test_nothing_fits_a_small_machine() -> None:
    plan = memory_plan(4e9)
    assert not any(fit.fits for fit in plan)
    assert "offline engine" in advice(True, plan, on_gpu=False)


def test_advice_names_the_extra_that_is_missing() -> None:
    assert advice(False, memory_plan(80e9), on_gpu=True).endswith("; in the clone: pip install '.[local]'.")


def test_the_table_says_how_to_install_what_is_missing(capsys) -> None:
    findings = examine()
    findings["extras"] = {"quant": {"installed": False, "packages": {"bitsandbytes": None}}}
    show_doctor(findings)
    shown = " ".join(capsys.readouterr().out.split())
    assert "missing bitsandbytes; in the clone: pip install '.[quant]'" in shown


def test_reading_without_its_engine_says_how_to_install_it(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(MissingDependency, match=r"; in the clone: pip install \.$"):
        ocr._make()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert ocr_state() == "missing rapidocr, onnxruntime, cv2; in the clone: pip install ."


def test_examine_finds_this_installation() -> None:
    findings = examine()
    assert findings["visual_agent"]
    assert findings["ocr"] == "ready"
    assert findings["memory"]["total"] >= findings["memory"]["available"] > 0
    assert {"local", "quant", "api", "search", "serve"} == set(findings["extras"])
