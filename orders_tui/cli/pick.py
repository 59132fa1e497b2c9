"""`orders-tui pick`: wave, list, show, give, close; scan, confirm, undo, short; pack, unpack, put-back."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.orders.picking.waves import MOST_ORDERS, USUAL_ORDERS
from engine.orders.plain_text import plain
from engine.orders.views import OrderSort
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_filter import Filters
from orders_tui.cli.order_targets import Json, find_all
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.cli.pick_text import (
    back_line,
    confirmed_line,
    parcel_lines,
    short_lines,
    waiting_line,
    walk_lines,
    wave_line,
)
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="pick", help="Waves, picking, packing, and goods put back.")

ALL = Filters()

Walk = Annotated[str, Parameter(help="A wave's number, or an order.", name="WALK")]
Wave = Annotated[int, Parameter(help="The wave's number.", name="WAVE")]
Code = Annotated[str, Parameter(help="SKU or barcode.", name="CODE")]
Parcel = Annotated[str, Parameter(help="Order, tracking number or package id.", name="PARCEL")]


@app.command(name="wave")
async def make_wave(
    *orders: Annotated[str, Parameter(help="Orders; what has to leave first when none are named.", name="ORDER...")],
    filters: Filters = ALL,
    location: Annotated[str | None, Parameter(help="Code of the location; MAIN when none is named.")] = None,
    most: Annotated[int, Parameter(help=f"Orders at most, up to {MOST_ORDERS}.")] = USUAL_ORDERS,
    name: Annotated[str, Parameter(help="What the wave is called.")] = "",
    picker: Annotated[str, Parameter(help="Who picks it.")] = "",
    json: Json = False,
) -> int:
    """Put orders that wait to be picked into a new wave: those named, those of a filter, or what has to leave first."""
    wanted = filters.order_filter(OrderSort.SHIP_BY, ascending=True) if filters != ALL else None
    if orders and wanted is not None:
        raise Misconfigured("usage.targets", "Give orders or a filter, not both.")
    async with open_services(read_settings(), on_wait=narrate) as services:
        order_ids = await find_all(services, orders)
        made = await services.picking.make_wave(
            order_ids, order_filter=wanted, location=location, most=most, name=name, picker=picker
        )
    if json:
        emit_json(made)
    else:
        emit(wave_line(made.wave))
        for _, sentence in made.left_out:
            emit(f"  left out: {sentence}")
    return Exit.REFUSED if made.left_out else Exit.OK


@app.command(name="list")
async def list_waves(
    *,
    done: Annotated[bool, Parameter(negative=(), help="Those that are done, too.")] = False,
    limit: int = 100,
    json: Json = False,
) -> int:
    """The waves, newest first, and what waits for one."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        found = await services.picking.waves(done=done, limit=limit)
        waiting = await services.picking.waiting()
    for wave in found:
        emit_json(wave) if json else emit(wave_line(wave))
    for each in waiting:
        emit_json(each) if json else emit(waiting_line(each))
    return Exit.OK


@app.command
async def show(walk: Walk, *, json: Json = False) -> int:
    """What is to be picked, by bin."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        lines = await services.picking.walk(await services.picking.scope(walk))
    for line in lines:
        if json:
            emit_json({"wanted": line.wanted, "picked": line.picked, "line": line})
            continue
        for text in walk_lines(line):
            emit(text)
    return Exit.OK


@app.command
async def give(
    wave: Wave, picker: Annotated[str, Parameter(help="Who picks it; '' gives it back.")], *, json: Json = False
) -> int:
    """Say who picks a wave."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        scope = await services.picking.scope(str(wave))
        assert scope.wave_id is not None
        view = await services.picking.give_wave(scope.wave_id, picker)
    emit_json(view) if json else emit(wave_line(view))
    return Exit.OK


@app.command
async def close(wave: Wave, *, json: Json = False) -> int:
    """End a wave; what is not picked of it is free for another one."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        scope = await services.picking.scope(str(wave))
        assert scope.wave_id is not None
        orders = await services.picking.close_wave(scope.wave_id)
    emit_json({"wave": wave, "orders": orders}) if json else emit(f"wave {wave} is done, {orders} orders free again")
    return Exit.OK


@app.command
async def scan(
    walk: Walk, *codes: Annotated[str, Parameter(help="SKUs or barcodes.", name="CODE...")], json: Json = False
) -> int:
    """Confirm one unit for each code, as if it were scanned; the first that is wrong ends it."""
    if not codes:
        raise Misconfigured("usage.codes", "Give at least one code: pick scan WALK CODE...")
    async with open_services(read_settings(), on_wait=narrate) as services:
        scope = await services.picking.scope(walk)
        for code in codes:
            done = await services.picking.scan(scope, code)
            emit_json(done) if json else emit(confirmed_line(done))
    return Exit.OK


@app.command
async def confirm(
    walk: Walk,
    code: Code,
    *,
    units: Annotated[int | None, Parameter(help="How many; all that are left when not given.")] = None,
    json: Json = False,
) -> int:
    """Confirm units of a product that are in hand."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        scope, product = await services.picking.scope(walk), await services.picking.product(code)
        done = await services.picking.confirm(scope, product, units)
    emit_json(done) if json else emit(confirmed_line(done))
    return Exit.OK


