"""Many daemons on one database: one leads at a time."""

from __future__ import annotations

import asyncio

from engine.database.connection import Database
from engine.fleet import daemons, leases
from engine.identifiers import DaemonId, new_id


async def test_one_daemon_leads_until_its_lease_ends(store: Database) -> None:
    first, second = await daemons.register(store, "test"), await daemons.register(store, "test")
    taken = await asyncio.gather(*(leases.take(store, "retention", each, 30) for each in (first, second)))
    assert sorted(taken) == [False, True]
    leader, other = (first, second) if taken[0] else (second, first)
    assert await leases.take(store, "retention", leader, 30), "the leader renews"
    assert await leases.take(store, "sealing", other, 30), "another lease is another's"
    await store.pool.execute("UPDATE leases SET until = now() - interval '1 second' WHERE name = 'retention'")
    assert await leases.take(store, "retention", other, 30)
    assert not await leases.take(store, "retention", leader, 30)
    assert await store.pool.fetchval("SELECT term FROM leases WHERE name = 'retention'") == 2


async def test_what_a_dead_daemon_or_a_retired_one_held_is_free_at_once(store: Database) -> None:
    dead, retired, heir = [await daemons.register(store, "test") for _ in range(3)]
    for holder, name in ((dead, "retention"), (retired, "sealing")):
        assert await leases.take(store, name, holder, 3600)
        assert not await leases.take(store, name, heir, 3600)
    await store.pool.execute("UPDATE daemons SET beat_at = now() - interval '1 minute' WHERE id = $1", dead)
    await daemons.retire(store, retired)
    assert [await leases.take(store, name, heir, 3600) for name in ("retention", "sealing")] == [True, True]
    assert not await leases.take(store, "retention", dead, 3600), "one that was only frozen does not get it back"


async def test_a_console_has_no_heart_and_keeps_its_lease_to_the_end(store: Database) -> None:
    console, heir = DaemonId(new_id()), await daemons.register(store, "test")
    assert await leases.take(store, "child", console, 3600)
    assert not await leases.take(store, "child", heir, 3600)


async def test_a_beat_says_that_a_daemon_lives_and_retiring_that_it_ended(store: Database) -> None:
    daemon_id = await daemons.register(store, "1.2.3")
    await store.pool.execute("UPDATE daemons SET beat_at = now() - interval '1 hour'")
    await daemons.beat(store, daemon_id)
    row = await store.pool.fetchrow(
        "SELECT version, beat_at > now() - interval '1 minute' AS alive, stopped_at FROM daemons"
    )
    assert tuple(row) == ("1.2.3", True, None)
    await daemons.retire(store, daemon_id)
    assert await store.pool.fetchval("SELECT stopped_at IS NOT NULL FROM daemons")
