"""One customer: the orders that are held about a person, everything in them as a document, and erasing it.

A person is whoever has an e-mail address, a phone number or a whole name; an order names its own person by e-mail and phone, which finds
the others. Names are people's own only together with more: those found by a name alone are listed for somebody to look at.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import orjson

from engine.actors import Actor
from engine.errors import Misconfigured, NotFound, Refused
from engine.identifiers import OrderId
from engine.orders import queries
from engine.orders.opening import open_bytes
from engine.privacy.cipher import Vault, normalise_word
from engine.privacy.forgetting import KEPT_FOR, count_rows, forget_orders
from engine.privacy.retention import note

if TYPE_CHECKING:
    from engine.database.connection import Database

MOST_ORDERS = 5000

_FOUND = """
SELECT o.id, o.customer_name, o.customer_email, o.customer_phone FROM orders o
WHERE o.id IN (SELECT s.order_id FROM order_search_words s WHERE s.word = ANY($1::bigint[])) ORDER BY o.id LIMIT $2
"""
_PERSON = "SELECT id, customer_name, customer_email, customer_phone FROM orders WHERE id = $1"
_LISTED = f"""
SELECT o.id, o.order_number, s.name AS shop, o.order_date, o.order_status, {KEPT_FOR} AS kept_for
FROM orders o JOIN shops s ON s.id = o.shop_id WHERE o.id = ANY($1::uuid[]) ORDER BY o.order_date, o.id
"""  # noqa: S608

_ORDERS = """
SELECT o.*, s.name AS shop FROM orders o JOIN shops s ON s.id = o.shop_id WHERE o.id = ANY($1::uuid[]) ORDER BY o.order_date, o.id
"""
_ITEMS = """
SELECT order_id, product_sku AS sku, product_name AS name, quantity, unit_price, total_price FROM order_items
WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, id
"""
_PARCELS = """
SELECT DISTINCT c.order_id, p.id, p.carrier, p.service, p.tracking_number, p.tracking_status, p.labelled_at, p.delivered_at
FROM package_items c JOIN packages p ON p.id = c.package_id WHERE c.order_id = ANY($1::uuid[]) ORDER BY c.order_id, p.id
"""
_DOCUMENTS = """
SELECT DISTINCT c.order_id, d.id, d.kind, d.media_type, d.body, d.created_at
FROM package_items c JOIN documents d ON d.package_id = c.package_id WHERE c.order_id = ANY($1::uuid[]) ORDER BY c.order_id, d.id
"""
_NOTES = (
    "SELECT id, order_id, body, author, created_at FROM notes WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, id"
)
_HISTORY = """
SELECT order_id, new_status AS status, status_reason AS reason, change_source AS source, created_at AS at FROM order_status_history
WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, id
"""
_RETURNS = """
SELECT id, order_id, tiktok_return_id AS number, channel_status, reason, refund_amount, currency, answer_comment, created_at
FROM returns WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, id
"""
_NOTICES = """
SELECT e.order_id, n.template, n.channel, n.state, n.sent_at FROM effects e JOIN notice_sends n ON n.effect_id = e.id
WHERE e.order_id = ANY($1::uuid[]) AND n.audience = 'buyer' ORDER BY e.order_id, n.id
"""

_INBOX = """
SELECT i.id, i.payload FROM inbox i
WHERE i.payload IS NOT NULL AND i.state <> 'new' AND ($1::uuid IS NULL OR i.id > $1)
  AND (i.shop_id IS NULL OR i.shop_id IN (SELECT shop_id FROM orders WHERE id = ANY($2::uuid[])))
