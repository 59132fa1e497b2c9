"""Lists, slips and sheets as lines for a screen, from the same values as the paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.paper.labels import LabelSheet
from engine.paper.left_out import LeftOut
from engine.paper.pick_lists import PickLine, PickList
from engine.paper.slips import PackingSlip, Slips

NO_ADDRESS = "TikTok does not show the address: it is on the label."


def counted(count: int, word: str) -> str:
    """`1 unit`, `2 units`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def heading_of(content: PickList) -> str:
    """What is on a pick list, in numbers."""
    orders = len(content.order_ids)
    return f"{counted(len(content.lines), 'line')}, {counted(content.units, 'unit')}, {counted(orders, 'order')}"


def ship_by_text(ship_by: datetime | None) -> str:
    """A deadline at the place where it holds."""
    return f"{ship_by:%m-%d %H:%M}" if ship_by else ""


def orders_text(line: PickLine) -> str:
    """Which orders a line is for; how many for each where they differ from one."""
    return " ".join(f"{number}×{units}" if units != 1 else number for number, units in line.orders)  # noqa: RUF001


def parcel_text(slip: PackingSlip) -> str:
    """How a parcel travels, and who sold what is in it."""
    way = " ".join(part for part in (slip.carrier, slip.tracking_number) if part) or "no label yet"
    return f"{slip.shop}   {way}"


def pick_list_text(content: PickList) -> list[str]:
    """A pick list, line by line."""
    lines = [f"Pick list: {content.title}", heading_of(content)]
    location = None
    bins = max((len(line.bin or "no bin") for line in content.lines), default=0)
    skus = max((len(line.sku) for line in content.lines), default=0)
    for line in content.lines:
        if line.location != location:
            location = line.location
            lines += ["", f"Location {location}"]
        due = f"  by {ship_by_text(line.ship_by)}" if line.ship_by else ""
        lines.append(f"[ ] {line.bin or 'no bin':<{bins}}  {line.units:>4,}  {line.sku:<{skus}}  {line.name}{due}")
        lines.append(f"    {'':<{bins}}        {orders_text(line)}")
    return lines + left_out_text(content.left_out, "Not on this list")


def slips_text(content: Slips) -> list[str]:
    """Packing slips, one below the other."""
    lines: list[str] = []
    for slip in content.slips:
        lines += [*slip_text(slip), ""]
    return lines[:-1] + left_out_text(content.left_out, "No slip")


def slip_text(slip: PackingSlip) -> list[str]:
    """One packing slip, line by line."""
    lines = [f"Packing slip   {parcel_text(slip)}", "Ship to"]
    lines += [f"    {line}" for line in slip.ship_to or (NO_ADDRESS,)]
    for order in slip.orders:
        lines += ["", f"Order {order.order_number}   {order.ordered_on}{'   a gift' if order.gift else ''}"]
        lines += [f"  {item.units:>4,}  {item.sku}  {item.name}" for item in order.items]
    return [*lines, f"{counted(slip.units, 'unit')} in this parcel"]


def sheet_text(content: LabelSheet) -> list[str]:
    """A sheet of labels as a list, in printing order."""
    lines = [counted(len(content.labels), "label")]
    bins = max((len(label.bin or "no bin") for label in content.labels), default=0)
    for place, label in enumerate(content.labels, 1):
        numbers = ", ".join(label.order_numbers)
        lines.append(
            f"{place:>4}  {label.bin or 'no bin':<{bins}}  {numbers}  {label.carrier} {label.tracking_number}".rstrip()
        )
    return lines + left_out_text(content.left_out, "No label")


def left_out_text(left_out: Sequence[LeftOut], heading: str) -> list[str]:
    """What is not there, and why."""
    if not left_out:
        return []
    return ["", f"{heading}: {len(left_out):,}", *(f"{each.order_number}  {each.sentence}" for each in left_out)]
