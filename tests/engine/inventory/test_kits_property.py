"""Whatever happens to kits, their components and two locations: every sum holds and nothing is negative or promised twice."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from engine.database.connection import Database
from engine.errors import Refused
from engine.identifiers import OrderId
from engine.inventory.ledger import receive
from engine.inventory.product_card import Component, ProductChange
from engine.inventory.product_master import set_product
from engine.ports.facts import OrderFact
from engine.words import ChannelStatus, TrackingStatus
from tests.engine.facts import an_order, units_of
from tests.engine.house import MIRA, House

SEED = int(os.environ.get("ORDERS_TUI_TEST_SEED") or random.SystemRandom().randrange(2**32))
EXAMPLES = count(1)
ANNEX = "INSERT INTO locations (code, name, address) VALUES ('ANNEX', 'The annex', '{}') ON CONFLICT DO NOTHING"
PLACES = ("MAIN", "ANNEX")

NAMES = ("order", "order", "order", "receive", "take", "cancel", "cancel a unit", "ship", "run", "move", "recompose")
operations = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 5), st.integers(1, 3)), min_size=8, max_size=24)

LEVELS = """
SELECT p.sku, l.code, s.on_hand, s.reserved, coalesce(r.quantity, 0) AS promised, coalesce(m.on_hand, 0) AS booked
FROM stock_levels s JOIN products p ON p.id = s.product_id JOIN locations l ON l.id = s.location_id
LEFT JOIN LATERAL (SELECT sum(quantity) AS quantity FROM stock_reservations r
                   WHERE r.product_id = s.product_id AND r.location_id = s.location_id AND r.state = 'active') r ON true
LEFT JOIN LATERAL (SELECT sum(delta_on_hand) AS on_hand FROM stock_movements m
                   WHERE m.product_id = s.product_id AND m.location_id = s.location_id) m ON true
WHERE p.sku LIKE $1 || '%'
"""

# What the orders themselves say has left: the units that shipped, times what each took when it was reserved.
LEFT = """
SELECT p.sku, l.code, sum(i.shipped_quantity * r.per_unit) AS units
FROM stock_reservations r JOIN order_items i ON i.id = r.order_item_id
JOIN products p ON p.id = r.product_id JOIN locations l ON l.id = r.location_id
WHERE r.state = 'consumed' GROUP BY p.sku, l.code
"""

SHAPES = """
SELECT count(*) FROM stock_reservations r JOIN order_items i ON i.id = r.order_item_id WHERE r.quantity % r.per_unit <> 0
"""


@dataclass
class Play:
    """One run with products of its own: two parts, and two kits of them."""

    house: House
    prefix: str
    facts: list[OrderFact] = field(default_factory=list)
    ids: list[OrderId] = field(default_factory=list)
    received: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def parts(self) -> tuple[str, str]:
        return f"{self.prefix}-A", f"{self.prefix}-B"

    @property
    def skus(self) -> tuple[str, ...]:
        return (*self.parts, f"{self.prefix}-K1", f"{self.prefix}-K2")

    async def begin(self) -> None:
        first, second = self.parts
        for sku in self.parts:
            await set_product(self.house.store, sku, ProductChange(weight_grams=100), actor=MIRA)
        await self._compose(self.skus[2], Component(first, 2), Component(second, 1))
        await self._compose(self.skus[3], Component(second, 3))
        for sku in self.parts:
            for place in PLACES:
                await self._book(sku, place, 6)

    async def do(self, name: str, which: int, amount: int) -> None:
        house, place, sku = self.house, PLACES[which % 2], self.skus[which % 4]
        match name:
            case "order":
                skus = [self.skus[(which + step) % 4] for step in range(amount)]
                self.facts.append(an_order(house.shop_id, f"{self.prefix}{len(self.facts):03}", units=units_of(*skus)))
                self.ids += await house.arrive(self.facts[-1])
            case "receive":
                await self._book(self.parts[which % 2], place, amount)
            case "take":
                await self._book(self.parts[which % 2], place, -amount)
            case "run":
                await house.run()
            case "move":
                await set_product(house.store, sku, ProductChange(location=("", *PLACES)[amount - 1]), actor=MIRA)
            case "recompose":
                await self._compose(self.skus[2 + which % 2], Component(self.parts[which % 2], amount))
            case _ if self.facts:
                await self._to_an_order(name, which % len(self.facts))

    async def _to_an_order(self, name: str, place: int) -> None:
        fact = self.facts[place]
        moved = replace(fact, update_time=fact.update_time + timedelta(minutes=1))
        if name == "cancel":
            moved = replace(moved, channel_status=ChannelStatus.CANCELLED)
        elif name == "cancel a unit":
            gone = replace(fact.units[0], channel_status=ChannelStatus.CANCELLED)
            moved = replace(moved, units=(gone, *fact.units[1:]))
        else:
            await self.house.buy_labels()
            await self.house.tell_tiktok()
            if await self.house.package(self.ids[place]):
                await self.house.track(self.ids[place], TrackingStatus.IN_TRANSIT)
            return
        if fact.channel_status is not ChannelStatus.CANCELLED:
            self.facts[place] = moved
            await self.house.arrive(moved)

    async def _compose(self, sku: str, *components: Component) -> None:
        change = ProductChange(components=components, weight_grams=300)
        await set_product(self.house.store, sku, change, actor=MIRA)

    async def _book(self, sku: str, place: str, quantity: int) -> None:
        try:
            await receive(self.house.store, sku, quantity, actor=MIRA, location_code=place)
        except Refused:
            return
        self.received[sku, place] += quantity


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
async def test_stock_of_kits_adds_up_after_any_operations(
    house: House, store: Database, played: list[tuple[str, int, int]]
) -> None:
    note(f"ORDERS_TUI_TEST_SEED={SEED}")
    await store.pool.execute(ANNEX)
    play = Play(house, f"K{next(EXAMPLES)}")
    await play.begin()
    for operation in played:
        await play.do(*operation)
    await house.run()
    await house.assert_balanced()
    left = Counter({(row["sku"], row["code"]): row["units"] for row in await store.pool.fetch(LEFT)})
    for row in await store.pool.fetch(LEVELS, play.prefix + "-"):
        key = (row["sku"], row["code"])
        assert 0 <= row["reserved"] <= row["on_hand"]
        assert row["reserved"] == row["promised"]
        assert row["on_hand"] == row["booked"] == play.received[key] - left[key]
    assert await store.pool.fetchval(SHAPES) == 0
    assert not await store.pool.fetch(
        "SELECT 1 FROM stock_levels s JOIN products p ON p.id = s.product_id WHERE p.components IS NOT NULL"
    )
