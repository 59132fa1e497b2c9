"""What the buyer asks for: a cancellation with its deadline, returns, and the orders that stand for this one."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from engine.orders.parcels.receiving import ReturnView
from engine.orders.plain_text import plain
from engine.orders.views import OrderDetail
from orders_tui.formatting import deadline, moment, money, words
from orders_tui.state import Viewer


def content(detail: OrderDetail, returns: Sequence[ReturnView], viewer: Viewer) -> Content:
    """A line or two for each; empty when the buyer asks for nothing."""
    lines: list[Content] = []
    if (asked := detail.cancel_request) is not None:
        lines.append(
            Content.assemble(("Cancel requested: ", "bold $text-error"), plain(asked.reason) or "no reason given")
        )
        if asked.respond_by is not None:
            left = f"{deadline(asked.respond_by, viewer)} ({moment(asked.respond_by, viewer)})"
            lines.append(Content(f"   TikTok says yes by itself in {left}; . A answers"))
    for each in returns:
        units = ", ".join(f"{count} x {plain(sku)}" for sku, count in each.skus.items()) or "nothing named"
        lines.append(Content(f"Return {plain(each.return_id)}: {words(plain(each.status).lower())}, {units}"))
        facts = [
            plain(each.reason),
            money(each.refund_amount, each.currency) if each.refund_amount is not None else "",
            f"answer within {deadline(each.respond_by, viewer)}" if each.respond_by and not each.received_at else "",
            f"received {moment(each.received_at, viewer)} by {plain(each.received_by)}" if each.received_at else "",
        ]
        lines.append(Content.styled(f"   {', '.join(fact for fact in facts if fact)}", "$text-muted"))
    if detail.replaces:
        lines.append(Content(f"Stands for order {plain(detail.replaces)} ({detail.kind}); o opens it"))
    lines.extend(Content(f"Order {plain(number)} stands for this one; o opens it") for number in detail.replaced_by)
    return Content("\n").join([Content.styled("Requests", "bold"), *lines]) if lines else Content("")
