"""A database as one caller sees it: every statement runs in a transaction that first took the caller's role and claims.

Role and claims hold for that transaction only (SET LOCAL), so that they are gone with it whatever ends it, on every kind of pooler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from engine.database.begun import BegunPool
from engine.database.connection import Database

if TYPE_CHECKING:
    from engine.access.caller import Caller


def scoped(database: Database, caller: Caller) -> Database:
    """The same database with the caller's eyes and hands. It shares the connections; closing it is the owner's business."""
    return _ScopedDatabase(database, _opening(caller))


def _opening(caller: Caller) -> str:
    # An id and a word of a closed set: nothing in it needs quoting.
    claims = orjson.dumps({"sub": str(caller.user_id), "role": caller.role.value}).decode()
    return f"SET LOCAL ROLE {caller.role.group}; SET LOCAL request.jwt.claims TO '{claims}'"


class _ScopedDatabase(Database):
    def __init__(self, database: Database, opening: str) -> None:
        super().__init__(
            BegunPool(database.pool, opening, copies=False),
            database.vault,
            database.connect,
            None,
            database.secrets,
            None,
            pooled=database.pooled,
        )

    async def close(self) -> None:
        """Nothing: the connections belong to the database this was made of."""
