"""The root of the command line. Without a command the console starts."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata

import cyclopts

from orders_tui.cli.exits import guarded

COMMANDS = {
    "demo": "A whole shop on this machine: orders arrive, are worked and delivered.",
    "daemon": "Keep orders, TikTok, carriers and people in step, without a screen.",
    "shop": "Connect shops, look how they stand, work or only observe their orders.",
    "sync": "Pull orders from TikTok Shop now, with or without a daemon.",
    "import": "Take in the seller centre's order export (CSV or XLSX).",
    "export": "Tracking numbers as a file for the seller centre.",
    "orders": "List, show, change and retry orders.",
    "pick": "Waves, picking, packing, and goods put back.",
    "views": "Filters, sorts and columns kept under a name.",
    "batch": "Bulk changes: list, show, stop, continue.",
    "workflow": "Check, draw, load and list workflows; start, pause and stop them for orders.",
    "stock": "Stock: listed, received, adjusted, moved, held back, counted, checked.",
    "product": "What the program knows of a product.",
    "carrier": "End-of-day forms.",
    "failures": "The failed queue: what stopped orders, who is at it, and sending them on.",
    "report": "Numbers over many orders.",
    "audit": "Who changed what, and whether the record of it is whole.",
    "print": "Pick lists, packing slips and labels; what was printed.",
    "station": "Places of work and their printers.",
    "location": "Where goods lie, their cut-offs and holidays.",
    "rules": "When this happens, if that holds, do these: written, tried, switched.",
    "notices": "Who is told what, where and when, and what was sent.",
    "token": "Tokens that open the REST interface to services and people.",
    "user": "Who may use this, and as what.",
    "db": "Where the database is, its schema, its health.",
    "backup": "The whole database as one file: taken, listed, tried.",
    "restore": "A backup brought back where there is nothing yet.",
    "keys": "The console's keys and the commands that do the same; keys of encryption: how they stand, new ones.",
    "privacy": "How long personal data is kept; one customer exported or erased.",
    "config": "The configuration that is in force.",
    "status": "How each dependency is doing, as the daemons see it.",
    "alerts": "What somebody should know: what fires now, and what is watched for.",
    "doctor": "Check everything the program depends on, one line each.",
}
"""Each command's help; its app is `app` in the module of the same name here, imported when it is called."""
_MODULES = {"import": "import_", "print": "print_"}
"""Where that name is a word of Python's, or stands for one of its functions."""


def _version() -> str:
    return metadata.version("orders-tui")


app = cyclopts.App(
    name="orders-tui",
    help="Every TikTok Shop order through one workflow. Without a command the console starts.",
    version=_version,
    help_formatter="plain",
    print_error=False,
    exit_on_error=False,
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
for _name, _help in COMMANDS.items():
    app.command(f"orders_tui.cli.{_MODULES.get(_name, _name)}:app", name=_name, help=_help)


@app.default
def start_console() -> int:
    """Start the console."""
    from orders_tui.app import run_console

    return run_console()


def run(arguments: Sequence[str]) -> int:
    """Run one command line to its exit code."""
    return guarded(lambda: app(list(arguments)))
