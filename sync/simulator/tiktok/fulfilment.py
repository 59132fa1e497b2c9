"""Marking shipped, correcting a tracking number, and following it on the order."""

from typing import Any

from sync.simulator.shop.orders import Order, OrderStatus
from sync.simulator.shop.packages import Package, ParcelStage
from sync.simulator.tiktok import envelope
from sync.simulator.tiktok.envelope import CATCH_ALL, DIALECT, NO_SUCH_ORDER, refusal, success
from sync.simulator.tiktok.gates import Gates
from sync.simulator.tiktok.logistics import PROVIDERS
from sync.simulator.tiktok.order_payload import line_item_id
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World

MOST_ORDERS_IN_A_PARCEL = 20
CORRECTION_SECONDS = 72 * 3600
TRACKING_WORDS = {
    ParcelStage.PRE_TRANSIT: "Your order is ready and waiting for the carrier.",
    ParcelStage.IN_TRANSIT: "Your package was picked up by the carrier.",
    ParcelStage.OUT_FOR_DELIVERY: "Your package is out for delivery.",
    ParcelStage.DELIVERED: "Your package was delivered.",
}


class FulfilmentCalls:
    """What TikTok answers when a seller ships an order."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the operations that write fulfilment, and the order's tracking."""
        shop = Gates(self._world).shop
        root = "/fulfillment/202309"

        def operation(name: str, method: str, path: str, handle: Any) -> Operation:
            return Operation(f"tiktok.fulfilment.{name}", method, root + path, handle, DIALECT, shop, _which)

        return [
            operation("mark_shipped", "POST", "/orders/{order_id}/packages", self.mark_shipped),
            operation("tracking", "GET", "/orders/{order_id}/tracking", self.tracking),
            operation("correct_tracking", "POST", "/orders/{order_id}/shipping_info/update", self.correct_tracking),
            operation("correct_package", "POST", "/packages/{package_id}/shipping_info/update", self.correct_package),
            operation("ship_package", "POST", "/packages/{package_id}/ship", self.ship_package),
        ]

    def mark_shipped(self, call: Call) -> Reply:
        """Ship all remaining units, or the named ones, under a tracking number."""
        order = self._find_order(call.path_values["order_id"])
        body = call.json()
        self._require_shippable(order)
        units = self._units(order, body.get("order_line_item_ids"))
        tracking_number, provider_id = self._tracking(body, order=order)
        in_packages = self._world.packages.shipped_units(order) | set(units)
        package = self._world.record(
            "marked_shipped",
            order=order.index,
            units=units,
            completely=len(in_packages) == len(self._world.orders.details(order.index).units),
            tracking_number=tracking_number,
            provider_id=provider_id,
        )
        return success(
            {
                "order_id": order.id,
                "order_line_item_ids": [line_item_id(order, unit) for unit in package.units],
                "package_id": package.id,
                "warning": {"message": ""},
            }
        )

    def ship_package(self, call: Call) -> Reply:
        """Refuse: a seller-shipped US order has no package before it is shipped, and none may ship twice."""
        package = self._world.packages.find(call.path_values["package_id"])
        if package is None:
            raise refusal(NO_SUCH_ORDER, "The package does not exist or belongs to another shop.")
        self._world.record("refusal", what="double_ship")
        raise refusal(envelope.UNITS_ALREADY_SHIPPED, "The package is already shipped.")

    def correct_tracking(self, call: Call) -> Reply:
        """Replace the tracking number of a shipped order, once, before the carrier delivers it."""
        order = self._find_order(call.path_values["order_id"])
        packages = self._world.packages.of_order.get(order.index, [])
        if not packages:
            raise refusal(envelope.NOT_SHIPPED_YET, "The order is not shipped yet.")
        if len(packages) > 1:
            raise refusal(envelope.TRACKING_CHANGE_AMBIGUOUS, "The order has several packages; update one package.")
        return self._correct(order, packages[0], call)

    def correct_package(self, call: Call) -> Reply:
        """Replace the tracking number of one parcel, once, before the carrier delivers it."""
        package = self._world.packages.find(call.path_values["package_id"])
        if package is None:
            raise refusal(NO_SUCH_ORDER, "The package does not exist or belongs to another shop.")
        return self._correct(package.order, package, call)

    def _correct(self, order: Order, package: Package, call: Call) -> Reply:
        if package.corrected:
            raise refusal(envelope.TRACKING_ALREADY_CORRECTED, "The tracking number was already updated once.")
        too_late = self._world.now > package.marked_at + CORRECTION_SECONDS
        if too_late or order.status in (OrderStatus.DELIVERED, OrderStatus.COMPLETED):
            raise refusal(envelope.TRACKING_CHANGE_TOO_LATE, "The tracking number can no longer be updated.")
        tracking_number, provider_id = self._tracking(call.json(), ours=package)
        self._world.record(
            "tracking_corrected", package=package.number, tracking_number=tracking_number, provider_id=provider_id
        )
        return success({})

    def tracking(self, call: Call) -> Reply:
        """Return what the buyer sees of the parcels; times in milliseconds."""
        order = self._find_order(call.path_values["order_id"])
        packages = self._world.packages
        events = [
            {"description": TRACKING_WORDS[stage], "update_time_millis": int(at * 1000)}
            for package in packages.of_order.get(order.index, [])
            for stage, at in packages.stages(package, self._world.now)
        ]
        return success({"tracking": events[::-1]})

    def _find_order(self, order_id: str) -> Order:
        order = self._world.orders.find(order_id)
        if order is None:
            raise refusal(NO_SUCH_ORDER, "The order does not exist or belongs to another shop.")
        return order

    def _require_shippable(self, order: Order) -> None:
        match order.status:
            case OrderStatus.AWAITING_SHIPMENT | OrderStatus.PARTIALLY_SHIPPING:
                return
            case OrderStatus.UNPAID | OrderStatus.ON_HOLD:
                raise refusal(envelope.ORDER_ON_HOLD, "The order is still unpaid or on hold and cannot be shipped.")
            case OrderStatus.CANCELLED:
                unpaid = order.cancelled_from is OrderStatus.UNPAID
                code = envelope.ORDER_CANCELLED_UNPAID if unpaid else envelope.ORDER_CANCELLED
                raise refusal(code, "The order is cancelled.")
            case _:
                self._world.record("refusal", what="double_ship")
                raise refusal(envelope.ORDER_ALREADY_SHIPPED, "The order is already shipped.")

    def _units(self, order: Order, asked: object) -> list[int]:
        total = len(self._world.orders.details(order.index).units)
        shipped = self._world.packages.shipped_units(order)
        if asked in (None, []):
            return [unit for unit in range(total) if unit not in shipped]
        numbers = {line_item_id(order, unit): unit for unit in range(total)}
        if not isinstance(asked, list) or not all(isinstance(line, str) and line in numbers for line in asked):
            raise refusal(CATCH_ALL, "Invalid order_line_item_ids: they are not line items of this order.", 400)
        units = sorted({numbers[line] for line in asked})
        if not shipped.isdisjoint(units):
            self._world.record("refusal", what="double_ship")
            raise refusal(envelope.UNITS_ALREADY_SHIPPED, "Some of the line items are already shipped.")
        return units

    def _tracking(
        self, body: dict[str, Any], ours: Package | None = None, order: Order | None = None
    ) -> tuple[str, str]:
        number, provider_id = body.get("tracking_number"), body.get("shipping_provider_id")
        if not isinstance(number, str) or not number or not isinstance(provider_id, str):
            raise refusal(CATCH_ALL, "Invalid parameters: tracking_number and shipping_provider_id are required.", 400)
        provider = PROVIDERS.get(provider_id)
        if provider is None:
            raise refusal(envelope.WRONG_PROVIDER, "The shipping provider does not serve this delivery option.")
        if not provider.tracking_number.fullmatch(number):
            raise refusal(envelope.TRACKING_NUMBER_MALFORMED, f"The tracking number is not one of {provider.name}.")
        taken = self._world.packages.of_tracking_number.get(number)
        if taken not in (None, ours) and not (order and self._travels_with(order, number)):
            raise refusal(envelope.TRACKING_NUMBER_USED, "The tracking number is already used by another order.")
        return number, provider_id

    def _travels_with(self, order: Order, number: str) -> bool:
        """Say whether the order may share a parcel: its buyer's other orders, at most twenty, to the same address."""
        packages = [package for package in self._world.packages.all if package.tracking_number == number]
        buyer = self._world.orders.details(order.index).buyer
        alike = all(
            package.order is not order and self._world.orders.details(package.order.index).buyer == buyer
            for package in packages
        )
        return alike and len(packages) < MOST_ORDERS_IN_A_PARCEL


def _which(call: Call) -> str:
    return call.path_values.get("order_id") or call.path_values["package_id"]
