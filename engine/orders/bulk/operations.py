"""What each kind of bulk change does to a part of a batch.

An operation locks the orders of its part, decides and writes them set-wise, and answers for every one of them; without `write` it only
decides. It runs in a transaction of the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from engine.actors import Actor
from engine.errors import Refused
from engine.identifiers import OrderId, UserId
from engine.orders import status
from engine.orders.assignment import Assignee, assign
from engine.orders.bulk.requests import BulkKind, BulkRequest
from engine.orders.bulk.undoing import undo_part
from engine.orders.cancelling import cancel_part
from engine.orders.holds import place_holds, release_holds
from engine.orders.priority import prioritise
from engine.orders.tags import add_tags, normal_tag, remove_tags
from engine.orders.views import ChangeOutcome
from engine.privacy.cipher import Vault
from engine.words import CancelReason, HoldReason, OrderStatus
from engine.workflow.advance import Push

if TYPE_CHECKING:
    from engine.database.connection import Database

Versions = Mapping[OrderId, int]


class Change(Protocol):
    """Does what is asked to the orders of one part, but to those in another version than a person saw."""

    async def __call__(
        self,
        connection: Any,
        vault: Vault,
        order_ids: Sequence[OrderId],
        request: BulkRequest,
        actor: Actor,
        expected_versions: Versions,
        *,
        write: bool,
    ) -> list[ChangeOutcome]: ...


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind. `words` says what becomes of an order, as a participle; `check` raises Refused for parameters without sense."""

    change: Change
    words: Callable[[BulkRequest], str]
    check: Callable[[BulkRequest], object]


async def check(database: Database, request: BulkRequest, *, actor: Actor) -> None:
    """Raise Refused when what is asked makes no sense, whatever the orders."""
    operation = OPERATIONS[request.kind]
    operation.check(request)
    await database.run(
        lambda connection: operation.change(connection, database.vault, [], request, actor, {}, write=False)
    )


# status, retry, cancel ────────────────────────────────────────────────────────────────────────────────────────────────────


async def _change_status(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    request: BulkRequest,
    actor: Actor,
    expected_versions: Versions,
    *,
    write: bool,
) -> list[ChangeOutcome]:
    wanted = OrderStatus(request.parameters["status"])
    return await status.change_part(
        connection, vault, order_ids, wanted, actor, request.reason, expected_versions, write=write
    )


async def _retry(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    request: BulkRequest,
    actor: Actor,
    expected_versions: Versions,
    *,
    write: bool,
) -> list[ChangeOutcome]:
    pushes = {
        order_id: Push("resume", actor, request.reason or "retried", expected_version=expected_versions.get(order_id))
        for order_id in order_ids
    }
    return await status.fire_part(connection, vault, order_ids, pushes, write=write)


async def _cancel(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    request: BulkRequest,
    actor: Actor,
    expected_versions: Versions,
    *,
    write: bool,
) -> list[ChangeOutcome]:
    because = request.parameters.get("because")
    return await cancel_part(
        connection,
        vault,
        order_ids,
        because=CancelReason(because) if because else None,
        actor=actor,
        note=request.reason,
        expected_versions=expected_versions,
        write=write,
    )


# tag, hold, priority, person ──────────────────────────────────────────────────────────────────────────────────────────────


async def _tag(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    request: BulkRequest,
    actor: Actor,
    expected_versions: Versions,
    *,
    write: bool,
) -> list[ChangeOutcome]:
    change = add_tags if request.kind is BulkKind.TAG else remove_tags
    tags = request.parameters["tags"]
    return await change(
        connection, vault, order_ids, tags, actor=actor, expected_versions=expected_versions, write=write
    )


