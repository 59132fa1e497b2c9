"""What somebody was refused, left in the audit under who he is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.access.roles import Role
from engine.actors import Actor
from engine.audit import chain
from engine.identifiers import DEFAULT_CREATOR

if TYPE_CHECKING:
    from engine.database.connection import Connection, Database

ACTION = "access.refused"

_LOCK = "SELECT FROM users WHERE id = $1 FOR UPDATE"


async def note(database: Database, actor: Actor, role: Role, what: str) -> None:
    """One line for one refusal of `what`, a permission or a door; for somebody who is no user here there is no chain to put it on."""
    user_id = actor.user_id
    if user_id is None:
        return

    async def write(connection: Connection) -> None:
        await connection.execute(_LOCK, user_id)
        said = {"permission": what, "role": role.value}
        await chain.append(connection, database.vault, DEFAULT_CREATOR, user_id, ACTION, actor, None, said)

    await database.run(write)
