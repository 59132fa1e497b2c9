"""Parcels handed to the carrier by a person, one by one: each ships what is in it, and the order has shipped once all have left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.errors import Refused
from engine.identifiers import OrderId, PackageId
from engine.orders.parcels.rows import Parcel, lock_parcels, unworkable
from engine.workflow.advance import HAND_OVER, Push, advance

if TYPE_CHECKING:
    from engine.database.connection import Database

_READY = frozenset({"labelled", "told"})


async def hand_over(database: Database, package_ids: Sequence[PackageId], *, actor: Actor, reason: str = "") -> None:
    """Say that these parcels left the house, all or none of them. Raises NotFound or Refused, naming the first that cannot."""

    async def run(connection: Any) -> None:
        parcels = await lock_parcels(connection, package_ids)
        for parcel in parcels:
            if refusal := unworkable(parcel) or _not_ready(parcel):
                raise refusal
        given: dict[OrderId, set[PackageId]] = {}
        for parcel in parcels:
            for order_id in parcel.orders:
                given.setdefault(order_id, set()).add(parcel.package_id)
        pushes = {
            order_id: Push(HAND_OVER, actor, reason or "handed over", by_person=True, parcels=frozenset(ids))
            for order_id, ids in given.items()
        }
        for moved in await advance(connection, database.vault, sorted(pushes), pushes):
            if moved.code:
                raise Refused(moved.code, moved.sentence)

    await database.run(run)


def _not_ready(parcel: Parcel) -> Refused | None:
    if parcel.state in _READY:
        return None
    why = "its label is being voided" if parcel.state == "voiding" else "it has no label yet"
    return Refused("parcel.not_ready", f"The parcel of {parcel.name} cannot leave: {why}.")
