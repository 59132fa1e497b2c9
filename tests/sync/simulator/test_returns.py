"""Returns: asked for by buyers, opened by the seller, answered; each decision only where it fits."""

from typing import Any

from tests.sync.simulator.conftest import MovableClock
from tests.sync.simulator.seller import Json, Seller
from tests.sync.simulator.test_fulfilment import mark, shippable

ROOT = "/return_refund/202309"
PACKED = "seller_reject_apply_product_has_been_packed"


async def on_its_way(seller: Seller) -> Json:
    order = await shippable(seller, units=2)
    assert (await mark(seller, order["id"]))["code"] == 0
    return order


async def ask(seller: Seller, order: Json, **more: Any) -> str:
    answer = await seller.http.post("/admin/buyer/return", json={"order_id": order["id"], **more})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["return_id"])


async def answer(seller: Seller, return_id: str, verb: str, **body: Any) -> int:
    return int((await seller.ask("POST", f"{ROOT}/returns/{return_id}/{verb}", None, body))["code"])


async def found(seller: Seller, return_id: str) -> Json:
    data = (await seller.ask("POST", f"{ROOT}/returns/search", {"page_size": "50"}, {"return_ids": [return_id]}))[
        "data"
    ]
    return dict(data["return_orders"][0])


async def test_a_return_goes_through_the_buyer_s_hands_to_its_refund(seller: Seller) -> None:
    order = await on_its_way(seller)
    return_id = await ask(seller, order, order_line_item_ids=[order["line_items"][0]["id"]])
    row = await found(seller, return_id)
    assert (row["return_status"], row["return_type"]) == ("RETURN_OR_REFUND_REQUEST_PENDING", "RETURN_AND_REFUND")
    assert [line["order_line_item_id"] for line in row["return_line_items"]] == [order["line_items"][0]["id"]]
    assert await answer(seller, return_id, "approve", decision="APPROVE_RECEIVED_PACKAGE") == 25020003
    assert await answer(seller, return_id, "approve", decision="APPROVE_RETURN") == 0
    assert (await seller.http.post("/admin/buyer/ship_back", json={"return_id": return_id})).status_code == 200
    assert (await found(seller, return_id))["return_status"] == "BUYER_SHIPPED_ITEM"
    assert await answer(seller, return_id, "approve", decision="APPROVE_RECEIVED_PACKAGE") == 0
    assert (await seller.state())["returns"] == {"RETURN_OR_REFUND_REQUEST_COMPLETE": 1}


async def test_a_refused_a_partly_granted_and_a_kept_one(seller: Seller) -> None:
    order = await on_its_way(seller)
    refused, partly, kept = [await ask(seller, order) for _ in range(3)]
    assert await answer(seller, refused, "reject", decision="REJECT_RETURN", reject_reason="bored") == 25001020
    assert await answer(seller, refused, "reject", decision="REJECT_RETURN", reject_reason=PACKED) == 0
    assert (await found(seller, refused))["return_status"] == "REFUND_OR_RETURN_REQUEST_REJECT"
    offer = {"amount": "0.50", "currency": "USD"}
    assert await answer(seller, partly, "approve", decision="OFFER_PARTIAL_REFUND") == 36009004
    assert await answer(seller, partly, "approve", decision="OFFER_PARTIAL_REFUND", partial_refund=offer) == 0
    row = await found(seller, partly)
    assert (row["return_status"], row["refund_amount"]["refund_total"]) == ("AWAITING_BUYER_RESPONSE", "0.50")
    assert await answer(seller, kept, "approve", decision="APPROVE_RETURN", buyer_keep_item=True) == 0
    assert (await found(seller, kept))["return_status"] == "RETURN_OR_REFUND_REQUEST_COMPLETE"


async def test_nobody_s_answer_is_a_yes_and_a_replacement_waits_half_as_long(
    seller: Seller, clock: MovableClock
) -> None:
    order = await on_its_way(seller)
    refund, replacement = (
        await ask(seller, order, return_type="REFUND"),
        await ask(seller, order, return_type="REPLACEMENT"),
    )
    clock.now += 24 * 3600
    assert (await found(seller, replacement))["return_status"] == "REPLACEMENT_REQUEST_COMPLETE"
    assert (await found(seller, refund))["return_status"] == "RETURN_OR_REFUND_REQUEST_PENDING"
    clock.now += 24 * 3600
    assert (await found(seller, refund))["return_status"] == "RETURN_OR_REFUND_REQUEST_COMPLETE"


async def test_the_seller_opens_a_return_once_for_a_key_and_may_reckon_it_before(seller: Seller) -> None:
    waiting = await shippable(seller)
    body = {"order_id": waiting["id"], "return_type": "REFUND", "return_reason": "seller_reason_damaged"}
    assert (await seller.ask("POST", f"{ROOT}/returns", {"idempotency_key": "k0"}, body))["code"] == 25020003
    order = await on_its_way(seller)
    asked = {"order_id": order["id"], "request_type": "REFUND", "reason_name": "x"}
    reckoned = (await seller.ask("POST", f"{ROOT}/refunds/calculate", None, asked))["data"]["refund_amount"]
    body["order_id"] = order["id"]
    first = (await seller.ask("POST", f"{ROOT}/returns", {"idempotency_key": "k1"}, body))["data"]
    again = (await seller.ask("POST", f"{ROOT}/returns", {"idempotency_key": "k1"}, body))["data"]
    assert first == again
    assert (await found(seller, first["return_id"]))["refund_amount"] == reckoned
    assert sum((await seller.state())["returns"].values()) == 1
