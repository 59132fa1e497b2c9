"""Whatever happens to orders: movements add up to the level, and what is promised is what open orders need."""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from engine.database.connection import Database
from engine.errors import Refused
from engine.identifiers import OrderId
from engine.inventory import counts
from engine.inventory.ledger import adjust, hold_back, receive, release_held
from engine.ports.facts import OrderFact
from engine.words import ChannelStatus, StockReason, TrackingStatus
from engine.workflow.failures import retry
from tests.engine.facts import NOON, an_order, units_of
from tests.engine.house import MIRA, House

SEED = int(os.environ.get("ORDERS_TUI_TEST_SEED") or random.SystemRandom().randrange(2**32))
EXAMPLES = count(1)
LOST = StockReason.LOST

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
    "force",
    "hold back",
    "put back",
    "count",
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
        elif name == "force":
            await self._booked(
                adjust(self.house.store, self.skus[which % 2], -amount, reason=LOST, actor=MIRA, force=True),
                which,
                -amount,
            )
        elif name in {"hold back", "put back"}:
            move = hold_back if name == "hold back" else release_held
            await self._booked(move(self.house.store, self.skus[which % 2], amount, actor=MIRA), which, 0)
        elif name == "count":
            await self._count(which, amount)
        elif name == "buy":
            await self.house.buy_labels()
        elif name == "tell":
            await self.house.tell_tiktok()
        elif name == "run":
            await self.house.run()
        elif self.facts:
            await self._to_an_order(name, which % len(self.facts))

    async def _booked(self, booking: Awaitable[object], which: int, quantity: int) -> None:
        with contextlib.suppress(Refused):
            await booking
            self.received[self.skus[which % 2]] += quantity

    async def _count(self, which: int, amount: int) -> None:
        sku = self.skus[which % 2]
        on_hand, _ = await self.house.level(sku)
        counted = max(0, on_hand + amount - 2)
        sheet = await counts.open_count(self.house.store, [sku], actor=MIRA)
        await counts.enter_counted(self.house.store, sheet.count_id, {sku: counted}, actor=MIRA)
        await counts.approve_count(self.house.store, sheet.count_id, actor=MIRA)
        await self._booked(
            counts.post_count(self.house.store, sheet.count_id, force=True, actor=MIRA), which, counted - on_hand
        )

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
