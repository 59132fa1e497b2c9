"""A process keeps up with keys that others make, retire and delete: no read fails, and what is sealed is sealed with the key of now."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import Misconfigured
from engine.identifiers import DEFAULT_CREATOR, UserId, new_id
from engine.privacy import key_ring
from engine.privacy.cipher import MASK, Vault, key_number, new_master_key
from engine.privacy.wrapping import read_master
from tests.factories import MASTER_KEY, opened

PLACE = "orders.customer_name"
ROW = UUID(int=0x0A)


async def ensured(store: Database, owner: UserId = DEFAULT_CREATOR) -> None:
    async with store.transaction() as connection:
        await store.vault.ensure(connection, owner)


async def a_creator(store: Database) -> UserId:
    owner = UserId(new_id())
    await store.pool.execute("INSERT INTO users (id, display_name, role) VALUES ($1, 'Mira', 'creator')", owner)
    return owner


async def test_a_value_under_a_key_younger_than_the_process_opens_at_once(
    store: Database, database: EmbeddedServer
) -> None:
    async with opened(database) as older:
        owner = await a_creator(store)
        await ensured(store, owner)
        sealed = store.vault.seal(owner, PLACE, ROW, b"Ines Falk")
        assert older.vault.open_text(PLACE, ROW, sealed) == "Ines Falk"
        await store.pool.execute("DELETE FROM data_keys WHERE user_id = $1", owner)
        await older.vault.load(older.pool)
        assert older.vault.open_text(PLACE, ROW, sealed) == MASK


async def test_a_process_that_is_told_seals_with_the_new_key_and_opens_the_old_one(
    store: Database, database: EmbeddedServer
) -> None:
    await ensured(store)
    async with opened(database) as other:
        old = other.vault.seal(DEFAULT_CREATOR, PLACE, ROW, b"Ines Falk")
        async with store.transaction() as connection:
            made = await store.vault.ring.make(connection, DEFAULT_CREATOR)
            await connection.execute("UPDATE data_keys SET retired_at = now() WHERE id <> $1", made["id"])
        assert key_number(other.vault.seal(DEFAULT_CREATOR, PLACE, ROW, b"x")) == key_number(old)
        other.vault.ring.hint()
        await asyncio.sleep(0)
        assert key_number(other.vault.seal(DEFAULT_CREATOR, PLACE, ROW, b"x")) == made["id"]
        assert other.vault.open(PLACE, ROW, old) == b"Ines Falk"


async def test_a_process_that_could_not_look_for_long_seals_nothing(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ensured(store)
    ring = store.vault.ring
    real = key_ring._now

    class Away:
        def read(self, *_: str) -> None:
            return None

    ring.keep_up(Away(), lambda: asyncio.sleep(0))  # type: ignore[arg-type]
    monkeypatch.setattr(key_ring, "_now", lambda: real() + key_ring.SEAL_LIMIT_SECONDS + 1)
    with pytest.raises(Misconfigured) as refused:
        store.vault.seal(DEFAULT_CREATOR, PLACE, ROW, b"x")
    assert refused.value.code == "keys.stale"


async def test_the_index_of_an_older_database_goes_on_and_a_new_one_has_a_key_of_its_own(
    database: EmbeddedServer, store: Database
) -> None:
    implied = Vault(MASTER_KEY)
    assert store.vault.word("Ines Falk") != implied.word("Ines Falk")
    async with opened(database) as again:
        assert again.vault.word("ines  falk") == store.vault.word("Ines Falk")
    await ensured(store)
    await store.pool.execute("DELETE FROM index_keys")  # as before the index had a key of its own
    async with opened(database) as older, opened(database) as second:
        assert older.vault.word("Ines Falk") == implied.word("Ines Falk") == second.vault.word("Ines Falk")


async def test_a_program_with_the_master_of_before_goes_on_but_makes_no_key(store: Database) -> None:
    await ensured(store)
    sealed = store.vault.seal(DEFAULT_CREATOR, PLACE, ROW, b"Ines Falk")
    following = read_master(new_master_key())
    await store.pool.execute("UPDATE index_keys SET master = $1", following.fingerprint)
    owner = await a_creator(store)
    with pytest.raises(Misconfigured) as refused:
        await ensured(store, owner)
    assert refused.value.code == "keys.master_rotated"
    assert store.vault.open(PLACE, ROW, sealed) == b"Ines Falk"
    assert await store.pool.fetchval("SELECT count(*) FROM data_keys") == 1
