"""What can be called, as one application; other surfaces are mounted in it beside the webhooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.database.connection import Database
from sync.http import easypost_webhooks, tiktok_webhooks
from sync.http.counting import Counting
from sync.http.easypost_webhooks import EasyPostWebhooks
from sync.http.letterbox import Letterbox
from sync.http.problem import http_exception
from sync.http.reception import Reception
from sync.http.settings import HttpSettings
from sync.http.surface import Surface
from sync.http.tiktok_webhooks import TikTokWebhooks
from sync.monitoring.counted import Counted
from sync.monitoring.traces import NO_TRACES, Traces
from sync.tiktok.token_calls import AppCredentials


def build(
    database: Database,
    settings: HttpSettings,
    app: AppCredentials,
    *,
    ring: Callable[[], None],
    clock: Callable[[], float],
    reception: Reception | None = None,
    api: ASGIApp | None = None,
    counted: Counted | None = None,
    traces: Traces = NO_TRACES,
    more: Sequence[BaseRoute] = (),
) -> ASGIApp:
    """The application, every request counted. Without EasyPost's secret nothing of it could be believed, and there is no such endpoint."""
    counted = counted or Counted()
    reception = reception or Reception(settings)
    letterbox = Letterbox(database, ring, store_seconds=settings.store_seconds)
    tiktok = TikTokWebhooks(app, reception, letterbox, counted, clock=clock)
    routes: list[BaseRoute] = [Route(tiktok_webhooks.PATH, tiktok.receive, methods=["POST"])]
    if settings.easypost_secret:
        easypost = EasyPostWebhooks(
            settings.easypost_secret, settings.easypost_signature, reception, letterbox, counted, clock=clock
        )
        routes.append(Route(easypost_webhooks.PATH, easypost.receive, methods=["POST"]))
    beneath = [] if api is None else [_Beneath(api)]
    starlette = Starlette(routes=[*routes, *more, *beneath], exception_handlers={HTTPException: http_exception})
    return Counting(Surface(starlette), counted, traces)


class _Beneath(BaseRoute):
    """The API with its whole addresses: mounted, it would see and tell them without their beginning."""

    def __init__(self, api: ASGIApp) -> None:
        self._api = api

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = scope.get("path", "")
        is_its = scope["type"] == "http" and (path.startswith("/api/") or path == "/openapi.json")
        return (Match.FULL if is_its else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._api(scope, receive, send)
