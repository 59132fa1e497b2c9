"""Hints → TikTok → engine: webhooks, and polled cancellations and returns, say what to read again; what was read is applied.

Hints are worked apart from payloads that say everything themselves, so that a slow answer keeps nothing else waiting. Nothing is held
while TikTok is asked but the claims' leases; what could not be asked is put back, and polling tells what changed in the meantime.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from engine.actors import CHANNEL
from engine.database.connection import Database
from engine.database.loss import is_lost
from engine.errors import OrdersError, Retryable
from engine.fleet.daemons import DEAD_AFTER_SECONDS
from engine.identifiers import DaemonId, ShopId
from engine.orders import inbox, intake, polls
from engine.orders.cancellations import apply_cancellations
from engine.orders.intake import IntakeResult
from engine.orders.parcels.returns import write_returns
from engine.ports.facts import CancellationFact, OrderFact, ReturnFact
from engine.ports.requests import InboxClaim
from engine.shops.ending import revoke_grant
from sync.intake import look_for_keys, set_aside, settled, still_sealed, tell
from sync.tiktok.aftersales import CANCELLATION, RETURN, cancellation_fact, return_fact
from sync.tiktok.connected import ConnectedShop, ShopDirectory
from sync.tiktok.mapping import order_fact
from sync.tiktok.payloads import read_order
from sync.tiktok.webhooks import Hint, read_hint

_LEASE_SECONDS = 45.0
_ASK_SECONDS = 30.0
_AGAIN_SECONDS = 5.0
_LONGEST_WAIT_SECONDS = 900.0
_EARLY_TRIES = 4
"""TikTok's webhook may be ahead of its own API: so often an older status than the one it told of is not believed."""
_MOST_ATTEMPTS = 40
"""With the waits between them, longer than TikTok itself goes on trying."""

_log = structlog.get_logger(__name__)

Work = tuple[InboxClaim, Hint]


async def drain(
    database: Database,
    daemon_id: DaemonId,
    limit: int,
    shop_of: ShopDirectory,
    dead_after_seconds: float = DEAD_AFTER_SECONDS,
) -> int:
    """Work up to `limit` hints, each shop's by itself. Answers how many; fewer than `limit` means that there are no more."""
    claims = await inbox.claim(database, limit, _LEASE_SECONDS, daemon_id, dead_after_seconds, asking=True)
    if sealed := still_sealed(claims):
        await look_for_keys(database, sealed)
    held = {claim.inbox_id for claim in sealed}
    by_shop: dict[ShopId, list[Work]] = defaultdict(list)
    verdicts: list[inbox.Understood] = []
    for claim in claims:
        if claim.inbox_id in held:
            continue
        what = _understand(claim)
        if isinstance(what, inbox.Understood):
            verdicts.append(what)
        elif claim.shop_id is not None:
            by_shop[claim.shop_id].append((claim, what))
    if verdicts:
        await database.run(lambda connection: inbox.settle(connection, verdicts))
    await asyncio.gather(*(_work(database, shop_of, shop_id, work) for shop_id, work in by_shop.items()))
    return len(claims)


def _understand(claim: InboxClaim) -> Hint | inbox.Understood:
    try:
        hint = _hint(claim)
    except OrdersError as error:
        _log.warning("payload_refused", inbox_id=str(claim.inbox_id), code=error.code)
        return inbox.Understood(claim, "failed", error.sentence)
    if hint.empty:
        return inbox.Understood(claim, "ignored", f"nothing here handles {hint.topic}")
    if claim.shop_id is None:
        return inbox.Understood(claim, "ignored", f"{hint.topic} of a shop that is not connected here")
    return hint


def _hint(claim: InboxClaim) -> Hint:
    """A row of a search is a hint too: its order may be unknown here, or be another than when the row was read."""
    if claim.kind == CANCELLATION:
        told = cancellation_fact(claim.payload)
        return Hint("cancellation", (told.tiktok_order_id,), cancel_ids=(told.tiktok_cancel_id,))
    if claim.kind == RETURN:
        sent = return_fact(claim.payload)
        return Hint("return", (sent.tiktok_order_id,), return_ids=(sent.tiktok_return_id,))
    return read_hint(claim.payload)


@dataclass(slots=True)
class _Read:
    """What TikTok answered about the orders, cancellations and returns of some hints."""

    orders: dict[str, OrderFact] = field(default_factory=dict)
    malformed: dict[str, str] = field(default_factory=dict)
    """Why an order cannot be understood, by its id."""
    cancellations: list[CancellationFact] = field(default_factory=list)
    returns: list[ReturnFact] = field(default_factory=list)


async def _work(database: Database, shop_of: ShopDirectory, shop_id: ShopId, work: Sequence[Work]) -> None:
    claims = [claim for claim, _ in work]
    try:
        async with asyncio.timeout(_ASK_SECONDS):
            read = await _ask(shop_id, await shop_of(shop_id), [hint for _, hint in work])
    except TimeoutError:
        await _put_back(database, claims, Retryable("tiktok.slow", "TikTok takes too long to answer."))
        return
    except OrdersError as error:
        await _put_back(database, claims, error)
        return
    try:
        await _apply(database, work, read)
    except Exception as error:
        if is_lost(error):
            raise  # no hint's fault: they stay claimed, and are claimed again when the database is back
        # One order that breaks must not hold up the others.
        if len(work) == 1:
            await set_aside(database, claims[0])
            return
        for one in work:
            await _work(database, shop_of, shop_id, [one])


