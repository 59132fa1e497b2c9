"""`/admin/orders`: every order with its packages and its labels, for a checker that compares book with book."""

from collections import defaultdict
from typing import Any

from sync.simulator.admin import ADMIN, admin_reply, let_in
from sync.simulator.easypost.shipments import Shipment
from sync.simulator.tiktok.order_payload import cancelled_by, line_item_id
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World


class ListingCalls:
    """The simulator's own account of what it holds."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the one listing."""
        return [
            Operation("admin.orders", "GET", "/admin/orders", self.orders, ADMIN, let_in, suffers_faults=False),
        ]

    def orders(self, call: Call) -> Reply:
        """Return every order that has arrived, and the labels that nobody's order is known for."""
        world = self._world
        labels: dict[int | None, list[dict[str, Any]]] = defaultdict(list)
        for shipment in world.shipments.all:
            if shipment.purchase is not None:
                labels[shipment.order_index].append(_label(shipment))
        rows = [
            {
                "id": order.id,
                "shop_id": world.grants.with_orders[world.scenario.shop(order.index)].id,
                "fate": world.scenario.fate(order.index).value,
                "status": order.status.value,
                "cancelled_by": cancelled_by(order) if order.cancelled_at is not None else None,
                "packages": [
                    {
                        "id": package.id,
                        "tracking_number": package.tracking_number,
                        "units": [line_item_id(order, unit) for unit in package.units_of(order)],
                    }
                    for package in world.packages.shipped_of(order)
                ],
                "labels": labels.get(order.index, []),
            }
            for order in world.orders.arrived
        ]
        return admin_reply({"orders": rows, "labels_of_nobody": labels.get(None, [])})


def _label(shipment: Shipment) -> dict[str, Any]:
    assert shipment.purchase is not None
    return {
        "shipment_id": shipment.id,
        "reference": shipment.reference,
        "tracking_number": shipment.purchase.tracking_code,
        "voided": shipment.refund_asked_at is not None,
    }
