"""The running server, as its postmaster.pid tells it, and whether that is still true."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

_PID_LINE, _PORT_LINE, _SOCKET_LINE, _STATUS_LINE = 0, 3, 4, 7


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What postmaster.pid says; the process may be gone, or the file half written."""

    cluster: Path
    process_id: int
    port: int
    socket_directory: Path | None
    status: str  # starting, ready, stopping; empty while the file is being written

    def answers(self) -> bool:
        """True when it is ready and takes a connection. Cheap, and true across process namespaces too."""
        if self.status != "ready" or self.socket_directory is None:
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.settimeout(1.0)
            try:
                door.connect(str(self.socket_directory / f".s.PGSQL.{self.port}"))
            except OSError:
                return False
        return True

    def is_alive(self) -> bool:
        """True when that process is this cluster's server: not a corpse, not a stranger with the same number."""
        import psutil

        try:
            return _serves(psutil.Process(self.process_id), self.cluster)
        except psutil.NoSuchProcess:
            return False

    def ask_to_stop(self) -> None:
        """A fast shutdown: sessions are ended, everything committed is written."""
        if self.is_alive():
            os.kill(self.process_id, signal.SIGINT)


def read(cluster: Path) -> Postmaster | None:
    """The server that says it runs on `cluster`, None when none says so."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if not lines or not lines[_PID_LINE].strip().lstrip("-").isdigit():
        return None
    lines = [line.strip() for line in lines] + [""] * (_STATUS_LINE + 1 - len(lines))
    return Postmaster(
        cluster=cluster,
        process_id=int(lines[_PID_LINE]),
        port=int(lines[_PORT_LINE] or 0),
        socket_directory=Path(lines[_SOCKET_LINE]) if lines[_SOCKET_LINE] else None,
        status=lines[_STATUS_LINE],
    )


def orphans(cluster: Path) -> Iterator[psutil.Process]:
    """Processes of this cluster that outlived a killed postmaster; they keep a new one from starting."""
    import psutil

    for process in psutil.process_iter(["name"]):
        try:
            if _serves(process, cluster):
                yield process
        except psutil.Error:
            continue


def end_orphans(cluster: Path) -> None:
    """End them as their postmaster would have ended them after a crash."""
    for process in orphans(cluster):
        process.send_signal(signal.SIGQUIT)


def _serves(process: psutil.Process, cluster: Path) -> bool:
    import psutil

    if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
        return False
    try:
        return Path(process.cwd()) == cluster.resolve()  # every server process works inside its cluster
    except psutil.AccessDenied:  # root in a container may not look into another account's process
        return str(cluster) in process.cmdline()
