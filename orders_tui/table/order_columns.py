"""The orders table's columns: those that come with the program, those a person may choose, and the one it is sorted by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.orders.views import OrderRow, OrderSort
from orders_tui.formatting import deadline, is_unshipped, moment, money, state_words, words
from orders_tui.table.columns import Column

# What changes stands on the left, where a repainted line is cheapest and the eye is.
COLUMNS: tuple[Column[OrderRow], ...] = (
    Column("status", "status", 10, 1, lambda row, _: row.order_status),
    Column("state", "state", 13, 1, lambda row, _: state_words(row)),
    Column(
        "ship_by",
        "ship by",
        8,
        1,
        lambda row, viewer: deadline(row.ship_by if is_unshipped(row) else None, viewer),
        right=True,
    ),
    Column("order_number", "order", 18, 1, lambda row, _: row.order_number),
    Column("customer", "customer", 18, 3, lambda row, _: row.customer_name),
    Column("items", "items", 9, 1, lambda row, _: row.items_summary, flexible=True),
    Column("total", "total", 12, 2, lambda row, _: money(row.total_amount, row.currency), right=True),
    Column("ordered", "ordered", 12, 4, lambda row, viewer: moment(row.order_date, viewer), right=True),
    Column("tracking", "tracking", 22, 5, lambda row, _: row.tracking_number),
    Column("payment", "payment", 9, 6, lambda row, _: words(row.payment_status)),
    Column("tags", "tags", 18, 7, lambda row, _: " ".join(row.tags)),
)

MORE: tuple[Column[OrderRow], ...] = (
    Column("changed", "changed", 12, 8, lambda row, viewer: moment(row.updated_at, viewer), right=True),
    Column("shop", "shop", 16, 8, lambda row, _: row.shop),
    Column("creator", "creator", 16, 8, lambda row, _: row.creator),
    Column("assigned", "assigned to", 14, 8, lambda row, _: row.assigned_to),
    Column("holds", "holds", 14, 8, lambda row, _: " ".join(words(hold) for hold in row.holds)),
    Column("units", "units", 5, 8, lambda row, _: str(row.units), right=True),
    Column("priority", "priority", 8, 8, lambda row, _: str(row.priority), right=True),
    Column("workflow", "workflow", 18, 8, lambda row, _: words(row.workflow_state)),
    Column("channel", "TikTok says", 18, 8, lambda row, _: words(row.channel_status.lower())),
)
"""Columns that are shown only when they are chosen."""

ALL = (*COLUMNS, *MORE)
BY_NAME = {column.name: column for column in ALL}

SORTED_BY = {
    OrderSort.ORDER_DATE: "ordered",
    OrderSort.UPDATED_AT: "changed",
    OrderSort.TOTAL_AMOUNT: "total",
    OrderSort.SHIP_BY: "ship_by",
    OrderSort.ORDER_NUMBER: "order_number",
}
"""The column that shows what each sort sorts by."""


def columns_named(names: Sequence[str]) -> tuple[Column[OrderRow], ...]:
    """The chosen columns, those on the left being the last to give way; without names those of the program."""
    chosen = [BY_NAME[name] for name in dict.fromkeys(names) if name in BY_NAME]
    return tuple(replace(column, rank=place) for place, column in enumerate(chosen)) or COLUMNS


def sorted_columns(
    columns: Sequence[Column[OrderRow]], sort: OrderSort, *, ascending: bool
) -> tuple[Column[OrderRow], ...]:
    """The columns with an arrow before the title of the one that the rows are sorted by."""
    arrow = "↑" if ascending else "↓"
    return tuple(
        replace(column, title=f"{arrow}{column.title}") if column.name == SORTED_BY[sort] else column
        for column in columns
    )
