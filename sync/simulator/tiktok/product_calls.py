"""Products by time of change, their stock, and setting it."""

from typing import Any

from sync.simulator.shop.stock import MOST_STOCK, Listed
from sync.simulator.tiktok.envelope import CATCH_ALL, DIALECT, refusal, success
from sync.simulator.tiktok.gates import Gates
from sync.simulator.tiktok.order_payload import money
from sync.simulator.tiktok.paging import page_size, second, start, strings
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World

TOO_MANY_HITS = 12052180
WAREHOUSE_MISSING = 12019028
WAREHOUSE_UNKNOWN = 12052533

_STATUSES = frozenset(
    {
        "ALL",
        "DRAFT",
        "PENDING",
        "FAILED",
        "ACTIVATE",
        "SELLER_DEACTIVATED",
        "PLATFORM_DEACTIVATED",
        "FREEZE",
        "DELETED",
    }
)


class ProductCalls:
    """What TikTok answers about products and stock."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the calls."""
        gate, product = Gates(self._world).shop, "/product/202309"
        return [
            Operation("tiktok.lookups.products", "POST", "/product/202502/products/search", self.search, DIALECT, gate),
            Operation("tiktok.inventory.search", "POST", f"{product}/inventory/search", self.stock, DIALECT, gate),
            Operation(
                "tiktok.inventory.update",
                "POST",
                f"{product}/products/{{id}}/inventory/update",
                self.update,
                DIALECT,
                gate,
                lambda call: call.path_values["id"],
            ),
        ]

    def search(self, call: Call) -> Reply:
        """Return a page of products; both ends of a window are inside it."""
        body, size = call.json(), page_size(call, largest=100, default=20)
        status = body.get("status", "ALL")
        if status not in _STATUSES:
            raise refusal(CATCH_ALL, "Invalid status.", 400)
        seller_skus, sku_ids = strings(body, "seller_skus"), strings(body, "sku_ids")
        if len(seller_skus) > 10 or len(sku_ids) > 10:
            raise refusal(CATCH_ALL, "Invalid seller_skus or sku_ids: at most 10 are allowed.", 400)
        low, high = second(body, "update_time_ge"), second(body, "update_time_le")
        stock = self._world.stock
        stock.catch_up()
        chosen = [
            family
            for family in stock.families()
            if (status == "ALL" or _status(family) == status)
            and (low is None or _updated(family) >= low)
            and (high is None or _updated(family) <= high)
            and (not seller_skus or any(each.sku.seller_sku in seller_skus for each in family))
            and (not sku_ids or any(each.sku.sku_id in sku_ids for each in family))
        ]
        if len(chosen) > stock.most_hits:
            raise refusal(TOO_MANY_HITS, "Too many products match: narrow the filters.")
        first = start(call)
        end = first + size
        return success(
            {
                "products": [self._product(family) for family in chosen[first:end]],
                "next_page_token": str(end) if end < len(chosen) else "",
                "total_count": len(chosen),
            }
        )

    def stock(self, call: Call) -> Reply:
        """Return what there is of products or SKUs; SKUs win where both are named."""
        body = call.json()
        product_ids, sku_ids = strings(body, "product_ids"), strings(body, "sku_ids")
        if len(product_ids) > 100 or len(sku_ids) > 600 or not (product_ids or sku_ids):
            raise refusal(CATCH_ALL, "Give up to 100 product_ids or up to 600 sku_ids.", 400)
        self._world.stock.catch_up()
        inventory = []
        for family in self._world.stock.families():
            named = [
                each
                for each in family
                if (each.sku.sku_id in sku_ids if sku_ids else each.sku.product_id in product_ids)
            ]
            if named:
                inventory.append({"product_id": family[0].sku.product_id, "skus": [_inventory(each) for each in named]})
        return success({"inventory": inventory})

    def update(self, call: Call) -> Reply:
        """Set available units, SKU by SKU: some may be refused while others are set."""
        skus = call.json().get("skus")
        if not isinstance(skus, list) or not skus:
            raise refusal(CATCH_ALL, "Invalid skus: a list is expected.", 400)
        accepted: dict[str, dict[str, int]] = {}
        errors: list[dict[str, Any]] = []
        for row in skus:
            listed = self._world.stock.listed.get(str(row.get("id")))
            if listed is None or listed.sku.product_id != call.path_values["id"]:
                raise refusal(CATCH_ALL, "Invalid skus: a SKU of another product.", 400)
            wanted = _wanted(row, listed)
            problem = _problem(listed, wanted)
            if problem is None:
                accepted[listed.sku.sku_id] = wanted
            else:
                errors.append(problem)
        if accepted:
            self._world.record("stock_set", skus=accepted)
        return success({"errors": errors} if errors else {})

    def _product(self, family: list[Listed]) -> dict[str, Any]:
        return {
            "id": family[0].sku.product_id,
            "title": family[0].sku.product_title,
            "status": _status(family),
            "create_time": int(self._world.orders.started_at) - 30 * 86_400,
            "update_time": _updated(family),
            "skus": [_sku(each) for each in family],
        }


def _status(family: list[Listed]) -> str:
    return family[0].status


def _updated(family: list[Listed]) -> int:
    return int(max(each.updated_at for each in family))


def _sku(listed: Listed) -> dict[str, Any]:
    price = money(listed.sku.price_cents)
    return {
        "id": listed.sku.sku_id,
        "seller_sku": listed.sku.seller_sku,
        "price": {"currency": "USD", "tax_exclusive_price": price, "sale_price": price},
        "inventory": [{"warehouse_id": place, "quantity": units} for place, units in listed.available.items()],
    }


def _inventory(listed: Listed) -> dict[str, Any]:
    return {
        "id": listed.sku.sku_id,
        "seller_sku": listed.sku.seller_sku,
        "total_available_quantity": sum(listed.available.values()),
        "total_committed_quantity": sum(listed.committed.values()),
        "warehouse_inventory": [
            {"warehouse_id": place, "available_quantity": units, "committed_quantity": listed.committed[place]}
            for place, units in listed.available.items()
        ],
    }


def _wanted(row: dict[str, Any], listed: Listed) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for place in row.get("inventory") or []:
        units = place.get("quantity")
        if isinstance(units, bool) or not isinstance(units, int) or not 0 <= units <= MOST_STOCK:
            raise refusal(CATCH_ALL, f"Invalid quantity: a number from 0 to {MOST_STOCK} is expected.", 400)
        only = next(iter(listed.available)) if len(listed.available) == 1 else ""
        wanted[str(place.get("warehouse_id") or only)] = units
    return wanted


def _problem(listed: Listed, wanted: dict[str, int]) -> dict[str, Any] | None:
    if listed.refusal:
        return _error(listed, listed.refusal, "The stock of this SKU cannot be changed.")
    if unknown := [place for place in wanted if place not in listed.available]:
        extra = [
            {"warehouse_id": place, "code": WAREHOUSE_UNKNOWN, "message": "No such warehouse."} for place in unknown
        ]
        return _error(listed, WAREHOUSE_UNKNOWN, "The warehouses do not match.", extra)
    if wanted.keys() != listed.available.keys():
        return _error(listed, WAREHOUSE_MISSING, "All warehouses of the SKU have to be listed.")
    return None


def _error(listed: Listed, code: int, message: str, extra: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
        "detail": {"sku_id": listed.sku.sku_id, "extra_errors": extra or []},
    }
