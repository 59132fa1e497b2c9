"""A house in which orders are worked: a shop, its stock, and the outside world answering as told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from engine.actors import Actor
from engine.audit.chain import GENESIS, Entry, covers
from engine.database.connection import Database
from engine.effects import ledger
from engine.effects.settling import Settlement, settle
from engine.fleet import daemons
from engine.fleet.daemons import DEAD_AFTER_SECONDS
from engine.identifiers import DaemonId, EffectId, OrderId, PackageId, ShopId
from engine.inventory.ledger import receive
from engine.inventory.products import ProductEntry, put_products
from engine.notices.requests import Notice, Requests
from engine.orders import intake
from engine.orders.parcels.packages import record_tracking
from engine.orders.views import StockRow
from engine.ports.facts import OrderFact, TrackingFact
from engine.ports.outcomes import Claim, Done, LabelBought, PackageShipped
from engine.ports.requests import NoticeRequest
from engine.reports.accounts import account
from engine.shops.shops import connect_shop
from engine.words import ChangeSource, EffectKind, TrackingStatus
from engine.workflow.facts import Backorder, ImportMode, LabelOn, Picking, ShipOn, ShopPolicies
from engine.workflow.runner import run_batch
from tests.engine.facts import NOON

MIRA = Actor("mira", ChangeSource.USER)

WORKING = ShopPolicies(LabelOn.RESERVE, Picking.AUTO, ShipOn.FIRST_SCAN, Backorder.FAIL, ImportMode.WORK)
"""Nobody needs to touch an order: labels at once, picking by itself, shipped by the carrier's first scan."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an order is."""

    state: str
    status: str
    execution: str
    waiting_for: str | None
    """None once the order is closed and has no work."""


