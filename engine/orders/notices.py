"""Notices: what each says and to whom, read when it is about to be sent, so that it says what is true then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.effects.kinds import DIGEST_SECONDS
from engine.errors import Misconfigured
from engine.identifiers import EffectId
from engine.inventory import alarms
from engine.ports import Claim, NoticeRequest
from engine.privacy.cipher import Vault

if TYPE_CHECKING:
    from engine.database.connection import Database

# Index: failures_order_index, package_items_order_index.
_ABOUT_ORDERS = """
SELECT o.id, o.order_number, o.order_status, o.customer_email, u.id AS creator_id, u.email AS creator_email, s.name AS shop,
       p.carrier, p.tracking_number, f.cause, f.evidence
FROM orders o
JOIN users u ON u.id = o.user_id
JOIN shops s ON s.id = o.shop_id
LEFT JOIN (
    SELECT DISTINCT ON (c.order_id) c.order_id, k.carrier, k.tracking_number
    FROM package_items c JOIN packages k ON k.id = c.package_id
    WHERE c.order_id = ANY($1::uuid[]) AND k.state <> 'voided' ORDER BY c.order_id, k.id DESC) p ON p.order_id = o.id
LEFT JOIN failures f ON f.order_id = o.id AND f.resolved_at IS NULL
WHERE o.id = ANY($1::uuid[])
"""

# What came in since the last digest, by bin; one line per SKU.
_TO_PICK = """
SELECT l.name AS location, k.bin, i.product_sku AS sku, i.product_name AS name, sum(k.quantity) AS units,
       count(DISTINCT k.order_id) AS orders
FROM locations l
JOIN pick_lines k ON k.location_id = l.id AND k.created_at > $2::timestamptz - make_interval(secs => $3)
     AND k.created_at <= $2 AND k.state <> 'cancelled'
JOIN order_items i ON i.id = k.order_item_id
WHERE l.id = $1::uuid
GROUP BY l.id, k.bin, i.product_sku, i.product_name ORDER BY k.bin, i.product_sku
"""

_ORDERS_TO_PICK = """
SELECT count(DISTINCT order_id) FROM pick_lines
WHERE location_id = $1::uuid AND created_at > $2::timestamptz - make_interval(secs => $3) AND created_at <= $2 AND state <> 'cancelled'
"""

STOCK_ALARMS = frozenset({"low_stock", "oversold"})
"""Templates that tell of the alarms of a minute."""

_WRITTEN_AT = "SELECT due_at FROM effects WHERE id = $1"

_FAILED = """
SELECT count(*) AS orders, min(code) AS code, min(cause) AS cause, min(what_to_do) AS mend
FROM failures WHERE fingerprint = $1 AND resolved_at IS NULL
"""

_TOLD_OUTRIGHT = {
    "rule_broken": ("rule", "error"),
    "grant_ending": ("seller", "shops", "ends", "left"),
    "grant_revoked": ("seller", "shops", "why"),
}
"""Notices that say what was true when they were meant, and the values of each."""


async def notice_requests(database: Database, claims: Sequence[Claim]) -> dict[EffectId, NoticeRequest]:
    """What these notices say. One that has become pointless, or has nobody to go to, is absent."""
    requests: dict[EffectId, NoticeRequest] = {}
    about_orders = [claim for claim in claims if claim.order_id is not None]
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
        to = _open_recipient(vault, row)
        if row["order_status"] == "cancelled" or not to:
            return None
    elif template == "rule" and audience != "creator":
        to = ""
    else:
        to = vault.open_text("users.email", row["creator_id"], row["creator_email"])
    values = {"order": row["order_number"], "shop": row["shop"]}
    evidence: dict[str, str] = row["evidence"] or {}
    match template:
        case "order_rejected":
            reasons = [value for key, value in evidence.items() if not key.startswith("instead of")]
            values["reason"] = "\n".join(reasons) or row["cause"] or "The cause has been mended meanwhile."
        case "out_of_stock":
            if row["cause"] is None:
                return None
            values["missing"] = row["cause"]
            offers = [
                f"{key.removeprefix('instead of ')}: {value}" for key, value in evidence.items() if "instead" in key
            ]
            values["alternatives"] = "\n".join(offers)
        case "order_shipped":
            values |= {"carrier": row["carrier"] or "", "tracking_number": row["tracking_number"] or ""}
        case "rule":
            values |= {"rule": str(claim.request["rule"]), "text": str(claim.request["text"])}
        case _:
            pass
    return NoticeRequest(claim.effect_id, template, audience, to, values)


def _open_recipient(vault: Vault, row: Any) -> str:
    """The customer's address; empty when it cannot be opened, so that one bad value holds up nobody else's notice."""
    try:
        plain = vault.open("orders.customer_email", row["id"], row["customer_email"])
    except Misconfigured:
        return ""
    return plain.decode() if plain else ""


async def _digest(database: Database, claim: Claim) -> NoticeRequest | None:
    template, audience = str(claim.request["template"]), str(claim.request["audience"])
    subject = str(claim.request.get("subject", ""))
    if template == "pick_list":
        values = await _to_pick(database, claim, subject)
    elif template in _TOLD_OUTRIGHT:
        values = {name: str(claim.request[name]) for name in _TOLD_OUTRIGHT[template]}
    elif template in STOCK_ALARMS:
        values = await alarms.digest(database, template, datetime.fromisoformat(subject))
    else:
        values = await _failed(database, subject)
    return NoticeRequest(claim.effect_id, template, audience, "", values) if values else None


async def _to_pick(database: Database, claim: Claim, location: str) -> dict[str, str]:
    due_at = await database.pool.fetchval(_WRITTEN_AT, claim.effect_id)
    window = (location, due_at, float(DIGEST_SECONDS))
    rows = await database.pool.fetch(_TO_PICK, *window)
    if not rows:
        return {}
    orders = await database.pool.fetchval(_ORDERS_TO_PICK, *window)
    units = sum(row["units"] for row in rows)
    lines = [f"{row['bin'] or '-':<10} {row['units']:>5} x {row['sku']}  {row['name']}" for row in rows]
    return {
        "location": rows[0]["location"],
        "orders": _counted(orders, "order"),
        "units": _counted(units, "unit"),
        "items": "\n".join(lines),
    }


async def _failed(database: Database, fingerprint: str) -> dict[str, str]:
    row = await database.pool.fetchrow(_FAILED, fingerprint)
    if not row["orders"]:
        return {}
    return {
        "orders": _counted(row["orders"], "order"),
        "code": row["code"].replace("_", " "),
        "cause": row["cause"],
        "mend": row["mend"],
        "fingerprint": fingerprint,
    }


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
