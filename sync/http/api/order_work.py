"""What the console does with one order: holds, tags, people, priorities, notes, retry, cancel, pause; all the engine's own functions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query
from starlette.responses import Response

from engine.access.permissions import Permission
from engine.database.joined import Joined
from engine.errors import NotFound
from engine.identifiers import OrderId
from engine.named_requests import Answer
from engine.orders import holds, notes
from engine.orders.assignment import find_user
from engine.orders.bulk.operations import OPERATIONS
from engine.orders.bulk.requests import BulkKind, BulkRequest
from engine.orders.records.whole import record
from engine.orders.timeline import timeline
from engine.orders.views import ChangeOutcome
from engine.words import HoldReason
from engine.workflow import executions
from sync.http.api.deeds import check
from sync.http.api.order_changes import about
from sync.http.api.order_deed import OrderDeed, on_order
from sync.http.api.routing import new_router
from sync.http.api.session import Session, needs
from sync.http.api.shapes.order_work import (
    AssigneeAsked,
    CancelAsked,
    Changed,
    HoldAsked,
    Holds,
    HoldShape,
    NoteAsked,
    PriorityAsked,
    SkipAsked,
    Timeline,
    TimelineLine,
    WhyAsked,
)
from sync.http.api.writing import answer, fields_of

router = new_router("orders")

Working = Annotated[OrderDeed, on_order(Permission.ORDERS_CHANGE)]
Mending = Annotated[OrderDeed, on_order(Permission.FAILURES_MEND)]
Noting = Annotated[OrderDeed, on_order(Permission.NOTES_WRITE)]
Tag = Annotated[str, Path(min_length=1, max_length=40)]

Act = Callable[[Any, Joined, OrderId], Awaitable[Sequence[ChangeOutcome]]]


@router.get("/api/orders/{order_id}/timeline", operation_id="orderTimeline", response_model=Timeline)
async def order_timeline(order_id: UUID, session: Annotated[Session, needs(Permission.ORDERS_READ)]) -> Response:
    """The order's story: statuses, steps, what was sent outside, failures, holds, notes, changes."""
    database = session.database
    async with database.transaction() as connection:
        if await connection.fetchval("SELECT id FROM orders WHERE id = $1", order_id) is None:
            raise NotFound("order.not_found", f"There is no order {order_id}.")
        lines = await timeline(connection, database.vault, OrderId(order_id))
    return answer({"timeline": [fields_of(TimelineLine, line) for line in lines]})


