"""What a backup says of itself: when, from what, how much, and which master key opens it. Never a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson

from engine.errors import Refused

FORMAT = 1
"""Raised when an older program could no longer restore what a newer one wrote."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`rows` counts every table on the snapshot that was dumped."""

    program_version: str
    taken_at: datetime
    server_version: str
    schema_revision: str
    embedded: bool
    rows: Mapping[str, int]
    dump_bytes: int
    dump_sha256: str
    key_fingerprint: str = ""
    """Of the master key; empty where the program that took the backup had none."""
    key_place: str = ""
    """Where that key was found, for whoever looks for it."""
    format: int = FORMAT

    def document(self) -> bytes:
        """As JSON for people and programs."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)


def read_manifest(document: bytes) -> Manifest:
    """Raises ValueError for what is no manifest, Refused for one of a newer program."""
    found = orjson.loads(document)
    if not isinstance(found, dict) or not isinstance(found.get("format"), int):
        raise ValueError("it does not say what it is")  # noqa: TRY004  # a damaged file, not a mistake of the caller
    if found["format"] > FORMAT:
        raise Refused(
            "backup.newer",
            f"This backup was written by a newer Orders TUI ({found.get('program_version', 'unknown')}): restore it with that one.",
        )
    try:
        return Manifest(**found | {"taken_at": datetime.fromisoformat(found["taken_at"])})
    except (KeyError, TypeError) as error:
        raise ValueError("its manifest is incomplete") from error
