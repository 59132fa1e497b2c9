"""Counts every request by the pattern of its route, never by the address that was asked for."""

from __future__ import annotations

import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync.monitoring.counted import Counted
from sync.monitoring.traces import NO_TRACES, Traces

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NONE: Final = "none"
"""What no route is for: scanners ask for a thousand addresses, and make one label."""


class Counting:
    """The whole application, counted and traced."""

    def __init__(self, app: ASGIApp, counted: Counted, traces: Traces = NO_TRACES) -> None:
        self._app = app
        self._counted = counted
        self._traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = scope["method"] if scope["method"] in _METHODS else "other"
        with self._traces.span(method, "server", parent=_parent(scope), http_request_method=method) as span:
            try:
                await self._app(scope, receive, told)
            finally:
                route = _route(scope)
                span.name(f"{method} {route}")
                span.tell(http_route=route, http_response_status_code=status)
                if status >= 500:
                    span.failed(str(status))
                self._counted.requests.add(method, route, str(status))
                self._counted.request_seconds.observe(time.perf_counter() - began, method, route)


def _parent(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), "")


def _route(scope: Scope) -> str:
    path = getattr(scope.get("route"), "path", "")
    return f"{scope.get('root_path', '')}{path}" if path else _NONE
