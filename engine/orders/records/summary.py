"""What a whole list comes to: how many orders of each status, and their total in each currency.

The counters tell it where only statuses, states and shops narrow the list; otherwise the orders are added up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.orders.narrowing import narrowed, shops_named
from engine.orders.predicate import is_tallied
from engine.orders.views import OrderFilter
from engine.privacy.cipher import Vault
from engine.reports.tallies import Sum, sums
from engine.words import OrderStatus


@dataclass(frozen=True, slots=True)
class Summary:
    """Totals are never added across currencies."""

    total_orders: int
    by_status: Mapping[OrderStatus, int]
    by_currency: Mapping[str, Decimal]

    @property
    def total_amount(self) -> Decimal | None:
        """Where all orders share one currency; None where they do not."""
        if len(self.by_currency) > 1:
            return None
        return next(iter(self.by_currency.values()), Decimal("0.00"))


async def summary(connection: Any, vault: Vault, order_filter: OrderFilter) -> Summary:
    """Add up all that match. Raises NotFound for a name nobody has."""
    if is_tallied(order_filter):
        shops = await shops_named(connection, order_filter)
        told = await sums(connection, statuses=order_filter.statuses, states=order_filter.workflow_states, shops=shops)
        return _added(told)
    wanted, _ = await narrowed(connection, vault, order_filter, in_order=False)
    rows = await connection.fetch(
        f"""
        SELECT o.order_status, o.currency, count(*) AS orders, sum(o.total_amount) AS amount
          FROM orders o WHERE {wanted.where()} GROUP BY 1, 2
        """,  # noqa: S608
        *wanted.arguments,
    )
    return _added(Sum(OrderStatus(row["order_status"]), row["currency"], row["orders"], row["amount"]) for row in rows)


def _added(told: Iterable[Sum]) -> Summary:
    statuses: Counter[OrderStatus] = Counter(dict.fromkeys(OrderStatus, 0))
    amounts: dict[str, Decimal] = {}
    for each in told:
        if each.orders:
            statuses[each.status] += each.orders
            amounts[each.currency] = amounts.get(each.currency, Decimal(0)) + each.amount
    return Summary(statuses.total(), dict(statuses), dict(sorted(amounts.items())))
