"""The pane of one order: its parts, its story narrowed and paged, what buyers ask for, who else is at it."""

from __future__ import annotations

from datetime import timedelta

from engine.actors import Actor
from engine.database.connection import Database
from engine.fleet.presence import AtWork
from engine.identifiers import new_id
from engine.words import ChangeSource
from orders_tui.console import OrdersApp
from orders_tui.modals.bulk.change import BulkChange
from orders_tui.services import Services
from tests.factories import NOON, Factory
from tests.orders_tui.console.conftest import Watch
from tests.orders_tui.console.driving import LARGE, press, settle, text, until


async def test_an_order_is_read_part_by_part_and_its_long_story_is_narrowed_and_paged(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    order = await factory.order(number="A", cancel_requested=True)
    await factory.order(
        number="B", ordered_at=NOON - timedelta(hours=1), replaces_order_id="A", order_kind="replacement"
    )
    await factory.package(order, "9400111", label_cost=None)
    await opened.pool.execute(
        "INSERT INTO cancellations (id, order_id, tiktok_cancel_id, cancel_type, channel_status, role, reason, respond_by,"
        " channel_updated_at) VALUES ($1, $2, '4035', 'BUYER_CANCEL', 'CANCELLATION_REQUEST_PENDING', 'BUYER', 'twice', $3, $4)",
        new_id(), order, NOON + timedelta(hours=8), NOON,
    )  # fmt: skip
    await opened.pool.execute(
        "INSERT INTO order_workflow_steps (id, workflow_id, order_id, to_state, trigger, actor, created_at)"
        " SELECT gen_random_uuid(), gen_random_uuid(), $1, 'new', 'start', 'step ' || n, $2::timestamptz + n * interval '1 second'"
        " FROM generate_series(1, 130) n",
        order, NOON,
    )  # fmt: skip
    async with app.run_test(size=LARGE) as pilot:
        await press(pilot, "f3", "enter", "enter")
        assert "TikTok says yes by itself in 5h (20:00); . A answers" in text(app)
        await press(pilot, "end")
        assert "… 117 older: space shows them" in text(app)
        await press(pilot, "right", "right")
        assert "9400111" in text(app)
        assert "Timeline" not in text(app)
        await press(pilot, "space", "end")
        assert "… 32 older: space shows them" in text(app)
        await press(pilot, "space", "end")
        assert "older" not in text(app).replace("space older", "")
        await press(pilot, "f", "n")
        assert "nothing of these kinds" in text(app)
        await press(pilot, "n", "t", "escape")
        assert "f narrows: step" in text(app)
        await press(pilot, "o")
        await settle(pilot)
        assert app.orders.pane.detail is not None
        assert app.orders.pane.detail.row.order_number == "B"


async def test_who_else_is_at_an_order_is_told_in_its_pane_and_in_its_forms(
    app: OrdersApp, factory: Factory, opened: Database, watch: Watch
) -> None:
    order = await factory.order(number="A")
    jon = Services(opened, Actor("Jon", ChangeSource.USER))
    await jon.presence.beat(AtWork(order, edits=True))
    async with app.run_test(size=LARGE) as pilot:
        await press(pilot, "f3", "enter")
        watch.move(3)
        await app.tick()
        await settle(pilot)
        assert "Jon is editing this order." in text(app)
        assert [each.at for each in await jon.presence.others()] == [AtWork(order)]
        await pilot.press("h")
        await until(pilot, lambda: isinstance(app.screen, BulkChange))
        await settle(pilot)
        assert "Jon is editing this order." in text(app)
        watch.move(3)
        await app.tick()
        assert [each.at for each in await jon.presence.others()] == [AtWork(order, edits=True)]
        await press(pilot, "escape")
        await jon.presence.leave()
        watch.move(3)
        await app.tick()
        await settle(pilot)
        assert "Jon" not in text(app)
    await jon.close()
