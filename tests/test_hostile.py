"""Hostile files and URLs through `load`, and `load` fuzzed: our errors only, no hang, nothing fetched."""

from __future__ import annotations

import base64
import socket
import warnings
from pathlib import Path

import hostile
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from visual_agent.errors import ImageError, UserError
from visual_agent.loading import LoadPolicy, load, load_pages

pytestmark = pytest.mark.timeout(30)


def check_message(error: UserError) -> None:
    """One readable line that ends with what to do."""
    text = str(error)
    assert text.endswith(".")
    assert ";" in text or ". " in text or "," in text, text
    assert text.isprintable(), text
    assert len(text) < 500


def test_there_are_enough() -> None:
    groups = (hostile.HOSTILE_FILES, hostile.HOSTILE_URLS, hostile.HOSTILE_MARKUP)
    assert sum(map(len, groups)) + len(hostile.HOSTILE_ARGUMENTS) + len(hostile.HOSTILE_QUESTIONS) >= 60
    assert set(hostile.HOSTILE_FILES) >= hostile.LOADABLE


@pytest.mark.parametrize("name", hostile.HOSTILE_FILES)
def test_file(name: str, tmp_path: Path) -> None:
    path = hostile.HOSTILE_FILES[name](tmp_path)
    if name in hostile.LOADABLE:
        loaded = load(path)
        assert loaded.image.mode == "RGB"
        assert loaded.source.isprintable()
        return
    with pytest.raises(ImageError) as raised:
        load(path)
    check_message(raised.value)
    assert raised.value.image
    assert raised.value.image.partition("#")[0] in str(raised.value)


@pytest.mark.parametrize("name", hostile.HOSTILE_FILES)
def test_file_pages(name: str, tmp_path: Path) -> None:
    path = hostile.HOSTILE_FILES[name](tmp_path)
    try:
        assert load_pages(str(path))
    except ImageError as error:
        check_message(error)


def test_files_outside_the_folders_are_refused(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    policy = LoadPolicy(folders=(inside,))
    for name in ("file of the system", "memory of the process", "device that never ends"):
        with pytest.raises(ImageError, match="outside the folders"):
            load(hostile.HOSTILE_FILES[name](inside), policy)
    with pytest.raises(ImageError, match="outside the folders"):
        load(hostile.HOSTILE_FILES["link to a text of the system"](inside), policy)


@pytest.mark.parametrize("name", hostile.HOSTILE_URLS)
def test_url(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*arguments: object, **options: object) -> None:
        pytest.fail(f"connected to {arguments}")

    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(ImageError) as raised:
        load(hostile.HOSTILE_URLS[name])
    check_message(raised.value)
    assert "secret" not in str(raised.value)


SEEDS = {
    "png": hostile.picture("PNG", (20, 14)),
    "palette png": hostile.picture("PNG", (20, 14), "P"),
    "jpeg": hostile.picture("JPEG", (20, 14), exif=hostile._ORIENTATION_99),
    "progressive jpeg": hostile.picture("JPEG", (20, 14), progressive=True),
    "cmyk jpeg": hostile.picture("JPEG", (20, 14), "CMYK"),
    "gif": hostile.picture("GIF", (20, 14)),
    "webp": hostile.picture("WEBP", (20, 14)),
    "bmp": hostile.picture("BMP", (20, 14)),
    "tiff": hostile.picture("TIFF", (20, 14)),
    "lzw tiff": hostile.picture("TIFF", (20, 14), compression="tiff_lzw"),
    "ppm": hostile.picture("PPM", (20, 14)),
    "avif": hostile.picture("AVIF", (20, 14)),
    "pdf": hostile.pdf(b"0 0 50 50 re f", b"1 0 0 rg 0 0 9 9 re f"),
}
#: Keeps a mutated header from asking for a large picture, so that the fuzzing stays fast.
SMALL = LoadPolicy(max_pixels=400_000, max_bytes=1_000_000)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid file with bytes changed, cut out, doubled, or cut off."""
    data = bytearray(SEEDS[draw(st.sampled_from(sorted(SEEDS)))])
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        kind = draw(st.sampled_from(["set", "insert", "drop", "cut"]))
        piece = draw(st.binary(min_size=1, max_size=6))
        if kind == "set":
            data[at : at + len(piece)] = piece
        elif kind == "insert":
            data[at:at] = piece
        elif kind == "drop":
            del data[at : at + len(piece) * 4]
        elif at > 20:
            del data[at:]
    return bytes(data)


def load_or_refuse(source: str | bytes, *, strict: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error" if strict else "ignore")
        try:
            for loaded in load_pages(source, SMALL):
                assert loaded.image.mode == "RGB"
                loaded.image.tobytes()
        except ImageError as error:
            check_message(error)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=mutated(), strict=st.booleans())
def test_fuzzed_bytes(data: bytes, strict: bool) -> None:
    load_or_refuse(data, strict=strict)


@settings(max_examples=100, deadline=None)
@given(data=mutated(), start=st.sampled_from(["data:image/png;base64,", "data:;base64,", ""]), cut=st.integers(0, 99))
def test_fuzzed_base64(data: bytes, start: str, cut: int) -> None:
    text = start + base64.b64encode(data).decode()
    load_or_refuse(text[: len(text) - cut], strict=True)


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=80), start=st.sampled_from(["", "data:", "data:image/png,", "/9j/4AAQ", "iVBORw0KGgo"]))
def test_fuzzed_text(text: str, start: str) -> None:
    load_or_refuse(start + text, strict=True)


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(max_size=40), start=st.sampled_from(["http://", "https://[", "http://127.0.0.1", "http://0x", "file:"])
)
def test_fuzzed_urls(text: str, start: str) -> None:
    refuse = LoadPolicy(allowed_hosts=("only.example",))
    with pytest.raises(ImageError) as raised:
        load(start + text, refuse)
    check_message(raised.value)


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200))
def test_fuzzed_noise(data: bytes) -> None:
    load_or_refuse(data, strict=False)
