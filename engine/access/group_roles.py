"""The roles of the cluster that stand for ours: NOLOGIN, never above row-level security, shared by every database of the cluster.

They are made outside the migration's transaction: two databases of one cluster may be migrated at once, and neither shall wait for
the other's whole upgrade. A dump of a database does not hold them: whoever loads one into another cluster makes them first.
"""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from engine.access.roles import Role
from engine.errors import Misconfigured

GROUPS = tuple(role.group for role in Role)

_ATTRIBUTES = "NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT"

# Another database's migration may make or grant the same at this moment.
_RACED = (
    asyncpg.DuplicateObjectError,
    asyncpg.UniqueViolationError,
    asyncpg.InternalServerError,  # "tuple concurrently updated"
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
)
_TRIES = 20

_STATE = """
SELECT g.name, r.oid IS NOT NULL AS made, coalesce(r.rolsuper OR r.rolbypassrls OR r.rolcanlogin, false) AS unfit,
       coalesce(me.rolsuper, false)
       OR r.oid IS NOT NULL AND pg_has_role(current_user, r.oid, CASE WHEN $2 THEN 'SET' ELSE 'MEMBER' END) AS mine
FROM unnest($1::text[]) WITH ORDINALITY AS g (name, place)
LEFT JOIN pg_roles r ON r.rolname = g.name LEFT JOIN pg_roles me ON me.rolname = current_user
ORDER BY g.place
"""
_SET_IS_A_RIGHT_FROM = 160_000
"""Until then a member may always SET ROLE, and whoever may make roles may make itself a member of any."""


async def ensure(connection: Any) -> None:
    """Make the roles that are missing and let this login act as each. Raises Misconfigured, naming what a DBA has to run.

    On a connection that is in no transaction. Does nothing, with one look, where nothing is missing.
    """
    newer = await connection.fetchval("SELECT current_setting('server_version_num')::int") >= _SET_IS_A_RIGHT_FROM
    for attempt in range(_TRIES):
        statements = _missing(await connection.fetch(_STATE, list(GROUPS), newer), newer=newer)
        if not statements:
            return
        try:
            for statement in statements:
                await connection.execute(statement)
        except _RACED:
            await asyncio.sleep(0.01 * (attempt + 1))
        except asyncpg.InsufficientPrivilegeError:
            break
    login = await connection.fetchval("SELECT quote_ident(current_user)")
    wanted = _missing(await connection.fetch(_STATE, list(GROUPS), newer), newer=newer, login=login)
    raise Misconfigured(
        "access.no_group_roles",
        f"The login {login} may not make the roles that Orders TUI guards its tables with: have an administrator of the "
        f"cluster run: {'; '.join(wanted)}.",
    )


def _missing(rows: list[Any], *, newer: bool, login: str = "CURRENT_USER") -> list[str]:
    statements = [f"CREATE ROLE {row['name']} {_ATTRIBUTES}" for row in rows if not row["made"]]
    statements += [f"ALTER ROLE {row['name']} NOLOGIN NOSUPERUSER NOBYPASSRLS" for row in rows if row["unfit"]]
    # The rights of a group are taken on for a transaction only: a login that inherited them all would be held by none of them.
    how = " WITH INHERIT FALSE, SET TRUE" if newer else ""
    return [*statements, *(f"GRANT {row['name']} TO {login}{how}" for row in rows if not row["mine"])]
