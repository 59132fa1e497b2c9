"""The effect "tell TikTok that the parcel left": read first, adopt what is already there, then mark as shipped.

TikTok offers no idempotency key, so the order itself is asked before every attempt, the first one included: a
cancellation or a hold that no webhook has told us yet is seen here, and a parcel marked by an earlier attempt whose
answer was lost is adopted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import OrdersError, Terminal
from engine.identifiers import ShopId
from engine.ports import Claim, Done, Failed, Outcome, PackageShipped, Postponed, ShipRequest
from engine.words import ChannelStatus, EffectKind
from sync.desk import Desk, Handler
from sync.settling import for_each, outcome_of
from sync.tiktok.calls.logistics import ShippingProvider
from sync.tiktok.connected import ConnectedShop, ShopDirectory
from sync.tiktok.mapping import channel_status
from sync.tiktok.payloads import OrderPayload, read_order


@dataclass(frozen=True, slots=True)
class ShipSettings:
    """How marking as shipped behaves."""

    at_once: int = 16
    hold_retry_seconds: float = 60.0


def ship_package_handler(shop_of: ShopDirectory, settings: ShipSettings | None = None) -> Handler:
    """The handler for `EffectKind.SHIP_PACKAGE` and `EffectKind.UPDATE_TRACKING`."""
    deliveries = _ShipDeliveries(shop_of, settings or ShipSettings())
    return deliveries.handle


class _ShipDeliveries:
    def __init__(self, shop_of: ShopDirectory, settings: ShipSettings) -> None:
        self._shop_of = shop_of
        self._settings = settings

    async def handle(self, claims: Sequence[Claim], desk: Desk) -> None:
        requests = await desk.ship_requests(claims)
        by_shop: dict[ShopId, list[tuple[Claim, ShipRequest]]] = {}
        for claim in claims:
            request = requests.get(claim.effect_id)
            if request is None:
                await desk.settle(
                    claim, Failed("package_gone", "The parcel is no longer there; TikTok was told nothing.")
                )
            elif request.shipping_type == "TIKTOK":
                # Such a parcel has its label and number from TikTok: there is nothing that we could tell.
                sentence = (
                    f"TikTok arranges the shipping of order {request.tiktok_order_id} itself; nothing is to be told."
                )
                await desk.settle(claim, Failed("tiktok.not_ours_to_ship", sentence))
            else:
                by_shop.setdefault(request.shop_id, []).append((claim, request))
        await for_each(
            by_shop.items(), lambda item: self._ship_for(item[0], item[1], desk), at_once=self._settings.at_once
        )

    async def _ship_for(self, shop_id: ShopId, batch: list[tuple[Claim, ShipRequest]], desk: Desk) -> None:
        try:
            shop = await self._shop_of(shop_id)
            orders = await read_orders(shop, [request.tiktok_order_id for _, request in batch])
        except OrdersError as error:
            # Nothing was sent, so nothing is unsure, whatever the error says of its own call.
            for claim, _ in batch:
                await desk.settle(claim, not_sent(error))
            return

        async def one(pair: tuple[Claim, ShipRequest]) -> None:
            claim, request = pair
            outcome = await self._ship(shop, orders.get(request.tiktok_order_id), claim, request, desk)
            if outcome is not None:
                await desk.settle(claim, outcome)

        await for_each(batch, one, at_once=self._settings.at_once)

    async def _ship(
        self,
        shop: ConnectedShop,
        order: OrderPayload | OrdersError | None,
        claim: Claim,
        request: ShipRequest,
        desk: Desk,
    ) -> Outcome | None:
        """The outcome of one claim; None when it must not be settled."""
        if isinstance(order, OrdersError):
            return not_sent(order)
        if order is None:
            return Failed(
                "order_unknown", f"TikTok does not know order {request.tiktok_order_id} in this shop; check the shop."
            )
        corrects = claim.kind is EffectKind.UPDATE_TRACKING and _shipped_as(order, request) is not None
        if settled := self._already_settled(order, request, corrects=corrects):
            return settled
        try:
            provider_id = await self._provider_id(shop, request)
        except OrdersError as error:
            return not_sent(error)
        if not await desk.checkpoint(claim, request.tracking_number):
            return None
        try:
            if corrects:
                await shop.fulfilment.update_tracking(
                    request.tiktok_order_id,
                    tracking_number=request.tracking_number,
                    shipping_provider_id=provider_id,
                    tiktok_package_id=request.tiktok_package_id,
                )
                return Done(PackageShipped(""))
            marked = await shop.fulfilment.mark_shipped(
                request.tiktok_order_id,
                tracking_number=request.tracking_number,
                shipping_provider_id=provider_id,
                line_item_ids=request.tiktok_line_ids,
            )
        except Terminal as error:
            return await self._refused(shop, request, error)
        except OrdersError as error:
            return outcome_of(error, request.tracking_number)
        return Done(PackageShipped(marked.tiktok_package_id, marked.warning))

    def _already_settled(self, order: OrderPayload, request: ShipRequest, *, corrects: bool) -> Outcome | None:
        """What the order's present state already decides; None when the parcel is to be told.

        With `corrects` another number is what is to be corrected, not a reason to stop.
        """
        match channel_status(order.status):
            case ChannelStatus.CANCELLED:
                return _cancelled(request)
            case ChannelStatus.UNPAID | ChannelStatus.ON_HOLD:
                return Postponed(
                    "tiktok.on_hold",
                    f"Order {request.tiktok_order_id} is still on hold at TikTok; it is tried again later.",
                    self._settings.hold_retry_seconds,
                    burns_attempt=False,
                )
            case _:
                pass
        if found := _shipped_as(order, request):
            package_id, numbers = found
            if numbers == {_normal(request.tracking_number)}:
                return Done(PackageShipped(package_id))
            return None if corrects else _shipped_otherwise(request, numbers)
        if order.is_buyer_request_cancel:
            # Shipping would refuse the buyer's request in their face: a person decides.
            return Failed(
                "cancel_requested",
                f"The buyer asks to cancel order {request.tiktok_order_id}; answer in the seller centre, then retry.",
            )
        return None

    async def _provider_id(self, shop: ConnectedShop, request: ShipRequest) -> str:
        providers = await shop.logistics.shipping_providers(request.delivery_option_id)
        provider = match_provider(providers, request.carrier)
        if provider is None:
            names = ", ".join(sorted(provider.name for provider in providers)) or "none"
            raise Terminal(
                "unknown_provider",
                f"TikTok does not accept the carrier {request.carrier!r} for order {request.tiktok_order_id}; "
                f"buy a label of one that it accepts: {names}.",
            )
        return provider.provider_id

    async def _refused(self, shop: ConnectedShop, request: ShipRequest, error: Terminal) -> Outcome:
        if error.code == "tiktok.order_cancelled":
            return _cancelled(request)
        if error.code == "tiktok.cancel_requested":
            return Failed("cancel_requested", error.sentence)
        if error.code != "tiktok.already_shipped":
            return Failed(error.code, error.sentence)
        try:
            orders = await read_orders(shop, [request.tiktok_order_id])
        except OrdersError as unreadable:
            return not_sent(unreadable)
        order = orders.get(request.tiktok_order_id)
        found = _shipped_as(order, request) if isinstance(order, OrderPayload) else None
        if found and found[1] == {_normal(request.tracking_number)}:
            return Done(PackageShipped(found[0]))
        return _shipped_otherwise(request, found[1] if found else set())


async def read_orders(shop: ConnectedShop, ids: list[str]) -> dict[str, OrderPayload | OrdersError]:
    """These orders as TikTok has them now; one that cannot be read is its error, an unknown one is absent."""
    orders: dict[str, OrderPayload | OrdersError] = {}
    for raw in await shop.orders.by_id(ids):
        try:
            orders[str(raw.get("id"))] = read_order(raw)
        except OrdersError as error:
            orders[str(raw.get("id"))] = error
    return orders


def match_provider(providers: Sequence[ShippingProvider], carrier: str) -> ShippingProvider | None:
    """TikTok's provider for a carrier's name, whatever the case and spaces; an exact name before a longer one."""
    wanted = _normal(carrier)
    if not wanted:
        return None
    for provider in providers:
        if _normal(provider.name) == wanted:
            return provider
    longer = [provider for provider in providers if _normal(provider.name).startswith(wanted)]
    return longer[0] if len(longer) == 1 else None


def _shipped_as(order: OrderPayload, request: ShipRequest) -> tuple[str, set[str]] | None:
    """TikTok's package id and the tracking numbers that these units already have; None when they have none."""
    wanted = set(request.tiktok_line_ids)
    lines = [line for line in order.line_items or () if line.id in wanted and line.tracking_number]
    if not lines:
        return None
    numbers = {_normal(line.tracking_number or "") for line in lines}
    return next((line.package_id for line in lines if line.package_id), ""), numbers


def _normal(text: str) -> str:
    return "".join(character for character in text.upper() if character.isalnum())


def not_sent(error: OrdersError) -> Outcome:
    """What an error means that came before anything was sent: nothing is unsure."""
    outcome = outcome_of(error)
    if isinstance(outcome, Failed | Postponed):
        return outcome
    return Postponed(error.code, error.sentence, None)


def _cancelled(request: ShipRequest) -> Failed:
    return Failed(
        "order_cancelled",
        f"Order {request.tiktok_order_id} was cancelled at TikTok; keep the parcel here and void its label.",
    )


def _shipped_otherwise(request: ShipRequest, numbers: set[str]) -> Failed:
    theirs = ", ".join(sorted(numbers)) or "a number that it does not show"
    return Failed(
        "already_shipped_elsewhere",
        f"TikTok knows order {request.tiktok_order_id} as shipped with {theirs}, "
        f"not with our {request.tracking_number}; correct the number in the seller centre or void our label.",
    )
