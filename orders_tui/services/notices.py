"""Who gets which notice where: targets, people, choices, and what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.access.permissions import Permission
from engine.actors import Actor
from engine.database.connection import Database
from engine.notices import choices, history, people, targets
from engine.notices.choices import ChoiceView
from engine.notices.directory import EVERY
from engine.notices.history import SentView
from engine.notices.people import PersonView
from engine.notices.quiet_hours import QuietHours
from engine.notices.targets import NewTarget, TargetView
from engine.ports.outcomes import Outcome
from orders_tui.services.door import Door, lost_is_unreachable

if TYPE_CHECKING:
    from sync.notices.apprise_channel import AppriseChannel
    from sync.notices.letter import Outbox
    from sync.notices.templates import Templates


class Notices:
    """Notices as people set them up, changed by one person."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database, self._actor, self._door = database, actor, door

    async def targets(self) -> list[TargetView]:
        """Every target, by label, without secrets."""
        with lost_is_unreachable():
            return await targets.list_targets(self._database)

    async def add_target(self, new: NewTarget) -> None:
        """Add a target whose address has been checked. Raises Refused, NotFound."""
        await self._door.write(targets.add_target(self._database, new, known_templates=_templates(), actor=self._actor))

    async def switch_target(self, label: str, *, on: bool) -> None:
        """Switch a target off, or on again as if nothing had failed. Raises NotFound."""
        await self._door.write(targets.switch_target(self._database, label, on=on, actor=self._actor))

    async def remove_target(self, label: str) -> None:
        """Forget a target. Raises NotFound."""
        await self._door.write(targets.remove_target(self._database, label, actor=self._actor))

    async def test_target(self, label: str, outbox: Outbox, apprise: AppriseChannel, templates: Templates) -> Outcome:
        """Send a test to a target. Raises NotFound."""
        from sync.notices.trial import try_target

        with lost_is_unreachable():
            target = await targets.find_target(self._database, label)
        outcome = await try_target(target, outbox, apprise, templates)
        await self._door.write(targets.record_trial(self._database, target, outcome))
        return outcome

    async def people(self) -> list[PersonView]:
        """Everybody who may get notices."""
        with lost_is_unreachable():
            return await people.list_people(self._database)

    async def put_person(self, name: str, *, role: str, email: str | None) -> None:
        """Make a person known, or change the mail address of one who is. Raises Refused."""
        await self._door.write(
            people.put_person(self._database, name, role=role, email=email, actor=self._actor),
            needs=Permission.USERS_CHANGE,
        )

    async def choices(self) -> list[ChoiceView]:
        """What everybody said of notices."""
        with lost_is_unreachable():
            return await choices.list_choices(self._database)

    async def choose(self, person: str, template: str, channel: str, *, enabled: bool) -> None:
        """Let a person have a notice on a channel or not. Raises NotFound, Refused."""
        await self._door.write(
            choices.choose(
                self._database,
                person,
                template,
                channel,
                enabled=enabled,
                known_templates=_templates(),
                actor=self._actor,
            )
        )

    async def keep_quiet(self, person: str, hours: QuietHours | None) -> None:
        """Give a person quiet hours, or take them away. Raises NotFound."""
        await self._door.write(choices.keep_quiet(self._database, person, hours, actor=self._actor))

    async def refuse(self, address: str, template: str = EVERY) -> None:
        """Write no more such notices to a customer's address."""
        await self._door.write(choices.refuse(self._database, address, template))

    async def accept(self, address: str) -> bool:
        """Write to a customer's address again; False when nothing was refused there."""
        return await self._door.write(choices.accept(self._database, address))

    async def sent(self, *, limit: int, state: str = "") -> list[SentView]:
        """The newest notices, and what came of each."""
        with lost_is_unreachable():
            return await history.sent(self._database, limit=limit, state=state)


def _templates() -> frozenset[str]:
    from sync.notices.values import VALUES

    return frozenset(VALUES)
