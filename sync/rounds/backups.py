"""Backups that are due: one daemon takes them for the whole fleet, into a folder of its machine, and tries them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import structlog

from engine.backup.keeping import remove_old
from engine.backup.record import Untried, last_backup, newest_untried, note_failed, note_proved, note_taken
from engine.backup.restoring import MASTER_KEY
from engine.backup.taking import take_backup
from engine.errors import OrdersError
from engine.fleet import leases
from sync.rounds.post import Post
from sync.schedule import Tick

LEASE = "backup"
AGAIN_SECONDS = 3600.0
"""After one that failed."""

_LEASE_SECONDS = 86_400.0  # it ends with the daemon that holds it
_INHERITED = ("PATH", "HOME", "TMPDIR", "PYTHONPATH")
_log = structlog.get_logger(__name__)


def ticks(post: Post) -> list[Tick]:
    """The rounds of this file: none where no folder for backups is set."""
    if post.settings.backup.directory is None:
        return []
    seconds = post.settings.backup.look_seconds
    return [Tick("take_backup", seconds, functools.partial(take_due, post), seconds / 10)]


async def take_due(post: Post) -> None:
    """Take a backup if the last one is too old, remove what is no longer kept, and try the newest one that is not tried yet."""
    if not (await _is_due(post) or await _to_try(post)):
        return
    if not await leases.take(post.database, LEASE, post.daemon_id, _LEASE_SECONDS):
        return
    try:
        if await _is_due(post):  # another daemon may have taken it just before
            await _take(post)
        if (untried := await _to_try(post)) is not None:
            await _try(post, untried)
    finally:
        await leases.leave(post.database, LEASE, post.daemon_id)


async def _is_due(post: Post) -> bool:
    last, every = await last_backup(post.database), post.settings.backup.every_seconds
    if last.age_seconds is not None and last.age_seconds < every:
        return False
    return last.tried_seconds is None or last.tried_seconds >= min(AGAIN_SECONDS, every)


async def _to_try(post: Post) -> Untried | None:
    return await newest_untried(post.database) if post.settings.backup.prove else None


async def _take(post: Post) -> None:
    settings, database = post.settings.backup, post.database
    assert settings.directory is not None
    try:
        taken = await take_backup(database, settings.directory, program_version=post.settings.version)
    except OrdersError as error:
        _log.error("backup_failed", code=error.code, sentence=error.sentence)
        await note_failed(database, error.sentence)
        return
    await note_taken(database, taken)
    removed = await asyncio.to_thread(remove_old, settings.directory, settings.keep)
    _log.info("backup_taken", path=str(taken.path), bytes=taken.bytes, removed=len(removed))


async def _try(post: Post, untried: Untried) -> None:
    problem = await _prove(post, untried.path)
    await note_proved(post.database, untried.backup_id, problem)
    if problem:
        _log.error("backup_not_whole", path=str(untried.path), sentence=problem)
    else:
        _log.info("backup_whole", path=str(untried.path))


async def _prove(post: Post, path: Path) -> str:
    """What is wrong with it; empty where nothing is. A process of its own tries it, which gives way to this one."""
    key = post.database.secrets.read(MASTER_KEY)
    environment = {name: text for name, text in os.environ.items() if name in _INHERITED}
    environment |= {f"ORDERS_TUI_{MASTER_KEY.upper()}": key.reveal()} if key else {}
    trying = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "engine.backup", str(path), env=environment, stdout=PIPE, stderr=DEVNULL
    )
    try:
        said, _ = await trying.communicate()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            trying.send_signal(signal.SIGINT)  # it takes its cluster away and ends
        raise
    if trying.returncode == 0:
        return ""
    return (
        said.decode(errors="replace")
        or f"Trying it ended with {trying.returncode}: run orders-tui backup verify {path}."
    )
