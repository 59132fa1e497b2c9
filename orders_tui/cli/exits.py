"""What an error is to a script: one sentence on stderr and an exit code.

A mistake of ours is no different there; its traceback goes to a log file.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path

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


def _admission(error: Exception) -> str:
    try:
        directory = state_directory()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = directory / "errors.log"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {' '.join(sys.argv[1:3])}\n")
            file.writelines(traceback.format_exception(error))
    except OSError:
        return f"Something went wrong inside the program ({type(error).__name__}), and its log could not be written."
    return f"Something went wrong inside the program ({type(error).__name__}): the details are in {path}."
