"""The PostgreSQL server behind it all: transactions left open, vacuum that lags, standbys and slots that fall behind.

Any login may ask. What a login may not see (others' sessions, standbys, without pg_monitor) is absent, and counts as nothing wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.database.connection import Database

HOT_TABLES: Final = ("effects", "inbox", "orders", "work")
"""What is written most: where dead rows slow the queues first."""

# Catalogue views and shared memory only: no table of ours is read.
_SERVER = """
SELECT (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - a.xact_start)), 0)::float8 FROM pg_stat_activity a
         WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND a.xact_start IS NOT NULL
           AND (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL) AND a.pid <> pg_backend_pid()) AS oldest_transaction,
       (SELECT count(*) FROM pg_stat_activity a WHERE a.backend_type = 'client backend') AS connections,
       (SELECT setting::int FROM pg_settings WHERE name = 'max_connections') AS most_connections,
       (SELECT age(datfrozenxid)::int FROM pg_database WHERE datname = current_database()) AS transaction_age,
       (SELECT max(extract(epoch FROM replay_lag))::float8 FROM pg_stat_replication) AS replay_lag,
       (SELECT count(*) FROM pg_stat_replication) AS standbys,
       (SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))::float8 FROM pg_replication_slots
         WHERE restart_lsn IS NOT NULL AND NOT pg_is_in_recovery()) AS slot_bytes,
       (SELECT count(*) FROM pg_replication_slots WHERE NOT active) AS idle_slots
"""
_TABLES = """
SELECT relname AS name, n_live_tup AS live, n_dead_tup AS dead,
       extract(epoch FROM clock_timestamp() - greatest(last_vacuum, last_autovacuum))::float8 AS since_vacuum
FROM pg_stat_user_tables WHERE schemaname = 'orders' AND relname = ANY($1::text[]) ORDER BY relname
"""


@dataclass(frozen=True, slots=True)
class TableReading:
    """Row versions of one table; `since_vacuum_seconds` is None where it was never vacuumed."""

    live_rows: int
    dead_rows: int
    since_vacuum_seconds: float | None


@dataclass(frozen=True, slots=True)
class ServerReading:
    """The server at one moment. What nobody replicates has no lag; `slot_bytes` is what slots keep of the log."""

    oldest_transaction_seconds: float
    connections: int
    most_connections: int
    transaction_age: int
    standbys: int
    replay_lag_seconds: float | None
    slot_bytes: float | None
    idle_slots: int
    tables: Mapping[str, TableReading]


async def read_server(database: Database) -> ServerReading:
    """The server now."""
    row = await database.pool.fetchrow(_SERVER)
    tables = await database.pool.fetch(_TABLES, list(HOT_TABLES))
    return ServerReading(
        oldest_transaction_seconds=row["oldest_transaction"],
        connections=row["connections"],
        most_connections=row["most_connections"],
        transaction_age=row["transaction_age"],
        standbys=row["standbys"],
        replay_lag_seconds=row["replay_lag"],
        slot_bytes=row["slot_bytes"],
        idle_slots=row["idle_slots"],
        tables={each["name"]: TableReading(each["live"], each["dead"], each["since_vacuum"]) for each in tables},
    )
