"""`orders-tui backup`: taken, listed, tried."""

from __future__ import annotations

import dataclasses
import os
from importlib import metadata
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.backup.archive import manifest_of
from engine.backup.keeping import backups_in
from engine.backup.manifest import Manifest
from engine.backup.proving import Proof
from engine.backup.record import note_proved, note_taken
from engine.backup.restoring import MASTER_KEY
from engine.backup.scratch import try_backup
from engine.backup.taking import take_backup
from engine.database.connection import open_database
from engine.errors import OrdersError
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.cli.restore import KeyFile, key_from
from orders_tui.settings_file import read_settings

app = cyclopts.App(name="backup", help="The whole database as one file: taken while everybody works, listed, tried.")


@app.default
async def backup(
    place: Annotated[
        Path | None,
        Parameter(help="A file (.zip) or a folder; backup.directory, else the present folder, when none is named."),
    ] = None,
    *,
    prove: Annotated[bool, Parameter(negative=(), help="Restore it into a cluster of its own for a try.")] = False,
    json: Json = False,
) -> int:
    """Take a backup. It holds no key: keep the master key apart from it."""
    settings = read_settings()
    target = (place or settings.backup.directory or Path()).expanduser().absolute()
    database = await open_database(settings.database.for_engine("orders-tui backup"), os.environ, on_wait=narrate)
    try:
        taken = await take_backup(database, target, program_version=metadata.version("orders-tui"))
        backup_id = await note_taken(database, taken)
        key = database.secrets.read(MASTER_KEY)
        proof = None
        if prove:
            tried = await try_backup(taken.path, key.reveal() if key else None, on_wait=narrate)
            proof = tried.proof
            await note_proved(database, backup_id, "" if proof.whole else proof.sentences[0])
    finally:
        await database.close()
    if json:
        emit_json(
            _document(taken.path, taken.manifest, taken.bytes) | ({"proof": proof_document(proof)} if proof else {})
        )
    else:
        emit(str(taken.path))
        narrate(f"{_size(taken.bytes)}, {taken.manifest.rows['orders']} orders, as of {_moment(taken.manifest)}.")
        narrate(_about_the_key(taken.manifest))
        if proof:
            tell_proof(proof)
    return Exit.OK if proof is None or proof.whole else Exit.REFUSED


@app.command(name="list")
def list_backups(
    folder: Annotated[
        Path | None, Parameter(help="backup.directory, else the present folder, when none is named.")
    ] = None,
    *,
    json: Json = False,
) -> int:
    """List the backups of a folder, newest first, and which master key each needs."""
    where = (folder or read_settings().backup.directory or Path()).expanduser().absolute()
    code = Exit.OK
    for path in backups_in(where):
        try:
            manifest = manifest_of(path)
        except OrdersError as error:
            narrate(error.sentence)
            code = Exit.REFUSED
            continue
        size = path.stat().st_size
        if json:
            emit_json(_document(path, manifest, size))
        else:
            key = manifest.key_fingerprint or "none"
            emit(f"{path.name}  {_moment(manifest)}  {_size(size):>9}  {manifest.rows['orders']:>9} orders  key {key}")
    return code


@app.command
async def verify(
    file: Annotated[Path, Parameter(help="The backup.")],
    *,
    key: KeyFile = None,
    json: Json = False,
) -> int:
    """Restore a backup into a cluster of its own, count its rows, verify its audit and its books, and remove the cluster.

    Exit code 1 tells of findings. The master key is needed where the backup names one.
    """
    tried = await try_backup(file.expanduser().absolute(), key_from(key), on_wait=narrate)
    if json:
        emit_json({"path": file, "whole": tried.proof.whole} | proof_document(tried.proof))
    else:
        tell_proof(tried.proof)
    return Exit.OK if tried.proof.whole else Exit.REFUSED


def tell_proof(proof: Proof) -> None:
    """What was looked at, and what was found."""
    for sentence in proof.sentences:
        emit(sentence)
    looked = f"{proof.rows} rows, {proof.chains} chains with {proof.entries} entries, {proof.seals} seals"
    looked += f", the books of {proof.accounts.orders} orders"
    emit(f"{'Whole' if proof.whole else 'NOT WHOLE'}: {looked}; {proof.findings} findings.")


def proof_document(proof: Proof) -> dict[str, object]:
    """The same as JSON."""
    return dataclasses.asdict(proof) | {"whole": proof.whole}


def _document(path: Path, manifest: Manifest, size: int) -> dict[str, object]:
    return {"path": path, "bytes": size} | dataclasses.asdict(manifest)


def _about_the_key(manifest: Manifest) -> str:
    if not manifest.key_fingerprint:
        return "This program has no master key: the backup is only worth something with the one that the database was made with."
    return (
        f"Its personal data opens with the master key {manifest.key_fingerprint} alone, which is not in it: keep a copy of that key "
        f"({manifest.key_place}) in another place."
    )


def _moment(manifest: Manifest) -> str:
    return f"{manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC"


def _size(number: int) -> str:
    size = float(number)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
