"""The effect "tell TikTok that the order is cancelled": read first, since there is no idempotency key and somebody may have been faster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.errors import OrdersError, Terminal
from engine.identifiers import OrderId, ShopId
from engine.ports.outcomes import Claim, Done, Failed, OrderCancelled, Outcome
from engine.words import ChannelStatus
from sync.desk import Desk, Handler
from sync.settling import for_each, outcome_of
from sync.tiktok.cancel_reasons import Names, name_of
from sync.tiktok.connected import ConnectedShop, ShopDirectory
from sync.tiktok.mapping import channel_status
from sync.tiktok.parcel_state import not_sent, read_orders
from sync.tiktok.payloads import OrderPayload

_GONE = frozenset({ChannelStatus.IN_TRANSIT, ChannelStatus.DELIVERED, ChannelStatus.COMPLETED})


@dataclass(frozen=True, slots=True)
class CancelSettings:
    """How cancelling behaves; `names` are the owner's own names for reasons, by market."""

    at_once: int = 16
    names: Names = field(default_factory=dict)


def cancel_order_handler(shop_of: ShopDirectory, settings: CancelSettings | None = None) -> Handler:
    """The handler for `EffectKind.CANCEL_ORDER`."""
    return _Cancellations(shop_of, settings or CancelSettings()).handle


class _Cancellations:
    def __init__(self, shop_of: ShopDirectory, settings: CancelSettings) -> None:
        self._shop_of = shop_of
        self._settings = settings

    async def handle(self, claims: Sequence[Claim], desk: Desk) -> None:
        numbers = await desk.tiktok_order_ids(claims)
        by_shop: dict[ShopId, list[Claim]] = {}
        for claim in claims:
            if claim.shop_id is None or claim.order_id not in numbers:
                await desk.settle(claim, Failed("order_gone", "The order is no longer there; TikTok was told nothing."))
            else:
                by_shop.setdefault(claim.shop_id, []).append(claim)
        await for_each(
            by_shop.items(),
            lambda item: self._cancel_for(item[0], item[1], numbers, desk),
            at_once=self._settings.at_once,
        )

    async def _cancel_for(self, shop_id: ShopId, batch: list[Claim], numbers: dict[OrderId, str], desk: Desk) -> None:
        try:
            shop = await self._shop_of(shop_id)
            orders = await read_orders(shop, [numbers[claim.order_id] for claim in batch if claim.order_id])
        except OrdersError as error:
            for claim in batch:
                await desk.settle(claim, not_sent(error))
            return

        async def one(claim: Claim) -> None:
            assert claim.order_id is not None
            number = numbers[claim.order_id]
            outcome = await self._cancel(shop, orders.get(number), claim, number, desk)
            if outcome is not None:
                await desk.settle(claim, outcome)
            if isinstance(outcome, Done) and _lines(claim):
                await _take_in(shop, shop_id, number, desk)

        await for_each(batch, one, at_once=self._settings.at_once)

    async def _cancel(
        self, shop: ConnectedShop, order: OrderPayload | OrdersError | None, claim: Claim, number: str, desk: Desk
    ) -> Outcome | None:
        """The outcome of one claim; None when it must not be settled."""
        if isinstance(order, OrdersError):
            return not_sent(order)
        if order is None:
            return Failed("order_unknown", f"TikTok does not know order {number} in this shop; check the shop.")
        status, lines = channel_status(order.status), _lines(claim)
        if status is ChannelStatus.CANCELLED or _are_cancelled(order, lines):
            return Done(OrderCancelled())
        if status in _GONE:
            return _too_late(number, lines)
        if not await desk.checkpoint(claim, claim.provider_reference):
            return None
        name = name_of(str(claim.request.get("reason") or ""), shop.region, self._settings.names)
        try:
            cancelled = await shop.aftersales.cancel_order(number, cancel_reason=name, line_item_ids=lines)
        except Terminal as error:
            if error.code in {"tiktok.already_cancelled", "tiktok.order_cancelled"}:
                return Done(OrderCancelled()) if not lines else Failed(error.code, error.sentence)
            if error.code in {"tiktok.too_late_to_cancel", "tiktok.already_shipped"}:
                return _too_late(number, lines)
            return Failed(error.code, error.sentence)
        except OrdersError as error:
            return outcome_of(error)
        return Done(OrderCancelled(cancelled.cancel_id))


async def _take_in(shop: ConnectedShop, shop_id: ShopId, number: str, desk: Desk) -> None:
    """What is left of an order is known here as soon as it is known there."""
    try:
        await desk.take_in(shop_id, await shop.orders.by_id([number]))
    except OrdersError:
        return  # the poll brings it a little later


def _lines(claim: Claim) -> tuple[str, ...]:
    """The units that a claim is about; none where it is about the whole order."""
    return tuple(str(claim.request.get("lines") or "").split(",")) if claim.request.get("lines") else ()


def _are_cancelled(order: OrderPayload, lines: tuple[str, ...]) -> bool:
    status_of = {line.id: channel_status(line.display_status) for line in order.line_items or ()}
    return bool(lines) and all(status_of.get(line) is ChannelStatus.CANCELLED for line in lines)


def _too_late(number: str, lines: tuple[str, ...]) -> Failed:
    if lines:
        return Failed(
            "cancel_refused",
            f"TikTok shows order {number} as shipped and cancels none of its units; agree on a refund.",
        )
    return Failed(
        "cancel_refused",
        f"Order {number} is cancelled here, but TikTok shows it as shipped and does not cancel it; "
        "let it arrive and agree on a return with the buyer, or settle it in the seller centre.",
    )
