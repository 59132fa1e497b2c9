"""Views that people keep, with how many orders each shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.access.permissions import Permission
from engine.actors import Actor
from engine.database.connection import Database
from engine.errors import OrdersError, Unreachable
from engine.orders import queries, saved_views
from engine.orders.filter_language.names import Names, names_known
from engine.orders.filter_language.reading import Reader, filter_of
from engine.orders.saved_views import SavedView
from engine.orders.views import Count, OrderFilter
from orders_tui.services.door import Door, lost_is_unreachable

COUNTED_UP_TO = 10_000
"""A view's count says "at least" beyond this."""


class Views:
    """The saved views of one person and of everybody."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database, self._actor, self._door = database, actor, door

    async def list(self) -> list[SavedView]:
        """One's own, then everybody's."""
        with lost_is_unreachable():
            return await saved_views.saved_views(self._database, self._actor)

    async def names(self) -> Names:
        """What shops, creators, people and tags are called, for hints and mistakes."""
        with lost_is_unreachable():
            return await names_known(self._database)

    async def count(self, view: SavedView, reader: Reader) -> Count | None:
        """How many orders a view shows; None where its filter means nothing here, say for a shop that is gone."""
        try:
            with lost_is_unreachable():
                return await queries.count(self._database, filter_of(view.words, reader), cap=COUNTED_UP_TO)
        except Unreachable:
            raise
        except OrdersError:
            return None

    async def save(self, view: SavedView) -> SavedView:
        """Keep a view under its name, in place of one that has it. Raises Refused."""
        return await self._door.write(
            self._database.run(lambda connection: saved_views.save_view(connection, view, actor=self._actor)),
            needs=Permission.VIEWS_SHARE if view.shared else None,
        )

    async def move(self, name: str, position: int | None) -> SavedView:
        """Put a view on another key, or on none. Raises NotFound, Refused."""
        return await self.save(replace(saved_views.view_named(await self.list(), name), position=position))

    async def delete(self, name: str, *, shared: bool | None = None) -> SavedView:
        """Forget a view by its name, one's own before everybody's unless `shared` says which. Raises NotFound."""
        views: Sequence[SavedView] = await self.list()
        view = saved_views.view_named([view for view in views if shared is None or view.shared is shared], name)
        await self._door.write(
            self._database.run(lambda connection: saved_views.delete_view(connection, view, actor=self._actor)),
            needs=Permission.VIEWS_SHARE if view.shared else None,
        )
        return view


def filter_of_view(view: SavedView, reader: Reader) -> OrderFilter:
    """What a view shows, as whoever reads it means it. Raises Refused for words that mean nothing any more."""
    return replace(filter_of(view.words, reader), sort=view.sort, ascending=view.ascending)
