"""TikTok's cancellation beats every step here until the parcel has left the house, and undoes what had been done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.orders import status
from engine.ports.facts import OrderFact
from engine.ports.outcomes import Done, LabelVoided, NoticeSent
from engine.words import ChannelStatus, EffectKind, OrderStatus, TrackingStatus
from engine.workflow.facts import CancelNotice
from tests.engine.facts import a_unit, an_order, later
from tests.engine.house import MIRA, WORKING, House, Standing, a_label

BUY, SHIP, VOID = "buy_label", "ship_package", "void_label"

CLOSED = ("cancelled", "cancelled", None)
"""Status, execution and wait of every cancelled order."""


async def cancel(house: House, fact: OrderFact) -> None:
    await house.arrive(later(fact, ChannelStatus.CANCELLED, minute=9))


async def nothing(house: House, order_id: OrderId) -> None:
    """The label is wanted, nobody has taken it up."""


async def bought(house: House, order_id: OrderId) -> None:
    await house.buy_labels()


async def told(house: House, order_id: OrderId) -> None:
    await house.buy_labels()
    await house.tell_tiktok()


@pytest.mark.parametrize(
    ("until", "state", "effects", "package"),
    [
        (nothing, "inventory_reserved", [(BUY, "voided")], "voided"),
        (bought, "ready_to_ship", [(BUY, "done"), (SHIP, "voided"), (VOID, "intent")], "voiding"),
        (told, "ready_to_ship", [(BUY, "done"), (SHIP, "done"), (VOID, "intent")], "voiding"),
    ],
)
async def test_a_cancelled_order_gives_its_stock_and_its_label_back(
    house: House,
    store: Database,
    until: Callable[[House, OrderId], Awaitable[None]],
    state: str,
    effects: list[tuple[str, str]],
    package: str,
) -> None:
    fact = an_order(house.shop_id, units=(a_unit("1"), a_unit("2")))
    [order_id] = await house.arrive(fact)
    await until(house, order_id)
    assert await house.level() == (10, 2)
    await cancel(house, fact)
    assert await house.standing(order_id) == Standing(state, *CLOSED)
    assert await house.effects(order_id) == effects
    assert (await house.package(order_id))["state"] == package
    assert await house.level() == (10, 0)
    assert await store.pool.fetchval("SELECT fulfillment_status FROM order_items") == "cancelled"
    assert await store.pool.fetchval("SELECT state FROM pick_lines") in {"cancelled", "picked"}
    assert (await house.history(order_id))[-1] == "cancelled"
    await house.assert_balanced()


async def test_an_order_cancelled_before_anything_was_reserved_gives_nothing_back(house: House) -> None:
    fact = an_order(house.shop_id, "1", ChannelStatus.UNPAID)
    [order_id] = await house.arrive(fact)
    await cancel(house, fact)
    assert await house.standing(order_id) == Standing("new", *CLOSED)
    assert await house.level() == (10, 0)
    assert await house.steps(order_id) == ["arrive", "cancel"]
    await house.assert_balanced()


async def test_a_cancellation_said_twice_gives_stock_back_once(house: House) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await cancel(house, fact)
    await house.arrive(later(fact, ChannelStatus.CANCELLED, minute=10))
    assert await house.level() == (10, 0)
    assert (await house.steps(order_id)).count("cancel") == 1
    await house.assert_balanced()


async def test_a_label_claimed_but_not_sent_is_stopped_at_its_checkpoint(house: House) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    claim = await house.claim_one(EffectKind.BUY_LABEL)
    await cancel(house, fact)
    assert await house.effects(order_id) == [(BUY, "intent")], "a claim is not taken away"
    assert not await house.checkpoint(claim)
    assert await house.effects(order_id) == [(BUY, "voided")]
    assert not await house.settle(claim, Done(a_label(claim))), "the claim is over"
    await house.assert_balanced()


async def test_a_label_that_comes_too_late_goes_back_to_the_carrier(house: House, store: Database) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    buying = await house.claim_one(EffectKind.BUY_LABEL)
    assert await house.checkpoint(buying, "shp_9")
    await cancel(house, fact)
    assert await house.standing(order_id) == Standing("inventory_reserved", *CLOSED)
    assert await house.level() == (10, 0)
    assert await house.effects(order_id) == [(BUY, "sent")]

    assert await house.settle(buying, Done(a_label(buying)))
    assert await house.effects(order_id) == [(BUY, "done"), (VOID, "intent")]
    package = await house.package(order_id)
    assert (package["state"], package["track_due_at"]) == ("voiding", None)
    assert await store.pool.fetchval("SELECT count(*) FROM documents") == 1

    voiding = await house.claim_one(EffectKind.VOID_LABEL)
    assert (voiding.provider_reference, voiding.package_id) == (package["shipment_reference"], package["id"])
    assert await house.checkpoint(voiding, voiding.provider_reference)
    assert await house.settle(voiding, Done(LabelVoided(refunded=True)))
    assert (await house.package(order_id))["state"] == "voided"
    assert await house.effects(order_id) == [(BUY, "done"), (VOID, "done")]
    assert (await house.standing(order_id)).execution == "cancelled"
    await house.assert_balanced()


async def test_a_shipped_order_is_not_cancelled_any_more_and_goes_on_to_its_end(house: House) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await told(house, order_id)
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    await cancel(house, fact)
    assert await house.standing(order_id) == Standing("shipped", "shipped", "running", "delivery")
    assert await house.effects(order_id) == [(BUY, "done"), (SHIP, "done")]
    assert await house.level() == (9, 0)
    await house.track(order_id, TrackingStatus.DELIVERED, minute=90)
    assert await house.standing(order_id) == Standing("completed", "delivered", "completed", None)
    await house.assert_balanced()


async def test_an_order_that_left_by_tiktok_s_word_is_not_cancelled_any_more(house: House) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await told(house, order_id)
    await house.arrive(later(fact, ChannelStatus.IN_TRANSIT, minute=1))
    assert (await house.standing(order_id)).state == "shipped"
    await cancel(house, fact)
    assert (await house.standing(order_id)).status == "shipped"
    assert (VOID, "intent") not in await house.effects(order_id)
    await house.assert_balanced()


async def test_a_failed_order_is_cancelled_and_leaves_the_failed_queue(house: House, store: Database) -> None:
    fact = an_order(house.shop_id, units=(a_unit(sku="NEVER-SEEN"),))
    [order_id] = await house.arrive(fact)
    await cancel(house, fact)
    assert await house.standing(order_id) == Standing("failed", *CLOSED)
    assert await house.failure(order_id) is None
    row = await store.pool.fetchrow("SELECT resolved_by, resolution, o.failed_from FROM failures, orders o")
    assert tuple(row) == ("system", "cancelled", "new")
    await house.assert_balanced()


async def test_a_held_order_is_cancelled_all_the_same(house: House) -> None:
    fact = an_order(house.shop_id, "1", ChannelStatus.ON_HOLD)
    [order_id] = await house.arrive(fact)
    await cancel(house, fact)
    assert await house.standing(order_id) == Standing("new", *CLOSED)
    await house.assert_balanced()


async def test_a_cancelled_order_takes_no_more_requests(house: House, store: Database) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await cancel(house, fact)
    counts = await house.row_counts()
    [outcome] = await status.change(store, [order_id], OrderStatus.SHIPPED, actor=MIRA, reason="")
    assert (outcome.code, outcome.sentence) == ("order.closed", "Order 577001 is closed (cancelled).")
    assert await house.row_counts() == counts


@pytest.mark.parametrize(
    ("told", "audiences"),
    [
        (CancelNotice.NOBODY, []),
        (CancelNotice.CREATOR, ["creator"]),
        (CancelNotice.CUSTOMER, ["customer"]),
        (CancelNotice.BOTH, ["customer", "creator"]),
    ],
)
async def test_people_are_told_once_of_a_cancellation_as_the_shop_wants(
    house: House, store: Database, told: CancelNotice, audiences: list[str]
) -> None:
    await house.set_policies(replace(WORKING, cancel_notice=told))
    fact = an_order(house.shop_id)
    await house.arrive(fact)
    await cancel(house, fact)
    await cancel(house, fact)
    await house.arrive(fact)
    meant = await store.pool.fetch(
        "SELECT request ->> 'audience' AS audience, state FROM effects WHERE request ->> 'template' = 'order_cancelled'"
        " ORDER BY sequence"
    )
    assert [tuple(row) for row in meant] == [(audience, "intent") for audience in audiences]
    sent: list[str] = []
    while claims := await house.claim(EffectKind.NOTICE):
        requests = (await house.notice_requests(claims)).values()
        sent += [each.audience for each in requests if each.template == "order_cancelled"]
        for claim in claims:
            await house.settle(claim, Done(NoticeSent("m")))
    assert sent == audiences
    await house.assert_balanced()
