"""Who may do what with the rows of each table, as data; `guards` makes grants and policies of it.

A table that is not written here has no rows for anybody but the owner of the schema, and a test fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.access.roles import ADMINISTERS, LEADS, WORKS, Role

Roles = tuple[Role, ...]


class Tenant(StrEnum):
    """How the creator whose row it is is found; the value is the condition under which a creator sees it."""

    NOBODY = ""
    """No creator sees a row of it: it is the house's own."""
    HOUSE = "(SELECT orders.creator()) IS NOT NULL"
    """Every creator may see it."""
    OWN = "user_id = (SELECT orders.creator())"
    SHOP = "shop_id = ANY ((SELECT orders.creator_shops())::uuid[])"
    ORDER = "EXISTS (SELECT FROM orders.orders o WHERE o.id = order_id AND o.user_id = (SELECT orders.creator()))"
    PACKAGE = (
        "EXISTS (SELECT FROM orders.packages p WHERE p.id = package_id"
        " AND p.shop_id = ANY ((SELECT orders.creator_shops())::uuid[]))"
    )
    PRODUCT = "EXISTS (SELECT FROM orders.products p WHERE p.id = product_id AND p.user_id = (SELECT orders.creator()))"
    LISTING = (
        "EXISTS (SELECT FROM orders.listings l WHERE l.id = listing_id"
        " AND l.shop_id = ANY ((SELECT orders.creator_shops())::uuid[]))"
    )
    EFFECT = (
        "EXISTS (SELECT FROM orders.effects e JOIN orders.orders o ON o.id = e.order_id"
        " WHERE e.id = effect_id AND o.user_id = (SELECT orders.creator()))"
    )
    SUBJECT = "subject = (SELECT orders.caller_id())"
    """What was said of the creator himself."""
    PERSON = "id = (SELECT orders.caller_id())"
    """The row of the creator himself."""


@dataclass(frozen=True, slots=True)
class Guard:
    """One table: whose the rows are, and who may write them. Every role but creator reads all rows unless `reads` says which."""

    tenant: Tenant
    insert: Roles = ()
    update: Roles = ()
    delete: Roles = ()
    lock: Roles = ()
    """They may lock a row that they may not change."""
    columns: Mapping[str, Roles] = field(default_factory=dict)
    """Columns that more roles may change than the rest of the row."""
    reads: str = ""
    writes: str = ""
    """Which rows somebody may write, where not all."""
    refusals: bool = False
    """Whoever may write nothing else may still leave the line that he was refused something."""


_KEEP = (*LEADS, Role.SERVICE)
_CLEAN = (Role.ADMIN, Role.SERVICE)
_PROGRAM = (Role.SERVICE,)
_STAFF = (Role.VIEWER, *WORKS)

_MINE = "user_id = (SELECT orders.caller_id())"
_OWN_ANSWERS = "caller = (SELECT orders.caller_id())"
_LEADING = "(SELECT orders.caller_role()) IN ('supervisor', 'admin')"
# What somebody else mended goes on in his name, whoever's transaction comes upon it.
_IN_ONE_S_NAME = (
    "(source <> 'user' OR actor = (SELECT orders.caller_name()) OR EXISTS (SELECT FROM orders.failures f"
    " WHERE f.order_id = audit_log.subject AND f.retry_by = audit_log.actor))"
)


def _kept(tenant: Tenant) -> Guard:
    """Worked on, and never deleted."""
    return Guard(tenant, insert=WORKS, update=WORKS)


def _added(tenant: Tenant, *, clean: bool = False) -> Guard:
    """Added to, and never changed; `clean` where retention may take rows away."""
    return Guard(tenant, insert=WORKS, update=_CLEAN if clean else (), delete=_CLEAN if clean else ())


def _worked(tenant: Tenant) -> Guard:
    """Worked on, and deleted by the same people."""
    return Guard(tenant, insert=WORKS, update=WORKS, delete=WORKS)


def _told() -> Guard:
    """What daemons tell each other."""
    return Guard(Tenant.NOBODY, insert=_PROGRAM, update=_PROGRAM, delete=_PROGRAM)


def _arranged(tenant: Tenant, *, delete: bool = False, lock: bool = False) -> Guard:
    """How the house works: changed by those who lead, and by the daemon."""
    others = (Role.OPERATOR,) if lock else ()
    return Guard(tenant, insert=_KEEP, update=_KEEP, delete=_KEEP if delete else (), lock=others)


