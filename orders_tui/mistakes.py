"""Where mistakes of ours are written down: the traceback goes to a file of the person's own, the person gets one sentence."""

from __future__ import annotations

import contextlib
import logging
import os
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO


def state_directory() -> Path:
    """Where logs of this program lie."""
    import platformdirs

    return platformdirs.user_state_path("orders-tui", appauthor=False)


def write_down(error: BaseException, *, part: str, doing: str = "") -> str:
    """Append the traceback to the errors' log. The sentence names `part` (the console, the program) and the file."""
    kind = type(error).__name__
    try:
        with _open_log() as file:
            file.write(f"{_stamp()} {doing or part}\n")
            file.writelines(traceback.format_exception(error))
    except OSError:
        return f"Something went wrong inside the {part} ({kind}), and its log could not be written."
    return f"Something went wrong inside the {part} ({kind}): the details are in {log_path()}."


def keep_logs_off_the_terminal() -> None:
    """What libraries grumble about goes to the errors' log: stderr is for sentences."""
    for name in ("asyncio", "engine", "sync"):
        logger = logging.getLogger(name)
        if not any(isinstance(handler, _ErrorsLog) for handler in logger.handlers):
            logger.addHandler(_ErrorsLog(logging.WARNING))  # a daemon has its events in a log of its own


def keep_events_off_the_terminal() -> None:
    """Our own parts' events go the same way, where a command has them at all: stdout is data."""
    import structlog

    if not structlog.is_configured():
        structlog.configure(
            processors=[
                structlog.processors.format_exc_info,
                structlog.processors.KeyValueRenderer(key_order=["event"]),
            ],
            logger_factory=structlog.stdlib.LoggerFactory(),
        )


class _ErrorsLog(logging.Handler):
    """Opens the log for each line, which is seldom; a log that cannot be written is no reason to fail."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError), _open_log() as file:
            file.write(f"{_stamp()} {record.name}: {self.format(record)}\n")


def log_path() -> Path:
    """Where mistakes are written down."""
    return state_directory() / "errors.log"


def _open_log() -> TextIO:
    path = log_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")


def _stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
