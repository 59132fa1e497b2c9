"""A database as one caller sees it: the role holds for each statement and is gone with its transaction, whatever ended it."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest

from engine.access import users
from engine.access.caller import Caller
from engine.access.permissions import Permission
from engine.access.roles import Role
from engine.access.scoped import scoped
from engine.access.users import Standing
from engine.database.connection import Database
from engine.errors import Refused
from engine.identifiers import UserId, new_id

_WHO = "SELECT current_user::text AS role, session_user::text AS login, current_setting('request.jwt.claims', true) AS claims"


def _caller(role: Role) -> Caller:
    return Caller(UserId(new_id()), role, "Ines Falk")


async def test_every_statement_runs_as_the_caller_and_leaves_nothing_behind(store: Database) -> None:
    login = await store.pool.fetchval("SELECT session_user::text")
    for role in Role:
        caller = _caller(role)
        seen = scoped(store, caller)
        one = await seen.pool.fetchrow(_WHO)
        assert (one["role"], one["login"]) == (f"orders_{role}", login)
        assert json.loads(one["claims"]) == {"sub": str(caller.user_id), "role": role.value}
        async with seen.pool.acquire() as connection:
            assert await connection.fetchval("SELECT current_user::text") == f"orders_{role}"
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                assert await connection.fetchval("SELECT current_user::text") == f"orders_{role}"
                async with connection.transaction():
                    assert await connection.fetchval("SELECT current_user::text") == f"orders_{role}"
        assert await seen.run(lambda c: c.fetchval("SELECT current_user::text")) == f"orders_{role}"
        # The same connections, unscoped again.
        after = await store.pool.fetchrow(_WHO)
        assert after["role"] == login
        assert not after["claims"]


async def test_an_error_or_a_cancellation_leaves_no_role_behind(store: Database) -> None:
    login = await store.pool.fetchval("SELECT current_user::text")
    seen = scoped(store, _caller(Role.VIEWER))
    with pytest.raises(asyncpg.DivisionByZeroError):
        await seen.pool.fetchval("SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with seen.transaction() as connection:
            await connection.fetchval("SELECT 1 / 0")
    asleep = [asyncio.create_task(seen.pool.execute("SELECT pg_sleep(30)")) for _ in range(4)]
    while not await _sleepers(store):
        await asyncio.sleep(0.01)
    for task in asleep:
        task.cancel()
    await asyncio.gather(*asleep, return_exceptions=True)
    found = await asyncio.gather(*(store.pool.fetchrow(_WHO) for _ in range(8)))
    assert {row["role"] for row in found} == {login}
    assert {row["claims"] or "" for row in found} == {""}


async def _sleepers(store: Database) -> int:
    connection = await store.connect()
    try:
        found: int = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND datname = current_database()"
        )
        return found
    finally:
        await connection.close()


async def test_who_asks_is_found_by_id_subject_and_login_and_never_when_disabled(store: Database) -> None:
    mira, other = new_id(), new_id()
    await store.pool.execute(
        "INSERT INTO users (id, display_name, role, login_role, subject) VALUES"
        " ($1, 'Mira', 'operator', 'mira', 'auth|1'), ($2, 'Ines', 'admin', 'ines', $3)",
        mira,
        other,
        str(mira),
    )
    expected = Caller(UserId(mira), Role.OPERATOR, "Mira")
    # Ines' subject is Mira's id: the id wins, or one could be made to stand for another.
    for found in (await users.of_subject(store, str(mira)), await users.of_subject(store, "auth|1")):
        assert found == expected
    # The embedded database knows people by their login to the system; its owner is an admin until told otherwise.
    assert await users.of_session(store, "mira") == Standing(expected.actor, Role.OPERATOR)
    assert (await users.of_session(store, "owner")).role is Role.ADMIN
    assert await users.of_subject(store, "nobody") is None
    await store.pool.execute("UPDATE users SET disabled_at = now() WHERE id = $1", mira)
    with pytest.raises(Refused, match="is disabled"):
        await users.of_session(store, "mira")
    assert await users.of_subject(store, "auth|1") is None


def test_a_refusal_says_what_and_who_may() -> None:
    with pytest.raises(Refused) as refused:
        _caller(Role.VIEWER).require(Permission.RULES_CHANGE)
    assert refused.value.code == "access.denied"
    assert refused.value.sentence == "Your role (viewer) may not change rules: ask one who is supervisor or admin."
    _caller(Role.ADMIN).require(Permission.USERS_CHANGE)
    assert not _caller(Role.SERVICE).may(Permission.USERS_CHANGE)
