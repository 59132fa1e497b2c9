"""Sealed values of shops and grants, read by programs that may have started before the key of their owner was made."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from engine.database.connection import Database


async def open_secret(database: Database, place: str, row: UUID, sealed: bytes | None) -> str | None:
    """The value; None when there is none, or when its key is nowhere to be found."""
    plain = database.vault.open(place, row, sealed)
    if plain is None and sealed and database.vault.has_keys:
        # Another program connected the first shop of a creator while this one was running.
        await database.vault.load(database.pool)
        plain = database.vault.open(place, row, sealed)
    return None if plain is None else plain.decode()
