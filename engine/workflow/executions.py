"""Executions of workflows, as people handle them once they run: pause one, let it go on, end it, skip a step of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.database.locks import lock_work
from engine.errors import Refused
from engine.identifiers import OrderId
from engine.orders.status import fire, fire_part
from engine.orders.views import ChangeOutcome
from engine.words import EffectKind
from engine.workflow.advance import Push
from engine.workflow.failures import cause_of_outcome
from engine.workflow.skipping import Failing

if TYPE_CHECKING:
    from engine.database.connection import Database

# What failed outside while the order was paused: whoever lets it go on has to meet it.
_FAILED_MEANWHILE = """
SELECT DISTINCT ON (e.order_id) e.order_id, e.key, e.error_code, e.error
FROM effects e
WHERE e.order_id = ANY($1::uuid[]) AND e.state = 'failed' AND e.kind <> 'notice' AND e.error_code IS DISTINCT FROM 'passed_over'
  AND e.settled_at >= (SELECT max(s.created_at) FROM order_workflow_steps s WHERE s.order_id = e.order_id AND s.trigger = 'pause')
ORDER BY e.order_id, e.sequence
"""

_FAILED_ON = """
SELECT f.order_id, f.evidence ->> 'action' AS action, f.what_to_do, e.kind
FROM failures f LEFT JOIN effects e ON e.key = f.evidence ->> 'effect'
WHERE f.order_id = ANY($1::uuid[]) AND f.resolved_at IS NULL
"""


async def pause(
    database: Database, order_ids: Sequence[OrderId], *, actor: Actor, reason: str = ""
) -> list[ChangeOutcome]:
    """Stop these orders where they are until they are resumed: nothing moves and nothing more is sent."""
    return await fire(database, dict.fromkeys(order_ids, Push("pause", actor, reason, by_person=True)))


async def resume_paused(
    database: Database, order_ids: Sequence[OrderId], *, actor: Actor, reason: str = ""
) -> list[ChangeOutcome]:
    """Let paused orders go on where they were. What failed outside meanwhile is put in front of a person."""

    async def write(connection: Any) -> list[ChangeOutcome]:
        await lock_work(connection, order_ids)
        failed = {row["order_id"]: row for row in await connection.fetch(_FAILED_MEANWHILE, list(order_ids))}
        pushes = {
            order_id: Push("unpause", actor, reason, by_person=True, then=_failure(failed.get(order_id)))
            for order_id in order_ids
        }
        return await fire_part(connection, database.vault, order_ids, pushes)

    return await database.run(write)


async def cancel_execution(
    database: Database, order_ids: Sequence[OrderId], *, actor: Actor, reason: str = ""
) -> list[ChangeOutcome]:
    """End these executions: the orders are worked no more until a workflow is triggered again, though the sale stands.

    Stock goes back, labels are voided, and what has not left yet stays. Refused once a parcel has left the house.
    """
    return await fire(database, dict.fromkeys(order_ids, Push("stop", actor, reason, by_person=True)))


async def skip(database: Database, order_ids: Sequence[OrderId], *, reason: str, actor: Actor) -> list[ChangeOutcome]:
    """Pass over the step these orders failed on or wait for, where their workflow allows it; the refused ones say why."""
    if not reason.strip():
        raise Refused("workflow.reason_missing", "Say why the step is skipped: history keeps the reason.")

    async def write(connection: Any) -> list[ChangeOutcome]:
        await lock_work(connection, order_ids)
        failed = {
            row["order_id"]: Failing(EffectKind(row["kind"]) if row["kind"] else None, row["action"], row["what_to_do"])
            for row in await connection.fetch(_FAILED_ON, list(order_ids))
        }
        pushes = {
            order_id: Push("skip", actor, reason, by_person=True, skip=failed.get(order_id, Failing()))
            for order_id in order_ids
        }
        return await fire_part(connection, database.vault, order_ids, pushes)

    return await database.run(write)


def _failure(row: Any) -> Push | None:
    if row is None:
        return None
    code = row["error_code"] or "attempts_exhausted"
    sentence = row["error"] or "What had to be done outside failed while the order was paused."
    cause = cause_of_outcome(code, sentence, "", {"effect": row["key"]})
    return Push("fail", cause=cause)
