"""The benchmarks run and count right; their times are nobody's test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

HERE = Path(__file__).parent


def test_the_gpu_benchmark_runs_to_its_end_on_a_tiny_model(tmp_path: Path) -> None:
    out = tmp_path / "figures.jsonl"
    command = [sys.executable, HERE / "qwen_vl_gpu.py", "--size", "tiny", "--device", "cpu", "--out", out]
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {f["phase"] for f in figures} == {
        "device", "anchors", "model", "vision", "prefill", "decode", "episode", "left out",
    }  # fmt: skip
    assert [f["what"] for f in figures if f["phase"] == "left out"] == ["peak memory needs a GPU"]
    episodes = {(f["pictures"], f["arm"]): f for f in figures if f["phase"] == "episode"}
    assert len(episodes) == 10
    for (pictures, arm), figure in episodes.items():
        assert figure["same_tokens"] == 1.0
        computed = {1: (5403, 1048), 4: (8559, 1837)}[pictures]
        cached = arm.endswith(", caches")
        assert figure["computed"] == computed[cached]
        assert figure["encoded"] == ({1: 1, 4: 4} if cached else {1: 6, 4: 18})[pictures]


def test_the_figures_of_a_quick_run_have_their_noise(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    command = [sys.executable, HERE / "run.py", "--quick", "--only", "import", "agent", "--json", out]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert [f["part"] for f in figures] == ["import"] * 3 + ["agent"] * 2
    assert all(f["min"] <= f["median"] <= f["max"] for f in figures)
    assert figures[-1]["max"] < 100  # kB of checkpoints: a size, not a time
