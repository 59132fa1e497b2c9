"""Shops, warehouses, delivery options, shipping providers."""

from typing import Any

from sync.simulator.tiktok.envelope import CATCH_ALL, DIALECT, refusal, success
from sync.simulator.tiktok.gates import Gates
from sync.simulator.tiktok.logistics import DELIVERY_OPTION_ID, DELIVERY_OPTION_NAME, PROVIDERS, WAREHOUSE_ID
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World


class LookupCalls:
    """What TikTok answers about the shop itself."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._gates = Gates(world)

    def operations(self) -> list[Operation]:
        """Return the look-ups."""
        gates, logistics = self._gates, "/logistics/202309"
        looked_up: list[tuple[str, str, str, Any, Any]] = [
            ("shops", "GET", "/authorization/202309/shops", self.shops, gates.seller),
            ("warehouses", "GET", f"{logistics}/warehouses", self.warehouses, gates.shop),
            (
                "delivery_options",
                "GET",
                f"{logistics}/warehouses/{{id}}/delivery_options",
                self.delivery_options,
                gates.shop,
            ),
            (
                "shipping_providers",
                "GET",
                f"{logistics}/delivery_options/{{id}}/shipping_providers",
                self.shipping_providers,
                gates.shop,
            ),
        ]
        return [
            Operation(f"tiktok.lookups.{name}", method, path, handle, DIALECT, gate)
            for name, method, path, handle, gate in looked_up
        ]

    def shops(self, call: Call) -> Reply:
        """Return the shops of the grant."""
        return success({"shops": [shop.as_json() for shop in self._gates.grant_of(call).shops]})

    def warehouses(self, call: Call) -> Reply:
        """Return the one warehouse of the shop."""
        address = {
            "region": "United States",
            "region_code": "US",
            "state": "Nevada",
            "city": "Reno",
            "address_line1": "1 Dock Rd",
            "full_address": "1 Dock Rd, Reno, Nevada 89501, United States",
            "postal_code": "89501",
            "contact_person": "Warehouse desk",
            "phone_number": "(+1)775-555-0100",
        }
        warehouse = {
            "id": WAREHOUSE_ID,
            "name": "Reno dock",
            "type": "SALES_WAREHOUSE",
            "sub_type": "DOMESTIC_WAREHOUSE",
            "effect_status": "ENABLED",
            "is_default": True,
            "address": address,
        }
        return success({"warehouses": [warehouse]})

    def delivery_options(self, call: Call) -> Reply:
        """Return how the warehouse sends."""
        if call.path_values["id"] != WAREHOUSE_ID:
            raise refusal(CATCH_ALL, "Invalid warehouse_id.", 400)
        option = {"id": DELIVERY_OPTION_ID, "name": DELIVERY_OPTION_NAME, "type": "SEND_BY_SELLER"}
        return success({"delivery_options": [option]})

    def shipping_providers(self, call: Call) -> Reply:
        """Return the carriers of the delivery option."""
        if call.path_values["id"] != DELIVERY_OPTION_ID:
            raise refusal(CATCH_ALL, "Invalid delivery_option_id.", 400)
        return success({"shipping_providers": [{"id": p.id, "name": p.name} for p in PROVIDERS.values()]})
