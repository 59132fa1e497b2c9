"""Notices: what each says and to whom, read when it is about to be sent, so that it says what is true then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.identifiers import EffectId
from engine.ports import Claim, NoticeRequest

if TYPE_CHECKING:
    from engine.database.connection import Database

_ABOUT_ORDERS = """
SELECT o.id, o.order_number, o.order_status, o.customer_name, o.customer_email, u.display_name AS creator, u.email AS creator_email,
       u.id AS creator_id, s.name AS shop, o.currency, o.total_amount,
       (SELECT string_agg(i.quantity || '× ' || i.product_name, ', ' ORDER BY i.id) FROM order_items i WHERE i.order_id = o.id) AS items,
       p.carrier, p.tracking_number,
       (SELECT f.cause FROM failures f WHERE f.order_id = o.id AND f.resolved_at IS NULL ORDER BY f.id DESC LIMIT 1) AS cause,
       (SELECT f.what_to_do FROM failures f WHERE f.order_id = o.id AND f.resolved_at IS NULL ORDER BY f.id DESC LIMIT 1) AS mend,
       (SELECT f.evidence FROM failures f WHERE f.order_id = o.id AND f.resolved_at IS NULL ORDER BY f.id DESC LIMIT 1) AS evidence
FROM orders o
JOIN users u ON u.id = o.user_id
JOIN shops s ON s.id = o.shop_id
LEFT JOIN LATERAL (
    SELECT k.carrier, k.tracking_number FROM package_items c JOIN packages k ON k.id = c.package_id
    WHERE c.order_id = o.id AND k.state <> 'voided' ORDER BY k.id DESC LIMIT 1) p ON true
WHERE o.id = ANY($1::uuid[])
"""

_TO_PICK = """
SELECT l.name AS location, count(DISTINCT k.order_id) AS orders, coalesce(sum(k.quantity), 0) AS units
FROM locations l LEFT JOIN pick_lines k ON k.location_id = l.id AND k.created_at > now() - interval '10 minutes'
WHERE l.id = $1 GROUP BY l.id
"""

_FAILED = """
SELECT count(*) AS orders, min(cause) AS cause, min(what_to_do) AS mend
FROM failures WHERE fingerprint = $1 AND resolved_at IS NULL
"""


async def notice_requests(database: Database, claims: Sequence[Claim]) -> dict[EffectId, NoticeRequest]:
    """What these notices say. One that has become pointless, or has nobody to go to, is absent."""
    about_orders = [claim for claim in claims if claim.order_id is not None]
    requests: dict[EffectId, NoticeRequest] = {}
    if about_orders:
        rows = await database.pool.fetch(_ABOUT_ORDERS, [claim.order_id for claim in about_orders])
        by_order = {row["id"]: row for row in rows}
        for claim in about_orders:
            row = by_order.get(claim.order_id)
            request = _about_order(database, claim, row) if row is not None else None
            if request is not None:
                requests[claim.effect_id] = request
    for claim in claims:
        if claim.order_id is None:
            digest = await _digest(database, claim)
            if digest is not None:
                requests[claim.effect_id] = digest
    return requests


def _about_order(database: Database, claim: Claim, row: Any) -> NoticeRequest | None:
    template, audience = str(claim.request["template"]), str(claim.request["audience"])
    vault = database.vault
    if audience == "customer":
        recipient = vault.open("orders.customer_email", row["id"], row["customer_email"])
        if row["order_status"] == "cancelled" or recipient is None:
            return None
        to = recipient.decode()
    else:
        to = vault.open_text("users.email", row["creator_id"], row["creator_email"])
    evidence = row["evidence"] or {}
    values = {
        "order_number": row["order_number"],
        "shop": row["shop"],
        "creator": row["creator"],
        "customer": vault.open_text("orders.customer_name", row["id"], row["customer_name"]),
        "items": row["items"] or "",
        "total": f"{row['total_amount']} {row['currency']}",
        "carrier": row["carrier"] or "",
        "tracking_number": row["tracking_number"] or "",
        "cause": row["cause"] or "",
        "what_to_do": row["mend"] or "",
        "alternatives": "; ".join(f"{key}: {value}" for key, value in evidence.items() if key.startswith("instead of")),
    }
    return NoticeRequest(claim.effect_id, template, audience, to, values)


async def _digest(database: Database, claim: Claim) -> NoticeRequest | None:
    template, audience = str(claim.request["template"]), str(claim.request["audience"])
    subject = str(claim.request.get("subject", ""))
    if template == "pick_list":
        row = await database.pool.fetchrow(_TO_PICK, subject)
        if row is None or not row["orders"]:
            return None
        values = {"location": row["location"], "orders": str(row["orders"]), "units": str(row["units"])}
    else:
        row = await database.pool.fetchrow(_FAILED, subject)
        if not row["orders"]:
            return None
        values = {
            "orders": str(row["orders"]),
            "cause": row["cause"],
            "what_to_do": row["mend"],
            "fingerprint": subject,
        }
    return NoticeRequest(claim.effect_id, template, audience, "", values)
