"""Where TikTok sends what happens: registered, listed and removed at the simulator, which knows the rules for addresses."""

from __future__ import annotations

import pytest

from engine.errors import OrdersError
from tests.sync.outside import outside

ADDRESS = "https://orders.shop.example/webhooks/tiktok"


async def test_an_event_is_sent_to_one_address_until_it_is_removed() -> None:
    async with outside(orders=1) as world:
        calls = world.shop.webhooks
        assert await calls.registered() == {}
        for _ in range(2):
            await calls.register("ORDER_STATUS_CHANGE", ADDRESS)
        await calls.register("PACKAGE_UPDATE", ADDRESS)
        assert await calls.registered() == {"ORDER_STATUS_CHANGE": ADDRESS, "PACKAGE_UPDATE": ADDRESS}
        await calls.remove("PACKAGE_UPDATE")
        assert await calls.registered() == {"ORDER_STATUS_CHANGE": ADDRESS}


async def test_an_address_that_tiktok_does_not_call_is_refused_and_nothing_changes() -> None:
    async with outside(orders=1) as world:
        for address in ("http://orders.shop.example/x", "https://orders.shop.example:8443/x"):
            with pytest.raises(OrdersError):
                await world.shop.webhooks.register("ORDER_STATUS_CHANGE", address)
        assert await world.shop.webhooks.registered() == {}
