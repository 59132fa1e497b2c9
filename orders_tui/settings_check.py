"""Every mistake in the configuration at once: in the file with its line, in the environment with its variable, each with its mend."""

from __future__ import annotations

import difflib
import inspect
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from engine.errors import Misconfigured
from orders_tui.settings import ENVIRONMENT_PREFIX, NESTING, Settings
from orders_tui.settings_file import (
    complaints,
    line_of,
    parse_settings,
    read_text,
    wrong_environment,
)

_NAMED = re.compile(r"\b([a-z_]+(?:\.[a-z_]+)+)\b")


@dataclass(frozen=True, slots=True)
class Mistake:
    """`line` is that of the file; None where it comes from a variable, or concerns a whole table."""

    code: str
    sentence: str
    line: int | None = None


def mistakes(path: Path) -> list[Mistake]:
    """All of them, in the order of the file; empty where there are none."""
    try:
        text = read_text(path)
        document = parse_settings(path, text)
    except Misconfigured as error:
        return [Mistake(error.code, error.sentence, _told_line(error.sentence))]
    wrong = [_placed(each, path, text) for each in (*_unknown_variables(), *_wrong_values(path, text, document))]
    sound = {section: value for section, value in document.items() if not _errors({section: value}, path, text)[0]}
    unfit = [_placed(each, path, text, about) for about, each in _unfit_parts(sound)]
    found = {each.sentence: each for each in (*wrong, *unfit)}
    return sorted(found.values(), key=lambda each: (each.line is None, each.line or 0))


def _wrong_values(path: Path, text: str, document: dict[str, Any]) -> Iterator[Misconfigured]:
    """Section by section, so that one that cannot be read hides nothing of the others; within it key by key."""
    for section, value in document.items():
        found, whole = _errors({section: value}, path, text)
        yield from found
        if not whole and isinstance(value, dict):
            for key, one in value.items():
                yield from _errors({section: {key: one}}, path, text)[0]
    yield from _errors({}, path, text)[0]


def _errors(document: dict[str, Any], path: Path, text: str) -> tuple[list[Misconfigured], bool]:
    """What is wrong with it, and whether that is all of it."""
    try:
        Settings(**document)
    except ValidationError as error:
        # Alone, a table may lack what it has beside its other keys; what is missing is told of the whole table.
        return complaints(error, path, text), True
    except SettingsError as error:
        return [wrong_environment(error)], True
    except Misconfigured as error:
        return [error], False
    return [], True


def _unfit_parts(document: dict[str, Any]) -> Iterator[tuple[str, Misconfigured]]:
    """What can be read and is refused by the part that is to work with it, such as a rule for rates that there is not."""
    try:
        settings = Settings(**document)
    except (ValidationError, SettingsError, Misconfigured):
        return  # a variable, which is told of already

    def listens() -> object:
        return settings.http.for_listener("", settings.api.for_listener(settings.http, settings.access.for_api("")))

    parts: list[tuple[str, BaseModel, Callable[..., Any]]] = [("http", settings.http, listens)]
    for about, section in _sections(settings):
        named = (getattr(section, name) for name in dir(type(section)) if name.startswith("for_"))
        parts += [(about, section, part) for part in named if callable(part)]
    for about, section, part in parts:
        arguments = _arguments(part, settings)
        try:
            if arguments is not None:
                part(*arguments)
        except Misconfigured as error:
            yield _setting_of(error.sentence, about, section), error


def _setting_of(sentence: str, about: str, section: BaseModel) -> str:
    """Which of the section's settings is meant: the one whose value is quoted."""
    for name in type(section).model_fields:
        if repr(getattr(section, name)) in sentence:
            return f"{about}.{name}"
    return about


def _sections(model: BaseModel, above: str = "") -> Iterator[tuple[str, BaseModel]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield f"{above}{name}", value
            yield from _sections(value, f"{above}{name}.")


def _arguments(part: Callable[..., Any], settings: Settings) -> list[Any] | None:
    """Stand-ins for what it is given beside its own section, none of which decides whether the section is right; None: cannot be tried."""
    stand_ins = {"str": "", "Path": Path(), "HttpSection": settings.http}
    needed = [
        parameter for parameter in inspect.signature(part).parameters.values() if parameter.default is parameter.empty
    ]
    if not all(parameter.annotation in stand_ins for parameter in needed):
        return None
    return [stand_ins[parameter.annotation] for parameter in needed]


def _unknown_variables() -> Iterator[Misconfigured]:
    """A variable whose section there is not is ignored by everybody else."""
    for name in sorted(os.environ):
        section, nested, _ = name.upper().removeprefix(ENVIRONMENT_PREFIX).lower().partition(NESTING)
        if name.upper().startswith(ENVIRONMENT_PREFIX) and nested and section not in Settings.model_fields:
            near = difflib.get_close_matches(section, Settings.model_fields, n=1)
            mend = f"did you mean {ENVIRONMENT_PREFIX}{near[0].upper()}{NESTING}…?" if near else "take it away."
            yield Misconfigured("settings.unknown", f"The variable {name} names no section there is; {mend}")


def _placed(error: Misconfigured, path: Path, text: str, about: str = "") -> Mistake:
    line = _told_line(error.sentence)
    if line is not None:
        return Mistake(error.code, error.sentence, line)
    named = _NAMED.search(error.sentence)
    sentence = error.sentence if named or not about else f"{about}: {error.sentence}"
    line = line_of((named[1] if named else about).split("."), text) if named or about else None
    return Mistake(error.code, f"{path}, line {line}: {sentence}" if line else sentence, line)


def _told_line(sentence: str) -> int | None:
    told = re.search(r"\bline (\d+)", sentence)
    return int(told[1]) if told else None
