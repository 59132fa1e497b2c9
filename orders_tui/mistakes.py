"""Where mistakes of ours are written down: the traceback goes to a file of the person's own, the person gets one sentence."""

from __future__ import annotations

import contextlib
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO


def state_directory() -> Path:
    """Where logs of this program lie."""
    import platformdirs

    return platformdirs.user_state_path("orders-tui", appauthor=False)


def write_down(error: BaseException, *, part: str, doing: str = "") -> str:
    """Append the traceback to the errors' log. The sentence names `part` (the console, the program) and the file."""
    from orders_tui.tracebacks import told

    kind = type(error).__name__
    try:
        with _open_log() as file:
            file.write(f"{_stamp()} {doing or part}\n")
            file.write(f"Traceback, without what it was about:\n{told(error)}\n")
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
        from orders_tui.logs import tell_exception
        from orders_tui.redaction import redact

        structlog.configure(
            processors=[
                tell_exception,
                redact,
                structlog.processors.KeyValueRenderer(key_order=["event"]),
            ],
            logger_factory=structlog.stdlib.LoggerFactory(),
        )


class _ErrorsLog(logging.Handler):
    """Opens the log for each line, which is seldom; a log that cannot be written is no reason to fail."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError), _open_log() as file:
            file.write(f"{_stamp()} {record.name}: {_spoken(record)}\n")


def _spoken(record: logging.LogRecord) -> str:
    """A library's own words, and the exception without what it says."""
    from orders_tui.redaction import redact, scrubbed, words_of
    from orders_tui.tracebacks import told

    error = record.exc_info[1] if record.exc_info else None
    if isinstance(record.msg, dict):  # an event of ours, on its way to a daemon's log too
        words = " ".join(f"{name}={value!r}" for name, value in redact(None, "", record.msg).items())
    elif isinstance(record.msg, str) and record.msg.startswith("event="):
        words = scrubbed(record.msg)  # one that has passed the same defence, and is text by now
    else:
        words = words_of(record, record.args)
    return "\n".join([words, *([told(error)] if error is not None else [])])


def log_path() -> Path:
    """Where mistakes are written down."""
    return state_directory() / "errors.log"


def _open_log() -> TextIO:
    path = log_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")


def _stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
