"""Who sells a parcel's label: TikTok where it ships the order itself, else EasyPost. A provider's reference says whose it is."""

from __future__ import annotations

from engine.errors import Terminal
from engine.identifiers import ShopId
from engine.ports.outcomes import Claim
from engine.ports.requests import ParcelRequest
from sync.shipping.port import Carrier
from sync.shipping.tiktok_shipping import REFERENCE_PREFIX, TikTokShipping, TikTokShippingSettings
from sync.tiktok.connected import ShopDirectory


class Carriers:
    """All providers of labels that this process reaches."""

    def __init__(
        self,
        easypost: Carrier,
        shop_of: ShopDirectory | None = None,
        tiktok_shipping: TikTokShippingSettings | None = None,
    ) -> None:
        self._easypost = easypost
        self._shop_of = shop_of
        self._settings = tiktok_shipping or TikTokShippingSettings()

    async def of(self, claim: Claim, request: ParcelRequest | None, reference: str) -> Carrier:
        """Whom to ask about a claim: by the reference it has, else by how its parcel is shipped. Raises Terminal, Retryable."""
        by_tiktok = request is not None and request.shipping_type == "TIKTOK"
        if reference:
            by_tiktok = reference.startswith(REFERENCE_PREFIX)
        if not by_tiktok:
            return self._easypost
        return await self.of_tiktok(claim.shop_id)

    async def of_tiktok(self, shop_id: ShopId | None) -> Carrier:
        """TikTok Shipping of one shop. Raises Terminal when it is not connected here."""
        if self._shop_of is None or shop_id is None:
            raise Terminal("shop.unknown", "The parcel's shop is not connected here; connect it again, then retry.")
        return TikTokShipping(await self._shop_of(shop_id), self._settings)
