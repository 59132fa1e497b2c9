"""Other clusters than the one that comes along: PostgreSQL 15, a login that owns its database and no more, a hosted one, a pooler."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from engine.access import group_roles, users
from engine.access.roles import Role
from engine.access.scoped import scoped
from engine.database import migrate
from engine.database.connection import Database, DatabaseSettings, open_database
from engine.database.embedded import EmbeddedServer
from engine.database.embedded import account as accounts
from engine.database.embedded.session import SYSTEM_ACCOUNT
from engine.errors import Misconfigured
from engine.identifiers import new_id
from tests.factories import MASTER_KEY

OLDEST = next(iter(sorted(Path("/usr/lib/postgresql").glob("15/bin"))), None)
PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_PASSWORD = "a-test-s-own-secret"


@pytest.fixture
async def fifteen() -> AsyncIterator[str]:
    """An address, without login and database, of a PostgreSQL 15 of this test's own."""
    if OLDEST is None:
        pytest.skip("there is no PostgreSQL 15 here")
    folder = Path(tempfile.mkdtemp(prefix="orders-tui-fifteen-"))
    folder.chmod(0o711)  # as root the server's own account has to pass through
    account = accounts.resolve(SYSTEM_ACCOUNT)
    data = folder / "data"
    data.mkdir()
    if not account.same_as_ours:
        shutil.chown(data, account.user_id, account.group_id)
    options = account.run_options()
    quick = "-c fsync=off -c listen_addresses= -c unix_socket_directories=" + str(data)
    run = [
        str(OLDEST / "initdb"),
        "-D",
        str(data),
        "-U",
        "superuser",
        "--auth=trust",
        "--no-sync",
        "-E",
        "UTF8",
        "--locale=C",
    ]
    subprocess.run(run, check=True, capture_output=True, **options)
    control = [str(OLDEST / "pg_ctl"), "-D", str(data), "-w", "-s", "-l", str(data / "log"), "-o", quick]
    subprocess.run([*control, "start"], check=True, capture_output=False, stdout=subprocess.DEVNULL, **options)
    try:
        yield f"host={data}&port=5432"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL, **options)
        shutil.rmtree(folder)


def _connect(place: str, login: str, database: str) -> Callable[[], Awaitable[Any]]:
    return lambda: asyncpg.connect(f"postgresql://{login}@/{database}?{place}")


async def test_logins_that_own_their_databases_share_the_groups_of_an_old_cluster(fifteen: str) -> None:
    superuser = await _connect(fifteen, "superuser", "postgres")()
    try:
        # One login that may make roles, one as a hosted database gives it: above row-level security and no superuser.
        await superuser.execute("CREATE ROLE keeper LOGIN CREATEROLE; CREATE ROLE postgres LOGIN CREATEROLE BYPASSRLS")
        await superuser.execute(
            "CREATE ROLE plain LOGIN; CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role BYPASSRLS"
        )
        for owner in ("keeper", "plain"):
            await superuser.execute(f"CREATE DATABASE of_{owner} OWNER {owner}")
        plain = _connect(fifteen, "plain", "of_plain")
        with pytest.raises(Misconfigured) as refused:
            await migrate.upgrade(plain)
        assert "The login plain may not make the roles" in refused.value.sentence
        assert "CREATE ROLE orders_viewer NOLOGIN" in refused.value.sentence
        assert await superuser.fetchval("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'orders%'") == 0
        assert await migrate.revision(plain) is None
        # Two databases at once, on a cluster that has no group yet. The rest of an upgrade touches nothing they share.
        at_once = [
            await _connect(fifteen, owner, f"of_{of}")()
            for owner, of in (("keeper", "keeper"), ("postgres", "plain")) * 4
        ]
        await asyncio.gather(*(group_roles.ensure(connection) for connection in at_once))
        for connection in at_once:
            await connection.close()
        assert await migrate.upgrade(_connect(fifteen, "keeper", "of_keeper"))
        await superuser.execute("CREATE DATABASE of_postgres TEMPLATE of_keeper OWNER postgres")
        given = await _connect(fifteen, "superuser", "of_postgres")()
        await given.execute("REASSIGN OWNED BY keeper TO postgres")  # as if that login had made it
        await given.close()
        # What an administrator is told to run is what is missing.
        with pytest.raises(Misconfigured) as refused:
            await migrate.upgrade(plain)
        for statement in refused.value.sentence.partition("run: ")[2].rstrip(".").split("; "):
            await superuser.execute(statement)
        connection = await plain()
        await group_roles.ensure(connection)
        await connection.close()
    finally:
        await superuser.close()
    for owner in ("keeper", "postgres"):
        await _creators_see_their_own(f"postgresql://{owner}@/of_{owner}?{fifteen}")
    hosted = await _connect(fifteen, "postgres", "of_postgres")()
    try:
        # A stub of what a hosted database brings: its tokens' subject is the one policies see, its public roles see nothing of ours.
        await hosted.execute("CREATE SCHEMA auth")
        await hosted.execute(
            "CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS"
            " $$ SELECT (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$"
        )
        creator = await hosted.fetchval("SELECT id FROM orders.users WHERE role = 'creator' AND display_name = 'Nora'")
        async with hosted.transaction():
            await hosted.execute("SELECT set_config('request.jwt.claims', $1, true)", f'{{"sub": "{creator}"}}')
            assert (
                await hosted.fetchval("SELECT auth.uid()")
                == await hosted.fetchval("SELECT orders.creator()")
                == creator
            )
        for role in ("anon", "authenticated", "service_role"):
            assert not await hosted.fetchval("SELECT has_schema_privilege($1, 'orders', 'USAGE')", role)
            assert not await hosted.fetchval("SELECT has_function_privilege($1, 'orders.creator()', 'EXECUTE')", role)
    finally:
        await hosted.close()


