"""The bell: whoever waits hears the next ring, and nobody waits longer than they said."""

from __future__ import annotations

import asyncio

from sync.waking import Bell

LONG_SECONDS = 60.0


async def waiting(bell: Bell, stopping: asyncio.Event, number: int) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(bell.wait(LONG_SECONDS, stopping)) for _ in range(number)]
    await asyncio.sleep(0.01)
    return tasks


async def test_a_ring_wakes_everyone_who_waits() -> None:
    bell, stopping = Bell(), asyncio.Event()
    tasks = await waiting(bell, stopping, 5)
    assert not any(task.done() for task in tasks)
    bell.ring()
    done, _ = await asyncio.wait(tasks, timeout=5)
    assert len(done) == 5


async def test_a_ring_is_heard_once_and_not_by_those_who_come_later() -> None:
    bell, stopping = Bell(), asyncio.Event()
    bell.ring()
    (late,) = await waiting(bell, stopping, 1)
    assert not late.done()
    bell.ring()
    await asyncio.wait_for(late, 5)


async def test_the_end_wakes_everyone() -> None:
    bell, stopping = Bell(), asyncio.Event()
    tasks = await waiting(bell, stopping, 3)
    stopping.set()
    done, _ = await asyncio.wait(tasks, timeout=5)
    assert len(done) == 3


async def test_without_a_ring_a_wait_ends_by_itself() -> None:
    await asyncio.wait_for(Bell().wait(0.01, asyncio.Event()), 5)


async def test_neither_a_ring_nor_a_cancelled_wait_leaves_anything_behind() -> None:
    bell, stopping = Bell(), asyncio.Event()
    rung, cancelled = await waiting(bell, stopping, 2)
    cancelled.cancel()
    bell.ring()
    await asyncio.gather(rung, cancelled, return_exceptions=True)
    assert cancelled.cancelled()
    assert asyncio.all_tasks() == {asyncio.current_task()}
