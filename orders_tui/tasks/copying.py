"""An order's numbers and address on the clipboard."""

from __future__ import annotations

from engine.orders.plain_text import plain
from orders_tui.modals.bulk.chosen import Chosen
from orders_tui.screens.console_screen import ConsoleScreen


async def number(screen: ConsoleScreen, chosen: Chosen) -> None:
    """The order number; of several orders one a line."""
    rows = [chosen.seen[each] for each in chosen.order_ids if each in chosen.seen]
    _copy(screen, [row.order_number for row in rows], "order number")


async def tracking(screen: ConsoleScreen, chosen: Chosen) -> None:
    """The tracking numbers of the order's parcels."""
    if chosen.only is not None:
        order = await screen.session.services.detail(chosen.only)
        _copy(screen, [each.tracking_number for each in order.packages if each.tracking_number], "tracking number")


async def address(screen: ConsoleScreen, chosen: Chosen) -> None:
    """The address as it stands on a letter."""
    if chosen.only is None:
        return
    to = (await screen.session.services.detail(chosen.only)).address
    lines = []
    if to is not None and "*" not in to.line1:
        town = " ".join(part for part in (to.city, to.state, to.postal_code) if part)
        lines = [plain(line) for line in (to.name, to.line1, to.line2, town, to.country) if line]
    _copy(screen, lines, "address")


def _copy(screen: ConsoleScreen, lines: list[str], what: str) -> None:
    if not lines:
        screen.say(f"There is no {what} to copy.", severity="warning")
        return
    screen.app.copy_to_clipboard("\n".join(lines))
    if what == "address":
        screen.say("Copied the address.")
    else:
        screen.say(f"Copied {lines[0]}." if len(lines) == 1 else f"Copied {len(lines):,} {what}s.")
