"""The rows of a bulk change: its orders in parts, fixed when it begins; what is done, what is left, how it ended.

A part is claimed, changed and marked done in one transaction, so a batch whose program was killed goes on exactly where it was. Lock
order: a part comes before everything else (`engine.database.locks`), its batch's row last, and only its own worker waits for either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg

from engine.actors import Actor
from engine.database.rows import insert_rows
from engine.errors import Misconfigured, NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, BatchId, OrderId, new_id
from engine.orders.bulk.requests import (
    BatchError,
    BatchState,
    BatchView,
    BulkKind,
    BulkRequest,
    Chosen,
    Matching,
    matching,
)
from engine.orders.narrowing import narrowed
from engine.orders.predicate import found, in_order
from engine.orders.views import ChangeOutcome

if TYPE_CHECKING:
    from engine.database.connection import Database

INTERRUPTED_AFTER_SECONDS = 60
"""An unfinished batch that has not moved for so long has lost its program."""

_NOTE_PLACE = "batches.note"

_NEW = "INSERT INTO batches (id, kind, actor, request, note, undoes, total) VALUES ($1, $2, $3, $4, $5, $6, 0)"

_COUNTED = """
UPDATE batches SET total = (SELECT coalesce(sum(cardinality(order_ids)), 0) FROM batch_parts WHERE batch_id = $1)
WHERE id = $1 RETURNING total
"""

# Index: batch_parts_pkey. Another worker's part is passed over; a batch that was asked to stop has none left.
_CLAIM = """
SELECT p.first, p.order_ids, p.versions FROM batch_parts p
WHERE p.batch_id = $1 AND p.done_at IS NULL AND NOT (SELECT b.stop_asked FROM batches b WHERE b.id = $1)
ORDER BY p.first LIMIT 1 FOR UPDATE SKIP LOCKED
"""

_PART_DONE = """
WITH part AS (UPDATE batch_parts SET done_at = now(), errors = $3 WHERE batch_id = $1 AND first = $2)
UPDATE batches SET processed = processed + $4, failed = failed + $5, unchanged = unchanged + $6, progressed_at = clock_timestamp()
WHERE id = $1 RETURNING processed, total
"""

_SAME_PART = """
SELECT 1 FROM batch_parts WHERE batch_id = $1 AND first = $2 AND order_ids = $3 AND done_at IS NULL FOR UPDATE
"""

_DROP_PART = "DELETE FROM batch_parts WHERE batch_id = $1 AND first = $2"

# Errors stay with their parts while the batch runs: a row that grew with each part would be written again and again.
_ERRORS = """
SELECT jsonb_agg(e.error ORDER BY p.first, e.place)
FROM batch_parts p, jsonb_array_elements(p.errors) WITH ORDINALITY e (error, place) WHERE p.batch_id = b.id
"""

_FINISH = f"""
UPDATE batches b SET finished_at = now(), progressed_at = clock_timestamp(), errors = b.errors || coalesce(({_ERRORS}), '[]')
WHERE b.id = $1 AND b.finished_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM batch_parts p WHERE p.batch_id = $1 AND p.done_at IS NULL)
RETURNING b.id
"""  # noqa: S608

_STOP = "UPDATE batches SET stop_asked = $2 WHERE id = $1 AND finished_at IS NULL RETURNING id"

_BATCHES = f"""
SELECT b.id, b.kind, b.actor, b.request, b.total, b.processed, b.failed, b.unchanged, b.undoes, b.created_at, b.progressed_at,
       b.finished_at, b.stop_asked, b.progressed_at > now() - make_interval(secs => {INTERRUPTED_AFTER_SECONDS}) AS moving,
       (SELECT count(*) FROM journal j WHERE j.batch_id = b.id AND j.undone_at IS NULL AND j.expires_at > now()) AS undoable
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Part:
    """Orders that are changed in one transaction. `first` is the place of the first in the batch."""

    batch_id: BatchId
    first: int
    order_ids: list[OrderId]
    versions: dict[OrderId, int]


