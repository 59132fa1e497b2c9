"""Stock told to the shops: absolute numbers, one call a product, read back a little later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import structlog

from engine.errors import Ambiguous, OrdersError, Retryable
from engine.identifiers import ShopId
from engine.inventory import pushing
from engine.inventory.listings import WarehouseStock, store_stock
from engine.inventory.pushing import NotTold, Push, Told
from sync.settling import for_each
from sync.tiktok.connected import ShopDirectory

if TYPE_CHECKING:
    from engine.database.connection import Database

_log = structlog.get_logger(__name__)

NOT_OURS = frozenset({"tiktok.stock_of_bundle", "tiktok.stock_shared", "tiktok.not_ours_to_ship"})
"""Refusals that stay: somebody else keeps this stock."""

_LOCKED_SECONDS = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class PushSettings:
    """How stock is told: every so often so many listings, and when it is read back. `for_none` 1 where a shop refuses 0."""

    every_seconds: float = 5.0
    most_listings: int = 100
    at_once: int = 4
    for_none: int = 0
    check_after_seconds: float = 10.0
    check_again_seconds: float = 60.0


async def push_stock(database: Database, shops: ShopDirectory, settings: PushSettings) -> int:
    """Tell what is due, then read back what was told some time ago. Answers how many numbers were told."""
    pushes = await pushing.take_pushes(database, most_listings=settings.most_listings, for_none=settings.for_none)
    by_product = [list(group) for _, group in groupby(pushes, key=lambda push: (push.shop_id, push.tiktok_product_id))]
    told: list[Told] = []
    not_told: list[NotTold] = []

    async def one(group: Sequence[Push]) -> None:
        for outcome in await _tell(database, shops, group):
            if isinstance(outcome, Told):
                told.append(outcome)
            else:
                not_told.append(outcome)

    try:
        await for_each(by_product, one, at_once=settings.at_once)
    finally:
        if told or not_told:
            await pushing.settle_pushes(database, told, not_told, check_after_seconds=settings.check_after_seconds)
    await read_back(database, shops, settings)
    return len(told)


async def read_back(database: Database, shops: ShopDirectory, settings: PushSettings) -> None:
    """Compare what shops show with what they were told."""
    for shop_id, skus in (await pushing.to_check(database, settings.check_again_seconds)).items():
        try:
            stock = await (await shops(shop_id)).products.stock_of(skus)
        except OrdersError as error:
            _log.warning("stock_not_read_back", shop_id=str(shop_id), code=error.code, sentence=error.sentence)
            continue
        rows = [(each.sku_id, each.warehouse_id, each.available, each.committed) for each in stock]
        differing = await pushing.checked(database, shop_id, rows, again_after_seconds=settings.check_again_seconds)
        if differing:
            _log.warning("stock_differs", shop_id=str(shop_id), listings=differing)


async def _tell(database: Database, shops: ShopDirectory, group: Sequence[Push]) -> list[Told | NotTold]:
    shop_id, product_id = group[0].shop_id, group[0].tiktok_product_id
    quantities: dict[str, dict[str, int]] = {}
    for push in group:
        quantities.setdefault(push.tiktok_sku_id, {})[push.warehouse_id] = push.quantity
    try:
        shop = await shops(shop_id)
        refused = await shop.products.set_stock(product_id, quantities)
    except Ambiguous as error:
        # It may have been taken: the reading back tells, and tells it again where it was not.
        return [Told(push, unsure=error.sentence) for push in group]
    except OrdersError as whole:
        refused = {(sku, ""): whole for sku in quantities}
    outcomes: list[Told | NotTold] = []
    unknown_warehouses: set[str] = set()
    for push in group:
        problem = refused.get((push.tiktok_sku_id, push.warehouse_id)) or refused.get((push.tiktok_sku_id, ""))
        if problem is None:
            outcomes.append(Told(push))
            continue
        outcomes.append(_not_told(push, problem))
        if problem.code == "tiktok.warehouses_missing":
            unknown_warehouses.add(push.tiktok_sku_id)
    if unknown_warehouses:
        await _learn_warehouses(database, shops, shop_id, sorted(unknown_warehouses))
    return outcomes


def _not_told(push: Push, error: OrdersError) -> NotTold:
    if error.code in NOT_OURS:
        return NotTold(push, error.sentence, for_good=True)
    if error.code == "tiktok.stock_locked":
        return NotTold(push, error.sentence, _LOCKED_SECONDS)
    if isinstance(error, Retryable):
        return NotTold(push, error.sentence, error.retry_after_seconds or 5.0)
    return NotTold(push, error.sentence, 5.0 if error.code == "tiktok.warehouses_missing" else 300.0)


async def _learn_warehouses(database: Database, shops: ShopDirectory, shop_id: ShopId, skus: Sequence[str]) -> None:
    """Read where TikTok has these SKUs, so that the next push names all of it."""
    try:
        found = await (await shops(shop_id)).products.stock_of(skus)
    except OrdersError as error:
        _log.warning("warehouses_not_read", shop_id=str(shop_id), code=error.code)
        return
    rows = [WarehouseStock(each.sku_id, each.warehouse_id, each.available, each.committed) for each in found]
    await database.run(lambda connection: store_stock(connection, shop_id, rows))
