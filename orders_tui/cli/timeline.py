"""`orders-tui orders timeline`: one order's story, whole or of some kinds."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from engine.orders.views import TimelineKind
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json, find_all
from orders_tui.cli.order_text import timeline_line
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings


async def timeline(
    order: Annotated[str, Parameter(help="Order number, package id or tracking number.")],
    *,
    kind: Annotated[
        tuple[TimelineKind, ...], Parameter(negative=(), help="Only this kind of line; may be given several times.")
    ] = (),
    json: Json = False,
) -> int:
    """Tell one order's story, oldest first: statuses, steps, effects and their tries, failures, holds, notes, rules, audit."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        [order_id] = await find_all(services, [order])
        entries = await services.timeline(order_id, kind or tuple(TimelineKind))
    for entry in entries:
        if json:
            emit_json(entry)
        else:
            emit(timeline_line(entry))
    return Exit.OK
