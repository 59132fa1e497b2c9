"""Triage: the piles that need a person."""

from __future__ import annotations

from orders_tui.actions.action import Action, Group, Scope

ACTIONS: tuple[Action, ...] = (
    Action(
        "triage.open",
        "enter",
        "Open the pile as a list of orders",
        "open",
        Scope.TRIAGE,
        Group.VIEW,
        footer="open pile",
    ),
)
