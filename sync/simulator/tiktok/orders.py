"""Order search and order detail."""

from collections.abc import Callable
from typing import Any

import orjson

from sync.simulator.shop.orders import Order, OrderStatus
from sync.simulator.tiktok.envelope import CATCH_ALL, DIALECT, NO_SUCH_ORDER, refusal, success_raw
from sync.simulator.tiktok.gates import Gates
from sync.simulator.tiktok.logistics import WAREHOUSE_ID
from sync.simulator.tiktok.order_payload import order_payload, shipping_type_of
from sync.simulator.tiktok.paging import page_size, search, second, sort, strings
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World

MOST_IDS = 50
RENDERED_ORDERS = 5_000
ADDED_IN_202507 = b',"payment_card_type":"CREDIT","payment_method_code":"card","payment_auth_code":""}'


class OrderCalls:
    """What TikTok answers about orders; rendered orders are kept until they change."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rendered: dict[int, tuple[int, bytes]] = {}

    def operations(self) -> list[Operation]:
        """Return the operations on orders."""
        shop = Gates(self._world).shop
        detail = "tiktok.orders.detail"
        search_path = "/order/202309/orders/search"
        return [
            Operation("tiktok.orders.search", "POST", search_path, self.search, DIALECT, shop),
            Operation(detail, "GET", "/order/202309/orders", self.detail_202309, DIALECT, shop),
            Operation(detail, "GET", "/order/202507/orders", self.detail_202507, DIALECT, shop),
        ]

    def search(self, call: Call) -> Reply:
        """Return a page of full orders."""
        orders, body = self._world.orders, call.json()
        fields = {"create_time": orders.by_creation, "update_time": orders.by_update}
        field, newest_first = sort(call, fields, "create_time", "DESC")
        window = fields[field].window(second(body, f"{field}_ge"), second(body, f"{field}_lt"))
        page = search(
            call,
            fields[field],
            window,
            self._filter(body, other_field="create_time" if field == "update_time" else "update_time"),
            newest_first=newest_first,
            size=page_size(call, largest=100, default=20),
        )
        rows = [self._searched(orders.arrived[member]) for member in page.members]
        token = orjson.dumps(page.next_page_token)
        return success_raw(
            b'{"next_page_token":%s,"total_count":%d,"orders":[%s]}' % (token, page.total_count, b",".join(rows))
        )

    def detail_202309(self, call: Call) -> Reply:
        """Return up to fifty orders by id."""
        return self._detail(call, self._render)

    def detail_202507(self, call: Call) -> Reply:
        """Return up to fifty orders by id, with the fields of the newer version."""
        return self._detail(call, lambda order: self._render(order)[:-1] + ADDED_IN_202507)

    def _detail(self, call: Call, render: Callable[[Order], bytes]) -> Reply:
        ids = [order_id for order_id in (call.value("ids") or "").split(",") if order_id]
        if not 1 <= len(ids) <= MOST_IDS:
            raise refusal(CATCH_ALL, f"Invalid ids: 1 to {MOST_IDS} order ids are expected.", 400)
        found = [order for order in map(self._world.orders.find, ids) if order]
        if not found:
            raise refusal(NO_SUCH_ORDER, "The order does not exist or belongs to another shop.")
        return success_raw(b'{"orders":[%s]}' % b",".join(map(render, found)))

    def _filter(self, body: dict[str, Any], *, other_field: str) -> Callable[[int], bool] | None:
        orders = self._world.orders
        checks: list[Callable[[Order], bool]] = []
        if orders.are_shared_out:
            checks.append(lambda order: orders.shows(order.index))
        if status := body.get("order_status"):
            if status not in tuple(OrderStatus):
                raise refusal(CATCH_ALL, "Invalid order_status.", 400)
            checks.append(lambda order: order.status == status)
        since, before = second(body, f"{other_field}_ge"), second(body, f"{other_field}_lt")
        other = orders.by_creation if other_field == "create_time" else orders.by_update
        if since is not None:
            checks.append(lambda order: other.changed_second(order.index) >= since)
        if before is not None:
            checks.append(lambda order: other.changed_second(order.index) < before)
        if buyer := body.get("buyer_user_id"):
            checks.append(lambda order: buyer == f"7490{order.id[3:]}")
        if shipping_type := body.get("shipping_type"):
            checks.append(lambda order: shipping_type == shipping_type_of(orders, order))
        nobody = body.get("is_buyer_request_cancel") is True or WAREHOUSE_ID not in (
            strings(body, "warehouse_ids") or [WAREHOUSE_ID]
        )
        if nobody:
            return lambda _member: False
        if not checks:
            return None
        return lambda member: all(check(orders.arrived[member]) for check in checks)

    def _render(self, order: Order) -> bytes:
        kept = self._rendered.get(order.index)
        if kept is not None and kept[0] == order.changes:
            return kept[1]
        rendered = orjson.dumps(order_payload(self._world.orders, self._world.packages, order))
        if len(self._rendered) >= RENDERED_ORDERS:
            self._rendered.pop(next(iter(self._rendered)))
        self._rendered[order.index] = (order.changes, rendered)
        return rendered

    def _searched(self, order: Order) -> bytes:
        recommended = int(order.created_at) + self._world.orders.details(order.index).ship_by_hours * 1800
        return self._render(order)[:-1] + (
            b',"fulfillment_priority_level":%d,"recommended_shipping_time":%d}' % (1 + order.index % 3, recommended)
        )
