"""Where TikTok sends what happens in one shop: an address for each event."""

from __future__ import annotations

from sync.tiktok.client import TikTokClient
from sync.tiktok.reading import objects, text

EVENTS = (
    "ORDER_STATUS_CHANGE",
    "RECIPIENT_ADDRESS_UPDATE",
    "PACKAGE_UPDATE",
    "CANCELLATION_STATUS_CHANGE",
    "RETURN_STATUS_CHANGE",
    "PRODUCT_STATUS_CHANGE",
    "PRODUCT_INFORMATION_CHANGE",
    "PRODUCT_CREATION",
    "INVOICE_STATUS_CHANGE",
    "SELLER_DEAUTHORIZATION",
    "UPCOMING_AUTHORIZATION_EXPIRATION",
)
"""What this program asks to be told of, as far as its names are certain; the configuration may add others."""


class WebhookCalls:
    """The webhooks of one shop."""

    def __init__(self, client: TikTokClient, cipher: str) -> None:
        self._client = client
        self._cipher = cipher

    async def registered(self) -> dict[str, str]:
        """Address by event."""
        data = await self._client.call("webhooks.list", cipher=self._cipher)
        return {text(each, "event_type"): text(each, "address") for each in objects(data, "webhooks")}

    async def register(self, event: str, address: str) -> None:
        """Send this event there from now on; the same again changes nothing."""
        await self._client.call(
            "webhooks.set",
            cipher=self._cipher,
            body={"address": address, "event_type": event},
            about={"event": event},
        )

    async def remove(self, event: str) -> None:
        """Send this event nowhere any more."""
        await self._client.call(
            "webhooks.remove", cipher=self._cipher, body={"event_type": event}, about={"event": event}
        )
