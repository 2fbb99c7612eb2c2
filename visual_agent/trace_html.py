"""The trace as one HTML page: no server, no network, nothing but the file.

In: a `Trace` and its pictures. Out: HTML with inline CSS, JavaScript and pictures (data URIs, made smaller where that
loses nothing on a screen).

Everything that comes from pictures, models or users is escaped; besides, the page's own policy allows no script but
ours (by its hash), and no request at all.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from visual_agent.errors import BoxError, ImageError
from visual_agent.geometry import Box, Region, Transform
from visual_agent.images import Ledger
from visual_agent.react import language_of
from visual_agent.trace import PictureRecord, Step, Trace, named_pictures

if TYPE_CHECKING:
    from PIL.Image import Image

#: Longer sides in pixels: a root fills half a large screen, a crop a column, a proof a line.
_ROOT, _CROP, _PROOF = 1800, 1000, 560
#: Observations with more lines are folded after this many.
_LINES = 14
#: An answer with more characters is set smaller.
_LONG = 140
#: Pictures are shown at least this many pixels long (as far as the column allows).
_FIGURE = 900

_WORDS = {
    "en": {
        "found": "Found",
        "missing": "Not found",
        "claims": "Statements",
        "pictures": "Pictures",
        "steps": "Steps",
        "unsupported": "Unsupported: no observation stands behind this.",
        "read": "read as",
        "more": "all {n} lines",
        "cached": "from memory",
        "none": "The answer was given without a tool call.",
        "stopped": "Ended by a limit: {why}",
        "step_count": "{n} steps",
        "step_count_1": "1 step",
        "box": "1 box",
        "boxes": "{n} boxes",
        "tokens": "{n} tokens",
        "gone": "picture not kept",
    },
    "zh": {
        "found": "已找到",
        "missing": "未找到",
        "claims": "陈述与证据",
        "pictures": "图片",
        "steps": "步骤",
        "unsupported": "没有依据：没有任何观察结果支持这句话。",
        "read": "读作",
        "more": "全部 {n} 行",
        "cached": "取自记忆",
        "none": "回答时没有调用任何工具。",
        "stopped": "因限制而结束：{why}",
        "step_count": "{n} 步",
        "step_count_1": "1 步",
        "box": "1 个框",
        "boxes": "{n} 个框",
        "tokens": "{n} 个词元",
        "gone": "图片未保存",
    },
}
_STOPPED = {"model_calls": "model calls", "tool_calls": "tool calls", "seconds": "time", "unreadable_output": "output"}


def to_html(trace: Trace, pictures: Ledger | Mapping[str, Image] | None = None) -> str:
    """The page of a run.

    Args:
        trace: the run.
        pictures: a ledger or images by name; None takes those the trace holds. Missing pictures leave a gap.
    """
    return _Page(trace, pictures).html().encode("utf-8", "replace").decode()  # half surrogate pairs cannot be written


@cache
def _asset(name: str) -> str:
    return (files("visual_agent") / "trace_page" / name).read_text(encoding="utf-8")


class _Page:
    """Builds the page of one trace."""

    def __init__(self, trace: Trace, pictures: Ledger | Mapping[str, Image] | None) -> None:
        self.trace = trace
        self.images = _images(trace, pictures)
        self.records = {record.name: record for record in trace.pictures}
        self.language = language_of(trace.question)
        self.words = _WORDS[self.language]
        self.evidence = [item for claim in trace.answer.get("claims", []) for item in claim["evidence"]]

    def html(self) -> str:
        script = _asset("page.js")
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy = (
            f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
            "base-uri 'none'; form-action 'none'"
        )
        title = escape(" ".join(self.trace.question.split())[:80])
        return (
            f'<!doctype html>\n<html lang="{self.language}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
            f"<title>{title}</title>\n<style>\n{_asset('page.css')}</style>\n</head>\n<body>\n<main>\n"
            f"{self._head()}\n{self._pictures()}\n{self._story()}\n</main>\n<script>{script}</script>\n</body>\n</html>\n"
        )

    # --- The answer ----------------------------------------------------------------------------------------------

    def _head(self) -> str:
        answer = self.trace.answer
        found = bool(answer.get("found"))
        text = str(answer.get("text", ""))
        tokens = self.trace.usage.get("prompt_tokens", 0) + self.trace.usage.get("new_tokens", 0)
        count = len(self.trace.steps)
        steps = self.words["step_count_1"] if count == 1 else self.words["step_count"].format(n=count)
        facts = [steps, _seconds(self.trace.seconds)]
        facts += [self.words["tokens"].format(n=f"{tokens:,}")] if tokens else []
        if stopped := str(answer.get("stopped", "")):
            facts.append(self.words["stopped"].format(why=_STOPPED.get(stopped, stopped)))
        verdict = "found" if found else "missing"
        spans = "".join(f"<span>{escape(fact)}</span>" for fact in facts)
        size = " long" if len(text) > _LONG else ""
        return (
            f'<header class="head">\n<h1>{escape(self.trace.question)}</h1>\n'
            f'<p class="answer{size}">{escape(text)}</p>\n'
            f'<p class="verdict {verdict}"><b>{self.words[verdict]}</b>{spans}</p>\n{self._claims()}</header>'
        )

    def _claims(self) -> str:
        claims = self.trace.answer.get("claims", [])
        if not claims:
            return ""
        items = "\n".join(f"<li>{self._claim(claim)}</li>" for claim in claims)
        return f'<h2>{self.words["claims"]}</h2>\n<ul class="claims">\n{items}\n</ul>\n'

    def _claim(self, claim: Mapping[str, Any]) -> str:
        text = escape(str(claim["text"]))
        if not claim["evidence"]:
            return f'<div class="claim unsupported">{text}<small>{self.words["unsupported"]}</small></div>'
        keys = " ".join(_key(item["image"], item["box"]) for item in claim["evidence"])
        proofs = "".join(self._proof(item) for item in claim["evidence"][:4])
        reads = "; ".join(
            f"{item['region'] or item['image']}: {item['phrase']}" for item in claim["evidence"] if item["phrase"]
        )
        return (
            f'<button type="button" class="claim" aria-pressed="false" data-regions="{escape(keys)}">{text}'
            f'<span class="proof">{proofs}</span><small>{escape(_cut(reads, 300))}</small></button>'
        )

    def _proof(self, item: Mapping[str, Any]) -> str:
        """The evidence itself, cut from the root with a little margin."""
        image = self.images.get(str(item["image"]))
        if image is None:
            return ""
        try:
            box = Box(*item["box"])
            height = box.height
            around = Box(box.x1 - height / 3, box.y1 - height / 3, box.x2 + height / 3, box.y2 + height / 3)
            part = image.crop(around.clipped(image.size).rounded())
        except (BoxError, TypeError):
            return ""
        alternative = f"{self.words['read']}: {item['phrase']}"
        return f'<img alt="{escape(_cut(alternative, 200))}" src="{_data_uri(part, _PROOF)}">'

    # --- The pictures --------------------------------------------------------------------------------------------

    def _pictures(self) -> str:
        figures = "\n".join(self._root(record) for record in self.trace.pictures if record.parent is None)
        return (
            f'<section class="pictures" aria-label="{self.words["pictures"]}">\n<h2>{self.words["pictures"]}</h2>\n'
            f"{figures}\n</section>"
        )

    def _root(self, record: PictureRecord) -> str:
        width, height = record.size
        shown = max(1.0, _FIGURE / max(width, height))  # small pictures are enlarged, large ones shrink to the column
        image = self.images.get(record.name)
        picture = f'<image width="{width}" height="{height}" href="{_data_uri(image, _ROOT)}"/>' if image else ""
        boxes = "\n".join(self._boxes(record))
        source = f" · {escape(_cut(record.source, 80))}" if record.source else ""
        gone = "" if image else f" · {self.words['gone']}"
        return (
            f'<figure>\n<svg viewBox="0 0 {width} {height}" width="{width * shown:.0f}" height="{height * shown:.0f}" '
            f'role="img" aria-label="{escape(record.name)}">\n{picture}\n'
            f"{_veil(record)}\n{boxes}\n</svg>\n"
            f"<figcaption>{escape(record.name)}{source} · {width} × {height}{gone}</figcaption>\n</figure>"
        )

    def _boxes(self, record: PictureRecord) -> Iterable[str]:
        """Each box once; those behind the answer are always visible."""
        shown: dict[str, tuple[Box, str, bool]] = {}
        for item in self.evidence:
            if item["image"] == record.name:
                shown[_key(item["image"], item["box"])] = Box(*item["box"]), str(item["phrase"]), True
        for step in self.trace.steps:
            for region in step.observation.regions:
                placed = self._placed(region)
                if placed and placed.frame == record.name:
                    key = _key(placed.frame, placed.box.as_tuple())
                    shown.setdefault(key, (placed.box, region.phrase, False))
        edge = max(record.size) / 300  # the line runs around what was read, not through it
        for key, (box, phrase, is_evidence) in shown.items():
            kind = "region evidence" if is_evidence else "region"
            x, y, width, height = box.x1 - edge, box.y1 - edge, box.width + 2 * edge, box.height + 2 * edge
            yield (
                f'<g class="{kind}" data-id="{escape(key)}"><title>{escape(_cut(phrase, 200))}</title>'
                f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}"/></g>'
            )

    def _placed(self, region: Region) -> Region | None:
        """A region in its root's pixels; None where the trace does not know its picture."""
        record = self.records.get(region.frame)
        root = self.records.get(record.root) if record else None
        if record is None or root is None:
            return None
        try:
            box = Transform(*record.to_root).apply(region.box).clipped(root.size)
        except BoxError:
            return None
        return region.moved(box, root.name)

    # --- The steps -----------------------------------------------------------------------------------------------

    def _story(self) -> str:
        longest = max((step.seconds for step in self.trace.steps), default=0.0)
        most = max((_spent(step) for step in self.trace.steps), default=0)
        steps = "\n".join(f"<li>{self._step(step, longest, most)}</li>" for step in self.trace.steps)
        if thought := str(self.trace.answer.get("thought", "")):
            steps += f'\n<li><p class="thought">{escape(thought)}</p></li>'
        body = f'<ol class="steps">\n{steps}\n</ol>' if steps else f"<p>{self.words['none']}</p>"
        facts = [self.trace.model, self.trace.started.replace("T", " ").replace("+00:00", " UTC")]
        return (
            f'<section class="story">\n<h2>{self.words["steps"]}</h2>\n{body}\n'
            f"<footer><p>{escape(' · '.join(facts))}</p></footer>\n</section>"
        )

    def _step(self, step: Step, longest: float, most: int) -> str:
        placed = [region for r in step.observation.regions if (region := self._placed(r))]
        keys = " ".join(_key(region.frame, region.box.as_tuple()) for region in placed)
        thought = f'<p class="thought">{escape(step.thought)}</p>\n' if step.thought else ""
        args = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in step.args.items())
        note = f" <small>{self.words['cached']}</small>" if step.cached else ""
        call = (
            f'<span class="number">{step.index}</span>'
            f"<code><b>{escape(step.tool or '?')}</b>({escape(_cut(args, 600))}){note}</code>"
        )
        if placed:
            count = self.words["box" if len(placed) == 1 else "boxes"].format(n=len(placed))
            call = (
                f'<button type="button" class="call" aria-pressed="false" data-regions="{escape(keys)}">{call}'
                f'<span class="count">{count}</span></button>'
            )
        else:
            call = f'<div class="call">{call}</div>'
        return f"{thought}{call}\n{self._seen(step)}{self._shots(step)}{self._cost(step, longest, most)}"

    def _seen(self, step: Step) -> str:
        lines = step.observation.text.splitlines()
        head = escape("\n".join(lines[:_LINES]))
        rest = ""
        if len(lines) > _LINES:
            more = self.words["more"].format(n=len(lines))
            folded = escape("\n".join(lines[_LINES:]))
            rest = f"<details><summary>{more}</summary><pre>{folded}</pre></details>"
        return f'<div class="seen{" failed" if step.error else ""}"><pre>{head}</pre>{rest}</div>\n'

    def _shots(self, step: Step) -> str:
        shots = []
        for name in step.observation.pictures:
            image = self.images.get(name)
            if image is None:
                continue
            width, height = image.size
            caption = f"{escape(name)} · {width} × {height}"
            uri = _data_uri(image, _CROP)
            shots.append(f'<figure><img alt="{escape(name)}" src="{uri}"><figcaption>{caption}</figcaption></figure>')
        return f'<div class="shots">{"".join(shots)}</div>\n' if shots else ""

    def _cost(self, step: Step, longest: float, most: int) -> str:
        tokens = _spent(step)
        rows = _bar(step.seconds / longest if longest else 0, "time", _seconds(step.seconds))
        if tokens:
            rows += _bar(tokens / most if most else 0, "tokens", self.words["tokens"].format(n=f"{tokens:,}"))
        return f'<div class="cost">{rows}</div>'


