"""The question set through the whole machine: the agent on the offline engine answers, the scorer judges.

In: tune/ and report/. Out: a table for each half, the keyword baseline beside it; predictions under runs/questions/.
Run: python tests/questions/run.py [tune] [report] [--workers 2] [--fresh]
The report half is for measuring only: see README.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from visual_agent.cli import run as visual_agent

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent.parent / "runs" / "questions"


def main() -> None:
    """Answer and score the halves that were asked for; an interrupted run goes on unless --fresh."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("halves", nargs="*", default=["tune", "report"], help="tune, report")
    parser.add_argument("--workers", default="2")
    parser.add_argument("--fresh", action="store_true", help="forget earlier predictions")
    args = parser.parse_args()
    for half in args.halves:
        cases, predictions = HERE / half / f"{half}.jsonl", OUTPUT / f"{half}.jsonl"
        if args.fresh:
            predictions.unlink(missing_ok=True)
        if status := visual_agent(["batch", str(cases), str(predictions), "--workers", args.workers]):
            sys.exit(status)
        print(f"\n{half} half", flush=True)
        command = [sys.executable, "-m", "visual_agent.evaluation", str(cases), str(predictions), "--baseline"]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
