"""Holds: what keeps an order back, who may lift it, and what happens when that races the work on the order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.actors import Actor
from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.effects import ledger
from engine.errors import Refused
from engine.identifiers import OrderId, new_id
from engine.orders.detail import detail
from engine.orders.holds import place_holds, release_ended, release_holds, standing_holds
from engine.orders.views import ChangeOutcome
from engine.ports.outcomes import Done
from engine.words import ChangeSource, ChannelStatus, EffectKind, HoldReason, TrackingStatus
from engine.workflow.runner import wake_due
from tests.engine.facts import an_order, later
from tests.engine.house import MIRA, House, a_label
from tests.factories import opened

INES = Actor("ines", ChangeSource.USER)
LATER = datetime(2199, 1, 1, tzinfo=UTC)


async def hold(store: Database, *order_ids: OrderId, reason: HoldReason = HoldReason.FRAUD, **more: Any) -> Any:
    return await store.run(
        lambda connection: place_holds(connection, store.vault, order_ids, reason, **({"actor": MIRA} | more))
    )


async def release(store: Database, *order_ids: OrderId, reason: HoldReason | None = None, **more: Any) -> Any:
    return await store.run(
        lambda connection: release_holds(connection, store.vault, order_ids, reason, **({"actor": INES} | more))
    )


def codes(outcomes: Sequence[ChangeOutcome]) -> list[str]:
    return [outcome.code for outcome in outcomes]


async def end_now(store: Database, reason: HoldReason = HoldReason.FRAUD) -> None:
    """Time passes until the hold's end."""
    await store.pool.execute("UPDATE holds SET until = now() WHERE reason = $1", reason)


