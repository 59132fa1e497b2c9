"""Whatever happens to orders: movements add up to the level, and what is promised is what open orders need."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from engine.database.connection import Database
from engine.errors import Refused
from engine.identifiers import OrderId
from engine.inventory.ledger import receive
from engine.ports import OrderFact
from engine.words import ChannelStatus, TrackingStatus
from engine.workflow.failures import retry
from tests.engine.facts import NOON, an_order, units_of
from tests.engine.house import MIRA, House

SEED = int(os.environ.get("ORDERS_TUI_TEST_SEED") or random.SystemRandom().randrange(2**32))
EXAMPLES = count(1)

Operation = tuple[str, int, int]
"""What happens, to which order or product, and how much of it."""

SAYS = {
    "pay": ChannelStatus.AWAITING_SHIPMENT,
    "hold": ChannelStatus.ON_HOLD,
    "cancel": ChannelStatus.CANCELLED,
    "collected elsewhere": ChannelStatus.AWAITING_COLLECTION,
}
NAMES = (
    "arrive",
    "arrive",
    "arrive",
    *SAYS,
    "repeat",
    "receive",
    "take",
    "buy",
    "tell",
    "scan",
    "deliver",
    "retry",
    "run",
)

operations = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 3), st.integers(1, 4)), min_size=8, max_size=24)

# What the orders themselves say should be promised: the open units of those that hold stock.
PROMISED = """
SELECT coalesce(sum(i.quantity - i.cancelled_quantity), 0)
FROM order_items i JOIN orders o ON o.id = i.order_id JOIN order_workflows w ON w.order_id = o.id
WHERE i.product_sku = $1 AND w.workflow_status IN ('running', 'failed')
  AND CASE WHEN o.workflow_status = 'failed' THEN o.failed_from ELSE o.workflow_status END
      IN ('inventory_reserved', 'ready_to_ship')
  AND i.fulfillment_status = 'reserved'
"""

SHIPPED = "SELECT coalesce(sum(shipped_quantity), 0) FROM order_items WHERE product_sku = $1"


@dataclass
class Play:
    """One run of operations, with products and orders of its own."""

    house: House
    prefix: str
    facts: list[OrderFact]
    ids: list[OrderId]
    received: dict[str, int]

    @property
    def skus(self) -> Sequence[str]:
        return (f"{self.prefix}-A", f"{self.prefix}-B")

    async def do(self, name: str, which: int, amount: int) -> None:
        if name == "arrive":
            order = units_of(*(self.skus[(which + place) % 2] for place in range(amount)))
            status = ChannelStatus.AWAITING_SHIPMENT if which else ChannelStatus.UNPAID
            number = f"{self.prefix}{len(self.facts):03}"
            self.facts.append(an_order(self.house.shop_id, number, status, units=order))
            self.ids += await self.house.arrive(self.facts[-1])
        elif name in {"receive", "take"}:
            await self._book(self.skus[which % 2], amount if name == "receive" else -amount)
        elif name == "buy":
            await self.house.buy_labels()
        elif name == "tell":
            await self.house.tell_tiktok()
        elif name == "run":
            await self.house.run()
        elif self.facts:
            await self._to_an_order(name, which % len(self.facts))

    async def _book(self, sku: str, quantity: int) -> None:
        try:
            await receive(self.house.store, sku, quantity, actor=MIRA)
        except Refused:
            return
        self.received[sku] += quantity

    async def _to_an_order(self, name: str, place: int) -> None:
        if name in SAYS:
            known = self.facts[place]
            paid = an_order(self.house.shop_id, known.tiktok_order_id, SAYS[name], units=known.units)
            self.facts[place] = replace(paid, update_time=known.update_time + timedelta(minutes=1))
            await self.house.arrive(self.facts[place])
        elif name == "repeat":
            stale = replace(self.facts[place], update_time=NOON - timedelta(minutes=1))
            await self.house.arrive(self.facts[place])
            await self.house.arrive(stale)
        elif name == "retry":
            await retry(self.house.store, [self.ids[place]], actor=MIRA)
        elif await self.house.package(self.ids[place]):
            status = TrackingStatus.IN_TRANSIT if name == "scan" else TrackingStatus.DELIVERED
            await self.house.track(self.ids[place], status)


@seed(SEED)
@settings(
    max_examples=10,
    deadline=None,
    database=None,
    print_blob=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=(HealthCheck.function_scoped_fixture, HealthCheck.too_slow),
)
@given(played=operations)
async def test_stock_adds_up_after_any_operations(house: House, store: Database, played: list[Operation]) -> None:
    note(f"ORDERS_TUI_TEST_SEED={SEED}")
    prefix = f"X{next(EXAMPLES)}"
    play = Play(house, prefix, [], [], {f"{prefix}-A": 6, f"{prefix}-B": 6})
    for sku in play.skus:
        await house.stock(sku, 6)
    for operation in played:
        await play.do(*operation)
    await house.assert_balanced()
    for sku in play.skus:
        promised, shipped = await store.pool.fetchval(PROMISED, sku), await store.pool.fetchval(SHIPPED, sku)
        assert await house.level(sku) == (play.received[sku] - shipped, promised)
