"""Text that would harm a terminal, sizes that leave no room, daemons that go and come back, two people at one order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from rich.cells import cell_len
from textual.pilot import Pilot

from engine.actors import Actor
from engine.database.connection import Database
from engine.identifiers import new_id
from engine.words import ChangeSource, HoldReason, OrderStatus
from orders_tui.actions import Scope, actions_of
from orders_tui.console import OrdersApp
from orders_tui.services import Services
from orders_tui.state import ConsoleOptions
from tests.factories import NOON, Factory, Line
from tests.orders_tui.console.conftest import NOW, Watch
from tests.orders_tui.console.driving import LARGE, MEDIUM, SMALL, lines, press, settle, text

TINY = (40, 10)
HARM = "\x1b[31mred\x1b]0;title\x07 [bold red]markup[/] \u202eesrever\u202c ze\u200bro \U000e0041 名前山田 👩🏽‍🚒 a\u0301 \x9b2J\r\nend"
FORBIDDEN = {"\x1b", "\x07", "\r", "\x9b", "\u202e", "\u202c", "\u200b", "\U000e0041"}


def harm(text: str, width: int) -> list[str]:
    """What on this screen would harm a terminal: a forbidden character, or a line that is wider than the screen."""
    found = [f"{character!r} in {line!r}" for line in text.splitlines() for character in FORBIDDEN & set(line)]
    return found + [line for line in text.splitlines() if cell_len(line) > width]


async def test_no_text_from_outside_reaches_the_terminal_as_anything_but_text_on_any_screen_at_any_size(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    evil = Line(sku="MUG-\x1b[2J", name=HARM)
    await factory.product(evil, on_hand=5)
    order = await factory.order(number="ORD-1", customer=HARM, lines=(evil,), tags=[HARM.replace("\r\n", " ")])
    await factory.hold(order, HoldReason.ADDRESS, HARM)
    await factory.package(order, "94\x1b[5m001", carrier=HARM, tracking_detail=HARM)
    await factory.failed(number="ORD-2", about=HARM, ordered_at=NOON + timedelta(minutes=1))
    screens = [action.keys.split(",")[0] for action in actions_of(Scope.EVERYWHERE) if action.method == "go"]
    async with app.run_test(size=LARGE, notifications=True) as pilot:
        for key in screens:
            await press(pilot, key)
            await app.tick()
            for size in (LARGE, SMALL, TINY, MEDIUM):
                await pilot.resize_terminal(*size)
                await settle(pilot)
                assert harm(text(app), size[0]) == [], f"{key} at {size}"
        await press(pilot, "f3", "end", "enter")
        held = app.orders.table.cursor_id
        assert "[bold red]markup[/]" in text(app), "markup is text"
        for size in (LARGE, TINY, SMALL, MEDIUM):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            assert harm(text(app), size[0]) == [], f"the pane at {size}"
        assert app.orders.table.cursor_id == held, "the cursor stays on its order through every size"
        await press(pilot, "escape", "f4", "enter", "down", "question_mark")
        await pilot.resize_terminal(*TINY)
        await settle(pilot)
        assert harm(text(app), TINY[0]) == []
        assert app.is_running


async def test_a_daemon_that_goes_and_comes_back_is_seen_on_top(
    app: OrdersApp, factory: Factory, opened: Database
) -> None:
    await factory.order()
    beat = "UPDATE daemons SET beat_at = now() + make_interval(secs => $1)"
    await opened.pool.execute(
        "INSERT INTO daemons (id, host, process_id, version) VALUES ($1, 'bench', 1, '0')", new_id()
    )
    async with app.run_test(size=MEDIUM) as pilot:
        for seconds, words in ((0, "daemon up"), (-60, "no daemon"), (0, "daemon up")):
            await opened.pool.execute(beat, seconds)
            app.session.pulse = await app.session.services.pulse()
            await app.tick()
            await settle(pilot)
            assert words in lines(app)[0]


async def test_of_two_people_who_change_one_order_the_second_is_told_what_the_first_did(
    new_app: Callable[..., OrdersApp], opened: Database, factory: Factory, watch: Watch
) -> None:
    order = await factory.order(number="ORD-1", ordered_at=NOW)
    first = new_app()
    other = Services(opened, Actor("odile", ChangeSource.USER))
    second = OrdersApp(other, options=ConsoleOptions(slow_line=True), clock=watch, auto_refresh=False)
    async with first.run_test(size=MEDIUM) as mira, second.run_test(size=MEDIUM, notifications=True) as odile:
        await press(mira, "f3")
        await press(odile, "f3")
        before = [row.version for row in second.orders.table.rows_on_screen()]
        await first.session.services.change_status([order], OrderStatus.CANCELLED, reason="sold out")
        await open_form(odile, "s")
        await press(odile, "home", *["down"] * 5)
        await open_form(odile, "enter")
        assert "ORD-1" not in text(second) or "cancelled" in text(second)
        await odile.press("escape", "escape", "escape")
        await settle(odile)
        await second.tick()
        await settle(odile)
        rows = second.orders.table.rows_on_screen()
        assert [row.order_status for row in rows] == ["cancelled"]
        assert [row.version for row in rows] != before
        await first.tick()
        await settle(mira)
        assert "cancelled" in text(first)
    await other.close()


async def open_form(pilot: Pilot[int], key: str) -> None:
    await pilot.press(key)
    await pilot.pause(0.1)
    await settle(pilot)
