"""Whatever happens to orders, in whatever order: none is lost, none is worked twice, and every number adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.database.embedded import EmbeddedServer
from engine.errors import Refused
from engine.identifiers import OrderId
from engine.inventory.ledger import receive
from engine.inventory.product_card import Component, ProductChange
from engine.inventory.product_master import set_product
from engine.orders.holds import place_holds, release_holds
from engine.ports.facts import OrderFact
from engine.ports.outcomes import Claim, Done, Failed, LabelVoided, PackageShipped, Postponed, Unsure
from engine.reports.accounts import account
from engine.words import ChannelStatus, EffectKind, HoldReason, TrackingStatus
from engine.workflow import executions
from engine.workflow.failures import retry
from tests.engine.carrier import Carrier
from tests.engine.facts import NOON, a_unit, an_order
from tests.engine.house import MIRA, House
from tests.engine.machines import Loop, play

SKUS = ("MUG", "BOWL", "SET")
"""The set is a kit: one mug and two bowls."""

SAYS = {
    "pays": ChannelStatus.AWAITING_SHIPMENT,
    "is held by TikTok": ChannelStatus.ON_HOLD,
    "is cancelled": ChannelStatus.CANCELLED,
}
KINDS = (EffectKind.BUY_LABEL, EffectKind.VOID_LABEL, EffectKind.SHIP_PACKAGE, EffectKind.CANCEL_ORDER)

which = st.integers(0, 5)

_RUNNING = (
    "SELECT count(*) FROM order_workflows WHERE workflow_status = 'running' GROUP BY order_id HAVING count(*) > 1"
)
_NEGATIVE = (
    "SELECT count(*) FROM stock_levels WHERE on_hand < 0 OR reserved < 0 OR held < 0 OR reserved + held > on_hand"
)
_RESERVED_TWICE = """
SELECT count(*) FROM (SELECT FROM stock_reservations WHERE state = 'active' GROUP BY order_item_id, product_id HAVING count(*) > 1) r
"""
_SHIPPED = """
SELECT coalesce(sum(CASE WHEN i.product_sku = $1 THEN i.shipped_quantity
                         WHEN i.product_sku = 'SET' THEN i.shipped_quantity * CASE WHEN $1 = 'BOWL' THEN 2 ELSE 1 END
                         ELSE 0 END), 0) FROM order_items i
