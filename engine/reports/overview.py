"""The numbers at a glance: how big each pile is, and the pulse in the header."""

from __future__ import annotations

import asyncio

from engine.database.connection import Database
from engine.orders.piles import IN_WORK, RULES, UNSHIPPED
from engine.orders.views import Pile, PileCount, Pulse

_TIMED = {pile: rule for pile, rule in RULES.items() if rule.time}
_OTHERS = {pile: rule for pile, rule in RULES.items() if not rule.time}

# Purpose: Triage, in two questions asked at the same time. The piles told by a deadline alone are counted in one walk over the open
# orders, each other one by an index of its own. Indexes: orders_due_index, work_pkey, orders_cancel_requested_index, holds_active_key,
# failures_open_index.
_PRESSING = f"""
SELECT {
    ", ".join(
        f"count(*) FILTER (WHERE {rule.time}) AS {pile}, min({rule.deadline}) FILTER (WHERE {rule.time}) AS {pile}_at"
        for pile, rule in _TIMED.items()
    )
} FROM orders o WHERE {UNSHIPPED} AND {IN_WORK} AND ({" OR ".join(rule.time for rule in _TIMED.values())})
"""  # noqa: S608
_STANDING = " UNION ALL ".join(
    f"SELECT '{pile}' AS pile, count(*) AS orders, min({rule.deadline}) AS nearest FROM orders o WHERE {rule.condition}"  # noqa: S608
    for pile, rule in _OTHERS.items()
)

_SAMPLED_STEPS = 20_000

# Purpose: the header. The minute's throughput is read from the newest steps (their keys ascend with time); when so many
# did not take a whole minute, it is scaled to one. Indexes: work_pkey, failures_open_index, holds_active_key,
# effects_open_index, order_workflow_steps_pkey.
_PULSE = f"""
SELECT (SELECT count(*) FROM work) AS open_orders,
       (SELECT count(DISTINCT order_id) FROM failures WHERE resolved_at IS NULL) AS failed,
       (SELECT count(DISTINCT order_id) FROM holds WHERE released_at IS NULL) AS held,
       (SELECT count(*) FROM effects
         WHERE state IN ('intent', 'sent', 'ambiguous') AND head AND due_at <= now()) AS due_effects,
       (SELECT CASE WHEN count(*) < {_SAMPLED_STEPS} THEN count(*) FILTER (WHERE completed)
                    ELSE round(count(*) FILTER (WHERE completed)
                               * 60 / greatest(1, extract(epoch FROM now() - min(created_at)))) END::bigint
          FROM (SELECT created_at, to_state = 'completed' AS completed FROM order_workflow_steps
                 ORDER BY id DESC LIMIT {_SAMPLED_STEPS}) newest
         WHERE created_at > now() - interval '1 minute') AS completed_last_minute,
       EXISTS (SELECT FROM daemons
                WHERE stopped_at IS NULL AND beat_at > now() - interval '6 seconds') AS daemon_alive,
       ARRAY(SELECT dependency FROM gates WHERE opened_until > now() ORDER BY dependency) AS open_gates,
       (SELECT count(*) FROM alerts WHERE state = 'firing') AS alerts
"""  # noqa: S608


async def piles(database: Database) -> list[PileCount]:
    """Every pile in Triage's order, empty ones too."""
    pressing, standing = await asyncio.gather(database.pool.fetchrow(_PRESSING), database.pool.fetch(_STANDING))
    found = {pile: PileCount(pile, pressing[pile.value], pressing[f"{pile}_at"]) for pile in _TIMED}
    for record in standing:
        pile = Pile(record["pile"])
        found[pile] = PileCount(pile, record["orders"], record["nearest"])
    return [found[pile] for pile in Pile]


async def pulse(database: Database) -> Pulse:
    """The header's few numbers, in one round trip."""
    record = await database.pool.fetchrow(_PULSE)
    return Pulse(
        open_orders=record["open_orders"],
        failed=record["failed"],
        held=record["held"],
        due_effects=record["due_effects"],
        completed_last_minute=record["completed_last_minute"],
        daemon_alive=record["daemon_alive"],
        open_gates=tuple(record["open_gates"]),
        alerts=record["alerts"],
    )