async def _hold(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    request: BulkRequest,
    actor: Actor,
    expected_versions: Versions,
    *,
    write: bool,
) -> list[ChangeOutcome]:
    until = request.parameters.get("until")
    return await place_holds(
        connection,
        vault,
        order_ids,
        HoldReason(request.parameters["hold"]),
        actor=actor,
        note=request.note,
        until=datetime.fromisoformat(until) if until else None,
        expected_versions=expected_versions,
        write=write,
    )


async def _release(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    request: BulkRequest,
    actor: Actor,
    expected_versions: Versions,
    *,
    write: bool,
) -> list[ChangeOutcome]:
    held_for = request.parameters.get("hold")
    reason = HoldReason(held_for) if held_for else None
    return await release_holds(
        connection, vault, order_ids, reason, actor=actor, expected_versions=expected_versions, write=write
    )


async def _prioritise(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    request: BulkRequest,
    actor: Actor,
    expected_versions: Versions,
    *,
    write: bool,
) -> list[ChangeOutcome]:
    level = request.parameters["level"]
    return await prioritise(
        connection, vault, order_ids, level, actor=actor, expected_versions=expected_versions, write=write
    )


async def _assign(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    request: BulkRequest,
    actor: Actor,
    expected_versions: Versions,
    *,
    write: bool,
) -> list[ChangeOutcome]:
    user_id = request.parameters["user_id"]
    assignee = Assignee(UserId(UUID(user_id)), request.parameters["name"]) if user_id else None
    return await assign(
        connection, vault, order_ids, assignee, actor=actor, expected_versions=expected_versions, write=write
    )


# what is asked ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _check_status(request: BulkRequest) -> None:
    if request.parameters.get("status") not in set(OrderStatus):
        raise Refused("bulk.status", f"Give the status: one of {', '.join(OrderStatus)}.")


def _check_cancel(request: BulkRequest) -> None:
    if request.parameters.get("because") not in {None, *CancelReason}:
        raise Refused("bulk.because", f"Give the reason that TikTok is told: one of {', '.join(CancelReason)}.")


def _check_tags(request: BulkRequest) -> None:
    if not [normal_tag(tag) for tag in request.parameters.get("tags", ())]:
        raise Refused("bulk.tags", "Give at least one tag.")


def _check_hold(request: BulkRequest) -> None:
    named = request.parameters.get("hold")
    if named not in set(HoldReason) and not (named is None and request.kind is BulkKind.RELEASE):
        raise Refused("bulk.hold", f"Give the reason of the hold: one of {', '.join(HoldReason)}.")


def _anything(request: BulkRequest) -> None:
    """There is nothing to be wrong."""


def _tagged(request: BulkRequest) -> str:
    done = "tagged" if request.kind is BulkKind.TAG else "untagged"
    return f"{done} {', '.join(normal_tag(tag) for tag in request.parameters['tags'])}"


def _prioritised(request: BulkRequest) -> str:
    level = request.parameters["level"]
    return "priority by ship-by" if level is None else f"priority {level}"


OPERATIONS: Mapping[BulkKind, Operation] = {
    BulkKind.STATUS: Operation(_change_status, lambda request: str(request.parameters["status"]), _check_status),
    BulkKind.RETRY: Operation(_retry, lambda _: "retried", _anything),
    BulkKind.CANCEL: Operation(_cancel, lambda _: "cancelled", _check_cancel),
    BulkKind.TAG: Operation(_tag, _tagged, _check_tags),
    BulkKind.UNTAG: Operation(_tag, _tagged, _check_tags),
    BulkKind.HOLD: Operation(_hold, lambda request: f"held ({request.parameters['hold']})", _check_hold),
    BulkKind.RELEASE: Operation(_release, lambda _: "released", _check_hold),
    BulkKind.PRIORITY: Operation(_prioritise, _prioritised, _anything),
    BulkKind.ASSIGN: Operation(
        _assign, lambda request: f"assigned to {request.parameters['name'] or 'nobody'}", _anything
    ),
    BulkKind.UNDO: Operation(undo_part, lambda _: "put back", _anything),
}
