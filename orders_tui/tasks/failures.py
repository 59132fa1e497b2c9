"""The failed queue worked: taken up, given to somebody, left to rest, woken. An order, or a whole group."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from engine.identifiers import OrderId
from engine.orders.bulk.requests import BulkKind
from engine.orders.views import ChangeOutcome
from orders_tui.modals.bulk.chosen import Chosen
from orders_tui.modals.bulk.kinds import choices_of
from orders_tui.modals.fields import Field
from orders_tui.modals.question import Question
from orders_tui.modals.report import Report
from orders_tui.screens.console_screen import ConsoleScreen
from orders_tui.spans import moment_named

FailureTask = Callable[[ConsoleScreen, Chosen, str], Awaitable[None]]
"""What is done to the failures of the chosen orders; the text is the group's fingerprint where all of it is meant."""


_RESTS = (
    ("1h", "for an hour"),
    ("4h", "for four hours"),
    ("12h", "until the next shift: 12 hours"),
    ("1d", "for a day"),
)


async def take(screen: ConsoleScreen, chosen: Chosen, fingerprint: str) -> None:
    """Say that this person is at work on them."""
    order_ids, versions = await _targets(screen, chosen, fingerprint)
    queue = screen.session.services.failures_queue
    outcomes = await queue.acknowledge(order_ids, expected_versions=versions)
    await _tell(screen, outcomes, "taken up", "failed.take", fingerprint)


async def wake(screen: ConsoleScreen, chosen: Chosen, fingerprint: str) -> None:
    """Bring what rests back at once."""
    order_ids, versions = await _targets(screen, chosen, fingerprint)
    queue = screen.session.services.failures_queue
    await _tell(screen, await queue.wake(order_ids, expected_versions=versions), "awake", "failed.wake", fingerprint)


async def give(screen: ConsoleScreen, chosen: Chosen, fingerprint: str) -> None:
    """Give them to somebody, or to nobody again."""
    services = screen.session.services
    people = {each.id: each for each in await choices_of(BulkKind.ASSIGN, chosen, services)}
    outcomes: list[ChangeOutcome] = []
    to: list[str] = []

    async def carry(choice: str, _: Mapping[str, str]) -> str:
        order_ids, versions = await _targets(screen, chosen, fingerprint)
        user_id = people[choice].parameters["user_id"]
        to[:] = ["--to", user_id or ""]
        outcomes[:] = await services.failures_queue.assign(order_ids, user_id, expected_versions=versions)
        return "given"

    choices = [(each.id, each.words) for each in people.values()]
    if await screen.app.push_screen_wait(
        Question(screen.session, f"Give the failures of {chosen.words} to", carry, choices=choices)
    ):
        await _tell(screen, outcomes, "given", "failed.give", fingerprint, to)


async def snooze(screen: ConsoleScreen, chosen: Chosen, fingerprint: str) -> None:
    """Take them out of sight until a time; they return by themselves."""
    services = screen.session.services
    outcomes: list[ChangeOutcome] = []
    until: list[datetime] = []

    async def carry(choice: str, values: Mapping[str, str]) -> str:
        until[:] = [moment_named(values["until"] or choice)]
        order_ids, versions = await _targets(screen, chosen, fingerprint)
        outcomes[:] = await services.failures_queue.snooze(order_ids, until[0], expected_versions=versions)
        return "snoozed"

    field = Field("until", "or until", optional=True, hint="30m, 4h, 3d or 2026-12-01T09:00")
    form = Question(screen.session, f"Let {chosen.words} rest", carry, choices=_RESTS, fields=(field,))
    if await screen.app.push_screen_wait(form):
        arguments = ["--until", until[0].isoformat(timespec="seconds")]
        await _tell(screen, outcomes, "snoozed", "failed.snooze", fingerprint, arguments)


async def _targets(
    screen: ConsoleScreen, chosen: Chosen, fingerprint: str
) -> tuple[Sequence[OrderId], Mapping[OrderId, int]]:
    """All of a group as it is now, or the one order in the version that the person saw."""
    if fingerprint:
        return await screen.session.services.failures_queue.orders_of(fingerprint), {}
    return chosen.order_ids, chosen.versions


async def _tell(
    screen: ConsoleScreen,
    outcomes: Sequence[ChangeOutcome],
    done: str,
    action_id: str,
    fingerprint: str,
    arguments: Sequence[str] = (),
) -> None:
    refused = [outcome for outcome in outcomes if outcome.refused]
    went = len(outcomes) - len(refused)
    if went:
        which = ["--group", fingerprint] if fingerprint else [each.order_number for each in outcomes]
        screen.session.did(action_id, [*which, *arguments], f"{went:,} {done}, {len(refused):,} refused")
    if refused:
        heading = f"{went:,} {done}, {len(refused):,} refused"
        await screen.app.push_screen_wait(Report(screen.session, heading, outcomes))
    else:
        screen.say(f"Order {outcomes[0].order_number} {done}." if went == 1 else f"{went:,} orders {done}.")
    await screen.after_change()
