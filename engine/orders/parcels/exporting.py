"""Tracking numbers that leave in a file: which parcels are to be uploaded, which were, and that their upload is done.

A shop without API access tells TikTok by a file that a person uploads. Once they say that it is uploaded, what waited to tell TikTok has
been told. An order in several parcels cannot be uploaded in bulk: it is named instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.effects import ledger
from engine.effects.settling import Settlement, settle
from engine.errors import Refused
from engine.identifiers import EffectId, OrderId, PackageId, ShopId
from engine.ports.outcomes import Claim, Done, PackageShipped
from engine.words import Dependency, EffectKind

if TYPE_CHECKING:
    from engine.database.connection import Database

_BATCH = 100
_LEASE_SECONDS = 60.0

# One row for each line of each parcel that has a number TikTok was not told of; a line of several SKU ids is several lines already.
_LINES = """
SELECT p.id AS package_id, o.id AS order_id, o.tiktok_order_id, p.carrier, p.tracking_number, i.tiktok_sku_id, i.product_sku,
       c.quantity, o.channel_status,
       (SELECT count(DISTINCT y.id) FROM package_items x JOIN packages y ON y.id = x.package_id
        WHERE x.order_id = o.id AND y.state NOT IN ('voided', 'combined')) AS parcels,
       EXISTS (SELECT FROM order_item_units u WHERE u.order_id = o.id AND u.elsewhere) AS elsewhere
FROM packages p
JOIN package_items c ON c.package_id = p.id
JOIN order_items i ON i.id = c.order_item_id
JOIN orders o ON o.id = c.order_id
LEFT JOIN tracking_exports x ON x.package_id = p.id AND x.tracking_number = p.tracking_number
WHERE p.shop_id = $1 AND p.tracking_number <> '' AND p.state IN ('labelled', 'told', 'in_transit') AND o.shipping_type <> 'TIKTOK'
  AND o.order_status NOT IN ('cancelled', 'returned') AND o.channel_status NOT IN ('CANCELLED', 'UNPAID', 'ON_HOLD')
  AND ($2::timestamptz IS NULL OR p.labelled_at >= $2)
  AND ($3 OR x.package_id IS NULL AND p.told_tracking_number <> p.tracking_number)
ORDER BY p.labelled_at, o.id, i.id
"""

_MARK = """
INSERT INTO tracking_exports (package_id, tracking_number, exported_by)
SELECT d.id, d.number, $3 FROM unnest($1::uuid[], $2::text[]) AS d(id, number)
ON CONFLICT (package_id) DO UPDATE SET tracking_number = excluded.tracking_number, exported_at = now(),
    exported_by = excluded.exported_by, confirmed_at = NULL, confirmed_by = NULL
"""

_STATE = "SELECT name, state FROM shops WHERE id = $1"

# Claimed like a worker claims: a daemon that is at one of them keeps it, and is passed over here.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT e.id FROM effects e
    JOIN packages p ON p.id = e.package_id
    JOIN tracking_exports x ON x.package_id = p.id AND x.tracking_number = p.tracking_number
    WHERE e.shop_id = $1 AND e.head AND e.kind IN ('ship_package', 'update_tracking') AND e.id <> ALL($3::uuid[])
      AND (e.lease_until IS NULL OR e.lease_until < now())
    ORDER BY e.id LIMIT $2 FOR UPDATE OF e SKIP LOCKED
), token AS (SELECT nextval('claim_tokens') AS number)
UPDATE effects e SET lease_token = token.number, lease_until = now() + make_interval(secs => $4), daemon_id = NULL,
       attempt = e.attempt + 1
FROM due, token, orders o WHERE e.id = due.id AND o.id = e.order_id
RETURNING e.id, e.key, e.kind, e.dependency, e.order_id, e.shop_id, e.package_id, e.lease_token, e.attempt, e.provider_reference,
          o.order_number
"""

_CONFIRMED = "UPDATE tracking_exports SET confirmed_at = now(), confirmed_by = $2 WHERE package_id = ANY($1::uuid[])"


