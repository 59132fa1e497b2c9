"""Keys rotate while everything works: no read fails, what lies under an old key is sealed anew, and the key goes when nothing does."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from engine.audit import verify
from engine.database.connection import Database, DatabaseSettings, open_database
from engine.database.embedded import EmbeddedServer
from engine.database.tables import metadata
from engine.database.tables.schema import Sealed
from engine.errors import Misconfigured, Refused
from engine.identifiers import DEFAULT_CREATOR, OrderId
from engine.orders import detail, notes
from engine.orders.correction import correct_address
from engine.privacy import resealing, rotation
from engine.privacy.cipher import MASK, key_number, new_master_key
from engine.privacy.resealing import Step
from engine.privacy.sealed_places import NOT_SEALED_BY_DATA_KEYS, SEALED_TABLES
from engine.privacy.wrapping import read_master
from tests.engine.facts import an_order
from tests.engine.house import MIRA, House
from tests.factories import MASTER_KEY, SOMEWHERE, environment_for, opened


def test_every_sealed_column_is_gone_through_by_a_rotation() -> None:
    known = {f"{table.name}.{column}" for table in SEALED_TABLES for column in table.places}
    sealed = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Sealed)
    }
    digests = {
        "key",
        "hash",
        "previous_hash",
        "through_hash",
        "digest",
        "asked",
        "master",
        "before_digest",
        "after_digest",
    }
    assert {name for name in sealed if name.partition(".")[2] not in digests} == known | NOT_SEALED_BY_DATA_KEYS.keys()


async def worked(house: House) -> OrderId:
    """An order with something under its creator's key in most places."""
    (order_id,) = await house.arrive(an_order(house.shop_id, "5760"))
    async with house.store.transaction() as connection:
        await notes.add_note(connection, house.store.vault, [order_id], "Call Ines Falk", actor=MIRA)
    await house.run()
    await house.buy_labels()
    await house.tell_tiktok()
    return order_id


async def finish(store: Database, *, grace_seconds: float = 0.0) -> None:
    async with asyncio.timeout(60):
        while (did := await resealing.step(store, grace_seconds=grace_seconds)) is not Step.IDLE:
            if did is Step.WAITS:
                await asyncio.sleep(0.02)


async def under(store: Database, number: int) -> dict[str, int]:
    """How many values lie under a key, where there are any."""
    found = {}
    for table in SEALED_TABLES:
        for column in table.places:
            rows = await store.pool.fetch(f"SELECT {column} AS value FROM {table.name} WHERE {column} IS NOT NULL")  # noqa: S608
            if count := sum(key_number(row["value"]) == number for row in rows):
                found[f"{table.name}.{column}"] = count
    return found


async def test_what_lies_under_the_old_key_is_sealed_anew_and_the_key_goes(house: House) -> None:
    store = house.store
    order_id = await worked(house)
    version, before = await house.version(order_id), await detail.detail(store, order_id)
    (rotated,) = await rotation.rotate_data_keys(store, None, actor=MIRA, reason="yearly")
    assert rotated.new > rotated.old
    old = await under(store, rotated.old)
    assert {
        "orders.customer_name",
        "documents.body",
        "notes.body",
        "packages.label_address",
        "audit_log.after",
    } <= old.keys()
    assert await detail.detail(store, order_id) == before
    await finish(store)
    assert await under(store, rotated.old) == {}
    assert [row["id"] for row in await store.pool.fetch("SELECT id FROM data_keys")] == [rotated.new]
    assert await detail.detail(store, order_id) == before
    assert await house.version(order_id) == version
    assert (await verify.verify(store, lambda finding, _: pytest.fail(finding.sentence))).clean
    actions = await store.pool.fetch(
        "SELECT action, actor FROM audit_log WHERE subject = $1 ORDER BY sequence", DEFAULT_CREATOR
    )
    assert [tuple(row) for row in actions] == [("keys.rotated", "mira"), ("keys.deleted", "system")]
    await house.assert_balanced()


