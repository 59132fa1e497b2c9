"""An order's packages: label, tracking, and the proof that the label was bought once."""

from __future__ import annotations

from textual.content import Content

from engine.orders.plain_text import plain
from engine.orders.views import OrderDetail, PackageView
from orders_tui.formatting import moment, money, words
from orders_tui.state import Viewer


def content(detail: OrderDetail, viewer: Viewer) -> Content:
    """A few lines a package."""
    lines: list[Content] = [Content.styled("Packages", "bold")]
    if not detail.packages:
        lines.append(Content.styled("none yet", "$text-muted"))
    for package in detail.packages:
        carrier = plain(f"{package.carrier} {package.service}".strip()) or "no carrier yet"
        lines.append(
            Content(f"{words(package.state)} · {carrier} · {plain(package.tracking_number) or 'no tracking yet'}")
        )
        lines.extend(Content.styled(f"   {text}", "$text-muted") for text in _facts(package, viewer))
    return Content("\n").join(lines)


def _facts(package: PackageView, viewer: Viewer) -> list[str]:
    facts = []
    if package.tracking_status:
        facts.append(f"tracking: {words(package.tracking_status)} {plain(package.tracking_detail)}".rstrip())
    if package.labelled_at:
        cost = "" if package.label_cost is None else f" for {money(package.label_cost, package.label_currency)}"
        facts.append(f"label bought {moment(package.labelled_at, viewer)}{cost} ({plain(package.label_key)})")
    for what, at in (
        ("TikTok told", package.told_at),
        ("first scan", package.first_scan_at),
        ("delivered", package.delivered_at),
    ):
        if at:
            facts.append(f"{what} {moment(at, viewer)}")
    return facts
