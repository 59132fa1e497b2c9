"""Orders of a seller-centre file: what each would do, and taking them in through the inbox like any other payload.

The payloads are stored under a lease and settled in the transaction that applies them. Should the program end in between, a daemon
understands them once the lease is over: nothing is lost, and the same file again changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from engine.identifiers import ShopId, UserId, new_id
from engine.orders import inbox, intake
from engine.orders.intake import IntakeResult
from engine.orders.intake_known import Applied, judge
from engine.ports.facts import OrderFact
from engine.ports.requests import InboxClaim

if TYPE_CHECKING:
    from engine.database.connection import Database

SOURCE = "import"
_LEASE_SECONDS = 60.0

_ORDERS = """
SELECT id, tiktok_order_id, shop_id, channel_status, channel_updated_at, channel_digest, order_source
FROM orders WHERE tiktok_order_id = ANY($1::text[])
"""

_KEYS = """
INSERT INTO inbox_keys (key, inbox_id) SELECT * FROM unnest($1::bytea[], $2::uuid[])
ON CONFLICT (key) DO NOTHING RETURNING inbox_id
"""

_STORE = """
INSERT INTO inbox (id, shop_id, source, kind, payload, lease_token, lease_until, attempt)
SELECT d.id, $2, $3, d.kind, d.payload, $5, now() + make_interval(secs => $4), 1
FROM unnest($1::uuid[], $6::text[], $7::bytea[]) AS d(id, kind, payload)
"""


Remembered = Callable[[InboxClaim, Sequence[OrderFact], IntakeResult], inbox.Understood]


class Foreseen(StrEnum):
    """What an order of a file does."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    OLDER = "older"
    """The file is older than what is known of the order."""
    ELSEWHERE = "elsewhere"
    """The order belongs to another shop: refused."""


_MEANS = {
    Applied.CREATED: Foreseen.CREATE,
    Applied.UPDATED: Foreseen.UPDATE,
    Applied.UNCHANGED: Foreseen.UNCHANGED,
    Applied.STALE: Foreseen.OLDER,
}


@dataclass(frozen=True, slots=True)
class ImportedOrder:
    """One order of a file: what it says, and the payload that says it."""

    fact: OrderFact
    kind: str
    payload: bytes


async def foresee(database: Database, facts: Sequence[OrderFact]) -> dict[str, Foreseen]:
    """What each of these facts would do now, by TikTok order id; writes nothing."""
    rows = await database.pool.fetch(_ORDERS, [fact.tiktok_order_id for fact in facts])
    known = {row["tiktok_order_id"]: row for row in rows}
    return {fact.tiktok_order_id: _foreseen(fact, known.get(fact.tiktok_order_id)) for fact in facts}


async def take_in(
    database: Database, shop_id: ShopId, owner: UserId, orders: Sequence[ImportedOrder], remembered: Remembered
) -> dict[str, Foreseen]:
    """Store these orders' payloads and apply them. Answers what each did, by TikTok order id.

    `remembered` says how the inbox remembers a payload whose fact was applied.
    """
    foreseen = await foresee(database, [order.fact for order in orders])
    ours = [order for order in orders if foreseen[order.fact.tiktok_order_id] is not Foreseen.ELSEWHERE]
    if not ours:
        return foreseen
    claims = await _store(database, shop_id, owner, ours)
    facts = {order.payload: order.fact for order in ours}

    async def conclude(_: Any, result: IntakeResult) -> list[inbox.Understood]:
        return [remembered(claim, [facts[claim.payload]], result) for claim in claims]

    result = await intake.apply(database, list(facts.values()), conclude=conclude)
    return foreseen | {number: _MEANS[applied] for number, applied in result.applied.items()}


def _foreseen(fact: OrderFact, row: Any) -> Foreseen:
    if row is None:
        return Foreseen.CREATE
    if row["shop_id"] != fact.shop_id:
        return Foreseen.ELSEWHERE
    return _MEANS[judge(fact, intake.digest_of(fact), row)]


async def _store(
    database: Database, shop_id: ShopId, owner: UserId, orders: Sequence[ImportedOrder]
) -> list[InboxClaim]:
    """Store what the inbox has not seen yet, claimed by this process. Answers the claims."""

    async def write(connection: Any) -> list[InboxClaim]:
        await database.vault.ensure(connection, owner)
        by_key = {_key(shop_id, order): (new_id(), order) for order in orders}
        keys = sorted(by_key)
        fresh = {row["inbox_id"] for row in await connection.fetch(_KEYS, keys, [by_key[key][0] for key in keys])}
        rows = [(inbox_id, order) for inbox_id, order in by_key.values() if inbox_id in fresh]
        if not rows:
            return []
        token = await connection.fetchval("SELECT nextval('claim_tokens')")
        await connection.execute(
            _STORE,
            [inbox_id for inbox_id, _ in rows],
            shop_id,
            SOURCE,
            _LEASE_SECONDS,
            token,
            [order.kind for _, order in rows],
            [database.vault.seal(owner, "inbox.payload", inbox_id, order.payload) for inbox_id, order in rows],
        )
        return [InboxClaim(inbox_id, shop_id, SOURCE, order.kind, order.payload, token, 1) for inbox_id, order in rows]

    return await database.run(write)


def _key(shop_id: ShopId, order: ImportedOrder) -> bytes:
    hasher = hashlib.sha256()
    for part in (order.kind.encode(), shop_id.bytes, order.payload):
        hasher.update(len(part).to_bytes(4, "big") + part)
    return hasher.digest()
