"""Notices: what each says and to whom, read when it is about to be sent, so that it says what is true then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.errors import Misconfigured
from engine.identifiers import EffectId, OrderId, ShopId, UserId
from engine.inventory import alarms
from engine.notices.directory import VERSION, Directory, DirectoryKeeper
from engine.notices.routing import Subject, routes_of
from engine.ports.outcomes import Claim
from engine.ports.requests import NoticeRequest
from engine.privacy.cipher import Vault
from engine.words import Audience

if TYPE_CHECKING:
    from engine.database.connection import Database

# Index: failures_order_index, package_items_order_index.
_ABOUT_ORDERS = f"""
SELECT o.id, o.order_number, o.order_status, o.customer_email, u.id AS creator_id, u.email AS creator_email, s.name AS shop,
       s.id AS shop_id, p.carrier, p.tracking_number, f.cause, f.evidence, now() AS now, {VERSION} AS version
FROM orders o
JOIN users u ON u.id = o.user_id
JOIN shops s ON s.id = o.shop_id
LEFT JOIN (
    SELECT DISTINCT ON (c.order_id) c.order_id, k.carrier, k.tracking_number
    FROM package_items c JOIN packages k ON k.id = c.package_id
    WHERE c.order_id = ANY($1::uuid[]) AND k.state <> 'voided' ORDER BY c.order_id, k.id DESC) p ON p.order_id = o.id
LEFT JOIN failures f ON f.order_id = o.id AND f.resolved_at IS NULL
WHERE o.id = ANY($1::uuid[])
"""  # noqa: S608

_NOW = f"SELECT now() AS now, {VERSION} AS version"

# What came in during the minute that the notice is about, by bin; one line per SKU.
_TO_PICK = """
SELECT l.name AS location, k.bin, i.product_sku AS sku, i.product_name AS name, sum(k.quantity) AS units,
       count(DISTINCT k.order_id) AS orders
FROM locations l
JOIN pick_lines k ON k.location_id = l.id AND k.created_at >= date_trunc('minute', $2::timestamptz)
     AND k.created_at < date_trunc('minute', $2::timestamptz) + interval '1 minute' AND k.state <> 'cancelled'
JOIN order_items i ON i.id = k.order_item_id
WHERE l.id = $1::uuid
GROUP BY l.id, k.bin, i.product_sku, i.product_name ORDER BY k.bin, i.product_sku
"""

_ORDERS_TO_PICK = """
SELECT count(DISTINCT order_id) FROM pick_lines
WHERE location_id = $1::uuid AND created_at >= date_trunc('minute', $2::timestamptz)
  AND created_at < date_trunc('minute', $2::timestamptz) + interval '1 minute' AND state <> 'cancelled'
"""

_FAILED = """
SELECT count(*) AS orders, min(code) AS code, min(cause) AS cause, min(what_to_do) AS mend
FROM failures WHERE fingerprint = $1 AND resolved_at IS NULL
"""

STOCK_ALARMS = frozenset({"low_stock", "oversold"})
"""Templates that tell of the alarms of a minute."""

_FAILURES = frozenset({"failure", "alert"})
_NOT_WORDS = frozenset({"template", "audience", "subject"})
"""What a request holds for the program; everything else in it is a word for the template."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice that was meant, whether it is about to leave by itself or to one of its targets."""

    effect_id: EffectId
    order_id: OrderId | None
    shop_id: ShopId | None
    request: dict[str, object]
    intended_at: datetime | None

    @property
    def template(self) -> str:
        return str(self.request["template"])

    @property
    def audience(self) -> str:
        return str(self.request["audience"])

    @classmethod
    def of(cls, claim: Claim) -> Notice:
        return cls(claim.effect_id, claim.order_id, claim.shop_id, claim.request, claim.intended_at)


