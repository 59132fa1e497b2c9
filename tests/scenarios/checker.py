"""Book against book: what TikTok and the carrier hold, as the simulator counted it, and what our database says, order by order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.audit.verify import verify
from engine.database.connection import Database
from engine.reports.accounts import account

_ORDERS = """
SELECT o.tiktok_order_id AS id, o.order_status::text AS status, o.channel_status, w.workflow_status::text AS workflow,
       (SELECT f.code FROM failures f WHERE f.order_id = o.id AND f.resolved_at IS NULL ORDER BY f.id DESC LIMIT 1) AS failure,
       (SELECT coalesce(sum(r.quantity), 0) FROM stock_reservations r WHERE r.order_id = o.id AND r.state = 'consumed') AS consumed,
       (SELECT coalesce(sum(r.quantity), 0) FROM stock_reservations r WHERE r.order_id = o.id AND r.state = 'active') AS reserved
FROM orders o
LEFT JOIN LATERAL (SELECT workflow_status FROM order_workflows w WHERE w.order_id = o.id ORDER BY w.id DESC LIMIT 1) w ON true
"""

_PARCELS = """
SELECT DISTINCT o.tiktok_order_id AS order_id, p.id, p.state, p.provider, p.tracking_number, p.told_tracking_number, p.generation,
       p.tracking_status, p.labelled_at IS NOT NULL AS labelled
FROM packages p JOIN package_items i ON i.package_id = p.id JOIN orders o ON o.id = i.order_id
"""

_BAD = """
SELECT (SELECT count(*) FROM effects WHERE state IN ('sent', 'ambiguous') OR lease_token IS NOT NULL) AS "effects are still held",
       (SELECT count(*) FROM inbox WHERE state NOT IN ('done', 'ignored')) AS "messages in the inbox are not decided",
       (SELECT count(*) FROM stock_levels WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand) AS "stock levels are impossible"
"""

_SHELF = """
SELECT p.sku, sum(l.on_hand)::bigint - coalesce((
           SELECT sum(i.quantity - i.cancelled_quantity - i.shipped_quantity) FROM order_items i JOIN orders o ON o.id = i.order_id
           WHERE i.product_sku = p.sku AND o.channel_status IN ('UNPAID', 'ON_HOLD', 'AWAITING_SHIPMENT', 'PARTIALLY_SHIPPING')), 0)::bigint
           AS free
FROM stock_levels l JOIN products p ON p.id = l.product_id GROUP BY p.sku
"""

OURS = {
    "UNPAID": {"pending"},
    "ON_HOLD": {"pending"},
    "AWAITING_SHIPMENT": {"pending", "confirmed", "processing"},
    "PARTIALLY_SHIPPING": {"processing"},
    "AWAITING_COLLECTION": {"processing", "shipped"},
    "IN_TRANSIT": {"shipped"},
    "DELIVERED": {"delivered"},
    "COMPLETED": {"delivered"},
    "CANCELLED": {"cancelled"},
}
"""Which of our statuses agree with each of TikTok's."""

LIVE = {"labelled", "told", "in_transit", "delivered"}


@dataclass(slots=True)
class Agreement:
    """What a comparison amounts to: how much was compared, and every difference in a sentence."""

    orders: int = 0
    packages: int = 0
    labels: int = 0
    pushes: int = 0
    lost: int = 0
    doubled: int = 0
    saw: str = ""
    differences: list[str] = field(default_factory=list)


async def compare(database: Database, listing: Mapping[str, Any], state: Mapping[str, Any]) -> Agreement:
    """Compare what everybody holds; `listing` and `state` are the simulator's."""
    theirs = {row["id"]: row for row in listing["orders"]}
    ours = {row["id"]: dict(row) for row in await database.pool.fetch(_ORDERS)}
    parcels: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in await database.pool.fetch(_PARCELS):
        parcels[row["order_id"]].append(row)
    found = Agreement(orders=len(ours))
    say = found.differences.append
    for order_id in sorted(theirs.keys() - ours.keys()):
        found.lost += 1
        say(f"Order {order_id} is {theirs[order_id]['status']} at TikTok and is not here.")
    for order_id in sorted(ours.keys() - theirs.keys()):
        say(f"Order {order_id} is here and not at TikTok.")
    for order_id in sorted(ours.keys() & theirs.keys()):
        _compare_order(found, ours[order_id], theirs[order_id], parcels[order_id])
    for label in listing["labels_of_nobody"]:
        say(f"Label {label['shipment_id']} was bought for an order that nobody knows.")
    await _compare_sums(database, found, state)
    return found


