"""engine.bound: how fast PostgreSQL writes the same rows when nothing is read, decided, encoded or sent.

The rows of a finished lifecycle are staged in a second database; then set-based SQL takes each batch of orders through the same
transactions as the engine: the same inserts, the same number of row versions, from tables beside them.
"""

from __future__ import annotations

import asyncio
import io
import time
from typing import Any
from uuid import UUID

from engine.database import migrate

BATCH = 250
CONNECTIONS = 2

STAGED = (
    "users",
    "locations",
    "data_keys",
    "shops",
    "products",
    "stock_levels",
    "orders",
    "order_items",
    "order_item_units",
    "order_search_words",
    "order_workflows",
    "order_workflow_steps",
    "order_status_history",
    "audit_log",
    "packages",
    "package_items",
    "pick_lines",
    "documents",
    "effects",
    "stock_reservations",
    "stock_movements",
)
BACKGROUND = ("users", "locations", "data_keys", "shops", "products", "stock_levels")

PER_ORDER = (*(name for name in STAGED if name not in BACKGROUND), "work")
"""Tables whose writes depend on the orders alone, and not on how they fell into batches."""

_OF = "WHERE order_id = ANY($1)"
_PACKAGES = "(SELECT package_id FROM orders.package_items WHERE order_id = ANY($1))"


def _insert(table: str, condition: str = _OF) -> str:
    return f"INSERT INTO orders.{table} OVERRIDING SYSTEM VALUE SELECT * FROM staging.{table} {condition}"


def _order(status: str, state: str) -> str:
    return (
        f"UPDATE orders.orders SET order_status = '{status}', workflow_status = '{state}', version = version + 1, "
        "updated_at = now(), audit_sequence = audit_sequence + 1 WHERE id = ANY($1)"
    )


def _workflow(state: str) -> str:
    return f"UPDATE orders.order_workflows SET current_step = '{state}', updated_at = now() {_OF}"


def _items(status: str) -> str:
    return f"UPDATE orders.order_items SET fulfillment_status = '{status}', updated_at = now() {_OF}"


def _package(what: str) -> str:
    return f"UPDATE orders.packages SET {what}, version = version + 1, updated_at = now() WHERE id IN {_PACKAGES}"


def _effect(kind: str, what: str) -> str:
    return f"UPDATE orders.effects SET {what} {_OF} AND kind = '{kind}'"


def _levels(kind: str) -> str:
    return (
        "UPDATE orders.stock_levels l SET on_hand = l.on_hand + d.on_hand, reserved = l.reserved + d.reserved "
        "FROM (SELECT product_id, location_id, sum(delta_on_hand)::int AS on_hand, sum(delta_reserved)::int AS reserved "
        f"FROM staging.stock_movements {_OF} AND kind = '{kind}' GROUP BY 1, 2) d "
        "WHERE l.product_id = d.product_id AND l.location_id = d.location_id"
    )


def _stage_rows(states: str, statuses: str, sequences: str) -> list[str]:
    found = [
        _insert("order_workflow_steps", f"{_OF} AND to_state IN ({states})"),
        _insert("audit_log", f"WHERE subject = ANY($1) AND sequence IN ({sequences})"),
    ]
    return found + ([_insert("order_status_history", f"{_OF} AND new_status IN ({statuses})")] if statuses else [])


def _notice(template: str) -> str:
    return _insert("effects", f"{_OF} AND kind = 'notice' AND request->>'template' = '{template}'")


_CLAIM = "lease_token = 1, lease_until = now(), attempt = attempt + 1"
_SENT = "state = 'sent'"
_DONE = "state = 'done', head = false, settled_at = now(), lease_token = NULL, lease_until = NULL"
_PARK = f"UPDATE orders.work SET ready = false {_OF}"

