"""Notes on orders, and taking note of those that must be acknowledged."""

from __future__ import annotations

from collections.abc import Mapping

from engine.orders.views import ChangeOutcome
from orders_tui.modals.bulk.chosen import Chosen
from orders_tui.modals.fields import Field
from orders_tui.modals.question import Question
from orders_tui.screens.console_screen import ConsoleScreen
from orders_tui.tasks.telling import tell

_PLAIN, _MUST = "plain", "must"
_CHOICES = ((_PLAIN, "a note"), (_MUST, "a note that must be acknowledged before anything is shipped"))


async def note(screen: ConsoleScreen, chosen: Chosen) -> None:
    """Write a note on the chosen orders."""
    services = screen.session.services
    outcomes: list[ChangeOutcome] = []
    must: list[str] = []

    async def carry(choice: str, values: Mapping[str, str]) -> str:
        must[:] = ["--must-acknowledge"] if choice == _MUST else []
        order_ids = await chosen.ids(services)
        outcomes[:] = await services.marks.note(order_ids, values["text"], must_acknowledge=choice == _MUST)
        return "noted"

    fields = (Field("text", "note", hint="kept with the order, sealed"),)
    form = Question(
        screen.session, f"Write a note on {chosen.words}", carry, choices=_CHOICES, fields=fields, seen=chosen.seen
    )
    if await screen.app.push_screen_wait(form):
        # What the note says may be personal: it is not kept in Activity.
        await tell(screen, outcomes, "noted", action_id="orders.note", arguments=["--text", "…", *must])


async def acknowledge(screen: ConsoleScreen, chosen: Chosen) -> None:
    """Take note of what must be acknowledged."""
    services = screen.session.services
    outcomes = await services.marks.acknowledge(await chosen.ids(services))
    await tell(screen, outcomes, "acknowledged", action_id="orders.acknowledge")
