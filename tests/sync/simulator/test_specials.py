"""Orders that are not like the others, and what TikTok shows and hides of them: by the reference, for a client of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sync.simulator.scenario import Arrival, Scenario, Timings
from sync.simulator.server import serve
from sync.simulator.shop.specials import DAY_SECONDS, Special, Specials
from tests.sync.simulator.conftest import AT_ONCE, MovableClock
from tests.sync.simulator.seller import Json, Seller, seller_at
from tests.sync.simulator.told import told

PARTS = ("name", "phone_number", "address_line1", "full_address")


@asynccontextmanager
async def shop(clock: MovableClock, timings: Timings = AT_ONCE, **more: object) -> AsyncIterator[Seller]:
    scenario = Scenario(seed=11, orders=30, arrival=Arrival.IMMEDIATE, timings=timings, **more)  # type: ignore[arg-type]
    running = serve(scenario, faults="none", clock=clock, token_seconds=90 * DAY_SECONDS)
    async with running as simulator, seller_at(simulator.url) as seller:
        clock.now += 10  # unpaid orders that end so are cancelled
        await seller.state()
        yield seller


async def shippable(seller: Seller) -> list[Json]:
    return [order for order in await seller.orders() if order["status"] == "AWAITING_SHIPMENT"]


def masked(order: Json) -> set[str]:
    return {part for part in PARTS if "*" in order["recipient_address"][part]}


def city(order: Json) -> str:
    return next(
        str(d["address_name"]) for d in order["recipient_address"]["district_info"] if d["address_level"] == "L3"
    )


async def test_orders_fulfilled_by_tiktok_are_masked_cannot_be_shipped_and_go_their_own_way(
    clock: MovableClock,
) -> None:
    async with shop(clock, Timings(0, 0, 60, 120, 180), specials=Specials(fulfilled_by_tiktok=1)) as seller:
        order = (await shippable(seller))[0]
        assert order["fulfillment_type"] == "FULFILLMENT_BY_TIKTOK"
        assert (masked(order), "*" in city(order)) == (set(PARTS), True)
        state = next(d for d in order["recipient_address"]["district_info"] if d["address_level"] == "L1")
        assert "*" not in state["address_name"]
        body = {"tracking_number": "9400100000000000000001", "shipping_provider_id": "7117859084333745966"}
        refused = await seller.ask("POST", f"/fulfillment/202309/orders/{order['id']}/packages", None, body)
        assert refused["code"] == 21008025
        assert (await seller.order(order["id"]))["status"] == "AWAITING_SHIPMENT"
        clock.now += 60 + 180
        assert (await seller.order(order["id"]))["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("special", "flag", "link"),
    [
        (Specials(replacement=1), "is_replacement_order", "replaced_order_id"),
        (Specials(exchange=1), "is_exchange_order", "exchange_source_order_id"),
    ],
)
async def test_replacements_and_exchanges_are_orders_of_their_own_for_nothing(
    clock: MovableClock, special: Specials, flag: str, link: str
) -> None:
    async with shop(clock, specials=special) as seller:
        order = (await shippable(seller))[3]
        assert order[flag] is True
        assert (await seller.order(order[link]))["id"] != order["id"]
        assert (order["payment"]["total_amount"], order["payment"]["sub_total"]) == ("0.00", "0.00")
        assert masked(order) == set()
        label = await seller.label(order)
        assert (await seller.mark_shipped(order, label))["code"] == 0


async def test_cash_on_delivery_is_not_paid_when_it_is_to_be_shipped(clock: MovableClock) -> None:
    async with shop(clock, specials=Specials(cash_on_delivery=1)) as seller:
        order = (await shippable(seller))[0]
        assert (order["is_cod"], "paid_time" in order, order["payment_method_name"]) == (
            True,
            False,
            "Cash on delivery",
        )


async def test_a_pre_order_is_on_hold_for_weeks_and_is_released_on_its_date(clock: MovableClock) -> None:
    async with shop(clock, specials=Specials(pre_order=1)) as seller:
        order = next(o for o in await seller.orders() if o["status"] == "ON_HOLD")
        assert (order["order_type"], order["is_on_hold_order"]) == ("PRE_ORDER", True)
        assert order["release_date"] == order["paid_time"] + 21 * 86_400
        assert order["recipient_address"]["name"] == ""
        body = {"tracking_number": "9400100000000000000001", "shipping_provider_id": "7117859084333745966"}
        held = await seller.ask("POST", f"/fulfillment/202309/orders/{order['id']}/packages", None, body)
        assert held["code"] == 21011044
        clock.now += 21 * DAY_SECONDS
        assert (await seller.order(order["id"]))["status"] == "AWAITING_SHIPMENT"


@pytest.mark.parametrize("moves_update_time", [False, True])
async def test_a_buyer_who_moves_is_told_by_event_3_and_seen_by_a_refetch(
    clock: MovableClock, moves_update_time: bool
) -> None:
    specials = Specials(address_change=1, address_change_after_seconds=60, edits_move_update_time=moves_update_time)
    async with shop(clock, specials=specials) as seller, told() as hook:
        before = {order["id"]: order for order in await shippable(seller)}
        await seller.http.post("/admin/webhooks", json={"tiktok": hook.url})
        clock.now += 60
        await hook.messages(len(before))
        assert {message["type"] for message in hook.envelopes()} == {3}
        assert all("tts_notification_id" not in message for message in hook.envelopes())
        after = {order["id"]: order for order in await shippable(seller)}
        assert {message["data"]["order_id"] for message in hook.envelopes()} == before.keys() == after.keys()
        for order_id, order in after.items():
            assert order["has_updated_recipient_address"] is True
            assert order["recipient_address"]["address_line1"] != before[order_id]["recipient_address"]["address_line1"]
            assert order["recipient_address"]["name"] == before[order_id]["recipient_address"]["name"]
            assert (order["update_time"] != before[order_id]["update_time"]) is moves_update_time


async def test_an_address_is_masked_again_thirty_days_after_completion(clock: MovableClock) -> None:
    async with shop(clock) as seller:
        order = next(o for o in await shippable(seller) if o["recipient_address"]["postal_code"] not in ("", "00000"))
        await seller.mark_shipped(order, await seller.label(order))
        clock.now += 3600
        assert (await seller.order(order["id"]))["status"] == "COMPLETED"
        clock.now += 30 * DAY_SECONDS - 1
        assert masked(await seller.order(order["id"])) == set()
        clock.now += 1
        assert masked(await seller.order(order["id"])) == set(PARTS)


@pytest.mark.parametrize("announced", [False, True])
async def test_what_is_hidden_of_orders_that_tiktok_ships(clock: MovableClock, announced: bool) -> None:
    specials = Specials(mask_detail_of_tiktok_shipping=announced)
    async with shop(clock, tiktok_shipping_share=1.0, specials=specials) as seller:
        order = (await shippable(seller))[0]
        hidden = {"name", "phone_number"} | ({"address_line1", "full_address"} if announced else set())
        assert (order["shipping_type"], masked(order)) == ("TIKTOK", hidden)


async def test_tiktok_splits_and_combines_by_itself_and_says_so(clock: MovableClock) -> None:
    async with shop(clock, region="GB") as seller, told() as hook:
        orders = await shippable(seller)
        await seller.http.post("/admin/webhooks", json={"tiktok": hook.url})
        several = next(order for order in orders if len(order["line_items"]) > 1)
        made = (await seller.http.post("/admin/regroup", json={"split": several["id"]})).json()["packages"]
        (split,) = await hook.messages(1)
        assert (split["type"], split["data"]["sc_type"], split["data"]["role_type"]) == (4, "SPLIT", "ROLE_SYSTEM")
        assert split["data"]["package_list"] == [
            {"package_id": package, "order_id_list": [several["id"]]} for package in made
        ]
        assert len(made) == len(several["line_items"])
        pair = [order["id"] for order in orders if order["id"] != several["id"]][:2]
        (one,) = (await seller.http.post("/admin/regroup", json={"combine": pair})).json()["packages"]
        combined = (await hook.messages(2))[1]
        assert combined["data"]["package_list"] == [{"package_id": one, "order_id_list": pair}]
        assert [package["id"] for package in (await seller.order(pair[0]))["packages"]] == [one]
        assert (await seller.http.post("/admin/regroup", json={"split": "577"})).status_code == 404


def test_shares_that_make_no_sense_are_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"^replacement is 2; give a number from 0 to 1\.$"):
        Specials(replacement=2)
    with pytest.raises(ValueError, match=r"add up to more than 1"):
        Specials(replacement=0.6, exchange=0.6)


def test_each_special_comes_as_often_as_its_share_says() -> None:
    specials = Specials(fulfilled_by_tiktok=0.1, replacement=0.05, pre_order=0.2)
    drawn = [specials.of(7, index) for index in range(4000)]
    shares = {special: drawn.count(special) / 4000 for special in Special}
    assert all(abs(shares[special] - getattr(specials, special)) < 0.02 for special in Special)
    assert drawn == [specials.of(7, index) for index in range(4000)]


async def test_buyers_ask_to_cancel_and_to_send_back_by_themselves(clock: MovableClock) -> None:
    specials = Specials(buyer_cancels=0.4, buyer_returns=1, buyer_asks_after_seconds=60)
    async with shop(clock, Timings(0, 0, 100, 200, 9000), specials=specials) as seller:
        waiting = await shippable(seller)
        clock.now += 60
        search = "/return_refund/202309/cancellations/search"
        asked = (await seller.ask("POST", search, {"page_size": "50"}, {}))["data"]["cancellations"]
        asked_of = {each["order_id"] for each in asked if each["cancel_status"] == "CANCELLATION_REQUEST_PENDING"}
        assert 4 <= len(asked_of) < len(waiting)
        flagged = {order["id"] for order in await shippable(seller) if order["is_buyer_request_cancel"]}
        assert flagged == asked_of
        order = next(
            o
            for o in await shippable(seller)
            if o["id"] not in asked_of and o["recipient_address"]["postal_code"] not in ("", "00000")
        )
        await seller.mark_shipped(order, await seller.label(order))
        clock.now += 200 + 59
        path = "/return_refund/202309/returns/search"
        assert (await seller.ask("POST", path, {"page_size": "50"}, {}))["data"]["return_orders"] == []
        clock.now += 1
        (sent_back,) = (await seller.ask("POST", path, {"page_size": "50"}, {}))["data"]["return_orders"]
        assert (sent_back["order_id"], sent_back["return_status"]) == (order["id"], "RETURN_OR_REFUND_REQUEST_PENDING")
