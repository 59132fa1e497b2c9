"""What each kind of bulk change does to a part of a batch.

An operation locks the orders of its part, decides and writes them set-wise, and answers for every one of them; without `write` it only
decides. It runs in a transaction of the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from engine.actors import Actor
from engine.errors import Refused
from engine.identifiers import OrderId
from engine.orders import status
from engine.orders.bulk_views import BulkKind
from engine.orders.undoing import undo_part
from engine.orders.views import ChangeOutcome
from engine.privacy.cipher import Vault
from engine.words import OrderStatus
from engine.workflow.advance import Push

Parameters = Mapping[str, Any]
Versions = Mapping[OrderId, int]


class Change(Protocol):
    """Does it to the orders of one part."""

    async def __call__(
        self,
        connection: Any,
        vault: Vault,
        order_ids: Sequence[OrderId],
        parameters: Parameters,
        actor: Actor,
        expected_versions: Versions,
        *,
        write: bool,
    ) -> list[ChangeOutcome]: ...


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind. `words` says what becomes of an order, as a participle; `check` raises Refused for parameters without sense."""

    change: Change
    words: Callable[[Parameters], str]
    check: Callable[[Parameters], None]


def _no_check(parameters: Parameters) -> None:
    """Any parameters do."""


# status ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _change_status(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    parameters: Parameters,
    actor: Actor,
    expected_versions: Versions,
    *,
    write: bool,
) -> list[ChangeOutcome]:
    wanted = OrderStatus(parameters["status"])
    return await status.change_part(
        connection, vault, order_ids, wanted, actor, parameters["reason"], expected_versions, write=write
    )


def _check_status(parameters: Parameters) -> None:
    if parameters.get("status") not in set(OrderStatus):
        raise Refused("bulk.status", f"Give the status: one of {', '.join(OrderStatus)}.")


# retry, cancel ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _retry(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    parameters: Parameters,
    actor: Actor,
    expected_versions: Versions,
    *,
    write: bool,
) -> list[ChangeOutcome]:
    push = Push("resume", actor, parameters["reason"] or "retried")
    return await _fire(connection, vault, order_ids, push, expected_versions, write=write)


async def _cancel(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    parameters: Parameters,
    actor: Actor,
    expected_versions: Versions,
    *,
    write: bool,
) -> list[ChangeOutcome]:
    push = Push("cancel", actor, parameters["reason"], by_person=True)
    outcomes = await _fire(connection, vault, order_ids, push, expected_versions, write=write)
    return [
        replace(outcome, code="cancel.unchanged", sentence=f"Order {outcome.order_number} is cancelled already.")
        if outcome.refused and outcome.before is OrderStatus.CANCELLED
        else outcome
        for outcome in outcomes
    ]


async def _fire(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    push: Push,
    expected_versions: Versions,
    *,
    write: bool,
) -> list[ChangeOutcome]:
    pushes = dict.fromkeys(order_ids, push) | {
        order_id: replace(push, expected_version=version) for order_id, version in expected_versions.items()
    }
    return await status.fire_part(connection, vault, order_ids, pushes, write=write)


OPERATIONS: Mapping[BulkKind, Operation] = {
    BulkKind.STATUS: Operation(_change_status, lambda asked: str(asked["status"]), _check_status),
    BulkKind.RETRY: Operation(_retry, lambda _: "retried", _no_check),
    BulkKind.CANCEL: Operation(_cancel, lambda _: "cancelled", _no_check),
    BulkKind.UNDO: Operation(undo_part, lambda _: "put back", _no_check),
}
