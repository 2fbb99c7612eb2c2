"""Documents: the pages of a PDF as pictures.

In: the bytes of a PDF and a page number from 1. Out: that page as an RGB image at `DPI` (less where the page would
pass a limit), with form fields and annotations drawn. PDFium does the work; it is not thread-safe, so one lock
guards every call into it, closing included. Drawing is stopped after `PAGE_SECONDS`.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from visual_agent.errors import ImageNotFound, ImageTooLarge, ImageUnreadable

if TYPE_CHECKING:
    from PIL.Image import Image

#: Dots per inch: 8 point print becomes 22 pixels high, which OCR reads well.
DPI = 200
#: A page is drawn smaller rather than beyond this many pixels (A1 at 200 DPI is 31 million).
PAGE_PIXELS = 40_000_000
#: Time for drawing one page; a hostile page can otherwise keep PDFium busy for hours.
PAGE_SECONDS = 30.0

_LOCK = threading.Lock()


def count_pages(data: bytes, label: str) -> int:
    """The number of pages; ImageUnreadable if the PDF is broken, encrypted or empty."""
    with _LOCK, _opened(data, label) as document:
        return len(document)


def render_page(data: bytes, label: str, *, page: int = 1, max_pixels: int = PAGE_PIXELS) -> tuple[Image, int]:
    """One page as a new RGB image on white, and the number of pages there are.

    Raises:
        ImageUnreadable: the PDF or the page is broken, encrypted, or has no pages.
        ImageNotFound: the document has no such page.
        ImageTooLarge: drawing takes longer than `PAGE_SECONDS`.
    """
    with _LOCK, _opened(data, label) as document:
        count = len(document)
        if not 1 <= page <= count:
            raise ImageNotFound(
                f"{label} has no page {page}; it has {count} page{'s' * (count > 1)}: give #page=1..{count}.",
                image=label,
            )
        return _drawn(document, page, label, min(max_pixels, PAGE_PIXELS)), count


@contextmanager
def _opened(data: bytes, label: str) -> Iterator[Any]:
    """The PDFium document, closed at the end; the caller holds the lock."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise ImageUnreadable(f"{label} is locked by a password; save a copy without one.", image=label) from error
        raise ImageUnreadable(f"{label} is a broken PDF; print it to a new PDF.", image=label) from error
    try:
        document.init_forms()  # before anything is asked of the document, else filled-in fields stay empty
        if len(document) < 1:
            raise ImageUnreadable(f"{label} is a PDF without pages; give one that has pages.", image=label)
        yield document
    finally:
        document.close()


def _drawn(document: Any, number: int, label: str, max_pixels: int) -> Image:
    import pypdfium2

    page = None
    try:
        page = document[number - 1]
        width, height = page.get_size()
        size = _pixel_size(width, height, max_pixels)
        bitmap = pypdfium2.PdfBitmap.new_native(*size, format=pypdfium2.raw.FPDFBitmap_BGR)
        try:
            bitmap.fill_rect((255, 255, 255, 255), 0, 0, *size)
            _draw(page, bitmap, size, label)
            image: Image = bitmap.to_pil().convert("RGB")  # a copy: the bitmap's memory goes with it
            return image
        finally:
            bitmap.close()
    except (pypdfium2.PdfiumError, ValueError, OverflowError) as error:
        raise ImageUnreadable(f"Page {number} of {label} is broken ({error}); print it anew.", image=label) from error
    finally:
        if page is not None:
            page.close()


def _pixel_size(width: float, height: float, max_pixels: int) -> tuple[int, int]:
    """Points (1/72 inch) to pixels at `DPI`, or smaller so that the page keeps to `max_pixels`."""
    if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
        raise ValueError(f"it is {width}x{height} points")
    scale = min(DPI / 72, math.sqrt(max_pixels / (width * height)))
    wide, high = max(int(width * scale), 1), max(int(height * scale), 1)
    return min(wide, max_pixels // high or 1), min(high, max_pixels)


def _stamp_fields(page: Any) -> None:
    """Make the page's form fields stamps, which are drawn with the page and look the same.

    PDFium's own way of drawing fields, FPDF_FFLDraw, knows no pause. Loading the page has filled in what they show.
    """
    import ctypes

    import pypdfium2.raw as pdfium

    stamp = (ctypes.c_ushort * 6)(*map(ord, "Stamp"))  # UTF-16 that ends with 0
    for number in range(pdfium.FPDFPage_GetAnnotCount(page)):
        if field := pdfium.FPDFPage_GetAnnot(page, number):
            if pdfium.FPDFAnnot_GetSubtype(field) == pdfium.FPDF_ANNOT_WIDGET:
                pdfium.FPDFAnnot_SetStringValue(field, b"Subtype", stamp)
            pdfium.FPDFPage_CloseAnnot(field)


def _draw(page: Any, bitmap: Any, size: tuple[int, int], label: str) -> None:
    """Draw the page with its form fields step by step, so that it can be given up."""
    import pypdfium2.internal
    import pypdfium2.raw as pdfium

    if page.formenv:
        _stamp_fields(page)
    deadline = time.monotonic() + PAGE_SECONDS
    pause = pdfium.IFSDK_PAUSE(version=1)
    pypdfium2.internal.set_callback(pause, "NeedToPauseNow", lambda _: time.monotonic() > deadline)
    arguments = (bitmap, page, 0, 0, *size, 0, pdfium.FPDF_ANNOT)
    try:
        status = pdfium.FPDF_RenderPageBitmap_Start(*arguments, pause)
    finally:
        pdfium.FPDF_RenderPage_Close(page)
    if status == pdfium.FPDF_RENDER_TOBECONTINUED:
        raise ImageTooLarge(
            f"{label} has a page that takes more than {PAGE_SECONDS:.0f} seconds to draw; print it to a picture first.",
            image=label,
        )
    if status == pdfium.FPDF_RENDER_FAILED:
        raise ValueError("PDFium could not draw it")
