"""A connected shop as this process reaches it: the families of calls, bound to its grant's client and its own cipher."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from engine.identifiers import ShopId
from sync.tiktok.calls.aftersales import AftersalesCalls
from sync.tiktok.calls.changes import ChangeCalls
from sync.tiktok.calls.customer_service import CustomerServiceCalls
from sync.tiktok.calls.fulfilment import FulfilmentCalls
from sync.tiktok.calls.logistics import LogisticsCalls
from sync.tiktok.calls.orders import OrderCalls
from sync.tiktok.calls.packing import PackingCalls
from sync.tiktok.calls.products import ProductCalls
from sync.tiktok.calls.returns import ReturnCalls
from sync.tiktok.calls.shipping import ShippingCalls
from sync.tiktok.calls.webhooks import WebhookCalls
from sync.tiktok.client import TikTokClient


class ConnectedShop:
    """One shop; `region` is its market (ISO 3166 alpha-2, or empty)."""

    def __init__(self, client: TikTokClient, cipher: str, region: str = "") -> None:
        self.region = region
        self.orders = OrderCalls(client, cipher)
        self.fulfilment = FulfilmentCalls(client, cipher)
        self.logistics = LogisticsCalls(client, cipher)
        self.shipping = ShippingCalls(client, cipher)
        self.packing = PackingCalls(client, cipher)
        self.aftersales = AftersalesCalls(client, cipher)
        self.returns = ReturnCalls(client, cipher)
        self.changes = ChangeCalls(client, cipher)
        self.webhooks = WebhookCalls(client, cipher)
        self.customer_service = CustomerServiceCalls(client, cipher)
        self.products = ProductCalls(client, cipher)


ShopDirectory = Callable[[ShopId], Awaitable[ConnectedShop]]
"""Finds a connected shop. Raises Terminal when it is not connected."""
