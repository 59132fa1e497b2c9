"""What is behind one product's stock, as text: levels, who waits, who holds it, shops, alarms, its own data, its story."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from engine.inventory.stock_card import Claimed, StockCard
from orders_tui.formatting import deadline, moment, words
from orders_tui.panes.summary import labelled
from orders_tui.state import Viewer


def content(card: StockCard, viewer: Viewer) -> Content:
    """The whole card."""
    sections = (
        _head(card),
        _alarms(card, viewer),
        _levels(card),
        _claims("Waiting orders", card.waiting, card.waiting_orders, viewer, "w shows them"),
        _claims("Reserved", card.reserved, card.reserved_orders, viewer, ""),
        _shops(card, viewer),
        _product(card),
        _movements(card, viewer),
    )
    return Content("\n\n").join([section for section in sections if section is not None])


def _head(card: StockCard) -> Content:
    return Content.assemble((card.product.sku, "bold $text-accent"), "  ", card.product.name)


def _alarms(card: StockCard, viewer: Viewer) -> Content | None:
    if not card.alarms:
        return None
    lines = []
    for alarm in card.alarms:
        seen = f", seen by {alarm.acknowledged_by}" if alarm.acknowledged_by else ", x says you have seen it"
        lines.append(
            Content.assemble(
                (words(alarm.kind), "bold $text-error"),
                f" since {moment(alarm.raised_at, viewer)}: {alarm.sentence}",
                (seen, "$text-muted"),
            )
        )
    return Content("\n").join(lines)


def _levels(card: StockCard) -> Content:
    lines = [Content.styled(f"{'at':<10}{'available':>10}{'on hand':>9}{'reserved':>9}{'held':>6}", "bold")]
    lines += [
        Content(f"{level.location:<10}{level.available:>10,}{level.on_hand:>9,}{level.reserved:>9,}{level.held:>6,}")
        for level in card.levels
    ]
    if card.product.components:
        parts = ", ".join(f"{part.quantity} x {part.sku}" for part in card.product.components)
        lines = [Content.assemble(("kit of ", "bold"), parts)]
    elif not card.levels:
        lines = [Content.styled("It has never lain anywhere: r receives it.", "$text-muted")]
    return Content("\n").join(lines)


def _claims(title: str, claims: Sequence[Claimed], orders: int, viewer: Viewer, hint: str) -> Content | None:
    if not claims:
        return None
    many = f"{orders:,}{'+' if orders >= 1000 else ''}"
    lines = [Content.assemble((f"{title} {many}", "bold"), (f"  {hint}", "$text-muted"))]
    lines += [
        Content(
            f"{claim.units:>4} x {claim.order_number:<20} {claim.location:<8} {deadline(claim.ship_by, viewer)}".rstrip()
        )
        for claim in claims
    ]
    if orders > len(claims):
        lines.append(Content.styled(f"     and {orders - len(claims):,} more", "$text-muted"))
    return Content("\n").join(lines)


def _shops(card: StockCard, viewer: Viewer) -> Content | None:
    if not card.listed:
        return None
    lines = [Content.styled("Listed", "bold")]
    for listed in card.listed:
        told = "never told" if listed.pushed is None else f"told {listed.pushed:,} {moment(listed.pushed_at, viewer)}"
        shows = "" if listed.shows is None else f", shows {listed.shows:,}"
        state = listed.error or ("in step" if listed.agrees else "")
        off = "" if listed.pushes else ", push is off"
        buffer = f", buffer {listed.buffer}" if listed.buffer else ""
        lines.append(
            Content.assemble(
                f"{listed.shop} {listed.place}: {told}{shows}",
                (f" {state}" if state else "", "$text-warning" if listed.error else "$text-success"),
                (f"{buffer}{off}, as {listed.seller_sku}", "$text-muted"),
            )
        )
    return Content("\n").join(lines)


def _product(card: StockCard) -> Content:
    product = card.product
    size = "x".join(map(str, product.size_millimetres)) + " mm" if product.size_millimetres else ""
    return labelled(
        [
            ("weight", f"{product.weight_grams:,} g" if product.weight_grams else "none: e gives it one"),
            ("box", " ".join(part for part in (product.box, size) if part)),
            ("bin", product.bin),
            ("barcodes", " ".join(product.barcodes)),
            ("SKUs", " ".join(product.aliases)),
            ("buffer", "" if product.stock_buffer is None else str(product.stock_buffer)),
            ("alarm at", "" if product.low_stock is None else str(product.low_stock)),
            ("ships", f"from {product.location}" if product.location else ""),
            ("in kits", " ".join(card.in_kits)),
        ]
    )


def _movements(card: StockCard, viewer: Viewer) -> Content:
    lines = [Content.assemble(("Movements, newest first", "bold"), ("  v shows all", "$text-muted"))]
    for row in card.movements:
        changes = ", ".join(_changes(row.on_hand, row.reserved, row.held))
        why = words(row.reason or row.kind)
        back = ", taken back" if row.reversed else ""
        lines.append(
            Content.assemble(
                (f"{moment(row.at, viewer):>12} ", "$text-muted"),
                f"{changes} {row.location}  {why}",
                (f"  {row.order_number or row.actor}{back}", "$text-muted"),
            )
        )
    return Content("\n").join(lines)


def _changes(on_hand: int, reserved: int, held: int) -> Iterator[str]:
    for delta, what in ((on_hand, "on hand"), (reserved, "reserved"), (held, "held")):
        if delta:
            yield f"{delta:+,} {what}"
