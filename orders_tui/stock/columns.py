"""What the lines of the stock screens show. States are words; colour only helps."""

from __future__ import annotations

from engine.inventory.movements import Movement
from engine.inventory.stock_lines import StockLine
from orders_tui.formatting import deadline, moment, words
from orders_tui.state import Viewer
from orders_tui.stock.sources import SheetRow
from orders_tui.table.columns import Column


def _number(value: int) -> str:
    return f"{value:,}" if value else "·"


def _waiting(line: StockLine, viewer: Viewer) -> str:
    if line.waited is None:
        return ""
    nearest = deadline(line.waited.nearest, viewer).split()
    return " ".join([f"{line.waited.orders:,}", *nearest[:1]]) if nearest else f"{line.waited.orders:,}"


def _told(line: StockLine, _: Viewer) -> str:
    lowest, highest = line.told
    if lowest is None or highest is None:
        return ""
    return f"{lowest:,}" if lowest == highest else f"{lowest:,}–{highest:,}"  # noqa: RUF001


def _weight(line: StockLine, _: Viewer) -> str:
    return f"{line.weight_grams:,} g" if line.weight_grams else "no weight"


def _available_style(line: StockLine, _: Viewer) -> str:
    if line.available <= 0:
        return "alarm"
    return "warning" if line.alarms else ""


def _step_style(line: StockLine, _: Viewer) -> str:
    return {"in step": "good", "failing": "warning", "refused": "alarm", "differs": "alarm"}.get(
        line.told_state, "muted"
    )


STOCK: tuple[Column[StockLine], ...] = (
    Column("available", "avail", 7, 1, lambda line, _: f"{line.available:,}", right=True, style=_available_style),
    Column("on_hand", "on hand", 7, 1, lambda line, _: "kit" if line.kit else f"{line.on_hand:,}", right=True),
    Column("reserved", "reserved", 8, 1, lambda line, _: _number(line.reserved), right=True),
    Column("held", "held", 5, 1, lambda line, _: _number(line.held), right=True),
    Column("waiting", "waiting", 8, 1, _waiting, right=True, style=lambda line, _: "alarm" if line.waited else ""),
    Column("sku", "SKU", 15, 1, lambda line, _: line.sku),
    Column("name", "name", 12, 1, lambda line, _: line.name, flexible=True),
    Column("location", "at", 7, 1, lambda line, _: line.location or "nowhere"),
    Column("told", "told", 6, 2, _told, right=True),
    Column("state", "shops", 8, 2, lambda line, _: line.told_state, style=_step_style),
    Column("bin", "bin", 8, 3, lambda line, _: line.bin),
    Column("buffer", "buffer", 6, 4, lambda line, _: "" if line.buffer is None else str(line.buffer), right=True),
    Column("weight", "weight", 9, 5, _weight, right=True),
    Column("told_at", "told at", 12, 6, lambda line, viewer: moment(line.told_at, viewer), right=True),
)


def _delta(value: int) -> str:
    return f"{value:+,}" if value else ""


MOVEMENTS: tuple[Column[Movement], ...] = (
    Column("at", "when", 12, 1, lambda row, viewer: moment(row.at, viewer), right=True),
    Column("on_hand", "on hand", 7, 1, lambda row, _: _delta(row.on_hand), right=True),
    Column("reserved", "reserved", 8, 1, lambda row, _: _delta(row.reserved), right=True),
    Column("held", "held", 6, 1, lambda row, _: _delta(row.held), right=True),
    Column(
        "why",
        "why",
        18,
        1,
        lambda row, _: "taken back" if row.reversed else words(row.reason or row.kind),
        flexible=True,
        style=lambda row, _: "muted" if row.reversed else "",
    ),
    Column("who", "who", 12, 1, lambda row, _: row.actor),
    Column("location", "at", 8, 2, lambda row, _: row.location),
    Column("order", "order", 19, 2, lambda row, _: row.order_number),
    Column("kind", "kind", 9, 3, lambda row, _: row.kind),
)


def _difference(row: SheetRow, _: Viewer) -> str:
    difference = row.line.difference
    return "" if difference is None else f"{difference:+,}" if difference else "same"


def _note(row: SheetRow, _: Viewer) -> str:
    if row.line.stale and not row.line.accepted:
        return "goods moved"
    return "" if row.line.counted is None else f"by {row.line.counted_by}"


SHEET: tuple[Column[SheetRow], ...] = (
    Column("bin", "bin", 9, 1, lambda row, _: row.line.bin),
    Column("sku", "SKU", 18, 1, lambda row, _: row.line.sku),
    Column("name", "name", 14, 1, lambda row, _: row.line.name, flexible=True),
    Column(
        "counted",
        "counted",
        8,
        1,
        lambda row, _: "" if row.line.counted is None else f"{row.line.counted:,}",
        right=True,
    ),
    # What the ledger says is shown only beside what was counted: nobody counts what is expected.
    Column(
        "ledger",
        "ledger",
        8,
        1,
        lambda row, _: "" if row.line.counted is None else f"{row.line.snapshot:,}",
        right=True,
    ),
    Column(
        "difference",
        "differs",
        8,
        1,
        _difference,
        right=True,
        style=lambda row, _: "alarm" if row.line.difference else "good" if row.line.difference == 0 else "",
    ),
    Column("note", "", 14, 2, _note, style=lambda row, _: "warning" if row.line.stale else "muted"),
)
