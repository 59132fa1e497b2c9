"""A bulk change as the command line that does the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

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
    given = request.parameters
    why = ["--reason", request.reason] if request.reason else []
    match request.kind:
        case BulkKind.STATUS:
            return "orders set-status", [*orders, given["status"], *why]
        case BulkKind.TAG:
            return "orders tag", [*orders, *_each("--tag", given["tags"])]
        case BulkKind.UNTAG:
            return "orders untag", [*orders, *_each("--tag", given["tags"])]
        case BulkKind.HOLD:
            return "orders hold", [*orders, "--reason", given["hold"], *_option("--until", given["until"])]
        case BulkKind.RELEASE:
            return "orders release", [*orders, *_option("--reason", given["hold"])]
        case BulkKind.CANCEL:
            return "orders cancel", [*orders, "--reason", given["because"], *_option("--note", request.reason)]
        case BulkKind.PRIORITY:
            return "orders prioritise", [*orders, *_option("--level", given["level"])]
        case BulkKind.ASSIGN:
            return "orders assign", [*orders, *_option("--to", given["user_id"])]
        case BulkKind.RETRY:
            return "orders retry", [*orders, *why]
        case BulkKind.UNDO:
            return "orders undo", [given["batch"], *why]
        case _:
            assert_never(request.kind)


def _option(name: str, value: object) -> list[str]:
    return [] if value is None or value == "" else [name, str(value)]


def _each(name: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (name, value)]
