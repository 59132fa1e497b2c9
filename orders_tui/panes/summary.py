"""An order's summary: number, status, deadline, buyer, address, money."""

from __future__ import annotations

from textual.content import Content

from engine.orders.plain_text import plain
from engine.orders.views import OrderDetail
from engine.ports.facts import Address
from engine.privacy.cipher import MASK
from orders_tui.formatting import deadline, moment, money, state_words, words
from orders_tui.state import Viewer


def content(detail: OrderDetail, viewer: Viewer) -> Content:
    """The first section of the pane."""
    row = detail.row
    lines: list[tuple[str, str]] = [
        ("order", f"{row.order_number}   {row.order_status} · {state_words(row)}"),
        ("ordered", moment(row.order_date, viewer)),
        (
            "ship by",
            f"{moment(row.ship_by, viewer)} ({deadline(row.ship_by, viewer)})" if row.ship_by else "no deadline",
        ),
        ("total", f"{money(row.total_amount, row.currency)}, payment {words(row.payment_status)}"),
        ("shipping", _shipping(detail)),
        ("buyer", " · ".join(plain(text) for text in (row.customer_name, detail.email, detail.phone) if text)),
        ("address", _address(detail.address)),
        ("masked", _masked(detail)),
        ("message", plain(detail.buyer_message)),
        ("TikTok", row.channel_status),
        ("tags", plain(" ".join(row.tags))),
    ]
    return labelled(lines)


def labelled(lines: list[tuple[str, str]]) -> Content:
    """`label  text` lines, labels in one column; lines without a text are left out."""
    written = [Content.assemble((f"{label:<9}", "$text-muted"), text) for label, text in lines if text]
    return Content("\n").join(written)


def _shipping(detail: OrderDetail) -> str:
    if detail.shipping_cost is None:
        return plain(detail.shipping_method)
    return f"{plain(detail.shipping_method)} {money(detail.shipping_cost, detail.row.currency)}".strip()


def _masked(detail: OrderDetail) -> str:
    if detail.row.customer_name == MASK:
        return "who bought it is masked: TikTok hides it, or the master key is missing here"
    line = detail.address.line1 if detail.address else ""
    return "TikTok hides a part of the address" if "*" in line else ""


def _address(address: Address | None) -> str:
    if address is None:
        return ""
    town = " ".join(part for part in (address.city, address.state, address.postal_code) if part)
    parts = (address.name, address.line1, address.line2, town, address.country)
    return plain(", ".join(part for part in parts if part))
