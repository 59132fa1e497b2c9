"""A backup taken while orders are worked comes back whole; whatever is wrong with one is said before anything is touched."""

from __future__ import annotations

import asyncio
import hashlib
import resource
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from engine.backup import archive
from engine.backup.keeping import backups_in, remove_old
from engine.backup.record import Untried, last_backup, newest_untried, note_failed, note_proved, note_taken
from engine.backup.restoring import Wishes, restore_into_directory, restore_into_shared
from engine.backup.taking import Taken, take_backup
from engine.database.connection import DatabaseSettings, open_database
from engine.database.embedded import EmbeddedServer
from engine.errors import OrdersError, Refused, Unreachable
from engine.reports.accounts import account
from tests.conftest import NUMBERS
from tests.engine.facts import an_order
from tests.engine.house import MIRA, House
from tests.factories import MASTER_KEY

WISHES = Wishes(MIRA)
OTHER_KEY = "1c" * 32
RIGHTS = """
SELECT array_agg(r ORDER BY r) FROM (
    SELECT relname || coalesce(array_to_string(ARRAY(SELECT unnest(relacl)::text ORDER BY 1), ' '), '') || relrowsecurity AS r
    FROM pg_class WHERE relnamespace = 'orders'::regnamespace AND relkind IN ('r', 'v', 'S')
    UNION ALL
    SELECT proname || coalesce(array_to_string(ARRAY(SELECT unnest(proacl)::text ORDER BY 1), ' '), '') FROM pg_proc
    WHERE pronamespace = 'orders'::regnamespace
    UNION ALL SELECT tablename || policyname FROM pg_policies WHERE schemaname = 'orders') rights
"""


@asynccontextmanager
async def worked(house: House) -> AsyncIterator[None]:
    """Orders come in, are reserved, labelled and told, until the block ends."""
    ends = asyncio.Event()

    async def work() -> None:
        number = 0
        while not ends.is_set():
            await house.arrive(*(an_order(house.shop_id, f"58{number + place:016}") for place in range(5)))
            await house.run()
            await house.buy_labels()
            await house.tell_tiktok()
            await house.run()
            number += 5

    async with asyncio.TaskGroup() as group:
        group.create_task(work())
        try:
            yield
        finally:
            ends.set()


@pytest.fixture
async def taken(house: House, tmp_path: Path) -> Taken:
    await house.arrive(an_order(house.shop_id, "58001"), an_order(house.shop_id, "58002"))
    await house.run()
    return await take_backup(house.store, tmp_path, program_version="test")


@asynccontextmanager
async def an_empty_database(server: EmbeddedServer) -> AsyncIterator[EmbeddedServer]:
    own = replace(server, database=f"empty_{next(NUMBERS)}")
    administrator = await asyncpg.connect(**server.dsn_parameters())
    try:
        await administrator.execute(f"CREATE DATABASE {own.database}")
        yield own
        await administrator.execute(f"DROP DATABASE {own.database} WITH (FORCE)")
    finally:
        await administrator.close()


def password_of(server: EmbeddedServer) -> dict[str, str]:
    return {"ORDERS_TUI_DATABASE_PASSWORD": server.password.reveal()}


def rewritten(backup: Path, changes: dict[str, Any]) -> Path:
    """The same backup with another manifest."""
    other = backup.with_name(f"rewritten-{next(NUMBERS)}.zip")
    with zipfile.ZipFile(backup) as whole, zipfile.ZipFile(other, "w") as made:
        made.writestr(archive.DUMP, whole.read(archive.DUMP))
        made.writestr(archive.MANIFEST, orjson.dumps(orjson.loads(whole.read(archive.MANIFEST)) | changes))
    return other


