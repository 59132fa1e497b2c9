"""Activity: what was done here as command lines, bulk changes, mistakes of the program."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from engine.database.connection import Database
from engine.errors import NotFound
from engine.orders.bulk.requests import BulkKind, BulkRequest
from engine.words import OrderStatus
from orders_tui import mistakes
from orders_tui.console import OrdersApp
from orders_tui.deeds import MOST_WORDS, Deeds
from orders_tui.services import Services
from orders_tui.state import utc_now
from tests.factories import Factory
from tests.orders_tui.console.driving import SMALL, lines, notices, orders_shown, press, settle, text, write


@pytest.fixture(autouse=True)
def own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(mistakes, "state_directory", lambda: tmp_path)
    return tmp_path / "errors.log"


async def test_what_was_done_here_is_told_as_a_command_line_that_can_be_copied(
    app: OrdersApp, factory: Factory
) -> None:
    await factory.shop()
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f9")
        assert "Nothing was changed from this console yet" in text(app)
        arguments = ["5771", "5772", "--to", "shipped", "--reason", "it's gone; see note"]
        deed = app.session.did("orders.status", arguments, "2 changed")
        assert shlex.split(deed.command) == ["orders-tui", "orders", "set-status", *arguments]
        await press(pilot, "ctrl+r")
        assert "orders-tui orders set-status 5771 5772" in text(app)
        assert "Change the status of the marked orders" in text(app)
        await press(pilot, "y")
        assert app.clipboard == deed.command
        await press(pilot, "u")
        assert "Put the cursor on a bulk change first" in notices(app)[-1]


def test_deeds_are_let_go_before_they_fill_the_memory() -> None:
    deeds = Deeds()
    for _ in range(12):
        deeds.add(utc_now(), "orders.retry", "orders retry", ["5771"] * (MOST_WORDS // 10), "")
    assert len(deeds) == 9
    assert next(deeds.newest_first()).number == 12


async def test_a_bulk_change_is_shown_with_its_refusals_and_undone_after_a_look(
    app: OrdersApp, factory: Factory, services: Services, opened: Database
) -> None:
    confirmed = [await factory.order(number=f"ORD-{number}", status=OrderStatus.CONFIRMED) for number in range(3)]
    shipped = await factory.order(number="ORD-GONE", status=OrderStatus.SHIPPED)
    await services.bulk.run(BulkRequest(BulkKind.TAG, {"tags": ["gift"]}, "season"), confirmed)
    report = await services.change_status([*confirmed, shipped], OrderStatus.PENDING, reason="typo")
    assert report.failed

    async def tagged() -> int:
        return int(await opened.pool.fetchval("SELECT count(*) FROM orders WHERE 'gift' = ANY(tags)"))

    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f9", "right", "right")
        assert "status" in text(app)
        assert "ORD-GONE" in text(app)
        await press(pilot, "r")
        assert set(orders_shown(app)) == {"ORD-0", "ORD-1", "ORD-2", "ORD-GONE"}
        assert app.orders.table.selection.size(4) == 4
        await press(pilot, "f9")
        await press(pilot, "down", "y")
        assert app.clipboard.startswith("orders-tui batch show ")
        assert "season" in text(app)
        await press(pilot, "x")
        assert notices(app)[-1] == "This bulk change is not under way."
        await press(pilot, "u")
        assert "3  " in text(app)
        await press(pilot, "escape")
        assert await tagged() == 3
        await press(pilot, "u", "enter")
        await pilot.app.workers.wait_for_complete()
        await settle(pilot)
        assert await tagged() == 0
        assert notices(app)[-1] == "3 changed, 0 as asked already, 0 refused."
        assert next(app.session.deeds.newest_first()).command.startswith("orders-tui orders undo ")


async def test_what_everybody_did_is_narrowed_and_leads_to_the_order(
    app: OrdersApp, factory: Factory, services: Services, opened: Database
) -> None:
    tagged = [await factory.order(number=f"ORD-{number}", status=OrderStatus.CONFIRMED) for number in range(3)]
    await services.bulk.run(BulkRequest(BulkKind.TAG, {"tags": ["gift"]}, "season"), tagged)
    await services.bulk.run(BulkRequest(BulkKind.HOLD, {"hold": "address", "until": None}, "asked"), tagged[:1])
    await opened.pool.execute(
        """
        INSERT INTO audit_log (subject, sequence, action, actor, source, previous_hash, hash)
        VALUES ($1, 99, 'order.updated', 'system', 'system', '', '')
        """,
        tagged[2],
    )
    app.session.clock = utc_now
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await press(pilot, "f9", "right")
        shown = [line for line in lines(app) if " mira  " in line and "order ORD" in line]
        assert len(shown) == 4
        assert "order.held"[6:] in shown[0]
        assert "order ORD-0" in shown[0]
        assert "the program" not in text(app)
        await press(pilot, "enter")
        assert app.screen is app.orders
        await press(pilot, "f9", "slash")
        await write(pilot, "what:tag order:ORD-7")
        await press(pilot, "enter")
        assert "There is no order 'ORD-7'." in text(app)
        await press(pilot, "backspace")
        await write(pilot, "2 all:yes")
        await press(pilot, "enter")
        assert "the program" not in text(app)
        assert text(app).count("order ORD-2") == 2
        await press(pilot, "escape", "slash")
        await write(pilot, "all:yes")
        await press(pilot, "enter")
        assert "the program" in text(app)
        await press(pilot, "y")
        assert app.clipboard == "orders-tui audit list --everything --order ORD-2"


async def test_mistakes_of_the_program_are_read_from_its_log(app: OrdersApp, factory: Factory, own_log: Path) -> None:
    await factory.shop()
    try:
        raise NotFound("colour.unknown", "no such \x1b[31mcolour")
    except NotFound as error:
        mistakes.write_down(error, part="console", doing="refresh")
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "f9", "left")
        assert "NotFound colour.unknown: no such colour" in text(app)
        assert "refresh" in text(app)
        assert "\x1b[31m" in own_log.read_text("utf-8")
