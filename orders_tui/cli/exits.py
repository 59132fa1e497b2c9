"""What an error is to a script: one sentence on stderr and an exit code.

A mistake of ours is no different there; its traceback goes to a log file.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import TextIO

import cyclopts

from engine.errors import Misconfigured, OrdersError, Unreachable
from orders_tui.cli.output import narrate


class Exit(IntEnum):
    """The exit codes; they are part of the program's interface."""

    OK = 0
    REFUSED = 1
    """Refused, not found, or partly failed."""
    USAGE = 2
    """A mistake in the command or in the configuration."""
    UNREACHABLE = 3
    """The database, or something else the command needs, does not answer."""
    INTERRUPTED = 130


def guarded(command: Callable[[], object]) -> int:
    """Run a command to its exit code, whatever it raises."""
    try:
        result = command()
        sys.stdout.flush()
    except cyclopts.CycloptsError as error:
        narrate(" ".join(str(error).split()))
        return Exit.USAGE
    except OrdersError as error:
        narrate(error.sentence)
        return code_of(error)
    except KeyboardInterrupt:
        narrate("Interrupted.")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader has what it wanted (`| head`); nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Exception as error:  # noqa: BLE001  # the last stop: a person never sees a traceback
        narrate(_admission(error))
        return Exit.REFUSED
    return result if isinstance(result, int) else Exit.OK


def code_of(error: OrdersError) -> Exit:
    """The exit code an error of ours means."""
    match error:
        case Misconfigured():
            return Exit.USAGE
        case Unreachable():
            return Exit.UNREACHABLE
        case _:
            return Exit.REFUSED


def state_directory() -> Path:
    """Where logs of this program lie."""
    import platformdirs

    return platformdirs.user_state_path("orders-tui", appauthor=False)


def keep_logs_off_the_terminal() -> None:
    """What libraries grumble about goes to the errors' log: stderr is for sentences."""
    for name in ("asyncio", "engine", "sync"):
        logger = logging.getLogger(name)
        if not any(isinstance(handler, _ErrorsLog) for handler in logger.handlers):
            logger.addHandler(_ErrorsLog())


class _ErrorsLog(logging.Handler):
    """Opens the log for each line, which is seldom; a log that cannot be written is no reason to fail."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError), _open_log() as file:
            file.write(f"{_stamp()} {record.name}: {self.format(record)}\n")


def _admission(error: Exception) -> str:
    try:
        with _open_log() as file:
            file.write(f"{_stamp()} {' '.join(sys.argv[1:3])}\n")
            file.writelines(traceback.format_exception(error))
    except OSError:
        return f"Something went wrong inside the program ({type(error).__name__}), and its log could not be written."
    return f"Something went wrong inside the program ({type(error).__name__}): the details are in {_log_path()}."


def _log_path() -> Path:
    return state_directory() / "errors.log"


def _open_log() -> TextIO:
    path = _log_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")


def _stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
