"""Orders as lines of text and as JSON, for people and for scripts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime

from engine.money import Money
from engine.orders.views import OrderDetail, OrderRow, TimelineEntry
from engine.words import OrderKind


def row_document(row: OrderRow) -> dict[str, object]:
    """What `--json` gives for one order: every column of the row but the key pages are read by."""
    return {field.name: getattr(row, field.name) for field in dataclasses.fields(row) if field.name != "key"}


def row_line(row: OrderRow) -> str:
    """One order in columns that line up."""
    notes = row.failure_code or (row.waiting_for and f"waits for {row.waiting_for}")
    return (
        f"{row.order_number:<20} {_minute(row.order_date)}  {row.order_status:<10} {row.workflow_state:<18}"
        f" {Money(row.total_amount, row.currency)!s:>16}  {row.customer_name:<20.20}  {row.items_summary:<32.32}"
        f"  {notes}"
    ).rstrip()


def story(detail: OrderDetail) -> Iterator[str]:
    """One order on as many lines as it takes."""
    row = detail.row
    yield f"Order {row.order_number}: {row.order_status} ({row.workflow_state}), payment {row.payment_status}"
    yield detail.why
    yield ""
    yield f"Ordered    {_minute(row.order_date)}"
    if row.ship_by:
        yield f"Ship by    {_minute(row.ship_by)}"
    yield f"Total      {Money(row.total_amount, row.currency)}"
    yield f"Customer   {', '.join(part for part in (row.customer_name, detail.email, detail.phone) if part)}"
    if detail.address:
        lines = (getattr(detail.address, name) for name in detail.address.__slots__ if name != "phone")
        yield f"Address    {', '.join(line for line in lines if line)}"
    if detail.buyer_message:
        yield f"Message    {detail.buyer_message}"
    if detail.cancel_request:
        until = f" by {_minute(detail.cancel_request.respond_by)}" if detail.cancel_request.respond_by else ""
        yield f"Cancel     the buyer asks to ({detail.cancel_request.reason}); answer{until}: orders answer-cancellation"
    if detail.kind is not OrderKind.NORMAL:
        yield f"Kind       {detail.kind}{f', for order {detail.replaces}' if detail.replaces else ''}"
    if detail.replaced_by:
        yield f"Replaced   by {', '.join(detail.replaced_by)}"
    if row.tags:
        yield f"Tags       {', '.join(row.tags)}"
    yield ""
    yield "Items"
    for item in detail.items:
        variant = f" ({item.variant})" if item.variant else ""
        unknown = "" if item.known_product else ", not a known product"
        yield f"  {item.quantity} × {item.sku}  {item.name}{variant}: {item.status}{unknown}"  # noqa: RUF001
    if detail.packages:
        yield "Packages"
    for package in detail.packages:
        cost = f", {Money(package.label_cost, package.label_currency)}" if package.label_cost is not None else ""
        label = f"{package.carrier} {package.service} {package.tracking_number}".strip() or "no label yet"
        inside = ", ".join(f"{units} × {sku}" for sku, units in package.contents)  # noqa: RUF001
        others = f", with {', '.join(package.shared_with)}" if package.shared_with else ""
        waits = ", waits for stock" if package.waits_for_stock else ""
        yield f"  {package.state}: {label}{cost}, {package.tracking_status} ({inside}{others}{waits})"
    yield "Story (UTC)"
    for entry in detail.timeline:
        yield f"  {timeline_line(entry)}"


def timeline_line(entry: TimelineEntry) -> str:
    """One line of an order's story."""
    return f"{_minute(entry.at)}  {entry.kind:<8} {entry.text}  ({entry.actor})"


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"
