"""`load`: every kind of source and of picture, the conversions, the limits, and the messages."""

from __future__ import annotations

import base64
import io
import os
import struct
import threading
import time
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import numpy as np
import pytest
from hostile import pdf, pdf_with_image, picture, png_claiming, tiff_claiming
from PIL import Image, ImageOps

from visual_agent import decoding, documents
from visual_agent.errors import (
    ContentError,
    ImageNotFound,
    ImageRefused,
    ImageTooLarge,
    ImageUnreadable,
)
from visual_agent.loading import Loaded, LoadPolicy, label_of, load, load_pages

RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)


def corners(size: tuple[int, int] = (40, 24)) -> Image.Image:
    """Four quarters: red, green / blue, white. Every turn of it looks different."""
    image = Image.new("RGB", size, WHITE)
    half = (size[0] // 2, size[1] // 2)
    image.paste(RED, (0, 0, *half))
    image.paste(GREEN, (half[0], 0, size[0], half[1]))
    image.paste(BLUE, (0, half[1], half[0], size[1]))
    return image


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def quarters(image: Image.Image) -> list[tuple[int, int, int]]:
    """The colours in the middle of the four quarters, in reading order, coarse enough for JPEG."""
    w, h = image.size
    places = [(w // 4, h // 4), (3 * w // 4, h // 4), (w // 4, 3 * h // 4), (3 * w // 4, 3 * h // 4)]
    named = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE}
    found = [image.getpixel(place) for place in places]
    return [min(named, key=lambda n: sum(abs(a - b) for a, b in zip(named[n], pixel, strict=True))) for pixel in found]


UPRIGHT = ["red", "green", "blue", "white"]
KINDS = ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF"]


def ours(loaded: Loaded) -> Image.Image:
    """The image, checked to be what `load` promises."""
    assert loaded.image.mode == "RGB"
    assert type(loaded.image) is Image.Image
    assert not loaded.image.info
    return loaded.image


# --- kinds of source -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_formats(kind: str, tmp_path: Path) -> None:
    data = saved(corners(), kind)
    path = tmp_path / f"picture.{kind.lower()}"
    path.write_bytes(data)
    for source in (path, str(path), data, bytearray(data), memoryview(data)):
        image = ours(load(source))
        assert image.size == (40, 24)
        assert quarters(image) == UPRIGHT


def test_content_decides_and_not_the_name(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(saved(corners(), "PNG"))
    assert quarters(load(tmp_path / "a.jpg").image) == UPRIGHT
    (tmp_path / "b.png").write_bytes(pdf(b""))
    assert load(tmp_path / "b.png").image.size == (555, 277)


@pytest.mark.parametrize("kind", KINDS)
def test_bare_base64(kind: str) -> None:
    text = base64.b64encode(saved(corners(), kind)).decode()
    lines = "\n".join(text[i : i + 76] for i in range(0, len(text), 76))
    for form in (text, f" {lines}\n", text.rstrip("="), text.replace("+", "-").replace("/", "_")):
        if kind == "PPM":  # begins like a word: such base64 needs a data URI
            with pytest.raises(ImageNotFound):
                load(form)
        else:
            assert quarters(load(form).image) == UPRIGHT


def test_broken_base64() -> None:
    text = base64.b64encode(picture("PNG", (200, 100))).decode()
    for broken in (text[:300] + "!" + text[300:], text[:401], f"data:image/png;base64,{text[:50]}*"):
        with pytest.raises(ImageUnreadable, match=r"broken base64|truncated"):
            load(broken)
    with pytest.raises(ImageNotFound):
        load(text[:60] + "!.png")  # short enough for a name


def test_data_uris() -> None:
    data = saved(corners(), "PNG")
    text = base64.b64encode(data).decode()
    for uri in (
        f"data:image/png;base64,{text}",
        f"DATA:image/jpeg;BASE64,{text}",  # the declared type is not believed
        f"data:image/png;name=a.png;base64,{text}",
        f"data:;base64,{text.rstrip('=')}",
        f"data:image/png;base64,{text.replace('+', '%2B').replace('=', '%3D')}",
        f"data:image/png,{quote_from_bytes(data)}",
    ):
        loaded = load(uri)
        assert quarters(ours(loaded)) == UPRIGHT
        assert loaded.source.startswith("data:")
        assert text[:20] not in loaded.source


def test_pil_images() -> None:
    mine = corners()
    loaded = load(mine)
    assert loaded.source == "PIL image 40x24"
    assert ours(loaded) is not mine
    mine.paste(BLACK, (0, 0, 40, 24))
    assert quarters(loaded.image) == UPRIGHT


def test_lazy_pil_images(tmp_path: Path) -> None:
    data = saved(corners(), "JPEG", exif=exif_of(6))
    (tmp_path / "a.jpg").write_bytes(data)
    with Image.open(tmp_path / "a.jpg") as image:
        assert load(image).image.size == (24, 40)
    with pytest.raises(ImageUnreadable):
        load(Image.open(io.BytesIO(data[:-50])))
    closed = Image.open(io.BytesIO(data))
    closed.close()
    with pytest.raises(ImageUnreadable):
        load(closed)


class BytesPath:
    def __fspath__(self) -> bytes:
        return b"a.png"


@pytest.mark.parametrize(
    "source", [BytesPath(), None, 3, 2.5, [], {}, object(), ["a.png"], b"a.png".decode, io.BytesIO(b"x")]
)
def test_other_things_are_no_source(source: Any) -> None:
    with pytest.raises(ContentError, match=r"give a path|must be text"):
        load(source)


# --- upright ---------------------------------------------------------------------------------------------------------


def exif_of(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


UNDO = {
    1: [],
    2: [Image.Transpose.FLIP_LEFT_RIGHT],
    3: [Image.Transpose.ROTATE_180],
    4: [Image.Transpose.FLIP_TOP_BOTTOM],
    5: [Image.Transpose.TRANSPOSE],
    6: [Image.Transpose.ROTATE_90],
    7: [Image.Transpose.TRANSVERSE],
    8: [Image.Transpose.ROTATE_270],
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", UNDO)
def test_every_orientation_is_turned_upright(kind: str, orientation: int) -> None:
    """The picture is stored the way a camera held like that would store it."""
    image = corners()
    for turn in UNDO[orientation]:
        image = image.transpose(turn)
    loaded = load(saved(image, kind, exif=exif_of(orientation)))
    assert loaded.image.size == (40, 24)
    assert quarters(ours(loaded)) == UPRIGHT
    assert quarters(load(loaded.image).image) == UPRIGHT  # nothing turns it twice


def test_orientation_of_pil_images() -> None:
    image = Image.open(io.BytesIO(saved(corners().transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif_of(6))))
    assert quarters(load(image).image) == UPRIGHT
    assert quarters(load(ImageOps.exif_transpose(image)).image) == UPRIGHT


@pytest.mark.parametrize(
    "exif", [exif_of(0), exif_of(9), exif_of(60000), b"Exif\x00\x00garbage", b"Exif\x00\x00II*\x00"]
)
def test_broken_orientation_is_no_reason_to_refuse(exif: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert quarters(load(saved(corners(), "JPEG", exif=exif)).image) == UPRIGHT


# --- colours ---------------------------------------------------------------------------------------------------------


def pixel(source: Any) -> Any:
    return ours(load(source)).getpixel((0, 0))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_alpha_over_white(kind: str) -> None:
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    image = Image.new("RGBA", (16, 16), (0, 0, 0, 0))  # black where nothing is: the usual trap
    image.paste((200, 0, 0, 128), (8, 0, 16, 16))
    loaded = ours(load(saved(image, kind, **options)))
    assert min(loaded.getpixel((2, 8))) >= 254
    assert loaded.getpixel((13, 8)) == pytest.approx((227, 127, 127), abs=3)


@pytest.mark.parametrize(
    ("mode", "color", "expected"),
    [
        ("1", 1, WHITE),
        ("1", 0, BLACK),
        ("L", 77, (77, 77, 77)),
        ("LA", (0, 128), (127, 127, 127)),
        ("La", (64, 128), (191, 191, 191)),
        ("RGBA", (255, 0, 0, 0), WHITE),
        ("RGBa", (128, 0, 0, 128), (255, 127, 127)),
        ("RGBX", (1, 2, 3, 0), (1, 2, 3)),
        ("CMYK", (0, 0, 0, 0), WHITE),
        ("CMYK", (0, 255, 255, 0), RED),
        ("CMYK", (0, 0, 0, 255), BLACK),
        ("YCbCr", (76, 85, 255), (254, 0, 0)),
        ("HSV", (0, 255, 255), RED),
        ("I;16", 65535, WHITE),
        ("I;16", 257 * 40, (40, 40, 40)),
        ("I;16B", 257 * 40, (40, 40, 40)),
        ("I", 200, (200, 200, 200)),
        ("I", 4095, WHITE),
        ("I", 257 * 40, (40, 40, 40)),
        ("F", 0.5, (128, 128, 128)),
        ("F", 200.0, (200, 200, 200)),
        ("F", float("nan"), BLACK),
    ],
)
def test_modes(mode: str, color: Any, expected: tuple[int, int, int]) -> None:
    assert pixel(Image.new(mode, (4, 3), color)) == expected


def test_wide_ranges_are_stretched() -> None:
    array = np.array([[-1000, 0, 1000]], np.int32)
    assert [ours(load(Image.fromarray(array))).getpixel((x, 0))[0] for x in range(3)] == [0, 128, 255]
    floats = Image.fromarray(np.array([[-1e6, np.inf, 1e6, np.nan]], np.float32))
    assert [ours(load(floats)).getpixel((x, 0))[0] for x in range(4)] == [0, 255, 255, 0]


def test_palette_with_transparency() -> None:
    image = Image.new("P", (4, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
    image.putdata([0, 1, 2, 3])
    loaded = ours(load(saved(image, "PNG", transparency=1)))
    assert [loaded.getpixel((x, 0)) for x in range(4)] == [RED, WHITE, BLUE, (9, 9, 9)]
    loaded = ours(load(saved(image, "PNG", transparency=bytes([255, 128, 0]))))
    assert [loaded.getpixel((x, 0)) for x in range(4)] == [RED, (127, 255, 127), WHITE, (9, 9, 9)]
    loaded = ours(load(saved(image, "GIF", transparency=2)))
    assert [loaded.getpixel((x, 0)) for x in range(3)] == [RED, (0, 255, 0), WHITE]


@pytest.mark.parametrize(("mode", "key", "color"), [("L", 7, 7), ("RGB", (1, 2, 3), (1, 2, 3)), ("I;16", 700, 700)])
def test_transparent_colour(mode: str, key: Any, color: Any) -> None:
    assert pixel(saved(Image.new(mode, (3, 3), color), "PNG", transparency=key)) == WHITE
    assert pixel(saved(Image.new(mode, (3, 3), 0), "PNG", transparency=key)) == BLACK


def test_sixteen_bit_files() -> None:
    array = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    for kind in ("PNG", "TIFF"):
        loaded = np.asarray(ours(load(saved(Image.fromarray(array), kind))))
        assert (loaded[:, :, 0].ravel() == np.arange(256)).all()
    deep_ppm = b"P6 1 1 65535 " + struct.pack(">HHH", 65535, 257 * 128, 0)
    assert pixel(deep_ppm) == pytest.approx((255, 128, 0), abs=1)


def test_twelve_bit_tiff() -> None:
    tags = [(256, 4, 1, 2), (257, 4, 1, 1), (258, 3, 1, 12), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 134)]
    tags += [(277, 3, 1, 1), (278, 4, 1, 1), (279, 4, 1, 3)]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    head = b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", len(tags)) + entries + bytes(4)
    data = head + bytes(134 - len(head)) + bytes([0xFF, 0xF8, 0x00])  # 4095 and 2048
    image = ours(load(data))
    assert [image.getpixel((x, 0))[0] for x in range(2)] == [255, 128]


def test_cmyk_jpeg_with_and_without_adobe() -> None:
    """Adobe stores CMYK inverted and says so in a marker; without the marker the values stand as they are."""
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    data = saved(image, "JPEG", quality=95)
    assert pixel(data) == pytest.approx(RED, abs=6)
    at = data.index(b"\xff\xee")
    length = struct.unpack(">H", data[at + 2 : at + 4])[0]
    plain = data[:at] + data[at + 2 + length :]
    assert b"Adobe" not in plain
    assert pixel(plain) == pytest.approx((0, 0, 0), abs=6)  # the same stored values, read uninverted: full K
    inverted = saved(Image.new("CMYK", (16, 16), (255, 0, 0, 255)), "JPEG", quality=95)
    at = inverted.index(b"\xff\xee")
    assert pixel(inverted[:at] + inverted[at + 2 + length :]) == pytest.approx(RED, abs=6)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_animations_give_their_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (20, 10), color) for color in (RED, BLUE, GREEN)]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
    assert pixel(data) == pytest.approx(RED, abs=3)
    assert len(load_pages(data)) == 1
    with pytest.raises(ImageNotFound):
        load(data, page=2)


# --- arrays ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.full((3, 5), 9, np.uint8), (9, 9, 9)),
        (np.full((3, 5, 1), 9, np.uint8), (9, 9, 9)),
        (np.full((3, 5, 3), (1, 2, 3), np.uint8), (1, 2, 3)),
        (np.full((3, 5, 4), (0, 0, 0, 127), np.uint8), (128, 128, 128)),
        (np.full((3, 5), True), WHITE),
        (np.full((3, 5), 65535, np.uint16), WHITE),
        (np.full((3, 5, 3), (0, 257, 65535), np.uint16), (0, 1, 255)),
        (np.full((3, 5), 257 * 9, ">u2"), (9, 9, 9)),
        (np.full((3, 5), 1.0), WHITE),
        (np.full((3, 5, 3), (0, 0.5, 1), np.float32), (0, 128, 255)),
        (np.full((3, 5, 4), (1, 0, 0, 0.5), np.float16), (255, 127, 127)),
        (np.full((3, 5), 1.0005), WHITE),
        (np.full((3, 5), 77, np.int64), (77, 77, 77)),
        (np.full((6, 10, 3), (1, 2, 3), np.uint8)[::2, ::-2], (1, 2, 3)),
    ],
)
def test_arrays(array: Any, expected: tuple[int, int, int]) -> None:
    loaded = load(array)
    assert ours(loaded).size == (5, 3)
    assert loaded.image.getpixel((0, 0)) == expected
    assert loaded.source == f"array {'x'.join(map(str, array.shape))}"


def test_arrays_are_copied() -> None:
    array = np.zeros((3, 5, 3), np.uint8)
    loaded = load(array)
    array[:] = 255
    assert loaded.image.getpixel((0, 0)) == BLACK


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(5),
        np.zeros((2, 2, 2)),
        np.zeros((2, 2, 3, 1)),
        np.zeros((0, 5)),
        np.zeros((5, 0, 3)),
        np.array(3.0),
        np.full((2, 2), 300, np.int32),
        np.full((2, 2), -1, np.int8),
        np.full((2, 2), 255.0),
        np.full((2, 2), np.nan),
        np.full((2, 2), np.inf),
        np.full((2, 2), "a"),
        np.full((2, 2), None, object),
        np.full((2, 2), 1j),
    ],
)
def test_arrays_that_are_no_picture(array: Any) -> None:
    with pytest.raises(ImageUnreadable, match="array"):
        load(array)


# --- documents -------------------------------------------------------------------------------------------------------

TWO_PAGES = pdf(b"1 0 0 rg 0 0 100 50 re f", b"0 0 1 rg 0 0 200 100 re f")


def test_pdf() -> None:
    first = load(TWO_PAGES)
    assert ours(first).size == (555, 277)  # 200x100 points at 200 DPI
    assert first.source.endswith("#page=1")  # there is more than was taken
    assert first.image.getpixel((5, 270)) == RED
    assert first.image.getpixel((5, 5)) == WHITE
    assert load(TWO_PAGES, page=2).image.getpixel((5, 5)) == BLUE
    assert not load(pdf(b"")).source.endswith("#page=1")


def test_page_in_the_name(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(TWO_PAGES)
    for source in (f"{path}#page=2", Path(f"{path}#PAGE=2")):
        loaded = load(source)
        assert loaded.image.getpixel((5, 5)) == BLUE
        assert loaded.source == label_of(f"{path}#page=2")
        assert len(load_pages(source)) == 1
    with pytest.raises(ImageNotFound, match=r"it has 2 pages: give #page=1\.\.2"):
        load(f"{path}#page=3")
    with pytest.raises(ImageNotFound, match="count from 1"):
        load(f"{path}#page=0")
    with pytest.raises(ImageNotFound, match="count from 1"):
        load(path, page=-1)


def test_pages() -> None:
    assert [p.source[-7:] for p in load_pages(TWO_PAGES)] == ["#page=1", "#page=2"]
    with pytest.raises(ImageTooLarge, match="more than 1 pages"):
        load_pages(TWO_PAGES, LoadPolicy(max_pages=1))


def test_pages_of_a_tiff() -> None:
    frames = [Image.new("RGB", (20, 10), color) for color in (RED, BLUE, GREEN)]
    data = saved(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    assert [p.image.getpixel((0, 0)) for p in load_pages(data)] == [RED, BLUE, GREEN]
    assert load(data, page=2).image.getpixel((0, 0)) == BLUE
    assert load(data).source.endswith("#page=1")
    with pytest.raises(ImageNotFound, match="page 4"):
        load(data, page=4)
    with pytest.raises(ImageTooLarge, match="pages"):
        load_pages(data, LoadPolicy(max_pages=2))


def test_broken_second_page_of_a_tiff() -> None:
    data = tiff_claiming(2, 2, next_directory=4_000_000)
    assert load(data).image.size == (2, 2)
    with pytest.raises(ImageUnreadable, match="page 2 is broken"):
        load_pages(data)
    with pytest.raises(ImageUnreadable, match="page 2 is broken"):
        load(data, page=2)


def test_a_picture_has_one_page() -> None:
    assert len(load_pages(picture())) == 1
    assert len(load_pages(corners())) == 1
    with pytest.raises(ImageNotFound, match="page 2"):
        load(picture(), page=2)


def test_large_pages_are_drawn_smaller() -> None:
    huge = pdf(b"0 0 9 9 re f", box="0 0 14400 7200")
    image = load(huge, LoadPolicy(max_pixels=1_000_000)).image
    assert image.width * image.height <= 1_000_000
    assert image.width / image.height == pytest.approx(2, abs=0.01)
    thin = load(pdf(b"", box="0 0 100000 1"), LoadPolicy(max_pixels=1000)).image
    assert thin.width * thin.height <= 1000


def test_filled_in_forms_are_drawn() -> None:
    """The value of a field is drawn by its appearance; PDFium draws it only with the form loaded."""
    form = (
        b"6 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 100 50]/Length 31>>stream\n"
        b"1 0 0 rg 0 0 100 50 re f       \nendstream endobj\n"
        b"7 0 obj<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(b)/Rect[0 0 100 50]/F 4/AP<</N 6 0 R>>>>endobj\n"
    )
    data = pdf(b"", extra=form)
    data = data.replace(b"/Type/Catalog", b"/Type/Catalog/AcroForm<</Fields[7 0 R]>>")
    data = data.replace(b"/Type/Page/", b"/Type/Page/Annots[7 0 R]/")
    red, _, blue = load(data).image.getpixel((100, 250))
    assert red > blue + 50


def test_slow_form_fields_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = zlib.compress(b"".join(b"0 0 m %d %d l %d 49 l f\n" % (i % 99, i % 47, i % 31) for i in range(60_000)), 9)
    field = (
        b"6 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 100 50]/Filter/FlateDecode/Length %d>>stream\n" % len(lines)
        + lines
        + b"\nendstream endobj\n"
        b"7 0 obj<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(b)/Rect[0 0 100 50]/F 4/AP<</N 6 0 R>>>>endobj\n"
    )
    data = pdf(b"", extra=field)
    data = data.replace(b"/Type/Catalog", b"/Type/Catalog/AcroForm<</Fields[7 0 R]>>")
    data = data.replace(b"/Type/Page/", b"/Type/Page/Annots[7 0 R]/")
    monkeypatch.setattr(documents, "PAGE_SECONDS", 0.05)
    with pytest.raises(ImageTooLarge, match="seconds to draw"):
        load(data)
    assert load(TWO_PAGES).image.size == (555, 277)


def test_fields_without_an_appearance_are_drawn() -> None:
    field = (
        b"7 0 obj<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(Hello)/DA(/Helv 12 Tf 0 g)/Rect[0 0 100 50]/F 4>>endobj\n"
        b"8 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
    )
    form = b"/AcroForm<</Fields[7 0 R]/NeedAppearances true/DR<</Font<</Helv 8 0 R>>>>>>"
    data = pdf(b"", extra=field).replace(b"/Type/Catalog", b"/Type/Catalog" + form)
    data = data.replace(b"/Type/Page/", b"/Type/Page/Annots[7 0 R]/")
    assert np.count_nonzero(np.asarray(load(data).image.convert("L")) < 128) > 200


def test_slow_pages_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "PAGE_SECONDS", 0.05)
    lines = b"".join(b"0 0 m %d %d l %d 99 l f\n" % (i % 199, i % 97, i % 31) for i in range(20_000))
    with pytest.raises(ImageTooLarge, match="seconds to draw"):
        load(pdf(lines))
    assert load(TWO_PAGES).image.size == (555, 277)  # and PDFium goes on working


def test_images_in_pdfs_do_not_fill_the_memory() -> None:
    assert load(pdf_with_image(3000, 3000)).image.getpixel((9, 9)) == BLACK


def test_pdfium_from_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """PDFium is not thread-safe: only one thread is ever inside it."""
    draw, inside, most = documents._drawn, [0], [0]

    def watched(*arguments: Any) -> Image.Image:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.002)
        try:
            return draw(*arguments)
        finally:
            inside[0] -= 1

    monkeypatch.setattr(documents, "_drawn", watched)
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda i: load(TWO_PAGES, page=1 + i % 2).image.getpixel((5, 270)), range(32)))
    assert pages == [RED, BLUE] * 16
    assert most == [1]


