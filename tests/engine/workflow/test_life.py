"""An order's life: every step it takes, what it waits for in between, and what each policy changes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.orders import status
from engine.words import ChannelStatus, EffectKind, OrderStatus, TrackingStatus
from engine.workflow.facts import Backorder, ImportMode, LabelOn, Picking, ShipOn
from engine.workflow.failures import retry
from engine.workflow.runner import wake_due
from tests.engine.facts import QUAY, a_unit, an_order, later
from tests.engine.house import MIRA, WORKING, House, Standing


async def pick(house: House, order_id: OrderId) -> None:
    """Somebody has the items in hand."""
    await house.store.pool.execute("UPDATE order_items SET fulfillment_status = 'picked' WHERE order_id = $1", order_id)
    await house.store.pool.execute("UPDATE work SET ready = true WHERE order_id = $1", order_id)
    await house.run()


async def test_an_order_goes_from_new_to_completed_by_what_the_outside_says(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, units=(a_unit("1"), a_unit("2"))))
    assert await house.standing(order_id) == Standing("inventory_reserved", "processing", "running", "label")
    assert await house.level() == (10, 2)
    await house.buy_labels()
    assert await house.standing(order_id) == Standing("ready_to_ship", "processing", "running", "tiktok")
    await house.tell_tiktok()
    assert await house.standing(order_id) == Standing("ready_to_ship", "processing", "running", "handover")
    assert await house.level() == (10, 2)
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    assert await house.standing(order_id) == Standing("shipped", "shipped", "running", "delivery")
    assert await house.level() == (8, 0)
    await house.track(order_id, TrackingStatus.DELIVERED, minute=90)
    assert await house.standing(order_id) == Standing("completed", "delivered", "completed", None)

    assert await house.steps(order_id) == [
        "arrive",
        "validate",
        "reserve_inventory",
        "ready_to_ship",
        "ship",
        "deliver",
    ]
    assert await house.history(order_id) == ["pending", "confirmed", "processing", "shipped", "delivered"]
    assert await house.effects(order_id) == [("buy_label", "done"), ("ship_package", "done")]
    assert await house.notices(order_id) == ["order_shipped", "review_request"]
    items = await store.pool.fetchrow("SELECT fulfillment_status, shipped_quantity FROM order_items")
    assert tuple(items) == ("delivered", 2)
    metrics = await store.pool.fetchrow(
        "SELECT orders_completed, units_completed, revenue, currency FROM creator_metrics"
    )
    assert tuple(metrics) == (1, 2, Decimal("25.00"), "USD")
    counters = await store.pool.fetch("SELECT event, count FROM event_counters ORDER BY event")
    assert [tuple(row) for row in counters] == [("delivered", 1), ("reserved", 1), ("shipped", 1)]
    await house.assert_balanced()


async def test_a_closed_order_is_looked_at_no_more(house: House) -> None:
    fact = an_order(house.shop_id, "1", ChannelStatus.COMPLETED)
    [order_id] = await house.arrive(fact)
    counts = await house.row_counts()
    assert await house.run() == 0
    [outcome] = await status.change(house.store, [order_id], OrderStatus.SHIPPED, actor=MIRA, reason="")
    assert (outcome.code, outcome.sentence) == ("order.closed", "Order 1 is closed (delivered).")
    assert await house.row_counts() == counts


async def test_every_delivery_news_counts_once(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    await house.tell_tiktok()
    assert [await house.track(order_id, TrackingStatus.DELIVERED) for _ in range(3)] == [1, 0, 0]
    assert await house.steps(order_id) == [
        "arrive",
        "validate",
        "reserve_inventory",
        "ready_to_ship",
        "ship",
        "deliver",
    ]
    assert await house.level() == (9, 0)
    await house.assert_balanced()


@pytest.mark.parametrize(
    ("wrong", "code", "cause"),
    [
        ({"units": (a_unit(sku="NEVER-SEEN"),)}, "unmapped_sku", "The SKU NEVER-SEEN is not among the products."),
        (
            {"units": (a_unit(sku="FEATHER"),)},
            "missing_weight",
            "The product FEATHER has no weight, so no carrier can quote it.",
        ),
        (
            {"address": replace(QUAY, postal_code="nowhere")},
            "bad_address",
            "The postal code of the shipping address is not a US ZIP code.",
        ),
        ({"address": None}, "bad_address", "The order has no shipping address."),
    ],
)
async def test_data_that_is_wrong_sends_the_order_to_a_person_with_the_cause(
    house: House, wrong: dict[str, object], code: str, cause: str
) -> None:
    await house.stock("FEATHER", 5, weight_grams=None)
    [order_id] = await house.arrive(replace(an_order(house.shop_id), **wrong))  # type: ignore[arg-type]
    assert await house.standing(order_id) == Standing("failed", "pending", "failed", "person")
    failure = await house.failure(order_id)
    assert (failure["code"], failure["cause"], failure["failed_from"], failure["error_class"], failure["attempts"]) == (
        code,
        cause,
        "new",
        "validation",
        1,
    )
    assert await house.notices(order_id) == ["order_rejected"]
    await house.assert_balanced()


async def test_a_retry_goes_on_from_where_it_failed_or_fails_again_with_its_count(
    house: House, store: Database
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, units=(a_unit(sku="BOWL-LG"),)))
    assert (await house.failure(order_id))["code"] == "unmapped_sku"
    [outcome] = await retry(store, [order_id], actor=MIRA)
    assert (outcome.code, outcome.before, outcome.after) == ("", OrderStatus.PENDING, OrderStatus.PENDING)
    assert (await house.failure(order_id))["attempts"] == 2
    assert await house.notices(order_id) == ["order_rejected"], "the creator is told once"
    await house.stock("BOWL-LG", 1)
    await retry(store, [order_id], actor=MIRA, reason="mapped it")
    assert await house.standing(order_id) == Standing("inventory_reserved", "processing", "running", "label")
    resolved = await store.pool.fetch("SELECT resolved_by, resolution FROM failures ORDER BY created_at")
    assert [tuple(row) for row in resolved] == [("mira", "retried")] * 2
    assert await store.pool.fetchval("SELECT failed_from FROM orders") is None
    await house.assert_balanced()


async def test_out_of_stock_fails_names_what_could_stand_in_and_resumes_when_stock_arrives(house: House) -> None:
    await house.stock("MUG-RED", 3)
    order = an_order(house.shop_id, units=[a_unit(str(line)) for line in range(12)])
    [order_id] = await house.arrive(order)
    assert await house.standing(order_id) == Standing("failed", "confirmed", "failed", "stock")
    failure = await house.failure(order_id)
    assert (failure["code"], failure["cause"], failure["evidence"]) == (
        "out_of_stock",
        "MUG-BLU is out of stock: 2 short.",
        {"short of MUG-BLU": "2", "instead of MUG-BLU": "MUG-RED (3)"},
    )
    await house.receive("MUG-BLU", 1)
    await house.run()
    assert (await house.standing(order_id)).state == "failed", "one is not enough"
    await house.receive("MUG-BLU", 1)
    assert await house.run() == 1
    assert await house.standing(order_id) == Standing("inventory_reserved", "processing", "running", "label")
    assert await house.level() == (12, 12)
    assert await house.steps(order_id) == ["arrive", "validate", "backorder", "resume", "reserve_inventory"]
    await house.assert_balanced()


async def test_a_shop_that_waits_for_stock_does_not_fail_its_orders(house: House) -> None:
    await house.set_policies(replace(WORKING, backorder=Backorder.WAIT))
    [order_id] = await house.arrive(an_order(house.shop_id, units=[a_unit(str(line)) for line in range(11)]))
    assert await house.standing(order_id) == Standing("validated", "confirmed", "running", "stock")
    await house.receive("MUG-BLU", 1)
    await house.run()
    assert (await house.standing(order_id)).state == "inventory_reserved"


async def test_an_observed_shop_s_orders_are_shown_and_never_worked(house: House) -> None:
    await house.set_policies(replace(WORKING, import_mode=ImportMode.OBSERVE))
    [order_id] = await house.arrive(an_order(house.shop_id))
    assert await house.standing(order_id) == Standing("new", "pending", "running", "observe")
    [outcome] = await status.change(house.store, [order_id], OrderStatus.CONFIRMED, actor=MIRA, reason="")
    assert (outcome.code, outcome.sentence) == (
        "order.observed",
        "Order 577001 is only observed: switch its shop to work before changing its orders.",
    )
    assert await house.effects(order_id) == []
    assert await house.level() == (10, 0)


async def test_an_observed_shop_switched_to_work_works_the_orders_it_has(house: House) -> None:
    await house.set_policies(replace(WORKING, import_mode=ImportMode.OBSERVE))
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.set_policies(WORKING)
    await house.run()
    assert (await house.standing(order_id)).state == "inventory_reserved"


async def test_an_order_fulfilled_by_tiktok_is_not_changed_by_hand(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, fulfilled_by_tiktok=True))
    [outcome] = await status.change(house.store, [order_id], OrderStatus.CONFIRMED, actor=MIRA, reason="")
    assert (outcome.code, outcome.sentence) == (
        "order.not_worked",
        "Order 577001 is fulfilled by TikTok: it is shown, never worked.",
    )
    assert (await house.standing(order_id)).state == "new"


async def test_a_label_waits_for_picking_where_the_shop_says_so(house: House) -> None:
    await house.set_policies(replace(WORKING, label_on=LabelOn.PICK, pick=Picking.SCAN))
    [order_id] = await house.arrive(an_order(house.shop_id))
    assert await house.standing(order_id) == Standing("inventory_reserved", "processing", "running", "pick")
    assert await house.effects(order_id) == []
    await pick(house, order_id)
    assert await house.effects(order_id) == [("buy_label", "intent")]
    await house.buy_labels()
    assert (await house.standing(order_id)).state == "ready_to_ship"


async def test_a_labelled_order_waits_until_it_is_picked_and_its_stock_leaves_with_it(house: House) -> None:
    await house.set_policies(replace(WORKING, pick=Picking.CONFIRM))
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    assert await house.standing(order_id) == Standing("inventory_reserved", "processing", "running", "pick")
    await pick(house, order_id)
    assert (await house.standing(order_id)).state == "ready_to_ship"
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    assert (await house.standing(order_id)).state == "shipped"
    assert await house.level() == (9, 0)
    await house.assert_balanced()


async def test_a_picked_order_that_is_cancelled_gives_its_stock_back(house: House) -> None:
    await house.set_policies(replace(WORKING, pick=Picking.CONFIRM))
    fact = an_order(house.shop_id)
    [order_id] = await house.arrive(fact)
    await house.buy_labels()
    await pick(house, order_id)
    await house.arrive(later(fact, ChannelStatus.CANCELLED, minute=1))
    assert await house.level() == (10, 0)
    await house.assert_balanced()


async def test_where_a_person_hands_over_a_scan_alone_ships_nothing(house: House) -> None:
    await house.set_policies(replace(WORKING, ship_on=ShipOn.HANDOVER))
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    assert await house.standing(order_id) == Standing("ready_to_ship", "processing", "running", "handover")
    [outcome] = await status.change(house.store, [order_id], OrderStatus.SHIPPED, actor=MIRA, reason="van left")
    assert (outcome.code, outcome.after) == ("", OrderStatus.SHIPPED)
    assert (await house.package(order_id))["handed_over_at"] is not None
    assert await house.level() == (9, 0)
    await house.assert_balanced()


async def test_a_hold_stops_an_order_until_its_time_is_over(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, "1", ChannelStatus.UNPAID))
    await store.pool.execute(
        "INSERT INTO holds (order_id, reason, placed_by, until)"
        " VALUES ($1, 'address', 'mira', now() + interval '1 hour')",
        order_id,
    )
    await house.arrive(an_order(house.shop_id, "1", minute=1))
    await wake_due(store)
    assert await house.run() == 0
    assert (await house.standing(order_id)).waiting_for == "hold"
    await store.pool.execute("UPDATE holds SET until = now()")
    await wake_due(store)
    assert await house.run() == 1
    assert (await house.standing(order_id)).state == "inventory_reserved"
    assert await store.pool.fetchval("SELECT released_by FROM holds") == "system"


async def test_a_parked_order_is_looked_at_again_when_its_time_has_come(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id, "1", ChannelStatus.UNPAID))
    await store.pool.execute("UPDATE work SET due_at = now() + interval '1 hour'")
    await wake_due(store)
    assert await house.run() == 0
    await store.pool.execute("UPDATE work SET due_at = now()")
    await wake_due(store)
    assert await house.run() == 1
    assert await store.pool.fetchval("SELECT due_at FROM work") is None


async def test_the_same_label_is_meant_once_however_often_an_order_is_decided(house: House, store: Database) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    for _ in range(3):
        await store.pool.execute("UPDATE work SET ready = true")
        assert await house.run() == 1
    assert await house.effects(order_id) == [("buy_label", "intent")]
    assert len(await house.claim(EffectKind.BUY_LABEL)) == 1
    assert await store.pool.fetchval("SELECT count(*) FROM packages") == 1
