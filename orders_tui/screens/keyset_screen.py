"""A screen around one list of any length: opened, read page by page, kept up to date, the cursor kept by id."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import ClassVar, Generic

from textual import on, work
from textual.widget import Widget

from orders_tui.actions import Scope
from orders_tui.messages import PagesWanted, RowClicked
from orders_tui.panes.keyset_list import KeysetList
from orders_tui.screens.console_screen import ConsoleScreen
from orders_tui.state import Session
from orders_tui.table.page_cache import PAGE_ROWS, PageCache, PageSource, Row


class KeysetScreen(ConsoleScreen, Generic[Row]):
    """Subclasses yield one `KeysetList` in their body, give `source`, and say how things stand in `show_standing`.

    `open_list` opens the list anew wherever the cursor is; `refresh_live` patches the rows on screen and counts what is new.
    """

    AUTO_FOCUS = "KeysetList"
    PAGE_ROWS: ClassVar[int] = PAGE_ROWS
    """How many rows one question to the database brings."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.new_rows = 0
        """How many rows stand above the first one that is shown, since the list was opened."""

    @property
    def list(self) -> KeysetList[Row]:
        return self.query_one(KeysetList)

    @abstractmethod
    def source(self) -> PageSource[Row]:
        """Where the rows come from now."""

    def show_standing(self) -> None:
        """Say how many rows there are, and what is new."""

    def on_mount(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Read the list for the first time."""
        self.open_list()

    @work(group="list", exclusive=True, exit_on_error=False)
    async def open_list(self, *, keep_cursor: bool = True, at: object = None, pause_seconds: float = 0.0) -> None:
        """Read the list anew; the old one stays until the new one is here. The cursor goes to `at`, or stays where it was."""
        if pause_seconds:
            await asyncio.sleep(pause_seconds)
        shown = self.list
        held = at or (shown.cursor_id if keep_cursor and shown.cursor else None)
        cache: PageCache[Row] = PageCache(self.source(), page_rows=self.PAGE_ROWS)
        await cache.open()
        number = await cache.locate(held) if held else 0
        shown.show(cache, number or 0)
        self.new_rows = 0
        self.show_standing()
        await cache.measure()
        if number is None and held is not None and shown.cursor == 0:
            shown.show(cache, await cache.locate(held) or 0)
        shown.measured()
        self.show_standing()

    @on(PagesWanted)
    def _pages_wanted(self) -> None:
        if (cache := self.list.cache) is not None:
            self.load_pages(cache)

    @work(group="pages", exit_on_error=False)
    async def load_pages(self, cache: PageCache[Row]) -> None:
        if await cache.load_wanted() and self.list.cache is cache:
            self.list.measured()

    async def refresh_live(self) -> None:
        """Patch the rows on screen that changed, and count what is new above them."""
        cache = self.list.cache
        if cache is None:
            self.open_list()
            return
        rows = await cache.source.rows([row.row_id for row in self.list.rows_on_screen()])
        new_rows = await cache.count_new()
        if self.list.cache is not cache:
            return
        self.list.update_rows(rows)
        if new_rows != self.new_rows:
            self.new_rows = new_rows
            self.show_standing()

    async def read(self) -> None:
        self.open_list()

    @on(RowClicked)
    async def _row_clicked(self) -> None:
        await self.run_action(f"app.perform('{self.SCOPES[0].name.lower()}.open')")

    def receiver(self, scope: Scope) -> Widget:
        return self.list if scope is Scope.LIST else self
