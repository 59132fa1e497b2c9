"""What channels are told of stock: absolute numbers, found by comparison, and read back.

Nothing is added to what moves stock. A round compares what each listing should show with what it was last told, in one statement, so
that a burst of sales is one push. Each push has a number: what a late answer says of an older one is ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound, Refused
from engine.identifiers import ShopId, UserId
from engine.inventory.demand import UNRESERVED_DEMAND
from engine.inventory.listings import MATCHED
from engine.orders import polls
from engine.orders.plain_text import plain
from engine.orders.polls import Poll, Reached

if TYPE_CHECKING:
    from engine.database.connection import Database

LEASE = "stock_push"
MOST_QUANTITY = 99_999
"""TikTok takes no more."""

# Purpose: take the pushes that are due, most urgent first: what is sold out, then what has waited longest. Whoever takes them numbers
# them. A product whose level nobody has opened yet is not ours to speak of, and a warehouse that is no location of ours keeps what it
# has; it is named all the same, since all warehouses of a SKU have to be. $1 listings at most, $2 what stands for none.
_TAKE = f"""
WITH demand AS MATERIALIZED ({UNRESERVED_DEMAND}
), free AS MATERIALIZED (
    SELECT l.product_id, l.location_id, l.on_hand - l.reserved - l.held - coalesce(d.units, 0) AS units
    FROM stock_levels l LEFT JOIN demand d ON d.product_id = l.product_id AND d.location_id = l.location_id
), offered AS MATERIALIZED (
    SELECT l.id AS listing_id, t.warehouse_id, t.pushed, t.channel_quantity, t.retry_at, t.pushed_at, w.location_id IS NOT NULL AS ours,
           CASE WHEN w.location_id IS NULL THEN t.channel_quantity
                WHEN coalesce(k.units, f.units) IS NULL THEN NULL
                ELSE least({MOST_QUANTITY}, greatest(0, coalesce(k.units, f.units) - coalesce(p.stock_buffer, s.stock_buffer))) END
             AS quantity
    FROM listings l JOIN shops s ON s.id = l.shop_id
    {MATCHED}
    JOIN listing_stock t ON t.listing_id = l.id
    LEFT JOIN warehouses w ON w.shop_id = l.shop_id AND w.warehouse_id = t.warehouse_id
    LEFT JOIN free f ON f.product_id = p.id AND f.location_id = w.location_id AND p.components IS NULL
    LEFT JOIN LATERAL (
        SELECT min(m.units / part.quantity)::bigint AS units, bool_and(m.units IS NOT NULL) AS known
        FROM jsonb_to_recordset(p.components) AS part(sku text, quantity int)
        LEFT JOIN products c ON c.user_id = p.user_id AND c.sku = part.sku
        LEFT JOIN free m ON m.product_id = c.id AND m.location_id = w.location_id) k ON p.components IS NOT NULL AND k.known
    WHERE s.state = 'connected' AND s.push_stock AND s.policies ->> 'import_mode' = 'work'
      AND l.status = 'ACTIVATE' AND l.refusal = '' AND p.id IS NOT NULL
), due AS (
    SELECT listing_id FROM offered GROUP BY listing_id
    HAVING bool_or(ours AND quantity IS NOT NULL AND greatest(quantity, $2) IS DISTINCT FROM coalesce(pushed, channel_quantity)
                   AND retry_at <= now())
       AND bool_and(quantity IS NOT NULL)
    ORDER BY bool_or(ours AND quantity = 0) DESC, min(pushed_at) NULLS FIRST, listing_id LIMIT $1
)
UPDATE listing_stock t SET wanted = greatest(o.quantity, CASE WHEN o.ours THEN $2 ELSE 0 END), sequence = t.sequence + 1
FROM offered o JOIN due ON due.listing_id = o.listing_id JOIN listings l ON l.id = o.listing_id
WHERE t.listing_id = o.listing_id AND t.warehouse_id = o.warehouse_id
RETURNING l.shop_id, l.tiktok_product_id, l.tiktok_sku_id, t.listing_id, t.warehouse_id, t.wanted AS quantity, t.sequence
"""  # noqa: S608

_TOLD = """
UPDATE listing_stock t
SET pushed = d.quantity, pushed_at = now(), check_at = now() + make_interval(secs => $5), error = d.error, retry_at = now(),
    mismatches = CASE WHEN d.unsure THEN greatest(t.mismatches, 1) WHEN t.pushed <> d.quantity THEN 0 ELSE t.mismatches END
FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[], $6::text[], $7::bool[])
  AS d(listing_id, warehouse_id, sequence, quantity, error, unsure)
WHERE t.listing_id = d.listing_id AND t.warehouse_id = d.warehouse_id AND t.sequence = d.sequence
"""

_NOT_TOLD = """
UPDATE listing_stock t SET error = d.error, retry_at = now() + make_interval(secs => d.seconds)
FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::float8[]) AS d(listing_id, warehouse_id, sequence, error, seconds)
WHERE t.listing_id = d.listing_id AND t.warehouse_id = d.warehouse_id AND t.sequence = d.sequence
"""

_REFUSED = """
UPDATE listings l SET refusal = d.reason FROM unnest($1::uuid[], $2::text[]) AS d(listing_id, reason) WHERE l.id = d.listing_id
"""

# What is to be read back: a claim, so that what a crash leaves is read by the next.
_TO_CHECK = """
WITH due AS (
    SELECT t.listing_id, t.warehouse_id FROM listing_stock t
    WHERE t.check_at <= now() ORDER BY t.check_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE listing_stock t SET check_at = now() + make_interval(secs => $2)
FROM due, listings l
WHERE t.listing_id = due.listing_id AND t.warehouse_id = due.warehouse_id AND l.id = t.listing_id
RETURNING l.shop_id, l.tiktok_sku_id
"""

_CHECK_ALL = """
UPDATE listing_stock t SET check_at = now() FROM listings l
WHERE l.id = t.listing_id AND l.shop_id = $1 AND t.pushed IS NOT NULL AND t.check_at IS NULL
"""

# As told, or less by what was sold there meanwhile, which is committed there and comes to us as orders: well. Else the first time it
# is looked at again a little later, the second time it is told again, and after that it is a person's.
_CHECKED = """
UPDATE listing_stock t
SET mismatches = CASE WHEN v.agrees THEN 0 ELSE t.mismatches + 1 END,
    check_at = CASE WHEN v.agrees OR t.mismatches >= 1 THEN NULL ELSE now() + make_interval(secs => $5) END,
    pushed = CASE WHEN NOT v.agrees AND t.mismatches = 1 THEN NULL ELSE t.pushed END,
    channel_quantity = v.available, channel_committed = v.committed, read_at = now(),
    error = CASE WHEN v.agrees THEN '' WHEN t.mismatches >= 2 THEN 'told ' || t.pushed || ', shows ' || v.available ELSE t.error END
FROM (SELECT c.listing_id, c.warehouse_id, d.available, d.committed,
             d.available = c.pushed OR d.available + greatest(0, d.committed - coalesce(c.channel_committed, d.committed)) = c.pushed
               AS agrees
      FROM unnest($2::text[], $3::text[], $4::int[], $6::int[]) AS d(sku, warehouse_id, available, committed)
      JOIN listings l ON l.shop_id = $1 AND l.tiktok_sku_id = d.sku
      JOIN listing_stock c ON c.listing_id = l.id AND c.warehouse_id = d.warehouse_id
      WHERE c.check_at IS NOT NULL AND c.pushed IS NOT NULL) v
WHERE t.listing_id = v.listing_id AND t.warehouse_id = v.warehouse_id
RETURNING t.listing_id, t.mismatches
"""

_ALARM = f"""
INSERT INTO stock_alarms (kind, product_id, detail)
SELECT DISTINCT ON (p.id) 'push', p.id,
       jsonb_build_object('sentence', s.name || ' does not show what it was told: ' || t.error)
FROM listing_stock t JOIN listings l ON l.id = t.listing_id JOIN shops s ON s.id = l.shop_id
{MATCHED}
WHERE t.listing_id = ANY($1::uuid[]) AND t.mismatches > 2 AND p.id IS NOT NULL
ON CONFLICT (kind, product_id) WHERE cleared_at IS NULL DO UPDATE SET detail = excluded.detail
"""  # noqa: S608

_CLEAR = f"""
UPDATE stock_alarms x SET cleared_at = now()
FROM listings l JOIN shops s ON s.id = l.shop_id
{MATCHED}
WHERE l.id = ANY($1::uuid[]) AND x.kind = 'push' AND x.cleared_at IS NULL AND x.product_id = p.id AND NOT EXISTS (
    SELECT FROM listing_stock t WHERE t.listing_id = l.id AND t.mismatches > 2)
"""  # noqa: S608

_LIST = f"""
SELECT s.name AS shop, l.seller_sku, coalesce(p.sku, '') AS product_sku, t.warehouse_id, coalesce(c.code, '') AS location,
       t.pushed, t.pushed_at, t.channel_quantity, t.channel_committed, t.read_at, t.check_at IS NULL AND t.pushed_at IS NOT NULL
       AND t.mismatches = 0 AS agrees, CASE WHEN l.refusal <> '' THEN l.refusal ELSE t.error END AS error
FROM listing_stock t JOIN listings l ON l.id = t.listing_id JOIN shops s ON s.id = l.shop_id
{MATCHED}
LEFT JOIN warehouses w ON w.shop_id = l.shop_id AND w.warehouse_id = t.warehouse_id LEFT JOIN locations c ON c.id = w.location_id
WHERE l.status <> 'GONE' AND ($1 = '' OR starts_with(lower(l.seller_sku), lower($1)))
ORDER BY l.seller_sku, s.name, t.warehouse_id LIMIT $2
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Push:
    """One number to be told: so many of a SKU in a warehouse. `sequence` fences what comes of it."""

    shop_id: ShopId
    tiktok_product_id: str
    tiktok_sku_id: str
    listing_id: UUID
    warehouse_id: str
    quantity: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Told:
    """The channel took the number, or with `unsure` it may have."""

    push: Push
    unsure: str = ""


@dataclass(frozen=True, slots=True)
class NotTold:
    """The channel did not take it; tried again after a while, or with `for_good` never: its stock is not ours to set."""

    push: Push
    sentence: str
    after_seconds: float = 300.0
    for_good: bool = False


@dataclass(frozen=True, slots=True)
class PushedView:
    """What one warehouse was last told of a listing, and what it showed when it was read back."""

    shop: str
    seller_sku: str
    product_sku: str
    warehouse_id: str
    location: str
    pushed: int | None
    pushed_at: datetime | None
    channel_quantity: int | None
    channel_committed: int | None
    read_at: datetime | None
    agrees: bool
    error: str


async def take_pushes(database: Database, *, most_listings: int, for_none: int = 0) -> list[Push]:
    """The numbers that are to be told now, all warehouses of each SKU; `for_none` is what is said when there is none left."""
    rows = await database.run(lambda connection: connection.fetch(_TAKE, most_listings, for_none))
    return [
        Push(
            ShopId(row["shop_id"]),
            row["tiktok_product_id"],
            row["tiktok_sku_id"],
            row["listing_id"],
            row["warehouse_id"],
            row["quantity"],
            row["sequence"],
        )
        for row in sorted(rows, key=lambda row: (row["tiktok_product_id"], row["tiktok_sku_id"], row["warehouse_id"]))
    ]


async def settle_pushes(
    database: Database, told: Sequence[Told], not_told: Sequence[NotTold], *, check_after_seconds: float
) -> None:
    """Remember what came of pushes; what came of one that a newer push has overtaken is ignored."""

    async def write(connection: Any) -> None:
        if told:
            pushes = [each.push for each in told]
            await connection.execute(
                _TOLD,
                *_keys(pushes),
                [push.quantity for push in pushes],
                check_after_seconds,
                [each.unsure for each in told],
                [bool(each.unsure) for each in told],
            )
        if not_told:
            pushes = [each.push for each in not_told]
            await connection.execute(
                _NOT_TOLD,
                *_keys(pushes),
                [each.sentence for each in not_told],
                [each.after_seconds for each in not_told],
            )
            ours = {each.push.listing_id: each.sentence for each in not_told if each.for_good}
            await connection.execute(_REFUSED, list(ours), list(ours.values()))

    await database.run(write)


async def to_check(database: Database, again_seconds: float, limit: int = 600) -> dict[ShopId, list[str]]:
    """The SKUs whose pushes are to be read back now, by shop; what nobody reads is due again after so long."""
    rows = await database.run(lambda connection: connection.fetch(_TO_CHECK, limit, again_seconds))
    found: dict[ShopId, list[str]] = {}
    for row in rows:
        skus = found.setdefault(ShopId(row["shop_id"]), [])
        if row["tiktok_sku_id"] not in skus:
            skus.append(row["tiktok_sku_id"])
    return found


async def check_all(database: Database, poll: Poll, until: datetime) -> None:
    """Have everything that the shop was told read back once more: something there has changed."""

    async def write(connection: Any) -> None:
        await connection.execute(_CHECK_ALL, poll.shop_id)
        await polls.reach(connection, Reached(poll, until))

    await database.run(write)


async def checked(
    database: Database, shop_id: ShopId, rows: Sequence[tuple[str, str, int, int]], *, again_after_seconds: float
) -> int:
    """Compare what was read back (SKU, warehouse, available, committed) with what was told. Answers how many differ."""

    async def write(connection: Any) -> int:
        found = await connection.fetch(
            _CHECKED,
            shop_id,
            [sku for sku, _, _, _ in rows],
            [warehouse for _, warehouse, _, _ in rows],
            [available for _, _, available, _ in rows],
            again_after_seconds,
            [committed for _, _, _, committed in rows],
        )
        listings = list({row["listing_id"] for row in found})
        await connection.execute(_ALARM, listings)
        await connection.execute(_CLEAR, listings)
        return sum(row["mismatches"] > 0 for row in found)

    return await database.run(write)


async def list_pushed(database: Database, search: str = "", *, limit: int = 1000) -> list[PushedView]:
    """What was told and read back, by SKU."""
    rows = await database.pool.fetch(_LIST, search.strip(), limit)
    return [
        PushedView(**{**dict(row), "shop": plain(row["shop"]), "seller_sku": plain(row["seller_sku"])}) for row in rows
    ]


@dataclass(frozen=True, slots=True)
class ShopPush:
    """Whether a shop is told of stock, and how many units of each product are kept from it."""

    shop: str
    enabled: bool
    buffer: int


async def list_shop_pushes(database: Database) -> list[ShopPush]:
    """Every shop, by name."""
    rows = await database.pool.fetch("SELECT name, push_stock, stock_buffer FROM shops ORDER BY name, id")
    return [ShopPush(plain(row["name"]), row["push_stock"], row["stock_buffer"]) for row in rows]


async def set_shop_push(
    database: Database, shop: str, *, enabled: bool | None = None, buffer: int | None = None, actor: Actor
) -> None:
    """Whether a shop is told of stock, and how many units of each product are kept from it. Raises NotFound, Refused."""
    if buffer is not None and not 0 <= buffer <= MOST_QUANTITY:
        raise Refused("stock.buffer", f"{buffer} is no buffer: give a number from 0 to {MOST_QUANTITY}.")

    async def write(connection: Any) -> None:
        row = await connection.fetchrow(
            "SELECT id, user_id, push_stock, stock_buffer FROM shops WHERE tiktok_shop_id = $1 OR lower(name) = lower($1)"
            " ORDER BY id LIMIT 1 FOR UPDATE",
            shop,
        )
        if row is None:
            raise NotFound("shop.unknown", f"There is no shop {plain(shop)}: give its name or its id at TikTok.")
        after = {
            "push_stock": row["push_stock"] if enabled is None else enabled,
            "stock_buffer": row["stock_buffer"] if buffer is None else buffer,
        }
        await connection.execute(
            "UPDATE shops SET push_stock = $2, stock_buffer = $3 WHERE id = $1", row["id"], *after.values()
        )
        owner = UserId(row["user_id"])
        await database.vault.ensure(connection, owner)
        before = {"push_stock": row["push_stock"], "stock_buffer": row["stock_buffer"]}
        await chain.append(connection, database.vault, owner, row["id"], "shop.push_stock", actor, before, after)

    await database.run(write)


def _keys(pushes: Sequence[Push]) -> tuple[list[UUID], list[str], list[int]]:
    return (
        [push.listing_id for push in pushes],
        [push.warehouse_id for push in pushes],
        [push.sequence for push in pushes],
    )
