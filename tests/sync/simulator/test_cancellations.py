"""The seller's own cancellations: once, for a reason of the market, until the carrier has the parcel."""

from typing import Any

from tests.sync.simulator.conftest import MovableClock
from tests.sync.simulator.seller import Json, Seller
from tests.sync.simulator.test_fulfilment import UPS_NUMBER, mark, shippable

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
