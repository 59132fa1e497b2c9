"""The last line of defence of the logs: what may not be written is not, whoever meant it to be.

Events of ours have values under names of `KNOWN`; text under any other name is withheld, and so are whole documents and objects. What is
left is looked through for addresses of mail, telephone numbers, tokens, and every secret that this process has opened. Of a library's own
words only those are kept that stand in its source: what it was about to say of somebody's data is not.
"""

from __future__ import annotations

import functools
import linecache
import logging
import re
from collections.abc import MutableMapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import PurePath
from typing import Any, Final
from uuid import UUID

from engine.privacy.secrets import revealed

WITHHELD: Final = "[withheld]"

KNOWN: Final = frozenset(
    {
        # what every line has
        *("event", "level", "timestamp", "logger", "where", "exception"),
        # whom or what it is about
        *(
            "alert",
            "daemon_id",
            "effect",
            "gate",
            "grant_id",
            "inbox_id",
            "order_id",
            "package_id",
            "request_id",
            "seal",
        ),
        *("shop_id", "user_id", "subject", "sku", "location", "topic", "loop", "tick", "kind", "sender", "source"),
        # what happened
        *("bought", "wanted", "code", "error", "hash", "host", "mend", "method", "program", "route", "sentence"),
        *("severity", "status", "state", "who", "caller", "permission", "role", "channel", "template", "path"),
    }
)
"""Names under which text may stand. A new one is added here, once it is certain that nothing personal can stand under it."""

_OPAQUE: Final = frozenset({"hash", "request_id", "timestamp"})
"""Long by nature, and secret to nobody."""
_EVENT: Final = re.compile(r"[a-z][a-z0-9_.]{0,60}")
"""What an event of ours is called."""
_LONGEST: Final = 600
_DEEPEST: Final = 3

_PATTERNS: Final = (
    r"[^\s@'\"<>(),;:]+@[^\s@'\"<>(),;:]+\.[A-Za-z]{2,}",  # mail
    r"\+\d[\d \u00a0().-]{6,}\d",  # telephone, as the world writes it
    r"(?<![\w.-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])",  # as America does
    r"(?<![\w.-])0\d{2,4}[ /-]\d{3,4}[ -]?\d{3,4}(?![\w-])",  # as Europe does
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*",  # a JSON web token
    r"(?i)\b(?:bearer|basic|token)\s+[\w.~+/=-]{8,}",
    r"-----BEGIN[\s\S]*",  # a key
    r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",  # a password in an address
    r"(?<=\?)[^\s?]*=[^\s]*",  # the query of an address
    r"\bEZ[AT]K\w{6,}|\b(?:ROW|TTP|GCP|SIMA|SIMR)_[\w-]{6,}",  # what EasyPost and TikTok give out
    r"(?i)\b(?:pass(?:word|wd)?|secret|api[_-]?key|(?:access|refresh)[_-]?token)\b['\"]?\s*[:=]\s*\S+",
    r"(?<![\w-])[A-Za-z0-9+_]{33,}={0,2}(?![\w-])",  # long and opaque
)

_COMPOSED: Final = re.compile(
    r"(?:Task|Future|_GatheringFuture) exception was never retrieved|Task was destroyed but it is pending!"
    r"|Unclosed (?:client session|connector|connection)"
)
"""What asyncio and aiohttp put together of words of their own; the objects they name on the lines below are left out."""


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Of one line what may be written; the last processor before it is."""
    kept = {name: _allowed(name, value) for name, value in event.items()}
    if "where" not in event and not _EVENT.fullmatch(str(event.get("event"))):
        kept["event"] = WITHHELD
    return kept


def foreign_words(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Of a line that a library wrote: where it comes from, and what of its words stands in its source."""
    record = event.get("_record")
    if isinstance(record, logging.LogRecord):
        event["logger"] = record.name
        event["where"] = f"{'/'.join(PurePath(record.pathname).parts[-2:])}:{record.lineno}"
        event["event"] = words_of(record, event.pop("positional_args", ()))
    return event


def scrubbed(text: str) -> str:
    """The text without what looks like somebody's address, number or token, and without any secret this process has opened."""
    for secret in revealed():
        text = text.replace(secret, WITHHELD)
    for shape in _shapes():
        text = shape.sub(WITHHELD, text)
    return text


@functools.cache
def _shapes() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in _PATTERNS)


def _allowed(name: str, value: Any, depth: int = 0) -> Any:
    # bool and None before the rest: they are what they are.
    if value is None or isinstance(value, bool | int | float | Decimal | UUID | datetime | date):
        return value if isinstance(value, bool | int | float | None) else str(value)
    if isinstance(value, str):
        return _text(name, value)
    if isinstance(value, list | tuple | set | frozenset) and depth < _DEEPEST:
        return [_allowed(name, each, depth + 1) for each in value]
    return WITHHELD


def _text(name: str, text: str) -> str:
    if name not in KNOWN:
        return WITHHELD
    if name == "exception":
        return scrubbed(text)
    if name in _OPAQUE:
        return text[:100]
    return scrubbed(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def words_of(record: logging.LogRecord, arguments: Any) -> str:
    """What of a record's words stands in its source, with the numbers that were filled in."""
    message = record.msg
    if not isinstance(message, str):
        return WITHHELD
    if composed := _COMPOSED.match(message):
        return composed[0]
    if not _stands_in_source(record, message):
        return WITHHELD
    if not arguments:
        return message
    try:
        if isinstance(arguments, tuple):
            return message % tuple(_harmless(each) for each in arguments)
        return message % {name: _harmless(each) for name, each in arguments.items()}
    except (TypeError, ValueError, KeyError):
        return message


def _stands_in_source(record: logging.LogRecord, message: str) -> bool:
    """Whether the words are the code's own, and not put together from what it was working on."""
    first = max(record.lineno - 3, 1)
    source = "".join(linecache.getlines(record.pathname)[first - 1 : record.lineno + 8])
    written = message.encode("unicode_escape").decode("ascii").replace("'", "\\'")
    return f'"{message}"' in source or f"'{message}'" in source or f"'{written}'" in source


def _harmless(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | UUID | datetime | None) else "…"
