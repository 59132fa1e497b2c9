"""Keys as people name them: in the line of keys, the help, the palette, the key document and on the command line."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from orders_tui.actions.action import Action

_SPOKEN = {
    "pagedown": "pgdn",
    "pageup": "pgup",
    "escape": "esc",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "slash": "/",
    "backslash": "\\",
    "at": "@",
    "minus": "-",
    "plus": "+",
    "underscore": "_",
    "full_stop": ".",
    "comma": ",",
    "colon": ":",
}
_NOT_CHARACTERS = frozenset({"enter", "space", "tab", "home", "end", "backspace", "delete", "insert"})


def spoken_keys(action: Action, keymap: Mapping[str, str], *, first: bool = False) -> str:
    """The action's keys as a person names them, `keymap` winning over the registry; only the first one if asked."""
    keys = [key.strip() for key in keymap.get(action.id, action.keys).split(",")]
    return " ".join(_spoken(key) for key in (keys[:1] if first else keys))


def _spoken(key: str) -> str:
    *modifiers, last = key.split("+")
    return "+".join([*modifiers, _SPOKEN.get(last) or _character(last)])


def _character(name: str) -> str:
    if len(name) == 1 or name in _NOT_CHARACTERS:
        return name
    try:
        return unicodedata.lookup(name.replace("_", " ").upper())
    except KeyError:
        return name
