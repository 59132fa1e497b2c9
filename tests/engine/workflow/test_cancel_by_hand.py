"""A person cancels: at every step what was done is undone, TikTok is told, and nothing ships."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.identifiers import OrderId, PackageId
from engine.orders.cancelling import cancel
from engine.orders.holds import place_holds
from engine.orders.parcels.voiding import void_label
from engine.orders.views import ChangeOutcome
from engine.ports.facts import OrderFact
from engine.ports.outcomes import Done, Failed, LabelVoided, OrderCancelled
from engine.words import CancelReason, ChannelStatus, EffectKind, HoldReason, OrderStatus, TrackingStatus
from engine.workflow import executions
from engine.workflow.facts import Backorder, Picking
from engine.workflow.failures import retry
from tests.engine.facts import a_unit, an_order, later
from tests.engine.house import MIRA, WORKING, House, a_label
from tests.factories import opened

BUY, SHIP, VOID, CANCEL = "buy_label", "ship_package", "void_label", "cancel_order"


async def cancel_one(house: House, order_id: OrderId) -> ChangeOutcome:
    [outcome] = await cancel(house.store, [order_id], because=CancelReason.OUT_OF_STOCK, actor=MIRA, note="broken")
    return outcome


async def intent(house: House, order_id: OrderId) -> None:
    """The label is wanted, nobody has taken it up."""


async def claimed(house: House, order_id: OrderId) -> None:
    await house.claim_one(EffectKind.BUY_LABEL)


async def sent(house: House, order_id: OrderId) -> None:
    assert await house.checkpoint(await house.claim_one(EffectKind.BUY_LABEL), "shp_9")


async def bought(house: House, order_id: OrderId) -> None:
    await house.buy_labels()


async def telling(house: House, order_id: OrderId) -> None:
    await house.buy_labels()
    assert await house.checkpoint(await house.claim_one(EffectKind.SHIP_PACKAGE), "tt")


async def told(house: House, order_id: OrderId) -> None:
    await house.buy_labels()
    await house.tell_tiktok()


async def failed(house: House, order_id: OrderId) -> None:
    claim = await house.claim_one(EffectKind.BUY_LABEL)
    assert await house.settle(claim, Failed("no_rates", "No carrier serves this address."))


async def held(house: House, order_id: OrderId) -> None:
    store = house.store
    await store.run(lambda connection: place_holds(connection, store.vault, [order_id], HoldReason.FRAUD, actor=MIRA))


async def paused(house: House, order_id: OrderId) -> None:
    [outcome] = await executions.pause(house.store, [order_id], actor=MIRA)
    assert outcome.code == ""


async def voiding(house: House, order_id: OrderId) -> None:
    await house.buy_labels()
    package_id = PackageId((await house.package(order_id))["id"])
    await void_label(house.store, package_id, actor=MIRA, reason="torn", buy_again=True)


Step = Callable[[House, OrderId], Awaitable[None]]


@pytest.mark.parametrize(
    ("step", "state", "effects", "package"),
    [
        (intent, "inventory_reserved", [(BUY, "voided"), (CANCEL, "intent")], "voided"),
        (claimed, "inventory_reserved", [(BUY, "intent"), (CANCEL, "intent")], "voided"),
        (sent, "inventory_reserved", [(BUY, "sent"), (CANCEL, "intent")], "voided"),
        (bought, "ready_to_ship", [(BUY, "done"), (SHIP, "voided"), (VOID, "intent"), (CANCEL, "intent")], "voiding"),
        (telling, "ready_to_ship", [(BUY, "done"), (SHIP, "sent"), (VOID, "intent"), (CANCEL, "intent")], "voiding"),
        (told, "ready_to_ship", [(BUY, "done"), (SHIP, "done"), (VOID, "intent"), (CANCEL, "intent")], "voiding"),
        (failed, "failed", [(BUY, "failed"), (CANCEL, "intent")], "voided"),
        (held, "inventory_reserved", [(BUY, "voided"), (CANCEL, "intent")], "voided"),
        (paused, "inventory_reserved", [(BUY, "voided"), (CANCEL, "intent")], "voided"),
        (voiding, "ready_to_ship", [(BUY, "done"), (SHIP, "voided"), (VOID, "intent"), (CANCEL, "intent")], "voiding"),
    ],
)
async def test_a_person_cancels_and_what_was_done_is_undone(
    house: House, step: Step, state: str, effects: list[tuple[str, str]], package: str
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, units=(a_unit("1"), a_unit("2"))))
    await step(house, order_id)
    outcome = await cancel_one(house, order_id)
    assert (outcome.code, outcome.after) == ("", OrderStatus.CANCELLED)
    standing = await house.standing(order_id)
    assert (standing.state, standing.status, standing.execution, standing.waiting_for) == (
        state, "cancelled", "cancelled", None,
    )  # fmt: skip
    assert await house.effects(order_id) == effects
    assert (await house.package(order_id))["state"] == package
    assert await house.level() == (10, 0)
    history = await house.store.pool.fetchrow(
        "SELECT status_reason, change_source FROM order_status_history ORDER BY id DESC LIMIT 1"
    )
    assert tuple(history) == ("out of stock: broken", "user")
    assert await house.failure(order_id) is None
    await house.assert_balanced()


@pytest.mark.parametrize("status", [ChannelStatus.UNPAID, ChannelStatus.ON_HOLD])
async def test_an_order_that_was_never_worked_is_cancelled_and_tiktok_told(house: House, status: ChannelStatus) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, status=status))
    assert (await cancel_one(house, order_id)).code == ""
    assert await house.effects(order_id) == [(CANCEL, "intent")]
    assert await house.level() == (10, 0)
    await house.assert_balanced()


async def test_an_order_that_waits_for_stock_is_cancelled(house: House) -> None:
    await house.set_policies(replace(WORKING, backorder=Backorder.WAIT))
    [order_id] = await house.arrive(an_order(house.shop_id, units=[a_unit(str(line)) for line in range(11)]))
    assert (await cancel_one(house, order_id)).code == ""
    assert (await house.standing(order_id)).status == "cancelled"
    assert await house.level() == (10, 0)
    await house.assert_balanced()


async def test_cancelling_twice_undoes_once_and_says_so(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await cancel_one(house, order_id)
    counts = await house.row_counts()
    outcome = await cancel_one(house, order_id)
    assert (outcome.code, outcome.sentence) == ("cancel.unchanged", "Order 577001 is cancelled already.")
    assert await house.row_counts() == counts
    assert await house.level() == (10, 0)


async def test_what_has_left_the_house_is_not_cancelled(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await told(house, order_id)
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    counts = await house.row_counts()
    outcome = await cancel_one(house, order_id)
    assert (outcome.code, outcome.sentence) == (
        "workflow.refused",
        "Order 577001 cannot be cancelled any more: a parcel of it has left the house. The buyer may send it back instead.",
    )
    assert await house.row_counts() == counts
    assert (await house.standing(order_id)).status == "shipped"


async def test_an_order_fulfilled_by_tiktok_is_not_cancelled_here(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, fulfilled_by_tiktok=True))
    counts = await house.row_counts()
    assert (await cancel_one(house, order_id)).code == "order.not_worked"
    assert await house.row_counts() == counts


async def test_a_label_bought_while_its_order_is_cancelled_goes_back(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    claim = await house.claim_one(EffectKind.BUY_LABEL)
    assert await house.checkpoint(claim, "shp_9")
    await cancel_one(house, order_id)
    assert await house.settle(claim, Done(a_label(claim)))
    assert await house.effects(order_id) == [(BUY, "done"), (CANCEL, "intent"), (VOID, "intent")]
    voiding = await house.claim_one(EffectKind.VOID_LABEL)
    assert await house.checkpoint(voiding, voiding.provider_reference)
    assert await house.settle(voiding, Done(LabelVoided(refunded=True)))
    assert (await house.package(order_id))["state"] == "voided"
    assert (await house.package(order_id))["generation"] == 1
    assert await house.level() == (10, 0)
    await house.assert_balanced()


async def test_a_cancellation_and_a_bought_label_that_collide_end_in_a_void(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    orders = await house.arrive(*(an_order(house.shop_id, str(number)) for number in range(8)))
    claims = await house.claim(EffectKind.BUY_LABEL)
    for claim in claims:
        assert await house.checkpoint(claim, f"shp_{claim.token}")
    async with opened(database) as other:
        rival = House(other, house.shop_id, house.daemon_id)
        await asyncio.gather(
            *(rival.settle(claim, Done(a_label(claim))) for claim in claims),
            *(cancel_one(house, order_id) for order_id in orders),
        )
    for order_id in orders:
        assert (await house.standing(order_id)).status == "cancelled"
        kinds = dict(await house.effects(order_id))
        assert (kinds[BUY], kinds[VOID], kinds[CANCEL]) == ("done", "intent", "intent")
        assert kinds.get(SHIP, "voided") == "voided"
        assert (await house.package(order_id))["state"] == "voiding"
    assert len(await house.claim(EffectKind.VOID_LABEL)) == 8, "each label goes back, once"
    assert await house.level() == (10, 0)
    await house.assert_balanced()


async def test_two_people_who_cancel_at_once_cancel_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    async with opened(database) as other:
        rival = House(other, house.shop_id, house.daemon_id)
        outcomes = await asyncio.gather(cancel_one(house, order_id), cancel_one(rival, order_id))
    assert sorted(outcome.code for outcome in outcomes) == ["", "cancel.unchanged"]
    assert await house.level() == (10, 0)
    await house.assert_balanced()


async def test_tiktok_cancelled_too_is_told_nothing_twice(house: House) -> None:
    fact: OrderFact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await cancel_one(house, order_id)
    claim = await house.claim_one(EffectKind.CANCEL_ORDER)
    assert claim.request == {"reason": "out_of_stock"}
    assert await house.checkpoint(claim, "")
    assert await house.settle(claim, Done(OrderCancelled("4035")))
    await house.arrive(later(fact, ChannelStatus.CANCELLED, minute=9))
    assert await house.effects(order_id) == [(BUY, "voided"), (CANCEL, "done")]
    assert (await house.history(order_id)).count("cancelled") == 1
    await house.assert_balanced()


async def test_a_cancellation_that_tiktok_refuses_waits_for_a_person_who_may_try_again(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await cancel_one(house, order_id)
    claim = await house.claim_one(EffectKind.CANCEL_ORDER)
    assert await house.settle(claim, Failed("cancel_refused", "TikTok shows it as shipped."))
    assert (await house.standing(order_id)).status == "cancelled", "it stays closed here"
    failure = await house.failure(order_id)
    assert (failure["code"], failure["cause"]) == ("cancel_refused", "TikTok shows it as shipped.")
    await house.assert_balanced()
    [outcome] = await retry(house.store, [order_id], actor=MIRA)
    assert outcome.code == ""
    assert await house.failure(order_id) is None
    again = await house.claim_one(EffectKind.CANCEL_ORDER)
    assert (again.key, again.attempt) == (claim.key, 1)
    await house.assert_balanced()


async def test_a_void_that_the_carrier_refuses_waits_for_a_person(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await bought(house, order_id)
    await cancel_one(house, order_id)
    claim = await house.claim_one(EffectKind.VOID_LABEL)
    assert await house.settle(claim, Failed("void_rejected", "The carrier does not take it back."))
    assert (await house.failure(order_id))["code"] == "void_rejected"
    assert (await house.package(order_id))["state"] == "voiding"
    await house.assert_balanced()


async def test_a_shop_that_picks_by_hand_gives_back_what_was_picked(house: House) -> None:
    await house.set_policies(replace(WORKING, pick=Picking.CONFIRM))
    [order_id] = await house.arrive(an_order(house.shop_id))
    await bought(house, order_id)
    await cancel_one(house, order_id)
    assert await house.store.pool.fetchval("SELECT state FROM pick_lines") == "cancelled"
    assert await house.level() == (10, 0)
    await house.assert_balanced()
