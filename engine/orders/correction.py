"""A corrected address: what the buyer meant, entered by a person; an order that failed for it goes on by itself."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import orjson

from engine.actors import Actor
from engine.audit import chain
from engine.database.locks import lock_work
from engine.errors import Conflict, NotFound, Refused
from engine.identifiers import OrderId, UserId
from engine.orders.changes import CHANGED_MEANWHILE, what_changed
from engine.orders.opening import open_bytes
from engine.ports.facts import Address
from engine.privacy.cipher import Vault
from engine.workflow.mending import ADDRESS_CODES, mended

if TYPE_CHECKING:
    from engine.database.connection import Database

_LOCK = """
SELECT user_id, version, shipping_address, audit_sequence, audit_head, now() AS now,
       EXISTS (SELECT 1 FROM package_items c JOIN packages p ON p.id = c.package_id
               WHERE c.order_id = orders.id AND p.state NOT IN ('planned', 'voided')) AS labelled
FROM orders WHERE id = $1 FOR NO KEY UPDATE
"""

_WRITE = """
UPDATE orders SET shipping_address = $2, masked = false, version = version + 1, updated_at = now(), audit_sequence = $3,
       audit_head = $4
WHERE id = $1
"""


async def correct_address(
    database: Database, order_id: OrderId, address: Address, *, actor: Actor, expected_version: int | None = None
) -> None:
    """Store the corrected address, and send the order on if it failed for the old one.

    Raises NotFound; Refused once a label has been bought for the old address; Conflict, saying who changed what, when the order is not
    at `expected_version` any more.
    """

    async def write(connection: Any) -> None:
        await lock_work(connection, [order_id])
        await write_address(
            connection, database.vault, order_id, address, actor=actor, expected_version=expected_version
        )

    await database.run(write)


async def write_address(
    connection: Any,
    vault: Vault,
    order_id: OrderId,
    address: Address,
    *,
    actor: Actor,
    expected_version: int | None = None,
) -> None:
    """`correct_address` in a transaction of the caller, who holds the order's work."""
    clean = Address(**{field.name: getattr(address, field.name).strip() for field in fields(Address)})
    clean = replace(clean, country=clean.country.upper())
    row = await connection.fetchrow(_LOCK, order_id)
    if row is None:
        raise NotFound("order.unknown", f"There is no order {order_id}.")
    if expected_version is not None and expected_version != row["version"]:
        raise Conflict(CHANGED_MEANWHILE, await what_changed(connection, order_id, expected_version))
    if row["labelled"]:
        raise Refused(
            "order.labelled",
            "A label for the old address has been bought: void it first, then correct the address.",
        )
    owner = UserId(row["user_id"])
    plain = orjson.dumps(clean)
    old = open_bytes(vault, "orders.shipping_address", order_id, row["shipping_address"])
    entry = chain.link(
        vault,
        owner,
        order_id,
        row["audit_sequence"] + 1,
        row["audit_head"],
        "order.address_corrected",
        actor,
        {"address": orjson.loads(old)} if old else None,
        {"address": orjson.loads(plain)},
        row["now"],
    )
    sealed = vault.seal(owner, "orders.shipping_address", order_id, plain)
    await connection.execute(_WRITE, order_id, sealed, entry.sequence, entry.hash)
    await chain.write(connection, [entry])
    await mended(connection, [order_id], actor, "address corrected", ADDRESS_CODES)
