"""The stock list written to a file: CSV for a spreadsheet, or JSON Lines."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import orjson

from engine.database.connection import Database
from engine.errors import Refused
from engine.inventory import stock_list
from engine.inventory.stock_lines import StockFilter, StockKey, StockLine
from engine.inventory.waited import waited_for
from orders_tui.services.door import lost_is_unreachable

_PAGE = 1000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

COLUMNS = (
    "sku",
    "name",
    "location",
    "on_hand",
    "reserved",
    "held",
    "available",
    "waiting_orders",
    "waiting_units",
    "buffer",
    "told",
    "told_at",
    "told_state",
    "bin",
    "weight_grams",
)


class StockSheets:
    """Writes the list as it is read, page by page; a file appears whole or not at all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, path: Path, wanted: StockFilter) -> int:
        """Write the lines that match; answers how many. Raises Refused for a file that cannot be."""
        kind = path.suffix.casefold()
        if kind not in {".csv", ".jsonl"}:
            raise Refused("export.kind", f"{path.name} is neither .csv nor .jsonl: name the file so.")
        partial = path.with_name(f".{path.name}.partial")
        lines = 0
        try:
            await asyncio.to_thread(partial.write_text, _heading() if kind == ".csv" else "", "utf-8")
            async for page in self._pages(wanted):
                lines += len(page)
                await asyncio.to_thread(_append, partial, _csv(page) if kind == ".csv" else _json(page))
            await asyncio.to_thread(partial.replace, path)
        except OSError as error:
            await asyncio.to_thread(partial.unlink, missing_ok=True)
            raise Refused(
                "export.unwritable", f"{path} cannot be written ({error.strerror}): name another place."
            ) from None
        return lines

    async def _pages(self, wanted: StockFilter) -> AsyncIterator[Sequence[StockLine]]:
        key: StockKey | None = None
        with lost_is_unreachable():
            waited = await waited_for(self._database.pool)
        while True:
            with lost_is_unreachable():
                page = await stock_list.page(self._database, wanted, waited, after=key, limit=_PAGE)
            yield page.rows
            if not page.more_after:
                return
            key = page.rows[-1].key


def _values(line: StockLine) -> Iterator[object]:
    yield from (line.sku, line.name, line.location, line.on_hand, line.reserved, line.held, line.available)
    yield from (line.waited.orders, line.waited.units) if line.waited else (0, 0)
    yield from (line.buffer, line.told[1], line.told_at, line.told_state, line.bin, line.weight_grams)


def _heading() -> str:
    return ",".join(COLUMNS) + "\r\n"


def _csv(lines: Sequence[StockLine]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    for line in lines:
        writer.writerow([_cell(value) for value in _values(line)])
    return out.getvalue()


def _cell(value: object) -> object:
    """A text that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _json(lines: Sequence[StockLine]) -> str:
    documents = (dict(zip(COLUMNS, _values(line), strict=True)) for line in lines)
    return "".join(orjson.dumps(document).decode() + "\n" for document in documents)


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(text)
