"""Labels of several formats, and rows that make orders ready to be picked, packed and labelled."""

from __future__ import annotations

import io
import struct
import zlib
from uuid import UUID

from reportlab.pdfgen.canvas import Canvas

from engine.identifiers import DEFAULT_CREATOR, DEFAULT_LOCATION, OrderId, PackageId, new_id
from tests.factories import Factory, insert

LABEL_POINTS = (288.0, 432.0)


def pdf_label(text: str, *, turned: int = 0) -> bytes:
    """A label of 4 by 6 inches that says who it is for, and may say that it is to be turned."""
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=LABEL_POINTS)
    canvas.setPageRotation(turned)
    canvas.drawString(36, 200, text)
    canvas.showPage()
    canvas.save()
    return written.getvalue()


def png_label(wide: int = 812, tall: int = 1218) -> bytes:
    """A white picture that does not say how large it is on paper."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", wide, tall, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\x00" + b"\xff" * wide) * tall)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def keep_label(factory: Factory, package_id: PackageId, body: bytes, media_type: str = "application/pdf") -> None:
    document_id = new_id()
    async with factory.database.transaction() as connection:
        await insert(
            connection,
            "documents",
            {
                "id": document_id,
                "package_id": package_id,
                "kind": "label",
                "generation": 1,
                "media_type": media_type,
                "size": "",
                "body": factory.database.vault.seal(DEFAULT_CREATOR, "documents.body", document_id, body),
            },
        )


async def to_pick(factory: Factory, order_id: OrderId, bin_code: str, wave: UUID | None = None) -> None:
    """Open pick lines for all of an order, in one bin."""
    await factory.database.pool.execute(
        "INSERT INTO pick_lines (order_id, order_item_id, location_id, bin, quantity, wave_id)"
        " SELECT order_id, id, $2, $3, quantity, $4 FROM order_items WHERE order_id = $1",
        order_id,
        DEFAULT_LOCATION,
        bin_code,
        wave,
    )


async def a_wave(factory: Factory, name: str) -> UUID:
    wave = new_id()
    async with factory.database.transaction() as connection:
        await insert(connection, "waves", {"id": wave, "location_id": DEFAULT_LOCATION, "name": name})
    return wave
