"""PostgreSQL's own programs as children of ours: pg_dump writes into a pipe, psql reads from one.

A password reaches them by their environment, never by their arguments, which every account may read.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from typing import Any

from engine.database.embedded import binaries
from engine.database.logins import Login
from engine.errors import OrdersError, Refused, Unreachable

NEWEST_SERVER = binaries.MAJOR_VERSION
_INHERITED = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")
_PIPE_BYTES = 256 * 1024


def dump(
    login: Login, arguments: list[str], take: Callable[[bytes], None], running: list[subprocess.Popen[bytes]]
) -> None:
    """Run pg_dump and hand over what it writes; `running` holds it meanwhile, so that another thread may end it."""
    command = [binaries.installed().program("pg_dump"), *arguments, f"--dbname={login.connection}"]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, env=_environment(login, "backup")
        ) as child:
            running.append(child)
            assert child.stdout is not None
            try:
                while piece := child.stdout.read(_PIPE_BYTES):
                    take(piece)
            except BaseException:
                child.kill()
                raise
        if child.returncode:
            raise _not_dumped(_last_words(said))


def load(login: Login, pieces: Iterable[bytes]) -> None:
    """Run psql over these pieces as one transaction: all of it, or nothing whatever ends it half-way."""
    command = [binaries.installed().program("psql"), "--no-psqlrc", "--quiet", "--output=/dev/null"]
    command += ["--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse", f"--dbname={login.connection}"]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, env=_environment(login, "restore")
        ) as child:
            assert child.stdin is not None
            try:
                # Without the last word of this transaction the server forgets all the others.
                child.stdin.write(b"BEGIN;\n")
                for piece in pieces:
                    child.stdin.write(piece)
                child.stdin.write(b"\nCOMMIT;\n")
                child.stdin.close()
            except BrokenPipeError:
                pass  # it gave up, and says why
            except BaseException:
                child.kill()
                raise
        if child.returncode:
            raise Refused(
                "restore.not_loaded",
                f"PostgreSQL did not take the backup ({_last_words(said)}): nothing was restored.",
            )


def _environment(login: Login, doing: str) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if name in _INHERITED or name.startswith("PGSSL")}
    kept |= {"PGAPPNAME": f"orders-tui {doing}", "PGCLIENTENCODING": "UTF8", "LC_ALL": "C"}
    return kept | ({"PGPASSWORD": login.password} if login.password else {})


def _last_words(said: Any) -> str:
    said.seek(0)
    lines = [line.strip() for line in said.read().decode(errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()] or lines
    return told[0].removeprefix("pg_dump: ").removeprefix("error: ") if told else "it gave no reason"


def _not_dumped(reason: str) -> OrdersError:
    if "permission denied" in reason or "row-level security" in reason:
        return Refused(
            "backup.not_allowed",
            f"This login may not read the whole database ({reason}): take backups with the login that owns the tables.",
        )
    if "connection" in reason or "server closed" in reason:
        return Unreachable(
            "backup.cut_off", f"The database went away during the backup ({reason}): no backup was written."
        )
    return Refused("backup.failed", f"pg_dump did not finish ({reason}): no backup was written.")
