"""Inbox → engine: claims stored payloads, understands them, and applies what they say."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from engine.database.connection import Database
from engine.database.loss import is_lost
from engine.errors import OrdersError
from engine.fleet.daemons import DEAD_AFTER_SECONDS
from engine.identifiers import DaemonId
from engine.orders import inbox, intake
from engine.ports import InboxClaim, OrderFact
from sync.seller_center.documents import IMPORTED_ORDER, imported_fact
from sync.tiktok.mapping import order_fact
from sync.tiktok.payloads import read_order

ORDER = "order"
"""The kind of a payload that is a whole order object."""

_LEASE_SECONDS = 30.0
_MOST_ATTEMPTS = 5
_log = structlog.get_logger(__name__)


async def drain(
    database: Database, daemon_id: DaemonId, limit: int, dead_after_seconds: float = DEAD_AFTER_SECONDS
) -> int:
    """Understand up to `limit` stored payloads. Answers how many; fewer than `limit` means that the inbox is empty."""
    claims = await inbox.claim(database, limit, _LEASE_SECONDS, daemon_id, dead_after_seconds)
    if claims:
        await _apply(database, claims)
    return len(claims)


async def _apply(database: Database, claims: Sequence[InboxClaim]) -> None:
    facts: list[OrderFact] = []
    understood: list[inbox.Understood] = []
    for claim in claims:
        fact, verdict = understand(claim)
        understood.append(verdict)
        if fact is not None:
            facts.append(fact)
    try:
        await intake.apply(database, facts, understood)
    except Exception as error:
        if is_lost(error):
            raise  # no payload's fault: they stay claimed, and are claimed again when the database is back
        # One payload that breaks must not hold up the others.
        if len(claims) == 1:
            await _set_aside(database, claims[0])
            return
        middle = len(claims) // 2
        await _apply(database, claims[:middle])
        await _apply(database, claims[middle:])


async def _set_aside(database: Database, claim: InboxClaim) -> None:
    """A payload that breaks the intake by itself is tried again a few times, then kept as failed for a person."""
    _log.exception("payload_breaks_intake", inbox_id=str(claim.inbox_id), attempt=claim.attempt)
    if claim.attempt < _MOST_ATTEMPTS:
        await inbox.put_back(database, [claim], 60.0 * claim.attempt, "it broke the intake; tried again later")
        return
    verdict = inbox.Understood(claim, "failed", "It broke the intake again and again; the log says how.")
    await database.run(lambda connection: inbox.settle(connection, [verdict]))


def understand(claim: InboxClaim) -> tuple[OrderFact | None, inbox.Understood]:
    """What a payload says, and how the inbox remembers it."""
    if claim.kind not in {ORDER, IMPORTED_ORDER} or claim.shop_id is None:
        return None, inbox.Understood(claim, "ignored", f"nothing here handles {claim.kind}")
    try:
        if claim.kind == IMPORTED_ORDER:
            return imported_fact(claim.shop_id, claim.payload), inbox.Understood(claim, "done", "applied")
        return order_fact(claim.shop_id, read_order(claim.payload)), inbox.Understood(claim, "done", "applied")
    except OrdersError as error:
        _log.warning("payload_refused", inbox_id=str(claim.inbox_id), code=error.code)
        return None, inbox.Understood(claim, "failed", error.sentence)
