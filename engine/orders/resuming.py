"""Mending a failed order: what was wrong is corrected and the order sent on, in one transaction or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import orjson

from engine.actors import Actor
from engine.database.locks import lock_work
from engine.errors import NotFound, Refused
from engine.identifiers import OrderId, UserId
from engine.inventory.aliases import write_mapping
from engine.inventory.products import write_weight
from engine.orders.correction import write_address
from engine.orders.opening import open_bytes
from engine.orders.status import fire_part
from engine.orders.views import ChangeOutcome
from engine.ports.facts import Address
from engine.workflow.advance import Push

if TYPE_CHECKING:
    from engine.database.connection import Database

ADDRESS_FIELDS = tuple(each.name for each in fields(Address))

_ORDER = "SELECT user_id, shipping_address FROM orders WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Corrections:
    """What a person found wrong: lines of the address, SKUs that mean a product, weights of products in grams."""

    address: Mapping[str, str] = field(default_factory=dict)
    """Only the lines that change, by their names in `Address`."""
    products: Mapping[str, str] = field(default_factory=dict)
    """The order's SKU → the SKU of the product it means."""
    weights: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.address or self.products or self.weights)


async def resume_with(
    database: Database, order_id: OrderId, corrections: Corrections, *, actor: Actor, reason: str = ""
) -> ChangeOutcome:
    """Write the corrections and resume the failed order. Raises NotFound or Refused, and then nothing has changed."""
    if unknown := sorted(set(corrections.address) - set(ADDRESS_FIELDS)):
        raise Refused("order.no_such_line", f"An address has no {unknown[0]!r}; it has {', '.join(ADDRESS_FIELDS)}.")
    push = Push("resume", actor, reason or "corrected")

    async def write(connection: Any) -> ChangeOutcome:
        await lock_work(connection, [order_id])
        row = await connection.fetchrow(_ORDER, order_id)
        if row is None:
            raise NotFound("order.unknown", f"There is no order {order_id}.")
        owner, vault = UserId(row["user_id"]), database.vault
        if corrections.address:
            plain = open_bytes(vault, "orders.shipping_address", order_id, row["shipping_address"])
            known = Address(**orjson.loads(plain)) if plain else Address(*("" for _ in ADDRESS_FIELDS))
            await write_address(connection, vault, order_id, replace(known, **corrections.address), actor=actor)
        for sku, product_sku in sorted(corrections.products.items()):
            await write_mapping(connection, vault, sku, product_sku, actor=actor, owner=owner)
        for sku, weight_grams in sorted(corrections.weights.items()):
            await write_weight(connection, vault, sku, weight_grams, actor=actor, owner=owner)
        [outcome] = await fire_part(connection, vault, [order_id], {order_id: push})
        if outcome.refused:
            raise Refused(outcome.code, outcome.sentence)  # takes the corrections back as well
        return outcome

    return await database.run(write)
