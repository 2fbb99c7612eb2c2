"""Decoding: bytes of a picture file, PIL images and arrays to upright RGB.

In: bytes, a PIL image or a NumPy array, and a limit in pixels. Out: a new, fully decoded PIL image in mode RGB with
no metadata (so nothing turns it a second time). The size in the header is checked before any pixel is decoded, and
against the caller's limit only: PIL's process-wide `MAX_IMAGE_PIXELS` is neither changed nor relied on.

Only the formats of `FORMATS` are tried, whatever the name of the file says. Values become 8 bits like this:

| given | becomes |
|---|---|
| alpha, transparent colour or palette entry | laid over white |
| 16 bits (I;16, uint16) | 0..65535 to 0..255 (12-bit TIFF: 0..4095) |
| mode I (32 bits, no declared range) | the smallest of 8, 12, 16 bits that holds it; else its range is stretched |
| mode F | 0..1 times 255; 0..255 as it is; else its range is stretched; NaN is black |
| CMYK | Pillow's plain conversion, Adobe's inverted files included |
| array bool, uint8 | False 0, True 255; as it is |
| array of floats | 0..1 times 255; anything outside is an error, since 1.0 would be ambiguous |
| array of other integers | must lie in 0..255 |
"""

from __future__ import annotations

import io
from importlib import import_module
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageChops

from visual_agent.errors import ImageNotFound, ImageTooLarge, ImageUnreadable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

#: Formats that are tried, with Pillow's plugin. Left out on purpose: EPS (runs Ghostscript), WMF, PSD, FITS ... and
#: ICO, whose inner picture may be larger than its header says.
FORMATS = {
    "PNG": "PngImagePlugin",
    "JPEG": "JpegImagePlugin",
    "WEBP": "WebPImagePlugin",
    "GIF": "GifImagePlugin",
    "BMP": "BmpImagePlugin",
    "TIFF": "TiffImagePlugin",
    "PPM": "PpmImagePlugin",
    "AVIF": "AvifImagePlugin",
}
#: A progressive JPEG costs a pass over the whole picture for each scan; real files have about ten.
MAX_JPEG_SCANS = 100

_ACCEPTED = "give a PNG, JPEG, WebP, GIF, BMP, TIFF, PPM or AVIF picture or a PDF"
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION = 0x0112
_BITS_PER_SAMPLE = 258


def decode(data: bytes, label: str, *, max_pixels: int, frame: int = 1) -> tuple[Image.Image, bool]:
    """The picture in `data`, upright and RGB; and whether the file has further pages.

    Args:
        data: the bytes of a file in one of `FORMATS`.
        label: how messages name it.
        max_pixels: limit on width times height.
        frame: 1 for the first picture of the file; later ones are pages of a TIFF. Animations have only their first.

    Raises:
        ImageUnreadable: no picture of these formats, or a broken one.
        ImageTooLarge: more than `max_pixels`, or made to cost far more than its size.
        ImageNotFound: no such frame.
    """
    image = open_lazily(data, label)
    if frame != 1:
        _seek(image, frame, label)
    several = image.format == "TIFF" and bool(getattr(image, "is_animated", False))
    return to_rgb(image, label, max_pixels=max_pixels), several


def count_frames(data: bytes, label: str, *, most: int) -> int:
    """How many pages the file has: those of a TIFF (at most `most` + 1 are looked for), otherwise 1."""
    image = open_lazily(data, label)
    if image.format != "TIFF":
        return 1
    count = 1
    try:
        while count <= most:
            image.seek(count)
            count += 1
    except EOFError:
        return count
    except Exception as error:
        raise _unreadable(label, f"page {count + 1} is broken ({_reason(error)})") from error
    return count


