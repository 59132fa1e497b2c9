"""Reads and locks the facts of a batch. Locks, in the one allowed order: orders, packages, stock (each sorted by key).

Work rows are locked by the caller before: the runner's claim, or `engine.database.locks.lock_work`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

import orjson

from engine.database.locks import lock_stock
from engine.identifiers import ItemId, LocationId, OrderId, PackageId, ShopId, UserId, WorkflowId
from engine.inventory.catalogue import PRODUCT_COLUMNS, Product, joined_products, products_in
from engine.orders.opening import open_bytes
from engine.ports.facts import Address
from engine.privacy.cipher import Vault
from engine.words import ExecutionStatus, FulfilmentStatus, OrderKind, OrderStatus, WorkflowState
from engine.workflow.definition import Edition
from engine.workflow.facts import ComesBack, ItemFacts, OrderFacts, PackageFacts, Shelf, ShopPolicies
from engine.workflow.machines import Unusable, Workflow, machines_of
from engine.workflow.needs import EVERYTHING, Needs
from engine.workflow.rules.stored import MARKS

_MAKE_READY = "UPDATE work SET ready = true WHERE order_id = ANY($1::uuid[])"

# Locks the orders; the one live workflow of each is looked up by order_workflows_running_key, never by walking that index, which
# still holds those that have just ended.
_ORDERS = """
SELECT o.id, o.order_number, o.shop_id, o.user_id, w.id AS workflow_id, o.order_status,
       o.workflow_status, w.workflow_status AS execution, o.failed_from, o.version, o.channel_status, o.payment_status,
       o.cash_on_delivery, o.order_kind, o.fulfilled_by_tiktok, o.cancel_requested, o.currency, o.total_amount, o.order_date,
       o.created_at, o.audit_sequence, o.audit_head, o.shipping_address, now() AS now,
       o.customer_name IS NOT NULL AS has_customer, o.masked, o.rate_rule, o.shipping_type,
       w.workflow_name, w.workflow_version, w.workflow_config,
       w.retry_after, w.started_at > o.created_at AS started_anew,
       (SELECT d.digest FROM workflow_definitions d WHERE d.name = w.workflow_name AND d.version = w.workflow_version) AS digest
FROM orders o
JOIN LATERAL (SELECT * FROM order_workflows
              WHERE order_id = o.id AND workflow_status IN ('running', 'failed', 'paused') LIMIT 1) w ON true
WHERE o.id = ANY($1::uuid[])
ORDER BY o.id
FOR NO KEY UPDATE OF o
"""

_SHOPS = f"""
SELECT s.id, s.location_id, s.policies, coalesce(l.address ->> 'country', '') AS country, {MARKS}
FROM shops s JOIN locations l ON l.id = s.location_id WHERE s.id = ANY($1::uuid[])
"""  # noqa: S608

_ITEMS = f"""
SELECT i.id, i.order_id, i.product_sku, i.product_name, i.quantity - i.cancelled_quantity AS total, i.shipped_quantity, i.unit_price,
       i.fulfillment_status, {PRODUCT_COLUMNS}
FROM order_items i
JOIN orders o ON o.id = i.order_id
{joined_products("o.user_id", "i.product_sku")}
WHERE i.order_id = ANY($1::uuid[]) AND i.quantity > i.cancelled_quantity
ORDER BY i.id
"""  # noqa: S608

# What keeps orders back, in one statement: holds, and (with no reason) notes that nobody has acknowledged.
_KEPT_BACK = """
SELECT order_id, reason FROM holds WHERE released_at IS NULL AND order_id = ANY($1::uuid[])
UNION ALL
SELECT order_id, NULL FROM notes WHERE must_acknowledge AND acknowledged_at IS NULL AND order_id = ANY($1::uuid[])
"""

# Whether a label or a telling is meant already is looked up only where a parcel goes on by itself: $2 are orders ready to ship.
_PACKAGES = """
SELECT c.order_id, p.id, p.state, p.generation, p.tracking_number, p.told_tracking_number, p.shipment_reference,
       p.handed_over_at, p.first_scan_at, p.delivered_at, p.backordered, p.left_at, c.items, c.quantities,
       p.state <> 'planned' OR EXISTS (
           SELECT FROM effects e WHERE e.key = 'label:' || p.id || ':' || p.generation AND e.state <> 'voided') AS label_meant,
       s.shared, p.after_void, CASE WHEN s.shared THEN NOT EXISTS (
           SELECT FROM package_items x WHERE x.package_id = p.id AND x.order_id < c.order_id) ELSE true END AS lead,
       p.tracking_number <> p.told_tracking_number AND (c.several OR c.order_id = ANY($2::uuid[])) AND EXISTS (
           SELECT FROM effects e WHERE e.state <> 'voided' AND e.key =
               CASE WHEN p.told_tracking_number = '' THEN 'ship:' ELSE 'tracking:' END || p.id || ':' || p.generation
               || CASE WHEN s.shared THEN ':' || c.order_id ELSE '' END) AS tell_meant
