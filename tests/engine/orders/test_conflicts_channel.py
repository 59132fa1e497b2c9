"""TikTok against what is known here, row by row of the table."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from engine.actors import Actor
from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.identifiers import OrderId
from engine.orders import intake, status
from engine.orders.correction import correct_address
from engine.orders.detail import detail
from engine.orders.holds import place_holds, release_holds
from engine.orders.intake import Applied
from engine.orders.opening import open_address
from engine.orders.timeline import timeline
from engine.ports.facts import OrderFact
from engine.ports.outcomes import Done
from engine.words import (
    ChangeSource,
    ChannelStatus,
    EffectKind,
    HoldReason,
    OrderStatus,
    PaymentStatus,
    TrackingStatus,
)
from tests.engine.facts import MASKED_INES, MASKED_QUAY, QUAY, an_order, later
from tests.engine.house import MIRA, House, a_label
from tests.engine.orders.conflict_rows import code_of, says, settles
from tests.factories import opened

JON = Actor("jon", ChangeSource.USER)
BUY = EffectKind.BUY_LABEL
AWAITING, CANCELLED = ChannelStatus.AWAITING_SHIPMENT, ChannelStatus.CANCELLED


async def told(house: House, *facts: OrderFact) -> Applied:
    """What became of the facts, which are all of one order."""
    result = await intake.apply(house.store, facts)
    [applied] = result.applied.values()
    return applied


async def unchanged(house: House, *facts: OrderFact, row_id: str) -> None:
    """The facts lose: they are told so, and nothing but the inbox would remember them."""
    before = await house.row_counts(), await house.store.pool.fetch("SELECT * FROM orders")
    assert await told(house, *facts) == code_of(row_id)
    assert (await house.row_counts(), await house.store.pool.fetch("SELECT * FROM orders")) == before


async def street(store: Database, order_id: OrderId) -> str:
    row = await store.pool.fetchrow("SELECT shipping_address FROM orders WHERE id = $1", order_id)
    address = open_address(store.vault, order_id, row["shipping_address"])
    assert address is not None
    return address.line1


@settles("stale-fact")
async def test_an_older_fact_is_ignored(house: House) -> None:
    await house.arrive(an_order(house.shop_id, minute=5))
    await unchanged(house, an_order(house.shop_id, status=ChannelStatus.UNPAID), row_id="stale-fact")


@settles("same-fact-again")
async def test_the_same_fact_is_one_change(house: House) -> None:
    await house.arrive(an_order(house.shop_id))
    await unchanged(house, an_order(house.shop_id), row_id="same-fact-again")


@settles("same-time-further")
async def test_within_a_second_an_order_never_goes_back(house: House) -> None:
    fact = an_order(house.shop_id, status=ChannelStatus.UNPAID)
    [order_id] = await house.arrive(fact)
    await house.arrive(later(fact, CANCELLED, minute=1))
    await unchanged(house, an_order(house.shop_id, minute=1), row_id="same-time-further")
    assert (await house.standing(order_id)).status == "cancelled"


@settles("same-time-other-words")
async def test_within_a_second_the_last_word_counts(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, buyer_message="Ring."))
    assert await told(house, an_order(house.shop_id, buyer_message="Do not ring.")) == code_of("same-time-other-words")
    assert (await detail(store, order_id)).buyer_message == "Do not ring."


@settles("reordered-in-one-batch")
async def test_a_batch_in_the_wrong_order_ends_as_in_the_right_one(house: House, store: Database) -> None:
    fact = an_order(house.shop_id, status=ChannelStatus.UNPAID)
    newer = later(fact, CANCELLED, minute=1)
    same_second = an_order(house.shop_id, minute=1)
    assert await told(house, newer, same_second, fact) is Applied.CREATED
    assert await store.pool.fetchval("SELECT channel_status FROM orders") == "CANCELLED"
    assert await told(house, same_second, fact) == code_of("reordered-in-one-batch")


@settles("two-daemons-one-new-order")
async def test_two_daemons_take_one_order_in_once(house: House, store: Database, database: EmbeddedServer) -> None:
    fact = an_order(house.shop_id)
    async with opened(database) as other:
        results = await asyncio.gather(*(intake.apply(each, [fact]) for each in (store, other) * 3))
    applied = sorted(result.applied[fact.tiktok_order_id] for result in results)
    assert applied == [Applied.CREATED, *[code_of("two-daemons-one-new-order")] * 5]
    assert len({result.order_ids[fact.tiktok_order_id] for result in results}) == 1
    assert await house.level() == (10, 1)
    await house.assert_balanced()


@settles("cancelled-before-handover")
async def test_a_cancellation_before_the_handover_undoes_everything(house: House) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await house.buy_labels()
    await house.arrive(later(fact, CANCELLED, minute=9))
    assert (await house.standing(order_id)).execution == "cancelled"
    assert await house.level() == (10, 0)
    assert (EffectKind.VOID_LABEL, "intent") in await house.effects(order_id)
    [outcome] = await status.change(house.store, [order_id], OrderStatus.SHIPPED, actor=MIRA, reason="handed over")
    assert outcome.code == code_of("cancelled-before-handover")
    assert says("cancelled-before-handover", outcome.sentence)
    await house.assert_balanced()


@settles("cancelled-after-handover")
async def test_a_cancellation_after_the_handover_changes_nothing_here(house: House, store: Database) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    effects, level = await house.effects(order_id), await house.level()
    await house.arrive(later(fact, CANCELLED, minute=9))
    standing = await house.standing(order_id)
    assert (standing.state, standing.status, standing.execution) == ("shipped", "shipped", "running")
    assert (await house.effects(order_id), await house.level()) == (effects, level)
    assert await store.pool.fetchval("SELECT channel_status FROM orders") == "CANCELLED"
    await house.assert_balanced()


@settles("cancelled-against-a-person-shipping")
@pytest.mark.parametrize("round_number", range(6))
async def test_a_cancellation_and_a_handover_that_meet_end_in_one_of_the_two(
    house: House, store: Database, database: EmbeddedServer, round_number: int
) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await house.buy_labels()
    await house.tell_tiktok()

    async def hand_over() -> Any:
        await asyncio.sleep(0.001 * (round_number % 3))
        [outcome] = await status.change(other, [order_id], OrderStatus.SHIPPED, actor=MIRA, reason="handed over")
        return outcome

    async with opened(database) as other:
        outcome, _ = await asyncio.gather(hand_over(), intake.apply(store, [later(fact, CANCELLED, minute=9)]))
    standing = await house.standing(order_id)
    if outcome.refused:
        assert outcome.code == code_of("cancelled-against-a-person-shipping")
        assert (standing.status, await house.level()) == ("cancelled", (10, 0))
    else:
        assert (standing.status, await house.level()) == ("shipped", (9, 0))
    await house.assert_balanced()


@settles("local-step-against-stale-status")
async def test_a_local_step_is_not_taken_back_by_a_stale_status(house: House, store: Database) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    steps = await house.steps(order_id)
    assert await told(house, later(fact, AWAITING, minute=5)) == code_of("local-step-against-stale-status")
    assert (await house.standing(order_id)).state == "shipped"
    assert await house.steps(order_id) == steps
    assert await store.pool.fetchval("SELECT channel_status FROM orders") == "AWAITING_SHIPMENT"


@settles("shipped-elsewhere")
async def test_a_shipment_arranged_elsewhere_gets_no_label_here(house: House) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await house.arrive(later(fact, ChannelStatus.AWAITING_COLLECTION, minute=1))
    failure = await house.failure(order_id)
    assert failure["code"] == code_of("shipped-elsewhere")
    assert says("shipped-elsewhere", failure["cause"])
    assert await house.buy_labels() == []


@settles("delivered-first-at-tiktok")
async def test_a_delivery_that_tiktok_knows_first_closes_the_order(house: House) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    await house.arrive(later(fact, ChannelStatus.DELIVERED, minute=99))
    assert (await house.standing(order_id)).status == "delivered"
    steps = await house.steps(order_id)
    await house.track(order_id, TrackingStatus.DELIVERED, minute=120)
    await house.run()
    assert await house.steps(order_id) == steps
    assert code_of("delivered-first-at-tiktok") == ""
    await house.assert_balanced()


@settles("masked-after-clear")
async def test_clear_values_outlive_masked_ones(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    masked = an_order(
        house.shop_id, minute=1, customer=MASKED_INES, address=MASKED_QUAY, masked=True, buyer_message="Hi"
    )
    assert await told(house, masked) == code_of("masked-after-clear")
    shown = await detail(store, order_id)
    assert (shown.row.customer_name, await street(store, order_id)) == ("Ines Falk", "7 Quay Street")


@settles("clear-after-masked")
async def test_clear_values_replace_masked_ones(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, customer=MASKED_INES, address=MASKED_QUAY, masked=True))
    await house.arrive(an_order(house.shop_id, minute=1))
    assert (await detail(store, order_id)).row.customer_name == "Ines Falk"
    assert code_of("clear-after-masked") == ""


@settles("corrected-address-repeated")
async def test_a_corrected_address_outlives_what_tiktok_repeats(house: House, store: Database) -> None:
    fact = an_order(house.shop_id, status=ChannelStatus.ON_HOLD)
    [order_id] = await house.arrive(fact)
    await correct_address(store, order_id, replace(QUAY, line1="9 Quay Street"), actor=MIRA)
    await correct_address(store, order_id, replace(QUAY, line1="11 Quay Street"), actor=MIRA)
    assert await told(house, later(fact, AWAITING, minute=1)) == code_of("corrected-address-repeated")
    assert await street(store, order_id) == "11 Quay Street"
    assert await store.pool.fetchval("SELECT channel_status FROM orders") == "AWAITING_SHIPMENT"


@settles("corrected-address-changed-at-tiktok")
async def test_a_newer_address_of_the_buyer_replaces_a_correction(house: House, store: Database) -> None:
    fact = an_order(house.shop_id, status=ChannelStatus.ON_HOLD)
    [order_id] = await house.arrive(fact)
    await correct_address(store, order_id, replace(QUAY, line1="9 Quay Street"), actor=MIRA)
    moved = replace(later(fact, AWAITING, minute=1), address=replace(QUAY, line1="1 Harbour Road"))
    await house.arrive(moved)
    assert await street(store, order_id) == "1 Harbour Road"
    last = await store.pool.fetchval(
        "SELECT action FROM audit_log WHERE subject = $1 AND actor = 'tiktok_shop' ORDER BY sequence DESC LIMIT 1",
        order_id,
    )
    assert last == code_of("corrected-address-changed-at-tiktok")
    await house.arrive(replace(moved, update_time=later(moved, AWAITING, minute=2).update_time, buyer_message="Thanks"))
    assert await street(store, order_id) == "1 Harbour Road"
    async with store.pool.acquire() as connection:
        assert "Changed by TikTok" in [
            entry.text.split(":")[0] for entry in await timeline(connection, store.vault, order_id)
        ]


@settles("payment-reversed")
async def test_a_payment_that_is_taken_back_stops_the_order_until_it_is_there_again(
    house: House, store: Database
) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await house.arrive(replace(later(fact, ChannelStatus.UNPAID, minute=1), payment_status=PaymentStatus.PENDING))
    assert (await house.standing(order_id)).waiting_for == "hold"
    assert await house.buy_labels() == []
    [outcome] = await status.change(store, [order_id], OrderStatus.SHIPPED, actor=MIRA, reason="x")
    assert outcome.refused
    holds = await store.pool.fetch("SELECT reason, placed_by FROM holds WHERE released_at IS NULL")
    assert [tuple(hold) for hold in holds] == [("payment", "tiktok_shop")]
    moved = await status.fire(store, {order_id: _push()})
    assert moved[0].code == code_of("payment-reversed")
    assert says("payment-reversed", moved[0].sentence)

    await house.arrive(later(fact, AWAITING, minute=2))
    assert await store.pool.fetchval("SELECT count(*) FROM holds WHERE released_at IS NULL") == 0
    await store.pool.execute("UPDATE effects SET due_at = now()")
    assert len(await house.buy_labels()) == 1
    await house.assert_balanced()


def _push() -> Any:
    from engine.workflow.advance import Push

    return Push("ready_to_ship", MIRA, by_person=True)


@settles("hold-lifted-while-held-here")
async def test_a_hold_of_ours_outlives_tiktok_s_own(house: House, store: Database) -> None:
    fact = an_order(house.shop_id, status=ChannelStatus.ON_HOLD)
    [order_id] = await house.arrive(fact)
    await store.run(lambda c: place_holds(c, store.vault, [order_id], HoldReason.FRAUD, actor=MIRA))
    await house.arrive(later(fact, AWAITING, minute=1))
    assert (await house.standing(order_id)).waiting_for == code_of("hold-lifted-while-held-here")
    assert says("hold-lifted-while-held-here", (await detail(store, order_id)).why)
    assert await house.level() == (10, 0)


@settles("person-lifts-tiktoks-hold")
async def test_a_person_cannot_lift_tiktok_s_cooling_off(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, status=ChannelStatus.ON_HOLD))
    before = await house.row_counts()
    [outcome] = await store.run(lambda c: release_holds(c, store.vault, [order_id], actor=JON))
    assert outcome.code == code_of("person-lifts-tiktoks-hold")
    assert says("person-lifts-tiktoks-hold", outcome.sentence)
    assert await house.row_counts() == before


@settles("late-tracking")
async def test_a_scan_that_comes_after_the_delivery_moves_nothing(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.DELIVERED, minute=90)
    await house.run()
    before = await house.row_counts(), await house.package(order_id)
    assert await house.track(order_id, TrackingStatus.IN_TRANSIT, minute=60) == 0
    assert (await house.row_counts(), await house.package(order_id)) == before


@settles("label-bought-after-cancel")
async def test_a_label_that_was_on_its_way_is_recorded_and_given_back(house: House) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    claim = await house.claim_one(BUY)
    assert await house.checkpoint(claim, "shp_1")
    await house.arrive(later(fact, CANCELLED, minute=1))
    assert await house.settle(claim, Done(a_label(claim)))
    assert (await house.package(order_id))["tracking_number"] == a_label(claim).tracking_number
    assert (await house.effects(order_id))[-1] == (code_of("label-bought-after-cancel"), "intent")
    assert (await house.standing(order_id)).status == "cancelled"
    await house.assert_balanced()
