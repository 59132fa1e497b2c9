"""Making the cluster once, whole or not at all, and refusing one that is not ours to serve."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from tempfile import mkstemp

from engine.database.embedded.account import Account
from engine.database.embedded.binaries import MAJOR_VERSION, Binaries
from engine.database.embedded.errors import EmbeddedError, disk_full
from engine.database.embedded.layout import Layout, make_owned
from engine.database.embedded.settings import TUNING

SUPERUSER = "orders_tui"
DATABASE = "orders"
_ROOM_FOR_A_CLUSTER_BYTES = 256 * 1024 * 1024
_ROOM_TO_START_BYTES = 32 * 1024 * 1024  # two segments of the write-ahead log


def exists(layout: Layout, account: Account) -> bool:
    """True when a cluster was made; EmbeddedError when it is another account's or another version's."""
    try:
        owner = layout.cluster.stat().st_uid
    except FileNotFoundError:
        return False
    if owner != account.user_id:
        raise EmbeddedError(
            "other_account",
            f"The database in {layout.cluster} belongs to the account {_name_of(owner)} and not to {account.name}:"
            f" run Orders TUI as {_name_of(owner)}, or choose another data directory.",
        )
    version = (layout.cluster / "PG_VERSION").read_text().strip()
    if version != str(MAJOR_VERSION):
        raise EmbeddedError(
            "other_version",
            f"The database in {layout.cluster} was made by PostgreSQL {version} and this program brings"
            f" {MAJOR_VERSION}: start it with the Orders TUI that made it, or dump it there and load it here.",
        )
    return True


def make(layout: Layout, binaries: Binaries, account: Account, password: str) -> None:
    """Run initdb and create the database `orders`; the cluster appears under its name only when it is complete."""
    require_room(layout.data_directory, _ROOM_FOR_A_CLUSTER_BYTES)
    making = layout.cluster_in_the_making
    shutil.rmtree(making, ignore_errors=True)
    make_owned(making, account)
    password_file = _private_file(layout.data_directory, account, password)
    try:
        settings = [part for name, value in TUNING.items() for part in ("--set", f"{name}={value}")]
        _run(
            layout,
            account,
            [
                binaries.program("initdb"),
                f"--pgdata={making}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",  # the same order of texts whatever the system's libraries think
                "--builtin-locale=C.UTF-8",
                *settings,
            ],
        )
    finally:
        password_file.unlink(missing_ok=True)
    single = [binaries.program("postgres"), "--single", "-c", "exit_on_error=true", "-D", str(making), "template1"]
    _run(layout, account, single, text_in=f'CREATE DATABASE "{DATABASE}"\n')
    making.rename(layout.cluster)


def require_room_to_start(layout: Layout) -> None:
    """EmbeddedError when the disk is too full for the server to write even its log of changes."""
    require_room(layout.data_directory, _ROOM_TO_START_BYTES)


def require_room(directory: Path, room_bytes: int) -> None:
    """EmbeddedError when the disk under `directory` has less than `room_bytes` free."""
    if shutil.disk_usage(directory).free < room_bytes:
        raise disk_full(directory)


def _private_file(directory: Path, account: Account, text: str) -> Path:
    descriptor, name = mkstemp(dir=directory, prefix=".initdb.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
        if not account.same_as_ours:
            os.fchown(descriptor, account.user_id, account.group_id)
    return Path(name)


def _run(layout: Layout, account: Account, command: list[str], *, text_in: str = "") -> None:
    options = account.run_options()
    del options["stdin"]
    done = subprocess.run(command, input=text_in, capture_output=True, text=True, check=False, **options)
    if done.returncode == 0:
        return
    if "No space left on device" in done.stderr:
        raise disk_full(layout.data_directory)
    said = [line for line in done.stderr.splitlines() if "error" in line.lower() or "FATAL" in line]
    reason = said[0] if said else f"exit status {done.returncode}"
    raise EmbeddedError("not_made", f"The database could not be made in {layout.data_directory} ({reason}).")


def _name_of(user_id: int) -> str:
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return str(user_id)
