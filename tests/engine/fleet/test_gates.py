"""Gates: what one daemon finds shut all see shut, and one of them at a time tries it again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.fleet import daemons
from engine.fleet.gates import Gates, Probe
from tests.factories import opened


async def member(store: Database) -> Gates:
    gates = Gates(store)
    gates.daemon_id = await daemons.register(store, "test")
    return gates


async def reset_is_over(store: Database) -> None:
    await store.pool.execute("UPDATE gates SET opened_until = now() - interval '1 second'")


async def test_an_open_gate_is_seen_by_all_until_it_is_closed(store: Database) -> None:
    first, second = await member(store), await member(store)
    await first.opened("carrier", 60.0, "five failures in a minute")
    await first.opened("carrier", 120.0, "still failing")
    row = await store.pool.fetchrow("SELECT dependency, opened_until - updated_at AS rest, reason FROM gates")
    assert tuple(row) == ("carrier", timedelta(seconds=120), "still failing")
    assert second.shut("carrier") is None, "it has not looked yet"
    await second.refresh()
    seconds = second.shut("carrier")
    assert seconds is not None
    assert 100 < seconds <= 120
    assert second.shut("tiktok") is None
    await second.closed("carrier")
    await first.refresh()
    assert first.shut("carrier") is None
    assert tuple(await store.pool.fetchrow("SELECT opened_until, reason FROM gates")) == (None, "")


async def test_a_gate_is_not_probed_before_its_time(store: Database) -> None:
    gates = await member(store)
    await gates.opened("carrier", 60.0, "down")
    assert await gates.probe("carrier", 30) is Probe.WAIT
    assert await store.pool.fetchval("SELECT probe_daemon IS NULL FROM gates")


async def test_of_many_daemons_that_ask_at_once_one_may_probe(store: Database, database: EmbeddedServer) -> None:
    async with opened(database) as other:
        members = [await member(each) for each in (store, other) * 4]
        await members[0].opened("carrier", 60.0, "down")
        await reset_is_over(store)
        answers = await asyncio.gather(*(each.probe("carrier", 30) for each in members))
    assert sorted(answers) == [Probe.GRANTED, *[Probe.WAIT] * 7]


async def test_the_place_of_a_probe_that_ended_is_free(store: Database) -> None:
    first, second = await member(store), await member(store)
    await first.opened("carrier", 60.0, "down")
    await reset_is_over(store)
    assert await first.probe("carrier", 30) is Probe.GRANTED
    assert await first.probe("carrier", 30) is Probe.GRANTED, "its own place it may take again"
    assert await second.probe("carrier", 30) is Probe.WAIT
    await store.pool.execute("UPDATE gates SET probe_until = now() - interval '1 second'")
    assert await second.probe("carrier", 30) is Probe.GRANTED
    assert await first.probe("carrier", 30) is Probe.WAIT
    await store.pool.execute(
        "UPDATE daemons SET beat_at = now() - interval '4 seconds' WHERE id = $1", second.daemon_id
    )
    assert await first.probe("carrier", 30) is Probe.GRANTED, "a dead daemon probes nothing"


async def test_a_failed_probe_gives_everybody_another_reset(store: Database) -> None:
    first, second = await member(store), await member(store)
    await first.opened("carrier", 60.0, "down")
    await reset_is_over(store)
    assert await first.probe("carrier", 30) is Probe.GRANTED
    await first.opened("carrier", 60.0, "still down")
    assert await second.probe("carrier", 30) is Probe.WAIT


async def test_a_gate_that_somebody_closed_is_passed_at_once(store: Database) -> None:
    first, second = await member(store), await member(store)
    await first.opened("carrier", 60.0, "down")
    await second.refresh()
    await first.closed("carrier")
    assert await second.probe("carrier", 30) is Probe.CLOSED
    assert second.shut("carrier") is None
