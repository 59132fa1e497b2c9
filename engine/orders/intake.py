"""Intake: facts from TikTok become orders, and orders move, in one transaction.

The same fact twice is one change: a fact older than what is known, or equal to it, is ignored. Masked values never overwrite clear ones.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson

from engine.database.locks import lock_work, make_ready
from engine.database.loss import is_lost
from engine.errors import NotFound, OrdersError
from engine.identifiers import OrderId
from engine.orders import inbox, intake_known, intake_new
from engine.orders.intake_known import Applied
from engine.orders.intake_new import Pace
from engine.orders.newest import newest
from engine.orders.shop_rows import read_shops
from engine.orders.stopped import follow_stopped
from engine.ports.facts import OrderFact
from engine.privacy.cipher import Vault
from engine.words import ChannelStatus
from engine.workflow.advance import advance
from engine.workflow.rules.events import RuleEvent
from engine.workflow.rules.occasions import leave

if TYPE_CHECKING:
    from engine.database.connection import Database

__all__ = ["Applied", "IntakeResult", "apply", "digest_of"]

_KNOWN = """
SELECT o.id, o.tiktok_order_id FROM orders o WHERE o.tiktok_order_id = ANY($1::text[])
"""


_RACED = (asyncpg.UniqueViolationError, asyncpg.CheckViolationError)
"""Another session wrote one of the orders first, or took what there seemed to be plenty of: once more, with more care."""


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """What became of each fact, by TikTok order id; `previous` is the channel status of those that were updated."""

    order_ids: dict[str, OrderId]
    applied: dict[str, Applied]
    previous: dict[str, ChannelStatus] = field(default_factory=dict)


Conclude = Callable[[Any, IntakeResult], Awaitable[Sequence[inbox.Understood]]]
"""What else is written in the same transaction once the orders are, and which payloads are understood with it."""


async def apply(
    database: Database,
    facts: Sequence[OrderFact],
    understood: Sequence[inbox.Understood] = (),
    *,
    conclude: Conclude | None = None,
) -> IntakeResult:
    """Apply facts, let their orders go on, and settle the inbox payloads they came from, in one transaction.

    Should an order break while it moves, the facts are applied alone and the orders are left to the runner, which finds the culprit.
    """

    async def write(pace: Pace, connection: Any) -> IntakeResult:
        result = await _apply(connection, database.vault, facts, pace)
        more = await conclude(connection, result) if conclude else ()
        await inbox.settle(connection, [*understood, *more])
        return result

    for pace in (Pace.FAST, Pace.CAREFUL):
        try:
            return await database.run(functools.partial(write, pace))
        except OrdersError:
            raise
        except _RACED:
            continue
        except Exception as error:
            if is_lost(error):
                raise
            break  # whatever else broke, the facts are applied and the runner finds the culprit
    return await database.run(functools.partial(write, Pace.LATER))


async def _apply(connection: Any, vault: Vault, facts: Sequence[OrderFact], pace: Pace) -> IntakeResult:
    latest = newest(facts, lambda fact: fact.tiktok_order_id, lambda fact: fact.recency)
    shops = await read_shops(connection, {fact.shop_id for fact in latest})
    for owner in sorted({shop.user_id for shop in shops.values()}):
        await vault.ensure(connection, owner)
    for fact in latest:
        if fact.shop_id not in shops:
            raise NotFound("shop.unknown", "An order arrived for a shop that is not connected.")
    known = await _known(connection, latest)
    if known:
        await lock_work(connection, sorted(known.values()))
    applied: dict[str, Applied] = {}
    fresh = [(fact, digest_of(fact)) for fact in latest if fact.tiktok_order_id not in known]
    created = await intake_new.create(connection, vault, shops, fresh, pace)
    applied |= dict.fromkeys(created, Applied.CREATED)
    old = [(fact, digest_of(fact)) for fact in latest if fact.tiktok_order_id in known]
    changed, previous = await intake_known.update(connection, vault, shops, old, known)
    applied |= changed
    moving = [order_id for tiktok_id, order_id in known.items() if applied.get(tiktok_id) is Applied.UPDATED]
    if moving and pace is not Pace.LATER:
        happened = dict.fromkeys(moving, (RuleEvent.UPDATED,))
        moved = {each.order_id for each in await advance(connection, vault, sorted(moving), happened=happened)}
        if closed := set(moving) - moved:
            await follow_stopped(connection, vault, closed)
    elif moving:
        await make_ready(connection, moving)
        await leave(connection, moving, RuleEvent.UPDATED)
    return IntakeResult(created | known, applied, previous)


async def _known(connection: Any, facts: Sequence[OrderFact]) -> dict[str, OrderId]:
    rows = await connection.fetch(_KNOWN, [fact.tiktok_order_id for fact in facts])
    return {row["tiktok_order_id"]: OrderId(row["id"]) for row in rows}


def digest_of(fact: OrderFact) -> bytes:
    """A digest of everything the fact says."""
    return hashlib.sha256(orjson.dumps(fact, default=str)).digest()
