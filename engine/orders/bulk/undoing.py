"""Undo: a batch of its own that puts back what another one changed, order by order, as far as nothing has built on it since."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import Actor
from engine.database.locks import lock_for_result
from engine.errors import NotFound, Refused
from engine.identifiers import BatchId, OrderId
from engine.orders.bulk import batches, journal
from engine.orders.bulk.requests import BatchView, BulkKind, BulkRequest
from engine.orders.bulk.undo_holds import put_holds_back, remember_holds
from engine.orders.bulk.undo_marks import put_marks_back, remember_marks
from engine.orders.bulk.undo_status import put_status_back, remember_status
from engine.orders.views import ChangeOutcome
from engine.privacy.cipher import Vault
from engine.words import OrderStatus

if TYPE_CHECKING:
    from engine.database.connection import Database

Remember = Callable[[Any, Sequence[OrderId]], Awaitable[dict[OrderId, dict[str, Any]]]]
PutBack = Callable[..., Awaitable[list[ChangeOutcome]]]


@dataclass(frozen=True, slots=True)
class Undo:
    """`remember` reads what locked orders are, nothing personal; `put_back` writes it again and answers for every entry."""

    remember: Remember
    put_back: PutBack


UNDOS: Mapping[BulkKind, Undo] = {
    BulkKind.STATUS: Undo(remember_status, put_status_back),
    BulkKind.TAG: Undo(remember_marks, put_marks_back),
    BulkKind.UNTAG: Undo(remember_marks, put_marks_back),
    BulkKind.PRIORITY: Undo(remember_marks, put_marks_back),
    BulkKind.ASSIGN: Undo(remember_marks, put_marks_back),
    BulkKind.HOLD: Undo(remember_holds, put_holds_back),
    BulkKind.RELEASE: Undo(remember_holds, put_holds_back),
}

_LASTING = {
    BulkKind.RETRY: "A retried order is at work already: hold it, or cancel it.",
    BulkKind.CANCEL: "A cancelled order stays cancelled: its stock is free and TikTok is told.",
    BulkKind.UNDO: "An undo is not undone: do the change again.",
}

_GONE = {
    OrderStatus.SHIPPED: "A shipped order has left the house, and the buyer is told.",
    OrderStatus.DELIVERED: "A delivered order is closed, and the buyer is told.",
    OrderStatus.CANCELLED: _LASTING[BulkKind.CANCEL],
    OrderStatus.RETURNED: "A return is TikTok's to take back.",
}

_LATEST = """
SELECT b.id FROM batches b
WHERE b.actor = $1 AND EXISTS (SELECT 1 FROM journal j WHERE j.batch_id = b.id AND j.undone_at IS NULL AND j.expires_at > now())
ORDER BY b.created_at DESC, b.id DESC LIMIT 1
"""

_NOTED = """
SELECT order_id, undone_at IS NOT NULL AS undone FROM journal WHERE batch_id = $1 ORDER BY id
"""


def lasting(request: BulkRequest) -> str:
    """Why such a change cannot be undone; empty when it can."""
    if request.kind is BulkKind.STATUS:
        return _GONE.get(OrderStatus(request.parameters["status"]), "")
    return _LASTING.get(request.kind, "")


def why_not(batch: BatchView) -> str:
    """Why a batch cannot be undone now; empty when some of it can."""
    if why := lasting(BulkRequest(batch.kind, batch.request)):
        return why
    return (
        ""
        if batch.undoable
        else "Nothing of it is left to put back: it changed nothing, is undone, or is too long ago."
    )


async def request_undo(
    database: Database, batch_id: BatchId | None, *, actor: Actor, reason: str
) -> tuple[BulkRequest, list[OrderId], BatchView]:
    """The request that undoes a batch, by default the actor's latest that can be, and its orders. Raises NotFound, Refused."""
    if batch_id is None:
        found = await database.pool.fetchval(_LATEST, actor.name)
        if found is None:
            raise NotFound(
                "undo.none", f"There is nothing of {actor.name} to undo; `orders-tui batch list` shows what was done."
            )
        batch_id = BatchId(found)
    undone = await batches.batch(database, batch_id)
    if why := lasting(BulkRequest(undone.kind, undone.request)):
        raise Refused("undo.lasting", why)
    rows = await database.pool.fetch(_NOTED, batch_id)
    left = [OrderId(row["order_id"]) for row in rows if not row["undone"]]
    if not left:
        raise Refused(
            "undo.nothing",
            f"Batch {batch_id} is undone already."
            if rows
            else f"Batch {batch_id} has changed nothing that is still noted.",
        )
    parameters = {"batch": str(batch_id), "kind": undone.kind.value}
    return BulkRequest(BulkKind.UNDO, parameters, reason or f"undo of {undone.kind}"), left, undone


async def undo_part(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    request: BulkRequest,
    actor: Actor,
    expected_versions: Mapping[OrderId, int],  # noqa: ARG001  # the journal guards with versions of its own
    *,
    write: bool,
) -> list[ChangeOutcome]:
    """Put these orders back to what they were before the batch that the request names."""
    await lock_for_result(connection, order_ids)
    batch_id = BatchId(UUID(request.parameters["batch"]))
    entries, refusals = await journal.read(connection, vault, batch_id, order_ids)
    put_back = UNDOS[BulkKind(request.parameters["kind"])].put_back
    outcomes = await put_back(connection, vault, entries, actor, request.reason, write=write) if entries else []
    if write:
        done = {outcome.order_id for outcome in outcomes if not outcome.refused}
        await journal.mark_undone(connection, [entry for entry in entries if entry.order_id in done])
    return [*outcomes, *refusals]