@app.command
async def undo(
    walk: Walk,
    code: Code,
    *,
    units: Annotated[int, Parameter(help="How many; 0 is all that are not packed.")] = 1,
    json: Json = False,
) -> int:
    """Take confirmed units back, as long as they are not packed."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        scope, product = await services.picking.scope(walk), await services.picking.product(code)
        done = await services.picking.take_back(scope, product, units)
    emit_json(done) if json else emit(f"{done.sku}  {done.units} taken back from {', '.join(done.orders)}")
    return Exit.OK


@app.command
async def take(walk: Walk, code: Code) -> int:
    """Show the others that you are at a line, so that nobody else walks there."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        scope, product = await services.picking.scope(walk), await services.picking.product(code)
        await services.picking.hold_line(scope, product)
    narrate(f"{plain(code)} is yours for a quarter of an hour.")
    return Exit.OK


@app.command
async def short(
    walk: Walk,
    code: Code,
    there: Annotated[int, Parameter(help="How many of what is left are there.", name="THERE")],
    *,
    ship: Annotated[bool, Parameter(negative=(), help="Ship what is there of orders that get too few.")] = False,
    carry_from: Annotated[
        str | None, Parameter(name="--from", help="Fetch what is missing from this location.")
    ] = None,
    json: Json = False,
) -> int:
    """Say that fewer are there than the ledger says; it is corrected, and the orders take their way."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        scope, product = await services.picking.scope(walk), await services.picking.product(code)
        found = await services.picking.short(scope, product, there, ship=ship, carry_from=carry_from)
    if json:
        emit_json(found)
    else:
        for line in short_lines(found):
            emit(line)
    return Exit.OK


@app.command
async def pack(
    parcel: Parcel,
    *,
    station: Annotated[str | None, Parameter(help="Where; the station of this machine when not given.")] = None,
    look: Annotated[
        bool, Parameter(negative=(), help="Only show what is in it, and whether it may be packed.")
    ] = False,
    json: Json = False,
) -> int:
    """Say that a parcel is packed; one that must not go on is refused, and says where its goods go."""
    async with open_services(settings := read_settings(), on_wait=narrate) as services:
        found = await services.picking.parcel(parcel)
        if not (found.stop or look) and found.package_id is not None:
            place = settings.printing.station if station is None else station
            found = await services.picking.pack(found.package_id, station=place)
    if json:
        emit_json(found)
    else:
        for line in parcel_lines(found):
            emit(line)
    return Exit.REFUSED if found.stop else Exit.OK


@app.command
async def unpack(parcel: Parcel) -> int:
    """Take back that a parcel is packed."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        found = await services.picking.parcel(parcel)
        if found.package_id is None:
            narrate(found.stop)
            return Exit.REFUSED
        await services.picking.unpack(found.package_id)
    emit(f"{', '.join(found.order_numbers)}  unpacked")
    return Exit.OK


@app.command
async def put_back(
    order: Annotated[
        str | None, Parameter(help="The order whose goods are back; without one: all that is to go back.")
    ] = None,
    *,
    damaged: Annotated[tuple[str, ...], Parameter(negative=(), help="SKU=UNITS that cannot be sold any more.")] = (),
    location: Annotated[str | None, Parameter(help="Only of this location.")] = None,
    json: Json = False,
) -> int:
    """List goods that are to go back to their bins, or say that an order's goods are back."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        if order is None:
            goods = await services.picking.going_back(location)
        else:
            [order_id] = await find_all(services, [order])
            goods = await services.picking.put_back(order_id, damaged=Counter(dict(map(_units_of, damaged))))
    for each in goods:
        emit_json(each) if json else emit(back_line(each))
    return Exit.OK


def _units_of(text: str) -> tuple[str, int]:
    sku, _, units = text.rpartition("=")
    if not sku or not (units.isascii() and units.isdigit()):
        raise Misconfigured("usage.damaged", f"{text!r} names no units: give SKU=UNITS.")
    return sku, int(units)