@router.get("/api/holds", operation_id="listHolds", response_model=Holds)
async def list_holds(
    session: Annotated[Session, needs(Permission.ORDERS_READ)],
    reason: HoldReason | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """The holds of open orders, oldest first."""
    standing = await holds.standing_holds(session.database, reason, limit=limit)
    return answer({"holds": [fields_of(HoldShape, hold) for hold in standing]})


@router.put("/api/orders/{order_id}/holds/{reason}", operation_id="holdOrder", response_model=Changed)
async def hold_order(deed: Working, reason: HoldReason, asked: HoldAsked) -> Response:
    """Hold the order: it gets no label and is not shipped. Again for the same reason replaces note and end."""
    until = asked.until.isoformat() if asked.until else None
    bulk = BulkRequest(BulkKind.HOLD, {"hold": reason.value, "until": until}, note=asked.note)
    return await _do(deed, _bulk(deed, bulk))


@router.delete("/api/orders/{order_id}/holds/{reason}", operation_id="releaseOrder", response_model=Changed)
async def release_order(deed: Working, reason: HoldReason) -> Response:
    """Lift the hold for this reason."""
    bulk = BulkRequest(BulkKind.RELEASE, {"hold": reason.value})
    return await _do(deed, _bulk(deed, bulk))


@router.put("/api/orders/{order_id}/tags/{tag}", operation_id="tagOrder", response_model=Changed)
async def tag_order(deed: Working, tag: Tag) -> Response:
    """Give the order a tag."""
    bulk = BulkRequest(BulkKind.TAG, {"tags": [tag]})
    return await _do(deed, _bulk(deed, bulk))


@router.delete("/api/orders/{order_id}/tags/{tag}", operation_id="untagOrder", response_model=Changed)
async def untag_order(deed: Working, tag: Tag) -> Response:
    """Take a tag off the order."""
    bulk = BulkRequest(BulkKind.UNTAG, {"tags": [tag]})
    return await _do(deed, _bulk(deed, bulk))


@router.put("/api/orders/{order_id}/assignee", operation_id="assignOrder", response_model=Changed)
async def assign_order(deed: Working, asked: AssigneeAsked) -> Response:
    """Hand the order to somebody, or to nobody."""

    async def act(connection: Any, joined: Joined, order: OrderId) -> Sequence[ChangeOutcome]:
        found = await find_user(joined, asked.user) if asked.user is not None else None
        parameters = {"user_id": str(found.user_id) if found else None, "name": found.name if found else ""}
        return await _bulk(deed, BulkRequest(BulkKind.ASSIGN, parameters))(connection, joined, order)

    return await _do(deed, act)


@router.put("/api/orders/{order_id}/priority", operation_id="prioritiseOrder", response_model=Changed)
async def prioritise_order(deed: Working, asked: PriorityAsked) -> Response:
    """Set the order's priority, or leave it to its deadline."""
    bulk = BulkRequest(BulkKind.PRIORITY, {"level": asked.level})
    return await _do(deed, _bulk(deed, bulk))


@router.post("/api/orders/{order_id}/retry", operation_id="retryOrder", response_model=Changed)
async def retry_order(deed: Mending, asked: WhyAsked) -> Response:
    """Send a failed order on from the state it failed in."""
    bulk = BulkRequest(BulkKind.RETRY, reason=asked.reason or "")
    return await _do(deed, _bulk(deed, bulk))


@router.post("/api/orders/{order_id}/cancel", operation_id="cancelOrder", response_model=Changed)
async def cancel_order(deed: Working, asked: CancelAsked) -> Response:
    """Cancel the order, whatever was done for it: labels are voided, stock goes back, TikTok is told why."""
    because = asked.because.value if asked.because else None
    bulk = BulkRequest(BulkKind.CANCEL, {"because": because}, asked.reason or "")
    return await _do(deed, _bulk(deed, bulk))


@router.post("/api/orders/{order_id}/workflow/pause", operation_id="pauseWorkflow", response_model=Changed)
async def pause_workflow(deed: Working, asked: WhyAsked) -> Response:
    """Stop the order where it is until its workflow is resumed."""

    async def act(_: Any, joined: Joined, order: OrderId) -> Sequence[ChangeOutcome]:
        return await executions.pause(joined, [order], actor=deed.actor, reason=asked.reason or "")

    return await _do(deed, act)


@router.post("/api/orders/{order_id}/workflow/resume", operation_id="resumeWorkflow", response_model=Changed)
async def resume_workflow(deed: Working, asked: WhyAsked) -> Response:
    """Let a paused order go on where it was."""

    async def act(_: Any, joined: Joined, order: OrderId) -> Sequence[ChangeOutcome]:
        return await executions.resume_paused(joined, [order], actor=deed.actor, reason=asked.reason or "")

    return await _do(deed, act)


@router.post("/api/orders/{order_id}/workflow/stop", operation_id="stopWorkflow", response_model=Changed)
async def stop_workflow(deed: Working, asked: WhyAsked) -> Response:
    """End the execution: the order is worked no more until a workflow is triggered again, though the sale stands."""

    async def act(_: Any, joined: Joined, order: OrderId) -> Sequence[ChangeOutcome]:
        return await executions.cancel_execution(joined, [order], actor=deed.actor, reason=asked.reason or "")

    return await _do(deed, act)


@router.post("/api/orders/{order_id}/workflow/skip", operation_id="skipStep", response_model=Changed)
async def skip_step(deed: Mending, asked: SkipAsked) -> Response:
    """Pass over the step the order failed on or waits for, where its workflow allows it."""

    async def act(_: Any, joined: Joined, order: OrderId) -> Sequence[ChangeOutcome]:
        return await executions.skip(joined, [order], actor=deed.actor, reason=asked.reason)

    return await _do(deed, act)


@router.post("/api/orders/{order_id}/notes", operation_id="addNote", response_model=Changed)
async def add_note(deed: Noting, asked: NoteAsked) -> Response:
    """Write a note on the order."""

    async def act(connection: Any, joined: Joined, order: OrderId) -> Sequence[ChangeOutcome]:
        return await notes.add_note(
            connection,
            joined.vault,
            [order],
            asked.body,
            actor=deed.actor,
            must_acknowledge=asked.must_acknowledge,
        )

    return await _do(deed, act)


@router.post("/api/orders/{order_id}/notes/acknowledge", operation_id="acknowledgeNotes", response_model=Changed)
async def acknowledge_notes(deed: Noting) -> Response:
    """Take note of what must be acknowledged on the order; it goes on by itself."""

    async def act(connection: Any, joined: Joined, order: OrderId) -> Sequence[ChangeOutcome]:
        return await notes.acknowledge(connection, joined.vault, [order], actor=deed.actor)

    return await _do(deed, act)


def _bulk(deed: OrderDeed, bulk: BulkRequest) -> Act:
    """What a bulk change of this kind does, to one order. Raises Refused for parameters without sense."""
    operation = OPERATIONS[bulk.kind]

    async def act(connection: Any, joined: Joined, order: OrderId) -> Sequence[ChangeOutcome]:
        operation.check(bulk)
        return await operation.change(connection, joined.vault, [order], bulk, deed.actor, {}, write=True)

    return act


async def _do(deed: OrderDeed, act: Act) -> Response:
    async def work(connection: Any, joined: Joined) -> Answer:
        [outcome] = await act(connection, joined, deed.order_id)
        changed = check(outcome)
        order = await record(connection, joined.vault, deed.order_id)
        return about(order, {"success": True, "changed": changed, "order": order})

    return await deed.do(work)
