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
            writer.add_page(page)
    return _written(writer)


def on_sheets(
    front: Sequence[Any], pages: Sequence[Any], size_mm: tuple[float, float], across: int, down: int, margin_mm: float
) -> bytes:
    """These pages as many to a sheet as were asked for, row by row, turned where they fit better; `front` comes before them, whole."""
    writer = PdfWriter()
    for page in front:
        writer.add_page(page)
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
    page.transfer_rotation_to_content()
    box = page.mediabox
    wide, tall = float(box.width), float(box.height)
    upright = Transformation().translate(-float(box.left), -float(box.bottom))
    turned = (wide > tall) != (width > height)
    if turned:
        upright = upright.rotate(90).translate(tall, 0)
        wide, tall = tall, wide
    scale = min(width / wide, height / tall, 1.0)
    across, up = (width - wide * scale) / 2, (height - tall * scale) / 2
    sheet.merge_transformed_page(page, upright.scale(scale).translate(left + across, foot + up))


def _written(writer: PdfWriter) -> bytes:
    written = io.BytesIO()
    writer.compress_identical_objects()
    writer.write(written)
    return written.getvalue()
