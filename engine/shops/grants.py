"""Grants: one seller's authorisation of the app, with both its tokens, sealed and stored at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound
from engine.identifiers import DEFAULT_CREATOR, GrantId, UserId, new_id
from engine.shops.secrets import open_secret

if TYPE_CHECKING:
    from engine.database.connection import Database

_COLUMNS = """id, user_id, open_id, seller_name, region, scopes, access_expires_at, refresh_expires_at, state, refreshed_at,
              refresh_due_at, error, connected_at"""

# Early enough that an outage of hours costs nothing: when a quarter of a token's life is left, and at least an hour if it has two.
REFRESH_DUE = (
    "now() + ({until} - now()) - least(greatest(({until} - now()) / 4, interval '1 hour'), ({until} - now()) / 2)"
)

_SAVE = f"""
INSERT INTO grants (id, user_id, open_id, seller_name, region, scopes, access_token, access_expires_at, refresh_token,
                    refresh_expires_at, refresh_due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::timestamptz, $9, $10, {REFRESH_DUE.format(until="$8::timestamptz")})
ON CONFLICT (open_id) DO UPDATE
SET seller_name = excluded.seller_name, region = excluded.region, scopes = excluded.scopes, access_token = excluded.access_token,
    access_expires_at = excluded.access_expires_at, refresh_token = excluded.refresh_token,
    refresh_expires_at = excluded.refresh_expires_at, refresh_due_at = excluded.refresh_due_at, state = 'active', claim = NULL,
    claim_until = NULL, error = NULL, warned_at = NULL, connected_at = now(), updated_at = now()
"""  # noqa: S608


WARNED_DAYS = 30
"""So long before its end people are told for the first time, and then daily: as TikTok tells the seller."""


class GrantState(StrEnum):
    """Whether the app may still act for the seller."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class GrantTokens:
    """Both tokens of a grant; the times are absolute. They print nowhere."""

    access: str = field(repr=False)
    access_expires_at: datetime
    refresh: str = field(repr=False)
    refresh_expires_at: datetime


@dataclass(frozen=True, slots=True)
class Seller:
    """Who granted access, and what for. `open_id` is TikTok's name for them within this app."""

    open_id: str
    name: str = ""
    region: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant without its tokens, for people."""

    grant_id: GrantId
    user_id: UserId
    seller: Seller
    access_expires_at: datetime | None
    ends_at: datetime | None
    """The refresh token's end, which is the grant's own."""
    state: GrantState
    refreshed_at: datetime | None
    refresh_due_at: datetime | None
    error: str
    connected_at: datetime


async def save_grant(
    database: Database, seller: Seller, tokens: GrantTokens, *, actor: Actor, owner: UserId = DEFAULT_CREATOR
) -> GrantId:
    """Store a seller's authorisation with both tokens, in place of an earlier one of theirs. It is active from now on."""

    async def write(connection: Any) -> GrantId:
        vault = database.vault
        await vault.ensure(connection, owner)
        found = await connection.fetchrow(
            "SELECT id, user_id, scopes, state FROM grants WHERE open_id = $1 FOR NO KEY UPDATE", seller.open_id
        )
        grant_id = GrantId(found["id"] if found else new_id())
        holder = UserId(found["user_id"]) if found else owner
        await vault.ensure(connection, holder)
        await connection.execute(
            _SAVE,
            grant_id,
            holder,
            seller.open_id,
            seller.name,
            seller.region,
            list(seller.scopes),
            vault.seal_text(holder, "grants.access_token", grant_id, tokens.access),
            tokens.access_expires_at,
            vault.seal_text(holder, "grants.refresh_token", grant_id, tokens.refresh),
            tokens.refresh_expires_at,
        )
        before = {"state": found["state"], "scopes": list(found["scopes"])} if found else None
        after = {"state": GrantState.ACTIVE, "scopes": list(seller.scopes), "seller": seller.name}
        await chain.append(connection, vault, holder, grant_id, "grant.connected", actor, before, after)
        return grant_id

    return await database.run(write)


async def list_grants(database: Database) -> list[Grant]:
    """All grants, by seller."""
    rows = await database.pool.fetch(f"SELECT {_COLUMNS} FROM grants ORDER BY seller_name, id")  # noqa: S608
    return [read_grant(row) for row in rows]


async def find_grant(database: Database, grant_id: GrantId) -> Grant:
    """The grant. Raises NotFound."""
    row = await database.pool.fetchrow(f"SELECT {_COLUMNS} FROM grants WHERE id = $1", grant_id)  # noqa: S608
    if row is None:
        raise NotFound("grant.unknown", "The shop's authorisation is gone: connect the shop again.")
    return read_grant(row)


async def read_tokens(database: Database, grant_id: GrantId) -> tuple[GrantState, GrantTokens | None]:
    """Whether the grant holds, and its tokens: None when there are none that can be opened. Raises NotFound."""
    row = await database.pool.fetchrow(
        "SELECT state, access_token, access_expires_at, refresh_token, refresh_expires_at FROM grants WHERE id = $1",
        grant_id,
    )
    if row is None:
        raise NotFound("grant.unknown", "The shop's authorisation is gone: connect the shop again.")
    return GrantState(row["state"]), await open_tokens(database, grant_id, row)


async def open_tokens(database: Database, grant_id: GrantId, row: Any) -> GrantTokens | None:
    """The tokens of a row of `grants`; None when there are none that can be opened."""
    access = open_secret(database, "grants.access_token", grant_id, row["access_token"])
    refresh = open_secret(database, "grants.refresh_token", grant_id, row["refresh_token"])
    if access is None or refresh is None:
        return None
    return GrantTokens(access, row["access_expires_at"], refresh, row["refresh_expires_at"])


async def forget_tokens(connection: Any, grant_ids: Sequence[GrantId]) -> None:
    """Keep no tokens of grants that nothing is reached with any more; the caller holds them."""
    await connection.execute(
        """
        UPDATE grants SET access_token = NULL, refresh_token = NULL, refresh_due_at = NULL, claim = NULL, claim_until = NULL,
               updated_at = now()
        WHERE id = ANY($1::uuid[])
        """,
        list(grant_ids),
    )


def read_grant(row: Any) -> Grant:
    """From a row of `grants`."""
    return Grant(
        grant_id=GrantId(row["id"]),
        user_id=UserId(row["user_id"]),
        seller=Seller(row["open_id"], row["seller_name"], row["region"], tuple(row["scopes"])),
        access_expires_at=row["access_expires_at"],
        ends_at=row["refresh_expires_at"],
        state=GrantState(row["state"]),
        refreshed_at=row["refreshed_at"],
        refresh_due_at=row["refresh_due_at"],
        error=row["error"] or "",
        connected_at=row["connected_at"],
    )
