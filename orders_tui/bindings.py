"""The action registry as Textual key bindings."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from orders_tui.actions import Scope, actions_of


def bindings_of(*scopes: Scope) -> list[BindingType]:
    """One binding for each action of these scopes. All run through the app's `perform`, which can say why not."""
    return [
        Binding(
            action.keys,
            f"app.perform('{action.id}')",
            action.text,
            show=bool(action.footer),
            id=action.id,
            tooltip=action.text,
            priority=action.priority,
        )
        for action in actions_of(*scopes)
    ]
