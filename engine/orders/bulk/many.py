"""The one way to do something to many orders: over ids or all that match, a transaction a part, with a batch that tells how it goes.

Each kind's operation (`operations`) decides and writes a whole part set-wise. A part that breaks is divided until the order that
breaks it stands alone; that one is reported and its neighbours are changed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.database.locks import lock_for_result
from engine.database.loss import is_lost
from engine.errors import Misconfigured
from engine.identifiers import BatchId, OrderId
from engine.orders.bulk import batches, journal
from engine.orders.bulk.batches import Part
from engine.orders.bulk.breaking import broken, without_culprit
from engine.orders.bulk.operations import OPERATIONS, check
from engine.orders.bulk.requests import BulkRequest, Chosen
from engine.orders.bulk.undoing import UNDOS, lasting, request_undo
from engine.orders.parcels.sharing import sharing
from engine.orders.views import BatchReport, ChangeOutcome

if TYPE_CHECKING:
    from engine.database.connection import Database

logger = logging.getLogger(__name__)

PART_SIZE = 500
"""Orders a transaction."""

WORKERS = 2
"""Parts under way at once, each on a connection of its own: one decides while the other is written."""

Progress = Callable[[int, int], None]
Outcomes = Callable[[Sequence[ChangeOutcome]], None]


async def begin(
    database: Database,
    request: BulkRequest,
    chosen: Chosen,
    *,
    actor: Actor,
    part_size: int = PART_SIZE,
    at_most: int | None = None,
    expected_versions: Mapping[OrderId, int] | None = None,
    undoes: BatchId | None = None,
) -> BatchId:
    """Write the batch and fix its orders; `go_on` does it. Raises Refused for parameters that make no sense, or too many orders."""
    await check(database, request, actor=actor)
    return await batches.fix(
        database,
        request,
        chosen,
        actor=actor,
        part_size=max(part_size, 1),
        at_most=at_most,
        expected_versions=expected_versions or {},
        undoes=undoes,
    )


async def run(
    database: Database,
    request: BulkRequest,
    chosen: Chosen,
    *,
    actor: Actor,
    part_size: int = PART_SIZE,
    at_most: int | None = None,
    expected_versions: Mapping[OrderId, int] | None = None,
    on_progress: Progress | None = None,
    on_outcomes: Outcomes | None = None,
    on_begin: Callable[[BatchId], None] | None = None,
) -> BatchReport:
    """Begin a batch and do all of it. Refusals are in the report; the batch row tells the progress to everybody else."""
    batch_id = await begin(
        database,
        request,
        chosen,
        actor=actor,
        part_size=part_size,
        at_most=at_most,
        expected_versions=expected_versions,
    )
    if on_begin is not None:
        on_begin(batch_id)
    return await work(database, batch_id, actor=actor, on_progress=on_progress, on_outcomes=on_outcomes)


async def undo(
    database: Database,
    batch_id: BatchId | None,
    *,
    actor: Actor,
    reason: str = "",
    on_progress: Progress | None = None,
    on_begin: Callable[[BatchId], None] | None = None,
) -> BatchReport:
    """Put back what a batch changed, by default the actor's latest that can be. Raises NotFound, Refused with the reason."""
    request, order_ids, undone = await request_undo(database, batch_id, actor=actor, reason=reason)
    own = await begin(database, request, order_ids, actor=actor, undoes=undone.batch_id)
    if on_begin is not None:
        on_begin(own)
    return await work(database, own, actor=actor, on_progress=on_progress)


async def go_on(
    database: Database, batch_id: BatchId, *, actor: Actor, on_progress: Progress | None = None
) -> BatchReport:
    """Do what is left of a batch that was stopped or whose program was killed. Raises NotFound; Refused when nothing is left."""
    await batches.resume(database, batch_id)
    return await work(database, batch_id, actor=actor, on_progress=on_progress)


