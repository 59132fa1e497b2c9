"""The trace rules leave on an order: which matched, at which event, and what each did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.identifiers import OrderId
from engine.orders.plain_text import plain

_RUNS = "SELECT rule, event, done, created_at FROM rule_runs WHERE order_id = $1 ORDER BY id"


@dataclass(frozen=True, slots=True)
class RunView:
    """One rule that matched once."""

    at: datetime
    rule: str
    event: str
    done: tuple[str, ...]


async def runs_of(connection: Any, order_id: OrderId) -> list[RunView]:
    """What rules did about the order, oldest first. Index: rule_runs_order_index."""
    return [
        RunView(row["created_at"], plain(row["rule"]), row["event"], tuple(plain(words) for words in row["done"]))
        for row in await connection.fetch(_RUNS, order_id)
    ]
