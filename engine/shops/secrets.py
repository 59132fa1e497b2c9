"""Sealed values of shops and grants."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from engine.database.connection import Database


def open_secret(database: Database, place: str, row: UUID, sealed: bytes | None) -> str | None:
    """The value; None when there is none, or when its key is nowhere to be found."""
    plain = database.vault.open(place, row, sealed)
    return None if plain is None else plain.decode()
