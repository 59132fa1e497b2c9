"""engine.lifecycle: orders from created to completed, everything the engine does, with ports that answer in this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from engine.database.connection import Database
from engine.fleet import daemons
from engine.identifiers import DaemonId, PackageId, ShopId
from engine.orders import intake, packages
from engine.ports import Claim, Done, LabelBought, NoticeSent, PackageShipped, TrackingFact
from engine.words import EffectKind, TrackingStatus
from sync.delivery import Deliveries, DeliverySettings
from sync.desk import Desk
from sync.settling import for_each
from sync.waking import Bell
from tests.bench.facts import order_fact

BATCH = 250
_LABEL = b"%PDF-1.4 bench label" * 100


async def run_lifecycle(database: Database, shop_id: ShopId, orders: int) -> float:
    """Work `orders` orders to the end. Answers orders per second."""
    facts = [order_fact(shop_id, number) for number in range(orders)]
    daemon_id = await daemons.register(database, "bench")
    bell, stopping = Bell(), asyncio.Event()
    beating = asyncio.create_task(_beat(database, daemon_id, stopping))
    parcels: asyncio.Queue[tuple[PackageId, str]] = asyncio.Queue()
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
    started = time.perf_counter()
    delivering = asyncio.create_task(deliveries.run(stopping))
    tracking = asyncio.create_task(_track(database, parcels, orders))
    for start in range(0, orders, BATCH):
        await intake.apply(database, facts[start : start + BATCH])
        bell.ring()
    await tracking
    seconds = time.perf_counter() - started
    await _until_quiet(database)
    stopping.set()
    await delivering
    await beating
    return orders / seconds


async def _beat(database: Database, daemon_id: DaemonId, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        await daemons.beat(database, daemon_id)
        await asyncio.sleep(daemons.BEAT_SECONDS)


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
    def __init__(self, parcels: asyncio.Queue[tuple[PackageId, str]]) -> None:
        self._parcels = parcels

    async def ship(self, claims: Sequence[Claim], desk: Desk) -> None:
        requests = await desk.ship_requests(claims)

        async def tell(claim: Claim) -> None:
            assert claim.package_id is not None
            if await desk.checkpoint(claim, ""):
                await desk.settle(claim, Done(PackageShipped(f"tt-{claim.effect_id.hex}")))
                self._parcels.put_nowait((claim.package_id, requests[claim.package_id].tracking_number))

        await for_each(claims, tell, at_once=BATCH)


async def _send_notices(claims: Sequence[Claim], desk: Desk) -> None:
    await desk.notice_requests(claims)
    await for_each(claims, lambda claim: desk.settle(claim, Done(NoticeSent("bench"))), at_once=BATCH)


async def _track(database: Database, parcels: asyncio.Queue[tuple[PackageId, str]], orders: int) -> None:
    seen = 0
    while seen < orders:
        batch = [await parcels.get()]
        while len(batch) < BATCH and not parcels.empty():
            batch.append(parcels.get_nowait())
        for status in (TrackingStatus.IN_TRANSIT, TrackingStatus.DELIVERED):
            now = datetime.now(UTC)
            await packages.record_tracking(
                database, [TrackingFact(package_id, number, status, now) for package_id, number in batch]
            )
        seen += len(batch)


async def _until_quiet(database: Database) -> None:
    """Let the last notices leave, so that the rows are all there to be counted."""
    while await database.pool.fetchval(
        "SELECT EXISTS (SELECT 1 FROM effects WHERE state IN ('intent', 'sent', 'ambiguous') AND due_at <= now())"
    ):
        await asyncio.sleep(0.05)
