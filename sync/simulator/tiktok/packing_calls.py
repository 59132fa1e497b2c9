"""What goes into which package before it is shipped: split, combined, taken apart; every one of them makes new packages."""

from collections.abc import Sequence
from typing import Any

from sync.simulator.shop.orders import Order, OrderStatus
from sync.simulator.shop.packages import Package
from sync.simulator.tiktok import envelope
from sync.simulator.tiktok.envelope import CATCH_ALL, DIALECT, NO_SUCH_ORDER, refusal, success
from sync.simulator.tiktok.fulfilment import MOST_ORDERS_IN_A_PARCEL
from sync.simulator.tiktok.gates import Gates
from sync.simulator.tiktok.order_payload import line_item_id
from sync.simulator.tiktok.paging import page_size, start, strings
from sync.simulator.wire import Call, Operation, RefusedError, Reply
from sync.simulator.world import World

FREE_TO_SPLIT = frozenset({"US", "GB", "DE", "ES", "FR", "IE", "IT", "JP"})
"""Markets in which the units of one SKU may be parted."""


class PackingCalls:
    """What TikTok answers when a seller packs otherwise than it did."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the operations on packages that are not shipped."""
        shop = Gates(self._world).shop
        root, name = "/fulfillment/202309", "tiktok.packing"

        def operation(what: str, method: str, path: str, handle: Any) -> Operation:
            return Operation(f"{name}.{what}", method, root + path, handle, DIALECT, shop, _which)

        return [
            operation("split_attributes", "GET", "/orders/split_attributes", self.split_attributes),
            operation("split", "POST", "/orders/{order_id}/split", self.split),
            operation("combinable", "GET", "/combinable_packages/search", self.combinable),
            operation("combine", "POST", "/packages/combine", self.combine),
            operation("uncombine", "POST", "/packages/{package_id}/uncombine", self.uncombine),
        ]

    def split_attributes(self, call: Call) -> Reply:
        """Return which orders may be split, and why others may not."""
        rows = []
        for order_id in (call.value("order_ids") or "").split(","):
            order = self._find(order_id)
            why = self._not_to_split(order)
            rows.append(
                {
                    "order_id": order.id,
                    "can_split": not why,
                    "reason": why,
                    "must_split": False,
                    "must_split_reasons": [],
                }
            )
        return success({"split_attributes": rows})

    def split(self, call: Call) -> Reply:
        """Give each group of units a package of its own."""
        order = self._find(call.path_values["order_id"])
        if why := self._not_to_split(order):
            raise refusal(envelope.CANNOT_SPLIT, why)
        groups = call.json().get("splittable_groups")
        numbers = {line_item_id(order, unit): unit for unit in self._world.orders.going_units(order)}
        wanted: list[tuple[str, list[int]]] = []
        for group in groups if isinstance(groups, list) else []:
            lines = strings(group, "order_line_item_ids")
            if not lines or not all(line in numbers for line in lines):
                raise refusal(CATCH_ALL, "Invalid order_line_item_ids: they are not line items of this order.", 400)
            wanted.append((str(group.get("id")), [numbers[line] for line in lines]))
        units = [unit for _, group in wanted for unit in group]
        if len(wanted) < 2 or sorted(units) != sorted(numbers.values()):
            raise refusal(CATCH_ALL, "Invalid splittable_groups: each line item belongs in one of two or more.", 400)
        self._keep_skus_together(order, [group for _, group in wanted])
        packages: list[Package] = self._world.record(
            "order_split", order=order.index, groups=[group for _, group in wanted]
        )
        return success(
            {
                "packages": [
                    {"splittable_group_id": label, "id": package.id}
                    for (label, _), package in zip(wanted, packages, strict=True)
                ]
            }
        )

    def combinable(self, call: Call) -> Reply:
        """Return the orders of one buyer that wait, as suggestions."""
        by_buyer: dict[Any, list[Order]] = {}
        for order in self._world.orders.arrived:
            if not self._not_to_combine([order]):
                by_buyer.setdefault(self._world.orders.details(order.index).buyer, []).append(order)
        found = [orders for orders in by_buyer.values() if len(orders) > 1]
        size, first = page_size(call, largest=50, default=20), start(call)
        rows = [
            {"id": f"g{first + number}", "order_ids": [order.id for order in orders[:MOST_ORDERS_IN_A_PARCEL]]}
            for number, orders in enumerate(found[first : first + size])
        ]
        end = first + size
        return success({"combinable_packages": rows, "next_page_token": str(end) if end < len(found) else ""})

    def combine(self, call: Call) -> Reply:
        """Put the packages of each group's orders into one; a group that may not be is among the errors."""
        groups = call.json().get("combinable_packages")
        if not isinstance(groups, list) or not groups:
            raise refusal(CATCH_ALL, "Invalid combinable_packages: at least one is expected.", 400)
        packages, errors = [], []
        for group in groups:
            try:
                orders = [self._find(order_id) for order_id in strings(group, "order_ids")]
                if why := self._not_to_combine(orders) or ("Two orders or more." if len(orders) < 2 else ""):
                    raise refusal(envelope.CANNOT_COMBINE, why)
            except RefusedError as refused:
                code, message = envelope.code_and_message(refused)
                errors.append({"code": code, "message": message, "detail": {"id": group.get("id")}})
                continue
            package = self._world.record("packages_combined", orders=[order.index for order in orders])
            packages.append({"id": package.id, "order_ids": [order.id for order in orders]})
        return success({"packages": packages, **({"errors": errors} if errors else {})})

    def uncombine(self, call: Call) -> Reply:
        """Give orders of a combined package packages of their own again."""
        package = self._world.packages.find(call.path_values["package_id"])
        if package is None:
            raise refusal(NO_SUCH_ORDER, "The package does not exist or belongs to another shop.")
        if package.retired or package.shipped_at is not None:
            raise refusal(envelope.PACKAGE_CANCELLED, "The package was cancelled or shipped.")
        orders = [self._find(order_id) for order_id in strings(call.json(), "order_ids")]
        inside = [part.order for part in package.parts]
        if len(inside) < 2 or not orders or not all(order in inside for order in orders):
            raise refusal(CATCH_ALL, "Invalid order_ids: they are not combined in this package.", 400)
        made: list[Package] = self._world.record(
            "package_uncombined", package=package.number, orders=[order.index for order in orders]
        )
        return success(
            {"packages": [{"id": each.id, "order_ids": [part.order.id for part in each.parts]} for each in made]}
        )

    def _find(self, order_id: str) -> Order:
        order = self._world.orders.find(order_id)
        if order is None:
            raise refusal(NO_SUCH_ORDER, "The order does not exist or belongs to another shop.")
        return order

    def _not_to_split(self, order: Order) -> str:
        waiting = self._world.packages.unshipped_of(order)
        if order.status is not OrderStatus.AWAITING_SHIPMENT or not waiting:
            return "The order has no package that waits for shipment."
        if any(len(package.parts) > 1 for package in waiting):
            return "The order is combined with others."
        return "" if len(self._world.orders.going_units(order)) > 1 else "The order has a single item."

    def _keep_skus_together(self, order: Order, groups: Sequence[Sequence[int]]) -> None:
        if self._world.scenario.region in FREE_TO_SPLIT:
            return
        units = self._world.orders.details(order.index).units
        skus = [{units[unit].sku.sku_id for unit in group} for group in groups]
        if sum(map(len, skus)) > len(set().union(*skus)):
            raise refusal(envelope.CANNOT_SPLIT, "The items of one SKU must stay in one package.")

    def _not_to_combine(self, orders: Sequence[Order]) -> str:
        if len(orders) > MOST_ORDERS_IN_A_PARCEL:
            return f"At most {MOST_ORDERS_IN_A_PARCEL} orders fit in a package."
        for order in orders:
            waiting = self._world.packages.unshipped_of(order)
            if order.status is not OrderStatus.AWAITING_SHIPMENT or not waiting:
                return "An order has no package that waits for shipment."
            if any(len(package.parts) > 1 for package in waiting):
                return "An order is combined already."
        buyers = {self._world.orders.details(order.index).buyer for order in orders}
        return "" if len(buyers) <= 1 else "The orders go to different recipients."


def _which(call: Call) -> str:
    return call.path_values.get("order_id") or call.path_values.get("package_id") or ""
