"""TikTok's webhooks: verified over their raw bytes, stored, answered.

A webhook is a hint that something changed; what it says is never trusted over a fresh read. The signature holds no time: a replay is
stopped by the inbox's key, and one that is older than TikTok tries for is kept without being worked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

from engine.orders.inbox import Arrival
from sync.http.letterbox import Letterbox
from sync.http.reception import Reception, Refusal
from sync.monitoring.counted import Counted
from sync.tiktok.signing import is_genuine_webhook
from sync.tiktok.token_calls import AppCredentials
from sync.tiktok.webhooks import WEBHOOK

PATH = "/webhooks/tiktok"

TOLERANCE_SECONDS = 16 * 3600
"""TikTok tries for 15.5 hours."""

_LONGEST_ID = 200
_log = structlog.get_logger(__name__)


class TikTokWebhooks:
    """The endpoint; an app's webhooks, whatever their shop."""

    def __init__(
        self,
        app: AppCredentials,
        reception: Reception,
        letterbox: Letterbox,
        counted: Counted,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._app = app
        self._reception = reception
        self._letterbox = letterbox
        self._counted = counted
        self._clock = clock

    async def receive(self, request: Request) -> Response:
        """200 once it is stored, or was before; 401 for a wrong signature, 503 while it cannot be stored; never a body."""
        try:
            body = await self._reception.body(request)
            signature = request.headers.get("authorization", "")
            if not is_genuine_webhook(signature, body, app_key=self._app.app_key, app_secret=self._app.app_secret):
                _log.warning("webhook_refused", sender="tiktok", source=self._reception.source(request))
                raise Refusal(401)
            envelope = _envelope(body)
            is_new = await self._letterbox.put(
                Arrival(WEBHOOK, body, _text(envelope, "tts_notification_id")),
                tiktok_shop_id=_text(envelope, "shop_id"),
                ignored=self._too_old(envelope),
            )
        except Refusal as refusal:
            self._counted.refused("tiktok", refusal.status)
            return refusal.response()
        self._counted.webhook("tiktok", is_new=is_new, lag_seconds=self._lag(envelope))
        return Response()

    def _lag(self, envelope: dict[str, Any]) -> float | None:
        sent = envelope.get("timestamp")
        return self._clock() - sent if isinstance(sent, int) else None

    def _too_old(self, envelope: dict[str, Any]) -> str:
        sent = envelope.get("timestamp")
        if not isinstance(sent, int) or abs(self._clock() - sent) <= TOLERANCE_SECONDS:
            return ""
        return "it was sent more than 16 hours before or after it came; polling tells what became of it"


def _envelope(body: bytes) -> dict[str, Any]:
    """Empty for what is no JSON object: it is signed, so it is kept, for whoever wants to know why."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _text(envelope: dict[str, Any], name: str) -> str:
    value = envelope.get(name)
    usable = isinstance(value, str | int) and not isinstance(value, bool) and len(str(value)) <= _LONGEST_ID
    return str(value) if usable else ""
