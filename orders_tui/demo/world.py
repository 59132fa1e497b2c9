"""The simulated outside world: a child process that speaks HTTP on loopback and dies with its parent."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from engine.errors import Unreachable
from orders_tui.demo.plan import DemoFiles, DemoPlan
from sync.http_client import open_http_client

_READY_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class World:
    """The simulator's address and a client for its admin endpoints."""

    url: str
    _http: httpx.AsyncClient

    async def ask(self, what: str) -> dict[str, Any]:
        """One of `state`, `catalogue`, `credentials`."""
        answer = await self._http.get(f"/admin/{what}")
        found: dict[str, Any] = orjson.loads(answer.content)
        return found

    async def tell(self, what: str, wishes: dict[str, Any]) -> dict[str, Any]:
        """Change something behind the shop's back: one of `stock`, `faults`, `aim`, `mend`."""
        answer = await self._http.post(f"/admin/{what}", content=orjson.dumps(wishes))
        found: dict[str, Any] = orjson.loads(answer.content)
        return found


@contextlib.asynccontextmanager
async def start_world(plan: DemoPlan, files: DemoFiles) -> AsyncIterator[World]:
    """Start the simulator where its journal left off. Raises Unreachable when it does not come up."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sync.simulator",
        *plan.simulator_arguments(),
        "--port=0",
        f"--journal={files.journal}",
        "--stdin-lifeline",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        url = await _ready(process)
        async with open_http_client(url) as http:
            yield World(url, http)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _ready(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), _READY_SECONDS)
        return str(orjson.loads(line)["url"])
    except (TimeoutError, orjson.JSONDecodeError, KeyError):
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        complaint = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
        reason = complaint[-1] if complaint else "it said nothing"
        raise Unreachable("demo.simulator", f"The simulated shop did not start: {reason}") from None
