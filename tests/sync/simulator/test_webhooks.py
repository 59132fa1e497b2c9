"""TikTok tells what happens in its own envelopes, signed over the bytes, again and again until it is answered 200."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sync.simulator.scenario import Arrival, Scenario, Timings
from sync.simulator.server import serve
from sync.simulator.webhooks.signing import tiktok_signature
from tests.sync.simulator.conftest import AT_ONCE, MovableClock
from tests.sync.simulator.seller import Json, Seller, seller_at
from tests.sync.simulator.told import Told, signed_by_tiktok, told

PATH = "/event/202309/webhooks"
ORDER_STATUS = {"event_type": "ORDER_STATUS_CHANGE"}
W1 = (
    b'{"type":1,"tts_notification_id":"7590000000000000001","shop_id":"7495000000000000001",'
    b'"timestamp":1767225601,"data":{"order_id":"577000000000000001","order_status":"AWAITING_SHIPMENT",'
    b'"is_on_hold_order":true,"update_time":1767225600}}'
)
W4 = (
    b'{ "type": 3, "shop_id": "7495000000000000001", "timestamp": 1767226100, '
    b'"data": { "order_id": "577000000000000001", "update_time": 1767226099 } }'
)
MISHAPS = ("lost", "doubled", "reordered", "delayed", "forged")


@pytest.fixture
async def hook() -> AsyncIterator[Told]:
    async with told() as listener:
        yield listener


@pytest.fixture
async def seller(seller: Seller, clock: MovableClock) -> Seller:
    """The cancellations of unpaid orders are over before anybody listens."""
    clock.now += 10
    await seller.state()
    return seller


async def tell_app(seller: Seller, hook: Told) -> None:
    assert (await seller.http.post("/admin/webhooks", json={"tiktok": hook.url})).status_code == 200


async def announce(seller: Seller, kind: int, **data: object) -> None:
    assert (await seller.http.post("/admin/announce", json={"type": kind, "data": data})).status_code == 200


async def counts(seller: Seller) -> Json:
    return {name: count for name, count in (await seller.state())["webhooks"]["tiktok"].items() if count}


async def an_order(seller: Seller) -> Json:
    return next(o for o in await seller.orders() if o["recipient_address"]["postal_code"] not in ("", "00000"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            W1,
            "5a0737669a6ce64007362893e4e03bf6a27a543f4bf0712140f40f437845ee39",
        ),
        (
            W4,
            "2894ebc3e1af894133a8f030158b5f8198f96f61e11bea0c37a4de2cea130afc",
        ),
    ],
)
def test_the_signature_is_that_of_the_reference(body: bytes, expected: str) -> None:
    assert tiktok_signature("6demo4oms9k1", "oms-demo-secret-7f3a9c", body) == expected


async def test_a_topic_is_registered_read_and_removed_shop_by_shop(seller: Seller, hook: Told) -> None:
    assert (await seller.ask("PUT", PATH, None, {**ORDER_STATUS, "address": hook.url}))["code"] == 0
    listed = (await seller.ask("GET", PATH))["data"]
    assert (listed["total_count"], listed["webhooks"][0]["address"]) == (1, hook.url)
    assert (await seller.ask("DELETE", PATH, None, ORDER_STATUS))["code"] == 0
    assert (await seller.ask("GET", PATH))["data"] == {"total_count": 0, "webhooks": []}


@pytest.mark.parametrize(
    "wrong",
    [
        {"event_type": "ORDER_GOSSIP", "address": "https://orders.example/told"},
        {**ORDER_STATUS, "address": "http://orders.example/told"},
        {**ORDER_STATUS, "address": "https://orders.example:8443/told"},
        {**ORDER_STATUS, "address": f"https://orders.example/{'x' * 240}"},
        ORDER_STATUS,
    ],
)
async def test_an_address_or_topic_that_tiktok_does_not_take_is_refused(seller: Seller, wrong: Json) -> None:
    assert (await seller.ask("PUT", PATH, None, wrong))["code"] == 36009004
    assert (await seller.ask("GET", PATH))["data"]["webhooks"] == []


async def test_marking_shipped_and_the_carrier_s_scans_are_told(
    seller: Seller, hook: Told, clock: MovableClock
) -> None:
    order = await an_order(seller)
    label = await seller.label(order)
    await seller.ask("PUT", PATH, None, {**ORDER_STATUS, "address": hook.url})
    shipped_at = int(clock.now)
    await seller.mark_shipped(order, label)
    (envelope,) = await hook.messages(1)
    assert envelope == {
        "type": 1,
        "tts_notification_id": envelope["tts_notification_id"],
        "shop_id": seller.keys["shop_id"],
        "timestamp": shipped_at,
        "data": {
            "order_id": order["id"],
            "order_status": "AWAITING_COLLECTION",
            "is_on_hold_order": False,
            "update_time": shipped_at,
        },
    }
    clock.now += 3600
    told_of = [told["data"]["order_status"] for told in await hook.messages(4)]
    assert sorted(told_of) == ["AWAITING_COLLECTION", "COMPLETED", "DELIVERED", "IN_TRANSIT"]
    assert all(signed_by_tiktok(request, seller.keys) for request in hook.received)
    assert len({told["tts_notification_id"] for told in hook.envelopes()}) == 4
    assert await counts(seller) == {"emitted": 4, "sent": 4, "delivered": 4}


async def test_a_cancellation_is_spelled_as_the_event_spells_it(seller: Seller, hook: Told) -> None:
    order = await an_order(seller)
    await tell_app(seller, hook)
    body = {"order_id": order["id"], "cancel_reason": "seller_cancel_reason_out_of_stock"}
    cancel_id = (await seller.ask("POST", "/return_refund/202309/cancellations", None, body))["data"]["cancel_id"]
    await hook.messages(2)
    (status,), (cancellation,) = hook.envelopes(1), hook.envelopes(11)
    assert status["data"]["order_status"] == "CANCEL"
    assert cancellation["data"] == {
        "order_id": order["id"],
        "cancellations_role": "SELLER",
        "cancel_status": "CANCELLATION_REQUEST_COMPLETE",
        "cancel_id": cancel_id,
        "create_time": status["data"]["update_time"],
    }


async def test_orders_are_told_from_the_moment_they_are_placed(hook: Told, clock: MovableClock) -> None:
    scenario = Scenario(seed=5, orders=30, arrival=Arrival.STEADY, timings=Timings(10, 60, 3600, 3600, 3600))
    async with serve(scenario, faults="none", clock=clock) as simulator, seller_at(simulator.url) as seller:
        await tell_app(seller, hook)
        before = len(await seller.orders())
        clock.now += 1000
        state = await seller.state()
        cancelled, shippable = state["orders"]["CANCELLED"], state["orders"]["AWAITING_SHIPMENT"]
        assert cancelled + shippable == 30
        await hook.until(lambda: len(hook.envelopes(1)) >= 30 - before + cancelled + 2 * shippable)
        statuses = [told["data"]["order_status"] for told in hook.envelopes(1)]
    assert statuses.count("UNPAID") == 30 - before
    assert (statuses.count("AWAITING_SHIPMENT"), statuses.count("CANCEL")) == (shippable, cancelled)
    assert all(told["data"]["is_on_hold_order"] is True for told in hook.envelopes(1))
    roles = {told["data"]["cancellations_role"] for told in hook.envelopes(11)}
    assert roles <= {"BUYER"}


async def test_odd_envelopes_are_as_odd_as_tiktok_s(seller: Seller, hook: Told) -> None:
    await tell_app(seller, hook)
    await announce(seller, 3, order_id="577000000000000001", update_time=1767226099)
    await announce(seller, 24, sku_id="1729000000000000501")
    await announce(seller, 9000, anything="new")
    await hook.messages(3)
    (address,), (fbt,), (unknown,) = (hook.envelopes(kind) for kind in (3, 24, 9000))
    assert sorted(address) == ["data", "shop_id", "timestamp", "type"]
    assert sorted(fbt) == ["data", "seller_open_id", "timestamp", "tts_notification_id", "type"]
    assert unknown["data"] == {"anything": "new"}
    assert (await seller.http.post("/admin/announce", json={"type": "1"})).status_code == 400


async def test_a_shop_s_own_address_comes_before_the_app_s(seller: Seller, hook: Told) -> None:
    async with told() as own:
        await tell_app(seller, hook)
        await seller.ask("PUT", PATH, None, {"event_type": "PRODUCT_STATUS_CHANGE", "address": own.url})
        await announce(seller, 5, product_id=1729000000000000001)
        await announce(seller, 6, message="gone")
        assert [body["type"] for body in await own.messages(1)] == [5]
        assert [body["type"] for body in await hook.messages(1)] == [6]
        assert b'"product_id":1729000000000000001' in own.received[0].body


async def test_what_is_not_answered_200_is_sent_again_as_late_as_tiktok_does_and_then_dropped(
    seller: Seller, hook: Told, clock: MovableClock
) -> None:
    hook.answer(503)
    await tell_app(seller, hook)
    await announce(seller, 27, sku_id="1")
    await hook.messages(1)
    for number, wait in enumerate((120, 1800, 10800, 43200), start=2):
        await hook.until_counted(seller, "tiktok", refused=number - 1)
        clock.now += wait - 1
        await hook.messages(number - 1)
        clock.now += 1
        await hook.messages(number)
    await hook.until_counted(seller, "tiktok", refused=5)
    assert len({request.body for request in hook.received}) == 1
    assert await counts(seller) == {"emitted": 1, "sent": 5, "refused": 5, "given_up": 1}


async def test_a_receiver_that_recovers_is_told_once_more_only(seller: Seller, hook: Told, clock: MovableClock) -> None:
    hook.answer(401)
    await tell_app(seller, hook)
    await announce(seller, 27, sku_id="1")
    await hook.until_counted(seller, "tiktok", refused=1)
    hook.answer(200)
    clock.now += 50_000
    await hook.messages(2)
    await hook.until_counted(seller, "tiktok", refused=1, delivered=1)
    assert await counts(seller) == {"emitted": 1, "sent": 2, "refused": 1, "delivered": 1}


async def chaos(seller: Seller, hook: Told, clock: MovableClock) -> Json:
    """Sixty messages of which about every third suffers each mishap; return the counts."""
    rates = {f"webhook_{name}": 0.3 for name in MISHAPS}
    await seller.http.post("/admin/faults", json={"preset": "none", **rates})
    await tell_app(seller, hook)
    for number in range(60):
        await announce(seller, 1, order_id=f"{number:02d}", order_status="DELIVERED")
    found = await counts(seller)
    clock.now += 4
    await hook.messages(60 - found["lost"] + found["doubled"] + found["forged"])
    return await counts(seller)


async def test_messages_are_lost_doubled_reordered_delayed_and_forged_as_often_as_asked(
    seller: Seller, hook: Told, clock: MovableClock
) -> None:
    found = await chaos(seller, hook, clock)
    assert found["emitted"] == 60
    assert all(8 <= found[name] <= 30 for name in MISHAPS)
    genuine = [request for request in hook.received if signed_by_tiktok(request, seller.keys)]
    told_of = [request.body for request in genuine]
    assert len(set(told_of)) == 60 - found["lost"]
    assert len(told_of) - len(set(told_of)) == found["doubled"]
    assert len(hook.received) - len(genuine) == found["forged"] == found["forged_accepted"]
    ids = [json.loads(body)["data"]["order_id"] for body in dict.fromkeys(told_of)]
    assert ids != sorted(ids)


async def test_the_seed_decides_which_messages_suffer(hook: Told) -> None:
    seen = []
    for _ in range(2):
        clock = MovableClock()
        scenario = Scenario(seed=11, orders=0, timings=AT_ONCE)
        async with (
            serve(scenario, faults="none", clock=clock) as simulator,
            seller_at(simulator.url) as seller,
            told() as listener,
        ):
            seen.append((await chaos(seller, listener, clock), sorted(r.body for r in listener.received)))
    assert seen[0] == seen[1]


async def test_registrations_survive_a_kill(hook: Told, clock: MovableClock, tmp_path: Path) -> None:
    scenario = Scenario(seed=5, orders=0)
    for number in range(2):
        async with (
            serve(scenario, faults="none", clock=clock, journal=tmp_path / "journal") as simulator,
            seller_at(simulator.url) as seller,
        ):
            if number == 0:
                await tell_app(seller, hook)
                await seller.ask("PUT", PATH, None, {**ORDER_STATUS, "address": hook.url})
            else:
                await announce(seller, 6, message="gone")
                await hook.messages(1)
                assert (await seller.ask("GET", PATH))["data"]["total_count"] == 1
