"""The failed queue, written: what fails joins it with its cause, what is retried or cancelled leaves it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.effects.kinds import Retries
from engine.identifiers import LocationId, OrderId, UserId, new_id
from engine.orders.problems import Problem
from engine.orders.views import ChangeOutcome
from engine.words import ErrorClass
from engine.workflow.mends import mend_for
from engine.workflow.plan import Cause, OrderPlan

if TYPE_CHECKING:
    from engine.database.connection import Database

logger = logging.getLogger(__name__)

_RESOLVE = """
UPDATE failures f SET resolved_at = now(), resolved_by = d.actor, resolution = d.resolution
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS d(order_id, actor, resolution)
WHERE f.order_id = d.order_id AND f.resolved_at IS NULL
"""

_INSERT = """
INSERT INTO failures (id, order_id, workflow_id, failed_from, code, error_class, fingerprint, cause, evidence, what_to_do, attempts,
                      retry_at)
SELECT d.id, d.order_id, d.workflow_id, d.failed_from::workflow_status_enum, d.code, d.error_class, d.fingerprint, d.cause, d.evidence,
       d.what_to_do, t.number,
       CASE WHEN d.error_class = 'integration' AND t.number <= $11 THEN now() + make_interval(secs => $12 * $13 ^ (t.number - 1)) END
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::jsonb[], $10::text[])
  AS d(id, order_id, workflow_id, failed_from, code, error_class, fingerprint, cause, evidence, what_to_do)
CROSS JOIN LATERAL (
    SELECT 1 + count(*) AS number FROM failures f WHERE f.order_id = d.order_id AND f.code = d.code) t
RETURNING order_id, retry_at
"""

INTEGRATION_RETRIES = Retries(max_attempts=4, base_delay_seconds=300.0, max_delay_seconds=8100.0, multiplier=3.0)
"""An order that the other side kept failing comes back by itself after 5, 15, 45 and 135 minutes; then it is a person's alone."""

# Products of the same creator whose SKU begins alike, in stock where the order ships from.
_ALTERNATIVES = """
SELECT w.sku, string_agg(p.sku || ' (' || p.available || ')', ', ' ORDER BY p.available DESC, p.sku) AS offer
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS w(user_id, location_id, sku)
JOIN LATERAL (
    SELECT p.sku, l.on_hand - l.reserved - l.held AS available
    FROM products p JOIN stock_levels l ON l.product_id = p.id AND l.location_id = w.location_id
    WHERE p.user_id = w.user_id AND p.sku <> w.sku AND split_part(p.sku, '-', 1) = split_part(w.sku, '-', 1)
      AND l.on_hand - l.reserved - l.held > 0
    ORDER BY available DESC, p.sku LIMIT 3) p ON true
GROUP BY w.sku
"""


def cause_of_outcome(code: str, sentence: str, about: str, evidence: dict[str, str]) -> Cause:
    """The cause an outside failure means, with the mend the catalogue has for its code."""
    mend = mend_for(code)
    return Cause((Problem(code, about, sentence, mend.what_to_do),), mend.error_class, evidence)


async def write_failures(connection: Any, plans: Sequence[OrderPlan]) -> None:
    """Resolve what is retried or cancelled, then record what fails."""
    ending = [(plan, plan.resolve_failure or "failed again") for plan in plans if plan.resolve_failure or plan.fail]
    if ending:
        await connection.execute(
            _RESOLVE,
            [plan.order.order_id for plan, _ in ending],
            [plan.actor.name for plan, _ in ending],
            [resolution for _, resolution in ending],
        )
    failing = [(plan, plan.cause) for plan in plans if plan.fail and plan.cause is not None]
    if not failing:
        return
    await _add_alternatives(connection, failing)
    rows = await connection.fetch(
        _INSERT,
        [new_id() for _ in failing],
        [plan.order.order_id for plan, _ in failing],
        [plan.order.workflow_id for plan, _ in failing],
        [plan.order.failed_from for plan, _ in failing],
        [cause.first.code for _, cause in failing],
        [cause.error_class for _, cause in failing],
        [cause.first.fingerprint for _, cause in failing],
        [cause.first.sentence for _, cause in failing],
        [cause.evidence for _, cause in failing],
        [cause.first.what_to_do for _, cause in failing],
        INTEGRATION_RETRIES.max_attempts,
        INTEGRATION_RETRIES.base_delay_seconds,
        INTEGRATION_RETRIES.multiplier,
    )
    comes_back = {row["order_id"]: row["retry_at"] for row in rows if row["retry_at"] is not None}
    for plan, cause in failing:
        if (retry_at := comes_back.get(plan.order.order_id)) is not None:
            plan.due_at, plan.waiting_for = retry_at, "retry"
        if cause.error_class is ErrorClass.SYSTEM:
            told = {"order_id": str(plan.order.order_id), "code": cause.first.code}
            logger.error("an order failed for a cause of the system's own", extra=told)


async def _add_alternatives(connection: Any, failing: Sequence[tuple[OrderPlan, Cause]]) -> None:
    wanted: set[tuple[UserId, LocationId, str]] = set()
    for plan, cause in failing:
        if plan.alternatives:
            places = {part.sku: item.location_id for item in plan.order.items for part in item.parts}
            wanted.update(
                (plan.order.user_id, places.get(problem.about, plan.order.location_id), problem.about)
                for problem in cause.problems
            )
    if not wanted:
        return
    users, locations, skus = (list(column) for column in zip(*sorted(wanted), strict=True))
    offers = {row["sku"]: row["offer"] for row in await connection.fetch(_ALTERNATIVES, users, locations, skus)}
    for plan, cause in failing:
        for problem in cause.problems:
            if plan.alternatives and problem.about in offers:
                cause.evidence[f"instead of {problem.about}"] = offers[problem.about]


async def retry(
    database: Database, order_ids: Sequence[OrderId], *, actor: Actor, reason: str = ""
) -> list[ChangeOutcome]:
    """Send failed orders on from the state they failed in, with a fresh budget for what had failed outside.

    For a closed order only what failed outside is sent again; it stays closed.
    """
    from engine.orders.status import fire
    from engine.workflow.advance import Push
    from engine.workflow.afterwards import retry_closed

    closed = await retry_closed(database, order_ids, actor)
    push = Push("resume", actor, reason or "retried")
    outcomes = await fire(database, dict.fromkeys(order_ids, push))
    return [replace(each, code="", sentence="") if each.order_id in closed else each for each in outcomes]
