"""EasyPost's errors, its authentication, and what a failing EasyPost looks like."""

import base64
import binascii
import hmac
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from typing import Any

import orjson

from sync.simulator.easypost.documented import CODES
from sync.simulator.wire import Call, Dialect, RefusedError, Reply

_request_number = count(1)


def answer(data: object, status: int = 200) -> Reply:
    """Return a JSON answer with a support id."""
    uuid = b"%032x" % next(_request_number)
    return Reply(status, orjson.dumps(data), headers=((b"x-ep-request-uuid", uuid),))


def error(status: int, code: str, message: str, errors: Sequence[Any] = ()) -> Reply:
    """Return an error in EasyPost's envelope."""
    return answer({"error": {"code": code, "message": message, "errors": list(errors)}}, status)


def refusal(status: int, code: str, message: str, errors: Sequence[Any] = ()) -> RefusedError:
    """Return an error to raise."""
    return RefusedError(error(status, code, message, errors))


def missing(what: str) -> RefusedError:
    """Return the refusal of an id that is not known."""
    return refusal(404, "NOT_FOUND", f"The requested {what} could not be found.")


def documented(code: object, message: str | None, status: int | None) -> Reply:
    """Return the error with this code, in EasyPost's words unless others are given; KeyError for an unknown one."""
    name = str(code)
    words, usual = CODES[name] if message is None or status is None else (message, status)
    return error(usual if status is None else status, name, words if message is None else message)


def _throttled() -> Reply:
    reply = error(429, "RATE_LIMITED", "You are making too many requests; slow down.")
    return Reply(reply.status, reply.body, headers=(*reply.headers, (b"retry-after", b"1")))


DIALECT = Dialect(
    bad_body=lambda: error(400, "BAD_REQUEST", "The request body is not a JSON object."),
    throttled=_throttled,
    failed=lambda: error(500, "INTERNAL_SERVER_ERROR", "We are sorry, something went wrong on our side."),
    documented=documented,
    succeeded=answer,
)


def requires_key(api_key: str) -> Callable[[Call], None]:
    """Return a gate for callers with the key, as Basic user or as Bearer token."""
    expected = api_key.encode()

    def gate(call: Call) -> None:
        scheme, _, value = call.headers.get(b"authorization", b"").partition(b" ")
        given = b""
        if scheme.lower() == b"bearer":
            given = value.strip()
        elif scheme.lower() == b"basic":
            with suppress(binascii.Error):
                given = base64.b64decode(value, validate=True).partition(b":")[0]
        if not hmac.compare_digest(given, expected):
            raise refusal(401, "UNAUTHORIZED", "The API key is missing or not valid.")

    return gate


def let_in(_call: Call) -> None:
    """A gate that is always open, as for label files in object storage."""


def timestamp(at: float) -> str:
    """Return unix seconds as EasyPost writes times."""
    return _written(int(at))


@lru_cache(maxsize=4_096)
def _written(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
