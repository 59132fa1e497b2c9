"""Reading the configuration: where its file lies, and one clear sentence for whatever is wrong with it."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from engine.errors import Misconfigured
from orders_tui.settings import ENVIRONMENT_PREFIX, NESTING, Settings
from orders_tui.settings_path import PATH_VARIABLE, settings_path

_SECRET_OF_SECTION = {
    "database": "database_password",
    "tiktok": "tiktok_app_secret",
    "carrier": "easypost_api_key",
    "inventory": "inventory_api_key",
    "notices": "smtp_password",
    "limits": "redis_password",
    "http": "easypost_webhook_secret",
}
_SECRET_NAMES = re.compile(r"password|secret|api_key|token|master_key")


def read_settings() -> Settings:
    """The file, then the environment over it; a missing file is fine unless it was named. Raises Misconfigured."""
    path = settings_path()
    text = read_text(path)
    document = parse_settings(path, text)
    try:
        return Settings(**document)
    except ValidationError as error:
        raise wrong_settings(error, path, text) from None
    except SettingsError as error:
        raise wrong_environment(error) from None


def read_text(path: Path, *, missing_is_empty: bool = False) -> str:
    """The file's text; a missing one is empty unless it was named. Raises Misconfigured."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if missing_is_empty or PATH_VARIABLE not in os.environ:
            return ""
        raise Misconfigured(
            "settings.missing",
            f"There is no file {path}, which {PATH_VARIABLE} names: write it, or unset the variable.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not UTF-8 text"
        raise Misconfigured(
            "settings.unreadable", f"Cannot read {path} ({reason}): mend the file or its mode."
        ) from None


def parse_settings(path: Path, text: str) -> dict[str, Any]:
    """The file's tables and values. Raises Misconfigured, naming the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured("settings.malformed", f"{path} is not TOML: {error}; mend that line.") from None


def wrong_environment(error: SettingsError) -> Misconfigured:
    """A variable that would be a whole table."""
    section = re.search(r'field "(\w+)"', str(error))
    variable = ENVIRONMENT_PREFIX + (section[1].upper() if section else "…")
    return Misconfigured(
        "settings.environment",
        f"The variable {variable} cannot be read: it is a table, whose keys are set one by one as {variable}__KEY.",
    )


def wrong_settings(error: ValidationError, path: Path, text: str) -> Misconfigured:
    """The first complaint, with the place it comes from."""
    return complaints(error, path, text)[0]


def complaints(error: ValidationError, path: Path, text: str) -> list[Misconfigured]:
    """All of them, each with the place it comes from; what was given is not repeated, it may be secret."""
    return [
        _complaint_of(each["type"], [str(part) for part in each["loc"]], each["msg"], path, text)
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _complaint_of(kind: str, keys: list[str], message: str, path: Path, text: str) -> Misconfigured:
    name = ".".join(keys)
    where = _where(keys, path, text)
    if kind != "extra_forbidden":
        return Misconfigured("settings.invalid", f"{where}: {name} is wrong: {_complaint(message)}.")
    if _SECRET_NAMES.search(keys[-1]):
        variable = ENVIRONMENT_PREFIX + _SECRET_OF_SECTION.get(keys[0], "_".join(keys)).upper()
        return Misconfigured(
            "settings.secret",
            f"{where}: {name} is a secret and does not belong into settings: take it out and give it as {variable},"
            f" or in a file that {variable}_FILE names.",
        )
    known = _known(keys[:-1])
    near = difflib.get_close_matches(keys[-1], known, n=1)
    mend = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}."
    return Misconfigured("settings.unknown", f"{where}: there is no setting {name}; {mend}")


def _where(keys: list[str], path: Path, text: str) -> str:
    variable = ENVIRONMENT_PREFIX + NESTING.join(keys).upper()
    named = {name.upper() for name in os.environ}
    if variable in named:
        return f"The variable {variable}"
    line = line_of(keys, text)
    return f"{path}, line {line}" if line else str(path)


def _complaint(message: str) -> str:
    if message == "Field required":
        return "it must be given"
    if "instance of" in message:
        return "it is a table, not a value"
    message = message.removeprefix("Value error, ").replace("Input ", "it ", 1)
    return message[:1].lower() + message[1:]


def line_of(keys: list[str], text: str) -> int | None:
    """The line that sets this key, as far as a plain file shows it."""
    table: list[str] = []
    found = None
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            table = [part.strip().strip("\"'") for part in header[1].split(".")]
            if table == keys:
                found = number
        elif (assigned := re.match(r"\s*([\w.\"'-]+)\s*=", line)) and keys == [
            *table,
            *(part.strip("\"'") for part in assigned[1].split(".")),
        ]:
            return number
    return found


def _known(keys: list[str]) -> list[str]:
    """The names a table may hold."""
    model: Any = Settings
    for key in keys:
        if key not in model.model_fields:  # a name of the person's own, as of a theme
            continue
        model = next(iter(_models(model.model_fields[key].annotation)))
    return sorted(model.model_fields)


def _models(annotation: Any) -> list[type[BaseModel]]:
    choices = getattr(annotation, "__args__", None) or (annotation,)
    return [choice for choice in choices if isinstance(choice, type) and issubclass(choice, BaseModel)]
