"""Inbox → engine: claims stored payloads, understands them, and applies what they say."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

import structlog

from engine.database.connection import Database
from engine.database.loss import is_lost
from engine.errors import OrdersError
from engine.fleet.daemons import DEAD_AFTER_SECONDS
from engine.identifiers import DaemonId
from engine.orders import inbox, intake
from engine.orders.intake import IntakeResult
from engine.orders.parcels import packages
from engine.ports.facts import OrderFact, TrackingFact
from engine.ports.requests import InboxClaim
from sync.seller_center.documents import IMPORTED_ORDER, imported_fact
from sync.shipping.easypost_webhooks import EASYPOST, read_event
from sync.shipping.port import Track
from sync.shipping.tracking import fact_of
from sync.shipping.tracking import fits as is_about
from sync.tiktok.events import OrderEvent, OrderEventName, event_of
from sync.tiktok.mapping import order_fact
from sync.tiktok.payloads import read_order

ORDER = "order"
"""The kind of a payload that is a whole order object."""

_LEASE_SECONDS = 30.0
_MOST_ATTEMPTS = 5
_TOLD = 5  # changes of one payload that its outcome tells
_log = structlog.get_logger(__name__)


async def drain(
    database: Database, daemon_id: DaemonId, limit: int, dead_after_seconds: float = DEAD_AFTER_SECONDS
) -> int:
    """Understand up to `limit` stored payloads. Answers how many; fewer than `limit` means that the inbox is empty."""
    claims = await inbox.claim(database, limit, _LEASE_SECONDS, daemon_id, dead_after_seconds)
    if sealed := still_sealed(claims):
        await look_for_keys(database, sealed)
    held = {claim.inbox_id for claim in sealed}
    parcels = [claim for claim in claims if claim.kind == EASYPOST and claim.inbox_id not in held]
    if parcels:
        await _follow(database, parcels)
    if orders := [claim for claim in claims if claim.kind != EASYPOST and claim.inbox_id not in held]:
        await apply_orders(database, orders)
    return len(claims)


def still_sealed(claims: Sequence[InboxClaim]) -> list[InboxClaim]:
    """Those that could not be opened, as long as that may change."""
    return [claim for claim in claims if not claim.payload and claim.attempt <= _MOST_ATTEMPTS]


async def look_for_keys(database: Database, claims: Sequence[InboxClaim]) -> None:
    """Another program may have stored a payload under a key that is younger than this one: read the keys, and look again."""
    async with database.pool.acquire() as connection:
        await database.vault.load(connection)
    await inbox.put_back(database, claims, 1.0, "its key was not known here yet")


async def apply_orders(database: Database, claims: Sequence[InboxClaim], source: str = "poll") -> list[OrderEvent]:
    """Understand claimed order payloads and apply them. Answers what each change was."""
    facts: list[OrderFact] = []
    understood: list[inbox.Understood] = []
    said: list[tuple[InboxClaim, OrderFact]] = []
    for claim in claims:
        what = understand(claim)
        if isinstance(what, inbox.Understood):
            understood.append(what)
        else:
            facts.append(what)
            said.append((claim, what))

    async def conclude(_: Any, result: IntakeResult) -> list[inbox.Understood]:
        return [settled(claim, [fact], result) for claim, fact in said]

    try:
        result = await intake.apply(database, facts, understood, conclude=conclude)
    except Exception as error:
        if is_lost(error):
            raise  # no payload's fault: they stay claimed, and are claimed again when the database is back
        # One payload that breaks must not hold up the others.
        if len(claims) == 1:
            await set_aside(database, claims[0])
            return []
        middle = len(claims) // 2
        return [
            *await apply_orders(database, claims[:middle], source),
            *await apply_orders(database, claims[middle:], source),
        ]
    return tell(facts, result, source)


async def _follow(database: Database, claims: Sequence[InboxClaim]) -> None:
    """What EasyPost's trackers say, of parcels that still carry the number."""
    tracks: list[tuple[InboxClaim, Track]] = []
    understood: list[inbox.Understood] = []
    for claim in claims:
        try:
            what = read_event(claim.payload)
        except OrdersError as error:
            understood.append(inbox.Understood(claim, "failed", error.sentence))
            continue
        if isinstance(what, str):
            understood.append(inbox.Understood(claim, "ignored", what))
        else:
            tracks.append((claim, what))
    parcels = await packages.parcels_of_trackers(
        database, [track.tracker_reference for _, track in tracks], [track.tracking_number for _, track in tracks]
    )
    facts: list[TrackingFact] = []
    for claim, track in tracks:
        found = [fact_of(parcel, track) for parcel in parcels if is_about(parcel, track)]
        facts += found
        outcome = f"tracker {track.status}" if found else "no parcel carries this number"
        understood.append(inbox.Understood(claim, "done" if found else "ignored", outcome))
    await packages.record_tracking(database, facts, understood)


async def set_aside(database: Database, claim: InboxClaim) -> None:
    """A payload that breaks the intake by itself is tried again a few times, then kept as failed for a person."""
    _log.exception("payload_breaks_intake", inbox_id=str(claim.inbox_id), attempt=claim.attempt)
    if claim.attempt < _MOST_ATTEMPTS:
        await inbox.put_back(database, [claim], 60.0 * claim.attempt, "it broke the intake; tried again later")
        return
    verdict = inbox.Understood(claim, "failed", "It broke the intake again and again; the log says how.")
    await database.run(lambda connection: inbox.settle(connection, [verdict]))


def understand(claim: InboxClaim) -> OrderFact | inbox.Understood:
    """What a payload says, or how the inbox remembers one that says nothing usable."""
    if claim.kind not in {ORDER, IMPORTED_ORDER} or claim.shop_id is None:
        return inbox.Understood(claim, "ignored", f"nothing here handles {claim.kind}")
    try:
        if claim.kind == IMPORTED_ORDER:
            return imported_fact(claim.shop_id, claim.payload)
        return order_fact(claim.shop_id, read_order(claim.payload))
    except OrdersError as error:
        _log.warning("payload_refused", inbox_id=str(claim.inbox_id), code=error.code)
        return inbox.Understood(claim, "failed", error.sentence)


def settled(claim: InboxClaim, facts: Sequence[OrderFact], result: IntakeResult) -> inbox.Understood:
    """How the inbox remembers a payload whose facts were applied."""
    events = events_of(facts, result)
    if not events:
        return inbox.Understood(claim, "done", "nothing new")
    first = next((each.event for each in events if each.event is not OrderEventName.UPDATED), events[0].event)
    return inbox.Understood(claim, "done", "; ".join(each.words() for each in events[:_TOLD]), first)


def events_of(facts: Sequence[OrderFact], result: IntakeResult, **metadata: Any) -> list[OrderEvent]:
    """What applying the facts was, in the specification's events."""
    found = (
        event_of(fact, result.applied.get(number := fact.tiktok_order_id), result.previous.get(number), **metadata)
        for fact in facts
    )
    return [event for event in found if event is not None]


def tell(facts: Sequence[OrderFact], result: IntakeResult, source: str) -> list[OrderEvent]:
    """Write the changes into the log: how many, and each by itself where details are wanted. Answers them."""
    events = events_of(facts, result)
    if not events:
        return []
    counts = Counter(each.event.partition(".")[2] for each in events)
    _log.info("orders_changed", source=source, **counts)
    if logging.getLogger().isEnabledFor(logging.DEBUG):
        for each in events:
            document = each.document()
            _log.debug(document["event"], source=source, timestamp=document["timestamp"], **document["data"])
    return events
