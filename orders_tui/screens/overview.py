"""Overview: what moves, what stands still, what it comes to; enter on a figure shows the orders behind it."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import OptionList

from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.messages import EdgeReached, OrdersAsked, RoomChanged
from orders_tui.overview.figure import midnight_of
from orders_tui.overview.panels import TITLES, WIDE, Readings, figures_of
from orders_tui.pace import Pace
from orders_tui.panes.figure_list import FigureList, Panel
from orders_tui.reach import Situation
from orders_tui.screens.list_screen import ListScreen
from orders_tui.state import Session

MOVEMENT_SECONDS, STANDSTILL_SECONDS, RESULTS_SECONDS = 2.0, 4.0, 30.0
"""How often each kind of number is read: what hardly moves is read seldom."""


class OverviewScreen(ListScreen):
    """Panels of figures, one beside the other where there is room; each is drawn again only where it changed."""

    SCOPES = (Scope.OVERVIEW, Scope.LIST)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.OVERVIEW)
    AUTO_FOCUS = "FigureList"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.readings = Readings()
        self._paces = {
            self._read_movement: Pace(MOVEMENT_SECONDS),
            self._read_standstill: Pace(STANDSTILL_SECONDS),
            self._read_results: Pace(RESULTS_SECONDS),
        }

    def body(self) -> ComposeResult:
        with VerticalScroll(id="panels", can_focus=False):
            for name, title in TITLES.items():
                panel = Panel(name, title)
                panel.set_class(name in WIDE, "-whole")
                yield panel

    def on_mount(self) -> None:
        super().on_mount()
        self.first_read()

    @property
    def panels(self) -> list[Panel]:
        return list(self.query(Panel))

    @property
    def lines(self) -> FigureList:
        return self.focused if isinstance(self.focused, FigureList) else self.panels[0].list

    @property
    def panel(self) -> Panel:
        """The panel that has the cursor."""
        found = self.lines.parent
        assert isinstance(found, Panel)
        return found

    # ------------------------------------------------------------------ reading and showing

    @work(group="overview", exclusive=True, exit_on_error=False)
    async def first_read(self) -> None:
        await self.read()

    async def read(self) -> None:
        for pace in self._paces.values():
            pace.hurry()
        await self.refresh_live()

    async def refresh_live(self) -> None:
        """Read what is due; what fails keeps its old numbers, and the error is the caller's to report."""
        now = self.session.clock()
        due = [read for read, pace in self._paces.items() if pace.due(now)]
        for read in due:
            await read()
            self.show_figures()

    async def _read_movement(self) -> None:
        viewer = self.session.viewer()
        self.readings.movement = await self.session.services.glance.movement(viewer.now, midnight_of(viewer))

    async def _read_standstill(self) -> None:
        now = self.session.clock()
        self.readings.standstill = await self.session.services.glance.standstill(now)
        self.readings.standstill_at = now

    async def _read_results(self) -> None:
        viewer = self.session.viewer()
        self.readings.results = await self.session.services.glance.results(viewer.now, midnight_of(viewer))

    @on(RoomChanged)
    def show_figures(self) -> None:
        """Put the numbers that there are on screen."""
        if not self.is_mounted:
            return
        viewer = self.session.viewer()
        for panel in self.panels:
            panel.show(figures_of(panel.panel, self.readings, viewer, panel.room))

    # ------------------------------------------------------------------ actions

    async def do_open(self) -> None:
        figure = self.panel.figure
        if figure is None:
            return
        if figure.orders is not None:
            self.post_message(OrdersAsked(figure.orders, figure.title))
        elif figure.screen:
            await self.app.switch_mode(figure.screen)

    def do_panel(self, step: str) -> None:
        self._go_to_panel(int(step), last=False)

    @on(OptionList.OptionHighlighted)
    def _moved(self, event: OptionList.OptionHighlighted) -> None:
        """A panel is as high as its lines are many, so its screen scrolls for it; a panel's first line brings its title."""
        lines = event.option_list
        if lines is not self.focused:
            return
        board = self.query_one("#panels", VerticalScroll)
        top = lines.region.y + event.option_index - board.region.y + int(board.scroll_offset.y)
        above = 0 if event.option_index else 1
        board.scroll_to_region(Region(0, top - above, 1, 1 + above), animate=False)

    @on(EdgeReached)
    def _edge_reached(self, event: EdgeReached) -> None:
        self._go_to_panel(event.step, last=event.step < 0)

    def _go_to_panel(self, step: int, *, last: bool) -> None:
        panels = [panel for panel in self.panels if panel.figures]
        if not panels:
            return
        at = panels.index(self.panel) if self.panel in panels else 0
        there = panels[(at + step) % len(panels)]
        self.focus_on(there.list)
        there.list.highlighted = there.list.option_count - 1 if last else 0

    # ------------------------------------------------------------------ keys

    def receiver(self, scope: Scope) -> Widget:
        return self.lines if scope is Scope.LIST else self

    def situation(self) -> Situation:
        figure = self.panel.figure
        return Situation(
            connected=self.session.connected,
            read_only=self.session.options.read_only,
            role=self.session.role,
            behind=figure is not None and (figure.orders is not None or bool(figure.screen)),
        )
