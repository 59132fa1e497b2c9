"""The API as one application: its routers in one list, its OpenAPI document without anything that loads from outside."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from importlib import metadata
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from engine.database.connection import Database
from sync.http.api import (
    batches,
    bulk,
    events,
    exports,
    failures,
    goods,
    health,
    house,
    me,
    order_changes,
    order_work,
    orders,
    problems,
    reports,
)
from sync.http.api.admission import Admission
from sync.http.api.deeds import Deeds
from sync.http.api.following import Following
from sync.http.api.gate import Gate
from sync.http.api.keys import Keys
from sync.http.api.limits import Limits
from sync.http.api.settings import ApiSettings
from sync.http.api.shapes.problem import ProblemShape
from sync.http.api.summaries import Summaries
from sync.http.api.tokens import Tokens
from sync.http.problem import http_exception
from sync.monitoring.settings import MonitoringSettings
from sync.monitoring.watch import Watch
from sync.rates import Rates

ROUTERS: Sequence[APIRouter] = (
    me.router,
    bulk.router,
    events.router,
    exports.router,
    orders.router,
    order_changes.router,
    order_work.router,
    failures.router,
    batches.router,
    goods.router,
    health.router,
    house.router,
    reports.router,
)
"""All of them; one that is not here is not served."""

DOCUMENT_PATH = "/openapi.json"

_ABOUT = """Orders of TikTok Shop from arrival to delivery: read, worked, told.

Every call carries a token (`Authorization: Bearer`). What is refused is answered with `application/problem+json`: `code` never changes,
`detail` is one sentence for a person. `X-Request-Id` names a call in the daemon's log; a name of the caller's own is kept."""

_READ_HEADERS = ["ETag", "Link", "Location", "Retry-After", "X-Request-Id"]
_SENT_HEADERS = ["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-Request-Id"]


def build_api(routers: Sequence[APIRouter] = ROUTERS) -> FastAPI:
    """The application, still without a database; `app.state.admission` has to be set before it is served."""
    api = FastAPI(
        title="Orders TUI",
        version=metadata.version("orders-tui"),
        description=_ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for router in routers:
        # Not included but taken over: each request would go through every router's matching twice.
        api.router.routes.extend(router.routes)
    problems.install(api)
    api.add_exception_handler(HTTPException, _framework_refusal)
    api.add_route(DOCUMENT_PATH, _document, methods=["GET"], include_in_schema=False)
    return api


@contextlib.asynccontextmanager
async def open_api(
    database: Database,
    settings: ApiSettings,
    rates: Rates,
    *,
    source: Callable[[Request], str],
    ends: asyncio.Event | None = None,
    watch: Watch | None = None,
    routers: Sequence[APIRouter] = ROUTERS,
) -> AsyncIterator[ASGIApp]:
    """The API over connections of its own, ready to be served until `ends`. Raises Misconfigured for keys that cannot be used."""
    keys = Keys(settings.access)
    limits = Limits(settings, rates)
    api = build_api(routers)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(keys.close)
        own = await stack.enter_async_context(database.beside(settings.connections, "orders-tui http"))
        api.state.admission = Admission(own, settings, Tokens(settings.access, keys), limits, source=source)
        api.state.watch = watch or Watch(database, MonitoringSettings().fresh_seconds)
        api.state.summaries = Summaries()
        api.state.deeds = Deeds.of(own)
        api.state.following = Following(own)
        closing = asyncio.create_task(api.state.following.close_at(ends or asyncio.Event()))
        stack.callback(closing.cancel)
        gate: ASGIApp = Gate(api, settings, limits, source=source, methods=lambda path: methods_of(api, path))
        if settings.origins:
            gate = CORSMiddleware(
                gate,
                allow_origins=settings.origins,
                allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
                allow_headers=_SENT_HEADERS,
                expose_headers=_READ_HEADERS,
                max_age=600,
            )
        yield gate


def methods_of(api: FastAPI, path: str) -> list[str]:
    """What an address may be asked; empty where there is nothing."""
    found: set[str] = set()
    for route in api.routes:
        if (pattern := getattr(route, "path_regex", None)) is not None and pattern.match(path):
            found |= getattr(route, "methods", None) or set()
    if not found:
        return []
    return sorted(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set()))


async def _framework_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        error.headers = {"allow": ", ".join(methods_of(request.app, request.url.path))}
    return await http_exception(request, error)


async def _document(request: Request) -> Response:
    api: FastAPI = request.app
    written: bytes | None = getattr(api.state, "document", None)
    if written is None:
        # It takes a tenth of a second, in which nothing else would be done.
        written = api.state.document = await asyncio.to_thread(document, api)
    return Response(written, media_type="application/json", headers={"cache-control": "no-cache"})


def document(api: FastAPI) -> bytes:
    """The OpenAPI document, as JSON."""
    described: dict[str, Any] = api.openapi()
    components = described.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    shape = ProblemShape.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= shape.pop("$defs", {}) | {"ProblemShape": shape}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of the issuer that is set up (JWT), or one that `orders-tui token issue` gave.",
        }
    }
    described["security"] = [{"token": []}]
    for operations in described["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _never_null(parameter["schema"])
    return orjson.dumps(described)


def _never_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is left out or has a value: there is no null in an address or a header."""
    if "anyOf" not in schema:
        return schema
    choices = [each for each in schema["anyOf"] if each != {"type": "null"}]
    others = {name: value for name, value in schema.items() if name != "anyOf"}
    return others | (choices[0] if len(choices) == 1 else {"anyOf": choices})