ORDER BY i.id LIMIT 500
"""
_NUMBERS = "SELECT tiktok_order_id FROM orders WHERE id = ANY($1::uuid[])"
_CLEAR_INBOX = "UPDATE inbox SET payload = NULL WHERE id = ANY($1::uuid[]) AND state <> 'new'"


class By(StrEnum):
    """What a customer is known by."""

    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """One order that is held about a customer; `kept_for` says why it cannot be erased now, empty when it can."""

    order_id: OrderId
    order_number: str
    shop: str
    status: str
    kept_for: str


@dataclass(frozen=True, slots=True)
class Erased:
    """What erasing a customer did, or would do."""

    orders: tuple[HeldOrder, ...]
    counts: Counter[str]

    @property
    def kept(self) -> tuple[HeldOrder, ...]:
        return tuple(order for order in self.orders if order.kept_for)


async def find(database: Database, by: By, text: str) -> list[OrderId]:
    """The orders of one customer. Raises NotFound; Misconfigured without the master key."""
    vault = database.vault
    if not vault.has_keys:
        raise Misconfigured(
            "keys.missing",
            "A customer cannot be found without the master key: set ORDERS_TUI_MASTER_KEY or its credential file.",
        )
    if by is not By.ORDER:
        found = await _matching(database, {by: {normalise_word(text)}})
    else:
        order_id = await queries.find(database, text)
        if order_id is None:
            raise NotFound("order.not_found", "There is no such order: give its order number.")
        person = _person(vault, await database.pool.fetchrow(_PERSON, order_id))
        known = {by: {person[by]} for by in (By.EMAIL, By.PHONE) if person[by]}
        found = sorted({order_id, *await _matching(database, known)})
    if not found:
        raise NotFound("privacy.nobody", f"Nothing is held about anybody with that {by}.")
    return found


async def listed(database: Database, order_ids: Sequence[OrderId]) -> list[HeldOrder]:
    """These orders, oldest first, and which of them cannot be erased now."""
    rows = await database.pool.fetch(_LISTED, list(order_ids))
    return [
        HeldOrder(OrderId(row["id"]), row["order_number"], row["shop"], row["order_status"], row["kept_for"])
        for row in rows
    ]


async def export(database: Database, order_ids: Sequence[OrderId], *, actor: Actor, by: By) -> dict[str, Any]:
    """Everything that is held in these orders, as a document; the audit tells that it was exported, and of how many orders."""
    vault, ids = database.vault, list(order_ids)
    async with (
        database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        orders = {row["id"]: _order(vault, row) for row in await connection.fetch(_ORDERS, ids)}
        for name, statement in (
            ("items", _ITEMS),
            ("parcels", _PARCELS),
            ("documents", _DOCUMENTS),
            ("notes", _NOTES),
            ("history", _HISTORY),
            ("returns", _RETURNS),
            ("notices", _NOTICES),
        ):
            for row in await connection.fetch(statement, ids):
                orders[row["order_id"]][name].append(_part(vault, row))
    payloads = [
        {"inbox_id": str(inbox_id), "content": plain.decode(errors="replace")}
        async for inbox_id, plain in _payloads(database, ids)
    ]

    async def write(connection: Any) -> None:
        await note(connection, database, "privacy.exported", actor, {"by": by.value, "orders": len(ids)})

    await database.run(write)
    return {"orders": list(orders.values()), "received": payloads}


async def preview_erasure(database: Database, order_ids: Sequence[OrderId]) -> Erased:
    """What erasing these orders would clear; nothing changes."""
    orders = await listed(database, order_ids)
    erasable = [order.order_id for order in orders if not order.kept_for]
    async with database.pool.acquire() as connection:
        counts = await count_rows(connection, erasable)
    counts["inbox"] = len([None async for _ in _payloads(database, erasable)])
    return Erased(tuple(orders), +counts)


async def erase(database: Database, order_ids: Sequence[OrderId], *, actor: Actor, by: By) -> Erased:
    """Forget the person of these orders now, as retention would later; open ones are kept and said. Raises Refused when all are."""
    orders = await listed(database, order_ids)
    erasable = [order.order_id for order in orders if not order.kept_for]
    if not erasable:
        why = "; ".join(sorted({f"{order.order_number}: {order.kept_for}" for order in orders})[:5])
        raise Refused("privacy.all_kept", f"Nothing can be erased now ({why}): close these orders first.")
    counts: Counter[str] = Counter()
    kept = {order.order_number: order.kept_for for order in orders if order.kept_for}
    payloads = [inbox_id async for inbox_id, _ in _payloads(database, erasable)]
    for start in range(0, len(erasable), 50):
        part = erasable[start : start + 50]
        done, left = await forget_orders(database, part, actor=actor, why="erasure", all_words=True)
        counts += done
        kept |= left

    async def conclude(connection: Any) -> None:
        await connection.execute(_CLEAR_INBOX, payloads)
        after = {"by": by.value, "orders": counts["orders"], "kept": len(orders) - counts["orders"]}
        await note(connection, database, "privacy.erased", actor, after)

    await database.run(conclude)
    counts["inbox"] += len(payloads)
    done_to = tuple(replace(order, kept_for=kept.get(order.order_number, "")) for order in orders)
    return Erased(done_to, +counts)


async def _matching(database: Database, wanted: dict[By, set[str]]) -> list[OrderId]:
    """The orders whose person has one of these; the index finds them, and opening them makes sure."""
    vault = database.vault
    words = [vault.word(text) for texts in wanted.values() for text in texts]
    rows = await database.pool.fetch(_FOUND, words, MOST_ORDERS + 1)
    if len(rows) > MOST_ORDERS:
        raise Refused(
            "privacy.too_many", f"More than {MOST_ORDERS} orders match: give an e-mail address or a phone number."
        )
    people = ((row["id"], _person(vault, row)) for row in rows)
    return [OrderId(key) for key, person in people if any(person[by] in texts for by, texts in wanted.items())]


def _person(vault: Vault, row: Any) -> dict[By, str]:
    opened = {
        by: (open_bytes(vault, f"orders.customer_{by}", row["id"], row[f"customer_{by}"]) or b"").decode(
            errors="replace"
        )
        for by in (By.EMAIL, By.PHONE, By.NAME)
    }
    return {by: normalise_word(text) if text else "" for by, text in opened.items()}


async def _payloads(database: Database, order_ids: Sequence[OrderId]) -> Any:
    """What was received about these orders, opened one by one: nothing outside says what it is about."""
    numbers = [row["tiktok_order_id"].encode() for row in await database.pool.fetch(_NUMBERS, list(order_ids))]
    reached = None
    while rows := await database.pool.fetch(_INBOX, reached, list(order_ids)):
        for row in rows:
            plain = open_bytes(database.vault, "inbox.payload", row["id"], row["payload"])
            if plain is not None and any(number in plain for number in numbers):
                yield row["id"], plain
        reached = rows[-1]["id"]


def _order(vault: Vault, row: Any) -> dict[str, Any]:
    def text(column: str) -> str:
        opened = open_bytes(vault, f"orders.{column}", row["id"], row[column])
        return (opened or b"").decode(errors="replace")

    address = open_bytes(vault, "orders.shipping_address", row["id"], row["shipping_address"])
    return {
        "order_number": row["order_number"],
        "tiktok_order_id": row["tiktok_order_id"],
        "shop": row["shop"],
        "ordered_at": row["order_date"],
        "status": row["order_status"],
        "total": str(row["total_amount"]),
        "currency": row["currency"],
        "customer": {name: text(f"customer_{name}") for name in ("name", "email", "phone")},
        "address": orjson.loads(address) if address else None,
        "buyer_message": text("buyer_message"),
        "seller_note": text("seller_note"),
        "forgotten_at": row["forgotten_at"],
    } | {name: [] for name in ("items", "parcels", "documents", "notes", "history", "returns", "notices")}


def _part(vault: Vault, row: Any) -> dict[str, Any]:
    part = {name: value for name, value in row.items() if name not in {"order_id", "id", "body", "answer_comment"}}
    if "media_type" in part:
        body = open_bytes(vault, "documents.body", row["id"], row["body"])
        part["content_base64"] = base64.b64encode(body).decode() if body is not None else None
    elif "body" in row:
        part["text"] = (open_bytes(vault, "notes.body", row["id"], row["body"]) or b"").decode(errors="replace")
    if row.get("answer_comment"):
        comment = open_bytes(vault, "returns.answer_comment", row["id"], row["answer_comment"])
        part["answer"] = (comment or b"").decode(errors="replace")
    return {
        name: str(value) if name in {"unit_price", "total_price", "refund_amount"} and value is not None else value
        for name, value in part.items()
    }
