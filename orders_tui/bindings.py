"""The action registry as Textual key bindings, and how a key is written for people."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding, BindingType
from textual.keys import format_key

from orders_tui.actions import Action, Scope, actions_of


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


_SPOKEN = {
    "pagedown": "pgdn",
    "pageup": "pgup",
    "escape": "esc",
    "enter": "enter",
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
}


def spoken_keys(action: Action, keymap: Mapping[str, str], *, first: bool = False) -> str:
    """The action's keys as a person names them, `keymap` winning over the registry; only the first one if asked."""
    keys = [key.strip() for key in keymap.get(action.id, action.keys).split(",")]
    return " ".join(_spoken(key) for key in (keys[:1] if first else keys))


def _spoken(key: str) -> str:
    *modifiers, last = key.split("+")
    return "+".join([*modifiers, _SPOKEN.get(last) or (last if len(last) == 1 else format_key(last))])
