"""Orders: filters in words, saved views, columns, any row, and lists as files."""

from __future__ import annotations

from datetime import timedelta

from tests.factories import NOON, Factory
from tests.orders_tui.console.parity.case import Case, Scene


async def a_table(factory: Factory) -> None:
    """ORD-5 is the newest; ORD-0 and ORD-1 are gifts; all wait to be picked."""
    for number in range(6):
        tags = ["gift"] if number < 2 else []
        await factory.order(
            number=f"ORD-{number}", tags=tags, waiting_for="pick", ordered_at=NOON + timedelta(minutes=number)
        )


OPENED = ("due today", "to pick", "to hand over", "failed", "on hold", "unpaid", "mine")
"""Everybody's views from the start, on their keys."""


SCENES = (
    Scene(
        "filters in words",
        (
            Case("search.complete", ("f3", "slash", "type:tag:gift !sta", "tab"), shows="tag:gift !status:"),
            Case("search.keep", ("f3", "slash", "type:tag:gift", "enter"), shows="2 orders"),
            Case("search.clear", ("f3", "slash", "type:tag:gift", "escape"), shows="6 orders"),
            Case("orders.go_to", ("f3", "number_sign", "type:4", "enter"), shows="6 orders"),
            Case("orders.columns", ("f3", "C"), shows="[x] status"),
            Case("columns.switch", ("f3", "C", "space"), shows="[ ] status"),
            Case("columns.left", ("f3", "C", "down", "K", "enter"), shows="state"),
            Case("columns.right", ("f3", "C", "J", "enter"), shows="state"),
            Case("columns.sort", ("f3", "C", "down", "down", "s"), shows="sorted"),
            Case("columns.reset", ("f3", "C", "space", "0", "enter"), shows="status"),
            Case("orders.export", ("f3", "E"), ("orders", "export"), shows="to a file"),
        ),
        a_table,
    ),
    Scene(
        "saved views",
        (
            *(Case(f"views.{key}", (str(key),), shows=name) for key, name in enumerate(OPENED, 1)),
            Case("views.8", ("8",), shows="no view on the key 8"),
            Case("views.9", ("9",), shows="no view on the key 9"),
            Case("views.list", ("f3", "V"), ("views", "list"), shows="Saved views"),
            Case(
                "views.save",
                ("f3", "slash", "type:tag:gift", "enter", "F", "type:gifts", "tab", "type:9", "enter"),
                ("views", "save", "gifts", "--filter", "tag:gift", "--key", "9"),
                shows="The view gifts is kept on the key 9.",
            ),
            Case(
                "views.share",
                ("f3", "slash", "type:tag:gift", "enter", "ctrl+e", "type:all gifts", "tab", "type:8", "enter"),
                ("views", "save", "all gifts", "--filter", "tag:gift", "--key", "8", "--shared"),
                shows="for everybody",
            ),
            Case("views.delete", ("9", "D", "enter"), ("views", "delete", "gifts"), shows="The view gifts is deleted."),
        ),
        a_table,
    ),
)
