"""Every operation the server answers, as one Starlette application."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from sync.simulator.admin import AdminCalls
from sync.simulator.condition_calls import ConditionCalls
from sync.simulator.easypost import envelope as easypost_envelope
from sync.simulator.easypost.shipment_calls import ShipmentCalls
from sync.simulator.easypost.tracker_calls import TrackerCalls
from sync.simulator.listing import ListingCalls
from sync.simulator.tiktok import envelope as tiktok_envelope
from sync.simulator.tiktok.cancellations import CancellationCalls
from sync.simulator.tiktok.fulfilment import FulfilmentCalls
from sync.simulator.tiktok.lookups import LookupCalls
from sync.simulator.tiktok.orders import OrderCalls
from sync.simulator.tiktok.package_calls import PackageCalls
from sync.simulator.tiktok.token_calls import TokenCalls
from sync.simulator.webhooks.admin_calls import WebhookAdminCalls
from sync.simulator.webhooks.easypost_calls import HookCalls
from sync.simulator.webhooks.tiktok_calls import WebhookCalls
from sync.simulator.wire import Endpoint, Operation, Reply
from sync.simulator.world import World


def operations(world: World) -> list[Operation]:
    """Return everything that can be asked, busiest first, since routes are tried in this order."""
    families = (
        ShipmentCalls(world),
        OrderCalls(world),
        FulfilmentCalls(world),
        TrackerCalls(world),
        PackageCalls(world),
        LookupCalls(world),
        CancellationCalls(world),
        TokenCalls(world),
        WebhookCalls(world),
        HookCalls(world),
        AdminCalls(world),
        WebhookAdminCalls(world),
        ConditionCalls(world),
        ListingCalls(world),
    )
    return [operation for family in families for operation in family.operations()]


def build(world: World, cut: Callable[[Scope], None]) -> Starlette:
    """Return the application; `cut` closes the connection of a request without an answer."""
    routes = []
    for operation in operations(world):
        route = Route(operation.path, Endpoint(operation, world, cut), methods=[operation.method])
        routes.append(route)
    return Starlette(routes=routes, exception_handlers={404: _no_such_path, 405: _no_such_method})


async def _no_such_path(request: Request, _error: Exception) -> Response:
    if request.url.path.startswith("/v2"):
        return _response(easypost_envelope.missing("resource").reply)
    return _response(tiktok_envelope.failure(tiktok_envelope.NO_SUCH_PATH, "Invalid path.", 404))


async def _no_such_method(request: Request, _error: Exception) -> Response:
    if request.url.path.startswith("/v2"):
        return _response(easypost_envelope.error(405, "METHOD_NOT_ALLOWED", "The method is not allowed here."))
    return _response(tiktok_envelope.failure(tiktok_envelope.NO_SUCH_METHOD, "Invalid method.", 405))


def _response(reply: Reply) -> Response:
    return Response(reply.body, reply.status, media_type=reply.media_type.decode())
