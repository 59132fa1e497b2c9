"""Rules within the decision: asked at every event, in order, once; what they do is written with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engine.database.connection import Database
from engine.identifiers import DEFAULT_CREATOR, UserId, new_id
from engine.orders import status
from engine.orders.detail import detail
from engine.orders.holds import place_holds, release_ended, release_holds
from engine.shops import shops
from engine.words import ChannelStatus, HoldReason, OrderStatus, TrackingStatus
from engine.workflow import executions, starting
from engine.workflow.facts import ImportMode, Picking
from engine.workflow.rules import store as rules
from tests.engine.facts import a_unit, an_order, later, units_of
from tests.engine.house import MIRA, WORKING, House, Standing
from tests.engine.workflow.rules.ruled import a_rule, holds, order_row, runs, save


async def deliver(house: House, order_id: Any, *, minute: int = 60) -> None:
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT, minute=minute)
    await house.track(order_id, TrackingStatus.DELIVERED, minute=minute + 1)


async def test_every_event_of_a_life_is_put_to_the_rules_once_and_in_order(house: House, store: Database) -> None:
    await save(
        store,
        *(
            a_rule(f"on {event}", event, do=f'{{ action = "tag", tags = ["{event}"] }}')
            for event in (
                "order.created",
                "order.updated",
                "order.validated",
                "order.reserved",
                "order.ready",
                "order.shipped",
                "order.delivered",
                "order.failed",
                "order.held",
                "order.cancelled",
            )
        ),
    )
    fact = an_order(house.shop_id, "577001", ChannelStatus.UNPAID)
    [order_id] = await house.arrive(fact)
    assert [event for _, event, _ in await runs(store, order_id)] == ["order.created"]
    assert await house.standing(order_id) == Standing("new", "pending", "running", "payment")
    await house.arrive(an_order(house.shop_id, "577001", minute=5))
    await deliver(house, order_id)
    assert await house.standing(order_id) == Standing("completed", "delivered", "completed", None)
    life = ["created", "updated", "validated", "reserved", "ready", "shipped", "delivered"]
    assert await runs(store, order_id) == [
        (f"on order.{event}", f"order.{event}", [f"tagged order.{event}"]) for event in life
    ]
    assert (await order_row(store, order_id))["tags"] == [f"order.{event}" for event in life]
    await house.assert_balanced()


async def test_failing_being_held_and_being_cancelled_are_events_too(house: House, store: Database) -> None:
    await save(
        store,
        a_rule("failed", "order.failed", 'failure_code == "out_of_stock" and order_status == "confirmed"'),
        a_rule("other", "order.failed", 'failure_code == "bad_address"'),
        a_rule("held", "order.held", "held"),
        a_rule("cancelled", "order.cancelled", 'order_status == "cancelled" and channel_status == "CANCELLED"'),
    )
    many = tuple(a_unit(str(place)) for place in range(11))
    fact = an_order(house.shop_id, "577001", units=many)
    [order_id] = await house.arrive(fact)
    assert (await house.failure(order_id))["code"] == "out_of_stock"
    assert await runs(store, order_id) == [("failed", "order.failed", ["tagged seen"])]
    await store.run(lambda c: place_holds(c, store.vault, [order_id], HoldReason.ADDRESS, actor=MIRA))
    assert len(await runs(store, order_id)) == 1
    await house.run()
    assert await runs(store, order_id) == [
        ("failed", "order.failed", ["tagged seen"]),
        ("held", "order.held", ["tagged seen already"]),
    ]
    await house.run()
    await house.arrive(later(fact, ChannelStatus.CANCELLED, minute=9))
    assert (await runs(store, order_id))[2:] == [("cancelled", "order.cancelled", ["tagged seen already"])]
    assert (await house.standing(order_id)).status == "cancelled"
    await house.assert_balanced()


async def test_tiktoks_own_hold_is_an_event_when_it_begins_and_not_again(house: House, store: Database) -> None:
    await save(store, a_rule("held", "order.held", 'channel_status == "ON_HOLD"'))
    first = an_order(house.shop_id, "577001", ChannelStatus.ON_HOLD)
    later_held = an_order(house.shop_id, "577002", ChannelStatus.UNPAID)
    one, two = await house.arrive(first, later_held)
    assert await runs(store, one) == [("held", "order.held", ["tagged seen"])]
    assert await runs(store, two) == []
    await house.arrive(later(later_held, ChannelStatus.ON_HOLD, minute=1))
    await house.arrive(replace(later(first, ChannelStatus.ON_HOLD, minute=2), cancel_reason="changed"))
    assert [event for _, event, _ in await runs(store, two)] == ["order.held"]
    assert len(await runs(store, one)) == 1
    assert await store.pool.fetchval("SELECT count(*) FROM holds") == 2
    await house.assert_balanced()


async def test_a_hold_when_the_order_arrives_stops_it_before_stock_and_label(house: House, store: Database) -> None:
    await save(
        store,
        a_rule(
            "large", condition="total >= 30", do='{ action = "hold", reason = "fraud", hours = 2, note = "two mugs" }'
        ),
    )
    small, large = await house.arrive(
        an_order(house.shop_id, "1"), an_order(house.shop_id, "2", units=units_of("MUG-BLU", "MUG-BLU", "MUG-BLU"))
    )
    assert (await house.standing(small)).state == "inventory_reserved"
    assert await house.standing(large) == Standing("new", "pending", "running", "hold")
    assert await holds(store, large) == [("fraud", "rule large")]
    assert await house.level() == (10, 1)
    assert await house.effects(large) == []
    found = await detail(store, large)
    assert found.why.startswith("Held: fraud (two mugs), by rule large, until ")
    story = [(entry.kind, entry.text, entry.actor, entry.source) for entry in found.timeline]
    assert ("rule", "Rule large: held (fraud) for 2 h", "system", "system") in story
    assert ("hold", "Held (fraud): two mugs", "rule large", "system") in story
    until = await store.pool.fetchval("SELECT until - placed_at FROM holds")
    assert until == timedelta(hours=2)
    await store.pool.execute("UPDATE holds SET until = now() - interval '1 second'")
    assert await release_ended(store) == 1
    await house.run()
    assert await house.standing(large) == Standing("inventory_reserved", "processing", "running", "label")
    assert [event for _, event, _ in await runs(store, large)] == ["order.created"]
    await house.assert_balanced()


@pytest.mark.parametrize(
    ("event", "state", "level"),
    [("order.validated", "validated", (10, 0)), ("order.reserved", "inventory_reserved", (10, 1))],
)
async def test_a_hold_stops_the_order_in_the_state_it_has_just_entered(
    house: House, store: Database, event: str, state: str, level: tuple[int, int]
) -> None:
    await save(store, a_rule("stop", event, do='{ action = "hold", reason = "other" }'))
    [order_id] = await house.arrive(an_order(house.shop_id))
    standing = await house.standing(order_id)
    assert (standing.state, standing.waiting_for) == (state, "hold")
    assert await house.level() == level
    assert await house.effects(order_id) == []
    await store.run(lambda c: release_holds(c, store.vault, [order_id], actor=MIRA))
    await house.run()
    assert await house.effects(order_id) == [("buy_label", "intent")]
    assert len(await runs(store, order_id)) == 1
    await deliver(house, order_id)
    assert (await house.standing(order_id)).state == "completed"
    await house.assert_balanced()


async def test_rules_are_asked_in_their_places_and_a_stop_ends_the_round(house: House, store: Database) -> None:
    await save(
        store,
        a_rule("first", condition='"b" not in tags', do='{ action = "tag", tags = ["a"] }'),
        a_rule("second", condition='"a" in tags', do='{ action = "tag", tags = ["b"] }', stop=True),
        a_rule("third", do='{ action = "tag", tags = ["c"] }'),
        a_rule("elsewhere", "order.validated", do='{ action = "tag", tags = ["d"] }'),
    )
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    assert [rule for rule, _, _ in await runs(store, order_id)] == ["first", "second", "elsewhere"]
    assert (await order_row(store, order_id))["tags"] == ["a", "b", "d"]
    await rules.move(store, DEFAULT_CREATOR, "third", 1, actor=MIRA)
    [order_id] = await house.arrive(an_order(house.shop_id, "2"))
    assert [rule for rule, _, _ in await runs(store, order_id)] == ["third", "first", "second", "elsewhere"]


async def test_only_enabled_rules_of_the_orders_own_creator_are_asked(house: House, store: Database) -> None:
    other = UserId(new_id())
    await store.pool.execute("INSERT INTO users (id, display_name, role) VALUES ($1, 'Nadia Brook', 'creator')", other)
    await save(store, a_rule("mine"), a_rule("off", enabled=False))
    await rules.save(store, other, rules_file("theirs"), actor=MIRA)
    [order_id] = await house.arrive(an_order(house.shop_id, "1"))
    assert [rule for rule, _, _ in await runs(store, order_id)] == ["mine"]
    await rules.switch(store, DEFAULT_CREATOR, ["off"], on=True, actor=MIRA)
    await rules.switch(store, DEFAULT_CREATOR, ["mine"], on=False, actor=MIRA)
    [order_id] = await house.arrive(an_order(house.shop_id, "2"))
    assert [rule for rule, _, _ in await runs(store, order_id)] == ["off"]
    await rules.delete(store, DEFAULT_CREATOR, "off", actor=MIRA)
    [order_id] = await house.arrive(an_order(house.shop_id, "3"))
    assert await runs(store, order_id) == []
    assert await store.pool.fetchval("SELECT count(*) FROM rule_runs") == 2


def rules_file(name: str) -> Any:
    from engine.workflow.rules.file import parse

    return parse(a_rule(name), "rules.toml")


async def test_an_observed_shop_keeps_events_for_the_day_it_is_worked(house: House, store: Database) -> None:
    await house.set_policies(replace(WORKING, import_mode=ImportMode.OBSERVE))
    await save(store, a_rule("large", do='{ action = "hold", reason = "fraud" }'))
    fact = an_order(house.shop_id, "1")
    [order_id] = await house.arrive(fact)
    await house.arrive(replace(later(fact, ChannelStatus.AWAITING_SHIPMENT, minute=2), seller_note="x"))
    assert await runs(store, order_id) == []
    assert (await house.standing(order_id)).waiting_for == "observe"
    await house.set_policies(WORKING)
    await house.run()
    assert await runs(store, order_id) == [("large", "order.created", ["held (fraud)"])]
    assert await house.standing(order_id) == Standing("new", "pending", "running", "hold")
    await house.run()
    assert len(await runs(store, order_id)) == 1


async def test_orders_that_tiktok_fulfils_or_that_arrive_closed_are_touched_by_no_rule(
    house: House, store: Database
) -> None:
    await save(store, a_rule("any"), a_rule("changed", "order.updated"))
    facts = [
        an_order(house.shop_id, "1", fulfilled_by_tiktok=True),
        an_order(house.shop_id, "2", ChannelStatus.CANCELLED),
        an_order(house.shop_id, "3", ChannelStatus.COMPLETED),
    ]
    ids = await house.arrive(*facts)
    await house.arrive(replace(facts[0], update_time=facts[0].update_time + timedelta(minutes=3), seller_note="x"))
    await house.run()
    for order_id in ids:
        assert await runs(store, order_id) == []
        assert (await order_row(store, order_id))["tags"] == []


async def test_a_persons_push_is_ruled_like_any_other_move_and_a_refused_one_writes_nothing(
    house: House, store: Database
) -> None:
    await save(store, a_rule("gone", "order.shipped"))
    [order_id] = await house.arrive(an_order(house.shop_id))
    before = await house.row_counts()
    [refused] = await status.change(store, [order_id], OrderStatus.SHIPPED, actor=MIRA, reason="too soon")
    assert refused.refused
    assert await house.row_counts() == before
    await house.buy_labels()
    await house.tell_tiktok()
    [previewed] = await store.run(
        lambda c: status.change_part(
            c, store.vault, [order_id], OrderStatus.SHIPPED, MIRA, "", expected_versions={}, write=False
        )
    )
    assert not previewed.refused
    assert await runs(store, order_id) == []
    await status.change(store, [order_id], OrderStatus.SHIPPED, actor=MIRA, reason="handed over")
    assert await runs(store, order_id) == [("gone", "order.shipped", ["tagged seen"])]


async def test_what_rules_change_puts_no_event_to_rules(house: House, store: Database) -> None:
    await save(
        store,
        a_rule("hold", do='{ action = "hold", reason = "other" }'),
        a_rule("on hold", "order.held"),
        a_rule("on change", "order.updated"),
    )
    [order_id] = await house.arrive(an_order(house.shop_id))
    for _ in range(3):
        await house.run()
    assert [rule for rule, _, _ in await runs(store, order_id)] == ["hold"]


async def test_a_resumed_order_does_not_enter_its_state_a_second_time(house: House, store: Database) -> None:
    await save(store, a_rule("valid", "order.validated"), a_rule("short", "order.failed"))
    [order_id] = await house.arrive(an_order(house.shop_id, units=tuple(a_unit(str(n)) for n in range(11))))
    assert [rule for rule, _, _ in await runs(store, order_id)] == ["valid", "short"]
    await house.receive("MUG-BLU", 5)
    await house.run()
    assert (await house.standing(order_id)).state == "inventory_reserved"
    assert [rule for rule, _, _ in await runs(store, order_id)] == ["valid", "short"]


async def test_pausing_skipping_and_starting_anew_enter_no_state_twice(house: House, store: Database) -> None:
    await save(
        store,
        a_rule("reserved", "order.reserved"),
        a_rule("ready", "order.ready"),
        a_rule("cancelled", "order.cancelled"),
    )
    await house.set_policies(replace(WORKING, pick=Picking.CONFIRM))
    [order_id] = await house.arrive(an_order(house.shop_id))
    await executions.pause(store, [order_id], actor=MIRA, reason="lunch")
    await executions.resume_paused(store, [order_id], actor=MIRA, reason="back")
    assert [rule for rule, _, _ in await runs(store, order_id)] == ["reserved"]
    await starting.trigger(store, order_id, "order", actor=MIRA, reason="again", force_restart=True)
    await house.run()
    assert [rule for rule, _, _ in await runs(store, order_id)] == ["reserved"]
    await executions.cancel_execution(store, [order_id], actor=MIRA, reason="no more")
    assert [rule for rule, _, _ in await runs(store, order_id)] == ["reserved"]
    await house.assert_balanced()


async def test_without_rules_nothing_of_them_is_read_or_written(house: House, store: Database) -> None:
    asked: list[str] = []
    async with store.pool.acquire() as connection:
        connection.add_query_logger(lambda record: asked.append(record.query))
        from engine.workflow.advance import advance

        [order_id] = await house.arrive(an_order(house.shop_id, "1", ChannelStatus.UNPAID))
        async with connection.transaction():
            await connection.fetch("SELECT FROM work WHERE order_id = $1 FOR UPDATE", order_id)
            await advance(connection, store.vault, [order_id])
    assert not [
        query for query in asked if "rule_runs" in query or "FROM rules r\nWHERE" in query or "happened," in query
    ]
    assert await shops.list_shops(store)