class House:
    """One shop with its database. Everything goes through the engine's own doors."""

    def __init__(self, store: Database, shop_id: ShopId, daemon_id: DaemonId) -> None:
        self.store = store
        self.shop_id = shop_id
        self.daemon_id = daemon_id

    @classmethod
    async def open(cls, store: Database, policies: ShopPolicies = WORKING) -> House:
        """Connect the shop and register a daemon."""
        shop_id = await _connect(store, policies)
        return cls(store, shop_id, await daemons.register(store, "test"))

    async def set_policies(self, policies: ShopPolicies) -> None:
        await _connect(self.store, policies)

    async def stock(self, sku: str = "MUG-BLU", quantity: int = 10, *, weight_grams: int | None = 400) -> None:
        """Make the product known and put `quantity` of it on the shelf."""
        await put_products(self.store, [ProductEntry(sku, f"The {sku}", "", weight_grams)])
        if quantity:
            await self.receive(sku, quantity)

    async def receive(self, sku: str, quantity: int) -> StockRow:
        return await receive(self.store, sku, quantity, actor=MIRA)

    async def level(self, sku: str = "MUG-BLU") -> tuple[int, int]:
        """What is on hand, and how much of it is reserved."""
        row = await self.store.pool.fetchrow(
            "SELECT on_hand, reserved FROM stock_levels JOIN products p ON p.id = product_id WHERE sku = $1", sku
        )
        return row["on_hand"], row["reserved"]

    async def arrive(self, *facts: OrderFact) -> list[OrderId]:
        """TikTok says this; answers the orders' ids in the order of the facts."""
        result = await intake.apply(self.store, facts)
        return [result.order_ids[fact.tiktok_order_id] for fact in facts]

    async def run(self) -> int:
        """Work whatever is ready, as the daemon does. Answers how many orders were looked at."""
        looked_at = 0
        while worked := await run_batch(self.store, 100):
            looked_at += worked
        return looked_at

    async def claim(self, kind: EffectKind, *, limit: int = 50, daemon_id: DaemonId | None = None) -> list[Claim]:
        return await ledger.claim(self.store.pool, {kind: limit}, daemon_id or self.daemon_id, DEAD_AFTER_SECONDS)

    async def claim_one(self, kind: EffectKind) -> Claim:
        [claim] = await self.claim(kind)
        return claim

    async def checkpoint(self, claim: Claim, reference: str = "shp_1") -> bool:
        """Whether the claim may be sent."""
        passed = await self.store.run(lambda connection: ledger.checkpoint(connection, [(claim, reference)]))
        return claim.effect_id in passed

    async def settle(self, claim: Claim, outcome: Any) -> bool:
        """Whether the claim was still this worker's."""
        return claim.effect_id in await settle(self.store, [Settlement(claim, outcome)])

    async def buy_labels(self) -> list[Claim]:
        """The carrier sells every label that may be bought. Answers the claims that were carried out."""
        claims = await self.claim(EffectKind.BUY_LABEL)
        sent = [claim for claim in claims if await self.checkpoint(claim, f"shp_{claim.token}")]
        for claim in sent:
            assert await self.settle(claim, Done(a_label(claim)))
        return sent

    async def tell_tiktok(self) -> list[Claim]:
        """TikTok accepts every parcel it may be told of. Answers the claims that were carried out."""
        claims = await self.claim(EffectKind.SHIP_PACKAGE)
        sent = [claim for claim in claims if await self.checkpoint(claim, f"tt-{claim.token}")]
        for claim in sent:
            assert await self.settle(claim, Done(PackageShipped(f"tt-{claim.token}")))
        return sent

    async def track(self, order_id: OrderId, status: TrackingStatus, *, minute: int = 60) -> int:
        """The carrier says this of the order's parcel. Answers how many parcels had news."""
        row = await self.package(order_id)
        fact = TrackingFact(
            PackageId(row["id"]), row["tracking_number"], status, NOON + timedelta(minutes=minute), "scanned"
        )
        return await record_tracking(self.store, [fact])

    async def package(self, order_id: OrderId) -> Any:
        """The order's one package."""
        return await self.store.pool.fetchrow(
            "SELECT * FROM packages WHERE id IN (SELECT package_id FROM package_items WHERE order_id = $1)", order_id
        )

    async def standing(self, order_id: OrderId) -> Standing:
        row = await self.store.pool.fetchrow(
            """
            SELECT o.workflow_status, o.order_status, w.workflow_status AS execution, k.waiting_for
            FROM orders o JOIN order_workflows w ON w.order_id = o.id LEFT JOIN work k ON k.order_id = o.id
            WHERE o.id = $1 ORDER BY w.id DESC LIMIT 1
            """,
            order_id,
        )
        return Standing(*row)

    async def version(self, order_id: OrderId) -> int:
        version: int = await self.store.pool.fetchval("SELECT version FROM orders WHERE id = $1", order_id)
        return version

    async def effects(self, order_id: OrderId) -> list[tuple[str, str]]:
        """Kind and state of what the order sends outside, notices left out, in the order it was meant."""
        rows = await self.store.pool.fetch(
            "SELECT kind, state FROM effects WHERE order_id = $1 AND kind <> 'notice' ORDER BY sequence", order_id
        )
        return [(row["kind"], row["state"]) for row in rows]

    async def notice_requests(self, claims: list[Claim]) -> dict[EffectId, NoticeRequest]:
        """What these notices say."""
        return await Requests(self.store).read([Notice.of(claim) for claim in claims])

    async def notices(self, order_id: OrderId) -> list[str]:
        rows = await self.store.pool.fetch(
            "SELECT request ->> 'template' AS template FROM effects WHERE order_id = $1 AND kind = 'notice'"
            " ORDER BY sequence",
            order_id,
        )
        return [row["template"] for row in rows]

    async def failure(self, order_id: OrderId) -> Any:
        """The order's open failure, or None."""
        return await self.store.pool.fetchrow(
            "SELECT * FROM failures WHERE order_id = $1 AND resolved_at IS NULL", order_id
        )

    async def steps(self, order_id: OrderId) -> list[str]:
        rows = await self.store.pool.fetch(
            "SELECT trigger FROM order_workflow_steps WHERE order_id = $1 ORDER BY id", order_id
        )
        return [row["trigger"] for row in rows]

    async def history(self, order_id: OrderId) -> list[str]:
        rows = await self.store.pool.fetch(
            "SELECT new_status FROM order_status_history WHERE order_id = $1 ORDER BY id", order_id
        )
        return [row["new_status"] for row in rows]

    async def row_counts(self) -> dict[str, int]:
        """How many rows each table has."""
        tables = await self.store.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'orders' ORDER BY 1")
        return {
            row["tablename"]: await self.store.pool.fetchval(f"SELECT count(*) FROM {row['tablename']}")  # noqa: S608
            for row in tables
        }

    async def assert_balanced(self) -> None:
        """Histories, steps, stock and work agree with one another, and every audit chain is whole."""
        accounts = await account(self.store)
        assert accounts.balanced, accounts
        heads: dict[Any, bytes] = {}
        for row in await self.store.pool.fetch("SELECT * FROM audit_log ORDER BY subject, sequence"):
            previous = heads.get(row["subject"], GENESIS)
            assert row["previous_hash"] == previous
            assert covers(Entry(**row))
            heads[row["subject"]] = row["hash"]


def a_label(claim: Claim) -> LabelBought:
    """A label whose tracking number tells which claim bought it."""
    return LabelBought(
        carrier="USPS",
        service="GroundAdvantage",
        tracking_number=f"9400{claim.token:08d}",
        tracker_reference=f"trk_{claim.token}",
        shipment_reference=f"shp_{claim.token}",
        cost=Decimal("4.10"),
        currency="USD",
        media_type="application/pdf",
        document=b"%PDF-1.4 a label",
    )


async def _connect(store: Database, policies: ShopPolicies) -> ShopId:
    shop = await connect_shop(
        store,
        tiktok_shop_id="7495",
        name="Alder Goods",
        region="US",
        timezone="America/Los_Angeles",
        cipher="cipher-of-7495",
        policies=policies,
        actor=MIRA,
    )
    return shop.shop_id
