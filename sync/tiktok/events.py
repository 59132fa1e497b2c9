"""The specification's events: what a change at TikTok was for us, whichever way we heard of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from engine.orders.intake import Applied
from engine.ports.facts import OrderFact
from engine.words import ChannelStatus


class OrderEventName(StrEnum):
    """What happened to an order."""

    CREATED = "order.created"
    UPDATED = "order.updated"
    CANCELLED = "order.cancelled"


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One applied change, in the specification's shape."""

    event: OrderEventName
    timestamp: datetime
    order_id: str
    """TikTok's."""
    status: ChannelStatus
    previous_status: ChannelStatus | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As the specification writes it; what is not known is left out."""
        data: dict[str, Any] = {"order_id": self.order_id, "status": str(self.status)}
        if self.previous_status is not None:
            data["previous_status"] = str(self.previous_status)
        if self.metadata:
            data["metadata"] = self.metadata
        return {"event": str(self.event), "timestamp": self.timestamp.isoformat(), "data": data}

    def words(self) -> str:
        """The same in one line."""
        before = f"{self.previous_status} → " if self.previous_status not in {None, self.status} else ""
        return f"{self.event} {self.order_id}: {before}{self.status}"


def event_of(
    fact: OrderFact, applied: Applied | None, previous: ChannelStatus | None = None, **metadata: Any
) -> OrderEvent | None:
    """What applying the fact was; None when it changed nothing."""
    cancelled = fact.channel_status is ChannelStatus.CANCELLED
    match applied:
        case Applied.CREATED:
            name, previous = OrderEventName.CREATED, None
        case Applied.UPDATED if cancelled and previous is not ChannelStatus.CANCELLED:
            name = OrderEventName.CANCELLED
        case Applied.UPDATED:
            name = OrderEventName.UPDATED
        case _:
            return None
    return OrderEvent(name, fact.update_time, fact.tiktok_order_id, fact.channel_status, previous, metadata)
