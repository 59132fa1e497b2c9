"""Notices: who gets which where, and the quiet hours of everybody; those of whoever sits here are changed here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time

from textual.content import Content

from engine.errors import Refused
from engine.notices.choices import ChoiceView
from engine.notices.quiet_hours import QuietHours
from engine.orders.plain_text import plain
from orders_tui.formatting import fit
from orders_tui.panes.summary import labelled
from orders_tui.preferences.preference import Preference
from orders_tui.state import Session, Viewer

QUIET_HOURS_HINT = "write 22:00-06:30 Europe/Berlin, or none"


class PeoplePart(Preference):
    """What people said of notices."""

    title = "notices"
    heading = f"{'who':<20}{'notice':<24}{'channel':<12}wanted"
    empty = "Nobody said anything of notices: everybody gets those that concern them. n sets your quiet hours."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._choices: list[ChoiceView] = []

    async def read(self) -> None:
        self._choices = await self.session.services.notices.choices()

    def lines(self, viewer: Viewer) -> Sequence[tuple[str, Content]]:
        return [(f"{each.person}|{each.template}|{each.channel}", _line(each)) for each in self._choices]

    async def detail(self, line_id: str, viewer: Viewer) -> Content:
        return labelled(
            [
                ("you", plain(self.session.services.actor.name)),
                ("quiet", self.quiet_hours() or "no quiet hours"),
                ("change", "n sets your quiet hours; orders-tui notices preferences set says the rest"),
            ]
        )

    def quiet_hours(self) -> str:
        """Those of whoever sits here, as they are written; empty when there are none."""
        me = self.session.services.actor.name
        found = next((each.quiet_hours for each in self._choices if each.person == me and each.quiet_hours), None)
        return f"{found['begin']}-{found['end']} {found['zone']}" if found else ""


def read_quiet_hours(text: str) -> QuietHours | None:
    """`22:00-06:30 Europe/Berlin`; `none` and nothing take them away. Raises Refused with the way to write it."""
    if text.strip().lower() in {"", "none"}:
        return None
    times, _, zone = text.strip().partition(" ")
    begin, _, end = times.partition("-")
    try:
        return QuietHours(time.fromisoformat(begin), time.fromisoformat(end), zone.strip() or "UTC")
    except ValueError:
        raise Refused("notices.quiet_hours", f"These are no quiet hours: {QUIET_HOURS_HINT}.") from None


def _line(each: ChoiceView) -> Content:
    if each.quiet_hours is not None:
        hours = each.quiet_hours
        wanted = f"quiet {hours['begin']} to {hours['end']} {hours['zone']}"
    else:
        wanted = "yes" if each.enabled else "no"
    every = {"*": "every"}
    return Content.assemble(
        (f"{fit(each.person, 19)} ", "bold"),
        f"{fit(every.get(each.template, each.template), 23)} {fit(every.get(each.channel, each.channel), 11)} {plain(wanted)}",
    )