FROM packages p
JOIN (SELECT package_id, order_id, array_agg(order_item_id) AS items, array_agg(quantity) AS quantities,
             count(*) OVER (PARTITION BY order_id) > 1 AS several
      FROM package_items WHERE order_id = ANY($1::uuid[]) GROUP BY package_id, order_id) c ON c.package_id = p.id
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM packages one WHERE one.combined_into = p.id) AS shared) s
WHERE p.state NOT IN ('voided', 'combined')
ORDER BY p.id
FOR NO KEY UPDATE OF p
"""

_FAILURES = """
SELECT order_id, code, error_class, retry_at, retry_by, retry_reason
FROM failures WHERE resolved_at IS NULL AND order_id = ANY($1::uuid[])
"""

# Reading a word from a table costs a tenth of calling its enum, and a batch reads thousands.
_STATES = {state.value: state for state in WorkflowState}
_STATUSES = {status.value: status for status in OrderStatus}
_EXECUTIONS = {execution.value: execution for execution in ExecutionStatus}
_FULFILMENTS = {status.value: status for status in FulfilmentStatus}

_ON_THE_SHELF = frozenset({FulfilmentStatus.RESERVED, FulfilmentStatus.PICKED, FulfilmentStatus.PACKED})
"""Items whose reservation still stands."""

_ATTEMPTS = "SELECT order_id, attempt FROM work WHERE order_id = ANY($1::uuid[])"

_NOTHING = Needs(address=False, shelf=False, packages=True)
"""What is read of an order whose definition this program cannot run: enough to cancel it."""


async def make_ready(connection: Any, order_ids: Collection[OrderId]) -> None:
    """Have the runner look at these orders, whose work rows the caller holds."""
    await connection.execute(_MAKE_READY, list(order_ids))


async def read_facts(connection: Any, vault: Vault, order_ids: Collection[OrderId]) -> list[OrderFacts]:
    """The facts of these open orders, locked, in the order given; closed or unknown orders are absent."""
    wanted = list(order_ids)
    rows = await connection.fetch(_ORDERS, wanted)
    if not rows:
        return []
    found = await connection.fetch(_SHOPS, list({row["shop_id"] for row in rows}))
    shops = {row["id"]: (LocationId(row["location_id"]), ShopPolicies.read(row["policies"])) for row in found}
    countries = {row["id"]: row["country"] for row in found}
    marks = {row["id"]: tuple(row["rule_marks"] or ()) for row in found}
    editions = {row["id"]: edition_of(row) for row in rows}
    workflows = await machines_of(connection, editions.values())
    needs = {key: _needs(workflows[editions[key]], row) for key, row in zip(editions, rows, strict=True)}
    orders = {
        OrderId(key): _order(row, vault, *shops[row["shop_id"]], editions[key], needs[key])
        for key, row in zip(editions, rows, strict=True)
    }
    open_ids = list(orders)
    items = await connection.fetch(_ITEMS, open_ids)
    products = await products_in(connection, items)
    for row in items:
        order = orders[row["order_id"]]
        order.items.append(_item(row, products.get(row["product_id"]), order, countries[order.shop_id]))
    for row in await connection.fetch(_KEPT_BACK, open_ids):
        if row["reason"] is None:
            orders[row["order_id"]].unacknowledged = True
        else:
            orders[row["order_id"]].holds.append(row["reason"])
    # What is started anew may have parcels from before, wherever it begins.
    shipping = [key for key, row in zip(orders, rows, strict=True) if needs[key].packages or row["started_anew"]]
    if shipping:
        ready = [key for key in shipping if orders[key].state is WorkflowState.READY_TO_SHIP]
        for row in await connection.fetch(_PACKAGES, shipping, ready):
            _add_package(orders[row["order_id"]], row)
        for key in shipping:
            _forget_what_goes_back(orders[key])
    failed = [key for key, order in orders.items() if order.state is WorkflowState.FAILED]
    if failed:
        for row in await connection.fetch(_FAILURES, failed):
            order = orders[row["order_id"]]
            order.failure_code, order.failure_class = row["code"], row["error_class"]
            order.comes_back = ComesBack.read(row)
    resting = [key for key, order in orders.items() if order.not_before is not None]
    if resting:
        for row in await connection.fetch(_ATTEMPTS, resting):
            orders[row["order_id"]].attempt = row["attempt"]
    shelf = await _lock_stock(connection, orders.values(), needs)
    for order in orders.values():
        order.shelf = shelf
        order.rule_marks = marks[order.shop_id]
        order.reserved = any(item.status in _ON_THE_SHELF for item in order.items)
    return [orders[key] for key in wanted if key in orders]


async def _lock_stock(connection: Any, orders: Iterable[OrderFacts], needs: Mapping[UUID, Needs]) -> Shelf:
    # Whatever else moves stock locks it when it is written.
    keys = {
        key
        for order in orders
        if needs[order.order_id].shelf or any(package.backordered for package in order.packages)
        for key in order.shelf_keys()
    }
    return Shelf(await lock_stock(connection, keys) if keys else {})


def edition_of(row: Any) -> Edition:
    """The edition of a row that has workflow_name, workflow_version and digest."""
    return Edition(row["workflow_name"], row["workflow_version"], row["digest"])


def _needs(workflow: Workflow, row: Any) -> Needs:
    if isinstance(workflow, Unusable):
        return _NOTHING
    # A state that its workflow does not have is for a person to mend; until then all is read.
    return workflow.needs.get(_STATES[row["workflow_status"]], EVERYTHING)


def _order(
    row: Any, vault: Vault, location_id: LocationId, policies: ShopPolicies, edition: Edition, needs: Needs
) -> OrderFacts:
    address = None
    if needs.address:
        plain = open_bytes(vault, "orders.shipping_address", row["id"], row["shipping_address"])
        address = Address(**orjson.loads(plain)) if plain else None
    failed_from = row["failed_from"]
    return OrderFacts(
        order_id=OrderId(row["id"]),
        order_number=row["order_number"],
        shop_id=ShopId(row["shop_id"]),
        user_id=UserId(row["user_id"]),
        location_id=location_id,
        workflow_id=WorkflowId(row["workflow_id"]),
        policies=policies.overridden(row["workflow_config"]) if row["workflow_config"] else policies,
        status=_STATUSES[row["order_status"]],
        state=_STATES[row["workflow_status"]],
        execution=_EXECUTIONS[row["execution"]],
        failed_from=_STATES[failed_from] if failed_from else None,
        version=row["version"],
        channel_status=row["channel_status"],
        paid=row["payment_status"] == "paid" or row["cash_on_delivery"],
        order_kind=OrderKind(row["order_kind"]),
        fulfilled_by_tiktok=row["fulfilled_by_tiktok"],
        cancel_requested=row["cancel_requested"],
        currency=row["currency"],
        total_amount=row["total_amount"],
        order_date=row["order_date"],
        created_at=row["created_at"],
        now=row["now"],
        audit_sequence=row["audit_sequence"],
        audit_head=row["audit_head"],
        edition=edition,
        not_before=row["retry_after"],
        address=address,
        has_customer=row["has_customer"],
        masked=row["masked"],
        rate_rule=row["rate_rule"],
        shipped_by_tiktok=row["shipping_type"] == "TIKTOK",
    )


def _item(row: Any, product: Product | None, order: OrderFacts, country: str) -> ItemFacts:
    item = ItemFacts.of(
        product,
        order.location_id,
        country,
        item_id=ItemId(row["id"]),
        sku=row["product_sku"],
        name=row["product_name"],
        quantity=row["total"] - row["shipped_quantity"],
        unit_price=row["unit_price"],
        status=_FULFILMENTS[row["fulfillment_status"]],
    )
    item.total = row["total"]
    return item


def _add_package(order: OrderFacts, row: Any) -> None:
    """What waits for stock in a package of its own is not to be worked until the stock is there."""
    package = _package(row)
    order.packages.append(package)
    if package.backordered:
        for item in order.items:
            item.quantity -= package.contents.get(item.item_id, 0)


def _forget_what_goes_back(order: OrderFacts) -> None:
    """A parcel whose label goes back for good is none of the order's any more; alone, it has to be gone before there is another."""
    going = [package for package in order.packages if package.state == "voiding" and not package.after_void]
    if going and len(going) < len(order.packages):
        order.packages = [package for package in order.packages if package not in going]


def _package(row: Any) -> PackageFacts:
    return PackageFacts(
        package_id=PackageId(row["id"]),
        state=row["state"],
        generation=row["generation"],
        tracking_number=row["tracking_number"],
        told_tracking_number=row["told_tracking_number"],
        shipment_reference=row["shipment_reference"],
        handed_over=row["handed_over_at"] is not None,
        scanned=row["first_scan_at"] is not None,
        delivered=row["delivered_at"] is not None,
        contents={ItemId(item): quantity for item, quantity in zip(row["items"], row["quantities"], strict=True)},
        label_meant=row["label_meant"],
        tell_meant=row["tell_meant"],
        backordered=row["backordered"],
        shared=row["shared"],
        lead=row["lead"],
        after_void=row["after_void"],
        left=row["left_at"] is not None,
    )
