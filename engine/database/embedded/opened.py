"""A second door for other accounts of this machine: a socket directory that a group may enter; every login there has a password.

What was said once is kept in `shared.json` of the data directory and holds from the next start of the server.
"""

from __future__ import annotations

import grp
import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.database.embedded import account as accounts
from engine.database.embedded.account import Account
from engine.database.embedded.errors import EmbeddedError
from engine.database.embedded.layout import PORT, Layout, default_data_directory

_LONGEST_DIRECTORY_BYTES = 90


@dataclass(frozen=True, slots=True)
class SharedDoor:
    """Which group may come in, and where."""

    group: str
    directory: str

    @property
    def group_id(self) -> int:
        """The group's number. Raises EmbeddedError when it is gone."""
        try:
            return grp.getgrnam(self.group).gr_gid
        except KeyError:
            raise EmbeddedError(
                "share_group",
                f"There is no group {self.group} on this machine: make it (groupadd {self.group}), or name another.",
            ) from None

    def options(self) -> dict[str, str]:
        """The server's own settings for it. Of the private socket too, which lies where nobody else may enter."""
        return {"unix_socket_permissions": "0770", "unix_socket_group": self.group}


def kept(layout: Layout) -> SharedDoor | None:
    """The door that was opened, if any."""
    try:
        return SharedDoor(**json.loads(layout.shared_file.read_text("utf-8")))
    except FileNotFoundError:
        return None


def share(data_directory: Path | None, group: str, directory: Path | None = None, *, system_account: str) -> SharedDoor:
    """Let the accounts of a group reach the embedded database from its next start on. Raises EmbeddedError."""
    layout = Layout((data_directory or default_data_directory()).expanduser().absolute())
    account = accounts.resolve(system_account)
    door = SharedDoor(group, str(directory or _usual(account)))
    _require_member(door, account)
    if not door.directory.startswith("/") or len(os.fsencode(door.directory)) > _LONGEST_DIRECTORY_BYTES:
        raise EmbeddedError(
            "share_directory",
            f"The directory {door.directory} is relative or too long for a socket: name a short one with --directory.",
        )
    make_directory(door, account)
    layout.make(account)
    layout.shared_file.write_text(json.dumps(asdict(door)), "utf-8")
    return door


def unshare(data_directory: Path | None) -> None:
    """Shut it again, from the next start on."""
    Layout((data_directory or default_data_directory()).expanduser().absolute()).shared_file.unlink(missing_ok=True)


def make_directory(door: SharedDoor, account: Account) -> None:
    """Make the group's directory; one that is there has to be ours, for what others may enter others may also prepare."""
    directory, group_id = Path(door.directory), door.group_id
    try:
        directory.mkdir(mode=0o700, parents=False)
    except FileExistsError:
        status = directory.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != account.user_id or status.st_mode & 0o027:
            raise EmbeddedError(
                "share_directory",
                f"{directory} is there and is no directory of the account {account.name} alone: remove it, or name another one "
                "with --directory.",
            ) from None
    except FileNotFoundError:
        raise EmbeddedError(
            "share_directory", f"There is no directory {directory.parent}: make it, or name another."
        ) from None
    os.chown(directory, account.user_id, group_id)
    directory.chmod(0o750)


def clear(door: SharedDoor) -> None:
    """Remove the marks of a server that was killed."""
    for mark in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (Path(door.directory) / mark).unlink(missing_ok=True)


def _usual(account: Account) -> Path:
    # Both are cleared when the machine starts, and made again when the server does.
    return Path("/run/orders-tui") if os.geteuid() == 0 else Path(f"/tmp/orders-tui-shared-{account.user_id}")  # noqa: S108


def _require_member(door: SharedDoor, account: Account) -> None:
    """Only a member of a group may give it a socket. Root makes its server one for the time it runs."""
    if account.same_as_ours and door.group_id not in {os.getegid(), *os.getgroups()}:
        raise EmbeddedError(
            "share_group",
            f"The account {account.name} is not in the group {door.group}: add it (usermod -aG {door.group} {account.name}), log in "
            "again, and say this again.",
        )
