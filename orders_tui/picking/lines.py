"""Waves, stops, goods and a parcel as text; every state is a word as well as a style."""

from __future__ import annotations

from textual.content import Content

from engine.orders.picking.views import GoingBack, WalkLine, WaveView
from engine.orders.picking.walk import WaitingForWave
from engine.orders.plain_text import plain
from orders_tui.formatting import deadline, fit
from orders_tui.picking.checking import Checking
from orders_tui.state import Viewer

WAVES_HEADING = f"{'wave':<6}{'picked':>9} {'due':>8} {'who':<10}"
WALK_HEADING = f"{'bin':<9}{'SKU':<16}{'picked':>8}  {'name':<20}orders"
BACK_HEADING = f"{'bin':<9}{'SKU':<16}{'units':>6}  {'order':<20}{'why':<22}picked by"

_MOST_ORDERS = 6


def wave_content(wave: WaveView, viewer: Viewer) -> Content:
    """`7     12/31     3h 10m  Ines`, and its name."""
    who = wave.picker or ", ".join(wave.at_it)
    style = "$text-muted" if wave.state == "done" else "bold" if wave.state == "picking" else ""
    count = f"{wave.picked}/{wave.units}" if wave.state != "done" else "done"
    return Content.assemble(
        (f"{wave.number:<6}{count:>9} ", style),
        f"{deadline(wave.nearest_ship_by, viewer):>8} ",
        (fit(who, 10), ""),
        (f" {plain(wave.name)}" if wave.name else "", "$text-muted"),
    )


def waiting_content(waiting: WaitingForWave, viewer: Viewer) -> Content:
    """What waits for a wave at a location."""
    more = "+" if waiting.more else ""
    return Content.assemble(
        (f"{'-':<6}{f'{waiting.units:,}{more}':>9} ", "$text-accent"),
        f"{deadline(waiting.nearest_ship_by, viewer):>8} ",
        (f"{plain(waiting.location)} free", "$text-accent"),
    )


def walk_content(line: WalkLine, me: str) -> Content:
    """One stop: what is picked of it is said in numbers and in a word."""
    numbers = [order.order_number[-6:] for order in line.orders[:_MOST_ORDERS]]
    more = f" +{len(line.orders) - _MOST_ORDERS}" if len(line.orders) > _MOST_ORDERS else ""
    done = not line.left and not line.stopped
    style = "$text-muted" if done else "bold $text-warning" if line.stopped else "bold" if line.picked else ""
    word = ""
    if line.stopped:
        word = f"{line.stopped}  "
    elif line.held_by and line.held_by != me:
        word = f"{plain(line.held_by)} is at it  "
    elif line.held_by:
        word = "yours  "
    elif done:
        word = f"done, {', '.join(map(plain, line.picked_by))}  " if line.picked_by else "done  "
    stopped = [order.stopped for order in line.orders if order.stopped]
    if stopped and not line.stopped:
        word += f"{len(stopped)} {stopped[0]}  "
    return Content.assemble(
        (f"{fit(line.bin or '-', 8)} {fit(line.sku, 15)} ", style),
        (f"{f'{line.picked}/{line.wanted}':>8}  ", style),
        (f"{fit(line.name, 19)} ", "$text-muted" if done else ""),
        (word, "bold $text-warning" if line.stopped else "$text-accent"),
        (f"{' '.join(numbers)}{more}", "$text-muted"),
    )


def back_content(goods: GoingBack) -> Content:
    """Goods, the bin they belong in, and why."""
    return Content.assemble(
        (f"{fit(goods.bin or '-', 8)} {fit(goods.sku, 15)} {goods.units:>6}  ", "bold"),
        fit(goods.order_number, 20),
        (fit(goods.why, 22), "$text-warning"),
        (plain(goods.picked_by), "$text-muted"),
    )


def parcel_content(checking: Checking | None) -> Content:
    """The parcel in hand: the alarm and where its goods go, or what is in it and where it stands."""
    if checking is None:
        return Content.styled(
            "Scan an order, a label or a package. Without a scanner: / and its number.", "$text-muted"
        )
    parcel = checking.parcel
    numbers = ", ".join(map(plain, parcel.order_numbers))
    lines = [Content.assemble(("order ", "$text-muted"), (numbers, "bold"))]
    if parcel.stop:
        lines.append(Content.styled(f" STOP  {parcel.stop} ", "bold reverse" if parcel.alarm else "bold $text-warning"))
        if parcel.alarm and parcel.going_back:
            lines += [Content(""), Content.styled("its goods go back to", "bold")]
            lines += [back_content(goods) for goods in parcel.going_back]
    if not parcel.alarm:
        lines.append(Content(""))
        lines += [
            Content.assemble(
                (f"{checking.seen[part.sku]:>4}/{part.quantity:<4} ", "bold"),
                fit(part.sku, 16),
                (plain(part.name), "$text-muted"),
                ("  checked" if checking.seen[part.sku] >= part.quantity else "", "$text-success"),
            )
            for part in parcel.parts
        ]
    if parcel.package_id is not None:
        label = parcel.label or ("on its way" if parcel.label_wanted else "none yet")
        lines += [Content(""), Content.assemble(("label ", "$text-muted"), plain(label))]
    if parcel.picked_by:
        lines.append(Content.assemble(("picked by ", "$text-muted"), ", ".join(map(plain, parcel.picked_by))))
    if parcel.packed_by:
        at = f" at {plain(parcel.station)}" if parcel.station else ""
        lines.append(Content.assemble(("packed by ", "$text-muted"), f"{plain(parcel.packed_by)}{at}"))
    return Content("\n").join(lines)
