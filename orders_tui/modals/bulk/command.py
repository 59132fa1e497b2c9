"""A bulk change as the command line that does the same."""

from __future__ import annotations

from engine.identifiers import BatchId
from engine.orders.bulk.requests import BulkKind, BulkRequest
from orders_tui.modals.bulk.chosen import Chosen

SHOW_BATCH = "batch show"


def command_of(request: BulkRequest, chosen: Chosen, batch_id: BatchId) -> tuple[str, list[str]]:
    """The command and what follows it. What all matched at that moment no command can name again: its batch is shown instead.

    A hold's note may be personal and is left out.
    """
    if chosen.matching is not None:
        return SHOW_BATCH, [str(batch_id)]
    orders = [
        chosen.seen[order_id].order_number if order_id in chosen.seen else str(order_id)
        for order_id in chosen.order_ids
    ]
    value = [word for each in _values(request) for word in ("--to", each)]
    until = request.parameters.get("until")
    ends = ["--hold-until", until] if until else []
    return "orders bulk", [request.kind, *orders, *value, *ends, "--reason", request.reason or "from the console"]


def _values(request: BulkRequest) -> list[str]:
    given = request.parameters
    match request.kind:
        case BulkKind.STATUS:
            return [given["status"]]
        case BulkKind.TAG | BulkKind.UNTAG:
            return list(given["tags"])
        case BulkKind.HOLD | BulkKind.RELEASE:
            return [given["hold"]] if given.get("hold") else []
        case BulkKind.CANCEL:
            return [given["because"]] if given.get("because") else []
        case BulkKind.PRIORITY:
            return ["auto" if given["level"] is None else str(given["level"])]
        case BulkKind.ASSIGN:
            return [given["user_id"] or "nobody"]
        case BulkKind.RETRY | BulkKind.UNDO:
            return []
