"""What a source file declares: pictures as HTML (or a drawing function) and the questions about them.

In: literals in the `batch*.py` files. Out: `Picture` and `Question` values that `build.py` renders and splits.
`evidence` names elements of the page by id (`"total"`), for a pair with its page (`"1:total"`); the boxes are
measured in the browser, so nobody types a coordinate.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

HANZI = re.compile(r"[一-鿿]")

Boxes = dict[str, tuple[float, float, float, float]]
Draw = Callable[[Any], tuple[Any, Boxes]]


@dataclass(frozen=True)
class Question:
    """One question; `answers` are alternatives, for `set` all needed elements (`a|b` = either)."""

    text: str
    answers: tuple[str, ...]
    match: str
    evidence: tuple[str, ...] = ()
    kind: str = ""
    found: bool = True


@dataclass(frozen=True)
class Page:
    """One image: HTML for Chromium, or a function that returns a PIL image and named boxes."""

    html: str = ""
    size: tuple[int, int] = (800, 0)  # height 0: as tall as the page
    draw: Draw | None = None
    photo: dict[str, float] | None = None  # see render.photograph
    quality: int = 0  # 0: PNG, else JPEG quality


@dataclass(frozen=True)
class Picture:
    """One or two images that stay together in one half, and their questions."""

    name: str
    family: str
    pages: list[Page]
    questions: list[Question] = field(default_factory=list)
    language: str = "en"


def _ask(match: str) -> Callable[..., Question]:
    def make(text: str, answers: str, evidence: str = "", kind: str = "") -> Question:
        return Question(text, tuple(answers.split(";;")), match, tuple(evidence.split()), kind)

    return make


exact, number, contains = _ask("exact"), _ask("number"), _ask("contains")
yesno, items, text = _ask("yesno"), _ask("set"), _ask("text")


def locate(words: str, evidence: str, kind: str = "locate") -> Question:
    """Where is it: right when a returned box points at the evidence."""
    return Question(words, (), "box", tuple(evidence.split()), kind)


def absent(words: str, kind: str = "") -> Question:
    """The picture does not hold the answer."""
    return Question(words, (), "exact", (), kind, found=False)


def needs_vlm(words: str, truth: str) -> Question:
    """Only looking answers this: a refusal that says so is right, and so is the truth."""
    return Question(words, tuple(truth.split(";;")), "refusal", (), "needs_vlm", found=False)


def language(question: Question, picture: Picture) -> str:
    """`zh`, `en`, or `mixed` where question and picture differ."""
    asked = "zh" if HANZI.search(question.text) else "en"
    return asked if asked == picture.language else "mixed"


def page(html: str = "", width: int = 800, height: int = 0, **more: Any) -> Page:
    """A page from HTML, `width` x `height` CSS pixels."""
    return Page(html=html, size=(width, height), **more)


def grid(rows: str, names: bool = True, head: int = 1) -> str:
    """Rows of `a | b | c` as table rows; cell ids are `r<row>c<column>`, from 0 with the heading row."""
    out = []
    for r, line in enumerate(rows.strip().splitlines()):
        tag = "th" if r < head else "td"
        cells = [
            f"<{tag}{f' id=r{r}c{c}' if names else ''}>{cell.strip()}</{tag}>" for c, cell in enumerate(line.split("|"))
        ]
        out.append("<tr>" + "".join(cells) + "</tr>")
    return "".join(out)
