"""Cancellations at TikTok."""

from __future__ import annotations

from dataclasses import dataclass

from sync.tiktok.client import TikTokClient
from sync.tiktok.reading import text


@dataclass(frozen=True, slots=True)
class CancelledOrder:
    """TikTok's answer to an order cancelled by its seller."""

    cancel_id: str
    cancel_status: str


class AftersalesCalls:
    """The cancellations of one shop."""

    def __init__(self, client: TikTokClient, cipher: str) -> None:
        self._client = client
        self._cipher = cipher

    async def cancel_order(self, tiktok_order_id: str, *, cancel_reason: str) -> CancelledOrder:
        """Cancel a whole order, for a reason by the name that its market has for it.

        There is no idempotency key: after Ambiguous, read the order first.
        """
        data = await self._client.call(
            "cancellations.create",
            cipher=self._cipher,
            body={"order_id": tiktok_order_id, "cancel_reason": cancel_reason},
            about={"order_id": tiktok_order_id},
        )
        return CancelledOrder(text(data, "cancel_id"), text(data, "cancel_status"))
