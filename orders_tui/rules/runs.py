"""What a rule did: where the lines come from, and what they show."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from engine.database.newest_first import StoryPage, TimeKey
from engine.orders.views import Count
from engine.workflow.rules.runs import RunOfRule
from orders_tui.formatting import moment
from orders_tui.services import Services
from orders_tui.table.columns import Column

COLUMNS: tuple[Column[RunOfRule], ...] = (
    Column("at", "when", 12, 1, lambda run, viewer: moment(run.at, viewer), right=True),
    Column("order", "order", 20, 1, lambda run, _: run.order_number),
    Column("event", "event", 16, 1, lambda run, _: run.event),
    Column("done", "what it did", 24, 1, lambda run, _: ", ".join(run.done), flexible=True),
)


class RunSource:
    """One rule's runs, newest first."""

    ascending = False

    def __init__(self, services: Services, rule_id: UUID) -> None:
        self._rules = services.rules
        self._rule_id = rule_id

    async def page(
        self, *, after: TimeKey | None = None, before: TimeKey | None = None, limit: int
    ) -> StoryPage[RunOfRule]:
        return await self._rules.runs_page(self._rule_id, after=after, before=before, limit=limit)

    async def count(self, *, exact: bool) -> Count:
        return await self._rules.count_runs(self._rule_id, exact=exact)

    async def anchors(self, *, every: int) -> Sequence[TimeKey]:
        return await self._rules.run_anchors(self._rule_id, every=every)

    async def rows(self, row_ids: Sequence[UUID]) -> Sequence[RunOfRule]:
        return await self._rules.run_rows(row_ids) if row_ids else []

    async def newer_than(self, key: TimeKey) -> int:
        return await self._rules.runs_after(self._rule_id, key)

    async def key(self, row_id: UUID) -> TimeKey | None:
        found = await self.rows([row_id])
        return found[0].key if found else None
