"""Handing files to the print command, or keeping them in a folder that only their owner reads.

The command is a list of arguments and never goes through a shell. What it gets wrong is one sentence, and the file is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine.errors import Misconfigured, Unreachable
from engine.orders.plain_text import plain

PLACEHOLDERS = ("printer", "file", "title", "raw")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_MOST_OF_A_COMPLAINT = 200


@dataclass(frozen=True, slots=True)
class PrintSettings:
    """How paper leaves this machine. Without a command everything is kept in the folder."""

    command: tuple[str, ...] = ()
    raw_command: tuple[str, ...] = ()
    """For labels in a printer's own language; empty: as the others."""
    timeout_seconds: float = 30.0
    folder: Path | None = None
    """None: `paper` beside the program's own data."""
    layouts: Path | None = None
    station: str = ""
    """The station this machine is."""
    keep_days: float = 30.0
    """Files in the folder that are older are taken away with the next one; they hold addresses. 0: never."""


def check_command(command: Sequence[str]) -> None:
    """Raises ValueError for a placeholder there is not, or for a command that prints nothing."""
    if not command:
        return
    unknown = sorted({name for part in command for name in _PLACEHOLDER.findall(part)}.difference(PLACEHOLDERS))
    if unknown:
        raise ValueError(f"there is no {{{unknown[0]}}}; known are {', '.join(f'{{{each}}}' for each in PLACEHOLDERS)}")
    if not any("{file}" in part for part in command):
        raise ValueError("the command must name the {file}")


def folder_of(printer: str) -> Path:
    """The folder that stands in a printer's place."""
    return Path(printer).expanduser()


_OURS = re.compile(r"(pick-list|packing-slips|labels)-[a-z0-9_]{8}\.(pdf|zpl|epl)")


def sweep(folder: Path, keep_days: float) -> int:
    """Take away files of ours that are older; answers how many."""
    oldest = time.time() - keep_days * 86400
    swept = 0
    for path in folder.iterdir() if keep_days and folder.is_dir() else ():
        with contextlib.suppress(OSError):
            if _OURS.fullmatch(path.name) and path.lstat().st_mtime < oldest:
                path.unlink()
                swept += 1
    return swept


def keep_in(folder: Path, name: str, body: bytes) -> Path:
    """Write a file that only its owner reads, under a name that was free. Raises Misconfigured for a folder that cannot be."""
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, mode=0o700)
        named = Path(name)
        handle, path = tempfile.mkstemp(prefix=f"{named.stem}-", suffix=named.suffix, dir=folder)  # 0600
        with os.fdopen(handle, "wb") as file:
            file.write(body)
    except OSError as error:
        raise Misconfigured(
            "printing.folder", f"{folder} cannot be written ({error.strerror}): mend printing.folder or the station's."
        ) from error
    return Path(path)


def keep_as(path: Path, ending: str, number: int, body: bytes) -> Path:
    """Write the file a person named; a second one of another format beside it. Raises Misconfigured."""
    if number > 1:
        path = path.with_name(
            f"{path.stem}.{ending}" if path.suffix != f".{ending}" else f"{path.stem}-{number}.{ending}"
        )
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(body)
    except OSError as error:
        raise Misconfigured("printing.folder", f"{path} cannot be written: {error.strerror}.") from error
    return path


async def hand_over(settings: PrintSettings, path: Path, *, printer: str, title: str, raw: bool) -> None:
    """Give a file to the print command and wait for it. Raises Unreachable with what it complained of; the file stays."""
    command = (settings.raw_command if raw else ()) or settings.command
    values = {"printer": printer, "file": str(path), "title": title, "raw": "true" if raw else "false"}
    arguments = [_PLACEHOLDER.sub(lambda found: values[found[1]], part) for part in command]
    with tempfile.TemporaryFile() as complaints:  # a pipe would stay open with whatever the command leaves behind
        await _run(settings, arguments, complaints, path, printer)


async def _run(settings: PrintSettings, arguments: list[str], complaints: IO[bytes], path: Path, printer: str) -> None:
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=True,
        )
    except OSError as error:
        raise Unreachable(
            "printing.command",
            f"The print command {arguments[0]} cannot be run ({error.strerror}): mend printing.command. The file is {path}.",
        ) from error
    try:
        await asyncio.wait_for(process.wait(), settings.timeout_seconds)
    except TimeoutError:
        raise Unreachable(
            "printing.timeout",
            f"The print command {arguments[0]} did not end within {settings.timeout_seconds:g} s and was stopped; look"
            f" whether {printer} printed it. The file is {path}.",
        ) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode:
        complaints.seek(0)
        said = plain(complaints.read(4 * _MOST_OF_A_COMPLAINT).decode(errors="replace"))[:_MOST_OF_A_COMPLAINT]
        why = f": {said}" if said else f" (exit {process.returncode})"
        raise Unreachable("printing.refused", f"{printer} did not take it{why.rstrip('.')}. The file is {path}.")
