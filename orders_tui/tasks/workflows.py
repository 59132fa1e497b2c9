"""The workflows of chosen orders: paused, resumed, started, a step of them skipped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from engine.errors import OrdersError
from engine.identifiers import OrderId
from engine.orders.views import ChangeOutcome
from engine.words import OrderStatus
from orders_tui.modals.bulk.chosen import Chosen
from orders_tui.modals.fields import Field
from orders_tui.modals.question import Question
from orders_tui.screens.console_screen import ConsoleScreen
from orders_tui.tasks.telling import tell

Do = Callable[[Sequence[OrderId], str], Awaitable[list[ChangeOutcome]]]

_ON, _ANEW = "on", "anew"


async def skip(screen: ConsoleScreen, chosen: Chosen) -> None:
    """Pass over the step that orders failed on or wait for."""
    services = screen.session.services
    about = "The step that failed or is waited for is passed over, where the workflow allows it."
    await _with_reason(
        screen,
        chosen,
        f"Skip the step of {chosen.words}",
        about,
        lambda ids, reason: services.workflows.skip(ids, reason=reason),
        "skipped a step",
        "orders.skip",
        needed=True,
    )


async def pause(screen: ConsoleScreen, chosen: Chosen) -> None:
    """Stop orders where they are."""
    services = screen.session.services
    await _with_reason(
        screen,
        chosen,
        f"Pause the workflow of {chosen.words}",
        "Nothing moves and nothing is sent until it is resumed.",
        lambda ids, reason: services.workflows.pause(ids, reason=reason),
        "paused",
        "orders.pause",
    )


async def resume(screen: ConsoleScreen, chosen: Chosen) -> None:
    """Let paused orders go on."""
    services = screen.session.services
    await _with_reason(
        screen,
        chosen,
        f"Resume the workflow of {chosen.words}",
        "It goes on where it was paused.",
        lambda ids, reason: services.workflows.resume(ids, reason=reason),
        "resumed",
        "orders.resume",
    )


async def trigger(screen: ConsoleScreen, chosen: Chosen) -> None:
    """Start a workflow for each order, or the running one anew."""
    services = screen.session.services
    known = list(dict.fromkeys(each.name for each in await services.workflows.known())) or ["order"]
    outcomes: list[ChangeOutcome] = []
    arguments: list[str] = []

    async def carry(choice: str, values: Mapping[str, str]) -> str:
        how, _, name = choice.partition(" ")
        reason, anew = values["reason"], how == _ANEW
        arguments[:] = ["--workflow", name, *(["--force-restart"] if anew else [])]
        outcomes.clear()
        for order_id in await chosen.ids(services):
            try:
                started = await services.workflows.trigger(order_id, name, {}, force_restart=anew, reason=reason)
            except OrdersError as error:
                row = chosen.seen.get(order_id)
                number, status = (row.order_number, row.order_status) if row else (str(order_id), OrderStatus.PENDING)
                outcomes.append(ChangeOutcome(order_id, number, status, status, error.code, error.sentence))
            else:
                stands = OrderStatus.PENDING
                outcomes.append(ChangeOutcome(order_id, started.order_number, stands, stands))
        return "started"

    choices = [
        *((f"{_ON} {name}", f"start {name}") for name in known),
        *((f"{_ANEW} {name}", f"start {name} anew: the running one is closed") for name in known),
    ]
    fields = (Field("reason", "reason", optional=True, hint="kept in the history"),)
    form = Question(
        screen.session,
        f"Start a workflow for {chosen.words}",
        carry,
        about="What is reserved, bought and told already is not done again.",
        choices=choices,
        fields=fields,
        seen=chosen.seen,
    )
    if await screen.app.push_screen_wait(form):
        await tell(screen, outcomes, "started", action_id="orders.trigger", arguments=arguments)


async def _with_reason(
    screen: ConsoleScreen,
    chosen: Chosen,
    title: str,
    about: str,
    do: Do,
    done: str,
    action_id: str,
    *,
    needed: bool = False,
) -> None:
    outcomes: list[ChangeOutcome] = []
    arguments: list[str] = []

    async def carry(_: str, values: Mapping[str, str]) -> str:
        reason = values["reason"]
        arguments[:] = ["--reason", reason] if reason else []
        outcomes[:] = await do(await chosen.ids(screen.session.services), reason)
        return done

    fields = (Field("reason", "reason", optional=not needed, hint="kept in the history"),)
    form = Question(screen.session, title, carry, about=about, fields=fields, seen=chosen.seen)
    if await screen.app.push_screen_wait(form):
        await tell(screen, outcomes, done, action_id=action_id, arguments=arguments)
