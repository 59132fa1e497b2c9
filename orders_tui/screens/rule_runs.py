"""What one rule did, newest first; enter opens the order."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from engine.orders.views import OrderFilter
from engine.workflow.rules.model import RuleView
from engine.workflow.rules.runs import RunOfRule
from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.messages import OrdersAsked
from orders_tui.panes.keyset_list import KeysetList
from orders_tui.reach import Situation
from orders_tui.rules.runs import COLUMNS, RunSource
from orders_tui.screens.keyset_screen import KeysetScreen
from orders_tui.state import Session


class RuleRunsScreen(KeysetScreen[RunOfRule]):
    """Opened over the rules; escape goes back."""

    SCOPES = (Scope.RULE_RUNS, Scope.LIST)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.RULE_RUNS)

    def __init__(self, session: Session, rule: RuleView) -> None:
        super().__init__(session)
        self._rule = rule

    def body(self) -> ComposeResult:
        yield Static("", id="standing", classes="heading", markup=False)
        yield KeysetList(self.session.viewer, COLUMNS)

    def source(self) -> RunSource:
        return RunSource(self.session.services, self._rule.rule_id)

    def show_standing(self) -> None:
        shown = self.list
        shown.empty_words = "It has matched no order yet; escape goes back, and d tries it on orders of the past."
        total = f"{shown.total:,}{'' if shown.cache is None or shown.cache.exact else '+'}"
        new = f"   {self.new_rows:,} new, ctrl+r shows them" if self.new_rows else ""
        self.query_one("#standing", Static).update(f"{self._rule.name} matched {total} times, newest first{new}")

    def do_open(self) -> None:
        run = self.list.cursor_row
        if run is not None:
            _ = self.dismiss(None)  # a screen that awaited its own end would never end
            self.app.post_message(OrdersAsked(OrderFilter(), "", run.order_id, opened=True))

    def do_back(self) -> None:
        _ = self.dismiss(None)  # a screen that awaited its own end would never end

    def situation(self) -> Situation:
        return Situation(
            connected=self.session.connected,
            read_only=self.session.options.read_only,
            role=self.session.role,
            rows=self.list.total,
            movement_order=self.list.cursor_row is not None,
        )
