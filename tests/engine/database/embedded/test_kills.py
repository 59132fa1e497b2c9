"""The server after kill -9, half a start, a shutdown: found, waited for, recovered."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from pathlib import Path

import asyncpg
import psutil
import pytest

from engine.database.embedded import postmaster, serve, start
from tests.engine.database.embedded.programs import (
    child,
    connected,
    join,
    kill,
    kill_server,
    server_process,
)


async def test_a_killed_server_is_started_again_with_all_that_was_committed(data: Path) -> None:
    session = await start(data)
    busy = await asyncpg.connect(**session.server.dsn_parameters())
    await busy.execute("DROP TABLE IF EXISTS kept; CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)")
    await busy.execute("BEGIN; INSERT INTO kept VALUES (2)")
    first = kill_server(data)

    again = await start(data)
    assert server_process(data) != first
    async with connected(again) as connection:
        assert await connection.fetchval("SELECT array_agg(n) FROM kept") == [1]
    busy.terminate()
    await again.leave()
    await session.leave()
    assert postmaster.read(data / "cluster") is None


async def test_orphans_of_a_killed_server_are_ended_before_the_next_one_starts(data: Path) -> None:
    session = await start(data)
    busy = await asyncpg.connect(**session.server.dsn_parameters())
    orphan = psutil.Process(await busy.fetchval("SELECT pg_backend_pid()"))
    # A loop that never waits never notices that its server is gone.
    spinning = asyncio.create_task(busy.execute("DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$"))
    await asyncio.sleep(0.1)
    kill_server(data)
    assert orphan.is_running()

    again = await start(data)
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
    with pytest.raises((asyncpg.PostgresError, OSError, asyncpg.InterfaceError)):
        await spinning
    async with connected(again) as connection:
        assert await connection.fetchval("SELECT 1") == 1
    await again.leave()
    await session.leave()


async def test_a_long_recovery_is_waited_out_and_the_person_is_told(spoilt: Path) -> None:
    session = await start(spoilt)
    async with connected(session) as connection:
        await connection.execute("DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 1 AS n")
        await connection.execute("ALTER SYSTEM SET restore_command = 'sleep 1.5; exit 1'")  # a slow archive
    kill_server(spoilt)
    status = (spoilt / "cluster").stat()
    ask_for_recovery = spoilt / "cluster" / "recovery.signal"
    ask_for_recovery.touch()
    os.chown(ask_for_recovery, status.st_uid, status.st_gid)

    told: list[str] = []
    again = await start(spoilt, on_wait=told.append)
    assert told[0] == "The database is starting; after a crash it first recovers what was committed (1 s)"
    async with connected(again) as connection:
        assert await connection.fetchval("SELECT n FROM kept") == 1
    await again.leave()
    await session.leave()


async def test_a_server_that_is_shutting_down_is_waited_for(data: Path) -> None:
    session = await start(data)
    first = server_process(data)
    writer = child(data, "checkpointer")
    writer.suspend()  # so that the shutdown takes its time
    os.kill(first, signal.SIGINT)
    while (found := postmaster.read(data / "cluster")) and found.status != "stopping":
        await asyncio.sleep(0.01)
    told: list[str] = []
    starting = asyncio.create_task(start(data, on_wait=told.append))
    while not told:
        await asyncio.sleep(0.01)
    writer.resume()
    again = await starting
    assert told[0] == "The database is shutting down; it will be started again (1 s)"
    assert server_process(data) != first
    await again.leave()
    await session.leave()


async def test_a_process_number_taken_over_by_a_stranger_is_not_taken_for_the_server(data: Path) -> None:
    pid_file = data / "cluster" / "postmaster.pid"
    owner = (data / "cluster").stat()
    pid_file.write_text(f"{os.getpid()}\n{data / 'cluster'}\n1\n5432\n{data / 'socket'}\n\n  0  0\nready   \n")
    os.chown(pid_file, owner.st_uid, owner.st_gid)
    session = await start(data)
    assert server_process(data) != os.getpid()
    await session.leave()


async def test_a_lost_socket_directory_is_mended_when_nobody_else_is_there(spoilt: Path) -> None:
    program = join(spoilt)
    first = server_process(spoilt)
    kill(program)
    shutil.rmtree(spoilt / "socket")
    session = await start(spoilt)
    assert server_process(spoilt) != first
    await session.leave()


async def test_a_start_that_was_interrupted_half_way_through_making_the_cluster_is_made_whole(folder: Path) -> None:
    (folder / "data").mkdir(mode=0o711)
    (folder / "data").chmod(0o711)
    (folder / "data" / "cluster.making" / "base").mkdir(parents=True)
    async with serve(folder / "data") as server:
        connection = await asyncpg.connect(**server.dsn_parameters())
        assert await connection.fetchval("SELECT current_database()") == "orders"
        await connection.close()
    assert not (folder / "data" / "cluster.making").exists()
