"""The few settings a console starts with, kept from one start to the next while nothing they come from has changed.

Reading and checking every setting costs a third of a second, most of it for loading the library that checks. What came out is kept
in the person's cache under a digest of the file, the environment and the program itself: any difference, and all is read anew.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import orjson

from engine.database.connection import DatabaseSettings
from orders_tui.printing.printers import PrintSettings
from orders_tui.state import ConsoleOptions

T = TypeVar("T")

_PREFIX, _NESTING = "ORDERS_TUI_", "__"
_ALSO = ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "SSH_CONNECTION", "SSH_TTY")
_SECRET = re.compile(r"PASSWORD|SECRET|API_KEY|TOKEN|MASTER_KEY")
_PROGRAM = ("settings.py", "settings_outside.py", "settings_file.py", "start_settings.py", "state.py", "app.py")


@dataclass(frozen=True, slots=True)
class StartSettings:
    """What a console needs before it is on screen."""

    database: DatabaseSettings
    printing: PrintSettings
    console: ConsoleOptions


def recall(config: Path, cache: Path) -> StartSettings | None:
    """What was kept, if it came from the same file, environment and program; None else, and for whatever is wrong with it."""
    try:
        kept = orjson.loads(cache.read_bytes())
        if kept["digest"] != _digest(config):
            return None
        return _made(StartSettings, kept["settings"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def keep(config: Path, cache: Path, settings: StartSettings) -> None:
    """Keep them for the next start; a cache that cannot be written is none. A person's own themes are read anew each time."""
    if settings.console.themes:
        return
    with contextlib.suppress(OSError):
        cache.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        writing = cache.with_name(f".{cache.name}.{os.getpid()}")
        document = orjson.dumps({"digest": _digest(config), "settings": asdict(settings)}, default=str)
        with os.fdopen(os.open(writing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(document)
        writing.replace(cache)


def _digest(config: Path) -> str:
    """Of everything the settings come from; of a secret only that it is there."""
    whole = hashlib.sha256(str(config).encode())
    with contextlib.suppress(FileNotFoundError):
        whole.update(config.read_bytes())
    for name, value in sorted(os.environ.items()):
        if name in _ALSO or name.upper().startswith(_PREFIX):
            whole.update(f"\0{name}={'' if _SECRET.search(name.upper()) else value}".encode())
    for name in _PROGRAM:
        program = Path(__file__).with_name(name).stat()
        whole.update(f"\0{name} {program.st_mtime_ns} {program.st_size}".encode())
    return whole.hexdigest()


def _made(wanted: type[T], document: Mapping[str, Any]) -> T:
    """A dataclass from what `asdict` made of one, its members checked on the way."""
    hints = typing.get_type_hints(wanted, localns={"ThemeSection": Any})
    fields = {field.name for field in dataclasses.fields(wanted)}  # type: ignore[arg-type]
    if fields != document.keys():
        raise ValueError("other fields")
    return wanted(**{name: _value(hints[name], document[name]) for name in fields})


def _value(hint: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType or origin is typing.Union:
        return None if value is None else _value(next(part for part in arguments if part is not type(None)), value)
    if dataclasses.is_dataclass(hint):
        return _made(hint, value)  # type: ignore[arg-type]
    if origin is tuple:
        return tuple(_value(arguments[0], part) for part in value)
    if isinstance(hint, type) and issubclass(hint, Path | Enum):
        return hint(value)
    if isinstance(hint, type) and not isinstance(value, (int, float) if hint is float else hint):
        raise TypeError(f"{value!r} is no {hint}")
    return value
