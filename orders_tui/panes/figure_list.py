"""One panel of figures: a title, and lines with a cursor that goes on into the next panel."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from orders_tui.messages import EdgeReached, RoomChanged
from orders_tui.overview.figure import Figure
from orders_tui.panes.line_list import LineList


class FigureList(LineList):
    """Lines as high as they are many; past the first and the last one the panel beside it is asked for."""

    def do_down(self) -> None:
        if self.highlighted is None or self.highlighted >= self.option_count - 1:
            self.post_message(EdgeReached(1))
        else:
            super().do_down()

    def do_up(self) -> None:
        if not self.highlighted:
            self.post_message(EdgeReached(-1))
        else:
            super().do_up()


class Panel(Vertical):
    """A titled list of figures; what has not changed is not drawn again."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(id=f"panel-{name}", classes="panel")
        self.panel = name
        self._title = title
        self.figures: dict[str, Figure] = {}

    def compose(self) -> ComposeResult:
        yield Static(Content(self._title), classes="panel-title", markup=False)
        yield FigureList()

    def on_resize(self) -> None:
        if self.figures:
            self.post_message(RoomChanged())

    @property
    def list(self) -> FigureList:
        return self.query_one(FigureList)

    @property
    def room(self) -> int:
        """Cells that a line has."""
        return max(20, self.content_size.width - 2)

    @property
    def figure(self) -> Figure | None:
        """What is under the cursor."""
        return self.figures.get(self.list.cursor_id or "")

    def show(self, figures: Sequence[Figure]) -> None:
        """Show these figures; the cursor stays on its own."""
        self.figures = {figure.id: figure for figure in figures}
        self.list.show([(figure.id, figure.content) for figure in figures])
