"""POST /api/orders/bulk/status: one status for many orders, in a batch that tells how it goes and can be gone on with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

from starlette.requests import Request
from starlette.responses import Response

from engine import named_requests
from engine.access.permissions import Permission
from engine.database.joined import Joined
from engine.identifiers import BatchId, OrderId
from engine.named_requests import Answer, Name
from engine.orders.bulk import batches, many
from engine.orders.bulk.requests import BatchState, BatchView, BulkKind, BulkRequest
from sync.http.api.deeds import IdempotencyKey, claim, deeds_of, name_of, response
from sync.http.api.routing import new_router
from sync.http.api.session import Session, needs
from sync.http.api.shapes.order_changes import BulkUpdateStatusRequest, BulkUpdateStatusResponse
from sync.http.api.writing import written
from sync.http.problem import Problem

router = new_router("orders")


@router.post(
    "/api/orders/bulk/status",
    operation_id="bulkUpdateStatus",
    response_model=BulkUpdateStatusResponse,
    response_model_exclude_unset=True,
)
async def bulk_status(
    request: Request,
    wanted: BulkUpdateStatusRequest,
    session: Annotated[Session, needs(Permission.ORDERS_CHANGE)],
    key: IdempotencyKey = None,
) -> Response:
    """Change all that allow it, `batch_size` in a transaction; the others are told one by one, each with why.

    Sent again with its `Idempotency-Key` after the daemon was killed, it goes on where it was.
    """
    bulk = BulkRequest(BulkKind.STATUS, {"status": wanted.status.value}, wanted.reason or "")
    part_size = wanted.batch_size or many.PART_SIZE

    async def chosen(_: Joined) -> Sequence[OrderId]:
        return [OrderId(order_id) for order_id in wanted.order_ids]

    return await run_batch(request, session, key, bulk, chosen, part_size=part_size)


async def run_batch(
    request: Request,
    session: Session,
    key: str | None,
    bulk: BulkRequest,
    chosen: Callable[[Joined], Awaitable[Sequence[OrderId]]],
    *,
    part_size: int = many.PART_SIZE,
) -> Response:
    """Begin the batch under its name, or find the one that was begun; do what is left of it; say how it ended.

    Which orders are `chosen` is asked for a new batch only.
    """
    name = await name_of(request, session, key)
    database, actor = session.database, session.caller.actor

    async def begin(connection: Any) -> BatchId | Answer:
        joined = Joined(database, connection)
        if name is not None and (known := await claim(connection, session, name)) is not None:
            if known.answer is not None:
                return known.answer
            assert known.batch_id is not None, "only a batch has no answer at once"
            await _refuse_running(joined, known.batch_id)
            return known.batch_id
        batch_id = await many.begin(joined, bulk, await chosen(joined), actor=actor, part_size=part_size)
        if name is not None:
            await named_requests.keep(connection, database.vault, name, None, batch_id=batch_id)
        return batch_id

    begun = await database.run(begin)
    if isinstance(begun, Answer):
        return response(begun, replayed=True)
    try:
        await many.work(database, begun, actor=actor)
    finally:
        deeds_of(request).told()
    batch = await batches.batch(database, begun)
    answer = Answer(200, written(batch_document(batch)))
    if name is not None:
        await _answered(session, name, answer, begun)
    return response(answer)


async def _refuse_running(database: Joined, batch_id: BatchId) -> None:
    """Whoever began it may be at it still. Raises Problem."""
    batch = await batches.batch(database, batch_id)
    if batch.state is BatchState.RUNNING and batch.processed < batch.total:
        raise Problem(
            409,
            named_requests.RUNNING,
            f"{batch.processed} of {batch.total} orders are done; ask again in a moment for the answer.",
            headers={"retry-after": "2"},
        )


async def _answered(session: Session, name: Name, answer: Answer, batch_id: BatchId) -> None:
    database = session.database
    await database.run(
        lambda connection: named_requests.keep(connection, database.vault, name, answer, batch_id=batch_id)
    )


def batch_document(batch: BatchView) -> dict[str, Any]:
    """The end of a batch as the specification spells it."""
    document: dict[str, Any] = {
        "success": batch.failed == 0 and batch.finished_at is not None,
        "processed": batch.processed,
        "failed": batch.failed,
        "batch_id": batch.batch_id,
    }
    if batch.errors:
        document["errors"] = [
            {"order_id": error.order_id, "error": error.error, "code": error.code} for error in batch.errors
        ]
    return document
