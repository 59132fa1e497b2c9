"""EasyPost tells of trackers and refunds, signed with a secret's NFKD form, to webhooks that it disables when they fail."""

from collections.abc import AsyncIterator

import pytest

from sync.simulator.webhooks.signing import easypost_signature
from tests.sync.simulator.conftest import MovableClock
from tests.sync.simulator.seller import Json, Seller
from tests.sync.simulator.told import Told, signed_by_easypost, told

SECRET = "ﬁx-café"


@pytest.fixture
async def hook() -> AsyncIterator[Told]:
    async with told() as listener:
        yield listener


async def register(seller: Seller, hook: Told) -> Json:
    asked = {"url": hook.url, "webhook_secret": SECRET, "custom_headers": [{"name": "x-shop", "value": "harbor"}]}
    made = await seller.easypost("POST", "/v2/webhooks", {"webhook": asked})
    assert made.status_code == 201
    return dict(made.json())


async def an_order(seller: Seller) -> Json:
    return next(o for o in await seller.orders() if o["recipient_address"]["postal_code"] not in ("", "00000"))


def test_the_signature_is_that_of_the_reference() -> None:
    body = (
        b'{"id":"evt_demo","object":"Event","description":"tracker.updated",'
        b'"result":{"id":"trk_demo","status":"delivered"}}'
    )
    expected = "hmac-sha256-hex=e27e4dd8012eb5a7b2fc257efa3e59e6a7fcc2a9b70a5c36a1a14036e2925cff"
    assert easypost_signature(SECRET, body) == expected


async def test_a_parcel_is_told_from_its_label_to_its_delivery(seller: Seller, hook: Told, clock: MovableClock) -> None:
    await register(seller, hook)
    order = await an_order(seller)
    label = await seller.label(order)
    (created,) = await hook.messages(1)
    assert (created["description"], created["object"], created["mode"]) == ("tracker.created", "Event", "test")
    assert created["result"]["tracking_code"] == label["tracking_code"]
    assert created["id"].startswith("evt_")
    await seller.mark_shipped(order, label)
    clock.now += 3600
    await hook.messages(4)
    stages = [told["result"]["status"] for told in hook.envelopes() if told["description"] == "tracker.updated"]
    assert sorted(stages) == ["delivered", "delivered", "delivered"]  # all three scans fall on one second here
    assert all(signed_by_easypost(request, SECRET) for request in hook.received)
    assert {request.headers["x-shop"] for request in hook.received} == {"harbor"}
    assert len({told["id"] for told in hook.envelopes()}) == 4


async def test_a_refund_is_told_when_the_money_is_back(seller: Seller, hook: Told, clock: MovableClock) -> None:
    label = await seller.label(await an_order(seller))
    await register(seller, hook)
    await seller.carrier("POST", f"/v2/shipments/{label['id']}/refund")
    clock.now += 1
    await hook.messages(0)
    clock.now += 1
    (refund,) = await hook.messages(1)
    assert refund["description"] == "refund.successful"
    assert (refund["result"]["shipment_id"], refund["result"]["status"]) == (label["id"], "refunded")


async def test_a_webhook_is_read_changed_and_removed(seller: Seller, hook: Told) -> None:
    made = await register(seller, hook)
    path = f"/v2/webhooks/{made['id']}"
    assert made == (await seller.easypost("GET", path)).json()
    assert (made["url"], made["disabled_at"], made["object"]) == (hook.url, None, "Webhook")
    changed = await seller.easypost("PATCH", path, {"url": f"{hook.url}/new"})
    assert (changed.status_code, changed.json()["url"]) == (201, f"{hook.url}/new")
    assert (await seller.easypost("GET", "/v2/webhooks")).json() == {"webhooks": [changed.json()]}
    gone = await seller.easypost("DELETE", path)
    assert (gone.status_code, gone.json()) == (200, {})
    assert (await seller.easypost("GET", path)).status_code == 404
    assert (await seller.easypost("POST", "/v2/webhooks", {"webhook": {}})).status_code == 422


async def test_a_webhook_that_keeps_failing_is_disabled_until_it_is_changed(
    seller: Seller, hook: Told, clock: MovableClock
) -> None:
    path = f"/v2/webhooks/{(await register(seller, hook))['id']}"
    hook.answer(500)
    await seller.label(await an_order(seller))
    for number in range(1, 8):
        await hook.messages(number)
        await hook.until_counted(seller, "easypost", refused=number)
        clock.now += 2000
    assert (await seller.easypost("GET", path)).json()["disabled_at"] is not None
    hook.answer(200)
    await seller.label(next(o for o in (await seller.orders())[10:] if o["recipient_address"]["postal_code"] > "00001"))
    await hook.messages(7)
    assert (await seller.easypost("PATCH", path, {})).json()["disabled_at"] is None
    await seller.label(next(o for o in (await seller.orders())[20:] if o["recipient_address"]["postal_code"] > "00001"))
    await hook.messages(8)
