"""Returns: searched, opened by the seller, answered; and what a refund would come to."""

from decimal import Decimal, InvalidOperation
from typing import Any

from sync.simulator.shop.orders import Order, OrderStatus
from sync.simulator.shop.returns import BECOMES, Return
from sync.simulator.tiktok import envelope
from sync.simulator.tiktok.cancellations import reject_reasons_of
from sync.simulator.tiktok.envelope import CATCH_ALL, DIALECT, NO_SUCH_ORDER, refusal, success
from sync.simulator.tiktok.gates import Gates
from sync.simulator.tiktok.order_payload import line_item_id, money
from sync.simulator.tiktok.paging import page_size, second, start, strings
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World

ROOT = "/return_refund/202309"
MAY_RETURN = frozenset({OrderStatus.IN_TRANSIT, OrderStatus.DELIVERED, OrderStatus.AWAITING_COLLECTION})
KINDS = ("REFUND", "RETURN_AND_REFUND")


class ReturnCalls:
    """What TikTok answers about returns."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the operations on returns."""
        shop = Gates(self._world).shop

        def operation(what: str, method: str, path: str, handle: Any) -> Operation:
            return Operation(f"tiktok.returns.{what}", method, ROOT + path, handle, DIALECT, shop, _which)

        return [
            operation("search", "POST", "/returns/search", self.search),
            operation("create", "POST", "/returns", self.create),
            operation("approve", "POST", "/returns/{id}/approve", self.approve),
            operation("reject", "POST", "/returns/{id}/reject", self.reject),
            operation("records", "GET", "/returns/{id}/records", self.records),
            operation("calculate", "POST", "/refunds/calculate", self.calculate),
        ]

    def search(self, call: Call) -> Reply:
        """Return a page of returns, oldest change first."""
        body, size = call.json(), page_size(call, largest=50, default=10)
        ids, order_ids, statuses = (strings(body, name) for name in ("return_ids", "order_ids", "return_status"))
        since, before = second(body, "update_time_ge"), second(body, "update_time_lt")
        rows = [
            self._payload(each)
            for each in sorted(self._world.returns.all, key=lambda each: (each.updated_at, each.number))
            if (not ids or each.id in ids)
            and (not order_ids or each.order.id in order_ids)
            and (not statuses or each.status in statuses)
            and (since is None or int(each.updated_at) >= since)
            and (before is None or int(each.updated_at) < before)
        ]
        first = start(call)
        end = first + size
        return success(
            {
                "return_orders": rows[first:end],
                "next_page_token": str(end) if end < len(rows) else "",
                "total_count": len(rows),
            }
        )

    def create(self, call: Call) -> Reply:
        """Open a return for a buyer; the same key again answers with the same return."""
        body, key = call.json(), call.value("idempotency_key") or ""
        if known := self._world.returns.of_key(key):
            return success({"return_id": known.id, "return_status": known.status})
        order = self._order(body)
        if body.get("return_type") not in KINDS or not body.get("return_reason"):
            raise refusal(CATCH_ALL, "Invalid parameters: return_type and return_reason are required.", 400)
        if order.status not in MAY_RETURN:
            raise refusal(envelope.DECISION_DOES_NOT_FIT, "The order's present status allows no return.")
        units = self._units(order, body)
        made = self._world.record(
            "return_opened",
            order=order.index,
            units=units,
            what=body["return_type"],
            role="SELLER",
            reason=str(body["return_reason"]),
            refund_cents=self._cents(order, units),
            key=key,
        )
        return success({"return_id": made.id, "return_status": made.status})

    def approve(self, call: Call) -> Reply:
        """Give the buyer what the decision says."""
        return self._answer(call, "APPROVE", "ISSUE", "OFFER")

    def reject(self, call: Call) -> Reply:
        """Refuse the buyer, for one of the reasons that there are."""
        if call.json().get("reject_reason") not in reject_reasons_of(self._world.scenario.region):
            raise refusal(envelope.REJECT_REASON_INVALID, "The reject reason is not one that may be given.")
        return self._answer(call, "REJECT")

    def records(self, call: Call) -> Reply:
        """Return what happened to a return."""
        made = self._find(call.path_values["id"])
        records = [{"event": "RETURN_OPENED", "create_time": int(made.created_at), "role": made.role}]
        if made.decision:
            records.append({"event": made.decision, "create_time": int(made.updated_at), "role": "SELLER"})
        return success({"records": records})

    def calculate(self, call: Call) -> Reply:
        """Return what a refund of these units would come to; nothing changes."""
        body = call.json()
        order = self._order(body)
        cents = self._cents(order, self._units(order, body))
        return success({"refund_amount": {"currency": "USD", "refund_total": money(cents)}})

    def _answer(self, call: Call, *verbs: str) -> Reply:
        made, body = self._find(call.path_values["id"]), call.json()
        decision = str(body.get("decision"))
        if not decision.startswith(verbs):
            raise refusal(CATCH_ALL, "Invalid decision.", 400)
        if (made.status, decision) not in BECOMES:
            raise refusal(envelope.DECISION_DOES_NOT_FIT, "The decision does not fit the return's present status.")
        refund = _refund_cents(body.get("partial_refund")) if decision == "OFFER_PARTIAL_REFUND" else None
        if refund is not None and not 0 < refund <= made.refund_cents:
            raise refusal(CATCH_ALL, "Invalid partial_refund: more than nothing and at most the refund.", 400)
        self._world.record(
            "return_answered",
            **{"return": made.number},
            decision=decision,
            keeps_item=body.get("buyer_keep_item") is True,
            refund_cents=refund,
        )
        return success({})

    def _find(self, return_id: str) -> Return:
        made = self._world.returns.find(return_id)
        if made is None:
            raise refusal(envelope.NO_SUCH_REQUEST, "The return does not exist or belongs to another shop.")
        return made

    def _order(self, body: dict[str, Any]) -> Order:
        order = self._world.orders.find(str(body.get("order_id")))
        if order is None:
            raise refusal(NO_SUCH_ORDER, "The order does not exist or belongs to another shop.")
        return order

    def _units(self, order: Order, body: dict[str, Any]) -> list[int]:
        going = {line_item_id(order, unit): unit for unit in self._world.orders.going_units(order)}
        lines = strings(body, "order_line_item_ids")
        if not all(line in going for line in lines):
            raise refusal(CATCH_ALL, "Invalid order_line_item_ids: they are not line items of this order.", 400)
        return sorted(going[line] for line in lines) or list(going.values())

    def _cents(self, order: Order, units: list[int]) -> int:
        details = self._world.orders.details(order.index)
        return sum(details.units[unit].sale_cents + details.units[unit].tax_cents for unit in units)

    def _payload(self, made: Return) -> dict[str, Any]:
        details = self._world.orders.details(made.order.index)
        action = [{"action": "SELLER_RESPOND_RETURN", "deadline": int(made.deadline)}] if made.waits else []
        return {
            "return_id": made.id,
            "order_id": made.order.id,
            "return_type": made.kind,
            "return_status": made.status,
            "role": made.role,
            "return_reason": made.reason,
            "return_reason_text": "Item is not as described",
            "create_time": int(made.created_at),
            "update_time": int(made.updated_at),
            "seller_next_action_response": action,
            "refund_amount": {"currency": "USD", "refund_total": money(made.refund_cents)},
            "return_line_items": [
                {
                    "return_line_item_id": f"{made.id[:-2]}{number + 1:02d}",
                    "order_line_item_id": line_item_id(made.order, unit),
                    "sku_id": details.units[unit].sku.sku_id,
                    "seller_sku": details.units[unit].sku.seller_sku,
                }
                for number, unit in enumerate(made.units)
            ],
        }


def _refund_cents(given: object) -> int:
    if not isinstance(given, dict):
        raise refusal(CATCH_ALL, "Invalid partial_refund: amount and currency are required.", 400)
    try:
        return int(Decimal(str(given.get("amount"))) * 100)
    except InvalidOperation:
        raise refusal(CATCH_ALL, "Invalid partial_refund: amount is no money string.", 400) from None


def _which(call: Call) -> str:
    return call.path_values.get("id") or str(call.json().get("order_id") or "")
