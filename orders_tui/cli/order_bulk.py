"""`orders-tui orders bulk` and `orders undo`: many orders, those named or all that match."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from engine.errors import Misconfigured, Refused
from engine.identifiers import BatchId
from engine.orders.bulk.requests import BulkKind, BulkRequest, Chosen
from orders_tui.cli.bulk_text import batch_named, tell_preview, tell_report
from orders_tui.cli.order_filter import Filters
from orders_tui.cli.order_targets import Json, Reason, find_all, read_targets
from orders_tui.cli.output import narrate, progress
from orders_tui.opening import open_services
from orders_tui.services import Services
from orders_tui.settings_file import read_settings

UNASKED = 500
"""So many orders are changed without asking again."""

NOBODY = "nobody"
NO_FILTER = Filters()

Kind = Literal["status", "tag", "untag", "hold", "release", "retry", "cancel", "priority", "assign"]
DryRun = Annotated[bool, Parameter(negative=(), help="Say what would happen, change nothing.")]


async def bulk(
    kind: Annotated[Kind, Parameter(help="What is done to each order.")],
    /,
    *orders: Annotated[
        str,
        Parameter(help="Orders; `-` reads them from stdin, one a line.", name="ORDER...", allow_leading_hyphen=True),
    ],
    value: Annotated[
        tuple[str, ...],
        Parameter(
            name=("--value", "--to"),
            negative=(),
            help="The status, tags, reason of hold or cancellation, priority (0 to 5, or auto) or person (or nobody).",
        ),
    ] = (),
    filters: Filters = NO_FILTER,
    everything: Annotated[bool, Parameter(name="--all", negative=(), help="Every order there is.")] = False,
    reason: Reason = "",
    note: Annotated[str, Parameter(help="A hold's note.")] = "",
    hold_until: Annotated[datetime | None, Parameter(help="When a hold ends by itself.")] = None,
    batch_size: Annotated[int, Parameter(help="Orders a transaction.")] = 500,
    dry_run: DryRun = False,
    yes: Annotated[bool, Parameter(negative=(), help=f"Change more than {UNASKED} orders.")] = False,
    json: Json = False,
) -> int:
    """Change many orders, and tell what became of each that was refused.

    `orders bulk cancel --pile overdue --reason "sold out"`, `orders bulk tag 5771 5772 --to gift --reason season`,
    `orders list --json | orders bulk hold - --to fraud --reason "looks odd" --dry-run`.
    """
    if not reason and not dry_run:
        raise Misconfigured("usage.reason", "Give a reason (--reason ...): it is kept with every order.")
    async with open_services(read_settings(), on_wait=narrate) as services:
        request = BulkRequest(BulkKind(kind), await _parameters(services, kind, value, hold_until), reason, note)
        chosen = await _chosen(services, orders, filters, everything=everything)
        if dry_run:
            return tell_preview(await services.bulk.preview(request, chosen, on_progress=progress()), json=json)
        begun: list[BatchId] = []
        try:
            report = await services.bulk.run(
                request,
                chosen,
                part_size=batch_size,
                at_most=None if yes else UNASKED,
                on_progress=progress(),
                on_begin=begun.append,
            )
        except Refused as refused:
            if refused.code != "bulk.too_many":
                raise
            raise Misconfigured(refused.code, f"{refused.sentence} Look with --dry-run, then give --yes.") from refused
        except asyncio.CancelledError:
            for batch_id in begun:
                narrate(f"Interrupted: `orders-tui batch continue {batch_id}` goes on with it.")
            raise
    return tell_report(report, json=json)


async def undo(
    batch: Annotated[str | None, Parameter(help="The batch; your latest that can be undone, if none is given.")] = None,
    *,
    reason: Reason = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Put back what a bulk change did, to every order that has not changed since."""
    batch_id = batch_named(batch) if batch else None
    async with open_services(read_settings(), on_wait=narrate) as services:
        if dry_run:
            return tell_preview(await services.bulk.preview_undo(batch_id), json=json)
        report = await services.bulk.undo(batch_id, reason=reason, on_progress=progress())
    return tell_report(report, json=json)


async def _chosen(services: Services, orders: Sequence[str], filters: Filters, *, everything: bool) -> Chosen:
    ways = (bool(orders), filters != NO_FILTER, everything)
    if sum(ways) != 1:
        raise Misconfigured(
            "usage.targets", "Say which orders in one way: ORDER..., `-` for a list on stdin, a filter, or --all."
        )
    if mistyped := [word for word in orders if word.startswith("-") and word != "-"]:
        raise Misconfigured("usage.option", f"Unknown option: {mistyped[0]}.")
    if list(orders) == ["-"]:
        return await read_targets(services, sys.stdin)
    return await find_all(services, orders) if orders else filters.order_filter(me=services.me)


async def _parameters(
    services: Services, kind: Kind, values: Sequence[str], hold_until: datetime | None
) -> dict[str, Any]:
    match kind:
        case "status":
            return {"status": _one(kind, values)}
        case "tag" | "untag":
            return {"tags": list(values)}
        case "hold":
            until = hold_until.astimezone().isoformat() if hold_until else None
            return {"hold": _one(kind, values), "until": until}
        case "release":
            return {"hold": _one(kind, values) if values else None}
        case "priority":
            return {"level": _level(_one(kind, values))}
        case "assign":
            person = _one(kind, values)
            return await services.bulk.assignee(None if person == NOBODY else person)
        case "cancel":
            return {"because": _one(kind, values).replace("-", "_") if values else None}
        case "retry":
            return {}


def _one(kind: str, values: Sequence[str]) -> str:
    if len(values) != 1:
        raise Misconfigured("usage.value", f"Give one value for {kind}: orders bulk {kind} ... --to VALUE.")
    return values[0]


def _level(text: str) -> int | None:
    if text == "auto":
        return None
    try:
        return int(text)
    except ValueError:
        raise Misconfigured("usage.value", f"{text!r} is no priority: give 0 to 5, or auto.") from None
