"""What `orders-tui doctor` finds, asked in the background; and the versions of everything."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata

from textual.content import Content

from engine.orders.plain_text import plain
from orders_tui.formatting import fit, moment
from orders_tui.pace import Pace
from orders_tui.preferences.preference import Preference
from orders_tui.settings_file import read_settings
from orders_tui.state import Session, Viewer

CHECK_SECONDS = 60.0


class ChecksPart(Preference):
    """The findings of the last time."""

    title = "checks"
    heading = f"{'':<6}{'what':<18}what was found"
    empty = "Looking …"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._findings: list[tuple[str, bool, str]] = []
        self._pace = Pace(CHECK_SECONDS)
        self._checked_at = session.clock()

    async def read(self) -> None:
        if not self._pace.due(self.session.clock()):
            return
        from orders_tui.cli.doctor import findings  # the command line's own look; it takes time to load

        found = [("version", True, metadata.version("orders-tui"))]
        found += [(each.name, each.fine, each.sentence) async for each in findings(read_settings())]
        self._findings, self._checked_at = found, self.session.clock()

    def lines(self, viewer: Viewer) -> Sequence[tuple[str, Content]]:
        return [
            (f"{place}-{name}", _line(name, sentence, fine=fine))
            for place, (name, fine, sentence) in enumerate(self._findings)
        ]

    async def detail(self, line_id: str, viewer: Viewer) -> Content:
        place = int(line_id.partition("-")[0])
        name, _, sentence = self._findings[place] if place < len(self._findings) else ("", True, "")
        checked = f"looked {moment(self._checked_at, viewer)}; the same as orders-tui doctor"
        return Content("\n").join(
            [Content(f"{plain(name)}: {plain(sentence)}"), Content.styled(checked, "$text-muted")]
        )

    def command(self, line_id: str) -> str:
        return "orders-tui doctor"


def _line(name: str, sentence: str, *, fine: bool) -> Content:
    return Content.assemble(
        ("ok    ", "$text-success") if fine else ("MEND  ", "bold $text-error"),
        (f"{fit(name, 17)} ", "bold"),
        plain(sentence),
    )
