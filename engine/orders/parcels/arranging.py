"""What TikTok has to hear of orders split and combined here: of packages that exist there before they are shipped.

Where the order's units have a package at TikTok already, as they do from payment on outside the US, an effect tells how they are packed
now; elsewhere nobody there knows of packages before they leave, and nothing is told. Each order has an effect of its own, so that what
it tells TikTok later waits for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.effects import ledger
from engine.effects.kinds import DEPENDENCY_OF
from engine.errors import Refused
from engine.identifiers import EffectId, ItemId, OrderId, PackageId, ShopId, new_id
from engine.orders.markets import market_of
from engine.ports.outcomes import Claim
from engine.ports.requests import PackingRequest
from engine.words import EffectKind
from engine.workflow.facts import OrderFacts
from engine.workflow.plan import NewEffect

if TYPE_CHECKING:
    from engine.database.connection import Database

# Orders of which TikTok has a package that is not arranged yet.
_EARLY = """
SELECT o.id, o.shop_id, s.region,
       (SELECT count(*) FROM effects e WHERE e.order_id = o.id AND e.dependency = 'tiktok' AND e.kind = $2) AS earlier
FROM orders o JOIN shops s ON s.id = o.shop_id
WHERE o.id = ANY($1::uuid[]) AND EXISTS (
    SELECT FROM order_item_units u
    WHERE u.order_id = o.id AND u.tiktok_package_id <> '' AND NOT u.elsewhere
      AND u.channel_status IN ('UNPAID', 'ON_HOLD', 'AWAITING_SHIPMENT', 'PARTIALLY_SHIPPING'))
ORDER BY o.id
"""

# The parcels that each claim's order is in now, with the units that go in them.
_PACKED = """
SELECT e.id AS effect_id, e.package_id AS told_of, o.tiktok_order_id, c.package_id,
       array_agg(u.tiktok_line_id ORDER BY u.tiktok_line_id) AS lines
FROM effects e
JOIN orders o ON o.id = e.order_id
JOIN package_items c ON c.order_id = e.order_id
JOIN packages p ON p.id = c.package_id AND p.state NOT IN ('voided', 'combined')
JOIN order_item_units u ON u.order_id = c.order_id AND u.order_item_id = c.order_item_id AND u.channel_status <> 'CANCELLED'
 AND NOT u.elsewhere AND (u.package_id IS NULL OR u.package_id = p.id)
WHERE e.id = ANY($1::uuid[])
GROUP BY e.id, o.id, c.package_id
ORDER BY e.id, c.package_id
"""

# With whom each of these shared parcels is shared.
_TOGETHER = """
SELECT c.package_id, array_agg(DISTINCT o.tiktok_order_id ORDER BY o.tiktok_order_id) AS numbers
FROM package_items c JOIN orders o ON o.id = c.order_id WHERE c.package_id = ANY($1::uuid[]) GROUP BY c.package_id
"""


async def tell_split(connection: Any, order: OrderFacts) -> None:
    """Mean to tell TikTok how the order is packed now, where it has to hear of it."""
    await _tell(connection, EffectKind.SPLIT_ORDER, "split", [order.order_id], None)


async def tell_combined(connection: Any, order_ids: Sequence[OrderId], package_id: PackageId) -> None:
    """Mean to tell TikTok that these orders travel together, where it has to hear of it."""
    await _tell(connection, EffectKind.COMBINE_PACKAGES, "combine", order_ids, package_id)


async def tell_uncombined(connection: Any, order_ids: Sequence[OrderId], package_id: PackageId) -> None:
    """Mean to tell TikTok that these orders travel alone again, where it has to hear of it."""
    await _tell(connection, EffectKind.UNCOMBINE_PACKAGE, "uncombine", order_ids, package_id)


async def keep_skus_together(connection: Any, order: OrderFacts, parted: Iterable[Mapping[ItemId, int]]) -> None:
    """Raises Refused where the market keeps the units of one SKU in one package and these parcels would part them."""
    rows = await connection.fetch(_EARLY, [order.order_id], EffectKind.SPLIT_ORDER)
    if not rows or not market_of(rows[0]["region"]).whole_skus:
        return
    sku_of = {item.item_id: item.sku for item in order.items}
    in_how_many = Counter(sku for contents in parted for sku in {sku_of[key] for key, n in contents.items() if n})
    for sku, parcels in in_how_many.items():
        if parcels > 1:
            raise Refused(
                "split.whole_sku",
                f"Order {order.order_number}: in this market TikTok keeps the units of one SKU together; move all of {sku}, or none.",
            )


async def packing_requests(database: Database, claims: Sequence[Claim]) -> dict[EffectId, PackingRequest]:
    """How each claim's order is packed here now; one that is in no parcel any more is absent."""
    rows = await database.pool.fetch(_PACKED, [claim.effect_id for claim in claims])
    shared = sorted({row["package_id"] for row in rows})
    together = {row["package_id"]: row["numbers"] for row in await database.pool.fetch(_TOGETHER, shared)}
    found: dict[EffectId, PackingRequest] = {}
    for row in rows:
        effect_id, package_id = EffectId(row["effect_id"]), PackageId(row["package_id"])
        known = found.get(effect_id) or PackingRequest(row["tiktok_order_id"], {}, ())
        parcels = {**known.parcels, package_id: tuple(row["lines"])}
        others = tuple(together[package_id]) if package_id == row["told_of"] else known.together
        found[effect_id] = PackingRequest(row["tiktok_order_id"], parcels, others)
    return found


async def _tell(
    connection: Any, kind: EffectKind, verb: str, order_ids: Sequence[OrderId], package_id: PackageId | None
) -> None:
    rows = await connection.fetch(_EARLY, sorted(order_ids), kind)
    effects = [
        NewEffect(
            effect_id=new_id(),
            key=f"{verb}:{row['id']}:{row['earlier'] + 1}",
            kind=kind,
            dependency=DEPENDENCY_OF[kind],
            order_id=OrderId(row["id"]),
            shop_id=ShopId(row["shop_id"]),
            package_id=package_id,
            ahead=0,
            delay_seconds=0.0,
            provider_reference="",
            request={},
        )
        for row in rows
    ]
    await ledger.intend(connection, effects)
