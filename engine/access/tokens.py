"""Tokens the program issues itself, for services and for people without another issuer: random, kept as a digest, revoked at once.

Nothing signs them, so that there is no key to lose: whoever reads the table cannot ask as anybody.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from engine.access.caller import Caller
from engine.access.roles import Role
from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, UserId, new_id

if TYPE_CHECKING:
    from engine.database.connection import Connection, Database

PREFIX: Final = "orders_"
"""What they begin with, so that one that lies about is known for what it is."""

LONGEST_DAYS: Final = 3650
_LONGEST_NAME = 80
_BYTES = 32


class Standing(StrEnum):
    """Why a token opens nothing."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Shut:
    """A token that opens nothing, and whose it is where that is known."""

    standing: Standing
    caller: Caller | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; its text is known to whoever was given it."""

    id: UUID
    name: str
    user_id: UserId
    user: str
    role: Role
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    """To within ten minutes."""
    standing: Standing | None
    """None: it opens."""


_FIND = """
SELECT t.id, u.id AS user_id, u.role, u.display_name, CASE WHEN t.revoked_at IS NOT NULL THEN 'revoked'
       WHEN t.expires_at <= now() THEN 'expired' WHEN u.disabled_at IS NOT NULL THEN 'disabled' END AS standing
FROM access_tokens t JOIN users u ON u.id = t.user_id WHERE t.digest = $1
"""
_USED = """
UPDATE access_tokens SET used_at = now() WHERE id = $1 AND (used_at IS NULL OR used_at < now() - interval '10 minutes')
"""
_LIST = """
SELECT t.id, t.name, t.user_id, u.display_name, u.role, t.created_by, t.created_at, t.expires_at, t.revoked_at, t.used_at,
       CASE WHEN t.revoked_at IS NOT NULL THEN 'revoked'
       WHEN t.expires_at <= now() THEN 'expired' WHEN u.disabled_at IS NOT NULL THEN 'disabled' END AS standing
FROM access_tokens t JOIN users u ON u.id = t.user_id ORDER BY t.created_at DESC, t.id
"""
_ISSUE = """
INSERT INTO access_tokens (id, user_id, name, digest, created_by, expires_at)
VALUES ($1, $2, $3, $4, $5, now() + make_interval(days => $6)) RETURNING expires_at
"""


async def find(database: Database, text: str) -> Caller | Shut:
    """Whom a token opens to, or why it opens nothing."""
    row = await database.pool.fetchrow(_FIND, _digest(text))
    if row is None:
        return Shut(Standing.UNKNOWN)
    caller = Caller(UserId(row["user_id"]), Role(row["role"]), row["display_name"])
    if row["standing"] is not None:
        return Shut(Standing(row["standing"]), caller)
    await database.pool.execute(_USED, row["id"])
    return caller


async def listed(database: Database) -> list[Token]:
    """All that were ever issued, newest first."""
    return [_token(row) for row in await database.pool.fetch(_LIST)]


def check(name: str, days: int) -> None:
    """Raises Refused for a name that says nothing and for a life that is none."""
    if not 0 < len(name.strip()) <= _LONGEST_NAME or not name.strip().isprintable():
        raise Refused("token.bad_name", f"A token's name is 1 to {_LONGEST_NAME} characters that say what it is for.")
    if not 0 < days <= LONGEST_DAYS:
        raise Refused("token.bad_days", f"A token lasts 1 to {LONGEST_DAYS} days.")


async def issue(database: Database, actor: Actor, user_id: UserId, name: str, days: int) -> tuple[str, datetime]:
    """A new token for a user: its text, which is told this once, and its end. Raises NotFound, Refused."""
    check(name, days)
    name = name.strip()
    text, token_id = PREFIX + secrets.token_urlsafe(_BYTES), new_id()

    async def write(connection: Connection) -> datetime:
        user = await connection.fetchrow("SELECT display_name, disabled_at FROM users WHERE id = $1 FOR SHARE", user_id)
        if user is None:
            raise NotFound("user.unknown", "There is no such user; `orders-tui user list` names them.")
        if user["disabled_at"] is not None:
            raise Refused("user.disabled", f"{user['display_name']} is disabled and gets no token.")
        ends: datetime = await connection.fetchval(_ISSUE, token_id, user_id, name, _digest(text), actor.name, days)
        after = {"user_id": str(user_id), "name": name, "expires_at": ends.isoformat()}
        await _audit(connection, database, token_id, "token.issued", actor, None, after)
        return ends

    return text, await database.run(write)


async def revoke(database: Database, actor: Actor, token_id: UUID) -> bool:
    """End a token now; False when it was revoked before. Raises NotFound."""

    async def write(connection: Connection) -> bool:
        row = await connection.fetchrow("SELECT revoked_at, name FROM access_tokens WHERE id = $1 FOR UPDATE", token_id)
        if row is None:
            raise NotFound("token.unknown", "There is no such token; `orders-tui token list` names them.")
        if row["revoked_at"] is not None:
            return False
        await connection.execute("UPDATE access_tokens SET revoked_at = now() WHERE id = $1", token_id)
        await _audit(connection, database, token_id, "token.revoked", actor, {"name": row["name"]}, None)
        return True

    return await database.run(write)


async def _audit(
    connection: Connection,
    database: Database,
    token_id: UUID,
    action: str,
    actor: Actor,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    await chain.append(connection, database.vault, DEFAULT_CREATOR, token_id, action, actor, before, after)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _token(row: Mapping[str, Any]) -> Token:
    return Token(
        id=row["id"],
        name=row["name"],
        user_id=UserId(row["user_id"]),
        user=row["display_name"],
        role=Role(row["role"]),
        created_by=row["created_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        used_at=row["used_at"],
        standing=Standing(row["standing"]) if row["standing"] else None,
    )
