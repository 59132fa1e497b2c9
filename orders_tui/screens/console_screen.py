"""What every screen shares: the line on top, the banner, the line of keys, the refresh, the one path of errors."""

from __future__ import annotations

from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from engine.fleet.presence import AtWork
from engine.orders.views import OrderFilter
from orders_tui.actions import Scope
from orders_tui.keyboard import unknown_scan
from orders_tui.messages import OrdersAsked, Scanned
from orders_tui.panes.key_line import KeyLine
from orders_tui.panes.status_line import Banner, StatusLine
from orders_tui.reach import Situation
from orders_tui.state import Session, is_lost, sentence_of


class ConsoleScreen(Screen[None]):
    """One of the console's screens. Subclasses give `body`, `do_…` methods for their scopes, and `read`."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ()
    """The scopes whose actions this screen receives, the most local first."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it, without ClassVar
        (0, "-narrow"),
        (118, "-wide"),
        (158, "-widest"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def compose(self) -> ComposeResult:
        yield StatusLine(self.session)
        yield Banner(self.session)
        yield from self.body()
        yield KeyLine(self.session.options.keymap)

    def body(self) -> ComposeResult:
        """The widgets between the line on top and the line of keys."""
        yield from ()

    def on_mount(self) -> None:
        self.name_keys()

    def on_screen_resume(self) -> None:
        self.name_keys()
        self.show_health()

    # ------------------------------------------------------------------ refreshing

    async def refresh_live(self) -> None:
        """Bring what is on screen up to date; errors are the caller's to report."""

    async def after_change(self) -> None:
        """Something was changed here: what is on screen is brought up to date at once."""
        await self.refresh_live()

    def at_work(self) -> AtWork | None:
        """What the person has before them, for the others to know; None while it is nothing of theirs."""
        return None

    async def read(self) -> None:
        """Read everything again."""
        await self.refresh_live()

    def show_health(self) -> None:
        """Redraw what the session knows of the database, the daemon and the numbers."""
        self.query_one(StatusLine).redraw()
        self.query_one(Banner).redraw()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The one path of every error a worker meets."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.trouble(event.worker.error)

    def trouble(self, error: BaseException) -> None:
        """Say what went wrong; what is on screen stays."""
        if is_lost(error):
            self.session.failed(error)
            self.show_health()
        else:
            self.say(sentence_of(error), severity="error")

    def say(self, sentence: str, *, severity: SeverityLevel = "information") -> None:
        """A notice for a person; never markup."""
        self.app.notify(sentence, severity=severity, markup=False)

    # ------------------------------------------------------------------ scans

    def on_scanned(self, message: Scanned) -> None:
        """A code was scanned. Here, as on most screens, the order that it names is opened."""
        self.jump_to(message.text)

    @work(group="scan", exclusive=True, exit_on_error=False)
    async def jump_to(self, code: str) -> None:
        order_id = await self.session.services.find(code)
        if order_id is None:
            self.say(unknown_scan(code), severity="warning")
        else:
            self.post_message(OrdersAsked(OrderFilter(), "", order_id, opened=True))

    # ------------------------------------------------------------------ actions

    def receiver(self, scope: Scope) -> Widget:
        """Who carries out the actions of a scope."""
        return self

    def situation(self) -> Situation:
        """What decides which actions are within reach."""
        return Situation(
            connected=self.session.connected, read_only=self.session.options.read_only, role=self.session.role
        )

    def name_keys(self) -> None:
        """Let the line of keys follow the focus."""
        self.query_one(KeyLine).show(*self.key_scopes(), Scope.EVERYWHERE)

    def key_scopes(self) -> tuple[Scope, ...]:
        return self.SCOPES

    def palette_scopes(self) -> tuple[Scope, ...]:
        return (*self.SCOPES, Scope.EVERYWHERE)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.name_keys()

    def focus_on(self, widget: Widget) -> None:
        """Give a widget the keys."""
        self.set_focus(widget)
