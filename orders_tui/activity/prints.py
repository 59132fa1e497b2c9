"""What was printed: when, by whom, where, how many, and what did not come out."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from engine.orders.plain_text import plain
from engine.paper.prints import PrintRecord
from engine.words import PrintState
from orders_tui.formatting import fit, moment
from orders_tui.panes.summary import labelled
from orders_tui.part import Part
from orders_tui.state import Session, Viewer

SHOWN = 200


class PrintsPart(Part):
    """The newest prints."""

    title = "prints"
    heading = f"{'when':<14}{'who':<16}{'what':<10}{'documents':>10}{'again':>7}  {'how':<10}where"
    empty = "Nothing was printed yet: mark orders in the table (F3) and print from there."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._prints: dict[str, PrintRecord] = {}

    async def read(self) -> None:
        found = await self.session.services.printing.record(limit=SHOWN)
        self._prints = {str(each.print_id): each for each in found}

    def lines(self, viewer: Viewer) -> Sequence[tuple[str, Content]]:
        return [(line_id, _line(each, viewer)) for line_id, each in self._prints.items()]

    async def detail(self, line_id: str, viewer: Viewer) -> Content:
        each = self._prints.get(line_id)
        if each is None:
            return Content("")
        again = f", {each.reprints:,} of them again" if each.reprints else ""
        return labelled(
            [
                ("what", f"{each.documents:,} {each.kind}{again}: {each.state}"),
                ("who", f"{plain(each.actor)}, {moment(each.created_at, viewer)}"),
                ("station", plain(each.station)),
                ("where", plain(each.destination)),
                ("error", plain(each.error)),
            ]
        )


def _line(each: PrintRecord, viewer: Viewer) -> Content:
    style = "bold $text-error" if each.state is PrintState.FAILED else ""
    return Content.assemble(
        f"{moment(each.created_at, viewer):<14}{fit(each.actor, 15)} ",
        (f"{each.kind:<10}", "bold"),
        f"{each.documents:>10,}{each.reprints:>7,}  ",
        (f"{each.state:<10}", style),
        plain(each.destination),
    )
