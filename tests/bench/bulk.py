"""bulk.10k_seconds: ten thousand reserved orders cancelled at once, by a filter; stock freed, history, audit and effects written."""

from __future__ import annotations

import time
from dataclasses import dataclass

from engine.actors import Actor
from engine.database.connection import Database
from engine.errors import Terminal
from engine.identifiers import ShopId
from engine.orders import intake
from engine.orders.bulk import many, preview
from engine.orders.bulk.requests import BulkKind, BulkRequest
from engine.orders.views import OrderFilter
from engine.reports.accounts import account
from engine.words import ChangeSource, OrderStatus
from tests.bench.facts import order_fact
from tests.bench.processor import measuring

ORDERS = 10_000
_INTAKE = 500
_LEAD = Actor("bench", ChangeSource.USER)
_CANCEL = BulkRequest(BulkKind.CANCEL, reason="the measurement")
_RESERVED = OrderFilter(statuses=frozenset({OrderStatus.PROCESSING}))


@dataclass(frozen=True, slots=True)
class BulkMeasured:
    """Wall clock of the change and of its preview, and the processor's seconds of the change."""

    seconds: float
    preview_seconds: float
    program_seconds: float
    postgres_seconds: float


async def measure_bulk(database: Database, shop_id: ShopId, orders: int = ORDERS) -> BulkMeasured:
    """Fill an empty shop with reserved orders and cancel them all. Raises Terminal when one is not accounted for."""
    for start in range(0, orders, _INTAKE):
        numbers = range(start, min(start + _INTAKE, orders))
        await intake.apply(database, [order_fact(shop_id, number) for number in numbers])
    reserved = await database.pool.fetchval("SELECT sum(reserved) FROM stock_levels")
    started = time.perf_counter()
    shown = await preview.preview(database, _CANCEL, _RESERVED, actor=_LEAD)
    preview_seconds = time.perf_counter() - started
    async with measuring(database) as spent:
        started = time.perf_counter()
        report = await many.run(database, _CANCEL, _RESERVED, actor=_LEAD)
        seconds = time.perf_counter() - started
    accounts = await account(database)
    left = await database.pool.fetchval("SELECT sum(reserved) FROM stock_levels")
    if not (
        accounts.balanced
        and accounts.outcomes == {"cancelled": orders}
        and (shown.moves, report.changed) == ((("processing → cancelled", orders),), orders)
        and (reserved >= orders and left == 0)
    ):
        raise Terminal(
            "bench.unaccounted", f"The cancelled orders are not accounted for: {accounts}, {report}, {left} reserved"
        )
    return BulkMeasured(seconds, preview_seconds, spent.program, spent.postgres)
