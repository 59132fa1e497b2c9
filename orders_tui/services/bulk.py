"""Many orders at once: what it would do, do it, stop it, go on with it, take it back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from engine.actors import Actor
from engine.database.connection import Database
from engine.identifiers import BatchId, OrderId
from engine.orders.assignment import Assignee, find_user, people
from engine.orders.bulk import batches, many, preview
from engine.orders.bulk.requests import BatchView, BulkPreview, BulkRequest, Chosen
from engine.orders.bulk.undoing import request_undo, why_not
from engine.orders.views import BatchReport, ChangeOutcome
from orders_tui.services.door import Door, lost_is_unreachable
from orders_tui.services.error_file import write_errors

Progress = Callable[[int, int], None]


class Bulk:
    """Bulk changes in the name of one person. Refusals of single orders are in reports; a request without sense is Refused."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database = database
        self._actor = actor
        self._door = door

    async def preview(
        self,
        request: BulkRequest,
        chosen: Chosen,
        *,
        expected_versions: Mapping[OrderId, int] | None = None,
        on_progress: Progress | None = None,
    ) -> BulkPreview:
        """What `run` would do now, counted; writes nothing."""
        with lost_is_unreachable():
            return await preview.preview(
                self._database,
                request,
                chosen,
                actor=self._actor,
                expected_versions=expected_versions,
                on_progress=on_progress,
            )

    async def outcomes(self, request: BulkRequest, chosen: Chosen) -> list[ChangeOutcome]:
        """What `run` would do to each order now; writes nothing."""
        with lost_is_unreachable():
            parts = preview.preview_parts(self._database, request, chosen, actor=self._actor)
            return [outcome async for part in parts for outcome in part]

    async def do(
        self,
        request: BulkRequest,
        order_ids: Sequence[OrderId],
        *,
        write: bool = True,
        expected_versions: Mapping[OrderId, int] | None = None,
    ) -> list[ChangeOutcome]:
        """Do it to these orders and tell what became of each; with `write` False only what would."""
        if not write:
            return await self.outcomes(request, order_ids)
        outcomes: dict[OrderId, ChangeOutcome] = {}
        await self.run(
            request,
            order_ids,
            expected_versions=expected_versions,
            on_outcomes=lambda part: outcomes.update({each.order_id: each for each in part}),
        )
        return [outcomes[order_id] for order_id in dict.fromkeys(order_ids) if order_id in outcomes]

    async def run(
        self,
        request: BulkRequest,
        chosen: Chosen,
        *,
        part_size: int = many.PART_SIZE,
        at_most: int | None = None,
        expected_versions: Mapping[OrderId, int] | None = None,
        on_progress: Progress | None = None,
        on_outcomes: Callable[[Sequence[ChangeOutcome]], None] | None = None,
        on_begin: Callable[[BatchId], None] | None = None,
    ) -> BatchReport:
        """Do it to all of them; `on_progress(done, total)` is called between parts. Refused when they are more than `at_most`."""
        return await self._door.write(
            many.run(
                self._database,
                request,
                chosen,
                actor=self._actor,
                part_size=part_size,
                at_most=at_most,
                expected_versions=expected_versions,
                on_progress=on_progress,
                on_outcomes=on_outcomes,
                on_begin=on_begin,
            )
        )

    async def undo(
        self,
        batch_id: BatchId | None = None,
        *,
        reason: str = "",
        on_progress: Progress | None = None,
        on_begin: Callable[[BatchId], None] | None = None,
    ) -> BatchReport:
        """Put back what a batch changed, by default this person's latest. Raises NotFound; Refused, saying why not."""
        return await self._door.write(
            many.undo(
                self._database, batch_id, actor=self._actor, reason=reason, on_progress=on_progress, on_begin=on_begin
            )
        )

    async def preview_undo(
        self, batch_id: BatchId | None = None, *, on_progress: Progress | None = None
    ) -> BulkPreview:
        """What `undo` would put back; writes nothing. Raises NotFound; Refused, saying why not."""
        with lost_is_unreachable():
            request, chosen, _ = await request_undo(self._database, batch_id, actor=self._actor, reason="")
            return await preview.preview(self._database, request, chosen, actor=self._actor, on_progress=on_progress)

    async def own_batches(self, *, limit: int = 20) -> list[tuple[BatchView, str]]:
        """This person's latest batches, newest first, each with why it cannot be undone, or nothing."""
        with lost_is_unreachable():
            found = await batches.recent(self._database, limit=limit, actor=self._actor.name)
        return [(batch, why_not(batch)) for batch in found]

    async def go_on(self, batch_id: BatchId, *, on_progress: Progress | None = None) -> BatchReport:
        """Do what is left of a batch that was stopped or interrupted. Raises NotFound, Refused when nothing is left."""
        return await self._door.write(many.go_on(self._database, batch_id, actor=self._actor, on_progress=on_progress))

    async def people(self) -> list[Assignee]:
        """Everybody whom orders may be handed to, by name."""
        with lost_is_unreachable():
            return await people(self._database)

    async def assignee(self, person: str | None) -> dict[str, str | None]:
        """The parameters that hand orders to a person, by id, login or name, or to nobody. Raises NotFound, Refused."""
        if person is None:
            return {"user_id": None, "name": ""}
        with lost_is_unreachable():
            found = await find_user(self._database, person)
        return {"user_id": str(found.user_id), "name": found.name}

    async def stop(self, batch_id: BatchId) -> None:
        """Let a batch end after the parts under way. Raises NotFound, Refused when it has ended."""
        await self._door.write(batches.ask_to_stop(self._database, batch_id))

    async def batches(self, *, limit: int = 50) -> list[BatchView]:
        """The latest batches, newest first, without their errors."""
        with lost_is_unreachable():
            return await batches.recent(self._database, limit=limit)

    async def write_errors(self, batch: BatchView, folder: Path) -> Path:
        """Write a batch's refused orders, each with its reason, as CSV into a folder. Raises Refused where it cannot be written."""
        path = folder / f"refused-{batch.kind}-{batch.created_at:%Y%m%d-%H%M%S}.csv"
        await asyncio.to_thread(write_errors, path, batch.errors)
        return path

    async def batch(self, batch_id: BatchId) -> BatchView:
        """One batch with all its errors. Raises NotFound."""
        with lost_is_unreachable():
            return await batches.batch(self._database, batch_id)
