"""Triage, moving through lists, the help, and forms."""

from __future__ import annotations

from tests.factories import Factory
from tests.orders_tui.console.parity.case import Case, Scene


async def one_order(factory: Factory) -> None:
    await factory.order(number="ORD-0")
    await factory.failed(number="ORD-1")


SCENES = (
    Scene(
        "lists",
        (
            Case("triage.open", ("down", "enter"), shows="auto-cancel in 24 h"),
            Case("list.down", ("down",)),
            Case("list.up", ("down", "up")),
            Case("list.page_down", ("pagedown",)),
            Case("list.page_up", ("pageup",)),
            Case("list.last", ("end",)),
            Case("list.first", ("G", "g")),
            Case("help.down", ("question_mark", "down")),
            Case("help.up", ("question_mark", "down", "up")),
            Case("help.page_down", ("question_mark", "pagedown")),
            Case("help.page_up", ("question_mark", "pagedown", "pageup")),
            Case("help.close", ("question_mark", "escape"), shows="cancel requested"),
            Case("form.confirm", ("f3", "s", "enter"), shows="ORD-1"),
            Case("form.cancel", ("f3", "s", "escape"), shows="ORD-1"),
        ),
        one_order,
        size=(80, 24),
    ),
)
