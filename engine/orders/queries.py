"""Lists of orders: windows of rows by keyset, counts, anchors for a scrollbar, refreshes of what is on screen.

A page is never found by offset: it is picked from an index after (or before) a key, and only its own rows are looked
up further. All of it runs on asyncpg, whose queries the next keystroke can cancel without losing their connection.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.orders import search
from engine.orders.narrowing import narrowed, shops_named
from engine.orders.predicate import SORT_KEYS, beyond, found, in_order, is_tallied, order_by
from engine.orders.rows import ROW_COLUMNS, ROW_JOINS, to_row
from engine.orders.views import Count, OrderFilter, OrderKey, OrderPage, OrderRow, OrderSort
from engine.reports.tallies import orders_in

NEWER_CAP = 1000


async def page(
    database: Database,
    order_filter: OrderFilter,
    *,
    after: OrderKey | None = None,
    before: OrderKey | None = None,
    limit: int,
) -> OrderPage:
    """Up to `limit` rows right after or right before a key, in sort order; the first ones when there is no key."""
    assert after is None or before is None, "a page lies on one side of one key"
    forwards = before is None
    async with database.pool.acquire() as connection:
        wanted, _ = await narrowed(connection, database.vault, order_filter, in_order=True)
        if (key := after or before) is not None:
            beyond(wanted, order_filter, key, forwards=forwards)
        # Picking is kept apart (MATERIALIZED): the planner walks the sort's index first and looks up these rows only.
        records = await connection.fetch(
            f"""
            WITH picked AS MATERIALIZED (
                SELECT id, sort_value FROM {found(wanted, order_filter)}
                 ORDER BY {in_order(order_filter, forwards=forwards)} LIMIT {limit + 1:d}
            )
            SELECT {ROW_COLUMNS} FROM picked {ROW_JOINS} ORDER BY {order_by(order_filter)}
            """,  # noqa: S608
            *wanted.arguments,
        )
    more = len(records) > limit
    if more:
        records = records[:limit] if forwards else records[1:]
    return OrderPage(
        rows=tuple(to_row(record, database.vault) for record in records),
        more_before=after is not None if forwards else more,
        more_after=more if forwards else True,
    )


async def rows(
    database: Database, order_ids: Sequence[OrderId], *, sort: OrderSort = OrderSort.ORDER_DATE
) -> list[OrderRow]:
    """The present rows of these orders, in the given order, keyed by `sort`; ids that are gone are left out."""
    records = await database.pool.fetch(
        f"""
        WITH picked AS MATERIALIZED (
            SELECT o.id, {SORT_KEYS[sort].expression} AS sort_value, asked.place
              FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (id, place) JOIN orders o ON o.id = asked.id
        )
        SELECT {ROW_COLUMNS} FROM picked {ROW_JOINS} ORDER BY picked.place
        """,  # noqa: S608
        order_ids,
    )
    return [to_row(record, database.vault) for record in records]


async def versions(database: Database, order_ids: Sequence[OrderId]) -> dict[OrderId, int]:
    """The present version of each of these orders; ids that are gone are left out."""
    records = await database.pool.fetch("SELECT id, version FROM orders WHERE id = ANY($1::uuid[])", order_ids)
    return {OrderId(record["id"]): record["version"] for record in records}


async def count(database: Database, order_filter: OrderFilter, *, cap: int | None) -> Count:
    """How many match: read from the counters where these can tell, else counted, up to `cap` or all when None.

    A broad search below the cap is "at least", too.
    """
    async with database.pool.acquire() as connection:
        if is_tallied(order_filter):
            shops = await shops_named(connection, order_filter)
            tallied = orders_in(
                connection, statuses=order_filter.statuses, states=order_filter.workflow_states, shops=shops
            )
            return Count(await tallied, exact=True)
        bound = None if cap is None else cap + 1
        wanted, whole = await narrowed(connection, database.vault, order_filter, in_order=False, bound=bound)
        limit = "" if bound is None else f"LIMIT {bound:d}"
        number = await connection.fetchval(
            f"SELECT count(*) FROM (SELECT FROM orders o WHERE {wanted.where()} {limit}) matching",  # noqa: S608
            *wanted.arguments,
        )
    return Count(number, exact=whole) if cap is None or number <= cap else Count(cap, exact=False)


async def anchors(database: Database, order_filter: OrderFilter, *, every: int) -> list[OrderKey]:
    """The keys of rows 0, `every`, 2·`every` … of the whole set, in sort order."""
    async with database.pool.acquire() as connection:
        wanted, _ = await narrowed(connection, database.vault, order_filter, in_order=False)
        records = await connection.fetch(
            f"""
            SELECT sort_value, id FROM (
                SELECT id, sort_value, row_number() OVER (ORDER BY {in_order(order_filter)}) AS place
                  FROM {found(wanted, order_filter)}
            ) numbered WHERE (place - 1) % {every:d} = 0 ORDER BY place
            """,  # noqa: S608
            *wanted.arguments,
        )
    return [OrderKey(record["sort_value"], OrderId(record["id"])) for record in records]


async def newer_than(database: Database, order_filter: OrderFilter, key: OrderKey) -> int:
    """How many matching rows sort before `key`; counting stops at `NEWER_CAP`."""
    async with database.pool.acquire() as connection:
        wanted, _ = await narrowed(connection, database.vault, order_filter, in_order=True)
        beyond(wanted, order_filter, key, forwards=False)
        number: int = await connection.fetchval(
            f"SELECT count(*) FROM (SELECT FROM orders o WHERE {wanted.where()} LIMIT {NEWER_CAP}) newer",  # noqa: S608
            *wanted.arguments,
        )
    return number


async def ids_matching(database: Database, order_filter: OrderFilter, *, limit: int) -> list[OrderId]:
    """The ids of up to `limit` matching orders, in sort order."""
    async with database.pool.acquire() as connection:
        wanted, _ = await narrowed(connection, database.vault, order_filter, in_order=False)
        records = await connection.fetch(
            f"SELECT id FROM {found(wanted, order_filter)} ORDER BY {in_order(order_filter)} LIMIT {limit:d}",  # noqa: S608
            *wanted.arguments,
        )
    return [OrderId(record["id"]) for record in records]


async def ids_in_pages(database: Database, order_filter: OrderFilter, *, size: int) -> AsyncIterator[list[OrderId]]:
    """The ids of all matching orders, in sort order, `size` at a time by keyset: nothing is held between two pages."""
    key: OrderKey | None = None
    while True:
        async with database.pool.acquire() as connection:
            wanted, _ = await narrowed(connection, database.vault, order_filter, in_order=True)
            if key is not None:
                beyond(wanted, order_filter, key, forwards=True)
            records = await connection.fetch(
                f"SELECT id, sort_value FROM {found(wanted, order_filter)} ORDER BY {in_order(order_filter)} LIMIT {size:d}",  # noqa: S608
                *wanted.arguments,
            )
        if records:
            yield [OrderId(record["id"]) for record in records]
            key = OrderKey(records[-1]["sort_value"], OrderId(records[-1]["id"]))
        if len(records) < size:
            return


async def find(database: Database, text: str) -> OrderId | None:
    """The order that a scan or a pasted id names exactly, if there is one."""
    async with database.pool.acquire() as connection:
        return await search.find(connection, text)


async def find_many(database: Database, texts: Sequence[str]) -> dict[str, OrderId]:
    """The orders that these texts name by their order number or our id; whatever names none so is left out."""
    records = await database.pool.fetch(
        """
        SELECT o.tiktok_order_id AS text, o.id FROM orders o WHERE o.tiktok_order_id = ANY($1::text[])
        UNION ALL SELECT o.id::text, o.id FROM orders o WHERE o.id = ANY($2::uuid[])
        """,
        list(texts),
        [found for text in texts if (found := search.as_uuid(text)) is not None],
    )
    return {record["text"]: OrderId(record["id"]) for record in records}
