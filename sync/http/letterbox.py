"""Webhooks into the inbox, many in one transaction: nothing is understood here, so that the sender has its answer at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import structlog

from engine.database.connection import Database
from engine.database.loss import is_lost
from engine.errors import OrdersError
from engine.identifiers import new_id
from engine.orders import inbox
from engine.orders.inbox import Arrival, Webhook
from sync.gathering import Gathering
from sync.http.reception import Refusal

_log = structlog.get_logger(__name__)


class Letterbox:
    """Stores webhooks whose signature was right; `ring` is called when there are new ones."""

    def __init__(self, database: Database, ring: Callable[[], None], *, store_seconds: float) -> None:
        self._database = database
        self._ring = ring
        self._store_seconds = store_seconds
        self._gathering: Gathering[Webhook, bool] = Gathering(self._write, lambda each: each.ticket, absent=False)

    async def put(self, arrival: Arrival, *, tiktok_shop_id: str = "", ignored: str = "") -> bool:
        """Store one webhook. Answers whether it is new. Raises Refusal 503 when it could not be stored: the sender comes again."""
        webhook = Webhook(new_id(), arrival, tiktok_shop_id, ignored)
        try:
            async with asyncio.timeout(self._store_seconds):
                return await self._gathering.add(webhook)
        except OrdersError as error:
            _log.error("webhook_not_stored", code=error.code, sentence=error.sentence)
        except TimeoutError:
            _log.warning("webhook_not_stored", code="database.slow")
        except Exception as error:  # noqa: BLE001  # whatever broke, the sender comes again
            if is_lost(error):
                _log.warning("webhook_not_stored", code="database.away")
            else:
                _log.exception("webhook_not_stored")
        raise Refusal(503, {"retry-after": "30"})

    async def _write(self, webhooks: Sequence[Webhook]) -> Mapping[UUID, bool]:
        new = await inbox.deliver(self._database, webhooks)
        if new:
            self._ring()
        return dict.fromkeys(new, True)
