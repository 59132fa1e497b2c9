"""Webhooks with their signatures, as computed for the reference: app 6demo4oms9k1, secret oms-demo-secret-7f3a9c."""

from __future__ import annotations

W1 = (
    b'{"type":1,"tts_notification_id":"7590000000000000001","shop_id":"7495000000000000001","timestamp":1767225601,'
    b'"data":{"order_id":"577000000000000001","order_status":"AWAITING_SHIPMENT","is_on_hold_order":true,'
    b'"update_time":1767225600}}'
)
W2 = (
    b'{"type":4,"tts_notification_id":"7590000000000000002","shop_id":"7495000000000000001","timestamp":1767225700,'
    b'"data":{"sc_type":"COMBINE","role_type":"ROLE_SELLER","package_list":[{"package_id":"1153000000000000009",'
    b'"order_id_list":["577000000000000001","577000000000000002"]}],"update_time":1767225699}}'
)
W3 = (
    b'{"type":11,"tts_notification_id":"7590000000000000003","shop_id":"7495000000000000001","timestamp":1767226000,'
    b'"data":{"order_id":"577000000000000001","cancellations_role":"BUYER","cancel_status":"CANCELLATION_REQUEST_PENDING",'
    b'"cancel_id":"4035000000000000001","create_time":1767225990}}'
)
W4 = (
    b'{ "type": 3, "shop_id": "7495000000000000001", "timestamp": 1767226100, '
    b'"data": { "order_id": "577000000000000001", "update_time": 1767226099 } }'
)
W5 = (
    '{"type":5,"tts_notification_id":"7590000000000000005","shop_id":"7495000000000000001","timestamp":1767226200,'
    '"data":{"product_id":1729000000000000001,"status":"PRODUCT_AUDIT_FAILURE","suspended_reason":"Título inválido ✗",'
    '"update_time":1767226199}}'
).encode()

VECTORS = {
    "W1": (W1, "5a0737669a6ce64007362893e4e03bf6a27a543f4bf0712140f40f437845ee39"),
    "W2": (W2, "09cbdc255aebf713febca22dffaa2d9602343ccb9ebfe7ea8822c8d5d12a7e72"),
    "W3": (W3, "291c2398aaf987d57e595431f525703ae101ebf44cee591e3e3692b0a7d229f5"),
    "W4": (W4, "2894ebc3e1af894133a8f030158b5f8198f96f61e11bea0c37a4de2cea130afc"),
    "W5": (W5, "176e2b4a8c075866b3aa27674c79bc426ab9648ec2998318c43abf1f3b5a28d6"),
}

EASYPOST = b'{"id":"evt_demo","object":"Event","description":"tracker.updated","result":{"id":"trk_demo","status":"delivered"}}'
EASYPOST_SIGNATURE = "hmac-sha256-hex=e27e4dd8012eb5a7b2fc257efa3e59e6a7fcc2a9b70a5c36a1a14036e2925cff"
