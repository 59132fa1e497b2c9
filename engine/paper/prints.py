"""What was printed: begun before the printer is asked, so that paper which may be out there is never unknown.

A document that was printed before, by anyone anywhere, is a reprint; what failed does not count, what is being sent does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import Actor
from engine.identifiers import new_id
from engine.orders.plain_text import plain
from engine.words import PaperKind, PrintState

if TYPE_CHECKING:
    from engine.database.connection import Database

# Two people who print the same at one moment take turns, so that the second is told of the first.
_TAKE_TURNS = "SELECT pg_advisory_xact_lock(hashtext('orders.prints'))"

# Index: print_subjects_subject_index.
_BEFORE = """
SELECT DISTINCT ON (s.subject) s.subject, p.created_at, p.actor, p.destination, p.state
FROM print_subjects s JOIN prints p ON p.id = s.print_id
JOIN unnest($2::uuid[], $3::int[]) AS w(subject, generation) ON w.subject = s.subject AND w.generation = s.generation
WHERE p.kind = $1 AND p.state <> 'failed' ORDER BY s.subject, p.created_at DESC
"""
_BEGIN = """
INSERT INTO prints (id, kind, station, destination, actor, documents, reprints) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_SUBJECTS = """
INSERT INTO print_subjects (print_id, place, subject, generation)
SELECT $1, place, subject, generation FROM unnest($2::uuid[], $3::int[]) WITH ORDINALITY AS w(subject, generation, place)
"""
_SETTLE = "UPDATE prints SET state = $2, error = $3, settled_at = now() WHERE id = $1 AND state = 'sending'"

# Index: prints_recent_index; with $2, print_subjects_subject_index.
_RECENT = """
SELECT p.id, p.kind, p.state, p.station, p.destination, p.actor, p.documents, p.reprints, p.error, p.created_at
FROM prints p WHERE $2::uuid[] IS NULL OR p.id IN (SELECT print_id FROM print_subjects WHERE subject = ANY($2))
ORDER BY p.created_at DESC, p.id DESC LIMIT $1
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a document is about: a parcel with the generation of its label, an order, a wave."""

    subject: UUID
    generation: int = 0


@dataclass(frozen=True, slots=True)
class PrintedBefore:
    """The last time that something was printed."""

    at: datetime
    actor: str
    destination: str
    uncertain: bool
    """The program ended before the printer answered, or it is being sent just now."""

    @property
    def words(self) -> str:
        """`at 03-02 12:00 UTC by mira (ZEBRA-1)`."""
        maybe = ", though nobody knows whether it came out" if self.uncertain else ""
        return f"at {self.at:%m-%d %H:%M} UTC by {self.actor} ({self.destination}){maybe}"


@dataclass(frozen=True, slots=True)
class Begun:
    """A print that is on record and may now be sent."""

    print_id: UUID
    before: dict[UUID, PrintedBefore]


@dataclass(frozen=True, slots=True)
class PrintRecord:
    """One line of the record."""

    print_id: UUID
    kind: PaperKind
    state: PrintState
    station: str
    destination: str
    actor: str
    documents: int
    reprints: int
    error: str
    created_at: datetime


async def printed_before(database: Database, kind: PaperKind, subjects: Sequence[Subject]) -> dict[UUID, PrintedBefore]:
    """When each of these was last printed; what never was is left out."""
    return await _before(database.pool, kind, subjects)


async def begin(
    database: Database,
    kind: PaperKind,
    subjects: Sequence[Subject],
    *,
    documents: int,
    station: str,
    destination: str,
    actor: Actor,
) -> Begun:
    """Put a print on record, before anything is sent."""

    async def write(connection: Any) -> Begun:
        await connection.execute(_TAKE_TURNS)
        before = await _before(connection, kind, subjects)
        print_id = new_id()
        await connection.execute(_BEGIN, print_id, kind.value, station, destination, actor.name, documents, len(before))
        await connection.execute(
            _SUBJECTS, print_id, [each.subject for each in subjects], [each.generation for each in subjects]
        )
        return Begun(print_id, before)

    return await database.run(write)


async def settle(database: Database, print_id: UUID, state: PrintState, error: str = "") -> None:
    """Say what became of a print."""

    async def write(connection: Any) -> None:
        await connection.execute(_SETTLE, print_id, state.value, error)

    await database.run(write)


async def list_prints(database: Database, *, limit: int, about: Sequence[UUID] | None = None) -> list[PrintRecord]:
    """What was printed, newest first; `about` narrows it to parcels, orders or waves."""
    return [
        PrintRecord(
            print_id=row["id"],
            kind=PaperKind(row["kind"]),
            state=PrintState(row["state"]),
            station=plain(row["station"]),
            destination=plain(row["destination"]),
            actor=plain(row["actor"]),
            documents=row["documents"],
            reprints=row["reprints"],
            error=plain(row["error"]),
            created_at=row["created_at"],
        )
        for row in await database.pool.fetch(_RECENT, limit, None if about is None else list(about))
    ]


async def _before(connection: Any, kind: PaperKind, subjects: Sequence[Subject]) -> dict[UUID, PrintedBefore]:
    rows = await connection.fetch(
        _BEFORE, kind.value, [each.subject for each in subjects], [each.generation for each in subjects]
    )
    return {
        row["subject"]: PrintedBefore(
            row["created_at"], plain(row["actor"]), plain(row["destination"]), row["state"] == PrintState.SENDING
        )
        for row in rows
    }
