"""A screen of several parts, one at a time: their names, the lines of the one, all there is to say of the line under the cursor."""

from __future__ import annotations

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static

from orders_tui.pace import Pace
from orders_tui.panes.line_list import LineList
from orders_tui.part import Part
from orders_tui.screens.list_screen import ListScreen
from orders_tui.state import Session

READ_SECONDS = 2.0
"""The lines are read again this often."""


class PartsScreen(ListScreen):
    """Subclasses give the parts; `do_part` goes from one to the next."""

    def __init__(self, session: Session, parts: tuple[Part, ...]) -> None:
        super().__init__(session)
        self.parts = parts
        self.part = parts[0]
        self._said: Content | None = None
        self._pace = Pace(READ_SECONDS)

    def body(self) -> ComposeResult:
        yield Static("", id="parts", markup=False)
        yield Static("", id="columns", classes="heading", markup=False)
        yield LineList()
        with VerticalScroll(id="about", can_focus=False):
            yield Static("", id="said", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.open_part(self.part)

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.read_part()

    # ------------------------------------------------------------------ what is shown

    def open_part(self, part: Part) -> None:
        """Show another part from its first line."""
        self.part = part
        names: list[Content | str | tuple[str, str]] = []
        for each in self.parts:
            names += [(f" {each.title} ", "bold reverse") if each is part else (f" {each.title} ", "$text-muted"), " "]
        self.query_one("#parts", Static).update(Content.assemble(*names))
        self.query_one("#columns", Static).update(Content(part.heading))
        self.lines.show([])
        self.show_lines()
        self.read_part()

    @work(group="part", exclusive=True, exit_on_error=False)
    async def read_part(self) -> None:
        await self.read()

    async def read(self) -> None:
        self._pace.hurry()
        await self.refresh_live()

    async def refresh_live(self) -> None:
        if not self._pace.due(self.session.clock()):
            return
        part = self.part
        await part.read()
        if part is self.part:
            self.show_lines()
            await self._say()

    def show_lines(self) -> None:
        """Put the part's lines on screen; the cursor stays on its own."""
        self.lines.show(list(self.part.lines(self.session.viewer())))
        if self.lines.highlighted is None and self.lines.option_count:
            self.lines.highlighted = 0

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        self.say_more()

    @work(group="about", exclusive=True, exit_on_error=False)
    async def say_more(self) -> None:
        part, line_id = self.part, self.lines.cursor_id
        if line_id is not None and await part.go_beyond(line_id) and part is self.part:
            self.show_lines()
        await self._say()

    async def _say(self) -> None:
        part, line_id = self.part, self.lines.cursor_id
        said = Content.styled(part.empty, "$text-muted")
        if line_id is not None:
            said = await part.detail(line_id, self.session.viewer())
        if part is self.part and line_id == self.lines.cursor_id and said != self._said:
            self._said = said
            self.query_one("#said", Static).update(said)

    def do_part(self, step: str) -> None:
        at = self.parts.index(self.part)
        self.open_part(self.parts[(at + int(step)) % len(self.parts)])

    def do_copy(self) -> None:
        if (line_id := self.lines.cursor_id) is not None:
            command = self.part.command(line_id)
            self.app.copy_to_clipboard(command)
            self.say(f"Copied: {command[:200]}")
