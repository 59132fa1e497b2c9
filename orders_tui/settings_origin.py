"""Every setting that is in force, with where it comes from: the environment, the file, or its default. No secret is among them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orders_tui.settings import ENVIRONMENT_PREFIX, NESTING
from orders_tui.settings_file import parse_settings, read_settings, read_text
from orders_tui.settings_path import settings_path


@dataclass(frozen=True, slots=True)
class InForce:
    """One setting. `origin` is `file`, `default`, or the name of a variable."""

    name: str
    value: str
    origin: str


def settings_in_force() -> list[InForce]:
    """Every setting in the order of the sections. Raises Misconfigured where they cannot be read."""
    settings = read_settings()
    path = settings_path()
    document = parse_settings(path, read_text(path))
    variables = {name.upper(): name for name in os.environ}
    return [
        InForce(".".join(keys), shown(value), _origin(keys, document, variables))
        for keys, value in _leaves(settings.model_dump(mode="json"))
    ]


def shown(value: Any) -> str:
    """A value as people read it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return ", ".join(map(shown, value))
        case _:
            return str(value)


def _leaves(document: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in document.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key), value


def _origin(keys: tuple[str, ...], document: dict[str, Any], variables: dict[str, str]) -> str:
    for length in range(len(keys), 0, -1):
        if found := variables.get(ENVIRONMENT_PREFIX + NESTING.join(keys[:length]).upper()):
            return found
    below: Any = document
    for key in keys:
        if not isinstance(below, dict) or key not in below:
            return "default"
        below = below[key]
    return "file"
