"""Where the table's rows come from: a filter over all orders, or the marked orders alone."""

from __future__ import annotations

from collections.abc import Sequence

from engine.identifiers import OrderId
from engine.orders.views import Count, OrderFilter, OrderKey, OrderPage, OrderRow
from orders_tui.services import Services


class FilterSource:
    """All orders that match a filter, read from the database in its sort order."""

    def __init__(self, services: Services, order_filter: OrderFilter) -> None:
        self.services = services
        self.filter = order_filter
        self.ascending = order_filter.ascending

    async def page(self, *, after: OrderKey | None = None, before: OrderKey | None = None, limit: int) -> OrderPage:
        return await self.services.page(self.filter, after=after, before=before, limit=limit)

    async def count(self, *, exact: bool) -> Count:
        return await self.services.count(self.filter, exact=exact)

    async def anchors(self, *, every: int) -> list[OrderKey]:
        return await self.services.anchors(self.filter, every=every)

    async def rows(self, order_ids: Sequence[OrderId]) -> list[OrderRow]:
        return await self.services.rows(order_ids, sort=self.filter.sort)

    async def newer_than(self, key: OrderKey) -> int:
        return await self.services.newer_than(self.filter, key)

    async def key(self, order_id: OrderId) -> OrderKey | None:
        found = await self.rows([order_id])
        return found[0].key if found else None


class ChosenSource:
    """The orders of a list of ids, in the list's order. They are few enough to be read at once."""

    ascending = True

    def __init__(self, services: Services, order_ids: Sequence[OrderId]) -> None:
        self.services = services
        self.order_ids = list(order_ids)

    async def page(self, *, after: OrderKey | None = None, before: OrderKey | None = None, limit: int) -> OrderPage:
        rows = await self.rows(self.order_ids)
        numbers = {row.order_id: number for number, row in enumerate(rows)}
        start = numbers[after.order_id] + 1 if after else max(0, numbers[before.order_id] - limit) if before else 0
        end = numbers[before.order_id] if before else start + limit
        return OrderPage(tuple(rows[start:end]), start > 0, end < len(rows))

    async def count(self, *, exact: bool) -> Count:
        return Count(len(self.order_ids), exact=True)

    async def anchors(self, *, every: int) -> list[OrderKey]:
        return [row.key for row in (await self.rows(self.order_ids))[::every]]

    async def rows(self, order_ids: Sequence[OrderId]) -> list[OrderRow]:
        return await self.services.rows(order_ids)

    async def newer_than(self, key: OrderKey) -> int:
        return 0

    async def key(self, order_id: OrderId) -> OrderKey | None:
        return None  # these orders have no order but their own