# Each entry is one transaction; together they are what one batch of orders costs.
TRANSACTIONS: tuple[tuple[str, ...], ...] = (
    (
        _insert("orders", "WHERE id = ANY($1)"),
        _insert("order_items"),
        _insert("order_item_units"),
        _insert("order_workflows"),
        f"INSERT INTO orders.work (order_id, workflow_id) SELECT order_id, id FROM staging.order_workflows {_OF}",
        _insert("order_search_words"),
        *_stage_rows("'new', 'validated', 'inventory_reserved'", "'pending', 'confirmed', 'processing'", "1, 2"),
        _insert("packages", f"WHERE id IN {_PACKAGES.replace('orders.', 'staging.')}"),
        _insert("package_items"),
        _insert("stock_reservations"),
        _levels("reserve"),
        _insert("stock_movements", f"{_OF} AND kind = 'reserve'"),
        _insert("pick_lines"),
        _insert("effects", f"{_OF} AND kind = 'buy_label'"),
    ),
    (_effect("buy_label", _CLAIM),),
    (_effect("buy_label", _SENT),),
    (
        _effect("buy_label", _DONE),
        _package("state = 'labelled'"),
        _insert("documents", f"WHERE package_id IN {_PACKAGES}"),
        *_stage_rows("'ready_to_ship'", "", "3"),
        _order("processing", "ready_to_ship"),
        _workflow("ready_to_ship"),
        _insert("effects", f"{_OF} AND kind = 'ship_package'"),
        _PARK,
    ),
    (_effect("ship_package", _CLAIM),),
    (_effect("ship_package", _SENT),),
    (_effect("ship_package", _DONE), _package("state = 'told'"), _PARK),
    (
        _package("state = 'in_transit'"),
        *_stage_rows("'shipped'", "'shipped'", "4"),
        _order("shipped", "shipped"),
        _workflow("shipped"),
        _items("shipped"),
        f"UPDATE orders.stock_reservations SET state = 'consumed', closed_at = now() {_OF}",
        _levels("consume"),
        _insert("stock_movements", f"{_OF} AND kind = 'consume'"),
        _notice("order_shipped"),
        _PARK,
    ),
    (
        _package("state = 'delivered'"),
        *_stage_rows("'completed'", "'delivered'", "5"),
        _order("delivered", "completed"),
        _workflow("completed"),
        _items("delivered"),
        _notice("review_request"),
        f"DELETE FROM orders.work {_OF}",
    ),
    (_effect("notice", _CLAIM),),
    (
        _effect("notice", _DONE),
        # The second notice of an order waited behind the first.
        _effect("notice", "head = true") + " AND request->>'template' = 'review_request'",
    ),
)


async def run_bound(source: Any, connect: Any) -> float:
    """Write the rows of `source` into the empty database that `connect` opens. Answers orders per second."""
    await migrate.upgrade(connect)
    connection = await connect()
    await _stage(source, connection)
    ids: list[UUID] = [row["id"] for row in await connection.fetch("SELECT id FROM staging.orders ORDER BY id")]
    await connection.execute(_insert("effects", "WHERE order_id IS NULL"))  # the digests of notices, one a minute
    await connection.close()
    batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    connections = [await connect() for _ in range(CONNECTIONS)]
    started = time.perf_counter()
    await asyncio.gather(*(_write(each, batches) for each in connections))
    seconds = time.perf_counter() - started
    for each in connections:
        await each.close()
    return len(ids) / seconds


async def _write(connection: Any, batches: list[list[UUID]]) -> None:
    while batches:
        batch = batches.pop(0)
        for statements in TRANSACTIONS:
            async with connection.transaction():
                for statement in statements:
                    await connection.execute(statement, batch)


async def _stage(source: Any, target: Any) -> None:
    await target.execute("CREATE SCHEMA staging")
    for table in STAGED:
        data = io.BytesIO()
        await source.copy_from_query(f"SELECT * FROM orders.{table}", output=data, format="binary")
        data.seek(0)
        await target.execute(f"CREATE TABLE staging.{table} (LIKE orders.{table})")
        await target.copy_to_table(table, schema_name="staging", source=data, format="binary")
    # As they were when the orders were created: the updates below bring them to where they are.
    await target.execute(
        "UPDATE staging.orders SET order_status = 'processing', workflow_status = 'inventory_reserved', audit_sequence = 2"
    )
    await target.execute("UPDATE staging.order_items SET fulfillment_status = 'reserved', shipped_quantity = 0")
    await target.execute(
        "UPDATE staging.order_workflows SET workflow_status = 'running', current_step = 'inventory_reserved'"
    )
    await target.execute("UPDATE staging.packages SET state = 'planned', track_due_at = NULL")
    await target.execute("UPDATE staging.stock_reservations SET state = 'active'")
    await target.execute("UPDATE staging.effects SET state = 'intent', head = true, settled_at = NULL")
    await target.execute("UPDATE staging.stock_levels SET on_hand = 1000000, reserved = 0")
    for table in BACKGROUND:
        await target.execute(f"DELETE FROM orders.{table}" if table in {"users", "locations"} else "SELECT 1")
    for table in BACKGROUND:
        await target.execute(f"INSERT INTO orders.{table} SELECT * FROM staging.{table}")
    for table in STAGED:
        column = {"orders": "id", "audit_log": "subject", "documents": "package_id", "packages": "id"}.get(
            table, "order_id"
        )
        if table not in BACKGROUND:
            await target.execute(f"CREATE INDEX ON staging.{table} ({column})")
        await target.execute(f"ANALYZE staging.{table}")


async def row_writes(connection: Any) -> dict[str, tuple[int, int, int]]:
    """Rows inserted, updated and deleted so far in each table whose writes depend on the orders alone."""
    await connection.execute("SELECT pg_stat_clear_snapshot()")
    rows = await connection.fetch(
        "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables "
        "WHERE schemaname = 'orders' AND relname = ANY($1)",
        list(PER_ORDER),
    )
    return {row["relname"]: (row["n_tup_ins"], row["n_tup_upd"], row["n_tup_del"]) for row in rows}
