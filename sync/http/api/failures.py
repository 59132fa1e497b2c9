"""The failed queue: groups with one mend each, their orders, and what people do with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from engine.access.permissions import Permission
from engine.database.joined import Joined
from engine.identifiers import OrderId
from engine.named_requests import Answer
from engine.orders.assignment import find_user
from engine.orders.bulk.requests import BulkKind, BulkRequest
from engine.orders.views import ChangeOutcome
from engine.workflow import failure_groups, failure_work
from sync.http.api.bulk import run_batch
from sync.http.api.deeds import IdempotencyKey, deeds_of
from sync.http.api.routing import new_router
from sync.http.api.session import Session, needs
from sync.http.api.shapes.failures import (
    AssignFailuresAsked,
    FailureGroups,
    FailureGroupShape,
    FailureOrdersAsked,
    Failures,
    FailureShape,
    Fingerprint,
    Outcomes,
    RetryGroupAsked,
    SnoozeAsked,
)
from sync.http.api.shapes.order_changes import BulkUpdateStatusResponse
from sync.http.api.writing import answer, fields_of, written

router = new_router("failures")

Reading = Annotated[Session, needs(Permission.FAILURES_READ)]
Mending = Annotated[Session, needs(Permission.FAILURES_MEND)]


@router.get("/api/failures", operation_id="listFailureGroups", response_model=FailureGroups)
async def list_failure_groups(session: Reading, with_snoozed: bool = False) -> Response:
    """Open failures by what they have in common, nearest ship-by first."""
    groups = await failure_groups.failure_groups(session.database, with_snoozed=with_snoozed)
    return answer({"groups": [fields_of(FailureGroupShape, group) for group in groups]})


@router.get("/api/failures/orders", operation_id="listFailures", response_model=Failures)
async def list_failures(
    session: Reading, fingerprint: Annotated[Fingerprint, Query()], limit: Annotated[int, Query(ge=1, le=500)] = 200
) -> Response:
    """The failures of one group, each with its cause, what was tried and what to do."""
    found = await failure_groups.failures_of_group(session.database, fingerprint, limit=limit)
    return answer({"failures": [fields_of(FailureShape, each) for each in found]})


@router.post(
    "/api/failures/retry",
    operation_id="retryFailureGroup",
    response_model=BulkUpdateStatusResponse,
    response_model_exclude_unset=True,
)
async def retry_group(
    request: Request, asked: RetryGroupAsked, session: Mending, key: IdempotencyKey = None
) -> Response:
    """Send every order of a group on from where it failed."""
    bulk = BulkRequest(BulkKind.RETRY, reason=asked.reason or "")

    async def chosen(joined: Joined) -> Sequence[OrderId]:
        return await failure_work.orders_of_group(joined, asked.fingerprint)

    return await run_batch(request, session, key, bulk, chosen)


@router.post("/api/failures/assign", operation_id="assignFailures", response_model=Outcomes)
async def assign_failures(
    request: Request, asked: AssignFailuresAsked, session: Mending, key: IdempotencyKey = None
) -> Response:
    """Give failures to somebody, or to nobody again."""

    async def work(_: Any, joined: Joined) -> Answer:
        user = await find_user(joined, asked.user) if asked.user is not None else None
        return _told(await failure_work.assign(joined, _ids(asked), user, actor=session.caller.actor))

    return await deeds_of(request).do(request, session, key, work)


@router.post("/api/failures/acknowledge", operation_id="acknowledgeFailures", response_model=Outcomes)
async def acknowledge_failures(
    request: Request, asked: FailureOrdersAsked, session: Mending, key: IdempotencyKey = None
) -> Response:
    """Say that one is at work on them."""

    async def work(_: Any, joined: Joined) -> Answer:
        return _told(await failure_work.acknowledge(joined, _ids(asked), actor=session.caller.actor))

    return await deeds_of(request).do(request, session, key, work)


@router.post("/api/failures/snooze", operation_id="snoozeFailures", response_model=Outcomes)
async def snooze_failures(
    request: Request, asked: SnoozeAsked, session: Mending, key: IdempotencyKey = None
) -> Response:
    """Take failures out of sight for a while."""

    async def work(_: Any, joined: Joined) -> Answer:
        return _told(await failure_work.snooze(joined, _ids(asked), asked.until, actor=session.caller.actor))

    return await deeds_of(request).do(request, session, key, work)


@router.post("/api/failures/wake", operation_id="wakeFailures", response_model=Outcomes)
async def wake_failures(
    request: Request, asked: FailureOrdersAsked, session: Mending, key: IdempotencyKey = None
) -> Response:
    """Bring snoozed failures back at once."""

    async def work(_: Any, joined: Joined) -> Answer:
        return _told(await failure_work.wake(joined, _ids(asked), actor=session.caller.actor))

    return await deeds_of(request).do(request, session, key, work)


def _ids(asked: FailureOrdersAsked) -> list[OrderId]:
    return [OrderId(order_id) for order_id in asked.order_ids]


def _told(outcomes: Sequence[ChangeOutcome]) -> Answer:
    document = {
        "success": not any(outcome.refused for outcome in outcomes),
        "outcomes": [
            {
                "order_id": outcome.order_id,
                "order_number": outcome.order_number,
                "code": outcome.code,
                "error": outcome.sentence,
            }
            for outcome in outcomes
        ],
    }
    return Answer(200, written(document))
