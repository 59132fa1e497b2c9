"""How fast orders move through the workflow: steps into each state in the last minute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from engine.words import WorkflowState

if TYPE_CHECKING:
    from engine.database.connection import Database

SAMPLED_STEPS: Final = 5000
"""The newest so many steps are looked at; when they did not take a minute, they are scaled to one."""

# Index: order_workflow_steps_pkey backwards (its keys ascend with time).
_RATES = f"""
WITH newest AS (
    SELECT to_state, created_at FROM (
        SELECT to_state, created_at FROM order_workflow_steps ORDER BY id DESC LIMIT {SAMPLED_STEPS}) sampled
    WHERE created_at > $1::timestamptz - interval '1 minute'
), scale AS (
    SELECT CASE WHEN count(*) < {SAMPLED_STEPS} THEN 1.0
                ELSE 60 / greatest(1, extract(epoch FROM $1::timestamptz - min(created_at))) END AS factor FROM newest
)
SELECT to_state, round(count(*) * (SELECT factor FROM scale))::bigint AS orders FROM newest GROUP BY to_state
"""  # noqa: S608


async def steps_a_minute(database: Database, now: datetime) -> Mapping[WorkflowState, int]:
    """How many orders came into each state in the last minute; states that none came into are 0."""
    found = {WorkflowState(record["to_state"]): record["orders"] for record in await database.pool.fetch(_RATES, now)}
    return {state: found.get(state, 0) for state in WorkflowState}
