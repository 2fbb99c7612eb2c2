"""All speed figures in one command: `make bench`.

In: nothing. Out: a table on the terminal (and with --json a file): each figure with its least, middle and greatest
value over the repeats, or as a ratio. No test depends on any of these times; what must hold of them (the agent adds
less than 30 ms a step, checkpoints stay under 100 kB) is marked.
Run: python tests/benchmarks/run.py [--quick] [--only NAME ...] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path += [str(HERE.parent), str(HERE.parent / "questions")]

Figure = dict[str, Any]


def timed(work: Callable[[], Any]) -> float:
    """Wall seconds."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def spread(what: str, values: list[float], unit: str, **more: Any) -> Figure:
    """One line of the table."""
    ends = {"min": min(values), "median": statistics.median(values), "max": max(values)}
    return {"what": what, "unit": unit, **{key: round(value, 3) for key, value in ends.items()}, **more}


def importing(repeats: int) -> Iterator[Figure]:
    """What `import visual_agent` and the command line add to starting Python."""

    def start(code: str) -> float:
        return timed(lambda: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True))

    bare = statistics.median([start("pass") for _ in range(repeats)])
    for code in ("import visual_agent", "from visual_agent import VisualAgent", "import visual_agent.cli"):
        yield spread(code, [1e3 * (start(code) - bare) for _ in range(repeats)], "ms over bare Python")


def agent(repeats: int) -> Iterator[Figure]:
    """What the agent itself costs: a scripted model, instant tools, a picture of 1 MB, six steps."""
    from agent_kit import act, agent_of, final

    from visual_agent.agent import Limits

    noise = np.random.default_rng(1).integers(0, 255, (600, 600, 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    turns = [act("read_text", {"image": "img1"}), *(act("crop", {"box": [0, 0, 60 * i, 100]}) for i in range(1, 6))]
    times, sizes = [], []
    for _ in range(repeats + 1):
        made = agent_of(*turns, final("12.30 [r3]"), limits=Limits(seconds=600))
        times.append(1e3 * timed(lambda made=made: made.run("What is the total?", file.getvalue(), thread="t")) / 6)
        saver = made._checkpointer
        stored = [part[1] for space in saver.storage["t"].values() for entry in space.values() for part in entry[:2]]
        sizes.append((sum(len(data) for _, data in saver.blobs.values()) + sum(map(len, stored))) / 1e3)
    yield spread("agent, a step", times[1:], "ms", must="< 30")
    yield spread("checkpoints of six steps", sizes, "kB", must="< 100")


def changed(image: Image.Image, number: int) -> Image.Image:
    """The picture with one pixel changed, so that nothing remembers it."""
    copy = image.convert("RGB")
    copy.putpixel((number % copy.width, 0), (number % 256, 1, 2))
    return copy


def reading(repeats: int) -> Iterator[Figure]:
    """Reading each sample by OCR."""
    from visual_agent.images import Ledger
    from visual_agent.tools import read_text

    for path in sorted((ROOT / "samples").glob("*.[pj][np]g")):
        image = Image.open(path)
        times = []
        for number in range(repeats + 1):
            ledger = Ledger()
            ledger.add(changed(image, number))
            times.append(timed(lambda ledger=ledger: read_text(ledger)))
        yield spread(f"read_text {path.name} {image.width}x{image.height}", times[1:], "s")


def large(repeats: int) -> Iterator[Figure]:
    """40 labels of 12 px in a picture of 6000x4000: how long, and how many are read."""
    from large_text import large_text, read_labels

    from visual_agent.images import Ledger
    from visual_agent.tools import read_lines

    times, read = [], 0
    for seed in range(max(1, repeats // 3)):
        image, labels = large_text(seed)
        ledger = Ledger()
        ledger.add(image)
        started = time.perf_counter()
        lines = read_lines(ledger.get("img1"))
        times.append(time.perf_counter() - started)
        read += len(read_labels(labels, [(line.text, line.box.as_tuple()) for line in lines]))
    yield spread("read_lines 6000x4000", times, "s", read=f"{read} of {40 * len(times)} labels")


def comparing(repeats: int) -> Iterator[Figure]:
    """Comparing changed pairs of the tune half, reading included."""
    from changed_pairs import pairs

    from visual_agent.images import Ledger
    from visual_agent.tools import compare

    times = []
    for pair in pairs("tune", 2 * repeats):
        ledger = Ledger()
        for side in (pair.a, pair.b):
            ledger.add(side)
        times.append(timed(lambda ledger=ledger: compare(ledger, "img1", "img2")))
    yield spread(f"compare, {len(times)} pairs", times, "s")


def qwen_vl(repeats: int) -> Iterator[Figure]:
    """Qwen-VL on the CPU as ratios; see qwen_vl_cpu.py."""
    from importlib.util import find_spec
    from tempfile import NamedTemporaryFile

    if find_spec("torch") is None or find_spec("transformers") is None:
        yield {"what": "qwen_vl_cpu.py", "left out": "needs the extra 'local'"}
        return
    with NamedTemporaryFile(suffix=".json") as file:
        command = [sys.executable, str(HERE / "qwen_vl_cpu.py"), "--json", file.name]
        subprocess.run(command, check=True, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        arms = json.loads(Path(file.name).read_text(encoding="utf-8"))
    for arm in arms:
        ratio = {"ratio": round(arm["ratio"], 2), "unit": "x over the original algorithm"}
        work = {key: arm[key] for key in ("computed", "encoded") if key in arm}
        yield {"what": f"{arm['arm']}, {arm['pictures']} picture(s), {arm['new']} tokens a turn", **ratio, **work}


PARTS = {
    "import": importing,
    "agent": agent,
    "read": reading,
    "large": large,
    "compare": comparing,
    "qwen_vl": qwen_vl,
}


def shown(figure: Figure) -> str:
    """A figure as a line of text."""
    rest = "  ".join(f"{key} {value}" for key, value in figure.items() if key not in ("what", "unit"))
    return f"{figure['what']:58s} {rest}  {figure.get('unit', '')}".rstrip()


def main(arguments: list[str] | None = None) -> None:
    """Print the figures as they come."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one repeat, without qwen_vl and large")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="only these parts")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    args = parser.parse_args(arguments)
    chosen = args.only or [name for name in PARTS if not (args.quick and name in ("qwen_vl", "large"))]
    figures = []
    for name in chosen:
        for figure in PARTS[name](1 if args.quick else 5):
            figures.append({"part": name, **figure})
            print(shown(figure), flush=True)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
