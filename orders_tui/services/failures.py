"""The failed queue as people work it: see it, give it to somebody, take it up, let it rest, send it on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from engine.actors import Actor
from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.orders.assignment import find_user
from engine.orders.bulk.requests import BulkKind, BulkRequest
from engine.orders.views import BatchReport, ChangeOutcome, FailureGroup, FailureView
from engine.workflow import failure_groups, failure_work
from orders_tui.services.bulk import Bulk
from orders_tui.services.door import Door, lost_is_unreachable

Versions = Mapping[OrderId, int] | None


class Failures:
    """The failed queue, in the name of one person. Refusals of single orders are among the outcomes."""

    def __init__(self, database: Database, actor: Actor, door: Door, bulk: Bulk) -> None:
        self._database = database
        self._actor = actor
        self._door = door
        self._bulk = bulk

    async def groups(self, *, with_snoozed: bool = False) -> list[FailureGroup]:
        """Open failures by fingerprint, nearest ship-by first; snoozed ones only if asked for."""
        with lost_is_unreachable():
            return await failure_groups.failure_groups(self._database, with_snoozed=with_snoozed)

    async def of_group(self, fingerprint: str, *, limit: int = 200) -> list[FailureView]:
        """The open failures of one group with what was tried, nearest ship-by first."""
        with lost_is_unreachable():
            return await failure_groups.failures_of_group(self._database, fingerprint, limit=limit)

    async def orders_of(self, fingerprint: str) -> list[OrderId]:
        """The orders of one group. Raises NotFound."""
        with lost_is_unreachable():
            return await failure_work.orders_of_group(self._database, fingerprint)

    async def assign(
        self, order_ids: Sequence[OrderId], to: str | None, *, expected_versions: Versions = None
    ) -> list[ChangeOutcome]:
        """Give failures to the user with this id, login or name, or to nobody. Raises NotFound for an unknown user, Refused."""
        with lost_is_unreachable():
            user = await find_user(self._database, to) if to is not None else None
        return await self._door.write(
            failure_work.assign(self._database, order_ids, user, actor=self._actor, expected_versions=expected_versions)
        )

    async def acknowledge(
        self, order_ids: Sequence[OrderId], *, expected_versions: Versions = None
    ) -> list[ChangeOutcome]:
        """Say that this person is at work on them."""
        return await self._door.write(
            failure_work.acknowledge(self._database, order_ids, actor=self._actor, expected_versions=expected_versions)
        )

    async def snooze(
        self, order_ids: Sequence[OrderId], until: datetime, *, expected_versions: Versions = None
    ) -> list[ChangeOutcome]:
        """Take failures out of sight until then. Raises Refused for a time that has passed."""
        return await self._door.write(
            failure_work.snooze(
                self._database, order_ids, until, actor=self._actor, expected_versions=expected_versions
            )
        )

    async def wake(self, order_ids: Sequence[OrderId], *, expected_versions: Versions = None) -> list[ChangeOutcome]:
        """Bring snoozed failures back at once."""
        return await self._door.write(
            failure_work.wake(self._database, order_ids, actor=self._actor, expected_versions=expected_versions)
        )

    async def retry_group(
        self, fingerprint: str, *, reason: str = "", on_progress: Callable[[int, int], None] | None = None
    ) -> BatchReport:
        """Send every order of a group on from where it failed. Raises NotFound."""
        order_ids = await self.orders_of(fingerprint)
        return await self._bulk.run(BulkRequest(BulkKind.RETRY, reason=reason), order_ids, on_progress=on_progress)
