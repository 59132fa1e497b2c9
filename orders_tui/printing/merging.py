"""Pages of other documents put together. The one module that knows pypdf."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from pypdf import PageObject, PdfReader, PdfWriter, Transformation

MM = 72 / 25.4


class Unreadable(ValueError):
    """These bytes are no document that can be put together with others."""


def pages_of(body: bytes) -> list[Any]:
    """The pages of a PDF. Raises Unreadable."""
    try:
        pages = list(PdfReader(io.BytesIO(body)).pages)
        sizes = [float(page.mediabox.width) * float(page.mediabox.height) for page in pages]
    except Exception as error:
        raise Unreadable("the document is damaged") from error
    if not pages or not all(sizes):
        raise Unreadable("the document has no pages")
    return pages


def together(documents: Sequence[Sequence[Any]]) -> bytes:
    """These pages one after another, each on a page of its own size; nothing else of their documents comes with them."""
    writer = PdfWriter()
    for pages in documents:
        for page in pages:
            _add(writer, page)
    return _written(writer)


def _add(writer: PdfWriter, page: Any) -> None:
    added = writer.add_page(page)
    added.pop("/AA", None)  # what a document wants done when it is opened


def on_sheets(
    front: Sequence[Any], pages: Sequence[Any], size_mm: tuple[float, float], across: int, down: int, margin_mm: float
) -> bytes:
    """These pages as many to a sheet as were asked for, row by row, turned where they fit better; `front` comes before them, whole."""
    writer = PdfWriter()
    for page in front:
        _add(writer, page)
    width, height = size_mm[0] * MM, size_mm[1] * MM
    margin = margin_mm * MM
    cell_width, cell_height = (width - 2 * margin) / across, (height - 2 * margin) / down
    a_sheet = across * down
    sheets = [writer.add_blank_page(width, height) for _ in range(0, len(pages), a_sheet)]
    for place, page in enumerate(pages):
        sheet = sheets[place // a_sheet]
        row, column = divmod(place % a_sheet, across)
        left, foot = margin + column * cell_width, height - margin - (row + 1) * cell_height
        _place(sheet, page, left, foot, cell_width, cell_height)
    return _written(writer)


def _place(sheet: PageObject, page: Any, left: float, foot: float, width: float, height: float) -> None:
    box = page.mediabox
    moved = Transformation().translate(-float(box.left), -float(box.bottom))
    moved, wide, tall = _turned(moved, float(box.width), float(box.height), int(page.rotation))
    if (wide > tall) != (width > height):
        moved, wide, tall = _turned(moved, wide, tall, 90)
    scale = min(width / wide, height / tall, 1.0)
    across, up = (width - wide * scale) / 2, (height - tall * scale) / 2
    sheet.merge_transformed_page(page, moved.scale(scale).translate(left + across, foot + up))


def _turned(moved: Transformation, wide: float, tall: float, clockwise: int) -> tuple[Transformation, float, float]:
    """Turned about its lower left corner, and moved back into the quarter that is seen."""
    match clockwise % 360:
        case 90:
            return moved.rotate(-90).translate(0, wide), tall, wide
        case 180:
            return moved.rotate(180).translate(wide, tall), wide, tall
        case 270:
            return moved.rotate(90).translate(tall, 0), tall, wide
        case _:
            return moved, wide, tall


def _written(writer: PdfWriter) -> bytes:
    written = io.BytesIO()
    writer.compress_identical_objects()
    writer.write(written)
    return written.getvalue()
