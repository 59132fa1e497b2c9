"""GET /api/health/orders: how orders are worked, for whoever has a token; `sync.http.watching` answers those who need none."""

from __future__ import annotations

from typing import Annotated, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from engine.access.permissions import Permission
from sync.http.api.routing import REFUSALS, new_router
from sync.http.api.session import Session, needs
from sync.http.api.shapes.health import OrderHealthCheck
from sync.http.problem import MEDIA_TYPE
from sync.http.watching import health_answer
from sync.monitoring.watch import Watch

router = new_router("health")

_UNHEALTHY: Final[dict[int | str, dict[str, Any]]] = {
    503: {
        "description": "The database does not answer; or not now, and Retry-After says when again.",
        "model": OrderHealthCheck,
        "content": {MEDIA_TYPE: REFUSALS[503]["content"][MEDIA_TYPE]},
    }
}


@router.get("/api/health/orders", operation_id="orderHealth", response_model=OrderHealthCheck, responses=_UNHEALTHY)
async def order_health(
    request: Request,
    session: Annotated[Session, needs(Permission.HEALTH_READ)],  # noqa: ARG001  # who may, is all that is asked of it
) -> Response:
    """The specification's document: four checks, four numbers, and one word for all."""
    watch: Watch = request.app.state.watch
    return await health_answer(watch)
