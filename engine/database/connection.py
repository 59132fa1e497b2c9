"""Connections: one small asyncpg pool, and one vault. SQLAlchemy has the schema and the migrations.

`open_database` is the only door. With no address it starts or joins the embedded server; with one it connects to any PostgreSQL
from 15 on. Every session sets its own timeouts, since one forgotten transaction slows the whole engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import orjson

from engine.database import addresses, embedded, migrate
from engine.database.begun import BegunConnection, BegunPool
from engine.database.guarded import SessionConnection
from engine.database.logins import Login, login_of
from engine.errors import Misconfigured
from engine.privacy import secrets
from engine.privacy.cipher import Vault, new_master_key
from engine.privacy.key_loader import KeyLoader
from engine.privacy.os_keyring import system_keyring

Connection = Any
"""An asyncpg connection or the pool's proxy of one; asyncpg ships no types."""

T = TypeVar("T")

NEXT_MASTER_KEY = "master_key_new"
"""The secret that is to follow `master_key`."""

_SESSION = {
    "search_path": "orders",
    "lock_timeout": "2s",
    "timezone": "UTC",
}
_AS_ASKED: dict[str, str] = {}
_ONCE: dict[str, str] = {"plan_cache_mode": "force_generic_plan"}
_IDLE = "idle_in_transaction_session_timeout"
_RETRIED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError)
_RETRIES = 5


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where the database is. An empty `url` means the embedded one in `data_directory`."""

    url: str = ""
    data_directory: Path | None = None
    pooled: bool = False
    """True behind a transaction pooler: no prepared statements, no LISTEN."""
    pool_size: int = 4
    application_name: str = "orders-tui"
    idle_transaction_seconds: float = 10.0
    """A session that leaves its transaction open for longer is ended by the server: a frozen program holds up nobody for ever."""
    statement_seconds: float = 60.0
    """How long one statement may take; 0 for as long as it likes."""
    generic_plans: bool = False
    """True for a program that says the same statements again and again, as the daemon does: each connection plans one once. Not for lists
    that people narrow, whose best plan depends on what they ask for."""
    account: str = "orders-tui"
    """The system account the embedded server runs as when the program is started by root."""


class Database:
    """An open database. Close it with `close()`; the embedded server stops with its last user."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        vault: Vault,
        connect: Callable[[], Awaitable[Any]],
        session: embedded.Session | None,
        chain: secrets.Secrets,
        restart: Callable[[], Awaitable[embedded.Session]] | None,
        *,
        pooled: bool,
        login: Login | None = None,
        make_pool: Callable[[int, int, str], Awaitable[asyncpg.Pool]] | None = None,
    ) -> None:
        self.pool = pool
        self.vault = vault
        self.pooled = pooled
        self.secrets = chain
        """Where this installation's other secrets are."""
        self.connect = connect
        """Opens one more connection outside the pool, for LISTEN."""
        self.login = login
        """How PostgreSQL's own programs reach this database; None for one person's view of it."""
        self._session = session
        self._restart = restart
        self._make_pool = make_pool

    @contextlib.asynccontextmanager
    async def beside(self, connections: int, application_name: str) -> AsyncIterator[Database]:
        """The same database and keys through connections of its own, opened when needed: who waits here keeps nobody else waiting."""
        assert self._make_pool is not None
        pool = await self._make_pool(0, connections, application_name)
        try:
            yield Database(pool, self.vault, self.connect, None, self.secrets, None, pooled=self.pooled)
        finally:
            await _close(pool)

    @property
    def data_directory(self) -> Path | None:
        """Where the embedded server keeps its data; None for a shared database."""
        return self._session.data_directory if self._session else None

    def server_parameters(self) -> dict[str, Any]:
        """How this program's own server is reached, with its password in clear; for a shared database there is nothing to tell."""
        return self._session.server.dsn_parameters() if self._session else {}

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One transaction on a pooled connection; commits on a clean end."""
        async with self.pool.acquire() as connection, connection.transaction():
            yield connection

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run `work` in one transaction, again when PostgreSQL says it lost a race (deadlock, serialisation, lock wait)."""
        for attempt in range(_RETRIES):
            try:
                async with self.transaction() as connection:
                    return await work(connection)
            except _RETRIED:
                if attempt == _RETRIES - 1:
                    raise
                await asyncio.sleep(0.01 * 2**attempt)
        raise AssertionError("unreachable")

    async def revive(self) -> None:
        """Start the embedded server again if it is down; a shared database is somebody else's to start."""
        if self._restart is None:
            return
        before, self._session = self._session, await self._restart()
        if before is not None:
            await before.leave()

    async def close(self) -> None:
        """Close connections, then leave the embedded server."""
        self.vault.ring.close()
        await _close(self.pool)
        if self._session is not None:
            await self._session.leave()


async def _close(pool: asyncpg.Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), 5)
    except TimeoutError:
        pool.terminate()


_TYPES = (
    *(
        f"{name}[]"
        for name in ["uuid", "int4", "int8", "float8", "bool", "bytea", "jsonb", "timestamptz", "numeric", "text"]
    ),
    *(f"{migrate.SCHEMA}.{name}" for name in ("order_status_enum", "workflow_status_enum", "payment_status_enum")),
    *(f"{migrate.SCHEMA}.{name}" for name in ("fulfillment_status_enum", "workflow_execution_status")),
)