async def test_a_held_order_gets_no_label_until_every_hold_is_lifted(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    assert codes(await hold(store, order_id)) == [""]
    assert codes(await hold(store, order_id, reason=HoldReason.ADDRESS, note="no street number")) == [""]
    await house.run()
    assert (await house.standing(order_id)).waiting_for == "hold"
    assert await house.buy_labels() == []

    await release(store, order_id, reason=HoldReason.FRAUD)
    await house.run()
    assert await house.buy_labels() == []
    assert [view.note for view in await standing_holds(store, limit=10)] == ["no street number"]

    await release(store, order_id)
    await house.run()
    assert len(await house.buy_labels()) == 1
    assert (await house.standing(order_id)).state == "ready_to_ship"
    assert await standing_holds(store, limit=10) == []
    await house.assert_balanced()


async def test_an_order_with_a_label_can_be_held_which_stops_its_shipping(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    await hold(store, order_id)
    assert await house.tell_tiktok() == []
    assert (await house.standing(order_id)).state == "ready_to_ship"
    await release(store, order_id)
    assert len(await house.tell_tiktok()) == 1


async def test_holding_again_for_the_same_reason_replaces_its_note_and_its_end(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await hold(store, order_id, note="two cards", until=LATER)
    await hold(store, order_id, note="three cards", actor=INES)
    [view] = await standing_holds(store, limit=10)
    assert (view.reason, view.note, view.placed_by, view.until) == (HoldReason.FRAUD, "three cards", "ines", None)
    sealed = await store.pool.fetchval("SELECT note FROM holds")
    assert b"cards" not in sealed


async def test_a_hold_ends_by_itself_once_with_its_line_in_audit_and_story(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await hold(store, order_id, until=LATER)
    await hold(store, order_id, reason=HoldReason.ADDRESS)
    await house.run()
    assert await release_ended(store) == 0
    version = await house.version(order_id)

    await end_now(store)
    assert await release_ended(store) == 1
    assert await release_ended(store) == 0
    assert await house.version(order_id) == version + 1
    assert [view.reason for view in await standing_holds(store, limit=10)] == [HoldReason.ADDRESS]
    last = await store.pool.fetchrow(
        "SELECT action, actor FROM audit_log ORDER BY created_at DESC, sequence DESC LIMIT 1"
    )
    assert tuple(last) == ("order.released", "system")
    story = [(entry.text, entry.actor) for entry in (await detail(store, order_id)).timeline]
    assert story[-1] == ("Released (fraud)", "system")
    assert [text for text, _ in story if "held" in text.casefold()] == ["Held (fraud)", "Held (address)"]

    await end_now(store, HoldReason.ADDRESS)
    await wake_due(store)
    await house.run()
    assert len(await house.buy_labels()) == 1
    await house.assert_balanced()


async def test_only_tiktok_places_and_lifts_its_cooling_off(house: House, store: Database) -> None:
    fact = an_order(house.shop_id, "1", ChannelStatus.ON_HOLD)
    [order_id] = await house.arrive(fact)
    counts, version = await house.row_counts(), await house.version(order_id)
    [lifted] = await release(store, order_id)
    [by_name] = await release(store, order_id, reason=HoldReason.COOLING_OFF)
    assert lifted == by_name
    assert lifted.sentence == "Order 1 is in TikTok's cooling-off, which only TikTok lifts."
    [placed] = await hold(store, order_id, reason=HoldReason.COOLING_OFF)
    assert placed.sentence == "Cooling-off is TikTok's hold: choose another reason."
    assert (await house.row_counts(), await house.version(order_id)) == (counts, version)

    await hold(store, order_id)
    [freed] = await release(store, order_id)
    assert not freed.refused
    assert [view.reason for view in await standing_holds(store, limit=10)] == [HoldReason.COOLING_OFF]
    await house.arrive(later(fact, ChannelStatus.AWAITING_SHIPMENT, minute=5))
    assert await standing_holds(store, limit=10) == []
    assert (await house.standing(order_id)).state == "inventory_reserved"


async def test_what_cannot_be_held_or_released_says_why_and_nothing_changes(house: House, store: Database) -> None:
    shipped, closed, free, by_tiktok = await house.arrive(
        an_order(house.shop_id, "1"),
        an_order(house.shop_id, "2", ChannelStatus.COMPLETED),
        an_order(house.shop_id, "3"),
        an_order(house.shop_id, "4", fulfilled_by_tiktok=True),
    )
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(shipped, TrackingStatus.IN_TRANSIT)
    nobody = OrderId(new_id())
    counts = await house.row_counts()
    versions = [await house.version(order_id) for order_id in (shipped, closed, free, by_tiktok)]
    outcomes = await hold(store, shipped, closed, by_tiktok, nobody)
    assert [(outcome.code, outcome.sentence) for outcome in outcomes] == [
        ("hold.handed_over", "The parcel of order 1 has been handed over: it cannot be held any more."),
        ("order.closed", "Order 2 is closed (delivered)."),
        ("order.not_worked", "Order 4 is fulfilled by TikTok: it is shown, never worked."),
        ("order.unknown", f"There is no order {nobody}."),
    ]
    assert [outcome.sentence for outcome in await release(store, free, free)] == ["Order 3 is not held."]
    assert codes(await release(store, free, reason=HoldReason.STOCK)) == ["hold.none"]
    assert codes(await hold(store, free, expected_versions={free: versions[2] - 1})) == ["order.changed_meanwhile"]
    with pytest.raises(Refused, match="cannot end in the past"):
        await hold(store, free, until=datetime.now(UTC) - timedelta(days=1))
    assert await house.row_counts() == counts
    assert [await house.version(order_id) for order_id in (shipped, closed, free, by_tiktok)] == versions


async def test_a_preview_says_what_would_happen_and_writes_nothing(house: House, store: Database) -> None:
    first, second = await house.arrive(
        an_order(house.shop_id, "1"), an_order(house.shop_id, "2", ChannelStatus.COMPLETED)
    )
    counts, version = await house.row_counts(), await house.version(first)
    assert codes(await hold(store, first, second, write=False)) == ["", "order.closed"]
    assert (await house.row_counts(), await house.version(first)) == (counts, version)
    await hold(store, first)
    counts, version = await house.row_counts(), await house.version(first)
    assert codes(await release(store, first, write=False)) == [""]
    assert (await house.row_counts(), await house.version(first)) == (counts, version)


async def test_a_hold_racing_the_label_s_checkpoint_comes_before_it_or_keeps_the_bought_label_back(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    first, second = await house.arrive(an_order(house.shop_id, "1"), an_order(house.shop_id, "2"))
    claims = {claim.order_id: claim for claim in await house.claim(EffectKind.BUY_LABEL)}
    async with opened(database) as other:
        # The checkpoint is passed while the hold is being placed: the label is bought, and then kept back.
        async with other.transaction() as connection:
            await place_holds(connection, other.vault, [first], HoldReason.FRAUD, actor=MIRA)
            assert await house.checkpoint(claims[first])
        assert await house.settle(claims[first], Done(a_label(claims[first])))
        assert (await house.package(first))["tracking_number"]
        assert (await house.standing(first)).waiting_for == "hold"
        assert await house.effects(first) == [("buy_label", "done")]

        # The hold is placed while the claim is on its way to the checkpoint: nothing is bought.
        async with other.transaction() as connection:
            await ledger.checkpoint(connection, [])
            await hold(store, second)
            assert await ledger.checkpoint(connection, [(claims[second], "shp_2")]) == set()
    assert await house.effects(second) == [("buy_label", "intent")]

    await release(store, first, second)
    await house.run()
    assert [claim.order_id for claim in await house.buy_labels()] == [second]
    assert [(await house.standing(each)).state for each in (first, second)] == ["ready_to_ship"] * 2
    await house.assert_balanced()


async def test_a_person_and_the_clock_lift_one_hold_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    order_ids = await house.arrive(*(an_order(house.shop_id, str(number)) for number in range(8)))
    await hold(store, *order_ids, until=LATER)
    await end_now(store)
    versions = [await house.version(order_id) for order_id in order_ids]
    async with opened(database) as other:
        outcomes, _, _ = await asyncio.gather(release(store, *order_ids), release_ended(other), release_ended(other))
        await release_ended(other)
    by = {row["order_id"]: row["released_by"] for row in await store.pool.fetch("SELECT * FROM holds")}
    assert [by[each.order_id] for each in outcomes] == ["system" if each.refused else "ines" for each in outcomes]
    assert {outcome.code for outcome in outcomes} <= {"", "hold.none"}
    assert [await house.version(order_id) for order_id in order_ids] == [version + 1 for version in versions]
    await house.assert_balanced()


async def test_the_clock_lifts_the_hold_of_an_order_that_was_cancelled_meanwhile(house: House, store: Database) -> None:
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await hold(store, order_id, until=LATER)
    await house.arrive(later(fact, ChannelStatus.CANCELLED, minute=5))
    assert (await house.standing(order_id)).execution == "cancelled"
    await end_now(store)
    assert await release_ended(store) == 1
    assert (await house.standing(order_id)).execution == "cancelled"
    await house.assert_balanced()
