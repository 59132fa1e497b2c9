"""Finding who asks. A role is read from the database each time: what a token says of it may be stale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.access.caller import Caller
from engine.access.roles import Role
from engine.actors import Actor
from engine.errors import Refused
from engine.identifiers import UserId
from engine.words import ChangeSource

if TYPE_CHECKING:
    from engine.database.connection import Database

# An id comes before a subject, so that nobody's subject can be another's id.
_OF_SUBJECT = """
SELECT u.id, u.role, u.display_name FROM users u
WHERE u.disabled_at IS NULL AND (u.id::text = lower($1) OR u.subject = $1) ORDER BY u.id::text = lower($1) DESC LIMIT 1
"""
_DISABLED = """
SELECT u.id, u.role, u.display_name FROM users u
WHERE u.disabled_at IS NOT NULL AND (u.id::text = lower($1) OR u.subject = $1) LIMIT 1
"""
_OF_SESSION = """
SELECT l.login, row_security_active('orders.orders') AS held, u.id, u.role, u.display_name, u.disabled_at
FROM (SELECT coalesce($1, session_user::text) AS login) l LEFT JOIN users u ON u.login_role = l.login
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """As whom somebody acts who came by a login, and what he is."""

    actor: Actor
    role: Role


async def of_session(database: Database, system_login: str | None = None) -> Standing:
    """Who came in by this session's login, or by his login to the system where the database has one only.

    A login above the guards that is nobody's is the owner's, and he is an administrator until told otherwise. Raises Refused.
    """
    row = await database.pool.fetchrow(_OF_SESSION, system_login)
    login = row["login"]
    if row["id"] is None and row["held"]:
        raise Refused(
            "access.nobody",
            f"The login {login} is nobody here: have an admin run orders-tui user add NAME --login {login}.",
        )
    if row["disabled_at"] is not None:
        raise Refused("access.disabled", f"{row['display_name']} ({login}) is disabled: an admin may change that.")
    if row["id"] is None:
        return Standing(Actor(login, ChangeSource.USER), Role.ADMIN)
    return Standing(Actor(row["display_name"], ChangeSource.USER, UserId(row["id"])), Role(row["role"]))


async def of_subject(database: Database, subject: str) -> Caller | None:
    """Whom the `sub` of a token means: somebody's id, or the subject he is known by; None for nobody who may."""
    return _caller(await database.pool.fetchrow(_OF_SUBJECT, subject))


async def disabled_of_subject(database: Database, subject: str) -> Caller | None:
    """Who was disabled that the `sub` of a token means."""
    return _caller(await database.pool.fetchrow(_DISABLED, subject))


def _caller(row: Any) -> Caller | None:
    return Caller(UserId(row["id"]), Role(row["role"]), row["display_name"]) if row else None
