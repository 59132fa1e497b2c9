"""What the service has of each SKU at each location, what it keeps for whom, and which movements it has booked."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sync.simulator.journal import Entry
from sync.simulator.scenario import Scenario
from sync.simulator.shop.catalogue import catalogue, stock_of

MAIN = "MAIN"

Key = tuple[str, str]
"""SKU and location."""


@dataclass(slots=True)
class Kept:
    """What is kept for one order."""

    state: str = "active"
    items: Counter[Key] = field(default_factory=Counter)


class Book:
    """Everything the service knows."""

    def __init__(self, scenario: Scenario) -> None:
        self.on_hand: Counter[Key] = Counter(
            {(sku.seller_sku, MAIN): stock_of(sku, scenario.orders) for sku in catalogue().listed}
        )
        self.kept: dict[str, Kept] = {}
        self._reserved: Counter[Key] = Counter()
        self.booked: dict[str, dict[str, Any]] = {}
        self.told: Counter[str] = Counter()

    def changes(self) -> Mapping[str, Callable[[Entry], object]]:
        """What the journal may say of it."""
        return {
            "stock_kept": self._apply_kept,
            "stock_released": self._apply_released,
            "stock_adjusted": self._apply_adjusted,
            "stock_found": self._apply_found,
        }

    def reserved(self, key: Key, *, but: str = "") -> int:
        """Return what is kept of this, for all orders but one."""
        own = self.kept.get(but)
        return self._reserved[key] - (own.items[key] if own is not None and own.state == "active" else 0)

    def available(self, key: Key, *, but: str = "") -> int:
        """Return what others may have."""
        return self.on_hand[key] - self.reserved(key, but=but)

    def as_json(self) -> dict[str, Any]:
        """Return the numbers for people and scenarios."""
        return {
            "levels": [
                {
                    "sku": sku,
                    "location": place,
                    "on_hand": units,
                    "reserved": self.reserved((sku, place)),
                    "available": self.available((sku, place)),
                }
                for (sku, place), units in sorted(self.on_hand.items())
            ],
            "kept": {order: sum(kept.items.values()) for order, kept in self.kept.items() if kept.state == "active"},
            "movements": len(self.booked),
            "told": dict(sorted(self.told.items())),
        }

    def _keep(self, order: str, state: str, items: Counter[Key]) -> None:
        before = self.kept.get(order)
        if before is not None and before.state == "active":
            self._reserved.subtract(before.items)
        if state == "active":
            self._reserved.update(items)
        self.kept[order] = Kept(state, items)

    def _apply_kept(self, entry: Entry) -> None:
        self.told["reserved"] += 1
        self._keep(entry["order"], "active", Counter({(sku, place): units for sku, place, units in entry["items"]}))

    def _apply_released(self, entry: Entry) -> None:
        self.told["released"] += 1
        self._keep(entry["order"], "released", self.kept[entry["order"]].items)

    def _apply_adjusted(self, entry: Entry) -> None:
        self.told["adjusted"] += 1
        kept = self.kept.get(entry["order"])
        left = Counter(kept.items) if kept is not None and kept.state == "active" else None
        for item in entry["items"]:
            key = (item["sku"], item["location"])
            self.booked[item["key"]] = item
            self.on_hand[key] += item["delta"]
            if left is not None:
                left[key] = max(0, left[key] + item["delta"])
        if left is not None:
            self._keep(entry["order"], "active", left)

    def _apply_found(self, entry: Entry) -> None:
        self.on_hand[entry["sku"], entry["location"]] = entry["on_hand"]
