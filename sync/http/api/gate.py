"""What stands before every request to the API, before it is known who asks: how many at once, how often, how long, and odd methods."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync.http.api.limits import Limits
from sync.http.api.reading import refuse_unreadable
from sync.http.api.settings import ApiSettings
from sync.http.problem import Problem

_log = structlog.get_logger(__name__)


class Gate:
    """Stands before `app`. `methods` tells what an address may be asked."""

    def __init__(
        self,
        app: ASGIApp,
        settings: ApiSettings,
        limits: Limits,
        *,
        source: Callable[[Request], str],
        methods: Callable[[str], list[str]],
    ) -> None:
        self._app = app
        self._settings = settings
        self._limits = limits
        self._source = source
        self._methods = methods
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._limits.source(self._source(Request(scope)))
            refuse_unreadable(scope)
            if self._inside >= self._settings.most_at_once:
                raise Problem(503, "http.busy", "Too many requests at once; try again.", headers={"retry-after": "1"})
        except Problem as problem:
            await problem.response()(scope, receive, send)
            return
        self._inside += 1
        streams = False

        async def give(message: Message) -> None:
            nonlocal streams
            if not streams and message["type"] == "http.response.body" and message.get("more_body", False):
                # What is streamed has limits of its own, and may go on for hours.
                streams = True
                self._inside -= 1
            await send(message)

        try:
            await self._answer(scope, receive, give)
        finally:
            self._inside -= not streams

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS" and (methods := self._methods(scope["path"])):
            await Response(status_code=204, headers={"allow": ", ".join(methods)})(scope, receive, send)
        elif scope["method"] == "HEAD":
            await self._head(scope, receive, send)
        else:
            await self._in_time(scope, receive, send)

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The headers of what GET would answer; a stream is not begun for its headers' sake."""
        told = asyncio.Event()

        async def give(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                told.set()

        answering = asyncio.create_task(self._in_time({**scope, "method": "GET"}, receive, give))
        telling = asyncio.create_task(told.wait())
        await asyncio.wait({answering, telling}, return_when=asyncio.FIRST_COMPLETED)
        telling.cancel()
        if told.is_set() and not answering.done():
            answering.cancel()
            await asyncio.wait({answering})
        if not answering.cancelled():
            answering.result()

    async def _in_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer has to begin in time; a stream, once begun, ends when it ends."""
        started = arrived = False

        async def take() -> Message:
            nonlocal arrived
            message = await receive()
            arrived = arrived or not message.get("more_body", False)
            return message

        limit = asyncio.timeout(self._settings.request_seconds)

        async def give(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                limit.reschedule(None)
            await send(message)

        try:
            async with limit:
                await self._app(scope, take, give)
        except TimeoutError:
            if started or not limit.expired():
                raise
            await _late(arrived=arrived or scope["method"] == "GET").response()(scope, receive, send)


def _late(*, arrived: bool) -> Problem:
    if not arrived:
        return Problem(408, "request.too_slow", "The body came too slowly.", headers={"connection": "close"})
    _log.warning("request_took_too_long")
    return Problem(
        503,
        "http.too_slow",
        "It took too long and was given up; look whether it was done before asking again.",
        headers={"retry-after": "2"},
    )
