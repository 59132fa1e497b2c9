"""Seals: every chain that grew is sealed once, nothing is sealed before it is complete, and nothing is left out for ever."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from engine.audit import chain, seals
from engine.audit.retention import RETENTION_DOOR
from engine.audit.seals import SealedHead, Sealer, seal_hash
from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.identifiers import DEFAULT_CREATOR, OrderId, new_id
from tests.engine.facts import an_order
from tests.engine.house import MIRA, House
from tests.factories import opened


def sealer(store: Database, *, most_entries: int = 50_000, patience_seconds: float = 2.0) -> Sealer:
    return Sealer(store, margin_seconds=0.0, most_entries=most_entries, patience_seconds=patience_seconds)


async def heads(store: Database) -> list[tuple[int, Any, int]]:
    rows = await store.pool.fetch("SELECT seal, subject, sequence FROM audit_seal_heads ORDER BY seal, subject")
    return [(row["seal"], row["subject"], row["sequence"]) for row in rows]


async def head_of(store: Database, subject: Any) -> int:
    number: int = await store.pool.fetchval("SELECT max(sequence) FROM audit_log WHERE subject = $1", subject)
    return number


async def entry(connection: Any, store: Database, subject: Any) -> None:
    """One more entry of a subject, in whatever transaction the connection is in."""
    await chain.append(connection, store.vault, DEFAULT_CREATOR, subject, "test.noted", MIRA, None, {"n": 1})


async def test_the_heads_of_all_chains_that_grew_are_sealed_and_hang_together(house: House, store: Database) -> None:
    first, second = await house.arrive(an_order(house.shop_id, "1"), an_order(house.shop_id, "2"))
    [one] = await sealer(store).seal()
    subjects = [row["subject"] for row in await store.pool.fetch("SELECT DISTINCT subject FROM audit_log")]
    assert sorted(await heads(store)) == sorted([(1, each, await head_of(store, each)) for each in subjects])
    await house.buy_labels()
    [two] = await sealer(store).seal()
    assert [(seal, subject) for seal, subject, _ in await heads(store) if seal == 2] == [(2, first), (2, second)]
    rows = await store.pool.fetch("SELECT * FROM audit_seals ORDER BY number")
    assert [row["previous_hash"] for row in rows] == [b"", one.hash]
    stored = [
        SealedHead(*row)
        for row in await store.pool.fetch("SELECT subject, sequence, hash FROM audit_seal_heads WHERE seal = 2")
    ]
    assert rows[1]["hash"] == two.hash == seal_hash(2, two.horizon, stored, one.hash)


async def test_nothing_new_is_no_seal(house: House, store: Database) -> None:
    await house.arrive(an_order(house.shop_id))
    sealing = sealer(store)
    assert len(await sealing.seal()) == 1
    assert await sealing.seal() == []
    assert await store.pool.fetchval("SELECT count(*) FROM audit_seals") == 1


async def test_an_entry_that_is_committed_late_is_never_passed_over(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    """Its time is when its transaction began, which is before everything that was committed while it ran."""
    late, early = new_id(), new_id()
    sealing = sealer(store, patience_seconds=0.0)
    await sealing.seal()
    before = await store.pool.fetchval("SELECT max(number) FROM audit_seals")
    async with opened(database) as elsewhere, elsewhere.pool.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await slow.fetchval("SELECT now()")  # it has its time, and has written nothing yet
        await store.run(lambda connection: entry(connection, store, early))
        assert await sealing.seal() == [], "an older transaction runs, so nothing of its time is complete"
        await entry(slow, store, late)
        assert await sealing.seal() == []
        await transaction.commit()
    times = await store.pool.fetch("SELECT subject FROM audit_log WHERE action = 'test.noted' ORDER BY created_at")
    assert [row["subject"] for row in times] == [late, early]
    [seal] = await sealing.seal()
    assert seal.number == (before or 0) + 1
    assert {(subject, sequence) for number, subject, sequence in await heads(store) if number == seal.number} == {
        (late, 1),
        (early, 1),
    }


async def test_what_began_before_a_long_transaction_is_sealed_while_that_runs(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    sealing = sealer(store, patience_seconds=0.0)
    await sealing.seal()
    subject = new_id()
    await store.run(lambda connection: entry(connection, store, subject))
    async with opened(database) as elsewhere:
        async with elsewhere.transaction() as brief:
            await brief.fetchval("SELECT now()")
            assert await sealing.seal() == []  # a moment is noted while this one runs
        async with elsewhere.transaction() as long:
            await long.fetchval("SELECT now()")
            await sealing.seal()
            assert subject in {each for _, each, _ in await heads(store)}


async def test_a_transaction_of_another_login_is_waited_for_too(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    """Its times are hidden from an ordinary login; its virtual id is not."""
    await store.pool.execute("DROP ROLE IF EXISTS plain_login")
    await store.pool.execute("CREATE ROLE plain_login LOGIN PASSWORD 'plain'")
    parameters = database.dsn_parameters() | {"user": "plain_login", "password": "plain"}
    try:
        plain = await asyncpg.connect(**parameters)
        try:
            async with opened(database) as elsewhere, elsewhere.transaction() as running:
                await running.fetchval("SELECT now()")
                seen = await plain.fetchval(
                    "SELECT array_agg(xact_start) FROM pg_stat_activity WHERE usename <> current_user"
                )
                assert set(seen) == {None}
                assert await plain.fetchval(f"SELECT cardinality(({seals._RUNNING}))") >= 1
        finally:
            await plain.close()
    finally:
        await store.pool.execute("DROP ROLE plain_login")


async def test_two_daemons_at_once_seal_everything_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    await house.receive("MUG-BLU", 40)
    await house.arrive(*(an_order(house.shop_id, str(place)) for place in range(30)))
    async with opened(database) as other:
        done = await asyncio.gather(*(sealer(each, most_entries=5).seal() for each in (store, other) * 3))
    made = sorted(seal.number for part in done for seal in part)
    assert made == list(range(1, len(made) + 1))
    await sealer(store).seal()
    sealed = {(subject, sequence) for _, subject, sequence in await heads(store)}
    subjects = [row["subject"] for row in await store.pool.fetch("SELECT DISTINCT subject FROM audit_log")]
    assert {(each, await head_of(store, each)) for each in subjects} <= sealed
    assert len(sealed) == len(await heads(store)), "no head twice"


async def test_a_backlog_is_sealed_in_bounded_spans_of_time(house: House, store: Database) -> None:
    """A chain of six days, one entry a day, of which a seal may take two."""
    entries: list[chain.Entry] = []
    start = await store.pool.fetchval("SELECT now() - interval '6 days'")
    for day in range(6):
        link = chain.link(
            store.vault,
            DEFAULT_CREATOR,
            new_id(),
            1,
            chain.GENESIS,
            "test.noted",
            MIRA,
            None,
            None,
            start + timedelta(days=day),
        )
        entries.append(link)
    async with store.transaction() as connection:
        await connection.execute(RETENTION_DOOR)
        await connection.execute("DELETE FROM audit_log")
        await chain.write(connection, entries)
    done = await sealer(store, most_entries=2).seal()
    assert all(seal.subjects <= 2 for seal in done)
    assert sum(seal.subjects for seal in done) == 6
    assert [seal.horizon for seal in done] == sorted(seal.horizon for seal in done)


async def test_the_new_entries_are_found_by_their_time(house: House, store: Database) -> None:
    await store.pool.execute(
        """
        INSERT INTO audit_log (subject, sequence, action, actor, source, previous_hash, hash, created_at)
        SELECT gen_random_uuid(), 1, 'test.old', 'system', 'system', '', '', now() - make_interval(secs => 90000 - n)
        FROM generate_series(1, 60000) n
        """
    )
    await store.pool.execute("ANALYZE audit_log")
    recent = await store.pool.fetchval("SELECT now() - interval '10 hours'")
    until = await store.pool.fetchval("SELECT now() - interval '9 hours'")
    rows = await store.pool.fetch(f"EXPLAIN (COSTS OFF) {seals._HEADS}", recent, until)
    plan = "\n".join(row[0] for row in rows)
    assert "audit_log_created_index" in plan
    assert "Seq Scan" not in plan


@pytest.mark.parametrize("table", ["audit_log", "audit_seals", "audit_seal_heads", "audit_cuts"])
@pytest.mark.parametrize("statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"])
async def test_the_record_is_insert_only(house: House, store: Database, table: str, statement: str) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id))
    await sealer(store).seal()
    column = {"audit_seals": "horizon", "audit_cuts": "reason"}.get(table, "sequence")
    before = await house.row_counts()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="is insert-only"):
        await store.pool.execute(statement.format(table, column))
    assert await house.row_counts() == before
    assert await head_of(store, OrderId(order_id)) == 2
