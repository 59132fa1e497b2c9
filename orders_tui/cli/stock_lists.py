"""`orders-tui stock movements|reverse|acknowledge|export`: a product's story, taken back; alarms seen; the list as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

from cyclopts import Parameter

from engine.database.newest_first import TimeKey
from engine.errors import NotFound
from engine.inventory.movements import Movement
from engine.inventory.stock_lines import Shown, StockFilter
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.cli.stock import Force
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

_PAGE = 500

Show = Annotated[Shown | None, Parameter(help="Only these lines; all without it.")]


async def movements(
    sku: Annotated[str, Parameter(help="Its SKU, one mapped to it, or a barcode.")],
    *,
    limit: Annotated[int, Parameter(help="How many at most, the newest first.")] = 100,
    json: Json = False,
) -> int:
    """List what moved a product's stock, the newest first."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        product_id = await services.stock_lists.product_of(sku)
        if product_id is None:
            raise NotFound("product.unknown", f"There is no product with the SKU or barcode {sku}.")
        key: TimeKey | None = None
        left = limit
        while left > 0:
            page = await services.stock_lists.movements(product_id, after=key, limit=min(left, _PAGE))
            for movement in page.rows:
                _print(movement, json=json)
            left -= len(page.rows)
            if not page.more_after:
                return Exit.OK
            key = page.rows[-1].key
    narrate(f"Only the newest {limit} are shown: --limit gives more.")
    return Exit.OK


async def reverse(
    movement: Annotated[UUID, Parameter(help="The movement's id, as `stock movements` shows it.")],
    *,
    force: Force = False,
    json: Json = False,
) -> int:
    """Take a movement back by another one, once; what an order moved is undone at the order."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        reversed_ = await services.inventory.reverse(movement, force=force)
    if json:
        emit_json(reversed_)
    else:
        narrate(f"Taken back: {reversed_.words}.")
    return Exit.OK


async def acknowledge(sku: str, *, json: Json = False) -> int:
    """Say that a product's alarms are seen; they stand until they are over."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        seen = await services.inventory.acknowledge(sku)
    if json:
        emit_json({"sku": sku, "acknowledged": seen})
    else:
        narrate(f"{seen} alarms of {sku} are seen now." if seen else f"The alarms of {sku} had been seen already.")
    return Exit.OK


async def export(
    file: Annotated[Path, Parameter(name="FILE", help="The file to write: .csv, or .jsonl for JSON Lines.")],
    *,
    show: Show = None,
    search: Annotated[str, Parameter(help="The beginning of a SKU, a barcode, or words of a name.")] = "",
) -> int:
    """Write the stock list to a file."""
    wanted = StockFilter(show or Shown.EVERYTHING, search)
    async with open_services(read_settings(), on_wait=narrate) as services:
        lines = await services.stock_sheets.write(file, wanted)
    narrate(f"{lines:,} lines are in {file}.")
    return Exit.OK


def _print(movement: Movement, *, json: bool) -> None:
    if json:
        emit_json(movement)
        return
    why = " ".join(part for part in (movement.kind, movement.reason, movement.order_number) if part)
    note = "  taken back" if movement.reversed else ""
    emit(
        f"{movement.at:%Y-%m-%d %H:%M}  {movement.words:<36} {why:<32} {movement.actor:<16}"
        f" {movement.movement_id}{note}"
    )
