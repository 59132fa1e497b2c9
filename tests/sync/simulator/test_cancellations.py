"""The seller's own cancellations: once, for a reason of the market, until the carrier has the parcel."""

from typing import Any

from tests.sync.simulator.conftest import MovableClock
from tests.sync.simulator.seller import Json, Seller
from tests.sync.simulator.test_fulfilment import UPS_NUMBER, mark, shippable
from tests.sync.simulator.test_package_flows import own, selling_in, ship

OUT_OF_STOCK = "seller_cancel_reason_out_of_stock"


async def cancel(seller: Seller, order_id: str, reason: str = OUT_OF_STOCK) -> Json:
    body: dict[str, Any] = {"order_id": order_id, "cancel_reason": reason}
    return await seller.ask("POST", "/return_refund/202309/cancellations", None, body)


async def test_a_cancelled_order_says_who_cancelled_it_and_stays_cancelled(seller: Seller, clock: MovableClock) -> None:
    order = await shippable(seller)
    clock.now += 1
    answer = await cancel(seller, order["id"])
    assert (answer["code"], answer["data"]["cancel_status"]) == (0, "CANCELLATION_REQUEST_SUCCESS")
    clock.now += 10_000
    after = await seller.order(order["id"])
    assert (after["status"], after["cancellation_initiator"]) == ("CANCELLED", "SELLER")
    assert after["update_time"] > order["update_time"]
    assert (await mark(seller, order["id"]))["code"] == 21011042
    assert (await cancel(seller, order["id"]))["code"] == 25001011


async def test_a_reason_of_another_market_is_refused_and_changes_nothing(seller: Seller) -> None:
    order = await seller.order((await shippable(seller))["id"])
    assert (await cancel(seller, order["id"], "seller_cancel_reason_out_of_stock_uk"))["code"] == 25001021
    assert (await cancel(seller, "577"))["code"] == 21008111
    assert await seller.order(order["id"]) == order


async def test_a_parcel_that_the_carrier_has_is_not_cancelled(seller: Seller, clock: MovableClock) -> None:
    order = await shippable(seller)
    await mark(seller, order["id"])
    clock.now += 10_000
    assert (await seller.order(order["id"]))["status"] == "COMPLETED"
    assert (await cancel(seller, order["id"]))["code"] == 25011012


async def test_a_tracking_number_is_not_shared_by_orders_of_different_buyers(seller: Seller) -> None:
    orders = await seller.orders(order_status="AWAITING_SHIPMENT")
    first = await shippable(seller)
    stranger = next(order for order in orders if order["recipient_address"] != first["recipient_address"])
    assert (await mark(seller, first["id"]))["code"] == 0
    assert (await mark(seller, stranger["id"], tracking_number=UPS_NUMBER))["code"] == 21011025


ROOT = "/return_refund/202309"


async def ask_to_cancel(seller: Seller, order: Json, **more: Any) -> str:
    answer = await seller.http.post("/admin/buyer/cancel", json={"order_id": order["id"], **more})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["cancel_id"])


async def answer(seller: Seller, cancel_id: str, verb: str, key: str, **body: Any) -> Json:
    path = f"{ROOT}/cancellations/{cancel_id}/{verb}"
    return await seller.ask("POST", path, {"idempotency_key": key}, body or None)


async def found(seller: Seller, **filters: Any) -> list[Json]:
    answered = await seller.ask("POST", f"{ROOT}/cancellations/search", {"page_size": "50"}, filters)
    return list(answered["data"]["cancellations"])


