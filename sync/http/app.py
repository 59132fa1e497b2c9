"""What can be called, as one application; other surfaces are mounted in it beside the webhooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from engine.database.connection import Database
from sync.http import easypost_webhooks, tiktok_webhooks
from sync.http.easypost_webhooks import EasyPostWebhooks
from sync.http.letterbox import Letterbox
from sync.http.reception import Reception
from sync.http.settings import HttpSettings
from sync.http.tiktok_webhooks import TikTokWebhooks
from sync.tiktok.token_calls import AppCredentials


def build(
    database: Database,
    settings: HttpSettings,
    app: AppCredentials,
    *,
    ring: Callable[[], None],
    clock: Callable[[], float],
    more: Sequence[BaseRoute] = (),
) -> Starlette:
    """The application. Without EasyPost's secret nothing of EasyPost's could be believed, and there is no such endpoint."""
    reception = Reception(settings)
    letterbox = Letterbox(database, ring, store_seconds=settings.store_seconds)
    tiktok = TikTokWebhooks(app, reception, letterbox, clock=clock)
    routes: list[BaseRoute] = [Route(tiktok_webhooks.PATH, tiktok.receive, methods=["POST"])]
    if settings.easypost_secret:
        easypost = EasyPostWebhooks(
            settings.easypost_secret, settings.easypost_signature, reception, letterbox, clock=clock
        )
        routes.append(Route(easypost_webhooks.PATH, easypost.receive, methods=["POST"]))
    return Starlette(routes=[*routes, *more])
