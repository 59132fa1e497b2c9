"""The vault: what is sealed opens only in its place, and without the master key everything shows masked."""

from __future__ import annotations

from uuid import UUID

import pytest

from engine.database.connection import Database, DatabaseSettings, open_database
from engine.database.embedded import EmbeddedServer
from engine.errors import Misconfigured
from engine.identifiers import DEFAULT_CREATOR, UserId, new_id
from engine.privacy.cipher import MASK, Vault, new_master_key, normalise_word, search_words
from tests.factories import environment_for, opened

ROW = UUID(int=0x0A)
OTHER_ROW = UUID(int=0x0B)
PLACE = "orders.customer_name"
TAMPERED = f"A sealed value of {PLACE} does not belong to its row: restore it from a backup."


@pytest.fixture
async def vault(store: Database) -> Vault:
    async with store.transaction() as connection:
        await store.vault.ensure(connection, DEFAULT_CREATOR)
    return store.vault


def sealed(vault: Vault, text: str = "Ines Falk") -> bytes:
    return vault.seal(DEFAULT_CREATOR, PLACE, ROW, text.encode())


async def test_a_sealed_value_opens_in_its_place_only_and_is_never_the_same_twice(vault: Vault) -> None:
    value = sealed(vault)
    assert vault.open(PLACE, ROW, value) == b"Ines Falk"
    assert vault.open_text(PLACE, ROW, value) == "Ines Falk"
    assert b"Ines" not in value
    assert value != sealed(vault)
    for place, row in ((PLACE, OTHER_ROW), ("orders.customer_email", ROW)):
        with pytest.raises(Misconfigured) as refused:
            vault.open(place, row, value)
        assert refused.value.code == "keys.tampered"


async def test_any_changed_byte_is_refused(vault: Vault) -> None:
    value = sealed(vault)
    for place in (5, 16, 17, len(value) - 1):  # nonce, ciphertext, tag
        forged = bytearray(value)
        forged[place] ^= 1
        with pytest.raises(Misconfigured) as refused:
            vault.open(PLACE, ROW, bytes(forged))
        assert refused.value.sentence == TAMPERED


@pytest.mark.parametrize("length", [1, 4, 5, 16, 17, 30])
async def test_a_value_cut_short_is_refused_rather_than_breaking(vault: Vault, length: int) -> None:
    with pytest.raises(Misconfigured) as refused:
        vault.open(PLACE, ROW, sealed(vault)[:length])
    assert refused.value.sentence == TAMPERED


async def test_clear_text_passes_for_sealed_in_the_audit_only(vault: Vault) -> None:
    forged = Vault.mark_open(b'{"line1": "1 Thief Lane"}')
    with pytest.raises(Misconfigured) as refused:
        vault.open("orders.shipping_address", ROW, forged)
    assert refused.value.code == "keys.tampered"
    assert vault.open("audit_log.after", ROW, Vault.mark_open(b"{}")) == b"{}"


async def test_nothing_stored_is_nothing_and_empty_text_is_not_stored(vault: Vault) -> None:
    assert vault.open(PLACE, ROW, None) is None
    assert vault.open_text(PLACE, ROW, None) == ""
    assert vault.seal_text(DEFAULT_CREATOR, PLACE, ROW, "") is None


async def test_a_value_whose_data_key_is_gone_is_forgotten(
    database: EmbeddedServer, store: Database, vault: Vault
) -> None:
    value = sealed(vault)
    await store.pool.execute("DELETE FROM data_keys")
    async with opened(database) as again:
        assert again.vault.open(PLACE, ROW, value) is None
        assert again.vault.open_text(PLACE, ROW, value) == MASK


async def test_another_process_opens_what_this_one_sealed(
    database: EmbeddedServer, store: Database, vault: Vault
) -> None:
    value = sealed(vault)
    async with opened(database) as again:
        assert again.vault.open_text(PLACE, ROW, value) == "Ines Falk"