async def test_a_backup_taken_under_load_comes_back_whole_with_its_key_and_only_observes(
    house: House, passable: Path
) -> None:
    await house.receive("MUG-BLU", 10_000)
    async with worked(house):
        while await house.store.pool.fetchval("SELECT count(*) FROM orders") < 20:
            await asyncio.sleep(0.01)
        taken = await take_backup(house.store, passable, program_version="test")
    assert 20 <= taken.manifest.rows["orders"] < await house.store.pool.fetchval("SELECT count(*) FROM orders")
    assert taken.path.stat().st_mode & 0o777 == 0o600
    content = b"".join(archive.pieces_of(taken.path)) + taken.manifest.document()
    assert b"CREATE TABLE orders.orders" in content
    for secret in (MASTER_KEY.encode(), b"Ines", b"Falk"):
        assert secret not in content

    restored = await restore_into_directory(
        taken.path, passable / "back", MASTER_KEY, {}, replace(WISHES, keep_key=True)
    )
    assert restored.proof.whole, restored.proof.sentences
    assert restored.proof.accounts.orders == taken.manifest.rows["orders"]
    assert restored.proof.entries == taken.manifest.rows["audit_log"]
    assert restored.observing == ("Alder Goods",)
    database = await open_database(DatabaseSettings(data_directory=passable / "back"), {})
    try:
        row = await database.pool.fetchrow("SELECT id, customer_name FROM orders LIMIT 1")
        assert database.vault.open_text("orders.customer_name", row["id"], row["customer_name"]) == "Ines Falk"
        assert (await account(database)).labels == restored.proof.accounts.labels > 0
        assert await database.pool.fetchval("SELECT policies ->> 'import_mode' FROM shops") == "observe"
        assert await database.pool.fetchval(RIGHTS) == await house.store.pool.fetchval(RIGHTS)
    finally:
        await database.close()
    assert await house.store.pool.fetchval("SELECT policies ->> 'import_mode' FROM shops") == "work"
    with pytest.raises(Refused) as caught:
        await restore_into_directory(taken.path, passable / "back", MASTER_KEY, {}, WISHES)
    assert caught.value.code == "restore.not_empty"


