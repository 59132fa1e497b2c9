"""A part of a bulk change that breaks: which orders go on without the culprit, and what is said of the culprit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import asyncpg

from engine.errors import OrdersError
from engine.identifiers import OrderId
from engine.orders.views import ChangeOutcome
from engine.words import OrderStatus

if TYPE_CHECKING:
    from engine.database.connection import Database

_ORDERS = "SELECT id, order_number, order_status FROM orders WHERE id = ANY($1::uuid[])"

# What somebody else holds is there, but not free.
_HELD = """
WITH work_here AS (SELECT order_id AS id FROM work WHERE order_id = ANY($1::uuid[])),
     orders_here AS (SELECT id FROM orders WHERE id = ANY($1::uuid[])),
     work_free AS (SELECT order_id AS id FROM work WHERE order_id = ANY($1::uuid[]) FOR UPDATE SKIP LOCKED),
     orders_free AS (SELECT id FROM orders WHERE id = ANY($1::uuid[]) FOR NO KEY UPDATE SKIP LOCKED)
(SELECT id FROM work_here EXCEPT SELECT id FROM work_free) UNION (SELECT id FROM orders_here EXCEPT SELECT id FROM orders_free)
"""


async def without_culprit(database: Database, order_ids: Sequence[OrderId], error: Exception) -> list[OrderId]:
    """The orders to go on with: those that nobody else holds, or just one half. Empty when there is nothing left to divide.

    An error of ours is about what was asked, not about one of the orders.
    """
    if isinstance(error, OrdersError):
        return []
    if isinstance(error, asyncpg.LockNotAvailableError):
        return await database.run(lambda connection: _free(connection, order_ids))
    return list(order_ids[: len(order_ids) // 2])


async def _free(connection: Any, order_ids: Sequence[OrderId]) -> list[OrderId]:
    held = {row["id"] for row in await connection.fetch(_HELD, list(order_ids))}
    free = [order_id for order_id in order_ids if order_id not in held]
    return free if held else free[: len(free) // 2]


async def broken(connection: Any, order_ids: Sequence[OrderId], error: Exception) -> list[ChangeOutcome]:
    """The outcomes of orders whose change raised `error`; nothing about them was written."""
    rows = {row["id"]: row for row in await connection.fetch(_ORDERS, list(order_ids))}
    outcomes = []
    for order_id in order_ids:
        row = rows.get(order_id)
        number, status = (row["order_number"], OrderStatus(row["order_status"])) if row else ("", OrderStatus.PENDING)
        outcomes.append(ChangeOutcome(order_id, number, status, status, *_words(number, error)))
    return outcomes


def _words(number: str, error: Exception) -> tuple[str, str]:
    match error:
        case OrdersError():
            return error.code, error.sentence
        case asyncpg.LockNotAvailableError():
            return "order.busy", f"Order {number} is being changed by somebody else: try it again."
        case _:
            kind = type(error).__name__
            return "internal_error", f"Changing order {number} broke ({kind}); nothing of it changed."