# --- limits ----------------------------------------------------------------------------------------------------------


def test_bytes_are_limited_before_reading(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as stream:
        stream.truncate(10**12)  # a sparse file: reading it would take all memory
    with pytest.raises(ImageTooLarge, match=r"67\.1 MB"):
        load(path)


@pytest.mark.parametrize("form", ["path", "bytes", "base64", "data", "percent"])
def test_bytes_are_limited(form: str, tmp_path: Path) -> None:
    data = saved(corners(), "PNG") + bytes(3000)
    (tmp_path / "a.png").write_bytes(data)
    text = base64.b64encode(data).decode()
    source: Any = {
        "path": tmp_path / "a.png",
        "bytes": data,
        "base64": text,
        "data": f"data:image/png;base64,{text}",
        "percent": f"data:image/png,{quote_from_bytes(data)}",
    }[form]
    load(source, LoadPolicy(max_bytes=len(data)))
    for limit in (len(data) - 1, 100):
        with pytest.raises(ImageTooLarge, match="limit"):
            load(source, LoadPolicy(max_bytes=limit))


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_are_limited_before_decoding(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(corners(), kind)
    load(data, LoadPolicy(max_pixels=40 * 24))
    monkeypatch.setattr(decoding, "_converted", lambda image: pytest.fail("decoded"))
    with pytest.raises(ImageTooLarge, match="40x24 pixels"):
        load(data, LoadPolicy(max_pixels=40 * 24 - 1))


def test_pixels_of_images_and_arrays_are_limited() -> None:
    for source in (corners(), np.zeros((24, 40), np.uint8), np.broadcast_to(np.uint8(1), (10**6, 10**6))):
        with pytest.raises(ImageTooLarge):
            load(source, LoadPolicy(max_pixels=40 * 24 - 1))


def test_pil_globals_play_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """PIL's own limit is process-wide: it neither stops what we allow nor is it changed for others."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert load(saved(corners(), "PNG")).image.size == (40, 24)
    assert Image.MAX_IMAGE_PIXELS == 10
    with pytest.raises(ImageTooLarge, match=r"3600\.0 million; the limit is 120\.0 million"):
        load(png_claiming(60_000, 60_000))


def test_nothing_changes_for_other_threads() -> None:
    """Loading touches neither PIL's limits nor the warning filters while it works."""
    before = (Image.MAX_IMAGE_PIXELS, list(warnings.filters))
    seen: list[bool] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            seen.append((Image.MAX_IMAGE_PIXELS, list(warnings.filters)) == before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for kind in KINDS * 3:
        load(saved(corners((400, 300)), kind))
    stop.set()
    watcher.join()
    assert seen
    assert all(seen)


# --- paths -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    for place in ("in", "in/deep", "out"):
        (tmp_path / place / "a.png").write_bytes(picture())
    return tmp_path


def test_pipes_and_devices_are_not_even_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("opened"))
    for path in (tmp_path / "pipe.png", Path(os.devnull)):
        with pytest.raises(ImageRefused, match="pipe, socket or device"):
            load(path)


def test_folders_confine(tree: Path) -> None:
    policy = LoadPolicy(folders=(tree / "in",))
    for inside in ("in/a.png", "in/deep/a.png", "in/deep/../a.png", "out/../in/a.png"):
        assert load(tree / inside, policy)
    (tree / "in" / "link.png").symlink_to(tree / "out" / "a.png")
    (tree / "in" / "linked").symlink_to(tree / "out")
    (tree / "inside-by-name").mkdir()
    (tree / "inside-by-name" / "a.png").write_bytes(picture())
    for outside in (
        "out/a.png",
        "in/../out/a.png",
        "in/link.png",
        "in/linked/a.png",
        "inside-by-name/a.png",
        "out/no.png",
    ):
        with pytest.raises(ImageRefused, match="outside the folders"):
            load(tree / outside, policy)
    with pytest.raises(ImageNotFound):
        load(tree / "in" / "no.png", policy)


def test_relative_paths_are_confined(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "in")
    policy = LoadPolicy(folders=(Path(),))
    assert load("a.png", policy)
    with pytest.raises(ImageRefused):
        load("../out/a.png", policy)


def test_links_into_the_folders_work(tree: Path) -> None:
    (tree / "way").symlink_to(tree / "in")
    assert load(tree / "way" / "a.png", LoadPolicy(folders=(tree / "in",)))
    assert load(tree / "in" / "a.png", LoadPolicy(folders=(tree / "way",)))


def test_no_folders_means_no_paths(tree: Path) -> None:
    policy = LoadPolicy(folders=())
    for source in (tree / "in" / "a.png", str(tree / "no.png"), "/etc/passwd"):
        with pytest.raises(ImageRefused, match="switched off"):
            load(source, policy)
    assert load(picture(), policy)
    assert load(base64.b64encode(saved(corners(), "JPEG")).decode(), policy)  # begins with "/9j/": no path


@pytest.mark.parametrize(
    "path", ["", " ", "\ud800.png", "a\x00b", "~nobody-has-this-name/a.png", "." * 300, "/" * 9000]
)
def test_paths_that_lead_nowhere(path: str) -> None:
    with pytest.raises((ImageNotFound, ImageUnreadable)):  # the last two are folders on some systems
        load(path)


def test_a_missing_file_names_the_folder_of_a_relative_path(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "in")
    with pytest.raises(ImageNotFound) as relative:
        load("deep/no.png")
    assert str(relative.value).endswith(f"check the path (it is taken from the folder {str(tree / 'in')!r}).")
    monkeypatch.setenv("HOME", str(tree))
    for path in (str(tree / "no.png"), "~/no.png"):
        with pytest.raises(ImageNotFound) as absolute:
            load(path)
        assert str(absolute.value).endswith("check the path.")


def test_home(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tree))
    assert load("~/in/a.png")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_without_permission(tree: Path) -> None:
    (tree / "in" / "a.png").chmod(0)
    with pytest.raises(ImageRefused, match="permissions"):
        load(tree / "in" / "a.png")


# --- labels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "label"),
    [
        ("folder/a.png", "folder/a.png"),
        (Path("folder/a.png"), "folder/a.png"),
        ("https://user:pass@host.example:8080/a/b.png?token=secret#page=2", "https://host.example:8080/a/b.png"),
        ("HTTPS://host.example", "https://host.example"),
        ("http://[::1", "the URL"),
        ("data:image/png;base64," + "A" * 12_000, "data:image/png (12 kB)"),
        ("data:,x", "data:text/plain (7 bytes)"),
        (b"x" * 2_500_000, "bytes (2.5 MB)"),
        ("iVBORw0KGgo" + "A" * 990, "base64 text (1 kB)"),
        ("/9j/4AAQSkZJRgABAQAAAQABAAD" + "A" * 80, "base64 text (107 bytes)"),
        ("", "an empty path"),
        ("  a.png ", "a.png "),
        ("a\ud800.png", "a?.png"),
        ("a\x1b[31m\nb.png", "a?[31m?b.png"),
    ],
)
def test_labels(source: Any, label: str) -> None:
    assert label_of(source) == label


def test_long_labels_are_shortened() -> None:
    label = label_of("/" + "x" * 5000 + "/name-that-matters.png")
    assert len(label) <= 80
    assert label.endswith("name-that-matters.png")


def test_secrets_stay_out_of_messages() -> None:
    with pytest.raises(ImageRefused) as raised:
        load("http://127.0.0.1/a.png?token=s3cret")
    assert "s3cret" not in f"{raised.value!r} {raised.value.image}"


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_path_is_not_the_working_folder(empty: str) -> None:
    with pytest.raises(ImageNotFound, match="empty"):
        load(empty)
