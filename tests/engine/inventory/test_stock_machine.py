"""The stock ledger against a plain model: what is on the shelf, what is promised, and to whom."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.database.embedded import EmbeddedServer
from engine.errors import Conflict, Refused
from engine.identifiers import OrderId
from engine.inventory.ledger import receive
from engine.inventory.product_card import Component, ProductChange
from engine.inventory.product_master import set_product
from engine.reports.accounts import account
from engine.words import ChannelStatus, TrackingStatus
from tests.engine.facts import a_unit, an_order, later
from tests.engine.house import MIRA, House
from tests.engine.machines import Loop, play

PARTS = {"MUG": {"MUG": 1}, "BOWL": {"BOWL": 1}, "SET": {"MUG": 1, "BOWL": 2}}
"""What is taken off the shelf for one unit."""


@dataclass(slots=True)
class Wanted:
    """An order of the model: `waiting` for stock, `reserved`, `shipped` or `cancelled`."""

    order_id: OrderId
    number: str
    needs: dict[str, int]
    skus: list[str]
    state: str = "waiting"
    minute: int = 0


@dataclass(slots=True)
class Shelf:
    """What the model says is there."""

    on_hand: dict[str, int] = field(default_factory=lambda: {"MUG": 4, "BOWL": 4})
    reserved: dict[str, int] = field(default_factory=lambda: {"MUG": 0, "BOWL": 0})

    def has(self, needs: dict[str, int]) -> bool:
        return all(self.on_hand[sku] - self.reserved[sku] >= count for sku, count in needs.items())

    def move(self, needs: dict[str, int], *, on_hand: int, reserved: int) -> None:
        for sku, count in needs.items():
            self.on_hand[sku] += on_hand * count
            self.reserved[sku] += reserved * count


class StockMachine(RuleBasedStateMachine):
    """Every operation is done to the database and to the model, which must say the same after it."""

    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self.loop = loop
        self.house: House = loop.house()
        self.shelf = Shelf()
        self.orders: list[Wanted] = []
        self.bookings: dict[str, tuple[str, int]] = {}

    @initialize()
    def products(self) -> None:
        async def fill() -> None:
            for sku in ("MUG", "BOWL"):
                await self.house.stock(sku, 4)
            kit = ProductChange(name="A set", weight_grams=900, components=(Component("MUG", 1), Component("BOWL", 2)))
            await set_product(self.house.store, "SET", kit, actor=MIRA)

        self.loop.do(fill())

    @precondition(lambda self: len(self.orders) < 8)
    @rule(skus=st.lists(st.sampled_from(sorted(PARTS)), min_size=1, max_size=2))
    def reserves(self, skus: list[str]) -> None:
        number = f"5771{len(self.orders):05}"
        units = tuple(a_unit(f"{number}{place}", sku) for place, sku in enumerate(skus))
        [order_id] = self.loop.do(self.house.arrive(an_order(self.house.shop_id, number, units=units)))
        needs: dict[str, int] = {}
        for sku in skus:
            for part, count in PARTS[sku].items():
                needs[part] = needs.get(part, 0) + count
        self.orders.append(Wanted(order_id, number, needs, skus))
        self._serve()

    @rule(sku=st.sampled_from(("MUG", "BOWL")), quantity=st.integers(-4, 5).filter(bool))
    def adjusts(self, sku: str, quantity: int) -> None:
        allowed = self.shelf.on_hand[sku] + quantity >= self.shelf.reserved[sku]
        try:
            self.loop.do(receive(self.house.store, sku, quantity, actor=MIRA))
        except Refused:
            assert not allowed
            return
        assert allowed
        self.shelf.on_hand[sku] += quantity
        self._serve()

    @rule(number=st.integers(0, 3), sku=st.sampled_from(("MUG", "BOWL")))
    def books_again(self, number: int, sku: str) -> None:
        """The same booking, repeated by somebody who never heard that it was done; another under its key is refused."""
        key = f"delivery-{number}"
        try:
            self.loop.do(receive(self.house.store, sku, 2, actor=MIRA, idempotency_key=key))
        except Conflict:
            assert self.bookings[key][0] != sku
            return
        assert self.bookings.get(key, (sku, 2)) == (sku, 2)
        if key not in self.bookings:
            self.bookings[key] = (sku, 2)
            self.shelf.on_hand[sku] += 2
        self._serve()

    @precondition(lambda self: any(order.state in {"waiting", "reserved"} for order in self.orders))
    @rule(place=st.integers(0, 7))
    def releases(self, place: int) -> None:
        """TikTok cancels: what was promised is free again, once, however often it is told."""
        living = [order for order in self.orders if order.state in {"waiting", "reserved"}]
        order = living[place % len(living)]
        units = tuple(
            a_unit(f"{order.number}{place}", sku, status=ChannelStatus.CANCELLED)
            for place, sku in enumerate(order.skus)
        )
        fact = later(an_order(self.house.shop_id, order.number, units=units), ChannelStatus.CANCELLED, minute=5)
        self.loop.do(self.house.arrive(fact))
        self.loop.do(self.house.arrive(fact))
        if order.state == "reserved":
            self.shelf.move(order.needs, on_hand=0, reserved=-1)
        order.state = "cancelled"
        self._serve()

    @precondition(lambda self: any(order.state == "reserved" for order in self.orders))
    @rule(place=st.integers(0, 7))
    def consumes(self, place: int) -> None:
        """The parcel leaves: what was promised is gone from the shelf, once, however often it is scanned."""
        reserved = [order for order in self.orders if order.state == "reserved"]
        order = reserved[place % len(reserved)]
        self.loop.do(self._send(order))
        self.shelf.move(order.needs, on_hand=-1, reserved=-1)
        order.state = "shipped"

    async def _send(self, order: Wanted) -> None:
        await self.house.buy_labels()
        await self.house.tell_tiktok()
        await self.house.track(order.order_id, TrackingStatus.IN_TRANSIT)
        await self.house.track(order.order_id, TrackingStatus.IN_TRANSIT)

    def _serve(self) -> None:
        """Whoever waits takes what has come free; who of several, the database says."""
        self.loop.do(self.house.run())
        for order in self.orders:
            if order.state == "waiting":
                standing = self.loop.do(self.house.standing(order.order_id))
                if standing.state in {"inventory_reserved", "ready_to_ship"}:
                    order.state = "reserved"
                    self.shelf.move(order.needs, on_hand=0, reserved=1)

    @invariant()
    def the_shelf_is_the_model(self) -> None:
        for sku in ("MUG", "BOWL"):
            assert self.loop.do(self._level(sku)) == (self.shelf.on_hand[sku], self.shelf.reserved[sku])
            assert 0 <= self.shelf.reserved[sku] <= self.shelf.on_hand[sku]
        accounts = self.loop.do(account(self.house.store))
        assert accounts.balanced, accounts

    async def _level(self, sku: str) -> tuple[int, int]:
        return await self.house.level(sku)

    def teardown(self) -> None:
        for order in self.orders:
            if order.state == "waiting":
                assert not self.shelf.has(order.needs), "an order waits for what is there"
        super().teardown()


def test_the_shelf_is_its_model_whatever_happens(shared: EmbeddedServer) -> None:
    play(shared, StockMachine, examples=12, steps=20)
