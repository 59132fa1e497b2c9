"""What an error is to a script: one sentence on stderr and an exit code.

A mistake of ours is no different there; its traceback goes to a log file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from enum import IntEnum

from engine.errors import Misconfigured, OrdersError, Unreachable
from orders_tui.cli.output import narrate
from orders_tui.mistakes import keep_logs_off_the_terminal, write_down


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
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows only ASCII gets question marks, not a crash.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    keep_logs_off_the_terminal()
    try:
        result = command()
        sys.stdout.flush()
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
        if _is_usage(error):
            narrate(" ".join(str(error).split()))
            return Exit.USAGE
        narrate(write_down(error, part="program", doing=" ".join(sys.argv[1:3])))
        return Exit.REFUSED
    return result if isinstance(result, int) else Exit.OK


def _is_usage(error: Exception) -> bool:
    """Whether the command itself was mistyped; the console starts without the library that reads commands."""
    cyclopts = sys.modules.get("cyclopts")
    return cyclopts is not None and isinstance(error, cyclopts.CycloptsError)


def code_of(error: OrdersError) -> Exit:
    """The exit code an error of ours means."""
    match error:
        case Misconfigured():
            return Exit.USAGE
        case Unreachable():
            return Exit.UNREACHABLE
        case _:
            return Exit.REFUSED
