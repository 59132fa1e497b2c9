"""The labels of many parcels as one document of each format, in the order wanted, with a cover that says what is left out."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from engine.orders.plain_text import plain
from engine.paper.labels import LabelSheet, SheetLabel
from engine.paper.left_out import LeftOut
from orders_tui.printing.canvas import Paper
from orders_tui.printing.layouts import SIZES_MM, LabelSheetLayout
from orders_tui.printing.merging import Unreadable, on_sheets, pages_of, together
from orders_tui.printing.text import counted

_RAW = {"application/zpl": "zpl", "application/epl2": "epl"}
"""Formats that printers understand as they are: put one after another."""
_INCH_MM = 25.4


@dataclass(frozen=True, slots=True)
class SheetDocument:
    """One document of a sheet; `raw` ones go to the printer as they are."""

    body: bytes
    ending: str
    labels: tuple[SheetLabel, ...]
    raw: bool


@dataclass(frozen=True, slots=True)
class DrawnSheet:
    """What can be printed, and what cannot after all."""

    documents: tuple[SheetDocument, ...]
    left_out: tuple[LeftOut, ...]


def drawn_sheet(
    content: LabelSheet,
    layout: LabelSheetLayout,
    fonts: tuple[str, ...],
    *,
    printed: str,
    reprinted: Mapping[UUID, str],
    on_progress: Callable[[int, int], None],
) -> DrawnSheet:
    """PDF and picture labels as one PDF, ZPL and EPL as one file each. `reprinted` says of parcels when they were printed before."""
    pages: list[tuple[SheetLabel, list[object]]] = []
    raw: dict[str, list[SheetLabel]] = {}
    damaged: list[LeftOut] = []
    for place, label in enumerate(content.labels, 1):
        on_progress(place, len(content.labels))
        body = content.bodies[label.document_id]
        try:
            if label.media_type in _RAW:
                raw.setdefault(label.media_type, []).append(label)
            elif label.media_type == "application/pdf":
                pages.append((label, pages_of(body)))
            elif label.media_type.startswith("image/"):
                pages.append((label, pages_of(_on_a_page(body, layout.picture_dpi))))
            else:
                damaged.append(_unknown(label))
        except (Unreadable, ValueError):
            damaged.append(_damaged(label))
    left_out = (*content.left_out, *damaged)
    again: dict[UUID, str] = {
        label.package_id: text for label in content.labels if (text := reprinted.get(label.package_id))
    }
    telling = layout.cover == "always" or (layout.cover == "missing" and bool(left_out or again))
    cover = _cover_lines(content, len(content.labels) - len(damaged), left_out, again, printed) if telling else []
    documents = []
    if pages:
        documents.append(_pdf(pages, cover, layout, fonts))
    for media_type, labels in raw.items():
        bodies = [content.bodies[label.document_id] for label in labels]
        if cover and not pages and media_type == "application/zpl":
            bodies.insert(0, _zpl_cover(cover))
        body = b"\n".join(each.strip() for each in bodies) + b"\n"
        documents.append(SheetDocument(body, _RAW[media_type], tuple(labels), raw=True))
    return DrawnSheet(tuple(documents), left_out)


def _pdf(
    pages: Sequence[tuple[SheetLabel, list[object]]], cover: list[str], layout: LabelSheetLayout, fonts: tuple[str, ...]
) -> SheetDocument:
    labels = tuple(label for label, _ in pages)
    own = [each for _, each in pages]
    size = layout.size_mm
    front = pages_of(_cover(cover, size or SIZES_MM["label"], fonts)) if cover else []
    if size is None:
        body = together([front, *own])
    else:
        body = on_sheets(
            front, [page for each in own for page in each], size, layout.across, layout.down, layout.margin_mm
        )
    return SheetDocument(body, "pdf", labels, raw=False)


def _cover_lines(
    content: LabelSheet, count: int, left_out: Sequence[LeftOut], again: dict[UUID, str], printed: str
) -> list[str]:
    lines = [counted(count, "label"), printed]
    if again:
        lines.append(f"Printed before: {len(again):,}")
        lines += [
            f"{', '.join(label.order_numbers)}  {again[label.package_id]}"
            for label in content.labels
            if label.package_id in again
        ]
    if left_out:
        lines.append(f"No label: {len(left_out):,}")
        lines += [f"{each.order_number}  {each.sentence}" for each in left_out]
    return lines


def _cover(lines: list[str], size: tuple[float, float], fonts: tuple[str, ...]) -> bytes:
    paper = Paper(size, fonts, "Labels")
    margin, points = 6.0, 9.0
    step = points * 0.48
    y = margin
    for place, line in enumerate(lines):
        for piece in paper.wrapped(line, points, size[0] - 2 * margin, bold=not place):
            y += step
            if y > size[1] - margin:
                paper.turn()
                y = margin + step
            paper.text(margin, y, piece, points, bold=not place)
        y += 1
    return paper.finished()


def _zpl_cover(lines: list[str]) -> bytes:
    """A label of text in printers' own letters; more than fits is counted."""
    most = 28
    shown = lines if len(lines) <= most else [*lines[: most - 1], f"and {len(lines) - most + 1} more"]
    fields = "".join(
        f"^FO20,{20 + place * 40}^A0N,26,26^FB770,1,0,L^FD{_for_zpl(line)}^FS\n" for place, line in enumerate(shown)
    )
    return f"^XA\n^CI28\n{fields}^XZ".encode()


def _for_zpl(line: str) -> str:
    """What is data must not be a command."""
    return plain(line).replace("^", " ").replace("~", " ").replace("\\", "/")


def _on_a_page(body: bytes, dpi: int) -> bytes:
    """A picture on a page of its own size."""
    width, height = picture_size_mm(body, dpi)
    paper = Paper((width, height), (), "Label")
    paper.picture(0, 0, width, height, body)
    return paper.finished()


def picture_size_mm(body: bytes, dpi: int) -> tuple[float, float]:
    """How large a PNG is on paper: as it says itself, else at `dpi`. Raises ValueError for what is no PNG."""
    if body[:8] != b"\x89PNG\r\n\x1a\n" or len(body) < 33:
        raise ValueError("these bytes are no PNG")
    wide, tall = struct.unpack(">II", body[16:24])
    if not 0 < wide <= 20_000 or not 0 < tall <= 20_000:
        raise ValueError("the picture has no size")
    across = down = dpi / _INCH_MM
    place = 33
    while place + 12 <= len(body):
        length, kind = struct.unpack(">I4s", body[place : place + 8])
        if kind == b"pHYs" and length == 9:
            x, y, unit = struct.unpack(">IIB", body[place + 8 : place + 17])
            if unit == 1 and x and y:
                across, down = x / 1000, y / 1000
        if kind == b"IDAT":
            break
        place += 12 + length
    return wide / across, tall / down


def _damaged(label: SheetLabel) -> LeftOut:
    return LeftOut(
        ", ".join(label.order_numbers),
        f"Its label ({label.tracking_number}) is damaged and cannot be put on a sheet: void it and buy another.",
    )


def _unknown(label: SheetLabel) -> LeftOut:
    return LeftOut(
        ", ".join(label.order_numbers),
        f"Its label ({label.tracking_number}) is {label.media_type}, which no sheet takes: ask for it as PDF.",
    )
