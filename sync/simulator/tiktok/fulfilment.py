"""Marking shipped, correcting a tracking number, and following it on the order."""

from typing import Any

from sync.simulator.shop.orders import Order, OrderStatus
from sync.simulator.shop.packages import Package, ParcelStage
from sync.simulator.shop.specials import Special
from sync.simulator.tiktok import envelope
from sync.simulator.tiktok.envelope import CATCH_ALL, DIALECT, NO_SUCH_ORDER, refusal, success
from sync.simulator.tiktok.gates import Gates
from sync.simulator.tiktok.logistics import PLATFORM_PROVIDER, PROVIDERS
from sync.simulator.tiktok.order_payload import line_item_id, shipping_type_of
from sync.simulator.wire import Call, Operation, RefusedError, Reply
from sync.simulator.world import World

MOST_ORDERS_IN_A_PARCEL = 20
MOST_PACKAGES = 50
FIRST_SLOT_HOUR = 8
MARKS_SHIPPED = frozenset({"US", "GB", "DE", "ES", "FR", "IE", "IT"})
"""Markets whose sellers mark orders as shipped; the others ship packages."""
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
            operation("ship_packages", "POST", "/packages/ship", self.ship_packages),
            operation("ship_package", "POST", "/packages/{package_id}/ship", self.ship_package),
            operation("handover_slots", "GET", "/packages/{package_id}/handover_time_slots", self.handover_slots),
        ]

    def mark_shipped(self, call: Call) -> Reply:
        """Ship all remaining units, or the named ones, under a tracking number."""
        order = self._find_order(call.path_values["order_id"])
        body = call.json()
        if shipping_type_of(self._world.orders, order) == "TIKTOK":
            raise refusal(envelope.NOT_SELLER_SHIPPED, "The order is shipped by TikTok.")
        if self._world.scenario.region not in MARKS_SHIPPED:
            raise refusal(CATCH_ALL, "Invalid request: in this market packages are shipped by their ids.", 400)
        self._require_shippable(order)
        units = self._units(order, body.get("order_line_item_ids"))
        tracking_number, provider_id = self._tracking(body, order=order)
        package = self._world.record(
            "marked_shipped",
            order=order.index,
            units=units,
            tracking_number=tracking_number,
            provider_id=provider_id,
        )
        self._reject_by_shipping(order)
        return success(
            {
                "order_id": order.id,
                "order_line_item_ids": [line_item_id(order, unit) for unit in package.units_of(order)],
                "package_id": package.id,
                "warning": {"message": ""},
            }
        )

    def ship_package(self, call: Call) -> Reply:
        """Ship one package that exists already: with the seller's own carrier, or handed to TikTok's."""
        self._ship(call.path_values["package_id"], call.json())
        return success({})

    def ship_packages(self, call: Call) -> Reply:
        """Ship many packages; what is refused is among the errors, and the others are shipped all the same."""
        packages = call.json().get("packages")
        if not isinstance(packages, list) or not 1 <= len(packages) <= MOST_PACKAGES:
            raise refusal(CATCH_ALL, f"Invalid packages: 1 to {MOST_PACKAGES} packages are expected.", 400)
        errors = []
        for each in packages:
            package_id = str(each.get("id")) if isinstance(each, dict) else ""
            try:
                self._ship(package_id, each if isinstance(each, dict) else {})
            except RefusedError as refused:
                code, message = envelope.code_and_message(refused)
                errors.append({"code": code, "message": message, "detail": {"package_id": package_id}})
        return success({"errors": errors} if errors else {})

    def handover_slots(self, call: Call) -> Reply:
        """Return when TikTok's courier comes: three slots of tomorrow, the first one taken."""
        package = self._find_package(call.path_values["package_id"])
        day = (int(self._world.now) // 86_400 + 1) * 86_400
        slots = [
            {"start_time": day + hour * 3600, "end_time": day + (hour + 2) * 3600, "avaliable": hour > FIRST_SLOT_HOUR}
            for hour in range(FIRST_SLOT_HOUR, FIRST_SLOT_HOUR + 6, 2)
        ]
        return success(
            {
                "can_pickup": package.number % 2 == 0,
                "can_drop_off": True,
                "can_van_collection": False,
                "drop_off_point_url": "https://drop-off.example/points",
                "pickup_slots": slots if package.number % 2 == 0 else [],
            }
        )

    def _ship(self, package_id: str, body: dict[str, Any]) -> None:
        package = self._find_package(package_id)
        if package.shipped_at is not None:
            self._world.record("refusal", what="double_ship")
            raise refusal(envelope.UNITS_ALREADY_SHIPPED, "The package is already shipped.")
        for part in package.parts:
            self._require_shippable(part.order)
        if shipping_type_of(self._world.orders, package.order) == "TIKTOK":
            tracking_number, provider_id, method = *self._platform_label(package), self._handover(body)
        else:
            own = body.get("self_shipment")
            if not isinstance(own, dict):
                raise refusal(CATCH_ALL, "Invalid parameters: self_shipment is required.", 400)
            tracking_number, provider_id = self._tracking(own, ours=package)
            method = ""
        self._world.record(
            "package_shipped",
            package=package.number,
            tracking_number=tracking_number,
            provider_id=provider_id,
            handover_method=method,
        )
        for part in package.parts:
            self._reject_by_shipping(part.order)

    def _reject_by_shipping(self, order: Order) -> None:
        """In the US what is shipped is not cancelled: a buyer's request is rejected by it."""
        if request := self._world.cancel_requests.pending_of(order):
            self._world.record("cancel_answered", request=request.number, approved=False, by="SHIPPING")

    def _platform_label(self, package: Package) -> tuple[str, str]:
        return f"DX{package.number:09d}", PLATFORM_PROVIDER.id

    def _handover(self, body: dict[str, Any]) -> str:
        method, slot = body.get("handover_method"), body.get("pickup_slot")
        if method not in ("PICKUP", "DROP_OFF"):
            raise refusal(CATCH_ALL, "Invalid handover_method: PICKUP or DROP_OFF is expected.", 400)
        if method == "PICKUP" and not (isinstance(slot, dict) and slot.get("start_time") and slot.get("end_time")):
            raise refusal(CATCH_ALL, "Invalid pickup_slot: its start_time and end_time are required.", 400)
        return str(method)

    def _find_package(self, package_id: str) -> Package:
        package = self._world.packages.find(package_id)
        if package is None:
            raise refusal(NO_SUCH_ORDER, "The package does not exist or belongs to another shop.")
        if package.retired:
            raise refusal(envelope.PACKAGE_CANCELLED, "The package was cancelled; others took its place.")
        return package

    def correct_tracking(self, call: Call) -> Reply:
        """Replace the tracking number of a shipped order, once, before the carrier delivers it."""
        order = self._find_order(call.path_values["order_id"])
        packages = self._world.packages.shipped_of(order)
        if not packages:
            raise refusal(envelope.NOT_SHIPPED_YET, "The order is not shipped yet.")
        if len(packages) > 1:
            raise refusal(envelope.TRACKING_CHANGE_AMBIGUOUS, "The order has several packages; update one package.")
        return self._correct(order, packages[0], call)

    def correct_package(self, call: Call) -> Reply:
        """Replace the tracking number of one parcel, once, before the carrier delivers it."""
        package = self._find_package(call.path_values["package_id"])
        if package.shipped_at is None:
            raise refusal(envelope.NOT_SHIPPED_YET, "The package is not shipped yet.")
        return self._correct(package.order, package, call)

    def _correct(self, order: Order, package: Package, call: Call) -> Reply:
        if package.corrected:
            raise refusal(envelope.TRACKING_ALREADY_CORRECTED, "The tracking number was already updated once.")
        too_late = self._world.now > (package.shipped_at or 0) + CORRECTION_SECONDS
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
            for package in packages.shipped_of(order)
            for stage, at in packages.stages(package, self._world.now)
        ]
        return success({"tracking": events[::-1]})

    def _find_order(self, order_id: str) -> Order:
        order = self._world.orders.find(order_id)
        if order is None:
            raise refusal(NO_SUCH_ORDER, "The order does not exist or belongs to another shop.")
        return order

    def _require_shippable(self, order: Order) -> None:
        if self._world.scenario.special(order.index) is Special.FULFILLED_BY_TIKTOK:
            raise refusal(envelope.FULFILLED_BY_TIKTOK, "The order is fulfilled by TikTok.")
        match order.status:
            case OrderStatus.AWAITING_SHIPMENT | OrderStatus.PARTIALLY_SHIPPING:
                if self._world.scenario.region != "US" and self._world.cancel_requests.pending_of(order):
                    raise refusal(envelope.BUYER_ASKS_TO_CANCEL, "The buyer's request to cancel is not answered yet.")
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
        going = self._world.orders.going_units(order)
        shipped = self._world.packages.shipped_units(order)
        if asked in (None, []):
            return [unit for unit in going if unit not in shipped]
        numbers = {line_item_id(order, unit): unit for unit in going}
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
    return call.path_values.get("order_id") or call.path_values.get("package_id") or ""
