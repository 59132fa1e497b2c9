"""Paper on the floor with one key: a wave's pick list, its labels in the order of the bins, its slips; the label in hand again."""

from __future__ import annotations

from typing import assert_never

from engine.identifiers import OrderId
from engine.orders.picking.lines import Scope as Walk
from engine.orders.picking.views import ParcelAtHand
from engine.words import PaperKind
from orders_tui.picking.verdict import Mood
from orders_tui.picking.went import Went
from orders_tui.printing.outcome import ANYWHERE, Where
from orders_tui.state import Session

TWINS = {
    PaperKind.LIST: "print pick-list",
    PaperKind.LABEL: "print labels",
    PaperKind.SLIP: "print packing-slip",
}


async def print_for_walk(session: Session, kind: PaperKind, walk: Walk, name: str, station: str) -> Went:
    """Paper of a wave, or of the one order that is walked. Raises NotFound, Refused, Misconfigured."""
    printing, where = session.services.printing, await _where(session, station)
    wave, orders = walk.wave_id, [walk.order_id] if walk.order_id is not None else []
    arguments = ["--wave", name] if wave is not None else [name]
    match kind:
        case PaperKind.LIST:
            done = await printing.pick_list(orders, wave=wave, where=where)
        case PaperKind.LABEL:
            done = await printing.labels(orders, wave=wave, where=where)
        case PaperKind.SLIP:
            if wave is not None:
                numbers = await _orders_of(session, walk)
                orders, arguments = list(numbers), list(numbers.values())
            done = await printing.packing_slips(orders, where=where)
        case _:
            assert_never(kind)
    return _went(kind, done.sentence, arguments, where, failed=done.failed)


async def print_for_parcel(session: Session, kind: PaperKind, parcel: ParcelAtHand, station: str) -> Went:
    """The label or slip of the parcel in hand, again if need be. Raises NotFound, Refused, Misconfigured."""
    printing, where = session.services.printing, await _where(session, station)
    match kind:
        case PaperKind.LIST:
            done = await printing.pick_list([parcel.order_id], where=where)
        case PaperKind.LABEL:
            done = await printing.labels([parcel.order_id], where=where)
        case PaperKind.SLIP:
            done = await printing.packing_slips([parcel.order_id], where=where)
        case _:
            assert_never(kind)
    return _went(kind, done.sentence, [parcel.order_numbers[0]], where, failed=done.failed)


async def _where(session: Session, station: str) -> Where:
    """This console's station, where it is one that has printers; else as the configuration says."""
    known = {each.code for each in await session.services.printing.stations()}
    return Where(station) if station in known else ANYWHERE


async def _orders_of(session: Session, walk: Walk) -> dict[OrderId, str]:
    stops = await session.services.picking.walk(walk)
    return {order.order_id: order.order_number for stop in stops for order in stop.orders}


def _went(kind: PaperKind, sentence: str, arguments: list[str], where: Where, *, failed: bool) -> Went:
    place = ["--station", where.station] if where.station else []
    mood = Mood.ALARM if failed else Mood.GOOD
    return Went(sentence, mood, f"pick.print_{kind.value}", TWINS[kind], (*arguments, *place))
