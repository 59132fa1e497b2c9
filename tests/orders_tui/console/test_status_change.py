"""Changing the status of many orders, from the marks to the report."""

from __future__ import annotations

from textual.pilot import Pilot

from engine.database.connection import Database
from engine.words import ExecutionStatus, OrderStatus, WorkflowState
from orders_tui.console import OrdersApp
from orders_tui.modals.status_change import Stage, StatusChange
from tests.factories import Factory
from tests.orders_tui.console.driving import SMALL, orders_shown, press, settle, text, write


async def choose(pilot: Pilot[int], status: OrderStatus) -> StatusChange:
    """Open the form for what is chosen, and go to the preview of a status."""
    await pilot.press("s")
    await pilot.pause(0.1)
    await settle(pilot)
    form = pilot.app.screen
    assert isinstance(form, StatusChange)
    await pilot.press(*["j"] * list(OrderStatus).index(status), "enter")
    await settle(pilot)
    return form


async def ready(factory: Factory, number: str) -> None:
    """An order whose parcel has its label and may be handed over."""
    order = await factory.order(number=number, status=OrderStatus.PROCESSING, state=WorkflowState.READY_TO_SHIP)
    await factory.package(order, f"9400{number}")


def stage(form: StatusChange) -> Stage:
    return form.stage


async def statuses(opened: Database) -> dict[str, str]:
    records = await opened.pool.fetch("SELECT order_number, order_status FROM orders")
    return {record["order_number"]: record["order_status"] for record in records}


async def test_marked_orders_are_previewed_confirmed_with_a_reason_and_changed(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    for number in ("A", "B", "C"):
        await ready(factory, number)
    await factory.order(number="DONE", status=OrderStatus.CANCELLED, execution=ExecutionStatus.CANCELLED)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3", "a")
        form = await choose(pilot, OrderStatus.SHIPPED)
        assert stage(form) is Stage.PREVIEW
        assert "3  processing → shipped" in text(app)
        assert "1  refused:" in text(app)
        assert "Order DONE is closed (cancelled)." in text(app)
        await press(pilot, "enter")
        assert "Give a reason; it is kept in every order's history." in text(app)
        await write(pilot, "handed over")
        await press(pilot, "enter", "enter")
        assert "type the word shipped to confirm" in text(app)
        assert stage(form) is Stage.PREVIEW
        assert set((await statuses(opened)).values()) == {"processing", "cancelled"}
        await write(pilot, "shipped")
        await press(pilot, "enter")
        assert stage(form) is Stage.REPORT
        assert "3 changed, 1 refused" in text(app)
        assert await statuses(opened) == {"A": "shipped", "B": "shipped", "C": "shipped", "DONE": "cancelled"}
        await press(pilot, "enter")
        await settle(pilot)
        assert "✓ shipped" in text(app)
    reasons = await opened.pool.fetch("SELECT status_reason FROM order_status_history WHERE new_status = 'shipped'")
    assert [record["status_reason"] for record in reasons] == ["handed over"] * 3


async def test_an_order_that_changed_meanwhile_is_refused_and_told_in_words(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    await ready(factory, "A")
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3")
        await opened.pool.execute(
            "UPDATE orders SET priority_level = 5, tags = '{rush}', total_amount = 99, version = version + 1"
        )
        await choose(pilot, OrderStatus.SHIPPED)
        await write(pilot, "late")
        await press(pilot, "enter")
        await write(pilot, "shipped")
        await press(pilot, "enter")
        assert "0 changed, 1 refused" in text(app)
        assert "Changed since you looked: total 99.00 USD." in " ".join(text(app).replace("│", " ").split())
        assert await statuses(opened) == {"A": "processing"}


async def test_all_that_match_are_changed_also_those_never_seen_less_those_taken_out(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    await factory.product(on_hand=100)
    for number in range(30):
        await factory.order(number=f"ORD-{number:02d}")
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3", "A", "space")
        kept = orders_shown(app)[0]
        await choose(pilot, OrderStatus.CONFIRMED)
        assert "29  pending → processing" in text(app)
        await write(pilot, "recall")
        await press(pilot, "enter")
        assert "29 changed, 0 refused" in text(app)
    assert {number for number, status in (await statuses(opened)).items() if status == "pending"} == {kept}


async def test_going_back_changes_nothing(app: OrdersApp, factory: Factory, opened: Database) -> None:
    await factory.order(number="A")
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3")
        form = await choose(pilot, OrderStatus.CANCELLED)
        await press(pilot, "escape")
        assert stage(form) is Stage.CHOOSE
        await press(pilot, "escape")
        assert app.screen is app.orders
    assert await statuses(opened) == {"A": "pending"}


async def test_a_change_that_none_may_take_cannot_be_confirmed(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    await factory.order(number="A", status=OrderStatus.PENDING, state=WorkflowState.NEW)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f3")
        form = await choose(pilot, OrderStatus.DELIVERED)
        assert "1  refused:" in text(app)
        await press(pilot, "enter")
        assert stage(form) is Stage.PREVIEW
        assert "None of these orders may take that status" in text(app)
    assert await statuses(opened) == {"A": "pending"}
