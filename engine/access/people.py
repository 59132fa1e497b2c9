"""People and their database logins: added, given another role, disabled. Each is one transaction, audited under the person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import asyncpg

from engine.access.roles import Role
from engine.actors import Actor
from engine.audit import chain
from engine.errors import Conflict, NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, UserId, new_id

if TYPE_CHECKING:
    from engine.database.connection import Connection, Database

_LONGEST_NAME = 80

_LIST = """
SELECT id, display_name, role, login_role, subject, disabled_at, created_at FROM users ORDER BY display_name, id
"""
_FIND = """
SELECT id, display_name, role, login_role, disabled_at FROM users
WHERE id::text = lower($1) OR login_role = $1 OR subject = $1 OR lower(display_name) = lower($1) ORDER BY id FOR UPDATE
"""
_SERVICE = "SELECT id FROM users WHERE role = 'service' AND display_name = $1 ORDER BY id LIMIT 1"
_ADD = "INSERT INTO users (id, display_name, role, login_role, subject) VALUES ($1, $2, $3, $4, $5)"
_ROLE = "UPDATE users SET role = $2, disabled_at = NULL WHERE id = $1"
_DISABLE = "UPDATE users SET disabled_at = now() WHERE id = $1"
_OTHER_ADMINISTRATOR = (
    "SELECT EXISTS (SELECT FROM users WHERE role = 'admin' AND disabled_at IS NULL AND id IS DISTINCT FROM $1)"
)
_PUT_LOGIN = "SELECT orders.put_login($1, $2, $3)"
# One change of who is what at a time: two administrators may not make each other nobody. Ours alone by the first number's unlikeliness.
_LOCK = "SELECT pg_advisory_xact_lock(231539, 1)"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is known here."""

    id: UserId
    name: str
    role: Role
    login: str | None
    subject: str | None
    disabled_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to be added. With a `verifier` the login is made; without one it is there, or is none of this database's."""

    name: str
    role: Role
    login: str | None = None
    subject: str | None = None
    verifier: str | None = None


async def everybody(database: Database) -> list[Person]:
    """Everybody, by name."""
    return [_person(row) for row in await database.pool.fetch(_LIST)]


async def add(database: Database, new: NewPerson, *, actor: Actor, alone: bool = False) -> UserId:
    """Make somebody known. `alone` says that it is whoever asks, who is an administrator until told. Raises Refused, Conflict."""
    if not new.name.strip() or len(new.name) > _LONGEST_NAME or not new.name.isprintable():
        raise Refused("people.bad_name", f"A person's name has 1 to {_LONGEST_NAME} letters; give one.")

    async def write(connection: Connection) -> UserId:
        await connection.execute(_LOCK)
        if alone and new.role is not Role.ADMIN and not await connection.fetchval(_OTHER_ADMINISTRATOR, None):
            raise _last(new.name)
        user_id = UserId(new_id())
        try:
            await connection.execute(_ADD, user_id, new.name, new.role, new.login, new.subject)
        except asyncpg.UniqueViolationError as error:
            taken = f"login {new.login}" if "login" in (error.constraint_name or "") else f"subject {new.subject}"
            raise Conflict(
                "people.taken", f"The {taken} is somebody's already: orders-tui user list shows whose."
            ) from error
        if new.login is not None:
            await _put_login(connection, new.login, new.role, new.verifier)
        await _note(database, connection, user_id, "person.added", actor, None, _said(new.name, new.role, new.login))
        return user_id

    return await database.run(write)


async def service(database: Database, name: str, *, actor: Actor) -> UserId:
    """The service of this name, made known when there is none."""

    async def write(connection: Connection) -> UserId:
        await connection.execute(_LOCK)
        if (known := await connection.fetchval(_SERVICE, name)) is not None:
            return UserId(known)
        user_id = UserId(new_id())
        await connection.execute(_ADD, user_id, name, Role.SERVICE, None, None)
        await _note(database, connection, user_id, "person.added", actor, None, _said(name, Role.SERVICE, None))
        return user_id

    return await database.run(write)


async def named(database: Database, who: str) -> UserId:
    """The one person of this id, login, subject or name. Raises NotFound, Refused where several go by it."""
    return await database.run(lambda connection: _id_of(connection, who))


async def give_role(database: Database, who: str, role: Role, *, actor: Actor) -> Person:
    """Make somebody something else, and known again if disabled. Raises NotFound, Refused."""

    async def write(connection: Connection) -> Person:
        await connection.execute(_LOCK)
        row = await _find(connection, who)
        if role is not Role.ADMIN:
            await _keep_an_administrator(connection, row)
        await connection.execute(_ROLE, row["id"], role)
        if row["login_role"] is not None:
            await _put_login(connection, row["login_role"], role, None)
        before = _said(row["display_name"], row["role"], row["login_role"]) | {
            "disabled": row["disabled_at"] is not None
        }
        after = _said(row["display_name"], role, row["login_role"]) | {"disabled": False}
        await _note(database, connection, row["id"], "person.role", actor, before, after)
        return await _again(connection, row["id"])

    return await database.run(write)


