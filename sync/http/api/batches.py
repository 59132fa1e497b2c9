"""Bulk changes as their batches tell them: seen, stopped, gone on with, undone."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from engine.access.permissions import Permission
from engine.identifiers import BatchId
from engine.orders.bulk import batches, many
from sync.http.api.bulk import batch_document
from sync.http.api.deeds import deeds_of
from sync.http.api.routing import new_router
from sync.http.api.session import Session, needs
from sync.http.api.shapes.failures import Batches, BatchShape
from sync.http.api.shapes.order_changes import BulkUpdateStatusResponse
from sync.http.api.writing import answer, fields_of

router = new_router("batches")

Reading = Annotated[Session, needs(Permission.HEALTH_READ)]
Working = Annotated[Session, needs(Permission.ORDERS_CHANGE)]


@router.get("/api/batches", operation_id="listBatches", response_model=Batches)
async def list_batches(session: Reading, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Response:
    """The latest bulk changes of everybody, newest first."""
    found = await batches.recent(session.database, limit=limit)
    return answer({"batches": [fields_of(BatchShape, batch) for batch in found]})


@router.get("/api/batches/{batch_id}", operation_id="getBatch", response_model=BatchShape)
async def get_batch(batch_id: UUID, session: Reading) -> Response:
    """One bulk change with all its refusals."""
    return answer(fields_of(BatchShape, await batches.batch(session.database, BatchId(batch_id))))


@router.post("/api/batches/{batch_id}/stop", operation_id="stopBatch", response_model=BatchShape)
async def stop_batch(batch_id: UUID, session: Working) -> Response:
    """Let a batch end after the parts under way."""
    await batches.ask_to_stop(session.database, BatchId(batch_id))
    return answer(fields_of(BatchShape, await batches.batch(session.database, BatchId(batch_id))))


@router.post(
    "/api/batches/{batch_id}/continue",
    operation_id="continueBatch",
    response_model=BulkUpdateStatusResponse,
    response_model_exclude_unset=True,
)
async def continue_batch(request: Request, batch_id: UUID, session: Working) -> Response:
    """Do what is left of a batch that was stopped, or whose program was killed."""
    try:
        await many.go_on(session.database, BatchId(batch_id), actor=session.caller.actor)
    finally:
        deeds_of(request).told()
    return answer(batch_document(await batches.batch(session.database, BatchId(batch_id))))


@router.post(
    "/api/batches/{batch_id}/undo",
    operation_id="undoBatch",
    response_model=BulkUpdateStatusResponse,
    response_model_exclude_unset=True,
)
async def undo_batch(request: Request, batch_id: UUID, session: Working) -> Response:
    """Put back what a batch changed, where it was not changed since; a batch of its own."""
    try:
        report = await many.undo(session.database, BatchId(batch_id), actor=session.caller.actor)
    finally:
        deeds_of(request).told()
    return answer(batch_document(await batches.batch(session.database, BatchId(UUID(report.batch_id)))))
