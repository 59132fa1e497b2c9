"""Orders by the hundred thousand: copies of orders that the engine itself worked, with keys and times of their own.

Set-based: one INSERT … SELECT a table, every copy of every template. A copy's ids keep the last ten bytes of its template's and begin
with the copy's own, earlier time, so that they sort as real ones do. Foreign keys are not checked meanwhile: a copy refers as its
template does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from engine.database.connection import Database


@dataclass(frozen=True, slots=True)
class Ages:
    """How old copies are: `newest` would be as old as its template, each before it is `apart` older, less than `spread_seconds` apart."""

    apart: str = "7 minutes"
    newest: int = 100_000
    spread_seconds: int = 1


@dataclass(frozen=True, slots=True)
class Own:
    """What a table's copies have of their own: expressions over `t`, `c` and what is `joined`."""

    columns: Mapping[str, str]
    joined: str = ""


@dataclass(frozen=True, slots=True)
class _Table:
    """A table whose rows belong to orders: which rows, and which of their columns a copy has of its own."""

    name: str
    condition: str
    ids: tuple[str, ...]
    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    replaced: tuple[tuple[str, str], ...] = ()


_OLD = Ages()
_NOTHING: Mapping[str, Own] = {}
_LIKE_ITS_TEMPLATE = Own({})

_CHOSEN = "(SELECT id FROM {templates}.chosen)"
_OF_ORDERS = f"order_id IN {_CHOSEN}"
_OF_PACKAGES = f"IN (SELECT package_id FROM orders.package_items WHERE order_id IN {_CHOSEN})"

_TABLES = (
    _Table("orders", f"id IN {_CHOSEN}", ("id",), ("tiktok_order_id", "order_number")),
    _Table("order_items", _OF_ORDERS, ("id", "order_id")),
    _Table("order_item_units", _OF_ORDERS, ("id", "order_id", "order_item_id")),
    _Table("order_search_words", _OF_ORDERS, ("order_id",), numbers=("word",)),
    _Table("order_workflows", _OF_ORDERS, ("id", "order_id")),
    _Table("order_workflow_steps", _OF_ORDERS, ("id", "workflow_id", "order_id")),
    _Table("order_status_history", _OF_ORDERS, ("id", "order_id")),
    _Table("audit_log", f"subject IN {_CHOSEN}", ("subject",)),
    _Table("packages", f"id {_OF_PACKAGES}", ("id",), ("tracking_number", "tiktok_package_id")),
    _Table("package_items", _OF_ORDERS, ("package_id", "order_item_id", "order_id")),
    _Table(
        "documents",
        f"package_id {_OF_PACKAGES}",
        ("id", "package_id"),
        # Two gigabytes of labels would only fill the disk: their bodies are never read here.
        replaced=(("body", "substring(t.body FOR 64)"),),
    ),
    _Table("effects", _OF_ORDERS, ("id", "order_id", "package_id"), ("key",), left_out=("sequence",)),
    _Table("stock_reservations", _OF_ORDERS, ("id", "order_id", "order_item_id")),
    _Table("stock_movements", _OF_ORDERS, ("id", "order_id"), ("idempotency_key",)),
    _Table("pick_lines", _OF_ORDERS, ("id", "order_id", "order_item_id")),
    _Table("work", _OF_ORDERS, ("order_id", "workflow_id")),
    _Table("holds", _OF_ORDERS, ("id", "order_id")),
    _Table("failures", _OF_ORDERS, ("id", "order_id", "workflow_id")),
)

_COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
WHERE table_schema = 'orders' AND table_name = $1 ORDER BY ordinal_position
"""


async def keep_templates(database: Database, name: str, condition: str, count: int) -> None:
    """Set the first `count` orders that fulfil the condition aside under a name, to be copied."""
    await database.pool.execute(
        f"""
        CREATE SCHEMA {name};
        CREATE TABLE {name}.chosen AS SELECT id FROM orders.orders WHERE {condition} ORDER BY id LIMIT {count};
        ANALYZE {name}.chosen;
        """
    )
    for table in _TABLES:
        chosen = table.condition.format(templates=name)
        await database.pool.execute(
            f"CREATE TABLE {name}.{table.name} AS SELECT * FROM orders.{table.name} WHERE {chosen}"
        )


async def fill(
    database: Database,
    templates: str,
    copies: range,
    ages: Ages = _OLD,
    *,
    own: Mapping[str, Own] = _NOTHING,
    without: Collection[str] = (),
) -> None:
    """Write the copies with these numbers, each of which is a copy of every template of that name."""
    statements = [
        await _statement(database, table, templates, copies, ages, own.get(table.name, _LIKE_ITS_TEMPLATE))
        for table in _TABLES
        if table.name not in without
    ]
    # The longest first, so that the two sessions end together.
    waiting = sorted(statements, key=lambda each: _WEIGHT.get(each[0], 1), reverse=True)
    await asyncio.gather(*(_write(database, waiting) for _ in range(2)))
    await database.pool.execute("ANALYZE", timeout=600)


_WEIGHT = {
    "effects": 9,
    "order_workflow_steps": 8,
    "order_status_history": 7,
    "order_search_words": 7,
    "stock_movements": 7,
    "audit_log": 6,
    "orders": 5,
}


async def _write(database: Database, waiting: list[tuple[str, str]]) -> None:
    connection = await database.connect()
    try:
        await connection.execute(
            "SET session_replication_role = replica; SET statement_timeout = 0; SET lock_timeout = 0; "
            "SET synchronous_commit = off; SET maintenance_work_mem = '512MB'"
        )
        while waiting:
            table, statement = waiting.pop(0)
            indexes = await connection.fetch(_INDEXES, f"orders.{table}")
            # An index that is built at once costs a third of one that is added to.
            for row in indexes:
                await connection.execute(row["drop"])
            await connection.execute(statement)
            for row in indexes:
                await connection.execute(row["make"])
    finally:
        await connection.close()


_INDEXES = """
SELECT CASE WHEN c.oid IS NULL THEN format('DROP INDEX %s;', i.indexrelid::regclass)
            ELSE format('ALTER TABLE %s DROP CONSTRAINT %I;', i.indrelid::regclass, c.conname) END AS drop,
       CASE WHEN c.oid IS NULL THEN pg_get_indexdef(i.indexrelid) || ';'
            ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s;', i.indrelid::regclass, c.conname, pg_get_constraintdef(c.oid)) END AS make
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype = 'u'
WHERE i.indrelid = $1::text::regclass AND NOT i.indisprimary
ORDER BY i.indexrelid
"""


def copied_id(column: str) -> str:
    """A copy's id in SQL: six bytes of time, then what is the template's own."""
    return f"encode(substring(int8send(c::bigint) FROM 3) || substring(uuid_send({column}) FROM 7), 'hex')::uuid"


async def _statement(
    database: Database, table: _Table, templates: str, copies: range, ages: Ages, own: Own
) -> tuple[str, str]:
    names: list[str] = []
    values: list[str] = []
    special = dict(table.replaced) | dict(own.columns)
    columns = await database.pool.fetch(_COLUMNS, table.name)
    of_order = next((row["column_name"] for row in columns if row["column_name"] in {"order_id", "subject"}), "")
    of_order = "id" if table.name == "orders" else of_order
    # What belongs to one order moves by the same time.
    jitter = f" - (hashtext(t.{of_order}::text || c) & 2147483647) % {ages.spread_seconds} * interval '1 second'"
    age = f"({ages.newest} - c) * interval '{ages.apart}'{jitter if of_order else ''}"
    for row in columns:
        name = row["column_name"]
        if name in table.left_out:
            continue
        names.append(f'"{name}"')
        values.append(special.get(name) or _value(table, name, row["data_type"], age))
    source = (
        f"generate_series({copies.start}, {copies.stop - 1}) AS c CROSS JOIN {templates}.{table.name} AS t {own.joined}"
    )
    return table.name, f"INSERT INTO orders.{table.name} ({', '.join(names)}) SELECT {', '.join(values)} FROM {source}"


def _value(table: _Table, name: str, data_type: str, age: str) -> Any:
    column = f't."{name}"'
    if name in table.ids:
        return copied_id(column)
    if name in table.texts:
        return f"CASE WHEN {column} = '' THEN '' ELSE {column} || '-' || c END"
    if name in table.numbers:
        return f"{column} + c"
    if data_type == "timestamp with time zone":
        return f"{column} - {age}"
    return column
