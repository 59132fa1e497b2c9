"""The file of a backup: a zip that any tool opens, with `manifest.json` and `orders.sql`.

It is written under another name and appears under its own when it is complete and on the disk. What a killed program left behind is
removed by the next one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO

from engine.backup.manifest import Manifest, read_manifest
from engine.errors import NotFound, Refused, Unreachable

DUMP, MANIFEST = "orders.sql", "manifest.json"
PARTIAL = ".partial"
CHUNK_BYTES = 1024 * 1024
_FASTEST = 1  # half of a dump is ciphertext, which no effort makes smaller


@contextlib.contextmanager
def appearing(target: Path) -> Iterator[BinaryIO]:
    """A private file that is there, whole and on the disk, when the block ends well, and gone when it does not.

    Raises Refused when there is a file of that name, Unreachable for a folder that cannot take it.
    """
    with _disk_troubles(target.parent):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(target.parent)
        partial = target.with_name(f".{target.name}.{os.getpid()}{PARTIAL}")
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            with os.fdopen(descriptor, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                _name(partial, target)
        finally:
            partial.unlink(missing_ok=True)
        folder = os.open(target.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class DumpWriter:
    """Takes the dump piece by piece; `bytes` and `sha256` are of what it took."""

    def __init__(self, member: IO[bytes]) -> None:
        self._member = member
        self._digest = hashlib.sha256()
        self.bytes = 0

    def write(self, piece: bytes) -> None:
        self._digest.update(piece)
        self._member.write(piece)
        self.bytes += len(piece)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def write_archive(
    file: BinaryIO, dump: Callable[[DumpWriter], None], manifest: Callable[[DumpWriter], Manifest]
) -> None:
    """Let `dump` write, then add what `manifest` says of it."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_FASTEST) as archive:
        with archive.open(DUMP, "w", force_zip64=True) as member:
            writer = DumpWriter(member)
            dump(writer)
        archive.writestr(MANIFEST, manifest(writer).document())


def manifest_of(path: Path) -> Manifest:
    """What a backup says of itself. Raises NotFound, Refused for one that is damaged or too new."""
    with _opened(path) as archive:
        return read_manifest(archive.read(MANIFEST))


def check_whole(path: Path) -> Manifest:
    """Read the dump to its end and compare it with what the manifest says. Raises Refused, naming the damage."""
    with _opened(path) as archive:
        manifest = read_manifest(archive.read(MANIFEST))
        digest, length = hashlib.sha256(), 0
        with archive.open(DUMP) as member:
            while piece := member.read(CHUNK_BYTES):
                digest.update(piece)
                length += len(piece)
        if (length, digest.hexdigest()) != (manifest.dump_bytes, manifest.dump_sha256):
            raise ValueError("its content is not what its manifest says")
        return manifest


def pieces_of(path: Path) -> Iterator[bytes]:
    """The dump, piece by piece."""
    with _opened(path) as archive, archive.open(DUMP) as member:
        while piece := member.read(CHUNK_BYTES):
            yield piece


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError:
        raise NotFound("backup.missing", f"There is no backup {path}: name one of orders-tui backup list.") from None
    except OSError as error:
        raise Unreachable(
            "backup.unreadable",
            f"The backup {path} cannot be read ({error.strerror or error}): mend its path or its mode.",
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, NotImplementedError) as error:
        reason = str(error).splitlines()[0].strip("'\"") if str(error) else "it ends too early"
        raise Refused(
            "backup.damaged", f"The backup {path} is damaged ({reason}): take another one; nothing was changed."
        ) from error


def _name(partial: Path, target: Path) -> None:
    """Under its name, and never over another file."""
    try:
        os.link(partial, target)
    except FileExistsError:
        raise Refused(
            "backup.exists", f"There is a file {target} already: name another one, or a folder; it was left as it is."
        ) from None
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}:
            raise
        if target.exists():  # a disk without links: two backups of one name within a second are not expected there
            raise Refused("backup.exists", f"There is a file {target} already: name another one.") from None
        partial.rename(target)


def _sweep(folder: Path) -> None:
    """Remove what killed programs left; a file that somebody writes is locked by him."""
    for path in folder.glob(f".*{PARTIAL}"):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _disk_troubles(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise Unreachable(
                "backup.disk_full",
                f"The disk that holds {folder} is full, and no backup was written: free some space on it, or name another folder.",
            ) from error
        raise Unreachable(
            "backup.not_writable",
            f"No backup can be written into {folder} ({error.strerror or error}): mend the folder, or name another one.",
        ) from error
