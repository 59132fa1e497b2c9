"""What surrounds everything the listener answers: a name for each request, headers that keep browsers careful, the last catch."""

from __future__ import annotations

import re
from uuid import UUID

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.identifiers import new_id
from sync.http.problem import broken

_GIVEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")

_CAREFUL = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
_ENCRYPTED = (*_CAREFUL, (b"strict-transport-security", b"max-age=31536000"))

_log = structlog.get_logger(__name__)


class Surface:
    """An application that names its requests (`X-Request-Id`, in and out and in every line of the log) and never falls silent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _named(scope)
        careful = _ENCRYPTED if scope["scheme"] == "https" else _CAREFUL
        started = ended = False

        async def give(message: Message) -> None:
            nonlocal started, ended
            if message["type"] == "http.response.start":
                started = True
                given = {name.lower() for name, _ in message.get("headers", ())}
                message["headers"] = [
                    *message.get("headers", ()),
                    *(each for each in careful if each[0] not in given),
                    (b"x-request-id", request_id),
                ]
            await send(message)
            ended = message["type"] == "http.response.body" and not message.get("more_body", False)

        with structlog.contextvars.bound_contextvars(request_id=request_id.decode()):
            try:
                await self._app(scope, receive, give)
            except Exception:
                # Neither the address nor the query: people search for people.
                _log.exception("request_broke", method=scope["method"], route=getattr(scope.get("route"), "path", ""))
                if ended:
                    return
                if started:
                    raise  # half an answer: the connection is cut, so that nobody takes it for a whole one
                await broken().response()(scope, receive, give)


def _named(scope: Scope) -> bytes:
    """The caller's own name for the request if it is a decent one, else one of ours."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _GIVEN.fullmatch(value):
            return bytes(value)
    return UUID(int=new_id().int).hex.encode()
