"""Whom a token is issued to: somebody who is known, by any name they go by, or a service, which is made when it gets its first one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.access.roles import Role
from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, UserId, new_id

if TYPE_CHECKING:
    from engine.database.connection import Connection, Database

_NAMED = """
SELECT id FROM users WHERE id::text = lower($1) OR login_role = $1 OR subject = $1 OR display_name = $1 ORDER BY id LIMIT 2
"""
_SERVICE = "SELECT id FROM users WHERE role = 'service' AND display_name = $1 ORDER BY id LIMIT 1"


async def named(database: Database, who: str) -> UserId:
    """The user of this id, login, subject or name. Raises NotFound, Refused where several go by it."""
    found = await database.pool.fetch(_NAMED, who)
    if not found:
        raise NotFound("user.unknown", f"Nobody here goes by {who!r}; `orders-tui user list` names them.")
    if len(found) > 1:
        raise Refused("user.ambiguous", f"Several go by {who!r}: name the one you mean by its id.")
    return UserId(found[0]["id"])


async def service(database: Database, actor: Actor, name: str) -> UserId:
    """The service of this name, made when there is none."""

    async def write(connection: Connection) -> UserId:
        # Two who ask at once make one.
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('orders.service'), hashtext($1))", name)
        known = await connection.fetchval(_SERVICE, name)
        if known is not None:
            return UserId(known)
        user_id = UserId(new_id())
        await connection.execute(
            "INSERT INTO users (id, display_name, role) VALUES ($1, $2, $3)", user_id, name, Role.SERVICE.value
        )
        after = {"name": name, "role": Role.SERVICE.value}
        await chain.append(connection, database.vault, DEFAULT_CREATOR, user_id, "user.added", actor, None, after)
        return user_id

    return await database.run(write)
