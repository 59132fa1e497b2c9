"""What a settled effect means: the label a package got, the parcel TikTok knows, the label that went back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.identifiers import PackageId, new_id
from engine.ports.outcomes import (
    Claim,
    Done,
    LabelBought,
    LabelVoided,
    NoticeSent,
    OrderCancelled,
    Outcome,
    PackagesArranged,
    PackageShipped,
    RequestAnswered,
    StockTold,
)
from engine.privacy.cipher import Vault

_OWNERS = (
    "SELECT p.id, s.user_id, p.generation FROM packages p JOIN shops s ON s.id = p.shop_id WHERE p.id = ANY($1::uuid[])"
)

# A package whose order was cancelled meanwhile keeps its state, and its new label is voided below. Its first order is not looked for by
# ORDER BY and LIMIT: that walks the contents of all packages in the orders' order.
_LABELLED = """
UPDATE packages p
SET state = CASE WHEN p.state = 'planned' THEN 'labelled' ELSE 'voiding' END,
    provider = d.provider, carrier = d.carrier, service = d.service, tracking_number = d.tracking_number,
    tracking_status = 'label_created', shipment_reference = d.shipment, tracker_reference = d.tracker,
    label_cost = d.cost, label_currency = d.currency, labelled_at = now(),
    label_address = (SELECT o.shipping_address FROM orders o WHERE o.id = (
        SELECT (array_agg(c.order_id ORDER BY c.order_id))[1] FROM package_items c WHERE c.package_id = p.id)),
    tiktok_package_id = CASE WHEN d.tiktok = '' THEN p.tiktok_package_id ELSE d.tiktok END,
    track_due_at = CASE WHEN p.state = 'planned' THEN now() END, after_void = '', version = p.version + 1, updated_at = now()
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::numeric[], $8::text[], $9::text[], $10::text[])
  AS d(id, carrier, service, tracking_number, shipment, tracker, cost, currency, provider, tiktok)
WHERE p.id = d.id AND p.state IN ('planned', 'voided')
RETURNING p.id, p.state
"""

_DOCUMENTS = """
INSERT INTO documents (id, package_id, kind, generation, media_type, body)
SELECT d.id, d.package_id, 'label', d.generation, d.media_type, d.body
FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::bytea[]) AS d(id, package_id, generation, media_type, body)
ON CONFLICT (package_id, kind, generation, media_type, size) DO NOTHING
"""

# The caller opens the head of each order's effects afterwards.
_VOID_LATE_LABELS = """
INSERT INTO effects (id, key, kind, dependency, order_id, shop_id, package_id, head, provider_reference)
SELECT gen_random_uuid(), 'void:' || p.id || ':' || p.generation, 'void_label', 'carrier', e.order_id, p.shop_id, p.id, false,
       p.shipment_reference
FROM packages p JOIN effects e ON e.key = 'label:' || p.id || ':' || p.generation
WHERE p.id = ANY($1::uuid[]) AND p.state = 'voiding'
ON CONFLICT (key) DO NOTHING
"""

# A package of several orders is told of once TikTok knows it for each of them; the effects are settled already.
_TOLD = """
UPDATE packages p
SET state = CASE WHEN p.state = 'labelled' THEN 'told' ELSE p.state END, told_at = now(), told_tracking_number = p.tracking_number,
    tiktok_package_id = CASE WHEN d.tiktok = '' THEN p.tiktok_package_id ELSE d.tiktok END, version = p.version + 1,
    updated_at = now()
FROM (SELECT DISTINCT ON (id) id, tiktok FROM unnest($1::uuid[], $2::text[]) AS m(id, tiktok) ORDER BY id) d
WHERE p.id = d.id AND (NOT EXISTS (SELECT FROM packages one WHERE one.combined_into = p.id) OR NOT EXISTS (
    SELECT FROM package_items c CROSS JOIN LATERAL (
        SELECT FROM effects e WHERE e.order_id = c.order_id AND e.package_id = p.id
           AND e.kind IN ('ship_package', 'update_tracking') AND e.state NOT IN ('done', 'voided')) open
    WHERE c.package_id = p.id))
