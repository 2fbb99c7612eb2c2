"""The trace page: complete, harmless, and looked at in a real browser on a desk and on a phone."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from agent_kit import act, agent_of, final, picture
from PIL import Image

from visual_agent.geometry import Box, Region
from visual_agent.images import Ledger
from visual_agent.observations import Observation
from visual_agent.trace import Step, Trace
from visual_agent.trace_html import to_html

HOSTILE = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    '"><svg onload=window.hacked=1>',
    "' onmouseover='window.hacked=1",
    "</style><script>window.hacked=1</script>",
    "</title></textarea></pre><iframe src=javascript:window.hacked=1>",
    "javascript:window.hacked=1",
    "<!--<script>",
    "]]><script>window.hacked=1</script>",
    "&lt;script&gt;",
    "\u202egnp.exe",
    "\x00\x1b[31m",
    "\ud800",
    "中文与 العربية",
]


def finished(question: str = "What is the total?") -> Trace:
    turns = [
        act("read_text", {"image": "img1"}, "I read the receipt first."),
        act("crop", {"image": "img1", "box": "r3"}, "I look closer."),
        act("nothing", {"x": 1}, "A tool that is not there."),
        final("The total is 12.30 [r3]. The date is 2026-01-03 [r2]. A search confirms it."),
    ]
    trace = agent_of(*turns).run(question, picture(size=(600, 300)), picture("lightblue")).trace
    assert trace is not None
    return trace


def hostile() -> Trace:
    """A trace in which every text that does not come from us is an attack."""
    ledger = Ledger([picture()])
    everything = " ".join(HOSTILE)
    region = ledger.record(Region(everything, Box(10, 10, 60, 30), "img1", 0.5, everything))
    evidence = {"image": "img1", "box": [10, 10, 60, 30], "phrase": everything, "source": everything,
                "call_id": everything, "region": everything}  # fmt: skip
    steps = [
        Step(1, text, text, {text: text, "n": [text]}, text, Observation(text + "\n" * 20 + text, (region,), ("img1",)),
             0.1, {"prompt": 3}, error=text)
        for text in [*HOSTILE, everything]
    ]  # fmt: skip
    trace = Trace(everything, everything, everything, steps=steps)
    trace.answer = {
        "text": everything,
        "found": True,
        "stopped": everything,
        "thought": everything,
        "claims": [{"text": everything, "evidence": [evidence]}, {"text": everything, "evidence": []}],
    }
    trace.add_pictures(ledger)
    record = trace.pictures[0]
    trace.pictures[0] = type(record)(**{**_fields(record), "source": everything, "note": everything})
    return trace


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


class Elements(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


# --- Without a browser ---------------------------------------------------------------------------------------------


def test_the_page_holds_the_run():
    html = to_html(finished())
    expected = ["What is the total?", "The total is 12.30.", "A search confirms it.", "Unsupported", "read_text"]
    expected += ["I read the receipt", "There is no tool", "img1.crop1", "600 × 300", "3 steps", "Found"]
    for text in expected:
        assert text in html, text
    assert html.count('class="claim unsupported"') == 1
    assert html.count('class="region evidence"') == 2
    assert html.count('class="region"') == 1
    assert "[r3]." not in html.split("<section")[0]


def test_the_page_needs_nothing_else():
    tags = Elements(to_html(finished())).found
    urls = [
        v for _, attrs in tags for name, v in attrs.items() if name in ("src", "href", "action", "data", "xlink:href")
    ]
    assert urls
    assert all(url and url.startswith("data:") for url in urls)
    assert [tag for tag, _ in tags if tag in ("link", "iframe", "object", "embed", "form", "base")] == ["link"]
    policy = next(a["content"] for t, a in tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:")
    assert "script-src 'sha256-" in policy
    assert "@import" not in to_html(finished())
    assert "url(" not in re.sub(r"url\(#mask-[\w-]+\)", "", to_html(finished()))


def test_nothing_hostile_becomes_markup():
    tags = Elements(to_html(hostile())).found
    assert [tag for tag, _ in tags].count("script") == 1
    assert [tag for tag, _ in tags if tag == "iframe"] == []
    assert not [name for _, attrs in tags for name in attrs if name.startswith("on")]
    to_html(hostile()).encode()


def test_chinese_questions_get_a_chinese_page():
    html = to_html(finished("合计是多少？"))
    assert '<html lang="zh">' in html
    assert "没有依据" in html


def test_pictures_may_be_given_or_missing():
    trace = finished()
    trace.pixels.clear()
    html = to_html(trace)
    assert "picture not kept" in html
    assert "data:image" not in html
    assert "data:image" in to_html(trace, {"img1": Image.new("RGB", (600, 300))})
    assert "data:image" in to_html(trace, Ledger([picture(size=(600, 300))]))


def test_odd_traces_make_a_page():
    empty = Trace("?", "m", "now")
    assert "Not found" in to_html(empty)
    lost = finished()
    lost.pictures.clear()
    assert "The total" in to_html(lost)
    limit = finished()
    limit.answer = {**limit.answer, "stopped": "seconds", "found": False}
    assert "Ended by a limit: time" in to_html(limit)


def test_large_pictures_become_pages_of_sensible_size():
    import numpy as np

    rng = np.random.default_rng(5)
    noise = Image.fromarray(rng.integers(0, 255, (1600, 2400, 3), dtype=np.uint8))
    trace = Trace("?", "m", "now")
    trace.add_pictures(Ledger([noise]))
    assert len(to_html(trace)) < 6_000_000
    trace = Trace("?", "m", "now")
    trace.add_pictures(Ledger([Image.linear_gradient("L").convert("RGB").resize((4000, 3000))]))
    assert len(to_html(trace)) < 200_000


# --- In a browser --------------------------------------------------------------------------------------------------

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One Chromium for all tests here, with a profile of its own."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="needs the Python package playwright")
    with api.sync_playwright() as play:
        started = play.chromium.launch(executable_path=chromium, args=FLAGS, timeout=60_000)
        yield started
        started.close()


class Watched:
    """A page that remembers what it asked for and complained about."""

    def __init__(self, browser: Any, file: Path, html: str, width: int, height: int, scheme: str = "light") -> None:
        file.write_text(html, encoding="utf-8")
        self.page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.page.set_default_timeout(15_000)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append("a dialog"))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri())
        self.page.wait_for_load_state("load")

    def check(self) -> None:
        """Nothing went out, nothing went wrong."""
        assert self.complaints == []
        assert [u for u in self.requests if not u.startswith(("data:", "file:"))] == []
        assert sum(u.startswith("file:") for u in self.requests) == 1


SIZES = {"desk": (1280, 900), "phone": (390, 844), "narrow phone": (320, 640)}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_quiet(browser, tmp_path, size, scheme):
    shown = Watched(browser, tmp_path / "t.html", to_html(finished()), *size, scheme)
    page = shown.page
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    overflowing = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
        ".map(e => e.tagName + '.' + e.className)"
    )
    assert overflowing == []
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert _contrast(ink, paper) > 7
    soft = page.evaluate("getComputedStyle(document.querySelector('figcaption')).color")
    assert _contrast(soft, paper) > 4.5
    image = tmp_path / "t.png"
    page.screenshot(path=str(image), full_page=True)
    with Image.open(image) as seen:
        assert seen.width == size[0]
        assert len(seen.convert("RGB").getcolors(1 << 24) or []) > 50
    shown.check()
    page.close()


def _contrast(one: str, two: str) -> float:
    """WCAG 2 contrast ratio of two CSS rgb() colours."""

    def light(color: str) -> float:
        parts = [int(v) / 255 for v in re.findall(r"\d+", color)[:3]]
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_a_claim_lights_its_box(browser, tmp_path):
    shown = Watched(browser, tmp_path / "t.html", to_html(finished()), 1280, 900)
    page = shown.page
    lit = "[...document.querySelectorAll('.region.lit')].map(e => e.querySelector('title').textContent)"
    assert page.evaluate(lit) == []
    first, second = page.locator("button.claim").all()
    first.click()
    assert page.evaluate(lit) == ["TOTAL 12.30"]
    assert first.get_attribute("aria-pressed") == "true"
    assert page.locator(".veil.on").count() == 1
    second.click()
    assert page.evaluate(lit) == ["Date: 2026-01-03"]
    assert first.get_attribute("aria-pressed") == "false"
    page.keyboard.press("Escape")
    assert page.evaluate(lit) == []
    page.locator("button.call").first.click()
    assert len(page.evaluate(lit)) == 3
    page.locator(".pictures svg").first.click()
    assert page.evaluate(lit) == []
    shown.check()
    page.close()


def test_the_lit_box_is_where_it_was_read(browser, tmp_path):
    shown = Watched(browser, tmp_path / "t.html", to_html(finished()), 1280, 900)
    page = shown.page
    page.locator("button.claim").first.click()
    place = page.evaluate(
        "(() => { const s = document.querySelector('.pictures svg').getBoundingClientRect(),"
        " b = document.querySelector('.region.lit rect').getBoundingClientRect(), k = 600 / s.width;"
        " return [(b.left - s.left) * k, (b.top - s.top) * k, (b.right - s.left) * k, (b.bottom - s.top) * k]; })()"
    )
    assert place == pytest.approx([10, 60, 150, 75], abs=4), "TOTAL 12.30 stands at (10, 60, 150, 75)"
    page.close()


def test_it_works_by_keyboard(browser, tmp_path):
    shown = Watched(browser, tmp_path / "t.html", to_html(finished()), 1280, 900)
    page = shown.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "claim"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.locator(".region.lit").count() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert "Date" in page.locator(".region.lit title").text_content()
    shown.check()
    page.close()


def test_a_claim_on_a_phone_brings_the_picture(browser, tmp_path):
    shown = Watched(browser, tmp_path / "t.html", to_html(finished()), 390, 700)
    page = shown.page
    page.locator("button.claim").first.click()
    inside = (
        "(() => { const r = document.querySelector('.pictures svg').getBoundingClientRect();"
        " return r.top >= -1 && r.bottom <= innerHeight + 1; })()"
    )
    for _ in range(50):  # the page's policy forbids Playwright's own waiting, which evaluates text
        if page.evaluate(inside):
            break
        page.wait_for_timeout(100)
    assert page.evaluate(inside)
    shown.check()
    page.close()


def test_hostile_texts_stay_texts(browser, tmp_path):
    shown = Watched(browser, tmp_path / "t.html", to_html(hostile()), 390, 844)
    page = shown.page
    page.evaluate(
        "document.querySelectorAll('*').forEach(e => { for (const kind of ['mouseover', 'focus', 'click', 'error'])"
        " e.dispatchEvent(new Event(kind, { bubbles: true })); })"
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.hacked") is None
    assert "<script>window.hacked = 1</script>" in page.locator("h1").text_content()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shown.check()
    page.close()


def test_the_policy_stops_scripts_and_requests_that_are_not_ours(browser, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        attack = f"<script>window.hacked = 1</script><img src='{url}'><link rel=stylesheet href='{url}'></main>"
        shown = Watched(browser, tmp_path / "t.html", to_html(finished()).replace("</main>", attack), 800, 600)
        with pytest.raises(TimeoutError):
            server.accept()
    assert shown.page.evaluate("window.hacked") is None
    assert sum("Content Security Policy" in text for text in shown.complaints) >= 3
    shown.page.close()
