"""Completed orders by the hundred thousand: copies of orders that the engine itself completed, with keys and times of their own.

Set-based: one INSERT … SELECT a table, copies × templates. A copy's ids keep the last ten bytes of its template's and begin with the
copy's own, earlier time, so that they sort as real ones do. Foreign keys are not checked meanwhile, since a copy refers as its template does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.database.connection import Database

TEMPLATES = 2000
"""How many completed orders are copied; the first ones of the database."""

_APART = "interval '7 minutes'"
_SCHEMA = "templates"


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


_OF_ORDERS = "order_id IN (SELECT id FROM templates.chosen)"
_OF_PACKAGES = "{} IN (SELECT package_id FROM orders.package_items WHERE order_id IN (SELECT id FROM templates.chosen))"

_TABLES = (
    _Table("orders", "id IN (SELECT id FROM templates.chosen)", ("id",), ("tiktok_order_id", "order_number")),
    _Table("order_items", _OF_ORDERS, ("id", "order_id")),
    _Table("order_item_units", _OF_ORDERS, ("id", "order_id", "order_item_id")),
    _Table("order_search_words", _OF_ORDERS, ("order_id",), numbers=("word",)),
    _Table("order_workflows", _OF_ORDERS, ("id", "order_id")),
    _Table("order_workflow_steps", _OF_ORDERS, ("id", "workflow_id", "order_id")),
    _Table("order_status_history", _OF_ORDERS, ("id", "order_id")),
    _Table("audit_log", "subject IN (SELECT id FROM templates.chosen)", ("subject",)),
    _Table("packages", _OF_PACKAGES.format("id"), ("id",), ("tracking_number", "tiktok_package_id")),
    _Table("package_items", _OF_ORDERS, ("package_id", "order_item_id", "order_id")),
    _Table(
        "documents",
        _OF_PACKAGES.format("package_id"),
        ("id", "package_id"),
        # Two gigabytes of labels would only fill the disk: their bodies are never read here.
        replaced=(("body", "substring(t.body FOR 64)"),),
    ),
    _Table("effects", _OF_ORDERS, ("id", "order_id", "package_id"), ("key",), left_out=("sequence",)),
    _Table("stock_reservations", _OF_ORDERS, ("id", "order_id", "order_item_id")),
    _Table("stock_movements", _OF_ORDERS, ("id", "order_id"), ("idempotency_key",)),
    _Table("pick_lines", _OF_ORDERS, ("id", "order_id", "order_item_id")),
)

_COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
WHERE table_schema = 'orders' AND table_name = $1 ORDER BY ordinal_position
"""


async def keep_templates(database: Database) -> None:
    """Set the first completed orders aside, to be copied."""
    await database.pool.execute(
        f"""
        CREATE SCHEMA {_SCHEMA};
        CREATE TABLE {_SCHEMA}.chosen AS
        SELECT id FROM orders.orders WHERE workflow_status = 'completed' ORDER BY id LIMIT {TEMPLATES};
        ANALYZE {_SCHEMA}.chosen;
        """
    )
    for table in _TABLES:
        await database.pool.execute(
            f"CREATE TABLE {_SCHEMA}.{table.name} AS SELECT * FROM orders.{table.name} WHERE {table.condition}"  # noqa: S608
        )


async def fill(database: Database, copies: Sequence[int]) -> None:
    """Write the copies with these numbers, each of which is a copy of every template."""
    statements = [await _statement(database, table, copies) for table in _TABLES]
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
        await connection.execute("SET session_replication_role = replica; SET statement_timeout = 0")
        while waiting:
            _, statement = waiting.pop(0)
            await connection.execute(statement)
    finally:
        await connection.close()


async def _statement(database: Database, table: _Table, copies: Sequence[int]) -> tuple[str, str]:
    names: list[str] = []
    values: list[str] = []
    replaced = dict(table.replaced)
    for row in await database.pool.fetch(_COLUMNS, table.name):
        name = row["column_name"]
        if name in table.left_out:
            continue
        names.append(f'"{name}"')
        values.append(replaced.get(name) or _value(table, name, row["data_type"]))
    return (
        table.name,
        f"INSERT INTO orders.{table.name} ({', '.join(names)}) SELECT {', '.join(values)} "  # noqa: S608
        f"FROM generate_series({copies[0]}, {copies[-1]}) AS c, {_SCHEMA}.{table.name} AS t",
    )


def _value(table: _Table, name: str, data_type: str) -> Any:
    column = f't."{name}"'
    if name in table.ids:
        # Six bytes of time, then what is the template's own.
        return f"encode(substring(int8send(c::bigint) FROM 3) || substring(uuid_send({column}) FROM 7), 'hex')::uuid"
    if name in table.texts:
        return f"CASE WHEN {column} = '' THEN '' ELSE {column} || '-' || c END"
    if name in table.numbers:
        return f"{column} + c"
    if data_type == "timestamp with time zone":
        return f"{column} - (100000 - c) * {_APART}"
    return column
