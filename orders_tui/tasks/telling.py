"""What became of a task: one success is a notice, anything else a report; and Activity is told."""

from __future__ import annotations

from collections.abc import Sequence

from engine.orders.views import ChangeOutcome
from orders_tui.modals.report import Report
from orders_tui.screens.console_screen import ConsoleScreen


async def tell(
    screen: ConsoleScreen,
    outcomes: Sequence[ChangeOutcome],
    done: str,
    *,
    action_id: str,
    arguments: Sequence[str] = (),
) -> None:
    """Tell, remember, and read the screen again. `done` is a participle: noted, paused."""
    refused = [outcome for outcome in outcomes if outcome.refused]
    went = len(outcomes) - len(refused)
    if went:
        numbers = [outcome.order_number for outcome in outcomes if not outcome.refused]
        screen.session.did(action_id, [*numbers, *arguments], f"{went:,} {done}, {len(refused):,} refused")
    if not refused and len(outcomes) == 1:
        screen.say(f"Order {outcomes[0].order_number} {done}.")
    elif not refused:
        screen.say(f"{went:,} orders {done}.")
    else:
        heading = f"{went:,} {done}, {len(refused):,} refused"
        await screen.app.push_screen_wait(Report(screen.session, heading, outcomes))
    await screen.after_change()