class Requests:
    """Reads what notices say, with the directory of this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keeper = DirectoryKeeper(database)

    async def directory(self) -> Directory:
        """Who gets what, now."""
        return await self._keeper.current()

    async def read(self, notices: Sequence[Notice]) -> dict[EffectId, NoticeRequest]:
        """What these notices say. One that has become pointless, or has nobody to go to, is absent."""
        requests: dict[EffectId, NoticeRequest] = {}
        if about_orders := [notice for notice in notices if notice.order_id is not None]:
            rows = await self._database.pool.fetch(_ABOUT_ORDERS, [notice.order_id for notice in about_orders])
            by_order = {row["id"]: row for row in rows}
            for notice in about_orders:
                row = by_order.get(notice.order_id)
                if row is not None:
                    directory = await self._keeper.current(row["version"])
                    if request := _about_order(self._database.vault, directory, notice, row):
                        requests[notice.effect_id] = request
        if digests := [notice for notice in notices if notice.order_id is None]:
            seen = await self._database.pool.fetchrow(_NOW)
            directory = await self._keeper.current(seen["version"])
            for notice in digests:
                if values := await _digest(self._database, notice):
                    subject = Subject(notice.template, Audience(notice.audience), None, notice.shop_id)
                    routes = routes_of(directory, subject, seen["now"])
                    requests[notice.effect_id] = NoticeRequest(
                        notice.effect_id, notice.template, notice.audience, "", values, routes
                    )
        return requests


def _about_order(vault: Vault, directory: Directory, notice: Notice, row: Any) -> NoticeRequest | None:
    template, audience = notice.template, Audience(notice.audience)
    creator = UserId(row["creator_id"])
    routes = routes_of(directory, Subject(template, audience, creator, ShopId(row["shop_id"])), row["now"])
    refused = False
    if audience is Audience.CUSTOMER:
        to = _open_recipient(vault, row)
        if (row["order_status"] == "cancelled" and template != "order_cancelled") or not (to or routes):
            return None
        refused = bool(to and directory.refusals and directory.refused(vault.word(to), template))
    elif audience is Audience.CREATOR:
        to = vault.open_text("users.email", creator, row["creator_email"])
    else:
        to = ""
    words = _order_words(notice, row)
    if words is None:
        return None
    values = {"order": row["order_number"], "shop": row["shop"]} | words
    return NoticeRequest(notice.effect_id, template, audience.value, to, values, routes, refused)


def _order_words(notice: Notice, row: Any) -> dict[str, str] | None:
    """What the template says beside order and shop; None when it has nothing to say any more."""
    evidence: dict[str, str] = row["evidence"] or {}
    match notice.template:
        case "order_rejected":
            reasons = [value for key, value in evidence.items() if not key.startswith("instead of")]
            return {"reason": "\n".join(reasons) or row["cause"] or "The cause has been mended meanwhile."}
        case "out_of_stock":
            if row["cause"] is None:
                return None
            offers = [
                f"{key.removeprefix('instead of ')}: {value}" for key, value in evidence.items() if "instead" in key
            ]
            return {"missing": row["cause"], "alternatives": "\n".join(offers)}
        case "order_shipped" | "delivery_exception":
            return {"carrier": row["carrier"] or "", "tracking_number": row["tracking_number"] or ""} | _told(notice)
        case _:
            return _told(notice)


def _told(notice: Notice) -> dict[str, str]:
    """The words that whoever meant the notice gave it."""
    return {name: str(value) for name, value in notice.request.items() if name not in _NOT_WORDS}


def _open_recipient(vault: Vault, row: Any) -> str:
    """The customer's address; empty when it cannot be opened, so that one bad value holds up nobody else's notice."""
    try:
        plain = vault.open("orders.customer_email", row["id"], row["customer_email"])
    except Misconfigured:
        return ""
    return plain.decode().strip() if plain else ""


async def _digest(database: Database, notice: Notice) -> dict[str, str]:
    subject = str(notice.request.get("subject", ""))
    if notice.template == "pick_list":
        return await _to_pick(database, notice, subject)
    if notice.template in _FAILURES:
        return await _failed(database, subject)
    if notice.template in STOCK_ALARMS:
        return await alarms.digest(database, notice.template, datetime.fromisoformat(subject))
    return _told(notice)


async def _to_pick(database: Database, notice: Notice, location: str) -> dict[str, str]:
    window = (location, notice.intended_at)
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
