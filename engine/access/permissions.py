"""What each role may do, as one written table: the HTTP surface, the console, the command line and the documentation read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.access.roles import ADMINISTERS, LEADS, LOOKS, WORKS, Role
from engine.errors import Refused


class Permission(StrEnum):
    """One thing somebody may be allowed to do."""

    ORDERS_READ = "orders.read"
    ORDERS_EXPORT = "orders.export"
    ORDERS_CHANGE = "orders.change"
    ORDERS_IMPORT = "orders.import"
    FAILURES_READ = "failures.read"
    FAILURES_MEND = "failures.mend"
    NOTES_READ = "notes.read"
    NOTES_WRITE = "notes.write"
    PARCELS_READ = "parcels.read"
    PARCELS_CHANGE = "parcels.change"
    PICKING_CHANGE = "picking.change"
    PRODUCTS_READ = "products.read"
    PRODUCTS_CHANGE = "products.change"
    STOCK_READ = "stock.read"
    STOCK_CHANGE = "stock.change"
    VIEWS_KEEP = "views.keep"
    VIEWS_SHARE = "views.share"
    REPORTS_READ = "reports.read"
    SHOPS_READ = "shops.read"
    SHOPS_CHANGE = "shops.change"
    RULES_READ = "rules.read"
    RULES_CHANGE = "rules.change"
    WORKFLOWS_READ = "workflows.read"
    WORKFLOWS_CHANGE = "workflows.change"
    PLACES_CHANGE = "places.change"
    NOTICES_READ = "notices.read"
    NOTICES_CHANGE = "notices.change"
    AUDIT_READ = "audit.read"
    HEALTH_READ = "health.read"
    USERS_READ = "users.read"
    USERS_CHANGE = "users.change"
    TOKENS_ISSUE = "tokens.issue"
    PRIVACY_EXPORT = "privacy.export"
    PRIVACY_ERASE = "privacy.erase"
    KEYS_ROTATE = "keys.rotate"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a permission lets somebody do, in words that finish "may", and who has it."""

    to: str
    roles: tuple[Role, ...]


_EVERYBODY = (*LOOKS, Role.CREATOR)

TABLE: Mapping[Permission, Grant] = {
    Permission.ORDERS_READ: Grant("see orders and their story", _EVERYBODY),
    Permission.ORDERS_EXPORT: Grant("write orders to a file", _EVERYBODY),
    Permission.ORDERS_CHANGE: Grant("change orders", WORKS),
    Permission.ORDERS_IMPORT: Grant("take orders in from a file or from TikTok", WORKS),
    Permission.FAILURES_READ: Grant("see what failed", _EVERYBODY),
    Permission.FAILURES_MEND: Grant("retry and mend what failed", WORKS),
    Permission.NOTES_READ: Grant("read notes", LOOKS),
    Permission.NOTES_WRITE: Grant("write notes", WORKS),
    Permission.PARCELS_READ: Grant("see parcels", _EVERYBODY),
    Permission.PARCELS_CHANGE: Grant("buy labels, split, combine and hand over parcels", WORKS),
    Permission.PICKING_CHANGE: Grant("pick and pack", WORKS),
    Permission.PRODUCTS_READ: Grant("see products", _EVERYBODY),
    Permission.PRODUCTS_CHANGE: Grant("change products", WORKS),
    Permission.STOCK_READ: Grant("see stock", _EVERYBODY),
    Permission.STOCK_CHANGE: Grant("book and count stock", WORKS),
    Permission.VIEWS_KEEP: Grant("keep saved views of their own", WORKS),
    Permission.VIEWS_SHARE: Grant("change everybody's saved views", LEADS),
    Permission.REPORTS_READ: Grant("read reports", _EVERYBODY),
    Permission.SHOPS_READ: Grant("see shops", _EVERYBODY),
    Permission.SHOPS_CHANGE: Grant("connect shops and change how they are worked", LEADS),
    Permission.RULES_READ: Grant("see rules", LOOKS),
    Permission.RULES_CHANGE: Grant("change rules", LEADS),
    Permission.WORKFLOWS_READ: Grant("see workflows", _EVERYBODY),
    Permission.WORKFLOWS_CHANGE: Grant("load workflows", LEADS),
    Permission.PLACES_CHANGE: Grant("change locations, calendars and stations", LEADS),
    Permission.NOTICES_READ: Grant("see notices", LOOKS),
    Permission.NOTICES_CHANGE: Grant("say who is told what", LEADS),
    Permission.AUDIT_READ: Grant("read the audit log", LOOKS),
    Permission.HEALTH_READ: Grant("see how the program is doing", LOOKS),
    Permission.USERS_READ: Grant("see who is known", LOOKS),
    Permission.USERS_CHANGE: Grant("add people and change what they may", ADMINISTERS),
    Permission.TOKENS_ISSUE: Grant("issue and revoke tokens", ADMINISTERS),
    Permission.PRIVACY_EXPORT: Grant("export what is held about a customer", LEADS),
    Permission.PRIVACY_ERASE: Grant("erase a customer", ADMINISTERS),
    Permission.KEYS_ROTATE: Grant("rotate keys", ADMINISTERS),
}


def may(role: Role, permission: Permission) -> bool:
    """Whether this role has the permission."""
    return role in TABLE[permission].roles


def require(role: Role, permission: Permission) -> None:
    """Raises Refused, naming what is not allowed and who may."""
    grant = TABLE[permission]
    if role not in grant.roles:
        *others, last = [str(one) for one in grant.roles if one is not Role.SERVICE]
        who = f"{', '.join(others)} or {last}" if others else last
        raise Refused("access.denied", f"Your role ({role}) may not {grant.to}: ask one who is {who}.")
