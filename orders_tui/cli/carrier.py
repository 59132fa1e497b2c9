"""`orders-tui carrier`: manifest."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.errors import Misconfigured
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_shipping import open_shipping, write_file
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate

app = cyclopts.App(name="carrier", help="End-of-day forms.")


@app.command
async def manifest(
    *,
    location: Annotated[str, Parameter(help="Only parcels of the location with this code.")] = "",
    day: Annotated[
        str, Parameter(name="--date", help="The day the labels were bought, as 2026-03-01; today without it.")
    ] = "",
    output: Annotated[Path | None, Parameter(help="A folder for the forms; they are kept in any case.")] = None,
    json: Json = False,
) -> int:
    """Make the end-of-day forms of a day's parcels, one for each location and carrier; a parcel goes on one form only."""
    async with open_shipping() as (_, shipping):
        made = await shipping.end_of_day(_day(day), location)
    for each in made:
        found = each.manifest
        file = None
        if each.form is not None and output is not None:
            file = output / f"{found.day}-{found.location}-{found.carrier}-{str(found.manifest_id)[-6:]}.pdf"
            write_file(file, each.form)
        if json:
            emit_json({
                "manifest_id": found.manifest_id, "location": found.location, "carrier": found.carrier, "date": found.day,
                "parcels": found.parcels, "made": each.form is not None, "file": None if file is None else str(file),
                "error": each.sentence,
            })  # fmt: skip
            continue
        told = each.sentence or (str(file) if file else "made and kept")
        emit(f"{found.day}  {found.location}  {found.carrier}  {found.parcels} parcels  {told}")
    if not made:
        narrate("No parcel of that day is still in the house with a label.")
    return Exit.REFUSED if any(each.form is None for each in made) else Exit.OK


def _day(text: str) -> date:
    if not text:
        return date.today()  # noqa: DTZ011  # the day at the desk of whoever asks
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Misconfigured("usage.date", f"{text!r} is no day; write it as 2026-03-01.") from None
