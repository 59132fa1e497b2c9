"""What can be done with the chosen orders: every action with its key, and why one is out of reach."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList

from orders_tui.actions import BY_ID, Action, Group, Scope, actions_of
from orders_tui.actions.spoken import spoken_keys
from orders_tui.bindings import bindings_of
from orders_tui.modals.form import Form
from orders_tui.panes.line_list import LineList
from orders_tui.reach import Situation
from orders_tui.screens.console_screen import ConsoleScreen

_OPENER = "orders.menu"


class OrderMenu(Form[str]):
    """Closes with the id of the action to carry out on the screen beneath, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.MENU)

    def __init__(self, beneath: ConsoleScreen, words: str) -> None:
        super().__init__(beneath.session, f"What to do with {words}")
        self._beneath = beneath

    @property
    def actions(self) -> list[Action]:
        """What is offered: the keys of the screen first, then what only this menu has."""
        offered = (*actions_of(Scope.CHOSEN), *actions_of(Scope.MENU))
        return [action for action in offered if action.group is Group.DO and action.id != _OPENER]

    def body(self) -> ComposeResult:
        yield LineList()

    def on_mount(self) -> None:
        super().on_mount()
        lines = self.query_one(LineList)
        now = self.situation()
        lines.show([(action.id.replace(".", "-"), self._line(action, now)) for action in self.actions])
        self.set_focus(lines)

    def _line(self, action: Action, now: Situation) -> Content:
        key = f"{spoken_keys(action, self.session.options.keymap, first=True):>3}  "
        reason = action.reason(now)
        if reason:
            return Content.assemble((f"{key}{action.text}", "$text-muted"), (f"  {reason}", "$text-muted"))
        return Content.assemble((key, "bold $text-accent"), action.text)

    def receiver(self, scope: Scope) -> Widget:
        if scope is Scope.LIST:
            return self.query_one(LineList)
        if scope is Scope.MENU:  # a key of the menu: it is carried out beneath, as every action is
            self.close(None)
            return self._beneath.receiver(scope)
        return self

    def situation(self) -> Situation:
        return self._beneath.situation()

    def on_key(self, event: events.Key) -> None:
        """The screen's own keys hold here too."""
        keymap = self.session.options.keymap
        for action in actions_of(Scope.CHOSEN):
            if event.key in keymap.get(action.id, action.keys).split(",") and action in self.actions:
                event.stop()
                self._carry_out(action)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.do_confirm()

    def do_confirm(self) -> None:
        if (line := self.query_one(LineList).cursor_id) is not None:
            self._carry_out(BY_ID[line.replace("-", ".", 1)])

    def _carry_out(self, action: Action) -> None:
        if reason := action.reason(self.situation()):
            self.complain(reason)
        else:
            self.close(action.id)
