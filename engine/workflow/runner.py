"""The batch runner: claims work that is due and advances it, one transaction per batch.

A batch that breaks is rolled back, halved and tried again, so that a poison order ends alone in front of a person and its neighbours
never notice.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.database.locks import lock_work
from engine.database.loss import is_lost
from engine.errors import Misconfigured
from engine.identifiers import OrderId
from engine.orders.holds import release_ended
from engine.privacy.cipher import Vault
from engine.workflow.advance import Push, advance
from engine.workflow.failures import cause_of_outcome

if TYPE_CHECKING:
    from engine.database.connection import Database

logger = logging.getLogger(__name__)

# Index: work_ready_index. Never waits for another daemon's batch.
_CLAIM = """
SELECT order_id FROM work WHERE ready ORDER BY priority DESC, ship_by, order_id LIMIT $1 FOR UPDATE SKIP LOCKED
"""

_WAKE_DUE = """
UPDATE work SET ready = true WHERE order_id IN (
    SELECT order_id FROM work WHERE NOT ready AND due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
"""


async def run_batch(database: Database, limit: int) -> int:
    """Claim and advance up to `limit` orders. Answers how many; fewer than `limit` means that nothing more is due."""
    claimed: list[OrderId] = []

    async def whole(connection: Any) -> None:
        claimed[:] = [OrderId(row["order_id"]) for row in await connection.fetch(_CLAIM, limit)]
        if claimed:
            await advance(connection, database.vault, claimed)

    try:
        await database.run(whole)
    except Misconfigured:
        raise
    except Exception as error:
        if not claimed or is_lost(error):
            raise  # a database that went away is no order's fault
        await _divide(database, claimed)
    return len(claimed)


async def wake_due(database: Database, limit: int = 1000) -> None:
    """Make parked orders ready whose time has come, and release holds that end by themselves."""
    await release_ended(database, limit)
    await database.run(lambda connection: connection.execute(_WAKE_DUE, limit))


async def _divide(database: Database, order_ids: Sequence[OrderId]) -> None:
    """Advance each half on its own; an order that breaks alone goes to the failed queue."""
    if len(order_ids) == 1:
        await _set_aside(database, order_ids[0])
        return
    middle = len(order_ids) // 2
    for half in (order_ids[:middle], order_ids[middle:]):
        try:
            await database.run(functools.partial(_advance_locked, vault=database.vault, order_ids=half))
        except Exception as error:
            if is_lost(error):
                raise
            logger.warning("a batch broke and is divided", exc_info=True, extra={"orders": len(half)})
            await _divide(database, half)


async def _advance_locked(connection: Any, vault: Vault, order_ids: Sequence[OrderId]) -> None:
    await lock_work(connection, order_ids)
    await advance(connection, vault, order_ids)


async def _set_aside(database: Database, order_id: OrderId) -> None:
    """Try the culprit once more alone; if it breaks again, put it in front of a person with what broke it."""
    try:
        await database.run(functools.partial(_advance_locked, vault=database.vault, order_ids=[order_id]))
    except Exception as error:
        if is_lost(error):
            raise
        logger.exception("an order cannot be decided", extra={"order_id": str(order_id)})
        kind = type(error).__name__
        push = Push(
            "fail",
            reason="internal_error",
            cause=cause_of_outcome("internal_error", f"Deciding this order broke ({kind}).", kind, {"error": kind}),
        )

        async def fail(connection: Any) -> None:
            await lock_work(connection, [order_id])
            await advance(connection, database.vault, [order_id], {order_id: push})

        try:
            await database.run(fail)
        except Exception as fails:
            if is_lost(fails):
                raise
            logger.exception("an order cannot even fail; it is parked", extra={"order_id": str(order_id)})
            await database.pool.execute(
                "UPDATE work SET ready = false, waiting_for = 'person', due_at = now() + interval '10 minutes' "
                "WHERE order_id = $1",
                order_id,
            )
