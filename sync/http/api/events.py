"""GET /api/orders/events: changes of orders as server-sent events, gone on with where a connection was lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Final

from fastapi import Header
from starlette.requests import Request
from starlette.responses import StreamingResponse

from engine.access.permissions import Permission
from engine.access.roles import Role
from engine.orders.records import feed
from engine.orders.records.feed import Change, place_text, read_place
from sync.http.api.following import Follower, Following
from sync.http.api.routing import new_router
from sync.http.api.session import Session, needs
from sync.http.api.writing import written
from sync.http.problem import Problem

router = new_router("orders")

HEARTBEAT_SECONDS: Final = 15.0
MOST_MISSED: Final = 2000
"""Changes that are told again to one who comes back; after more than these reading anew is quicker."""

_ABOUT = """`order.changed`: an order is at this version now; told at least once, the newest version in any case.
`orders.reset`: more changed than is told one by one; read the lists anew. `id` is where to go on from (`Last-Event-ID`)."""

_EVENT: Final = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "id": {"type": "string"},
        "event": {"enum": ["order.changed", "orders.ready", "orders.reset"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
}


@router.get(
    "/api/orders/events",
    operation_id="followOrders",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": _ABOUT,
            "content": {"text/event-stream": {"schema": _EVENT}},
        }
    },
)
async def follow_orders(
    request: Request,
    session: Annotated[Session, needs(Permission.ORDERS_READ)],
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", max_length=40)] = None,
) -> StreamingResponse:
    """Follow what changes, one's own orders or all that one may see, without asking again and again."""
    following: Following = request.app.state.following
    if following.is_full:
        raise Problem(
            503, "events.full", "Too many follow already; come back in a while.", headers={"retry-after": "5"}
        )
    return StreamingResponse(
        _events(request, session, following, last_event_id),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _events(
    request: Request, session: Session, following: Following, last_event_id: str | None
) -> AsyncIterator[bytes]:
    only = session.caller.user_id if session.caller.role is Role.CREATOR else None
    async with following.follow(only) as follower:
        yield b"retry: 2000\n\n"
        async for part in _missed(session, follower, last_event_id):
            yield part
        while not follower.ended:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(follower.woken.wait(), HEARTBEAT_SECONDS)
            changes, behind = follower.take()
            if behind:
                yield _reset(follower)
            if changes:
                yield _told(changes, follower)
            elif not behind and not follower.ended:
                if not await _still_known(request):
                    return
                yield b": nothing new\n\n"


async def _missed(session: Session, follower: Follower, last_event_id: str | None) -> AsyncIterator[bytes]:
    """What changed since the place that was reached before, as far as the caller may see it."""
    if last_event_id is None:
        yield _named("orders.ready", follower, {})
        return
    place = read_place(last_event_id.strip())
    if place is None:
        yield _reset(follower)
        return
    async with session.database.transaction() as connection:
        missed = await feed.changed(connection, place, limit=MOST_MISSED + 1)
    changes = [change for change in missed if follower.sees(change)]
    if len(missed) > MOST_MISSED:
        yield _reset(follower)
    elif changes:
        yield _told(changes, follower)
    else:
        yield _named("orders.ready", follower, {})


async def _still_known(request: Request) -> bool:
    """A token that has expired since, or a caller who was disabled, follows no longer."""
    try:
        await request.app.state.admission.admit(request)
    except Problem as problem:
        return problem.status not in {401, 403}
    return True


def _told(changes: Sequence[Change], follower: Follower) -> bytes:
    """One event a change. Only the last says where to go on from: whoever lost one before it is told of all of them again."""
    return b"".join(map(_event, changes[:-1])) + b"id: %b\n%b" % (
        place_text(follower.place).encode(),
        _event(changes[-1]),
    )


def _event(change: Change) -> bytes:
    told = {
        "id": change.order_id,
        "user_id": change.user_id,
        "version": change.version,
        "order_status": change.order_status,
        "workflow_status": change.workflow_status,
        "updated_at": change.updated_at,
    }
    return b"event: order.changed\ndata: %b\n\n" % written(told)


def _reset(follower: Follower) -> bytes:
    return _named("orders.reset", follower, {})


def _named(event: str, follower: Follower, told: dict[str, Any]) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (place_text(follower.place).encode(), event.encode(), written(told))
