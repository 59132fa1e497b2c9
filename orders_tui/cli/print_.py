"""`orders-tui print`: pick-list, packing-slip, labels, record."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from uuid import UUID

import cyclopts
from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.identifiers import OrderId
from engine.paper.labels import LabelOrder
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json, find_all, read_targets
from orders_tui.cli.output import emit, emit_json, narrate, progress
from orders_tui.opening import open_services
from orders_tui.printing.outcome import Printed, Where
from orders_tui.printing.text import pick_list_text, sheet_text, slips_text
from orders_tui.services import Services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="print", help="Pick lists, packing slips and labels; what was printed.")

Orders = Annotated[
    str,
    Parameter(help="Orders; `-` reads them from stdin, one a line.", name="ORDER...", allow_leading_hyphen=True),
]
Wave = Annotated[str, Parameter(help="All of a wave: its number or name.")]
Station = Annotated[str, Parameter(help="Whose printer: the station's code.")]
Printer = Annotated[str, Parameter(help="This printer, or this folder, whatever the station has.")]
Output = Annotated[str, Parameter(help="Write a file instead; `-` is stdout.", allow_leading_hyphen=True)]
Show = Annotated[bool, Parameter(negative=(), help="Print nothing, say here what would be on it.")]


@app.command(name="pick-list")
async def pick_list(
    *orders: Orders,
    wave: Wave = "",
    station: Station = "",
    printer: Printer = "",
    output: Output = "",
    show: Show = False,
    json: Json = False,
) -> int:
    """Print what is to be fetched from which bin, for a wave or for orders."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        wave_id = await services.printing.find_wave(wave) if wave else None
        order_ids = await _targets(services, orders, wave)
        if show:
            content = await services.printing.pick_list_content(order_ids, wave=wave_id)
            return _shown(content, pick_list_text(content), json=json)
        return await _printed(
            lambda where: services.printing.pick_list(order_ids, wave=wave_id, where=where),
            Where(station, printer),
            output,
            json=json,
        )


@app.command(name="packing-slip")
async def packing_slip(
    *orders: Orders,
    wave: Wave = "",
    station: Station = "",
    printer: Printer = "",
    output: Output = "",
    show: Show = False,
    json: Json = False,
) -> int:
    """Print the packing slips of orders' parcels, or of a wave's."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        wave_id = await services.printing.find_wave(wave) if wave else None
        order_ids = await _targets(services, orders, wave)
        if show:
            content = await services.printing.slip_content(order_ids, wave=wave_id)
            return _shown(content, slips_text(content), json=json)
        return await _printed(
            lambda where: services.printing.packing_slips(order_ids, wave=wave_id, where=where, on_progress=progress()),
            Where(station, printer),
            output,
            json=json,
        )


@app.command
async def labels(
    *orders: Orders,
    wave: Wave = "",
    sort: Annotated[LabelOrder, Parameter(help="How they follow one another.")] = LabelOrder.BIN,
    only_new: Annotated[bool, Parameter(negative=(), help="Leave out those that were printed before.")] = False,
    station: Station = "",
    printer: Printer = "",
    output: Output = "",
    show: Show = False,
    json: Json = False,
) -> int:
    """Print the labels of orders' parcels as one document; what has no label yet is named. Nothing is bought."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        printing = services.printing
        wave_id = await printing.find_wave(wave) if wave else None
        order_ids = await _targets(services, orders, wave)
        if show:
            content = await printing.label_content(order_ids, wave=wave_id, order=sort)
            return _shown(content, sheet_text(content), json=json)
        return await _printed(
            lambda where: printing.labels(
                order_ids, wave=wave_id, order=sort, where=where, only_new=only_new, on_progress=progress()
            ),
            Where(station, printer),
            output,
            json=json,
        )


@app.command
async def record(
    *orders: Orders,
    limit: Annotated[int, Parameter(help="How many at most.")] = 50,
    json: Json = False,
) -> int:
    """List what was printed, newest first: all of it, or what was printed for orders."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        about: list[UUID] | None = None
        if orders:
            order_ids = await _targets(services, orders)
            about = [*order_ids, *[each for one in order_ids for each in await services.parcels.of_order(one)]]
        found = await services.printing.record(limit=limit, about=about)
    for each in found:
        if json:
            emit_json(each)
            continue
        again = f", {each.reprints:,} of them again" if each.reprints else ""
        error = f"  {each.error}" if each.error else ""
        at = f"{each.created_at:%Y-%m-%d %H:%M} UTC"
        emit(f"{at}  {each.kind:<6} {each.state:<8} {each.destination}  {each.documents:,}{again}  {each.actor}{error}")
    return Exit.OK


async def _targets(services: Services, orders: Sequence[str], wave: str = "") -> list[OrderId]:
    if bool(orders) == bool(wave):
        raise Misconfigured("usage.targets", "Name orders (or - for a list on stdin), or a wave with --wave.")
    if orders == ("-",):
        return await read_targets(services, sys.stdin)
    return await find_all(services, orders)


async def _printed(act: Callable[[Where], Awaitable[Printed]], where: Where, output: str, *, json: bool) -> int:
    if output == "-":
        return await _to_stdout(act, where)
    done = await act(replace(where, file=Path(output)) if output else where)
    if json:
        emit_json(done)
    elif done.failed:
        narrate(done.sentence)
    else:
        emit(done.sentence)
    return Exit.REFUSED if done.failed or done.left_out else Exit.OK


async def _to_stdout(act: Callable[[Where], Awaitable[Printed]], where: Where) -> int:
    with tempfile.TemporaryDirectory(prefix="orders-tui-") as folder:
        done = await act(replace(where, file=Path(folder, "paper")))
        if len(done.paths) > 1:
            raise Misconfigured("usage.output", "These labels are of several formats: give --output a file, not -.")
        for path in done.paths:
            sys.stdout.buffer.write(Path(path).read_bytes())  # noqa: ASYNC240
    for each in done.left_out:
        narrate(f"{each.order_number}  {each.sentence}")
    for warning in done.warnings:
        narrate(warning)
    return Exit.REFUSED if done.left_out else Exit.OK


def _shown(content: object, lines: Sequence[str], *, json: bool) -> int:
    if json:
        emit_json(content)
    else:
        for line in lines:
            emit(line)
    return Exit.OK
