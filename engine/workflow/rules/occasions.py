"""What happened to orders outside a decision, left with their work for whoever decides about them next.

Where no enabled rule waits for the event nothing is written.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from engine.identifiers import OrderId
from engine.workflow.rules.events import RuleEvent

_LEAVE = """
UPDATE work k SET happened = k.happened || $2::text, ready = true
FROM orders o
WHERE k.order_id = ANY($1::uuid[]) AND o.id = k.order_id AND $2 <> ALL (k.happened)
  AND EXISTS (SELECT FROM rules r WHERE r.user_id = o.user_id AND r.event = $2 AND r.enabled AND r.error IS NULL)
"""


async def leave(connection: Any, order_ids: Collection[OrderId], event: RuleEvent) -> None:
    """Have this event put to the rules of these orders, whose work rows the caller holds."""
    if order_ids:
        await connection.execute(_LEAVE, list(order_ids), event)
