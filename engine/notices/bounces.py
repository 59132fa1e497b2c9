"""Letters that came back: the send says so, and what can never arrive is not written to again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.errors import Misconfigured
from engine.identifiers import new_id
from engine.notices.choices import write_refusals
from engine.notices.directory import EVERY
from engine.notices.sends import write_fared
from engine.words import Audience

if TYPE_CHECKING:
    from engine.database.connection import Connection, Database

# Index: notice_sends_message_index. Sorted by the locks' key, since a message may be several sends.
_OF_TARGETS = """
UPDATE notice_sends s SET state = 'bounced', error_code = 'notices.bounced', error = d.words, settled_at = now()
FROM unnest($1::uuid[], $2::text[]) AS d(message_id, words)
WHERE s.message_id = d.message_id AND s.state = 'sent'
RETURNING s.message_id, s.target_id
"""

# A letter that went straight to its address has the effect's own id.
_DIRECT = """
INSERT INTO notice_sends (id, effect_id, channel, audience, template, state, attempt, message_id, reference, error_code, error, sent_at,
                          settled_at)
SELECT d.id, e.id, 'email', e.request ->> 'audience', e.request ->> 'template', 'bounced', e.attempt, e.id, e.provider_reference,
       'notices.bounced', d.words, e.settled_at, now()
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS d(id, effect_id, words)
JOIN effects e ON e.id = d.effect_id AND e.kind = 'notice' AND e.state = 'done'
ORDER BY e.id
ON CONFLICT (effect_id, target_id) DO NOTHING
RETURNING effect_id, audience
"""

_CUSTOMERS = """
SELECT o.id, o.customer_email FROM effects e JOIN orders o ON o.id = e.order_id WHERE e.id = ANY($1::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Bounce:
    """One letter that came back. `over` when nothing will ever arrive at that address."""

    message_id: UUID
    words: str
    over: bool


async def record(database: Database, bounces: Sequence[Bounce]) -> int:
    """Write that these letters came back; one that is not ours, or is known to have, changes nothing. Answers how many were news."""
    by_id = {bounce.message_id: bounce for bounce in bounces}
    if not by_id:
        return 0

    async def write(connection: Connection) -> int:
        ids = sorted(by_id)
        words = [by_id[each].words for each in ids]
        of_targets = await connection.fetch(_OF_TARGETS, ids, words)
        fared = {
            row["target_id"]: (False, by_id[row["message_id"]].words, by_id[row["message_id"]].over)
            for row in of_targets
            if row["target_id"] is not None
        }
        if fared:
            await write_fared(connection, fared)
        direct = await connection.fetch(_DIRECT, [new_id() for _ in ids], ids, words)
        over = [
            row["effect_id"] for row in direct if row["audience"] == Audience.CUSTOMER and by_id[row["effect_id"]].over
        ]
        if over:
            await _write_no_more(connection, database, over)
        return len(of_targets) + len(direct)

    return await database.run(write)


async def _write_no_more(connection: Any, database: Database, effect_ids: Sequence[UUID]) -> None:
    refused: set[int] = set()
    for row in await connection.fetch(_CUSTOMERS, effect_ids):
        try:
            address = database.vault.open("orders.customer_email", row["id"], row["customer_email"])
        except Misconfigured:
            continue
        if address:
            refused.add(database.vault.word(address.decode()))
    if refused:
        await write_refusals(connection, [(word, EVERY) for word in sorted(refused)], why="bounced")
