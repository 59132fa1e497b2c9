"""Jump mode, and copying through whatever lies between the program and the person's terminal."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from textual.widget import Widget
from textual.widgets import TextArea

from orders_tui.clipboard import sequence_for, too_long
from orders_tui.console import OrdersApp
from orders_tui.modals.copying import Selectable
from orders_tui.screens.failed import FailedScreen
from orders_tui.screens.orders import OrdersScreen
from tests.factories import Factory
from tests.orders_tui.console.driving import MEDIUM, lines, notices, press, settle, text


def focus(app: OrdersApp) -> Widget | None:
    return app.focused


async def test_a_letter_leads_to_each_pane_and_screen(app: OrdersApp, factory: Factory) -> None:
    await factory.order(number="ORD-1")
    async with app.run_test(size=MEDIUM) as pilot:
        await press(pilot, "f3", "enter", "ctrl+o")
        rows = lines(app)
        assert rows[1].startswith("  a "), "the status chips"
        assert rows[2].startswith(" s "), "the table"
        assert " d " in rows[2], "the pane"
        await press(pilot, "d")
        assert focus(app) is app.orders.pane
        await press(pilot, "ctrl+o", "s")
        assert focus(app) is app.orders.table
        await press(pilot, "ctrl+o")
        await press(pilot, "escape")
        assert isinstance(app.screen, OrdersScreen)
        assert focus(app) is app.orders.table
        await press(pilot, "ctrl+o", "h")
        assert isinstance(app.screen, FailedScreen)


def opened(sequence: str) -> str:
    return base64.b64decode(sequence.partition("\x1b]52;c;")[2].partition("\a")[0]).decode()


def test_a_copy_travels_through_ssh_tmux_and_screen() -> None:
    text = "577539540000000042 → Größe"
    assert opened(sequence_for(text, {"TERM": "xterm-256color"})) == text
    tmux = sequence_for(text, {"TERM": "tmux-256color", "TMUX": "/tmp/tmux,1,0"})
    assert opened(tmux) == text
    wrapped = tmux[tmux.index("\x1bPtmux;") + 7 : -2]
    assert opened(wrapped.replace("\x1b\x1b", "\x1b")) == text
    assert tmux.endswith("\x1b\\")
    long = "x" * 4000
    screen = sequence_for(long, {"TERM": "screen.xterm", "STY": "1.pts"})
    pieces = screen.split("\x1bP")[1:]
    assert all(piece.endswith("\x1b\\") and len(piece) <= 702 for piece in pieces)
    assert opened("".join(piece[:-2] for piece in pieces)) == long
    assert not too_long("x" * 56_000)
    assert too_long("x" * 57_000)


async def test_what_is_copied_can_be_chosen_and_shown_to_be_selected_by_hand(
    app: OrdersApp, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await factory.package(await factory.order(number="ORD-1"), "94001118992")
    written: list[str] = []
    async with app.run_test(size=MEDIUM, notifications=True) as pilot:
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", lambda data: written.append(data) if "]52;" in data else None)
        monkeypatch.delenv("TMUX", raising=False)
        monkeypatch.setenv("TERM", "xterm-256color")
        await press(pilot, "ctrl+y")
        assert notices(app) == ["Nothing was copied yet; y copies the number of an order."]
        await press(pilot, "f3", "y")
        await pilot.press("Y")
        await pilot.pause(0.1)
        await settle(pilot)
        for label in ("order number", "tracking number", "command", "address", "ship by", "status"):
            assert label in text(app)
        await press(pilot, "down", "enter")
        await pilot.pause(0.1)
        assert [opened(each) for each in written] == ["ORD-1", "94001118992"]
        assert notices(app)[-1] == "Copied 94001118992."
        await press(pilot, "ctrl+y")
        assert isinstance(app.screen, Selectable)
        assert app.screen.query_one(TextArea).text == "94001118992"
        await press(pilot, "escape")
        app.copy_to_clipboard("y" * 60_000)
        await settle(pilot)
        assert len(written) == 2, "too long for a terminal: it is shown instead"
        assert isinstance(app.screen, Selectable)


def test_the_clipboard_belongs_to_nobody_elses_terminal(new_app: Callable[..., OrdersApp]) -> None:
    """Without a running terminal a copy is only remembered."""
    app = new_app()
    app.copy_to_clipboard("577")
    assert app.clipboard == "577"
