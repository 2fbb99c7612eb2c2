"""The suites download a picture and a PDF; here both come from this machine, and nothing else is served."""

from __future__ import annotations

import io

import httpx
import pytest
from PIL import Image, ImageDraw


def _picture() -> bytes:
    image = Image.new("RGB", (120, 80), "white")
    ImageDraw.Draw(image).rectangle((20, 20, 90, 60), fill="purple")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _document() -> bytes:
    out = io.BytesIO()
    pages = [Image.new("RGB", (200, 100), colour) for colour in ("white", "gray")]
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:])
    return out.getvalue()


def _file_at(url: str) -> bytes:
    if url.startswith("https://raw.githubusercontent.com/") and url.endswith(".png"):
        return _picture()
    if url.startswith("https://www.w3.org/") and url.endswith(".pdf"):
        return _document()
    raise AssertionError(f"nothing is served for {url}")


@pytest.fixture(autouse=True)
def _local_downloads(monkeypatch):
    """Serve what the suites fetch themselves, and what the model fetches because a message names a URL."""
    monkeypatch.setattr(httpx, "get", lambda url, **_: httpx.Response(200, content=_file_at(url)))
    monkeypatch.setattr("visual_agent.fetching.fetch", lambda url, policy, **_: _file_at(url))
