"""What every round works with: this daemon, its database, and the outside as it reaches it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.clock import DatabaseClock
from engine.database.connection import Database
from engine.identifiers import DaemonId
from sync.daemon_settings import DaemonSettings
from sync.outside import Outside
from sync.waking import Bell


@dataclass(frozen=True, slots=True)
class Post:
    """One daemon's; `bell` is rung by a round that made work."""

    database: Database
    daemon_id: DaemonId
    outside: Outside
    clock: DatabaseClock
    bell: Bell
    settings: DaemonSettings
