"""The daemon's listener by itself, over a real database, and whoever calls it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from starlette.routing import BaseRoute

from engine.database.connection import Database
from sync.http.app import build
from sync.http.listener import Listener
from sync.http.settings import HttpSettings
from sync.monitoring.counted import Counted
from sync.monitoring.traces import NO_TRACES, Traces
from tests.sync.outside import APP

SECRET = "\ufb01x-caf\u00e9"
NOW = 1_767_226_300.0
"""A little after the vectors were sent."""


@dataclass(slots=True)
class Called:
    """The listener's address, and how often it rang for new webhooks."""

    url: str
    http: httpx.AsyncClient
    rings: list[None] = field(default_factory=list)

    async def tiktok(self, body: bytes, signature: str | None = None) -> int:
        """One webhook; signed, unless a signature is given. Answers the status; the body is always empty."""
        signed = sign(body) if signature is None else signature
        return await self.post("/webhooks/tiktok", body, {"Authorization": signed})

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        answer = await self.http.post(f"{self.url}{path}", content=body, headers=headers)
        assert answer.content == b""
        return answer.status_code


def sign(body: bytes) -> str:
    """As TikTok signs, written from its rule."""
    return hmac.new(APP.app_secret.encode(), APP.app_key.encode() + body, hashlib.sha256).hexdigest()


def easypost_sign(body: bytes) -> str:
    """With the secret's letters as NFKD spells them."""
    key = "fix-cafe\u0301".encode()
    return "hmac-sha256-hex=" + hmac.new(key, body, hashlib.sha256).hexdigest()


@asynccontextmanager
async def listening(
    store: Database,
    settings: HttpSettings | None = None,
    *,
    clock: Callable[[], float] = lambda: NOW,
    counted: Counted | None = None,
    traces: Traces = NO_TRACES,
    more: Sequence[BaseRoute] = (),
) -> AsyncIterator[Called]:
    given = settings or HttpSettings(enabled=True, port=0, easypost_secret=SECRET, calls_per_second=0)
    rings: list[None] = []
    app = build(
        store, given, APP, ring=lambda: rings.append(None), clock=clock, counted=counted, traces=traces, more=more
    )
    listener = Listener(given, app)
    ends = asyncio.Event()
    running = asyncio.create_task(listener.run(ends))
    try:
        while listener.port is None:
            assert not running.done()
            await asyncio.sleep(0)
        async with httpx.AsyncClient(timeout=20.0) as http:
            yield Called(f"http://127.0.0.1:{listener.port}", http, rings)
    finally:
        ends.set()
        await running
