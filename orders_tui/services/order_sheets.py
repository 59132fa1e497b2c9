"""The orders of a filter as a file: CSV for a spreadsheet, or JSON Lines; read page by page and never held as a whole."""

from __future__ import annotations

import asyncio
import csv
import io
import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from engine.database.connection import Database
from engine.errors import Refused
from engine.orders import queries
from engine.orders.views import OrderFilter, OrderKey, OrderRow
from orders_tui.services.door import lost_is_unreachable
from sync.seller_center.tracking_file import safe_cell

_PAGE = 1000

OnProgress = Callable[[int, int], None]


class SheetFormat(StrEnum):
    """How the lines are written."""

    CSV = "csv"
    JSONL = "jsonl"


FIELDS_OF: dict[str, tuple[str, ...]] = {
    "status": ("order_status",),
    "state": ("workflow_state", "execution", "waiting_for", "failure_code"),
    "ship_by": ("ship_by",),
    "order_number": ("order_number",),
    "customer": ("customer_name",),
    "items": ("items_summary",),
    "total": ("total_amount", "currency"),
    "ordered": ("order_date",),
    "tracking": ("tracking_number",),
    "payment": ("payment_status",),
    "tags": ("tags",),
    "changed": ("updated_at",),
    "shop": ("shop",),
    "creator": ("creator",),
    "assigned": ("assigned_to",),
    "holds": ("holds",),
    "units": ("units",),
    "priority": ("priority",),
    "workflow": ("workflow_state",),
    "channel": ("channel_status",),
}
"""What stands in the file for each column of the table."""

PERSONAL = frozenset({"customer_name"})
EVERYTHING = tuple(field.name for field in fields(OrderRow) if field.name != "key")


class OrderSheets:
    """Orders written down as they are read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fields_for(self, columns: Sequence[str] = ()) -> tuple[str, ...]:
        """The fields of these columns of the table, of all without any; personal ones only where the key opens them."""
        wanted = [field for column in columns for field in FIELDS_OF[column]] if columns else list(EVERYTHING)
        shut = frozenset() if self._database.vault.has_keys else PERSONAL
        return tuple(field for field in dict.fromkeys(["order_number", *wanted]) if field not in shut)

    async def lines(
        self,
        order_filter: OrderFilter,
        sheet_format: SheetFormat,
        columns: Sequence[str] = (),
        on_rows: Callable[[int], None] | None = None,
    ) -> AsyncIterator[str]:
        """The text of the file, a page at a time; `on_rows` is told how many orders each holds."""
        names = self.fields_for(columns)
        if sheet_format is SheetFormat.CSV:
            yield ",".join(names) + "\r\n"
        key: OrderKey | None = None
        while True:
            with lost_is_unreachable():
                page = await queries.page(self._database, order_filter, after=key, limit=_PAGE)
            if page.rows:
                yield _csv(page.rows, names) if sheet_format is SheetFormat.CSV else _json(page.rows, names)
                key = page.rows[-1].key
                if on_rows:
                    on_rows(len(page.rows))
            if not page.more_after or not page.rows:
                return

    async def write(
        self,
        path: Path,
        order_filter: OrderFilter,
        sheet_format: SheetFormat,
        columns: Sequence[str] = (),
        on_progress: OnProgress | None = None,
    ) -> int:
        """Write a file that only its owner may read, whole or not at all; answers how many orders. Raises Refused."""
        with lost_is_unreachable():
            total = (await queries.count(self._database, order_filter, cap=None)).number
        done = 0

        def count(rows: int) -> None:
            nonlocal done
            done += rows
            if on_progress:
                on_progress(done, max(done, total))

        partial = path.with_name(f".{path.name}.partial")
        try:
            descriptor = await asyncio.to_thread(os.open, partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                async for text in self.lines(order_filter, sheet_format, columns, count):
                    await asyncio.to_thread(file.write, text)
            await asyncio.to_thread(partial.replace, path)
        except OSError as error:
            raise Refused(
                "export.not_written", f"{path} cannot be written: {(error.strerror or '?').lower()}."
            ) from None
        finally:
            partial.unlink(missing_ok=True)  # also when it was stopped half-way
        return done


def file_name(sheet_format: SheetFormat, now: datetime, *, title: str = "") -> str:
    """What a file is called that nobody gave a name."""
    words = "-".join("".join(letter if letter.isalnum() else " " for letter in title.lower()).split())
    return f"orders{f'-{words}' if words else ''}-{now:%Y%m%d-%H%M%S}.{sheet_format}"


def _csv(rows: Sequence[OrderRow], names: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([safe_cell(_text(getattr(row, name))) for name in names] for row in rows)
    return out.getvalue()


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " ".join(value)
    return "" if value is None else str(value)


def _json(rows: Sequence[OrderRow], names: Sequence[str]) -> str:
    return "".join(
        orjson.dumps({name: getattr(row, name) for name in names}, default=str, option=orjson.OPT_UTC_Z).decode() + "\n"
        for row in rows
    )
