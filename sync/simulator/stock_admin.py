"""Stock at TikTok as a scenario wants it: read, and changed behind the seller's back."""

from typing import Any

from sync.simulator.admin import ADMIN, admin_error, admin_reply, let_in
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World


class StockAdminCalls:
    """The simulator's own calls about stock."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the admin operations."""
        calls: list[tuple[str, str, Any]] = [("GET", "stock", self.stock), ("POST", "stock", self.change)]
        return [
            Operation(
                f"admin.{name}.{method.lower()}", method, f"/admin/{name}", handle, ADMIN, let_in, suffers_faults=False
            )
            for method, name, handle in calls
        ]

    def stock(self, call: Call) -> Reply:
        """Return what there is, SKU by SKU, and how often it was set."""
        return admin_reply(self._world.stock.as_json())

    def change(self, call: Call) -> Reply:
        """Change one SKU: its numbers by warehouse, its product's status, or the code it refuses with (0: none)."""
        body = call.json()
        if "most_hits" in body:
            self._world.record("hits_capped", most=int(body["most_hits"]))
        if "seller_sku" in body:
            listed = self._world.stock.find_sku(str(body["seller_sku"]))
            if listed is None:
                raise admin_error("Name a SKU of the catalogue as seller_sku.", 404)
            wishes = {name: body[name] for name in ("available", "status", "refusal") if name in body}
            self._world.record("listing_changed", sku_id=listed.sku.sku_id, **wishes)
        return self.stock(call)
