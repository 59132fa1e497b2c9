"""Shipping packages that exist at TikTok already: with the seller's own carrier, or handed to TikTok's; one by one or many by one call.

A call for many succeeds as a whole and names those that were refused: each is judged alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.errors import OrdersError, Terminal
from engine.orders.markets import Market
from engine.ports.outcomes import Claim, Done, Failed, Outcome, PackageShipped, Postponed
from engine.ports.requests import ShipRequest
from sync.desk import Desk
from sync.settling import for_each, outcome_of
from sync.tiktok.calls.fulfilment import Handover, SelfShipment
from sync.tiktok.connected import ConnectedShop
from sync.tiktok.parcel_state import cancelled, not_sent, read_orders, shipped_as, shipped_otherwise
from sync.tiktok.payloads import OrderPayload


@dataclass(slots=True)
class Parcel:
    """One package at TikTok, how it is shipped, and the claims that this settles: one for each order in it."""

    tiktok_package_id: str
    how: SelfShipment | Handover
    claims: list[tuple[Claim, ShipRequest]] = field(default_factory=list)


async def handover_of(shop: ConnectedShop, market: Market, tiktok_package_id: str) -> Handover:
    """How a package gets to TikTok's courier: as the market prefers it, where that can be had. Raises OrdersError."""
    possible = await shop.fulfilment.handover_slots(tiktok_package_id)
    pickup = Handover("PICKUP", possible.slots[0]) if possible.can_pickup and possible.slots else None
    drop_off = Handover("DROP_OFF") if possible.can_drop_off else None
    first, second = (pickup, drop_off) if market.handover == "PICKUP" else (drop_off, pickup)
    how = first or second
    if how is None:
        raise Terminal(
            "tiktok.no_handover",
            f"TikTok offers neither a pickup nor a drop-off for package {tiktok_package_id}; arrange it in the seller centre.",
        )
    return how


async def ship_parcels(
    shop: ConnectedShop, parcels: Sequence[Parcel], desk: Desk, *, batch_size: int, at_once: int
) -> None:
    """Ship these packages, many by one call, and settle their claims."""
    chunks = [parcels[start : start + batch_size] for start in range(0, len(parcels), batch_size)]
    await for_each(chunks, lambda chunk: _ship_chunk(shop, chunk, desk), at_once=at_once)


async def _ship_chunk(shop: ConnectedShop, chunk: Sequence[Parcel], desk: Desk) -> None:
    going = [parcel for parcel in chunk if await _passes(parcel, desk)]
    if len(going) == 1:
        await _ship_one(shop, going[0], desk)
    elif going:
        await _ship_many(shop, going, desk)


async def _passes(parcel: Parcel, desk: Desk) -> bool:
    """Whether every claim of the package may go; what passed in vain waits for the others."""
    passed = [(claim, await desk.checkpoint(claim, _reference(parcel, request))) for claim, request in parcel.claims]
    if all(ok for _, ok in passed):
        return True
    for claim, ok in passed:
        if ok:
            sentence = (
                f"Another order in package {parcel.tiktok_package_id} may not be shipped yet; it is tried again later."
            )
            await desk.settle(claim, Postponed("tiktok.waits_for_others", sentence, 30.0, burns_attempt=False))
    return False


async def _ship_one(shop: ConnectedShop, parcel: Parcel, desk: Desk) -> None:
    try:
        await shop.fulfilment.ship_package(parcel.tiktok_package_id, parcel.how)
    except OrdersError as error:
        await _settle_refused(shop, parcel, error, desk)
    else:
        await _settle_shipped(parcel, desk)


async def _ship_many(shop: ConnectedShop, parcels: Sequence[Parcel], desk: Desk) -> None:
    try:
        refused = await shop.fulfilment.ship_packages({parcel.tiktok_package_id: parcel.how for parcel in parcels})
    except Terminal:
        # The call as a whole is refused: nothing is shipped, and one of them may be why.
        for parcel in parcels:
            await _ship_one(shop, parcel, desk)
        return
    except OrdersError as error:
        for parcel in parcels:
            await _settle_refused(shop, parcel, error, desk)
        return
    for parcel in parcels:
        part = refused.get(parcel.tiktok_package_id)
        if part is None:
            await _settle_shipped(parcel, desk)
        else:
            doing = f"ship package {parcel.tiktok_package_id}"
            await _settle_refused(shop, parcel, part.meant(doing), desk)


async def _settle_shipped(parcel: Parcel, desk: Desk) -> None:
    for claim, _ in parcel.claims:
        await desk.settle(claim, Done(PackageShipped(parcel.tiktok_package_id)))


async def _settle_refused(shop: ConnectedShop, parcel: Parcel, error: OrdersError, desk: Desk) -> None:
    for claim, request in parcel.claims:
        if isinstance(error, Terminal):
            outcome = await refusal(shop, request, error)
        else:
            outcome = outcome_of(error, _reference(parcel, request))
        await desk.settle(claim, outcome)


async def refusal(shop: ConnectedShop, request: ShipRequest, error: Terminal) -> Outcome:
    """What a refusal to ship means; one because it was shipped already is looked at first."""
    if error.code == "tiktok.order_cancelled":
        return cancelled(request)
    if error.code == "tiktok.cancel_requested":
        return Failed("cancel_requested", error.sentence, unless_rejected=not request.cancel_rejected)
    if error.code == "tiktok.package_cancelled":
        # Split, combined or changed meanwhile: the next try reads which package took its place.
        return Postponed(error.code, error.sentence, None)
    if error.code != "tiktok.already_shipped":
        return Failed(error.code, error.sentence)
    try:
        orders = await read_orders(shop, [request.tiktok_order_id])
    except OrdersError as unreadable:
        return not_sent(unreadable)
    order = orders.get(request.tiktok_order_id)
    found = shipped_as(order, request) if isinstance(order, OrderPayload) else None
    if found is not None and found.is_ours(request):
        return Done(PackageShipped(found.tiktok_package_id))
    return shipped_otherwise(request, found.numbers if found else frozenset())


def _reference(parcel: Parcel, request: ShipRequest) -> str:
    return request.tracking_number or parcel.tiktok_package_id
