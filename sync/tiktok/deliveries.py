"""The effects "tell TikTok that the parcel left" and "correct its number": read first, adopt what is already there, then tell.

TikTok offers no idempotency key, so the order itself is asked before every attempt, the first one included: a
cancellation or a hold that no webhook has told us yet is seen here, a parcel told by an earlier attempt whose
answer was lost is adopted, and so is what TikTok ships itself. How a parcel is told depends on the market
(`engine.orders.markets`): marked as shipped here, or shipped as the package it has there (`package_shipping`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.errors import OrdersError, Terminal
from engine.identifiers import ShopId
from engine.orders.markets import Market, Markets, Telling, market_of
from engine.ports.outcomes import Claim, Done, Failed, Outcome, PackageShipped, Postponed
from engine.ports.requests import ShipRequest
from engine.words import EffectKind
from sync.desk import Desk, Handler
from sync.settling import for_each, outcome_of
from sync.tiktok.calls.fulfilment import Handover, SelfShipment
from sync.tiktok.connected import ConnectedShop, ShopDirectory
from sync.tiktok.package_shipping import Parcel, handover_of, refusal, ship_parcels
from sync.tiktok.parcel_state import (
    PLATFORM,
    already_settled,
    match_provider,
    not_sent,
    package_of,
    read_orders,
    shipped_as,
)
from sync.tiktok.payloads import OrderPayload


@dataclass(frozen=True, slots=True)
class ShipSettings:
    """How telling of parcels behaves; `markets` are the owner's own words on what a market asks."""

    at_once: int = 64
    batch_size: int = 20
    """How many packages one call ships; TikTok does not say how many it takes."""
    markets: Markets = field(default_factory=dict)


def ship_package_handler(shop_of: ShopDirectory, settings: ShipSettings | None = None) -> Handler:
    """The handler for `EffectKind.SHIP_PACKAGE` and `EffectKind.UPDATE_TRACKING`."""
    return _ShipDeliveries(shop_of, settings or ShipSettings()).handle


Batch = list[tuple[Claim, ShipRequest]]


class _ShipDeliveries:
    def __init__(self, shop_of: ShopDirectory, settings: ShipSettings) -> None:
        self._shop_of = shop_of
        self._settings = settings

    async def handle(self, claims: Sequence[Claim], desk: Desk) -> None:
        requests = await desk.ship_requests(claims)
        by_shop: dict[ShopId, Batch] = {}
        for claim in claims:
            request = requests.get(claim.effect_id)
            if request is None:
                await desk.settle(
                    claim, Failed("package_gone", "The parcel is no longer there; TikTok was told nothing.")
                )
            else:
                by_shop.setdefault(request.shop_id, []).append((claim, request))
        await for_each(
            by_shop.items(), lambda item: self._ship_for(item[0], item[1], desk), at_once=self._settings.at_once
        )

    async def _ship_for(self, shop_id: ShopId, batch: Batch, desk: Desk) -> None:
        try:
            shop = await self._shop_of(shop_id)
            orders = await read_orders(shop, [request.tiktok_order_id for _, request in batch])
        except OrdersError as error:
            # Nothing was sent, so nothing is unsure, whatever the error says of its own call.
            for claim, _ in batch:
                await desk.settle(claim, not_sent(error))
            return
        telling = _Telling(shop, market_of(shop.region, self._settings.markets), desk)

        async def one(pair: tuple[Claim, ShipRequest]) -> None:
            claim, request = pair
            outcome = await telling.tell(orders.get(request.tiktok_order_id), claim, request)
            if outcome is not None:
                await desk.settle(claim, outcome)

        await for_each(batch, one, at_once=self._settings.at_once)
        parcels = list(telling.parcels.values())
        await ship_parcels(shop, parcels, desk, batch_size=self._settings.batch_size, at_once=self._settings.at_once)