TABLES: Mapping[str, Guard] = {
    # Orders
    "orders": _kept(Tenant.OWN),
    "order_items": _kept(Tenant.ORDER),
    "order_item_units": _kept(Tenant.ORDER),
    "order_search_words": _added(Tenant.ORDER, clean=True),
    "order_status_history": _added(Tenant.ORDER, clean=True),
    "order_workflows": _kept(Tenant.ORDER),
    "order_workflow_steps": _added(Tenant.ORDER, clean=True),
    "work": _worked(Tenant.ORDER),
    "holds": _kept(Tenant.ORDER),
    "failures": _kept(Tenant.ORDER),
    "notes": Guard(Tenant.NOBODY, insert=WORKS, update=WORKS, delete=_CLEAN),
    "workflow_definitions": _arranged(Tenant.HOUSE),
    # Parcels
    "packages": _kept(Tenant.SHOP),
    "package_items": _worked(Tenant.ORDER),
    "documents": _added(Tenant.PACKAGE, clean=True),
    "manifests": _kept(Tenant.OWN),
    "tracking_exports": _kept(Tenant.PACKAGE),
    "cancellations": _kept(Tenant.ORDER),
    "returns": _kept(Tenant.ORDER),
    "waves": _kept(Tenant.NOBODY),
    "pick_lines": _kept(Tenant.ORDER),
    "stations": _arranged(Tenant.HOUSE, delete=True),
    "prints": _kept(Tenant.NOBODY),
    "print_subjects": _added(Tenant.NOBODY),
    # Stock
    "products": _kept(Tenant.OWN),
    "product_aliases": Guard(Tenant.OWN, insert=WORKS, update=WORKS, delete=WORKS),
    "stock_levels": _kept(Tenant.PRODUCT),
    "stock_reservations": _kept(Tenant.ORDER),
    "stock_movements": _added(Tenant.PRODUCT),
    "stock_alarms": _kept(Tenant.PRODUCT),
    "stock_counts": _kept(Tenant.NOBODY),
    "stock_count_lines": _kept(Tenant.NOBODY),
    "listings": _kept(Tenant.SHOP),
    "listing_stock": _kept(Tenant.LISTING),
    "locations": _arranged(Tenant.HOUSE, lock=True),
    "warehouses": _arranged(Tenant.SHOP),
    # Shops and people
    "shops": _arranged(Tenant.OWN, lock=True),
    "grants": _arranged(Tenant.NOBODY),
    "polls": _kept(Tenant.NOBODY),
    "users": Guard(
        Tenant.PERSON,
        insert=ADMINISTERS,
        update=ADMINISTERS,
        lock=(*_STAFF, Role.CREATOR),
        columns={"email": _PROGRAM},
    ),
    "data_keys": Guard(Tenant.NOBODY, insert=WORKS, update=_CLEAN, delete=_CLEAN),
    "index_keys": Guard(Tenant.NOBODY, insert=WORKS, update=_CLEAN, delete=_CLEAN),
    "access_tokens": Guard(
        Tenant.NOBODY,
        insert=ADMINISTERS,
        update=ADMINISTERS,
        reads=f"{_MINE} OR (SELECT orders.caller_role()) = 'admin'",
    ),
    "retention_policies": Guard(Tenant.NOBODY, insert=ADMINISTERS, update=ADMINISTERS, delete=ADMINISTERS),
    "privacy_errands": Guard(Tenant.NOBODY, insert=_CLEAN, update=_CLEAN, delete=_CLEAN),
    "notice_preferences": _arranged(Tenant.NOBODY),
    "notice_targets": _arranged(Tenant.NOBODY, delete=True),
    "notice_refusals": _arranged(Tenant.NOBODY, delete=True),
    "notice_directory": _arranged(Tenant.NOBODY),
    "notice_sends": _kept(Tenant.NOBODY),
    # Outside
    "inbox": Guard(Tenant.NOBODY, insert=WORKS, update=WORKS, delete=_CLEAN),
    "inbox_keys": _added(Tenant.NOBODY),
    "effects": _kept(Tenant.ORDER),
    "effect_tries": _added(Tenant.EFFECT, clean=True),
    "gates": _kept(Tenant.NOBODY),
    "dependency_states": _told(),
    "leases": _told(),
    "daemons": _told(),
    "fleet_minutes": _told(),
    "fleet_gauges": _told(),
    "alerts": _told(),
    "backups": Guard(Tenant.NOBODY, insert=_CLEAN, update=_CLEAN, delete=_CLEAN),
    # Records
    "audit_log": Guard(Tenant.SUBJECT, insert=WORKS, writes=_IN_ONE_S_NAME, refusals=True),
    "audit_seals": Guard(Tenant.NOBODY, insert=_CLEAN),
    "audit_seal_heads": Guard(Tenant.NOBODY, insert=_CLEAN),
    "audit_cuts": Guard(Tenant.NOBODY),
    "batches": _kept(Tenant.NOBODY),
    "batch_parts": _worked(Tenant.NOBODY),
    "journal": Guard(Tenant.NOBODY, insert=WORKS, update=WORKS, delete=_CLEAN),
    "saved_views": Guard(
        Tenant.NOBODY,
        insert=WORKS,
        update=WORKS,
        delete=WORKS,
        reads=f"user_id IS NULL OR {_MINE}",
        writes=f"({_MINE} OR user_id IS NULL AND {_LEADING})",
    ),
    "rules": Guard(
        Tenant.NOBODY,
        insert=_KEEP,
        update=_KEEP,
        delete=_KEEP,
        columns={"error": (Role.OPERATOR,), "broke_at": (Role.OPERATOR,)},
    ),
    "rule_runs": Guard(Tenant.NOBODY, insert=WORKS, delete=_CLEAN),
    "presence": Guard(Tenant.NOBODY, insert=_STAFF, update=_STAFF, delete=_STAFF),
    "api_answers": Guard(
        Tenant.NOBODY, insert=WORKS, update=WORKS, delete=_CLEAN, reads=_OWN_ANSWERS, writes=_OWN_ANSWERS
    ),
    # Counters
    "creator_metrics": _kept(Tenant.OWN),
    "event_counters": _kept(Tenant.SHOP),
    "order_moves": Guard(Tenant.SHOP, insert=WORKS, update=_CLEAN, delete=_CLEAN),
    "order_counts": Guard(Tenant.SHOP, insert=_CLEAN, update=_CLEAN, delete=_CLEAN),
    "order_minutes": Guard(Tenant.SHOP, insert=_CLEAN, update=_CLEAN, delete=_CLEAN),
}
