"""The effects "split the order", "combine the packages" and "take the package apart" at TikTok: read first, adopt what is so already.

None of these calls has an idempotency key, and each makes new package ids: the orders are asked before every attempt, and what they
show afterwards is what counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import OrdersError, Terminal
from engine.identifiers import PackageId, ShopId
from engine.ports.outcomes import Claim, Done, Failed, Outcome, PackagesArranged
from engine.ports.requests import PackingRequest
from engine.words import ChannelStatus, EffectKind
from sync.desk import Desk, Handler
from sync.settling import for_each, outcome_of
from sync.tiktok.connected import ConnectedShop, ShopDirectory
from sync.tiktok.mapping import channel_status
from sync.tiktok.parcel_state import not_sent, read_orders
from sync.tiktok.payloads import OrderPayload

_AT_ONCE = 8
_OPEN = frozenset({ChannelStatus.ON_HOLD, ChannelStatus.AWAITING_SHIPMENT, ChannelStatus.PARTIALLY_SHIPPING})

Orders = dict[str, OrderPayload | OrdersError]


def packing_handler(shop_of: ShopDirectory) -> Handler:
    """The handler for `EffectKind.SPLIT_ORDER`, `COMBINE_PACKAGES` and `UNCOMBINE_PACKAGE`."""
    return _Packing(shop_of).handle


class _Packing:
    def __init__(self, shop_of: ShopDirectory) -> None:
        self._shop_of = shop_of

    async def handle(self, claims: Sequence[Claim], desk: Desk) -> None:
        requests = await desk.packing_requests(claims)
        by_shop: dict[ShopId, list[tuple[Claim, PackingRequest]]] = {}
        for claim in claims:
            request = requests.get(claim.effect_id)
            if request is None or claim.shop_id is None:
                # It left, was cancelled, or is packed otherwise by now: there is nothing left to tell.
                await desk.settle(claim, Done(PackagesArranged({})))
            else:
                by_shop.setdefault(claim.shop_id, []).append((claim, request))
        await for_each(by_shop.items(), lambda item: self._pack_for(item[0], item[1], desk), at_once=_AT_ONCE)

    async def _pack_for(self, shop_id: ShopId, batch: list[tuple[Claim, PackingRequest]], desk: Desk) -> None:
        try:
            shop = await self._shop_of(shop_id)
        except OrdersError as error:
            for claim, _ in batch:
                await desk.settle(claim, not_sent(error))
            return
        # One after the other: orders of one parcel are told by the first of them and adopted by the rest.
        for claim, request in batch:
            outcome = await _pack(shop, claim, request, desk)
            if outcome is not None:
                await desk.settle(claim, outcome)
        try:
            numbers = sorted({request.tiktok_order_id for _, request in batch})
            await desk.take_in(shop_id, await shop.orders.by_id(numbers))
        except OrdersError:
            return  # the poll brings it a little later


async def _pack(shop: ConnectedShop, claim: Claim, request: PackingRequest, desk: Desk) -> Outcome | None:
    """The outcome of one claim; None when it must not be settled."""
    try:
        orders = await read_orders(shop, sorted({request.tiktok_order_id, *request.together}))
    except OrdersError as error:
        return not_sent(error)
    order = orders.get(request.tiktok_order_id)
    if isinstance(order, OrdersError):
        return not_sent(order)
    if order is None:
        return Failed(
            "order_unknown", f"TikTok does not know order {request.tiktok_order_id} in this shop; check the shop."
        )
    if channel_status(order.status) not in _OPEN:
        return Done(PackagesArranged({}))  # shipped or cancelled there: packing it is over
    try:
        match claim.kind:
            case EffectKind.SPLIT_ORDER:
                return await _split(shop, order, claim, request, desk)
            case EffectKind.COMBINE_PACKAGES:
                return await _combine(shop, orders, claim, request, desk)
            case _:
                return await _uncombine(shop, order, claim, request, desk)
    except OrdersError as error:
        return not_sent(error)


async def _split(
    shop: ConnectedShop, order: OrderPayload, claim: Claim, request: PackingRequest, desk: Desk
) -> Outcome | None:
    if (packed := _packed_as(order, request)) is not None:
        return Done(PackagesArranged(packed))
    number = request.tiktok_order_id
    attributes = (await shop.packing.split_attributes([number])).get(number)
    if attributes is not None and not attributes.can_split:
        why = attributes.reason or "it gives no reason"
        return Failed(
            "tiktok.cannot_split",
            f"TikTok does not split order {number} ({why.rstrip('.')}); it has it in one package, here it is in "
            f"{len(request.parcels)}: send them as one, or settle it in the seller centre.",
        )
    if not await desk.checkpoint(claim, number):
        return None
    groups = {str(package_id): lines for package_id, lines in request.parcels.items()}
    try:
        made = await shop.packing.split(number, groups)
    except Terminal as error:
        return Failed("tiktok.cannot_split", f"{error.sentence} Here it is in {len(groups)} parcels.")
    except OrdersError as error:
        return outcome_of(error, number)
    return Done(PackagesArranged({key: made[str(key)] for key in request.parcels if made.get(str(key))}))


async def _combine(
    shop: ConnectedShop, orders: Orders, claim: Claim, request: PackingRequest, desk: Desk
) -> Outcome | None:
    if len(request.together) < 2 or claim.package_id is None:
        return Done(PackagesArranged({}))  # taken apart again meanwhile
    if together := _one_package(orders, request):
        return Done(PackagesArranged({claim.package_id: together}))
    if not await desk.checkpoint(claim, request.tiktok_order_id):
        return None
    named = ", ".join(request.together)
    try:
        combined = await shop.packing.combine(str(claim.package_id), request.together)
    except Terminal as error:
        return Failed("tiktok.cannot_combine", error.sentence)
    except OrdersError as error:
        return outcome_of(error, request.tiktok_order_id)
    if combined.refused is not None:
        # Another worker may have been faster with the same parcel.
        again = await read_orders(shop, list(request.together))
        if together := _one_package(again, request):
            return Done(PackagesArranged({claim.package_id: together}))
        why = combined.refused.message.rstrip(".") or "it gives no reason"
        return Failed(
            "tiktok.cannot_combine",
            f"TikTok does not put orders {named} into one package ({why}); there each has its own: take the parcel apart here too.",
        )
    return Done(PackagesArranged({claim.package_id: combined.tiktok_package_id}))


async def _uncombine(
    shop: ConnectedShop, order: OrderPayload, claim: Claim, request: PackingRequest, desk: Desk
) -> Outcome | None:
    number = request.tiktok_order_id
    ids = {line.package_id for line in order.line_items or () if line.package_id}
    if len(ids) != 1:
        return Done(PackagesArranged(_packed_as(order, request) or {}))
    package = await shop.fulfilment.package(ids.pop() or "")
    if package.tiktok_order_ids == (number,) or not package.tiktok_order_ids:
        return Done(PackagesArranged(_packed_as(order, request) or {}))
    if not await desk.checkpoint(claim, number):
        return None
    try:
        await shop.packing.uncombine(package.tiktok_package_id, [number])
    except Terminal as error:
        return Failed(
            "tiktok.cannot_uncombine",
            f"{error.sentence} There it still travels with others; here it has its own parcel.",
        )
    except OrdersError as error:
        return outcome_of(error, number)
    again = (await read_orders(shop, [number])).get(number)
    return Done(PackagesArranged((_packed_as(again, request) if isinstance(again, OrderPayload) else None) or {}))


def _packed_as(order: OrderPayload, request: PackingRequest) -> dict[PackageId, str] | None:
    """TikTok's package of each of our parcels, if each has exactly one of its own there; else None."""
    found: dict[PackageId, str] = {}
    for package_id, lines in request.parcels.items():
        ids = {line.package_id or "" for line in order.line_items or () if line.id in lines}
        if len(ids) != 1 or not (named := ids.pop()) or named in found.values():
            return None
        found[package_id] = named
    return found


def _one_package(orders: Orders, request: PackingRequest) -> str:
    """The package that all of the orders are in; empty while there is none."""
    ids = {
        line.package_id or ""
        for number in request.together
        if isinstance(order := orders.get(number), OrderPayload)
        for line in order.line_items or ()
        if channel_status(line.display_status) is not ChannelStatus.CANCELLED
    }
    known = all(isinstance(orders.get(number), OrderPayload) for number in request.together)
    return ids.pop() if known and len(ids) == 1 else ""
