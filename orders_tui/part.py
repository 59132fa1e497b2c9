"""One part of a screen that has several, as Activity and Settings: lines, and what can be done with the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from orders_tui.state import Session, Viewer


class Part:
    """Subclasses read from the session; a part keeps what it read, so that a failed refresh leaves it as it was."""

    title = ""
    """Its name among the parts."""
    heading = ""
    """The names of its columns."""
    empty = ""
    """What it says when it has no lines."""

    def __init__(self, session: Session) -> None:
        self.session = session

    async def read(self) -> None:
        """Bring the lines up to date."""

    async def go_beyond(self, line_id: str) -> bool:
        """Read on when the cursor stands on the last line, or back on the first; whether there are other lines now."""
        return False

    def lines(self, viewer: Viewer) -> Sequence[tuple[str, Content]]:
        """The lines, each with its id."""
        return ()

    async def detail(self, line_id: str, viewer: Viewer) -> Content:
        """All there is to say of one line."""
        return Content("")

    def command(self, line_id: str) -> str:
        """The command line that does, or shows, the same; empty when there is none."""
        return ""

    def bulk_state(self, line_id: str) -> str:
        """How the bulk change of this line stands; empty when it is none."""
        return ""
