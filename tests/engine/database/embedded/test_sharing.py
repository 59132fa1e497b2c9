"""Several programs on one server: joining, leaving, being killed, giving up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.database.embedded import postmaster, start
from engine.database.embedded.sharing import lifecycle
from engine.database.embedded.waiting import Waiting
from tests.engine.database.embedded.programs import (
    end,
    join,
    kill,
    server_process,
)


async def test_two_programs_share_and_the_last_one_leaving_stops_it(data: Path) -> None:
    session = await start(data)
    first = server_process(data)
    program = join(data)
    assert server_process(data) == first
    await session.leave()
    assert server_process(data) == first
    end(program)
    assert postmaster.read(data / "cluster") is None


async def test_leaving_twice_counts_once(data: Path) -> None:
    staying = await start(data)
    leaving = await start(data)
    await leaving.leave()
    await leaving.leave()
    server_process(data)
    await staying.leave()
    assert postmaster.read(data / "cluster") is None


async def test_a_killed_program_no_longer_counts(data: Path) -> None:
    session = await start(data)
    kill(join(data))
    await session.leave()
    assert postmaster.read(data / "cluster") is None
    assert list((data / "programs").iterdir()) == []


async def test_a_server_that_outlived_its_programs_is_used_again(data: Path) -> None:
    program = join(data)
    first = server_process(data)
    kill(program)
    session = await start(data)
    assert server_process(data) == first
    await session.leave()
    assert postmaster.read(data / "cluster") is None


async def test_a_start_that_is_cancelled_while_it_waits_leaves_nothing(data: Path) -> None:
    told: list[str] = []
    with lifecycle(data / "lifecycle.lock", Waiting()):
        starting = asyncio.create_task(start(data, on_wait=told.append))
        while not told:
            await asyncio.sleep(0.01)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
    assert told == ["Another program is starting or stopping the database (1 s)"]
    assert list((data / "programs").iterdir()) == []
    assert postmaster.read(data / "cluster") is None
