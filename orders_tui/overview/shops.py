"""Every shop at a glance: worked or observed, open, late, failed, last heard from TikTok."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from textual.content import Content

from engine.orders.plain_text import plain
from engine.orders.views import OrderFilter
from engine.reports.shops import ShopGlance
from engine.reports.tallies import Tally
from engine.words import OrderStatus, WorkflowState
from orders_tui.formatting import fit, span
from orders_tui.overview.figure import Figure
from orders_tui.state import Viewer

_CLOSED = frozenset({OrderStatus.DELIVERED, OrderStatus.CANCELLED, OrderStatus.RETURNED})
NAME = 16


def shop_figures(shops: Sequence[ShopGlance], places: Sequence[Tally], viewer: Viewer) -> list[Figure]:
    """One line a shop."""
    if not shops:
        return [Figure("no-shop", Content.styled("No shop is connected: orders-tui shop connect.", "$text-muted"))]
    return [
        Figure(
            f"shop-{shop.shop_id}",
            _line(shop, [place for place in places if place.shop_id == shop.shop_id], viewer),
            OrderFilter(shops=frozenset({shop.name}), statuses=frozenset(OrderStatus) - _CLOSED),
            f"open at {plain(shop.name)}",
        )
        for shop in shops
    ]


def _line(shop: ShopGlance, places: Sequence[Tally], viewer: Viewer) -> Content:
    still_open = sum(place.orders for place in places if place.status not in _CLOSED)
    failed = sum(
        place.orders for place in places if place.state is WorkflowState.FAILED and place.status not in _CLOSED
    )
    late = f"{shop.late:,}{'' if shop.late_exact else '+'} late"
    heard = _heard(shop.heard_at, viewer)
    standing = shop.state if shop.state != "connected" else ("work" if shop.worked else "observe")
    trouble = plain(shop.state_reason or shop.trouble)
    return Content.assemble(
        f"{fit(shop.name, NAME)} ",
        (f"{standing:<9}", "$text-success" if standing == "work" else "$text-warning"),
        f"{still_open:>8,} open  ",
        (f"{late:>9}", "bold $text-error" if shop.late else "$text-muted"),
        "  ",
        (f"{failed:>5,} failed", "bold $text-error" if failed else "$text-muted"),
        f"  {heard}",
        (f"  {trouble}" if trouble else "", "$text-error"),
    )


def _heard(at: datetime | None, viewer: Viewer) -> str:
    """By the minute: a line that changed with every second would be drawn with every second."""
    if at is None:
        return "never heard of"
    ago = viewer.now - at
    return "heard just now" if ago < timedelta(minutes=2) else f"heard {span(ago)} ago"
