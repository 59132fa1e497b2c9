"""Orders without a database: rows computed from their number, and a list of them read by key like the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from engine.identifiers import OrderId
from engine.orders.views import Count, OrderKey, OrderPage, OrderRow
from engine.words import ExecutionStatus, OrderStatus, PaymentStatus, WorkflowState
from tests.factories import NOON


def order_id(number: int) -> OrderId:
    return OrderId(UUID(int=10**12 - number))


def row(number: int, **changes: Any) -> OrderRow:
    """The order at `number` of a list sorted by order date, newest first."""
    ordered_at = NOON - timedelta(minutes=number)
    values: dict[str, Any] = {
        "order_id": order_id(number),
        "order_number": f"5770000000000{number:05d}",
        "order_status": OrderStatus.PENDING,
        "workflow_state": WorkflowState.NEW,
        "execution": ExecutionStatus.RUNNING,
        "payment_status": PaymentStatus.PAID,
        "channel_status": "AWAITING_SHIPMENT",
        "customer_name": f"Buyer {number}",
        "items_summary": "2 x Stoneware mug",
        "units": 2,
        "total_amount": Decimal("24.90"),
        "currency": "USD",
        "order_date": ordered_at,
        "ship_by": ordered_at + timedelta(days=1),
        "tracking_number": "",
        "priority": 0,
        "tags": (),
        "held": False,
        "waiting_for": "",
        "failure_code": "",
        "version": 1,
        "updated_at": ordered_at,
        "key": OrderKey(ordered_at, order_id(number)),
    }
    return OrderRow(**values | changes)


class Listing:
    """A list that knows every question asked of it; `gate`, when set, holds pages back until it is opened."""

    ascending = False

    def __init__(self, length: int, *, capped_at: int = 10_000) -> None:
        self.all = [row(number) for number in range(length)]
        self.capped_at = capped_at
        self.asked: list[str] = []
        self.gate: asyncio.Event | None = None

    def add_on_top(self, rows: int) -> None:
        self.all = [row(-number) for number in range(rows, 0, -1)] + self.all

    async def page(self, *, after: OrderKey | None = None, before: OrderKey | None = None, limit: int) -> OrderPage:
        self.asked.append(f"page {'after' if after else 'before' if before else 'first'}")
        if self.gate is not None:
            await self.gate.wait()
        start = self._place(after) + 1 if after else max(0, self._place(before) - limit) if before else 0
        end = self._place(before) if before else start + limit
        return OrderPage(tuple(self.all[start:end]), start > 0, end < len(self.all))

    async def count(self, *, exact: bool) -> Count:
        length = len(self.all)
        return Count(length, exact=True) if exact or length <= self.capped_at else Count(self.capped_at, exact=False)

    async def anchors(self, *, every: int) -> list[OrderKey]:
        self.asked.append("anchors")
        return [row.key for row in self.all[::every]]

    async def rows(self, order_ids: Sequence[OrderId]) -> list[OrderRow]:
        places = {row.order_id: row for row in self.all}
        return [places[wanted] for wanted in order_ids if wanted in places]

    async def newer_than(self, key: OrderKey) -> int:
        return self._place(key)

    async def key(self, wanted: OrderId) -> OrderKey | None:
        found = await self.rows([wanted])
        return found[0].key if found else None

    def _place(self, key: OrderKey) -> int:
        return next(place for place, row in enumerate(self.all) if row.key == key)
