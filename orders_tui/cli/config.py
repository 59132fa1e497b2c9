"""`orders-tui config`: show, path, set, unset, check, schema."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import cyclopts
import orjson
from cyclopts import Parameter

from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.settings_check import mistakes
from orders_tui.settings_file import read_settings
from orders_tui.settings_origin import settings_in_force
from orders_tui.settings_path import PATH_VARIABLE, settings_path
from orders_tui.settings_schema import settings_schema
from orders_tui.settings_writer import write_setting

app = cyclopts.App(name="config", help="The configuration that is in force.")

Name = Annotated[
    str, Parameter(help="The setting, as `config show` names it: console.theme, console.keys.orders.sort.")
]


@app.command
def show(
    *,
    origins: Annotated[
        bool, Parameter(negative=(), help="Also where each value comes from: file, variable, default.")
    ] = False,
    json: Annotated[
        bool, Parameter(name="--json", negative=(), help="One JSON object; with --origins one a line.")
    ] = False,
) -> int:
    """Print every setting as it is now, wherever it comes from; there are no secrets among them."""
    if json and not origins:
        emit_json(read_settings().model_dump(mode="json"))
        return Exit.OK
    for setting in settings_in_force():
        if json:
            emit_json(setting)
        else:
            emit(f"{setting.name} = {setting.value}{f'   ({setting.origin})' if origins else ''}")
    return Exit.OK


@app.command
def path() -> int:
    """Print where the configuration file is looked for."""
    found = settings_path()
    emit(str(found))
    if not found.exists():
        narrate("There is no such file; every setting has its default.")
    return Exit.OK


@app.command
def check(
    file: Annotated[Path | None, Parameter(help="Another file than the one in force.")] = None,
    *,
    json: Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object a line.")] = False,
) -> int:
    """Read the configuration and name every mistake in it, in the environment too, each with its mend. Opens no database."""
    path = settings_path() if file is None else file.expanduser().absolute()
    if file is not None:
        os.environ[PATH_VARIABLE] = str(path)
    found = mistakes(path)
    for mistake in found:
        if json:
            emit_json(mistake)
        else:
            emit(mistake.sentence)
    if found:
        narrate(f"{len(found)} {'mistake' if len(found) == 1 else 'mistakes'}.")
        return Exit.USAGE
    narrate(
        f"{path}: no mistakes." if path.exists() else f"There is no {path}: every setting has its default, no mistakes."
    )
    return Exit.OK


@app.command
def schema() -> int:
    """Print the JSON schema of the configuration file, with which an editor completes and checks it."""
    emit(orjson.dumps(settings_schema(), option=orjson.OPT_INDENT_2).decode())
    return Exit.OK


@app.command(name="set")
def set_one(name: Name, value: Annotated[str, Parameter(allow_leading_hyphen=True, help="The value.")]) -> int:
    """Write one setting into the configuration file; every other line and every comment stays as it is."""
    return _tell(name, value)


@app.command
def unset(name: Name) -> int:
    """Take one setting out of the configuration file, so that its default holds."""
    return _tell(name, None)


def _tell(name: str, value: str | None) -> int:
    written = write_setting(name, value)
    narrate(f"{written.path}: {written.line or f'{name} is back at its default'}")
    if written.overruled_by:
        narrate(f"The variable {written.overruled_by} wins over the file as long as it is set.")
    return Exit.OK
