"""`orders-tui location`: list, set and calendar."""

from __future__ import annotations

from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.inventory.locations import LocationView
from engine.inventory.warehouses import WarehouseView
from engine.ports.facts import Address
from orders_tui.calendars import days_text, read_date, read_days, read_time
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="location", help="Where goods lie and parcels leave.")


@app.command(name="list")
async def list_locations(*, json: Json = False) -> int:
    """List locations with their calendars."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        for view in await services.locations.list():
            _print(view, json=json)
    return Exit.OK


@app.command(name="set")
async def set_location(
    code: Annotated[str, Parameter(help="The location's code, as ANNEX.")],
    *,
    name: Annotated[str | None, Parameter(help="What people call it; also the sender on labels.")] = None,
    line1: Annotated[str | None, Parameter(help="Street and number.")] = None,
    line2: str = "",
    city: str = "",
    state: str = "",
    postal_code: str = "",
    country: Annotated[str, Parameter(help="Two letters.")] = "",
    phone: str = "",
    json: Json = False,
) -> int:
    """Add a location, or change its name or the address that labels are sent from."""
    if line1 is None and any((line2, city, state, postal_code, country, phone)):
        raise Misconfigured(
            "usage.address", "An address is given whole: --line1, --city, --country and what else it has."
        )
    async with open_services(read_settings(), on_wait=narrate) as services:
        address = None
        if line1 is not None:
            address = Address(name or code, phone, line1, line2, city, state, postal_code, country.upper())
        view = await services.locations.put(code, name=name, address=address)
    _print(view, json=json)
    return Exit.OK


@app.command
async def calendar(
    code: Annotated[str, Parameter(help="The location's code.")],
    *,
    cut_off: Annotated[str | None, Parameter(help="When parcels must be ready, in its own zone: 15:00.")] = None,
    days: Annotated[str, Parameter(help="Working days: mon-fri, or mon,wed,sat.")] = "mon-fri",
    holiday: Annotated[
        tuple[str, ...], Parameter(negative=(), help="A day without work: 2026-12-25; all that there are.")
    ] = (),
    timezone: Annotated[str | None, Parameter(help="Its zone, as Europe/Berlin.")] = None,
    none: Annotated[bool, Parameter(negative=(), help="Take its calendar away.")] = False,
    json: Json = False,
) -> int:
    """Set a location's cut-off, working days and holidays: they move internal deadlines earlier, never later."""
    if none == (cut_off is not None):
        raise Misconfigured("usage.calendar", "Give --cut-off 15:00 to set a calendar, or --none to take it away.")
    async with open_services(read_settings(), on_wait=narrate) as services:
        view = await services.locations.set_calendar(
            code,
            cut_off=read_time(cut_off) if cut_off else None,
            working_days=() if none else read_days(days),
            holidays=[read_date(text) for text in holiday],
            timezone=timezone,
        )
    _print(view, json=json)
    return Exit.OK


@app.command
async def warehouses(*, json: Json = False) -> int:
    """The shops' warehouses at TikTok, and the locations they are."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        for view in await services.locations.warehouses():
            _print_warehouse(view, json=json)
    return Exit.OK


@app.command(name="map")
async def map_warehouse(
    warehouse: Annotated[str, Parameter(help="The warehouse's id at TikTok, as `location warehouses` shows it.")],
    code: Annotated[str | None, Parameter(help="The code of the location that it is.")] = None,
    *,
    none: Annotated[bool, Parameter(negative=(), help="It is none of ours: its stock is left alone.")] = False,
    shop: Annotated[str, Parameter(help="The shop's name or id, where several have the warehouse.")] = "",
    json: Json = False,
) -> int:
    """Say which location a shop's warehouse is: its stock there is what the location has."""
    if none == (code is not None):
        raise Misconfigured("usage.location", "Name the location's code, or say --none.")
    async with open_services(read_settings(), on_wait=narrate) as services:
        view = await services.locations.map(warehouse, code, shop=shop)
    _print_warehouse(view, json=json)
    return Exit.OK


def _print_warehouse(view: WarehouseView, *, json: bool) -> None:
    if json:
        emit_json(view)
        return
    default = "  default" if view.is_default else ""
    emit(f"{view.warehouse_id:<20} {view.location or 'none of ours':<14} {view.shop}: {view.name}{default}")


def _print(view: LocationView, *, json: bool) -> None:
    if json:
        emit_json(view)
        return
    calendar = f"cut-off {view.cut_off}  {days_text(view.working_days)}" if view.cut_off else "no calendar"
    holidays = f"  closed {', '.join(day.isoformat() for day in view.holidays)}" if view.holidays else ""
    place = ", ".join(part for part in (view.city, view.country) if part) or "no address"
    emit(f"{view.code:<10} {view.timezone:<20} {calendar}{holidays}  {view.name} ({place})")
