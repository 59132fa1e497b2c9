"""Parcels: what carriers and TikTok must know of them, and what tracking says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from engine.database.locks import lock_work
from engine.errors import Misconfigured
from engine.identifiers import EffectId, OrderId, PackageId, ShopId
from engine.orders import inbox
from engine.orders.opening import open_bytes
from engine.ports.facts import Address, TrackingFact
from engine.ports.outcomes import Claim
from engine.ports.requests import CustomsItem, OpenParcel, ParcelItem, ParcelRequest, ShipRequest
from engine.privacy.cipher import Vault
from engine.words import EffectKind, TrackingStatus
from engine.workflow.advance import advance

if TYPE_CHECKING:
    from engine.database.connection import Database

_PARCELS = """
SELECT p.id, p.shop_id, p.weight_grams, o.id AS order_id, o.tiktok_order_id, o.shipping_address, o.expected_ship_date, o.currency,
       o.shipping_type, p.tiktok_package_id, s.policies ->> 'rate_rule' AS rate_rule, s.policies ->> 'label_format' AS label_format,
       l.address AS ship_from, max(m.length_millimetres) AS length, max(m.width_millimetres) AS width,
       sum(m.height_millimetres * c.quantity) AS height, sum(i.unit_price * c.quantity) AS goods_value,
       array_agg(i.product_sku ORDER BY i.id) AS skus, array_agg(i.product_name ORDER BY i.id) AS names,
       array_agg(c.quantity ORDER BY i.id) AS quantities, array_agg(coalesce(m.weight_grams, 0) ORDER BY i.id) AS weights,
       array_agg(m.customs ORDER BY i.id) AS customs,
       CASE WHEN o.shipping_type = 'TIKTOK' THEN ARRAY(
           SELECT u.tiktok_line_id FROM order_item_units u JOIN package_items x ON x.order_item_id = u.order_item_id
           WHERE u.order_id = o.id AND x.package_id = p.id AND u.channel_status <> 'CANCELLED' AND NOT u.elsewhere
             AND (u.package_id IS NULL OR u.package_id = p.id) ORDER BY u.tiktok_line_id) END AS lines,
       o.shipping_type = 'TIKTOK' AND EXISTS (
           SELECT FROM cancellations x WHERE x.order_id = o.id AND x.decision = 'reject'
              AND x.channel_status LIKE '%PENDING') AS cancel_rejected
FROM packages p
JOIN shops s ON s.id = p.shop_id
JOIN package_items c ON c.package_id = p.id
JOIN order_items i ON i.id = c.order_item_id
JOIN orders o ON o.id = c.order_id
JOIN locations l ON l.id = p.location_id
LEFT JOIN products m ON m.id = i.product_id
WHERE p.id = ANY($1::uuid[])
GROUP BY p.id, o.id, l.id, s.id
ORDER BY p.id, o.id
"""

_SHIPMENTS = """
SELECT d.effect_id, p.id, p.shop_id, p.carrier, p.tracking_number, o.id AS order_id, o.tiktok_order_id, o.delivery_option_id,
       o.shipping_type, array_agg(u.tiktok_line_id ORDER BY u.tiktok_line_id) AS lines,
       coalesce(max(nullif(u.tiktok_package_id, '')), p.tiktok_package_id) AS tiktok_package_id,
       coalesce(extract(epoch FROM now() - p.told_at) / 3600, 0)::float8 AS told_hours_ago,
       EXISTS (SELECT FROM cancellations x WHERE x.order_id = o.id AND x.decision = 'reject'
                  AND x.channel_status LIKE '%PENDING') AS cancel_rejected
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS d(effect_id, package_id, order_id)
JOIN packages p ON p.id = d.package_id
JOIN package_items c ON c.package_id = p.id AND c.order_id = d.order_id
JOIN orders o ON o.id = c.order_id
JOIN order_item_units u ON u.order_id = c.order_id AND u.order_item_id = c.order_item_id AND u.channel_status <> 'CANCELLED'
 AND NOT u.elsewhere AND (u.package_id IS NULL OR u.package_id = p.id)
