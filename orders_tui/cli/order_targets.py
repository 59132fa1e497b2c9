"""What the commands of `orders` share: which orders are meant, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import orjson
from cyclopts import Parameter

from engine.errors import Misconfigured, NotFound
from engine.identifiers import OrderId
from engine.orders.views import ChangeOutcome
from orders_tui.cli.exits import Exit
from orders_tui.cli.output import emit, emit_json
from orders_tui.services import Services

Json = Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object a line.")]
Reason = Annotated[str, Parameter(help="Why; history keeps it.")]


async def find_all(services: Services, texts: Sequence[str]) -> list[OrderId]:
    """The order each text names, in order and once; nothing is done when one of them names none."""
    found: dict[OrderId, None] = {}
    for text in texts:
        order_id = await services.find(text)
        if order_id is None:
            raise NotFound(
                "order.not_found", f"There is no order {text!r}: give its order number, package id or tracking number."
            )
        found[order_id] = None
    return list(found)


async def read_targets(services: Services, lines: Iterable[str]) -> list[OrderId]:
    """The orders of a list, one a line: ids, order numbers, or the objects that `orders list --json` gives."""
    words = [word for line in lines if (word := _word(line))]
    known = await services.find_many(words)
    for word in words:
        if word not in known:
            [known[word]] = await find_all(services, [word])
    return list(dict.fromkeys(known[word] for word in words))


def _word(line: str) -> str:
    line = line.strip()
    if not line.startswith("{"):
        return line
    try:
        return str(orjson.loads(line)["order_id"])
    except (orjson.JSONDecodeError, KeyError):
        raise Misconfigured("usage.targets", f"This line names no order: {line[:80]}") from None


def report_outcomes(outcomes: Sequence[ChangeOutcome], *, json: bool, done: str = "") -> int:
    """One line for what became of each order, `done` or its new status; answers the exit code."""
    for outcome in outcomes:
        if json:
            emit_json(outcome)
        elif outcome.refused:
            emit(f"{outcome.order_number}  refused: {outcome.sentence}")
        else:
            emit(f"{outcome.order_number}  {done or f'{outcome.before} → {outcome.after}'}")
    return Exit.REFUSED if any(outcome.refused for outcome in outcomes) else Exit.OK
