"""A person's own keys: whether they name actions there are, and give no key twice in one place."""

from __future__ import annotations

from collections.abc import Mapping

from orders_tui.actions import BY_ID, actions_of
from orders_tui.actions.action import PLACES


def check_keymap(keymap: Mapping[str, str]) -> list[str]:
    """One sentence for each thing wrong with a person's own keys; empty when all is well."""
    complaints = [
        f"There is no action {name!r} to give the key {keys!r}; the help screen lists every action's name."
        for name, keys in keymap.items()
        if name not in BY_ID
    ]
    for place in PLACES:
        taken: dict[str, str] = {}
        for action in actions_of(*place):
            for key in keymap.get(action.id, action.keys).split(","):
                other = taken.setdefault(key.strip(), action.id)
                if other != action.id:
                    complaints.append(
                        f"The key {key.strip()!r} is given to both {other} and {action.id}; change one of them."
                    )
    return list(dict.fromkeys(complaints))