WHERE p.tracking_number <> ''
GROUP BY d.effect_id, p.id, o.id
"""

_CORRECTED = """
SELECT DISTINCT order_id FROM effects
WHERE order_id = ANY($1::uuid[]) AND dependency = 'tiktok' AND kind = 'update_tracking' AND state = 'done'
"""

_OPEN_PARCELS = """
WITH due AS (
    SELECT id FROM packages WHERE track_due_at <= now() ORDER BY track_due_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE packages p SET track_due_at = now() + make_interval(secs => $2) FROM due WHERE p.id = due.id
RETURNING p.id, p.carrier, p.tracking_number, p.tracker_reference, p.labelled_at, p.shop_id, p.provider, p.shipment_reference,
          (SELECT c.order_id FROM package_items c WHERE c.package_id = p.id LIMIT 1) AS order_id
"""

# Index: packages_tracking_number_index.
_OF_TRACKERS = """
SELECT p.id, p.carrier, p.tracking_number, p.tracker_reference, p.labelled_at, p.shop_id, p.provider, p.shipment_reference,
       (SELECT c.order_id FROM package_items c WHERE c.package_id = p.id LIMIT 1) AS order_id
FROM packages p
WHERE p.tracking_number = ANY($2::text[]) AND p.tracking_number <> '' AND p.labelled_at IS NOT NULL
  AND p.tracker_reference = ANY(array_append($1::text[], ''))
"""

_ORDERS_OF = "SELECT DISTINCT order_id FROM package_items WHERE package_id = ANY($1::uuid[])"

# A tracking number that is no longer the package's says nothing of it; a delivered parcel is never moved back.
_TRACKED = """
UPDATE packages p
SET tracking_status = d.status, tracking_detail = d.detail, tracked_at = coalesce(d.told, p.tracked_at),
    version = p.version + 1, updated_at = now(),
    first_scan_at = CASE WHEN d.scanned THEN coalesce(p.first_scan_at, d.at) ELSE p.first_scan_at END,
    delivered_at = CASE WHEN d.status = 'delivered' THEN d.at ELSE p.delivered_at END,
    state = CASE WHEN d.status = 'delivered' THEN 'delivered' WHEN d.scanned AND p.state IN ('labelled', 'told') THEN 'in_transit'
                 ELSE p.state END,
    track_due_at = CASE WHEN d.status IN ('delivered', 'cancelled') THEN NULL ELSE p.track_due_at END
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bool[], $7::timestamptz[])
  AS d(id, number, status, detail, at, scanned, told)
WHERE p.id = d.id AND p.tracking_number = d.number AND d.number <> '' AND p.tracking_status <> d.status AND p.delivered_at IS NULL
  AND p.state NOT IN ('voiding', 'voided') AND (d.told IS NULL OR p.tracked_at IS NULL OR d.told >= p.tracked_at)