async def fix(
    database: Database,
    request: BulkRequest,
    chosen: Chosen,
    *,
    actor: Actor,
    part_size: int,
    at_most: int | None,
    expected_versions: Mapping[OrderId, int],
    undoes: BatchId | None,
) -> BatchId:
    """Write a batch with the orders it is about. Raises Refused when there are more than `at_most`; then there is none."""
    batch_id = BatchId(new_id())

    async def write(connection: Any) -> None:
        if request.note:
            await database.vault.ensure(connection, DEFAULT_CREATOR)
        note = database.vault.seal_text(DEFAULT_CREATOR, _NOTE_PLACE, batch_id, request.note)
        await connection.execute(_NEW, batch_id, request.kind, actor.name, request.document, note, undoes)
        if (every := matching(chosen)) is not None:
            await _fix_matching(connection, database, batch_id, every, part_size)
        else:
            assert isinstance(chosen, Sequence), "orders that match nothing are named"
            await _fix_listed(connection, batch_id, chosen, part_size, expected_versions)
        total = await connection.fetchval(_COUNTED, batch_id)
        if at_most is not None and total > at_most:
            raise Refused("bulk.too_many", f"{total:,} orders would be changed, more than {at_most:,}: confirm it.")

    await database.run(write)
    return batch_id


async def _fix_matching(
    connection: Any, database: Database, batch_id: BatchId, every: Matching, part_size: int
) -> None:
    """All that match, seen by one statement: orders that arrive later, or match no more, change nothing in it."""
    order_filter = every.order_filter
    wanted, _ = await narrowed(connection, database.vault, order_filter, in_order=False)
    batch = wanted.bind(batch_id, "uuid")
    without = wanted.bind(list(every.without), "uuid[]")
    await connection.execute(
        f"""
        INSERT INTO batch_parts (batch_id, first, order_ids)
        SELECT {batch}, min(place), array_agg(id ORDER BY place) FROM (
            SELECT id, row_number() OVER (ORDER BY {in_order(order_filter)}) - 1 AS place FROM {found(wanted, order_filter)}
            WHERE id <> ALL ({without})
        ) numbered GROUP BY place / {part_size:d}
        """,  # noqa: S608
        *wanted.arguments,
    )


async def _fix_listed(
    connection: Any,
    batch_id: BatchId,
    order_ids: Sequence[OrderId],
    part_size: int,
    expected_versions: Mapping[OrderId, int],
) -> None:
    """These, each once however often it is named."""
    once = list(dict.fromkeys(order_ids))
    places = range(0, len(once), part_size)
    await _insert(
        connection,
        [Part(batch_id, start, once[start : start + part_size], dict(expected_versions)) for start in places],
    )


async def _insert(connection: Any, parts: Sequence[Part]) -> None:
    await insert_rows(
        connection,
        "batch_parts",
        ("batch_id", "first", "order_ids", "versions"),
        [
            (
                part.batch_id,
                part.first,
                part.order_ids,
                [part.versions.get(order_id) for order_id in part.order_ids] if part.versions else None,
            )
            for part in parts
        ],
    )


async def claim_part(connection: Any, batch_id: BatchId) -> Part | None:
    """The next part that is neither done nor another worker's, locked; None when there is none or the batch shall stop."""
    row = await connection.fetchrow(_CLAIM, batch_id)
    if row is None:
        return None
    seen = zip(row["order_ids"], row["versions"] or (), strict=False)
    return Part(
        batch_id,
        row["first"],
        [OrderId(order_id) for order_id in row["order_ids"]],
        {OrderId(order_id): version for order_id, version in seen if version is not None},
    )


async def part_done(connection: Any, part: Part, outcomes: Sequence[ChangeOutcome]) -> tuple[int, int]:
    """Mark a claimed part done. Answers how many orders of how many are done; the last write of its transaction."""
    refused = [outcome for outcome in outcomes if outcome.refused and not outcome.unchanged]
    unchanged = sum(outcome.unchanged for outcome in outcomes)
    errors = [
        {"order_id": str(each.order_id), "code": each.code, "error": each.sentence, "order_number": each.order_number}
        for each in refused
    ]
    row = await connection.fetchrow(
        _PART_DONE, part.batch_id, part.first, errors, len(part.order_ids), len(refused), unchanged
    )
    return row["processed"], row["total"]


async def divide(connection: Any, part: Part, ahead: Sequence[OrderId]) -> None:
    """Make two parts of one, `ahead` and the others, unless another worker has gone on with it since."""
    if not await _lock_same(connection, part):
        return
    await connection.execute(_DROP_PART, part.batch_id, part.first)
    chosen = set(ahead)
    others = [order_id for order_id in part.order_ids if order_id not in chosen]
    await _insert(
        connection,
        [
            Part(part.batch_id, part.first, list(ahead), part.versions),
            Part(part.batch_id, part.first + len(ahead), others, part.versions),
        ],
    )


