"""What was asked of many orders, ready to be previewed and run: a change, or the undo of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from engine.identifiers import BatchId
from engine.orders.bulk.requests import BulkPreview, BulkRequest
from engine.orders.views import BatchReport
from orders_tui.modals.bulk.chosen import Chosen
from orders_tui.modals.bulk.command import command_of
from orders_tui.modals.bulk.kinds import word_of
from orders_tui.services import Services

Progress = Callable[[int, int], None]

_PARTS, _SMALLEST_PART, _BIGGEST_PART = 20, 20, 500
"""A change is done in about so many parts, so that progress moves and a stop takes hold soon."""


class Asked(Protocol):
    """One thing to do. `word` has to be typed before it is done; it is empty where there is a way back."""

    @property
    def word(self) -> str: ...

    def command(self, batch_id: BatchId, reason: str) -> tuple[str, list[str]]:
        """The command line that does the same: the command, and what follows it."""
        ...

    async def preview(self, on_progress: Progress) -> BulkPreview:
        """What it would do now; writes nothing."""
        ...

    async def run(
        self, reason: str, *, on_progress: Progress, on_begin: Callable[[BatchId], None], at_most: int | None
    ) -> BatchReport:
        """Do it, to `at_most` so many orders. Raises Refused."""
        ...


@dataclass(frozen=True, slots=True)
class ChangeAsked:
    """A change of the chosen orders."""

    services: Services
    request: BulkRequest
    chosen: Chosen

    @property
    def word(self) -> str:
        return word_of(self.request)

    def command(self, batch_id: BatchId, reason: str) -> tuple[str, list[str]]:
        return command_of(replace(self.request, reason=reason), self.chosen, batch_id)

    async def preview(self, on_progress: Progress) -> BulkPreview:
        return await self.services.bulk.preview(
            self.request, self.chosen.targets, expected_versions=self.chosen.versions, on_progress=on_progress
        )

    async def run(
        self, reason: str, *, on_progress: Progress, on_begin: Callable[[BatchId], None], at_most: int | None
    ) -> BatchReport:
        return await self.services.bulk.run(
            replace(self.request, reason=reason),
            self.chosen.targets,
            expected_versions=self.chosen.versions,
            on_progress=on_progress,
            on_begin=on_begin,
            at_most=at_most,
            part_size=min(max(self.chosen.number // _PARTS, _SMALLEST_PART), _BIGGEST_PART),
        )


@dataclass(frozen=True, slots=True)
class UndoAsked:
    """The undo of one batch, of what has not changed since."""

    services: Services
    batch_id: BatchId

    @property
    def word(self) -> str:
        return ""

    def command(self, batch_id: BatchId, reason: str) -> tuple[str, list[str]]:
        return "orders undo", [str(self.batch_id), *(["--reason", reason] if reason else [])]

    async def preview(self, on_progress: Progress) -> BulkPreview:
        return await self.services.bulk.preview_undo(self.batch_id, on_progress=on_progress)

    async def run(
        self,
        reason: str,
        *,
        on_progress: Progress,
        on_begin: Callable[[BatchId], None],
        at_most: int | None,
    ) -> BatchReport:
        return await self.services.bulk.undo(self.batch_id, reason=reason, on_progress=on_progress, on_begin=on_begin)
