"""A screen around one list of lines: moving in it, and opening with the mouse what enter would open."""

from __future__ import annotations

from textual import on
from textual.widget import Widget
from textual.widgets import OptionList

from orders_tui.actions import Scope
from orders_tui.panes.line_list import LineList
from orders_tui.screens.console_screen import ConsoleScreen


class ListScreen(ConsoleScreen):
    """Subclasses yield one `LineList` in their body and give `do_open`."""

    AUTO_FOCUS = "LineList"

    @property
    def lines(self) -> LineList:
        return self.query_one(LineList)

    @on(OptionList.OptionSelected)
    async def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        await self.run_action(f"app.perform('{self.SCOPES[0].name.lower()}.open')")

    def receiver(self, scope: Scope) -> Widget:
        return self.lines if scope is Scope.LIST else self
