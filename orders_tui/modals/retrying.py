"""Retrying failed orders, and telling what came of each."""

from __future__ import annotations

from collections.abc import Sequence

from engine.identifiers import OrderId
from engine.orders.views import ChangeOutcome
from orders_tui.modals.report import Report
from orders_tui.screens.console_screen import ConsoleScreen


async def retry_with_report(screen: ConsoleScreen, order_ids: Sequence[OrderId], *, reason: str = "") -> None:
    """Retry; one success is a notice, anything else is a report. Then the screen is read again."""
    outcomes = await screen.session.services.retry(order_ids, reason=reason)
    if len(outcomes) == 1 and not outcomes[0].refused:
        screen.say(f"{outcomes[0].order_number} goes on.")
    else:
        await screen.app.push_screen_wait(Report(screen.session, retry_heading(outcomes), outcomes))
    await screen.after_change()


def retry_heading(outcomes: Sequence[ChangeOutcome]) -> str:
    """`2 of 3 orders go on, 1 was refused`."""
    refused = sum(outcome.refused for outcome in outcomes)
    on = len(outcomes) - refused
    heading = f"{on:,} of {len(outcomes):,} orders go on"
    return f"{heading}, {refused:,} refused" if refused else heading
