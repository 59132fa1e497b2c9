"""Returns and refunds at TikTok: opened by the seller, answered, reckoned before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sync.tiktok.client import TikTokClient
from sync.tiktok.reading import amount, text


@dataclass(frozen=True, slots=True)
class OpenedReturn:
    """TikTok's answer to a return opened by its seller."""

    return_id: str
    return_status: str


@dataclass(frozen=True, slots=True)
class RefundPreview:
    """What the buyer would get back."""

    total: Decimal | None
    currency: str


class ReturnCalls:
    """The returns of one shop."""

    def __init__(self, client: TikTokClient, cipher: str) -> None:
        self._client = client
        self._cipher = cipher

    async def open_return(
        self,
        tiktok_order_id: str,
        *,
        return_reason: str,
        return_type: str,
        line_item_ids: Sequence[str],
        idempotency_key: str,
    ) -> OpenedReturn:
        """Open a return for a buyer. The same key again changes nothing."""
        body: dict[str, Any] = {
            "order_id": tiktok_order_id,
            "return_reason": return_reason,
            "return_type": return_type,
        }
        if line_item_ids:
            body["order_line_item_ids"] = list(line_item_ids)
        data = await self._client.call(
            "returns.create",
            cipher=self._cipher,
            query={"idempotency_key": idempotency_key},
            body=body,
            about={"order_id": tiktok_order_id},
        )
        return OpenedReturn(text(data, "return_id"), text(data, "return_status"))

    async def approve(
        self,
        return_id: str,
        *,
        decision: str,
        buyer_keep_item: bool,
        partial_refund: tuple[Decimal, str] | None,
    ) -> None:
        """Give the buyer what `decision` says. There is no idempotency key: after Ambiguous, read the return first."""
        body: dict[str, Any] = {"decision": decision}
        if buyer_keep_item:
            body["buyer_keep_item"] = True
        if partial_refund is not None:
            body["partial_refund"] = {"amount": str(partial_refund[0]), "currency": partial_refund[1]}
        await self._client.call(
            "returns.approve",
            cipher=self._cipher,
            path={"return_id": return_id},
            body=body,
        )

    async def reject(self, return_id: str, *, decision: str, reject_reason: str, comment: str) -> None:
        """Refuse the buyer what `decision` says, for a reason by TikTok's name. No key either: after Ambiguous, read it first."""
        body = {"decision": decision, "reject_reason": reject_reason, **({"comment": comment} if comment else {})}
        await self._client.call(
            "returns.reject",
            cipher=self._cipher,
            path={"return_id": return_id},
            body=body,
        )

    async def refund_preview(
        self, tiktok_order_id: str, *, request_type: str, reason_name: str, line_item_ids: Sequence[str]
    ) -> RefundPreview:
        """What the buyer would get back; nothing is changed. `request_type` is CANCEL, REFUND or RETURN_AND_REFUND."""
        data = await self._client.call(
            "refunds.calculate",
            cipher=self._cipher,
            body={
                "order_id": tiktok_order_id,
                "request_type": request_type,
                "reason_name": reason_name,
                "order_line_item_ids": list(line_item_ids),
            },
            about={"order_id": tiktok_order_id},
        )
        refund = data.get("refund_amount")
        found: dict[str, Any] = refund if isinstance(refund, dict) else data
        return RefundPreview(amount(found, "refund_total"), text(found, "currency"))
