"""Which form mends a cause, made of what the mend needs."""

from __future__ import annotations

from dataclasses import dataclass

from engine.orders.views import FailureView
from orders_tui.modals.mend import correct_address, customs, map_sku, receive_stock, weigh
from orders_tui.modals.question import Question
from orders_tui.reach import MENDABLE
from orders_tui.state import Session


@dataclass(frozen=True, slots=True)
class Mending:
    """A form, the command that does the same, and whether it mends one order or all that failed so."""

    form: Question
    twin: str
    arguments: tuple[str, ...]
    one_order: bool = False


async def mending_for(session: Session, code: str, about: str, failure: FailureView) -> Mending:
    """The form for a failure with this code, one of `MENDABLE`."""
    match code:
        case "out_of_stock":
            return Mending(receive_stock(session, about), "stock receive", (about,))
        case "missing_weight":
            return Mending(weigh(session, about), "product set", (about,))
        case "unmapped_sku":
            return Mending(map_sku(session, about), "product map", (about,))
        case "customs_missing":
            return Mending(customs(session, about), "product set", (about,))
        case "bad_address":
            order = await session.services.detail(failure.order_id)
            form = correct_address(session, order)
            return Mending(form, "orders correct-address", (order.row.order_number,), one_order=True)
        case _:
            raise AssertionError(f"{code} is {'' if code in MENDABLE else 'not '}offered as mendable and has no form")
