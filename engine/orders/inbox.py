"""The inbox: every webhook and polled change once, raw and sealed, until it is understood.

A poll's cursor moves in the transaction that stores what was polled. The same payload again finds its key taken and is not stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.identifiers import DEFAULT_CREATOR, DaemonId, ShopId, UserId, new_id
from engine.orders import polls
from engine.orders.opening import open_bytes
from engine.ports.requests import InboxClaim
from engine.privacy.cipher import Vault

if TYPE_CHECKING:
    from engine.database.connection import Database

_KEYS = """
INSERT INTO inbox_keys (key, inbox_id) SELECT * FROM unnest($1::bytea[], $2::uuid[])
ON CONFLICT (key) DO NOTHING RETURNING inbox_id
"""

_STORE = """
INSERT INTO inbox (id, shop_id, source, kind, payload, state, outcome, settled_at)
SELECT d.id, d.shop_id, $3, d.kind, d.payload, CASE WHEN d.ignored = '' THEN 'new' ELSE 'ignored' END, nullif(d.ignored, ''),
       CASE WHEN d.ignored <> '' THEN now() END
FROM unnest($1::uuid[], $2::uuid[], $4::text[], $5::bytea[], $6::text[]) AS d(id, shop_id, kind, payload, ignored)
"""

_SHOPS = (
    "SELECT id, user_id, tiktok_shop_id FROM shops WHERE platform = 'tiktok_shop' AND tiktok_shop_id = ANY($1::text[])"
)

ASKING = ("webhook", "cancellation", "return")
"""The kinds of payloads that are understood by asking TikTok again; a partial index has them apart from the others."""

# A daemon understands one batch of either sort at a time: what it seems to hold when it claims is what it lost sight of when the
# answer to an earlier claim was lost.
_DUE = """
WITH alive AS MATERIALIZED (
    SELECT coalesce(array_agg(id), '{}') AS ids FROM daemons
    WHERE stopped_at IS NULL AND beat_at > now() - make_interval(secs => $4) AND id <> $3
), due AS MATERIALIZED (
    SELECT id FROM inbox
    WHERE state = 'new' AND due_at <= now()
      AND (lease_until IS NULL OR lease_until < now()
           OR daemon_id IS NOT NULL AND daemon_id <> ALL ((SELECT ids FROM alive)::uuid[]))
"""

_KINDS = f"({', '.join(repr(kind) for kind in ASKING)})"

_TAKE = """
SET lease_token = token.number, lease_until = now() + make_interval(secs => $2), attempt = i.attempt + 1, daemon_id = $3
FROM due, token WHERE i.id = due.id
RETURNING i.id, i.shop_id, i.source, i.kind, i.payload, i.lease_token, i.attempt
"""

# Index: inbox_open_index.
_CLAIM = f"""
{_DUE} AND kind NOT IN {_KINDS} ORDER BY due_at, id LIMIT $1 FOR UPDATE SKIP LOCKED
), token AS (SELECT nextval('claim_tokens') AS number)
UPDATE inbox i {_TAKE}
"""

# Index: inbox_asking_index.
_CLAIM_ASKING = f"""
{_DUE} AND kind IN {_KINDS} ORDER BY due_at, id LIMIT $1 FOR UPDATE SKIP LOCKED
), token AS (SELECT nextval('claim_tokens') AS number)
UPDATE inbox i {_TAKE}
"""

_LEASE = """
WITH token AS (SELECT nextval('claim_tokens') AS number)
UPDATE inbox SET lease_token = token.number, lease_until = now() + make_interval(secs => $2), attempt = 1
FROM token WHERE id = ANY($1::uuid[]) RETURNING id, lease_token AS token
"""

_SETTLE = """
UPDATE inbox i SET state = d.state, outcome = d.outcome, event = nullif(d.event, ''), settled_at = now(), lease_token = NULL,
                   lease_until = NULL
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[]) AS d(id, token, state, outcome, event)
WHERE i.id = d.id AND i.lease_token = d.token AND i.state = 'new'
RETURNING i.id
"""

_LATER = """
UPDATE inbox SET due_at = now() + make_interval(secs => $3), lease_token = NULL, lease_until = NULL, outcome = $4,
       state = CASE WHEN attempt >= $5 THEN 'failed' ELSE state END, settled_at = CASE WHEN attempt >= $5 THEN now() END
WHERE id = ANY($1::uuid[]) AND lease_token = $2 AND state = 'new'
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One payload as it was received. `notification_id` is the sender's own key, empty when it gave none."""

    kind: str
    payload: bytes
    notification_id: str = ""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook whose signature was right. `ticket` is the caller's name for it; `ignored` says why it is only kept."""

    ticket: UUID
    arrival: Arrival
    tiktok_shop_id: str = ""
    """TikTok's name for the shop; empty where the sender names none."""
    ignored: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    """What became of a claimed payload: `state` is done, ignored or failed; `outcome` says it in words."""

    claim: InboxClaim
    state: str
    outcome: str
    event: str = ""
    """The specification's event that it turned out to be; empty when it changed no order."""


async def store(
    database: Database,
    shop_id: ShopId,
    owner: UserId,
    source: str,
    arrivals: Sequence[Arrival],
    *,
    reached: polls.Reached | None = None,
) -> int:
    """Store what is new among the arrivals and move the poll's cursor, in one transaction. Answers how many were new."""

    async def write(connection: Any) -> int:
        new = await _store(connection, database.vault, source, [_Letter(shop_id, owner, each) for each in arrivals])
        if reached is not None:
            await polls.reach(connection, reached)
        return len(new)

    return await database.run(write)


