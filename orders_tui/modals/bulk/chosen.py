"""Which orders something is done to: those named, or all that match a filter less those taken out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.identifiers import OrderId
from engine.orders.bulk.requests import Chosen as Targets
from engine.orders.bulk.requests import Matching
from engine.orders.views import OrderFilter, OrderRow
from orders_tui.services import Services

MOST_AT_ONCE = 10_000
"""The most orders that an action takes which is no bulk change, when all that match are marked."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The orders to change, how many they seemed to be, and those of their rows that the person saw."""

    order_ids: tuple[OrderId, ...] = ()
    seen: Mapping[OrderId, OrderRow] = field(default_factory=dict)
    matching: Matching | None = None
    """All that match, whatever `order_ids` says: no id travels through the console."""
    number: int = 0

    @classmethod
    def named(cls, order_ids: tuple[OrderId, ...], seen: Mapping[OrderId, OrderRow] | None = None) -> Chosen:
        """These, each as it was seen where it was."""
        rows = seen or {}
        return cls(order_ids, {each: rows[each] for each in order_ids if each in rows}, number=len(order_ids))

    @classmethod
    def all_of(cls, order_filter: OrderFilter, without: frozenset[OrderId], number: int) -> Chosen:
        """All that match at the moment it is done."""
        return cls(matching=Matching(order_filter, without), number=number)

    @property
    def targets(self) -> Targets:
        """What a bulk change is begun with."""
        return self.matching or self.order_ids

    @property
    def versions(self) -> dict[OrderId, int]:
        return {order_id: row.version for order_id, row in self.seen.items()}

    @property
    def only(self) -> OrderId | None:
        """The one order, where it is one."""
        return self.order_ids[0] if len(self.order_ids) == 1 and self.matching is None else None

    @property
    def words(self) -> str:
        """`3 orders`, or the number of the one there is."""
        row = self.seen.get(self.only) if self.only is not None else None
        if row is not None:
            return f"order {row.order_number}"
        return f"{self.number:,} order{'s' if self.number != 1 else ''}"

    async def ids(self, services: Services) -> list[OrderId]:
        """The orders one by one, as they match now."""
        if self.matching is None:
            return list(self.order_ids)
        found = await services.ids_matching(self.matching.order_filter, limit=MOST_AT_ONCE)
        return [order_id for order_id in found if order_id not in self.matching.without]
