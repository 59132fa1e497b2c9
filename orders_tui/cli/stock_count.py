"""`orders-tui stock count`: open, enter, recount, approve, post, drop, show, list."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import cyclopts
from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.inventory.counts import CountLine, CountSheet
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.cli.stock import Force, Location, print_shortfall, read_item
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="count", help="Count the shelves: open, enter, approve, post once.")

CountId = Annotated[UUID, Parameter(help="The sheet's id, as `count list` shows it.")]


@app.command(name="open")
async def open_sheet(
    *skus: Annotated[str, Parameter(help="What to count; everything at the location when nothing is named.")],
    location: Location = None,
    name: Annotated[str, Parameter(help="What the count is called.")] = "",
    json: Json = False,
) -> int:
    """Open a sheet: it remembers what the ledger says now."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        sheet = await services.inventory.open_count(skus, name=name, location_code=location)
    _print(sheet, json=json)
    return Exit.OK


@app.command
async def enter(
    count: CountId,
    *counted: Annotated[str, Parameter(help="What lies there: SKU:QUANTITY.")],
    json: Json = False,
) -> int:
    """Write down what was counted."""
    lines = dict(read_item(text) for text in counted if ":" in text)
    if not lines or len(lines) < len(counted):
        raise Misconfigured("usage.counted", "Give what was counted as SKU:QUANTITY.")
    async with open_services(read_settings(), on_wait=narrate) as services:
        sheet = await services.inventory.enter_counted(count, lines)
    _print(sheet, json=json)
    return Exit.OK


@app.command
async def recount(count: CountId, *skus: str, json: Json = False) -> int:
    """Have lines counted again, from what the ledger says now."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        sheet = await services.inventory.recount(count, skus)
    _print(sheet, json=json)
    return Exit.OK


@app.command
async def approve(
    count: CountId,
    *,
    accept: Annotated[
        tuple[str, ...], Parameter(negative=(), help="A SKU whose count stands although goods came or left meanwhile.")
    ] = (),
    json: Json = False,
) -> int:
    """Freeze the sheet."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        sheet = await services.inventory.approve_count(count, accept=accept)
    _print(sheet, json=json)
    return Exit.OK


@app.command
async def post(count: CountId, *, force: Force = False, json: Json = False) -> int:
    """Book the differences, once; what was sold meanwhile stays sold."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        posted = await services.inventory.post_count(count, force=force)
    if json:
        emit_json(posted)
    else:
        for sku, difference in posted.differences.items():
            emit(f"{sku:<20} {difference:+}")
        print_shortfall(posted.shortfall)
    return Exit.REFUSED if posted.shortfall else Exit.OK


@app.command
async def drop(count: CountId) -> int:
    """Throw a sheet away that is not posted."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.inventory.drop_count(count)
    narrate("The sheet is dropped.")
    return Exit.OK


@app.command
async def show(count: CountId, *, json: Json = False) -> int:
    """One sheet with its lines, by bin."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        sheet = await services.inventory.count(count)
    _print(sheet, json=json)
    return Exit.OK


@app.command(name="list")
async def list_sheets(*, limit: int = 50, json: Json = False) -> int:
    """The sheets, newest first."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        for sheet in await services.inventory.counts(limit=limit):
            _print(sheet, json=json)
    return Exit.OK


def _print(sheet: CountSheet, *, json: bool) -> None:
    if json:
        emit_json(sheet)
        return
    by = f"approved by {sheet.approved_by}" if sheet.approved_by else f"opened by {sheet.opened_by}"
    emit(f"{sheet.count_id}  {sheet.state:<8} {sheet.location:<10} {by}  {sheet.name}".rstrip())
    for line in sheet.lines:
        emit(_line(line))


def _line(line: CountLine) -> str:
    counted = "-" if line.counted is None else str(line.counted)
    difference = "" if not line.difference else f"{line.difference:+}"
    stale = "  accepted" if line.accepted else "  moved meanwhile" if line.stale else ""
    return (
        f"  {line.bin or '-':<10} {line.sku:<20} ledger {line.snapshot:>6}  counted {counted:>6}"
        f" {difference:>6}{stale}  {line.name}"
    )
