"""How values are written in one line of a terminal: money, moments, deadlines, states."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from rich.cells import cell_len, set_cell_size

from engine.money import Money
from engine.orders.plain_text import plain
from engine.orders.views import OrderRow
from engine.words import ExecutionStatus, OrderStatus, WorkflowState
from orders_tui.state import Viewer

_WAITS = {
    "payment": "unpaid",
    "cooling-off": "cooling off",
    "hold": "held",
    "stock": "awaits stock",
    "label": "awaits label",
    "pick": "to pick",
    "tiktok": "awaits TikTok",
    "handover": "to hand over",
    "delivery": "on its way",
    "person": "needs someone",
    "carrier": "awaits scan",
}


_STATES = {WorkflowState.INVENTORY_RESERVED: "reserved"}


def fit(text: str, width: int, *, right: bool = False) -> str:
    """`text` on one line of exactly `width` terminal cells, cut or padded; wide characters count twice."""
    text = plain(text)
    if text.isascii():
        if len(text) <= width:
            return text.rjust(width) if right else text.ljust(width)
        return (text[: width - 1].rstrip() + "…").ljust(width) if width > 0 else ""
    length = cell_len(text)
    if length > width:
        return set_cell_size(set_cell_size(text, max(0, width - 1)).rstrip() + "…", width) if width > 0 else ""
    return " " * (width - length) + text if right else text + " " * (width - length)


def money(amount: Decimal, currency: str) -> str:
    """`1,234.50 USD`; currencies without cents have none."""
    return str(Money(amount, currency))


def moment(at: datetime | None, viewer: Viewer) -> str:
    """When something happened: `14:05` today, `22 Nov 14:05` this year, else `22 Nov 2025`."""
    if at is None:
        return ""
    local, today = at.astimezone(viewer.zone), viewer.now.astimezone(viewer.zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if local.year == today.year:
        return f"{local.day} {local:%b %H:%M}"
    return f"{local.day} {local:%b %Y}"


def span(length: timedelta) -> str:
    """A length of time in its one or two biggest units: `2d 4h`, `3h 10m`, `12m`, `40s`."""
    seconds = max(0, int(length.total_seconds()))
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    if days >= 10:
        return f"{days}d"
    if days:
        return f"{days}d {hours}h" if hours else f"{days}d"
    if hours:
        return f"{hours}h {minutes}m" if minutes else f"{hours}h"
    return f"{minutes}m" if minutes else f"{seconds}s"


def deadline(at: datetime | None, viewer: Viewer) -> str:
    """How long until a deadline (`3h 10m`), or how long it is past (`late 2d`)."""
    if at is None:
        return ""
    left = at - viewer.now
    return f"late {span(-left).split()[0]}" if left < timedelta(0) else span(left)


def is_unshipped(row: OrderRow) -> bool:
    """Whether the ship-by deadline still means something."""
    return row.order_status in {OrderStatus.PENDING, OrderStatus.CONFIRMED, OrderStatus.PROCESSING}


def words(name: str) -> str:
    """A stored name as people read it: `ready_to_ship` → `ready to ship`."""
    return name.replace("_", " ")


def state_words(row: OrderRow) -> str:
    """Where an order stands, in two or three words: what stopped it, what it waits for, or its workflow state."""
    if row.execution is ExecutionStatus.FAILED:
        return words(row.failure_code) or "failed"
    if row.execution is ExecutionStatus.CANCELLED:
        return "closed"
    if row.held and row.waiting_for not in {"cooling-off", "payment"}:
        return "held"
    if row.waiting_for:
        return _WAITS.get(row.waiting_for, words(row.waiting_for))
    return _STATES.get(row.workflow_state, words(row.workflow_state))


def what_changed(seen: OrderRow, present: OrderRow) -> str:
    """What differs between the row a person saw and the row as it is: `status confirmed → processing, held`."""
    changes = []
    if seen.order_status is not present.order_status:
        changes.append(f"status {seen.order_status} → {present.order_status}")
    if seen.workflow_state is not present.workflow_state:
        changes.append(f"workflow {words(seen.workflow_state)} → {words(present.workflow_state)}")
    if seen.execution is not present.execution:
        changes.append(f"execution {seen.execution} → {present.execution}")
    if seen.held is not present.held:
        changes.append("held" if present.held else "no longer held")
    if seen.tracking_number != present.tracking_number:
        changes.append(f"tracking {plain(present.tracking_number) or 'removed'}")
    if seen.total_amount != present.total_amount:
        changes.append(f"total {money(present.total_amount, present.currency)}")
    return ", ".join(changes) or "something that this table does not show"
