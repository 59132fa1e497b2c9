"""What a delivery handler may ask of the engine, and how it answers.

A handler is given a batch of claims of one kind. For each claim it must answer exactly once with `settle`, and call `checkpoint`
right before the step that cannot be taken back. No database transaction is open while a handler talks to the network.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from engine.identifiers import EffectId, OrderId, PackageId, ShopId
from engine.ports.outcomes import Claim, Outcome
from engine.ports.requests import AnswerRequest, NoticeRequest, PackingRequest, ParcelRequest, ShipRequest


class Desk(Protocol):
    """The engine as a handler sees it."""

    async def parcel_requests(self, claims: Sequence[Claim]) -> dict[PackageId, ParcelRequest]:
        """What the carrier must know of each claim's package; a package that is gone is absent."""

    async def ship_requests(self, claims: Sequence[Claim]) -> dict[EffectId, ShipRequest]:
        """What TikTok must know of each claim's package, as far as it is the claim's order's; one that is gone is absent."""

    async def tiktok_order_ids(self, claims: Sequence[Claim]) -> dict[OrderId, str]:
        """TikTok's id for each claim's order; an order that is gone is absent."""

    async def answer_requests(self, claims: Sequence[Claim]) -> dict[EffectId, AnswerRequest]:
        """What TikTok must know of each claim's answer to a buyer; a request that is gone is absent."""

    async def packing_requests(self, claims: Sequence[Claim]) -> dict[EffectId, PackingRequest]:
        """How each claim's order is packed here now; one that is in no parcel any more is absent."""

    async def take_in(self, shop_id: ShopId, raw_orders: Sequence[Mapping[str, Any]]) -> None:
        """Keep these orders as TikTok has them now; they are understood like those that polling brings."""

    async def notice_requests(self, claims: Sequence[Claim]) -> dict[EffectId, NoticeRequest]:
        """What each claim's notice says and to whom; a notice that has become pointless is absent."""

    async def hand_over(self, requests: Sequence[NoticeRequest]) -> None:
        """Give these notices to their targets, each of which is tried by itself from then on."""

    async def checkpoint(self, claim: Claim, provider_reference: str) -> bool:
        """Commit that the call is about to be made, with the provider's id for it.

        False means: do not call, and do not settle. The order was cancelled or held meanwhile, or the claim is another worker's now.
        """

    async def settle(self, claim: Claim, outcome: Outcome) -> None:
        """Record what came of the claim and what it means for the order. A lost claim writes nothing."""


Handler = Callable[[Sequence[Claim], Desk], Awaitable[None]]