async def test_a_key_stays_while_its_time_has_not_come_or_somebody_may_still_see_values_under_it(house: House) -> None:
    store = house.store
    await worked(house)
    (rotated,) = await rotation.rotate_data_keys(store, None, actor=MIRA)
    while await resealing.step(store) is not Step.WAITS:
        pass
    assert await under(store, rotated.old) == {}
    assert await resealing.step(store) is Step.WAITS
    reader = await store.connect()
    try:
        async with reader.transaction(isolation="repeatable_read", readonly=True):
            await reader.fetchval("SELECT 1")
            # Its snapshot is of before this change, so it sees the value under the old key.
            await rotation.rotate_data_keys(store, None, actor=MIRA)
            while await resealing.step(store, grace_seconds=0) is not Step.WAITS:
                pass
            assert await store.pool.fetchval("SELECT count(*) FROM data_keys") == 3
    finally:
        await reader.close()
    await finish(store)
    assert await store.pool.fetchval("SELECT count(*) FROM data_keys") == 1


async def test_a_row_that_somebody_holds_and_a_value_that_does_not_open_keep_the_key(house: House) -> None:
    store = house.store
    order_id = await worked(house)
    (rotated,) = await rotation.rotate_data_keys(store, None, actor=MIRA)
    async with store.transaction() as connection:
        await connection.execute("SELECT 1 FROM orders WHERE id = $1 FOR UPDATE", order_id)
        for _ in range(3 * len(SEALED_TABLES)):
            await resealing.step(store, grace_seconds=0)
        assert (await under(store, rotated.old)).keys() == {
            f"orders.{name}" for name in ("customer_name", "customer_email", "customer_phone", "shipping_address")
        }
    forged = await store.pool.fetchval(
        "UPDATE notes SET body = set_byte(body, 30, get_byte(body, 30) # 1) RETURNING body"
    )
    if key_number(forged) != rotated.old:
        head = (await store.pool.fetchval("SELECT customer_name FROM orders WHERE id = $1", order_id))[:5]
        await store.pool.execute("UPDATE notes SET body = overlay(body placing $1 from 1 for 5)", head)
    for _ in range(5 * len(SEALED_TABLES)):
        await resealing.step(store, grace_seconds=0)
    assert await under(store, rotated.old) == {"notes.body": 1}
    states = await rotation.key_states(store)
    assert [(each.table, each.stuck) for each in states.progress if each.stuck] == [("notes", 1)]
    assert rotated.old in [key.number for key in states.keys]
    await store.pool.execute("DELETE FROM notes")
    await store.pool.execute("UPDATE privacy_errands SET finished_at = now() - interval '2 days'")
    await finish(store)
    assert [key.number for key in (await rotation.key_states(store)).keys] == [rotated.new]


