"""Daemon incarnations. What a dead one had claimed is free as soon as its heart has missed its beats."""

from __future__ import annotations

import os
import socket
from datetime import datetime
from typing import TYPE_CHECKING

from engine.identifiers import DaemonId, new_id

if TYPE_CHECKING:
    from engine.database.connection import Database

BEAT_SECONDS = 1.0
MISSED_BEATS = 3
DEAD_AFTER_SECONDS = BEAT_SECONDS * MISSED_BEATS


async def register(database: Database, version: str) -> DaemonId:
    """Register this process as a new incarnation."""
    daemon_id = DaemonId(new_id())
    await database.pool.execute(
        "INSERT INTO daemons (id, host, process_id, version) VALUES ($1, $2, $3, $4)",
        daemon_id,
        socket.gethostname(),
        os.getpid(),
        version,
    )
    return daemon_id


async def beat(database: Database, daemon_id: DaemonId) -> datetime | None:
    """Say that this incarnation is alive. Answers the database's time; None when nobody knows this incarnation."""
    moment: datetime | None = await database.pool.fetchval(
        "UPDATE daemons SET beat_at = now() WHERE id = $1 RETURNING beat_at", daemon_id
    )
    return moment


async def retire(database: Database, daemon_id: DaemonId) -> None:
    """Say that this incarnation ended in order: its claims are free at once."""
    await database.pool.execute("UPDATE daemons SET stopped_at = now() WHERE id = $1", daemon_id)


async def any_alive(database: Database) -> bool:
    """Whether any daemon's heart beats."""
    return bool(
        await database.pool.fetchval(
            "SELECT EXISTS (SELECT 1 FROM daemons WHERE stopped_at IS NULL AND beat_at > now() - make_interval(secs => $1))",
            DEAD_AFTER_SECONDS,
        )
    )
