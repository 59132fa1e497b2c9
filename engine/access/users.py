"""Finding who asks. A role is read from the database each time: what a token says of it may be stale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.access.caller import Caller
from engine.access.roles import Role
from engine.identifiers import UserId

if TYPE_CHECKING:
    from engine.database.connection import Database

# An id comes before a subject, so that nobody's subject can be another's id.
_OF_SUBJECT = """
SELECT u.id, u.role, u.display_name FROM users u
WHERE u.disabled_at IS NULL AND (u.id::text = lower($1) OR u.subject = $1) ORDER BY u.id::text = lower($1) DESC LIMIT 1
"""
_DISABLED = """
SELECT EXISTS (SELECT FROM users u WHERE u.disabled_at IS NOT NULL AND (u.id::text = lower($1) OR u.subject = $1))
"""
_OF_LOGIN = "SELECT u.id, u.role, u.display_name FROM users u WHERE u.login_role = $1 AND u.disabled_at IS NULL"


async def of_subject(database: Database, subject: str) -> Caller | None:
    """Whom the `sub` of a token means: somebody's id, or the subject he is known by; None for nobody who may."""
    return _caller(await database.pool.fetchrow(_OF_SUBJECT, subject))


async def is_disabled(database: Database, subject: str) -> bool:
    """Whether the `sub` of a token means somebody who was disabled."""
    found = await database.pool.fetchval(_DISABLED, subject)
    return bool(found)


async def of_login(database: Database, login: str) -> Caller | None:
    """Whom a database login means; None for nobody who may."""
    return _caller(await database.pool.fetchrow(_OF_LOGIN, login))


def _caller(row: Any) -> Caller | None:
    return Caller(UserId(row["id"]), Role(row["role"]), row["display_name"]) if row else None
