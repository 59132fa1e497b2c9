"""Status changes asked for by people: what is done, and the sentence for everything that is refused."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.identifiers import OrderId, new_id
from engine.orders import status
from engine.orders.views import ChangeOutcome
from engine.words import ChannelStatus, OrderStatus, TrackingStatus, WorkflowState
from engine.workflow.facts import Backorder, Picking, ShipOn
from engine.workflow.machine import default_machine
from engine.workflow.requests import Asked, trigger_for
from tests.engine.facts import a_unit, an_order
from tests.engine.house import MIRA, WORKING, House, Standing
from tests.factories import opened


async def ask(house: House, order_id: OrderId, wanted: OrderStatus, **versions: int) -> ChangeOutcome:
    expected = {order_id: versions["seen"]} if versions else None
    [outcome] = await status.change(
        house.store, [order_id], wanted, actor=MIRA, reason="asked", expected_versions=expected
    )
    return outcome


@pytest.mark.parametrize(
    ("wanted", "current", "state", "asked"),
    [
        (OrderStatus.CONFIRMED, OrderStatus.PENDING, WorkflowState.NEW, Asked("validate")),
        (OrderStatus.PROCESSING, OrderStatus.CONFIRMED, WorkflowState.VALIDATED, Asked("reserve_inventory")),
        (OrderStatus.SHIPPED, OrderStatus.PROCESSING, WorkflowState.READY_TO_SHIP, Asked("ship")),
        (OrderStatus.DELIVERED, OrderStatus.SHIPPED, WorkflowState.SHIPPED, Asked("deliver")),
        (
            OrderStatus.SHIPPED,
            OrderStatus.SHIPPED,
            WorkflowState.SHIPPED,
            Asked(None, "status.unchanged", "Order 1 is shipped already."),
        ),
        (
            OrderStatus.PENDING,
            OrderStatus.CONFIRMED,
            WorkflowState.VALIDATED,
            Asked(None, "status.not_by_hand", "Order 1: An order never goes back to pending."),
        ),
        (
            OrderStatus.CANCELLED,
            OrderStatus.CONFIRMED,
            WorkflowState.VALIDATED,
            Asked("cancel"),
        ),
        (
            OrderStatus.RETURNED,
            OrderStatus.DELIVERED,
            WorkflowState.COMPLETED,
            Asked(None, "status.not_by_hand", "Order 1: A return begins in TikTok Shop and arrives here by itself."),
        ),
        (
            OrderStatus.CONFIRMED,
            OrderStatus.SHIPPED,
            WorkflowState.SHIPPED,
            Asked(None, "status.backwards", "Order 1 is shipped; it does not go back."),
        ),
        (
            OrderStatus.SHIPPED,
            OrderStatus.PENDING,
            WorkflowState.NEW,
            Asked(None, "status.not_yet", "Order 1 is not validated yet; it cannot become shipped from there."),
        ),
        (
            OrderStatus.SHIPPED,
            OrderStatus.CONFIRMED,
            WorkflowState.VALIDATED,
            Asked(None, "status.not_yet", "Order 1 is waiting for stock; it cannot become shipped from there."),
        ),
        (
            OrderStatus.SHIPPED,
            OrderStatus.PROCESSING,
            WorkflowState.INVENTORY_RESERVED,
            Asked(
                None,
                "status.not_yet",
                "Order 1 is waiting for its label or for picking; it cannot become shipped from there.",
            ),
        ),
        (
            OrderStatus.DELIVERED,
            OrderStatus.PROCESSING,
            WorkflowState.READY_TO_SHIP,
            Asked(None, "status.not_yet", "Order 1 is ready to ship; it cannot become delivered from there."),
        ),
        (
            OrderStatus.SHIPPED,
            OrderStatus.PENDING,
            WorkflowState.FAILED,
            Asked(None, "status.not_yet", "Order 1 is failed; mend it and retry; it cannot become shipped from there."),
        ),
    ],
)
def test_each_request_means_a_trigger_or_is_refused_with_the_reason(
    wanted: OrderStatus, current: OrderStatus, state: WorkflowState, asked: Asked
) -> None:
    assert trigger_for(default_machine(), wanted, current, state, "1") == asked


def test_every_request_from_everywhere_has_an_answer() -> None:
    for wanted in OrderStatus:
        for current in OrderStatus:
            for state in WorkflowState:
                asked = trigger_for(default_machine(), wanted, current, state, "1")
                assert (asked.trigger is None) == bool(asked.sentence)
                assert (asked.trigger is None) == bool(asked.code)


async def test_a_person_ships_and_delivers_by_hand(house: House, store: Database) -> None:
    await house.set_policies(replace(WORKING, ship_on=ShipOn.HANDOVER))
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    shipped = await ask(house, order_id, OrderStatus.SHIPPED, seen=await house.version(order_id))
    assert (shipped.code, shipped.before, shipped.after) == ("", OrderStatus.PROCESSING, OrderStatus.SHIPPED)
    delivered = await ask(house, order_id, OrderStatus.DELIVERED)
    assert (delivered.code, delivered.after) == ("", OrderStatus.DELIVERED)
    rows = await store.pool.fetch("SELECT actor, reason FROM order_workflow_steps WHERE trigger IN ('ship', 'deliver')")
    assert [tuple(row) for row in rows] == [("mira", "asked")] * 2
    sources = await store.pool.fetch("SELECT change_source FROM order_status_history ORDER BY id")
    assert [row[0] for row in sources] == ["tiktok_shop", "system", "system", "user", "user"]
    await house.assert_balanced()


async def test_refusals_by_the_order_s_own_state_name_the_reason_and_change_nothing(
    house: House, store: Database
) -> None:
    await house.set_policies(replace(WORKING, backorder=Backorder.WAIT, pick=Picking.CONFIRM))
    held = an_order(house.shop_id, "3", ChannelStatus.ON_HOLD)
    many = [a_unit(str(line)) for line in range(12)]
    unpaid, short, on_hold, invalid = await house.arrive(
        an_order(house.shop_id, "1", ChannelStatus.UNPAID),
        an_order(house.shop_id, "2", units=many),
        held,
        an_order(house.shop_id, "4", ChannelStatus.UNPAID, units=(a_unit(sku="NEVER-SEEN"),)),
    )
    counts = await house.row_counts()
    versions = [await house.version(order_id) for order_id in (unpaid, short, on_hold, invalid)]
    refusals = [
        await ask(house, unpaid, OrderStatus.CONFIRMED),
        await ask(house, short, OrderStatus.PROCESSING),
        await ask(house, on_hold, OrderStatus.CONFIRMED),
        await ask(house, invalid, OrderStatus.CONFIRMED),
        await ask(house, OrderId(gone := new_id()), OrderStatus.CONFIRMED),
    ]
    assert [(refusal.code, refusal.sentence) for refusal in refusals] == [
        (
            "workflow.refused",
            "Order 1 cannot go on: The order has no shipping address; the payment is not confirmed by TikTok yet.",
        ),
        ("workflow.refused", "Order 2 cannot go on: stock is short."),
        ("order.held", "Order 3 is held (cooling-off)."),
        (
            "workflow.refused",
            (
                "Order 4 cannot go on: The SKU NEVER-SEEN is not among the products. "
                "The order has no shipping address; the payment is not confirmed by TikTok yet."
            ),
        ),
        ("order.unknown", f"There is no order {gone}."),
    ]
    assert await house.row_counts() == counts
    assert [await house.version(order_id) for order_id in (unpaid, short, on_hold, invalid)] == versions


async def test_a_stale_screen_is_told_what_changed(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    seen = await house.version(order_id)
    await house.buy_labels()
    counts = await house.row_counts()
    outcome = await ask(house, order_id, OrderStatus.SHIPPED, seen=seen)
    assert outcome.code == "order.changed_meanwhile"
    assert re.sub(r"\d\d:\d\d", "12:00", outcome.sentence) == (
        "Order 577001 changed while it was on your screen: the program moved it on (ready to ship) at 12:00 UTC. "
        "Look at it again, then decide."
    )
    assert await house.row_counts() == counts


async def test_two_people_who_press_the_same_key_ship_once(house: House, database: EmbeddedServer) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    seen = {order_id: await house.version(order_id)}
    async with opened(database) as other:
        outcomes = await asyncio.gather(
            *(
                status.change(each, [order_id], OrderStatus.SHIPPED, actor=MIRA, reason="", expected_versions=seen)
                for each in (house.store, other)
            )
        )
    codes = sorted(outcome.code for [outcome] in outcomes)
    assert codes[0] == ""
    assert codes[1] in {"order.changed_meanwhile", "status.unchanged"}
    assert (await house.steps(order_id)).count("ship") == 1
    assert await house.level() == (9, 0)
    await house.assert_balanced()


async def test_a_person_s_delivery_and_the_carrier_s_are_one(house: House) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await house.buy_labels()
    await house.tell_tiktok()
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    await asyncio.gather(
        ask(house, order_id, OrderStatus.DELIVERED), house.track(order_id, TrackingStatus.DELIVERED, minute=90)
    )
    assert await house.standing(order_id) == Standing("completed", "delivered", "completed", None)
    assert (await house.steps(order_id)).count("deliver") == 1
    await house.assert_balanced()
