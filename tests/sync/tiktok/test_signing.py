"""The published vectors, byte for byte."""

from __future__ import annotations

import pytest

from sync.tiktok.signing import is_genuine_webhook, sign_request

KEY, SECRET = "6demo4oms9k1", "oms-demo-secret-7f3a9c"
ALWAYS = {"app_key": KEY, "timestamp": "1767225600"}
CIPHER = {"shop_cipher": "TTP_demoCipher_AAAA1111"}
SEARCH = "/order/202309/orders/search"
BY_UPDATE = {**CIPHER, "page_size": "50", "sort_field": "update_time", "sort_order": "ASC"}
COMPACT = b'{"update_time_ge":1767139200,"update_time_lt":1767225600}'
CANCELLATION = "/return_refund/202309/cancellations/4035000000000000001"

R1 = "2014e8c274fe2f4e4a5ddcd735b7666332ed44929ee34911aa0dc8a3ae1dd676"
VECTORS = {
    "R1": ("/authorization/202309/shops", {}, b"", R1),
    "R2": ("/authorization/202309/shops", {"sign": "deadbeef", "access_token": "TTP_ignored"}, b"", R1),
    "R3": (SEARCH, BY_UPDATE, COMPACT, "63e4eca63b2581b9e71c1e73df79836ee934b02f52256090fb9ec3f54e5c9a33"),
    "R4": (
        SEARCH,
        BY_UPDATE,
        b'{"update_time_ge": 1767139200, "update_time_lt": 1767225600}',
        "70a8487627b22e013a67aa3f9962cf237d36a694d01d7e2a18eee5f16168a7f9",
    ),
    "R5": (
        SEARCH,
        {**BY_UPDATE, "page_token": "aB3+/xYz09=="},
        COMPACT,
        "54c947c09226f56402ce73366a5c54c46bf25729338be0307892b541df9ef7a0",
    ),
    "R6": (
        "/order/202507/orders",
        {**CIPHER, "ids": "577000000000000001,577000000000000002"},
        b"",
        "eee4f0fa56eb03049011ebd5859d182d6ba1856247f652e5f3fed4f1ea99e42c",
    ),
    "R7": (
        SEARCH,
        {**CIPHER, "page_size": "20"},
        b"{}",
        "8678ba01af97c8133ff622cb8ec7939723f48213c24417ddd6897a1667b32f9c",
    ),
    "R8": (
        SEARCH,
        {**CIPHER, "page_size": "20"},
        b"",
        "43b82c2a068ba744eac721e8eaba62a91b4bc3e4c5af6d5931f984acd562f5c6",
    ),
    "R9": (
        f"{CANCELLATION}/approve",
        {**CIPHER, "idempotency_key": "0f6c2d1e-5b1a-4b8e-9a55-3f6f1c2b7a10"},
        b"",
        "f9da8025e04b13255605a814a2209244604186df8113eabf2a7858ba674407d9",
    ),
    "R10": (
        "/fulfillment/202309/orders/577000000000000001/packages",
        CIPHER,
        (
            b'{"tracking_number":"1Z999AA10123456784","shipping_provider_id":"7117858858072016686",'
            b'"order_line_item_ids":["577000000000000101"]}'
        ),
        "59249623efdccff3734f921e7b26b4b3c94a139e4b4998e73d048d08370471d4",
    ),
    "R11": (
        "/event/202309/webhooks",
        CIPHER,
        b'{"event_type":"ORDER_STATUS_CHANGE"}',
        "a5f161ac922940793727ff44bf2db52ce0f01dcee250f0adf4aa1f1c2c31de61",
    ),
    "R12": (
        f"{CANCELLATION}/reject",
        CIPHER,
        '{"reject_reason":"seller_reject_apply_product_has_been_packed","comment":"déjà expédié ✓"}'.encode(),
        "4d0802b94bdc7d7da4ba09adecfe9f8b79b5f1a55d60852d4ee14c748a1ffe5c",
    ),
}

