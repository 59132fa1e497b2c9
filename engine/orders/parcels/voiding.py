"""A label that is not wanted goes back to the carrier by a person's word, and another may be bought.

There is never a second purchase beside a first one: the generation of a package rises once the void of its label is recorded, and each
generation is bought once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.effects import ledger
from engine.effects.kinds import DEPENDENCY_OF
from engine.errors import Refused
from engine.identifiers import PackageId, new_id
from engine.orders.marking import mark
from engine.orders.parcels.rows import Parcel, lock_parcels, unworkable
from engine.words import EffectKind
from engine.workflow.advance import advance
from engine.workflow.plan import NewEffect

if TYPE_CHECKING:
    from engine.database.connection import Database

_VOIDING = """
UPDATE packages SET state = 'voiding', after_void = $2, track_due_at = NULL, version = version + 1, updated_at = now() WHERE id = $1
"""

_WANTED = "UPDATE packages SET after_void = 'buy', version = version + 1, updated_at = now() WHERE id = $1"

# TikTok is not told any more of a number that goes back; what is being told is corrected once there is another one.
_STOP_TELLING = """
UPDATE effects SET state = 'voided', head = false, settled_at = now()
WHERE order_id IN (SELECT order_id FROM package_items WHERE package_id = $1) AND package_id = $1
  AND kind IN ('ship_package', 'update_tracking') AND state = 'intent' AND lease_until IS NULL
"""


async def void_label(
    database: Database, package_id: PackageId, *, actor: Actor, reason: str, buy_again: bool = False
) -> None:
    """Give a label back to the carrier; then the package is planned again, and with `buy_again` gets another label by itself.

    Raises NotFound, or Refused while there is none, or once the parcel has left.
    """

    async def run(connection: Any) -> None:
        [parcel] = await lock_parcels(connection, [package_id])
        if refusal := unworkable(parcel) or _no_label(parcel):
            raise refusal
        await connection.execute(_VOIDING, package_id, "buy" if buy_again else "plan")
        await connection.execute(_STOP_TELLING, package_id)
        await ledger.intend(connection, [_void(parcel)])
        await ledger.next_heads(connection, list(parcel.orders))
        told = {"package": str(package_id), "tracking_number": parcel.tracking_number, "reason": reason}
        await mark(connection, database.vault, "parcel.label_voided", actor, dict.fromkeys(parcel.orders, told))
        await advance(connection, database.vault, list(parcel.orders))

    await database.run(run)


async def buy_label(database: Database, package_id: PackageId, *, actor: Actor, reason: str = "") -> None:
    """Buy another label for a package whose label was voided. Raises NotFound, or Refused while it has or waits for one."""

    async def run(connection: Any) -> None:
        [parcel] = await lock_parcels(connection, [package_id])
        if refusal := unworkable(parcel) or _not_to_buy(parcel):
            raise refusal
        await connection.execute(_WANTED, package_id)
        told = {"package": str(package_id), "reason": reason}
        await mark(connection, database.vault, "parcel.label_wanted", actor, dict.fromkeys(parcel.orders, told))
        await advance(connection, database.vault, list(parcel.orders))

    await database.run(run)


def _no_label(parcel: Parcel) -> Refused | None:
    if parcel.label_under_way:
        return Refused(
            "parcel.label_under_way", f"The label of {parcel.name} is being bought: void it once it is there."
        )
    if parcel.telling_under_way:
        return Refused(
            "parcel.telling_under_way", f"TikTok is being told of {parcel.name} just now: try again in a moment."
        )
    if parcel.state == "voiding":
        return Refused("parcel.voiding", f"The label of {parcel.name} is being voided already.")
    if parcel.state == "planned":
        return Refused("parcel.no_label", f"The parcel of {parcel.name} has no label to void.")
    if parcel.provider == "tiktok":
        return Refused(
            "parcel.tiktok_label",
            f"TikTok takes no label back by itself: cancel {parcel.name}, or its package in the seller centre.",
        )
    return None


def _not_to_buy(parcel: Parcel) -> Refused | None:
    if parcel.state == "planned" and parcel.generation == 1:
        return Refused(
            "parcel.label_follows",
            f"The label of {parcel.name} is bought by itself as soon as its shop's policy wants it.",
        )
    if parcel.state == "voiding":
        return Refused("parcel.voiding", f"The label of {parcel.name} is being voided: buy another one after that.")
    if parcel.state != "planned":
        return Refused("parcel.label_bought", f"The parcel of {parcel.name} has its label: void it first.")
    return None


def _void(parcel: Parcel) -> NewEffect:
    return NewEffect(
        effect_id=new_id(),
        key=f"void:{parcel.package_id}:{parcel.generation}",
        kind=EffectKind.VOID_LABEL,
        dependency=DEPENDENCY_OF[EffectKind.VOID_LABEL],
        order_id=parcel.orders[0],
        shop_id=parcel.shop_id,
        package_id=parcel.package_id,
        ahead=0,
        delay_seconds=0.0,
        provider_reference=parcel.shipment_reference,
        request={},
    )
