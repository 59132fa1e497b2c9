"""The parts of the services, each loaded when it is first asked for: a console that opens needs few of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from engine.access.permissions import Permission
from engine.access.roles import Role
from engine.actors import Actor
from engine.database.connection import Database
from orders_tui.services.door import Door

if TYPE_CHECKING:
    from orders_tui.printing.printers import PrintSettings
    from orders_tui.services.audit import Audit
    from orders_tui.services.bulk import Bulk
    from orders_tui.services.buyers import Buyers
    from orders_tui.services.exports import Exports
    from orders_tui.services.failures import Failures
    from orders_tui.services.glance import Glance
    from orders_tui.services.goods import Goods
    from orders_tui.services.holds import Holds
    from orders_tui.services.imports import Imports
    from orders_tui.services.inventory import Inventory
    from orders_tui.services.keys import Keys
    from orders_tui.services.locations import Locations
    from orders_tui.services.marks import Marks
    from orders_tui.services.notices import Notices
    from orders_tui.services.order_sheets import OrderSheets
    from orders_tui.services.parcels import Parcels
    from orders_tui.services.people import People
    from orders_tui.services.picking import Picking
    from orders_tui.services.presence import Presence
    from orders_tui.services.printing import Printing
    from orders_tui.services.privacy import Privacy
    from orders_tui.services.products import Products
    from orders_tui.services.pulls import Pulls
    from orders_tui.services.reports import Reports
    from orders_tui.services.rules import Rules
    from orders_tui.services.shops import Shops
    from orders_tui.services.stock_lists import StockLists
    from orders_tui.services.stock_sheets import StockSheets
    from orders_tui.services.tokens import Tokens
    from orders_tui.services.views import Views
    from orders_tui.services.workflows import Workflows


class Parts:
    """One person's (`actor`) parts over one open database."""

    def __init__(
        self,
        database: Database,
        actor: Actor,
        *,
        role: Role = Role.ADMIN,
        print_settings: PrintSettings | None = None,
    ) -> None:
        self.database = database
        self.actor = actor
        self.role = role
        """What the person may; what is more is refused, and the refusal is audited."""
        self.door = Door(database, actor, role)
        self._print_settings = print_settings

    @property
    def me(self) -> str:
        """Whom `assigned:me` means in a filter; nothing is assigned to somebody who is no user."""
        return str(self.actor.user_id or UUID(int=0))

    @cached_property
    def audit(self) -> Audit:
        from orders_tui.services.audit import Audit

        return Audit(self.database)

    @cached_property
    def bulk(self) -> Bulk:
        from orders_tui.services.bulk import Bulk

        return Bulk(self.database, self.actor, self.door)

    @cached_property
    def buyers(self) -> Buyers:
        from orders_tui.services.buyers import Buyers

        return Buyers(self.database, self.actor, self.door)

    @cached_property
    def holds(self) -> Holds:
        from orders_tui.services.holds import Holds

        return Holds(self.database, self.bulk)

    @cached_property
    def keys(self) -> Keys:
        from orders_tui.services.keys import Keys

        return Keys(self.database, self.actor, self.door.of(Permission.KEYS_ROTATE))

    @cached_property
    def privacy(self) -> Privacy:
        from orders_tui.services.privacy import Privacy

        return Privacy(self.database, self.actor, self.door.of(Permission.PRIVACY_ERASE))

    @cached_property
    def marks(self) -> Marks:
        from orders_tui.services.marks import Marks

        return Marks(self.database, self.actor, self.door, self.bulk)

    @cached_property
    def parcels(self) -> Parcels:
        from orders_tui.services.parcels import Parcels

        return Parcels(self.database, self.actor, self.door.of(Permission.PARCELS_CHANGE), self.bulk)

    @cached_property
    def views(self) -> Views:
        from orders_tui.services.views import Views

        return Views(self.database, self.actor, self.door.of(Permission.VIEWS_KEEP))

    @cached_property
    def order_sheets(self) -> OrderSheets:
        from orders_tui.services.order_sheets import OrderSheets

        return OrderSheets(self.database)

    @cached_property
    def people(self) -> People:
        from orders_tui.services.people import People

        return People(self.database, self.actor, self.door.of(Permission.USERS_CHANGE))

    @cached_property
    def picking(self) -> Picking:
        from orders_tui.services.picking import Picking

        return Picking(self.database, self.actor, self.door.of(Permission.PICKING_CHANGE))

    @cached_property
    def printing(self) -> Printing:
        from orders_tui.printing.printers import PrintSettings
        from orders_tui.services.printing import Printing

        return Printing(
            self.database, self.actor, self.door.of(Permission.PARCELS_CHANGE), self._print_settings or PrintSettings()
        )

    @cached_property
    def presence(self) -> Presence:
        from orders_tui.services.presence import Presence

        return Presence(self.database, self.actor)

    @cached_property
    def products(self) -> Products:
        from orders_tui.services.products import Products

        return Products(self.database, self.actor, self.door.of(Permission.PRODUCTS_CHANGE))

    @cached_property
    def locations(self) -> Locations:
        from orders_tui.services.locations import Locations

        return Locations(self.database, self.actor, self.door.of(Permission.PLACES_CHANGE))

    @cached_property
    def inventory(self) -> Inventory:
        from orders_tui.services.inventory import Inventory

        return Inventory(self.database, self.actor, self.door.of(Permission.STOCK_CHANGE))

    @cached_property
    def stock_lists(self) -> StockLists:
        from orders_tui.services.stock_lists import StockLists

        return StockLists(self.database)

    @cached_property
    def stock_sheets(self) -> StockSheets:
        from orders_tui.services.stock_sheets import StockSheets

        return StockSheets(self.database)

    @cached_property
    def failures_queue(self) -> Failures:
        from orders_tui.services.failures import Failures

        return Failures(self.database, self.actor, self.door.of(Permission.FAILURES_MEND), self.bulk)

    @cached_property
    def reports(self) -> Reports:
        from orders_tui.services.reports import Reports

        return Reports(self.database)

    @cached_property
    def glance(self) -> Glance:
        from orders_tui.services.glance import Glance

        return Glance(self.database)

    @cached_property
    def workflows(self) -> Workflows:
        from orders_tui.services.workflows import Workflows

        return Workflows(self.database, self.actor, self.door)

    @cached_property
    def exports(self) -> Exports:
        from orders_tui.services.exports import Exports

        return Exports(self.database, self.actor, self.door.of(Permission.PARCELS_CHANGE))

    @cached_property
    def goods(self) -> Goods:
        from orders_tui.services.goods import Goods

        return Goods(self.database, self.inventory, self.products)

    @cached_property
    def imports(self) -> Imports:
        from orders_tui.services.imports import Imports

        return Imports(self.database, self.door.of(Permission.ORDERS_IMPORT))

    @cached_property
    def rules(self) -> Rules:
        from orders_tui.services.rules import Rules

        return Rules(self.database, self.actor, self.door.of(Permission.RULES_CHANGE))

    @cached_property
    def notices(self) -> Notices:
        from orders_tui.services.notices import Notices

        return Notices(self.database, self.actor, self.door.of(Permission.NOTICES_CHANGE))

    @cached_property
    def shops(self) -> Shops:
        from orders_tui.services.shops import Shops

        return Shops(self.database, self.actor, self.door.of(Permission.SHOPS_CHANGE))

    @cached_property
    def tokens(self) -> Tokens:
        from orders_tui.services.tokens import Tokens

        return Tokens(self.database, self.actor, self.door.of(Permission.TOKENS_ISSUE))

    @cached_property
    def pulls(self) -> Pulls:
        from orders_tui.services.pulls import Pulls

        return Pulls(self.database, self.door)