async def _ask(shop_id: ShopId, shop: ConnectedShop, hints: Sequence[Hint]) -> _Read:
    """Everything that the hints name, as TikTok shows it now; what several hints name is asked once."""
    read = _Read()
    wanted = _unique(order_id for hint in hints for order_id in hint.order_ids)
    cancelled = _unique(cancel_id for hint in hints for cancel_id in hint.cancel_ids)
    returned = _unique(return_id for hint in hints for return_id in hint.return_ids)
    if cancelled:
        rows = await shop.changes.cancellations_of(cancel_ids=cancelled)
        read.cancellations = _facts(rows, cancellation_fact)
    if returned:
        read.returns = _facts(await shop.changes.returns_of(return_ids=returned), return_fact)
    # An order that a cancellation or a return belongs to is read after it, so that it is no older.
    wanted = _unique(
        [*wanted, *(fact.tiktok_order_id for fact in read.cancellations), *(f.tiktok_order_id for f in read.returns)]
    )
    for raw in await shop.orders.by_id(wanted) if wanted else ():
        order_id = str(raw.get("id") or "")
        try:
            read.orders[order_id] = order_fact(shop_id, read_order(raw))
        except OrdersError as error:
            read.malformed[order_id] = error.sentence
    return read


async def _apply(database: Database, work: Sequence[Work], read: _Read) -> None:
    early = {claim.inbox_id for claim, hint in work if _came_early(claim, hint, read.orders)}

    async def conclude(connection: Any, result: IntakeResult) -> list[inbox.Understood]:
        if read.cancellations:
            await apply_cancellations(connection, database.vault, read.cancellations)
        if read.returns:
            await write_returns(connection, database.vault, read.returns)
        for topic in {topic for _, hint in work for topic in hint.polls}:
            shops = sorted({claim.shop_id for claim, hint in work if topic in hint.polls and claim.shop_id})
            await polls.make_due(connection, shops, topic)
        told: set[str] = set()
        return [_verdict(claim, hint, read, result, told) for claim, hint in work if claim.inbox_id not in early]

    facts = list(read.orders.values())
    result = await intake.apply(database, facts, conclude=conclude)
    tell(facts, result, "webhook")
    if early:
        again = [claim for claim, _ in work if claim.inbox_id in early]
        await inbox.put_back(database, again, _AGAIN_SECONDS, "TikTok still shows what was before it")
    for _, hint in work:
        if hint.revoked:
            await revoke_grant(database, hint.tiktok_shop_id, actor=CHANNEL, happened_at=hint.sent_at)


def _came_early(claim: InboxClaim, hint: Hint, orders: Mapping[str, OrderFact]) -> bool:
    if hint.changed_at is None or claim.attempt >= _EARLY_TRIES:
        return False
    return any(_older(orders.get(order_id), hint.changed_at) for order_id in hint.order_ids)


def _older(fact: OrderFact | None, changed_at: datetime) -> bool:
    return fact is None or fact.update_time < changed_at


def _verdict(claim: InboxClaim, hint: Hint, read: _Read, result: IntakeResult, told: set[str]) -> inbox.Understood:
    """How the inbox remembers one hint; `told` are the orders whose change an earlier one of the batch has told."""
    if bad := [read.malformed[order_id] for order_id in hint.order_ids if order_id in read.malformed]:
        return inbox.Understood(claim, "failed", bad[0])
    facts = [read.orders[order_id] for order_id in hint.order_ids if order_id in read.orders]
    if hint.order_ids and not facts:
        return inbox.Understood(claim, "ignored", f"{hint.topic}: TikTok does not know the order")
    fresh = [fact for fact in facts if fact.tiktok_order_id not in told]
    told.update(fact.tiktok_order_id for fact in fresh)
    return settled(claim, fresh, result)


async def _put_back(database: Database, claims: Sequence[InboxClaim], error: OrdersError) -> None:
    """After what the other side wished, else after a wait that grows; one that was tried for too long is kept as failed."""
    _log.warning("hints_wait", code=error.code, sentence=error.sentence, hints=len(claims))
    wish = error.retry_after_seconds if isinstance(error, Retryable) else None
    waits: dict[float, list[InboxClaim]] = defaultdict(list)
    for claim in claims:
        waits[wish or min(2.0**claim.attempt, _LONGEST_WAIT_SECONDS)].append(claim)
    for seconds, waiting in waits.items():
        await inbox.put_back(database, waiting, seconds, error.sentence, most_attempts=_MOST_ATTEMPTS)


def _facts(rows: Any, read: Any) -> list[Any]:
    facts = []
    for row in rows:
        try:
            facts.append(read(row))
        except OrdersError as error:
            _log.warning("payload_refused", code=error.code, sentence=error.sentence)
    return facts


def _unique(values: Any) -> list[str]:
    return list(dict.fromkeys(values))