RETURNING p.id
"""

_FOLLOWED = """
UPDATE packages p SET tracker_reference = d.tracker, version = p.version + 1, updated_at = now()
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS d(id, number, tracker)
WHERE p.id = d.id AND p.tracking_number = d.number AND p.tracker_reference = ''
"""

_NOWHERE = Address("", "", "", "", "", "", "", "")
"""Where a parcel goes whose address only TikTok knows."""

_SCANNED = frozenset(
    {
        TrackingStatus.IN_TRANSIT,
        TrackingStatus.OUT_FOR_DELIVERY,
        TrackingStatus.READY_FOR_PICKUP,
        TrackingStatus.DELIVERED,
        TrackingStatus.RETURNING,
    }
)


async def parcel_requests(database: Database, package_ids: Sequence[PackageId]) -> dict[PackageId, ParcelRequest]:
    """What a carrier must know of these packages. Raises Misconfigured when a warehouse has no address."""
    requests: dict[PackageId, ParcelRequest] = {}
    for row in await database.pool.fetch(_PARCELS, list(package_ids)):
        request = _parcel(database.vault, row)
        if request is not None:
            held = requests.get(request.package_id)
            requests[request.package_id] = request if held is None else _both(held, request)
    return requests


async def ship_requests(database: Database, claims: Sequence[Claim]) -> dict[EffectId, ShipRequest]:
    """What TikTok must know of each claim's labelled package, as far as it is its order's."""
    mine = [claim for claim in claims if claim.package_id is not None and claim.order_id is not None]
    rows = await database.pool.fetch(
        _SHIPMENTS,
        [claim.effect_id for claim in mine],
        [claim.package_id for claim in mine],
        [claim.order_id for claim in mine],
    )
    correcting = [claim.order_id for claim in mine if claim.kind is EffectKind.UPDATE_TRACKING]
    corrected = {row["order_id"] for row in await database.pool.fetch(_CORRECTED, correcting)} if correcting else set()
    return {
        EffectId(row["effect_id"]): ShipRequest(
            package_id=PackageId(row["id"]),
            order_id=OrderId(row["order_id"]),
            shop_id=ShopId(row["shop_id"]),
            tiktok_order_id=row["tiktok_order_id"],
            delivery_option_id=row["delivery_option_id"],
            carrier=row["carrier"],
            tracking_number=row["tracking_number"],
            tiktok_line_ids=tuple(row["lines"]),
            shipping_type=row["shipping_type"],
            tiktok_package_id=row["tiktok_package_id"],
            cancel_rejected=row["cancel_rejected"],
            corrected_before=row["order_id"] in corrected,
            told_hours_ago=row["told_hours_ago"],
        )
        for row in rows
    }


async def tiktok_order_ids(database: Database, claims: Sequence[Claim]) -> dict[OrderId, str]:
    """TikTok's id for each claim's order."""
    return await tiktok_order_ids_of(database, [claim.order_id for claim in claims if claim.order_id is not None])


async def tiktok_order_ids_of(database: Database, order_ids: Sequence[OrderId]) -> dict[OrderId, str]:
    """TikTok's id for each of these orders; an order that is gone is absent."""
    rows = await database.pool.fetch(
        "SELECT id, tiktok_order_id FROM orders WHERE id = ANY($1::uuid[])", list(order_ids)
    )
    return {OrderId(row["id"]): row["tiktok_order_id"] for row in rows}


async def claim_open_parcels(database: Database, limit: int, again_after_seconds: float) -> list[OpenParcel]:
    """Parcels whose tracking is due to be read, each pushed back so that no other daemon reads it meanwhile."""
    return [_open_parcel(row) for row in await database.pool.fetch(_OPEN_PARCELS, limit, again_after_seconds)]


async def record_tracking(
    database: Database, facts: Sequence[TrackingFact], understood: Sequence[inbox.Understood] = ()
) -> int:
    """Write what carriers say, let the orders go on, and settle the payloads that told it. Answers how many parcels had news."""
    if not facts and not understood:
        return 0
    newest: dict[PackageId, TrackingFact] = {}
    for fact in facts:
        held = newest.get(fact.package_id)
        if held is None or _recency(fact) >= _recency(held):
            newest[fact.package_id] = fact
    ordered = [newest[key] for key in sorted(newest)]

    async def write(connection: Any) -> int:
        changed = await _record(connection, database.vault, ordered) if ordered else 0
        await inbox.settle(connection, understood)
        return changed

    return await database.run(write)


def _recency(fact: TrackingFact) -> tuple[datetime, datetime]:
    return fact.told_at or fact.occurred_at, fact.occurred_at


async def parcels_of_trackers(
    database: Database, tracker_references: Sequence[str], tracking_numbers: Sequence[str]
) -> list[OpenParcel]:
    """The labelled parcels that one of these trackers or numbers may be about."""
    rows = await database.pool.fetch(_OF_TRACKERS, list(tracker_references), list(tracking_numbers))
    return [_open_parcel(row) for row in rows]


def _open_parcel(row: Any) -> OpenParcel:
    return OpenParcel(
        package_id=PackageId(row["id"]),
        order_id=OrderId(row["order_id"]),
        carrier=row["carrier"],
        tracking_number=row["tracking_number"],
        tracker_reference=row["tracker_reference"],
        labelled_at=row["labelled_at"],
        shop_id=ShopId(row["shop_id"]),
        provider=row["provider"],
        shipment_reference=row["shipment_reference"],
    )