def open_lazily(data: bytes, label: str) -> ImageFile:
    """The picture's header as a PIL image whose pixels are not decoded yet.

    Pillow's registry is used directly because `Image.open` tests the size against a process-wide limit, and reports
    it by a warning whose handling is not safe between threads.
    """
    if not data:
        raise _unreadable(label, "it is empty (0 bytes)")
    for name, plugin in FORMATS.items():
        try:
            import_module(f"PIL.{plugin}")
        except ImportError:  # AVIF before Pillow 11.3
            continue
        if name not in Image.OPEN:
            continue
        factory, accept = Image.OPEN[name]
        if accept is None or accept(data[:16]) is not True:
            continue
        try:
            return factory(io.BytesIO(data), "")
        except Exception as error:  # plugins raise nearly anything on broken headers
            raise _failed(label, error, f"it starts like a {name} picture but its header is broken") from error
    raise _unreadable(label, f"it is {_looks_like(data)}")


def to_rgb(image: Image.Image, label: str, *, max_pixels: int) -> Image.Image:
    """A new upright RGB image with the pixels of `image` (which may still be undecoded); errors as for `decode`."""
    check_size(image.size, label, max_pixels=max_pixels)
    _check_scans(image, label)
    try:
        image.load()
        rgb = _converted(image)
        turn = _TURNS.get(_orientation(image))
        rgb = rgb.transpose(turn) if turn is not None else rgb
    except Exception as error:  # decoders raise nearly anything on broken data
        raise _failed(label, error, "its data is truncated or broken") from error
    check_size(rgb.size, label, max_pixels=max_pixels)
    rgb.info.clear()
    return rgb


def check_size(size: tuple[int, int], label: str, *, max_pixels: int) -> None:
    """ImageUnreadable for a side of 0, ImageTooLarge above the limit."""
    width, height = size
    if width < 1 or height < 1:
        raise _unreadable(label, f"it is {width}x{height} pixels")
    if width * height > max_pixels:
        raise ImageTooLarge(
            f"{label} is {width}x{height} pixels, {width * height / 1e6:.1f} million; the limit is "
            f"{max_pixels / 1e6:.1f} million. Make it smaller or raise LoadPolicy.max_pixels.",
            image=label,
        )


def from_array(array: NDArray[Any], label: str, *, max_pixels: int) -> Image.Image:
    """An array of height x width (x 1, 3 RGB or 4 RGBA) as an RGB image; values as the module's table says.

    Raises:
        ImageUnreadable: another shape or type, or values outside their range.
        ImageTooLarge: more than `max_pixels`.
    """
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise _bad_array(label, f"its shape is {array.shape}; give height x width, or height x width x 1, 3 or 4")
    check_size((array.shape[1], array.shape[0]), label, max_pixels=max_pixels)
    values = _eight_bits(array, label)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    return _converted(Image.fromarray(values))


def _eight_bits(array: NDArray[Any], label: str) -> NDArray[np.uint8]:
    import numpy as np

    kind = array.dtype.kind
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    if kind == "u" and array.dtype.itemsize == 2:
        return _scaled(array, 0, 65535)
    if kind in "iu":
        if array.min() < 0 or array.max() > 255:
            raise _bad_array(label, f"{array.dtype} values outside 0..255; convert it to numpy.uint8 or numpy.uint16")
        return array.astype(np.uint8)
    if kind == "f":
        if not (np.isfinite(array).all() and array.min() >= -1e-3 and array.max() <= 1 + 1e-3):
            raise _bad_array(label, "float values outside 0..1; divide by their largest, or convert it to numpy.uint8")
        return _scaled(array, 0, 1)
    raise _bad_array(label, f"its type is {array.dtype}; give uint8, bool, uint16 or floats in 0..1")


