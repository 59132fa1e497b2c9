"""What `orders-tui doctor` finds of the house: the server behind the database, daemons, alerts, backups, the audit."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from importlib import metadata

from engine.backup.record import last_backup
from engine.database.connection import Database
from engine.database.snapshots import oldest_snapshot
from engine.fleet.daemons import DEAD_AFTER_SECONDS
from engine.monitoring.alerts import list_alerts
from engine.monitoring.server import ServerReading, read_server
from orders_tui.cli.findings import Finding
from orders_tui.settings import Settings

OLDEST_SERVER = 150_000
OLD_SNAPSHOT_SECONDS, BACKUP_DAYS = 30.0, 1.5
CLOCK_SECONDS = 2.0
_DEAD_ROWS, _OVERDUE_SECONDS = 50_000, 3_600.0
_DAEMONS = """
SELECT host, version FROM daemons WHERE stopped_at IS NULL AND beat_at > now() - make_interval(secs => $1) ORDER BY host
"""
_SEALED = """
SELECT (SELECT count(*) FROM audit_seals) AS seals,
       (SELECT value FROM fleet_gauges WHERE gauge = 'audit.findings' AND source = '') AS findings
"""


async def house_findings(database: Database, settings: Settings) -> AsyncIterator[Finding]:
    """One line each; what is well and says nothing is left out."""
    async for finding in _server(database):
        yield finding
    async for finding in _daemons(database):
        yield finding
    for alert in await list_alerts(database):
        yield Finding("alert", fine=False, sentence=f"{alert.sentence} {alert.mend}")
    yield await _backup(database, settings)
    yield await _audit(database)


async def _server(database: Database) -> AsyncIterator[Finding]:
    if int(await database.pool.fetchval("SHOW server_version_num")) < OLDEST_SERVER:
        yield Finding("server", fine=False, sentence="PostgreSQL is older than 15: bring the server up to date")
    before = time.time()
    theirs = (await database.pool.fetchval("SELECT clock_timestamp()")).timestamp()
    ahead = (before + time.time()) / 2 - theirs
    if abs(ahead) > CLOCK_SECONDS:
        words = f"this machine's is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the database's: set it by the network"
        yield Finding("clock", fine=False, sentence=words)
    old = await oldest_snapshot(database, OLD_SNAPSHOT_SECONDS)
    if old is not None:
        yield Finding("transactions", fine=False, sentence=old.sentence)
    for finding in _of_server(await read_server(database)):
        yield finding


def _of_server(server: ServerReading) -> Iterator[Finding]:
    used = f"{server.connections} of {server.most_connections} connections"
    if server.connections > 0.8 * server.most_connections:
        mend = f"{used} are in use: raise max_connections, or put a pooler in front (database.pooled)"
        yield Finding("connections", fine=False, sentence=mend)
    else:
        yield Finding("connections", fine=True, sentence=used)
    if server.transaction_age > 1_000_000_000:
        mend = "old rows are not frozen and the server will stop writing: run VACUUM (FREEZE) on the database"
        yield Finding("wraparound", fine=False, sentence=mend)
    for name, table in server.tables.items():
        overdue = table.since_vacuum_seconds is None or table.since_vacuum_seconds > _OVERDUE_SECONDS
        if table.dead_rows > max(_DEAD_ROWS, table.live_rows) and overdue:
            mend = f"{table.dead_rows:,} dead rows in {name}, which slow the queues: run VACUUM orders.{name}, and see autovacuum"
            yield Finding("vacuum", fine=False, sentence=mend)
    if server.idle_slots:
        mend = "a replication slot that nobody reads keeps the log and fills the disk: start its standby or drop it"
        yield Finding("slots", fine=False, sentence=mend)
    if server.replay_lag_seconds is not None:
        late = server.replay_lag_seconds > 30
        words = f"{server.standbys} follow, the furthest {server.replay_lag_seconds:.0f} s behind"
        yield Finding("standbys", fine=not late, sentence=f"{words}{': look at its disk and network' if late else ''}")


async def _daemons(database: Database) -> AsyncIterator[Finding]:
    ours = metadata.version("orders-tui")
    for row in await database.pool.fetch(_DAEMONS, 2 * DEAD_AFTER_SECONDS):
        if row["version"] != ours:
            words = f"the daemon on {row['host']} is {row['version']}, this program {ours}: bring both to one version"
            yield Finding("versions", fine=False, sentence=words)


async def _backup(database: Database, settings: Settings) -> Finding:
    last = await last_backup(database)
    if last.taken_at is None or last.age_seconds is None:
        if settings.backup.directory is None and settings.database.url:
            return Finding("backup", fine=True, sentence="none of ours: whoever runs the server sees to it")
        mend = (
            last.problem or "none was ever taken: run orders-tui backup, or set backup.directory so that a daemon does"
        )
        return Finding("backup", fine=False, sentence=mend)
    age = f"the newest is of {last.taken_at:%Y-%m-%d %H:%M} UTC"
    if last.problem:
        return Finding("backup", fine=False, sentence=f"{age}; {last.problem}")
    if last.age_seconds > BACKUP_DAYS * 86_400:
        return Finding("backup", fine=False, sentence=f"{age}: run orders-tui backup, and see backup.directory")
    return Finding(
        "backup", fine=True, sentence=f"{age}, {'restored for a try' if last.proved_at else 'not tried yet'}"
    )


async def _audit(database: Database) -> Finding:
    row = await database.pool.fetchrow(_SEALED)
    if row["findings"]:
        mend = f"{row['findings']:.0f} finding(s) when it was last looked at: run orders-tui audit verify"
        return Finding("audit", fine=False, sentence=mend)
    looked = "looked at by a daemon and whole" if row["findings"] is not None else "not looked at yet"
    return Finding("audit", fine=True, sentence=f"{row['seals']:,} seals, {looked}")
