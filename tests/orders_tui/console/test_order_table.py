"""The table on its own: what it draws, what it asks for, where cursor and marks stay."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from engine.identifiers import OrderId
from engine.words import OrderStatus
from orders_tui.messages import PagesWanted
from orders_tui.state import Viewer
from orders_tui.table.order_table import OrderTable
from orders_tui.table.page_cache import PAGE_ROWS, PageCache
from tests.factories import NOON
from tests.orders_tui.console.lists import Listing, order_id, row


class TableApp(App[None]):
    """One table over one list; keys go straight to it."""

    CSS = "OrderTable { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; overflow-y: scroll; }"

    def __init__(self, listing: Listing) -> None:
        super().__init__()
        self.cache = PageCache(listing)
        self.repainted: list[int] = []

    def compose(self) -> ComposeResult:
        yield OrderTable(lambda: Viewer(NOON, NOON.tzinfo))

    @property
    def table(self) -> OrderTable:
        return self.query_one(OrderTable)

    async def on_mount(self) -> None:
        await self.cache.open()
        await self.cache.measure()
        self.table.show(self.cache)

    @on(PagesWanted)
    def wanted(self) -> None:
        self.run_worker(self.load(), group="pages")

    async def load(self) -> None:
        if await self.cache.load_wanted():
            self.table.measured()

    def action_perform(self, action_id: str) -> None:
        getattr(self.table, f"do_{action_id.removeprefix('table.')}")()


def lines(app: App[None]) -> list[str]:
    """The screen as text."""
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


def numbers(app: App[None]) -> list[int]:
    """The order numbers on screen, as positions in the list; -1 for a placeholder."""
    shown = []
    for line in lines(app)[1:]:
        words = [word for word in line.split() if word.startswith("577000")]
        shown.append(int(words[0][-5:]) if words else -1)
    return shown


def marked(app: TableApp) -> tuple[OrderId, ...]:
    return app.table.selection.marked


async def settled(pilot: Pilot[None]) -> None:
    """What a key asks for is asked after its own frame."""
    await pilot.pause()
    while any(not worker.is_finished for worker in pilot.app.workers):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


async def press(pilot: Pilot[None], keys: Iterable[str]) -> None:
    await pilot.press(*keys)
    await settled(pilot)


async def test_only_the_lines_on_screen_are_drawn_of_a_hundred_thousand() -> None:
    app = TableApp(Listing(100_000))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert numbers(app) == list(range(23))
        await press(pilot, ["end"])
        assert numbers(app) == list(range(99_977, 100_000))
        assert app.table.cursor_id == order_id(99_999)
        assert len(app.cache.loaded) <= 5000
        await press(pilot, ["home", "pagedown"])
        assert app.table.cursor_id == order_id(22)


async def test_a_page_on_its_way_is_a_placeholder_and_then_its_rows() -> None:
    listing = Listing(5000)
    app = TableApp(listing)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        listing.gate = asyncio.Event()
        await pilot.press("end")
        await pilot.pause()
        assert numbers(app) == [-1] * 23
        assert app.table.cursor_row is None
        listing.gate.set()
        await settled(pilot)
        assert numbers(app) == list(range(4977, 5000))


async def test_the_cursor_stops_at_both_ends() -> None:
    app = TableApp(Listing(3))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, ["k"])
        assert app.table.cursor == 0
        await press(pilot, "jjjjj")
        assert app.table.cursor_id == order_id(2)


async def test_marks_stay_on_their_orders_when_the_list_is_sorted_anew() -> None:
    listing = Listing(40)
    app = TableApp(listing)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, ["space", "down", "space"])
        assert marked(app) == (order_id(0), order_id(2))
        listing.all.reverse()
        listing.ascending = True
        turned = PageCache(listing)
        await turned.open()
        app.table.show(turned, 38)
        await settled(pilot)
        ticked = [line for line in lines(app) if line.startswith("✓")]
        assert lines(app)[0].split()[-1] == "total"
        assert [number for number, line in zip(numbers(app), lines(app)[1:], strict=True) if line in ticked] == [2, 0]


async def test_a_range_is_stretched_by_the_cursor() -> None:
    app = TableApp(Listing(40))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, ["down", "v", "down", "down", "v", "down"])
        assert marked(app) == (order_id(1), order_id(2), order_id(3))
        await press(pilot, ["shift+down"])
        assert marked(app) == (order_id(1), order_id(2), order_id(3), order_id(4), order_id(5))


async def test_all_loaded_all_matching_and_the_inverse() -> None:
    app = TableApp(Listing(1000))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, ["a"])
        assert app.table.selection.size(app.table.total) == PAGE_ROWS
        await press(pilot, ["i"])
        assert not app.table.selection.marked
        await press(pilot, ["A", "space"])
        assert app.table.selection.size(app.table.total) == 999
        assert lines(app)[2].startswith("✓")
        assert not lines(app)[1].startswith("✓")


async def test_a_change_repaints_its_line_alone_and_stands_out_until_the_next() -> None:
    app = TableApp(Listing(40))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        before = lines(app)
        drawn: list[int] = []
        draw = app.table.render_line

        def watched(y: int) -> object:
            drawn.append(y)
            return draw(y)

        app.table.render_line = watched  # type: ignore[method-assign, assignment]
        app.table.update_rows([replace(row(4), order_status=OrderStatus.SHIPPED, version=2)])
        await pilot.pause()
        after = lines(app)
        assert drawn == [5]
        assert [place for place, (old, new) in enumerate(zip(before, after, strict=True)) if old != new] == [5]
        assert after[5].startswith("* shipped")
        app.table.update_rows([])
        await pilot.pause()
        assert lines(app)[5].startswith("  shipped")
        assert drawn == [5, 5]


async def test_text_from_outside_is_neither_markup_nor_an_escape_sequence() -> None:
    listing = Listing(1)
    listing.all = [row(0, items_summary="[bold red]x[/] \x1b]0;title\x07\x1b[2Jy")]
    app = TableApp(listing)
    async with app.run_test(size=(160, 24)) as pilot:
        await settled(pilot)
        assert "[bold red]x[/] y" in lines(app)[1]
        assert "\x1b" not in lines(app)[1]


async def test_a_narrower_terminal_shows_fewer_columns_and_the_same_order_under_the_cursor() -> None:
    app = TableApp(Listing(400))
    async with app.run_test(size=(160, 40)) as pilot:
        await settled(pilot)
        await press(pilot, ["pagedown", "pagedown"])
        here = app.table.cursor_id
        await pilot.resize_terminal(80, 12)
        await settled(pilot)
        assert app.table.cursor_id == here
        assert app.table.cursor in numbers(app)
        assert "customer" not in lines(app)[0]
