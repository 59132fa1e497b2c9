"""What TikTok has of every SKU in every warehouse: set by the seller, committed by orders, shipped away."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sync.simulator.journal import Entry
from sync.simulator.shop.catalogue import Sku, catalogue, stock_of
from sync.simulator.shop.orders import Order, Orders, OrderStatus

MOST_STOCK = 99_999

_WAITING = frozenset(
    {OrderStatus.UNPAID, OrderStatus.ON_HOLD, OrderStatus.AWAITING_SHIPMENT, OrderStatus.PARTIALLY_SHIPPING}
)


@dataclass(slots=True)
class Listed:
    """One SKU: what is free and what is committed in each warehouse. Orders take from the first warehouse."""

    sku: Sku
    available: dict[str, int]
    committed: dict[str, int]
    status: str = "ACTIVATE"
    updated_at: float = 0.0
    refusal: int = 0
    """The code with which it refuses to have its stock set; 0: it does not."""
    pushes: int = 0
    oversold: int = 0
    """Units ordered when none was free: here orders come whatever there is."""


@dataclass(slots=True)
class Taken:
    """What one order has taken so far."""

    committed: Counter[str] = field(default_factory=Counter)


class Stock:
    """The stock of all listed SKUs. What orders did is worked in when somebody looks or sets."""

    def __init__(self, orders: Orders, warehouse_id: str) -> None:
        self._orders = orders
        self._taken: dict[int, Taken] = {}
        self._seen = 0
        self.most_hits = 10_000
        self.calls = 0
        started = orders.started_at
        self.listed = {
            sku.sku_id: Listed(
                sku,
                {warehouse_id: min(MOST_STOCK, stock_of(sku, orders.scenario.orders))},
                {warehouse_id: 0},
                updated_at=started - 3_600 - 60 * number,
            )
            for number, sku in enumerate(catalogue().skus)
        }

    def changes(self) -> Mapping[str, Callable[[Entry], object]]:
        """What the journal may say of stock."""
        return {"stock_set": self._apply_set, "listing_changed": self._apply_changed, "hits_capped": self._apply_cap}

    def families(self) -> Iterator[list[Listed]]:
        """Yield the SKUs of each product."""
        found: dict[str, list[Listed]] = {}
        for listed in self.listed.values():
            found.setdefault(listed.sku.product_id, []).append(listed)
        yield from found.values()

    def find_sku(self, seller_sku: str) -> Listed | None:
        """Return a SKU by the name its seller gives it."""
        return next((each for each in self.listed.values() if each.sku.seller_sku == seller_sku), None)

    def catch_up(self) -> None:
        """Let every order that changed since the last look take what it takes."""
        _, high = self._orders.by_update.window(None, None)
        changed = [member for _, member in self._orders.by_update.oldest_first(self._seen, high)]
        self._seen = high
        for index in changed:
            self._take(self._orders.arrived[index])

    def as_json(self) -> dict[str, Any]:
        """Return the numbers for people and scenarios."""
        self.catch_up()
        return {
            "calls": self.calls,
            "pushes": sum(each.pushes for each in self.listed.values()),
            "skus": {
                each.sku.seller_sku: {
                    "available": each.available,
                    "committed": each.committed,
                    "pushes": each.pushes,
                    "oversold": each.oversold,
                }
                for each in self.listed.values()
            },
        }

    def _take(self, order: Order) -> None:
        details = self._orders.details(order.index)
        going: Counter[str] = Counter()
        if order.status is not OrderStatus.CANCELLED:
            going.update(details.units[unit].sku.sku_id for unit in self._orders.going_units(order))
        known = self._taken.get(order.index)
        taken = known or Taken()
        shipped = order.status not in _WAITING and order.status is not OrderStatus.CANCELLED
        if known is not None and not known.committed:
            return  # it has left, or came back whole
        for sku_id in {*going, *taken.committed}:
            listed = self.listed.get(sku_id)
            if listed is None:
                continue
            first = next(iter(listed.available))
            more = going[sku_id] - taken.committed[sku_id]
            free = listed.available[first] - more
            listed.oversold += max(0, -free)
            listed.available[first] = max(0, free)
            listed.committed[first] += more - (going[sku_id] if shipped else 0)
        taken.committed = Counter() if shipped else going
        self._taken[order.index] = taken

    def _apply_set(self, entry: Entry) -> None:
        self.catch_up()
        self.calls += 1
        for sku_id, quantities in entry["skus"].items():
            listed = self.listed[sku_id]
            listed.available.update(quantities)
            listed.pushes += 1

    def _apply_changed(self, entry: Entry) -> None:
        self.catch_up()
        listed = self.listed[entry["sku_id"]]
        listed.status = entry.get("status", listed.status)
        listed.refusal = entry.get("refusal", listed.refusal)
        for warehouse_id, quantity in entry.get("available", {}).items():
            listed.available[warehouse_id] = quantity
            listed.committed.setdefault(warehouse_id, 0)
        if "status" in entry:
            for each in self.listed.values():
                if each.sku.product_id == listed.sku.product_id:
                    each.updated_at = entry["at"]

    def _apply_cap(self, entry: Entry) -> None:
        self.most_hits = entry["most"]
