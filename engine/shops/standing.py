"""A shop that stops for a while or for good, and goes on: paused by TikTok, disconnected by a person, reached again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound
from engine.identifiers import GrantId, ShopId
from engine.shops.grants import forget_tokens
from engine.shops.offline import OFFLINE

if TYPE_CHECKING:
    from engine.database.connection import Database

WAITING_CODES = ("tiktok.not_connected", "tiktok.shop_inactive")
"""The error codes of effects that wait for their shop to be reached again."""

_WAKE = """
UPDATE effects SET due_at = now()
WHERE id = ANY(ARRAY(SELECT id FROM effects WHERE head AND shop_id = ANY($1::uuid[]) AND lease_until IS NULL AND due_at > now()
                     AND error_code = ANY($2::text[]) ORDER BY id FOR NO KEY UPDATE))
"""

_STOPPED = """
SELECT s.id, s.grant_id, s.state, s.state_reason, s.name, s.region, s.cipher, g.connected_at
FROM shops s LEFT JOIN grants g ON g.id = s.grant_id
"""


@dataclass(frozen=True, slots=True)
class Reach:
    """How a shop is reached now, or why it is not. `sealed_cipher` differs whenever it was connected anew."""

    shop_id: ShopId
    grant_id: GrantId | None
    sealed_cipher: bytes | None
    stopped: str
    """Why it is not reached, as a sentence; empty while it is."""
    offline: bool = False
    """It works from files: TikTok is not told, and everything else goes on."""
    granted_at: datetime | None = None
    """When the seller last gave the grant that it is reached with."""


async def read_reaches(database: Database) -> list[Reach]:
    """Every shop and whether it may be reached."""
    rows = await database.pool.fetch(_STOPPED)
    return [
        Reach(
            ShopId(row["id"]),
            row["grant_id"] and GrantId(row["grant_id"]),
            row["cipher"],
            _why_stopped(row),
            row["state"] == OFFLINE,
            row["connected_at"],
        )
        for row in rows
    ]


async def pause_shop(database: Database, shop_id: ShopId, sentence: str, *, actor: Actor) -> bool:
    """Stop a shop that TikTok calls inactive, until it answers again; False when it was not connected."""
    return await _move(database, shop_id, "connected", "paused", sentence, actor)


async def resume_shop(database: Database, shop_id: ShopId, *, actor: Actor) -> bool:
    """Let a paused shop go on; False when it was not paused."""
    return await _move(database, shop_id, "paused", "connected", "", actor)


async def list_paused(database: Database) -> list[ShopId]:
    """The shops that TikTok called inactive."""
    rows = await database.pool.fetch("SELECT id FROM shops WHERE state = 'paused' ORDER BY id")
    return [ShopId(row["id"]) for row in rows]


async def disconnect_shop(database: Database, shop_id: ShopId, *, actor: Actor) -> bool:
    """Reach the shop no more; its orders stay. The last shop of a grant takes its tokens with it. False when it was disconnected."""

    async def write(connection: Any) -> bool:
        grant_id = await connection.fetchval("SELECT grant_id FROM shops WHERE id = $1", shop_id)
        if grant_id is not None:
            await connection.execute("SELECT FROM grants WHERE id = $1 FOR NO KEY UPDATE", grant_id)
        row = await _lock(connection, shop_id)
        if row["state"] == "disconnected":
            return False
        await connection.execute(
            "UPDATE shops SET state = 'disconnected', state_reason = 'A person disconnected it.' WHERE id = $1", shop_id
        )
        left = await connection.fetchval(
            "SELECT count(*) FROM shops WHERE grant_id = $1 AND state <> 'disconnected'", grant_id
        )
        if grant_id is not None and not left:
            await forget_tokens(connection, [GrantId(grant_id)])
        await database.vault.ensure(connection, row["user_id"])
        before, after = {"state": row["state"]}, {"state": "disconnected"}
        await chain.append(
            connection, database.vault, row["user_id"], shop_id, "shop.disconnected", actor, before, after
        )
        return True

    return await database.run(write)


async def wake_effects(connection: Any, shop_ids: Sequence[ShopId]) -> None:
    """Let what waited for these shops be tried now."""
    await connection.execute(_WAKE, list(shop_ids), list(WAITING_CODES))


async def wake(database: Database, shop_ids: Sequence[ShopId]) -> None:
    """The same, in a transaction of its own."""
    await database.run(lambda connection: wake_effects(connection, shop_ids))


async def _move(database: Database, shop_id: ShopId, before: str, after: str, sentence: str, actor: Actor) -> bool:
    async def write(connection: Any) -> bool:
        row = await _lock(connection, shop_id)
        if row["state"] != before:
            return False
        await connection.execute(
            "UPDATE shops SET state = $2, state_reason = $3 WHERE id = $1",
            shop_id,
            after,
            sentence,
        )
        await database.vault.ensure(connection, row["user_id"])
        entry = {"state": after, "why": sentence} if sentence else {"state": after}
        action = f"shop.{'resumed' if after == 'connected' else after}"
        await chain.append(connection, database.vault, row["user_id"], shop_id, action, actor, {"state": before}, entry)
        if after == "connected":
            await wake_effects(connection, [shop_id])
        return True

    return await database.run(write)


async def _lock(connection: Any, shop_id: ShopId) -> Any:
    row = await connection.fetchrow("SELECT user_id, state FROM shops WHERE id = $1 FOR NO KEY UPDATE", shop_id)
    if row is None:
        raise NotFound("shop.unknown", "The shop is not connected any more.")
    return row


def _why_stopped(row: Any) -> str:
    if row["state"] == OFFLINE:
        return f"{row['name']} has no API access: export its tracking numbers, upload and confirm them (orders-tui export)."
    if row["state"] == "connected":
        return ""
    reason: str = row["state_reason"]
    return f"{row['name']} is {row['state']}: {reason}" if reason else f"{row['name']} is {row['state']}."
