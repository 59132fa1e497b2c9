"""The piles count what their filtered table shows; the pulse tells what is open, waiting and alive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from engine.database.connection import Database
from engine.identifiers import new_id
from engine.orders import queries
from engine.orders.views import OrderFilter, Pile, Pulse
from engine.reports.overview import piles, pulse
from engine.words import ExecutionStatus, OrderStatus, WorkflowState
from tests.factories import Factory, insert


async def test_each_pile_counts_its_orders_and_its_nearest_deadline(store: Database, factory: Factory) -> None:
    now = datetime.now(UTC)
    soon, later, past = now + timedelta(hours=2), now + timedelta(days=3), now - timedelta(hours=1)
    shipped: dict[str, Any] = {"status": OrderStatus.SHIPPED, "state": WorkflowState.SHIPPED, "waiting_for": "delivery"}
    expected = {
        Pile.DUE_SOON: [await factory.order(ship_by=soon)],
        Pile.AUTO_CANCEL_SOON: [await factory.order(ship_by=later, auto_cancel_at=soon)],
        Pile.OVERDUE: [await factory.order(ship_by=past)],
        Pile.CANCEL_REQUESTED: [await factory.order(cancel_requested=True)],
        Pile.ON_HOLD: [await factory.order(waiting_for="hold")],
        Pile.OUT_OF_STOCK: [await factory.failed(), await factory.order(waiting_for="stock")],
        Pile.LABEL_PROBLEM: [await factory.failed(code="missing_weight")],
        Pile.DELIVERY_EXCEPTION: [await factory.order(ship_by=past, **shipped)],
    }
    await factory.hold(expected[Pile.ON_HOLD][0])
    await factory.package(expected[Pile.DELIVERY_EXCEPTION][0], "9400", tracking_status="returning")
    returned = await factory.order(
        execution=ExecutionStatus.COMPLETED, status=OrderStatus.DELIVERED, state=WorkflowState.COMPLETED, ship_by=past
    )
    expected[Pile.RETURN_REQUESTED] = [returned]
    await factory.order(**shipped, ship_by=past)
    await factory.order(execution=ExecutionStatus.CANCELLED, status=OrderStatus.CANCELLED, ship_by=past)
    async with store.transaction() as connection:
        await insert(
            connection,
            "returns",
            {
                "id": new_id(),
                "order_id": returned,
                "tiktok_return_id": "403",
                "return_type": "REFUND",
                "channel_status": "RETURN_OR_REFUND_REQUEST_PENDING",
                "respond_by": soon,
            },
        )
    expected[Pile.FAILED] = [expected[Pile.OUT_OF_STOCK][0], expected[Pile.LABEL_PROBLEM][0]]
    counted = await piles(store)
    assert [count.pile for count in counted] == list(Pile)
    assert {count.pile: count.orders for count in counted} == {pile: len(expected[pile]) for pile in Pile}
    for pile in Pile:
        assert set(await queries.ids_matching(store, OrderFilter(pile=pile), limit=9)) == set(expected[pile])
    nearest = {count.pile: count.nearest for count in counted}
    assert nearest[Pile.DUE_SOON] == nearest[Pile.AUTO_CANCEL_SOON] == nearest[Pile.RETURN_REQUESTED] == soon
    assert nearest[Pile.OVERDUE] == past
    assert nearest[Pile.FAILED] is None


async def test_an_empty_database_has_every_pile_at_zero(store: Database) -> None:
    assert [(count.pile, count.orders, count.nearest) for count in await piles(store)] == [
        (pile, 0, None) for pile in Pile
    ]


async def test_the_pulse_of_a_quiet_database(store: Database) -> None:
    assert await pulse(store) == Pulse(0, 0, 0, 0, 0, daemon_alive=False, open_gates=())


async def test_the_pulse_counts_what_is_open_and_sees_the_daemon(store: Database, factory: Factory) -> None:
    await factory.hold(await factory.order())
    await factory.failed()
    await factory.order(
        execution=ExecutionStatus.COMPLETED, state=WorkflowState.COMPLETED, status=OrderStatus.DELIVERED
    )
    await store.pool.execute("UPDATE order_workflow_steps SET created_at = now() WHERE to_state = 'completed'")
    async with store.transaction() as connection:
        for state, due_in in (("intent", "-1 s"), ("intent", "1 h"), ("done", "-1 s")):
            await connection.execute(
                "INSERT INTO effects (key, kind, dependency, state, due_at)"
                " VALUES ($1, 'notice', 'notices', $2, now() + $3::text::interval)",
                f"{state}{due_in}",
                state,
                due_in,
            )
        await connection.execute("INSERT INTO daemons (host, process_id, version) VALUES ('box', 1, '0')")
        await connection.execute(
            "INSERT INTO gates (dependency, opened_until) VALUES ('carrier', now() + interval '1 min'),"
            " ('tiktok', now() - interval '1 min')"
        )
    assert await pulse(store) == Pulse(
        open_orders=2,
        failed=1,
        held=1,
        due_effects=1,
        completed_last_minute=1,
        daemon_alive=True,
        open_gates=("carrier",),
    )


async def test_a_daemon_that_missed_its_beats_is_not_alive(store: Database) -> None:
    await store.pool.execute(
        "INSERT INTO daemons (host, process_id, version, beat_at) VALUES ('box', 1, '0', now() - interval '7 seconds')"
    )
    assert not (await pulse(store)).daemon_alive
