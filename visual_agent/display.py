"""What the command line shows to people.

In: the plain values of `visual_agent.results`, traces, replays, findings. Out: tables and panels on the terminal.
Everything that comes from pictures or models is printed as plain text: it can neither style nor control the terminal.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from visual_agent.doctor import install_hint

if TYPE_CHECKING:
    from visual_agent.replay import Replay
    from visual_agent.trace import Trace

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(value: object, limit: int = 500) -> Text:
    """Text without control characters, cut at `limit` characters."""
    text = _CONTROL.sub("", str(value))
    return Text(text if len(text) <= limit else text[: limit - 1] + "…")


def show_answer(result: dict[str, Any]) -> None:
    """The answer, the evidence, the steps, and where files went."""
    console = Console(highlight=False)
    style = "green" if result["found"] else "yellow"
    title = "Answer" if result["found"] else "Not found"
    console.print(Panel(plain(result["answer"], 4000), title=title, border_style=style, title_align="left"))
    if result["evidence"]:
        table = Table("picture", "box (pixels)", "read there", "by", title="Evidence", title_justify="left", box=None)
        for item in result["evidence"]:
            box = ", ".join(str(v) for v in item["box"])
            table.add_row(f"img{item['image'] + 1}", box, plain(item["phrase"], 80), plain(item["source"], 20))
        console.print(table)
    unsupported = [c["text"] for c in result["claims"] if not c["supported"]]
    if unsupported and result["found"]:
        console.print(Text("Unsupported: ", style="yellow") + plain(" ".join(unsupported)))
    _show_steps(console, result["steps"])
    if result["stopped"]:
        console.print(Text("Stopped by: ", style="yellow") + plain(result["stopped"]))
    for path in result.get("drawn", []):
        console.print(f"Drawn: {path}", markup=False, soft_wrap=True)
    if "trace" in result:
        console.print(f"Trace: {result['trace']}", markup=False, soft_wrap=True)
    console.print(Text(f"{result['model']}, {result['seconds']:.1f} s", style="dim"))


def _show_steps(console: Console, steps: list[dict[str, Any]]) -> None:
    if not steps:
        return
    from visual_agent.markup import ENVELOPE_NOTE

    table = Table("", "thought", "tool", "saw", "s", title="Steps", title_justify="left", box=None)
    for number, step in enumerate(steps, 1):
        arguments = ", ".join(f"{k}={v}" for k, v in step["args"].items())
        first_line = step["observation"].split("\n", 1)[0]
        saw = step["error"] or first_line.removesuffix(ENVELOPE_NOTE).strip()  # that note is for models
        table.add_row(
            str(number),
            plain(step["thought"], 160),
            plain(f"{step['tool']}({arguments})", 80),
            plain(saw, 120),
            f"{step['seconds']:.2f}",
        )
    console.print(table)


def show_trace(trace: Trace) -> None:
    """A saved run in short."""
    from visual_agent.results import step_to_dict

    console = Console(highlight=False)
    console.print(Text("Question: ", style="bold") + plain(trace.question, 2000))
    for picture in trace.pictures:
        if picture.parent is None:
            size = f"{picture.size[0]}x{picture.size[1]}"
            console.print(Text(f"{picture.name} {size} ", style="dim") + plain(picture.source, 100))
    _show_steps(console, [step_to_dict(s) for s in trace.steps])
    console.print(Text("Answer: ", style="bold") + plain(trace.answer.get("text", ""), 4000))
    console.print(Text(f"{trace.model}, {trace.seconds:.1f} s, {trace.started}", style="dim"))


def show_replay(again: Replay) -> None:
    """What a replay found, step by step."""
    console = Console(highlight=False)
    for line in again.summary():
        console.print(plain(line, 400))


def show_doctor(findings: dict[str, Any]) -> None:
    """What is installed and what fits."""
    console = Console(highlight=False)
    memory = findings["memory"]
    console.print(
        f"visual_agent {findings['visual_agent']}, Python {findings['python']}, {findings['system']}, "
        f"{findings['cores']} cores, {memory['available'] / 1e9:.1f} of {memory['total'] / 1e9:.1f} GB free"
    )
    for gpu in findings["gpus"]:
        console.print(f"GPU: {gpu['name']}, {gpu['free'] / 1e9:.1f} of {gpu['total'] / 1e9:.1f} GB free", markup=False)
    table = Table("part", "state", box=None)
    table.add_row("reading (OCR)", findings["ocr"])
    table.add_row("language model (offline engine)", findings["language_model"])
    for name, extra in findings["extras"].items():
        missing = [p for p, v in extra["packages"].items() if v is None]
        state = "ready" if extra["installed"] else f"missing {', '.join(missing)}; {install_hint(name)}"
        table.add_row(f"extra {name}", Text(state))
    for form in findings["qwen_vl_chat"]:
        fits = "fits" if form["fits"] else "does not fit"
        table.add_row(f"Qwen-VL-Chat {form['form']}", f"needs {form['needed_gb']} GB, {fits}")
    console.print(table)
    console.print(Text(findings["advice"], style="bold"))
    if "probe" in findings:
        _show_probe(console, findings["probe"])


def _show_probe(console: Console, probe: dict[str, Any]) -> None:
    table = Table("boxes read as", "mean IoU", title="Probe", title_justify="left", box=None)
    for score in probe["scores"]:
        declared = " (declared)" if score["contract"] == probe["declared"] else ""
        table.add_row(f"{score['contract']}{declared}", f"{score['mean_iou']:.2f}")
    console.print(table)
    console.print(plain(probe["summary"]))
