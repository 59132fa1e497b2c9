"""What was sent to whom: notices with an address of their own and sends to targets, as one list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.database.connection import Database

# Index: effects_pkey and notice_sends_pkey, newest first.
_SENT = """
SELECT x.at, x.template, x.audience, x.channel, x.label, x.state, x.attempt, o.order_number, x.reference, x.error, x.settled_at
FROM (
    (SELECT e.id, e.created_at AS at, e.request ->> 'template' AS template, e.request ->> 'audience' AS audience, 'email' AS channel,
            '' AS label, e.order_id, e.attempt, e.provider_reference AS reference, e.error, e.settled_at,
            CASE WHEN e.provider_reference = 'skipped' THEN 'suppressed'
                 WHEN e.state = 'done' THEN 'sent' WHEN e.state IN ('failed', 'voided') THEN 'dead'
                 WHEN e.error IS NOT NULL THEN 'failed' ELSE 'queued' END AS state
     FROM effects e
     WHERE e.kind = 'notice' AND NOT EXISTS (SELECT FROM notice_sends s WHERE s.effect_id = e.id)
       AND ($2::text = '' OR $2 = CASE WHEN e.provider_reference = 'skipped' THEN 'suppressed'
            WHEN e.state = 'done' THEN 'sent' WHEN e.state IN ('failed', 'voided') THEN 'dead'
            WHEN e.error IS NOT NULL THEN 'failed' ELSE 'queued' END)
     ORDER BY e.id DESC LIMIT $1)
    UNION ALL
    (SELECT s.id, s.created_at, s.template, s.audience, s.channel, s.label, e.order_id, s.attempt, s.reference, s.error, s.settled_at,
            s.state
     FROM notice_sends s LEFT JOIN effects e ON e.id = s.effect_id
     WHERE $2::text = '' OR s.state = $2
     ORDER BY s.id DESC LIMIT $1)) x
LEFT JOIN orders o ON o.id = x.order_id
ORDER BY x.id DESC LIMIT $1
"""


@dataclass(frozen=True, slots=True)
class SentView:
    """One notice to one target; `label` is empty where it went to the address it has itself."""

    at: datetime
    template: str
    audience: str
    channel: str
    label: str
    state: str
    attempt: int
    order_number: str | None
    reference: str
    error: str | None
    settled_at: datetime | None


async def sent(database: Database, *, limit: int = 50, state: str = "") -> list[SentView]:
    """The newest notices, or the newest in one state."""
    return [SentView(**row) for row in await database.pool.fetch(_SENT, limit, state)]
