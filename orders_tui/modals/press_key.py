"""A key asked for by pressing it."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from orders_tui.modals.form import Form
from orders_tui.state import Session

Refusal = Callable[[str], str]
"""Why a key cannot be taken, in one sentence; empty when it can."""


class KeyPressed(Message):
    """This key was pressed where one was asked for."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


class KeyTrap(Static, can_focus=True):
    """Takes every key but those that lead out of the form."""

    def on_key(self, event: events.Key) -> None:
        if event.key != "escape":
            event.stop()
            event.prevent_default()
            self.post_message(KeyPressed(event.key))


class PressKey(Form[str]):
    """Closes with the key; with None after escape. A key that cannot be taken is told, and another one asked for."""

    AUTO_FOCUS = "KeyTrap"

    def __init__(self, session: Session, title: str, refusal: Refusal) -> None:
        super().__init__(session, title)
        self._refusal = refusal

    def body(self) -> ComposeResult:
        yield KeyTrap(Content("Press the new key. Escape changes nothing."), markup=False)

    @on(KeyPressed)
    def _pressed(self, event: KeyPressed) -> None:
        if refusal := self._refusal(event.key):
            self.complain(refusal)
        else:
            self.close(event.key)
