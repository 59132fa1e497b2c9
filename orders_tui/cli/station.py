"""`orders-tui station`: list, set, delete."""

from __future__ import annotations

from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.paper.stations import Station
from engine.words import PaperKind
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="station", help="Places of work and their printers.")

Printer = Annotated[str | None, Parameter(help="A printer's name, or a folder that begins with /; '' takes it away.")]


@app.command(name="list")
async def list_stations(*, json: Json = False) -> int:
    """List stations with the printer of each kind of paper."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        for station in await services.printing.stations():
            _print(station, json=json)
    return Exit.OK


@app.command(name="set")
async def set_station(
    code: Annotated[str, Parameter(help="The station's code, as PACK-1.")],
    *,
    name: Annotated[str | None, Parameter(help="What people call it.")] = None,
    location: Annotated[str | None, Parameter(help="The code of the location it is at.")] = None,
    label: Printer = None,
    list: Printer = None,  # noqa: A002
    slip: Printer = None,
    json: Json = False,
) -> int:
    """Add a station, or change what is given of it."""
    given = {PaperKind.LABEL: label, PaperKind.LIST: list, PaperKind.SLIP: slip}
    printers = {kind: printer for kind, printer in given.items() if printer is not None}
    async with open_services(read_settings(), on_wait=narrate) as services:
        station = await services.printing.put_station(code, name=name, location=location, printers=printers)
    _print(station, json=json)
    return Exit.OK


@app.command
async def delete(code: Annotated[str, Parameter(help="The station's code.")], *, json: Json = False) -> int:
    """Take a station away; what was printed there stays on record."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.printing.delete_station(code)
    if json:
        emit_json({"code": code, "deleted": True})
    else:
        emit(f"{code}  deleted")
    return Exit.OK


def _print(station: Station, *, json: bool) -> None:
    if json:
        emit_json(station)
        return
    printers = "  ".join(f"{kind}: {printer}" for kind, printer in station.printers.items()) or "no printer"
    emit(f"{station.code:<12} {station.location:<10} {printers}  {station.name}")