def _scaled(array: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """`low`..`high` to 0..255, rounded, the rest cut off."""
    import numpy as np

    values = np.nan_to_num(array.astype(np.float32), nan=low, posinf=high, neginf=low)
    values -= np.float32(low)
    values *= np.float32(255 / ((high - low) or 1))
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _converted(image: Image.Image) -> Image.Image:
    """A new RGB image, not turned."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _from_levels(image)
    if image.has_transparency_data:
        rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
        white = Image.new("RGB", image.size, (255, 255, 255))
        white.paste(rgba, mask=rgba.getchannel("A"))
        return white
    if image.mode == "CMYK" and image.format == "JPEG" and "adobe" not in image.info:
        image = ImageChops.invert(image)  # Pillow takes every CMYK JPEG for Adobe's inverted kind
    return image.convert("RGB")


def _from_levels(image: Image.Image) -> Image.Image:
    """Greys of more than 8 bits, scaled as the module's table says."""
    import numpy as np

    values = np.asarray(image)
    key = image.info.get("transparency")
    low, high = 0.0, 65535.0
    if image.mode in ("I", "F"):
        finite = values[np.isfinite(values)]
        least, most = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        tops = (255, 4095, 65535) if image.mode == "I" else (1, 255)
        fits = [top for top in tops if least >= 0 and most <= top]
        low, high = (0.0, float(fits[0])) if fits else (least, most)
    elif getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE) == (12,):
        high = 4095.0
    grey = _scaled(values, low, high)
    if isinstance(key, int):
        grey[values == key] = 255
    return Image.fromarray(grey).convert("RGB")


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation 1..8; broken metadata is no reason to refuse the picture."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
        return int(value)
    except Exception:  # metadata parsers raise nearly anything on broken data
        return 1


def _check_scans(image: Image.Image, label: str) -> None:
    """Refuse a progressive JPEG with so many scans that decoding it would take hours."""
    stream = getattr(image, "fp", None)
    if image.format not in ("JPEG", "MPO") or not isinstance(stream, io.BytesIO):
        return
    # 0xFF in entropy-coded data is followed by 0 or a restart marker, so these two bytes start a scan.
    scans = stream.getvalue().count(b"\xff\xda")
    if scans > MAX_JPEG_SCANS:
        raise ImageTooLarge(
            f"{label} is a JPEG of {scans} scans, which no camera writes; the limit is {MAX_JPEG_SCANS}. "
            "Save it again as a plain JPEG or PNG.",
            image=label,
        )


def _seek(image: ImageFile, frame: int, label: str) -> None:
    missing = ImageNotFound(f"{label} has no page {frame}; give a page that it has, from 1 on.", image=label)
    if image.format != "TIFF":
        raise missing
    try:
        image.seek(frame - 1)
    except EOFError:
        raise missing from None
    except Exception as error:
        raise _failed(label, error, f"page {frame} is broken") from error


_LOOKS = (
    (b"%!PS", "PostScript, which is not accepted"),
    (b"8BPS", "a Photoshop file"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x00\x00\x01\x00", "an icon file"),
    (b"\x00\x00\x00\x0cjP", "a JPEG 2000 picture"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


def _looks_like(data: bytes) -> str:
    """What bytes that are none of our formats look like, in words."""
    for start, words in _LOOKS:
        if data.startswith(start):
            return words
    if data[4:8] == b"ftyp":
        return "an HEIC picture or a video" if data[8:12] in (b"heic", b"heix", b"mif1", b"msf1") else "a video"
    text = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text:
        return "an SVG drawing, which has no pixels"
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "a web page (HTML), not the picture itself"
    if text.startswith((b"<?xml", b"{", b"[")):
        return "XML or JSON text"
    try:
        data[:1000].decode("ascii")
    except UnicodeDecodeError:
        return "no picture of a known format"
    return "text"


def _failed(label: str, error: Exception, what: str) -> ImageUnreadable | ImageTooLarge:
    """Our error for what Pillow raised."""
    if isinstance(error, (ImageUnreadable, ImageTooLarge)):
        return error
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError)):
        return ImageTooLarge(f"{label} is too large to decode ({_reason(error)}); make it smaller.", image=label)
    return _unreadable(label, f"{what} ({_reason(error)})")


def _unreadable(label: str, why: str) -> ImageUnreadable:
    return ImageUnreadable(f"{label} cannot be read as a picture: {why}; {_ACCEPTED}.", image=label)


def _bad_array(label: str, why: str) -> ImageUnreadable:
    return ImageUnreadable(f"{label} cannot be used as a picture: {why}.", image=label)


def _reason(error: Exception) -> str:
    """The first line of another library's message, short."""
    text = str(error).strip() or type(error).__name__
    return "".join(c if c.isprintable() else "?" for c in text.splitlines()[0])[:100]
