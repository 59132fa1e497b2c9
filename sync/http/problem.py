"""A refusal as the listener says it: `application/problem+json` (RFC 9457) with a stable code and one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"

_TITLES = {
    400: "The request cannot be read",
    401: "Who is asking?",
    403: "Not allowed",
    404: "There is no such thing",
    405: "Not that way",
    406: "Not to be had like that",
    408: "The request came too slowly",
    409: "It cannot be done as things stand",
    412: "It was changed meanwhile",
    413: "Too much at once",
    415: "Only JSON is read here",
    422: "The request makes no sense",
    428: "Say which version was seen",
    429: "Too often",
    500: "A mistake of the program",
    503: "Not now",
}

_CODES = {
    400: ("request.malformed", "The request cannot be read; send it as HTTP and JSON are written."),
    404: ("request.no_such_path", "There is nothing under this address; /openapi.json lists what there is."),
    405: ("request.wrong_method", "This address is not asked like that; its Allow header says how it is."),
    413: ("request.too_large", "The request is larger than what is taken at once; send less."),
}


class Problem(Exception):
    """An answer that is a refusal; `code` never changes, `detail` is one sentence for a person."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = errors

    def response(self) -> Response:
        """The answer."""
        document: dict[str, Any] = {
            "type": f"urn:orders-tui:problem:{self.code}",
            "title": _TITLES.get(self.status, "It was not done"),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.errors:
            document["errors"] = list(self.errors)
        return Response(orjson.dumps(document), self.status, self.headers, MEDIA_TYPE)


async def http_exception(_: Request, error: Exception) -> Response:
    """The framework's own refusals: nothing there, not that way, unreadable."""
    assert isinstance(error, HTTPException)
    code, sentence = _CODES.get(error.status_code, ("request.refused", "The request was refused."))
    return Problem(error.status_code, code, sentence, headers=error.headers).response()


def broken() -> Problem:
    """The answer to a mistake of ours, which is in the log under the request's id."""
    return Problem(
        500, "request.broke", "A mistake of the program; its log has it under the X-Request-Id of this answer."
    )
