"""A corrected address: of an order whose label is not bought yet."""

from __future__ import annotations

from orders_tui.modals.bulk.chosen import Chosen
from orders_tui.modals.mend import correct_address as address_form
from orders_tui.screens.console_screen import ConsoleScreen


async def correct_address(screen: ConsoleScreen, chosen: Chosen) -> None:
    """Replace an order's shipping address; an order that failed for the old one goes on."""
    if chosen.only is None:
        screen.say(
            "Addresses are corrected one by one: put the cursor on the order, without marks.", severity="warning"
        )
        return
    order = await screen.session.services.detail(chosen.only)
    form = address_form(screen.session, order)
    done = await screen.app.push_screen_wait(form)
    if done:
        # What the address is now is personal: Activity keeps that it was corrected, not to what.
        screen.session.did("orders.correct_address", [order.row.order_number, "--line", "…"], done)
        screen.say(done)
        await screen.after_change()
