"""`orders-tui orders` for parcels: split, combine, uncombine, hand-over, void-label, buy-label; and cancel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from engine.errors import Misconfigured, NotFound, Refused
from engine.identifiers import PackageId
from engine.words import CancelReason
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_targets import Json, Reason, find_all, report_outcomes
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.opening import open_services
from orders_tui.services import Services
from orders_tui.settings_file import read_settings

DryRun = Annotated[bool, Parameter(negative=(), help="Say what would happen, change nothing.")]
Order = Annotated[str, Parameter(help="Order number, package id or tracking number.")]
Parcel = Annotated[str, Parameter(help="The order of one parcel, a package id or a tracking number.")]


async def cancel(
    *orders: Annotated[str, Parameter(help="Orders.", name="ORDER...")],
    reason: Annotated[CancelReason, Parameter(help="Why; TikTok is told it by its own name.")],
    note: Annotated[str, Parameter(help="More about why; history keeps it.")] = "",
    lines: Annotated[
        tuple[str, ...],
        Parameter(negative=(), help="Only so many of these, out of stock: SKU=QUANTITY; may be given several times."),
    ] = (),
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Cancel orders that have not left: stock and labels go back, TikTok is told."""
    if not orders:
        raise Misconfigured("usage.targets", "Give at least one order: orders cancel ORDER... --reason ...")
    if lines:
        return await _cancel_units(
            orders, reason, [part_of(text) for text in lines], note=note, dry_run=dry_run, json=json
        )
    async with open_services(read_settings(), on_wait=narrate) as services:
        order_ids = await find_all(services, orders)
        outcomes = await services.parcels.cancel(order_ids, reason, note=note, write=not dry_run)
    return report_outcomes(outcomes, json=json)


async def _cancel_units(
    orders: Sequence[str], reason: CancelReason, parts: list[tuple[str, int]], *, note: str, dry_run: bool, json: bool
) -> int:
    if len(orders) != 1 or dry_run or reason is not CancelReason.OUT_OF_STOCK:
        raise Misconfigured(
            "usage.lines",
            "Single items are cancelled of one order, out of stock, and without --dry-run: --lines SKU=QUANTITY.",
        )
    async with open_services(read_settings(), on_wait=narrate) as services:
        [order_id] = await find_all(services, orders)
        units = await services.parcels.cancel_units(order_id, parts, note=note)
    return _done(
        {"order_id": order_id, "units": units}, f"{orders[0]}  {len(units)} asked for; TikTok is told", json=json
    )


async def split(
    order: Order,
    *parts: Annotated[str, Parameter(help="What goes into the other parcel: SKU=QUANTITY.", name="SKU=QUANTITY...")],
    available: Annotated[
        bool, Parameter(negative=(), help="Ship what is in stock; the rest waits for its stock.")
    ] = False,
    reason: Reason = "",
    json: Json = False,
) -> int:
    """Split an order into two parcels."""
    if available == bool(parts):
        raise Misconfigured("usage.parts", "Say what to move (SKU=QUANTITY ...), or --available to ship what is there.")
    async with open_services(read_settings(), on_wait=narrate) as services:
        [order_id] = await find_all(services, [order])
        if available:
            package_id = await services.parcels.ship_what_is_there(order_id, reason=reason)
        else:
            package_id = await services.parcels.split(order_id, [part_of(text) for text in parts], reason=reason)
    return _done(
        {"order_id": order_id, "package_id": package_id}, f"{order}  split: the other parcel is {package_id}", json=json
    )


async def combine(
    *orders: Annotated[str, Parameter(help="Orders of one buyer, at most 20.", name="ORDER...")],
    reason: Reason = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Put orders of one buyer into one parcel."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        order_ids = await find_all(services, orders)
        result = await services.parcels.combine(order_ids, reason=reason, write=not dry_run)
    if json:
        emit_json(result)
    else:
        for verdict in result.verdicts:
            emit(f"{verdict.order_number}  {f'refused: {verdict.sentence}' if verdict.code else 'goes into it'}")
        if result.package_id is not None:
            emit(f"combined in parcel {result.package_id}")
    return Exit.REFUSED if result.refused else Exit.OK


async def uncombine(parcel: Parcel, *, reason: Reason = "", json: Json = False) -> int:
    """Take a combined parcel apart, while its label is not bought."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        order_ids = await services.parcels.uncombine(await _parcel(services, parcel), reason=reason)
    return _done({"order_ids": order_ids}, f"{len(order_ids)} orders have parcels of their own again", json=json)


async def hand_over(
    *parcels: Annotated[str, Parameter(help="Parcels.", name="PARCEL...")], reason: Reason = "", json: Json = False
) -> int:
    """Say that parcels left the house, all or none of them."""
    if not parcels:
        raise Misconfigured("usage.targets", "Give at least one parcel: orders hand-over PARCEL...")
    async with open_services(read_settings(), on_wait=narrate) as services:
        package_ids = [await _parcel(services, text) for text in parcels]
        await services.parcels.hand_over(package_ids, reason=reason)
    return _done({"package_ids": package_ids}, f"{len(package_ids)} handed over", json=json)


async def void_label(
    parcel: Parcel,
    *,
    reason: Reason,
    buy_again: Annotated[bool, Parameter(negative=(), help="Buy another one once it is voided.")] = False,
    json: Json = False,
) -> int:
    """Give a parcel's label back to the carrier."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        package_id = await _parcel(services, parcel)
        await services.parcels.void_label(package_id, reason=reason, buy_again=buy_again)
    return _done({"package_id": package_id}, f"{parcel}  its label goes back", json=json)


async def buy_label(parcel: Parcel, *, reason: Reason = "", json: Json = False) -> int:
    """Buy another label for a parcel whose label was voided."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        package_id = await _parcel(services, parcel)
        await services.parcels.buy_label(package_id, reason=reason)
    return _done({"package_id": package_id}, f"{parcel}  another label is bought", json=json)


async def _parcel(services: Services, text: str) -> PackageId:
    """The parcel that a tracking number or package id names, or an order's only one."""
    [order_id] = await find_all(services, [text])
    detail = await services.detail(order_id)
    live = await services.parcels.of_order(order_id)
    named = [
        package.package_id
        for package in detail.packages
        if package.package_id in live and text in {str(package.package_id), package.tracking_number}
    ]
    if named or len(live) == 1:
        return (named or live)[0]
    if not live:
        raise NotFound("parcel.none", f"Order {detail.row.order_number} has no parcel yet.")
    listed = ", ".join(str(package_id) for package_id in live)
    raise Refused("parcel.which", f"Order {detail.row.order_number} has {len(live)} parcels: name one of {listed}.")


def part_of(text: str) -> tuple[str, int]:
    """A SKU and how many of it. Raises Misconfigured."""
    sku, _, quantity = text.rpartition("=")
    if not sku or not quantity.isdigit():
        raise Misconfigured("usage.parts", f"{text!r} is not SKU=QUANTITY (for example MUG-BLU=2).")
    return sku, int(quantity)


def _done(document: dict[str, object], line: str, *, json: bool) -> int:
    if json:
        emit_json(document)
    else:
        emit(line)
    return Exit.OK
