"""Logs as JSON lines: time, level, event and its values. Values are ids, codes and counts, never personal data or secrets."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import structlog


def configure_json_logs(path: Path | None = None, level: int = logging.INFO) -> None:
    """Send our own events and the libraries' warnings, one JSON object a line, to stderr or to a file of the person's own."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
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
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("apscheduler", "httpx", "aiohttp", "transitions", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
