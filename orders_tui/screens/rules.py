"""Rules: in the order in which they are asked; switched, moved, written, tried before they are switched on, dropped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import ClassVar
from uuid import UUID

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static

from engine.workflow.rules.model import RuleView
from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.modals.entry import Entry, EntryField, Values
from orders_tui.modals.reading import Reading
from orders_tui.pace import Pace
from orders_tui.panes.line_list import LineList
from orders_tui.reach import Situation
from orders_tui.rules import lines
from orders_tui.rules.trying import Trying
from orders_tui.rules.writing import write_rule
from orders_tui.screens.list_screen import ListScreen
from orders_tui.screens.rule_runs import RuleRunsScreen
from orders_tui.state import Session

READ_SECONDS = 2.0
"""The rules are read again this often."""


class RulesScreen(ListScreen):
    """One line a rule; below, the one under the cursor in full."""

    SCOPES = (Scope.RULES, Scope.LIST)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.RULES)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.shown: dict[str, RuleView] = {}
        self.today: Mapping[UUID, int] = {}
        self._pace = Pace(READ_SECONDS)

    def body(self) -> ComposeResult:
        yield Static(lines.HEADING, classes="heading", markup=False)
        yield LineList()
        with VerticalScroll(id="about", can_focus=False):
            yield Static("", id="said", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.read_rules()

    # ------------------------------------------------------------------ what is shown

    @work(group="rules", exclusive=True, exit_on_error=False)
    async def read_rules(self) -> None:
        await self.read()

    async def read(self) -> None:
        self._pace.hurry()
        await self.refresh_live()

    async def refresh_live(self) -> None:
        """Read the rules, and how often each matched since midnight of the viewer's."""
        if not self._pace.due(self.session.clock()):
            return
        rules, viewer = self.session.services.rules, self.session.viewer()
        midnight = viewer.now.astimezone(viewer.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        found = await rules.list()
        self.today = await rules.runs_since(midnight.astimezone(UTC))
        several = len({rule.creator for rule in found}) > 1
        self.shown = {str(rule.rule_id): rule for rule in found}
        self.lines.show(
            [
                (rule_id, lines.line(rule, self.today.get(rule.rule_id, 0), several=several))
                for rule_id, rule in self.shown.items()
            ]
        )
        if self.lines.highlighted is None and self.lines.option_count:
            self.lines.highlighted = 0
        self._show_about()

    @property
    def rule(self) -> RuleView | None:
        """What is under the cursor."""
        return self.shown.get(self.lines.cursor_id or "")

    @on(OptionList.OptionHighlighted)
    def _show_about(self) -> None:
        rule = self.rule
        text = Content("There is no rule yet; n writes one.")
        if rule is not None:
            text = lines.about(rule, self.today.get(rule.rule_id, 0), self.session.viewer())
        self.query_one("#said", Static).update(text)

    def situation(self) -> Situation:
        rule = self.rule
        return Situation(
            connected=self.session.connected,
            read_only=self.session.options.read_only,
            role=self.session.role,
            rows=len(self.shown),
            rule=rule.name if rule else "",
        )

    # ------------------------------------------------------------------ looking

    async def do_open(self) -> None:
        if (rule := self.rule) is not None:
            await self.app.push_screen(RuleRunsScreen(self.session, rule))

    @work(group="change", exit_on_error=False)
    async def do_dry_run(self) -> None:
        if (rule := self.rule) is not None:
            await self.app.push_screen_wait(Trying(self.session, rule, to_switch=False))

    @work(group="change", exit_on_error=False)
    async def do_trace(self) -> None:
        """Ask for an order, and show what it says to the rule, term by term."""
        rule = self.rule
        if rule is None:
            return
        found: list[Content] = []

        async def carry(values: Values) -> str:
            order_id = await self.session.services.find(values["order"])
            if order_id is None:
                raise ValueError(f"No order has {values['order']!r} as its number, package id or tracking number.")
            tried = await self.session.services.rules.try_on([rule.name], [order_id], creator=rule.creator)
            found.append(lines.traced(tried))
            return values["order"]

        form = Entry(self.session, f"Try {rule.name} on one order", (EntryField("order", "order"),), carry)
        if number := await self.app.push_screen_wait(form):
            await self.app.push_screen_wait(Reading(self.session, f"{rule.name} on {number}", found[0]))

    # ------------------------------------------------------------------ changing

    @work(group="change", exit_on_error=False)
    async def do_on(self) -> None:
        """Show what it would have done to orders of the past; then switch it on."""
        rule = self.rule
        if rule is None:
            return
        if rule.enabled and not rule.error:
            self.say(f"{rule.name} is on already.")
            return
        if await self.app.push_screen_wait(Trying(self.session, rule, to_switch=True)):
            await self._switch(rule, on=True)

    @work(group="change", exit_on_error=False)
    async def do_off(self) -> None:
        if (rule := self.rule) is not None:
            await self._switch(rule, on=False)

    async def _switch(self, rule: RuleView, *, on: bool) -> None:
        changed = await self.session.services.rules.switch([rule.name], on=on, creator=rule.creator)
        word = "on" if on else "off"
        done = f"{rule.name} is {word}." if changed else f"{rule.name} is {word} already."
        self.session.did(f"rules.{word}", [rule.name, "--creator", rule.creator], done)
        await self._tell(done)

    @work(group="change", exit_on_error=False)
    async def do_new(self) -> None:
        await self._write(None)

    @work(group="change", exit_on_error=False)
    async def do_edit(self) -> None:
        if (rule := self.rule) is not None:
            await self._write(rule)

    async def _write(self, rule: RuleView | None) -> None:
        creator = rule.creator if rule else self.rule.creator if self.rule else ""
        if done := await self.app.push_screen_wait(write_rule(self.session, rule, creator)):
            await self._tell(done)

    @work(group="change", exit_on_error=False)
    async def do_move(self, step: str) -> None:
        rule = self.rule
        if rule is None:
            return
        place = rule.position + int(step)
        last = max(each.position for each in self.shown.values() if each.creator == rule.creator)
        if not 1 <= place <= last:
            self.say(f"{rule.name} is {'first' if place < 1 else 'last'} already.")
            return
        await self.session.services.rules.move(rule.name, place, rule.creator)
        done = f"{rule.name} is number {place} now."
        self.session.did(
            "rules.up" if int(step) < 0 else "rules.down", [rule.name, str(place), "--creator", rule.creator], done
        )
        await self._tell(done)

    @work(group="change", exit_on_error=False)
    async def do_delete(self) -> None:
        """Its name has to be typed: what is dropped does not come back."""
        rule = self.rule
        if rule is None:
            return

        async def carry(_: Values) -> str:
            await self.session.services.rules.delete(rule.name, rule.creator)
            return f"{rule.name} is dropped; what it did stays with its orders."

        def same(text: str) -> str:
            return "" if text == rule.name else f"Type its name, {rule.name}, to drop it; there is no way back."

        form = Entry(self.session, f"Drop {rule.name}?", (EntryField("name", "its name", check=same),), carry)
        if done := await self.app.push_screen_wait(form):
            self.session.did("rules.delete", [rule.name, "--creator", rule.creator], done)
            await self._tell(done)

    async def _tell(self, done: str) -> None:
        self.say(done)
        await self.read()
