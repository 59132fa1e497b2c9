"""Where everything of one embedded database lies, and who may enter.

<data directory>/            ours; as root: group of the server's account, which may pass but not list
    lifecycle.lock           held while the server is started, stopped or joined
    shared.json              which group of accounts may reach the server too, and where (engine.database.embedded.opened)
    programs/                one locked file per program that uses the server
    secrets/                 key files (engine.privacy.secrets); the server's account cannot read them
    cluster/                 PostgreSQL's own files and its log; owned by the server's account, 0700
    socket/                  the only door to the server; owned by the server's account, 0700
    postgresql-…/            a copy of the binaries, only where the account cannot reach the installed ones
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from engine.database.embedded.account import Account
from engine.database.embedded.errors import EmbeddedError

PORT = 5432  # a part of the socket's file name; nothing listens on a network
_LONGEST_SOCKET_PATH = 103 if sys.platform == "darwin" else 107
_SHORT_FOLDER = Path("/tmp")  # noqa: S108  # sticky, and what we find there is checked before it is used


def default_data_directory() -> Path:
    """The person's own data directory; for root, that of a system service."""
    if os.geteuid() == 0:
        return Path("/var/lib/orders-tui")
    import platformdirs

    return platformdirs.user_data_path("orders-tui", appauthor=False)


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths inside one data directory."""

    data_directory: Path

    @property
    def lifecycle_lock(self) -> Path:
        return self.data_directory / "lifecycle.lock"

    @property
    def programs(self) -> Path:
        return self.data_directory / "programs"

    @property
    def shared_file(self) -> Path:
        return self.data_directory / "shared.json"

    @property
    def cluster(self) -> Path:
        return self.data_directory / "cluster"

    @property
    def cluster_in_the_making(self) -> Path:
        return self.data_directory / "cluster.making"

    @property
    def log(self) -> Path:
        return self.cluster / "server.log"

    @property
    def socket_directory(self) -> Path:
        """Inside the data directory, or in a short place when that path is too long for a Unix socket."""
        inside = self.data_directory / "socket"
        if len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= _LONGEST_SOCKET_PATH:
            return inside
        digest = hashlib.sha256(os.fsencode(self.data_directory)).hexdigest()[:16]
        return _SHORT_FOLDER / f"orders-tui-{os.geteuid()}-{digest}"

    def make(self, account: Account) -> None:
        """Make what belongs to the programs; a directory that is there already keeps its owner and its mode."""
        if not self.data_directory.is_dir():
            self.data_directory.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):  # another program was quicker
                self.data_directory.mkdir(mode=0o700)
                if not account.same_as_ours:
                    os.chown(self.data_directory, 0, account.group_id)
                    self.data_directory.chmod(0o710)
        self.programs.mkdir(mode=0o700, exist_ok=True)

    def make_socket_directory(self, account: Account) -> None:
        """0700 and the account's; a directory somebody else put in the short place is refused."""
        directory = self.socket_directory
        make_owned(directory, account)
        status = directory.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != account.user_id or status.st_mode & 0o077:
            raise EmbeddedError(
                "socket_directory",
                f"The socket directory {directory} is not a private directory of the account {account.name}:"
                " remove it, then start again.",
            )


def make_owned(directory: Path, account: Account) -> None:
    """Make a 0700 directory of the account's; one that is there already is left as it is."""
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        return
    if not account.same_as_ours:
        os.chown(directory, account.user_id, account.group_id)
