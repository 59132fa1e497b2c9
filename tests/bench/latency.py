"""ingest.p95_ms and status.p95_ms: one order at a time, from its stored payload to validated and reserved, and a person's change of it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from engine.actors import Actor
from engine.database.connection import Database
from engine.errors import Terminal
from engine.fleet import daemons
from engine.fleet.daemons import DEAD_AFTER_SECONDS
from engine.identifiers import DEFAULT_CREATOR, OrderId, ShopId
from engine.orders import inbox, intake, status
from engine.orders.inbox import Arrival, Understood
from engine.words import ChangeSource, OrderStatus
from tests.bench.facts import order_fact

ORDERS = 400
_LEAD = Actor("bench", ChangeSource.USER)


@dataclass(frozen=True, slots=True)
class Latency:
    """What nineteen of twenty took at most, in milliseconds."""

    ingest_p95: float
    status_p95: float


async def measure_latency(database: Database, shop_id: ShopId, *, first: int) -> Latency:
    """Take `ORDERS` orders in and cancel them, one after the other. Raises Terminal when one does not get there."""
    daemon_id = await daemons.register(database, "bench")
    order_ids: list[OrderId] = []
    numbers = iter(range(first, first + ORDERS))

    async def ingest() -> None:
        fact = order_fact(shop_id, next(numbers))
        payload = fact.tiktok_order_id.encode() * 40
        await inbox.store(database, shop_id, DEFAULT_CREATOR, "webhook", [Arrival("order", payload)])
        [claim] = await inbox.claim(database, 1, 60.0, daemon_id, DEAD_AFTER_SECONDS)
        result = await intake.apply(database, [fact], [Understood(claim, "done", "created")])
        order_ids.append(result.order_ids[fact.tiktok_order_id])

    ingested = await _p95(ingest)
    states = await database.pool.fetch(
        "SELECT DISTINCT workflow_status FROM orders WHERE id = ANY($1::uuid[])", order_ids
    )
    if [row["workflow_status"] for row in states] != ["inventory_reserved"]:
        raise Terminal("bench.unaccounted", f"The orders that were taken in are not all reserved: {states}")
    waiting = iter(order_ids)

    async def change() -> None:
        [outcome] = await status.change(
            database, [next(waiting)], OrderStatus.CANCELLED, actor=_LEAD, reason="the measurement"
        )
        if outcome.code:
            raise Terminal("bench.unaccounted", f"An order could not be cancelled: {outcome.sentence}")

    return Latency(ingested, await _p95(change))


async def _p95(call: Callable[[], Awaitable[None]]) -> float:
    taken = []
    for _ in range(ORDERS):
        started = time.perf_counter()
        await call()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.quantiles(taken, n=20)[-1]
