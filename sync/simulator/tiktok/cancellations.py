"""Cancellations: by the seller, until the carrier has the parcel; and those of buyers who changed their minds on hold."""

from typing import Any

from sync.simulator.scenario import Fate
from sync.simulator.shop.orders import Order, OrderStatus
from sync.simulator.tiktok import envelope
from sync.simulator.tiktok.envelope import DIALECT, NO_SUCH_ORDER, refusal, success
from sync.simulator.tiktok.gates import Gates
from sync.simulator.tiktok.order_payload import cancel_reason, line_item_id, money, total_cents
from sync.simulator.tiktok.paging import page_size, second, start, strings
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World

SELLER_REASONS = frozenset(
    {
        "seller_cancel_reason_out_of_stock",
        "seller_cancel_reason_wrong_price",
        "seller_cancel_paid_reason_address_not_deliver",
        "seller_cancel_paid_reason_buyer_requested_cancellation",
    }
)
CANCELLABLE = frozenset(
    {
        OrderStatus.ON_HOLD,
        OrderStatus.AWAITING_SHIPMENT,
        OrderStatus.PARTIALLY_SHIPPING,
        OrderStatus.AWAITING_COLLECTION,
    }
)


class CancellationCalls:
    """What TikTok answers about cancellations."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the search and the seller's own cancellation."""
        path = "/return_refund/202309/cancellations"
        gate = Gates(self._world).shop
        return [
            Operation("tiktok.cancellations.search", "POST", f"{path}/search", self.search, DIALECT, gate),
            Operation("tiktok.cancellations.create", "POST", path, self.create, DIALECT, gate, _which),
        ]

    def create(self, call: Call) -> Reply:
        """Cancel a whole order of a seller who gives one of the market's reasons."""
        body = call.json()
        order = self._world.orders.find(str(body.get("order_id")))
        if order is None:
            raise refusal(NO_SUCH_ORDER, "The order does not exist or belongs to another shop.")
        if order.status is OrderStatus.CANCELLED:
            raise refusal(envelope.ALREADY_CANCELLED, "The order is cancelled already.")
        if body.get("cancel_reason") not in SELLER_REASONS:
            raise refusal(envelope.CANCEL_REASON_INVALID, "The cancel reason does not fit the order's status.")
        if order.status not in CANCELLABLE:
            self._world.record("refusal", what="late_cancel")
            raise refusal(envelope.CANCEL_TOO_LATE, "The order's present state does not allow its cancellation.")
        self._world.record("cancelled", order=order.index)
        return success({"cancel_id": cancel_id(order), "cancel_status": "CANCELLATION_REQUEST_SUCCESS"})

    def search(self, call: Call) -> Reply:
        """Return a page of cancellations, oldest first; there are few, so each search looks at all of them."""
        body, size = call.json(), page_size(call, largest=50, default=10)
        since, before = second(body, "update_time_ge"), second(body, "update_time_lt")
        ids, order_ids = strings(body, "cancel_ids"), strings(body, "order_ids")
        rows = [
            self._payload(order)
            for order in self._cancelled_on_hold()
            if (not order_ids or order.id in order_ids)
            and (not ids or cancel_id(order) in ids)
            and (since is None or int(order.cancelled_at or 0) >= since)
            and (before is None or int(order.cancelled_at or 0) < before)
        ]
        first = start(call)
        end = first + size
        return success(
            {
                "cancellations": rows[first:end],
                "next_page_token": str(end) if end < len(rows) else "",
                "total_count": len(rows),
            }
        )

    def _cancelled_on_hold(self) -> list[Order]:
        orders = self._world.orders
        indexes = (index for index, trouble in orders.scenario.troubles().items() if trouble.fate is Fate.CANCELLED)
        arrived = [orders.arrived[index] for index in indexes if index < len(orders.arrived)]
        found = [order for order in arrived if order.cancelled_from is OrderStatus.ON_HOLD]
        return sorted(found, key=lambda order: (order.cancelled_at or 0.0, order.index))

    def _payload(self, order: Order) -> dict[str, Any]:
        details = self._world.orders.details(order.index)
        at = int(order.cancelled_at or 0)
        return {
            "order_id": order.id,
            "cancel_id": cancel_id(order),
            "cancel_type": "CANCEL",
            "cancel_status": "CANCELLATION_REQUEST_COMPLETE",
            "role": "BUYER",
            "cancel_reason": cancel_reason(order),
            "cancel_reason_text": "No longer needed",
            "create_time": at,
            "update_time": at,
            "seller_next_action_response": [],
            "refund_amount": {"currency": "USD", "refund_total": money(total_cents(details))},
            "cancel_line_items": [
                {
                    "cancel_line_item_id": f"{cancel_id(order)[:-2]}{number + 1:02d}",
                    "order_line_item_id": line_item_id(order, number),
                    "sku_id": unit.sku.sku_id,
                    "seller_sku": unit.sku.seller_sku,
                }
                for number, unit in enumerate(details.units)
            ],
        }


def _which(call: Call) -> str:
    return str(call.json().get("order_id"))


def cancel_id(order: Order) -> str:
    """Return the id of the cancellation of an order."""
    return f"4035{order.id[-11:]}0000"
