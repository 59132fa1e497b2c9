"""What was tried for an order before it came to a person: each try outside that went wrong, and each earlier failure with its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.identifiers import OrderId
from engine.orders.effect_words import WANTED
from engine.orders.plain_text import plain
from engine.orders.views import Tried
from engine.words import EffectKind, EffectState

# Index: effects_order_index, effect_tries_effect_index.
_TRIES = """
SELECT e.order_id, e.kind, t.attempt, t.state, t.error, t.created_at
FROM effects e JOIN effect_tries t ON t.effect_id = e.id
WHERE e.order_id = ANY($1::uuid[]) AND e.kind <> 'notice' ORDER BY t.id
"""

# Index: failures_order_index.
_EARLIER = """
SELECT order_id, cause, created_at, resolved_at, resolved_by, resolution
FROM failures WHERE order_id = ANY($1::uuid[]) AND resolved_at IS NOT NULL ORDER BY created_at, id
"""

_ENDED = {
    EffectState.INTENT: "it did not happen",
    EffectState.AMBIGUOUS: "it may have happened",
    EffectState.FAILED: "given up",
}


async def tried(connection: Any, order_ids: Sequence[OrderId]) -> dict[OrderId, tuple[Tried, ...]]:
    """Everything that was tried for these orders, oldest first; an order nothing was tried for is absent."""
    found: dict[OrderId, list[Tried]] = {}
    for row in await connection.fetch(_TRIES, list(order_ids)):
        found.setdefault(OrderId(row["order_id"]), []).append(_try(row))
    for row in await connection.fetch(_EARLIER, list(order_ids)):
        by = f" by {plain(row['resolved_by'])}" if row["resolved_by"] else ""
        outcome = f"{plain(row['resolution'])}{by} at {row['resolved_at']:%Y-%m-%d %H:%M} UTC"
        earlier = Tried(row["created_at"], f"Failed: {plain(row['cause'])}", outcome)
        found.setdefault(OrderId(row["order_id"]), []).append(earlier)
    return {order_id: tuple(sorted(tries, key=lambda each: each.at)) for order_id, tries in found.items()}


def _try(row: Any) -> Tried:
    ended = _ENDED.get(EffectState(row["state"]), row["state"])
    words = plain(row["error"])
    what = f"{WANTED[EffectKind(row['kind'])]}, try {row['attempt']}"
    return Tried(row["created_at"], what, f"{ended}: {words}" if words else ended)
