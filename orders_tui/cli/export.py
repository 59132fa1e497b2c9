"""`orders-tui export`: tracking, confirm."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.errors import Misconfigured
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="export", help="Tracking numbers as a file for the seller centre.")

Shop = Annotated[str, Parameter(help="The shop: its name or TikTok id.")]


@app.command
async def tracking(
    *,
    shop: Shop,
    out: Annotated[Path, Parameter(help="The file to write: .csv or .xlsx.")],
    since: Annotated[
        str | None, Parameter(help="Only labels bought since then: 2026-12-01 or 2026-12-01T09:00.")
    ] = None,
    again: Annotated[bool, Parameter(negative=(), help="Also those that are in an earlier file.")] = False,
    json: Json = False,
) -> int:
    """Write the tracking numbers that TikTok does not know yet, for upload in bulk; orders in several parcels are named."""
    moment = _moment(since) if since else None
    async with open_services(read_settings(), on_wait=narrate) as services:
        found = await services.exports.tracking(out, shop, since=moment, again=again)
    for line in found.lines:
        if json:
            emit_json(line)
        else:
            emit(f"{line.order:<20} {line.sku:<20} {line.quantity:>4}  {line.tracking_number}  {line.carrier}")
    for order in found.left_out:
        if json:
            emit_json(order)
        else:
            emit(f"{order.order:<20} left out: {order.reason}")
    orders = len({line.order for line in found.lines})
    narrate(f"{orders} orders are in {out}." if orders else "There is nothing to export; no file was written.")
    return Exit.REFUSED if found.left_out else Exit.OK


@app.command
async def confirm(*, shop: Shop, json: Json = False) -> int:
    """Say that the exported files were uploaded: the parcels in them are told to TikTok, and their orders go on."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        confirmed = await services.exports.confirm(shop)
    for each in confirmed:
        if json:
            emit_json(each)
        else:
            emit(f"{each.order:<20} {'told' if each.told else 'not told: it is held, paused or cancelled'}")
    narrate(f"{sum(each.told for each in confirmed)} parcels are told.")
    return Exit.OK if all(each.told for each in confirmed) else Exit.REFUSED


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Misconfigured(
            "usage.since", f"{text!r} is no time: give one as 2026-12-01 or 2026-12-01T09:00."
        ) from None
    return moment.astimezone(UTC)
