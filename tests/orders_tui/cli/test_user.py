"""People with logins of their own: made by command, held by the database, and at work in the console and on the command line."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import Refused, Unreachable
from engine.fleet.presence import AtWork
from engine.identifiers import BatchId, OrderId
from engine.orders.bulk.requests import BulkKind, BulkRequest
from engine.orders.saved_views import SavedView
from engine.orders.views import OrderFilter
from engine.ports.outcomes import Failed
from engine.privacy.secrets import Origin, Secret
from engine.words import EffectKind, HoldReason
from orders_tui.actions import BY_ID, Permission
from orders_tui.console import OrdersApp
from orders_tui.opening import standing_of
from orders_tui.services import Services
from orders_tui.state import ConsoleOptions
from tests.engine.facts import an_order
from tests.engine.house import House
from tests.factories import opened
from tests.orders_tui.cli.saying import Command

_FORGED = """
INSERT INTO audit_log (subject, sequence, action, actor, source, previous_hash, hash)
VALUES (gen_random_uuid(), 1, 'order.changed', 'Ines', 'user', '', '')
"""
_GROUPS = """
SELECT array_agg(g.rolname ORDER BY 1) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
JOIN pg_roles l ON l.oid = m.member WHERE l.rolname = $1
"""
PASSWORD = "wet-quay-lantern-7"


class Desks:
    """Logins of this database: made by the command, opened as their owners would."""

    def __init__(self, server: EmbeddedServer, command: Command, folder: Path) -> None:
        self.server, self.command = server, command
        self.file = folder / "password"
        self.file.write_text(f"{PASSWORD}\n")
        self.logins: list[str] = []

    def login(self, name: str) -> str:
        return f"{name.casefold()}_{self.server.database}"

    async def add(self, name: str, role: str) -> UUID:
        login = self.login(name)
        self.logins.append(login)
        arguments = ("--role", role, "--login", login, "--password-file", str(self.file), "--json")
        said = await self.command("user", "add", name, *arguments)
        assert said.code == 0, said.err
        return UUID(said.documents[0]["id"])

    def server_as(self, name: str) -> EmbeddedServer:
        return replace(self.server, user=self.login(name), password=Secret(PASSWORD, Origin.ENVIRONMENT, "a test"))

    @contextlib.asynccontextmanager
    async def at(self, name: str) -> AsyncIterator[Services]:
        async with opened(self.server_as(name)) as database:
            who = await standing_of(database, embedded=False)
            services = Services(database, who.actor, role=who.role)
            yield services
            await services.close()


@pytest.fixture
async def desks(database: EmbeddedServer, command: Command, tmp_path: Path, store: Database) -> AsyncIterator[Desks]:
    desks = Desks(database, command, tmp_path)
    yield desks
    for login in desks.logins:
        await store.pool.execute(f"DROP ROLE IF EXISTS {login}")


@pytest.fixture
async def house(store: Database) -> House:
    """Two orders that wait for nobody, and one that failed."""
    house = await House.open(store)
    await house.stock()
    await house.arrive(
        an_order(house.shop_id, "5771"), an_order(house.shop_id, "5772"), an_order(house.shop_id, "5773")
    )
    [first, *_] = await house.claim(EffectKind.BUY_LABEL)
    await house.settle(first, Failed("no_rates", "No carrier goes there."))
    return house


async def test_an_operator_works_and_does_not_lead(desks: Desks, house: House, store: Database) -> None:
    mira = await desks.add("Mira", "operator")
    async with desks.at("Mira") as services:
        page = await services.page(OrderFilter(), limit=10)
        orders: list[OrderId] = [row.order_id for row in page.rows]
        [failed] = await services.failures_queue.orders_of("no_rates")
        well = [order for order in orders if order != failed]
        # What a console writes, and what a shift does.
        await services.presence.beat(AtWork(orders[0]))
        assert await services.presence.others() == []
        await services.marks.note([orders[0]], "A card goes with it.", must_acknowledge=True)
        await services.holds.place(well[:1], HoldReason.OTHER, note="asked to wait")
        report = await services.bulk.run(BulkRequest(BulkKind.TAG, {"tags": ["gift"]}), OrderFilter())
        assert (report.processed, report.failed) == (3, 0)
        undone = await services.bulk.undo(BatchId(UUID(report.batch_id)))
        assert undone.failed == 0
        assert {row["tags"] for row in await store.pool.fetch("SELECT cardinality(tags) AS tags FROM orders")} == {0}
        assert [each.code for each in await services.retry([failed], reason="another carrier")] == [""]
        await services.receive_stock("MUG-BLU", 3)
        await services.views.save(SavedView("Mine", "tag:gift", position=9))
        assert (await services.views.list())[0].name == "Mine"
        await services.detail(orders[0])
        await services.pulse()
        # What is in her name in the history is hers, whatever she would claim.
        login = await store.pool.fetchval("SELECT login_role FROM users WHERE id = $1", mira)
        assert login == desks.login("Mira")
        by = await store.pool.fetch(
            "SELECT DISTINCT actor FROM audit_log WHERE source = 'user' AND action LIKE 'order.%'"
        )
        assert {row["actor"] for row in by} <= {"Mira", "mira"}
        before = await store.pool.fetchval("SELECT count(*) FROM saved_views WHERE user_id IS NULL")
        with pytest.raises(Refused, match="Your role \\(operator\\) may not change everybody's saved views"):
            await services.views.save(SavedView("Ours", "tag:gift", shared=True))
        assert await store.pool.fetchval("SELECT count(*) FROM saved_views WHERE user_id IS NULL") == before
        assert await store.pool.fetchval(
            "SELECT action FROM audit_log WHERE subject = $1 ORDER BY sequence DESC", mira
        ) == ("access.refused")
        app = OrdersApp(services, options=ConsoleOptions(), auto_refresh=False)
        async with app.run_test() as pilot:
            await pilot.press("2")
            await app.tick()
            assert app.session.connected
            lead = next(each for each in BY_ID.values() if each.permission is Permission.LEAD)
            work = next(each for each in BY_ID.values() if each.permission is Permission.WORK)
            situation = app.screen.situation()  # type: ignore[attr-defined]
            assert "takes a supervisor or an admin; your role here is operator" in lead.reason(situation)
            assert "role" not in work.reason(situation)


async def test_a_viewer_s_keys_say_why_and_the_database_agrees(desks: Desks, house: House, store: Database) -> None:
    vera = await desks.add("Vera", "viewer")
    count = "SELECT count(*) FROM audit_log WHERE action = 'access.refused' AND subject = $1"
    async with desks.at("Vera") as services:
        page = await services.page(OrderFilter(), limit=10)
        assert len(page.rows) == 3
        await services.presence.beat(AtWork(page.rows[0].order_id))
        before = await store.pool.fetchval("SELECT sum(version) FROM orders")
        for number in (1, 2):
            with pytest.raises(Refused, match="may not change orders: ask one who is operator, supervisor or admin"):
                await services.marks.tag([page.rows[0].order_id], ["gift"])
            assert await store.pool.fetchval(count, vera) == number
        assert await store.pool.fetchval("SELECT sum(version) FROM orders") == before
        app = OrdersApp(services, options=ConsoleOptions(), auto_refresh=False)
        async with app.run_test():
            situation = app.screen.situation()  # type: ignore[attr-defined]
            for action in BY_ID.values():
                if action.permission is not Permission.LOOK:
                    assert action.reason(situation) == (
                        "Your role here is viewer: you may look at everything, and change nothing."
                    )


async def test_what_one_claims_with_psql_is_worth_nothing(desks: Desks, house: House, store: Database) -> None:
    ines, mira = await desks.add("Ines", "admin"), await desks.add("Mira", "operator")
    raw = await asyncpg.connect(**desks.server_as("Mira").dsn_parameters(), server_settings={"search_path": "orders"})
    try:
        await raw.execute("SELECT set_config('request.jwt.claims', $1, false)", f'{{"sub": "{ines}", "role": "admin"}}')
        assert await raw.fetchval("SELECT orders.caller_id()") == mira
        for statement in (
            "SET ROLE orders_admin",
            "UPDATE users SET role = 'admin'",
            "UPDATE rules SET enabled = true",
            "DELETE FROM audit_log",
            "UPDATE audit_log SET actor = 'Ines'",
            "TRUNCATE orders",
            "SELECT orders.put_login('somebody_else', 'admin', NULL)",
            "ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
            "CREATE TABLE orders.mine (id int)",
            _FORGED,
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await raw.execute(statement)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):  # she may lock the row, and not change it
            await raw.execute("UPDATE users SET id = id")
        assert await raw.fetch("SELECT id FROM users FOR UPDATE")
        assert await store.pool.fetchval("SELECT count(*) FROM users WHERE role = 'admin'") == 1
    finally:
        await raw.close()


async def test_people_are_managed_by_an_admin_and_one_remains(
    desks: Desks, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desks.add("Ines", "admin")
    monkeypatch.setenv("ORDERS_TUI_DATABASE_PASSWORD", PASSWORD)
    url = desks.server_as("Ines")
    monkeypatch.setenv(
        "ORDERS_TUI_DATABASE__URL",
        f"postgresql://{url.user}@/{url.database}?host={url.socket_directory}&port={url.port}",
    )
    # From here on every command is Ines's own login, which may not make roles itself.
    await desks.add("Jon", "operator")
    assert (await desks.command("user", "role", "Jon", "supervisor", "--json")).documents[0]["role"] == "supervisor"
    assert await store.pool.fetchval(_GROUPS, desks.login("Jon")) == ["orders_supervisor"]
    listed = {row["name"]: row for row in (await desks.command("user", "list", "--json")).documents}
    assert (listed["Jon"]["role"], listed["Jon"]["login"]) == ("supervisor", desks.login("Jon"))
    refused = await desks.command("user", "role", "Ines", "viewer")
    assert (refused.code, refused.err.strip()) == (1, "Ines is the only admin: make somebody else one first.")
    # No login that may more than log in is ever anybody's, nor is another program's given a new password.
    more, others = desks.login("more"), desks.login("others")
    desks.logins += [more, others]
    await store.pool.execute(f"CREATE ROLE {more} LOGIN CREATEDB; CREATE ROLE {others} LOGIN")
    for arguments, words in (
        (("--login", desks.server.user, "--existing"), "no name for a login"),
        (("--login", more, "--existing"), "may more than log in"),
        (("--login", others, "--password-file", str(desks.file)), "did not make"),
    ):
        refused = await desks.command("user", "add", "Eve", "--role", "admin", *arguments)
        assert (refused.code, words in refused.err) == (1, True), refused.err
    assert await store.pool.fetchval("SELECT count(*) FROM users WHERE display_name = 'Eve'") == 0
    async with desks.at("Jon") as jon:
        assert (await desks.command("user", "disable", "Jon")).code == 0
        with pytest.raises(Refused):  # at once, in the session that is open
            await jon.page(OrderFilter(), limit=10)
    with pytest.raises(Unreachable, match="refuses the login"):
        async with desks.at("Jon"):
            pass
    await store.pool.execute(f"ALTER ROLE {others} PASSWORD '{PASSWORD}'")
    with pytest.raises(Refused, match="is nobody here"):
        async with desks.at("Others"):
            pass
    assert (await desks.command("user", "role", "Jon", "viewer")).code == 0
    async with desks.at("Jon") as jon:
        assert jon.role == "viewer"
        with pytest.raises(Refused, match="may not add people"):
            await jon.people.disable("Ines")
    actions = [
        row["action"]
        for row in await store.pool.fetch("SELECT action FROM audit_log WHERE actor = 'Ines' ORDER BY created_at")
    ]
    assert actions == ["person.added", "person.role", "person.disabled", "person.role"]
