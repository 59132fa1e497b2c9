"""The bodies and the addresses of requests, read strictly: what two readers could understand differently is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from email.message import Message
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.types import Scope

from sync.http.problem import Problem

_INT64 = 1 << 63
_LONGEST_NUMBER = 40
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_DEEPEST = 32
_HEARD_OUT = 2
"""Who sends somewhat too much is heard out, since one who is hung up on does not read the answer; nothing of it is kept."""


class ReadRequest(Request):
    """A request whose body was read and understood before."""

    def __init__(self, request: Request, body: bytes, document: Any) -> None:
        super().__init__(request.scope, request.receive)
        self._bytes = body
        self._document = document

    async def body(self) -> bytes:
        return self._bytes

    async def json(self) -> Any:
        return self._document


async def read(request: Request, largest_bytes: int) -> ReadRequest:
    """The same request with its JSON understood. Raises Problem 413, 415, 400."""
    body = await _body(request, largest_bytes)
    if not body:
        return ReadRequest(request, b"", None)
    if not _is_json(request.headers.get("content-type", "")):
        raise Problem(
            415, "request.not_json", "The body is not said to be JSON; send it with Content-Type: application/json."
        )
    return ReadRequest(request, body, document_of(body))


async def _body(request: Request, largest: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if len(declared) > 18 or (declared.isdecimal() and int(declared) > _HEARD_OUT * largest):
        raise _too_large(largest)
    received, length = bytearray(), 0
    try:
        async for part in request.stream():
            length += len(part)
            if length <= largest:
                received += part
            elif length > _HEARD_OUT * largest:
                raise _too_large(largest)
    except ClientDisconnect:
        raise Problem(400, "request.cut_off", "The request ended before its body did.") from None
    if length > largest:
        raise _too_large(largest)
    return bytes(received)


def _too_large(largest: int) -> Problem:
    return Problem(
        413,
        "request.too_large",
        f"The body is larger than the {largest:,} bytes that are taken at once; send less.",
        headers={"connection": "close"},
    )


def _is_json(content_type: str) -> bool:
    message = Message()
    message["content-type"] = content_type
    kind, charset = message.get_content_type(), message.get_param("charset", "utf-8")
    is_json = kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    return bool(content_type) and is_json and str(charset).lower() in {"utf-8", "utf8", "us-ascii"}


def document_of(body: bytes) -> Any:
    """The JSON in `body`: UTF-8, no name twice in an object, no number beyond 64 bits, no NUL, no half characters."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start} is not UTF-8") from None
    if _ESCAPED_NUL.search(text):
        raise _malformed("it holds a NUL character, which no text here may")
    try:
        document = _DECODER.decode(text)
        # What the other reader allows and this one does not: half of a surrogate pair, numbers beyond any range.
        orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _malformed(f"{error.msg}, at character {error.pos}") from None
    except json.JSONDecodeError as error:
        raise _malformed(f"{error.msg}, at character {error.pos}") from None
    except RecursionError:
        raise _malformed(f"it is nested more than {_DEEPEST} deep") from None
    if _depth(document) > _DEEPEST:
        raise _malformed(f"it is nested more than {_DEEPEST} deep")
    return document


def _depth(document: Any) -> int:
    deepest, waiting = 0, [(document, 1)]
    while waiting:
        value, depth = waiting.pop()
        deepest = max(deepest, depth)
        if depth > _DEEPEST:
            break
        if isinstance(value, dict):
            waiting += ((each, depth + 1) for each in value.values() if isinstance(each, dict | list))
        elif isinstance(value, list):
            waiting += ((each, depth + 1) for each in value if isinstance(each, dict | list))
    return deepest


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _malformed("an object says the same name twice")
    return found


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER or not -_INT64 <= (number := int(digits)) < _INT64:
        raise _malformed("a number is beyond 64 bits")
    return number


def _no_number(word: str) -> NoReturn:
    raise _malformed(f"{word} is no JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_int=_whole, parse_constant=_no_number)


def _malformed(why: str) -> Problem:
    return Problem(400, "request.malformed_json", f"The body is not JSON as it is read here: {why}.")


def refuse_unreadable(scope: Scope) -> None:
    """Raises Problem 400 for an address that is no UTF-8 or holds a NUL character."""
    query: bytes = scope["query_string"]
    address: bytes = scope.get("raw_path", b"") + b"?" + query
    if b"%" not in address:
        return
    plain = unquote_to_bytes(address)
    try:
        plain.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(400, "request.malformed_address", "The address is not UTF-8; encode it as such.") from None
    if b"\0" in plain:
        raise Problem(400, "request.malformed_address", "The address holds a NUL character, which no text here may.")
