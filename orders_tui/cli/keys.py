"""`orders-tui keys`: every key of the console with what it does and the command that does the same; `rotate` and `status` are about keys
of encryption.
"""

from __future__ import annotations

from itertools import groupby
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from orders_tui.actions import ACTIONS, Action, Scope
from orders_tui.actions.spoken import spoken_keys
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="keys", help="The console's keys, what they do, and the commands that do the same.")
app.command("orders_tui.cli.data_keys:rotate", name="rotate", help="New data keys, or a new master key (--master).")
app.command("orders_tui.cli.data_keys:status", name="status", help="How keys of encryption stand.")

_HEAD = """# Keys of the console

Written by `orders-tui keys --markdown > docs/keys.md`; a test sees to it that it is up to date. `[console.keys]` in the configuration gives
an action other keys, by its name in the last column. What has a command does the same on the command line."""


@app.default
def keys(
    *,
    markdown: Annotated[
        bool, Parameter(negative=(), help="As a document, with the keys that the program ships.")
    ] = False,
    json: Json = False,
) -> int:
    """List the console's keys, where they hold, what they do, and the command that does the same."""
    if markdown:
        emit(document())
        return Exit.OK
    keymap = read_settings().console.keys
    for action in ACTIONS:
        if json:
            emit_json(
                {
                    "action": action.id,
                    "keys": [key.strip() for key in keymap.get(action.id, action.keys).split(",")],
                    "text": action.text,
                    "where": action.scope.value,
                    "kind": action.group.value,
                    "needs": action.permission.value,
                    "asks_first": action.dangerous,
                    "command": action.twin,
                }
            )
        else:
            twin = f"   orders-tui {action.twin}" if action.twin else ""
            emit(f"{action.scope:<22}  {spoken_keys(action, keymap):<16}  {action.text}{twin}")
    return Exit.OK


def document() -> str:
    """The key table of the documentation."""
    order = list(Scope)
    parts = [_HEAD]
    for scope, actions in groupby(sorted(ACTIONS, key=lambda action: order.index(action.scope)), lambda one: one.scope):
        parts.append(f"\n## {scope}\n\n| keys | what | command | name |\n| --- | --- | --- | --- |")
        parts += map(_row, actions)
    return "\n".join(parts)


def _row(action: Action) -> str:
    keys = " ".join(f"`{key.replace('|', chr(92) + '|')}`" for key in spoken_keys(action, {}).split())
    twin = f"`{action.twin}`" if action.twin else ""
    return f"| {keys} | {action.text.replace('|', chr(92) + '|')} | {twin} | {action.id} |"