async def test_no_read_fails_and_nothing_is_lost_while_keys_rotate_under_load(
    house: House, database: EmbeddedServer
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201
    chance = random.Random(seed)
    store = house.store
    await house.stock("MUG-BLU", 500)
    orders = {
        number: (await house.arrive(an_order(house.shop_id, number)))[0]
        for number in (str(5760 + n) for n in range(12))
    }
    await house.run()
    done = asyncio.Event()
    reads = 0

    async def read(reader: Database) -> None:
        nonlocal reads
        while not done.is_set():
            number = chance.choice(list(orders))
            seen = await detail.detail(reader, orders[number])
            assert seen.row.customer_name == "Ines Falk"
            assert seen.address is not None
            reads += 1

    async def write(writer: House) -> None:
        for number in range(9000, 9040):
            fact = an_order(house.shop_id, str(number))
            orders[str(number)] = (await writer.arrive(fact))[0]
            await writer.run()
            chosen = chance.choice(list(orders.values()))
            line = f"{chance.randrange(1, 99)} Quay Street"
            try:
                await correct_address(writer.store, chosen, replace(SOMEWHERE, line1=line), actor=MIRA)
            except Refused as refused:
                assert refused.code == "order.labelled"  # noqa: PT017
            async with writer.store.transaction() as connection:
                await notes.add_note(connection, writer.store.vault, [chosen], f"Ines Falk {number}", actor=MIRA)

    async def rotate() -> None:
        for _ in range(3):
            await rotation.rotate_data_keys(store, None, actor=MIRA)
            for _ in range(40):
                await resealing.step(store)

    async with opened(database) as first, opened(database) as second:
        readers = [asyncio.create_task(read(each)) for each in (first, second)]
        other = House(second, house.shop_id, house.daemon_id)
        await asyncio.gather(write(other), rotate())
        done.set()
        await asyncio.gather(*readers)
        # What others still knew of old keys is gone when theirs are: as a grace of an hour sees to it.
        for each in (first, second):
            await each.vault.load(each.pool)
        await finish(store)
        (left,) = (await rotation.key_states(store)).keys
        assert left.retired_at is None
        assert reads > 50
        for order_id in orders.values():
            seen = await detail.detail(first, order_id)
            assert seen.row.customer_name == "Ines Falk"
            assert MASK not in str(seen)
    assert await store.pool.fetchval("SELECT count(*) FROM notes") == 40
    assert (await verify.verify(store, lambda finding, _: pytest.fail(finding.sentence))).clean
    await house.assert_balanced()


async def test_a_new_master_key_wraps_the_same_keys_and_old_programs_go_on_until_they_end(
    house: House, database: EmbeddedServer
) -> None:
    store, new = house.store, new_master_key()
    order_id = await worked(house)
    before, word = await detail.detail(store, order_id), store.vault.word("Ines Falk")

    async def read_with(master: str, following: str = "") -> None:
        environment = dict(environment_for(database)) | {"ORDERS_TUI_MASTER_KEY": master}
        if following:
            environment["ORDERS_TUI_MASTER_KEY_NEW"] = following
        other = await open_database(DatabaseSettings(url=environment["ORDERS_TUI_DATABASE__URL"]), environment)
        try:
            assert await detail.detail(other, order_id) == before
            assert other.vault.word("Ines Falk") == word
        finally:
            await other.close()

    await read_with(MASTER_KEY, new)
    assert await rotation.rotate_master(store, new, actor=MIRA) == 1
    assert await detail.detail(store, order_id) == before
    await read_with(new)
    await read_with(MASTER_KEY, new)
    with pytest.raises(Misconfigured) as refused:
        await read_with(MASTER_KEY)
    assert refused.value.code == "keys.master_wrong"
    wrapped = await store.pool.fetch(
        "SELECT wrapped, master FROM data_keys UNION ALL SELECT wrapped, master FROM index_keys"
    )
    with pytest.raises(Refused):
        await rotation.rotate_master(store, new, actor=MIRA)
    await store.pool.execute("UPDATE daemons SET stopped_at = now()")
    with pytest.raises(Misconfigured) as refused:
        await rotation.rotate_data_keys(store, None, actor=MIRA)
    assert refused.value.code == "keys.master_rotated"
    assert wrapped == await store.pool.fetch(
        "SELECT wrapped, master FROM data_keys UNION ALL SELECT wrapped, master FROM index_keys"
    )
    assert not (await rotation.key_states(store)).master_known


async def test_a_data_key_waits_until_no_daemon_has_the_master_of_before(house: House) -> None:
    store, new = house.store, new_master_key()
    await worked(house)
    await rotation.rotate_master(store, new, actor=MIRA)
    store.vault.ring.masters = (*store.vault.ring.masters, read_master(new))
    await store.vault.load(store.pool)
    with pytest.raises(Refused) as refused:
        await rotation.rotate_data_keys(store, None, actor=MIRA)
    assert refused.value.code == "keys.old_daemons"
    assert await store.pool.fetchval("SELECT count(*) FROM data_keys") == 1
    await store.pool.execute("UPDATE daemons SET stopped_at = now()")
    assert len(await rotation.rotate_data_keys(store, None, actor=MIRA)) == 1