async def take(
    database: Database, shop_id: ShopId, owner: UserId, source: str, arrivals: Sequence[Arrival], lease_seconds: float
) -> list[InboxClaim]:
    """Store what is new among the arrivals and claim it at once, in one transaction.

    Should the caller be killed before it is understood, the daemons claim it once the lease is over.
    """

    async def write(connection: Any) -> list[InboxClaim]:
        letters = [_Letter(shop_id, owner, each) for each in arrivals]
        new = dict(await _store(connection, database.vault, source, letters))
        rows = await connection.fetch(_LEASE, list(new), lease_seconds) if new else []
        return [
            InboxClaim(
                row["id"], shop_id, source, new[row["id"]].arrival.kind, new[row["id"]].arrival.payload, row["token"], 1
            )
            for row in rows
        ]

    return await database.run(write)


async def deliver(database: Database, webhooks: Sequence[Webhook]) -> set[UUID]:
    """Store what is new among the webhooks, also of shops that nobody knows, in one transaction. Answers the tickets of the new ones."""

    async def write(connection: Any) -> set[UUID]:
        named = sorted({each.tiktok_shop_id for each in webhooks if each.tiktok_shop_id})
        shops = {row["tiktok_shop_id"]: row for row in await connection.fetch(_SHOPS, named)} if named else {}
        letters = []
        for each in webhooks:
            shop = shops.get(each.tiktok_shop_id)
            shop_id = ShopId(shop["id"]) if shop else None
            owner = UserId(shop["user_id"]) if shop else DEFAULT_CREATOR
            letters.append(_Letter(shop_id, owner, each.arrival, each.ignored, each.ticket))
        new = await _store(connection, database.vault, "webhook", letters)
        return {each.ticket for _, each in new if each.ticket is not None}

    return await database.run(write)


@dataclass(frozen=True, slots=True)
class _Letter:
    shop_id: ShopId | None
    owner: UserId
    arrival: Arrival
    ignored: str = ""
    ticket: UUID | None = None


async def _store(connection: Any, vault: Vault, source: str, letters: Sequence[_Letter]) -> list[tuple[UUID, _Letter]]:
    """Store the letters whose keys are free. Answers those, with their ids in the inbox."""
    if not letters:
        return []
    for owner in sorted({each.owner for each in letters}):
        await vault.ensure(connection, owner)
    by_key = {_key(each): (new_id(), each) for each in letters}
    keys = sorted(by_key)
    taken = await connection.fetch(_KEYS, keys, [by_key[key][0] for key in keys])
    fresh = {row["inbox_id"] for row in taken}
    rows = [(inbox_id, each) for inbox_id, each in by_key.values() if inbox_id in fresh]
    if rows:
        await connection.execute(
            _STORE,
            [inbox_id for inbox_id, _ in rows],
            [each.shop_id for _, each in rows],
            source,
            [each.arrival.kind for _, each in rows],
            [vault.seal(each.owner, "inbox.payload", inbox_id, each.arrival.payload) for inbox_id, each in rows],
            [each.ignored for _, each in rows],
        )
    return rows


async def store_seen(database: Database, shop_id: ShopId, arrivals: Sequence[Arrival]) -> int:
    """Store what was read besides polling. Answers how many were new."""
    owner = await database.pool.fetchval("SELECT user_id FROM shops WHERE id = $1", shop_id)
    return await store(database, shop_id, UserId(owner), "manual", arrivals)


async def claim(
    database: Database,
    limit: int,
    lease_seconds: float,
    daemon_id: DaemonId,
    dead_after_seconds: float,
    *,
    asking: bool = False,
) -> list[InboxClaim]:
    """Claim stored payloads that nobody has understood yet, oldest first, also those of a daemon that stopped beating.

    Either those that say everything themselves or, `asking`, those that TikTok has to be asked about.
    """
    pool, values = database.pool, (limit, lease_seconds, daemon_id, dead_after_seconds)
    rows = await pool.fetch(_CLAIM_ASKING, *values) if asking else await pool.fetch(_CLAIM, *values)
    return [
        InboxClaim(
            inbox_id=row["id"],
            shop_id=ShopId(row["shop_id"]) if row["shop_id"] else None,
            source=row["source"],
            kind=row["kind"],
            payload=open_bytes(database.vault, "inbox.payload", row["id"], row["payload"]) or b"",
            token=row["lease_token"],
            attempt=row["attempt"],
        )
        for row in sorted(rows, key=lambda row: row["id"])
    ]


async def settle(connection: Any, understood: Sequence[Understood]) -> None:
    """Mark claimed payloads as understood, inside the transaction that acted on them."""
    if not understood:
        return
    await connection.fetch(
        _SETTLE,
        [each.claim.inbox_id for each in understood],
        [each.claim.token for each in understood],
        [each.state for each in understood],
        [each.outcome for each in understood],
        [each.event for each in understood],
    )


async def put_back(
    database: Database,
    claims: Sequence[InboxClaim],
    after_seconds: float,
    reason: str,
    *,
    most_attempts: int = 2**31 - 1,
) -> None:
    """Give claimed payloads back, to be looked at again later; those that were tried so often already are kept as failed."""
    for token in {claim.token for claim in claims}:
        ids = [claim.inbox_id for claim in claims if claim.token == token]
        await database.pool.execute(_LATER, ids, token, after_seconds, reason, most_attempts)


def _key(letter: _Letter) -> bytes:
    arrival = letter.arrival
    if arrival.notification_id:
        return hashlib.sha256(b"id:" + arrival.notification_id.encode()).digest()
    hasher = hashlib.sha256()
    for part in (arrival.kind.encode(), letter.shop_id.bytes if letter.shop_id else b"", arrival.payload):
        hasher.update(len(part).to_bytes(4, "big") + part)
    return hasher.digest()
