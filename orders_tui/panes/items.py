"""An order's line items."""

from __future__ import annotations

from textual.content import Content

from engine.orders.plain_text import plain
from engine.orders.views import ItemView, OrderDetail
from orders_tui.formatting import money, words
from orders_tui.state import Viewer


def content(detail: OrderDetail, _: Viewer) -> Content:
    """Two lines an item: what it is and what became of it."""
    lines: list[Content] = [Content.styled("Items", "bold")]
    for item in detail.items:
        name = plain(f"{item.name} {item.variant}".strip())
        lines.append(Content(f"{item.quantity} x {name}"))
        lines.append(
            Content.styled(f"   {_standing(item)}, {money(item.total_price, detail.row.currency)}", "$text-muted")
        )
    return Content("\n").join(lines)


def _standing(item: ItemView) -> str:
    parts = [plain(item.sku) or "no SKU", words(item.status)]
    if item.shipped_quantity:
        parts.append(f"{item.shipped_quantity} shipped")
    if item.cancelled_quantity:
        parts.append(f"{item.cancelled_quantity} cancelled")
    if not item.known_product:
        parts.append("SKU is not in the product list")
    return ", ".join(parts)
