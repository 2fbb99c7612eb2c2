"""What the agent itself costs: milliseconds a step, bytes of checkpoint state.

    python tests/benchmarks/agent_overhead.py [RUNS]

A scripted model and tools that do next to nothing, so that what is measured is ours and LangChain's: six steps on a
picture of 1 MB, loading it and building the session included. Printed are the median and the quartiles of the runs.
"""

from __future__ import annotations

import asyncio
import io
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agent_kit import act, agent_of, cropper, final

from visual_agent.geometry import Box, Region
from visual_agent.images import Ledger
from visual_agent.observations import Observation, line_of
from visual_agent_tools.toolkit import make_tool

STEPS = 6
LINES = 30


def page_reader(ledger: Ledger):
    """A `read_text` that sees a page of thirty lines, for a state of a natural size."""

    def read_text(image: str = "img1") -> Observation:
        regions = tuple(
            ledger.record(Region(f"line {i} of the page, with a price of {i}.50", Box(5, 9 * i, 595, 9 * i + 8), image))
            for i in range(LINES)
        )
        return Observation("\n".join(map(line_of, regions)), regions)

    return make_tool(ledger, "read_text", "Read the text of a picture.", read_text)


def noise_of_one_megabyte() -> bytes:
    """A PNG that does not compress: 600x600 pixels, about 1.08 MB."""
    pixels = np.random.default_rng(1).integers(0, 255, (600, 600, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    data = noise_of_one_megabyte()
    crops = [act("crop", {"box": [0, 0, 60 * i, 100]}) for i in range(1, STEPS)]
    turns = [act("read_text", {"image": "img1"}), *crops, final("It is 3.50 [r4]")]
    for way in ("run", "arun"):
        wall, cpu, state = [], [], 0
        for _ in range(runs):
            agent = agent_of(*turns, tools=[page_reader, cropper])
            started, used = time.perf_counter(), time.process_time()
            if way == "run":
                answer = agent.run("Which price?", data, thread="t")
            else:
                answer = asyncio.run(agent.arun("Which price?", data, thread="t"))
            wall.append((time.perf_counter() - started) / STEPS * 1000)
            cpu.append((time.process_time() - used) / STEPS * 1000)
            assert len(answer.trace.steps) == STEPS
            saver = agent._checkpointer
            state = sum(len(blob) for _, blob in saver.blobs.values())
            state += sum(len(p[1]) for space in saver.storage["t"].values() for e in space.values() for p in e[:2])
        for name, values in (("wall", wall), ("CPU", cpu)):
            low, middle, high = statistics.quantiles(values, n=4)
            print(f"{way:5} {name:4} {middle:6.1f} ms a step (quartiles {low:.1f} to {high:.1f}, {runs} runs)")
        print(f"{way:5} state {state / 1000:6.1f} kB of checkpoints for a picture of {len(data) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
