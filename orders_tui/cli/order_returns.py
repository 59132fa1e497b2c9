"""`orders-tui orders returns` and `receive-return`: what buyers send back."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.money import Money
from engine.orders.parcels.receiving import ReceivedLine
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json, find_all
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.settings_file import read_settings

Counted = Annotated[tuple[str, ...], Parameter(negative=(), help="SKU=QUANTITY; may be given several times.")]


async def returns(
    order: Annotated[str, Parameter(help="Only those of this order.")] = "",
    *,
    to_receive: Annotated[bool, Parameter(negative=(), help="Only those whose goods nobody has received yet.")] = False,
    limit: Annotated[int, Parameter(help="How many at most.")] = 200,
    json: Json = False,
) -> int:
    """List returns, newest first."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        order_id = (await find_all(services, [order]))[0] if order else None
        found = await services.parcels.returns(order_id, limit=limit, to_receive=to_receive)
    for each in found:
        if json:
            emit_json(each)
            continue
        units = ", ".join(f"{count} × {sku}" for sku, count in each.skus.items()) or "nothing named"  # noqa: RUF001
        refund = f", refund {Money(each.refund_amount, each.currency)}" if each.refund_amount is not None else ""
        received = f", received by {each.received_by}" if each.received_at else ""
        emit(f"{each.return_id}  {each.order_number}  {each.return_type} {each.status}: {units}{refund}{received}")
    return Exit.OK


async def receive_return(
    return_id: Annotated[str, Parameter(help="TikTok's id of the return.")],
    *,
    restocked: Counted = (),
    damaged: Counted = (),
    json: Json = False,
) -> int:
    """Book what came back: good units go on the shelf, damaged ones are kept apart."""
    good, bad = _counted(restocked), _counted(damaged)
    lines = [ReceivedLine(sku, good.get(sku, 0), bad.get(sku, 0)) for sku in dict.fromkeys([*good, *bad])]
    async with open_services(read_settings(), on_wait=narrate) as services:
        await services.parcels.receive_return(return_id, lines)
    if json:
        emit_json({"return_id": return_id, "lines": lines})
    else:
        emit(f"{return_id}  received")
    return Exit.OK


def _counted(texts: tuple[str, ...]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for text in texts:
        sku, _, quantity = text.rpartition("=")
        if not sku or not quantity.isdigit():
            raise Misconfigured("usage.parts", f"{text!r} is not SKU=QUANTITY (for example MUG-BLU=2).")
        counts[sku] = counts.get(sku, 0) + int(quantity)
    return counts
