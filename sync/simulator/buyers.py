"""`/admin/buyer/*`: what buyers may be made to ask for by a test or a scenario."""

from sync.simulator.admin import ADMIN, admin_error, admin_reply, let_in
from sync.simulator.shop.orders import Order, OrderStatus
from sync.simulator.tiktok.order_payload import line_item_id
from sync.simulator.tiktok.paging import strings
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World

NO_LONGER_NEEDED = "ecom_order_to_ship_canceled_reason_no_longer_needed"
MAY_ASK = frozenset({OrderStatus.AWAITING_SHIPMENT, OrderStatus.PARTIALLY_SHIPPING})


class BuyerCalls:
    """What buyers do when they are told to."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the operations that make buyers ask."""
        return [
            Operation(
                "admin.buyer.cancel", "POST", "/admin/buyer/cancel", self.cancel, ADMIN, let_in, suffers_faults=False
            ),
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
