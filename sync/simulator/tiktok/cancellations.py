"""Cancellations: by the seller, until the carrier has the parcel; and those of buyers who changed their minds on hold."""

from collections.abc import Mapping
from typing import Any

from sync.simulator.scenario import Fate
from sync.simulator.shop.cancel_requests import PENDING, SUCCESS, CancelRequest
from sync.simulator.shop.orders import Order, OrderStatus
from sync.simulator.tiktok import envelope
from sync.simulator.tiktok.envelope import DIALECT, NO_SUCH_ORDER, refusal, success
from sync.simulator.tiktok.gates import Gates
from sync.simulator.tiktok.order_payload import cancel_reason, line_item_id, money, total_cents
from sync.simulator.tiktok.paging import page_size, second, start, strings
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World

ROOT = "/return_refund/202309"
_PLAIN = frozenset({"seller_cancel_reason_out_of_stock", "seller_cancel_reason_wrong_price"})
SELLER_REASONS: Mapping[str, frozenset[str]] = {
    "US": _PLAIN
    | {
        "seller_cancel_paid_reason_address_not_deliver",
        "seller_cancel_paid_reason_buyer_requested_cancellation",
    },
    "GB": frozenset(
        {
            "seller_cancel_reason_out_of_stock_uk",
            "seller_cancel_reason_wrong_price_uk",
            "seller_cancel_paid_reason_address_not_deliver_uk",
        }
    ),
}
"""By market; the others have the two plain ones."""
REJECT_REASONS: Mapping[str, str] = {
    "seller_reject_apply_product_has_been_packed": "The product has been packed",
    "order_manage_list_action_respond_popup_reject_reason_agreed": "I reached an agreement with the buyer",
}
CANCELS_UNITS = frozenset({"US", "GB"})
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
        path = f"{ROOT}/cancellations"
        gate = Gates(self._world).shop
        return [
            Operation("tiktok.cancellations.search", "POST", f"{path}/search", self.search, DIALECT, gate),
            Operation("tiktok.cancellations.create", "POST", path, self.create, DIALECT, gate, _which),
            Operation(
                "tiktok.cancellations.approve", "POST", f"{path}/{{id}}/approve", self.approve, DIALECT, gate, _id
            ),
            Operation("tiktok.cancellations.reject", "POST", f"{path}/{{id}}/reject", self.reject, DIALECT, gate, _id),
            Operation("tiktok.reject_reasons", "GET", f"{ROOT}/reject_reasons", self.reject_reasons, DIALECT, gate),
        ]

    def create(self, call: Call) -> Reply:
        """Cancel an order, or units of it, for a seller who gives one of the market's reasons."""
        body, region = call.json(), self._world.scenario.region
        order = self._world.orders.find(str(body.get("order_id")))
        if order is None:
            raise refusal(NO_SUCH_ORDER, "The order does not exist or belongs to another shop.")
        if order.status is OrderStatus.CANCELLED:
            raise refusal(envelope.ALREADY_CANCELLED, "The order is cancelled already.")
        reason = body.get("cancel_reason")
        if reason not in SELLER_REASONS.get(region, _PLAIN):
            raise refusal(envelope.CANCEL_REASON_INVALID, "The cancel reason does not fit the order's status.")
        if order.status not in CANCELLABLE:
            self._world.record("refusal", what="late_cancel")
            raise refusal(envelope.CANCEL_TOO_LATE, "The order's present state does not allow its cancellation.")
        if lines := strings(body, "order_line_item_ids"):
            return self._cancel_units(order, lines, str(reason))
        self._world.record("cancelled", order=order.index)
        return success({"cancel_id": cancel_id(order), "cancel_status": SUCCESS})

    def _cancel_units(self, order: Order, lines: list[str], reason: str) -> Reply:
        if self._world.scenario.region not in CANCELS_UNITS or "out_of_stock" not in reason:
            raise refusal(envelope.CANCEL_REASON_INVALID, "Single items are cancelled for being out of stock only.")
        going = {line_item_id(order, unit): unit for unit in self._world.orders.going_units(order)}
        if not all(line in going for line in lines):
            raise refusal(envelope.ALREADY_CANCELLED, "Some of the items are cancelled already, or none of the order.")
        units = sorted({going[line] for line in lines})
        if not self._world.packages.shipped_units(order).isdisjoint(units):
            raise refusal(envelope.CANCEL_TOO_LATE, "Some of the items are shipped already.")
        request = self._world.record("units_cancelled", order=order.index, units=units, reason=reason)
        return success({"cancel_id": request.id, "cancel_status": request.status})

    def approve(self, call: Call) -> Reply:
        """Let a buyer's request stand."""
        return self._answer(call, approved=True)

    def reject(self, call: Call) -> Reply:
        """Refuse a buyer's request, for one of the reasons that there are."""
        reason = call.json().get("reject_reason")
        if reason not in self._reject_reasons():
            raise refusal(envelope.REJECT_REASON_INVALID, "The reject reason is not one that may be given.")
        return self._answer(call, approved=False, reject_reason=str(reason))

    def _answer(self, call: Call, *, approved: bool, reject_reason: str = "") -> Reply:
        request = self._world.cancel_requests.find(call.path_values["id"])
        if request is None:
            raise refusal(envelope.NO_SUCH_REQUEST, "The cancellation does not exist or belongs to another shop.")
        key = call.value("idempotency_key") or ""
        if request.status != PENDING:
            if key and key == request.key:
                return success({})
            raise refusal(envelope.DECISION_DOES_NOT_FIT, "The decision does not fit the request's present status.")
        self._world.record(
            "cancel_answered",
            request=request.number,
            approved=approved,
            by="SELLER",
            reject_reason=reject_reason,
            key=key,
        )
        return success({})

    def reject_reasons(self, call: Call) -> Reply:
        """Return why a request may be rejected, in this market."""
        if not call.value("return_or_cancel_id"):
            raise refusal(envelope.CATCH_ALL, "Invalid parameters: return_or_cancel_id is required.", 400)
        return success({"reasons": [{"name": name, "text": text} for name, text in self._reject_reasons().items()]})

    def _reject_reasons(self) -> Mapping[str, str]:
        return reject_reasons_of(self._world.scenario.region)

    def search(self, call: Call) -> Reply:
        """Return a page of cancellations, oldest first; there are few, so each search looks at all of them."""
        body, size = call.json(), page_size(call, largest=50, default=10)
        since, before = second(body, "update_time_ge"), second(body, "update_time_lt")
        ids, order_ids = strings(body, "cancel_ids"), strings(body, "order_ids")
        statuses, kinds = strings(body, "cancel_status"), strings(body, "cancel_types")
        orders, requests = self._world.orders, self._world.cancel_requests.all
        found = [self._payload(order) for order in self._cancelled_on_hold() if orders.shows(order.index)]
        found += [self._request_payload(request) for request in requests if orders.shows(request.order.index)]
        rows = [
            row
            for row in sorted(found, key=lambda row: row["update_time"])
            if (not order_ids or row["order_id"] in order_ids)
            and (not ids or row["cancel_id"] in ids)
            and (not kinds or row["cancel_type"] in kinds)
            and (not statuses or row["cancel_status"] in _as_answered(statuses))
            and (since is None or row["update_time"] >= since)
            and (before is None or row["update_time"] < before)
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

    def _request_payload(self, request: CancelRequest) -> dict[str, Any]:
        order, details = request.order, self._world.orders.details(request.order.index)
        pending = request.status == PENDING
        whole = len(request.units) == len(details.units)
        cents = total_cents(details) if whole else sum(details.units[unit].sale_cents for unit in request.units)
        return {
            "order_id": order.id,
            "cancel_id": request.id,
            "cancel_type": "BUYER_CANCEL" if request.by == "BUYER" else "CANCEL",
            "cancel_status": request.status,
            "role": request.by,
            "cancel_reason": request.reason,
            "cancel_reason_text": "No longer needed" if request.by == "BUYER" else "Out of stock",
            "create_time": int(request.created_at),
            "update_time": int(request.updated_at),
            "seller_next_action_response": (
                [{"action": "SELLER_RESPOND_CANCEL", "deadline": int(request.deadline)}] if pending else []
            ),
            "refund_amount": {"currency": "USD", "refund_total": money(cents)},
            "cancel_line_items": [
                {
                    "cancel_line_item_id": f"{request.id[:-2]}{number + 1:02d}",
                    "order_line_item_id": line_item_id(order, unit),
                    "sku_id": details.units[unit].sku.sku_id,
                    "seller_sku": details.units[unit].sku.seller_sku,
                }
                for number, unit in enumerate(request.units)
            ],
        }


def reject_reasons_of(region: str) -> dict[str, str]:
    """Return why requests may be rejected in a market, by TikTok's names."""
    return {name + ("_uk" if region == "GB" else ""): words for name, words in REJECT_REASONS.items()}


def _as_answered(statuses: list[str]) -> set[str]:
    """The filter spells one status otherwise than the rows do."""
    return {f"{status}LED" if status.endswith("_CANCEL") else status for status in statuses}


def _id(call: Call) -> str:
    return call.path_values["id"]


def _which(call: Call) -> str:
    return str(call.json().get("order_id"))


def cancel_id(order: Order) -> str:
    """Return the id of the cancellation of an order."""
    return f"4035{order.id[-11:]}0000"