async def work(
    database: Database,
    batch_id: BatchId,
    *,
    actor: Actor,
    workers: int = WORKERS,
    on_progress: Progress | None = None,
    on_outcomes: Outcomes | None = None,
) -> BatchReport:
    """Do the parts that are left, several at once, until none is or the batch is asked to stop."""
    request = await batches.request_of(database, batch_id)
    worker = _Worker(database, batch_id, request, actor, on_progress, on_outcomes)
    errors = await asyncio.gather(*(worker.run() for _ in range(workers)), return_exceptions=True)
    for error in errors:
        if isinstance(error, BaseException):
            raise error
    await batches.finish(database, batch_id)
    ended = await batches.batch(database, batch_id)
    return BatchReport(
        str(batch_id),
        ended.processed,
        ended.failed,
        worker.in_order(),
        ended.unchanged,
        finished=ended.finished_at is not None,
    )


class _Worker:
    """Claims parts of one batch and does them, as often as it is run at once."""

    def __init__(
        self,
        database: Database,
        batch_id: BatchId,
        request: BulkRequest,
        actor: Actor,
        on_progress: Progress | None,
        on_outcomes: Outcomes | None,
    ) -> None:
        self._database = database
        self._batch_id = batch_id
        self._request = request
        self._operation = OPERATIONS[request.kind]
        self._undo = None if lasting(request) else UNDOS.get(request.kind)
        self._actor = actor
        self._on_progress = on_progress
        self._on_outcomes = on_outcomes
        self._refused: list[tuple[int, ChangeOutcome]] = []

    async def run(self) -> None:
        while await self._next_part():
            pass

    def in_order(self) -> tuple[ChangeOutcome, ...]:
        """Those refused while this program was at work, in the batch's order."""
        return tuple(outcome for _, outcome in sorted(self._refused, key=lambda each: each[0]))

    async def _next_part(self) -> bool:
        claimed: list[Part] = []

        async def whole(connection: Any) -> tuple[list[ChangeOutcome], tuple[int, int]] | None:
            claimed[:] = [part] if (part := await batches.claim_part(connection, self._batch_id)) is not None else []
            if part is None:
                return None
            outcomes = await self._change(connection, part)
            return outcomes, await batches.part_done(connection, part, outcomes)

        try:
            done = await self._database.run(whole)
        except Misconfigured:
            raise
        except Exception as error:
            if not claimed or is_lost(error):
                raise
            await self._divide(claimed[0], error)
            return True
        if done is None:
            return False
        outcomes, progress = done
        self._tell(claimed[0], outcomes, progress)
        return True

    async def _change(self, connection: Any, part: Part) -> list[ChangeOutcome]:
        vault = self._database.vault
        before: dict[OrderId, dict[str, Any]] = {}
        if self._undo is not None:
            together = await sharing(connection, part.order_ids)
            await lock_for_result(connection, [*part.order_ids, *together])
            before = await self._undo.remember(connection, part.order_ids)
        outcomes = await self._operation.change(
            connection, vault, part.order_ids, self._request, self._actor, part.versions, write=True
        )
        changed = {each.order_id: before[each.order_id] for each in outcomes if before and not each.refused}
        await journal.write(connection, vault, self._batch_id, changed)
        return outcomes

    async def _divide(self, part: Part, error: Exception) -> None:
        """What broke a part is kept away from the others: it ends alone, reported, with nothing of it changed."""
        ahead = await without_culprit(self._database, part.order_ids, error)
        if ahead:
            logger.warning(
                "a part of a batch broke and is divided", exc_info=error, extra={"orders": len(part.order_ids)}
            )
            await self._database.run(lambda connection: batches.divide(connection, part, ahead))
            return
        logger.error("orders of a batch cannot be changed", exc_info=error, extra={"orders": len(part.order_ids)})

        async def set_aside(connection: Any) -> tuple[list[ChangeOutcome], tuple[int, int]] | None:
            outcomes = await broken(connection, part.order_ids, error)
            progress = await batches.set_aside(connection, part, outcomes)
            return (outcomes, progress) if progress is not None else None

        told = await self._database.run(set_aside)
        if told is not None:
            self._tell(part, *told)

    def _tell(self, part: Part, outcomes: Sequence[ChangeOutcome], progress: tuple[int, int]) -> None:
        refused = (outcome for outcome in outcomes if outcome.refused and not outcome.unchanged)
        self._refused += ((part.first, outcome) for outcome in refused)
        if self._on_outcomes is not None:
            self._on_outcomes(outcomes)
        if self._on_progress is not None:
            self._on_progress(*progress)
