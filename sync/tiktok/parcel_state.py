"""What an order at TikTok already says of a parcel of ours: told, told otherwise, on hold, cancelled, or still to be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import OrdersError
from engine.ports.outcomes import Done, Failed, Outcome, PackageShipped, Postponed
from engine.ports.requests import ShipRequest
from engine.words import ChannelStatus
from sync.settling import outcome_of
from sync.tiktok.calls.logistics import ShippingProvider
from sync.tiktok.connected import ConnectedShop
from sync.tiktok.mapping import channel_status
from sync.tiktok.payloads import LineItem, OrderPayload, read_order

HOLD_RETRY_SECONDS = 60.0
PLATFORM = "TIKTOK"
"""The shipping type of what goes with TikTok's own label."""


@dataclass(frozen=True, slots=True)
class ShippedAs:
    """TikTok's package and the tracking numbers that units have already."""

    tiktok_package_id: str
    numbers: frozenset[str]

    def is_ours(self, request: ShipRequest) -> bool:
        """Whether that is our parcel; one with TikTok's label is, whatever its number has become."""
        return request.shipping_type == PLATFORM or self.numbers == {normal(request.tracking_number)}


async def read_orders(shop: ConnectedShop, ids: list[str]) -> dict[str, OrderPayload | OrdersError]:
    """These orders as TikTok has them now; one that cannot be read is its error, an unknown one is absent."""
    orders: dict[str, OrderPayload | OrdersError] = {}
    for raw in await shop.orders.by_id(ids):
        try:
            orders[str(raw.get("id"))] = read_order(raw)
        except OrdersError as error:
            orders[str(raw.get("id"))] = error
    return orders


def not_sent(error: OrdersError) -> Outcome:
    """What an error means that came before anything was sent: nothing is unsure."""
    outcome = outcome_of(error)
    if isinstance(outcome, Failed | Postponed):
        return outcome
    return Postponed(error.code, error.sentence, None)


def already_settled(
    order: OrderPayload, request: ShipRequest, *, corrects: bool, ships_over_request: bool
) -> Outcome | None:
    """What the order's present state already decides; None when the parcel is to be told.

    With `corrects` another number is what is to be corrected, not a reason to stop; with `ships_over_request` shipping is how a
    person's no is told to a buyer who asks to cancel.
    """
    match channel_status(order.status):
        case ChannelStatus.CANCELLED:
            return cancelled(request)
        case ChannelStatus.UNPAID | ChannelStatus.ON_HOLD:
            return Postponed(
                "tiktok.on_hold",
                f"Order {request.tiktok_order_id} is still on hold at TikTok; it is tried again later.",
                HOLD_RETRY_SECONDS,
                burns_attempt=False,
            )
        case _:
            pass
    if found := shipped_as(order, request):
        if found.is_ours(request):
            return Done(PackageShipped(found.tiktok_package_id))
        return None if corrects else shipped_otherwise(request, found.numbers)
    if order.is_buyer_request_cancel and not ships_over_request:
        # Shipping would refuse the buyer's request in their face: a person decides.
        return Failed(
            "cancel_requested",
            f"The buyer asks to cancel order {request.tiktok_order_id}; approve or reject that, then it goes on.",
            unless_rejected=not request.cancel_rejected,
        )
    return None


def shipped_as(order: OrderPayload, request: ShipRequest) -> ShippedAs | None:
    """What these units are shipped as already; None when they are not."""
    lines = [line for line in _lines(order, request) if line.tracking_number]
    if not lines:
        return None
    numbers = frozenset(normal(line.tracking_number or "") for line in lines)
    return ShippedAs(next((line.package_id for line in lines if line.package_id), ""), numbers)


def package_of(order: OrderPayload, request: ShipRequest) -> str | Failed:
    """TikTok's package that is this very parcel; empty while there is none."""
    lines = _lines(order, request)
    ids = {line.package_id or "" for line in lines}
    if ids in (set(), {""}):
        return ""
    inside = {line.id for line in order.line_items or () if line.package_id in ids and not _is_cancelled(line)}
    if len(ids) > 1 or inside != {line.id for line in lines}:
        return Failed(
            "tiktok.packed_otherwise",
            f"TikTok has the units of this parcel of order {request.tiktok_order_id} in {_packages(ids)}, "
            "not in one of their own; split or combine it there as it is here, then retry.",
        )
    return ids.pop()


def cancelled(request: ShipRequest) -> Failed:
    """The order is cancelled there."""
    return Failed(
        "order_cancelled",
        f"Order {request.tiktok_order_id} was cancelled at TikTok; keep the parcel here and void its label.",
    )


def shipped_otherwise(request: ShipRequest, numbers: frozenset[str]) -> Failed:
    """The units went with another number than ours."""
    theirs = ", ".join(sorted(numbers)) or "a number that it does not show"
    return Failed(
        "already_shipped_elsewhere",
        f"TikTok knows order {request.tiktok_order_id} as shipped with {theirs}, "
        f"not with our {request.tracking_number}; correct the number in the seller centre or void our label.",
    )


def match_provider(providers: Sequence[ShippingProvider], carrier: str) -> ShippingProvider | None:
    """TikTok's provider for a carrier's name, whatever the case and spaces; an exact name before a longer one."""
    wanted = normal(carrier)
    if not wanted:
        return None
    for provider in providers:
        if normal(provider.name) == wanted:
            return provider
    longer = [provider for provider in providers if normal(provider.name).startswith(wanted)]
    return longer[0] if len(longer) == 1 else None


def normal(text: str) -> str:
    """A tracking number or a name, whatever its case and spaces."""
    return "".join(character for character in text.upper() if character.isalnum())


def _lines(order: OrderPayload, request: ShipRequest) -> list[LineItem]:
    wanted = set(request.tiktok_line_ids)
    return [line for line in order.line_items or () if line.id in wanted and not _is_cancelled(line)]


def _is_cancelled(line: LineItem) -> bool:
    return channel_status(line.display_status) is ChannelStatus.CANCELLED


def _packages(ids: set[str]) -> str:
    named = sorted(package_id or "no package" for package_id in ids)
    return named[0] if len(named) == 1 else " and ".join(named)
