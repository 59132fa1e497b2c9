"""engine.lifecycle: orders from created to completed, everything the engine does, with ports that answer in this process."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from engine.database.connection import Database
from engine.fleet import daemons
from engine.identifiers import DaemonId, PackageId, ShopId
from engine.orders import intake
from engine.orders.parcels import packages
from engine.ports.facts import OrderFact, TrackingFact
from engine.ports.outcomes import Claim, Done, LabelBought, NoticeSent, PackageShipped
from engine.words import EffectKind, TrackingStatus
from sync.delivery import Deliveries, DeliverySettings
from sync.desk import Desk
from sync.settling import for_each
from sync.waking import Bell
from tests.bench.facts import order_fact
from tests.bench.processor import measuring

BATCH = 250
_PATIENCE_SECONDS = 300
AT_ONCE = 2
"""Batches of one sort that are under way together, as with two daemons."""
_LABEL = b"%PDF-1.4 bench label" * 100


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What working orders to the end took. Processor seconds are an order's share, those of the notices after it included."""

    orders_per_second: float
    program_seconds: float
    postgres_seconds: float


async def run_lifecycle(database: Database, shop_id: ShopId, orders: int, *, first: int = 0) -> Lifecycle:
    """Work `orders` orders to the end; their numbers begin with `first`."""
    facts = [order_fact(shop_id, number) for number in range(first, first + orders)]
    daemon_id = await daemons.register(database, "bench")
    bell, stopping = Bell(), asyncio.Event()
    parcels = _Parcels(orders)
    deliveries = Deliveries(
        database,
        daemon_id,
        {
            EffectKind.BUY_LABEL: _buy_labels,
            EffectKind.SHIP_PACKAGE: _Shipper(parcels).ship,
            EffectKind.NOTICE: _send_notices,
        },
        DeliverySettings(batch=BATCH, idle_seconds=0.02),
        bell,
    )
    async with measuring(database) as spent:
        beating = asyncio.create_task(_beat(database, daemon_id, stopping))
        started = time.perf_counter()
        delivering = asyncio.create_task(deliveries.run(stopping))
        batches = [facts[start : start + BATCH] for start in range(0, orders, BATCH)]
        # Orders that stop moving are a failure, not a figure.
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await asyncio.gather(
                *(_take_in(database, batches, bell) for _ in range(AT_ONCE)),
                *(_track(database, parcels) for _ in range(AT_ONCE)),
            )
        seconds = time.perf_counter() - started
        await _until_quiet(database)
        stopping.set()
        await delivering
        await beating
    return Lifecycle(orders / seconds, spent.program / orders, spent.postgres / orders)


async def _beat(database: Database, daemon_id: DaemonId, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        await daemons.beat(database, daemon_id)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), daemons.BEAT_SECONDS)
    await daemons.retire(database, daemon_id)


async def _buy_labels(claims: Sequence[Claim], desk: Desk) -> None:
    await desk.parcel_requests(claims)

    async def buy(claim: Claim) -> None:
        if await desk.checkpoint(claim, f"shp_{claim.effect_id.hex}"):
            label = LabelBought(
                carrier="USPS",
                service="GroundAdvantage",
                tracking_number=f"94{claim.effect_id.int % 10**20:020d}",
                tracker_reference=f"trk_{claim.effect_id.hex}",
                shipment_reference=f"shp_{claim.effect_id.hex}",
                cost=Decimal("7.31"),
                currency="USD",
                media_type="application/pdf",
                document=_LABEL,
            )
            await desk.settle(claim, Done(label))

    await for_each(claims, buy, at_once=BATCH)


class _Shipper:
    def __init__(self, parcels: _Parcels) -> None:
        self._parcels = parcels

    async def ship(self, claims: Sequence[Claim], desk: Desk) -> None:
        requests = await desk.ship_requests(claims)

        async def tell(claim: Claim) -> None:
            assert claim.package_id is not None
            if await desk.checkpoint(claim, ""):
                await desk.settle(claim, Done(PackageShipped(f"tt-{claim.effect_id.hex}")))
                self._parcels.put((claim.package_id, requests[claim.effect_id].tracking_number))

        await for_each(claims, tell, at_once=BATCH)


async def _send_notices(claims: Sequence[Claim], desk: Desk) -> None:
    await desk.notice_requests(claims)
    await for_each(claims, lambda claim: desk.settle(claim, Done(NoticeSent("bench"))), at_once=BATCH)


async def _take_in(database: Database, batches: list[list[OrderFact]], bell: Bell) -> None:
    while batches:
        await intake.apply(database, batches.pop(0))
        bell.ring()


class _Parcels:
    """Parcels on their way, taken up in batches until none is left to come."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._queue: asyncio.Queue[tuple[PackageId, str]] = asyncio.Queue()
        self._one_at_a_time = asyncio.Lock()

    def put(self, parcel: tuple[PackageId, str]) -> None:
        self._queue.put_nowait(parcel)

    async def next_batch(self) -> list[tuple[PackageId, str]]:
        async with self._one_at_a_time:
            if not self._left:
                return []
            batch = [await self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            self._left -= len(batch)
            return batch


async def _track(database: Database, parcels: _Parcels) -> None:
    while batch := await parcels.next_batch():
        for status in (TrackingStatus.IN_TRANSIT, TrackingStatus.DELIVERED):
            now = datetime.now(UTC)
            await packages.record_tracking(
                database, [TrackingFact(package_id, number, status, now) for package_id, number in batch]
            )


async def _until_quiet(database: Database) -> None:
    """Let the last notices leave, so that the rows are all there to be counted."""
    while await database.pool.fetchval("SELECT EXISTS (SELECT 1 FROM effects WHERE head AND due_at <= now())"):
        await asyncio.sleep(0.05)