def _images(trace: Trace, pictures: Ledger | Mapping[str, Image] | None) -> dict[str, Image]:
    if pictures is not None:
        return named_pictures(trace, pictures)
    images = {}
    for record in trace.pictures:
        try:
            images[record.name] = trace.image(record.name)
        except ImageError:  # the page says which picture was not kept
            continue
    return images


def _data_uri(image: Image, longest: int) -> str:
    """A data URI: PNG for small graphics, else WebP; never larger than `longest` pixels a side."""
    from PIL.Image import Resampling

    if max(image.size) > longest:
        scale = longest / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Resampling.LANCZOS, reducing_gap=3.0)
    out = io.BytesIO()
    small = image.width * image.height <= 40_000
    if small:
        image.save(out, "PNG")
    else:
        image.save(out, "WEBP", quality=86, method=3)
    return f"data:image/{'png' if small else 'webp'};base64,{base64.b64encode(out.getvalue()).decode()}"


def _veil(record: PictureRecord) -> str:
    """What dims the picture around the chosen boxes; the script puts those into `holes`."""
    size = 'width="100%" height="100%"'
    name = re.sub(r"\W", "-", record.name)
    return (
        f'<mask id="mask-{name}"><rect {size} fill="#fff"/><g class="holes"></g></mask>'
        f'<rect class="veil" {size} mask="url(#mask-{name})"/>'
    )


def _key(image: str, box: Iterable[float]) -> str:
    """A name for a box of a root picture, the same for evidence and for step regions; no blanks."""
    return re.sub(r"\s", "", str(image)) + ":" + ",".join(str(round(float(v))) for v in box)


def _bar(part: float, kind: str, label: str) -> str:
    width = max(0.5, min(100.0, 100 * part))
    track = '<rect class="track" width="100" height="1"/>'
    filled = f'<rect class="{kind}" width="{width:.1f}" height="1"/>'
    return (
        f'<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">{track}{filled}</svg>'
        f"<span>{escape(label)}</span>"
    )


def _spent(step: Step) -> int:
    """Tokens of the model call behind a step."""
    return step.tokens.get("prompt", 0) + step.tokens.get("new", 0)


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