async def _creators_see_their_own(url: str, *, pooled: bool = False, password: str = "") -> None:
    """Two creators with a shop each, many requests at once on few connections: nobody ever sees the other's."""
    secrets = {"ORDERS_TUI_MASTER_KEY": MASTER_KEY} | ({"ORDERS_TUI_DATABASE_PASSWORD": password} if password else {})
    database = await open_database(DatabaseSettings(url=url, pooled=pooled, pool_size=3), secrets)
    try:
        assert not await database.pool.fetchval("SELECT row_security_active('orders.orders')")
        ids = {name: new_id() for name in ("Nora", "Tessa")}
        for name, user_id in ids.items():
            await database.pool.execute(
                "INSERT INTO users (id, display_name, role) VALUES ($1, $2, 'creator')", user_id, name
            )
            await database.pool.execute(
                "INSERT INTO shops (user_id, location_id, tiktok_shop_id, name) SELECT $1, l.id, $2, $2 FROM locations l LIMIT 1",
                user_id,
                name,
            )
        callers = {name: await users.of_subject(database, str(user_id)) for name, user_id in ids.items()}

        async def ask(name: str) -> tuple[str, list[str]]:
            caller = callers[name]
            assert caller is not None
            seen = scoped(database, caller)
            return name, [row["name"] for row in await seen.pool.fetch("SELECT name FROM shops")]

        answers = await asyncio.gather(*(ask(name) for name in ("Nora", "Tessa") * 30))
        assert all(shops == [name] for name, shops in answers)
        assert await database.pool.fetchval("SELECT count(*) FROM shops") == 2
    finally:
        await database.close()


async def test_a_login_that_may_make_roles_but_not_give_these_is_told_who_may(
    server: EmbeddedServer, store: Database
) -> None:
    await store.pool.execute(f"CREATE ROLE newcomer LOGIN CREATEROLE PASSWORD '{_PASSWORD}'")
    connection = await asyncpg.connect(**server.dsn_parameters() | {"user": "newcomer", "password": _PASSWORD})
    try:
        with pytest.raises(Misconfigured) as refused:
            await group_roles.ensure(connection)
        statements = refused.value.sentence.partition("run: ")[2].rstrip(".").split("; ")
        assert statements == [f"GRANT {role.group} TO newcomer WITH INHERIT FALSE, SET TRUE" for role in Role]
        for statement in statements:
            await store.pool.execute(statement)
        await group_roles.ensure(connection)
        await connection.execute("SET ROLE orders_viewer")
    finally:
        await connection.close()
        await store.pool.execute("DROP ROLE newcomer")


@pytest.mark.skipif(PGBOUNCER is None, reason="there is no PgBouncer here")
@pytest.mark.skipif(os.geteuid() == 0, reason="PgBouncer does not run as root")
async def test_a_pooler_that_gives_a_connection_for_one_transaction_mixes_nobody_up(
    database: EmbeddedServer, tmp_path: Path
) -> None:
    assert PGBOUNCER is not None
    folder = tmp_path / "pooler"
    folder.mkdir()
    parameters = database.dsn_parameters()
    (folder / "users").write_text(f'"{parameters["user"]}" "{parameters["password"]}"\n')
    (folder / "ini").write_text(
        f"[databases]\n{database.database} = host={parameters['host']} port={parameters['port']} dbname={database.database}\n"
        f"[pgbouncer]\nlisten_addr =\nlisten_port = 6543\nunix_socket_dir = {folder}\nauth_type = scram-sha-256\n"
        f"auth_file = {folder / 'users'}\npool_mode = transaction\ndefault_pool_size = 2\n"
        "ignore_startup_parameters = search_path,lock_timeout,statement_timeout,timezone,idle_in_transaction_session_timeout\n"
    )
    pooler = await asyncio.create_subprocess_exec(PGBOUNCER, str(folder / "ini"), stderr=subprocess.DEVNULL)
    try:
        async with asyncio.timeout(10):
            while not (folder / ".s.PGSQL.6543").exists():
                assert pooler.returncode is None, "the pooler ended"
                await asyncio.sleep(0.02)
        host = f"host={folder}&port=6543"
        address = f"postgresql://{parameters['user']}@/{database.database}?{host}"
        await _creators_see_their_own(address, pooled=True, password=parameters["password"])
    finally:
        if pooler.returncode is None:
            pooler.terminate()
        await pooler.wait()