async def _record(connection: Any, vault: Vault, facts: Sequence[TrackingFact]) -> int:
    packages = [fact.package_id for fact in facts]
    orders = sorted(row["order_id"] for row in await connection.fetch(_ORDERS_OF, packages))
    await lock_work(connection, orders)
    changed = await connection.fetch(
        _TRACKED,
        packages,
        [fact.tracking_number for fact in facts],
        [fact.status for fact in facts],
        [fact.detail for fact in facts],
        [fact.occurred_at for fact in facts],
        [fact.status in _SCANNED for fact in facts],
        [fact.told_at for fact in facts],
    )
    followed = [fact for fact in facts if fact.tracker_reference]
    if followed:
        await connection.execute(
            _FOLLOWED,
            [fact.package_id for fact in followed],
            [fact.tracking_number for fact in followed],
            [fact.tracker_reference for fact in followed],
        )
    if changed:
        moved = await connection.fetch(_ORDERS_OF, [row["id"] for row in changed])
        await advance(connection, vault, sorted(OrderId(row["order_id"]) for row in moved))
    return len(changed)


def _both(first: ParcelRequest, second: ParcelRequest) -> ParcelRequest:
    """The parcel of several orders: the first speaks for all, the nearest ship-by counts, and what is in it lies on top of each other."""
    sizes = [each.size_millimetres for each in (first, second)]
    known = [size for size in sizes if size is not None]
    size = (max(s[0] for s in known), max(s[1] for s in known), sum(s[2] for s in known)) if all(sizes) else None
    deadlines = [each.ship_by for each in (first, second) if each.ship_by is not None]
    return replace(
        first,
        items=first.items + second.items,
        size_millimetres=size,
        ship_by=min(deadlines) if deadlines else None,
        goods_value=first.goods_value + second.goods_value,
        tiktok_line_ids=first.tiktok_line_ids + second.tiktok_line_ids,
    )


def _parcel(vault: Vault, row: Any) -> ParcelRequest | None:
    plain = open_bytes(vault, "orders.shipping_address", row["order_id"], row["shipping_address"])
    if plain is None and row["shipping_type"] != "TIKTOK":
        return None
    if not row["ship_from"]:
        raise Misconfigured(
            "location.no_address", "The warehouse has no address to ship from: enter it, then retry the labels."
        )
    sides = (row["length"], row["width"], row["height"])
    ship_by: datetime | None = row["expected_ship_date"]
    return ParcelRequest(
        package_id=PackageId(row["id"]),
        order_id=OrderId(row["order_id"]),
        shop_id=ShopId(row["shop_id"]),
        tiktok_order_id=row["tiktok_order_id"],
        ship_from=Address(**row["ship_from"]),
        ship_to=Address(**orjson.loads(plain)) if plain is not None else _NOWHERE,
        weight_grams=row["weight_grams"] or 0,
        size_millimetres=(sides[0], sides[1], int(sides[2])) if all(side is not None for side in sides) else None,
        ship_by=ship_by,
        currency=row["currency"],
        items=tuple(
            ParcelItem(sku, name, quantity, weight, None if customs is None else _customs(customs))
            for sku, name, quantity, weight, customs in zip(
                row["skus"], row["names"], row["quantities"], row["weights"], row["customs"], strict=True
            )
        ),
        goods_value=row["goods_value"],
        shipping_type=row["shipping_type"],
        tiktok_line_ids=tuple(row["lines"] or ()),
        tiktok_package_id=row["tiktok_package_id"],
        rate_rule=row["rate_rule"] or "",
        label_format=row["label_format"] or "",
        cancel_rejected=row["cancel_rejected"],
    )


def _customs(stored: dict[str, str]) -> CustomsItem:
    return CustomsItem(
        stored["hs_code"], stored["origin"], stored["description"], Decimal(stored["value"]), stored["currency"]
    )
