"""What the server does not start on: one sentence each, and nothing changed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.database.embedded import EmbeddedError, binaries, postmaster, start


async def test_a_socket_directory_somebody_else_put_there_is_refused(spoilt: Path) -> None:
    shutil.rmtree(spoilt / "socket")
    (spoilt / "socket").mkdir()
    (spoilt / "socket").chmod(0o777)
    with pytest.raises(EmbeddedError) as refused:
        await start(spoilt)
    assert refused.value.code == "embedded.socket_directory"
    assert postmaster.read(spoilt / "cluster") is None


async def test_a_cluster_of_another_version_is_refused_untouched(spoilt: Path) -> None:
    version = spoilt / "cluster" / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(EmbeddedError) as refused:
        await start(spoilt)
    assert refused.value.sentence == (
        f"The database in {spoilt}/cluster was made by PostgreSQL 16 and this program brings 18: start it with the"
        " Orders TUI that made it, or dump it there and load it here."
    )
    assert version.read_text() == "16\n"


async def test_a_lost_password_is_said_and_no_other_is_made(spoilt: Path) -> None:
    (spoilt / "secrets" / "database_password").unlink()
    with pytest.raises(EmbeddedError) as refused:
        await start(spoilt)
    assert refused.value.sentence == (
        f"The password of the database in {spoilt} is lost: restore the file {spoilt}/secrets/database_password from a"
        " backup, or give it in ORDERS_TUI_DATABASE_PASSWORD_FILE."
    )
    assert list((spoilt / "secrets").iterdir()) == []


async def test_a_platform_without_binaries_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_PACKAGE", "no_such_package")
    with pytest.raises(EmbeddedError) as refused:
        await start(data)
    assert refused.value.sentence == (
        "There is no bundled PostgreSQL 18 for this platform: point database.url at a PostgreSQL 15 or newer, or a"
        " Supabase project."
    )


async def test_a_server_that_cannot_start_says_why(spoilt: Path) -> None:
    with (spoilt / "cluster" / "postgresql.conf").open("a") as file:
        file.write("max_connections = many\n")
    with pytest.raises(EmbeddedError) as refused:
        await start(spoilt)
    assert refused.value.sentence == (
        "The database did not start (configuration file"
        f' "{spoilt}/cluster/postgresql.conf" contains errors): its log is {spoilt}/cluster/server.log.'
    )


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this account may not mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


async def test_a_full_disk_is_refused_before_anything_is_made(small_disk: Path) -> None:
    with pytest.raises(EmbeddedError) as refused:
        await start(small_disk / "data")
    assert refused.value.sentence == (
        f"The disk that holds {small_disk}/data is full: free some space on it, then start again; nothing stored is"
        " lost."
    )
    assert not (small_disk / "data" / "cluster").exists()
