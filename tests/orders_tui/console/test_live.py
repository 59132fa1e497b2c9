"""The screen looks again soon after a hint, not at all without one, and by the clock where hints are not heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from engine.database.connection import Database
from engine.database.notify import CHANGED, Announcer
from engine.words import HoldReason, OrderStatus
from orders_tui import looking
from orders_tui.console import OrdersApp
from orders_tui.looking import LOOK_ANYWAY_SECONDS, SETTLE_SECONDS, SOONEST_SECONDS, Looking
from orders_tui.services import Services
from orders_tui.state import ConsoleOptions
from tests.factories import NOON, Factory


class Seconds:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_when_it_is_time_to_look() -> None:
    clock = Seconds()
    look = Looking(0.25, clock)
    assert look.wait_seconds() == 0
    look.looks()
    look.looked()
    assert look.wait_seconds() == 0.25  # nobody tells: it is looked for at every turn
    look.hearing = True
    assert look.wait_seconds() == LOOK_ANYWAY_SECONDS
    look.hint()
    look.hint()
    assert look.wait_seconds() == pytest.approx(SOONEST_SECONDS)  # at most so often, however many hints there are
    clock.now += 0.3
    assert look.wait_seconds() == 0
    look.looks()
    clock.now += 0.5
    look.hint()
    clock.now += 0.01
    look.hint()
    assert look.wait_seconds() == pytest.approx(SETTLE_SECONDS - 0.01)  # the first of several sets the moment
    clock.now += 0.1
    assert look.wait_seconds() == 0
    look.looks()
    clock.now += 1.0
    assert look.wait_seconds() == pytest.approx(LOOK_ANYWAY_SECONDS - 1.0)


@pytest.mark.parametrize(
    ("took", "soonest", "rest"), [(0.005, 0.1, 0.1), (0.02, 0.1, 0.16), (0.2, 0.1, 0.25), (0.005, 0.5, 0.25)]
)
def test_a_look_that_takes_long_is_followed_by_a_longer_rest(took: float, soonest: float, rest: float) -> None:
    clock = Seconds()
    look = Looking(0.25, clock, soonest_seconds=soonest)
    look.hearing = True
    look.looks()
    look.hint()
    assert look.wait_seconds() == pytest.approx(0.25)  # while it is still being looked
    clock.now += took
    look.looked()
    assert look.wait_seconds() == pytest.approx(rest - took)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def test_what_others_change_is_told_and_nothing_is_asked_meanwhile(
    services: Services, opened: Database, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "LOOK_ANYWAY_SECONDS", 3600.0)
    order_id = await factory.order()
    asked = 0
    versions = services.versions

    async def counted(*arguments: object) -> object:
        nonlocal asked
        asked += 1
        return await versions(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(services, "versions", counted)
    options = ConsoleOptions(zone=NOON.tzinfo, refresh_seconds=0.02)
    app = OrdersApp(services, options=options)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.do_go("orders")
        await until(lambda: app.session.hearing and bool(app.orders.table.rows_on_screen()))
        await pilot.pause(0.2)
        before = asked
        await opened.pool.execute("UPDATE orders SET order_status = 'returned', version = version + 1")
        await pilot.pause(0.3)  # fifteen turns of the timer
        assert asked == before
        announcer = Announcer(opened, CHANGED)
        for _ in range(20):
            announcer.announce()
        await until(lambda: app.orders.table.rows_on_screen()[0].order_status is OrderStatus.RETURNED)
        assert before < asked <= before + 2
        # Whatever is written through a service is told to every console.
        version = app.orders.table.rows_on_screen()[0].version
        await opened.pool.execute("UPDATE orders SET order_status = 'pending', version = version + 1")
        await Services(opened, services.actor).holds.place([order_id], HoldReason.OTHER)
        await until(lambda: app.orders.table.rows_on_screen()[0].version > version)
    assert not app.session.hearing