@dataclass(frozen=True, slots=True)
class TrackingLine:
    """One line of the upload: so many of a SKU of an order went with this number."""

    package_id: PackageId
    order: str
    sku_id: str
    sku: str
    quantity: int
    tracking_number: str
    carrier: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An order that cannot be uploaded in bulk, and why."""

    order: str
    reason: str


@dataclass(frozen=True, slots=True)
class TrackingExport:
    """What is to be uploaded, and what is not."""

    lines: tuple[TrackingLine, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One order whose number was uploaded; `told` is False when a hold or a cancellation stopped it."""

    order: str
    told: bool


async def tracking_to_export(
    database: Database, shop_id: ShopId, *, since: datetime | None = None, again: bool = False
) -> TrackingExport:
    """The shop's parcels whose numbers TikTok was not told of and no file has taken yet; with `again` those that one has."""
    lines: list[TrackingLine] = []
    left_out: dict[str, LeftOut] = {}
    for row in await database.pool.fetch(_LINES, shop_id, since, again):
        order = row["tiktok_order_id"]
        if reason := _why_not(row):
            left_out.setdefault(order, LeftOut(order, reason))
        else:
            lines.append(
                TrackingLine(
                    PackageId(row["package_id"]),
                    order,
                    row["tiktok_sku_id"],
                    row["product_sku"],
                    row["quantity"],
                    row["tracking_number"],
                    row["carrier"],
                )
            )
    kept = tuple(line for line in lines if line.order not in left_out)
    return TrackingExport(kept, tuple(left_out.values()))


async def mark_exported(database: Database, lines: Sequence[TrackingLine], *, actor: Actor) -> None:
    """Remember that these numbers are in a file."""
    numbers = {line.package_id: line.tracking_number for line in lines}
    packages = sorted(numbers)
    await database.pool.execute(_MARK, packages, [numbers[package] for package in packages], actor.name)


async def confirm_exported(database: Database, shop_id: ShopId, *, actor: Actor) -> list[Confirmation]:
    """Say that the shop's exported numbers were uploaded: what waited to tell TikTok of them is done.

    Raises Refused for a shop that is connected, since TikTok is told of its parcels without files.
    """
    shop = await database.pool.fetchrow(_STATE, shop_id)
    if shop is None or shop["state"] == "connected":
        raise Refused("export.connected", "The shop is connected: TikTok is told of its parcels without files.")
    confirmed: list[Confirmation] = []
    seen: list[EffectId] = []
    while rows := await database.pool.fetch(_CLAIM, shop_id, _BATCH, seen, _LEASE_SECONDS):
        claims = {EffectId(row["id"]): (_claim(row), row["order_number"]) for row in rows}
        seen += claims
        told = await _tell(database, [claim for claim, _ in claims.values()], actor)
        confirmed += [Confirmation(number, effect_id in told) for effect_id, (_, number) in claims.items()]
    return confirmed


async def _tell(database: Database, claims: Sequence[Claim], actor: Actor) -> set[Any]:
    async def stop_or_go(connection: Any) -> set[EffectId]:
        return await ledger.checkpoint(connection, [(claim, claim.provider_reference) for claim in claims])

    passed = await database.run(stop_or_go)
    going = [claim for claim in claims if claim.effect_id in passed]
    told = await settle(database, [Settlement(claim, Done(PackageShipped(""))) for claim in going])
    packages = sorted({claim.package_id for claim in going if claim.effect_id in told and claim.package_id is not None})
    await database.pool.execute(_CONFIRMED, packages, actor.name)
    return told


def _why_not(row: Any) -> str:
    if row["parcels"] > 1 or row["elsewhere"]:
        return "it is in several parcels, which cannot be uploaded in bulk: enter its numbers in the seller centre"
    if not row["tiktok_sku_id"]:
        return f"TikTok's id of {row['product_sku']} is not known: enter its number in the seller centre"
    return ""


def _claim(row: Any) -> Claim:
    return Claim(
        effect_id=EffectId(row["id"]),
        key=row["key"],
        kind=EffectKind(row["kind"]),
        dependency=Dependency(row["dependency"]),
        order_id=OrderId(row["order_id"]),
        shop_id=ShopId(row["shop_id"]),
        package_id=PackageId(row["package_id"]),
        token=row["lease_token"],
        attempt=row["attempt"],
        ambiguous=False,
        provider_reference=row["provider_reference"],
    )
