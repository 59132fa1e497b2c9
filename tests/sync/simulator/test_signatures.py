"""The signature check agrees with the published vectors."""

import time

import pytest

from sync.simulator.tiktok.signatures import signature
from tests.sync.simulator.seller import Seller

SECRET = "oms-demo-secret-7f3a9c"
ALWAYS = [("app_key", "6demo4oms9k1"), ("timestamp", "1767225600")]
CIPHER = [("shop_cipher", "TTP_demoCipher_AAAA1111")]
JSON = "application/json"
SHOPS, SEARCH, DETAIL = "/authorization/202309/shops", "/order/202309/orders/search", "/order/202507/orders"
CANCELLATIONS = "/return_refund/202309/cancellations/4035000000000000001"
SORTED = [("page_size", "50"), ("sort_field", "update_time"), ("sort_order", "ASC")]
WINDOW = '{"update_time_ge":1767139200,"update_time_lt":1767225600}'
SHIPPED = (
    '{"tracking_number":"1Z999AA10123456784","shipping_provider_id":"7117858858072016686",'
    '"order_line_item_ids":["577000000000000101"]}'
)
REJECTED = '{"reject_reason":"seller_reject_apply_product_has_been_packed","comment":"déjà expédié ✓"}'
VECTORS = {
    "R1": (SHOPS, [], "", JSON, "2014e8c274fe2f4e4a5ddcd735b7666332ed44929ee34911aa0dc8a3ae1dd676"),
    "R2": (
        SHOPS,
        [("sign", "deadbeef"), ("access_token", "TTP_ignored")],
        "",
        JSON,
        "2014e8c274fe2f4e4a5ddcd735b7666332ed44929ee34911aa0dc8a3ae1dd676",
    ),
    "R3": (SEARCH, CIPHER + SORTED, WINDOW, JSON, "63e4eca63b2581b9e71c1e73df79836ee934b02f52256090fb9ec3f54e5c9a33"),
    "R4": (
        SEARCH,
        CIPHER + SORTED,
        '{"update_time_ge": 1767139200, "update_time_lt": 1767225600}',
        JSON,
        "70a8487627b22e013a67aa3f9962cf237d36a694d01d7e2a18eee5f16168a7f9",
    ),
    "R5": (
        SEARCH,
        [*CIPHER, *SORTED, ("page_token", "aB3+/xYz09==")],
        WINDOW,
        JSON,
        "54c947c09226f56402ce73366a5c54c46bf25729338be0307892b541df9ef7a0",
    ),
    "R6": (
        DETAIL,
        [*CIPHER, ("ids", "577000000000000001,577000000000000002")],
        "",
        JSON,
        "eee4f0fa56eb03049011ebd5859d182d6ba1856247f652e5f3fed4f1ea99e42c",
    ),
    "R7": (
        SEARCH,
        [*CIPHER, ("page_size", "20")],
        "{}",
        JSON,
        "8678ba01af97c8133ff622cb8ec7939723f48213c24417ddd6897a1667b32f9c",
    ),
    "R8": (
        SEARCH,
        [*CIPHER, ("page_size", "20")],
        "",
        JSON,
        "43b82c2a068ba744eac721e8eaba62a91b4bc3e4c5af6d5931f984acd562f5c6",
    ),
    "R9": (
        f"{CANCELLATIONS}/approve",
        [*CIPHER, ("idempotency_key", "0f6c2d1e-5b1a-4b8e-9a55-3f6f1c2b7a10")],
        "",
        JSON,
        "f9da8025e04b13255605a814a2209244604186df8113eabf2a7858ba674407d9",
    ),
    "R10": (
        "/fulfillment/202309/orders/577000000000000001/packages",
        CIPHER,
        SHIPPED,
        JSON,
        "59249623efdccff3734f921e7b26b4b3c94a139e4b4998e73d048d08370471d4",
    ),
    "R11": (
        "/event/202309/webhooks",
        CIPHER,
        '{"event_type":"ORDER_STATUS_CHANGE"}',
        JSON,
        "a5f161ac922940793727ff44bf2db52ce0f01dcee250f0adf4aa1f1c2c31de61",
    ),
    "R12": (
        f"{CANCELLATIONS}/reject",
        CIPHER,
        REJECTED,
        JSON,
        "4d0802b94bdc7d7da4ba09adecfe9f8b79b5f1a55d60852d4ee14c748a1ffe5c",
    ),
    "R13": (
        "/product/202309/images/upload",
        [],
        "anything at all",
        "multipart/form-data; boundary=bnd",
        "cf01bda0c295f005198deac35346225f7a2bf51fc69b5b3667ff246d1105ab33",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_the_signature_of_a_published_request_is_the_published_one(name: str) -> None:
    path, extra, body, media_type, expected = VECTORS[name]
    assert signature(SECRET, path, [*extra, *ALWAYS], media_type, body.encode()) == expected


@pytest.mark.parametrize(
    ("query", "offset", "status", "code"),
    [
        ({}, 0, 200, 0),
        ({"sign": "0" * 64}, 0, 401, 106001),
        ({"sign": ""}, 0, 400, 36009004),
        ({"app_key": "6nobody"}, 0, 400, 36009004),
        ({"shop_cipher": "SIM_somebody_else"}, 0, 401, 101000),
        ({"shop_cipher": ""}, 0, 400, 106013),
        ({}, 60, 400, 36009004),
        ({}, -330, 400, 36009004),
        ({}, -290, 200, 0),
    ],
)
async def test_a_call_that_is_signed_dated_or_addressed_wrongly_is_refused_with_tiktoks_code(
    seller: Seller, query: dict[str, str], offset: int, status: int, code: int
) -> None:
    now = int(time.time()) + offset
    response = await seller.tiktok("POST", "/order/202309/orders/search", {"page_size": "1", **query}, timestamp=now)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert set(response.json()) == {"code", "message", "request_id", "data"}
    assert (response.json()["data"] is None) == (code != 0)


async def test_a_shop_cipher_where_none_belongs_and_a_foreign_token_are_refused(seller: Seller) -> None:
    assert (await seller.tiktok("GET", SHOPS)).json()["code"] == 36009004
    shops = (await seller.tiktok("GET", SHOPS, cipher=False)).json()["data"]["shops"]
    assert [shop["cipher"] for shop in shops] == [seller.keys["shop_cipher"]]
    seller.access_token = "SIMA_of_somebody_else"
    assert (await seller.tiktok("GET", SHOPS, cipher=False)).json()["code"] == 36009004


async def test_an_unknown_path_and_a_wrong_method_answer_in_the_envelope(seller: Seller) -> None:
    assert (await seller.tiktok("GET", "/order/209901/orders")).json()["code"] == 36009009
    assert (await seller.tiktok("DELETE", "/order/202309/orders")).json()["code"] == 36009010
