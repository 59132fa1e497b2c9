"""The effects "reserve", "release" and "take" of an inventory service: what it is told of orders, read when it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.errors import OrdersError
from engine.inventory import mirror
from engine.ports.facts import ServiceLevel
from engine.ports.outcomes import Claim, Done, Failed, Outcome, Postponed, StockTold
from engine.ports.requests import StockRequest
from engine.words import EffectKind, StockReason
from sync.desk import Desk, Handler
from sync.inventory.service import Insufficient, InventoryService
from sync.settling import for_each, outcome_of

if TYPE_CHECKING:
    from engine.database.connection import Database

_AT_ONCE = 16
_NOT_SET = Postponed(
    "inventory.not_set",
    "The shop follows an inventory service and none is set: set inventory.url, or the shop's policy inventory to ledger.",
    60.0,
    burns_attempt=False,
)


def stock_handlers(database: Database, service: InventoryService | None) -> Mapping[EffectKind, Handler]:
    """A handler for each of the three; without a service they wait for one, and say so."""

    async def handle(claims: Sequence[Claim], desk: Desk) -> None:
        orders = sorted({claim.order_id for claim in claims if claim.order_id is not None})
        requests = await mirror.read_requests(database, orders)

        async def one(claim: Claim) -> None:
            request = requests.get(claim.order_id) if claim.order_id is not None else None
            outcome: Outcome = Done(StockTold())
            if service is None:
                outcome = _NOT_SET
            elif request is not None:
                outcome = await _told(service, claim.kind, request)
            await desk.settle(claim, outcome)

        await for_each(claims, one, at_once=_AT_ONCE)

    return dict.fromkeys((EffectKind.RESERVE_STOCK, EffectKind.RELEASE_STOCK, EffectKind.ADJUST_STOCK), handle)


async def _told(service: InventoryService, kind: EffectKind, request: StockRequest) -> Outcome:
    try:
        if kind is EffectKind.RESERVE_STOCK:
            # An order that has nothing reserved any more has its release behind this in the line.
            if request.reserved:
                await service.reserve(request.order, request.reserved)
        elif kind is EffectKind.RELEASE_STOCK:
            await service.release(request.order)
        else:
            await service.adjust(request.taken, StockReason.SHIPPED, order=request.order)
            if not request.reserved:
                await service.release(request.order)  # what was cancelled meanwhile is not kept for ever
    except Insufficient as short:
        # A service that does not say what it has instead is taken to have none, until its levels are read again.
        none = tuple(ServiceLevel(item.sku, item.location, 0) for item in request.reserved)
        return Failed(short.code, short.sentence, short.levels or none)
    except OrdersError as error:
        return outcome_of(error)
    return Done(StockTold())
