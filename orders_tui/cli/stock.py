"""`orders-tui stock`: list and receive."""

from __future__ import annotations

from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.orders.views import StockRow
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="stock", help="List stock and receive more of it.")

Json = Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object a line.")]


@app.command(name="list")
async def list_stock(
    search: Annotated[str, Parameter(help="The beginning of a SKU, or words of a name.")] = "",
    *,
    limit: Annotated[int, Parameter(help="How many lines at most.")] = 1000,
    json: Json = False,
) -> int:
    """List stock by SKU."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        rows = await services.stock(search, limit=limit + 1)
    for row in rows[:limit]:
        _print(row, json=json)
    if len(rows) > limit:
        narrate(f"Only the first {limit} are shown: --limit gives more.")
    return Exit.OK


@app.command
async def receive(
    sku: str, quantity: Annotated[int, Parameter(help="Units that arrived.")], *, json: Json = False
) -> int:
    """Add stock that arrived; orders that wait for it go on by themselves."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        row = await services.receive_stock(sku, quantity)
    _print(row, json=json)
    return Exit.OK


def _print(row: StockRow, *, json: bool) -> None:
    if json:
        emit_json(row)
        return
    weight = f"{row.weight_grams} g" if row.weight_grams else "no weight"
    emit(
        f"{row.sku:<20} {row.location:<10} {row.available:>7} free  {row.on_hand:>7} on hand"
        f"  {row.reserved:>7} reserved  {weight:>10}  {row.name}"
    )