async def set_password(database: Database, who: str, verifier: str, *, actor: Actor) -> Person:
    """Give somebody's login another password. Raises NotFound, Refused for one without a login of this database."""

    async def write(connection: Connection) -> Person:
        row = await _find(connection, who)
        if row["login_role"] is None or row["disabled_at"] is not None:
            raise Refused(
                "people.no_login", f"{row['display_name']} has no login that works; orders-tui user list shows it."
            )
        await _put_login(connection, row["login_role"], Role(row["role"]), verifier)
        await _note(database, connection, row["id"], "person.password", actor, None, {"login": row["login_role"]})
        return await _again(connection, row["id"])

    return await database.run(write)


async def disable(database: Database, who: str, *, actor: Actor) -> Person:
    """Shut somebody out: login, tokens and rights end at once, what he did stays his. Raises NotFound, Refused."""

    async def write(connection: Connection) -> Person:
        await connection.execute(_LOCK)
        row = await _find(connection, who)
        if row["disabled_at"] is not None:
            return await _again(connection, row["id"])
        await _keep_an_administrator(connection, row)
        await connection.execute(_DISABLE, row["id"])
        if row["login_role"] is not None:
            await _put_login(connection, row["login_role"], None, None)
        said = _said(row["display_name"], row["role"], row["login_role"])
        await _note(database, connection, row["id"], "person.disabled", actor, said, said | {"disabled": True})
        return await _again(connection, row["id"])

    return await database.run(write)


async def _find(connection: Connection, who: str) -> Any:
    rows = await connection.fetch(_FIND, who)
    if not rows:
        raise NotFound("people.unknown", f"Nobody is called {who!r}; orders-tui user list lists everybody.")
    if len(rows) > 1:
        raise Refused("people.ambiguous", f"{len(rows)} people are called {who!r}: name one by login or id.")
    return rows[0]


async def _id_of(connection: Connection, who: str) -> UserId:
    return UserId((await _find(connection, who))["id"])


async def _keep_an_administrator(connection: Connection, row: Any) -> None:
    is_one = row["role"] == Role.ADMIN and row["disabled_at"] is None
    if is_one and not await connection.fetchval(_OTHER_ADMINISTRATOR, row["id"]):
        raise _last(row["display_name"])


def _last(name: str) -> Refused:
    return Refused("people.last_admin", f"{name} is the only admin: make somebody else one first.")


async def _put_login(connection: Connection, login: str, role: Role | None, verifier: str | None) -> None:
    try:
        await connection.fetchval(_PUT_LOGIN, login, role, verifier)
    except asyncpg.DuplicateObjectError as error:
        raise Conflict(
            "people.login_taken",
            f"There is a login {login} in this cluster already that Orders TUI did not make: take another --login, or say "
            "--existing if it is this person's.",
        ) from error
    except asyncpg.InvalidParameterValueError as error:
        raise Refused(
            "people.bad_login",
            f"{login!r} is no name for a login: small letters, digits, dots, hyphens and underscores, not beginning with orders_.",
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise Refused("people.login_refused", _for_an_administrator(login, role, error)) from error


def _for_an_administrator(login: str, role: Role | None, error: Exception) -> str:
    if "may more than log in" in str(error):
        return f"The login {login} may more than log in, so it is nobody's here: take another --login."
    group = role.group if role else "its group"
    return (
        f"Who owns the database may not make or change the login {login}: have an administrator of the cluster run "
        f'CREATE ROLE "{login}" LOGIN PASSWORD \'…\'; GRANT {group} TO "{login}"; and then say --existing.'
    )


async def _again(connection: Connection, user_id: UserId) -> Person:
    return _person(await connection.fetchrow(_LIST.replace("ORDER BY", "WHERE id = $1 ORDER BY"), user_id))


async def _note(
    database: Database,
    connection: Connection,
    user_id: UserId,
    action: str,
    actor: Actor,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
) -> None:
    stood = dict(before) if before is not None else None
    await chain.append(connection, database.vault, DEFAULT_CREATOR, user_id, action, actor, stood, dict(after))


def _said(name: str, role: str, login: str | None) -> dict[str, Any]:
    return {"name": name, "role": str(role), "login": login}


def _person(row: Any) -> Person:
    return Person(
        UserId(row["id"]),
        row["display_name"],
        Role(row["role"]),
        row["login_role"],
        row["subject"],
        row["disabled_at"],
        row["created_at"],
    )
