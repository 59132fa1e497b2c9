"""Help: every action with its keys, where it holds and its command-line twin, read from the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from orders_tui.actions import Scope, actions_of
from orders_tui.bindings import bindings_of, spoken_keys
from orders_tui.screens.console_screen import ConsoleScreen


class HelpScreen(ConsoleScreen):
    """One column of keys and words; scrolls with the arrow keys."""

    SCOPES = (Scope.HELP,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.HELP)
    AUTO_FOCUS = "#help"

    def body(self) -> ComposeResult:
        with VerticalScroll(id="help", can_focus=True):
            yield Static(help_content(self.session.options.keymap), id="every-key", markup=False)

    def do_close(self) -> None:
        _ = self.app.pop_screen()


def help_content(keymap: Mapping[str, str]) -> Content:
    """Every action of the registry, scope by scope."""
    lines: list[Content] = []
    for scope in Scope:
        lines.append(Content.styled(f"{'' if not lines else chr(10)}{scope}", "bold $text-accent"))
        for action in actions_of(scope):
            twin = f"   (orders-tui {action.twin})" if action.twin else ""
            lines.append(
                Content.assemble(
                    (f"  {spoken_keys(action, keymap):<16} ", "bold"),
                    action.text,
                    (f"{twin}   {action.id}", "$text-muted"),
                )
            )
    return Content("\n").join(lines)
