"""How many orders are where and what they come to, kept by the database itself; and what happened in each minute.

Triggers on `orders` write one row a kind of move and statement into `order_moves`, so that no two transactions share a row; a daemon's
errand adds them up (`engine.reports.tallies`).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Integer, Numeric, PrimaryKeyConstraint, Table, Text

from engine.database.tables.schema import Time, metadata, moment, order_status, point, workflow_status

order_moves = Table(
    "order_moves",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    point("shop_id"),
    Column("from_status", order_status, comment="null: the orders are new"),
    Column("from_state", workflow_status),
    Column("to_status", order_status, comment="null: the orders are gone"),
    Column("to_state", workflow_status),
    Column("orders", Integer, nullable=False),
    moment("moved_at", required=True),
    Column("from_currency", Text),
    Column("to_currency", Text),
    Column("from_amount", Numeric),
    Column("to_amount", Numeric),
)

order_counts = Table(
    "order_counts",
    metadata,
    point("shop_id"),
    Column("order_status", order_status, nullable=False),
    Column("workflow_status", workflow_status, nullable=False),
    Column("orders", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount", Numeric, nullable=False, comment="what they come to together"),
    PrimaryKeyConstraint("shop_id", "order_status", "workflow_status", "currency"),
)

order_minutes = Table(
    "order_minutes",
    metadata,
    Column("minute", Time, nullable=False),
    point("shop_id"),
    Column("created", Integer, nullable=False),
    Column("shipped", Integer, nullable=False),
    Column("completed", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("cancelled", Integer, nullable=False),
    PrimaryKeyConstraint("minute", "shop_id"),
)
