"""The API on its own listener over a real database, and callers of every role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import APIRouter

from engine.access import tokens
from engine.access.roles import Role
from engine.actors import SYSTEM
from engine.database.connection import Database
from engine.identifiers import UserId, new_id
from sync.http.api.app import ROUTERS, open_api
from sync.http.api.settings import ApiSettings
from sync.http.app import build
from sync.http.listener import Listener
from sync.http.reception import Reception
from sync.http.settings import HttpSettings
from sync.rates import Rates
from tests.sync.http.calling import NOW
from tests.sync.outside import APP

UNLIMITED = ApiSettings(calls_per_second=0, user_calls_per_second=0, source_calls_per_second=0, refused_per_minute=0)


@dataclass(slots=True)
class Api:
    """Where it listens, and the token of one user of each role."""

    url: str
    http: httpx.AsyncClient
    store: Database
    gate: Any
    """What stands before the API."""
    tokens: dict[Role, str] = field(default_factory=dict)
    users: dict[Role, UserId] = field(default_factory=dict)

    async def ask(
        self, path: str, *, role: Role | None = None, token: str = "", method: str = "GET", **options: Any
    ) -> httpx.Response:
        """One request as somebody of that role, with that token, or as nobody."""
        bearer = self.tokens[role] if role is not None else token
        headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        headers |= options.pop("headers", {})
        return await self.http.request(method, f"{self.url}{path}", headers=headers, **options)


async def add_user(store: Database, role: Role, **columns: Any) -> UserId:
    """Somebody of that role."""
    user_id = UserId(new_id())
    await store.pool.execute(
        "INSERT INTO users (id, display_name, role, subject) VALUES ($1, $2, $3, $4)",
        user_id,
        columns.get("name", f"Mira the {role}"),
        role.value,
        columns.get("subject"),
    )
    return user_id


@asynccontextmanager
async def serving(
    store: Database,
    settings: ApiSettings = UNLIMITED,
    *,
    more: Sequence[APIRouter] = (),
    http: HttpSettings | None = None,
) -> AsyncIterator[Api]:
    """Everything the daemon's listener serves, with a user and a token for every role."""
    given = http or HttpSettings(enabled=True, port=0, calls_per_second=0)
    reception, rates, ends = Reception(given), Rates(), asyncio.Event()
    routers = [*ROUTERS, *more]
    async with open_api(store, settings, rates, source=reception.source, ends=ends, routers=routers) as api:
        app = build(store, given, APP, ring=lambda: None, clock=lambda: NOW, reception=reception, api=api)
        listener = Listener(given, app)
        running = asyncio.create_task(listener.run(ends))
        try:
            while listener.port is None:
                assert not running.done()
                await asyncio.sleep(0)
            async with httpx.AsyncClient(timeout=20.0) as client:
                called = Api(f"http://127.0.0.1:{listener.port}", client, store, api)
                for role in Role:
                    called.users[role] = await add_user(store, role)
                    called.tokens[role], _ = await tokens.issue(store, SYSTEM, called.users[role], f"for {role}", 1)
                yield called
        finally:
            ends.set()
            await running
