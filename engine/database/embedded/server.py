"""Bringing the server up from whatever state it was left in, and stopping it. Called under the lifecycle lock."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from engine.database.embedded import cluster, opened, postmaster, sharing
from engine.database.embedded.account import Account
from engine.database.embedded.binaries import Binaries
from engine.database.embedded.errors import EmbeddedError, disk_full
from engine.database.embedded.layout import PORT, Layout
from engine.database.embedded.postmaster import Postmaster
from engine.database.embedded.settings import command_line
from engine.database.embedded.waiting import GivenUp, Waiting

_A_DAY_SECONDS = 86_400  # pg_ctl's own limit; how long a recovery takes is not ours to say
_STOP_LIMIT_SECONDS = 60.0
_ORPHANS_LIMIT_SECONDS = 10.0
_DOOR_LIMIT_SECONDS = 1.0
_ATTEMPTS = 3
_LARGEST_LOG_BYTES = 8 * 1024 * 1024


def running(layout: Layout, waiting: Waiting) -> Postmaster | None:
    """The server that answers, after waiting for one that is starting, recovering or stopping; None when none runs."""
    while True:
        found = postmaster.read(layout.cluster)
        if found is None:
            return None
        if found.answers():
            return found
        if not found.is_alive():
            return None
        if found.status == "ready":
            _stop_unreachable(layout, found, waiting)
        else:
            _wait_for_change(layout, found, waiting)


def bring_up(layout: Layout, binaries: Binaries, account: Account, waiting: Waiting) -> Postmaster:
    """Start the server and wait until it answers, through crash recovery if need be. None may be running."""
    cluster.require_room_to_start(layout)
    layout.make_socket_directory(account)
    if (door := opened.kept(layout)) is not None:
        opened.make_directory(door, account)
    _keep_log_short(layout)
    for _ in range(_ATTEMPTS):
        _clear_what_a_kill_left(layout, waiting)
        said = _run_pg_ctl(layout, binaries, account, waiting)
        if (found := running(layout, waiting)) is not None:
            return found
        if "pre-existing shared memory block" not in said:  # else orphans still hold it: end them and try again
            break
    else:
        said = "FATAL:  processes of the last run do not end"
    if "No space left on device" in said:
        raise disk_full(layout.data_directory)
    reasons = [line.split("FATAL:", 1)[1].strip() for line in said.splitlines() if "FATAL:" in line]
    reason = reasons[-1] if reasons else "it gave no reason"
    raise EmbeddedError("not_started", f"The database did not start ({reason}): its log is {layout.log}.")


def stop(layout: Layout, waiting: Waiting) -> None:
    """A fast shutdown; returns when everything is on the disk, or when that takes longer than a person waits."""
    if (found := postmaster.read(layout.cluster)) is None:
        return
    found.ask_to_stop()
    waiting.until(
        lambda: _has_moved_on(layout, found) and not found.is_alive(),
        lambda: "The database is writing everything to the disk",
        limit_seconds=_STOP_LIMIT_SECONDS,
    )


def _wait_for_change(layout: Layout, seen: Postmaster, waiting: Waiting) -> None:
    waiting.until(lambda: _has_moved_on(layout, seen), lambda: _what_it_does(layout))


def _has_moved_on(layout: Layout, seen: Postmaster) -> bool:
    """True when the server's file no longer says what was `seen`, or its process is gone."""
    now = postmaster.read(layout.cluster)
    if now is None or now.process_id != seen.process_id or (now.status and now.status != seen.status):
        return True
    return not seen.is_alive()


def _what_it_does(layout: Layout) -> str:
    found = postmaster.read(layout.cluster)
    if found and found.status == "stopping":
        return "The database is shutting down; it will be started again"
    return "The database is starting; after a crash it first recovers what was committed"


def _stop_unreachable(layout: Layout, found: Postmaster, waiting: Waiting) -> None:
    """It runs and says ready, but its door is gone: a person or a cleaner removed the socket."""
    if waiting.until(found.answers, lambda: _what_it_does(layout), limit_seconds=_DOOR_LIMIT_SECONDS):
        return
    if not found.is_alive():
        return
    if sharing.others_remain(layout.programs):
        raise EmbeddedError(
            "door_gone",
            f"The database (process {found.process_id}) runs, but its socket in {found.socket_directory} is gone:"
            " end every Orders TUI program on this machine, then start again.",
        )
    stop(layout, waiting)


def _clear_what_a_kill_left(layout: Layout, waiting: Waiting) -> None:
    """End orphans of a killed server and remove its marks: PostgreSQL takes a reused process number for a server."""
    if postmaster.read(layout.cluster) is None:
        return
    postmaster.end_orphans(layout.cluster)
    waiting.until(
        lambda: next(postmaster.orphans(layout.cluster), None) is None,
        lambda: "Waiting for the last processes of the killed database",
        limit_seconds=_ORPHANS_LIMIT_SECONDS,
    )
    for mark in (layout.cluster / "postmaster.pid", *layout.socket_directory.glob(".s.PGSQL.*")):
        mark.unlink(missing_ok=True)
    if (door := opened.kept(layout)) is not None:
        opened.clear(door)


def _run_pg_ctl(layout: Layout, binaries: Binaries, account: Account, waiting: Waiting) -> str:
    """Let pg_ctl put the server in the background; returns what the server's log gained."""
    log_start = _size(layout.log)
    door = opened.kept(layout)
    also, shared = ((door.directory,), door.options()) if door else ((), {})
    options = shlex.join(command_line(layout.socket_directory, PORT, also=also, options=shared))
    command = [binaries.program("pg_ctl"), "start", "--wait", f"--timeout={_A_DAY_SECONDS}", "--silent"]
    command += [f"--pgdata={layout.cluster}", f"--log={layout.log}", f"--options={options}"]
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **account.run_options(*((door.group_id,) if door else ())),
    ) as starter:
        try:
            waiting.until(lambda: starter.poll() is not None, lambda: _what_it_does(layout))
        except GivenUp:
            starter.kill()  # the server itself goes on, and the next program finds it
            raise
    with layout.log.open(errors="replace") as log:
        log.seek(log_start)
        return log.read()


def _keep_log_short(layout: Layout) -> None:
    if _size(layout.log) > _LARGEST_LOG_BYTES:
        layout.log.replace(layout.log.with_suffix(".log.1"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
