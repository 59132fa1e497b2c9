"""One question before one write: lines to choose from, fields, a word to type where there is no way back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

from engine.identifiers import OrderId
from engine.orders.views import OrderRow
from orders_tui.actions import Scope
from orders_tui.formatting import what_changed
from orders_tui.modals.fields import Field, field_lines, values_of
from orders_tui.modals.form import Form
from orders_tui.panes.line_list import LineList
from orders_tui.state import Session

Carry = Callable[[str, Mapping[str, str]], Awaitable[str]]
"""Carries it out, given the id of the line chosen and what was typed; answers with a sentence of what was done.
Raises OrdersError or ValueError, with a sentence.
"""

CONFIRM = "typed-word"

TOLD = 3
"""So many orders that changed meanwhile are named."""


class Question(Form[str]):
    """Closes with the sentence of what was done, or with None. `about` stands above; `word` has to be typed.

    `seen` are the rows the person looked at: whoever else changed one of them meanwhile is told of before anything is written.
    """

    def __init__(
        self,
        session: Session,
        title: str,
        carry: Carry,
        *,
        about: Content | str = "",
        choices: Sequence[tuple[str, str]] = (),
        fields: Sequence[Field] = (),
        word: str = "",
        seen: Mapping[OrderId, OrderRow] | None = None,
    ) -> None:
        super().__init__(session, title)
        self._carry = carry
        self._about = about if isinstance(about, Content) else Content(about)
        self._choices = choices
        self._fields_asked = [*fields, *([Field(CONFIRM, "confirm", hint=f"type {word}: no way back")] if word else [])]
        self._word = word
        self._seen = dict(seen or {})
        self.about_order: OrderId | None = None

    def body(self) -> ComposeResult:
        if self._about.plain:
            yield Static(self._about, classes="about", markup=False)
        if self._choices:
            yield LineList()
        yield from field_lines(self._fields_asked)

    def receiver(self, scope: Scope) -> Widget:
        return self.query_one(LineList) if scope is Scope.LIST else self

    def on_mount(self) -> None:
        super().on_mount()
        self.warn_of_others(self.about_order or (next(iter(self._seen)) if len(self._seen) == 1 else None))
        if self._choices:
            lines = self.query_one(LineList)
            lines.show([(line_id, Content(words)) for line_id, words in self._choices])
            self.set_focus(lines)
            return
        empty = (field for field in self._fields_asked if not field.value and not field.optional)
        first = next(empty, self._fields_asked[0] if self._fields_asked else None)
        self.set_focus(self.query_one(f"#{first.name}", Input) if first else None)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.do_confirm()

    def do_confirm(self) -> None:
        try:
            values = values_of(self, self._fields_asked)
        except ValueError as error:
            self.complain(str(error))
            return
        if self._word and values[CONFIRM].lower() != self._word:
            self.complain(f"There is no way back: type {self._word} to confirm.")
            return
        chosen = self.query_one(LineList).cursor_id or "" if self._choices else ""
        self.complain("")
        self.carry_out(chosen, values)

    @work(group="carry", exclusive=True, exit_on_error=False)
    async def carry_out(self, chosen: str, values: Mapping[str, str]) -> None:
        if changed := await self._changed_meanwhile():
            self.complain(f"Changed since you looked: {changed}. Enter does it all the same.")
            return
        try:
            done = await self._carry(chosen, values)
        except ValueError as error:
            self.complain(str(error))
            return
        self.close(done)

    async def _changed_meanwhile(self) -> str:
        """What changed since the person looked, told once; empty when nothing did."""
        services = self.session.services
        present = await services.versions(list(self._seen)) if self._seen else {}
        stale = [order_id for order_id, version in present.items() if version != self._seen[order_id].version]
        changes = []
        for row in await services.rows(stale[:TOLD]) if stale else []:
            changes.append(f"{row.order_number} {what_changed(self._seen[row.order_id], row)}")
            self._seen[row.order_id] = row
        for order_id in stale[TOLD:]:
            self._seen[order_id] = replace(self._seen[order_id], version=present[order_id])
        return "; ".join(changes) + (f" and {len(stale) - TOLD:,} more" if len(stale) > TOLD else "")
