"""`orders-tui restore`: a backup brought back where there is nothing yet."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.actors import Actor
from engine.backup.restoring import MASTER_KEY, Restored, Wishes, restore_into_directory, restore_into_shared
from engine.database.connection import DatabaseSettings
from engine.errors import Misconfigured
from engine.privacy.secrets import Secrets, system_keyring
from engine.words import ChangeSource
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import system_login

app = cyclopts.App(name="restore", help="A backup brought back: into a new folder, or into an empty shared database.")

KeyFile = Annotated[
    Path | None,
    Parameter(
        name="--key",
        help="A file that holds the master key; else ORDERS_TUI_MASTER_KEY and its credential file are asked.",
    ),
]


@app.default
async def restore(
    file: Annotated[Path, Parameter(help="The backup.")],
    *,
    into: Annotated[
        str, Parameter(help="A folder that is not there yet, or the address of an empty database (postgresql://…).")
    ],
    key: KeyFile = None,
    at_work: Annotated[
        bool, Parameter(negative=(), help="Leave worked shops at work; else they are only observed at first.")
    ] = False,
    anyway: Annotated[bool, Parameter(negative=(), help="Keep it although something in it is not whole.")] = False,
    json: Json = False,
) -> int:
    """Bring a backup back and prove it: every row, the whole audit, the books. Never over anything that is there."""
    backup, secret = file.expanduser().absolute(), key_from(key)
    wishes = Wishes(Actor(system_login(), ChangeSource.USER), keep_key=key is not None, at_work=at_work, anyway=anyway)
    if into.startswith(("postgresql://", "postgres://")):
        restored = await restore_into_shared(backup, DatabaseSettings(url=into), secret, os.environ, wishes)
    else:
        restored = await restore_into_directory(backup, Path(into), secret, os.environ, wishes, on_wait=narrate)
    if json:
        emit_json(dataclasses.asdict(restored) | {"whole": restored.proof.whole})
    else:
        _tell(restored, into)
    return Exit.OK if restored.proof.whole else Exit.REFUSED


def key_from(file: Path | None) -> str | None:
    """The master key from this file, else from the environment, the credential files or the keyring."""
    if file is None:
        found = Secrets(os.environ, keyring=system_keyring()).read(MASTER_KEY)
        return found.reveal() if found else None
    try:
        return file.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not text"
        raise Misconfigured(
            "secrets.unreadable", f"Cannot read the key file {file} ({reason}): mend its path or its mode."
        ) from None


def _tell(restored: Restored, into: str) -> None:
    from orders_tui.cli.backup import tell_proof

    tell_proof(restored.proof)
    emit(f"Restored into {restored.where}, as of {restored.manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC.")
    if restored.observing:
        narrate(
            f"Only observed from now on: {', '.join(restored.observing)}. Let a daemon read what happened since the backup, look at "
            "it, then set each to work again (orders-tui shop work NAME)."
        )
    variable, value = ("URL", into) if "://" in into else ("DATA_DIRECTORY", restored.where)
    narrate(f"To use it set database.{variable.lower()} (ORDERS_TUI_DATABASE__{variable}) to {value}.")