def _compare_order(
    found: Agreement, ours: Mapping[str, Any], theirs: Mapping[str, Any], parcels: Sequence[Mapping[str, Any]]
) -> None:
    order_id, say = theirs["id"], found.differences.append
    if ours["status"] not in OURS[theirs["status"]]:
        say(f"Order {order_id} is {theirs['status']} at TikTok and {ours['status']} here.")
    if ours["channel_status"] != theirs["status"]:
        say(f"Order {order_id} is {theirs['status']} at TikTok, and {ours['channel_status']} is known of it here.")
    shipped = sorted(package["tracking_number"] for package in theirs["packages"])
    told = sorted(parcel["told_tracking_number"] for parcel in parcels if parcel["told_tracking_number"])
    found.packages += len(shipped)
    found.doubled += sum(times - 1 for times in Counter(shipped).values())
    if shipped != told:
        say(f"Order {order_id} ships with {shipped} at TikTok, and {told} was told from here.")
    units = Counter(unit for package in theirs["packages"] for unit in package["units"])
    if twice := [unit for unit, times in units.items() if times > 1]:
        found.doubled += len(twice)
        say(f"Order {order_id} has units in two packages at TikTok: {twice}.")
    if units.total() != ours["consumed"]:
        say(f"Order {order_id} ships {units.total()} units at TikTok, and {ours['consumed']} left the shelf here.")
    if ours["reserved"] and theirs["status"] in {"CANCELLED", "DELIVERED", "COMPLETED"}:
        say(f"Order {order_id} is {theirs['status']}, and {ours['reserved']} units are reserved for it still.")
    _compare_labels(found, order_id, theirs["labels"], [parcel for parcel in parcels if parcel["provider"] != "tiktok"])


def _compare_labels(
    found: Agreement, order_id: str, labels: Sequence[Mapping[str, Any]], parcels: Sequence[Mapping[str, Any]]
) -> None:
    say = found.differences.append
    bought = sum(parcel["generation"] - 1 + parcel["labelled"] for parcel in parcels)
    found.labels += len(labels)
    if len(labels) != bought:
        say(f"Order {order_id}: {len(labels)} labels were bought at the carrier, {bought} are recorded here.")
    living = sorted(label["tracking_number"] for label in labels if not label["voided"])
    kept = sorted(parcel["tracking_number"] for parcel in parcels if parcel["labelled"] and parcel["state"] in LIVE)
    if living != kept:
        say(f"Order {order_id}: the labels {living} live at the carrier, {kept} here.")


async def stock_differences(database: Database, stock: Mapping[str, Any]) -> list[str]:
    """Say which SKUs TikTok offers in another number than lies here and is promised to nobody; `stock` is the simulator's."""
    found = []
    for row in await database.pool.fetch(_SHELF):
        offered = sum(stock["skus"][row["sku"]]["available"].values())
        if offered != max(0, row["free"]):
            found.append(f"{row['sku']}: TikTok offers {offered}, and {max(0, row['free'])} are free here.")
    return found


async def _compare_sums(database: Database, found: Agreement, state: Mapping[str, Any]) -> None:
    say = found.differences.append
    accounts = await account(database)
    if not accounts.balanced:
        say(f"The books are not balanced: {accounts}.")
    bought = state["labels_bought"] + state["tiktok_labels_bought"]
    if accounts.labels != bought:
        say(f"{bought} labels were bought, and {accounts.labels} are recorded.")
    if state["orders_with_two_labels"]:
        found.doubled += state["orders_with_two_labels"]
        say(f"{state['orders_with_two_labels']} orders have two labels.")
    row = await database.pool.fetchrow(_BAD)
    found.differences += [f"{count} {what}." for what, count in row.items() if count]
    for service, counts in state.get("webhooks", {}).items():
        if counts["waiting"]:
            say(f"{counts['waiting']} messages of {service} are still on their way.")
        if counts["forged_accepted"]:
            say(f"{counts['forged_accepted']} forged messages of {service} were taken for true.")
    await verify(database, lambda finding, order: say(f"Audit of {order}: {finding.sentence}"))
