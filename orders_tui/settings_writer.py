"""Writing one setting into the configuration file, leaving every other line and every comment as they are.

A line editor, not a printer of TOML: the file is a person's. What it makes is read back before it is kept, and where it cannot be sure
it refuses and names the line to add by hand.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from engine.errors import Misconfigured
from orders_tui.settings import ENVIRONMENT_PREFIX, NESTING, Settings
from orders_tui.settings_file import parse_settings, read_text, wrong_settings
from orders_tui.settings_path import settings_path

_HEADER = re.compile(r"\s*\[(?!\[)(.+?)\]\s*(#.*)?$")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PARTS = re.compile(r"\s*(?:\"((?:[^\"\\]|\\.)*)\"|'([^']*)'|([A-Za-z0-9_-]+))\s*(?:\.|$)")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written where. `overruled_by` is a variable that wins over the file; empty when none does."""

    path: Path
    name: str
    line: str
    overruled_by: str = ""


def write_setting(name: str, value: str | None) -> Written:
    """Set `name` (`console.theme`, `console.keys.orders.sort`) in the file, or with None take it out, so that its default holds.

    Raises Misconfigured for a name or value that does not fit, and where the file cannot be written, with the line to add.
    """
    path = settings_path()
    text = read_text(path, missing_is_empty=True)
    document = parse_settings(path, text)
    keys = split_name(name)
    parsed = None if value is None else _fitting(document, keys, value, path)
    line = "" if parsed is None else f"{_key(keys[-1])} = {_literal(parsed)}"
    changed = _with(text, keys, line)
    _check(changed, document, keys, parsed, path, line)
    _replace(path, changed, keys, line)
    return Written(path, name, line, _overruling(keys))


def split_name(name: str) -> list[str]:
    """The keys of a setting's name; of `console.keys` the rest is one action's name."""
    keys = name.strip().split(".")
    if keys[:2] == ["console", "keys"] and len(keys) > 2:
        return [*keys[:2], ".".join(keys[2:])]
    if len(keys) < 2 or not all(keys):
        raise Misconfigured("settings.name", f"{name!r} is no setting: `orders-tui config show` lists their names.")
    return keys


def _fitting(document: dict[str, Any], keys: list[str], text: str, path: Path) -> Any:
    """The value as the setting takes it: as TOML where that fits, else as text. Raises Misconfigured, saying what it should be."""
    tries: list[Any] = []
    with contextlib.suppress(tomllib.TOMLDecodeError):
        tries.append(tomllib.loads(f"value = {text}")["value"])
    tries.append(text)
    complaint: ValidationError | None = None
    for value in tries:
        try:
            Settings(**_put(document, keys, value))
        except ValidationError as error:
            complaint = complaint or error
        else:
            return value
    assert complaint is not None
    raise wrong_settings(complaint, path, "") from None


def _put(document: dict[str, Any], keys: list[str], value: Any) -> dict[str, Any]:
    """A copy of the document with one value set, or with None taken out."""
    first, *rest = keys
    copy = dict(document)
    if rest:
        below = copy.get(first, {})
        copy[first] = _put(below if isinstance(below, dict) else {}, rest, value)
    elif value is None:
        copy.pop(first, None)
    else:
        copy[first] = value
    return copy


def _with(text: str, keys: list[str], line: str) -> str:
    """The text with the line in its table: in place of the old one, else at the table's end, else in a new table at the end."""
    lines = text.splitlines()
    begins, ends = _table(lines, keys[:-1])
    if begins is None:
        if not line:
            return text
        table = ".".join(map(_key, keys[:-1]))
        return "\n".join([*lines, *([""] if lines and lines[-1].strip() else []), f"[{table}]", line, ""])
    at = next((n for n in range(begins, ends) if _assigned(lines[n]) == [keys[-1]]), None)
    if at is not None:
        comment = re.search(r"\s+#[^\"']*$", lines[at])
        lines[at : at + 1] = [line + (comment[0] if comment else "")] if line else []
    elif line:
        while ends > begins and not lines[ends - 1].strip():
            ends -= 1
        lines.insert(ends, line)
    return "\n".join(lines) + "\n"


def _table(lines: list[str], keys: list[str]) -> tuple[int | None, int]:
    """From the line after the table's header to the next header."""
    begins: int | None = None
    for number, line in enumerate(lines):
        if line.lstrip().startswith("["):
            if begins is not None:
                return begins, number
            header = _HEADER.match(line)
            if header and _split(header[1]) == keys:
                begins = number + 1
    return begins, len(lines)


def _assigned(line: str) -> list[str] | None:
    """The keys before the `=` of a line; None when it sets nothing."""
    if line.lstrip().startswith(("#", "[")) or "=" not in line:
        return None
    return _split(line.partition("=")[0])


def _split(text: str) -> list[str] | None:
    """`a."b.c".d` as its keys; None for what is no name."""
    keys: list[str] = []
    at, text = 0, text.strip()
    while at < len(text):
        part = _PARTS.match(text, at)
        if part is None or part.end() == at:
            return None
        keys.append(next(group for group in part.groups() if group is not None))
        at = part.end()
    return keys


def _check(changed: str, document: dict[str, Any], keys: list[str], value: Any, path: Path, line: str) -> None:
    """What the new text says is the old document with this one change, or nothing is written."""
    try:
        found = tomllib.loads(changed)
    except tomllib.TOMLDecodeError:
        found = {}
    wanted = _put(document, keys, value)
    if _pruned(found) != _pruned(wanted):
        raise Misconfigured(
            "settings.by_hand", _by_hand(path, keys, line, "is written in a way that only you should change")
        )


def _pruned(document: Any) -> Any:
    """Without tables that are empty, which say nothing."""
    if not isinstance(document, dict):
        return document
    kept = {key: _pruned(value) for key, value in document.items()}
    return {key: value for key, value in kept.items() if value != {}}


def _replace(path: Path, text: str, keys: list[str], line: str) -> None:
    """The whole file or nothing; its mode stays, and a link stays a link."""
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).chmod(mode)
            if target.exists() and not os.access(target, os.W_OK):
                raise PermissionError(13, "it may not be written")
            Path(name).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        reason = f"cannot be written ({error.strerror})"
        raise Misconfigured("settings.not_written", _by_hand(path, keys, line, reason)) from None


def _by_hand(path: Path, keys: list[str], line: str, reason: str) -> str:
    table = ".".join(map(_key, keys[:-1]))
    todo = f"add this line there under [{table}]: {line}" if line else f"take {keys[-1]} out there, under [{table}]"
    return f"{path} {reason}; {todo}"


def _overruling(keys: list[str]) -> str:
    variable = ENVIRONMENT_PREFIX + NESTING.join(keys).upper()
    return next((name for name in os.environ if name.upper() == variable), "")


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _literal(key)


def _literal(value: Any) -> str:
    """A value as TOML writes it; JSON's strings, numbers, booleans and lists of them are TOML too."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_literal(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return orjson.dumps(value, default=str).decode()
