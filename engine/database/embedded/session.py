"""Using the bundled server: `start` and `leave`, or `serve` around a block.

The server runs while a program uses it. The first starts it, later ones join, the last one leaving stops it.
A program that was killed no longer counts; a server that outlived its programs is found and used again; a killed
server is started again.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from engine.database.embedded import account as accounts
from engine.database.embedded import binaries, cluster, server, sharing
from engine.database.embedded.errors import EmbeddedError, os_errors_as_sentences
from engine.database.embedded.layout import Layout, default_data_directory
from engine.database.embedded.waiting import GivenUp, Waiting
from engine.privacy.secrets import SECRETS_FOLDER, OsKeyring, Secret, Secrets, system_keyring

PASSWORD_NAME = "database_password"  # noqa: S105  # the name of the secret, not the secret
SYSTEM_ACCOUNT = "orders-tui"


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """How to reach the server."""

    socket_directory: Path
    port: int
    user: str
    password: Secret
    database: str

    def dsn_parameters(self) -> dict[str, Any]:
        """Keyword arguments of `asyncpg.connect`; they hold the password in clear."""
        return {
            "host": str(self.socket_directory),
            "port": self.port,
            "user": self.user,
            "password": self.password.reveal(),
            "database": self.database,
        }

    def address(self) -> str:
        """The same as one address, without the password."""
        return f"postgresql://{self.user}@/{self.database}?host={quote(str(self.socket_directory), safe='')}&port={self.port}"


@dataclass(slots=True)
class Session:
    """One program's use of the server, from `start` to `leave`."""

    server: EmbeddedServer
    data_directory: Path
    keyring: OsKeyring | None
    """Where other secrets of this data may be kept: the machine's keyring for the person's own data directory, None
    for any other, which carries its secrets with it (a demo, a test, a disk that moves)."""
    _registration: sharing.Registration | None = field(repr=False)

    async def leave(self, *, on_wait: Callable[[str], None] | None = None) -> None:
        """Count this program out; the last one stops the server and waits until it is down. Harmless when repeated."""
        registration, self._registration = self._registration, None
        if registration:
            await _in_a_thread(lambda waiting: _leave(Layout(self.data_directory), registration, waiting), on_wait)


async def start(
    data_directory: Path | None = None,
    *,
    environment: Mapping[str, str] = MappingProxyType({}),
    account: str = SYSTEM_ACCOUNT,
    on_wait: Callable[[str], None] | None = None,
) -> Session:
    """Join the server of `data_directory`, starting it or making its cluster when needed; EmbeddedError says why not.

    `account` is the system account the server runs under when the program is root. `on_wait` is told, in words for a
    person, what a long wait waits for. The password comes from `environment` or its credential files, else it is made
    and kept in a key file: a keyring would guard it no better than the files beside it are guarded, and a daemon
    without a desktop could not open it.
    """
    if sys.platform == "win32":
        raise EmbeddedError(
            "platform",
            "The bundled database needs Linux or macOS: point database.url at a PostgreSQL 15 or newer.",
        )
    layout = Layout((data_directory or default_data_directory()).expanduser().absolute())
    chain = Secrets(environment, data_directory=layout.data_directory)
    joined: list[Session] = []
    try:
        await _in_a_thread(lambda waiting: joined.append(_start(layout, account, chain, waiting)), on_wait)
    except asyncio.CancelledError:
        for session in joined:
            await session.leave()
        raise
    return joined[0]


@contextlib.asynccontextmanager
async def serve(
    data_directory: Path | None = None,
    *,
    environment: Mapping[str, str] = MappingProxyType({}),
    account: str = SYSTEM_ACCOUNT,
    on_wait: Callable[[str], None] | None = None,
) -> AsyncIterator[EmbeddedServer]:
    """The server for the time of a block; as `start`, then `leave`."""
    session = await start(data_directory, environment=environment, account=account, on_wait=on_wait)
    try:
        yield session.server
    finally:
        await session.leave(on_wait=on_wait)


async def discard(data_directory: Path, *, on_wait: Callable[[str], None] | None = None) -> bool:
    """Stop the server of a data directory that nobody uses and remove all of it; False, and nothing done, while somebody does."""
    gone: list[bool] = []
    await _in_a_thread(lambda waiting: gone.append(_discard(data_directory, waiting)), on_wait)
    return gone[0]


def _start(layout: Layout, system_account: str, chain: Secrets, waiting: Waiting) -> Session:
    account = accounts.resolve(system_account)
    with os_errors_as_sentences(layout.data_directory):
        layout.make(account)
        with sharing.lifecycle(layout.lifecycle_lock, waiting):
            password = _password(layout, account, chain)
            found = server.running(layout, waiting)
            if found is None:
                accounts.require_way_to(layout.data_directory, account)
                programs = binaries.reachable_by(account, layout.data_directory)
                if not cluster.exists(layout, account):
                    cluster.make(layout, programs, account, password.reveal())
                found = server.bring_up(layout, programs, account, waiting)
            registration = sharing.register(layout.programs)
    reached = EmbeddedServer(
        socket_directory=found.socket_directory or layout.socket_directory,
        port=found.port,
        user=cluster.SUPERUSER,
        password=password,
        database=cluster.DATABASE,
    )
    own = layout.data_directory == default_data_directory()
    return Session(reached, layout.data_directory, system_keyring() if own else None, registration)


def _password(layout: Layout, account: accounts.Account, chain: Secrets) -> Secret:
    """Known before the cluster is made with it, so that a crash in between loses nothing."""
    if not cluster.exists(layout, account):
        return chain.obtain(PASSWORD_NAME, lambda: secrets.token_urlsafe(32))
    if found := chain.read(PASSWORD_NAME):
        return found
    raise EmbeddedError(
        "password_lost",
        f"The password of the database in {layout.data_directory} is lost: restore the file"
        f" {layout.data_directory / SECRETS_FOLDER / PASSWORD_NAME} from a backup, or give it in"
        " ORDERS_TUI_DATABASE_PASSWORD_FILE.",
    )


def _leave(layout: Layout, registration: sharing.Registration, waiting: Waiting) -> None:
    with os_errors_as_sentences(layout.data_directory), sharing.lifecycle(layout.lifecycle_lock, waiting):
        registration.withdraw()
        if not sharing.others_remain(layout.programs):
            server.stop(layout, waiting)


def _discard(data_directory: Path, waiting: Waiting) -> bool:
    layout = Layout(data_directory.expanduser().absolute())
    if not layout.data_directory.exists():
        return True
    with os_errors_as_sentences(layout.data_directory):
        layout.programs.mkdir(mode=0o700, exist_ok=True)
        with sharing.lifecycle(layout.lifecycle_lock, waiting):
            if sharing.others_remain(layout.programs):
                return False
            server.stop(layout, waiting)
            shutil.rmtree(layout.data_directory)
            shutil.rmtree(layout.socket_directory, ignore_errors=True)  # where it lies in the short place
    return True


async def _in_a_thread(work: Callable[[Waiting], None], on_wait: Callable[[str], None] | None) -> None:
    """Run blocking work beside the loop; on cancellation it gives up, and only then the cancellation goes on."""
    loop = asyncio.get_running_loop()

    def tell(message: str) -> None:
        if on_wait:
            loop.call_soon_threadsafe(on_wait, message)

    waiting = Waiting(tell)
    running = asyncio.ensure_future(asyncio.to_thread(work, waiting))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        waiting.give_up()
        with contextlib.suppress(GivenUp):
            await running
        raise
