"""`orders-tui stock import` and `orders-tui product import`: sheets of stock and of products."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from engine.words import StockReason
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.services.goods import GoodsOutcome, GoodsVerdict
from orders_tui.settings_file import read_settings

File = Annotated[Path, Parameter(help="A CSV (UTF-8) or XLSX file with the names of its columns in the first row.")]
DryRun = Annotated[bool, Parameter(negative=(), help="Say what it would do, and do nothing.")]
Why = Literal["received", "returned", "found", "damaged", "lost", "expired", "sample", "correction"]


async def import_stock(
    file: File,
    *,
    location: Annotated[
        str | None, Parameter(help="Code of the location of rows that name none; MAIN if not given.")
    ] = None,
    delta: Annotated[
        bool, Parameter(negative=(), help="The quantities are differences, not what was counted.")
    ] = False,
    reason: Annotated[Why, Parameter(help="Why, of differences.")] = "received",
    force: Annotated[
        bool, Parameter(negative=(), help="Take back what is promised to the least urgent orders.")
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Make stock what a sheet says was counted, or book its differences; a bad row is named and changes nothing."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        outcomes = services.goods.stock(
            file, location=location, delta=delta, reason=StockReason(reason), force=force, dry_run=dry_run
        )
        return await _report(outcomes, dry_run=dry_run, json=json)


async def import_products(file: File, *, dry_run: DryRun = False, json: Json = False) -> int:
    """Add a sheet's products or change what it gives of them; a bad row is named and changes nothing."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        return await _report(services.goods.products(file, dry_run=dry_run), dry_run=dry_run, json=json)


async def _report(outcomes: AsyncIterator[GoodsOutcome], *, dry_run: bool, json: bool) -> int:
    counted: Counter[GoodsVerdict] = Counter()
    async for outcome in outcomes:
        counted[outcome.outcome] += 1
        if json:
            emit_json(outcome)
        else:
            emit(
                f"{outcome.outcome:<10} row {outcome.row:<6} {outcome.sku:<20} {outcome.reason or outcome.detail}".rstrip()
            )
    said = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counted.items())) or "The sheet has no rows"
    narrate(said + (": nothing was changed, this was a dry run." if dry_run else "."))
    return Exit.REFUSED if counted[GoodsVerdict.REFUSED] else Exit.OK
