"""A world behind a loopback socket, in a thread of its own."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sync.simulator.app import build
from sync.simulator.credentials import Credentials
from sync.simulator.scenario import Scenario
from sync.simulator.webhooks.announcer import Announcer
from sync.simulator.webhooks.sender import Sender
from sync.simulator.world import Clock, World

BACKLOG = 2048
READY_POLL_SECONDS = 0.005


class ListenError(Exception):
    """The port cannot be listened on; the text is one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Simulator:
    """A simulator that listens; the whole of it is spoken to over HTTP at `url`."""

    url: str
    port: int
    scenario: Scenario
    credentials: Credentials


@asynccontextmanager
async def serve(
    scenario: Scenario,
    *,
    port: int = 0,
    journal: Path | None = None,
    faults: str = "default",
    token_seconds: float = 7 * 86_400,
    clock: Clock = time.time,
) -> AsyncIterator[Simulator]:
    """Simulate while the context is open; port 0 takes a free one.

    Raises JournalError, UnknownFaultsError or ListenError, each with one sentence. `clock` returns unix seconds;
    signatures are checked against the real time, or what `/admin/clock` makes of it.
    """
    world = World(scenario, journal_path=journal, faults=faults, token_seconds=token_seconds, clock=clock)
    try:
        listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
    except OSError as error:
        world.close()
        raise ListenError(f"Port {port} cannot be listened on ({error.strerror}); choose another or 0.") from error
    port = listener.getsockname()[1]
    connections: dict[object, asyncio.Transport] = {}
    server = uvicorn.Server(
        uvicorn.Config(
            build(world, lambda scope: _cut(connections, scope)),
            http=_protocol(connections),
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="critical",
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=120,
            timeout_graceful_shutdown=1,
        )
    )
    Announcer(world, world.outbox)
    sender = Sender(world, world.outbox)
    thread = threading.Thread(target=_run, args=(server, listener, sender), name="simulator", daemon=True)
    thread.start()
    while not server.started and thread.is_alive():  # noqa: ASYNC110 - it is set in the other thread
        await asyncio.sleep(READY_POLL_SECONDS)
    try:
        yield Simulator(f"http://127.0.0.1:{port}", port, scenario, world.credentials)
    finally:
        server.should_exit = True
        await asyncio.to_thread(thread.join)
        listener.close()
        world.close()


def _run(server: uvicorn.Server, listener: socket.socket, sender: Sender) -> None:
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_answer_and_send(server, listener, sender))


async def _answer_and_send(server: uvicorn.Server, listener: socket.socket, sender: Sender) -> None:
    sending = asyncio.create_task(sender.run())
    try:
        await server.serve(sockets=[listener])
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:  # not on every platform
        return asyncio.new_event_loop
    return cast(Callable[[], asyncio.AbstractEventLoop], uvloop.new_event_loop)


def _protocol(connections: dict[object, asyncio.Transport]) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol, with each open connection kept by the client's address so that it can be cut."""

    class Kept(HttpToolsProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            self.kept_as = tuple(transport.get_extra_info("peername"))
            connections[self.kept_as] = transport
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.pop(self.kept_as, None)
            super().connection_lost(exc)

    return Kept


def _cut(connections: dict[object, asyncio.Transport], scope: Scope) -> None:
    transport = connections.get(tuple(scope["client"]))
    if transport is not None:
        transport.abort()
