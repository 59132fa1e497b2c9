"""EasyPost's webhooks: verified over their raw bytes, stored once by their event's id, answered."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

from engine.orders.inbox import Arrival
from sync.http.letterbox import Letterbox
from sync.http.reception import Reception, Refusal
from sync.monitoring.counted import Counted
from sync.shipping.easypost_webhooks import EASYPOST, is_genuine_v1, is_genuine_v2

PATH = "/webhooks/easypost"

_LONGEST_ID = 200
_log = structlog.get_logger(__name__)


class EasyPostWebhooks:
    """The endpoint; `signature` says which of EasyPost's two ways to sign is asked for."""

    def __init__(
        self,
        secret: str,
        signature: str,
        reception: Reception,
        letterbox: Letterbox,
        counted: Counted,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._secret = secret
        self._signature = signature
        self._reception = reception
        self._letterbox = letterbox
        self._counted = counted
        self._clock = clock

    async def receive(self, request: Request) -> Response:
        """200 once it is stored, or was before; 401 for a wrong signature, 503 while it cannot be stored; never a body."""
        try:
            body = await self._reception.body(request)
            if not self._is_genuine(request, body):
                _log.warning("webhook_refused", sender="easypost", source=self._reception.source(request))
                raise Refusal(401)
            is_new = await self._letterbox.put(Arrival(EASYPOST, body, _event_id(body)))
        except Refusal as refusal:
            self._counted.refused("easypost", refusal.status)
            return refusal.response()
        self._counted.webhook("easypost", is_new=is_new)
        return Response()

    def _is_genuine(self, request: Request, body: bytes) -> bool:
        headers = request.headers
        if self._signature == "v1":
            return is_genuine_v1(headers.get("x-hmac-signature", ""), body, self._secret)
        return is_genuine_v2(
            headers.get("x-hmac-signature-v2", ""),
            body,
            self._secret,
            timestamp=headers.get("x-timestamp", ""),
            method=request.method,
            path=headers.get("x-path", ""),
            now=self._clock(),
        )


def _event_id(body: bytes) -> str:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    event_id = document.get("id") if isinstance(document, dict) else None
    return event_id if isinstance(event_id, str) and len(event_id) <= _LONGEST_ID else ""