class _Telling:
    """One batch of one shop: what can be told by itself is, what is shipped by package is gathered in `parcels`."""

    def __init__(self, shop: ConnectedShop, market: Market, desk: Desk) -> None:
        self._shop = shop
        self._market = market
        self._desk = desk
        self.parcels: dict[str, Parcel] = {}

    async def tell(
        self, order: OrderPayload | OrdersError | None, claim: Claim, request: ShipRequest
    ) -> Outcome | None:
        """The outcome of one claim; None when it must not be settled, or is not yet."""
        if isinstance(order, OrdersError):
            return not_sent(order)
        if order is None:
            return Failed(
                "order_unknown", f"TikTok does not know order {request.tiktok_order_id} in this shop; check the shop."
            )
        corrects = claim.kind is EffectKind.UPDATE_TRACKING and shipped_as(order, request) is not None
        over = request.cancel_rejected and self._market.reject_by_shipping
        if settled := already_settled(order, request, corrects=corrects, ships_over_request=over):
            return settled
        try:
            if corrects:
                return await self._correct(claim, request)
            if request.shipping_type == PLATFORM:
                return await self._arrange(order, claim, request)
            package_id = package_of(order, request)
            if self._market.seller is Telling.SHIP_PACKAGE or (self._market.seller is Telling.LOOK and package_id):
                return await self._ship_package(package_id, claim, request)
            return await self._mark_shipped(claim, request)
        except OrdersError as error:
            return not_sent(error)

    async def _mark_shipped(self, claim: Claim, request: ShipRequest) -> Outcome | None:
        provider_id = await self._provider_id(request)
        if not await self._desk.checkpoint(claim, request.tracking_number):
            return None
        try:
            marked = await self._shop.fulfilment.mark_shipped(
                request.tiktok_order_id,
                tracking_number=request.tracking_number,
                shipping_provider_id=provider_id,
                line_item_ids=request.tiktok_line_ids,
            )
        except Terminal as error:
            return await refusal(self._shop, request, error)
        except OrdersError as error:
            return outcome_of(error, request.tracking_number)
        return Done(PackageShipped(marked.tiktok_package_id, marked.warning))

    async def _ship_package(self, package_id: str | Failed, claim: Claim, request: ShipRequest) -> Outcome | None:
        if isinstance(package_id, Failed):
            return package_id
        if not package_id:
            return _no_package_yet(request)
        how = SelfShipment(request.tracking_number, await self._provider_id(request))
        self._gather(package_id, how, claim, request)
        return None

    async def _arrange(self, order: OrderPayload, claim: Claim, request: ShipRequest) -> Outcome | None:
        """What TikTok ships itself: its package is adopted, or handed over where the market wants that said."""
        package_id = package_of(order, request)
        if isinstance(package_id, Failed):
            return package_id
        if not package_id:
            if self._market.tiktok is Telling.SHIP_PACKAGE:
                return _no_package_yet(request)
            return Failed(
                "tiktok.not_arranged",
                f"TikTok ships order {request.tiktok_order_id} and shows no package of it yet; buy its label from TikTok first.",
            )
        if self._market.tiktok is Telling.CREATE_PACKAGE:
            return Done(PackageShipped(package_id))
        package = await self._shop.fulfilment.package(package_id)
        if package.tracking_number:
            return Done(PackageShipped(package.tiktok_package_id))
        if package_id not in self.parcels:
            how = await handover_of(self._shop, self._market, package_id)
            self._gather(package_id, how, claim, request)
        else:
            self._gather(package_id, self.parcels[package_id].how, claim, request)
        return None

    async def _correct(self, claim: Claim, request: ShipRequest) -> Outcome | None:
        if refused := _not_to_correct(self._market, request):
            return refused
        provider_id = await self._provider_id(request)
        if not await self._desk.checkpoint(claim, request.tracking_number):
            return None
        try:
            await self._shop.fulfilment.update_tracking(
                request.tiktok_order_id,
                tracking_number=request.tracking_number,
                shipping_provider_id=provider_id,
                tiktok_package_id=request.tiktok_package_id,
            )
        except Terminal as error:
            return await refusal(self._shop, request, error)
        except OrdersError as error:
            return outcome_of(error, request.tracking_number)
        return Done(PackageShipped(""))

    def _gather(self, package_id: str, how: SelfShipment | Handover, claim: Claim, request: ShipRequest) -> None:
        parcel = self.parcels.setdefault(package_id, Parcel(package_id, how))
        parcel.claims.append((claim, request))

    async def _provider_id(self, request: ShipRequest) -> str:
        providers = await self._shop.logistics.shipping_providers(request.delivery_option_id)
        provider = match_provider(providers, request.carrier)
        if provider is None:
            names = ", ".join(sorted(provider.name for provider in providers)) or "none"
            raise Terminal(
                "unknown_provider",
                f"TikTok does not accept the carrier {request.carrier!r} for order {request.tiktok_order_id}; "
                f"buy a label of one that it accepts: {names}.",
            )
        return provider.provider_id


def _no_package_yet(request: ShipRequest) -> Postponed:
    return Postponed(
        "tiktok.no_package_yet",
        f"TikTok shows no package of order {request.tiktok_order_id} yet; it is looked for again.",
        None,
    )


def _not_to_correct(market: Market, request: ShipRequest) -> Failed | None:
    if request.corrected_before:
        return Failed(
            "tiktok.tracking_corrected",
            f"The tracking number of order {request.tiktok_order_id} was corrected once, which is all that TikTok allows; "
            "correct it in the seller centre.",
        )
    hours = market.correction_hours
    if hours and request.told_hours_ago > hours:
        return Failed(
            "tiktok.tracking_fixed",
            f"Order {request.tiktok_order_id} was told more than {hours} hours ago: TikTok no longer takes another tracking "
            "number for it; correct it in the seller centre.",
        )
    return None
