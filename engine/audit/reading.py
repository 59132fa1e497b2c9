"""The audit as people read it: newest first, page by page, narrowed to a person, an action, a subject, a time.

Entries of one transaction share their time, so that an index on the time alone stays small; those of one time are sorted as they are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from engine.identifiers import OrderId
from engine.words import ChangeSource

if TYPE_CHECKING:
    from engine.database.connection import Database

MOST_LOOKED_AT: Final = 5000
"""A page looks at so many entries at most before it says how far back it looked."""


@dataclass(frozen=True, slots=True)
class AuditKey:
    """Where an entry stands in time."""

    at: datetime
    subject: UUID
    sequence: int


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries; empty means all. `action` is the beginning of an action's name, with its area or without."""

    people_only: bool = True
    actor: str = ""
    action: str = ""
    subject: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One entry without its values, which may be personal. `about` names its subject: `order 5771`, `product MUG-BLU`."""

    key: AuditKey
    action: str
    actor: str
    source: ChangeSource
    about: str
    order_id: OrderId | None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries, newest first. `looked_until` is how far back it looked when there may be older ones; None when there are none."""

    lines: tuple[AuditLine, ...]
    looked_until: AuditKey | None = None


# Indexes: audit_log_created_index; of people alone audit_log_people_index, of one person audit_log_actor_index. The inner list bounds the
# walk along it; its last entry tells how far it went.
_NEAR = """
WITH near AS MATERIALIZED (
    SELECT action, actor, source, created_at, subject, sequence FROM audit_log
    WHERE created_at <= $1 AND (created_at, subject, sequence) < ($1, $2, $3) {where}
    ORDER BY created_at DESC, subject DESC, sequence DESC LIMIT {most}
)
(SELECT n.*, (SELECT count(*) FROM near) AS looked_at FROM near n WHERE {action}
 ORDER BY created_at DESC, subject DESC, sequence DESC LIMIT {limit})
UNION ALL (SELECT NULL, NULL, NULL, created_at, subject, sequence, (SELECT count(*) FROM near) FROM near
           ORDER BY created_at, subject, sequence LIMIT 1)
"""

# Index: audit_log_pkey.
_OF_SUBJECT = """
SELECT action, actor, source, created_at, subject, sequence FROM audit_log
WHERE subject = $4 AND (created_at, subject, sequence) < ($1, $2, $3) {where} AND {action}
ORDER BY created_at DESC, subject DESC, sequence DESC LIMIT {limit}
"""

_NAMES = """
SELECT s.id, o.id AS order_id, coalesce('order ' || o.order_number, 'product ' || p.sku, 'shop ' || h.name, 'location ' || l.code,
                                        'person ' || u.display_name) AS about
FROM unnest($1::uuid[]) AS s(id) LEFT JOIN orders o ON o.id = s.id LEFT JOIN products p ON p.id = s.id
LEFT JOIN shops h ON h.id = s.id LEFT JOIN locations l ON l.id = s.id LEFT JOIN users u ON u.id = s.id
"""

_LATEST: Final = UUID(int=2**128 - 1)
_MOST_SEQUENCE: Final = 2**31 - 1


async def read_audit(
    database: Database, wanted: AuditFilter, *, before: AuditKey | None = None, limit: int = 200
) -> AuditPage:
    """Up to `limit` entries before a key; the newest ones without a key."""
    async with database.pool.acquire() as connection, connection.transaction(readonly=True):
        until = wanted.until or await connection.fetchval("SELECT now() + interval '1 minute'")
        start = before if before is not None and before.at <= until else AuditKey(until, _LATEST, _MOST_SEQUENCE)
        if wanted.subject is not None:
            records = await _ask(connection, _OF_SUBJECT, wanted, start, wanted.subject, limit=limit + 1)
            page = _page(records, limit)
        else:
            page = await _near(connection, wanted, start, limit)
        return replace(page, lines=await _named(connection, page.lines))


async def _near(connection: Any, wanted: AuditFilter, start: AuditKey, limit: int) -> AuditPage:
    most = MOST_LOOKED_AT if wanted.action else limit + 1
    records = await _ask(connection, _NEAR, wanted, start, limit=limit + 1, most=most)
    page = _page([record for record in records if record["action"] is not None], limit)
    last = next((record for record in records if record["action"] is None), None)
    if page.looked_until is None and last is not None and last["looked_at"] == most:
        page = replace(page, looked_until=_key(last))
    return page


async def _ask(
    connection: Any,
    statement: str,
    wanted: AuditFilter,
    start: AuditKey,
    *places: object,
    limit: int,
    most: int = 0,
) -> list[Any]:
    """Fill in what is wanted: the key is $1 to $3, then `places`, then the filter's own values."""
    arguments: list[object] = [start.at, start.subject, start.sequence, *places]

    def bind(value: object, type_name: str) -> str:
        arguments.append(value)
        return f"${len(arguments)}::{type_name}"

    where = ""
    if wanted.since is not None:
        where += f" AND created_at >= {bind(wanted.since, 'timestamptz')}"
    if wanted.actor:
        where += f" AND source = 'user' AND actor = {bind(wanted.actor, 'text')}"
    elif wanted.people_only:
        where += " AND source = 'user'"
    action = "true"
    if wanted.action:
        asked = bind(wanted.action, "text")
        action = f"(starts_with(action, {asked}) OR starts_with(split_part(action, '.', 2), {asked}))"
    text = statement.format(where=where, action=action, limit=limit, most=most)
    return list(await connection.fetch(text, *arguments))


def _key(record: Any) -> AuditKey:
    return AuditKey(record["created_at"], record["subject"], record["sequence"])


def _page(records: Sequence[Any], limit: int) -> AuditPage:
    lines = tuple(
        AuditLine(_key(record), record["action"], record["actor"], ChangeSource(record["source"]), "", None)
        for record in records[:limit]
    )
    return AuditPage(lines, lines[-1].key if len(records) > limit else None)


async def _named(connection: Any, lines: Sequence[AuditLine]) -> tuple[AuditLine, ...]:
    subjects = list({line.key.subject for line in lines})
    names = {record["id"]: record for record in await connection.fetch(_NAMES, subjects)} if subjects else {}
    return tuple(
        replace(
            line,
            about=names[line.key.subject]["about"] or line.action.partition(".")[0],
            order_id=OrderId(names[line.key.subject]["order_id"]) if names[line.key.subject]["order_id"] else None,
        )
        for line in lines
    )
