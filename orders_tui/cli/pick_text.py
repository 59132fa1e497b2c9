"""Waves, walks and parcels as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from engine.orders.picking.views import Confirmed, GoingBack, ParcelAtHand, ShortPick, WalkLine, WaveView
from engine.orders.picking.walk import WaitingForWave
from engine.orders.plain_text import plain


def wave_line(wave: WaveView) -> str:
    """`7  picking  MAIN  12 orders  10/31 units  3 packed  Ines Falk  Morning`."""
    who = f"  {plain(wave.picker)}" if wave.picker else ""
    return (
        f"{wave.number:<5} {wave.state:<8} {wave.location:<8} {wave.orders:>3} orders {wave.picked:>4}/{wave.units} units"
        f" {wave.parcels_packed:>3} packed{who}  {plain(wave.name)}"
    ).rstrip()


def waiting_line(waiting: WaitingForWave) -> str:
    """What waits at one location."""
    return f"-     waiting  {waiting.location:<8} {waiting.orders:>3} orders {waiting.units:>4} units"


def walk_lines(line: WalkLine) -> Iterator[str]:
    """One stop, and below it its orders."""
    at_it = f"  {plain(line.held_by)} is at it" if line.held_by else ""
    stopped = f"  {line.stopped}" if line.stopped else ""
    yield f"{plain(line.bin) or '-':<10} {plain(line.sku):<20} {line.picked:>4}/{line.wanted:<4} {plain(line.name)}{stopped}{at_it}"
    for order in line.orders:
        why = f"  {order.stopped}" if order.stopped else ""
        yield f"{'':<10}   {order.order_number:<18} {order.picked:>4}/{order.wanted}{why}"


def confirmed_line(done: Confirmed) -> str:
    """What was confirmed, and what is left."""
    finished = f"; picked whole: {', '.join(done.finished)}" if done.finished else ""
    return f"{plain(done.sku)}  {done.units} for {', '.join(done.orders)}, {done.left_of_it} of it and {done.left} in all left{finished}"


def short_lines(found: ShortPick) -> Iterator[str]:
    """What a short pick did."""
    yield f"{plain(found.sku)}  {found.there} there, {found.missing} missing and written off"
    for order in found.orders:
        yield f"  {order.outcome}"
    if found.still_here:
        yield f"  the ledger has {found.still_here} more of it free here: look in other bins, or count it (stock count open)"
    for location, free in found.elsewhere:
        yield f"  {free} of it are free at {location}"


def parcel_lines(parcel: ParcelAtHand) -> Iterator[str]:
    """A parcel: what stops it, or what is in it and where it stands."""
    numbers = ", ".join(parcel.order_numbers)
    if parcel.stop:
        yield f"STOP  {parcel.stop}"
        yield from (back_line(each) for each in parcel.going_back)
        return
    label = parcel.label or ("label on its way" if parcel.label_wanted else "no label yet")
    packed = f", packed by {plain(parcel.packed_by)}" if parcel.packed_by else ""
    at = f" at {plain(parcel.station)}" if parcel.station else ""
    yield f"{numbers}  {label}{packed}{at}"
    for part in parcel.parts:
        yield f"  {part.quantity:>4} {plain(part.sku):<20} {plain(part.name)}"


def back_line(each: GoingBack) -> str:
    """Goods on their way back."""
    by = f", picked by {plain(each.picked_by)}" if each.picked_by else ""
    return f"{plain(each.bin) or '-':<10} {each.units:>4} {plain(each.sku):<20} {each.order_number}  {each.why}{by}"
