"""The state of each dependency as many daemons see it: one line of words, and only what living daemons say."""

from __future__ import annotations

from dataclasses import replace

from engine.database.connection import Database
from engine.fleet import daemons
from engine.fleet.dependencies import Condition, DependencyReport, DependencyState, alive, read_states, write_states

WELL = DependencyReport("carrier", calls=40, failures=2, success_ago=1.0, failure_ago=90.0, failure_code="carrier.no_answer",
                        failure="EasyPost gave no answer.", p95_seconds=0.25)  # fmt: skip
BROKEN = replace(WELL, success_ago=120.0, failure_ago=2.0, failing_for=60.0)


async def state(store: Database, name: str = "carrier") -> DependencyState:
    return next(each for each in await read_states(store) if each.dependency == name)


async def test_what_a_daemon_writes_is_read_as_one_line_of_each(store: Database) -> None:
    one = await daemons.register(store, "test")
    await write_states(
        store, one, [WELL, DependencyReport("notices"), replace(WELL, dependency="tiktok", skew_seconds=3.5)]
    )
    states = await read_states(store)
    assert [(each.dependency, each.condition) for each in states] == [
        ("carrier", Condition.OK),
        ("notices", Condition.UNUSED),
        ("tiktok", Condition.OK),
    ]
    carrier, _, tiktok = states
    assert (carrier.calls, carrier.failures, carrier.p95_ms, carrier.failure_code) == (
        40,
        2,
        250.0,
        "carrier.no_answer",
    )
    assert carrier.last_success_at is not None
    assert carrier.last_failure_at is not None
    assert 80 < (carrier.last_success_at - carrier.last_failure_at).total_seconds() < 95
    assert (carrier.sentence, tiktok.skew_seconds) == ("ok", 3.5)


async def test_writing_again_replaces_and_the_words_follow(store: Database) -> None:
    one = await daemons.register(store, "test")
    await write_states(store, one, [WELL])
    await write_states(store, one, [BROKEN])
    failing = await state(store)
    assert failing.condition is Condition.FAILING
    assert failing.sentence.startswith("failing since 20")
    assert failing.sentence.endswith("EasyPost gave no answer.")
    await write_states(store, one, [replace(BROKEN, left_alone_seconds=41.9)])
    alone = await state(store)
    assert alone.condition is Condition.LEFT_ALONE
    assert alone.sentence in {
        "left alone for 42 s: EasyPost gave no answer.",
        "left alone for 41 s: EasyPost gave no answer.",
    }
    await write_states(store, one, [replace(WELL, limited_seconds=30.0)])
    assert (await state(store)).condition is Condition.LIMITED
    await write_states(store, one, [replace(WELL, note="Redis does not answer: each daemon counts by itself.")])
    assert (await state(store)).condition is Condition.DEGRADED
    assert await store.pool.fetchval("SELECT count(*) FROM dependency_states") == 1


async def test_one_daemon_that_gets_through_is_enough_and_the_dead_are_not_heard(store: Database) -> None:
    one, two = await daemons.register(store, "test"), await daemons.register(store, "test")
    await write_states(store, one, [BROKEN])
    await write_states(store, two, [WELL])
    both = await state(store)
    assert (both.condition, both.calls, both.failures, both.daemons) == (Condition.OK, 80, 4, 2)
    assert await alive(store) == 2
    await daemons.retire(store, two)
    assert (await state(store)).condition is Condition.FAILING
    await daemons.retire(store, one)
    assert await read_states(store) == []
    assert await alive(store) == 0


async def test_rows_of_daemons_that_are_long_over_go(store: Database) -> None:
    one, two = await daemons.register(store, "test"), await daemons.register(store, "test")
    await write_states(store, one, [WELL])
    await store.pool.execute("UPDATE dependency_states SET updated_at = now() - interval '2 hours'")
    await write_states(store, two, [WELL])
    rows = await store.pool.fetch("SELECT daemon_id FROM dependency_states")
    assert [row["daemon_id"] for row in rows] == [two]
