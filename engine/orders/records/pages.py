"""Lists of records: after or before a key, or so many rows from the beginning.

Rows are counted off along the index of the sort, from whichever end is nearer, and no further than `DEEPEST`: beyond it a list is gone
through by key.
"""

from __future__ import annotations

from typing import Any, Final

from engine.errors import Refused
from engine.identifiers import OrderId
from engine.orders.narrowing import narrowed
from engine.orders.predicate import beyond, found, in_order
from engine.orders.records.reading import NOTES, RECORD_COLUMNS, to_record
from engine.orders.records.values import RecordPage
from engine.orders.views import OrderFilter, OrderKey
from engine.privacy.cipher import Vault

DEEPEST: Final = 100_000
"""So many rows may be counted off."""


async def page_beside(
    connection: Any,
    vault: Vault,
    order_filter: OrderFilter,
    *,
    limit: int,
    after: OrderKey | None = None,
    before: OrderKey | None = None,
) -> RecordPage:
    """Up to `limit` orders right after or right before a key, in sort order; the first ones without a key."""
    assert after is None or before is None, "a page lies on one side of one key"
    forwards = before is None
    wanted, _ = await narrowed(connection, vault, order_filter, in_order=True)
    if (key := after or before) is not None:
        beyond(wanted, order_filter, key, forwards=forwards)
    rows = await _fetch(connection, wanted, order_filter, forwards=forwards, offset=0, limit=limit + 1)
    more = len(rows) > limit
    if more:
        rows = rows[:limit] if forwards else rows[1:]
    return _page(
        rows, vault, more_before=after is not None if forwards else more, more_after=more if forwards else True
    )


async def page_at(
    connection: Any, vault: Vault, order_filter: OrderFilter, *, offset: int, limit: int, total: int
) -> RecordPage:
    """The orders from the row `offset` on, of `total` that match. Raises Refused for one too far from either end."""
    remaining = total - offset
    if remaining <= 0:
        return RecordPage([], None, None, more_before=total > 0, more_after=False)
    wanted, _ = await narrowed(connection, vault, order_filter, in_order=True)
    size = min(limit, remaining)
    forwards = offset <= remaining - size
    passed = offset if forwards else remaining - size
    if passed > DEEPEST:
        raise Refused(
            "page.too_deep", f"Pages are counted up to {DEEPEST:,} orders from either end: go on by cursor from there."
        )
    rows = await _fetch(connection, wanted, order_filter, forwards=forwards, offset=passed, limit=size)
    return _page(rows, vault, more_before=offset > 0, more_after=offset + len(rows) < total)


async def _fetch(
    connection: Any, wanted: Any, order_filter: OrderFilter, *, forwards: bool, offset: int, limit: int
) -> list[Any]:
    # Picked apart (MATERIALIZED): the rows that are passed over are seen in the index alone. How many is an argument, so that one
    # prepared statement does for every page.
    passed = wanted.bind(offset, "bigint")
    rows: list[Any] = await connection.fetch(
        f"""
        WITH picked AS MATERIALIZED (
            SELECT id, sort_value FROM {found(wanted, order_filter)}
             ORDER BY {in_order(order_filter, forwards=forwards)} OFFSET {passed} LIMIT {limit:d}
        )
        SELECT {RECORD_COLUMNS}, picked.sort_value FROM picked JOIN orders o ON o.id = picked.id {NOTES}
         ORDER BY picked.sort_value {_direction(order_filter)}, picked.id {_direction(order_filter)}
        """,  # noqa: S608
        *wanted.arguments,
    )
    return rows


def _direction(order_filter: OrderFilter) -> str:
    return "ASC" if order_filter.ascending else "DESC"


def _page(rows: list[Any], vault: Vault, *, more_before: bool, more_after: bool) -> RecordPage:
    keys = [OrderKey(row["sort_value"], OrderId(row["id"])) for row in (rows[:1] + rows[-1:])]
    return RecordPage(
        [to_record(row, vault) for row in rows],
        keys[0] if keys else None,
        keys[-1] if keys else None,
        more_before=more_before,
        more_after=more_after,
    )