_ALL_TYPES = f"SELECT {', '.join(f'NULL::{name}' for name in _TYPES)}"  # constants
"""What statements speak of, asked about once: a driver that meets a type asks the catalogue, 5 ms for each of each connection."""


async def _prepare(connection: Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda data: orjson.loads(data[1:]),
    )
    await connection.prepare(_ALL_TYPES)


async def _leave_as_it_is(_: Connection) -> None:
    """Nothing to undo on a returned connection: this program sets things for a transaction only (SET LOCAL), never for a session."""


async def open_database(
    settings: DatabaseSettings,
    environment: Mapping[str, str],
    *,
    migrated: bool | None = None,
    need_key: bool = False,
    on_wait: Callable[[str], None] | None = None,
) -> Database:
    """Open the database: start or join the embedded server, or connect to `url`; migrate; load the keys.

    `migrated` None migrates an embedded database and checks a shared one. Raises Misconfigured or Unreachable, one sentence each.
    """
    session: embedded.Session | None = None
    restart: Callable[[], Awaitable[embedded.Session]] | None = None
    parameters: dict[str, Any]
    if settings.url:
        parameters = addresses.parameters_of(settings.url, environment)
    else:
        restart = functools.partial(
            embedded.start, settings.data_directory, environment=environment, account=settings.account
        )
        session = await embedded.start(
            settings.data_directory, environment=environment, account=settings.account, on_wait=on_wait
        )
        parameters = session.server.dsn_parameters()
    try:
        return await _open(settings, environment, parameters, session, restart, migrated=migrated, need_key=need_key)
    except BaseException:
        if session is not None:
            await session.leave()
        raise


async def _open(
    settings: DatabaseSettings,
    environment: Mapping[str, str],
    parameters: dict[str, Any],
    session: embedded.Session | None,
    restart: Callable[[], Awaitable[embedded.Session]] | None,
    *,
    migrated: bool | None,
    need_key: bool,
) -> Database:
    idle_milliseconds = round(settings.idle_transaction_seconds * 1000)
    server_settings = _SESSION | {
        "application_name": settings.application_name,
        _IDLE: str(idle_milliseconds),
        "statement_timeout": str(round(settings.statement_seconds * 1000)),
    }
    cache = {"statement_cache_size": 0} if settings.pooled else {}
    # A transaction pooler gives each transaction any connection: what one was told at its start is not true of the next.
    each_time = "; ".join(f"SET LOCAL {name} TO '{server_settings[name]}'" for name in (*_SESSION, _IDLE))

    async def connect() -> Connection:
        connection = await asyncpg.connect(
            **parameters, server_settings=server_settings, connection_class=SessionConnection, **cache
        )
        await _prepare(connection)
        return BegunConnection(connection, each_time, copies=True) if settings.pooled else connection

    async def plain() -> Connection:
        return await asyncpg.connect(**parameters, server_settings=server_settings, **cache)

    async def make_pool(least: int, most: int, name: str, planned: dict[str, str] = _AS_ASKED) -> asyncpg.Pool:
        pool = await asyncpg.create_pool(
            **parameters,
            **cache,
            server_settings=server_settings | {"application_name": name} | planned,
            min_size=least,
            max_size=most,
            init=_prepare,
            reset=_leave_as_it_is,
            connection_class=SessionConnection,
        )
        return BegunPool(pool, each_time, copies=True) if settings.pooled else pool

    with addresses.reaching(parameters):
        if migrated if migrated is not None else session is not None:
            await migrate.upgrade(plain)
        else:
            await migrate.check(plain)
        chain = _chain(environment, session)
        vault = _vault(chain, make=session is not None, needed=need_key)
        # Without prepared statements each is planned each time, and best for its own values.
        planned = _ONCE if settings.generic_plans and not settings.pooled else _AS_ASKED
        pool = await make_pool(1, settings.pool_size, settings.application_name, planned)
        try:
            async with pool.acquire() as connection:
                await vault.load(connection, opening=True)
        except BaseException:
            pool.terminate()
            raise
        vault.ring.keep_up(KeyLoader(connect), functools.partial(_refresh_keys, pool, vault))
    return Database(
        pool,
        vault,
        connect,
        session,
        chain,
        restart,
        pooled=settings.pooled,
        login=login_of(parameters),
        make_pool=make_pool,
    )


def _chain(environment: Mapping[str, str], session: embedded.Session | None) -> secrets.Secrets:
    if session is None:
        return secrets.Secrets(environment, keyring=system_keyring())
    return secrets.Secrets(environment, data_directory=session.data_directory, keyring=session.keyring)


async def _refresh_keys(pool: asyncpg.Pool, vault: Vault) -> None:
    async with pool.acquire() as connection:
        await vault.load(connection)


def _vault(chain: secrets.Secrets, *, make: bool, needed: bool) -> Vault:
    key = _master_key(chain, make=make, needed=needed)
    following = chain.read(NEXT_MASTER_KEY) if key is not None else None
    return Vault(key, following.reveal() if following else None)


def _master_key(chain: secrets.Secrets, *, make: bool, needed: bool) -> str | None:
    if make:
        return chain.obtain("master_key", new_master_key).reveal()
    found = chain.read("master_key")
    if found is None and needed:
        raise Misconfigured(
            "keys.missing",
            "The master key for personal data is missing: set ORDERS_TUI_MASTER_KEY, or name its file in "
            "ORDERS_TUI_MASTER_KEY_FILE.",
        )
    return found.reveal() if found else None
