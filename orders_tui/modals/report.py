"""What became of each order of an action, those that were refused first."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from engine.orders.plain_text import plain
from engine.orders.views import ChangeOutcome
from orders_tui.modals.form import Form
from orders_tui.state import Session

SHOWN = 200
"""How many orders are listed; the heading always counts all."""


class Report(Form[None]):
    """Closes with enter or escape."""

    def __init__(self, session: Session, title: str, outcomes: Sequence[ChangeOutcome]) -> None:
        super().__init__(session, title)
        self._outcomes = outcomes

    def body(self) -> ComposeResult:
        with VerticalScroll(classes="outcomes"):
            yield Static(outcome_lines(self._outcomes), id="outcomes", markup=False)

    def do_confirm(self) -> None:
        self.close(None)


def outcome_lines(outcomes: Sequence[ChangeOutcome]) -> Content:
    """One line an order: its number and what happened, in words."""
    ordered = sorted(outcomes, key=lambda outcome: not outcome.refused)
    lines = [_line(outcome) for outcome in ordered[:SHOWN]]
    if len(ordered) > SHOWN:
        lines.append(Content.styled(f"… and {len(ordered) - SHOWN:,} more", "$text-muted"))
    return Content("\n").join(lines)


def _line(outcome: ChangeOutcome) -> Content:
    number = plain(outcome.order_number)
    if outcome.refused:
        return Content.assemble((number, "bold $text-error"), f"  {plain(outcome.sentence)}")
    change = "done" if outcome.before is outcome.after else f"{outcome.before} → {outcome.after}"
    return Content.assemble((number, "bold"), f"  {change}")
