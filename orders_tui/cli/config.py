"""`orders-tui config`: show, path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import cyclopts
from cyclopts import Parameter

from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.settings_file import read_settings, settings_path

app = cyclopts.App(name="config", help="The configuration that is in force.")


@app.command
def show(*, json: Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object.")] = False) -> int:
    """Print every setting as it is now, wherever it comes from; there are no secrets among them."""
    document = read_settings().model_dump(mode="json")
    if json:
        emit_json(document)
    else:
        for line in _lines(document):
            emit(line)
    return Exit.OK


@app.command
def path() -> int:
    """Print where the configuration file is looked for."""
    found = settings_path()
    emit(str(found))
    if not found.exists():
        narrate("There is no such file; every setting has its default.")
    return Exit.OK


def _lines(document: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _lines(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name} = {'' if value is None else value}"
