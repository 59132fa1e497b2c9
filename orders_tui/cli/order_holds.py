"""`orders-tui orders hold`, `release` and `holds`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.orders.holds import HoldView
from engine.words import HoldReason
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json, find_all, report_outcomes
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings
from orders_tui.spans import moment_named

Orders = Annotated[str, Parameter(help="Order numbers.", name="ORDER...")]
DryRun = Annotated[bool, Parameter(negative=(), help="Say what would happen, change nothing.")]


async def hold(
    *orders: Orders,
    reason: Annotated[HoldReason, Parameter(help="Why it is held.")],
    until: Annotated[str | None, Parameter(help="When it ends by itself: 2026-12-01T09:00, or 30m, 4h, 3d.")] = None,
    note: Annotated[str, Parameter(help="What others should know.")] = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Hold orders: no label is bought and nothing is shipped until the hold is lifted or its time is over."""
    _need(orders, "hold")
    end = _moment(until) if until else None
    async with open_services(read_settings(), on_wait=narrate) as services:
        order_ids = await find_all(services, orders)
        outcomes = await services.holds.place(order_ids, reason, note=note, until=end, write=not dry_run)
    return report_outcomes(outcomes, json=json, done="would be held" if dry_run else "held")


async def release(
    *orders: Orders,
    reason: Annotated[HoldReason | None, Parameter(help="Only the hold for this reason; without it all.")] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Lift holds; the orders go on by themselves. TikTok's cooling-off is lifted by TikTok only."""
    _need(orders, "release")
    async with open_services(read_settings(), on_wait=narrate) as services:
        order_ids = await find_all(services, orders)
        outcomes = await services.holds.release(order_ids, reason, write=not dry_run)
    return report_outcomes(outcomes, json=json, done="would be released" if dry_run else "released")


async def list_holds(
    *,
    reason: Annotated[HoldReason | None, Parameter(help="Only holds for this reason.")] = None,
    limit: Annotated[int, Parameter(help="How many at most.")] = 1000,
    json: Json = False,
) -> int:
    """List the holds of open orders, oldest first."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        found = await services.holds.standing(reason, limit=limit + 1)
    for view in found[:limit]:
        if json:
            emit_json(view)
        else:
            emit(_line(view))
    if len(found) > limit:
        narrate(f"Only the first {limit} are shown: --limit gives more.")
    return Exit.OK


def _line(view: HoldView) -> str:
    until = f"until {view.until.astimezone(UTC):%Y-%m-%d %H:%M}" if view.until else "until lifted"
    placed = f"{view.placed_at.astimezone(UTC):%Y-%m-%d %H:%M}"
    return (
        f"{view.order_number:<20} {view.reason:<11} {placed}  {until:<23}  {view.placed_by:<12}  {view.note}".rstrip()
    )


def _moment(text: str) -> datetime:
    try:
        return moment_named(text)
    except ValueError as error:
        raise Misconfigured("usage.until", str(error)) from None


def _need(orders: tuple[str, ...], command: str) -> None:
    if not orders:
        raise Misconfigured("usage.targets", f"Give at least one order: orders {command} ORDER...")
