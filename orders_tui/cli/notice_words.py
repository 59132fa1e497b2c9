"""`orders-tui notices templates`: list, show, check."""

from __future__ import annotations

from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.errors import NotFound, Terminal
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.settings_file import read_settings
from sync.notices.templates import Templates
from sync.notices.values import VALUES

app = cyclopts.App(name="templates", help="The words of notices.")

Json = Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object a line.")]


@app.command(name="list")
def list_templates(*, json: Json = False) -> int:
    """List the notices, what each may say, and whose words are in use."""
    templates = Templates(read_settings().notices.templates)
    for name, values in VALUES.items():
        own = [kind for kind in ("txt", "html") if templates.is_own(f"{name}.{kind}")]
        if json:
            emit_json({"name": name, "values": values.names, "optional": values.optional, "own": own})
        else:
            emit(f"{name:<20} {'own ' + '+'.join(own) if own else 'built in':<14} {', '.join(sorted(values.names))}")
    return Exit.OK


@app.command
def show(name: Annotated[str, Parameter(name="NAME", help="The notice, as order_shipped.")]) -> int:
    """Show the text file of a notice as it is in use: a start for one of your own."""
    try:
        source = Templates(read_settings().notices.templates).source(name)
    except Terminal as error:
        raise NotFound(error.code, error.sentence) from None
    for line in source.splitlines():
        emit(line)
    return Exit.OK


@app.command
def check(*, json: Json = False) -> int:
    """Check the owner's own words, every mistake at once."""
    directory = read_settings().notices.templates
    if directory is None:
        narrate("There are no words of your own: set notices.templates to a directory, then copy from templates show.")
        return Exit.OK
    problems = Templates(directory).problems
    for problem in problems:
        if json:
            emit_json({"problem": problem})
        else:
            emit(problem)
    if not problems:
        narrate(f"The words in {directory} are right.")
    return Exit.REFUSED if problems else Exit.OK
