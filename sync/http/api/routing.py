"""A route of the API: who asks is known before a byte of the body is read, and the document says which permission it takes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from sync.http.api.admission import Admission
from sync.http.api.reading import read
from sync.http.problem import MEDIA_TYPE

_REFUSALS = {
    400: "The request cannot be read.",
    401: "There is no token, or it is not good.",
    403: "The caller may not.",
    404: "There is no such thing, or it is not the caller's to see.",
    405: "This address is not asked like that.",
    406: "It is not to be had in the form that was asked for.",
    408: "The body came too slowly.",
    409: "It cannot be done as things stand.",
    412: "It was changed since the version that was named.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "Something in the request makes no sense.",
    428: "The version that was seen has to be named.",
    429: "Too often; Retry-After says when again.",
    503: "Not now; Retry-After says when again.",
}


def _described(status: int) -> dict[str, Any]:
    reference = {"schema": {"$ref": "#/components/schemas/ProblemShape"}}
    return {"description": _REFUSALS[status], "content": {MEDIA_TYPE: reference}}


REFUSALS: dict[int | str, dict[str, Any]] = {status: _described(status) for status in _REFUSALS}
"""What any endpoint may answer instead."""


class Route(APIRoute):
    """Nobody gets further who is not known."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        permissions = [getattr(each.call, "permission", None) for each in self.dependant.dependencies]
        if found := [str(permission) for permission in permissions if permission is not None]:
            self.openapi_extra = {"x-permission": found[0]} | (self.openapi_extra or {})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        takes_body = self.body_field is not None

        async def answer(request: Request) -> Response:
            admission: Admission = request.app.state.admission
            request.state.session = await admission.admit(request)
            if takes_body:
                request = await read(request, admission.largest_body_bytes)
            return await handle(request)

        return answer


def new_router(tag: str) -> APIRouter:
    """A router for one noun; it goes on the list in `app`."""
    return APIRouter(route_class=Route, tags=[tag], responses=REFUSALS, redirect_slashes=False)