async def test_a_buyer_s_request_waits_for_the_seller_and_an_approved_one_cancels(seller: Seller) -> None:
    order = await shippable(seller)
    cancel_id = await ask_to_cancel(seller, order)
    asked = await seller.order(order["id"])
    assert (asked["status"], asked["is_buyer_request_cancel"]) == ("AWAITING_SHIPMENT", True)
    [row] = await found(seller, cancel_ids=[cancel_id])
    assert (row["cancel_status"], row["cancel_type"]) == ("CANCELLATION_REQUEST_PENDING", "BUYER_CANCEL")
    assert row["seller_next_action_response"][0]["deadline"] == row["create_time"] + 48 * 3600
    assert (await answer(seller, cancel_id, "approve", "k1"))["code"] == 0
    assert (await answer(seller, cancel_id, "approve", "k1"))["code"] == 0
    assert (await answer(seller, cancel_id, "approve", "k2"))["code"] == 25020003
    after = await seller.order(order["id"])
    assert (after["status"], after["cancellation_initiator"]) == ("CANCELLED", "BUYER")
    assert (await seller.state())["cancel_requests"]["by SELLER"] == 1


async def test_a_rejected_request_lets_the_order_go_on(seller: Seller) -> None:
    order = await shippable(seller)
    cancel_id = await ask_to_cancel(seller, order)
    reasons = await seller.ask("GET", f"{ROOT}/reject_reasons", {"return_or_cancel_id": cancel_id})
    name = reasons["data"]["reasons"][0]["name"]
    assert (await answer(seller, cancel_id, "reject", "k", reject_reason="bored"))["code"] == 25001020
    assert (await answer(seller, cancel_id, "reject", "k", reject_reason=name, comment="On its way."))["code"] == 0
    [row] = await found(seller, cancel_status=["CANCELLATION_REQUEST_CANCEL"])
    assert row["cancel_status"] == "CANCELLATION_REQUEST_CANCELLED"
    after = await seller.order(order["id"])
    assert (after["status"], after["is_buyer_request_cancel"]) == ("AWAITING_SHIPMENT", False)


async def test_nobody_s_answer_is_a_yes_after_two_days(seller: Seller, clock: MovableClock) -> None:
    order = await shippable(seller)
    cancel_id = await ask_to_cancel(seller, order)
    clock.now += 48 * 3600
    assert (await seller.order(order["id"]))["status"] == "CANCELLED"
    [row] = await found(seller, cancel_ids=[cancel_id])
    assert row["cancel_status"] == "CANCELLATION_REQUEST_SUCCESS"
    assert (await seller.state())["cancel_requests"]["by DEADLINE"] == 1


async def test_shipping_rejects_the_request_in_the_us_and_is_refused_elsewhere(seller: Seller) -> None:
    order = await shippable(seller)
    await ask_to_cancel(seller, order)
    assert (await mark(seller, order["id"]))["code"] == 0
    assert (await seller.state())["cancel_requests"]["by SHIPPING"] == 1
    async with selling_in("ID") as abroad:
        theirs = await shippable(abroad)
        await ask_to_cancel(abroad, theirs)
        assert (await ship(abroad, theirs["packages"][0]["id"], own(1)))["code"] == 21011007
        assert (await abroad.state())["packages"] == 0


async def test_single_units_are_cancelled_for_being_out_of_stock_only(seller: Seller) -> None:
    order = await shippable(seller, units=2)
    line = order["line_items"][0]["id"]
    body = {"order_id": order["id"], "cancel_reason": "seller_cancel_reason_wrong_price", "order_line_item_ids": [line]}
    assert (await seller.ask("POST", f"{ROOT}/cancellations", None, body))["code"] == 25001021
    body["cancel_reason"] = OUT_OF_STOCK
    assert (await seller.ask("POST", f"{ROOT}/cancellations", None, body))["code"] == 0
    after = await seller.order(order["id"])
    assert after["status"] == "AWAITING_SHIPMENT"
    assert [each["display_status"] for each in after["line_items"]][:2] == ["CANCELLED", "AWAITING_SHIPMENT"]
    assert (await mark(seller, order["id"]))["data"]["order_line_item_ids"] == [
        each["id"] for each in order["line_items"][1:]
    ]