async def test_without_the_master_key_values_show_masked_and_nothing_is_sealed(
    database: EmbeddedServer, store: Database, vault: Vault
) -> None:
    value = sealed(vault)
    async with opened(database, with_key=False) as keyless:
        assert not keyless.vault.has_keys
        assert keyless.vault.open(PLACE, ROW, value) is None
        assert keyless.vault.open_text(PLACE, ROW, value) == MASK
        with pytest.raises(Misconfigured) as refused:
            keyless.vault.seal(DEFAULT_CREATOR, PLACE, ROW, b"x")
    assert refused.value.sentence == (
        "Personal data cannot be stored without the master key: set ORDERS_TUI_MASTER_KEY or its credential file."
    )


async def test_the_wrong_master_key_is_one_sentence_at_the_door(
    database: EmbeddedServer, store: Database, vault: Vault
) -> None:
    environment = dict(environment_for(database)) | {"ORDERS_TUI_MASTER_KEY": "00" * 32}
    with pytest.raises(Misconfigured) as refused:
        await open_database(DatabaseSettings(url=environment["ORDERS_TUI_DATABASE__URL"]), environment)
    assert (refused.value.code, refused.value.sentence) == (
        "keys.master_wrong",
        "The master key is not the one this database was made with: give back the old one (ORDERS_TUI_MASTER_KEY).",
    )


@pytest.mark.parametrize("key", ["", "7a" * 31, "7a" * 33, "zz" * 32])
def test_a_malformed_master_key_is_refused_without_being_repeated(key: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        Vault(key)
    assert refused.value.sentence == (
        "The master key is not 64 hexadecimal digits: give the key that was kept when the database was made."
    )


def test_a_new_master_key_is_64_digits_and_shows_nowhere() -> None:
    key = new_master_key()
    assert len(bytes.fromhex(key)) == 32
    assert key != new_master_key()
    vault = Vault(key)
    assert key not in repr(vault)
    assert key not in str(vars(vault))


async def test_a_data_key_made_by_a_transaction_that_failed_is_not_used_again(
    database: EmbeddedServer, store: Database
) -> None:
    connection = await store.connect()
    rolled_back = connection.transaction()
    await rolled_back.start()
    await store.vault.ensure(connection, DEFAULT_CREATOR)
    await rolled_back.rollback()
    await connection.close()
    async with store.transaction() as connection:
        await store.vault.ensure(connection, DEFAULT_CREATOR)
        value = sealed(store.vault)
    assert await store.pool.fetchval("SELECT count(*) FROM data_keys") == 1
    async with opened(database) as again:
        assert again.vault.open_text(PLACE, ROW, value) == "Ines Falk"


async def test_two_processes_make_one_data_key(database: EmbeddedServer, store: Database) -> None:
    async with opened(database) as other:
        for each in (store, other, store):
            async with each.transaction() as connection:
                await each.vault.ensure(connection, DEFAULT_CREATOR)
        assert await store.pool.fetchval("SELECT count(*) FROM data_keys") == 1
        assert other.vault.open_text(PLACE, ROW, sealed(store.vault)) == "Ines Falk"


async def test_creators_have_keys_of_their_own(store: Database, vault: Vault) -> None:
    other = UserId(new_id())
    await store.pool.execute("INSERT INTO users (id, display_name, role) VALUES ($1, 'Other', 'creator')", other)
    async with store.transaction() as connection:
        await vault.ensure(connection, other)
    assert vault.seal(other, PLACE, ROW, b"x")[:5] != sealed(vault)[:5]


def test_words_are_found_however_they_are_written() -> None:
    assert normalise_word("  Ines   FALK ") == "ines falk"
    assert normalise_word("+1 (555) 01-00.") == "15550100"
    assert set(search_words("Ines  Falk", "Ines@Example.test", "+1 555 0100")) == {
        "ines falk",
        "ines",
        "falk",
        "ines@example.test",
        "15550100",
    }
    assert set(search_words("I*** F***", "i***@example.test", "")) == set()


def test_a_word_of_the_blind_index_depends_on_the_key() -> None:
    one, two = Vault("7a" * 32), Vault("7b" * 32)
    assert one.word("Falk") == one.word(" falk ")
    assert one.word("falk") != one.word("fakl")
    assert one.word("falk") != two.word("falk")
