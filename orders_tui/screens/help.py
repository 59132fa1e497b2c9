"""Help: every action with its keys, where it holds and its command-line twin, read from the registry and searched as one types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from orders_tui.actions import ACTIONS, Action, Scope
from orders_tui.actions.spoken import spoken_keys
from orders_tui.bindings import bindings_of
from orders_tui.reach import Situation
from orders_tui.screens.console_screen import ConsoleScreen
from orders_tui.state import Session


class HelpScreen(ConsoleScreen):
    """What can be done on the screen beneath comes first, and says when it is out of reach; then everything else."""

    SCOPES = (Scope.HELP,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.HELP)
    AUTO_FOCUS = "#help-search"

    def __init__(self, session: Session, beneath: Screen[object]) -> None:
        super().__init__(session)
        self._here = beneath.palette_scopes() if isinstance(beneath, ConsoleScreen) else ()
        self._now = beneath.situation() if isinstance(beneath, ConsoleScreen) else Situation()

    def body(self) -> ComposeResult:
        yield Input(placeholder="type to find an action, a key, a command", id="help-search", compact=True)
        with VerticalScroll(id="help", can_focus=False):
            yield Static("", id="every-key", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Input).cursor_blink = not self.session.options.slow_line
        self._show("")

    @on(Input.Changed, "#help-search")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._show(event.value)
        self.scrolled.scroll_home(animate=False)

    @on(Input.Submitted, "#help-search")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.do_close()

    def _show(self, phrase: str) -> None:
        width = self.app.size.width - 4
        shown = help_content(self.session.options.keymap, self._here, self._now, phrase, width=width)
        self.query_one("#every-key", Static).update(shown)

    @property
    def scrolled(self) -> VerticalScroll:
        return self.query_one("#help", VerticalScroll)

    def do_down(self) -> None:
        self.scrolled.scroll_down(animate=False)

    def do_up(self) -> None:
        self.scrolled.scroll_up(animate=False)

    def do_page_down(self) -> None:
        self.scrolled.scroll_page_down(animate=False)

    def do_page_up(self) -> None:
        self.scrolled.scroll_page_up(animate=False)

    def do_close(self) -> None:
        _ = self.app.pop_screen()


def help_content(
    keymap: Mapping[str, str],
    here: Sequence[Scope] = (),
    now: Situation | None = None,
    phrase: str = "",
    *,
    width: int = 160,
) -> Content:
    """The actions that fit the phrase, scope by scope: those of `here` first, with what puts them out of reach `now`."""
    order = [*here, *(scope for scope in Scope if scope not in here)]
    words = phrase.casefold().split()
    fitting = [action for action in ACTIONS if _fits(action, keymap, words)]
    fitting.sort(key=lambda action: order.index(action.scope))
    lines: list[Content] = []
    for scope, actions in groupby(fitting, key=lambda action: action.scope):
        here_words = "   where you are" if scope in here else ""
        lines.append(
            Content.assemble("\n" if lines else "", (str(scope), "bold $text-accent"), (here_words, "$text-muted"))
        )
        for action in actions:
            lines.append(_line(action, keymap, width))
            reason = action.reason(now) if now is not None and scope in here else ""
            if reason:
                lines.append(Content.styled(f"{'':<19} {reason}", "$text-warning"))
    return Content("\n").join(lines) if lines else Content("No action fits; take a letter away.")


def _fits(action: Action, keymap: Mapping[str, str], words: Sequence[str]) -> bool:
    said = f"{spoken_keys(action, keymap)} {action.text} {action.scope} {action.twin} {action.id}".casefold()
    return all(word in said for word in words)


def _line(action: Action, keymap: Mapping[str, str], width: int) -> Content:
    said = f"  {spoken_keys(action, keymap):<16} "
    named = f"(orders-tui {action.twin})   {action.id}" if action.twin else action.id
    room = width - len(said) - len(action.text) - 3
    between = "   " if len(named) <= room else f"\n{'':<22}"
    return Content.assemble((said, "bold"), action.text, (f"{between}{named}", "$text-muted"))
