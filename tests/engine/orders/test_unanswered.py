"""While a buyer who asks to cancel waits for an answer no label is bought; a no lets everything go on at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.effects.settling import Settlement, settle
from engine.identifiers import OrderId
from engine.orders.answers import Answer, answer_cancellation
from engine.orders.cancellations import apply_cancellations
from engine.ports.facts import CancellationFact
from engine.ports.outcomes import Claim, Done, Failed
from engine.words import EffectKind
from tests.engine.facts import NOON, an_order
from tests.engine.house import MIRA, House, a_label
from tests.factories import opened

BUY, SHIP = EffectKind.BUY_LABEL, EffectKind.SHIP_PACKAGE
ASKED = CancellationFact(
    tiktok_cancel_id="4035",
    tiktok_order_id="1",
    cancel_type="BUYER_CANCEL",
    channel_status="CANCELLATION_REQUEST_PENDING",
    update_time=NOON,
    role="BUYER",
    reason="no_longer_needed",
)
WITHDRAWN = replace(ASKED, channel_status="CANCELLATION_REQUEST_CANCELLED", update_time=NOON + timedelta(minutes=5))
REFUSED = Failed("cancel_requested", "The buyer asks to cancel order 1.", unless_rejected=True)


async def told(store: Database, fact: CancellationFact) -> None:
    await store.run(lambda connection: apply_cancellations(connection, store.vault, [fact]))


async def say(store: Database, order_id: OrderId, decision: str) -> None:
    await answer_cancellation(store, order_id, Answer(decision), actor=MIRA)


async def kept(store: Database, claim: Claim) -> tuple[Any, ...]:
    """State, tries and holder of an effect."""
    row = await store.pool.fetchrow("SELECT state, attempt, lease_token FROM effects WHERE id = $1", claim.effect_id)
    return tuple(row)


async def stopped(house: House) -> Claim:
    """The label's claim, stopped at its checkpoint and kept for later."""
    claim = await house.claim_one(BUY)
    assert not await house.checkpoint(claim)
    assert await kept(house.store, claim) == ("intent", 0, None)
    assert await house.claim(BUY) == [], "it is looked at again later"
    return claim


async def bought(house: House, order_id: OrderId) -> None:
    """The label is due without waiting, and its purchase goes through."""
    claim = await house.claim_one(BUY)
    assert await house.checkpoint(claim)
    assert await house.settle(claim, Done(a_label(claim)))
    assert (await house.package(order_id))["state"] == "labelled"
    await house.assert_balanced()


async def test_a_label_waits_for_the_answer_and_a_no_lets_it_be_bought_at_once(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await told(store, ASKED)
    await stopped(house)
    assert (await house.standing(order_id)).state == "inventory_reserved"
    await say(store, order_id, "reject")
    await bought(house, order_id)


async def test_after_a_yes_nothing_is_bought_either(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await told(store, ASKED)
    await stopped(house)
    await say(store, order_id, "approve")
    await store.pool.execute("UPDATE effects SET due_at = now()")
    await stopped(house)


async def test_a_request_that_is_withdrawn_lets_the_label_be_bought_at_once(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await told(store, ASKED)
    await stopped(house)
    await told(store, WITHDRAWN)
    await bought(house, order_id)


async def test_what_only_the_order_says_of_a_request_counts_as_well(house: House, store: Database) -> None:
    fact = replace(an_order(house.shop_id, "1"), cancel_requested=True)
    [order_id] = await house.arrive(fact)
    await stopped(house)
    await house.arrive(replace(fact, cancel_requested=False, update_time=fact.update_time + timedelta(minutes=1)))
    await bought(house, order_id)


async def test_a_no_to_an_earlier_request_is_none_to_the_next(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await told(store, ASKED)
    await say(store, order_id, "reject")
    await told(store, replace(ASKED, tiktok_cancel_id="4036"))
    await stopped(house)
    await told(store, WITHDRAWN)
    await store.pool.execute("UPDATE effects SET due_at = now()")
    await stopped(house)
    await say(store, order_id, "reject")
    await bought(house, order_id)


async def test_a_request_racing_the_checkpoint_comes_before_it_or_the_label_is_being_bought(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    first, second = await house.arrive(an_order(house.shop_id, "1"), an_order(house.shop_id, "2"))
    claims = {claim.order_id: claim for claim in await house.claim(BUY)}
    async with opened(database) as other:

        async def asks(connection: Any) -> None:
            await apply_cancellations(connection, other.vault, [ASKED])
            assert await house.checkpoint(claims[first]), "nobody has heard of it yet"

        await other.run(asks)
        await told(other, replace(ASKED, tiktok_cancel_id="4036", tiktok_order_id="2"))
    assert not await house.checkpoint(claims[second], "shp_2")
    assert await kept(store, claims[second]) == ("intent", 0, None)
    assert await house.settle(claims[first], Done(a_label(claims[first])))
    assert (await house.package(first))["state"] == "labelled"
    assert (await house.package(second))["state"] == "planned"


async def shipping(house: House, store: Database) -> tuple[OrderId, Claim]:
    """A labelled order whose buyer asks while TikTok is being told of its parcel."""
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await house.buy_labels()
    claim = await house.claim_one(SHIP)
    await told(store, ASKED)
    return order_id, claim


async def test_a_no_during_the_try_makes_it_due_again_and_costs_no_try(house: House, store: Database) -> None:
    order_id, claim = await shipping(house, store)
    await say(store, order_id, "reject")
    assert await house.settle(claim, REFUSED)
    assert await kept(store, claim) == ("intent", 0, None)
    assert (await house.standing(order_id)).state == "ready_to_ship"
    assert await house.failure(order_id) is None
    again = await house.claim_one(SHIP)
    assert await house.settle(again, replace(REFUSED, unless_rejected=False)), "what is refused in spite of the no"
    assert (await house.failure(order_id))["code"] == "cancel_requested"
    await house.assert_balanced()


@pytest.mark.parametrize("decision", ["", "approve"])
async def test_without_a_no_it_fails_and_a_person_is_asked(house: House, store: Database, decision: str) -> None:
    order_id, claim = await shipping(house, store)
    if decision:
        await say(store, order_id, decision)
    assert await house.settle(claim, REFUSED)
    assert (await kept(store, claim))[0] == "failed"
    assert (await house.failure(order_id))["code"] == "cancel_requested"


async def test_a_no_that_collides_with_the_end_of_the_try_never_leaves_the_order_failed(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    order_id, claim = await shipping(house, store)
    async with opened(database) as other:
        for _ in range(8):
            await asyncio.gather(say(other, order_id, "reject"), settle(store, [Settlement(claim, REFUSED)]))
            assert (await house.standing(order_id)).state == "ready_to_ship"
            assert await house.failure(order_id) is None
            claim = await house.claim_one(SHIP)
            await store.pool.execute("UPDATE cancellations SET decision = ''")
    await house.assert_balanced()
