"""Polls: how far each shop has been asked about each topic, and when it is asked again; claimed, so that daemons share them.

A cursor moves only in the transaction that stores what was read up to it (`inbox.store`), and never back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.identifiers import ShopId, UserId
from engine.words import PollTopic

if TYPE_CHECKING:
    from engine.database.connection import Database

_BEGIN = """
INSERT INTO polls (shop_id, topic)
SELECT s.id, $1 FROM shops s
WHERE s.state = 'connected' AND NOT EXISTS (SELECT 1 FROM polls p WHERE p.shop_id = s.id AND p.topic = $1)
ON CONFLICT DO NOTHING
"""

_CLAIM = """
WITH due AS (
    SELECT p.shop_id, s.user_id FROM polls p JOIN shops s ON s.id = p.shop_id
    WHERE p.topic = $1 AND p.due_at <= now() AND s.state = 'connected'
    ORDER BY p.due_at, p.shop_id LIMIT 1 FOR UPDATE OF p SKIP LOCKED
)
UPDATE polls p SET due_at = now() + make_interval(secs => $2) FROM due
WHERE p.shop_id = due.shop_id AND p.topic = $1
RETURNING p.shop_id, due.user_id, p.cursor, p.position
"""

# A long poll is not begun by another daemon while its pages keep coming.
_REACH = """
UPDATE polls SET cursor = greatest(cursor, $3), position = $5, polled_at = now(), error = NULL,
       due_at = greatest(due_at, now() + make_interval(secs => $4))
WHERE shop_id = $1 AND topic = $2
"""

_FAILED = "UPDATE polls SET error = $3, polled_at = now() WHERE shop_id = $1 AND topic = $2"

_DUE = """
INSERT INTO polls (shop_id, topic) SELECT id, $2 FROM shops WHERE id = ANY($1::uuid[])
ON CONFLICT (shop_id, topic) DO UPDATE SET due_at = least(polls.due_at, now())
"""


# Index: work_pkey; its keys rise with the orders' arrival.
_OPEN_AFTER = """
SELECT o.id, o.tiktok_order_id FROM work k JOIN orders o ON o.id = k.order_id
WHERE k.order_id > $2 AND o.shop_id = $1 ORDER BY k.order_id LIMIT $3
"""

_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Poll:
    """One shop's turn to be asked about one topic; without a cursor it was never asked. Others leave it alone for `again_seconds`."""

    shop_id: ShopId
    user_id: UserId
    topic: PollTopic
    cursor: datetime | None
    again_seconds: float
    position: UUID | None = None
    """The last open order of a round through all of them; None at its beginning."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a poll has come."""

    poll: Poll
    cursor: datetime
    position: UUID | None = None


async def claim(database: Database, topic: PollTopic, again_seconds: float) -> Poll | None:
    """The shop that has waited longest to be asked about the topic; None when none is due."""
    row = await database.pool.fetchrow(_CLAIM, topic, again_seconds)
    if row is None:
        return None
    shop_id, owner = ShopId(row["shop_id"]), UserId(row["user_id"])
    return Poll(shop_id, owner, topic, row["cursor"], again_seconds, row["position"])


async def begin(database: Database, topic: PollTopic) -> None:
    """Let shops that were never asked about the topic be due."""
    await database.pool.execute(_BEGIN, topic)


async def reach(connection: Any, reached: Reached) -> None:
    """Move the cursor, inside the transaction that stores what was read up to it."""
    poll = reached.poll
    await connection.execute(_REACH, poll.shop_id, poll.topic, reached.cursor, poll.again_seconds, reached.position)


async def open_after(database: Database, poll: Poll, limit: int) -> list[tuple[UUID, str]]:
    """The next open orders of the shop's round through all of them, with TikTok's ids; fewer than `limit` end the round."""
    rows = await database.pool.fetch(_OPEN_AFTER, poll.shop_id, poll.position or _FIRST, limit)
    return [(row["id"], row["tiktok_order_id"]) for row in rows]


async def fail(database: Database, poll: Poll, sentence: str) -> None:
    """Remember why the last poll failed; the cursor stays where it was."""
    await database.pool.execute(_FAILED, poll.shop_id, poll.topic, sentence)


async def make_due(connection: Any, shop_ids: list[ShopId], topic: PollTopic) -> None:
    """Let these shops be asked about the topic at once."""
    await connection.execute(_DUE, shop_ids, topic)
