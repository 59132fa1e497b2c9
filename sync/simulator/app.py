"""Every operation the server answers, as one application."""

from collections.abc import Callable

from starlette.types import Scope

from sync.simulator.admin import AdminCalls
from sync.simulator.buyers import BuyerCalls
from sync.simulator.condition_calls import ConditionCalls
from sync.simulator.easypost.depot_calls import DepotCalls
from sync.simulator.easypost.shipment_calls import ShipmentCalls
from sync.simulator.easypost.tracker_calls import TrackerCalls
from sync.simulator.inventory.calls import InventoryCalls
from sync.simulator.listing import ListingCalls
from sync.simulator.routes import Routes
from sync.simulator.stock_admin import StockAdminCalls
from sync.simulator.tiktok.cancellations import CancellationCalls
from sync.simulator.tiktok.consent import ConsentCalls
from sync.simulator.tiktok.customer_service import CustomerServiceCalls
from sync.simulator.tiktok.fulfilment import FulfilmentCalls
from sync.simulator.tiktok.grant_admin import GrantAdminCalls
from sync.simulator.tiktok.lookups import LookupCalls
from sync.simulator.tiktok.orders import OrderCalls
from sync.simulator.tiktok.package_calls import PackageCalls
from sync.simulator.tiktok.packing_calls import PackingCalls
from sync.simulator.tiktok.product_calls import ProductCalls
from sync.simulator.tiktok.return_calls import ReturnCalls
from sync.simulator.tiktok.shipping_calls import ShippingCalls
from sync.simulator.tiktok.token_calls import TokenCalls
from sync.simulator.webhooks.admin_calls import WebhookAdminCalls
from sync.simulator.webhooks.easypost_calls import HookCalls
from sync.simulator.webhooks.tiktok_calls import WebhookCalls
from sync.simulator.wire import Operation
from sync.simulator.world import World


def operations(world: World) -> list[Operation]:
    """Return everything that can be asked, busiest first, since paths with values are tried in this order."""
    families = (
        ShipmentCalls(world),
        OrderCalls(world),
        FulfilmentCalls(world),
        TrackerCalls(world),
        PackingCalls(world),
        DepotCalls(world),
        PackageCalls(world),
        ShippingCalls(world),
        LookupCalls(world),
        ProductCalls(world),
        CancellationCalls(world),
        ReturnCalls(world),
        CustomerServiceCalls(world),
        TokenCalls(world),
        ConsentCalls(world),
        GrantAdminCalls(world),
        WebhookCalls(world),
        HookCalls(world),
        AdminCalls(world),
        StockAdminCalls(world),
        InventoryCalls(world),
        BuyerCalls(world),
        WebhookAdminCalls(world),
        ConditionCalls(world),
        ListingCalls(world),
    )
    return [operation for family in families for operation in family.operations()]


def build(world: World, cut: Callable[[Scope], None]) -> Routes:
    """Return the application; `cut` closes the connection of a request without an answer."""
    return Routes(operations(world), world, cut)
