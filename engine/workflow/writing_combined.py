"""Takes a cancelled order out of the package it shares, and leaves the others a package each or the shared one.

While nobody buys the label the others stay together. Once it is being bought, or is bought, that label goes back to the carrier, and
each of the others has its own package again, to be labelled anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.actors import SYSTEM
from engine.database.locks import lock_work, make_ready
from engine.effects import ledger
from engine.identifiers import OrderId, PackageId
from engine.orders.marking import mark
from engine.privacy.cipher import Vault
from engine.workflow.plan import OrderPlan

_OTHERS = (
    "SELECT DISTINCT order_id FROM package_items WHERE package_id = ANY($1::uuid[]) AND order_id <> ALL($2::uuid[])"
)

# A purchase that nobody has begun, or that failed for good, can be meant anew.
_LABELS = """
SELECT p.id, p.state = 'planned'
       AND coalesce(e.state IN ('voided', 'failed') OR e.state = 'intent' AND e.lease_until IS NULL, true) AS in_hand
FROM packages p LEFT JOIN LATERAL (
    SELECT state, lease_until FROM effects WHERE key = 'label:' || p.id || ':' || p.generation FOR UPDATE) e ON true
WHERE p.id = ANY($1::uuid[])
"""

_VOID_LABELS = """
UPDATE effects e SET state = 'voided', head = false, settled_at = now()
FROM packages p
WHERE p.id = ANY($1::uuid[]) AND e.key = 'label:' || p.id || ':' || p.generation
  AND (e.state = 'failed' OR e.state = 'intent' AND e.lease_until IS NULL)
"""

_VOID_TELLING = """
UPDATE effects SET state = 'voided', head = false, settled_at = now()
WHERE order_id IN (SELECT order_id FROM package_items WHERE package_id = ANY($1::uuid[])) AND package_id = ANY($1::uuid[])
  AND kind IN ('ship_package', 'update_tracking') AND state = 'intent' AND lease_until IS NULL
"""

_TAKE_OUT = "DELETE FROM package_items WHERE package_id = ANY($1::uuid[]) AND order_id = ANY($2::uuid[])"

_END_OWN = """
UPDATE packages p SET state = 'voided', combined_into = NULL, version = p.version + 1, updated_at = now()
WHERE p.combined_into = ANY($1::uuid[])
  AND EXISTS (SELECT FROM package_items c WHERE c.package_id = p.id AND c.order_id = ANY($2::uuid[]))
"""

_WEIGH = """
UPDATE packages n SET version = n.version + 1, updated_at = now(), weight_grams = w.weight,
       state = CASE WHEN w.parts = 0 THEN 'voided' ELSE n.state END
FROM (SELECT d.id, count(p.id) AS parts, sum(p.weight_grams)::int AS weight
      FROM unnest($1::uuid[]) AS d(id) LEFT JOIN packages p ON p.combined_into = d.id GROUP BY d.id) w
WHERE n.id = w.id
"""

# What TikTok was told of the shared parcel it has to be told anew of the parcel that replaces it.
_RESTORE = """
UPDATE packages p SET state = 'planned', combined_into = NULL, version = p.version + 1, updated_at = now(),
       told_tracking_number = CASE WHEN EXISTS (
           SELECT FROM effects e JOIN package_items c ON c.order_id = e.order_id AND c.package_id = p.id
           WHERE e.package_id = n.id AND e.kind IN ('ship_package', 'update_tracking') AND e.state = 'done')
         THEN n.tracking_number ELSE '' END
FROM packages n WHERE n.id = p.combined_into AND n.id = ANY($1::uuid[])
"""

_END_SHARED = """
UPDATE packages SET state = CASE WHEN state = 'planned' THEN 'voided' ELSE 'voiding' END, after_void = '', track_due_at = NULL,
       version = version + 1, updated_at = now()
WHERE id = ANY($1::uuid[]) AND state IN ('planned', 'labelled', 'told', 'voiding')
"""


async def take_out(connection: Any, vault: Vault, plans: Sequence[OrderPlan]) -> None:
    """Take the cancelled orders among these plans out of the packages they share."""
    cancelled = [plan.order.order_id for plan in plans if plan.void_packages]
    shared = {
        package.package_id for plan in plans if plan.void_packages for package in plan.order.packages if package.shared
    }
    if not shared:
        return
    others = [OrderId(row["order_id"]) for row in await connection.fetch(_OTHERS, sorted(shared), cancelled)]
    await lock_work(connection, sorted(others))
    labels = {row["id"]: row["in_hand"] for row in await connection.fetch(_LABELS, sorted(shared))}
    stay = sorted(PackageId(key) for key, in_hand in labels.items() if in_hand)
    end = sorted(PackageId(key) for key, in_hand in labels.items() if not in_hand)
    await connection.execute(_VOID_LABELS, stay)
    await connection.execute(_TAKE_OUT, stay, cancelled)
    await connection.execute(_END_OWN, stay + end, cancelled)
    await connection.execute(_WEIGH, stay)
    if end:
        await restore(connection, end)
        await connection.execute(_END_SHARED, end)
    await ledger.next_heads(connection, [*others, *cancelled])
    told = {order_id: {"packages": [str(key) for key in sorted(shared)]} for order_id in others}
    await mark(connection, vault, "parcel.order_taken_out", SYSTEM, told)
    await make_ready(connection, others)


async def restore(connection: Any, package_ids: Sequence[PackageId]) -> None:
    """Give the orders of these shared packages their own ones back. The caller holds the orders, and ends the shared ones."""
    await connection.execute(_VOID_TELLING, package_ids)
    await connection.execute(_RESTORE, package_ids)
