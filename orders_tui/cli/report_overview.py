"""`orders-tui report overview`: the numbers of the Overview, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from cyclopts import Parameter

from engine.words import OrderStatus, WorkflowState
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.cli.status import line_of
from orders_tui.opening import open_services
from orders_tui.services.glance import Movement, Results, Standstill
from orders_tui.settings_file import read_settings


async def overview(
    *, json: Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object.")] = False
) -> int:
    """Where orders are, how fast they move, what falls due, what stands still, what today came to (a day of UTC)."""
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    async with open_services(read_settings(), on_wait=narrate) as services:
        moves = await services.glance.movement(now, midnight)
        still = await services.glance.standstill(now)
        results = await services.glance.results(now, midnight)
    if json:
        emit_json({"movement": moves, "standstill": still, "results": results})
    else:
        for line in _lines(moves, still, results):
            emit(line)
    return Exit.OK


def _lines(moves: Movement, still: Standstill, results: Results) -> Iterator[str]:
    today = moves.today
    yield (
        f"Today        {today.created:,} created, {today.shipped:,} shipped, {today.completed:,} completed,"
        f" {today.cancelled:,} cancelled, {today.failed:,} failed"
    )
    for taking in results.ordered_today.takings:
        least = "" if results.ordered_today.whole else " at least"
        yield f"Ordered      {taking.amount:,} {taking.currency}{least}, {taking.orders:,} orders"
    for taking in results.completed_today:
        yield f"Completed    {taking.amount:,} {taking.currency}, {taking.orders:,} orders"
    statuses: Counter[OrderStatus] = Counter()
    states: Counter[WorkflowState] = Counter()
    for place in moves.places:
        statuses[place.status] += place.orders
        states[place.state] += place.orders
    yield f"By status    {', '.join(f'{status} {statuses[status]:,}' for status in OrderStatus)}"
    yield f"By workflow  {', '.join(f'{state} {states[state]:,}' for state in WorkflowState)}"
    for bin_ in still.radar:
        if bin_.orders.number:
            when = "late" if bin_.late else f"by {bin_.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            yield f"Ship by      {bin_.orders.number:,}{'' if bin_.orders.exact else '+'} {when}"
    for failure in still.failures:
        yield f"Failed       {failure.orders:,} {failure.code} ({failure.error_class})"
    for each in still.effects:
        if each.due.number or each.later.number:
            yield f"To send      {each.dependency}: {each.due.number:,} now, {each.later.number:,} later"
    yield f"Daemons      {still.daemons} alive"
    for state in still.dependencies:
        yield f"             {line_of(state)}"
    for shop in still.shops:
        yield f"Shop         {shop.name}: {'work' if shop.worked else 'observe'}, {shop.late:,} late"
