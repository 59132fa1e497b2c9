"""Guards of many daemons over one database: one opens for all, one call of all probes, one closes for all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.effects.kinds import Retries
from engine.errors import Retryable
from engine.fleet import daemons
from engine.fleet.gates import Gates
from sync.resilience import Guard, GuardSettings
from tests.factories import opened

SPEC = GuardSettings(calls_per_second=0, read_retries=Retries(1, 0.0, 0.0, 1.0))


@dataclass(frozen=True)
class Member:
    """One daemon's guard and its view of the gates."""

    guard: Guard
    gates: Gates

    async def refused(self, call: Callable[[], Awaitable[object]]) -> float:
        """That the call is not made; answers when to come back."""
        with pytest.raises(Retryable) as refusal:
            await self.guard.write(call)
        assert refusal.value.code == "carrier.paused"
        assert refusal.value.postponed, "it burns no attempt"
        assert refusal.value.retry_after_seconds is not None
        return refusal.value.retry_after_seconds


@dataclass(frozen=True)
class Fleet:
    """Three daemons; the first has found the carrier broken, and the others know."""

    store: Database
    members: list[Member]

    async def everybody_looks(self) -> None:
        for member in self.members:
            await member.gates.refresh()

    async def reset_is_over(self) -> None:
        await self.store.pool.execute("UPDATE gates SET opened_until = now() - interval '1 second'")
        await self.everybody_looks()


@pytest.fixture
async def fleet(database: EmbeddedServer) -> AsyncIterator[Fleet]:
    async with opened(database) as store:
        members = []
        for _ in range(3):
            gates = Gates(store)
            gates.daemon_id = await daemons.register(store, "test")
            members.append(Member(Guard("carrier", SPEC, gates), gates))
        for _ in range(10):
            with pytest.raises(Retryable):
                await members[0].guard.write(broken)
        yield Fleet(store, members)


async def broken() -> str:
    raise Retryable("carrier.no_answer", "It gave no answer.")


async def fine() -> str:
    return "fine"


async def test_a_breaker_that_opens_on_one_daemon_stops_the_calls_of_all(fleet: Fleet) -> None:
    second = fleet.members[1]
    assert await second.guard.write(fine) == "fine", "it has not looked yet"
    await fleet.everybody_looks()
    assert 50 < await second.refused(fine) <= 60


async def test_one_call_of_the_whole_fleet_probes_and_closes_the_gate_for_all(fleet: Fleet) -> None:
    first, second, third = fleet.members
    await fleet.reset_is_over()
    release, calls = asyncio.Event(), 0

    async def probe() -> str:
        nonlocal calls
        calls += 1
        await release.wait()
        return "back"

    probing = [asyncio.create_task(member.guard.write(probe)) for member in (second, third) for _ in range(3)]
    async with asyncio.timeout(10):
        while len([task for task in probing if task.done()]) < 5:
            await asyncio.sleep(0.01)
    assert calls == 1
    assert all(isinstance(task.exception(), Retryable) for task in probing if task.done())
    release.set()
    results = await asyncio.gather(*probing, return_exceptions=True)
    assert [result for result in results if isinstance(result, str)] == ["back"]
    await fleet.everybody_looks()
    for member in (first, second, third):
        assert await member.guard.write(fine) == "fine", "the first one's own breaker follows"


async def test_a_probe_that_fails_leaves_the_dependency_alone_for_all(fleet: Fleet) -> None:
    _, second, third = fleet.members
    await fleet.reset_is_over()
    with pytest.raises(Retryable):
        await second.guard.write(broken)
    await fleet.everybody_looks()
    assert 50 < await third.refused(fine) <= 60


async def test_a_call_that_finds_the_gate_closed_meanwhile_goes_on(fleet: Fleet) -> None:
    _, second, third = fleet.members
    await fleet.reset_is_over()
    assert await second.guard.write(fine) == "fine"
    assert await third.guard.write(fine) == "fine", "it asked, and the gate was closed already"