WEBHOOKS = {
    "W1": (
        (
            '{"type":1,"tts_notification_id":"7590000000000000001","shop_id":"7495000000000000001","timestamp":1767225601,'
            '"data":{"order_id":"577000000000000001","order_status":"AWAITING_SHIPMENT","is_on_hold_order":true,'
            '"update_time":1767225600}}'
        ),
        "5a0737669a6ce64007362893e4e03bf6a27a543f4bf0712140f40f437845ee39",
    ),
    "W2": (
        (
            '{"type":4,"tts_notification_id":"7590000000000000002","shop_id":"7495000000000000001","timestamp":1767225700,'
            '"data":{"sc_type":"COMBINE","role_type":"ROLE_SELLER","package_list":[{"package_id":"1153000000000000009",'
            '"order_id_list":["577000000000000001","577000000000000002"]}],"update_time":1767225699}}'
        ),
        "09cbdc255aebf713febca22dffaa2d9602343ccb9ebfe7ea8822c8d5d12a7e72",
    ),
    "W3": (
        (
            '{"type":11,"tts_notification_id":"7590000000000000003","shop_id":"7495000000000000001","timestamp":1767226000,'
            '"data":{"order_id":"577000000000000001","cancellations_role":"BUYER",'
            '"cancel_status":"CANCELLATION_REQUEST_PENDING","cancel_id":"4035000000000000001","create_time":1767225990}}'
        ),
        "291c2398aaf987d57e595431f525703ae101ebf44cee591e3e3692b0a7d229f5",
    ),
    "W4": (
        (
            '{ "type": 3, "shop_id": "7495000000000000001", "timestamp": 1767226100, '
            '"data": { "order_id": "577000000000000001", "update_time": 1767226099 } }'
        ),
        "2894ebc3e1af894133a8f030158b5f8198f96f61e11bea0c37a4de2cea130afc",
    ),
    "W5": (
        (
            '{"type":5,"tts_notification_id":"7590000000000000005","shop_id":"7495000000000000001","timestamp":1767226200,'
            '"data":{"product_id":1729000000000000001,"status":"PRODUCT_AUDIT_FAILURE",'
            '"suspended_reason":"Título inválido ✗","update_time":1767226199}}'
        ),
        "176e2b4a8c075866b3aa27674c79bc426ab9648ec2998318c43abf1f3b5a28d6",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_a_request_is_signed_as_published(name: str) -> None:
    path, query, body, expected = VECTORS[name]
    assert sign_request(path, {**ALWAYS, **query}, body, SECRET) == expected


@pytest.mark.parametrize("body", [b"", b"anything", b"--bnd\r\n"])
def test_the_body_of_an_upload_is_not_signed(body: bytes) -> None:
    """R13"""
    sign = sign_request(
        "/product/202309/images/upload", ALWAYS, body, SECRET, media_type="Multipart/form-data; boundary=bnd"
    )
    assert sign == "cf01bda0c295f005198deac35346225f7a2bf51fc69b5b3667ff246d1105ab33"


@pytest.mark.parametrize("name", WEBHOOKS)
def test_a_webhook_is_genuine_as_published(name: str) -> None:
    body, signature = WEBHOOKS[name]
    assert is_genuine_webhook(signature, body.encode(), app_key=KEY, app_secret=SECRET)


def test_a_webhook_with_anything_changed_is_not_genuine() -> None:
    body, signature = WEBHOOKS["W1"]
    raw = body.encode()
    for wrong in ("", "é", signature[:-1], signature.upper(), f"Bearer {signature}", "0" * 64):
        assert not is_genuine_webhook(wrong, raw, app_key=KEY, app_secret=SECRET)
    assert not is_genuine_webhook(signature, raw + b" ", app_key=KEY, app_secret=SECRET)
    assert not is_genuine_webhook(signature, raw, app_key=KEY, app_secret="other")
