"""A list of orders with saved views: opened, counted in the background, kept, forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work
from textual.content import Content

from engine.errors import NotFound
from engine.identifiers import OrderId
from engine.orders.filter_language.reading import Reader
from engine.orders.filter_language.writing import write
from engine.orders.saved_views import SavedView, on_keys
from engine.orders.views import Count, OrderFilter
from orders_tui.panes.view_strip import ViewStrip
from orders_tui.screens.order_list import OrderListScreen
from orders_tui.services.views import filter_of_view
from orders_tui.state import Session
from orders_tui.table.order_columns import columns_named

if TYPE_CHECKING:
    from orders_tui.modals.entry import Values

COUNTS_EVERY = 20
"""The views are counted on every so many refreshes."""


class ViewsScreen(OrderListScreen):
    """The strip of views is read and counted behind the list, never before it."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.view: SavedView | None = None
        """The saved view that is open."""
        self.views: list[SavedView] = []
        self._counts: dict[int, Count | None] = {}
        self._refreshes = 0
        self._wanted_key: int | None = None

    @property
    def reader(self) -> Reader:
        """Who reads a view's words."""
        return Reader(self.session.options.zone, self.session.services.me)

    def on_mount(self) -> None:
        super().on_mount()
        self.count_views()

    async def refresh_live(self) -> None:
        await super().refresh_live()
        self._refreshes += 1
        if self._refreshes % COUNTS_EVERY == 0:
            self.count_views()

    @work(group="counts", exclusive=True, exit_on_error=False)
    async def count_views(self) -> None:
        views = await self.session.services.views.list()
        self.views = views
        self._counts = {key: count for key, count in self._counts.items() if key in on_keys(views)}
        self._show_strip()
        for key, view in on_keys(views).items():
            self._counts[key] = await self.session.services.views.count(view, self.reader)
            self._show_strip()

    def _show_strip(self) -> None:
        if self.is_attached:
            self.query_one(ViewStrip).show(on_keys(self.views), self._counts, self.view)

    # ------------------------------------------------------------------ opening one

    def narrow(self, order_filter: OrderFilter, title: str, order_id: OrderId | None = None) -> None:
        self.view = None
        super().narrow(order_filter, title, order_id)
        if self.is_mounted:
            self._show_strip()

    def open_on_key(self, key: int) -> None:
        """Open the view on a key, as soon as this screen is there."""
        self.open_saved(key)

    @work(group="views", exclusive=True, exit_on_error=False)
    async def open_saved(self, key: int) -> None:
        views = await self.session.services.views.list()
        view = on_keys(views).get(key)
        if view is None:
            raise NotFound(
                "view.unknown", f"There is no view on the key {key}: F saves this list as one, V lists them."
            )
        self.views = views
        self.show_view(view)

    def show_view(self, view: SavedView) -> None:
        """Show what a view shows. Raises Refused for words that mean nothing any more."""
        self.narrow(filter_of_view(view, self.reader), view.name)
        self.view = view
        if view.columns:
            self.columns = columns_named(view.columns)
        self._show_strip()

    @work(group="change", exit_on_error=False)
    async def do_views(self) -> None:
        from orders_tui.modals.choose import Choose

        views = await self.session.services.views.list()
        lines = [(str(number), _line(view)) for number, view in enumerate(views)]
        at = str(views.index(self.view)) if self.view in views else ""
        if chosen := await self.app.push_screen_wait(Choose(self.session, "Saved views", lines, at)):
            self.show_view(views[int(chosen)])

    # ------------------------------------------------------------------ keeping and forgetting

    def do_save_view(self) -> None:
        self.keep_view(shared=False)

    def do_share_view(self) -> None:
        self.keep_view(shared=True)

    @work(group="change", exit_on_error=False)
    async def keep_view(self, *, shared: bool) -> None:
        from orders_tui.modals.entry import Entry, EntryField

        opened = self.view if self.view and self.view.shared is shared else None
        fields = [
            EntryField("name", "name", opened.name if opened else ""),
            EntryField(
                "key",
                "key",
                str(opened.position or "") if opened else "",
                optional=True,
                check=lambda text: (
                    "" if text in "123456789" else "A view stands on one of the keys 1 to 9, or on none."
                ),
            ),
        ]

        async def carry(values: Values) -> str:
            view = SavedView(
                values["name"],
                self.words or write(self.filter, zone=self.session.options.zone),
                self.filter.sort,
                self.filter.ascending,
                self.session.memory.now.columns,
                int(values["key"]) if values["key"] else None,
                shared,
            )
            self.view = await self.session.services.views.save(view)
            on_key = f" on the key {self.view.position}" if self.view.position else ""
            return f"The view {self.view.name} is kept{on_key}{' for everybody' if shared else ''}."

        title = "Save what is listed as everybody's view" if shared else "Save what is listed as a view of your own"
        if sentence := await self.app.push_screen_wait(Entry(self.session, title, fields, carry)):
            self.title_words = self.view.name if self.view else ""
            self.show_filter()
            self.say(sentence)
            self.count_views()

    @work(group="change", exit_on_error=False)
    async def do_delete_view(self) -> None:
        from orders_tui.modals.confirm import Confirm

        view = self.view
        if view is None:
            return
        whose = "everybody's view" if view.shared else "your view"
        form = Confirm(
            self.session, f"Delete {whose} {view.name}?", "The orders in it stay as they are. It can be saved anew."
        )
        if await self.app.push_screen_wait(form):
            await self.session.services.views.delete(view.name, shared=view.shared)
            self.view = None
            self.say(f"The view {view.name} is deleted.")
            self.count_views()


def _line(view: SavedView) -> Content:
    key = str(view.position) if view.position else " "
    return Content.assemble(
        (f"{key} ", "bold $text-accent"),
        f"{view.name:<20} ",
        (view.words or "all orders", "$text-muted"),
        ("  everybody's" if view.shared else "", "$text-muted"),
    )
