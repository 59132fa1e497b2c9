"""What services promise beyond their queries: a write ends whatever becomes of its caller, a loss is `Unreachable`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from engine.access.roles import Role
from engine.access.users import Standing
from engine.actors import Actor
from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound, Refused, Unreachable
from engine.orders.views import OrderFilter
from engine.words import ChangeSource, OrderStatus, WorkflowState
from orders_tui.opening import standing_of
from orders_tui.services import Services
from tests.factories import MUG, Factory, opened


@pytest.fixture
async def store(database: EmbeddedServer) -> AsyncIterator[Database]:
    async with opened(database) as store:
        yield store


@pytest.fixture
async def factory(store: Database) -> Factory:
    return Factory(store)


@pytest.fixture
async def services(store: Database) -> AsyncIterator[Services]:
    services = Services(store, Actor("mira", ChangeSource.USER))
    yield services
    await services.close()


async def on_hand(store: Database) -> int:
    number: int = await store.pool.fetchval("SELECT on_hand FROM stock_levels")
    return number


async def test_received_stock_is_on_the_shelf_and_booked_to_the_person(
    store: Database, factory: Factory, services: Services
) -> None:
    await factory.product(MUG, on_hand=1)
    row = await services.receive_stock("MUG-BLU", 4)
    assert (row.sku, row.on_hand, row.available) == ("MUG-BLU", 5, 5)
    assert await store.pool.fetchval("SELECT actor FROM stock_movements") == "mira"


async def test_a_write_goes_on_when_its_caller_is_cancelled(
    store: Database, factory: Factory, services: Services
) -> None:
    await factory.product(MUG, on_hand=1)
    async with store.transaction() as connection:
        # Somebody else holds the row, so that the write surely waits when its caller is cancelled.
        await connection.execute("SELECT FROM stock_levels FOR UPDATE")
        caller = asyncio.create_task(services.receive_stock("MUG-BLU", 4))
        while not await store.pool.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            await asyncio.sleep(0.01)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
    await services.close()
    assert await on_hand(store) == 5


async def test_closing_gives_a_stuck_write_up_and_nothing_is_half_done(
    store: Database, factory: Factory, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders_tui.services.door._CLOSING_SECONDS", 0.05)
    await factory.product(MUG, on_hand=1)
    async with store.transaction() as connection:
        await connection.execute("SELECT FROM stock_levels FOR UPDATE")
        stuck = asyncio.create_task(services.receive_stock("MUG-BLU", 4))
        await asyncio.sleep(0.05)
        await services.close()
        with pytest.raises(asyncio.CancelledError):
            await stuck
    assert await on_hand(store) == 1
    assert await store.pool.fetchval("SELECT count(*) FROM stock_movements") == 0


async def test_an_unknown_sku_is_not_found_and_changes_nothing(
    store: Database, factory: Factory, services: Services
) -> None:
    await factory.product(MUG, on_hand=1)
    with pytest.raises(NotFound, match="NO-SUCH"):
        await services.receive_stock("NO-SUCH", 4)
    assert await on_hand(store) == 1


async def test_a_lost_database_is_unreachable(store: Database, services: Services) -> None:
    await store.pool.expire_connections()
    administrator = await store.connect()

    async def cut() -> None:
        while True:
            await administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%pg_sleep%'"
            )
            await asyncio.sleep(0.01)

    cutting = asyncio.create_task(cut())
    with pytest.raises(Unreachable) as caught:
        await services.door.write(store.pool.execute("SELECT pg_sleep(10)"))
    cutting.cancel()
    await asyncio.gather(cutting, return_exceptions=True)
    await administrator.close()
    assert caught.value.code == "database.lost"
    assert await services.count(OrderFilter()) is not None


async def test_a_mistake_in_a_statement_is_not_called_a_lost_database(store: Database, services: Services) -> None:
    with pytest.raises(asyncpg.InterfaceError, match="expects 1 argument"):
        await services.door.write(store.pool.execute("SELECT $1::int", 1, 2))


async def test_a_refused_change_is_in_the_report_and_changes_nothing(
    store: Database, factory: Factory, services: Services
) -> None:
    order_id = await factory.order(status=OrderStatus.CONFIRMED, state=WorkflowState.VALIDATED)
    [outcome] = await services.preview_status([order_id], OrderStatus.RETURNED)
    report = await services.change_status([order_id], OrderStatus.RETURNED, reason="a test")
    assert (report.processed, report.failed) == (1, 1)
    assert report.errors[0].sentence == outcome.sentence
    assert (await services.rows([order_id]))[0].order_status is OrderStatus.CONFIRMED
    assert await services.versions([order_id]) == {order_id: 1}


async def test_progress_is_told_batch_by_batch(factory: Factory, services: Services) -> None:
    orders = [await factory.order() for _ in range(3)]
    told: list[tuple[int, int]] = []
    await services.change_status(
        orders, OrderStatus.PENDING, reason="a test", on_progress=lambda done, total: told.append((done, total))
    )
    assert told == [(3, 3)]


async def test_the_person_is_the_login_known_as_a_user(store: Database) -> None:
    login = await store.pool.fetchval("SELECT session_user::text")
    assert await standing_of(store, embedded=False) == Standing(Actor(login, ChangeSource.USER), Role.ADMIN)
    user_id = await store.pool.fetchval(
        "INSERT INTO users (display_name, role, login_role) VALUES ('Mira Holm', 'operator', $1) RETURNING id", login
    )
    known = Standing(Actor("Mira Holm", ChangeSource.USER, user_id), Role.OPERATOR)
    assert await standing_of(store, embedded=False) == known
    await store.pool.execute("UPDATE users SET disabled_at = now() WHERE id = $1", user_id)
    with pytest.raises(Refused, match="disabled"):
        await standing_of(store, embedded=False)


async def test_a_retry_from_an_old_screen_changes_nothing_and_is_told_what_changed(
    store: Database, factory: Factory, services: Services
) -> None:
    order_id = await factory.failed(number="5771")
    await store.pool.execute("UPDATE orders SET version = 3")
    [outcome] = await services.retry([order_id], expected_versions={order_id: 2})
    assert outcome.code == "order.changed_meanwhile"
    assert await store.pool.fetchval("SELECT workflow_status FROM orders") == "failed"
    assert await store.pool.fetchval("SELECT count(*) FROM failures WHERE resolved_at IS NULL") == 1
