"""TikTok Shop's answer envelope, its refusals, and what a failing TikTok looks like."""

import time
from itertools import count

import orjson

from sync.simulator.tiktok.documented import CODES
from sync.simulator.wire import Dialect, RefusedError, Reply

_request_number = count(1)

CATCH_ALL = 36009004
TOO_MANY_REQUESTS = 36009002
INTERNAL_ERROR = 36009003
NO_SUCH_PATH = 36009009
NO_SUCH_METHOD = 36009010
TOKEN_EXPIRED = 105002
SCOPE_MISSING = 105005
SHOP_INACTIVE = 36009043
SELLER_INACTIVE = 36009044
REFRESH_TOKEN_EXPIRED = 36004001
NO_SUCH_GRANT = 36004005
WRONG_TOKEN_FOR_SHOP = 101000
BAD_SIGNATURE = 106001
SHOP_CIPHER_MISSING = 106013
FULFILLED_BY_TIKTOK = 21008025
NO_SUCH_ORDER = 21008111
ORDER_CANCELLED_UNPAID = 21011041
ORDER_CANCELLED = 21011042
NOT_SHIPPED_YET = 21011043
ORDER_ON_HOLD = 21011044
ORDER_ALREADY_SHIPPED = 21011006
UNITS_ALREADY_SHIPPED = 21011020
WRONG_PROVIDER = 21011022
TRACKING_NUMBER_MALFORMED = 21004012
TRACKING_NUMBER_USED = 21011025
TRACKING_ALREADY_CORRECTED = 21011049
TRACKING_CHANGE_TOO_LATE = 21011050
TRACKING_CHANGE_AMBIGUOUS = 21011052
NOT_SELLER_SHIPPED = 21008117
BUYER_ASKS_TO_CANCEL = 21011007
PACKAGE_CANCELLED = 21023059
LABEL_NOT_READY = 21023035
LABEL_GONE = 21042102
LABEL_ALREADY_BOUGHT = 21022025
CANNOT_SPLIT = 21011030
CANNOT_COMBINE = 21011031
ALREADY_CANCELLED = 25001011
CANCEL_REASON_INVALID = 25001021
CANCEL_TOO_LATE = 25011012
DECISION_DOES_NOT_FIT = 25020003
REJECT_REASON_INVALID = 25001020
NO_SUCH_REQUEST = 25001013


def success(data: object) -> Reply:
    """Return an answer with code 0."""
    return success_raw(orjson.dumps(data))


def success_raw(data: bytes) -> Reply:
    """Return an answer with code 0 around data that is JSON already."""
    return Reply(200, b'{"code":0,"message":"Success","request_id":"%s","data":%s}' % (_request_id().encode(), data))


def failure(code: int, message: str, status: int = 200) -> Reply:
    """Return an answer with another code; TikTok's HTTP status says little."""
    return Reply(status, orjson.dumps({"code": code, "message": message, "request_id": _request_id(), "data": None}))


def refusal(code: int, message: str, status: int = 200) -> RefusedError:
    """Return a failure to raise."""
    return RefusedError(failure(code, message, status))


def code_and_message(refused: RefusedError) -> tuple[int, str]:
    """Return what a refusal says, to be told as one part's error in an answer for many."""
    envelope = orjson.loads(refused.reply.body)
    return envelope["code"], envelope["message"]


def _request_id() -> str:
    return f"{time.strftime('%Y%m%d%H%M%S', time.gmtime())}{next(_request_number):018X}"


def documented(code: object, message: str | None, status: int | None) -> Reply:
    """Return the failure with this code, in TikTok's words unless others are given; KeyError for an unknown one."""
    number = int(str(code))
    words, usual = CODES[number] if message is None or status is None else (message, status)
    return failure(number, words if message is None else message, usual if status is None else status)


def _throttled() -> Reply:
    reply = failure(TOO_MANY_REQUESTS, "Too many requests. Please try again later.", 429)
    return Reply(reply.status, reply.body, headers=((b"retry-after", b"1"),))


DIALECT = Dialect(
    bad_body=lambda: failure(CATCH_ALL, "Invalid request body: a JSON object is expected.", 400),
    throttled=_throttled,
    failed=lambda: failure(INTERNAL_ERROR, "Internal error. Please try again later.", 500),
    documented=documented,
    succeeded=success,
)
