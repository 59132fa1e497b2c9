"""What fails outside for an order that is closed already: nothing can move it any more, so a person is told and may try again.

A cancelled order's label that the carrier does not take back, a cancellation that TikTok refuses: the order stays closed, the failure
joins the queue, and retrying it sends the effect again under its own key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.actors import SYSTEM, Actor
from engine.effects import ledger
from engine.identifiers import OrderId, new_id
from engine.orders.marking import mark
from engine.privacy.cipher import Vault
from engine.workflow.plan import Cause

if TYPE_CHECKING:
    from engine.database.connection import Database

_RECORD = """
INSERT INTO failures (id, order_id, workflow_id, failed_from, code, error_class, fingerprint, cause, evidence, what_to_do, attempts)
SELECT d.id, d.order_id, w.id, o.workflow_status, d.code, d.error_class, d.fingerprint, d.cause, d.evidence, d.what_to_do,
       1 + (SELECT count(*) FROM failures f WHERE f.order_id = d.order_id AND f.code = d.code)
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::text[])
  AS d(id, order_id, code, error_class, fingerprint, cause, evidence, what_to_do)
JOIN orders o ON o.id = d.order_id
CROSS JOIN LATERAL (SELECT id FROM order_workflows w WHERE w.order_id = o.id ORDER BY w.id DESC LIMIT 1) w
"""

_CLOSED = """
SELECT o.id FROM orders o
WHERE o.id = ANY($1::uuid[]) AND NOT EXISTS (SELECT FROM work k WHERE k.order_id = o.id)
  AND EXISTS (SELECT FROM failures f WHERE f.order_id = o.id AND f.resolved_at IS NULL)
ORDER BY o.id FOR NO KEY UPDATE OF o
"""

_RESOLVE = """
UPDATE failures SET resolved_at = now(), resolved_by = $2, resolution = 'retried'
WHERE order_id = ANY($1::uuid[]) AND resolved_at IS NULL
"""


async def record(connection: Any, vault: Vault, closed: Collection[OrderId], causes: Mapping[OrderId, Cause]) -> None:
    """Put what failed for these closed orders, which the caller has locked, in front of a person."""
    failing = [(order_id, cause) for order_id, cause in sorted(causes.items()) if order_id in closed]
    if not failing:
        return
    await mark(
        connection, vault, "effect.failed", SYSTEM, {order: {"code": cause.first.code} for order, cause in failing}
    )
    await connection.execute(
        _RECORD,
        [new_id() for _ in failing],
        [order_id for order_id, _ in failing],
        [cause.first.code for _, cause in failing],
        [cause.error_class for _, cause in failing],
        [cause.first.fingerprint for _, cause in failing],
        [cause.first.sentence for _, cause in failing],
        [cause.evidence for _, cause in failing],
        [cause.first.what_to_do for _, cause in failing],
    )


async def retry_closed(database: Database, order_ids: Sequence[OrderId], actor: Actor) -> set[OrderId]:
    """Send again what failed outside for those of these orders that are closed. Answers which."""

    async def write(connection: Any) -> set[OrderId]:
        found = [OrderId(row["id"]) for row in await connection.fetch(_CLOSED, list(order_ids))]
        if found:
            await ledger.rearm(connection, found)
            await connection.execute(_RESOLVE, found, actor.name)
            await mark(connection, database.vault, "effect.retried", actor, {order_id: {} for order_id in found})
        return set(found)

    return await database.run(write)
