"""How many orders are where, and what they come to: exact at any size, in about a millisecond.

The database notes each move of orders as it commits (`engine.database.tables.tallies`); adding the notes up is an errand that may be
late or never run: a count is what was added up, and what was not yet. Both are read in one statement, hence in one snapshot.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from engine.identifiers import ShopId
from engine.words import OrderStatus, WorkflowState

if TYPE_CHECKING:
    from engine.database.connection import Database

LEASE: Final = "tallies"
FOLD_ROWS: Final = 20_000
"""The most notes that one transaction adds up."""
MINUTES_KEPT: Final = timedelta(days=15)
"""A fortnight of minutes, so that any day can be held against the same one of the week before."""

# Every note counts for where its orders came to and against where they came from.
_PLACES = """
SELECT shop_id, order_status, workflow_status, currency, orders, amount FROM order_counts
UNION ALL SELECT shop_id, to_status, to_state, to_currency, orders, to_amount FROM order_moves WHERE to_status IS NOT NULL
UNION ALL SELECT shop_id, from_status, from_state, from_currency, -orders, -from_amount FROM order_moves WHERE from_status IS NOT NULL
"""

_TALLIES = f"""
SELECT shop_id, order_status, workflow_status, sum(orders)::bigint AS orders FROM ({_PLACES}) places
GROUP BY shop_id, order_status, workflow_status HAVING sum(orders) <> 0 ORDER BY shop_id, order_status, workflow_status
"""  # noqa: S608

_SUMS = f"""
SELECT shop_id, order_status, workflow_status, currency, sum(orders)::bigint AS orders, sum(amount) AS amount FROM ({_PLACES}) places
GROUP BY shop_id, order_status, workflow_status, currency HAVING sum(orders) <> 0 OR sum(amount) <> 0
ORDER BY shop_id, order_status, workflow_status, currency
"""  # noqa: S608

_COUNTED = """
SELECT shop_id, order_status, workflow_status, currency, count(*) AS orders, sum(total_amount) AS amount FROM orders
GROUP BY shop_id, order_status, workflow_status, currency ORDER BY shop_id, order_status, workflow_status, currency
"""

# Two that fold at once take different notes, and come to the sums in one order. Index: order_moves_pkey.
_FOLD = """
WITH taken AS (
    DELETE FROM order_moves WHERE id IN (SELECT id FROM order_moves ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING *
), places AS (
    SELECT shop_id, to_status AS status, to_state AS state, to_currency AS currency, orders, to_amount AS amount FROM taken
    WHERE to_status IS NOT NULL
    UNION ALL SELECT shop_id, from_status, from_state, from_currency, -orders, -from_amount FROM taken WHERE from_status IS NOT NULL
), counted AS (
    INSERT INTO order_counts AS c (shop_id, order_status, workflow_status, currency, orders, amount)
    SELECT shop_id, status, state, currency, sum(orders), sum(amount) FROM places GROUP BY shop_id, status, state, currency
    HAVING sum(orders) <> 0 OR sum(amount) <> 0
    ORDER BY shop_id, status, state, currency
    ON CONFLICT (shop_id, order_status, workflow_status, currency)
    DO UPDATE SET orders = c.orders + excluded.orders, amount = c.amount + excluded.amount
), minutes AS (
    INSERT INTO order_minutes AS m (minute, shop_id, created, shipped, completed, failed, cancelled)
    SELECT date_trunc('minute', moved_at) AS minute, shop_id,
           coalesce(sum(orders) FILTER (WHERE from_status IS NULL), 0),
           coalesce(sum(orders) FILTER (WHERE to_state = 'shipped' AND from_state IS DISTINCT FROM to_state), 0),
           coalesce(sum(orders) FILTER (WHERE to_state = 'completed' AND from_state IS DISTINCT FROM to_state), 0),
           coalesce(sum(orders) FILTER (WHERE to_state = 'failed' AND from_state IS DISTINCT FROM to_state), 0),
           coalesce(sum(orders) FILTER (WHERE to_status = 'cancelled' AND from_status IS DISTINCT FROM to_status), 0)
    FROM taken WHERE to_status IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (minute, shop_id) DO UPDATE
    SET created = m.created + excluded.created, shipped = m.shipped + excluded.shipped,
        completed = m.completed + excluded.completed, failed = m.failed + excluded.failed,
        cancelled = m.cancelled + excluded.cancelled
)
SELECT count(*) FROM taken
"""

_FORGET = "DELETE FROM order_minutes WHERE minute < now() - $1::interval"

_RECOUNT = f"""
WITH noted AS (DELETE FROM order_moves), old AS (DELETE FROM order_counts)
SELECT shop_id, order_status, workflow_status, currency, orders, amount FROM ({_COUNTED}) counted
"""  # noqa: S608

_PUT = """
INSERT INTO order_counts (shop_id, order_status, workflow_status, currency, orders, amount)
SELECT d.shop_id, d.status::order_status_enum, d.state::workflow_status_enum, d.currency, d.orders, d.amount
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::numeric[])
  AS d(shop_id, status, state, currency, orders, amount)
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many orders of one shop stand in one place."""

    shop_id: ShopId
    status: OrderStatus
    state: WorkflowState
    orders: int


async def tallies(database: Database) -> list[Tally]:
    """Every place that holds orders."""
    return [_tally(record) for record in await database.pool.fetch(_TALLIES)]


async def orders_in(
    connection: Any,
    *,
    statuses: Collection[OrderStatus] = (),
    states: Collection[WorkflowState] = (),
    shops: Collection[ShopId] = (),
) -> int:
    """How many orders there are of these statuses, states and shops, each empty for all."""
    return sum(
        record["orders"]
        for record in await connection.fetch(_TALLIES)
        if (not statuses or record["order_status"] in statuses)
        and (not states or record["workflow_status"] in states)
        and (not shops or record["shop_id"] in shops)
    )


@dataclass(frozen=True, slots=True)
class Sum:
    """How many orders of one status and currency there are, and what they come to."""

    status: OrderStatus
    currency: str
    orders: int
    amount: Decimal


async def sums(
    connection: Any,
    *,
    statuses: Collection[OrderStatus] = (),
    states: Collection[WorkflowState] = (),
    shops: Collection[ShopId] = (),
) -> list[Sum]:
    """The orders of these statuses, states and shops, each empty for all, by status and currency."""
    return [
        Sum(OrderStatus(record["order_status"]), record["currency"], record["orders"], record["amount"])
        for record in await connection.fetch(_SUMS)
        if (not statuses or record["order_status"] in statuses)
        and (not states or record["workflow_status"] in states)
        and (not shops or record["shop_id"] in shops)
    ]


async def fold(database: Database, limit: int = FOLD_ROWS) -> int:
    """Add up to `limit` notes to the counts and the minutes; how many it were."""

    async def write(connection: Any) -> int:
        return int(await connection.fetchval(_FOLD, limit))

    return await database.run(write)


async def forget_minutes(database: Database) -> None:
    """Let go of the minutes that are older than `MINUTES_KEPT`."""
    await database.pool.execute(_FORGET, MINUTES_KEPT)


async def wrong_tallies(connection: Any) -> int:
    """In how many places the counters differ from the orders themselves; the caller's transaction is one snapshot."""
    told = {_place(record): (record["orders"], record["amount"]) for record in await connection.fetch(_SUMS)}
    counted = {_place(record): (record["orders"], record["amount"]) for record in await connection.fetch(_COUNTED)}
    return sum(told.get(place) != counted.get(place) for place in told.keys() | counted.keys())


async def recount(database: Database) -> None:
    """Count the orders anew, while they go on moving: what this snapshot does not see stays noted for later."""
    async with (
        database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read"),
    ):
        # Before the snapshot is taken: nobody folds meanwhile.
        await connection.execute("LOCK TABLE order_counts IN EXCLUSIVE MODE")
        records = await connection.fetch(_RECOUNT)
        await connection.execute(_PUT, *([record[place] for record in records] for place in range(6)))


def _place(record: Any) -> tuple[Any, str, str, str]:
    return record["shop_id"], record["order_status"], record["workflow_status"], record["currency"]


def _tally(record: Any) -> Tally:
    return Tally(
        ShopId(record["shop_id"]),
        OrderStatus(record["order_status"]),
        WorkflowState(record["workflow_status"]),
        record["orders"],
    )
