"""Tags, people and notes on orders: many at once, each with its version, its audit link and its own refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine.actors import Actor
from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, OrderId, UserId, new_id
from engine.orders import status
from engine.orders.assignment import Assignee, assign, find_user
from engine.orders.detail import detail
from engine.orders.notes import acknowledge, add_note
from engine.orders.tags import LONGEST_TAG, MOST_TAGS, add_tags, normal_tag, remove_tags
from engine.orders.views import ChangeOutcome, TimelineKind
from engine.words import ChangeSource, ChannelStatus, OrderStatus, TrackingStatus
from engine.workflow.facts import ShipOn
from engine.workflow.runner import run_batch
from tests.engine.facts import an_order
from tests.engine.house import MIRA, WORKING, House
from tests.factories import opened

TOMAS = Actor("tomas", ChangeSource.USER)


def codes(outcomes: Sequence[ChangeOutcome]) -> list[str]:
    return [outcome.code for outcome in outcomes]


async def run(store: Database, function: Any, *arguments: Any, **more: Any) -> list[ChangeOutcome]:
    found: list[ChangeOutcome] = await store.run(
        lambda connection: function(connection, store.vault, *arguments, **({"actor": MIRA} | more))
    )
    return found


async def tags_of(store: Database, order_id: OrderId) -> list[str]:
    tags: list[str] = await store.pool.fetchval("SELECT tags FROM orders WHERE id = $1", order_id)
    return tags


@pytest.mark.parametrize(
    ("given", "tag"),
    [("VIP", "vip"), ("  #Gift wrap ", "gift-wrap"), ("a,b  c", "a-b-c"), ("Größe\x1b[31m", "grösse")],
)
def test_a_tag_is_stored_one_way_however_it_is_typed(given: str, tag: str) -> None:
    assert normal_tag(given) == tag


@pytest.mark.parametrize("given", ["", " , ", "#", "x" * (LONGEST_TAG + 1)])
def test_nothing_and_too_much_is_no_tag(given: str) -> None:
    with pytest.raises(Refused, match="is no tag"):
        normal_tag(given)


async def test_tags_are_added_and_taken_off_many_orders_closed_ones_too(house: House, store: Database) -> None:
    first, closed = await house.arrive(
        an_order(house.shop_id, "1"), an_order(house.shop_id, "2", ChannelStatus.COMPLETED)
    )
    await run(store, add_tags, [first], ["vip"])
    versions = [await house.version(order_id) for order_id in (first, closed)]
    assert codes(await run(store, add_tags, [first, closed], ["VIP", "gift wrap"])) == ["", ""]
    assert await tags_of(store, first) == await tags_of(store, closed) == ["vip", "gift-wrap"]
    assert codes(await run(store, remove_tags, [first, closed], ["vip"])) == ["", ""]
    assert await tags_of(store, first) == ["gift-wrap"]
    assert [await house.version(order_id) for order_id in (first, closed)] == [version + 2 for version in versions]
    await house.assert_balanced()


async def test_tags_that_change_nothing_or_are_too_many_are_refused_and_nothing_changes(
    house: House, store: Database
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    full = [f"t{number}" for number in range(MOST_TAGS)]
    await run(store, add_tags, [order_id], full)
    counts, version = await house.row_counts(), await house.version(order_id)
    outcomes = [
        *await run(store, add_tags, [order_id], ["T0"]),
        *await run(store, add_tags, [order_id], ["one-more"]),
        *await run(store, remove_tags, [order_id], ["never"]),
        *await run(store, add_tags, [OrderId(new_id())], ["vip"]),
        *await run(store, add_tags, [order_id], ["vip"], expected_versions={order_id: version + 1}),
    ]
    assert codes(outcomes) == ["tag.there", "tag.too_many", "tag.not_there", "order.unknown", "order.changed_meanwhile"]
    assert codes(await run(store, remove_tags, [order_id], ["t3"], write=False)) == [""]
    assert await tags_of(store, order_id) == full
    assert (await house.row_counts(), await house.version(order_id)) == (counts, version)


async def test_an_order_is_handed_to_somebody_by_id_login_or_name(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    mira = UserId(new_id())
    add = "INSERT INTO users (id, display_name, role, login_role) VALUES ($1, $2, 'operator', $3)"
    await store.pool.execute(add, mira, "Mira Holt", "mira")
    for text in (str(mira), "mira", "mira holt"):
        assert await find_user(store, text) == Assignee(mira, "Mira Holt")
    assert codes(await run(store, assign, [order_id], Assignee(mira, "Mira Holt"))) == [""]
    again = await run(store, assign, [order_id], Assignee(mira, "Mira Holt"))
    assert [each.sentence for each in again] == ["Order 1 is Mira Holt's already."]
    assert await store.pool.fetchval("SELECT assigned_to FROM orders") == mira
    await run(store, assign, [order_id], None)
    assert await store.pool.fetchval("SELECT assigned_to FROM orders") is None

    await store.pool.execute(add, new_id(), "Mira Holt", "mira2")
    with pytest.raises(Refused, match="More than one user"):
        await find_user(store, "Mira Holt")
    with pytest.raises(NotFound, match="no user 'nobody'"):
        await find_user(store, "nobody")
    assert (await find_user(store, str(DEFAULT_CREATOR))).user_id == DEFAULT_CREATOR
    await house.assert_balanced()


async def test_a_note_is_sealed_and_told_once_in_the_story(house: House, store: Database) -> None:
    first, second = await house.arrive(an_order(house.shop_id, "1"), an_order(house.shop_id, "2"))
    await run(store, add_note, [first, second], "Ines asked for blue ribbon")
    for order_id in (first, second):
        notes = [e for e in (await detail(store, order_id)).timeline if e.kind is TimelineKind.NOTE]
        assert [(note.text, note.actor) for note in notes] == [("Ines asked for blue ribbon", "mira")]
    assert b"ribbon" not in await store.pool.fetchval("SELECT body FROM notes LIMIT 1")
    counts = await house.row_counts()
    for body in ("", "  ", "x" * 4001):
        with pytest.raises(Refused, match="A note has 1 to 4000 characters"):
            await run(store, add_note, [first], body)
    assert await house.row_counts() == counts
    await house.assert_balanced()


async def test_a_note_to_acknowledge_stops_machine_and_person_until_somebody_reads_it(
    house: House, store: Database
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await run(store, add_note, [order_id], "Pack it with the red card", must_acknowledge=True)
    await house.buy_labels()
    await house.run()
    assert (await house.standing(order_id)).state == "inventory_reserved"
    assert (await house.standing(order_id)).waiting_for == "note"
    why = "Waits for somebody to acknowledge mira's note: read it, then acknowledge it."
    assert (await detail(store, order_id)).why == why

    assert codes(await run(store, acknowledge, [order_id], actor=TOMAS, write=False)) == [""]
    assert (await house.standing(order_id)).waiting_for == "note"
    version = await house.version(order_id)
    assert codes(await run(store, acknowledge, [order_id], actor=TOMAS)) == [""]
    assert await house.version(order_id) == version + 1
    row = await store.pool.fetchrow("SELECT acknowledged_by, acknowledged_at FROM notes")
    assert row["acknowledged_by"] == "tomas"
    assert row["acknowledged_at"] is not None
    await house.run()
    assert (await house.standing(order_id)).state == "ready_to_ship"
    [again] = await run(store, acknowledge, [order_id])
    assert again.sentence == "Order 1 has no note to acknowledge."
    await house.assert_balanced()


async def test_a_person_cannot_hand_over_past_a_note_that_nobody_acknowledged(house: House, store: Database) -> None:
    await house.set_policies(replace(WORKING, ship_on=ShipOn.HANDOVER))
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    await house.buy_labels()
    await house.tell_tiktok()
    await run(store, add_note, [order_id], "Wait for the second box", must_acknowledge=True)
    await house.run()
    counts, version = await house.row_counts(), await house.version(order_id)
    [refused] = await status.change(store, [order_id], OrderStatus.SHIPPED, actor=MIRA, reason="handed over")
    assert refused.sentence == "Order 1 cannot go on: a note on it must be acknowledged first."
    assert (await house.row_counts(), await house.version(order_id)) == (counts, version)
    await run(store, acknowledge, [order_id])
    [shipped] = await status.change(store, [order_id], OrderStatus.SHIPPED, actor=MIRA, reason="handed over")
    assert shipped.after is OrderStatus.SHIPPED
    await house.track(order_id, TrackingStatus.DELIVERED)
    await house.assert_balanced()


async def test_acknowledging_while_runners_look_at_the_orders_leaves_none_behind(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    orders = await house.arrive(*(an_order(house.shop_id, str(number)) for number in range(8)))
    await run(store, add_note, orders, "Add the card", must_acknowledge=True)
    await house.buy_labels()
    async with opened(database) as other:
        for order_id in orders:
            await store.pool.execute("UPDATE work SET ready = true")
            await asyncio.gather(
                run_batch(store, 4), run(other, acknowledge, [order_id]), run_batch(other, 4), run_batch(store, 4)
            )
    await house.run()
    assert [(await house.standing(order_id)).state for order_id in orders] == ["ready_to_ship"] * 8
    await house.assert_balanced()
