"""The account the server runs under: our own, or, because PostgreSQL refuses root, a system account of its own."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.database.embedded.errors import EmbeddedError

# Nothing of ours is passed on: the environment may hold secrets that the server's account must not read.
CHILD_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


@dataclass(frozen=True, slots=True)
class Account:
    """Who owns the cluster and runs the server."""

    name: str
    user_id: int
    group_id: int
    same_as_ours: bool

    def run_options(self, *groups: int) -> dict[str, Any]:
        """What `subprocess` needs to run a program as this account, from a directory it can be in; `groups` are further ones."""
        options: dict[str, Any] = {"env": CHILD_ENVIRONMENT, "cwd": "/", "stdin": subprocess.DEVNULL, "umask": 0o077}
        if not self.same_as_ours:
            options |= {"user": self.user_id, "group": self.group_id, "extra_groups": list(groups)}
        return options

    def can_enter(self, directory: Path) -> bool:
        """True when this account can pass through `directory`."""
        if self.same_as_ours:
            return os.access(directory, os.X_OK)
        enter = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(directory)]
        return subprocess.run(enter, capture_output=True, check=False, **self.run_options()).returncode == 0


def resolve(system_account: str) -> Account:
    """Our own account; as root `system_account`, made when it is not there."""
    if os.geteuid() != 0:
        try:
            name = pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:  # a container may run under a number without a name
            name = str(os.geteuid())
        return Account(name, os.geteuid(), os.getegid(), same_as_ours=True)
    with _alone():
        entry = _look_up(system_account) or _make(system_account)
    if entry.pw_uid == 0:
        raise EmbeddedError(
            "account",
            f"PostgreSQL does not run as root, and the account {system_account} is root: name another account.",
        )
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, same_as_ours=False)


def require_way_to(directory: Path, account: Account) -> None:
    """EmbeddedError naming the first directory on the way that shuts the server's account out; none is loosened."""
    if account.can_enter(directory):
        return
    for step in (*reversed(directory.parents), directory):
        if not account.can_enter(step):
            raise EmbeddedError(
                "unreachable_for_account",
                f"As root the database runs under the account {account.name}, which may not pass through {step}:"
                f" choose another data directory, or allow it with chmod o+x {step}.",
            )


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One program at a time: two `useradd` of one name at once both succeed, and the second takes the number from the first."""
    directory = os.open("/etc", os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _look_up(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _make(name: str) -> pwd.struct_passwd:
    command = ["useradd", "--system", "--user-group", "--no-create-home"]
    command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", "--", name]
    with contextlib.suppress(FileNotFoundError):  # no useradd here: the sentence below says what to do
        subprocess.run(command, capture_output=True, check=False, env=CHILD_ENVIRONMENT, cwd="/")
    # Looked up whatever useradd said: an administrator may have made it at the same moment.
    if entry := _look_up(name):
        return entry
    raise EmbeddedError(
        "account",
        f"PostgreSQL does not run as root, and the system account {name} could not be made: make it by hand"
        f" (useradd --system {name}), or run Orders TUI as an ordinary user.",
    )
