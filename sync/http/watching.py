"""What whoever watches the daemon may read: metrics, health, and whether it lives and takes work.

`/livez` and `/readyz` are open to anybody who reaches the listener and say one word. Metrics and health tell how much is sold and what is
broken: they are for this machine, for the networks that the settings name, and for whoever shows the token.
"""

from __future__ import annotations

import contextlib
import hmac
import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.errors import Unreachable
from engine.monitoring import health
from engine.monitoring.gauges import gauges
from sync.http.reception import Reception
from sync.monitoring.counted import Counted
from sync.monitoring.exposition import Exposition
from sync.monitoring.settings import MonitoringSettings
from sync.monitoring.vitals import Vitals
from sync.monitoring.watch import Watch

STALLED_SECONDS = 60.0
"""A daemon whose schedule has not run for so long is stuck, and better started again."""


class Standing:
    """Whether this daemon takes work, and when its schedule last ran."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lived_at = clock()
        self.draining = False
        """True from the moment it was told to stop: nothing new is sent its way, while it finishes what is under way."""

    def lives(self) -> None:
        """The schedule ran, whether or not the database answers."""
        self._lived_at = self._clock()

    @property
    def stalled(self) -> bool:
        return self._clock() - self._lived_at > STALLED_SECONDS


class Watching:
    """The endpoints of one daemon."""

    def __init__(
        self,
        settings: MonitoringSettings,
        reception: Reception,
        watch: Watch,
        standing: Standing,
        counted: Counted,
        vitals: Vitals,
        *,
        version: str,
        api: ASGIApp | None = None,
    ) -> None:
        self._settings = settings
        self._reception = reception
        self._watch = watch
        self._standing = standing
        self._vitals = vitals
        self._api = api
        self._exposition = Exposition(counted, about={"version": version})

    def routes(self) -> list[BaseRoute]:
        """Where they are."""
        return [
            Route("/livez", self.lives, methods=["GET"]),
            Route("/readyz", self.ready, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
            Route("/api/health/orders", self.health, methods=["GET"]),
        ]

    async def lives(self, request: Request) -> Response:
        """200 while the process is worth keeping; 503 when it is stuck and should be started again. A lost database is no reason."""
        return _word("stalled", 503) if self._standing.stalled else _word("ok")

    async def ready(self, request: Request) -> Response:
        """200 while requests may be sent here; 503 from the moment it drains, and while its database does not answer."""
        if self._standing.draining:
            return _word("draining", 503)
        return _word("ok") if await self._watch.answers() else _word("database away", 503)

    async def metrics(self, request: Request) -> Response:
        """The process's counts and the house's figures; while the database is away the counts alone."""
        if (refusal := self._refusal(request)) is not None:
            return refusal
        found = list(self._vitals.gauges())
        with contextlib.suppress(Unreachable):
            found += gauges(await self._watch.readings())
        text, content_type = self._exposition.render(found, request.headers.get("accept", ""))
        return Response(text, headers={"content-type": content_type, "cache-control": "no-store"})

    async def health(self, request: Request) -> Response:
        """The specification's document; whoever is neither near nor shows the token may have one of the API."""
        if (refusal := self._refusal(request)) is not None:
            return refusal if self._api is None else _Beneath(self._api)
        return await health_answer(self._watch)

    def _refusal(self, request: Request) -> Response | None:
        if self._shows_token(request) or self._is_near(request):
            return None
        headers = {"www-authenticate": 'Bearer realm="monitoring"'} if self._settings.token else None
        sentence = "Metrics and health are for this machine, telemetry.networks, and whoever shows the metrics_token.\n"
        return PlainTextResponse(sentence, 401 if self._settings.token else 403, headers=headers)

    def _shows_token(self, request: Request) -> bool:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        token = self._settings.token
        return (
            bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), token.encode())
        )

    def _is_near(self, request: Request) -> bool:
        """A call that came through a proxy which nobody vouched for came from anywhere, whatever its last hop says."""
        if self._reception.is_relayed(request):
            return False
        try:
            address = ipaddress.ip_address(self._reception.source(request))
        except ValueError:
            return False
        return any(address in network for network in self._settings.networks)


async def health_answer(watch: Watch) -> Response:
    """The specification's document as an answer; 503 while nothing can be known, since the database does not answer."""
    status = 200
    try:
        document = health.document(await watch.readings())
    except Unreachable as error:
        moment = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        document, status = health.unreachable(moment, error.sentence), 503
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return Response(orjson.dumps(document), status, headers=headers)


class _Beneath(Response):
    """The API's own answer: who is not near may have a token of a person."""

    def __init__(self, api: ASGIApp) -> None:
        super().__init__()
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._api(scope, receive, send)


def _word(word: str, status: int = 200) -> Response:
    return PlainTextResponse(f"{word}\n", status, headers={"cache-control": "no-store"})
