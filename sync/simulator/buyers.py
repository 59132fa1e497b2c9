"""`/admin/buyer/*`: what buyers may be made to ask for by a test or a scenario."""

from sync.simulator.admin import ADMIN, admin_error, admin_reply, let_in
from sync.simulator.shop.cancel_requests import NO_LONGER_NEEDED
from sync.simulator.shop.orders import Order, OrderStatus
from sync.simulator.shop.returns import NOT_AS_DESCRIBED
from sync.simulator.tiktok.order_payload import line_item_id
from sync.simulator.tiktok.paging import strings
from sync.simulator.tiktok.return_calls import KINDS, MAY_RETURN
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World

MAY_ASK = frozenset({OrderStatus.AWAITING_SHIPMENT, OrderStatus.PARTIALLY_SHIPPING})


class BuyerCalls:
    """What buyers do when they are told to."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the operations that make buyers ask."""
        return [
            Operation(
                f"admin.buyer.{name}", "POST", f"/admin/buyer/{name}", handle, ADMIN, let_in, suffers_faults=False
            )
            for name, handle in (
                ("cancel", self.cancel),
                ("return", self.send_back),
                ("ship_back", self.ship_back),
            )
        ]

    def cancel(self, call: Call) -> Reply:
        """Ask to cancel an order that waits for shipment, or the named units of it."""
        order = self._order(call)
        if order.status not in MAY_ASK or self._world.cancel_requests.pending_of(order):
            raise admin_error("The order does not wait for shipment, or its buyer asks already.", 409)
        units = self._units(call, order)
        request = self._world.record(
            "cancel_requested",
            order=order.index,
            units=units,
            reason=str(call.json().get("reason") or NO_LONGER_NEEDED),
        )
        return admin_reply({"cancel_id": request.id, "deadline": request.deadline})

    def send_back(self, call: Call) -> Reply:
        """Ask for a refund, a return or a replacement of an order that is on its way, or of the named units of it."""
        order, body = self._order(call), call.json()
        what = str(body.get("return_type") or "RETURN_AND_REFUND")
        if order.status not in MAY_RETURN or what not in (*KINDS, "REPLACEMENT"):
            raise admin_error("The order is not on its way, or there is no such kind of return.", 409)
        units, details = self._units(call, order), self._world.orders.details(order.index)
        made = self._world.record(
            "return_opened",
            order=order.index,
            units=units,
            what=what,
            role="BUYER",
            reason=str(body.get("reason") or NOT_AS_DESCRIBED),
            refund_cents=sum(details.units[unit].sale_cents + details.units[unit].tax_cents for unit in units),
        )
        return admin_reply({"return_id": made.id, "deadline": made.deadline})

    def ship_back(self, call: Call) -> Reply:
        """Let the buyer send the goods of an approved return."""
        made = self._world.returns.find(str(call.json().get("return_id")))
        if made is None or made.status != "AWAITING_BUYER_SHIP":
            raise admin_error("No such return waits for its buyer to ship.", 409)
        self._world.record("return_shipped", **{"return": made.number})
        return admin_reply({"return_id": made.id})

    def _order(self, call: Call) -> Order:
        order = self._world.orders.find(str(call.json().get("order_id")))
        if order is None:
            raise admin_error('Give {"order_id": …} of an order that has arrived.', 404)
        return order

    def _units(self, call: Call, order: Order) -> list[int]:
        going = {line_item_id(order, unit): unit for unit in self._world.orders.going_units(order)}
        lines = strings(call.json(), "order_line_item_ids")
        if not all(line in going for line in lines):
            raise admin_error("These are not units of the order.", 404)
        return sorted(going[line] for line in lines) or list(going.values())