async def test_what_is_wrong_with_a_backup_is_said_and_nothing_is_made(taken: Taken, passable: Path) -> None:
    whole = taken.path.read_bytes()
    cut = taken.path.with_name("cut.zip")
    cut.write_bytes(whole[: len(whole) // 2])
    flipped = taken.path.with_name("flipped.zip")
    flipped.write_bytes(whole[:5000] + bytes([whole[5000] ^ 0xFF]) + whole[5001:])
    fingerprint = taken.manifest.key_fingerprint
    cases = [
        (cut, MASTER_KEY, "backup.damaged", "is damaged (File is not a zip file)"),
        (flipped, MASTER_KEY, "backup.damaged", "is damaged ("),
        (rewritten(taken.path, {"dump_sha256": "0" * 64}), MASTER_KEY, "backup.damaged", "not what its manifest says"),
        (taken.path.with_name("none.zip"), MASTER_KEY, "backup.missing", "There is no backup"),
        (
            taken.path,
            OTHER_KEY,
            "backup.key_wrong",
            f"opens with the master key {fingerprint}, kept in the environment",
        ),
        (taken.path, None, "backup.key_missing", f"opens with the master key {fingerprint}, kept in the environment"),
    ]
    for backup, key, code, words in cases:
        with pytest.raises(OrdersError) as caught:
            await restore_into_directory(backup, passable / "back", key, {}, WISHES)
        assert (caught.value.code, words in caught.value.sentence) == (code, True), caught.value.sentence
    with pytest.raises(Refused) as newer:
        await restore_into_directory(rewritten(taken.path, {"format": 99}), passable / "back", MASTER_KEY, {}, WISHES)
    assert newer.value.code == "backup.newer"
    assert list(passable.iterdir()) == []


async def test_a_shared_database_gets_all_of_it_or_nothing(taken: Taken, server: EmbeddedServer) -> None:
    more = {**taken.manifest.rows, "orders": 3}
    async with an_empty_database(server) as empty:
        place = DatabaseSettings(url=empty.address())

        async def there() -> bool:
            connection = await asyncpg.connect(**empty.dsn_parameters())
            try:
                return bool(await connection.fetchval("SELECT to_regclass('orders.orders') IS NOT NULL"))
            finally:
                await connection.close()

        async def restore(backup: Path, wishes: Wishes = WISHES) -> Any:
            return await restore_into_shared(backup, place, MASTER_KEY, password_of(empty), wishes)

        half = rewritten(taken.path, {})
        with zipfile.ZipFile(half, "w") as made:  # a dump that stops in the middle, as its manifest says it does
            with zipfile.ZipFile(taken.path) as whole:
                dump = whole.read(archive.DUMP)
                manifest = orjson.loads(whole.read(archive.MANIFEST))
            broken = dump[: len(dump) // 2] + b"\n\\.\nSELECT 1/0;\n"
            made.writestr(archive.DUMP, broken)
            digest = hashlib.sha256(broken).hexdigest()
            made.writestr(archive.MANIFEST, orjson.dumps(manifest | {"dump_bytes": len(broken), "dump_sha256": digest}))
        for backup, code in (
            (half, "restore.not_loaded"),
            (rewritten(taken.path, {"rows": more}), "restore.not_whole"),
        ):
            with pytest.raises(Refused) as caught:
                await restore(backup)
            assert caught.value.code == code
            assert not await there()
        kept = await restore(rewritten(taken.path, {"rows": more}), replace(WISHES, anyway=True, at_work=True))
        assert kept.proof.sentences == ("The table orders has 2 rows, and 3 were dumped.",)
        assert (kept.proof.whole, kept.observing) == (False, ())
        assert await there()
        with pytest.raises(Refused) as again:
            await restore(taken.path)
        assert again.value.code == "restore.not_empty"


async def test_a_full_disk_leaves_no_file_and_what_a_kill_left_goes_with_the_next_backup(
    house: House, tmp_path: Path
) -> None:
    left = tmp_path / f".orders-20260101T000000Z.zip.1{archive.PARTIAL}"
    left.write_bytes(b"half")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(Unreachable) as caught:
            await take_backup(house.store, tmp_path, program_version="test")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.code == "backup.disk_full"
    assert list(tmp_path.iterdir()) == []

    named = tmp_path / "before-the-move.zip"
    await take_backup(house.store, named, program_version="test")
    before = named.read_bytes()
    with pytest.raises(Refused) as exists:
        await take_backup(house.store, named, program_version="test")
    assert exists.value.code == "backup.exists"
    assert (named.read_bytes(), list(tmp_path.iterdir())) == (before, [named])


async def test_who_no_longer_waits_for_a_backup_leaves_nothing(house: House, tmp_path: Path) -> None:
    async with house.store.transaction() as connection:
        await connection.execute("LOCK TABLE effects IN ACCESS EXCLUSIVE MODE")
        taking = asyncio.create_task(take_backup(house.store, tmp_path, program_version="test"))
        while not await house.store.pool.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'orders-tui backup' AND wait_event_type = 'Lock'"
        ):
            await asyncio.sleep(0.02)
        assert [path.suffix for path in tmp_path.iterdir()] == [archive.PARTIAL]
        taking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await taking
    assert list(tmp_path.iterdir()) == []


async def test_the_newest_are_kept_and_everybody_sees_how_old_the_last_one_is(taken: Taken, house: House) -> None:
    folder = taken.path.parent
    for day in ("01", "02", "03"):
        (folder / f"orders-202601{day}T000000Z.zip").write_bytes(b"")
    (folder / "by-hand.zip").write_bytes(b"")
    assert [path.name[:15] for path in remove_old(folder, 2)] == ["orders-20260102", "orders-20260101"]
    assert backups_in(folder) == [taken.path, folder / "orders-20260103T000000Z.zip"]
    assert (folder / "by-hand.zip").exists()

    assert (await last_backup(house.store)).age_seconds is None
    noted = await note_taken(house.store, taken)
    assert await newest_untried(house.store) == Untried(noted, taken.path)
    await note_proved(house.store, noted, "")
    assert await newest_untried(house.store) is None
    await note_failed(house.store, "The disk is full.")
    last = await last_backup(house.store)
    assert (last.taken_at, last.problem) == (taken.manifest.taken_at, "The disk is full.")
    assert last.proved_at is not None
    assert last.age_seconds is not None
    assert last.tried_seconds is not None
