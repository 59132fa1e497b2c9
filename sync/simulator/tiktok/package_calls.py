"""Reading and searching packages."""

from collections.abc import Callable
from typing import Any

from sync.simulator.shop.packages import Package, ParcelStage
from sync.simulator.tiktok.envelope import CATCH_ALL, DIALECT, NO_SUCH_ORDER, refusal, success
from sync.simulator.tiktok.gates import Gates
from sync.simulator.tiktok.logistics import DELIVERY_OPTION_ID, DELIVERY_OPTION_NAME, provider_name
from sync.simulator.tiktok.order_payload import line_item_id, shipping_type_of
from sync.simulator.tiktok.paging import page_size, search, second, sort
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World

STATUS_OF_STAGE = {
    ParcelStage.PRE_TRANSIT: "PROCESSING",
    ParcelStage.IN_TRANSIT: "FULFILLING",
    ParcelStage.OUT_FOR_DELIVERY: "FULFILLING",
    ParcelStage.DELIVERED: "COMPLETED",
}


class PackageCalls:
    """What TikTok answers about packages."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the read operations on packages."""
        shop = Gates(self._world).shop
        root, name = "/fulfillment/202309/packages", "tiktok.packages"
        return [
            Operation(f"{name}.search", "POST", f"{root}/search", self.search, DIALECT, shop),
            Operation(f"{name}.get", "GET", f"{root}/{{package_id}}", self.get, DIALECT, shop, _which),
        ]

    def get(self, call: Call) -> Reply:
        """Return one package."""
        package = self._world.packages.find(call.path_values["package_id"])
        if package is None:
            raise refusal(NO_SUCH_ORDER, "The package does not exist or belongs to another shop.")
        return success(
            {
                **self._shared(package),
                "package_id": package.id,
                "package_status": self._status(package),
                "split_and_combine_tag": self._tag(package),
                "shipping_type": shipping_type_of(self._world.orders, package.order),
                "delivery_option_id": DELIVERY_OPTION_ID,
                "delivery_option_name": DELIVERY_OPTION_NAME,
                "note_tag": "",
                "handover_method": package.handover_method,
            }
        )

    def search(self, call: Call) -> Reply:
        """Return a page of packages."""
        packages, body = self._world.packages, call.json()
        fields = {
            "create_time": packages.by_creation,
            "update_time": packages.by_update,
            "order_pay_time": packages.by_creation,
        }
        field, newest_first = sort(call, fields, "create_time", "DESC")
        time_field = "update_time" if field == "update_time" else "create_time"
        if call.value("page_size") is None:
            raise refusal(CATCH_ALL, "Invalid parameters: page_size is required.", 400)
        window = fields[field].window(second(body, f"{time_field}_ge"), second(body, f"{time_field}_lt"))
        page = search(
            call,
            fields[field],
            window,
            self._filter(body, other_field="create_time" if time_field == "update_time" else "update_time"),
            newest_first=newest_first,
            size=page_size(call, largest=50, default=20),
        )
        rows = []
        for member in page.members:
            package = packages.all[member]
            rows.append({**self._shared(package), "id": package.id, "status": self._status(package)})
        return success({"packages": rows, "next_page_token": page.next_page_token, "total_count": page.total_count})

    def _filter(self, body: dict[str, Any], *, other_field: str) -> Callable[[int], bool] | None:
        packages = self._world.packages
        checks: list[Callable[[int], bool]] = []
        orders = self._world.orders
        if orders.are_shared_out:
            checks.append(lambda member: orders.shows(packages.all[member].order.index))
        if wanted := body.get("package_status"):
            checks.append(lambda member: self._status(packages.all[member]) == wanted)
        other = packages.by_creation if other_field == "create_time" else packages.by_update
        since, before = second(body, f"{other_field}_ge"), second(body, f"{other_field}_lt")
        if since is not None:
            checks.append(lambda member: other.changed_second(member) >= since)
        if before is not None:
            checks.append(lambda member: other.changed_second(member) < before)
        return (lambda member: all(check(member) for check in checks)) if checks else None

    def _shared(self, package: Package) -> dict[str, Any]:
        return {
            "orders": [{"id": part.order.id} for part in package.parts],
            "order_line_item_ids": [line_item_id(part.order, unit) for part in package.parts for unit in part.units],
            "tracking_number": package.tracking_number,
            "shipping_provider_id": package.provider_id,
            "shipping_provider_name": provider_name(package.provider_id),
            "create_time": int(package.made_at),
            "update_time": self._world.packages.by_update.changed_second(package.number),
        }

    def _status(self, package: Package) -> str:
        if package.retired:
            return "CANCELLED"
        stages = self._world.packages.stages(package, self._world.now)
        return STATUS_OF_STAGE[stages[-1][0]] if stages else "TO_FULFILL"

    def _tag(self, package: Package) -> str:
        if package.tag != "DEFAULT":
            return package.tag
        going = self._world.orders.going_units(package.order)
        return "SPLIT" if len(package.units_of(package.order)) < len(going) else "DEFAULT"


def _which(call: Call) -> str:
    return call.path_values["package_id"]
