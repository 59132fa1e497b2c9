"""What this console did since it was started, each as the command line that does the same."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from engine.orders.plain_text import plain
from orders_tui.actions import BY_ID
from orders_tui.deeds import Deed
from orders_tui.formatting import moment
from orders_tui.panes.summary import labelled
from orders_tui.part import Part
from orders_tui.state import Viewer

SHOWN_OF_COMMAND = 2_000
"""A command that names ten thousand orders is copied whole and shown by its beginning."""


class HerePart(Part):
    """The deeds of this session."""

    title = "this console"
    heading = "when          command line that does the same"
    empty = "Nothing was changed from this console yet. The right arrow leads to what everybody did."

    def lines(self, viewer: Viewer) -> Sequence[tuple[str, Content]]:
        return [(str(deed.number), _line(deed, viewer)) for deed in self.session.deeds.newest_first()]

    async def detail(self, line_id: str, viewer: Viewer) -> Content:
        deed = self._deed(line_id)
        if deed is None:
            return Content("")
        return labelled(
            [
                ("command", _shown(deed.command)),
                ("outcome", plain(deed.outcome)),
                ("action", BY_ID[deed.action_id].text),
                ("when", f"{moment(deed.at, viewer)}  (y copies the command)"),
            ]
        )

    def command(self, line_id: str) -> str:
        deed = self._deed(line_id)
        return deed.command if deed else ""

    def _deed(self, line_id: str) -> Deed | None:
        return next((deed for deed in self.session.deeds.newest_first() if str(deed.number) == line_id), None)


def _line(deed: Deed, viewer: Viewer) -> Content:
    return Content.assemble(
        f"{moment(deed.at, viewer):<12}  ",
        (plain(deed.command[:200]), "bold"),
        (f"  {plain(deed.outcome)}" if deed.outcome else "", "$text-muted"),
    )


def _shown(command: str) -> str:
    left = len(command) - SHOWN_OF_COMMAND
    return plain(command) if left <= 0 else f"{plain(command[:SHOWN_OF_COMMAND])}… and {left:,} characters more"
