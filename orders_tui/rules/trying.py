"""A rule tried on orders of the past: progress as it goes, escape stops it, nothing is written."""

from __future__ import annotations

from datetime import timedelta

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from engine.orders.views import OrderFilter
from engine.workflow.rules.model import RuleView
from orders_tui.modals.form import Form
from orders_tui.rules import lines
from orders_tui.state import Session

DAYS = 30
MOST_ORDERS = 500
"""The newest orders of so many days are tried, at most so many."""


class Trying(Form[bool]):
    """Closes with True after enter, once the result is there; with None when it was stopped or left."""

    def __init__(self, session: Session, rule: RuleView, *, to_switch: bool) -> None:
        title = f"Switch {rule.name} on?" if to_switch else f"Try {rule.name}"
        super().__init__(session, title)
        self._rule = rule
        self._to_switch = to_switch
        self.done = False

    def body(self) -> ComposeResult:
        with VerticalScroll(classes="outcomes"):
            yield Static("reading orders …", id="outcomes", markup=False)
        yield Static("", id="hint", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.query_one(VerticalScroll))
        self.try_it()

    @work(group="try", exclusive=True, exit_on_error=False)
    async def try_it(self) -> None:
        services = self.session.services
        since = self.session.clock() - timedelta(days=DAYS)
        ids = await services.ids_matching(OrderFilter(ordered_from=since), limit=MOST_ORDERS)
        found = await services.rules.try_on(
            [self._rule.name], ids, creator=self._rule.creator, on_progress=self._progress
        )
        self.done = True
        which = f"Tried on the newest {len(ids):,} orders of {DAYS} days; nothing was changed."
        self._say(Content("\n").join([lines.tried(found, self._rule.name), Content.styled(which, "$text-muted")]))
        if self._to_switch:
            self.query_one("#hint", Static).update("Enter switches it on, escape leaves it as it is.")

    def _progress(self, done: int, total: int) -> None:
        self._say(Content(f"tried {done:,} of {total:,} orders; escape stops"))

    def _say(self, text: Content) -> None:
        self.query_one("#outcomes", Static).update(text)

    def do_confirm(self) -> None:
        if self.done:
            self.close(True)
