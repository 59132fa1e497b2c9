"""Cut-offs, working days and holidays of each location: seen, and changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList

from engine.inventory.locations import LocationView
from orders_tui.actions import Scope
from orders_tui.calendars import days_text, read_date, read_days, read_time
from orders_tui.modals.fields import Field
from orders_tui.modals.form import Form
from orders_tui.modals.question import Question
from orders_tui.panes.line_list import LineList
from orders_tui.state import Session


class Calendars(Form[LocationView]):
    """Every location with its calendar; closes with the one to change."""

    def __init__(self, session: Session, locations: Sequence[LocationView]) -> None:
        super().__init__(session, "Cut-offs and holidays")
        self.locations = {view.code: view for view in locations}

    def body(self) -> ComposeResult:
        yield LineList()

    @property
    def lines(self) -> LineList:
        return self.query_one(LineList)

    def receiver(self, scope: Scope) -> Form[LocationView] | LineList:
        return self.lines if scope is Scope.LIST else self

    def on_mount(self) -> None:
        super().on_mount()
        self.lines.show([(code, location_line(view)) for code, view in self.locations.items()])
        self.set_focus(self.lines)
        if not self.locations:
            self.complain("There is no location yet: orders-tui location set adds one.")

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.do_confirm()

    def do_confirm(self) -> None:
        if self.session.changes_nothing or not self.session.connected:
            self.complain("This console changes nothing now; it only shows the calendars.")
        elif (code := self.lines.cursor_id) is not None:
            self.close(self.locations[code])


def location_line(view: LocationView) -> Content:
    """One location and its calendar as a line."""
    calendar = f"{view.cut_off}  {days_text(view.working_days)}" if view.cut_off else "no calendar"
    closed = f"  closed {', '.join(day.isoformat() for day in view.holidays)}" if view.holidays else ""
    return Content.assemble((f"{view.code:<12}", "bold"), f" {view.timezone:<18} {calendar}{closed}")


def change_calendar(session: Session, view: LocationView) -> Question:
    """Change one location's calendar; without a cut-off it has none."""

    async def carry(_: str, values: Mapping[str, str]) -> str:
        cut_off = read_time(values["cut_off"]) if values["cut_off"] else None
        days = read_days(values["days"]) if cut_off else set()
        holidays = [read_date(text) for text in values["holidays"].replace(",", " ").split()] if cut_off else []
        await session.services.locations.set_calendar(
            view.code,
            cut_off=cut_off,
            working_days=days,
            holidays=holidays,
            timezone=values["zone"] or None,
        )
        told = f"cut-off {cut_off:%H:%M}" if cut_off else "no calendar"
        options = ["--cut-off", f"{cut_off:%H:%M}", "--days", days_text(sorted(days))] if cut_off else ["--none"]
        for day in holidays:
            options += ["--holiday", day.isoformat()]
        options += ["--timezone", values["zone"]] if values["zone"] else []
        session.did("settings.change_place", [view.code, *options], told)
        return f"{view.code}: {told}; its open orders have new targets."

    return Question(
        session,
        f"Calendar of {view.code} (empty cut-off: none)",
        carry,
        fields=(
            Field("cut_off", "cut-off", view.cut_off, optional=True),
            Field("days", "days", days_text(view.working_days) or "mon-fri", optional=True),
            Field("holidays", "closed", " ".join(day.isoformat() for day in view.holidays), optional=True),
            Field("zone", "zone", view.timezone, optional=True),
        ),
    )
