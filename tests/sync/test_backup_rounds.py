"""Backups that daemons take by themselves: one of the fleet, again after a failure, tried by restoring."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from engine.backup.record import last_backup
from engine.clock import DatabaseClock
from engine.identifiers import DaemonId
from sync.daemon_settings import BackupSettings, DaemonSettings
from sync.outside import Outside
from sync.rounds import backups
from sync.rounds.post import Post
from sync.waking import Bell
from tests.factories import MASTER_KEY
from tests.sync.connected import Connected


async def test_one_daemon_takes_what_is_due_and_it_is_tried_once(shop: Connected, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    shop.database.secrets.keep("master_key", MASTER_KEY)
    first, second = await shop.daemon(), await shop.daemon()
    async with shop.outside() as outside:
        assert backups.ticks(post(shop, outside, first, BackupSettings())) == []  # none without a folder
        settings = BackupSettings(folder, every_seconds=3600.0)
        folder.write_text("")  # a file lies where the folder should be
        with structlog.testing.capture_logs() as told:
            for daemon_id in (first, second):
                await backups.take_due(post(shop, outside, daemon_id, settings))
        # The second one waits with the first: it would fail for the same reason.
        assert [event["code"] for event in told] == ["backup.not_writable"]
        assert f"No backup can be written into {folder}" in (await last_backup(shop.database)).problem
        folder.unlink()
        await shop.database.pool.execute("UPDATE backups SET noted_at = now() - interval '2 hours'")
        with structlog.testing.capture_logs() as told:
            await asyncio.gather(
                *(backups.take_due(post(shop, outside, daemon_id, settings)) for daemon_id in (first, second))
            )
            await backups.take_due(post(shop, outside, second, settings))
    [file] = folder.iterdir()
    assert [(event["event"], event["path"]) for event in told] == [
        ("backup_taken", str(file)),
        ("backup_whole", str(file)),
    ]
    last = await last_backup(shop.database)
    assert (last.problem, last.proved_at is not None) == ("", True)
    assert await shop.count("backups WHERE path <> ''") == 1
    assert await shop.count("leases WHERE name = 'backup' AND until > now()") == 0


def post(shop: Connected, outside: Outside, daemon_id: DaemonId, settings: BackupSettings) -> Post:
    return Post(shop.database, daemon_id, outside, DatabaseClock(), Bell(), DaemonSettings("test", backup=settings))
