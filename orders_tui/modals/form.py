"""What every modal shares: a title, a place for one sentence of complaint, enter to go on, escape to go back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static
from textual.worker import Worker, WorkerState

from engine.identifiers import OrderId
from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.messages import Scanned
from orders_tui.panes.key_line import KeyLine
from orders_tui.reach import Situation
from orders_tui.state import Session, sentence_of

Result = TypeVar("Result")


class Form(ModalScreen[Result | None]):
    """Subclasses give `body` and `do_confirm`; `do_cancel` closes with None. Complaints stand in the form itself."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.FORM)

    def __init__(self, session: Session, title: str) -> None:
        super().__init__()
        self.session = session
        self.heading = title

    def compose(self) -> ComposeResult:
        with Vertical(classes="form"):
            yield Static(Content(self.heading), classes="title", markup=False)
            yield Static("", id="others", markup=False)
            yield from self.body()
            yield Static("", id="complaint", markup=False)
            yield KeyLine(self.session.options.keymap)

    def body(self) -> ComposeResult:
        """The widgets between the title and the complaint."""
        yield from ()

    def on_mount(self) -> None:
        for field in self.query(Input):
            field.cursor_blink = not self.session.options.slow_line
        self.query_one(KeyLine).show(Scope.FORM)

    def warn_of_others(self, order_id: OrderId | None) -> None:
        """Say who else is at this order."""
        sentence = self.session.presence.about_order(order_id) if order_id is not None else ""
        self.query_one("#others", Static).update(Content(sentence))
        self.set_class(bool(sentence), "-shared")

    def complain(self, sentence: str) -> None:
        """Say what stands in the way; empty takes it back."""
        self.query_one("#complaint", Static).update(Content(sentence))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.complain(sentence_of(event.worker.error))
            self.failed()

    def failed(self) -> None:
        """A worker met an error, which the form already shows."""

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        """Enter in a field goes to the next empty one, and from the last goes on."""
        event.stop()
        empty = [field for field in self._fields() if not field.value.strip() and field is not event.input]
        if empty and event.value.strip():
            self.set_focus(empty[0])
        else:
            self.do_confirm()

    def _fields(self) -> Iterable[Input]:
        return (field for field in self.query(Input) if field.display and not field.has_class("optional"))

    def do_confirm(self) -> None:
        """Carry out what the form is for."""

    def close(self, result: Result | None) -> None:
        """End the form with a result."""
        _ = self.dismiss(result)  # a form that awaited its own end would never end

    def do_cancel(self) -> None:
        self.close(None)

    def on_scanned(self, message: Scanned) -> None:
        """A form asks something first; a scan answers no question."""
        self.complain("Answer this first, or go back with escape; then scan.")

    def receiver(self, scope: Scope) -> Widget:
        """Who carries out the actions of a scope."""
        return self

    def situation(self) -> Situation:
        """What decides which actions are within reach."""
        return Situation(
            connected=self.session.connected, read_only=self.session.options.read_only, role=self.session.role
        )
