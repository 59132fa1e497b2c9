"""`orders-tui orders tag`, `untag`, `assign`, `note`, `acknowledge` and `prioritise`."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.identifiers import OrderId
from engine.orders.views import ChangeOutcome
from orders_tui.cli.order_targets import Json, find_all, report_outcomes
from orders_tui.cli.output import narrate
from orders_tui.opening import open_services
from orders_tui.services.marks import Marks
from orders_tui.settings_file import read_settings

Orders = Annotated[str, Parameter(help="Order numbers.", name="ORDER...")]
Tags = Annotated[tuple[str, ...], Parameter(name="--tag", negative=(), help="A tag; may be given several times.")]
DryRun = Annotated[bool, Parameter(negative=(), help="Say what would happen, change nothing.")]


async def tag(*orders: Orders, tags: Tags, dry_run: DryRun = False, json: Json = False) -> int:
    """Give orders tags: `orders tag 5771 5772 --tag vip`."""
    return await _mark(
        orders,
        "tag",
        lambda marks, ids: marks.tag(ids, tags, write=not dry_run),
        done="tagged",
        dry_run=dry_run,
        json=json,
    )


async def untag(*orders: Orders, tags: Tags, dry_run: DryRun = False, json: Json = False) -> int:
    """Take tags off orders."""
    return await _mark(
        orders,
        "untag",
        lambda marks, ids: marks.untag(ids, tags, write=not dry_run),
        done="untagged",
        dry_run=dry_run,
        json=json,
    )


async def assign(
    *orders: Orders,
    to: Annotated[str | None, Parameter(help="A user's id, login or name; without it, nobody.")] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Hand orders to somebody: `orders assign 5771 --to mira`."""
    return await _mark(
        orders,
        "assign",
        lambda marks, ids: marks.assign(ids, to, write=not dry_run),
        done="assigned",
        dry_run=dry_run,
        json=json,
    )


async def note(
    *orders: Orders,
    text: Annotated[
        str, Parameter(help="What the note says; - reads it from standard input, out of histories and process lists.")
    ],
    must_acknowledge: Annotated[
        bool, Parameter(negative=(), help="Nothing is shipped until somebody has acknowledged it.")
    ] = False,
    json: Json = False,
) -> int:
    """Write a note on orders: `orders note 5771 --text "add the card"`."""
    if text == "-":
        text = sys.stdin.read()
    return await _mark(
        orders,
        "note",
        lambda marks, ids: marks.note(ids, text, must_acknowledge=must_acknowledge),
        done="noted",
        dry_run=False,
        json=json,
    )


async def acknowledge(*orders: Orders, dry_run: DryRun = False, json: Json = False) -> int:
    """Acknowledge the notes that stop orders from being shipped."""
    return await _mark(
        orders,
        "acknowledge",
        lambda marks, ids: marks.acknowledge(ids, write=not dry_run),
        done="acknowledged",
        dry_run=dry_run,
        json=json,
    )


async def prioritise(
    *orders: Orders,
    level: Annotated[
        int | None, Parameter(help="0 (can wait) to 5 (before all); without it, derived from the ship-by again.")
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Set the priority of orders, or leave it to their deadlines."""
    return await _mark(
        orders,
        "prioritise",
        lambda marks, ids: marks.prioritise(ids, level, write=not dry_run),
        done="prioritised",
        dry_run=dry_run,
        json=json,
    )


async def _mark(
    orders: tuple[str, ...],
    command: str,
    put: Callable[[Marks, Sequence[OrderId]], Awaitable[list[ChangeOutcome]]],
    *,
    done: str,
    dry_run: bool,
    json: bool,
) -> int:
    if not orders:
        raise Misconfigured("usage.targets", f"Give at least one order: orders {command} ORDER...")
    async with open_services(read_settings(), on_wait=narrate) as services:
        outcomes = await put(services.marks, await find_all(services, orders))
    return report_outcomes(outcomes, json=json, done=f"would be {done}" if dry_run else done)
