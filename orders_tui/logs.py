"""Logs as JSON lines: time, level, event and its values. Values are ids, codes and counts, never personal data or secrets.

Every line passes `redaction` last, those of libraries too, and exceptions are told by `tracebacks`; what ends the program, a thread or an
object is written the same way.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

from orders_tui.redaction import foreign_words, redact
from orders_tui.tracebacks import told

_log = structlog.get_logger(__name__)


def configure_json_logs(path: Path | None = None, level: int = logging.INFO) -> None:
    """Send our own events and the libraries' warnings, one JSON object a line, to stderr or to a file of the person's own."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        tell_exception,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if path is not None:
        path.touch(mode=0o600)
        handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), foreign_words],
            pass_foreign_args=True,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("apscheduler", "httpx", "aiohttp", "transitions", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    sys.excepthook = _program_broke
    threading.excepthook = _thread_broke
    sys.unraisablehook = _left_behind


def tell_exception(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The exception of a line, told so that it may be written down."""
    given = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = told(error)
    return event


def _program_broke(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _log.critical("program_broke", exc_info=error)


def _thread_broke(broken: threading.ExceptHookArgs) -> None:
    if broken.exc_value is not None:
        _log.critical("thread_broke", exc_info=broken.exc_value)


def _left_behind(left: Any) -> None:
    if left.exc_value is not None:
        _log.error("error_left_behind", exc_info=left.exc_value)