"""
_RECORDED = "SELECT shipment_reference FROM packages WHERE labelled_at IS NOT NULL AND state NOT IN ('voided')"


class OrderMachine(RuleBasedStateMachine):
    """The model: what TikTok said last of each order, what came onto the shelf, and what the carrier sold."""

    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self.loop = loop
        self.house: House = loop.house()
        self.facts: list[OrderFact] = []
        self.ids: list[OrderId] = []
        self.received = {"MUG": 0, "BOWL": 0}
        self.carrier = Carrier()
        self.claims: list[Claim] = []
        """Claims that a worker took and has not answered yet; some of them are another's by now."""
        self.minute = 0

    # What people and TikTok do

    @initialize()
    def shelf(self) -> None:
        async def fill() -> None:
            for sku in ("MUG", "BOWL"):
                await self.house.stock(sku, 5)
            kit = ProductChange(name="A set", weight_grams=900, components=(Component("MUG", 1), Component("BOWL", 2)))
            await set_product(self.house.store, "SET", kit, actor=MIRA)

        self.loop.do(fill())
        self.received = {"MUG": 5, "BOWL": 5}

    @precondition(lambda self: len(self.facts) < 6)
    @rule(skus=st.lists(st.sampled_from(SKUS), min_size=1, max_size=3), paid=st.booleans())
    def arrives(self, skus: list[str], paid: bool) -> None:
        status = ChannelStatus.AWAITING_SHIPMENT if paid else ChannelStatus.UNPAID
        number = f"5770{len(self.facts):05}"
        units = tuple(a_unit(f"{number}{place}", sku) for place, sku in enumerate(skus))
        self.facts.append(an_order(self.house.shop_id, number, status, units=units))
        self.ids += self.loop.do(self.house.arrive(self.facts[-1]))

    @precondition(lambda self: self.facts)
    @rule(place=which, what=st.sampled_from(sorted(SAYS)))
    def says(self, place: int, what: str) -> None:
        known = self.facts[place % len(self.facts)]
        if known.channel_status is ChannelStatus.CANCELLED:
            return  # TikTok never takes that back
        self.minute += 1
        fact = an_order(self.house.shop_id, known.tiktok_order_id, SAYS[what], units=known.units)
        status = ChannelStatus.CANCELLED if what == "is cancelled" else ChannelStatus.AWAITING_SHIPMENT
        units = tuple(replace(unit, channel_status=status) for unit in known.units)
        self.facts[place % len(self.facts)] = replace(
            fact, update_time=NOON + timedelta(minutes=self.minute), units=units
        )
        self.loop.do(self.house.arrive(self.facts[place % len(self.facts)]))

    @precondition(lambda self: self.facts)
    @rule(place=which)
    def repeats_itself(self, place: int) -> None:
        fact = self.facts[place % len(self.facts)]
        before = self.loop.do(self.house.version(self.ids[place % len(self.ids)]))
        self.loop.do(self.house.arrive(fact))
        self.loop.do(self.house.arrive(replace(fact, update_time=NOON - timedelta(minutes=1))))
        assert self.loop.do(self.house.version(self.ids[place % len(self.ids)])) == before

    @precondition(lambda self: self.ids)
    @rule(place=which, reason=st.sampled_from((HoldReason.OTHER, HoldReason.ADDRESS)), lift=st.booleans())
    def holds(self, place: int, reason: HoldReason, lift: bool) -> None:
        one, store = [self.ids[place % len(self.ids)]], self.house.store
        act = release_holds if lift else place_holds
        self.loop.do(store.run(lambda connection: act(connection, store.vault, one, reason, actor=MIRA)))

    @precondition(lambda self: self.ids)
    @rule(place=which, what=st.sampled_from(("retry", "pause", "resume", "skip", "stop")))
    def person(self, place: int, what: str) -> None:
        one, store = [self.ids[place % len(self.ids)]], self.house.store
        match what:
            case "retry":
                self.loop.do(retry(store, one, actor=MIRA))
            case "pause":
                self.loop.do(executions.pause(store, one, actor=MIRA))
            case "resume":
                self.loop.do(executions.resume_paused(store, one, actor=MIRA))
            case "skip":
                self.loop.do(executions.skip(store, one, reason="tried", actor=MIRA))
            case _:
                self.loop.do(executions.cancel_execution(store, one, actor=MIRA))

    @rule(sku=st.sampled_from(("MUG", "BOWL")), quantity=st.integers(-3, 4).filter(bool))
    def books(self, sku: str, quantity: int) -> None:
        try:
            self.loop.do(receive(self.house.store, sku, quantity, actor=MIRA))
        except Refused:
            return
        self.received[sku] += quantity

    @rule()
    def runs(self) -> None:
        self.loop.do(self.house.run())

    # What workers do

    @rule(kind=st.sampled_from(KINDS), limit=st.integers(1, 3))
    def claims_some(self, kind: EffectKind, limit: int) -> None:
        self.claims += self.loop.do(self.house.claim(kind, limit=limit))

    @rule()
    def leases_end(self) -> None:
        """Whoever held something is late now, and everything is due."""
        self.loop.do(self._let_leases_end())

    @precondition(lambda self: self.claims)
    @rule(place=which, how=st.sampled_from(("done", "done", "failed", "unsure", "reply lost", "postponed")))
    def answers(self, place: int, how: str) -> None:
        claim = self.claims.pop(place % len(self.claims))
        self.loop.do(self._carry_out(claim, how))

    @precondition(lambda self: self.ids)
    @rule(place=which, status=st.sampled_from((TrackingStatus.IN_TRANSIT, TrackingStatus.DELIVERED)))
    def scans(self, place: int, status: TrackingStatus) -> None:
        order_id = self.ids[place % len(self.ids)]
        row = self.loop.do(self.house.package(order_id))
        # A carrier scans what it sold a label for, and what was brought to it.
        if row and row["told_at"] and row["tracking_number"]:
            self.minute += 1
            self.loop.do(self.house.track(order_id, status, minute=self.minute))

    async def _let_leases_end(self) -> None:
        await self.house.store.pool.execute(
            "UPDATE effects SET due_at = now(), lease_until = least(lease_until, now() - interval '1 second')"
            " WHERE state IN ('intent', 'sent', 'ambiguous')"
        )

    async def _carry_out(self, claim: Claim, how: str) -> None:
        """As the handlers do it: ask for what may have happened, checkpoint, call, settle; `how` is how the call goes."""
        match claim.kind:
            case EffectKind.BUY_LABEL:
                if claim.provider_reference and (found := self.carrier.found(claim.provider_reference)):
                    await self.house.settle(claim, Done(found))
                    return
                shipment = claim.provider_reference or f"shp_{claim.token}_{claim.effect_id.hex[:8]}"
                if how == "postponed":
                    await self.house.settle(
                        claim, Postponed("rate_limited", "Too many calls.", 0.0, burns_attempt=False)
                    )
                    return
                if not await self.house.checkpoint(claim, shipment):
                    return
                if how == "failed":
                    await self._settle(claim, how, None, shipment)
                    return
                await self._settle(claim, how, Done(self.carrier.sell(claim, shipment)), shipment)
            case EffectKind.VOID_LABEL:
                shipment = claim.provider_reference
                if not await self.house.checkpoint(claim, shipment):
                    return
                if how != "failed":
                    self.carrier.refunded.add(shipment)
                await self._settle(claim, how, Done(LabelVoided(refunded=True)), shipment)
            case _:
                if not await self.house.checkpoint(claim, f"tt-{claim.package_id}"):
                    return
                await self._settle(claim, how, Done(PackageShipped(f"tt-{claim.package_id}")), "")

    async def _settle(self, claim: Claim, how: str, done: Done | None, reference: str) -> None:
        match how:
            case "done" if done is not None:
                await self.house.settle(claim, done)
            case "failed":
                await self.house.settle(claim, Failed("carrier_refused", "The carrier refused it."))
            case "unsure":
                await self.house.settle(claim, Unsure("timeout", "No answer came.", reference))
            case _:
                pass  # the worker never hears of it

    # What always holds

    @invariant()
    def everything_adds_up(self) -> None:
        self.loop.do(self._adds_up())

    async def _adds_up(self) -> None:
        ask = self.house.store.pool.fetchval
        accounts = await account(self.house.store)
        assert accounts.balanced, accounts
        assert accounts.orders == len(self.facts)
        assert await ask(_NEGATIVE) == await ask(_RESERVED_TWICE) == 0
        assert await ask(_RUNNING) is None
        for sku in ("MUG", "BOWL"):
            on_hand, _ = await self.house.level(sku)
            assert on_hand == self.received[sku] - await ask(_SHIPPED, sku)
        bought = [key for shipment, (key, _) in self.carrier.sold.items() if shipment not in self.carrier.refunded]
        assert len(bought) == len(set(bought)), "one effect paid for two labels"

    def teardown(self) -> None:
        """Everybody answers honestly from now on: what was bought is what is recorded."""
        try:
            self.loop.do(self._finish())
        finally:
            super().teardown()

    async def _finish(self) -> None:
        for _ in range(12):
            await self._let_leases_end()
            await self.house.run()
            claims = [claim for kind in KINDS for claim in await self.house.claim(kind)]
            for claim in claims:
                await self._carry_out(claim, "done")
            if not claims:
                break
        await self._adds_up()
        recorded = {row["shipment_reference"] for row in await self.house.store.pool.fetch(_RECORDED)}
        unsettled = await self.house.store.pool.fetch(
            "SELECT key, kind, state, provider_reference FROM effects WHERE kind IN ('buy_label', 'void_label') AND state = 'failed'"
        )
        known = recorded | {row["provider_reference"] for row in unsettled}
        assert self.carrier.live <= known, "a label was bought that nobody knows of"
        assert recorded - {row["provider_reference"] for row in unsettled} <= self.carrier.live, (
            "a label is recorded that is none"
        )
        await self.house.assert_balanced()


def test_orders_add_up_whatever_happens(shared: EmbeddedServer) -> None:
    play(shared, OrderMachine, examples=12, steps=25)
