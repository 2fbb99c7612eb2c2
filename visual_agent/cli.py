"""The command line: ask, ground, read, compare, batch, serve, trace, doctor.

In: arguments. Out: text for people, or with `--json` the fixed objects of `visual_agent.results`.
Exit status: 0 for an answer ("not found" is one), 2 for bad input, 1 for a run that failed (of a batch: every case),
130 when interrupted.
"""

from __future__ import annotations

import errno
import io
import json
import os
import socket
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visual_agent import __version__
from visual_agent.doctor import install_hint
from visual_agent.errors import MissingDependency, ModelNotFound, UserError, VisualAgentError

if TYPE_CHECKING:
    from visual_agent.answers import Answer
    from visual_agent.engines.base import Engine
    from visual_agent.images import Ledger
    from visual_agent.observations import Observation
    from visual_agent.trace import Trace

#: Exit status of a command that was interrupted: 128 and the number of SIGINT.
_INTERRUPTED = 130

app = typer.Typer(
    name="visual-agent",
    help="Ask about pictures and get answers with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Model = Annotated[
    str,
    typer.Option(
        help="offline, a folder or hub id of the Qwen-VL family, an API model's name (qwen-vl-max), "
        "or openai:<model>@<base_url>."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Draw = Annotated[
    Path | None, typer.Option(help="Write the picture with its boxes to this file; missing folders are made.")
]
DrawSecond = Annotated[
    Path | None, typer.Option(help="Write the second picture with its boxes to this file; missing folders are made.")
]
Image = Annotated[str, typer.Argument(help="Path, http(s) URL, data URI, or file.pdf#page=2.")]


def _version(value: bool) -> None:
    if value:
        typer.echo(__version__)
        raise typer.Exit


class Interrupted(VisualAgentError):
    """Somebody pressed Ctrl-C."""


@app.callback()
def _root(
    _version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Ask about pictures and get answers with proof."""


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in English or Chinese.")],
    images: Annotated[list[str], typer.Argument(help="Paths, http(s) URLs, data URIs, or file.pdf#page=2.")],
    model: Model = "offline",
    as_json: AsJson = False,
    trace: Annotated[Path | None, typer.Option(help="Write the run: .html for one page, else .jsonl.")] = None,
    draw: Draw = None,
    search: Annotated[bool, typer.Option(help="Let the agent search the web.")] = False,
    seconds: Annotated[float, typer.Option(min=1, help="Wall time for the whole run.")] = 120,
) -> None:
    """Answer a question about one or more pictures, with the boxes it was read from."""
    from visual_agent.agent import Limits, VisualAgent
    from visual_agent.chat_models import load_model
    from visual_agent.outputs import check_picture_target, check_target

    if not question.strip():
        raise UserError("The question is empty; ask something, for example 'How much was the total?'.")
    check_target(trace, images)
    check_picture_target(draw, images, count=len(images))
    started = time.perf_counter()
    agent = VisualAgent(load_model(model), limits=Limits(seconds=seconds), search=search)
    answer = agent.run(question, *images, thread="ask")
    ledger = agent.ledger("ask")
    result = _json_of(answer, time.perf_counter() - started)
    if draw:
        result["drawn"] = [str(path) for path in _draw_evidence(answer, ledger, draw)]
    if trace:
        result["trace"] = str(_save_trace(answer, trace))
    if as_json:
        _print_json(result)
    else:
        from visual_agent.display import show_answer

        show_answer(result)


def _json_of(answer: Answer, seconds: float) -> dict[str, Any]:
    from visual_agent.results import answer_to_dict

    return answer_to_dict(answer, seconds=seconds)


def _print_json(value: Any) -> None:
    unicode = (sys.stdout.encoding or "ascii").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(value, ensure_ascii=not unicode) + "\n")


def _save_trace(answer: Answer, path: Path) -> Path:
    trace = answer.trace
    if trace is None:
        raise UserError("This run left no trace; run it again without --trace.")
    if path.suffix.lower() in (".html", ".htm"):
        _save_page(trace, path)
    else:
        trace.save(path)
    return path


def _save_page(trace: Trace, path: Path) -> None:
    from visual_agent.trace_html import to_html

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(to_html(trace), encoding="utf-8")
    except OSError as error:
        raise UserError(f"Cannot write {str(path)!r} ({error.strerror}); choose another place.") from error


def _draw_evidence(answer: Answer, ledger: Ledger, path: Path) -> list[Path]:
    """One picture for each root that holds evidence (the second gets `-2` before the suffix), else the first root."""
    from visual_agent.drawing import draw
    from visual_agent.outputs import numbered

    named = sorted({e.image for e in answer.evidence}) or [ledger.roots()[0].name]
    paths = []
    for number, name in enumerate(named, 1):
        marks = [(e.box, e.phrase) for e in answer.evidence if e.image == name]
        paths.append(_save_picture(draw(ledger.get(name).image, marks), numbered(path, number)))
    return paths


def _save_picture(picture: Any, path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
    except (ValueError, OSError) as error:
        raise UserError(
            f"Cannot write {str(path)!r} ({error}); give a .png or .jpg path in a folder you own."
        ) from error
    return path


def _report(observation: Observation, ledger: Ledger, *, as_json: bool, draw: Path | None, image: str = "img1") -> None:
    """Print what one tool saw, and draw its regions on their root picture."""
    from visual_agent.observations import region_to_dict
    from visual_agent.results import image_index

    regions = [ledger.in_root(r) for r in observation.regions]
    if draw:
        from visual_agent.drawing import draw as drawn

        marks = [(r.box, r.phrase) for r in regions if r.frame == image]
        _save_picture(drawn(ledger.get(image).image, marks), draw)
    if as_json:
        value = {
            "found": observation.found,
            "regions": [{**region_to_dict(r), "image": image_index(r.frame)} for r in regions],
            "text": observation.text,
            "data": observation.data,
        }
        _print_json(value)
    else:
        typer.echo(observation.text)
        if draw:
            typer.echo(f"Drawn: {draw}")


@app.command()
def ground(
    phrase: Annotated[
        str, typer.Argument(help="What to find, as it is written in the picture or as you would say it.")
    ],
    image: Image,
    model: Model = "offline",
    as_json: AsJson = False,
    draw: Draw = None,
) -> None:
    """Find a phrase in a picture and print its boxes."""
    from visual_agent.images import Ledger
    from visual_agent.outputs import check_picture_target
    from visual_agent.tools import ground as find

    check_picture_target(draw, [image])
    ledger = Ledger([image])
    engine = _engine_of(model, "ground with a model of this machine") if model != "offline" else None
    _report(find(ledger, phrase, model=engine), ledger, as_json=as_json, draw=draw)


def _engine_of(model: str, instead: str) -> Engine:
    """The engine behind a model's name; an API model has none."""
    from visual_agent.chat_models import load_model
    from visual_agent.tools import engine_of

    engine = engine_of(load_model(model))
    if engine is None:
        raise UserError(f"{model!r} runs on a server, which declares no form of boxes; {instead}.")
    return engine


@app.command()
def read(
    image: Image,
    box: Annotated[str | None, typer.Option(help="Read only this part: x1,y1,x2,y2 in pixels.")] = None,
    as_json: AsJson = False,
    draw: Draw = None,
) -> None:
    """Read the text of a picture, line by line with boxes, tables as rows."""
    from visual_agent.images import Ledger
    from visual_agent.outputs import check_picture_target
    from visual_agent.tools import read_text

    check_picture_target(draw, [image])
    ledger = Ledger([image])
    _report(read_text(ledger, "img1", box=_box_of(box)), ledger, as_json=as_json, draw=draw)


def _box_of(text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        x1, y1, x2, y2 = (float(part) for part in text.split(","))
    except ValueError:
        raise UserError(f"Box {text!r} is not four numbers; write it as x1,y1,x2,y2 in pixels.") from None
    return [x1, y1, x2, y2]


@app.command()
def compare(image_a: Image, image_b: Image, as_json: AsJson = False, draw: DrawSecond = None) -> None:
    """Say what differs between two pictures, with boxes in both."""
    from visual_agent.images import Ledger
    from visual_agent.outputs import check_picture_target
    from visual_agent.tools import compare as differences

    check_picture_target(draw, [image_a, image_b])
    ledger = Ledger([image_a, image_b])
    _report(differences(ledger, "img1", "img2"), ledger, as_json=as_json, draw=draw, image="img2")


@app.command()
def batch(
    cases: Annotated[Path, typer.Argument(help='Lines {"id", "images", "question"}.')],
    predictions: Annotated[Path, typer.Argument(help="Answers, one line a case; an interrupted run goes on.")],
    workers: Annotated[int, typer.Option(min=1, max=64, help="Cases at once.")] = 1,
    model: Model = "offline",
) -> None:
    """Answer many questions from a file."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from visual_agent.agent import VisualAgent
    from visual_agent.batch import finished_ids, read_cases, run_batch, undone
    from visual_agent.chat_models import load_model
    from visual_agent.outputs import check_target

    check_target(predictions, [cases])
    todo = undone(read_cases(cases), finished_ids(predictions))
    agent = VisualAgent(load_model(model))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    failed = 0
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("answering", total=len(todo))

        def advance(line: dict[str, Any]) -> None:
            nonlocal failed
            failed += "error" in line
            bar.advance(task)

        run_batch(agent, todo, cases.parent, predictions, workers=workers, progress=advance)
    outcome = f', {failed} failed (see "error" in {predictions})' if failed else f": {predictions}"
    typer.echo(f"{len(todo) - failed} answered{outcome}", err=True)
    if failed and failed == len(todo):
        raise typer.Exit(1)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8000,
    model: Model = "offline",
) -> None:
    """Serve the agent over HTTP: /agent (LangServe), /chat, /healthz."""
    try:
        import uvicorn

        from visual_agent.server import create_app
    except ImportError as error:
        raise MissingDependency(f"The server needs {error.name}; {install_hint('serve')}.") from error
    from visual_agent.chat_models import load_model

    # The playground's page still asks for LangServe's oldest stream.
    warnings.filterwarnings("ignore", message="astream_log is deprecated")
    with _listening(host, port) as listener:
        config = uvicorn.Config(create_app(load_model(model)), log_level="info")
        base = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
        typer.echo(f"Serving {model} at {base}: /agent, /chat, /agent/playground/ (to try it), /healthz")
        with suppress(KeyboardInterrupt):  # Ctrl-C is how a server ends
            uvicorn.Server(config).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens there, so that a taken port is told before anything is loaded."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UserError(f"Port {port} is taken on {host}; choose another with --port.") from error
        reason = error.strerror or str(error)
        raise UserError(f"Cannot listen on {host!r}, port {port} ({reason}); check --host and --port.") from error


@app.command()
def trace(
    file: Annotated[Path, typer.Argument(help="A run saved by ask --trace run.jsonl.")],
    html: Annotated[Path | None, typer.Option(help="Write the run as one HTML page.")] = None,
    replay: Annotated[bool, typer.Option(help="Run its tools again and show what differs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a saved run, turn it into one HTML page, or run its tools again."""
    from visual_agent.display import show_replay, show_trace
    from visual_agent.outputs import check_target
    from visual_agent.replay import replay as run_again
    from visual_agent.trace import Trace

    check_target(html, [file])
    saved = Trace.load(file)
    if html:
        _save_page(saved, html)
        typer.echo(f"Page: {html}", err=as_json)
    if replay:
        again = run_again(saved)
        _print_json(again.to_dict()) if as_json else show_replay(again)
        if not again.same:
            raise typer.Exit(1)
    elif as_json:
        _print_json(saved.to_dict())
    elif not html:
        show_trace(saved)


@app.command()
def doctor(
    as_json: AsJson = False,
    probe: Annotated[str | None, typer.Option(help="Load this model and check how it writes boxes.")] = None,
) -> None:
    """Tell what is installed and what this machine can run."""
    from visual_agent.display import show_doctor
    from visual_agent.doctor import examine

    findings = examine()
    if probe:
        findings["probe"] = _probe(probe)
    _print_json(findings) if as_json else show_doctor(findings)


def _probe(model: str) -> dict[str, Any]:
    from visual_agent.calibration import calibrate

    return calibrate(_engine_of(model, "probe models of this machine")).to_dict()


def main() -> None:
    """Entry point: run the command, turn errors into messages and exit statuses."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a character the terminal cannot show must not end the program
            stream.reconfigure(errors="backslashreplace")
    # Broken metadata is no reason to refuse a picture, and no news for its user.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    status = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError as error:  # the last bytes did not fit; the interpreter must not try again when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = _no_room(error)
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit status."""
    as_json = "--json" in arguments
    try:
        result = typer.main.get_command(app).main(arguments, prog_name="visual-agent", standalone_mode=False)
        status = result if isinstance(result, int) else 0
    except KeyboardInterrupt:
        status = _INTERRUPTED
    except VisualAgentError as error:
        _print_error(error, as_json)
        return 2 if isinstance(error, (UserError, ModelNotFound, MissingDependency)) else 1
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return _no_room(error)
        if not hasattr(error, "format_message"):
            _print_error(error, as_json)
            if as_json:
                return 1
            raise
        if message := error.format_message():  # empty where the help was shown instead
            dash = " Write -- before a name that begins with a dash." if message.startswith("No such option") else ""
            _print_error(UserError(f"{message.rstrip('.')}; see --help.{dash}"), as_json)
        return 2
    if status == _INTERRUPTED:
        _print_error(Interrupted("Interrupted; run the command again."), as_json)
    return status


def _no_room(error: OSError) -> int:
    typer.echo(f"The result cannot be written: {error.strerror}; make room.", err=True)
    return 1


def _print_error(error: Exception, as_json: bool) -> None:
    from visual_agent.results import error_to_dict

    if as_json:
        _print_json(error_to_dict(error))
    else:
        typer.echo(f"{type(error).__name__}: {error}", err=True)


if __name__ == "__main__":
    main()
