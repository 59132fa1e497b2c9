"""GET /api/orders/export: all orders of a list as CSV or as one JSON object a line, however many they are.

Read page by page by key, each page in a short transaction of its own: nothing is held open while the reader takes its time.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import Field
from starlette.responses import StreamingResponse

from engine.access.permissions import Permission
from engine.clock import database_now
from engine.orders.records.pages import page_beside
from engine.orders.records.values import OrderRecord, RecordPage
from engine.orders.views import OrderFilter, OrderKey
from engine.ports.facts import Address
from sync.http.api.order_query import WhichOrders
from sync.http.api.routing import new_router
from sync.http.api.session import Session, needs
from sync.http.api.writing import written
from sync.seller_center.tracking_file import safe_cell

router = new_router("orders")

_PAGE: Final = 500
_ADDRESS = tuple(Address.__slots__)
_COLUMNS = tuple(field.name for field in fields(OrderRecord))
_HEADER = [
    name
    for column in _COLUMNS
    for name in ([f"shipping_{part}" for part in _ADDRESS] if column == "shipping_address" else [column])
]


class ExportFormat(StrEnum):
    """How the lines are written."""

    CSV = "csv"
    NDJSON = "ndjson"


_MEDIA = {ExportFormat.CSV: "text/csv; charset=utf-8", ExportFormat.NDJSON: "application/x-ndjson"}


class WhichExport(WhichOrders):
    """The orders of a file."""

    format: Annotated[ExportFormat, Field(description="`csv` for a spreadsheet, `ndjson` for a program.")] = (
        ExportFormat.CSV
    )


@router.get(
    "/api/orders/export",
    operation_id="exportOrders",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The file, as long as the list is.",
            "content": {media.partition(";")[0]: {"schema": {"type": "string"}} for media in _MEDIA.values()},
        }
    },
)
async def export_orders(
    which: Annotated[WhichExport, Query()],
    session: Annotated[Session, needs(Permission.ORDERS_EXPORT)],
) -> StreamingResponse:
    """Every order of a list, in its order. What arrives or changes meanwhile may be in it or not."""
    wanted = which.order_filter(session.caller.user_id)
    first = await _read(session, wanted, None)  # whatever is wrong with the question is answered as a refusal
    async with session.database.pool.acquire() as connection:
        name = f"orders-{await database_now(connection):%Y%m%d-%H%M%S}.{which.format}"
    return StreamingResponse(
        _lines(session, wanted, first, which.format),
        media_type=_MEDIA[which.format],
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


async def _read(session: Session, wanted: OrderFilter, after: OrderKey | None) -> RecordPage:
    database = session.database
    async with database.transaction() as connection:
        return await page_beside(connection, database.vault, wanted, limit=_PAGE, after=after)


async def _lines(
    session: Session, wanted: OrderFilter, page: RecordPage, export_format: ExportFormat
) -> AsyncIterator[bytes]:
    if export_format is ExportFormat.CSV:
        yield (",".join(_HEADER) + "\r\n").encode()
    while True:
        if page.orders:
            yield _csv(page.orders) if export_format is ExportFormat.CSV else _ndjson(page.orders)
        if not page.more_after or page.last is None:
            return
        page = await _read(session, wanted, page.last)


def _ndjson(orders: Sequence[OrderRecord]) -> bytes:
    return b"".join(written(order) + b"\n" for order in orders)


def _csv(orders: Sequence[OrderRecord]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(_cells(order) for order in orders)
    return out.getvalue().encode()


def _cells(order: OrderRecord) -> list[str]:
    cells = []
    for column in _COLUMNS:
        value = getattr(order, column)
        if column == "shipping_address":
            cells += [safe_cell(str((value or {}).get(part, ""))) for part in _ADDRESS]
        else:
            cells.append(safe_cell(_text(value)))
    return cells


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else str(value)
