"""Cancellations at TikTok: the seller's own, and answers to what buyers ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sync.tiktok.client import TikTokClient
from sync.tiktok.reading import objects, text


@dataclass(frozen=True, slots=True)
class CancelledOrder:
    """TikTok's answer to an order cancelled by its seller."""

    cancel_id: str
    cancel_status: str


@dataclass(frozen=True, slots=True)
class RejectReason:
    """Why a request may be rejected now: TikTok's name for it, and its words for people."""

    name: str
    text: str


class AftersalesCalls:
    """The cancellations of one shop."""

    def __init__(self, client: TikTokClient, cipher: str) -> None:
        self._client = client
        self._cipher = cipher

    async def cancel_order(
        self, tiktok_order_id: str, *, cancel_reason: str, line_item_ids: Sequence[str] = ()
    ) -> CancelledOrder:
        """Cancel an order, or single units of it, for a reason by the name that its market has for it.

        There is no idempotency key: after Ambiguous, read the order first.
        """
        body: dict[str, Any] = {"order_id": tiktok_order_id, "cancel_reason": cancel_reason}
        if line_item_ids:
            body["order_line_item_ids"] = list(line_item_ids)
        data = await self._client.call(
            "cancellations.create", cipher=self._cipher, body=body, about={"order_id": tiktok_order_id}
        )
        return CancelledOrder(text(data, "cancel_id"), text(data, "cancel_status"))

    async def approve(self, cancel_id: str, *, idempotency_key: str) -> None:
        """Let the buyer's request stand. The same key again changes nothing."""
        await self._client.call(
            "cancellations.approve",
            cipher=self._cipher,
            path={"cancel_id": cancel_id},
            query={"idempotency_key": idempotency_key},
        )

    async def reject(self, cancel_id: str, *, reject_reason: str, comment: str, idempotency_key: str) -> None:
        """Refuse the buyer's request for a reason by TikTok's name. The same key again changes nothing."""
        body = {"reject_reason": reject_reason, **({"comment": comment} if comment else {})}
        await self._client.call(
            "cancellations.reject",
            cipher=self._cipher,
            path={"cancel_id": cancel_id},
            query={"idempotency_key": idempotency_key},
            body=body,
        )

    async def reject_reasons(self, request_id: str, *, locale: str = "") -> tuple[RejectReason, ...]:
        """Why this cancellation or return may be rejected; the set changes, so it is never kept."""
        query = {"return_or_cancel_id": request_id, **({"locale": locale} if locale else {})}
        data = await self._client.call(
            "aftersales.reject_reasons", cipher=self._cipher, query=query, about={"request_id": request_id}
        )
        return tuple(RejectReason(text(each, "name"), text(each, "text")) for each in objects(data, "reasons"))
