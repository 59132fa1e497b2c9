"""Telling TikTok that parcels left.

No call here has an idempotency key: after Ambiguous, read the order first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync.tiktok.client import TikTokClient
from sync.tiktok.reading import text


@dataclass(frozen=True, slots=True)
class MarkedShipped:
    """TikTok's answer to a parcel marked as shipped; `warning` is for a person."""

    tiktok_package_id: str
    warning: str


class FulfilmentCalls:
    """The parcels of one shop."""

    def __init__(self, client: TikTokClient, cipher: str) -> None:
        self._client = client
        self._cipher = cipher

    async def mark_shipped(
        self, tiktok_order_id: str, *, tracking_number: str, shipping_provider_id: str, line_item_ids: Sequence[str]
    ) -> MarkedShipped:
        """Mark these units as shipped with this tracking number."""
        data = await self._client.call(
            "orders.mark_shipped",
            cipher=self._cipher,
            path={"order_id": tiktok_order_id},
            body={
                "tracking_number": tracking_number,
                "shipping_provider_id": shipping_provider_id,
                "order_line_item_ids": list(line_item_ids),
            },
        )
        warning = data.get("warning")
        return MarkedShipped(text(data, "package_id"), text(warning, "message") if isinstance(warning, dict) else "")

    async def update_tracking(
        self, tiktok_order_id: str, *, tracking_number: str, shipping_provider_id: str, tiktok_package_id: str = ""
    ) -> None:
        """Correct the tracking number of a shipped order, or of one of its parcels; TikTok allows it once."""
        body = {"tracking_number": tracking_number, "shipping_provider_id": shipping_provider_id}
        if tiktok_package_id:
            await self._client.call(
                "packages.update_tracking", cipher=self._cipher, path={"package_id": tiktok_package_id}, body=body
            )
        else:
            await self._client.call(
                "orders.update_tracking", cipher=self._cipher, path={"order_id": tiktok_order_id}, body=body
            )