"""

# A label that a person had voided leaves its package to be labelled anew: another generation, another key, another purchase.
_VOIDED = """
UPDATE packages
SET state = CASE WHEN after_void = '' THEN 'voided' ELSE 'planned' END,
    generation = CASE WHEN after_void = '' THEN generation ELSE generation + 1 END,
    carrier = CASE WHEN after_void = '' THEN carrier ELSE '' END, service = CASE WHEN after_void = '' THEN service ELSE '' END,
    tracking_number = CASE WHEN after_void = '' THEN tracking_number ELSE '' END,
    tracker_reference = CASE WHEN after_void = '' THEN tracker_reference ELSE '' END,
    shipment_reference = CASE WHEN after_void = '' THEN shipment_reference ELSE '' END,
    label_cost = CASE WHEN after_void = '' THEN label_cost END, label_currency = CASE WHEN after_void = '' THEN label_currency END,
    labelled_at = CASE WHEN after_void = '' THEN labelled_at END,
    tracking_status = CASE WHEN after_void = '' THEN tracking_status ELSE 'unknown' END,
    track_due_at = NULL, version = version + 1, updated_at = now()
WHERE id = ANY($1::uuid[]) AND state = 'voiding'
"""


_ARRANGED = """
UPDATE packages p SET tiktok_package_id = d.tiktok, version = p.version + 1, updated_at = now()
FROM unnest($1::uuid[], $2::text[]) AS d(id, tiktok) WHERE p.id = d.id AND d.tiktok <> '' AND p.tiktok_package_id <> d.tiktok
"""

# A request that TikTok has closed in the meantime knows better.
_ANSWERED = """
UPDATE cancellations c SET channel_status = d.status, updated_at = now()
FROM unnest($1::text[], $2::text[]) AS d(number, status)
WHERE c.tiktok_cancel_id = d.number AND d.status <> '' AND c.channel_status LIKE '%PENDING'
"""


async def write_meanings(connection: Any, vault: Vault, settled: Sequence[tuple[Claim, Outcome]]) -> None:
    """Write what the successful outcomes mean for their packages; the effects themselves are settled already."""
    bought: list[tuple[PackageId, LabelBought]] = []
    told: list[tuple[PackageId, PackageShipped]] = []
    voided: list[PackageId] = []
    answered: list[RequestAnswered] = []
    arranged: dict[PackageId, str] = {}
    for claim, outcome in settled:
        if not isinstance(outcome, Done):
            continue
        if isinstance(outcome.result, RequestAnswered):
            answered.append(outcome.result)
        if isinstance(outcome.result, PackagesArranged):
            arranged |= outcome.result.tiktok_package_ids
        if claim.package_id is None:
            continue
        match outcome.result:
            case LabelBought() as label:
                bought.append((claim.package_id, label))
            case PackageShipped() as shipped:
                told.append((claim.package_id, shipped))
            case LabelVoided():
                voided.append(claim.package_id)
            case OrderCancelled() | NoticeSent() | StockTold() | RequestAnswered() | PackagesArranged():
                pass
    if bought:
        await _write_labels(connection, vault, sorted(bought, key=lambda each: each[0]))
    if told:
        told.sort(key=lambda each: each[0])
        await connection.execute(_TOLD, [p for p, _ in told], [shipped.tiktok_package_id for _, shipped in told])
    if voided:
        await connection.execute(_VOIDED, sorted(voided))
    if arranged:
        keys = sorted(arranged)
        await connection.execute(_ARRANGED, keys, [arranged[key] for key in keys])
    if answered:
        answered.sort(key=lambda each: each.request_id)
        statuses = [each.status for each in answered]
        await connection.execute(_ANSWERED, [each.request_id for each in answered], statuses)


async def _write_labels(connection: Any, vault: Vault, bought: Sequence[tuple[PackageId, LabelBought]]) -> None:
    packages = [package_id for package_id, _ in bought]
    labels = [label for _, label in bought]
    owners = {row["id"]: row for row in await connection.fetch(_OWNERS, packages)}
    rows = await connection.fetch(
        _LABELLED,
        packages,
        [label.carrier for label in labels],
        [label.service for label in labels],
        [label.tracking_number for label in labels],
        [label.shipment_reference for label in labels],
        [label.tracker_reference for label in labels],
        [label.cost for label in labels],
        [label.currency or None for label in labels],
        [label.provider for label in labels],
        [label.tiktok_package_id for label in labels],
    )
    documents = [new_id() for _ in bought]
    await connection.execute(
        _DOCUMENTS,
        documents,
        packages,
        [owners[package_id]["generation"] for package_id in packages],
        [label.media_type for label in labels],
        [
            vault.seal(owners[package_id]["user_id"], "documents.body", document_id, label.document)
            for document_id, (package_id, label) in zip(documents, bought, strict=True)
        ],
    )
    late = [row["id"] for row in rows if row["state"] == "voiding"]
    if late:
        await connection.execute(_VOID_LATE_LABELS, late)
