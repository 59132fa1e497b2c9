"""`orders-tui failures`: list, show, assign, acknowledge, snooze, wake, retry-group."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.identifiers import OrderId
from engine.orders.views import FailureGroup, FailureView
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json, Reason, find_all, report_outcomes
from orders_tui.cli.output import emit, emit_json, narrate, progress
from orders_tui.opening import open_services
from orders_tui.services import Services
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="failures", help="The failed queue: what stopped orders, who is at it, and sending them on.")

Group = Annotated[str, Parameter(name="--group", help="The fingerprint of a group: all its orders.")]
Orders = Annotated[str, Parameter(name="ORDER", help="Order numbers.")]


@app.command(name="list")
async def list_groups(
    *, snoozed: Annotated[bool, Parameter(negative=(), help="Also what rests for a while.")] = False, json: Json = False
) -> int:
    """List failures by cause, the nearest deadline first."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        groups = await services.failures_queue.groups(with_snoozed=snoozed)
    for group in groups:
        if json:
            emit_json(group)
        else:
            emit(_group_line(group))
    return Exit.OK


@app.command
async def show(
    fingerprint: str,
    *,
    limit: Annotated[int, Parameter(help="How many orders at most.")] = 50,
    json: Json = False,
) -> int:
    """Show the orders of one group: cause, evidence, what was tried, and what to do."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.failures_queue.orders_of(fingerprint)
        failures = await services.failures_queue.of_group(fingerprint, limit=limit)
    for failure in failures:
        if json:
            emit_json(failure)
        else:
            for line in _story(failure):
                emit(line)
    return Exit.OK


@app.command
async def assign(
    *orders: Orders,
    to: Annotated[str, Parameter(help="A login, a name or an id; empty for nobody.")],
    group: Group = "",
    json: Json = False,
) -> int:
    """Give failures to somebody."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        order_ids = await _chosen(services, orders, group)
        outcomes = await services.failures_queue.assign(order_ids, to or None)
    return report_outcomes(outcomes, json=json)


@app.command
async def acknowledge(*orders: Orders, group: Group = "", json: Json = False) -> int:
    """Say that you are at work on them."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        order_ids = await _chosen(services, orders, group)
        outcomes = await services.failures_queue.acknowledge(order_ids)
    return report_outcomes(outcomes, json=json)


@app.command
async def snooze(
    *orders: Orders,
    until: Annotated[datetime, Parameter(help="When they return (UTC unless it says).")],
    group: Group = "",
    json: Json = False,
) -> int:
    """Take them out of sight until then; they return by themselves."""
    moment = until if until.tzinfo else until.replace(tzinfo=UTC)
    async with open_services(read_settings(), on_wait=narrate) as services:
        order_ids = await _chosen(services, orders, group)
        outcomes = await services.failures_queue.snooze(order_ids, moment)
    return report_outcomes(outcomes, json=json)


@app.command
async def wake(*orders: Orders, group: Group = "", json: Json = False) -> int:
    """Bring snoozed failures back at once."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        order_ids = await _chosen(services, orders, group)
        outcomes = await services.failures_queue.wake(order_ids)
    return report_outcomes(outcomes, json=json)


@app.command
async def retry_group(fingerprint: str, *, reason: Reason = "", json: Json = False) -> int:
    """Send every order of a group on from where it failed."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        report = await services.failures_queue.retry_group(fingerprint, reason=reason, on_progress=progress())
    if json:
        emit_json(report)
    else:
        for outcome in report.errors:
            emit(f"{outcome.order_number}  refused: {outcome.sentence}")
        narrate(f"{report.processed - report.failed} sent on, {report.failed} refused.")
    return Exit.REFUSED if report.failed else Exit.OK


async def _chosen(services: Services, orders: Sequence[str], group: str) -> list[OrderId]:
    if bool(orders) == bool(group):
        raise Misconfigured("usage.targets", "Give order numbers, or one --group FINGERPRINT, not both.")
    return await services.failures_queue.orders_of(group) if group else await find_all(services, orders)


def _group_line(group: FailureGroup) -> str:
    due = f"ship by {group.nearest_ship_by.astimezone(UTC):%Y-%m-%d %H:%M}" if group.nearest_ship_by else ""
    people = ", ".join(
        [*(f"{name}'s" for name in group.assigned_to), *(f"{name} at it" for name in group.acknowledged_by)]
    )
    resting = f"{group.snoozed} snoozed" if group.snoozed else ""
    notes = "; ".join(note for note in (due, people, resting) if note)
    return f"{group.orders:>6}  {group.error_class:<11} {group.fingerprint:<32} {group.cause}  {notes}".rstrip()


def _story(failure: FailureView) -> list[str]:
    lines = [f"Order {failure.order_number}: {failure.cause}", f"  What to do  {failure.what_to_do}"]
    lines += [f"  Evidence    {name}: {value}" for name, value in failure.evidence.items()]
    lines += [
        f"  Tried       {tried.at.astimezone(UTC):%Y-%m-%d %H:%M}  {tried.what}: {tried.outcome}"
        for tried in failure.tried
    ]
    for label, value in (("Assigned", failure.assigned_to), ("At it", failure.acknowledged_by)):
        if value:
            lines.append(f"  {label:<11} {value}")
    for label, moment in (("Snoozed", failure.snoozed_until), ("Comes back", failure.comes_back_at)):
        if moment is not None:
            lines.append(f"  {label:<11} {moment.astimezone(UTC):%Y-%m-%d %H:%M}")
    return lines