async def set_aside(connection: Any, part: Part, outcomes: Sequence[ChangeOutcome]) -> tuple[int, int] | None:
    """Mark the part done with what its orders broke on, unless another worker has gone on with it since."""
    return await part_done(connection, part, outcomes) if await _lock_same(connection, part) else None


async def _lock_same(connection: Any, part: Part) -> bool:
    return await connection.fetchval(_SAME_PART, part.batch_id, part.first, part.order_ids) is not None


async def finish(database: Database, batch_id: BatchId) -> None:
    """End the batch if every part is done: its errors are gathered in its row, its parts are no more needed."""

    async def write(connection: Any) -> None:
        if await connection.fetchval(_FINISH, batch_id) is not None:
            await connection.execute("DELETE FROM batch_parts WHERE batch_id = $1", batch_id)

    await database.run(write)


async def ask_to_stop(database: Database, batch_id: BatchId) -> None:
    """Let the batch end after the parts under way. Raises NotFound; Refused when it has ended."""
    await _set_stop(database, batch_id, stop=True)


async def resume(database: Database, batch_id: BatchId) -> None:
    """Let a stopped batch go on. Raises NotFound; Refused when it has ended."""
    await _set_stop(database, batch_id, stop=False)


async def _set_stop(database: Database, batch_id: BatchId, *, stop: bool) -> None:
    if await database.pool.fetchval(_STOP, batch_id, stop) is None:
        await batch(database, batch_id)
        raise Refused("batch.finished", f"Batch {batch_id} has ended already; nothing of it is left.")


async def batch(database: Database, batch_id: BatchId) -> BatchView:
    """One batch with all its errors. Raises NotFound."""
    row = await database.pool.fetchrow(
        f"{_BATCHES}, b.errors || coalesce(({_ERRORS}), '[]') AS errors FROM batches b WHERE b.id = $1",
        batch_id,
    )
    if row is None:
        raise NotFound("batch.unknown", f"There is no batch {batch_id}: `orders-tui batch list` shows them.")
    return _view(row, row["errors"])


async def request_of(database: Database, batch_id: BatchId) -> BulkRequest:
    """What a batch was asked to do, its note opened. Raises NotFound; Misconfigured when the note needs the master key."""
    begun = await batch(database, batch_id)
    sealed = await database.pool.fetchval("SELECT note FROM batches WHERE id = $1", batch_id)
    plain = database.vault.open(_NOTE_PLACE, batch_id, sealed)
    if sealed and plain is None:
        raise Misconfigured(
            "keys.missing",
            "The note of this batch cannot be read without the master key: set ORDERS_TUI_MASTER_KEY or its credential file.",
        )
    parameters = dict(begun.request)
    reason = parameters.pop("reason")
    return BulkRequest(begun.kind, parameters, reason, (plain or b"").decode())


async def recent(database: Database, *, limit: int, actor: str | None = None) -> list[BatchView]:
    """The latest batches, of everybody or of one actor, newest first, without their errors."""
    rows = await database.pool.fetch(
        f"{_BATCHES} FROM batches b WHERE $2::text IS NULL OR b.actor = $2 ORDER BY b.created_at DESC, b.id DESC LIMIT $1",
        limit,
        actor,
    )
    return [_view(row, ()) for row in rows]


def _view(row: asyncpg.Record, errors: Sequence[Mapping[str, str]]) -> BatchView:
    return BatchView(
        batch_id=BatchId(row["id"]),
        kind=BulkKind(row["kind"]),
        state=_state(row),
        actor=row["actor"],
        request=row["request"],
        total=row["total"],
        processed=row["processed"],
        failed=row["failed"],
        unchanged=row["unchanged"],
        undoable=row["undoable"],
        undoes=BatchId(row["undoes"]) if row["undoes"] else None,
        created_at=row["created_at"],
        progressed_at=row["progressed_at"],
        finished_at=row["finished_at"],
        errors=tuple(
            BatchError(each["order_id"], each.get("order_number", ""), each.get("code", ""), each["error"])
            for each in errors
        ),
    )


def _state(row: asyncpg.Record) -> BatchState:
    if row["finished_at"] is not None:
        return BatchState.FINISHED
    if row["stop_asked"]:
        return BatchState.STOPPED
    return BatchState.RUNNING if row["moving"] else BatchState.INTERRUPTED
