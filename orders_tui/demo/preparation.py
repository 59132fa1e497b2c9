"""The shop connected, its products and stock loaded and its policies set, as a lead would do it by hand."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from engine.actors import Actor
from engine.audit.retention import RETENTION_DOOR
from engine.database.connection import Database, open_database
from engine.identifiers import DEFAULT_LOCATION
from engine.inventory import locations
from engine.inventory.ledger import receive
from engine.inventory.products import ProductEntry, put_products
from engine.ports.facts import Address
from engine.shops import grants, shops
from engine.words import ChangeSource
from engine.workflow.facts import ImportMode, Picking, ShipOn, ShopPolicies
from orders_tui.demo.plan import DemoFiles, DemoPlan
from orders_tui.demo.world import World, start_world
from orders_tui.settings import DaemonSection, DatabaseSection, Settings
from orders_tui.settings_outside import (
    CarrierSection,
    InventorySection,
    NoticesSection,
    RetriesSection,
    RetrySection,
    TikTokSection,
)

LEAD = Actor("demo lead", ChangeSource.USER)

_POLICIES = ShopPolicies(pick=Picking.AUTO, ship_on=ShipOn.FIRST_SCAN, import_mode=ImportMode.WORK)
_WAREHOUSE = Address("Harbor Lane Goods", "5550100100", "1 Dock Road", "", "Reno", "NV", "89501", "US")


def demo_settings(files: DemoFiles, url: str, app_key: str) -> Settings:
    """Settings that point at the simulator; secrets are not among them."""
    return Settings(
        database=DatabaseSection(data_directory=files.directory, pool_size=10),
        tiktok=TikTokSection(
            base_url=url, auth_url=url, app_key=app_key, calls_per_second=0, poll_seconds=1, overlap_seconds=2
        ),
        carrier=CarrierSection(base_url=url, calls_per_second=0, tracking_seconds=1.0),
        notices=NoticesSection(durable=False, bounces=files.directory / "bounces"),
        inventory=InventorySection(url=url, mirror_seconds=1.0),
        daemon=DaemonSection(idle_seconds=0.5),
        # Its world fails on purpose, and a demo that is killed in the middle has used up tries without an answer.
        retries=RetriesSection(
            carrier=RetrySection(max_attempts=8, base_delay_seconds=1, max_delay_seconds=10, multiplier=1.5)
        ),
    )


async def prepare(database: Database, world: World) -> str:
    """Connect the shop and load its products and stock; safe to repeat. Answers the app's key."""
    keys = await world.ask("credentials")
    database.secrets.keep("tiktok_app_secret", keys["app_secret"])
    database.secrets.keep("easypost_api_key", keys["easypost_api_key"])
    database.secrets.keep("inventory_api_key", keys["inventory_api_key"])
    seller = grants.Seller(keys["open_id"], keys["shop_name"], "US", tuple(keys["scopes"]))
    tokens = grants.GrantTokens(
        access=keys["access_token"],
        access_expires_at=datetime.fromtimestamp(keys["access_token_expire_in"], UTC),
        refresh=keys["refresh_token"],
        refresh_expires_at=datetime.fromtimestamp(keys["refresh_token_expire_in"], UTC),
    )
    grant = await grants.save_grant(database, seller, tokens, actor=LEAD)
    await shops.connect_shop(
        database,
        tiktok_shop_id=keys["shop_id"],
        name=keys["shop_name"],
        region="US",
        timezone="America/Los_Angeles",
        cipher=keys["shop_cipher"],
        policies=_POLICIES,
        grant=grant,
        seller_type="LOCAL",
        actor=LEAD,
    )
    await locations.set_address(database, DEFAULT_LOCATION, _WAREHOUSE, actor=LEAD)
    products = (await world.ask("catalogue"))["products"]
    await put_products(
        database,
        [
            ProductEntry(entry["sku"], entry["name"], entry["barcode"], entry["weight_grams"], entry["bin"])
            for entry in products
        ],
    )
    await asyncio.gather(
        *(
            receive(
                database,
                entry["sku"],
                entry["stock"],
                actor=LEAD,
                reason="opening stock",
                idempotency_key=f"demo:{entry['sku']}",
            )
            for entry in products
            if entry["stock"]
        )
    )
    return str(keys["app_key"])


@contextlib.asynccontextmanager
async def open_demo(
    plan: DemoPlan, files: DemoFiles, *, on_wait: Callable[[str], None] | None, generic_plans: bool = False
) -> AsyncIterator[tuple[Database, World, bool]]:
    """The demo's database and its world, started side by side; True when an unfinished run of this plan goes on in them."""
    continued = files.continues(plan)
    if not continued:
        files.forget()
    settings = demo_settings(files, "http://127.0.0.1:1", "").database
    place = settings.for_engine("orders-tui demo", generic_plans=generic_plans)
    async with contextlib.AsyncExitStack() as stack:
        opening = asyncio.create_task(open_database(place, os.environ, on_wait=on_wait))
        try:
            world = await stack.enter_async_context(start_world(plan, files))
        finally:
            database = await opening
            stack.push_async_callback(database.close)
        if not continued:
            await empty(database)
            files.remember(plan, finished=False)
        yield database, world, continued


async def empty(database: Database) -> None:
    """Forget every order, shop and product of a demo; its keys and its people stay."""
    tables = await database.pool.fetchval(
        "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables "
        "WHERE schemaname = 'orders' "
        "AND tablename NOT IN ('alembic_version', 'users', 'locations', 'data_keys', 'index_keys')"
    )
    async with database.transaction() as connection:
        await connection.execute(RETENTION_DOOR)
        await connection.execute(f"TRUNCATE {tables}")
